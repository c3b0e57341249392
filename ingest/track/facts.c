// SPDX-License-Identifier: Apache-2.0
/*
 * Makes the facts of parts from intervals and edges: looks, sites, calls, and the rows that others
 * find them by.
 */
#include "ingest/track/facts.h"

#include "ingest/track/rows.h"

#include <stdlib.h>

/* ---- lists of a part's intervals, by their end and by their beginning ---- */

/* Of one end or beginning: as they stand in the order of the pid. */
static int by_position_in_row(const struct facts_own *x, const struct facts_own *y)
{
	return x->v < y->v ? -1 : x->v > y->v;
}

static int by_end(const void *a, const void *b)
{
	const struct facts_own *x = a, *y = b;

	if (x->v->t_last != y->v->t_last)
		return x->v->t_last < y->v->t_last ? -1 : 1;
	return by_position_in_row(x, y);
}

/* Old ones first. */
static int by_beginning(const void *a, const void *b)
{
	const struct facts_own *x = a, *y = b;

	if (x->old != y->old)
		return x->old ? -1 : 1;
	if (x->v->t_first != y->v->t_first)
		return x->v->t_first < y->v->t_first ? -1 : 1;
	return by_position_in_row(x, y);
}

static int by_look(const void *a, const void *b)
{
	const struct derive_look *x = a, *y = b;

	if (x->exe != y->exe)
		return x->exe < y->exe ? -1 : 1;
	return x->cell < y->cell ? -1 : x->cell > y->cell;
}

static int by_site(const void *a, const void *b)
{
	const struct track_site *x = a, *y = b;

	if (x->call != y->call)
		return x->call < y->call ? -1 : 1;
	return x->ip < y->ip ? -1 : x->ip > y->ip;
}

void facts_looks(struct derive_part *m, struct facts_own *own, size_t n, struct facts_had *had)
{
	size_t room = had->ended < DERIVE_CELLS ? DERIVE_CELLS - had->ended : 0, left = 0;

	if (n > 1)
		qsort(own, n, sizeof(*own), by_end);
	for (size_t i = 0; i < n && i < room; i++)
		if (track_region(own[i].v->cell) != TRACK_KERNEL)
			*VEC_PUSH(&m->looks) =
				(struct derive_look){ own[i].v->exe, own[i].v->cell };
	if (m->looks.n > 1)
		qsort(m->looks.v, m->looks.n, sizeof(*m->looks.v), by_look);
	for (size_t i = 0; i < m->looks.n; i++)
		if (left == 0 || by_look(&m->looks.v[left - 1], &m->looks.v[i]) != 0)
			m->looks.v[left++] = m->looks.v[i];
	m->looks.n = left;
	had->ended += n;
}

/* Which count for sites: those that did, and the first ones to begin of the others. */
static void find_sites(struct facts_own *own, size_t n, struct facts_had *had)
{
	if (n > 1)
		qsort(own, n, sizeof(*own), by_beginning);
	for (size_t i = 0; i < n; i++) {
		if (own[i].old)
			continue;
		own[i].site = had->sites < DERIVE_SITES_FROM;
		had->sites += own[i].site;
	}
}

void facts_sites(struct derive_part *m, struct facts_own *own, size_t n, struct facts_had *had)
{
	size_t left = 0;

	find_sites(own, n, had);
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < own[i].v->n_sites && own[i].site; k++)
			*VEC_PUSH(&m->sites) = own[i].v->sites[k];
	if (m->sites.n > 1)
		qsort(m->sites.v, m->sites.n, sizeof(*m->sites.v), by_site);
	for (size_t i = 0; i < m->sites.n; i++)
		if (left == 0 || by_site(&m->sites.v[left - 1], &m->sites.v[i]) != 0)
			m->sites.v[left++] = m->sites.v[i];
	m->sites.n = left < DERIVE_SITES ? left : DERIVE_SITES;
}

void facts_copy_looks(struct derive_part *to, const struct derive_part *from)
{
	to->looks.n = 0;
	for (size_t i = 0; i < from->looks.n; i++)
		*VEC_PUSH(&to->looks) = from->looks.v[i];
}

void facts_copy_sites(struct derive_part *to, const struct derive_part *from)
{
	to->sites.n = 0;
	for (size_t i = 0; i < from->sites.n; i++)
		*VEC_PUSH(&to->sites) = from->sites.v[i];
}

