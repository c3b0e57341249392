/* SPDX-License-Identifier: Apache-2.0 */
/* Interned byte strings: the same bytes give the same id, ids count from 1, 0 is "none". */
#ifndef STORE_BASE_POOL_H
#define STORE_BASE_POOL_H

#include "store/base/bytes.h"

struct pool {
	struct pool_string {
		const char *p;
		size_t n;
		uint64_t hash;
	} * strings; /* strings[id - 1] */
	uint32_t n, cap;
	uint32_t *slots; /* open addressing over ids */
	uint32_t n_slots;
};

void pool_release(struct pool *p);
uint32_t pool_intern(struct pool *p, struct bytes b);      /* copies what is new */
uint32_t pool_find(const struct pool *p, struct bytes b);  /* 0 when it is not there */

/* The bytes of an id; of 0, the empty string. They live as long as the pool and end in NUL. */
static inline struct bytes pool_get(const struct pool *p, uint32_t id)
{
	if (id == 0 || id > p->n)
		return (struct bytes){ "", 0 };
	return (struct bytes){ p->strings[id - 1].p, p->strings[id - 1].n };
}

#endif
