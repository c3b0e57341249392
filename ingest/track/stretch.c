// SPDX-License-Identifier: Apache-2.0
/* Puts the intervals of a pid into stretches: runs of one program in near cells. */
#include "ingest/track/walk.h"

#include <stdlib.h>

static int32_t open_stretch(const struct walk *w, const struct track_interval *v)
{
	for (size_t i = w->all.n, back = 0; i-- > 0 && back < WITHIN_LOOK_BACK; back++) {
		const struct stretch *s = &w->all.v[i];

		if (s->first->boot == v->boot && s->first->exe == v->exe &&
		    s->first->loader == v->loader && v->s_first <= s->s_last)
			return (int32_t)i;
	}
	return -1;
}

/* Puts the cells of each stretch side by side. */
static void gather_cells(struct walk *w)
{
	uint32_t sum = 0;

	for (size_t i = 0; i < w->all.n; i++) {
		w->all.v[i].cells = sum;
		sum += w->all.v[i].n_cells;
		w->all.v[i].n_cells = 0;
	}
	VEC_ROOM(&w->cells, sum);
	w->cells.n = sum;
	for (size_t i = 0; i < w->n; i++) {
		struct stretch *s = &w->all.v[w->home[i]];

		w->cells.v[s->cells + s->n_cells++] = w->row[i]->cell;
	}
}

/* The stretch that was under way where the walk begins. */
static void begin_open(struct walk *w)
{
	if (!w->c.open)
		return;
	w->first = (struct track_interval){
		.exe = w->c.exe, .boot = w->c.boot, .layer = w->c.layer, .loader = w->c.loader
	};
	*VEC_PUSH(&w->all) = (struct stretch){ .first = &w->first,
					       .t_first = INT64_MAX,
					       .t_last = INT64_MIN,
					       .part = w->c.given ? w->c.part : -1 };
}

void walk_find_stretches(struct walk *w, const struct walk *known)
{
	auto_free int32_t *again = known ? mem_alloc(known->all.n * sizeof(*again)) : NULL;
	size_t trusted = 0; /* how many of the trusted walk's row went by */

	for (size_t i = 0; known && i < known->all.n; i++)
		again[i] = -1;
	begin_open(w);
	for (size_t i = 0; i < w->n; i++) {
		const struct track_interval *v = w->row[i];
		bool given = known && v->layer == TRACK_TRUSTED;
		int32_t *was = given ? &again[known->home[trusted++]] : NULL;
		int32_t at = i < w->n_open ? 0 : given ? *was : open_stretch(w, v);
		struct stretch *s;

		if (at < 0) {
			at = (int32_t)w->all.n;
			*VEC_PUSH(&w->all) = (struct stretch){ .first = v,
							       .t_first = v->t_first,
							       .t_last = v->t_last,
							       .s_last = v->s_last,
							       .at = i,
							       .part = given ? (int32_t)v->part :
									       -1 };
		}
		if (given)
			*was = at;
		s = &w->all.v[at];
		s->t_first = v->t_first < s->t_first ? v->t_first : s->t_first;
		s->t_last = v->t_last > s->t_last ? v->t_last : s->t_last;
		s->s_last = v->s_last > s->s_last ? v->s_last : s->s_last;
		s->n_cells++;
		w->home[i] = (uint32_t)at;
	}
	gather_cells(w);
}
