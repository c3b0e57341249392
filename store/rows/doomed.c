// SPDX-License-Identifier: Apache-2.0
/* Fills, counts and deletes the rows that forget has chosen. */
#include "store/rows/doomed.h"

#include "store/row.h"
#include "store/sql.h"

/* ---- choosing ---- */

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
static int choose_intervals(struct store *s, const struct doomed_choice *w, struct err *e)
{
	if (store_script(
		    s,
		    "CREATE TEMP TABLE IF NOT EXISTS doomed (id INTEGER PRIMARY KEY); CREATE TEMP TABLE IF NOT EXISTS "
		    "doomed_presence (id INTEGER PRIMARY KEY); DELETE FROM doomed; DELETE FROM doomed_presence",
		    e) < 0)
		return -1;
	if (w->trees == NULL && store_script(s,
					     "INSERT INTO doomed SELECT id FROM interval; "
					     "INSERT INTO doomed_presence SELECT id FROM presence",
					     e) < 0)
		return -1;
	for (size_t i = 0; w->trees != NULL && i < w->n_trees; i++)
		if (exec1(s,
			  "INSERT OR IGNORE INTO doomed SELECT interval.id FROM image JOIN part ON part.image = image.id JOIN interval ON "
			  "interval.node = part.node AND interval.pid = part.pid AND interval.part = part.id WHERE image.tree = ?1",
			  w->trees[i], e) < 0 ||
		    exec1(s,
			  "INSERT OR IGNORE INTO doomed_presence SELECT presence.id FROM presence JOIN part ON part.id = presence.part "
			  "JOIN image ON image.id = part.image WHERE image.tree = ?1",
			  w->trees[i], e) < 0)
			return -1;
	if (w->since != WHEN_NONE &&
	    (exec1(s, "DELETE FROM doomed WHERE id IN (SELECT id FROM interval WHERE t_first < ?1)",
		   w->since, e) < 0 ||
	     exec1(s,
		   "DELETE FROM doomed_presence WHERE id IN (SELECT id FROM presence WHERE t_first IS NULL OR t_first < ?1)",
		   w->since, e) < 0))
		return -1;
	if (w->until != WHEN_NONE &&
	    (exec1(s, "DELETE FROM doomed WHERE id IN (SELECT id FROM interval WHERE t_last > ?1)",
		   w->until, e) < 0 ||
	     exec1(s,
		   "DELETE FROM doomed_presence WHERE id IN (SELECT id FROM presence WHERE t_last IS NULL OR t_last > ?1)",
		   w->until, e) < 0))
		return -1;
	if (w->before != WHEN_NONE &&
	    (exec1(s, "DELETE FROM doomed WHERE id IN (SELECT id FROM interval WHERE t_last >= ?1)",
		   w->before, e) < 0 ||
	     exec1(s,
		   "DELETE FROM doomed_presence WHERE id IN (SELECT id FROM presence WHERE t_last IS NULL OR t_last >= ?1)",
		   w->before, e) < 0))
		return -1;
	if (w->ingest != 0 &&
	    (exec1(s, "DELETE FROM doomed WHERE id IN (SELECT id FROM interval WHERE ingest <> ?1)",
		   w->ingest, e) < 0 ||
	     store_script(s, "DELETE FROM doomed_presence", e) < 0))
		return -1;
	if (w->trusted)
		return store_script(
			s,
			"DELETE FROM doomed WHERE id IN (SELECT id FROM interval WHERE NOT trusted); DELETE FROM doomed_presence",
			e);
	return 0;
}

/* Of compacted trees, the rows of `fold` that go: those named, or all; with a time only where all
 * of it lies before. */
static int choose_totals(struct store *s, const struct doomed_choice *w, struct err *e)
{
	if (store_script(
		    s,
		    "CREATE TEMP TABLE IF NOT EXISTS doomed_fold (id INTEGER PRIMARY KEY); DELETE FROM doomed_fold",
		    e) < 0)
		return -1;
	if (w->since != WHEN_NONE || w->until != WHEN_NONE || w->ingest != 0)
		return 0;
	if (w->trees == NULL &&
	    store_script(s, "INSERT INTO doomed_fold SELECT id FROM fold", e) < 0)
		return -1;
	for (size_t i = 0; w->trees != NULL && i < w->n_totals; i++) {
		if (store_run_sql(s, "INSERT INTO doomed_fold SELECT id FROM fold WHERE code = ?1",
				  ARGS(V_TEXT(w->totals[i])), e) < 0)
			return -1;
	}
	if (w->before != WHEN_NONE &&
	    exec1(s,
		  "DELETE FROM doomed_fold WHERE id IN (SELECT fold FROM fold_use WHERE t_last IS NULL OR t_last >= ?1)",
		  w->before, e) < 0)
		return -1;
	if (w->trusted)
		return store_script(
			s,
			"DELETE FROM doomed_fold WHERE id IN (SELECT id FROM fold WHERE NOT trusted)",
			e);
	return 0;
}

