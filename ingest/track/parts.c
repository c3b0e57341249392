// SPDX-License-Identifier: Apache-2.0
/* Compares the parts of a pid with those before, writes what differs, and queues its dependents. */
#include "ingest/track/parts.h"

#include "ingest/track/dependents.h"
#include "ingest/track/facts.h"
#include "ingest/track/images.h"
#include "ingest/track/rows.h"
#include "ingest/track/work.h"

#include <stdlib.h>

/* What was found for it so far holds no more. */
static void forget_search(struct derive *d, const struct derive_part *p)
{
	if (d->search.part == p->id)
		d->search.part = 0;
}

static int remove_part(struct derive *d, struct derive_part *p, struct err *e)
{
	struct derive_rows was = { 0 }, none = { 0 };
	int ret = dependents_rested(d, p, INT64_MIN, e);

	if (ret == 0)
		ret = dependents_children(d, p->id, e);
	if (ret == 0)
		ret = rows_of_part(d, p, INT64_MIN, &was, e);
	if (ret == 0)
		ret = rows_give(d, p, &was, &none, e);
	was.n = 0;
	forget_search(d, p);
	rows_of_facts(p, &was);
	rows_of_answer(p, &was);
	if (ret == 0)
		ret = rows_replace(d, &was, &none, false, e);
	VEC_FREE(&was);
	if (ret == 0)
		ret = images_leave(d, p, e);
	return ret < 0 ? -1 : d->store->drop_part(d->store->ctx, p->id, e);
}

bool parts_same_position(const struct track_key *a, const struct track_key *b)
{
	return a->boot == b->boot && a->t == b->t && a->serial == b->serial && a->seq == b->seq;
}

#define SAME_LIST(a, b)                                                                           \
	((a)->n == (b)->n &&                                                                      \
	 ((a)->n == 0 || memcmp((a)->v, (b)->v, (a)->n * sizeof(*(a)->v)) == 0))

/* Has p another question now than it had? */
static bool asks_other(const struct derive_part *p, const struct derive_part *now)
{
	return p->first != now->first || p->from != now->from || p->exe != now->exe ||
	       p->uid != now->uid || p->auid != now->auid || p->born != now->born ||
	       p->birth_pid != now->birth_pid || p->birth_t != now->birth_t ||
	       p->birth_serial != now->birth_serial || p->loader != now->loader ||
	       !parts_same_position(&p->key, &now->key) ||
	       (!now->kept &&
		(!SAME_LIST(&p->looks, &now->looks) || !SAME_LIST(&p->sites, &now->sites)));
}

/* Is it the same in all else, too? */
static bool same_facts(const struct derive_part *p, const struct derive_part *now)
{
	return p->starts == now->starts && p->execs_first == now->execs_first &&
	       p->name == now->name && p->t_last == now->t_last && p->t_end == now->t_end &&
	       p->s_last == now->s_last && p->n_intervals == now->n_intervals &&
	       (now->kept || p->rows_sum == now->rows_sum);
}

/* Facts are those of `now` from here on; the id and the answers stay. */
static void take_facts(struct derive_part *p, const struct derive_part *now)
{
	struct derive_part was = *p;

	*p = *now;
	p->id = was.id;
	p->image = was.image;
	p->link = was.link;
	p->rule = was.rule;
	p->asks_calls = was.asks_calls;
	p->kept = false;
	p->witnesses.v = was.witnesses.v;
	p->witnesses.n = was.witnesses.n;
	p->witnesses.cap = was.witnesses.cap;
}

/* Asks again whom it concerns that p, which was `was`, has another place, loader or end. */
static int dependents_of_change(struct derive *d, struct derive_part *p,
				const struct derive_part *was, struct err *e)
{
	bool moved = !parts_same_position(&was->key, &p->key);
	bool all = moved || was->loader != p->loader;

	if ((all || was->t_end > p->t_end) &&
	    dependents_rested(d, p, all ? INT64_MIN : p->t_end + DERIVE_ENDED_MS, e) < 0)
		return -1;
	if (p->image != 0 && (all || was->t_end < p->t_end) && dependents_gone(d, p, e) < 0)
		return -1;
	return moved ? dependents_children(d, p->id, e) : 0;
}

/*
 * Takes the facts of `now` over into the part p, which had others, and asks again whom that
 * concerns. since: its rows from then on are given.
 */
