/* SPDX-License-Identifier: Apache-2.0 */
/* Open-addressing map from two numbers to one. `{0}` is an empty one. For ids and indexes in
 * memory. */
#ifndef STORE_BASE_MAP_H
#define STORE_BASE_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "store/base/hash.h"

struct map {
	struct map_entry { uint64_t a, b; int64_t value; } *v;
	uint8_t *used;
	size_t n, cap; /* cap: 0 or a power of two */
};

void map_release(struct map *m);
void map_clear(struct map *m);
void map_put(struct map *m, uint64_t a, uint64_t b, int64_t value); /* replaces */

/* The value of (a, b), or `none`. */
static inline int64_t map_get(const struct map *m, uint64_t a, uint64_t b, int64_t none)
{
	size_t i;

	if (m->n == 0)
		return none;
	for (i = hash_u64(a, b) & (m->cap - 1); m->used[i]; i = (i + 1) & (m->cap - 1))
		if (m->v[i].a == a && m->v[i].b == b)
			return m->v[i].value;
	return none;
}

/* Entries one after the other, in no order: *at is 0 before the first, NULL comes after the last.
 * Nothing is put meanwhile. */
static inline const struct map_entry *map_next(const struct map *m, size_t *at)
{
	while (*at < m->cap)
		if (m->used[(*at)++])
			return &m->v[*at - 1];
	return NULL;
}

#endif
