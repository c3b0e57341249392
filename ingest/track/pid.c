// SPDX-License-Identifier: Apache-2.0
/* Derives one pid: from its last mark where that can give the answer, else from its beginning. */
#include "ingest/track/facts.h"
#include "ingest/track/mark.h"
#include "ingest/track/parts.h"
#include "ingest/track/rows.h"
#include "ingest/track/within.h"

#include <stdlib.h>

/* The evidence of a pid, all of it or what lies behind a mark, on its way to parts. */
struct task {
	struct derive *d;
	int64_t node;
	int32_t pid;
	struct within_row row;
	struct mark *from;         /* NULL: all */
	struct mark *next;         /* where it can go on next time; NULL: nowhere */
	struct within_parts parts;
	struct derive_part *now, **of;
	struct parts old;          /* that it had behind the mark */
};

static void drop_next(struct task *t)
{
	if (t->next != NULL)
		mark_release(t->next);
	free(t->next);
	t->next = NULL;
}

static void release_task(struct task *t)
{
	for (size_t i = 0; i < t->parts.n && t->now != NULL; i++)
		derive_part_empty(&t->now[i]);
	free(t->now);
	free(t->of);
	VEC_FREE(&t->old);
	VEC_FREE(&t->parts);
	drop_next(t);
}

/* ---- what it had ---- */

/* Parts in order: those of one layer behind the mark, or all. */
static int load_old(struct task *t, unsigned layer, struct err *e)
{
	struct derive *d = t->d;
	struct derive_row at = rows_hanging(ROWS_PID, 0, t->node, (uint32_t)t->pid), row;
	int got;

	if (t->from != NULL) {
		at.w[2] = (uint64_t)layer << 32 | t->from->moment.boot;
		at.w[4] = rows_time(t->from->moment.t + 1);
	}
	for (; (got = d->store->next(d->store->ctx, &at, &row, e)) == 1 && row.w[0] == at.w[0] &&
	       row.w[1] == at.w[1] && (t->from == NULL || row.w[2] >> 32 == layer);
	     at = row) {
		struct derive_part *p;

		if (rows_named_part(d, rows_id(&row), &p, e) < 0)
			return -1;
		*VEC_PUSH(&t->old) = p;
	}
	return got < 0 ? -1 : 0;
}

/* ---- what it has ---- */

/* What a part that goes on was before the mark stays. */
static void take_known(struct task *t, size_t i)
{
	const struct mark_part *m = &t->from->part[i];
	const struct derive_part *p = t->of[i];
	struct derive_part *now = &t->now[i];

	now->n_intervals += m->n;
	now->first = p->first;
	now->from = -p->from;
	now->born = p->born;
	now->birth_pid = p->birth_pid;
	now->birth_t = p->birth_t;
	now->birth_serial = p->birth_serial;
	facts_copy_looks(now, &m->lists);
	facts_copy_sites(now, &m->lists);
}

/*
 * Which parts have the very intervals that they had? They are counted, since one may have become
 * a piece of another part's.
 */
static void mark_kept(struct task *t, size_t n_known)
{
	for (size_t i = n_known; i < t->parts.n; i++)
		t->now[i].kept = t->of[i] != NULL &&
				 parts_same_position(&t->of[i]->key, &t->now[i].key) &&
				 t->of[i]->n_intervals == t->now[i].n_intervals;
	for (size_t i = 0; i < t->row.n; i++) {
		const struct track_interval *v = &t->row.v[i];

		if (v->part >= n_known && (v->fresh || t->of[v->part] == NULL ||
					   t->of[v->part]->id != v->was))
			t->now[v->part].kept = false;
	}
}

static void fill_facts(struct task *t)
{
	const struct within_row *row = &t->row;
	const struct mark *m = t->from;
	size_t before = m ? m->n_edges : 0;
	struct facts_row f = { .v = row->v,
			       .n = row->n,
			       .edges = before > 0 ? row->edges + before : row->edges,
			       .n_edges = row->n_edges - before,
			       .n_known = m ? m->point.n_parts : 0,
			       .n_open = row->n_open,
			       .sites = m ? m->site : NULL };

	for (size_t i = 0; i < f.n_known; i++)
		f.had[i] = m->part[i].had;
	for (size_t i = 0; i < TRACK_LAYERS && m != NULL; i++)
		f.birth[i] = m->birth[i].kind == EDGE_BORN ? &m->birth[i] : NULL;
	facts_fill(t->now, t->parts.n, &f);
}

