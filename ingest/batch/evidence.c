// SPDX-License-Identifier: Apache-2.0
/*
 * Joins the intervals that a batch brought with those that are stored, and writes the rows that
 * changed.
 */
#include "ingest/batch/evidence.h"

#include "store/base/when.h"
#include "store/rows/total.h"

#include <stdlib.h>

/* ---- loading ---- */

/* The run that brought an interval of the batch. */
static int64_t run_of(const struct evidence_room *w, const struct tally_interval *v)
{
	return v->ingest != 0 ? v->ingest : w->tally->ingest;
}

static int by_beginning(const void *a, const void *b)
{
	const struct evidence_row *x = a, *y = b;

	if (x->t_first != y->t_first)
		return x->t_first < y->t_first ? -1 : 1;
	return x->id < y->id ? -1 : x->id > y->id;
}

static int take_row(void *to, struct interval_row *in, struct err *e)
{
	struct evidence *ev = to;

	(void)e;
	*VEC_PUSH(&ev->rows) = (struct evidence_row){
		.id = in->id,
		.trusted = in->trusted,
		.exe = in->exe,
		.cell = in->cell,
		.loader = in->loader,
		.t_first = in->t_first,
		.t_last = in->t_last,
		.s_first = in->s_first,
		.s_last = in->s_last,
		.s_begin = in->s_begin,
		.uid = in->uid,
		.auid = in->auid,
		.name = in->name,
		.part = in->part,
		.ingest = in->ingest,
		.edges = in->edges,
		.joined_to = -1,
	};
	return 0;
}

int evidence_load(struct evidence_room *w, struct evidence *ev, int64_t since, struct err *e)
{
	if (interval_each(w->store, ev->node, ev->pid, since,
			  (struct interval_take){ take_row, ev }, e) < 0)
		return -1;
	if (ev->rows.n > 1)
		qsort(ev->rows.v, ev->rows.n, sizeof(*ev->rows.v), by_beginning);
	return 0;
}

int evidence_obs(struct evidence_room *w, struct evidence_row *r, struct err *e)
{
	if (r->id == 0 || r->loaded)
		return 0;
	r->loaded = true;
	return interval_obs(w->store, r->id, &r->obs, e);
}

/* ---- joining what came with what is stored ---- */

/* Of one layer, exe, cell and hour: do they follow each other? */
static bool joins(const struct evidence_row *r, const struct tally_interval *v)
{
	return r->joined_to < 0 && v->t_first <= r->t_last + TALLY_GAP_MS &&
	       v->t_last >= r->t_first - TALLY_GAP_MS;
}

/* Who made the lowest serial. Of two with one serial a total order decides, so that it does not
 * matter which came first. */
struct maker { uint32_t serial, uid, auid; int64_t name; };

/* The record that an interval begins with. */
struct first_record { int64_t t; uint32_t serial; };

static bool made_first(const struct maker *a, const struct maker *than,
		       const struct track_strings *strings)
{
	if (a->serial != than->serial)
		return a->serial < than->serial;
	if (a->uid != than->uid)
		return a->uid < than->uid;
	if (a->auid != than->auid)
		return a->auid < than->auid;
	return a->name != than->name && strings->compare(strings->ctx, a->name, than->name) < 0;
}

static void widen_row(const struct evidence_room *w, struct evidence_row *r,
		      struct first_record first, int64_t t_last, uint32_t s_last,
		      const struct maker *by)
{
	const struct maker was = { r->s_first, r->uid, r->auid, r->name };

	if (made_first(by, &was, w->strings)) {
		r->s_first = by->serial;
		r->name = by->name;
		r->uid = by->uid;
		r->auid = by->auid;
	}
	if (first.t < r->t_first || (first.t == r->t_first && first.serial < r->s_begin)) {
		r->t_first = first.t;
		r->s_begin = first.serial;
	}
	r->t_last = t_last > r->t_last ? t_last : r->t_last;
	r->s_last = s_last > r->s_last ? s_last : r->s_last;
}

/* Row `from` becomes part of row `to`. */
static int join_rows(struct evidence_room *w, struct evidence *ev, size_t from, size_t to,
		     struct err *e)
{
	struct evidence_row *a = &ev->rows.v[to], *b = &ev->rows.v[from];
	const struct maker by = { b->s_first, b->uid, b->auid, b->name };

