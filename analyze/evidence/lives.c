// SPDX-License-Identifier: Apache-2.0
/* How long trees live, from what their processes show, and the losses that bear on them. */
#include "analyze/evidence/lives.h"

#include "store/base/map.h"
#include "store/base/when.h"

#include <stdlib.h>

/* A boot of a machine's name, as its processes show it: where not all of them are loaded, the query
 * has it. */
struct boot { int64_t row; uint32_t number; int64_t t_first, t_last; };
struct boots { struct boot *v; size_t n, cap; };

static void find_boots(struct boots *out, const struct query *q)
{
	struct map at = { 0 };

	for (size_t i = 0; i < q->boots.n; i++)
		*VEC_PUSH(out) = (struct boot){ q->boots.v[i].row, q->boots.v[i].number,
						q->boots.v[i].t_first, q->boots.v[i].t_last };
	for (size_t i = 0; i < q->images.n && !q->some; i++) {
		const struct query_image *m = &q->images.v[i];
		int64_t row = q->trees.v[m->tree].row,
			k = m->id == 0 ? -1 : map_get(&at, (uint64_t)row, m->boot, -1);

		if (m->id == 0)
			continue;
		if (k < 0) {
			map_put(&at, (uint64_t)row, m->boot, (int64_t)out->n);
			*VEC_PUSH(out) = (struct boot){ row, m->boot, m->t_first, m->t_last };
			continue;
		}
		if (m->t_first < out->v[k].t_first)
			out->v[k].t_first = m->t_first;
		if (m->t_last > out->v[k].t_last)
			out->v[k].t_last = m->t_last;
	}
	map_release(&at);
}

/* The first record of a later boot than that of `m`, and the last one of an earlier. */
static int64_t boot_after(const struct boots *b, int64_t row, const struct query_image *m)
{
	int64_t out = LIVES_OPEN;

	for (size_t i = 0; i < b->n; i++)
		if (b->v[i].row == row && b->v[i].number != m->boot &&
		    b->v[i].t_first > m->t_last && b->v[i].t_first < out)
			out = b->v[i].t_first - 1;
	return out;
}

static int64_t boot_before(const struct boots *b, int64_t row, const struct query_image *m)
{
	int64_t out = LIVES_BEFORE;

	for (size_t i = 0; i < b->n; i++)
		if (b->v[i].row == row && b->v[i].number != m->boot &&
		    b->v[i].t_last < m->t_first && b->v[i].t_last > out)
			out = b->v[i].t_last;
	return out;
}

struct by_pid {
	const struct query *q;
	bool by_trust;
};

static int by_pid(const void *a, const void *b, void *how)
{
	const uint32_t *at = a, *bt = b;
	const struct by_pid *by = how;
	const struct query_image *x = &by->q->images.v[*at], *y = &by->q->images.v[*bt];
	int64_t p = by->q->trees.v[x->tree].row, r = by->q->trees.v[y->tree].row;

	if (p != r)
		return p < r ? -1 : 1;
	if (by->by_trust && x->trusted != y->trusted)
		return x->trusted ? -1 : 1;
	if (x->boot != y->boot)
		return x->boot < y->boot ? -1 : 1;
	if (x->pid != y->pid)
		return x->pid < y->pid ? -1 : 1;
	return *at < *bt ? -1 : 1; /* images are in the order of their beginnings */
}

uint32_t *lives_by_pid(const struct query *q, bool by_trust, size_t *n)
{
	uint32_t *order = mem_alloc((q->images.n + 1) * sizeof(*order));

	*n = 0;
	for (uint32_t i = 0; i < q->images.n; i++)
		if (q->images.v[i].id != 0)
			order[(*n)++] = i;
	if (*n > 1)
		qsort_r(order, *n, sizeof(*order), by_pid, &(struct by_pid){ q, by_trust });
	return order;
}

/*
 * The beginning of what comes after each image in its pid: what it exec'd, or another process. Text
 * ends no trusted evidence in the store; whoever is shown both sees that it does.
 */
static int64_t *find_next(const struct query *q)
{
	int64_t *next = mem_alloc((q->images.n + 1) * sizeof(*next));
	size_t n;
	auto_free uint32_t *order = lives_by_pid(q, false, &n);

	for (uint32_t i = 0; i < q->images.n; i++)
		next[i] = LIVES_OPEN;
	for (size_t i = 0; i + 1 < n; i++) {
		const struct query_image *m = &q->images.v[order[i]],
					 *then = &q->images.v[order[i + 1]];

		if (m->pid == then->pid && m->boot == then->boot &&
		    q->trees.v[m->tree].row == q->trees.v[then->tree].row &&
		    then->t_first >= m->t_last)
			next[order[i]] = then->t_first;
	}
	return next;
}

