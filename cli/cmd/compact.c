// SPDX-License-Identifier: Apache-2.0
/* compact: chooses the trees that are old, by workload and age, and has them summed up. */
#include "cli/cmd/compact.h"

#include "analyze/evidence/readiness.h"
#include "cli/command.h"
#include "cli/selector.h"
#include "cli/term.h"
#include "cli/values.h"
#include "ingest/upkeep/compact.h"
#include "store/base/when.h"

#include <stdlib.h>

#define KEEP_TREES 200
#define KEEP_MAX 999999999
#define DAY_MS 86400000

/* What is there as it is seen with all that the store has, and without text. */
struct sight {
	struct query *q;
	struct workloads *w;
	struct map at;        /* row of a tree -> index of the one that it is in */
	struct readiness_tree *known; /* of each tree */
};

/* The trees that go. */
struct also { int64_t *v; size_t n, cap; };
struct chosen {
	VEC(struct compact_tree) v;
	VEC(struct also) also;    /* of each: freed in the end */
};

/* How many trees of each workload stay, and how young those are that do. */
struct limits { uint64_t keep; int64_t after; };

static int latest_first(const void *a, const void *b, void *query)
{
	const uint32_t *x = a, *y = b;
	const struct query *q = query;
	int64_t p = q->trees.v[*x].t_last, r = q->trees.v[*y].t_last;

	return p != r ? (p > r ? -1 : 1) : bytes_order(q->trees.v[*x].code, q->trees.v[*y].code);
}

static void find_trees(struct sight *s)
{
	for (size_t i = 0; i < s->q->trees.n; i++) {
		const struct query_tree *t = &s->q->trees.v[i];

		if (t->id != 0)
			map_put(&s->at, (uint64_t)t->id, 0, (int64_t)i);
		for (size_t k = 0; k < t->also.n; k++)
			map_put(&s->at, (uint64_t)t->also.v[k], 0, (int64_t)i);
	}
}

static enum query_past_records records_of(enum readiness_records r)
{
	return r == RECORDS_WHOLE ? PAST_WHOLE : r == RECORDS_LOSSY ? PAST_LOSSY : PAST_UNKNOWN;
}

static const struct query_tree *tree_of(const struct sight *s, int64_t id,
					struct compact_view *view)
{
	int64_t i = map_get(&s->at, (uint64_t)id, 0, -1);
	const struct query_tree *t = i < 0 ? NULL : &s->q->trees.v[i];

	view->same = &s->q->same;
	if (t == NULL || s->w->of_tree[i] == WORKLOADS_NONE)
		return t;
	*view = (struct compact_view){ .there = true,
				       .same = &s->q->same,
				       .start_seen = t->start_seen,
				       .key = bytes_of(s->w->v[s->w->of_tree[i]].code),
				       .main_part = s->q->images.v[t->main].id,
				       .labels = t->labels.v,
				       .n_labels = t->labels.n,
				       .t_first = t->t_first,
				       .ended = s->known[i].ended,
				       .records = records_of(s->known[i].records) };
	return t;
}

/* Adds a tree, with those that it is one with: of trusted ones what is seen without text, of others
 * what is seen with all. */
static void choose_tree(struct chosen *out, const struct sight *all, const struct sight *sure,
			const struct query_tree *t)
{
	struct compact_tree *f = VEC_PUSH(&out->v);
	struct also *also = VEC_PUSH(&out->also);
	const struct query_tree *as_trusted, *as_seen;

	*f = (struct compact_tree){ .tree = t->id, .node = t->row };
	*also = (struct also){ 0 };
	as_trusted = tree_of(sure, t->id, &f->trusted);
	as_seen = tree_of(all, t->id, &f->all);
	for (size_t i = 0; as_trusted != NULL && i < as_trusted->also.n; i++)
		*VEC_PUSH(also) = as_trusted->also.v[i];
	for (size_t i = 0; as_seen != NULL && i < as_seen->also.n; i++)
		if (map_get(&sure->at, (uint64_t)as_seen->also.v[i], 0, -1) < 0)
			*VEC_PUSH(also) = as_seen->also.v[i];
	f->also = also->v;
	f->n_also = also->n;
	f->text_stays = as_seen != NULL && as_seen->policies.n > 0;
}

/*
 * Of each workload all trees but the last `keep`, and none that is younger than `after`; and what
 * was recorded under a policy stays: the note of it hangs on the trees. Which trusted ones go is
 * told without text: no text makes them old, nor keeps them. Then those of text.
 */
static void choose_trees(struct chosen *out, const struct sight *from, const struct sight *all,
			 const struct sight *sure, const struct limits *limits)
{
	const struct query *q = from->q;
	auto_free uint32_t *order = mem_alloc((q->trees.n + 1) * sizeof(*order));
	auto_free uint64_t *kept = mem_zero(from->w->n + 1, sizeof(*kept));

	for (uint32_t i = 0; i < q->trees.n; i++)
		order[i] = i;
	if (q->trees.n > 1)
		qsort_r(order, q->trees.n, sizeof(*order), latest_first, (void *)(uintptr_t)q);
	for (size_t i = 0; i < q->trees.n; i++) {
		const struct query_tree *t = &q->trees.v[order[i]];
		uint32_t work = from->w->of_tree[order[i]];

		if (t->id == 0 || work == WORKLOADS_NONE || (from == all && t->trusted) ||
		    t->policies.n || kept[work]++ < limits->keep ||
		    (t->t_last != WHEN_NONE && t->t_last > limits->after))
			continue;
		choose_tree(out, all, sure, t);
	}
}

