// SPDX-License-Identifier: Apache-2.0
/* A store of version 3 (tests/stores): read as it is, brought up, and what is done with one that
 * somebody made by hand. */
#include "tests/crafted.h"
#include "tests/rig.h"

#include "ingest/upkeep/upgrade.h"
#include "store/older.h"

#include <time.h>

#define TOGETHER 200 /* one of so many mutations is tried in each run; CRAFTED_ALL=1: all */

struct bench { char dir[64], *valid, *file, *log; };

static void bench_open(struct bench *b)
{
	const char *tmp = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp",
		   *stores = getenv("SCAUDIT_STORES");
	auto_free char *from =
		mem_print("%s/version3.db", stores != NULL ? stores : "tests/stores");

	snprintf(b->dir, sizeof(b->dir), "%.40s/scaudit.XXXXXX", tmp);
	if (mkdtemp(b->dir) == NULL)
		fail_msg("cannot make a folder in %s", tmp);
	b->valid = mem_print("%s/valid.db", b->dir);
	b->file = mem_print("%s/store.db", b->dir);
	b->log = mem_print("%s/log", b->dir);
	crafted_copy(from, b->valid);
	crafted_copy(b->valid, b->file);
	crafted_log(b->log, 1795530000);
}

static void bench_close(struct bench *b)
{
	char *command = mem_print("rm -rf '%s'", b->dir);

	assert_int_equal(system(command), 0);
	free(command);
	free(b->valid);
	free(b->file);
	free(b->log);
}

static int64_t sql_number(const char *file, const char *sql)
{
	sqlite3 *db = crafted_open(file);
	sqlite3_stmt *st = NULL;
	int64_t out;

	crafted_must(sqlite3_prepare_v2(db, sql, -1, &st, NULL) == SQLITE_OK &&
			     sqlite3_step(st) == SQLITE_ROW,
		     sql);
	out = sqlite3_column_int64(st, 0);
	sqlite3_finalize(st);
	sqlite3_close(db);
	return out;
}

static int bring_up(const char *file, struct err *e)
{
	return upgrade_store(file, &(struct store_wait){ .ms = WAIT_MS }, NULL, e);
}

/* How many events, trees and starts a reader finds. */
struct totals { uint64_t events, trees, starts; };

static struct totals totals_of(struct store *s, bool trusted)
{
	struct totals out = { 0 };
	struct query q;
	struct err e = { 0 };

	assert_ok(query_load(&q, s, WHEN_NONE, WHEN_NONE, trusted, &e), &e);
	for (size_t i = 0; i < q.uses.n; i++)
		out.events += q.uses.v[i].events;
	for (size_t i = 0; i < q.trees.n; i++) {
		out.trees += q.trees.v[i].stands_for;
		out.starts += q.trees.v[i].starts;
	}
	query_release(&q);
	return out;
}

/* ---- who may do what ---- */

static void a_reader_leaves_it_as_it_is(void **state)
{
	struct totals older, now;
	struct store s;
	struct err e = { 0 };
	struct bench b;

	(void)state;
	bench_open(&b);
	assert_ok(store_open(&s, b.file, STORE_READ, &e), &e);
	assert_true(s.older);
	assert_ok(store_snapshot(&s, &e), &e);
	older = totals_of(&s, false);
	assert_true(older.events > 300 && older.starts > 20);
	store_close(&s);
	assert_int_equal(sql_number(b.file, "PRAGMA user_version"), 3);
	assert_ok(bring_up(b.file, &e), &e);
	assert_int_equal(sql_number(b.file, "PRAGMA user_version"), STORE_VERSION);
	assert_ok(store_open(&s, b.file, STORE_READ, &e), &e);
	assert_false(s.older);
	now = totals_of(&s, false);
	assert_memory_equal(&older, &now, sizeof(now));
	store_close(&s);
	bench_close(&b);
}

