// SPDX-License-Identifier: Apache-2.0
/* What a stretch of intervals is to the part before it: the same, an exec, another process. */
#include "ingest/track/walk.h"

const struct track_edge *walk_edge_before(const struct walk *w, uint32_t boot, uint32_t serial,
					  bool upto)
{
	size_t lo = 0, hi = w->n_edges;

	while (lo < hi) {
		size_t mid = (lo + hi) / 2;
		const struct track_edge *d = &w->edges[mid];

		if (d->boot < boot ||
		    (d->boot == boot && (upto ? d->serial <= serial : d->serial < serial)))
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo == 0 || w->edges[lo - 1].boot != boot ? NULL : &w->edges[lo - 1];
}

/* The cells of the part that goes on. */
static const struct cells *own_cells(const struct walk *w)
{
	return w->out->v[w->c.part].layer == TRACK_TRUSTED ? &w->c.trusted : &w->c.text;
}

static bool shares_random_cell(const struct walk *w, const struct stretch *s)
{
	for (size_t i = 0; i < s->n_cells; i++)
		if (track_region(w->cells.v[s->cells + i]) == TRACK_RANDOM &&
		    cells_has(own_cells(w), w->cells.v[s->cells + i]))
			return true;
	return false;
}

static bool all_far(const struct walk *w, const struct stretch *s)
{
	for (size_t i = 0; i < s->n_cells; i++)
		if (cells_near(own_cells(w), w->cells.v[s->cells + i]))
			return false;
	return true;
}

/*
 * Do the part's cells come again in its exe after stretch s? Then what lies far is a part of it.
 * What is not found among what has come as yet may be found in what comes later: that is noted.
 */
static bool comes_again(struct walk *w, const struct stretch *s)
{
	size_t end = s->at + WITHIN_LOOK_AHEAD + 1;
	struct within_awaited *a;

	for (size_t i = s->at + 1; i < w->n && i < end; i++) {
		const struct track_interval *v = w->row[i];

		if (&w->all.v[w->home[i]] == s || v->boot != s->first->boot ||
		    v->exe != s->first->exe || !cells_near(own_cells(w), v->cell))
			continue;
		w->cut_fails = w->cut_fails || (s->at < w->cut_at && i >= w->cut_at);
		return true;
	}
	if (w->cut == NULL || s->at >= w->cut_at || end <= w->cut_at)
		return false;
	a = VEC_PUSH(&w->cut->awaited);
	*a = (struct within_awaited){ .what = AWAITS_AGAIN,
				      .exe = s->first->exe,
				      .boot = s->first->boot,
				      .left = (uint32_t)(end - w->cut_at) };
	cells_copy(&a->cells, own_cells(w));
	return false;
}

/* What sources that know processes say to have happened since the process last spoke. */
static void known_between(const struct walk *w, const struct track_edge *last, bool *begun,
			  bool *execed)
{
	*begun = *execed = false;
	for (const struct track_edge *d = last;
	     d != NULL && d >= w->edges && d->boot == last->boot && d->serial >= w->c.s_last;
	     d--) {
		*begun = *begun || d->kind == EDGE_BORN || d->kind == EDGE_GONE;
		*execed = *execed || d->kind == EDGE_EXECED;
	}
}

enum within_rule walk_relate(struct walk *w, const struct stretch *s)
{
	const struct track_edge *last =
		walk_edge_before(w, s->first->boot, s->first->s_first, false);
	const struct within_part *was = w->c.part < 0 ? NULL : &w->out->v[w->c.part];
	bool exec_last = last != NULL && last->kind == EDGE_EXEC && last->serial >= w->c.s_last &&
			 s->t_first - last->t <= WITHIN_EXEC_MS;
	bool begun, execed;

	if (was == NULL)
		return WITHIN_FIRST;
	if (was->boot != s->first->boot)
		return WITHIN_BOOT;
	known_between(w, last, &begun, &execed);
	if (begun)
		return WITHIN_KNOWN_BEGUN;
	if (execed)
		return WITHIN_KNOWN_EXECED;
	if (last != NULL && last->kind == EDGE_EXIT && last->serial >= was->s_first)
		return WITHIN_EXITED;
	if (s->first->loader && !was->loader)
		return WITHIN_LOADER;
	if (was->exe != s->first->exe || was->loader != s->first->loader) {
		/*
		 * an execve that came last says more than cells do: without ASLR each exec has
		 * the same
		 */
		if (exec_last)
			return WITHIN_EXECED;
		if (was->loader == s->first->loader && shares_random_cell(w, s))
			return WITHIN_REPLACED;
		return s->t_first - w->c.t_last <= WITHIN_LOST_MS ? WITHIN_EXEC_LOST : WITHIN_OTHER;
	}
	if (!all_far(w, s))
		return WITHIN_NEAR;
	if (exec_last)
		return WITHIN_EXECED_SAME;
	if (s->t_first - w->c.t_last <= WITHIN_LOST_MS)
		return WITHIN_SOON;
	return comes_again(w, s) ? WITHIN_AGAIN : WITHIN_BACK;
}