/*
 * Of the parts that go on: from when on their rows may be others. Those that were made for what
 * begins earlier go, but where addresses are not random such a row says when its interval ended,
 * too.
 */
static int64_t first_change(struct task *t, size_t n_known)
{
	int64_t since = INT64_MAX;

	for (size_t i = 0; i < t->row.n; i++) {
		const struct track_interval *v = &t->row.v[i];
		/* one that was under way may have grown over another */
		int64_t from = i < t->row.n_open ? t->from->moment.t + 1 : v->t_first;
		bool other = v->fresh;

		for (size_t k = 0; k < n_known; k++)
			other = other || (v->part == k) != (v->was == t->of[k]->id);
		if (other && from < since)
			since = from;
	}
	for (size_t i = 0; i < n_known; i++) {
		struct derive_rows *rows = &t->now[i].rows;
		size_t left = 0;

		for (size_t k = 0; k < rows->n; k++)
			if (rows_t(&rows->v[k]) >= since ||
			    (rows->v[k].w[0] >> 56 == ROWS_SPOKE &&
			     rows_t(&rows->v[k]) <= t->from->moment.t))
				rows->v[left++] = rows->v[k];
		rows->n = left;
	}
	return since;
}

/* 1: what lies before the mark would be another one. */
static int find_parts(struct task *t, struct err *e)
{
	size_t n_known = t->from ? t->from->point.n_parts : 0;
	enum within_outcome out;

	if (mark_find_cut(&t->row, t->from))
		t->next = mem_zero(1, sizeof(*t->next));
	out = within_pid(&t->row, t->d->strings, &t->parts, t->next ? &t->next->point : NULL);
	if (out == WITHIN_MORE)
		return 1;
	if (t->next != NULL &&
	    (out != WITHIN_DONE || !mark_fill(t->next, t->from, &t->row, &t->parts)))
		drop_next(t);
	t->now = mem_zero(t->parts.n + 1, sizeof(*t->now));
	t->of = mem_zero(t->parts.n + 1, sizeof(*t->of));
	facts_parts(t->now, &t->parts, t->row.v, t->row.n, t->node, t->pid);
	for (size_t i = 0; i < n_known; i++) {
		if (rows_named_part(t->d, t->from->part[i].id, &t->of[i], e) < 0)
			return -1;
		take_known(t, i);
	}
	for (unsigned layer = 0; layer < (t->from ? (unsigned)TRACK_LAYERS : 1u); layer++)
		if (load_old(t, layer, e) < 0)
			return -1;
	parts_match(&t->old, t->now + n_known, t->parts.n - n_known, t->of + n_known);
	return 0;
}

/* The mark of next time, or none where there was one: what it stood for is another one. */
static int save_mark(struct task *t, const struct mark *old, struct err *e)
{
	if (t->next == NULL)
		return t->from != NULL ? 0 : mark_save(t->d, t->node, t->pid, NULL, old, e);
	for (size_t i = 0; i < t->next->point.n_parts; i++)
		t->next->part[i].id = t->now[t->next->part[i].index].id;
	return mark_save(t->d, t->node, t->pid, t->next, old, e);
}

/* ---- all ---- */

/* All of a pid. old: the mark that it had; NULL: none. */
static int apply(struct task *t, const struct mark *old, struct err *e)
{
	if (parts_apply(t->d, &t->old, t->now, t->parts.n, t->of, 0, INT64_MIN, e) < 0)
		return -1;
	return save_mark(t, old, e);
}

/* The same of one that has parts already. */
static int renew(struct task *t, struct err *e)
{
	struct mark old;
	int had = mark_load(t->d, t->node, t->pid, &old, e);
	int ret = had < 0 ? -1 : apply(t, had == 1 ? &old : NULL, e);

	mark_release(&old);
	return ret;
}

