// SPDX-License-Identifier: Apache-2.0
/* Interns byte strings: an open hash over one growing block. */
#include "store/base/pool.h"

#include "store/base/hash.h"
#include "store/base/mem.h"

#include <stdlib.h>

void pool_release(struct pool *p)
{
	for (uint32_t i = 0; i < p->n; i++)
		mem_free_at(&p->strings[i].p);
	free(p->strings);
	free(p->slots);
	*p = (struct pool){ 0 };
}

/* The slot where `b` is, or the empty one where it belongs. */
static uint32_t slot_of(const struct pool *p, struct bytes b, uint64_t hash)
{
	uint32_t i = (uint32_t)hash & (p->n_slots - 1);

	for (; p->slots[i] != 0; i = (i + 1) & (p->n_slots - 1)) {
		const struct pool_string *s = &p->strings[p->slots[i] - 1];

		if (s->hash == hash && bytes_eq((struct bytes){ s->p, s->n }, b))
			break;
	}
	return i;
}

static void rehash(struct pool *p)
{
	p->n_slots = p->n_slots ? p->n_slots * 2 : 64;
	free(p->slots);
	p->slots = mem_zero(p->n_slots, sizeof(*p->slots));
	for (uint32_t id = 1; id <= p->n; id++) {
		uint32_t i = (uint32_t)p->strings[id - 1].hash & (p->n_slots - 1);

		while (p->slots[i] != 0)
			i = (i + 1) & (p->n_slots - 1);
		p->slots[i] = id;
	}
}

uint32_t pool_find(const struct pool *p, struct bytes b)
{
	if (p->n_slots == 0)
		return 0;
	return p->slots[slot_of(p, b, hash_bytes(b.p, b.n))];
}

uint32_t pool_intern(struct pool *p, struct bytes b)
{
	uint64_t hash = hash_bytes(b.p, b.n);
	uint32_t i;
	char *copy;

	if (p->n * 2 >= p->n_slots)
		rehash(p);
	i = slot_of(p, b, hash);
	if (p->slots[i] != 0)
		return p->slots[i];
	if (p->n == p->cap) {
		p->cap = p->cap ? p->cap * 2 : 64;
		p->strings = mem_grow(p->strings, p->cap, sizeof(*p->strings));
	}
	copy = mem_alloc(b.n + 1);
	if (b.n)
		memcpy(copy, b.p, b.n);
	copy[b.n] = '\0';
	p->strings[p->n++] = (struct pool_string){ copy, b.n, hash };
	p->slots[i] = p->n;
	return p->n;
}