static void a_writer_has_it_brought_up_first(void **state)
{
	struct store s;
	struct err e = { 0 };
	struct bench b;

	(void)state;
	bench_open(&b);
	for (enum store_mode mode = STORE_CHANGE; mode <= STORE_WRITE; mode++) {
		assert_int_equal(store_open(&s, b.file, mode, &e), -1);
		assert_true(s.older);
		assert_non_null(strstr(e.msg, "has version 3"));
		store_close(&s);
	}
	assert_ok(bring_up(b.file, &e), &e);
	assert_ok(bring_up(b.file, &e), &e); /* another process may have done it */
	assert_ok(store_open(&s, b.file, STORE_CHANGE, &e), &e);
	assert_ok(crafted_ingest(&s, b.log, NULL, NULL, &e), &e);
	store_close(&s);
	bench_close(&b);
}

/* Between a reader's first look and its first question another process brings it up. */
static void a_reader_may_be_overtaken(void **state)
{
	struct store s, before;
	struct totals was, now;
	struct err e = { 0 };
	struct bench b;

	(void)state;
	bench_open(&b);
	assert_ok(store_open(&s, b.file, STORE_READ, &e), &e);
	assert_ok(store_open(&before, b.file, STORE_READ, &e), &e);
	assert_ok(store_snapshot(&before, &e), &e);
	was = totals_of(&before, false);
	assert_ok(bring_up(b.file, &e), &e);
	assert_ok(store_snapshot(&s, &e), &e);
	assert_false(s.older);
	now = totals_of(&s, false);
	assert_memory_equal(&was, &now, sizeof(now));
	/* who had asked before goes on with what was there */
	now = totals_of(&before, false);
	assert_memory_equal(&was, &now, sizeof(now));
	store_close(&s);
	store_close(&before);
	bench_close(&b);
}

static void a_signal_leaves_it_as_it_was(void **state)
{
	volatile sig_atomic_t stop = 1;
	struct store_wait wait = { .ms = WAIT_MS, .stop = &stop };
	struct err e = { 0 };
	struct bench b;

	(void)state;
	bench_open(&b);
	assert_int_equal(upgrade_store(b.file, &wait, NULL, &e), -1);
	assert_non_null(strstr(e.msg, "stopped"));
	assert_int_equal(sql_number(b.file, "PRAGMA user_version"), 3);
	assert_int_equal(
		sql_number(b.file, "SELECT count(*) FROM sqlite_schema WHERE name LIKE 'was%'"), 0);
	bench_close(&b);
}

static struct version_row { const char *name; int version; const char *says; } versions[] = {
	{ "version 1", 1, "no release wrote" },
	{ "version 2", 2, "no release wrote" },
	{ "version 3, with tables of version 4", 3, "is not the table" },
	{ "a newer one", STORE_VERSION + 1, "use a newer one" },
};

static void check_version(void **state)
{
	const struct version_row *row = *state;
	struct store s;
	struct err e = { 0 };
	struct bench b;
	char sql[60];
	sqlite3 *db;

	bench_open(&b);
	assert_ok(bring_up(b.file, &e), &e);
	db = crafted_open(b.file);
	snprintf(sql, sizeof(sql), "PRAGMA user_version = %d", row->version);
	crafted_sql(db, sql);
	sqlite3_close(db);
	for (enum store_mode mode = STORE_READ; mode <= STORE_WRITE; mode++) {
		assert_int_equal(store_open(&s, b.file, mode, &e), -1);
		assert_int_equal(e.status, ST_SYSTEM);
		assert_non_null(strstr(e.msg, row->says));
		store_close(&s);
	}
	bench_close(&b);
}

/* ---- what its rows say ---- */

