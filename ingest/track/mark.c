#include "ingest/track/mark.h"

#include "ingest/track/facts.h"

#include <stdlib.h>

void mark_release(struct mark *m)
{
	within_point_release(&m->point);
	for (size_t i = 0; i < TRACK_LAYERS; i++)
		derive_part_empty(&m->part[i].lists);
	VEC_FREE(&m->edges);
	*m = (struct mark){ 0 };
}

bool mark_behind(const struct mark *m, uint32_t boot, uint32_t s_first, int64_t t_first)
{
	return (boot > m->boot || (boot == m->boot && s_first > m->s_last)) && t_first > m->t_last;
}

bool mark_before(const struct mark *m, uint32_t boot, uint32_t s_last, int64_t t_last)
{
	return (boot < m->boot || (boot == m->boot && s_last <= m->s_last)) && t_last <= m->t_last;
}

/* ---- where ---- */

static bool is_before(const struct mark *m, const struct track_edge *d)
{
	return d->boot < m->boot || (d->boot == m->boot && d->serial <= m->s_last);
}

/* The last moment of all before grows by an interval's or an edge's. */
static void pass(struct mark *m, uint32_t boot, uint32_t serial, int64_t t)
{
	if (boot > m->boot || (boot == m->boot && serial > m->s_last))
		m->s_last = serial;
	m->boot = boot > m->boot ? boot : m->boot;
	m->t_last = t > m->t_last ? t : m->t_last;
}

/* The least time from each edge on. */
static int64_t *times_from(const struct track_edge *edges, size_t n)
{
	int64_t *out = mem_alloc((n + 1) * sizeof(*out));

	out[n] = INT64_MAX;
	for (size_t i = n; i-- > 0;)
		out[i] = edges[i].t < out[i + 1] ? edges[i].t : out[i + 1];
	return out;
}

size_t mark_place(const struct within_row *row, const struct mark *old, struct mark *out)
{
	struct mark now = { .t_last = INT64_MIN };
	auto_free int64_t *edge_t = NULL, *begins = NULL;
	size_t at = 0, k = 0;

	if (row->n < (old ? MARK_EVERY : MARK_FROM))
		return 0;
	if (old != NULL)
		pass(&now, old->boot, old->s_last, old->t_last);
	edge_t = times_from(row->edges, row->n_edges);
	begins = mem_alloc((row->n + 1) * sizeof(*begins));
	begins[row->n] = INT64_MAX;
	for (size_t i = row->n; i-- > 0;)
		begins[i] = row->v[i].t_first < begins[i + 1] ? row->v[i].t_first : begins[i + 1];
	for (size_t i = 0; i + MARK_KEEP <= row->n; i++) {
		const struct track_interval *v = &row->v[i];

		for (; k < row->n_edges && is_before(&now, &row->edges[k]); k++)
			now.t_last = row->edges[k].t > now.t_last ? row->edges[k].t : now.t_last;
		if (i > 0 && mark_behind(&now, v->boot, v->s_first, begins[i]) &&
		    edge_t[k] > now.t_last) {
			at = i;
			out->boot = now.boot;
			out->s_last = now.s_last;
			out->t_last = now.t_last;
		}
		pass(&now, v->boot, v->s_last, v->t_last);
	}
	return at;
}

/* ---- what is known there ---- */