	if (evidence_obs(w, a, e) < 0 || evidence_obs(w, b, e) < 0)
		return -1;
	for (size_t i = 0; i < b->obs.n; i++)
		*VEC_PUSH(&a->obs) = b->obs.v[i];
	for (size_t i = 0; i < b->edges.n; i++)
		*VEC_PUSH(&a->edges) = b->edges.v[i];
	obs_unite(&a->obs);
	edge_unite(&a->edges);
	widen_row(w, a, (struct first_record){ b->t_first, b->s_begin }, b->t_last, b->s_last, &by);
	if (a->ingest != b->ingest)
		*VEC_PUSH(&ev->brought) =
			(struct evidence_brought){ to,
						   a->ingest > b->ingest ? a->ingest : b->ingest };
	if (b->ingest < a->ingest)
		a->ingest = b->ingest;
	a->changed = true;
	b->joined_to = (int64_t)to;
	return 0;
}

static int take_evidence(struct evidence_room *w, struct evidence_row *r,
			 const struct tally_interval *v, struct err *e)
{
	const struct tally *t = w->tally;

	if (evidence_obs(w, r, e) < 0)
		return -1;
	r->changed = true;
	for (uint32_t i = v->obs; i != 0; i = t->obs.v[i - 1].next)
		*VEC_PUSH(&r->obs) = t->obs.v[i - 1].obs;
	for (uint32_t i = v->edges; i != 0; i = t->edges.v[i - 1].next)
		*VEC_PUSH(&r->edges) = t->edges.v[i - 1].edge;
	obs_unite(&r->obs);
	edge_unite(&r->edges);
	return 0;
}

/*
 * Rows of one layer, exe, cell and hour are on a chain, the last one first: only they can join. A
 * row is `mixed` where one behind it on the chain may be later than it is. The key of a chain:
 */
static uint64_t chain_key(int64_t exe, bool loader, bool trusted, int64_t t)
{
	return (uint64_t)(t / WHEN_HOUR_MS) << 40 |
	       ((uint64_t)exe << 2 | (uint64_t)trusted << 1 | loader);
}

static void chain(struct evidence *ev, uint32_t at)
{
	struct evidence_row *r = &ev->rows.v[at];
	uint64_t key = chain_key(r->exe, r->loader, r->trusted, r->t_first);

	r->next = (uint32_t)map_get(&ev->chains, key, r->cell, 0);
	r->unordered = r->next != 0 && (ev->rows.v[r->next - 1].unordered ||
					r->t_first <= ev->rows.v[r->next - 1].t_last);
	map_put(&ev->chains, key, r->cell, at + 1);
}

/*
 * Puts one interval of the batch among the rows: it joins those that it reaches, or is a row of its
 * own. One that nothing new drives (a labelled run that reads what was seen) only finds its row.
 * *row: its index, -1: none.
 */
static int find_row(struct evidence_room *w, struct evidence *ev, uint32_t at, ptrdiff_t *row,
		    struct err *e)
{
	struct tally_interval *v = &w->tally->intervals.v[at];
	const struct tally_origin *s = &w->tally->origins.v[v->origin];
	const struct maker by = { v->s_first, v->uid, v->auid, v->name };

	*row = -1;
	for (uint32_t i = (uint32_t)map_get(
		     &ev->chains, chain_key(s->exe, s->loader, s->trusted, v->t_first), v->cell, 0);
	     i != 0 && (*row < 0 || v->new_records); i = ev->rows.v[i - 1].next) {
		if (!joins(&ev->rows.v[i - 1], v)) {
			if (!ev->rows.v[i - 1].unordered && v->t_first > ev->rows.v[i - 1].t_last)
				break;
			continue;
		}
		if (*row < 0)
			*row = (ptrdiff_t)i - 1;
		else if (join_rows(w, ev, i - 1, (size_t)*row, e) < 0)
			return -1;
	}
	if (v->new_records == 0)
		return 0;
	if (*row < 0) {
		*row = (ptrdiff_t)ev->rows.n;
		*VEC_PUSH(&ev->rows) = (struct evidence_row){ .exe = s->exe,
							      .name = v->name,
							      .cell = v->cell,
							      .trusted = s->trusted,
							      .loader = s->loader,
							      .t_first = v->t_first,
							      .t_last = v->t_last,
							      .s_first = v->s_first,
							      .s_last = v->s_last,
							      .s_begin = v->s_begin,
							      .uid = v->uid,
							      .auid = v->auid,
							      .ingest = run_of(w, v),
							      .joined_to = -1 };
		chain(ev, (uint32_t)*row);
	}
	widen_row(w, &ev->rows.v[*row], (struct first_record){ v->t_first, v->s_begin }, v->t_last,
		  v->s_last, &by);
	return take_evidence(w, &ev->rows.v[*row], v, e);
}

