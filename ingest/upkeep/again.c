#include "ingest/upkeep/again.h"

#include "ingest/batch/flush.h"
#include "store/row.h"

#define AT_ONCE 2000 /* pids whose evidence is in memory at once */

struct again_pids { struct flush_pid *v; size_t n, cap; };

static int take_pid(void *to, sqlite3_stmt *row, struct err *e)
{
	struct again_pids *list = to;
	int64_t v[2];

	if (row_read(row, "interval", "ip", v, e) < 0)
		return -1;
	*VEC_PUSH(list) = (struct flush_pid){ v[0], (int32_t)v[1] };
	return 0;
}

int again_all(struct store *s, const struct again_progress *progress, struct err *e)
{
	struct again_pids list = { 0 };
	struct flush_alone a;
	int ret = store_script(s, "DELETE FROM tree_label; DELETE FROM tree_place; DELETE FROM tree; DELETE FROM image; DELETE FROM part; "
				  "DELETE FROM derive_page; DELETE FROM derive_mark; UPDATE interval SET part = 0; UPDATE presence SET part = NULL", e);

	if (ret == 0)
		ret = store_each_sql(s, "SELECT DISTINCT node, pid FROM interval ORDER BY node, pid", NO_ARGS, WALK(take_pid, &list), e);
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
	int64_t n;

	if (store_number(s, STMT_any_waiting, NO_ARGS, &n, e) < 0)
		return -1;
	*yes = n > 0;
	return 0;
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
