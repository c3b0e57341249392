// SPDX-License-Identifier: Apache-2.0
/*
 * Other trees under the same loader: probes, hooks and the like, which an enforced list would
 * refuse.
 */
#include "analyze/profile/summary_part.h"

#include "analyze/evidence/lives.h"

#include <inttypes.h>
#include <stdlib.h>

#define OTHERS_SHOWN 3

/* The lives of the selected trees under one loader of one machine, by their beginnings; latest: the
 * last end so far. */
struct span {
	uint64_t loader;
	int64_t node, from, to, latest;
};
struct spans {
	struct span *v;
	size_t n, cap;
};

/* A workload that is not in the list, and may be under its filter. */
struct other {
	uint32_t workload;
	uint64_t trees;
	bool alike;
};
struct others {
	struct other *v;
	size_t n, cap;
};

static int by_loader(const void *a, const void *b)
{
	const struct span *x = a, *y = b;

	if (x->loader != y->loader)
		return x->loader < y->loader ? -1 : 1;
	if (x->node != y->node)
		return x->node < y->node ? -1 : 1;
	return x->from < y->from ? -1 : x->from > y->from;
}

static uint64_t loader_id(const struct query *q, size_t tree)
{
	return pool_find(&q->strings, q->images.v[q->trees.v[tree].root].path);
}

static void find_spans(struct spans *out, const struct profile *p, const struct lives *lives)
{
	const struct query *q = p->q;

	for (size_t i = 0; i < q->trees.n; i++)
		if (p->s->tree_in[i] && q->images.v[q->trees.v[i].root].loader &&
		    q->trees.v[i].t_first != WHEN_NONE)
			*VEC_PUSH(out) = (struct span){ loader_id(q, i), q->trees.v[i].node_id,
							lives->from[i], lives->to[i], 0 };
	if (out->n > 1)
		qsort(out->v, out->n, sizeof(*out->v), by_loader);
	for (size_t i = 0; i < out->n; i++) {
		const struct span *before = i > 0 ? &out->v[i - 1] : NULL;
		bool same = before != NULL && before->loader == out->v[i].loader &&
			    before->node == out->v[i].node;

		out->v[i].latest =
			same && before->latest > out->v[i].to ? before->latest : out->v[i].to;
	}
}

