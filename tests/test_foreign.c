// SPDX-License-Identifier: Apache-2.0
/* Stores by somebody else: what they hold is checked where it is read, and whose they are before
 * they are opened. */
#include "tests/crafted.h"
#include "tests/rig.h"

#include "ingest/batch/seen.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>

#define TOGETHER 24 /* one of so many mutations is tried in each run; CRAFTED_ALL=1: all */

/* A valid store, a copy of it to craft, and a log that goes on with its processes. */
struct bench { char dir[64], *valid, *file, *log; };

static void bench_open(struct bench *b)
{
	const char *tmp = getenv("TMPDIR");

	/* thousands of stores are made: in memory, where that can be */
	if (tmp == NULL)
		tmp = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
	snprintf(b->dir, sizeof(b->dir), "%.40s/scaudit.XXXXXX", tmp);
	if (mkdtemp(b->dir) == NULL)
		fail_msg("cannot make a folder in %s", tmp);
	b->valid = mem_print("%s/valid.db", b->dir);
	b->file = mem_print("%s/store.db", b->dir);
	b->log = mem_print("%s/log", b->dir);
	crafted_valid(b->valid, b->log);
	crafted_log(b->log, 1700019001);
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

/* ---- any value in any column ---- */

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
		for (size_t k = 0; k < ARRAY_SIZE(crafted_values) + ARRAY_SIZE(crafted_links);
		     k++) {
			char value[100];

			if (!all && at++ % TOGETHER != seed)
				continue;
			if (k < ARRAY_SIZE(crafted_values))
				snprintf(value, sizeof(value), "%s", crafted_values[k]);
			else
				snprintf(value, sizeof(value), "%s%u)",
					 crafted_links[k - ARRAY_SIZE(crafted_values)],
					 (unsigned)i % 9);
			if (getenv("CRAFTED_SAY") != NULL)
				printf("%s.%s = %s\n", columns.v[i].table, columns.v[i].column,
				       value);
			for (unsigned row = 0; row <= 255; row += 255) {
				alarm(60);
				craft(&b, &columns.v[i], row, value);
				crafted_use(b.file, b.log);
				tried++;
			}
		}
	}
	alarm(0);
	printf("%u crafted stores\n", tried);
	VEC_FREE(&columns);
	bench_close(&b);
}

/* ---- what no scaudit writes is told, by table ---- */

enum who { READER, STATUS, INGEST, CHILD, FORGET };

