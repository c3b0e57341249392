/* SPDX-License-Identifier: Apache-2.0 */
/* Which of the 4,096 serials of a page are there: a bitmap, and the blob that is stored of it. */
#ifndef STORE_MODEL_SERIAL_SET_H
#define STORE_MODEL_SERIAL_SET_H

#include "store/base/buf.h"

#define SERIAL_SET_SIZE 4096
#define SERIAL_SET_BYTES (SERIAL_SET_SIZE / 8)

struct serial_set { uint8_t bits[SERIAL_SET_BYTES]; };

static inline bool serial_set_has(const struct serial_set *s, unsigned i)
{
	return s->bits[i / 8] >> (i % 8) & 1;
}

static inline void serial_set_add(struct serial_set *s, unsigned i)
{
	s->bits[i / 8] = (uint8_t)(s->bits[i / 8] | 1u << (i % 8));
}

/* Adds `from` up to and with `to`. */
void serial_set_add_range(struct serial_set *s, unsigned from, unsigned to);
void serial_set_unite(struct serial_set *s, const struct serial_set *with);
void serial_set_subtract(struct serial_set *s, const struct serial_set *what);

/* How many there are in from..to. */
unsigned serial_set_count(const struct serial_set *s, unsigned from, unsigned to);

/* Nothing for an empty set; else the shorter of runs (gap, length) and the bitmap. */
void serial_set_encode(const struct serial_set *s, struct buf *out);

/* Refuses what encode would not write. */
bool serial_set_decode(struct serial_set *out, struct bytes b);

#endif