/* ---- rows ---- */

/* A loader is nobody's parent, so others see nothing of it. */
static void interval_row(struct derive_part *m, const struct track_interval *v)
{
	enum track_region region = track_region(v->cell);
	struct track_key at = m->key;
	struct derive_row r;

	if (m->loader || region == TRACK_KERNEL)
		return;
	at.t = v->t_first;
	at.serial = v->s_first;
	if (region == TRACK_FIXED)
		at.seq = track_fixed_number(v->cell); /* many cells in one bucket: no two rows may
							 be equal in the order */
	r = rows_in_bucket(
		region == TRACK_RANDOM ? ROWS_NEAR : ROWS_SPOKE, v->layer, &at, v->exe,
		region == TRACK_RANDOM ? rows_cell(v->cell, false) : rows_user(v->uid, v->auid), 0);
	r.value = region == TRACK_RANDOM ? 0 : (uint64_t)v->t_last;
	*VEC_PUSH(&m->rows) = r;
}

static void call_row(struct derive_part *m, const struct track_interval *v,
		     const struct track_edge *d)
{
	enum track_region region = track_region(v->cell);
	struct track_key at = m->key;

	if (m->loader || region == TRACK_KERNEL)
		return;
	at.t = d->t;
	at.serial = d->serial;
	*VEC_PUSH(&m->rows) =
		rows_in_bucket(region == TRACK_RANDOM ? ROWS_CALL : ROWS_FIXED_CALL, d->layer, &at,
			       v->exe, region == TRACK_RANDOM ? 0 : rows_user(v->uid, v->auid), 0);
}

static int compare_positions(const struct track_interval *x, uint8_t layer, int64_t exe,
			     uint64_t cell, bool loader, int64_t t)
{
	if (x->layer != layer)
		return x->layer < layer ? -1 : 1;
	if (x->exe != exe)
		return x->exe < exe ? -1 : 1;
	if (x->cell != cell)
		return x->cell < cell ? -1 : 1;
	if (x->loader != loader)
		return x->loader ? 1 : -1;
	return x->t_first < t ? -1 : x->t_first > t;
}

static int by_position(const void *a, const void *b)
{
	const struct track_interval *const *x = a, *const *y = b;

	return compare_positions(*x, (*y)->layer, (*y)->exe, (*y)->cell, (*y)->loader,
				 (*y)->t_first);
}