static struct row_row { const char *name, *sql, *says; enum who who;
} rows[] = {
	{ "part: exec'd from itself", "UPDATE part SET link = id", "it descends from itself",
	  READER },
	{ "part: two exec'd from each other",
	  "UPDATE part SET link = CASE id WHEN (SELECT min(founder) FROM image) THEN (SELECT max(founder) "
	  "FROM image) ELSE (SELECT min(founder) FROM image) END",
	  "it descends from itself", READER },
	{ "part: all in one circle",
	  "UPDATE part SET link = ifnull((SELECT min(founder) FROM image WHERE founder > part.id), "
	  "(SELECT min(founder) FROM image))",
	  "it descends from itself", READER },
	{ "image: founded by another's",
	  "UPDATE image SET founder = (SELECT max(i.founder) FROM image AS i WHERE i.id <> image.id)",
	  "its first image is not there", READER },
	{ "image: of no tree", "UPDATE image SET tree = 4000000", "its tree is not there", READER },
	{ "part: of a node that is none", "UPDATE part SET node = 77", "its node is not there",
	  READER },
	{ "part: a program that is none", "UPDATE part SET exe = 40000",
	  "its exe or name is not there", READER },
	{ "part: an id over 32 bits", "UPDATE part SET id = id + 4294967296",
	  "its id is no row's id", READER },
	{ "part: exec'd from a negative one", "UPDATE part SET link = -1",
	  "its parent is no row's id", READER },
	{ "part: ends before it begins", "UPDATE part SET t_last = t_first - 1",
	  "its t_last is less than what it follows", READER },
	{ "part: beyond the year 9999", "UPDATE part SET t_last = 253402300800000",
	  "its t_last is no time", READER },
	{ "part: a pid over 31 bits", "UPDATE part SET pid = 2147483648", "its pid is no pid",
	  READER },
	{ "part: a text for a number", "UPDATE part SET loader = 'yes'",
	  "its loader is neither 0 nor 1", READER },
	{ "part: nothing for a number", "UPDATE part SET pid = NULL", "its pid is no pid", READER },
	{ "part: trusted by half", "UPDATE tree SET trusted = 2", "its trusted is neither 0 nor 1",
	  READER },
	{ "tree: without its first image", "UPDATE image SET tree = (SELECT max(id) FROM tree)",
	  "its first image is not there", READER },
	{ "tree: an id that is none", "UPDATE tree SET code = 'x' || char(27) || '[2J'",
	  "its code is no id", READER },
	{ "tree: an id that is too short", "UPDATE tree SET code = 'abc'", "its code is no id",
	  READER },
	{ "path: its own parent", "UPDATE path SET parent = id",
	  "its parent does not come before it", READER },
	{ "path: a circle", "UPDATE path SET parent = (SELECT max(id) FROM path)",
	  "its parent does not come before it", READER },
	{ "string: a number", "UPDATE string SET bytes = 7 WHERE id = 1",
	  "table string is damaged: its bytes is no text", READER },
	{ "caller: of nobody", "UPDATE caller SET comm = 4000 WHERE id = 1",
	  "its comm or subj is not there", READER },
	{ "call: a number over 32 bits", "UPDATE call SET nr = 4294967296 WHERE id = 1",
	  "its nr is no number of 32 bits", READER },
	{ "interval: the last possible time", "UPDATE interval SET t_first = 9223372036854775807",
	  "its t_first is no time", READER },
	{ "interval: of no part", "UPDATE interval SET part = 123456", "its part is not there",
	  READER },
	{ "interval: a negative count", "UPDATE interval SET obs = '[[1,1,-1,0,0,0,0,0,0]]'",
	  "no observations can be read in its obs", READER },
	{ "interval: a count that overflows",
	  "UPDATE interval SET obs = '[[1,1,9223372036854775807,9223372036854775807,0,0,0,0,0]]'",
	  "no observations can be read", READER },
	{ "interval: a time that overflows",
	  "UPDATE interval SET obs = '[[1,1,1,0,0,9223372036854775807,9223372036854775807,0,0]]'",
	  "no observations can be read", READER },
	{ "interval: a serial over 32 bits",
	  "UPDATE interval SET obs = '[[1,1,1,0,0,0,0,4294967295,0]]'",
	  "no observations can be read", READER },
	{ "interval: of nobody", "UPDATE interval SET obs = '[[4000,1,1,0,0,0,0,0,0]]'",
	  "its caller or call is not there", READER },
	{ "presence: ends before it begins", "UPDATE presence SET t_last = 1",
	  "its t_last is less than", READER },
	{ "build: of a place that is none", "UPDATE build SET place = 50",
	  "its exe or place is not there", READER },
	{ "build: an escape in its id", "UPDATE build SET build_id = char(27)",
	  "its build_id is no printable text", READER },
	{ "fold: of no path", "UPDATE fold SET main = 4000", "its main path is not there", READER },
	{ "fold: labels that are none", "UPDATE fold SET labels = '[\"a\"]'",
	  "table fold is damaged: its value is no row's id", READER },
	{ "fold: labels in depth",
	  "UPDATE fold SET labels = replace(hex(zeroblob(40000)), '00', '[')", "JSON", READER },
	{ "fold_use: a count over any", "UPDATE fold_use SET events = 9223372036854775807",
	  "its events is no count", READER },
	{ "fold_use: of no fold", "UPDATE fold_use SET fold = fold + 100",
	  "its fold, path, caller or call is not there", READER },
	{ "fold_set: no list", "UPDATE fold_set SET calls = '[1;2]'", "no list of calls", READER },
	{ "policy: of a run, not there", "UPDATE ingest SET policy = 9 WHERE policy IS NOT NULL",
	  "its policy is not there", READER },
	{ "capture: neither complete nor not", "UPDATE capture SET complete = 7",
	  "is neither 0 nor 1", READER },
	{ "boot: ends before it begins", "UPDATE boot SET t_last = 0", "its t_last is less than",
	  STATUS },
	{ "boot: of no node", "UPDATE boot SET node = 999 WHERE number = 0 AND node = 1",
	  "its node is not there", STATUS },
	{ "loss: an escape for a kind", "UPDATE loss SET kind = char(27) || 'c'",
	  "table loss is damaged", STATUS },
	{ "loss: a kind that is none", "UPDATE loss SET kind = 'forged'", "its kind is none",
	  STATUS },
	{ "ingest: a count that is none", "UPDATE ingest SET new_events = -1",
	  "its new_events is no count", STATUS },
	{ "ingest: a time that is none", "UPDATE ingest SET started = -9223372036854775808",
	  "its started is no time", STATUS },
	{ "meta: the last generation",
	  "UPDATE meta SET value = 9223372036854775807 WHERE key = 'generation'",
	  "its generation is no count", INGEST },
	{ "meta: a text for the generation", "UPDATE meta SET value = 'x' WHERE key = 'generation'",
	  "its generation is no count", INGEST },
	{ "meta: no generation", "DELETE FROM meta WHERE key = 'generation'",
	  "generation is missing", INGEST },
	{ "meta: no name of the store", "DELETE FROM meta WHERE key = 'uuid'", "uuid is missing",
	  READER },
	{ "interval: a pid that is none", "UPDATE interval SET pid = -1", "its pid is no pid",
	  READER },
	{ "interval: of another process than its part", "UPDATE interval SET pid = pid + 1",
	  "its part is of another process", READER },
	{ "meta: empty, to forget", "DELETE FROM meta", "generation is missing", FORGET },
	{ "seen: a page that is none", "UPDATE seen SET data = x'0201'",
	  "no page can be read in its data", INGEST },
	{ "seen: a page longer than any", "UPDATE seen SET data = zeroblob(20000000)",
	  "no page can be read in its data", INGEST },
	{ "seen: a value longer than any",
	  "UPDATE seen SET data = zeroblob(300000000) WHERE (node, serials, seconds) IN (SELECT node, "
	  "serials, seconds FROM seen ORDER BY node, seconds DESC LIMIT 1)",
	  "too big", INGEST },
	{ "seen: pieces that are none", "UPDATE seen SET pieces = x'ff'", "no pieces can be read",
	  INGEST },
	{ "seen: pieces of another page", "UPDATE seen SET pieces = x'0101010101'",
	  "a piece lies outside of its page", INGEST },
	{ "seen: a page beyond time",
	  "UPDATE seen SET seconds = 9223372036854775807 WHERE (node, serials, seconds) IN (SELECT node, serials, seconds FROM "
	  "seen LIMIT 1)",
	  "its seconds is no page", INGEST },
	{ "interval: the last id",
	  "UPDATE interval SET id = 9223372036854775807 WHERE id = (SELECT max(id) FROM interval)",
	  "no row's id", INGEST },
	{ "image: the last id",
	  "UPDATE image SET id = 9223372036854775807 WHERE id = (SELECT max(id) FROM image)",
	  "no row's id", INGEST },
	{ "interval: of a pid that is none", "UPDATE interval SET edges = '[[0,0,9]]'",
	  "its obs or edges cannot be read", INGEST },
	{ "interval: a cell that is none", "UPDATE interval SET cell = -1", "its cell is no cell",
	  INGEST },
	{ "string: the last id",
	  "UPDATE string SET id = 9223372036854775807 WHERE id = (SELECT max(id) FROM string)",
	  "no row's id", INGEST },
	{ "interval: a pid that is none, to forget", "UPDATE interval SET pid = -1",
	  "its pid is no pid", FORGET },
	{ "part: the last id",
	  "UPDATE part SET id = 9223372036854775807 WHERE id = (SELECT max(id) FROM part)",
	  "no row's id", INGEST },
	{ "part: a state that is none", "UPDATE part SET state = x'ff'", "its state cannot be read",
	  CHILD },
	{ "part: gone", "DELETE FROM part", "damaged: derivation: a part", CHILD },
	{ "image: gone", "DELETE FROM image", "damaged: derivation: image", CHILD },
	{ "derive_page: keys that are none",
	  "UPDATE derive_page SET first = substr(first, 1, length(first) - 1)",
	  "no key can be read", CHILD },
};