static struct obs_row { const char *name, *obs, *now; bool trusted;
} observations[] = {
	{ "obs: text", "[[1,2,3,0,0,0,9,0,5]]", "[[1,2,3,0,0,0,9,0,5]]", false },
	{ "obs: trusted", "[[1,2,0,3,0,0,9,0,5]]", "[[1,2,0,3,0,0,9,0,5]]", true },
	{ "obs: text that became trusted", "[[1,2,3,0,3,0,9,0,5]]", "[[1,2,0,3,0,0,9,0,5]]", true },
	{ "obs: some of it did", "[[1,2,3,0,2,0,9,0,5]]", "[[1,2,3,0,0,0,9,0,5]]", false },
	{ "obs: text had said something else", "[[1,2,0,0,1,0,9,0,5]]", "[[1,2,0,1,0,0,9,0,5]]",
	  true },
	{ "obs: text and trusted", "[[1,2,3,4,1,0,9,0,5]]", "[[1,2,7,0,0,0,9,0,5]]", false },
	{ "obs: one caller of two is trusted", "[[1,2,0,3,0,0,9,0,5],[2,2,1,0,0,1,1,1,7]]",
	  "[[1,2,3,0,0,0,9,0,5],[2,2,1,0,0,1,1,1,7]]", false },
	{ "obs: none", "[]", "[]", true },
};

static void check_obs(void **state)
{
	const struct obs_row *row = *state;
	auto_buf struct buf sql = { 0 };
	struct err e = { 0 };
	struct bench b;
	sqlite3 *db;

	bench_open(&b);
	db = crafted_open(b.file);
	buf_printf(
		&sql,
		"DELETE FROM interval WHERE id <> (SELECT min(id) FROM interval); UPDATE interval SET obs = '%s', edges = '[]'",
		row->obs);
	crafted_sql(db, buf_text(&sql));
	sqlite3_close(db);
	assert_ok(bring_up(b.file, &e), &e);
	sql.n = 0;
	buf_printf(&sql, "SELECT count(*) FROM interval WHERE obs = '%s' AND trusted = %d",
		   row->now, row->trusted);
	assert_int_equal(sql_number(b.file, buf_text(&sql)), 1);
	bench_close(&b);
}

/* events and trusted of two callers' calls; then, for what is trusted and for text: trees (-1: no
 * row), and events. */
static struct fold_row {
	const char *name;
	int events[2], trusted[2], trees[2], now[2];
} folds[] = {
	{ "fold: text", { 5, 3 }, { 0, 0 }, { -1, 4 }, { 0, 8 } },
	{ "fold: trusted", { 5, 3 }, { 5, 3 }, { 4, -1 }, { 8, 0 } },
	{ "fold: both", { 5, 3 }, { 5, 1 }, { 0, 4 }, { 6, 2 } },
	{ "fold: presence alone", { 0, 0 }, { 0, 0 }, { -1, 4 }, { 0, 0 } },
	{ "fold: presence beside trusted", { 5, 0 }, { 5, 0 }, { 4, 0 }, { 5, 0 } },
};

static void check_fold(void **state)
{
	const struct fold_row *row = *state;
	auto_buf struct buf sql = { 0 };
	struct err e = { 0 };
	struct bench b;
	sqlite3 *db;

	bench_open(&b);
	db = crafted_open(b.file);
	buf_printf(
		&sql,
		"DELETE FROM fold_use; DELETE FROM fold_set; DELETE FROM fold WHERE id > 1; UPDATE fold SET trees = 4, starts = 3; "
		"INSERT INTO fold_set VALUES (1, '[1]', 4, 3, 2); INSERT INTO fold_use VALUES (1, 1, 1, 1, 0, %d, %d, 0, 5, 9), "
		"(1, 1, 2, 1, 0, %d, %d, 0, 6, 7)",
		row->events[0], row->trusted[0], row->events[1], row->trusted[1]);
	crafted_sql(db, buf_text(&sql));
	sqlite3_close(db);
	assert_ok(bring_up(b.file, &e), &e);
	for (int layer = 0; layer < 2; layer++) {
		sql.n = 0;
		buf_printf(&sql, "SELECT ifnull(max(trees), -1) FROM fold WHERE trusted = %d",
			   layer == 0);
		assert_int_equal(sql_number(b.file, buf_text(&sql)), row->trees[layer]);
		sql.n = 0;
		buf_printf(
			&sql,
			"SELECT ifnull(sum(events), 0) FROM fold_use JOIN fold ON fold.id = fold WHERE trusted = %d",
			layer == 0);
		assert_int_equal(sql_number(b.file, buf_text(&sql)), row->now[layer]);
	}
	assert_int_equal(
		sql_number(
			b.file,
			"SELECT sum(trees) FROM fold_set JOIN fold USING (trees) WHERE fold.id = fold_set.fold"),
		4);
	assert_int_equal(sql_number(b.file, "SELECT count(DISTINCT code) FROM fold"), 1);
	bench_close(&b);
}