/* Parts that may go on: those of the walks, if no reboot came after them. */
static void take_parts(struct mark *m, const struct within_parts *parts)
{
	struct within_point *p = &m->point;
	struct within_stand *stands[] = { &p->trusted, &p->all };

	for (size_t i = 0; i < ARRAY_SIZE(stands); i++)
		if (stands[i]->part >= 0 && parts->v[stands[i]->part].boot != m->boot)
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

/* What the intervals of a part before the mark make. base: it was one of the last mark's parts. */
static void fill_part(struct mark_part *m, const struct mark_part *base,
		      const struct within_row *row, uint8_t layer)
{
	auto_free const struct track_interval **own = mem_alloc(row->at * sizeof(*own));
	size_t n = 0;

	m->t_last = base ? base->t_last : INT64_MIN;
	m->s_last = base ? base->s_last : 0;
	m->n = base ? base->n : 0;
	m->n_own = base ? base->n_own : 0;
	m->lists.looks_full = m->lists.sites_full = INT64_MAX;
	if (base != NULL) {
		facts_copy_looks(&m->lists, &base->lists);
		facts_copy_sites(&m->lists, &base->lists);
	}
	for (size_t i = 0; i < row->at; i++) {
		const struct track_interval *v = &row->v[i];

		if ((int32_t)v->part != m->index)
			continue;
		m->n++;
		if (v->layer != layer)
			continue;
		own[n++] = v;
		m->t_last = v->t_last > m->t_last ? v->t_last : m->t_last;
		m->s_last = v->s_last > m->s_last ? v->s_last : m->s_last;
	}
	facts_lists(&m->lists, own, n, m->n_own);
	m->n_own += (uint32_t)n;
}

/*
 * The edges before it that are asked for: from the least serial that a part or a process ends with
 * on, and the last ones up to that. False: they are many.
 */
static bool take_edges(struct mark *m, const struct within_row *row)
{
	const struct within_point *p = &m->point;
	const struct track_edge *last = NULL, *last_trusted = NULL;
	uint32_t least = m->s_last;
	size_t n = 0;

	if (p->trusted.part >= 0 && p->trusted.s_last < least)
		least = p->trusted.s_last;
	if (p->all.part >= 0 && p->all.s_last < least)
		least = p->all.s_last;
	for (size_t i = 0; i < p->n_parts; i++)
		least = m->part[i].s_last < least ? m->part[i].s_last : least;
	for (; n < row->n_edges && is_before(m, &row->edges[n]); n++) {
		const struct track_edge *d = &row->edges[n];

		if (d->boot != m->boot || d->serial > least)
			continue;
		last = d;
		last_trusted = d->layer == TRACK_TRUSTED ? d : last_trusted;
	}
	for (size_t i = 0; i < n; i++) {
		const struct track_edge *d = &row->edges[i];

		if (d != last && d != last_trusted && (d->boot != m->boot || d->serial < least))
			continue;
		if (m->edges.n == MARK_EDGES)
			return false;
		*VEC_PUSH(&m->edges) = *d;
	}
	return true;
}

/* The last birth before it, for parts of a layer, if no part that it could not be of came after it. */
static void take_birth(struct mark *m, const struct mark *old, const struct within_row *row,
		       const struct within_parts *parts, uint8_t layer)
{
	const struct track_edge *birth =
		old && old->birth[layer].kind == EDGE_BORN ? &old->birth[layer] : NULL;

	for (size_t i = old ? old->edges.n : 0; i < row->n_edges && is_before(m, &row->edges[i]); i++)
		if (row->edges[i].kind == EDGE_BORN && row->edges[i].layer <= layer &&
		    facts_later(&row->edges[i], birth))
			birth = &row->edges[i];
	for (size_t i = 0; birth != NULL && i < parts->n; i++) {
		const struct within_part *p = &parts->v[i];

		if (p->layer <= layer && p->boot == birth->boot && p->t_first >= birth->t &&
		    p->s_first > birth->serial && p->t_first <= m->t_last)
			birth = NULL;
	}
	m->birth[layer] = birth ? *birth : (struct track_edge){ .kind = EDGE_NONE };
}

bool mark_fill(struct mark *out, const struct mark *old, const struct within_row *row,
	       const struct within_parts *parts)
{
	take_parts(out, parts);
	for (size_t i = 0; i < out->point.n_parts; i++) {
		int32_t at = out->part[i].index;
		bool known = old != NULL && (size_t)at < old->point.n_parts;

		fill_part(&out->part[i], known ? &old->part[at] : NULL, row, parts->v[at].layer);
	}
	for (uint8_t layer = 0; layer < TRACK_LAYERS; layer++)
		take_birth(out, old, row, parts, layer);
	return take_edges(out, row);
}