/* Calls of a process that runs a shell and from the `exec`th on (0: never) perl, a second after
 * each other. */
static void write_lines(const char *log, int64_t second, unsigned serial, unsigned n, unsigned exec,
			int pid)
{
	FILE *f = fopen(log, "w");

	assert_non_null(f);
	for (unsigned i = 0; i < n; i++) {
		bool perl = exec > 0 && i >= exec;

		fprintf(f,
			"Nov 28 10:00:00 a kernel: audit: type=1326 audit(%lld.000:%u): auid=4294967295 uid=0 gid=0 ses=4294967295 subj=a:b:c "
			"pid=%d comm=\"%s\" exe=\"%s\" sig=0 arch=c000003e syscall=%d compat=0 ip=0x%s code=0x7ffc0000\n",
			(long long)second + i, serial + i, pid, perl ? "perl" : "sh",
			perl ? "/usr/bin/perl" : "/usr/bin/dash", i + 1 == exec ? 59 : 12,
			perl ? "7f3456789012" : "7f1212345678");
	}
	fclose(f);
}

static int as(enum who who, struct store *s, const char *log, struct err *e)
{
	struct forget_what what = {
		.since = 1700009000000, .until = WHEN_NONE, .before = WHEN_NONE, .unsee = true
	};
	struct forget_report report;
	struct status_store all = { 0 };
	struct query q = { 0 };
	bool changed;
	int ret = -1;

	switch (who) {
	case READER:
		ret = query_load(&q, s, WHEN_NONE, WHEN_NONE, false, e);
		query_release(&q);
		break;
	case STATUS:
		ret = status_load(&all, s, 10, false, e);
		status_release(&all);
		break;
	case INGEST:
		ret = crafted_ingest(s, log, "more", NULL, e);
		break;
	case CHILD:
		write_lines(log, 1700019003, 2000, 1, 0, 105);
		ret = crafted_ingest(s, log, NULL, NULL, e);
		break;
	case FORGET:
	default:
		ret = store_begin(s, &changed, e);
		if (ret == 0)
			ret = forget_run(s, &what, &report, e);
	}
	store_rollback(s);
	return ret;
}

static void check_row(void **state)
{
	const struct row_row *row = *state;
	struct store s;
	struct err e = { 0 };
	struct bench b;
	sqlite3 *db;

	bench_open(&b);
	crafted_copy(b.valid, b.file);
	db = crafted_open(b.file);
	crafted_loosen(db);
	if (sqlite3_exec(db, row->sql, NULL, NULL, NULL) != SQLITE_OK)
		fail_msg("%s", sqlite3_errmsg(db));
	if (sqlite3_changes(db) == 0)
		fail_msg("nothing was changed");
	crafted_tighten(db);
	sqlite3_close(db);
	alarm(60);
	/* where it stands in every store it is seen at once */
	if (store_open(&s, b.file, STORE_CHANGE, &e) == 0 && as(row->who, &s, b.log, &e) == 0)
		fail_msg("it was taken");
	alarm(0);
	assert_int_equal(e.status, ST_SYSTEM);
	if (strstr(e.msg, row->says) == NULL || strstr(e.msg, b.file) == NULL)
		fail_msg("%s", e.msg);
	store_close(&s);
	bench_close(&b);
}