static int64_t end_of(const struct boots *b, const struct query_image *m, int64_t row, int64_t next)
{
	int64_t end = m->t_end != WHEN_NONE ? m->t_end : boot_after(b, row, m);

	end = next < end ? next : end;
	return end > m->t_last ? end : m->t_last;
}

void lives_find(struct lives *out, const struct query *q)
{
	auto_free int64_t *next = find_next(q);
	struct boots boots = { 0 };

	*out = (struct lives){ mem_alloc(q->trees.n * sizeof(*out->from)),
			       mem_alloc(q->trees.n * sizeof(*out->to)), q->trees.n };
	find_boots(&boots, q);
	for (size_t i = 0; i < q->trees.n; i++) {
		const struct query_tree *t = &q->trees.v[i];

		out->from[i] = t->t_first;
		out->to[i] = t->t_last;
		if (t->id != 0 && t->t_first != WHEN_NONE && !t->start_seen)
			out->from[i] = boot_before(&boots, t->row, &q->images.v[t->root]);
	}
	for (size_t i = 0; i < q->images.n; i++) {
		const struct query_image *m = &q->images.v[i];
		int64_t end;

		if (m->id == 0 || q->trees.v[m->tree].t_first == WHEN_NONE)
			continue;
		end = end_of(&boots, m, q->trees.v[m->tree].row, next[i]);
		if (end > out->to[m->tree])
			out->to[m->tree] = end;
	}
	VEC_FREE(&boots);
}

void lives_release(struct lives *l)
{
	free(l->from);
	free(l->to);
	*l = (struct lives){ 0 };
}

/* ---- losses ---- */

/* The time on one machine in which a selection's trees lived. */
struct machine { int64_t node, from, to; };
struct machines { struct machine *v; size_t n, cap; };

static void find_machines(struct machines *out, const struct query *q, const struct selection *s)
{
	struct map at = { 0 };
	struct lives lives;

	lives_find(&lives, q);
	for (size_t i = 0; i < q->trees.n; i++) {
		int64_t k = map_get(&at, (uint64_t)q->trees.v[i].node_id, 0, -1);

		if (!s->tree_in[i])
			continue;
		if (k < 0) {
			k = (int64_t)out->n;
			map_put(&at, (uint64_t)q->trees.v[i].node_id, 0, k);
			*VEC_PUSH(out) =
				(struct machine){ q->trees.v[i].node_id, LIVES_OPEN, LIVES_BEFORE };
		}
		/* presence without a time may be of any */
		if (lives.from[i] == WHEN_NONE || lives.from[i] < out->v[k].from)
			out->v[k].from = lives.from[i] == WHEN_NONE ? LIVES_BEFORE : lives.from[i];
		if (lives.to[i] == WHEN_NONE || lives.to[i] > out->v[k].to)
			out->v[k].to = lives.to[i] == WHEN_NONE ? LIVES_OPEN : lives.to[i];
	}
	map_release(&at);
	lives_release(&lives);
}

static int of_machine(struct query_losses *out, struct query *q, struct store *store,
		      const struct machine *m, struct err *e)
{
	int64_t since = m->from == LIVES_BEFORE ? WHEN_NONE : m->from,
		until = m->to == LIVES_OPEN ? WHEN_NONE : m->to;
	struct query_losses all = { 0 };
	int ret;

	if (q->since != WHEN_NONE && q->since > m->from)
		since = q->since;
	if (q->until != WHEN_NONE && q->until < m->to)
		until = q->until;
	ret = query_losses(&all, q, store, since, until, e);
	for (size_t i = 0; i < all.n && ret == 0; i++)
		if (query_is_node(q, m->node, all.v[i].node))
			*VEC_PUSH(out) = all.v[i];
	VEC_FREE(&all);
	return ret;
}

int lives_losses(struct query_losses *out, struct query *q, struct store *store,
		 const struct selection *s, struct err *e)
{
	struct machines machines = { 0 };
	int ret = 0;

	*out = (struct query_losses){ 0 };
	find_machines(&machines, q, s);
	for (size_t i = 0; i < machines.n && ret == 0; i++)
		ret = of_machine(out, q, store, &machines.v[i], e);
	VEC_FREE(&machines);
	return ret;
}