static int count(struct store *s, struct doomed_count *r, struct err *e)
{
	if (value(s, "SELECT count(*) FROM doomed_fold", &r->totals, e) < 0 ||
	    value(s, "SELECT ifnull(sum(trees), 0) FROM doomed_fold JOIN fold USING (id)",
		  &r->total_trees, e) < 0 ||
	    value(s,
		  "SELECT ifnull(sum(events), 0) FROM doomed_fold JOIN fold_use ON fold = doomed_fold.id",
		  &r->total_events, e) < 0)
		return -1;
	if (value(s, "SELECT count(*) FROM doomed", &r->intervals, e) < 0 ||
	    value(s, "SELECT count(*) FROM doomed_presence", &r->presence, e) < 0 ||
	    value(s,
		  "SELECT count(DISTINCT image.tree) FROM doomed JOIN interval USING (id) JOIN part ON part.id = interval.part "
		  "JOIN image ON image.id = part.image",
		  &r->trees, e) < 0)
		return -1;
	return value(
		s,
		"SELECT ifnull(sum((obs.value ->> 3) + max((obs.value ->> 2) - (obs.value ->> 4), 0)), 0) FROM doomed JOIN interval "
		"USING (id), json_each(interval.obs) AS obs",
		&r->events, e);
}

int doomed_choose(struct store *s, const struct doomed_choice *c, struct doomed_count *out,
		  struct err *e)
{
	return choose_intervals(s, c, e) < 0 || choose_totals(s, c, e) < 0 ? -1 : count(s, out, e);
}

/* ---- what they are ---- */

static int take_pid(void *to, sqlite3_stmt *st, struct err *e)
{
	struct interval_pid_take *p = to;
	int64_t v[2];

	return row_read(st, "interval", "ip", v, e) < 0 ? -1 : p->take(p->to, v[0], (int32_t)v[1]);
}

int doomed_each_pid(struct store *s, struct interval_pid_take to, struct err *e)
{
	return store_each_sql(s, "SELECT DISTINCT node, pid FROM interval JOIN doomed USING (id)",
			      NO_ARGS, WALK(take_pid, &to), e);
}

static int take_page(void *to, sqlite3_stmt *st, struct err *e)
{
	struct doomed_page_take *p = to;
	int64_t v[3];

	return row_read(st, "seen", "iyy", v, e) < 0 ?
		       -1 :
		       p->take(p->to, (struct seen_key){ v[0], v[1], v[2] }, e);
}

int doomed_each_page(struct store *s, struct doomed_page_take to, struct err *e)
{
	return store_each_sql(
		s,
		"SELECT DISTINCT seen.node, seen.serials, seen.seconds FROM seen JOIN (SELECT DISTINCT node, "
		"t_first / ?1 AS lo, t_last / ?1 AS hi FROM interval JOIN doomed USING (id)) AS d ON "
		"seen.node = d.node AND seen.seconds BETWEEN d.lo AND d.hi ORDER BY 1, 3, 2",
		ARGS(V_INT(SEEN_ROW_SECONDS * 1000)), WALK(take_page, &to), e);
}

static int take_span(void *to, sqlite3_stmt *st, struct err *e)
{
	struct doomed_span_take *p = to;
	int64_t v[3];

	return row_read(st, "interval", "eef", v, e) < 0 ? -1 :
							   p->take(p->to, v[0], v[1], v[2] != 0);
}

int doomed_each_span(struct store *s, int64_t node, int64_t from, int64_t end,
		     struct doomed_span_take to, struct err *e)
{
	return store_each_sql(
		s,
		"SELECT t_first / 1000, t_last / 1000, id IN (SELECT id FROM doomed) FROM interval WHERE node = ?1 "
		"AND t_last >= ?2 AND t_first < ?3",
		ARGS(V_INT(node), V_INT(from), V_INT(end)), WALK(take_span, &to), e);
}

/* ---- deleting ---- */

int doomed_delete(struct store *s, struct err *e)
{
	return store_script(
		s,
		"DELETE FROM event WHERE (node, pid) IN (SELECT node, pid FROM interval WHERE trusted AND id IN (SELECT id "
		"FROM doomed)) AND NOT EXISTS (SELECT 1 FROM interval WHERE interval.node = event.node AND interval.pid = "
		"event.pid AND trusted AND id NOT IN (SELECT id FROM doomed)); "
		"DELETE FROM touch WHERE interval IN (SELECT id FROM doomed); "
		"DELETE FROM sighting WHERE interval IN (SELECT id FROM doomed); "
		"DELETE FROM presence WHERE id IN (SELECT id FROM doomed_presence); "
		"DELETE FROM interval WHERE id IN (SELECT id FROM doomed)",
		e);
}

int doomed_delete_totals(struct store *s, struct err *e)
{
	if (s->makers &&
	    store_script(s, "DELETE FROM fold_makers WHERE fold IN (SELECT id FROM doomed_fold)",
			 e) < 0)
		return -1;
	return store_script(
		s,
		"DELETE FROM fold_use WHERE fold IN (SELECT id FROM doomed_fold); DELETE FROM fold_set WHERE fold IN "
		"(SELECT id FROM doomed_fold); DELETE FROM fold_place WHERE fold IN (SELECT id FROM doomed_fold); "
		"DELETE FROM fold_start WHERE fold IN (SELECT id FROM doomed_fold); DELETE FROM fold WHERE id IN (SELECT id FROM doomed_fold)",
		e);
}

int doomed_delete_builds(struct store *s, struct err *e)
{
	return store_script(
		s,
		"DELETE FROM build WHERE NOT EXISTS (SELECT 1 FROM interval AS i WHERE i.node = build.node AND i.exe = build.exe AND "
		"i.t_first <= build.t_last AND i.t_last >= build.t_first) AND NOT EXISTS (SELECT 1 FROM path JOIN fold_use AS u ON "
		"u.path = path.id JOIN fold ON fold.id = u.fold WHERE path.exe = build.exe AND fold.node = build.node AND "
		"u.t_first <= build.t_last AND u.t_last >= build.t_first)",
		e);
}