/* Did some selected tree under that loader live when this one began? */
static bool meets(const struct spans *s, const struct span *one)
{
	size_t low = 0, high = s->n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (by_loader(&s->v[mid], one) <= 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low > 0 && s->v[low - 1].loader == one->loader && s->v[low - 1].node == one->node &&
	       s->v[low - 1].latest >= one->from;
}

/* Where the selected trees run: of each place of the query; *any: some whole place is among them.
 */
static bool *places_of(const struct profile *p, bool *any)
{
	bool *out = mem_zero(p->q->locations.n + 1, sizeof(*out));

	*any = false;
	for (size_t i = 0; i < p->q->trees.n; i++)
		for (size_t k = 0; k < p->q->trees.v[i].locations.n && p->s->tree_in[i]; k++) {
			out[p->q->trees.v[i].locations.v[k]] = true;
			*any |= workloads_is_whole_location(
				p->q->locations.v[p->q->trees.v[i].locations.v[k]].v);
		}
	return out;
}

/* Known to be in a container that none of these is? */
static bool is_elsewhere(const struct query *q, const struct query_tree *t, const bool *ours)
{
	bool known = false;

	for (size_t i = 0; i < t->locations.n; i++) {
		if (ours[t->locations.v[i]])
			return false;
		known |= workloads_is_whole_location(q->locations.v[t->locations.v[i]].v);
	}
	return known;
}

static int likely_first(const void *a, const void *b, void *workloads)
{
	const struct other *x = a, *y = b;
	const struct workload *w = workloads;

	if (x->alike != y->alike)
		return x->alike ? -1 : 1;
	if (x->trees != y->trees)
		return x->trees > y->trees ? -1 : 1;
	return strcmp(w[x->workload].code, w[y->workload].code);
}

/* Programs that the selected trees run: a probe mostly is one of its container's own. */
static void find_programs(struct map *out, const struct profile *p)
{
	for (size_t i = 0; i < p->q->images.n; i++)
		if (p->s->tree_in[p->q->images.v[i].tree] && !p->q->images.v[i].loader)
			map_put(out, pool_find(&p->q->strings, p->q->images.v[i].exe),
				(uint64_t)p->q->trees.v[p->q->images.v[i].tree].node_id, 1);
}

static void find_others(struct others *out, const struct profile *p, const struct workloads *w,
			const struct spans *spans)
{
	const struct query *q = p->q;
	struct map at = { 0 }, programs = { 0 };
	bool placed;
	auto_free bool *ours = places_of(p, &placed);

	find_programs(&programs, p);
	for (size_t i = 0; i < q->trees.n; i++) {
		const struct query_tree *t = &q->trees.v[i];
		struct span one = { .from = t->t_first };
		int64_t k;

		if (p->s->tree_in[i] || !q->images.v[t->root].loader || t->t_first == WHEN_NONE ||
		    w->of_tree[i] == WORKLOADS_NONE)
			continue;
		one.loader = loader_id(q, i);
		one.node = t->node_id;
		if (!meets(spans, &one) || (placed && is_elsewhere(q, t, ours)))
			continue;
		k = map_get(&at, w->of_tree[i], 0, -1);
		if (k < 0) {
			k = (int64_t)out->n;
			map_put(&at, w->of_tree[i], 0, k);
			*VEC_PUSH(out) = (struct other){ .workload = w->of_tree[i] };
		}
		out->v[k].trees += t->stands_for;
		out->v[k].alike |=
			map_get(&programs, pool_find(&q->strings, q->images.v[t->main].exe),
				(uint64_t)t->node_id, 0) != 0;
	}
	map_release(&at);
	map_release(&programs);
	if (out->n > 1)
		qsort_r(out->v, out->n, sizeof(*out->v), likely_first, w->v);
}

/* "--workload A --workload B": what selects the trees that are selected now. */
static void list_workloads(struct buf *out, const struct profile *p, const struct workloads *w)
{
	auto_free bool *met = mem_zero(w->n + 1, sizeof(*met));

	for (size_t i = 0; i < p->q->trees.n; i++)
		if (p->s->tree_in[i] && w->of_tree[i] != WORKLOADS_NONE)
			met[w->of_tree[i]] = true;
	for (size_t i = 0; i < w->n; i++)
		if (met[i])
			buf_printf(out, " --workload %s", w->v[i].code);
}

/* Probes, hooks and the like: trees under the same loader, on that node, that began while the
 * list's own lived. */
void summary_others(struct summary *out, const struct profile *p, const struct workloads *w,
		    const struct summary_advice *advice)
{
	struct spans spans = { 0 };
	struct others others = { 0 };
	struct lives lives;
	auto_buf struct buf ours = { 0 };
	uint64_t trees = 0;

	lives_find(&lives, p->q);
	find_spans(&spans, p, &lives);
	find_others(&others, p, w, &spans);
	list_workloads(&ours, p, w);
	for (size_t i = 0; i < others.n; i++)
		trees += others.v[i].trees;
	if (trees)
		summary_say(
			out,
			"%" PRIu64
			" other tree%s began under the same loader while %s lived (probes, hooks, other containers); one list for "
			"both, where they share the filter:",
			trees, summary_plural(trees), p->s->trees == 1 ? "this one" : "these");
	for (size_t i = 0; i < others.n && i < OTHERS_SHOWN; i++) {
		const struct workload *o = &w->v[others.v[i].workload];

		summary_say(out, "  %s%s --workload %s  (%.*s: %" PRIu64 " tree%s)", advice->rest,
			    buf_text(&ours), o->code, (int)o->name.n, o->name.p, others.v[i].trees,
			    summary_plural(others.v[i].trees));
	}
	if (others.n > OTHERS_SHOWN)
		summary_say(out, "  and %zu more workloads: scaudit workloads lists them",
			    others.n - OTHERS_SHOWN);
	VEC_FREE(&spans);
	VEC_FREE(&others);
	lives_release(&lives);
}

/* Does the answer show the workloads of the selected trees in an order, or by a name, that all of
 * their trees make? */
static void needed_of_selected(struct others_codes *out, const struct query *q,
			       const struct selection *s, const struct workloads *w, bool any)
{
	auto_free bool *met = mem_zero(w->n + 1, sizeof(*met));
	size_t n = 0;
	bool named = false;

	for (size_t i = 0; i < q->trees.n; i++) {
		if (!s->tree_in[i] || w->of_tree[i] == WORKLOADS_NONE)
			continue;
		n += !met[w->of_tree[i]];
		met[w->of_tree[i]] = true;
		named = named || q->trees.v[i].labels.n > 0 || q->trees.v[i].locations.n > 0;
	}
	for (size_t i = 0; i < w->n; i++)
		if (met[i] && ((any && n > 1) || (s->groups.n > 1 && named)))
			*VEC_PUSH(out) = w->v[i].code;
}

void others_needed(struct others_codes *out, struct query *q, const struct selection *s,
		   const struct workloads *w, bool shown)
{
	const struct profile p = { .q = q, .s = s };
	struct spans spans = { 0 };
	struct others others = { 0 };
	struct lives lives;

	lives_find(&lives, q);
	find_spans(&spans, &p, &lives);
	find_others(&others, &p, w, &spans);
	for (size_t i = 0; i < others.n && i < OTHERS_SHOWN && shown; i++)
		*VEC_PUSH(out) = w->v[others.v[i].workload].code;
	needed_of_selected(out, q, s, w, shown && others.n > 0);
	VEC_FREE(&spans);
	VEC_FREE(&others);
	lives_release(&lives);
}