static int run_compact(const struct opts *o, const struct chosen *chosen, bool vacuum,
		       struct err *e)
{
	struct store store;
	bool changed;
	int ret = values_store(o, &store, STORE_CHANGE, NULL, e);

	if (ret == 0)
		ret = store_begin(&store, &changed, e);
	command_ends("scaudit: stopped; nothing was compacted\n");
	if (ret == 0)
		ret = compact_run(&store, chosen->v.v, chosen->v.n, e);
	command_ends(NULL);
	if (ret == 0)
		ret = store_commit(&store, e);
	if (ret == 0 && vacuum)
		ret = store_shrink(&store, e);
	store_rollback(&store);
	store_close(&store);
	return ret;
}

/* By which a tree is known to be whole; without text, and with it. */
struct known_serials { struct serials trusted, all; };

/* s is of all; trusted: the same store without text. */
static int compact(const struct opts *o, struct selected *s, struct query *trusted,
		   const struct known_serials *serials, const struct limits *limits, bool vacuum,
		   size_t *n, struct err *e)
{
	struct workloads workloads;
	struct sight all = { .q = &s->query, .w = &s->workloads },
		     sure = { .q = trusted, .w = &workloads };
	struct chosen chosen = { 0 };
	int ret = 0;

	workloads_find(&workloads, trusted);
	find_trees(&all);
	find_trees(&sure);
	all.known = mem_zero(s->query.trees.n + 1, sizeof(*all.known));
	sure.known = mem_zero(trusted->trees.n + 1, sizeof(*sure.known));
	readiness_trees(all.known, &s->query, &serials->trusted, &serials->all);
	readiness_trees(sure.known, trusted, &serials->trusted, &serials->trusted);
	choose_trees(&chosen, &sure, &all, &sure, limits);
	choose_trees(&chosen, &all, &all, &sure, limits);
	*n = chosen.v.n;
	if (*n > 0 && !opt_on(o, OPT_dry_run))
		ret = run_compact(o, &chosen, vacuum, e);
	for (size_t i = 0; i < chosen.also.n; i++)
		VEC_FREE(&chosen.also.v[i]);
	VEC_FREE(&chosen.also);
	VEC_FREE(&chosen.v);
	map_release(&all.at);
	map_release(&sure.at);
	free(all.known);
	free(sure.known);
	workloads_release(&workloads);
	return ret;
}

int compact_limits(const struct opts *o, uint64_t *keep, uint64_t *days, struct err *e)
{
	return values_number(o, OPT_keep_trees, 0, KEEP_MAX, KEEP_TREES, keep, e) < 0 ? -1 :
	       values_number(o, OPT_keep_days, 0, KEEP_MAX, 0, days, e);
}

int compact_old(const struct opts *o, bool vacuum, struct err *e)
{
	struct selected s = { 0 };
	struct query trusted = { 0 };
	struct known_serials serials = { 0 };
	struct limits limits = { 0 };
	uint64_t days = 0;
	char count[32];
	size_t n = 0;
	int ret = compact_limits(o, &limits.keep, &days, e);

	if (ret < 0)
		return ret;
	limits.after = days ? when_now() - (int64_t)days * DAY_MS : INT64_MAX;
	if ((!opt_on(o, OPT_dry_run) && values_brought_up(o, e) < 0) ||
	    selector_open(&s, o, e) < 0 ||
	    query_load(&trusted, &s.store, WHEN_NONE, WHEN_NONE, true, e) < 0 ||
	    serials_load(&serials.trusted, &s.store, &s.query.nodes, true, e) < 0 ||
	    serials_load(&serials.all, &s.store, &s.query.nodes, false, e) < 0 ||
	    store_end(&s.store, e) < 0)
		ret = -1;
	else
		ret = compact(o, &s, &trusted, &serials, &limits, vacuum, &n, e);
	serials_release(&serials.trusted);
	serials_release(&serials.all);
	query_release(&trusted);
	selector_release(&s);
	if (ret == 0 && !opt_on(o, OPT_quiet))
		command_say("%s %s tree%s", opt_on(o, OPT_dry_run) ? "would compact" : "compacted",
			    term_number(n, count), n == 1 ? "" : "s");
	return ret;
}

static int run_compact_command(struct opts *o, struct err *e)
{
	return compact_old(o, true, e) < 0 ? (int)e->status : ST_OK;
}

const struct command command_compact = {
	.name = "compact",
	.args = "",
	.about = "turn the evidence of old trees into totals",
	.help = "Compacts the evidence of old trees: of each workload the last trees stay as they are, of the others remain the\n"
		"counts, first and last time of each caller's calls, and how many starts and hours showed each set of calls.",
	.groups = G_STORE | G_COMPACT,
	.max_args = 0,
	.run = run_compact_command,
};
