// SPDX-License-Identifier: Apache-2.0
/*
 * Settles the queue: each part in the order of the evidence, one step at a time, until no room is
 * left.
 */
#include "ingest/track/derive.h"

#include "ingest/track/ask.h"
#include "ingest/track/images.h"
#include "ingest/track/rows.h"
#include "ingest/track/work.h"

#include <stdlib.h>

const char *const derive_rule_names[DERIVE_RULES] = {
	[DERIVE_EXECED] = "exec'd",
	[DERIVE_EXEC_ASKEW] = "exec'd, but time says that it came before",
	[DERIVE_BORN] = "known: born",
	[DERIVE_BORN_EXECED] = "known: born, and exec'd before it spoke",
	[DERIVE_A_LOADER] = "a loader is a root",
	[DERIVE_NOWHERE] = "no address in user space",
	[DERIVE_ALONE] = "near: nobody",
	[DERIVE_ALL_APART] = "near: other pages",
	[DERIVE_ALL_GONE] = "near: none lives",
	[DERIVE_NONE_LEFT] = "near: other pages, or none lives",
	[DERIVE_ONE] = "near: one image",
	[DERIVE_ONE_SAME] = "near: one image, an equal address",
	[DERIVE_SAME] = "near: of several the one with an equal address",
	[DERIVE_FORKED] = "near: of several the one that forked",
	[DERIVE_SEVERAL] = "near: several",
	[DERIVE_NO_CALL] = "fixed: no fork-type call",
	[DERIVE_CALLED] = "fixed: a fork-type call, nobody else spoke",
	[DERIVE_JUST] = "fixed: a fork-type call just before",
	[DERIVE_SEVERAL_CALLED] = "fixed: several made fork-type calls",
	[DERIVE_SEVERAL_SPOKE] = "fixed: another spoke",
};

void derive_init(struct derive *d, const struct derive_store *store,
		 const struct track_strings *strings)
{
	*d = (struct derive){ .store = store,
			      .strings = strings,
			      .next_part = 1,
			      .next_image = 1,
			      .step_room = DERIVE_ROOM };
}

void derive_release(struct derive *d)
{
	VEC_FREE(&d->queue);
	VEC_FREE(&d->work);
	VEC_FREE(&d->search.found);
}

void derive_part_empty(struct derive_part *p)
{
	VEC_FREE(&p->rows);
	VEC_FREE(&p->looks);
	VEC_FREE(&p->sites);
}

void derive_part_free(struct derive_part *p)
{
	if (p == NULL)
		return;
	derive_part_empty(p);
	VEC_FREE(&p->witnesses);
	free(p);
}

/* The part of its parent at the time of a known birth; NULL: the parent left no record before. */
static int find_parent(struct derive *d, const struct derive_part *p, struct derive_part **out,
		       struct err *e)
{
	*out = NULL;
	for (uint8_t layer = TRACK_TRUSTED; layer <= p->layer; layer++) {
		struct track_key key = { p->key.node,     p->key.boot,  p->birth_t,
					 p->birth_serial, p->birth_pid, UINT16_MAX };
		struct derive_row at = rows_hanging(ROWS_PID, 0, p->key.node,
						    (uint32_t)p->birth_pid),
				  row;
		struct derive_part *m = NULL;
		int got;

		at.w[2] = (uint64_t)layer << 32 | p->key.boot;
		rows_order(&at, &key, (int64_t)ROWS_ID);
		for (; (got = d->store->prev(d->store->ctx, &at, &row, e)) == 1 &&
		       rows_beside(&row, &at);
		     at = row)
			if ((uint32_t)(row.w[5] >> 32) <= p->birth_serial)
				break;
		if (got < 0 ||
		    (got == 1 && rows_beside(&row, &at) && rows_part(d, rows_id(&row), &m, e) < 0))
			return -1;
		if (m != NULL &&
		    (*out == NULL || m->key.t > (*out)->key.t ||
		     (m->key.t == (*out)->key.t && m->key.serial >= (*out)->key.serial)))
			*out = m;
	}
	return 0;
}

