// SPDX-License-Identifier: Apache-2.0
/* Marks a moment in a long life, from which its derivation goes on. */
#include "ingest/track/mark.h"

#include <stdlib.h>

void mark_release(struct mark *m)
{
	within_point_release(&m->point);
	for (size_t i = 0; i < TRACK_LAYERS; i++)
		derive_part_empty(&m->part[i].lists);
	*m = (struct mark){ 0 };
}

static bool is_before(const struct within_moment *m, uint32_t boot, uint32_t serial)
{
	return boot < m->boot || (boot == m->boot && serial <= m->serial);
}

/* ---- where ---- */

/* A beginning or an end of an interval, or an edge. */
struct event { uint32_t boot, serial; int64_t t; };
struct events { struct event *v; size_t n, cap; };

static int by_serial(const void *a, const void *b)
{
	const struct event *x = a, *y = b;

	if (x->boot != y->boot)
		return x->boot < y->boot ? -1 : 1;
	return x->serial < y->serial ? -1 : x->serial > y->serial;
}

static void find_events(const struct within_row *row, size_t n_edges, struct events *out)
{
	for (size_t i = 0; i < row->n; i++) {
		const struct track_interval *v = &row->v[i];

		if (i >= row->n_open)
			*VEC_PUSH(out) = (struct event){ v->boot, v->s_first, v->t_first };
		*VEC_PUSH(out) = (struct event){ v->boot, v->s_last, v->t_last };
	}
	for (size_t i = n_edges; i < row->n_edges; i++)
		*VEC_PUSH(out) =
			(struct event){ row->edges[i].boot, row->edges[i].serial, row->edges[i].t };
	if (out->n > 1)
		qsort(out->v, out->n, sizeof(*out->v), by_serial);
}

/* The last moment that splits the events in time as it does in serials, but for the last few. */
static bool last_moment(const struct events *events, struct within_moment *out)
{
	auto_free int64_t *least = mem_alloc((events->n + 1) * sizeof(*least)); /* from each on */
	int64_t t = out->t;
	bool found = false;

	least[events->n] = INT64_MAX;
	for (size_t i = events->n; i-- > 0;)
		least[i] = events->v[i].t < least[i + 1] ? events->v[i].t : least[i + 1];
	for (size_t i = 0; i + MARK_KEEP < events->n; i++) {
		const struct event *x = &events->v[i];

		t = x->t > t ? x->t : t;
		if (t >= least[i + 1] || by_serial(x, x + 1) == 0)
			continue;
		*out = (struct within_moment){ x->boot, x->serial, t };
		found = true;
	}
	return found;
}

bool mark_find_cut(struct within_row *row, const struct mark *old)
{
	size_t n_edges = old ? old->n_edges : 0; /* that lie before the old one */
	struct events events = { 0 };
	bool found;

	row->at = 0;
	if (row->n + row->n_edges - n_edges < (old ? MARK_EVERY : MARK_FROM))
		return false;
	find_events(row, n_edges, &events);
	row->cut = old ? old->moment : (struct within_moment){ .t = INT64_MIN };
	found = last_moment(&events, &row->cut);
	VEC_FREE(&events);
	for (; found && row->at < row->n; row->at++)
		if (within_side(&row->cut, &row->v[row->at]) == WITHIN_BEHIND)
			break;
	return found;
}

/* ---- what is known there ---- */

/* Parts that may go on: those of the walks, if no reboot came after them. */
static void take_parts(struct mark *m, const struct within_parts *parts)
{
	struct within_point *p = &m->point;
	struct within_stand *stands[] = { &p->trusted, &p->all };

	for (size_t i = 0; i < ARRAY_SIZE(stands); i++)
		if (stands[i]->part >= 0 && parts->v[stands[i]->part].boot != m->moment.boot)
			stands[i]->part = -1;
	if (p->trusted.part >= 0)
		m->part[p->n_parts++].index = p->trusted.part;
	if (p->all.part >= 0 && parts->v[p->all.part].layer == TRACK_TEXT)
		m->part[p->n_parts++].index = p->all.part;
	for (size_t i = 0; i < ARRAY_SIZE(stands); i++)
		for (size_t k = 0; k < p->n_parts; k++)
			if (stands[i]->part == m->part[k].index) {
				stands[i]->part = (int32_t)k;
				break;
			}
}

