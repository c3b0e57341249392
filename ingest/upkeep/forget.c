#include "ingest/upkeep/forget.h"

#include "ingest/batch/flush.h"
#include "store/base/when.h"
#include "store/row.h"

#include <stdlib.h>

static int exec1(struct store *s, const char *sql, int64_t v, struct err *e)
{
	return store_run_sql(s, sql, ARGS(V_INT(v)), e);
}

static int value(struct store *s, const char *sql, uint64_t *out, struct err *e)
{
	int64_t v = 0;

	if (store_number_sql(s, sql, NO_ARGS, &v, e) < 0)
		return -1;
	*out = (uint64_t)v;
	return 0;
}

/* Fills the temporary table `doomed` with the intervals that go, and `doomed_presence`. */
static int choose(struct store *s, const struct forget_what *w, struct err *e)
{
	if (store_script(s, "CREATE TEMP TABLE IF NOT EXISTS doomed (id INTEGER PRIMARY KEY); CREATE TEMP TABLE IF NOT EXISTS "
		    "doomed_presence (id INTEGER PRIMARY KEY); DELETE FROM doomed; DELETE FROM doomed_presence", e) < 0)
		return -1;
	if (w->trees == NULL && store_script(s, "INSERT INTO doomed SELECT id FROM interval; "
					"INSERT INTO doomed_presence SELECT id FROM presence", e) < 0)
		return -1;
	for (size_t i = 0; w->trees != NULL && i < w->n_trees; i++)
		if (exec1(s, "INSERT OR IGNORE INTO doomed SELECT interval.id FROM image JOIN part ON part.image = image.id JOIN interval ON "
			     "interval.node = part.node AND interval.pid = part.pid AND interval.part = part.id WHERE image.tree = ?1", w->trees[i], e) < 0 ||
		    exec1(s, "INSERT OR IGNORE INTO doomed_presence SELECT presence.id FROM presence JOIN part ON part.id = presence.part "
			     "JOIN image ON image.id = part.image WHERE image.tree = ?1", w->trees[i], e) < 0)
			return -1;
	if (w->since != WHEN_NONE &&
	    (exec1(s, "DELETE FROM doomed WHERE id IN (SELECT id FROM interval WHERE t_first < ?1)", w->since, e) < 0 ||
	     exec1(s, "DELETE FROM doomed_presence WHERE id IN (SELECT id FROM presence WHERE t_first IS NULL OR t_first < ?1)",
		   w->since, e) < 0))
		return -1;
	if (w->until != WHEN_NONE &&
	    (exec1(s, "DELETE FROM doomed WHERE id IN (SELECT id FROM interval WHERE t_last > ?1)", w->until, e) < 0 ||
	     exec1(s, "DELETE FROM doomed_presence WHERE id IN (SELECT id FROM presence WHERE t_last IS NULL OR t_last > ?1)",
		   w->until, e) < 0))
		return -1;
	if (w->before != WHEN_NONE &&
	    (exec1(s, "DELETE FROM doomed WHERE id IN (SELECT id FROM interval WHERE t_last >= ?1)", w->before, e) < 0 ||
	     exec1(s, "DELETE FROM doomed_presence WHERE id IN (SELECT id FROM presence WHERE t_last IS NULL OR t_last >= ?1)",
		   w->before, e) < 0))
		return -1;
	if (w->ingest != 0 && (exec1(s, "DELETE FROM doomed WHERE id IN (SELECT id FROM interval WHERE ingest <> ?1)", w->ingest, e) < 0 ||
			       store_script(s, "DELETE FROM doomed_presence", e) < 0))
		return -1;
	if (w->trusted)
		return store_script(s, "DELETE FROM doomed WHERE id IN (SELECT id FROM interval WHERE NOT trusted); DELETE FROM doomed_presence", e);
	return 0;
}

/* Of folded trees, the rows of `fold` that go: those named, or all; with a time only where all of it lies before. */
static int choose_folds(struct store *s, const struct forget_what *w, struct err *e)
{
	if (store_script(s, "CREATE TEMP TABLE IF NOT EXISTS doomed_fold (id INTEGER PRIMARY KEY); DELETE FROM doomed_fold", e) < 0)
		return -1;
	if (w->since != WHEN_NONE || w->until != WHEN_NONE || w->ingest != 0)
		return 0;
	if (w->trees == NULL && store_script(s, "INSERT INTO doomed_fold SELECT id FROM fold", e) < 0)
		return -1;
	for (size_t i = 0; w->trees != NULL && i < w->n_folds; i++) {
		if (store_run_sql(s, "INSERT INTO doomed_fold SELECT id FROM fold WHERE code = ?1", ARGS(V_TEXT(w->folds[i])), e) < 0)
			return -1;
	}
	if (w->before != WHEN_NONE &&
	    exec1(s, "DELETE FROM doomed_fold WHERE id IN (SELECT fold FROM fold_use WHERE t_last IS NULL OR t_last >= ?1)", w->before, e) < 0)
		return -1;
	if (w->trusted)
		return store_script(s, "DELETE FROM doomed_fold WHERE id IN (SELECT id FROM fold WHERE NOT trusted)", e);
	return 0;
}

