// SPDX-License-Identifier: Apache-2.0
/* Joins intervals that follow each other within the gap. */
#include "ingest/track/join.h"

#include "store/base/when.h"

#include <stdlib.h>

struct at { const struct track_interval *v; size_t i; };

static int by_position(const void *a, const void *b)
{
	const struct track_interval *x = ((const struct at *)a)->v, *y = ((const struct at *)b)->v;
	int64_t hour = x->t_first / WHEN_HOUR_MS, other = y->t_first / WHEN_HOUR_MS;

	if (x->layer != y->layer)
		return x->layer < y->layer ? -1 : 1;
	if (x->exe != y->exe)
		return x->exe < y->exe ? -1 : 1;
	if (x->loader != y->loader)
		return x->loader ? 1 : -1;
	if (x->cell != y->cell)
		return x->cell < y->cell ? -1 : 1;
	if (hour != other)
		return hour < other ? -1 : 1;
	return x->t_first < y->t_first ? -1 : x->t_first > y->t_first;
}

/* Do they lie in one cell and hour? Only the last key of by_position may differ. */
static bool together(const struct track_interval *x, const struct track_interval *y)
{
	return x->layer == y->layer && x->exe == y->exe && x->loader == y->loader &&
	       x->cell == y->cell && x->t_first / WHEN_HOUR_MS == y->t_first / WHEN_HOUR_MS;
}

/*
 * Which of two says who made the lowest serial: a total order, so that equal serials do not go by
 * arrival.
 */
static bool names(const struct track_interval *x, const struct track_interval *than,
		  const struct track_strings *strings)
{
	if (x->s_first != than->s_first)
		return x->s_first < than->s_first;
	if (x->uid != than->uid)
		return x->uid < than->uid;
	if (x->auid != than->auid)
		return x->auid < than->auid;
	return x->name != than->name && strings->compare(strings->ctx, x->name, than->name) < 0;
}

static void widen_interval(struct track_interval *to, const struct track_interval *v,
			   const struct track_strings *strings)
{
	int64_t id = to->id == 0 || (v->id != 0 && v->id < to->id) ? v->id : to->id;
	int64_t t_first = v->t_first < to->t_first ? v->t_first : to->t_first;
	int64_t t_last = v->t_last > to->t_last ? v->t_last : to->t_last;
	uint32_t s_last = v->s_last > to->s_last ? v->s_last : to->s_last;
	int64_t was = to->was != 0 ? to->was : v->was;

	if (names(v, to, strings))
		*to = *v;
	to->id = id;
	to->was = was;
	to->fresh = true;
	to->t_first = t_first;
	to->t_last = t_last;
	to->s_last = s_last;
}

size_t join_intervals(struct track_interval *v, size_t n, const struct track_strings *strings,
		      size_t *of)
{
	auto_free struct at *row = mem_alloc(n * sizeof(*row));
	auto_free struct track_interval *out = mem_alloc(n * sizeof(*out));
	size_t left = 0;
	bool in_order = true; /* mostly they are */

	for (size_t i = 0; i < n; i++) {
		row[i] = (struct at){ &v[i], i };
		in_order = in_order && (i == 0 || by_position(&row[i - 1], &row[i]) <= 0);
	}
	if (!in_order)
		qsort(row, n, sizeof(*row), by_position);
	for (size_t i = 0; i < n; i++) {
		struct track_interval *to = left > 0 ? &out[left - 1] : NULL;

		if (to != NULL && together(to, row[i].v) &&
		    row[i].v->t_first <= to->t_last + TRACK_GAP_MS)
			widen_interval(to, row[i].v, strings);
		else
			out[left++] = *row[i].v;
		if (of != NULL)
			of[row[i].i] = left - 1;
	}
	if (left > 0)
		memcpy(v, out, left * sizeof(*out));
	return left;
}
