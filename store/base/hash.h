/* SPDX-License-Identifier: Apache-2.0 */
/* One hash for bytes and one for numbers; for tables in memory only, never stored but in the
 * name of a tool's file (ingest/tools.c). */
#ifndef STORE_BASE_HASH_H
#define STORE_BASE_HASH_H

#include "store/base/bytes.h"

static inline uint64_t hash_mix(uint64_t h)
{
	h ^= h >> 32;
	h *= 0xd6e8feb86659fd93u;
	h ^= h >> 32;
	return h;
}

static inline uint64_t hash_u64(uint64_t h, uint64_t v)
{
	__extension__ unsigned __int128 m =
		(unsigned __int128)(h ^ 0xa0761d6478bd642fu) * (v ^ 0xe7037ed1a0b428dbu);

	return (uint64_t)m ^ (uint64_t)(m >> 64);
}

/* Eight bytes a step, two chains, so that a line's 150 constant bytes cost some ten nanoseconds. */
static inline uint64_t hash_bytes(const char *p, size_t n)
{
	uint64_t a = n, b = 0, x, y;
	size_t i = 0;

	for (; i + 16 <= n; i += 16) {
		memcpy(&x, p + i, 8);
		memcpy(&y, p + i + 8, 8);
		a = hash_u64(a, x);
		b = hash_u64(b, y);
	}
	if (n >= 16) {
		memcpy(&x, p + n - 16, 8);
		memcpy(&y, p + n - 8, 8);
	} else {
		x = y = 0;
		if (n)
			memcpy(&x, p, n < 8 ? n : 8);
		if (n > 8)
			memcpy(&y, p + 8, n - 8);
	}
	return hash_u64(hash_u64(a, x), hash_u64(b, y));
}

#endif