static int count(struct store *s, struct forget_report *r, struct err *e)
{
	if (value(s, "SELECT count(*) FROM doomed_fold", &r->folds, e) < 0 ||
	    value(s, "SELECT ifnull(sum(trees), 0) FROM doomed_fold JOIN fold USING (id)", &r->fold_trees, e) < 0 ||
	    value(s, "SELECT ifnull(sum(events), 0) FROM doomed_fold JOIN fold_use ON fold = doomed_fold.id", &r->fold_events, e) < 0)
		return -1;
	if (value(s, "SELECT count(*) FROM doomed", &r->intervals, e) < 0 ||
	    value(s, "SELECT count(*) FROM doomed_presence", &r->presence, e) < 0 ||
	    value(s, "SELECT count(DISTINCT image.tree) FROM doomed JOIN interval USING (id) JOIN part ON part.id = interval.part "
		  "JOIN image ON image.id = part.image",
		  &r->trees, e) < 0)
		return -1;
	return value(s, "SELECT ifnull(sum((obs.value ->> 3) + max((obs.value ->> 2) - (obs.value ->> 4), 0)), 0) FROM doomed JOIN interval "
			"USING (id), json_each(interval.obs) AS obs", &r->events, e);
}

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

static int take_span(void *to, sqlite3_stmt *row, struct err *e)
{
	struct seconds *s = to;
	int64_t v[3], lo, hi;

	if (row_read(row, "interval", "eef", v, e) < 0)
		return -1;
	lo = v[0] - s->first;
	hi = v[1] - s->first;
	for (int64_t i = lo < 0 ? 0 : lo; i <= hi && i < SEEN_SECONDS; i++)
		*(v[2] ? &s->goes[i] : &s->kept[i]) = true;
	return 0;
}

/*
 * Which seconds of a page's 1,024 are free: some doomed interval lies there, and none that is kept. Seconds with both
 * are counted.
 */
static int free_seconds(struct store *s, int64_t node, int64_t seconds, bool *out, struct forget_report *r, struct err *e)
{
	bool kept[SEEN_SECONDS] = { false };
	struct seconds to = { seconds * SEEN_SECONDS, out, kept };

	memset(out, 0, SEEN_SECONDS * sizeof(*out));
	if (store_each_sql(s, "SELECT t_first / 1000, t_last / 1000, id IN (SELECT id FROM doomed) FROM interval WHERE node = ?1 "
			      "AND t_last >= ?2 AND t_first < ?3",
			   ARGS(V_INT(node), V_INT(to.first * 1000), V_INT((to.first + SEEN_SECONDS) * 1000)), WALK(take_span, &to), e) < 0)
		return -1;
	for (size_t i = 0; i < SEEN_SECONDS; i++) {
		r->shared_seconds += out[i] && kept[i];
		out[i] = out[i] && !kept[i];
	}
	return 0;
}

struct page_key { int64_t node, serials, seconds; };
struct page_keys { struct page_key *v; size_t n, cap; };

static int take_key(void *to, sqlite3_stmt *row, struct err *e)
{
	struct page_keys *keys = to;
	int64_t v[3];

	if (row_read(row, "seen", "iyy", v, e) < 0)
		return -1;
	if (v[1] > UINT32_MAX / SEEN_SERIALS)
		return row_damaged(sqlite3_db_handle(row), "seen", 0, "its serials are no page", e);
	*VEC_PUSH(keys) = (struct page_key){ v[0], v[1], v[2] };
	return 0;
}