/* ---- events that both layers have ---- */

/* The row of a layer that holds a time; NULL. */
static struct evidence_row *row_at(struct evidence *ev, const struct tally_origin *s, bool trusted,
				   uint64_t cell, int64_t t)
{
	for (uint32_t i = (uint32_t)map_get(&ev->chains, chain_key(s->exe, s->loader, trusted, t),
					    cell, 0);
	     i != 0;) {
		struct evidence_row *r = &ev->rows.v[i - 1];

		if (r->joined_to < 0 && r->t_first <= t && t <= r->t_last)
			return r;
		if (!r->unordered && t > r->t_last)
			return NULL;
		i = r->next;
	}
	return NULL;
}

/* May an observation have this event, by its corners? */
static bool may_hold(const struct evidence_row *r, const struct obs *o, const struct tally_echo *at)
{
	return o->t_first <= at->t && at->t <= o->t_last && o->serial <= at->serial &&
	       at->serial <= r->s_last;
}

/* *out: who made which call in that row, the event among them; NULL: nobody, or there is no row. */
static int find_obs(struct evidence_room *w, struct evidence_row *r, const struct obs *like,
		    const struct tally_echo *at, struct obs **out, struct err *e)
{
	size_t lo = 0, hi;

	*out = NULL;
	if (r == NULL)
		return 0;
	if (evidence_obs(w, r, e) < 0)
		return -1;
	for (hi = r->obs.n; lo < hi;) {
		size_t mid = (lo + hi) / 2;
		const struct obs *o = &r->obs.v[mid];

		if (o->caller < like->caller || (o->caller == like->caller && o->call < like->call))
			lo = mid + 1;
		else
			hi = mid;
	}
	if (lo < r->obs.n && r->obs.v[lo].caller == like->caller &&
	    r->obs.v[lo].call == like->call && may_hold(r, &r->obs.v[lo], at))
		*out = &r->obs.v[lo];
	return 0;
}

/*
 * An event that text and a trusted source have brought, in whichever order. Where both say the
 * same of it, text's no longer counts; else text contradicts what is trusted.
 */
static int meet(struct evidence_room *w, struct evidence *ev, const struct tally_interval *v,
		const struct tally_echo *echo, struct err *e)
{
	const struct tally_origin *s = &w->tally->origins.v[v->origin];
	const struct obs *like = &w->tally->obs.v[echo->obs].obs;
	struct evidence_row *text = row_at(ev, s, false, v->cell, echo->t),
			    *trusted = row_at(ev, s, true, v->cell, echo->t);
	struct obs *said, *known;

	if (find_obs(w, text, like, echo, &said, e) < 0 ||
	    find_obs(w, trusted, like, echo, &known, e) < 0)
		return -1;
	if (said != NULL && known != NULL && said->upgraded < said->text) {
		said->upgraded++;
		text->changed = true;
		return 0;
	}
	if (w->any_totals && s->trusted && said == NULL) {
		bool found;

		if (total_take_text(w->store, s->node, like->caller, like->call, echo->t, &found,
				    e) < 0)
			return -1;
		if (found)
			return 0;
	}
	w->tally->contradicted++;
	return 0;
}

int evidence_find_rows(struct evidence_room *w, struct evidence *ev, struct err *e)
{
	for (uint32_t i = 0; i < ev->rows.n; i++)
		chain(ev, i);
	for (size_t i = 0; i < ev->waiting.n; i++)
		if (find_row(w, ev, ev->waiting.v[i], VEC_PUSH(&ev->row_of), e) < 0)
			return -1;
	for (size_t i = 0; i < ev->waiting.n; i++) {
		const struct tally_interval *v = &w->tally->intervals.v[ev->waiting.v[i]];

		for (uint32_t k = v->echoes; k != 0; k = w->tally->echoes.v[k - 1].next)
			if (meet(w, ev, v, &w->tally->echoes.v[k - 1], e) < 0)
				return -1;
	}
	return 0;
}