/* Does the order put it before p by its key alone? */
static bool earlier(const struct derive_part *m, const struct derive_part *p)
{
	struct derive_row at = { 0 };

	rows_order(&at, &m->key, 0);
	return m->key.boot == p->key.boot && rows_before(&at, p);
}

/* What p comes from, as far as its own pid or a known birth says. *ask: neither does. */
static int find_link(struct derive *d, const struct derive_part *p, struct derive_part **from,
		     bool *same, bool *ask, uint8_t *rule, struct err *e)
{
	*same = *ask = false;
	if (!p->first) {
		if (rows_named_part(d, p->from, from, e) < 0)
			return -1;
		*rule = earlier(*from, p) ? DERIVE_EXECED : DERIVE_EXEC_ASKEW;
		if (*rule == DERIVE_EXEC_ASKEW)
			*from = NULL;
		return 0;
	}
	*from = NULL;
	if (p->born && find_parent(d, p, from, e) < 0)
		return -1;
	if (*from != NULL && earlier(*from, p)) {
		*same = (*from)->exe == p->exe;
		*rule = *same ? DERIVE_BORN : DERIVE_BORN_EXECED;
		return 0;
	}
	*from = NULL;
	*ask = !p->loader;
	*rule = DERIVE_A_LOADER;
	return 0;
}

/* Notes what the answer rests on. */
static int note(struct derive *d, struct derive_part *p, int64_t link, struct ask_answer *a,
		struct err *e)
{
	p->link = link;
	p->asks_calls = a->calls;
	p->witnesses.n = 0;
	for (size_t i = 0; i < a->witnesses.n; i++)
		*VEC_PUSH(&p->witnesses) = a->witnesses.v[i];
	for (size_t i = 0; i < a->gone.n; i++) {
		struct derive_row r = rows_hanging(ROWS_GONE, p->layer, 0, (uint64_t)a->gone.v[i]);

		rows_order(&r, &p->key, p->id);
		if (d->store->put(d->store->ctx, &r, e) < 0)
			return -1;
	}
	return 0;
}

/* Takes the answer over: what p comes from, what that rests on, and its image. */
static int take_answer(struct derive *d, struct derive_part *p, const struct derive_part *from,
		       bool same, struct ask_answer *a, struct err *e)
{
	struct derive_rows was = { 0 }, now = { 0 };
	int ret;

	rows_of_answer(p, &was);
	ret = note(d, p, from ? from->id : 0, a, e);
	if (ret == 0)
		ret = a->image != 0 ? images_join(d, p, a->image, e) :
				      images_begin(d, p, same ? NULL : from, e);
	rows_of_answer(p, &now);
	if (ret == 0)
		ret = rows_replace(d, &was, &now, false, e);
	VEC_FREE(&was);
	VEC_FREE(&now);
	return ret < 0 ? -1 : d->store->keep_part(d->store->ctx, p, e);
}

/* 1: it has to be settled again, there was no room to look at all that it had to. */
static int settle_part(struct derive *d, struct derive_part *p, struct err *e)
{
	struct ask_answer a = { 0 };
	struct derive_part *from;
	bool same, ask;
	int ret = find_link(d, p, &from, &same, &ask, &p->rule, e);

	d->asked++;
	if (ret == 0 && ask) {
		ret = ask_candidates(d, p, &a, e);
		if (ret == 0)
			p->rule = (uint8_t)a.rule;
	} else if (ret == 0 && same) {
		a.image = from->image;
	}
	if (ret == 0)
		ret = take_answer(d, p, from, same, &a, e);
	VEC_FREE(&a.witnesses);
	VEC_FREE(&a.gone);
	if (ret == 0 && d->search.part == p->id)
		d->search.part = 0;
	return ret;
}

static struct derive_wait pop(struct derive *d)
{
	struct derive_wait first = d->queue.v[0], last = d->queue.v[--d->queue.n];
	size_t i = 0, n = d->queue.n;

