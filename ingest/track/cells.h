/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A set of cells that answers two questions at once: is this one in it, and is one of it near?
 * Few are a list; many have an index, so that a process that maps a hundred thousand cells does
 * not cost the square of them.
 */
#ifndef INGEST_TRACK_CELLS_H
#define INGEST_TRACK_CELLS_H

#include "store/base/map.h"
#include "store/base/mem.h"

#define CELLS_NEAR 16 /* at most so far away is near */

struct cells {
	uint64_t *v; /* each once, in the order they came */
	size_t n, cap;
	bool some;   /* it has more than these; those near to what is asked for are among them */
	struct map index; /* where there are many: (cell, 0), and (block of CELLS_NEAR, 1) with the
			     least and the greatest in it */
};

void cells_add(struct cells *c, uint64_t cell);
bool cells_has(const struct cells *c, uint64_t cell);
bool cells_near(const struct cells *c, uint64_t cell);
void cells_copy(struct cells *to, const struct cells *from); /* adds */
void cells_clear(struct cells *c);
void cells_release(struct cells *c);

#endif