int64_t evidence_came(const struct evidence_room *w, const struct evidence *ev)
{
	int64_t t = INT64_MAX;

	for (size_t i = 0; i < ev->waiting.n; i++)
		if (w->tally->intervals.v[ev->waiting.v[i]].t_first < t)
			t = w->tally->intervals.v[ev->waiting.v[i]].t_first;
	return t;
}

/* ---- writing ---- */

size_t evidence_final(const struct evidence *ev, size_t i)
{
	while (ev->rows.v[i].joined_to >= 0)
		i = (size_t)ev->rows.v[i].joined_to;
	return i;
}

static int save_row(struct evidence_room *w, const struct evidence *ev, struct evidence_row *r,
		    struct err *e)
{
	struct interval_row row;
	bool stored = r->id != 0;

	if (!r->changed)
		return r->moved ? interval_set_part(w->store, r->id, r->part, e) : 0;
	if (!stored)
		r->id = w->next++;
	row = (struct interval_row){
		.id = r->id,
		.node = ev->node,
		.pid = ev->pid,
		.trusted = r->trusted,
		.exe = r->exe,
		.cell = r->cell,
		.loader = r->loader,
		.t_first = r->t_first,
		.t_last = r->t_last,
		.s_first = r->s_first,
		.s_last = r->s_last,
		.s_begin = r->s_begin,
		.uid = r->uid,
		.auid = r->auid,
		.name = r->name,
		.part = r->part,
		.ingest = r->ingest,
		.obs = r->obs,
		.edges = r->edges,
	};
	return interval_save(w->store, &row, stored, &w->room, e);
}

/* The run that brought a row first is noted in it; the others leave a mark. And where its process
 * ran. */
static int save_marks(struct evidence_room *w, const struct evidence *ev, struct err *e)
{
	for (size_t i = 0; i < ev->row_of.n; i++) {
		const struct evidence_row *r =
			ev->row_of.v[i] < 0 ?
				NULL :
				&ev->rows.v[evidence_final(ev, (size_t)ev->row_of.v[i])];
		const struct tally_interval *v = &w->tally->intervals.v[ev->waiting.v[i]];
		int64_t location = v->location;

		if (r != NULL && r->ingest != run_of(w, v) &&
		    interval_touch(w->store, r->id, run_of(w, v), e) < 0)
			return -1;
		if (r != NULL && location != 0 && interval_sight(w->store, r->id, location, e) < 0)
			return -1;
	}
	for (size_t i = 0; i < ev->brought.n; i++)
		if (interval_touch(w->store,
				   ev->rows.v[evidence_final(ev, ev->brought.v[i].row)].id,
				   ev->brought.v[i].ingest, e) < 0)
			return -1;
	return 0;
}

int evidence_save(struct evidence_room *w, struct evidence *ev, struct err *e)
{
	for (size_t i = 0; i < ev->rows.n; i++)
		if (ev->rows.v[i].joined_to < 0 && save_row(w, ev, &ev->rows.v[i], e) < 0)
			return -1;
	for (size_t i = 0; i < ev->rows.n; i++)
		if (ev->rows.v[i].joined_to >= 0 && ev->rows.v[i].id != 0 &&
		    interval_move(w->store, ev->rows.v[i].id, ev->rows.v[evidence_final(ev, i)].id,
				  e) < 0)
			return -1;
	return save_marks(w, ev, e);
}

void evidence_empty(struct evidence *ev)
{
	for (size_t i = 0; i < ev->rows.n; i++) {
		VEC_FREE(&ev->rows.v[i].obs);
		VEC_FREE(&ev->rows.v[i].edges);
	}
	VEC_FREE(&ev->rows);
	VEC_FREE(&ev->row_of);
	VEC_FREE(&ev->brought);
	map_release(&ev->chains);
}

void evidence_release(struct evidence *ev)
{
	evidence_empty(ev);
	VEC_FREE(&ev->waiting);
}