/* What reads a valid store takes it: nothing above fails for another reason. */
static void a_valid_store_is_read_and_written(void **state)
{
	struct store s;
	struct err e = { 0 };
	struct bench b;

	(void)state;
	bench_open(&b);
	assert_ok(store_open(&s, b.valid, STORE_CHANGE, &e), &e);
	for (enum who who = READER; who <= FORGET; who++)
		assert_ok(as(who, &s, b.log, &e), &e);
	store_close(&s);
	bench_close(&b);
}

/* Images that are each above the next in a circle: whoever looks for their paths comes to an end.
 */
static void a_circle_of_images_has_an_end(void **state)
{
	struct store s;
	struct err e = { 0 };
	struct bench b;
	sqlite3 *db;

	(void)state;
	bench_open(&b);
	assert_ok(store_open(&s, b.valid, STORE_CHANGE, &e), &e);
	write_lines(b.log, 1700029000, 2000, 300, 3, 200);
	assert_ok(crafted_ingest(&s, b.log, NULL, NULL, &e), &e);
	store_close(&s);
	db = crafted_open(b.valid);
	crafted_sql(
		db,
		"UPDATE image SET path = 1, above = ifnull((SELECT min(i.id) FROM image AS i WHERE i.id > image.id), "
		"(SELECT min(id) FROM image))");
	assert_true(sqlite3_changes(db) > 2);
	sqlite3_close(db);
	assert_ok(store_open(&s, b.valid, STORE_CHANGE, &e), &e);
	write_lines(b.log, 1700029000, 2000, 301, 3, 200);
	alarm(60);
	if (crafted_ingest(&s, b.log, NULL, NULL, &e) < 0)
		assert_non_null(strstr(e.msg, "it descends from itself"));
	write_lines(b.log, 1700028000, 1000, 1, 3, 200);
	if (crafted_ingest(&s, b.log, NULL, NULL, &e) < 0)
		assert_non_null(strstr(e.msg, "it descends from itself"));
	alarm(0);
	store_close(&s);
	bench_close(&b);
}

/* What is forgotten may be the beginning of a parent: then its child is older, and the two are not
 * each other's child. */
static void forgetting_a_beginning_makes_no_circle(void **state)
{
	static const struct {
		unsigned after;
		int pid;
	} lines[] = { { 0, 300 }, { 10, 301 }, { 50, 300 } };
	struct forget_what what = { .since = WHEN_NONE,
				    .until = WHEN_NONE,
				    .before = 1700039005000 };
	struct forget_report report;
	struct query q;
	struct store s;
	struct err e = { 0 };
	struct bench b;
	bool changed;

	(void)state;
	bench_open(&b);
	assert_ok(store_open(&s, b.valid, STORE_CHANGE, &e), &e);
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		write_lines(b.log, 1700039000 + lines[i].after, 3000 + lines[i].after, 1, 0,
			    lines[i].pid);
		assert_ok(crafted_ingest(&s, b.log, NULL, NULL, &e), &e);
	}
	assert_ok(store_begin(&s, &changed, &e), &e);
	assert_ok(forget_run(&s, &what, &report, &e), &e);
	assert_ok(store_commit(&s, &e), &e);
	assert_ok(query_load(&q, &s, 1700039000000, WHEN_NONE, false, &e), &e);
	for (size_t i = 0; i < q.images.n; i++)
		if (q.images.v[i].pid >= 300)
			assert_int_equal(q.images.v[i].fork_of == QUERY_NONE,
					 q.images.v[i].pid == 301);
	query_release(&q);
	store_close(&s);
	bench_close(&b);
}

/* ---- tables that are not ours ---- */