	while (i * 2 + 1 < n) {
		size_t child = i * 2 + 1;

		if (child + 1 < n && rows_sooner(&d->queue.v[child + 1], &d->queue.v[child]))
			child++;
		if (!rows_sooner(&d->queue.v[child], &last))
			break;
		d->queue.v[i] = d->queue.v[child];
		i = child;
	}
	if (n > 0)
		d->queue.v[i] = last;
	return first;
}

static int settle_next(struct derive *d, struct err *e)
{
	struct derive_wait w = pop(d);
	struct derive_part *p;
	int again;

	if (rows_part(d, w.id, &p, e) < 0)
		return -1;
	/* it may have gone, or have moved in the order and wait there */
	if (p == NULL || !p->queued || rows_moved(&w, p))
		return 0;
	p->queued = false;
	again = settle_part(d, p, e);
	if (again == 1)
		rows_wait(d, p);
	return again < 0 ? -1 : 0;
}

/* Which part waits there, and where it stood in the order when it was put there. */
static struct derive_wait kept_at(const struct derive_row *row)
{
	return (struct derive_wait){ { (int64_t)(row->w[0] & ROWS_ID), (uint32_t)row->w[1],
				       rows_t(row), (uint32_t)(row->w[5] >> 32), rows_pid(row),
				       (uint16_t)(row->w[6] >> 48) },
				     (uint8_t)(row->w[0] >> 48),
				     rows_id(row) };
}

/* Takes the first ones of those that are kept in the table. */
static int take_kept(struct derive *d, struct err *e)
{
	struct derive_row at = { { rows_head(ROWS_WAIT, 0, 0) }, 0 }, row;
	int got;

	for (size_t n = 0; (got = d->store->next(d->store->ctx, &at, &row, e)) == 1; n++) {
		struct derive_part *p;

		if (row.w[0] >> 56 != ROWS_WAIT || n == DERIVE_KEPT)
			break;
		at = row;
		if (rows_part(d, rows_id(&row), &p, e) < 0 ||
		    d->store->del(d->store->ctx, &row, e) < 0)
			return -1;
		if (p != NULL)
			rows_wait(d, p);
	}
	d->any_kept = got == 1 && row.w[0] >> 56 == ROWS_WAIT;
	if (d->any_kept)
		d->first_kept = kept_at(&row);
	return got < 0 ? -1 : 0;
}

static int step(struct derive *d, struct err *e)
{
	if (d->work.n > 0)
		return work_run(d, e);
	while (d->any_kept && (d->queue.n == 0 || !rows_sooner(&d->queue.v[0], &d->first_kept)))
		if (take_kept(d, e) < 0)
			return -1;
	return d->queue.n > 0 ? settle_next(d, e) : 0;
}

bool derive_waits(const struct derive *d)
{
	return d->work.n > 0 || d->queue.n > 0 || d->any_kept;
}

int derive_run(struct derive *d, size_t most, struct err *e)
{
	for (; most > 0 && derive_waits(d); most--) {
		d->room = d->step_room;
		if (step(d, e) < 0)
			return -1;
	}
	return derive_waits(d);
}

int derive_suspend(struct derive *d, struct err *e)
{
	for (size_t i = 0; i < d->queue.n; i++) {
		const struct derive_wait *w = &d->queue.v[i];
		struct derive_row r = {
			{ rows_head(ROWS_WAIT, w->layer, w->key.node), w->key.boot }, 0
		};
		struct derive_part *p;

		if (rows_part(d, w->id, &p, e) < 0)
			return -1;
		if (p == NULL || !p->queued || rows_moved(w, p))
			continue;
		rows_order(&r, &w->key, w->id);
		p->queued = false;
		if (d->store->put(d->store->ctx, &r, e) < 0)
			return -1;
	}
	d->queue.n = 0;
	d->any_kept = false;
	return work_suspend(d, e);
}

int derive_resume(struct derive *d, struct err *e)
{
	return take_kept(d, e) < 0 ? -1 : work_resume(d, e);
}