/*
 * The lists of a part: of looks those of intervals that have ended, of sites those of intervals
 * that have begun, but without those that are under way, which may have others when they end.
 * `site` of these is noted.
 */
static void fill_lists(struct mark *m, struct mark_part *out, const struct within_row *row,
		       struct facts_own *own, size_t n)
{
	struct facts_had begun = out->had, ended = out->had;
	struct derive_part none = { 0 };
	size_t left = 0;

	facts_sites(&none, own, n, &begun);
	derive_part_empty(&none);
	for (size_t i = 0; i < n; i++) {
		if (within_side(&row->cut, own[i].v) == WITHIN_BEFORE) {
			own[left] = own[i];
			own[left++].old = true; /* it is known whether it counts */
			continue;
		}
		for (size_t k = 0; k < m->n_open; k++)
			if (m->open[k].id == own[i].v - row->v)
				m->site[k] = own[i].site;
	}
	facts_sites(&out->lists, own, left, &ended);
	facts_looks(&out->lists, own, left, &ended);
	out->had = (struct facts_had){ ended.ended, begun.sites };
}

/* What the intervals of a part make by then. base: it was one of the last mark's parts. */
static void fill_part(struct mark *m, struct mark_part *out, const struct mark *old,
		      const struct mark_part *was_there, const struct within_row *row,
		      uint8_t layer)
{
	auto_free struct facts_own *own = mem_alloc(row->at * sizeof(*own));
	size_t n = 0;

	out->t_last = was_there ? was_there->t_last : INT64_MIN;
	out->s_last = was_there ? was_there->s_last : 0;
	out->n = was_there ? was_there->n : 0;
	if (was_there != NULL) {
		out->had = was_there->had;
		facts_copy_looks(&out->lists, &was_there->lists);
		facts_copy_sites(&out->lists, &was_there->lists);
	}
	for (size_t i = 0; i < row->at; i++) {
		const struct track_interval *v = &row->v[i];
		bool ended = within_side(&row->cut, v) == WITHIN_BEFORE;

		if ((int32_t)v->part != out->index)
			continue;
		out->n += ended;
		if (v->layer != layer)
			continue;
		own[n++] =
			(struct facts_own){ v, i < row->n_open, i < row->n_open && old->site[i] };
		out->t_last = v->t_last > out->t_last ? v->t_last : out->t_last;
		out->s_last = v->s_last > out->s_last ? v->s_last : out->s_last;
	}
	fill_lists(m, out, row, own, n);
}

/* Intervals that are under way. `id` is their place in the row, while the mark is made. */
static bool take_open(struct mark *m, const struct within_row *row)
{
	for (size_t i = 0; i < row->at; i++) {
		if (within_side(&row->cut, &row->v[i]) != WITHIN_OPEN)
			continue;
		if (m->n_open == MARK_MOST)
			return false;
		m->open[m->n_open] = row->v[i];
		m->open[m->n_open++].id = (int64_t)i;
	}
	return true;
}

/* The least serial, up to the mark's, that a part ends with: its process has not ended earlier. */
static uint32_t least_end(const struct mark *m)
{
	uint32_t least = m->moment.serial;

	for (size_t i = 0; i < m->point.n_parts; i++)
		least = m->part[i].s_last < least ? m->part[i].s_last : least;
	return least;
}

/*
 * The edges before it that are asked for: from the least end on, and the last ones up to that.
 * False: they are many.
 */
static bool take_edges(struct mark *m, const struct within_row *row, uint32_t least)
{
	const struct track_edge *last = NULL, *last_trusted = NULL;
	size_t n = 0;

	for (; n < row->n_edges && is_before(&m->moment, row->edges[n].boot, row->edges[n].serial);
	     n++) {
		const struct track_edge *d = &row->edges[n];

		if (d->boot != m->moment.boot || d->serial > least)
			continue;
		last = d;
		last_trusted = d->layer == TRACK_TRUSTED ? d : last_trusted;
	}
	for (size_t i = 0; i < n; i++) {
		const struct track_edge *d = &row->edges[i];

		if (d != last && d != last_trusted &&
		    (d->boot != m->moment.boot || d->serial < least))
			continue;
		if (m->n_edges == MARK_MOST)
			return false;
		m->edges[m->n_edges++] = *d;
	}
	return true;
}