static struct schema_row {
	const char *name, *sql, *says;
} schemas[] = {
	/* says NULL: it is read */
	{ "tables: a view for one",
	  "ALTER TABLE boot RENAME TO b; CREATE VIEW boot AS SELECT * FROM b",
	  "'boot' in it is not the table" },
	{ "tables: a view that never ends",
	  "DROP TABLE path; CREATE VIEW path AS WITH RECURSIVE n(id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM n) "
	  "SELECT id, 0 AS parent, 1 AS exe, 0 AS name, 'x' AS text FROM n",
	  "'path' in it is not the table" },
	{ "tables: one is missing", "DROP TABLE fold_set", "it has no table 'fold_set'" },
	{ "tables: a unique index is missing", "DROP INDEX caller_by_text",
	  "it has no index 'caller_by_text'" },
	{ "tables: a unique index of another column",
	  "DROP INDEX caller_by_text; CREATE UNIQUE INDEX caller_by_text ON caller (comm, id)",
	  "'caller_by_text' in it is not the index" },
	{ "tables: indexes may be missing or others",
	  "DROP INDEX part_by_image; CREATE INDEX part_by_image ON part (pid); DROP INDEX interval_by_pid",
	  NULL },
	{ "tables: one that keeps no types",
	  "PRAGMA writable_schema = ON; UPDATE sqlite_master SET sql = replace(sql, ') STRICT', ')') WHERE name = 'image'",
	  "'image' in it is not the table" },
	{ "tables: a column more", "ALTER TABLE string ADD COLUMN more TEXT",
	  "'string' in it is not the table" },
	{ "tables: a column that is computed",
	  "DROP TABLE boot; CREATE TABLE boot (node INTEGER NOT NULL REFERENCES node (id), number INTEGER NOT NULL, "
	  "t_first INTEGER NOT NULL, t_last INTEGER GENERATED ALWAYS AS (length(hex(zeroblob(t_first)))), serial_first INTEGER NOT NULL, serial_last "
	  "INTEGER NOT NULL, PRIMARY KEY (node, number)) STRICT, WITHOUT ROWID",
	  "'boot' in it is not the table" },
	{ "tables: another case", "ALTER TABLE boot RENAME TO b; ALTER TABLE b RENAME TO BOOT",
	  "it has no table 'boot'" },
	{ "tables: a trigger is not run",
	  "CREATE TRIGGER t AFTER UPDATE ON meta BEGIN INSERT INTO string (bytes) VALUES (x'74726967676572'); END",
	  NULL },
	{ "tables: a trigger without an end is not run",
	  "CREATE TRIGGER t BEFORE INSERT ON ingest BEGIN INSERT INTO string (bytes) WITH RECURSIVE n(i) AS "
	  "(SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT x'74' FROM n; END",
	  NULL },
	{ "tables: of the user's own stay",
	  "CREATE TABLE mine (a, b); CREATE VIEW ours AS SELECT * FROM image; CREATE INDEX fast ON interval (t_last)",
	  NULL },
	{ "tables: the view may be another",
	  "DROP VIEW observations; CREATE VIEW observations AS SELECT 1", NULL },
};

static void check_schema(void **state)
{
	const struct schema_row *row = *state;
	struct store s;
	struct err e = { 0 };
	int64_t n = -1;
	struct bench b;
	sqlite3 *db;
	int ret;

	bench_open(&b);
	crafted_copy(b.valid, b.file);
	db = crafted_open(b.file);
	crafted_sql(db, row->sql);
	sqlite3_close(db);
	alarm(60);
	ret = store_open(&s, b.file, STORE_CHANGE, &e);
	if (row->says != NULL) {
		assert_int_equal(ret, -1);
		assert_int_equal(e.status, ST_SYSTEM);
		if (strstr(e.msg, row->says) == NULL || strstr(e.msg, b.file) == NULL)
			fail_msg("%s", e.msg);
	} else {
		assert_ok(ret, &e);
		for (enum who who = READER; who <= FORGET; who++)
			assert_ok(as(who, &s, b.log, &e), &e);
		assert_ok(store_number_sql(
				  &s, "SELECT count(*) FROM string WHERE bytes = x'74726967676572'",
				  NO_ARGS, &n, &e),
			  &e);
		assert_int_equal(n, 0);
	}
	alarm(0);
	store_close(&s);
	bench_close(&b);
}

static int64_t setting(struct store *s, const char *pragma)
{
	struct err e = { 0 };
	int64_t out = -1;

	assert_ok(store_number_sql(s, pragma, NO_ARGS, &out, &e), &e);
	return out;
}

static void sqlite_is_kept_from_running_what_a_store_holds(void **state)
{
	struct store s;
	struct err e = { 0 };
	struct bench b;
	int on = -1;

	(void)state;
	bench_open(&b);
	assert_ok(store_open(&s, b.valid, STORE_READ, &e), &e);
	assert_int_equal(setting(&s, "PRAGMA trusted_schema"), 0);
	assert_int_equal(setting(&s, "PRAGMA cell_size_check"), 1);
	sqlite3_db_config(s.db, SQLITE_DBCONFIG_DEFENSIVE, -1, &on);
	assert_int_equal(on, 1);
	sqlite3_db_config(s.db, SQLITE_DBCONFIG_ENABLE_TRIGGER, -1, &on);
	assert_int_equal(on, 0);
	assert_true(sqlite3_limit(s.db, SQLITE_LIMIT_LENGTH, -1) <= 1 << 28);
	store_close(&s);
	bench_close(&b);
}

/* ---- whose it is ---- */

#define OTHER 65534 /* nobody */

enum path { FILE_ITSELF, LINK, FOLDER_LINK };

