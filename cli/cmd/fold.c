#include "cli/cmd/fold.h"

#include "cli/command.h"
#include "cli/selector.h"
#include "cli/term.h"
#include "cli/values.h"
#include "ingest/fold.h"
#include "store/base/when.h"

#include <stdlib.h>

#define KEEP_TREES 200
#define KEEP_MAX 999999999
#define DAY_MS 86400000

static int latest_first(const void *a, const void *b, void *query)
{
	const uint32_t *x = a, *y = b;
	const struct query *q = query;
	int64_t p = q->trees.v[*x].t_last, r = q->trees.v[*y].t_last;

	return p != r ? (p > r ? -1 : 1) : bytes_eq(q->trees.v[*x].code, q->trees.v[*y].code) ? 0 :
	       strcmp(q->trees.v[*x].code.p, q->trees.v[*y].code.p);
}

/* The trees that go: of each workload all but its last `keep`, and none that is younger than `after`. */
/* How a tree is seen. */
static struct fold_view view_of(const struct selected *s, uint32_t tree)
{
	const struct query_tree *t = &s->query.trees.v[tree];

	return (struct fold_view){ .there = true, .start_seen = t->start_seen,
				   .key = bytes_of(s->workloads.v[s->workloads.of_tree[tree]].code),
				   .main_part = s->query.images.v[t->main].id, .labels = t->labels.v, .n_labels = t->labels.n };
}

static size_t choose(struct selected *s, uint64_t keep, int64_t after, struct fold_tree *out)
{
	auto_free uint32_t *order = mem_alloc(s->query.trees.n * sizeof(*order));
	auto_free uint64_t *kept = mem_zero(s->workloads.n, sizeof(*kept));
	size_t n = 0;

	for (uint32_t i = 0; i < s->query.trees.n; i++)
		order[i] = i;
	if (s->query.trees.n > 1)
		qsort_r(order, s->query.trees.n, sizeof(*order), latest_first, &s->query);
	for (size_t i = 0; i < s->query.trees.n; i++) {
		const struct query_tree *t = &s->query.trees.v[order[i]];
		uint32_t work = s->workloads.of_tree[order[i]];

		/* what was recorded under a policy stays: the note of it hangs on the trees */
		if (t->id == 0 || work == WORKLOADS_NONE || t->policies.n || kept[work]++ < keep || (t->t_last != WHEN_NONE && t->t_last > after))
			continue;
		out[n] = (struct fold_tree){ .tree = t->id, .also = t->also.v, .n_also = t->also.n, .same = &s->query.same,
					      .node = t->row, .all = view_of(s, order[i]) };
		if (t->trusted)
			out[n].trusted = out[n].all;
		n++;
	}
	return n;
}

static int fold(const struct opts *o, struct selected *s, uint64_t keep, uint64_t days, bool vacuum, size_t *n, struct err *e)
{
	auto_free struct fold_tree *trees = mem_alloc(s->query.trees.n * sizeof(*trees));
	struct store store;
	bool changed;
	int ret;

	*n = choose(s, keep, days ? when_now() - (int64_t)days * DAY_MS : INT64_MAX, trees);
	if (*n == 0 || opt_on(o, OPT_dry_run))
		return 0;
	ret = opt_store(o, &store, STORE_CHANGE, NULL, e);
	if (ret == 0)
		ret = store_begin(&store, &changed, e);
	if (ret == 0)
		ret = fold_run(&store, trees, *n, e);
	if (ret == 0)
		ret = store_commit(&store, e);
	if (ret == 0 && vacuum)
		ret = store_script(&store, "VACUUM", e);
	store_rollback(&store);
	store_close(&store);
	return ret;
}

int fold_limits(const struct opts *o, uint64_t *keep, uint64_t *days, struct err *e)
{
	return opt_number(o, OPT_keep_trees, 0, KEEP_MAX, KEEP_TREES, keep, e) < 0 ? -1 :
	       opt_number(o, OPT_keep_days, 0, KEEP_MAX, 0, days, e);
}

int fold_old(const struct opts *o, bool vacuum, struct err *e)
{
	struct selected s = { 0 };
	uint64_t keep, days;
	char count[32];
	size_t n = 0;
	int ret = -1;

	if (fold_limits(o, &keep, &days, e) == 0 && (opt_on(o, OPT_dry_run) || opt_brought_up(o, e) == 0) && selector_open(&s, o, e) == 0 && store_end(&s.store, e) == 0)
		ret = fold(o, &s, keep, days, vacuum, &n, e);
	selector_release(&s);
	if (ret == 0 && !opt_on(o, OPT_quiet))
		command_say("%s %s tree%s", opt_on(o, OPT_dry_run) ? "would fold" : "folded", term_number(n, count), n == 1 ? "" : "s");
	return ret;
}

static int run(struct opts *o, struct err *e)
{
	return fold_old(o, true, e) < 0 ? (int)e->status : ST_OK;
}

const struct command command_fold = {
	.name = "fold", .args = "", .about = "turn the evidence of old trees into totals",
	.help = "Folds the evidence of old trees: of each workload the last trees stay as they are, of the others remain the\n"
		"counts, first and last time of each caller's calls, and how many starts and hours showed each set of calls.",
	.groups = G_STORE | G_FOLD, .max_args = 0, .run = run,
};