int derive_pid(struct derive *d, int64_t node, int32_t pid, struct track_interval *intervals,
	       size_t n, struct track_edge *edges, size_t n_edges, int64_t **ids, struct err *e)
{
	struct task t = { .d = d,
			  .node = node,
			  .pid = pid,
			  .row = { .v = intervals, .n = n, .edges = edges, .n_edges = n_edges } };
	int ret;

	d->room = d->step_room;
	within_sort(intervals, n, d->strings);
	within_sort_edges(edges, n_edges);
	ret = find_parts(&t, e);
	if (ret == 0) {
		fill_facts(&t);
		ret = t.old.n > 0 ? renew(&t, e) : apply(&t, NULL, e);
	}
	if (ids != NULL && ret == 0) {
		*ids = mem_alloc(t.parts.n * sizeof(**ids));
		for (size_t i = 0; i < t.parts.n; i++)
			(*ids)[i] = t.now[i].id;
	}
	release_task(&t);
	return ret;
}

int derive_since(struct derive *d, int64_t node, int32_t pid, int64_t *t_last, struct err *e)
{
	return mark_time(d, node, pid, t_last, e);
}

/* The edges behind the mark, after those that it has. */
static struct track_edge *edges_behind(const struct mark *m, const struct track_edge *edges,
				       size_t n_edges, size_t *n)
{
	struct track_edge *out = mem_alloc((m->n_edges + n_edges) * sizeof(*out));

	*n = 0;
	for (size_t i = 0; i < m->n_edges; i++)
		out[(*n)++] = m->edges[i];
	for (size_t i = 0; i < n_edges; i++)
		if (edges[i].t > m->moment.t)
			out[(*n)++] = edges[i];
	within_sort_edges(out, *n);
	return out;
}

static int behind(struct task *t, struct err *e)
{
	size_t n_known = t->from->point.n_parts;
	int ret = find_parts(t, e);

	if (ret != 0)
		return ret;
	mark_kept(t, n_known);
	fill_facts(t);
	if (parts_apply(t->d, &t->old, t->now, t->parts.n, t->of, n_known, first_change(t, n_known),
			e) < 0)
		return -1;
	return save_mark(t, t->from, e);
}

/* What had not ended at a mark, which holds. */
static int derive_from(struct derive *d, int64_t node, int32_t pid, struct mark *m,
		       struct track_interval *v, size_t n, struct track_edge *edges, size_t n_edges,
		       int64_t **ids, struct err *e)
{
	struct task t = { .d = d, .node = node, .pid = pid, .from = m };
	auto_free struct track_edge *all = edges_behind(m, edges, n_edges, &t.row.n_edges);
	size_t before = mark_divide(m, v, n);
	int ret;

	t.row.v = v + before;
	t.row.n = n - before;
	t.row.edges = all;
	t.row.from = &m->point;
	t.row.n_open = m->n_open;
	ret = mark_cells(d, node, pid, m, t.row.v, t.row.n, e);
	if (ret == 0)
		ret = behind(&t, e);
	if (ret == 0) {
		*ids = mem_alloc(n * sizeof(**ids));
		for (size_t i = 0; i < n; i++)
			(*ids)[i] = i < before ? v[i].was : t.now[v[i].part].id;
	}
	release_task(&t);
	return ret;
}

int derive_behind(struct derive *d, int64_t node, int32_t pid, const struct derive_rest *rest,
		  struct track_interval *intervals, size_t n, struct track_edge *edges,
		  size_t n_edges, int64_t **ids, struct err *e)
{
	struct mark m;
	int got = mark_load(d, node, pid, &m, e);

	d->room = d->step_room;
	if (got == 1)
		got = mark_parts(d, &m, e);
	if (got == 1 && rest->t_last <= m.moment.t) {
		within_sort(intervals, n, d->strings);
		if (!mark_holds(&m, intervals, n, edges, n_edges))
			got = 0;
	}
	if (got == 1 && rest->t_last <= m.moment.t)
		got = derive_from(d, node, pid, &m, intervals, n, edges, n_edges, ids, e);
	else if (got >= 0)
		got = 1;
	mark_release(&m);
	return got;
}