static struct place_row {
	const char *name;
	uid_t file_owner, folder_owner;
	mode_t file_mode, folder_mode;
	gid_t folder_group;
	enum path by; /* a link in the folder leads to a store in one that is root's own */
	bool writes, trusted;
	const char *says;       /* to who may not write, or why marks do not count */
} places[] = {
	{ "place: root's own", 0, 0, 0600, 0700, 0, FILE_ITSELF, true, true, "" },
	{ "place: others may read", 0, 0, 0644, 0755, 0, FILE_ITSELF, true, true, "" },
	{ "place: root's group may write", 0, 0, 0660, 0770, 0, FILE_ITSELF, true, true, "" },
	{ "place: another user's", OTHER, 0, 0600, 0700, 0, FILE_ITSELF, false, false,
	  "belongs to" },
	{ "place: another user's, in a folder of theirs", OTHER, OTHER, 0600, 0700, 0, FILE_ITSELF,
	  false, false, "belongs to" },
	{ "place: all may write it", 0, 0, 0666, 0700, 0, FILE_ITSELF, true, false,
	  "its mode is 0666" },
	{ "place: in a folder of another user's", 0, OTHER, 0600, 0700, 0, FILE_ITSELF, true, false,
	  "its folder" },
	{ "place: in a folder that all may write", 0, 0, 0600, 0777, 0, FILE_ITSELF, true, false,
	  "is 0777" },
	{ "place: in a folder like /tmp", 0, 0, 0600, 01777, 0, FILE_ITSELF, true, false,
	  "is 1777" },
	{ "place: in a folder that a group may write", 0, 0, 0600, 0770, OTHER, FILE_ITSELF, true,
	  false, "is 0770" },
	{ "place: by a link of root's alone", 0, 0, 0600, 0755, 0, LINK, true, true, "" },
	{ "place: by a link in a folder that all may write", 0, 0, 0600, 0777, 0, LINK, false,
	  false, "is a link in" },
	{ "place: by a link in a folder like /tmp", 0, 0, 0600, 01777, 0, LINK, false, false,
	  "is a link in" },
	{ "place: by a link in another user's folder", 0, OTHER, 0600, 0755, 0, LINK, false, false,
	  "is a link in" },
	{ "place: by a link in a folder that a group may write", 0, 0, 0600, 0775, OTHER, LINK,
	  false, false, "is a link in" },
	{ "place: by a link for its folder, in one like /tmp", 0, 0, 0600, 01777, 0, FOLDER_LINK,
	  false, false, "is a link in" },
	{ "place: by a link for its folder, of root's alone", 0, 0, 0600, 0755, 0, FOLDER_LINK,
	  true, true, "" },
};

/* How many events a trusted source has brought, and trees that were captured whole, as a reader is
 * told. */
static uint64_t trusted_marks(struct store *s)
{
	struct status_store all;
	struct query q;
	struct err e = { 0 };
	uint64_t out = 0;

	assert_ok(query_load(&q, s, WHEN_NONE, WHEN_NONE, false, &e), &e);
	for (size_t i = 0; i < q.uses.n; i++)
		out += q.uses.v[i].trusted;
	for (size_t i = 0; i < q.trees.n; i++)
		out += q.trees.v[i].captured;
	query_release(&q);
	assert_ok(status_load(&all, s, 10, false, &e), &e);
	for (size_t i = 0; i < all.runs.n; i++)
		out += all.runs.v[i].complete;
	status_release(&all);
	return out;
}

static void make_trusted(const char *file)
{
	sqlite3 *db = crafted_open(file);

	crafted_sql(
		db,
		"UPDATE interval SET trusted = 1, obs = '[[1,1,0,3,0,0,0,0,0]]'; UPDATE fold SET trusted = 1");
	sqlite3_close(db);
}

static void check_place(void **state)
{
	const struct place_row *row = *state;
	struct store s;
	struct err e = { 0 };
	struct bench b;
	char *folder, *file, *named;

	if (geteuid() != 0)
		skip();
	bench_open(&b);
	folder = mem_print("%s/in", b.dir);
	assert_int_equal(mkdir(folder, 0700), 0);
	file = row->by == FILE_ITSELF ? mem_print("%s/store", folder) : mem_dup(b.file);
	named = row->by == FOLDER_LINK ? mem_print("%s/way/store.db", folder) :
					 mem_print("%s/store", folder);
	crafted_copy(b.valid, file);
	make_trusted(file);
	if (row->by != FILE_ITSELF) {
		char *link = row->by == LINK ? mem_dup(named) : mem_print("%s/way", folder);

		assert_int_equal(symlink(row->by == LINK ? "../store.db" : b.dir, link), 0);
		free(link);
	}
	assert_int_equal(chmod(file, row->file_mode), 0);
	assert_int_equal(chown(file, row->file_owner, 0), 0);
	assert_int_equal(chown(folder, row->folder_owner, row->folder_group), 0);
	assert_int_equal(chmod(folder, row->folder_mode), 0);
	for (enum store_mode mode = STORE_CHANGE; mode <= STORE_WRITE; mode++) {
		assert_int_equal(store_open(&s, named, mode, &e), row->writes ? 0 : -1);
		if (!row->writes && (e.status != ST_SYSTEM || strstr(e.msg, row->says) == NULL ||
				     strstr(e.msg, named) == NULL))
			fail_msg("%s", e.msg);
		store_close(&s);
	}
	assert_ok(store_open(&s, named, STORE_READ, &e), &e);
	assert_int_equal(store_trusts(&s), row->trusted);
	if (!row->trusted && strstr(s.owner.why, row->says) == NULL)
		fail_msg("%s", s.owner.why);
	if (row->trusted)
		assert_true(trusted_marks(&s) > 30);
	else
		assert_int_equal(trusted_marks(&s), 0);
	store_close(&s);
	free(named);
	free(file);
	free(folder);
	bench_close(&b);
}