/* ---- one that somebody made by hand ---- */

static void craft(const struct bench *b, const struct crafted_column *c, unsigned row,
		  const char *value)
{
	sqlite3 *db;

	crafted_copy(b->valid, b->file);
	db = crafted_open(b->file);
	crafted_loosen(db);
	crafted_set(db, c, row, value);
	crafted_tighten(db);
	sqlite3_close(db);
}

/* It is read or refused; it is brought up whole, or stays as it is. */
static void use(const struct bench *b)
{
	struct status_store all = { 0 };
	struct query q = { 0 };
	struct store s;
	struct err e = { 0 };
	int ret = store_open(&s, b->file, STORE_READ, &e);

	crafted_said(ret, &e);
	for (int trusted = 0; trusted < 2 && ret == 0; trusted++) {
		int loaded = query_load(&q, &s, WHEN_NONE, WHEN_NONE, trusted, &e);

		crafted_said(loaded, &e);
		ret = status_load(&all, &s, 10, trusted, &e);
		crafted_said(ret, &e);
		if (loaded == 0 && ret == 0)
			crafted_look(&q, &all);
		status_release(&all);
		query_release(&q);
		ret = 0;
	}
	store_close(&s);
	ret = bring_up(b->file, &e);
	crafted_said(ret, &e);
	if (ret == 0)
		crafted_use(b->file, b->log);
	else
		crafted_must(sql_number(b->file,
					"SELECT count(*) FROM sqlite_schema WHERE name = 'part'") ==
				     0,
			     "half of it was brought up");
}

static void any_value_in_any_column_is_read_or_refused(void **state)
{
	struct crafted_columns columns = { 0 };
	bool all = getenv("CRAFTED_ALL") != NULL;
	unsigned seed = (unsigned)time(NULL) % TOGETHER, at = 0, tried = 0;
	const char *given = getenv("CRAFTED_SEED");
	struct bench b;

	(void)state;
	if (given != NULL)
		seed = (unsigned)atoi(given);
	printf("CRAFTED_SEED=%u\n", seed);
	bench_open(&b);
	crafted_list(b.valid, &columns);
	for (size_t i = 0; i < columns.n; i++) {
		for (size_t k = 0; k < ARRAY_SIZE(crafted_values); k++) {
			if (!all && at++ % TOGETHER != seed)
				continue;
			if (getenv("CRAFTED_SAY") != NULL)
				printf("%s.%s = %s\n", columns.v[i].table, columns.v[i].column,
				       crafted_values[k]);
			for (unsigned row = 0; row <= 255; row += 255) {
				alarm(60);
				craft(&b, &columns.v[i], row, crafted_values[k]);
				use(&b);
				tried++;
			}
		}
	}
	alarm(0);
	printf("%u crafted stores\n", tried);
	VEC_FREE(&columns);
	bench_close(&b);
}

int main(void)
{
	struct tests t = { 0 };

	ADD(&t, a_reader_leaves_it_as_it_is);
	ADD(&t, a_writer_has_it_brought_up_first);
	ADD(&t, a_reader_may_be_overtaken);
	ADD(&t, a_signal_leaves_it_as_it_was);
	ADD_ROWS(&t, versions, check_version);
	ADD_ROWS(&t, observations, check_obs);
	ADD_ROWS(&t, folds, check_fold);
	ADD(&t, any_value_in_any_column_is_read_or_refused);
	return run_rows(&t, "older");
}