/* The last birth before it, for parts of a layer, if no part that it could not be of came after it.
 */
static void take_birth(struct mark *m, const struct mark *old, const struct within_row *row,
		       const struct within_parts *parts, uint8_t layer)
{
	const struct track_edge *birth =
		old && old->birth[layer].kind == EDGE_BORN ? &old->birth[layer] : NULL;

	for (size_t i = old ? old->n_edges : 0;
	     i < row->n_edges && is_before(&m->moment, row->edges[i].boot, row->edges[i].serial);
	     i++)
		if (row->edges[i].kind == EDGE_BORN && row->edges[i].layer <= layer &&
		    facts_later(&row->edges[i], birth))
			birth = &row->edges[i];
	for (size_t i = 0; birth != NULL && i < parts->n; i++) {
		const struct within_part *p = &parts->v[i];

		if (p->layer <= layer && p->boot == birth->boot && p->t_first >= birth->t &&
		    p->s_first > birth->serial && p->t_first <= m->moment.t)
			birth = NULL;
	}
	m->birth[layer] = birth ? *birth : (struct track_edge){ .kind = EDGE_NONE };
}

bool mark_fill(struct mark *out, const struct mark *old, const struct within_row *row,
	       const struct within_parts *parts)
{
	out->moment = row->cut;
	if (!take_open(out, row))
		return false;
	take_parts(out, parts);
	for (size_t i = 0; i < out->point.n_parts; i++) {
		int32_t at = out->part[i].index;
		bool known = old != NULL && (size_t)at < old->point.n_parts;

		fill_part(out, &out->part[i], old, known ? &old->part[at] : NULL, row,
			  parts->v[at].layer);
	}
	for (unsigned layer = 0; layer < TRACK_LAYERS; layer++)
		take_birth(out, old, row, parts, layer);
	return take_edges(out, row, least_end(out));
}

/* ---- what comes later ---- */

size_t mark_divide(const struct mark *m, struct track_interval *v, size_t n)
{
	auto_free struct track_interval *late = mem_alloc(n * sizeof(*late));
	size_t before = 0, rest = 0;

	for (size_t i = 0; i < n; i++) {
		if (within_side(&m->moment, &v[i]) == WITHIN_BEFORE)
			v[before++] = v[i];
		else
			late[rest++] = v[i];
	}
	if (rest > 0)
		memcpy(v + before, late, rest * sizeof(*v));
	return before;
}

/* Is it the same but that it may end later? */
static bool goes_on(const struct track_interval *a, const struct track_interval *b)
{
	return a->boot == b->boot && a->s_first == b->s_first && a->t_first == b->t_first &&
	       a->layer == b->layer && a->exe == b->exe && a->loader == b->loader &&
	       a->cell == b->cell && a->name == b->name && a->uid == b->uid && a->auid == b->auid;
}

bool mark_holds(const struct mark *m, const struct track_interval *v, size_t n,
		const struct track_edge *edges, size_t n_edges)
{
	size_t n_open = 0;

	for (size_t i = 0; i < n; i++) {
		enum within_side side = within_side(&m->moment, &v[i]);
		bool ends_behind = v[i].t_last > m->moment.t;

		if (side == WITHIN_BEFORE ? v[i].fresh || ends_behind :
		    side == WITHIN_BEHIND ? v[i].t_first <= m->moment.t :
					    n_open == m->n_open || !ends_behind ||
						    !goes_on(&m->open[n_open], &v[i]))
			return false;
		n_open += side == WITHIN_OPEN;
	}
	for (size_t i = 0; i < n_edges; i++) {
		bool before = is_before(&m->moment, edges[i].boot, edges[i].serial);

		if (before != (edges[i].t <= m->moment.t) || (before && edges[i].fresh))
			return false;
	}
	return n_open == m->n_open;
}