/* In a child, as a user without privilege; the exit status says what was wrong. */
static int as_user(const char *file, bool writes, bool trusted)
{
	int status = -1;
	pid_t child = fork();

	if (child == 0) {
		struct store s;
		struct err e = { 0 };
		int bad = 0;

		if (setgid(OTHER) != 0 || setuid(OTHER) != 0)
			_exit(99);
		if ((store_open(&s, file, STORE_CHANGE, &e) == 0) != writes)
			bad = 1;
		store_close(&s);
		if (bad == 0 && store_open(&s, file, STORE_READ, &e) < 0)
			bad = 2;
		else if (bad == 0 && store_trusts(&s) != trusted)
			bad = 3;
		if (bad)
			fprintf(stderr, "%s\n", e.msg);
		store_close(&s);
		_exit(bad);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	return status;
}

static void a_user_trusts_the_own_store_and_root_s(void **state)
{
	struct bench b;

	(void)state;
	if (geteuid() != 0)
		skip();
	bench_open(&b);
	crafted_copy(b.valid, b.file);
	assert_int_equal(chmod(b.dir, 0755), 0);
	assert_int_equal(chmod(b.file, 0644), 0);
	assert_int_equal(chown(b.dir, OTHER, OTHER), 0);
	assert_int_equal(chown(b.file, OTHER, OTHER), 0);
	assert_int_equal(as_user(b.file, true, true), 0);
	assert_int_equal(chmod(b.file, 0664), 0);
	assert_int_equal(as_user(b.file, true, false), 0);
	assert_int_equal(chown(b.file, 1, 1), 0);
	assert_int_equal(chmod(b.file, 0644), 0);
	assert_int_equal(as_user(b.file, false, false), 0);
	bench_close(&b);
}

static struct beside_row {
	const char *name, *end;
	uid_t owner;
	enum { EMPTY, LINKED, TWICE, FULL } what;
	const char *says;
} besides[] = {
	{ "beside: another user's journal", "-journal", OTHER, FULL, "who is not its owner" },
	{ "beside: another user's log", "-wal", OTHER, EMPTY, "who is not its owner" },
	{ "beside: another user's index", "-shm", OTHER, EMPTY, "who is not its owner" },
	{ "beside: a link for a journal", "-journal", 0, LINKED, "a link or no regular file" },
	{ "beside: a link for a log", "-wal", 0, LINKED, "a link or no regular file" },
	{ "beside: a link for an index", "-shm", 0, LINKED, "a link or no regular file" },
	{ "beside: a second name of a file", "-shm", 0, TWICE, "a link or no regular file" },
	{ "beside: root's own", "-wal", 0, EMPTY, NULL },
};

static void check_beside(void **state)
{
	const struct beside_row *row = *state;
	struct store s;
	struct err e = { 0 };
	struct bench b;
	char *beside, *target, *was;

	if (geteuid() != 0)
		skip();
	bench_open(&b);
	crafted_copy(b.valid, b.file);
	beside = mem_print("%s%s", b.file, row->end);
	target = mem_print("%s/target", b.dir);
	rig_file(target, BYTES("stays"), 0600);
	if (row->what == LINKED)
		assert_int_equal(symlink(target, beside), 0);
	else if (row->what == TWICE)
		assert_int_equal(link(target, beside), 0);
	else
		rig_file(beside,
			 row->what == FULL ? BYTES("\xd9\xd5\x05\xf9\x20\xa1\x63\xd7") : BYTES(""),
			 0600);
	assert_int_equal(lchown(beside, row->owner, 0), 0);
	for (enum store_mode mode = STORE_READ; mode <= STORE_WRITE; mode++) {
		assert_int_equal(store_open(&s, b.file, mode, &e), row->says == NULL ? 0 : -1);
		if (row->says != NULL &&
		    (strstr(e.msg, row->says) == NULL || strstr(e.msg, row->end) == NULL))
			fail_msg("%s", e.msg);
		store_close(&s);
	}
	was = read_file(target);
	assert_string_equal(was, "stays");
	free(was);
	free(beside);
	free(target);
	bench_close(&b);
}

/*
 * A journal may name a file that SQLite deletes when it has played the journal back: nobody lays
 * one beside a store and has a reader with more rights open it.
 */
static void a_journal_of_somebody_else_is_not_played_back(void **state)
{
	char *victim, *journal;
	struct buf text = { 0 };
	struct store s;
	struct err e = { 0 };
	struct bench b;
	uint32_t sum = 0;

	(void)state;
	if (geteuid() != 0)
		skip();
	bench_open(&b);
	crafted_copy(b.valid, b.file);
	victim = mem_print("%s/victim", b.dir);
	journal = mem_print("%s-journal", b.file);
	rig_file(victim, BYTES("text"), 0600);
	/* header of no pages, then the name, its length, sum and mark */
	buf_add(&text, "\xd9\xd5\x05\xf9\x20\xa1\x63\xd7\0\0\0\0\0\0\0\0\0\0\0\1\0\0\2\0\0\0\x10\0",
		28);
	while (text.n < 512)
		buf_char(&text, '\0');
	buf_add(&text, "\0\x40\1\0", 4);
	buf_str(&text, victim);
	for (const char *p = victim; *p; p++)
		sum += (unsigned char)*p;
	for (int shift = 24; shift >= 0; shift -= 8)
		buf_char(&text, (char)(strlen(victim) >> shift & 0xff));
	for (int shift = 24; shift >= 0; shift -= 8)
		buf_char(&text, (char)(sum >> shift & 0xff));
	buf_add(&text, "\xd9\xd5\x05\xf9\x20\xa1\x63\xd7", 8);
	rig_file(journal, buf_bytes(&text), 0600);
	assert_int_equal(chown(b.file, OTHER, OTHER), 0);
	assert_int_equal(chown(journal, OTHER, OTHER), 0);
	assert_int_equal(store_open(&s, b.file, STORE_READ, &e), -1);
	assert_non_null(strstr(e.msg, "was not closed"));
	store_close(&s);
	assert_int_equal(access(victim, F_OK), 0);
	free(victim);
	free(journal);
	buf_release(&text);
	bench_close(&b);
}

static void a_foreign_store_is_left_as_it_is(void **state)
{
	struct store s;
	struct err e = { 0 };
	struct bench b;
	char *was, *is;

	(void)state;
	if (geteuid() != 0)
		skip();
	bench_open(&b);
	was = read_file(b.valid);
	crafted_copy(b.valid, b.file);
	assert_int_equal(chown(b.file, OTHER, OTHER), 0);
	assert_ok(store_open(&s, b.file, STORE_READ, &e), &e);
	assert_int_equal(sqlite3_db_readonly(s.db, "main"), 1);
	assert_true(trusted_marks(&s) == 0);
	store_close(&s);
	is = read_file(b.file);
	assert_string_equal(was, is);
	free(was);
	free(is);
	bench_close(&b);
}

/* ---- what is no file ---- */

static struct kind_row { const char *name, *path, *says; } kinds[] = {
	{ "kind: nothing is kept", ":memory:", "would keep nothing" },
	{ "kind: nothing at all", "", "would keep nothing" },
	{ "kind: a URI", "file:x?mode=memory", "is a URI" },
	{ "kind: a folder", "/", "is a folder" },
	{ "kind: a device", "/dev/null", "is a device" },
	{ "kind: a pipe", "pipe", "is a pipe" },
	{ "kind: a socket", "socket", "is a socket" },
	{ "kind: a link to itself", "circle", "too many levels of symbolic links" },
};

static void check_kind(void **state)
{
	const struct kind_row *row = *state;
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	struct bench b;
	char *path, was[4096];
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	bench_open(&b);
	assert_non_null(getcwd(was, sizeof(was)));
	assert_int_equal(chdir(b.dir), 0);
	assert_int_equal(mkfifo("pipe", 0600), 0);
	assert_int_equal(symlink("circle", "circle"), 0);
	snprintf(at.sun_path, sizeof(at.sun_path), "socket");
	assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	close(fd);
	path = mem_dup(row->path);
	for (enum store_mode mode = STORE_READ; mode <= STORE_WRITE; mode++) {
		struct store s;
		struct err e = { 0 };

		if (mode != STORE_WRITE && strcmp(path, "circle") == 0)
			continue; /* there is none to read */
		assert_int_equal(store_open(&s, path, mode, &e), -1);
		assert_int_equal(e.status, ST_SYSTEM);
		if (strcasestr(e.msg, row->says) == NULL)
			fail_msg("%s", e.msg);
		store_close(&s);
	}
	assert_int_equal(chdir(was), 0);
	free(path);
	bench_close(&b);
}

/* ---- pages and pieces of the seen set, as bytes ---- */

static void no_page_takes_longer_than_a_full_one(void **state)
{
	static const struct { const char *p; size_t n, more; } bad[] = {
		{ "\2\x80\x80\x80\x01", 5, 2 << 20 },   /* runs of no length */
		{ "\3\x80\x80\x80\x01", 5, 2 << 20 },   /* changes of the second without an event */
		{ "\2\0", 2, 2 << 20 },                 /* the same event again and again */
		{ "\2\0", 2, 30 << 20 },                /* longer than any */
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct seen_page *p = mem_zero(1, sizeof(*p));
		struct boot_pieces pieces = { 0 };
		auto_buf struct buf text = { 0 };

		buf_add(&text, bad[i].p, bad[i].n);
		while (text.n < bad[i].n + bad[i].more)
			buf_add(&text, "\0\0\0\0\0\0\0\0", 8);
		assert_false(seen_decode(p, buf_bytes(&text)));
		assert_true(p->more.n <= 1);
		assert_false(boot_decode(&pieces, buf_bytes(&text), BOOT_NO_TIME));
		assert_true(pieces.n <= 1);
		VEC_FREE(&pieces);
		VEC_FREE(&p->more);
		map_release(&p->more_at);
		free(p);
	}
}

int main(void)
{
	struct tests t = { 0 };

	ADD(&t, a_valid_store_is_read_and_written);
	ADD_ROWS(&t, rows, check_row);
	ADD(&t, a_circle_of_images_has_an_end);
	ADD(&t, forgetting_a_beginning_makes_no_circle);
	ADD_ROWS(&t, schemas, check_schema);
	ADD(&t, sqlite_is_kept_from_running_what_a_store_holds);
	ADD_ROWS(&t, places, check_place);
	ADD(&t, a_user_trusts_the_own_store_and_root_s);
	ADD_ROWS(&t, besides, check_beside);
	ADD(&t, a_journal_of_somebody_else_is_not_played_back);
	ADD(&t, a_foreign_store_is_left_as_it_is);
	ADD_ROWS(&t, kinds, check_kind);
	ADD(&t, no_page_takes_longer_than_a_full_one);
	ADD(&t, any_value_in_any_column_is_read_or_refused);
	return run_rows(&t, "foreign");
}