/* The interval that holds an edge, of those sorted by_position; NULL where there is none. */
static const struct track_interval *holder(const struct track_interval **v, size_t n,
					   const struct track_edge *d)
{
	size_t lo = 0, hi = n;

	while (lo < hi) {
		size_t mid = (lo + hi) / 2;

		if (compare_positions(v[mid], d->layer, d->exe, d->cell, d->loader, d->t) <= 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (lo == 0 ||
	    compare_positions(v[lo - 1], d->layer, d->exe, d->cell, d->loader,
			      v[lo - 1]->t_first) != 0 ||
	    d->t > v[lo - 1]->t_last)
		return NULL;
	return v[lo - 1];
}

/* ---- births ---- */

/* Is a the later birth? */
bool facts_later(const struct track_edge *a, const struct track_edge *than)
{
	if (than == NULL || a->t != than->t)
		return than == NULL || a->t > than->t;
	return a->serial != than->serial ? a->serial > than->serial : a->parent > than->parent;
}

/*
 * The last birth before a process first spoke, if none of its pid's parts began between them.
 * before: that of what is not given.
 */
static void fill_birth(struct derive_part *all, size_t n, size_t at,
		       const struct track_edge *edges, size_t n_edges,
		       const struct track_edge *before)
{
	struct derive_part *m = &all[at];
	const struct track_edge *birth =
		before != NULL && before->boot == m->key.boot ? before : NULL;

	for (size_t i = 0; i < n_edges; i++) {
		const struct track_edge *d = &edges[i];

		if (d->kind != EDGE_BORN || d->layer > m->layer || d->boot != m->key.boot ||
		    d->serial >= m->key.serial || d->t > m->key.t)
			continue;
		if (facts_later(d, birth))
			birth = d;
	}
	for (size_t i = 0; birth != NULL && i < n; i++)
		if (i != at && all[i].layer <= m->layer && all[i].key.boot == m->key.boot &&
		    all[i].key.t >= birth->t && all[i].key.serial > birth->serial &&
		    all[i].key.serial < m->key.serial)
			return;
	if (birth == NULL)
		return;
	m->born = true;
	m->birth_pid = birth->parent;
	m->birth_t = birth->t;
	m->birth_serial = birth->serial;
}

/* ---- all ---- */

static void fill_one(struct derive_part *m, const struct within_part *w, int64_t node, int32_t pid)
{
	*m = (struct derive_part){ .key = { node, w->boot, w->t_first, w->s_first, pid, w->seq },
				   .layer = w->layer,
				   .loader = w->loader,
				   .starts = w->starts,
				   .execs_first = w->execs_first,
				   .first = w->from < 0,
				   .from = w->from + 1,
				   .exe = w->exe,
				   .name = w->name,
				   .t_last = w->t_last,
				   .t_end = w->t_end,
				   .s_last = w->s_last,
				   .uid = w->uid,
				   .auid = w->auid };
}

/*
 * Gives each part the lists of its own intervals: those of its layer. Where a part looks from
 * does not depend on text.
 */
static void fill_lists(struct derive_part *out, size_t n_parts, const struct facts_row *row)
{
	auto_free size_t *end = mem_zero(n_parts + 1, sizeof(*end));
	auto_free struct facts_own *v = mem_alloc(row->n * sizeof(*v));
	size_t own = 0;

	for (size_t i = 0; i < row->n; i++)
		end[row->v[i].part + 1] += row->v[i].layer == out[row->v[i].part].layer;
	for (size_t i = 0; i < n_parts; i++)
		end[i + 1] += end[i];
	/* end[i] is where part i begins; it moves to where it ends */
	for (size_t i = 0; i < row->n; i++)
		if (row->v[i].layer == out[row->v[i].part].layer)
			v[end[row->v[i].part]++] =
				(struct facts_own){ &row->v[i], i < row->n_open,
						    i < row->n_open && row->sites[i] };
	for (size_t i = 0; i < n_parts; own = end[i++]) {
		struct facts_had had = { 0 };

		if (out[i].kept)
			continue;
		if (i < row->n_known)
			had = row->had[i];
		facts_looks(&out[i], &v[own], end[i] - own, &had);
		facts_sites(&out[i], &v[own], end[i] - own, &had);
	}
}

static void fill_rows(struct derive_part *out, const struct facts_row *row)
{
	auto_free const struct track_interval **v = mem_alloc(row->n * sizeof(*v));
	bool sorted = false;

	for (size_t i = 0; i < row->n; i++) {
		if (!out[row->v[i].part].kept)
			interval_row(&out[row->v[i].part], &row->v[i]);
		v[i] = &row->v[i];
	}
	for (size_t i = 0; i < row->n_edges; i++) {
		const struct track_interval *of;

		if (row->edges[i].kind != EDGE_FORK)
			continue;
		if (!sorted && row->n > 1)
			qsort(v, row->n, sizeof(*v), by_position);
		sorted = true;
		of = holder(v, row->n, &row->edges[i]);
		if (of != NULL && !out[of->part].kept)
			call_row(&out[of->part], of, &row->edges[i]);
	}
}

void facts_parts(struct derive_part *out, const struct within_parts *parts,
		 const struct track_interval *intervals, size_t n, int64_t node, int32_t pid)
{
	for (size_t i = 0; i < parts->n; i++)
		fill_one(&out[i], &parts->v[i], node, pid);
	for (size_t i = 0; i < n; i++)
		out[intervals[i].part].n_intervals++;
}

void facts_fill(struct derive_part *out, size_t n_parts, const struct facts_row *row)
{
	bool births = false;

	fill_lists(out, n_parts, row);
	fill_rows(out, row);
	for (size_t i = 0; i < TRACK_LAYERS; i++)
		births = births || row->birth[i] != NULL;
	for (size_t i = 0; i < row->n_edges; i++)
		births = births || row->edges[i].kind == EDGE_BORN;
	for (size_t i = row->n_known; i < n_parts && births; i++)
		if (out[i].first)
			fill_birth(out, n_parts, i, row->edges, row->n_edges,
				   row->birth[out[i].layer]);
}
