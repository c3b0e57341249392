// SPDX-License-Identifier: Apache-2.0
/* Clears what was derived, and derives all pids of the store again. */
#include "ingest/upkeep/again.h"

#include "ingest/batch/flush.h"
#include "store/rows/interval.h"
#include "store/rows/tree_row.h"

#define AT_ONCE 2000 /* pids whose evidence is in memory at once */

struct again_pids { struct flush_pid *v; size_t n, cap; };

static int take_pid(void *to, int64_t node, int32_t pid)
{
	struct again_pids *list = to;

	*VEC_PUSH(list) = (struct flush_pid){ node, pid };
	return 0;
}

int again_all(struct store *s, const struct again_progress *progress, struct err *e)
{
	struct again_pids list = { 0 };
	struct flush_alone a;
	int ret = tree_row_clear_derived(s, e);

	if (ret == 0)
		ret = interval_each_pid(s, (struct interval_pid_take){ take_pid, &list }, e);
	flush_alone_init(&a, s);
	for (size_t i = 0; i < list.n && ret == 0;) {
		for (size_t end = i + AT_ONCE; i < list.n && i < end && ret == 0; i++)
			ret = flush_put_again(&a.flush, list.v[i].node, list.v[i].pid, e);
		if (ret == 0)
			ret = flush_whole(&a.flush, e);
		if (ret == 0 && progress != NULL)
			progress->tell(progress->to, i, list.n);
	}
	flush_alone_release(&a);
	VEC_FREE(&list);
	return ret;
}

int again_waits(struct store *s, bool *yes, struct err *e)
{
	return tree_row_waits(s, yes, e);
}

int again_rest(struct store *s, const volatile sig_atomic_t *stop, struct err *e)
{
	struct flush_alone a;
	bool changed;
	int ret = 0;

	flush_alone_init(&a, s);
	a.flush.stop = stop;
	do {
		ret = store_begin(s, &changed, e);
		if (ret == 0 && changed)
			flush_forget(&a.flush);
		if (ret == 0)
			ret = flush_more(&a.flush, e);
		if (ret == 0)
			ret = store_commit(s, e);
	} while (ret == 0 && a.flush.waits && (stop == NULL || !*stop));
	if (ret < 0)
		store_rollback(s);
	flush_alone_release(&a);
	return ret;
}
