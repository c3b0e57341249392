/* SPDX-License-Identifier: Apache-2.0 */
/* "Did you mean": of some names those that are nearest to what somebody typed. */
#ifndef STORE_BASE_NEAREST_H
#define STORE_BASE_NEAREST_H

#include "store/base/bytes.h"

#define NEAREST_MOST 8      /* names that are kept */
#define NEAREST_BYTES 64    /* of a name, that are compared */

/* The nearest so far; borrowed. `{ .want = ... }` is an empty one. */
struct nearest {
	struct bytes want, v[NEAREST_MOST];
	unsigned far[NEAREST_MOST];
	size_t n;
};

/* How many letters have to be put in, taken out or changed to make one of the other, on the first
 * NEAREST_BYTES. */
unsigned nearest_distance(struct bytes a, struct bytes b);

/* Another name; empty ones and those that are known already are left out. One that holds what is
 * wanted, or the other way, is near. */
void nearest_add(struct nearest *n, struct bytes name);

/* The nearest, if it may be what was meant: a third of its letters may be others, and two that are
 * exchanged. NULL bytes else. */
struct bytes nearest_meant(const struct nearest *n);

#endif
