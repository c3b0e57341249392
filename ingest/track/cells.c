// SPDX-License-Identifier: Apache-2.0
/* A set of cells: a list while it is small, with an index beyond that. */
#include "ingest/track/cells.h"

#define FEW 32

static void index_one(struct cells *c, uint64_t cell)
{
	uint64_t block = cell / CELLS_NEAR;
	int64_t lo = (int64_t)(cell % CELLS_NEAR), hi = lo, was = map_get(&c->index, block, 1, -1);

	if (was >= 0) {
		lo = was / CELLS_NEAR < lo ? was / CELLS_NEAR : lo;
		hi = was % CELLS_NEAR > hi ? was % CELLS_NEAR : hi;
	}
	map_put(&c->index, block, 1, lo * CELLS_NEAR + hi);
	map_put(&c->index, cell, 0, 1);
}

bool cells_has(const struct cells *c, uint64_t cell)
{
	if (c->n > FEW)
		return map_get(&c->index, cell, 0, 0) != 0;
	for (size_t i = 0; i < c->n; i++)
		if (c->v[i] == cell)
			return true;
	return false;
}

void cells_add(struct cells *c, uint64_t cell)
{
	if (cells_has(c, cell))
		return;
	*VEC_PUSH(c) = cell;
	if (c->n == FEW + 1)
		for (size_t i = 0; i < c->n; i++)
			index_one(c, c->v[i]);
	else if (c->n > FEW)
		index_one(c, cell);
}

bool cells_near(const struct cells *c, uint64_t cell)
{
	uint64_t block = cell / CELLS_NEAR, at = cell % CELLS_NEAR;
	int64_t below, above;

	if (c->n > FEW) {
		if (map_get(&c->index, block, 1, -1) >= 0)
			return true;
		below = block > 0 ? map_get(&c->index, block - 1, 1, -1) : -1;
		above = map_get(&c->index, block + 1, 1, -1);
		return (below >= 0 && (uint64_t)(below % CELLS_NEAR) >= at) ||
		       (above >= 0 && (uint64_t)(above / CELLS_NEAR) <= at);
	}
	for (size_t i = 0; i < c->n; i++)
		if ((cell > c->v[i] ? cell - c->v[i] : c->v[i] - cell) <= CELLS_NEAR)
			return true;
	return false;
}

void cells_copy(struct cells *to, const struct cells *from)
{
	to->some = to->some || from->some;
	for (size_t i = 0; i < from->n; i++)
		cells_add(to, from->v[i]);
}

void cells_clear(struct cells *c)
{
	c->some = false;
	if (c->n > FEW)
		map_release(&c->index); /* clearing costs what it holds room for */
	c->n = 0;
}

void cells_release(struct cells *c)
{
	map_release(&c->index);
	VEC_FREE(c);
}