static int change_part(struct derive *d, struct derive_part *p, struct derive_part *now,
		       int64_t since, struct err *e)
{
	struct derive_part was = *p;
	bool moved = !parts_same_position(&was.key, &now->key), asks = asks_other(&was, now), sites,
	     same_rows = now->kept || (since == INT64_MAX && now->rows.n == 0);
	struct derive_rows before = { 0 }, after = { 0 }, seen = { 0 };
	int ret;

	rows_sort(&now->rows);
	now->rows_sum = same_rows ? was.rows_sum : rows_sum(&now->rows);
	if ((same_rows || since == INT64_MIN) && !asks && same_facts(p, now))
		return 0;
	if (now->kept) {
		facts_copy_looks(now, p);
		facts_copy_sites(now, p);
		since = INT64_MAX;
	}
	sites = !SAME_LIST(&was.sites, &now->sites);
	ret = rows_of_part(d, p, since, &seen, e);
	for (size_t i = 0; i < now->rows.n && ret == 0; i++)
		if (rows_t(&now->rows.v[i]) < since)
			ret = rows_as_it_was(d, p, &now->rows.v[i], &seen, e);
	if (!same_rows)
		now->rows_sum += was.rows_sum - rows_sum(&seen);
	rows_of_facts(p, &before);
	rows_of_answer(p, &before);
	take_facts(p, now);
	p->queued = was.queued && !moved;
	rows_of_facts(p, &after);
	rows_of_answer(p, &after);
	if (ret == 0)
		ret = rows_replace(d, &before, &after, false, e);
	VEC_FREE(&before);
	VEC_FREE(&after);
	if (ret == 0)
		ret = rows_give(d, p, &seen, &p->rows, e);
	VEC_FREE(&seen);
	VEC_FREE(&p->rows);
	if (ret == 0 && sites)
		ret = work_lookers(d, p->id, e);
	if (ret == 0)
		ret = dependents_of_change(d, p, &was, e);
	if (asks) {
		forget_search(d, p);
		rows_wait(d, p);
	}
	derive_part_empty(&was);
	now->rows.v = NULL;
	now->looks.v = NULL;
	now->sites.v = NULL;
	return ret < 0 ? -1 : d->store->keep_part(d->store->ctx, p, e);
}

static int add_part(struct derive *d, struct derive_part *now, struct err *e)
{
	struct derive_part *p = mem_alloc(sizeof(*p));
	struct derive_rows none = { 0 }, after = { 0 };
	int ret;

	*p = *now;
	rows_sort(&p->rows);
	p->rows_sum = rows_sum(&p->rows);
	*now = (struct derive_part){ .id = p->id };
	rows_of_facts(p, &after);
	ret = d->store->keep_part(d->store->ctx, p, e);
	if (ret == 0)
		ret = rows_replace(d, &none, &after, false, e);
	VEC_FREE(&after);
	if (ret == 0)
		ret = rows_give(d, p, &none, &p->rows, e);
	VEC_FREE(&p->rows);
	if (ret == 0)
		rows_wait(d, p);
	return ret;
}

#define MATCHED_AMONG 64 /* old parts that are looked at for a new one */

/*
 * Which old part goes on as which new one? The same beginning, else lives that overlap. It is no
 * part of the answer.
 */
void parts_match(struct parts *old, const struct derive_part *now, size_t n,
		 struct derive_part **of)
{
	size_t k = 0, from = 0;

	/*
	 * both are in order: the old by their key, the new by their beginnings within the pid,
	 * which is nearly the same
	 */
	for (size_t i = 0; i < n; i++) {
		size_t at = k > 8 ? k - 8 : 0;

		for (size_t end = at + MATCHED_AMONG; at < end && at < old->n && of[i] == NULL;
		     at++) {
			if (old->v[at] == NULL || old->v[at]->layer != now[i].layer ||
			    !parts_same_position(&old->v[at]->key, &now[i].key))
				continue;
			of[i] = old->v[at];
			old->v[at] = NULL;
			k = at + 1;
		}
	}
	for (size_t i = 0; i < n; i++) {
		while (from < old->n && old->v[from] == NULL)
			from++;
		for (size_t at = from; at < old->n && at < from + MATCHED_AMONG && of[i] == NULL;
		     at++) {
			struct derive_part *o = old->v[at];

			if (o == NULL || o->layer != now[i].layer ||
			    o->key.boot != now[i].key.boot || o->key.t > now[i].t_last ||
			    now[i].key.t > o->t_last)
				continue;
			of[i] = o;
			old->v[at] = NULL;
		}
	}
}

/*
 * `from` and rows get their ids. True: a part of the pid is new, gone, or another one than it was
 * to those born of it.
 */
static bool number_parts(struct derive *d, struct derive_part *now, size_t n,
			 struct derive_part *const *of)
{
	bool other = false;

	for (size_t i = 0; i < n; i++) {
		now[i].id = of[i] != NULL ? of[i]->id : d->next_part++;
		other = other || of[i] == NULL || !parts_same_position(&of[i]->key, &now[i].key) ||
			of[i]->exe != now[i].exe;
	}
	for (size_t i = 0; i < n; i++) {
		if (now[i].from > 0)
			now[i].from = now[now[i].from - 1].id;
		else if (now[i].from < 0)
			now[i].from = -now[i].from; /* of one that goes on: an id already */
		for (size_t k = 0; k < now[i].rows.n; k++)
			now[i].rows.v[k].w[6] |= (uint64_t)now[i].id;
	}
	return other;
}

/*
 * of: which old part goes on as each; known: of the first so many only what is from `since` on is
 * given.
 */
int parts_apply(struct derive *d, struct parts *old, struct derive_part *now, size_t n,
		struct derive_part *const *of, size_t known, int64_t since, struct err *e)
{
	int64_t node = n ? now[0].key.node : old->n ? old->v[0]->key.node : 0;
	int32_t pid = n ? now[0].key.pid : old->n ? old->v[0]->key.pid : 0;
	bool other = number_parts(d, now, n, of);
	int ret = 0;

	for (size_t i = 0; i < old->n && ret == 0; i++) {
		if (old->v[i] == NULL)
			continue;
		other = true;
		ret = remove_part(d, old->v[i], e);
	}
	for (size_t i = 0; i < n && ret == 0; i++)
		ret = of[i] == NULL ? add_part(d, &now[i], e) :
		      change_part(d, of[i], &now[i], i < known ? since : INT64_MIN, e);
	return ret < 0 ? -1 : other ? dependents_born(d, node, pid, e) : 0;
}
