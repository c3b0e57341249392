// SPDX-License-Identifier: Apache-2.0
#include "store/base/map.h"

#include "store/base/mem.h"

#include <stdlib.h>

void map_release(struct map *m)
{
	free(m->v);
	free(m->used);
	*m = (struct map){ 0 };
}

void map_clear(struct map *m)
{
	if (m->n)
		memset(m->used, 0, m->cap);
	m->n = 0;
}

static void grow(struct map *m)
{
	struct map bigger = { .cap = m->cap == 0 ? 256 : m->cap < 65536 ? m->cap * 4 : m->cap * 2 };

	bigger.v = mem_alloc(bigger.cap * sizeof(*bigger.v));
	bigger.used = mem_zero(bigger.cap, 1);
	for (size_t i = 0; i < m->cap; i++)
		if (m->used[i])
			map_put(&bigger, m->v[i].a, m->v[i].b, m->v[i].value);
	map_release(m);
	*m = bigger;
}

void map_put(struct map *m, uint64_t a, uint64_t b, int64_t value)
{
	size_t i;

	if (m->n * 2 >= m->cap)
		grow(m);
	for (i = hash_u64(a, b) & (m->cap - 1); m->used[i]; i = (i + 1) & (m->cap - 1))
		if (m->v[i].a == a && m->v[i].b == b)
			break;
	m->n += !m->used[i];
	m->used[i] = 1;
	m->v[i] = (struct map_entry){ a, b, value };
}