static int unsee(struct store *s, struct seen *seen, struct forget_report *r, struct err *e)
{
	struct page_keys keys = { 0 };
	bool free_second[SEEN_SECONDS];
	int64_t node = -1, seconds = -1;
	int ret = store_each_sql(s, "SELECT DISTINCT seen.node, seen.serials, seen.seconds FROM seen JOIN (SELECT DISTINCT node, "
				    "t_first / 1024000 AS lo, t_last / 1024000 AS hi FROM interval JOIN doomed USING (id)) AS d ON "
				    "seen.node = d.node AND seen.seconds BETWEEN d.lo AND d.hi ORDER BY 1, 3, 2", NO_ARGS, WALK(take_key, &keys), e);

	for (size_t i = 0; i < keys.n && ret == 0; i++) {
		const struct page_key *k = &keys.v[i];
		struct seen_page *p = seen_page(seen, k->node, (uint32_t)(k->serials * SEEN_SERIALS), k->seconds * SEEN_SECONDS, e);

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
	VEC_FREE(&keys);
	return ret;
}

/* ---- removing ---- */

struct node_pids { struct flush_pid *v; size_t n, cap; };

static int take_pid(void *to, sqlite3_stmt *row, struct err *e)
{
	struct node_pids *list = to;
	int64_t v[2];

	if (row_read(row, "interval", "ip", v, e) < 0)
		return -1;
	*VEC_PUSH(list) = (struct flush_pid){ v[0], (int32_t)v[1] };
	return 0;
}

static int list_pids(struct store *s, struct flush *f, struct err *e)
{
	struct node_pids list = { 0 };
	int ret = store_each_sql(s, "SELECT DISTINCT node, pid FROM interval JOIN doomed USING (id)", NO_ARGS, WALK(take_pid, &list), e);

	for (size_t i = 0; i < list.n && ret == 0; i++)
		ret = flush_put_again(f, list.v[i].node, list.v[i].pid, e);
	VEC_FREE(&list);
	return ret;
}

static int remove_all(struct store *s, const struct forget_what *what, struct forget_report *r, struct err *e)
{
	struct flush_alone a;
	int ret;

	flush_alone_init(&a, s);
	ret = list_pids(s, &a.flush, e);
	if (ret == 0 && what->unsee)
		ret = unsee(s, &a.seen, r, e);
	if (ret == 0)
		ret = store_script(s, "DELETE FROM event WHERE (node, pid) IN (SELECT node, pid FROM interval WHERE trusted AND id IN (SELECT id "
			      "FROM doomed)) AND NOT EXISTS (SELECT 1 FROM interval WHERE interval.node = event.node AND interval.pid = "
			      "event.pid AND trusted AND id NOT IN (SELECT id FROM doomed)); "
			      "DELETE FROM touch WHERE interval IN (SELECT id FROM doomed); "
			      "DELETE FROM sighting WHERE interval IN (SELECT id FROM doomed); "
			      "DELETE FROM presence WHERE id IN (SELECT id FROM doomed_presence); "
			      "DELETE FROM interval WHERE id IN (SELECT id FROM doomed)", e);
	if (ret == 0)
		ret = flush_whole(&a.flush, e);
	flush_alone_release(&a);
	return ret;
}

/* Builds that nothing is left of. */
static int remove_builds(struct store *s, struct err *e)
{
	return store_script(s, "DELETE FROM build WHERE NOT EXISTS (SELECT 1 FROM interval AS i WHERE i.node = build.node AND i.exe = build.exe AND "
		       "i.t_first <= build.t_last AND i.t_last >= build.t_first) AND NOT EXISTS (SELECT 1 FROM path JOIN fold_use AS u ON "
		       "u.path = path.id JOIN fold ON fold.id = u.fold WHERE path.exe = build.exe AND fold.node = build.node AND "
		       "u.t_first <= build.t_last AND u.t_last >= build.t_first)", e);
}

int forget_run(struct store *s, const struct forget_what *what, struct forget_report *report, struct err *e)
{
	int ret;

	*report = (struct forget_report){ 0 };
	ret = choose(s, what, e);
	if (ret == 0)
		ret = choose_folds(s, what, e);
	if (ret == 0)
		ret = count(s, report, e);
	report->events += report->fold_events;
	report->trees += report->fold_trees;
	if (ret == 0 && !what->dry_run && report->intervals + report->presence > 0)
		ret = remove_all(s, what, report, e);
	if (ret == 0 && !what->dry_run && report->folds > 0)
		ret = store_script(s, "DELETE FROM fold_use WHERE fold IN (SELECT id FROM doomed_fold); DELETE FROM fold_set WHERE fold IN "
			      "(SELECT id FROM doomed_fold); DELETE FROM fold_place WHERE fold IN (SELECT id FROM doomed_fold); DELETE FROM fold WHERE id IN (SELECT id FROM doomed_fold)", e);
	return ret < 0 || what->dry_run ? ret : remove_builds(s, e);
}
