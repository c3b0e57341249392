// SPDX-License-Identifier: Apache-2.0
/*
 * Removes chosen intervals, derives their pids again, and with --unsee takes events back from the
 * seen set.
 */
#include "ingest/upkeep/forget.h"

#include "ingest/batch/flush.h"
#include "store/tool.h"
#include "store/rows/doomed.h"
#include "store/rows/position.h"

#include <stdlib.h>

/* ---- unsee ---- */

/* Takes back the events of a page whose second nothing kept lies in. */
static void unsee_page(struct seen_page *p, const bool *free_second)
{
	for (uint32_t i = 0; i < SEEN_SERIALS; i++)
		if (p->at[i] != 0 && free_second[SEEN_SECOND(p->at[i])])
			seen_unmark(p, i, SEEN_SECOND(p->at[i]));
	for (size_t i = p->more.n; i-- > 0;) {
		uint32_t m = p->more.v[i];

		if (free_second[SEEN_SECOND(m)])
			seen_unmark(p, SEEN_SERIAL(m), SEEN_SECOND(m));
	}
}

/* Seconds of a page: those in which something goes, and those in which something stays. */
struct seconds { int64_t first; bool *goes, *kept; };

static int take_span(void *to, int64_t first, int64_t last, bool goes)
{
	struct seconds *s = to;
	int64_t lo = first - s->first, hi = last - s->first;

	for (int64_t i = lo < 0 ? 0 : lo; i <= hi && i < SEEN_SECONDS; i++)
		*(goes ? &s->goes[i] : &s->kept[i]) = true;
	return 0;
}

/*
 * Which seconds of a page's 1,024 are free: some doomed interval lies there, and none that is kept.
 * Seconds with both are counted.
 */
static int free_seconds(struct store *s, int64_t node, int64_t seconds, bool *out,
			struct forget_report *r, struct err *e)
{
	bool kept[SEEN_SECONDS] = { false };
	struct seconds to = { seconds * SEEN_SECONDS, out, kept };

	memset(out, 0, SEEN_SECONDS * sizeof(*out));
	if (doomed_each_span(s, node, to.first * 1000, (to.first + SEEN_SECONDS) * 1000,
			     (struct doomed_span_take){ take_span, &to }, e) < 0)
		return -1;
	for (size_t i = 0; i < SEEN_SECONDS; i++) {
		r->shared_seconds += out[i] && kept[i];
		out[i] = out[i] && !kept[i];
	}
	return 0;
}

struct page_keys { struct seen_key *v; size_t n, cap; };
struct keys_to { struct store *s; struct page_keys keys; };

static int take_key(void *to, struct seen_key key, struct err *e)
{
	struct keys_to *k = to;

	if (key.serials > UINT32_MAX / SEEN_SERIALS)
		return store_damaged(k->s, "seen", 0, "its serials are no page", e);
	*VEC_PUSH(&k->keys) = key;
	return 0;
}

static int unsee(struct store *s, struct seen *seen, struct forget_report *r, struct err *e)
{
	struct keys_to list = { .s = s };
	bool free_second[SEEN_SECONDS];
	int64_t node = -1, seconds = -1;
	int ret = doomed_each_page(s, (struct doomed_page_take){ take_key, &list }, e);

	for (size_t i = 0; i < list.keys.n && ret == 0; i++) {
		const struct seen_key *k = &list.keys.v[i];
		struct seen_page *p =
			seen_page(seen, k->node, (uint32_t)(k->serials * SEEN_SERIALS),
				  k->seconds * SEEN_SECONDS, e);

		if (p == NULL)
			ret = -1;
		else if ((k->node != node || k->seconds != seconds) &&
			 free_seconds(s, k->node, k->seconds, free_second, r, e) < 0)
			ret = -1;
		else
			unsee_page(p, free_second);
		node = k->node;
		seconds = k->seconds;
	}
	VEC_FREE(&list.keys);
	return ret;
}

/* ---- removing ---- */

struct node_pids { struct flush_pid *v; size_t n, cap; };

static int take_pid(void *to, int64_t node, int32_t pid)
{
	struct node_pids *list = to;

	*VEC_PUSH(list) = (struct flush_pid){ node, pid };
	return 0;
}

static int list_pids(struct store *s, struct flush *f, struct err *e)
{
	struct node_pids list = { 0 };
	int ret = doomed_each_pid(s, (struct interval_pid_take){ take_pid, &list }, e);

	for (size_t i = 0; i < list.n && ret == 0; i++)
		ret = flush_put_again(f, list.v[i].node, list.v[i].pid, e);
	VEC_FREE(&list);
	return ret;
}

static int remove_all(struct store *s, const struct forget_what *what, struct forget_report *r,
		      struct err *e)
{
	struct flush_alone a;
	int ret;

	flush_alone_init(&a, s);
	ret = list_pids(s, &a.flush, e);
	if (ret == 0 && what->unsee)
		ret = unsee(s, &a.seen, r, e);
	if (ret == 0)
		ret = doomed_delete(s, e);
	if (ret == 0)
		ret = flush_whole(&a.flush, e);
	flush_alone_release(&a);
	return ret;
}

int forget_run(struct store *s, const struct forget_what *what, struct forget_report *report,
	       struct err *e)
{
	const struct doomed_choice choice = { .trees = what->trees,
					      .n_trees = what->n_trees,
					      .totals = what->totals,
					      .n_totals = what->n_totals,
					      .since = what->since,
					      .until = what->until,
					      .before = what->before,
					      .ingest = what->ingest,
					      .trusted = what->trusted };
	struct doomed_count n = { 0 };
	int ret = doomed_choose(s, &choice, &n, e);

	*report = (struct forget_report){ .intervals = n.intervals,
					  .events = n.events + n.total_events,
					  .trees = n.trees + n.total_trees,
					  .presence = n.presence,
					  .totals = n.totals,
					  .total_trees = n.total_trees,
					  .total_events = n.total_events };
	if (ret == 0 && !what->dry_run)
		ret = position_forget(s, e);
	if (ret == 0 && !what->dry_run && report->intervals + report->presence > 0)
		ret = remove_all(s, what, report, e);
	if (ret == 0 && !what->dry_run && report->totals > 0)
		ret = doomed_delete_totals(s, e);
	if (ret == 0 && !what->dry_run && what->unsee)
		ret = tool_unsee(s, e);
	return ret < 0 || what->dry_run ? ret : doomed_delete_builds(s, e);
}
