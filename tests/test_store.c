// SPDX-License-Identifier: Apache-2.0
/* The store's file, its lock, and the names that rows share. */
#include "tests/rig.h"

#include "store/alias.h"
#include "store/names.h"
#include "store/nodes.h"
#include "store/rows/position.h"
#include "store/rows/loss.h"

#include <sys/wait.h>

static mode_t mode_of(const char *path)
{
	struct stat st;

	if (stat(path, &st) != 0)
		fail_msg("no %s", path);
	return st.st_mode & 07777;
}

/* ---- opening ---- */

static void a_new_store_is_for_its_owner_alone(void **state)
{
	struct rig r;
	struct store s;
	struct err e = { 0 };
	char *path;

	(void)state;
	umask(0);
	rig_open(&r);
	path = rig_path(&r, "a/b/store.db");
	setenv("SCAUDIT_DB", path, 1);
	assert_ok(store_open(&s, NULL, STORE_WRITE, &e), &e);
	assert_string_equal(s.path, path);
	assert_int_equal(mode_of(path), 0600);
	path[strlen(path) - strlen("/store.db")] = '\0';
	assert_int_equal(mode_of(path), 0700);
	assert_int_equal(
		rig_number(&r,
			   "SELECT count(*) FROM pragma_journal_mode WHERE journal_mode = 'wal'"),
		1);
	store_close(&s);
	unsetenv("SCAUDIT_DB");
	free(path);
	rig_close(&r);
}

static void a_named_store_needs_its_folder(void **state)
{
	struct store s;
	struct err e = { 0 };

	(void)state;
	assert_int_equal(store_open(&s, "/nonexistent/store.db", STORE_WRITE, &e), -1);
	assert_int_equal(e.status, ST_SYSTEM);
	assert_non_null(strstr(e.msg, "/nonexistent/store.db"));
	store_close(&s);
}

/* In a child, as a user without privilege, so that root's own store is not touched. */
static void a_user_s_store_is_below_home(void **state)
{
	struct rig r;
	char *path;
	int status;
	pid_t child;

	(void)state;
	rig_open(&r);
	path = rig_path(&r, ".local/state/scaudit/scaudit.db");
	if (geteuid() == 0)
		assert_int_equal(chown(r.dir, 65534, 65534), 0);
	child = fork();
	if (child == 0) {
		struct store s;
		struct err e = { 0 };
		int failed;

		if (geteuid() == 0 && setuid(65534) != 0)
			_exit(9);
		setenv("HOME", r.dir, 1);
		setenv("XDG_STATE_HOME", "not/absolute", 1);
		failed = store_open(&s, NULL, STORE_WRITE, &e) < 0 || strcmp(s.path, path) != 0;
		_exit(failed);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	assert_int_equal(mode_of(path), 0600);
	path[strlen(path) - strlen("/scaudit.db")] = '\0';
	assert_int_equal(mode_of(path), 0700);
	free(path);
	rig_close(&r);
}

/* Root looks in the system's place and finds that the user's place, which sudo may have kept in
 * HOME, has a store. */
static void the_other_place_is_named(void **state)
{
	const char *home = getenv("HOME");
	struct rig r;
	struct store s;
	struct err e = { 0 };
	char *path;

	(void)state;
	if (geteuid() != 0 || access("/var/lib/scaudit/scaudit.db", F_OK) == 0)
		skip();
	rig_open(&r);
	path = rig_path(&r, "scaudit/scaudit.db");
	setenv("SCAUDIT_DB", path, 1);
	assert_ok(store_open(&s, NULL, STORE_WRITE, &e), &e);
	store_close(&s);
	unsetenv("SCAUDIT_DB");
	setenv("XDG_STATE_HOME", r.dir, 1);
	assert_int_equal(store_open(&s, NULL, STORE_READ, &e), -1);
	assert_int_equal(e.status, ST_NO);
	assert_non_null(strstr(e.msg, path));
	store_close(&s);
	unsetenv("XDG_STATE_HOME");
	assert_true(home == getenv("HOME"));
	free(path);
	rig_close(&r);
}

static struct open_row {
	const char *name;
	const char *text;
	size_t n;
	enum store_mode mode;
	int ret;
	enum status status;
	const char *says;
} opens[] = {
	{ "open: nothing there to read", NULL, 0, STORE_READ, -1, ST_NO, "scaudit ingest" },
	{ "open: nothing there, made", NULL, 0, STORE_WRITE, 0, ST_OK, "" },
	{ "open: an empty file to read", "", 0, STORE_READ, -1, ST_NO, "is empty" },
	{ "open: an empty file, filled", "", 0, STORE_WRITE, 0, ST_OK, "" },
	{ "open: a text", "audit: type=1326 and so on, a log that somebody named --db\n", 58,
	  STORE_WRITE, -1, ST_SYSTEM, "not a database" },
	{ "open: a text to read", "audit: type=1326 and so on, a log that somebody named --db\n",
	  58, STORE_READ, -1, ST_SYSTEM, "not a database" },
};

static void check_open(void **state)
{
	const struct open_row *row = *state;
	struct rig r;
	struct store s;
	struct err e = { 0 };
	char *path;

	rig_open(&r);
	path = rig_path(&r, "other.db");
	if (row->text != NULL)
		rig_file(path, (struct bytes){ row->text, row->n }, 0600);
	assert_int_equal(store_open(&s, path, row->mode, &e), row->ret);
	assert_int_equal(e.status, row->status);
	assert_non_null(strstr(e.msg, row->says));
	store_close(&s);
	if (row->text != NULL && row->ret != 0) {
		/* what is not ours is left as it was */
		struct stat st;

		assert_int_equal(stat(path, &st), 0);
		assert_int_equal(st.st_size, row->n);
	}
	free(path);
	rig_close(&r);
}

static struct change_row {
	const char *name, *sql;
	enum store_mode mode;
	const char *says;
} changes[] = {
	{ "open: a newer version is refused to a writer", "PRAGMA user_version = 5", STORE_WRITE,
	  "newer" },
	{ "open: a newer version is refused to a reader", "PRAGMA user_version = 5", STORE_READ,
	  "newer" },
	{ "open: another program's database is refused", "PRAGMA application_id = 1", STORE_WRITE,
	  "not a store" },
	{ "open: one without an id is refused", "PRAGMA application_id = 0", STORE_WRITE,
	  "not a store" },
};

static void check_change(void **state)
{
	const struct change_row *row = *state;
	struct rig r;
	struct store s;
	struct err e = { 0 };

	rig_open(&r);
	assert_int_equal(sqlite3_exec(r.store.db, row->sql, NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(store_open(&s, r.db, row->mode, &e), -1);
	assert_int_equal(e.status, ST_SYSTEM);
	assert_non_null(strstr(e.msg, row->says));
	store_close(&s);
	rig_close(&r);
}

static void builds_are_one_row_with_their_time(void **state)
{
	static const struct { const char *id; int64_t place, t; bool here;
	} seen[] = {
		{ "ab", 0, 20, true }, { "ab", 0, 10, true },  { "ab", 0, 30, true },
		{ "cd", 0, 15, true }, { "ab", 1, 16, false }, { "ab", 0, 17, false },
	};
	struct rig r;
	struct names n;
	struct err e = { 0 };
	auto_buf struct buf got = { 0 };

	(void)state;
	rig_open(&r);
	names_init(&n, &r.store);
	for (size_t i = 0; i < ARRAY_SIZE(seen); i++)
		assert_ok(names_build(&n, 1, BYTES("/bin/sh"), seen[i].place, seen[i].here,
				      seen[i].id, seen[i].t, &e),
			  &e);
	names_release(&n);
	rig_rows(
		&r,
		"SELECT build_id, place, here, t_first, t_last FROM build ORDER BY build_id, place, here",
		&got);
	assert_string_equal(buf_text(&got),
			    "ab|0|0|17|17\nab|0|1|10|30\nab|1|0|16|16\ncd|0|1|15|15\n");
	rig_close(&r);
}

/* ---- writers in turn ---- */

static void a_writer_learns_that_another_wrote(void **state)
{
	struct rig r;
	struct store other;
	struct err e = { 0 };
	bool changed;

	(void)state;
	rig_open(&r);
	assert_ok(store_open(&other, r.db, STORE_WRITE, &e), &e);
	assert_ok(store_begin(&r.store, &changed, &e), &e);
	assert_ok(store_commit(&r.store, &e), &e);
	assert_ok(store_begin(&r.store, &changed, &e), &e);
	assert_false(changed);
	assert_ok(store_commit(&r.store, &e), &e);
	assert_ok(store_begin(&other, &changed, &e), &e);
	assert_true(changed);
	store_rollback(&other);
	assert_ok(store_begin(&r.store, &changed, &e), &e);
	assert_false(changed);
	store_rollback(&r.store);
	assert_ok(store_begin(&other, &changed, &e), &e);
	assert_ok(store_commit(&other, &e), &e);
	assert_ok(store_begin(&r.store, &changed, &e), &e);
	assert_true(changed);
	store_rollback(&r.store);
	store_close(&other);
	rig_close(&r);
}

static void strings_have_one_row_for_all_writers(void **state)
{
	struct rig r;
	struct store other;
	struct err e = { 0 };
	int64_t a, nul, empty;
	bool changed;

	(void)state;
	rig_open(&r);
	assert_ok(store_open(&other, r.db, STORE_WRITE, &e), &e);
	assert_ok(store_begin(&r.store, &changed, &e), &e);
	a = store_string(&r.store, BYTES("/usr/bin/dash"), &e);
	nul = store_string(&r.store, (struct bytes){ "a\0b", 3 }, &e);
	empty = store_string(&r.store, BYTES(""), &e);
	assert_true(a > 0 && nul > 0 && empty > 0 && a != nul && nul != empty && a != empty);
	assert_int_equal(store_string(&r.store, BYTES("/usr/bin/dash"), &e), a);
	assert_ok(store_commit(&r.store, &e), &e);
	assert_ok(store_begin(&other, &changed, &e), &e);
	assert_int_equal(store_string(&other, BYTES("/usr/bin/dash"), &e), a);
	assert_int_equal(store_string(&other, (struct bytes){ "a\0b", 3 }, &e), nul);
	assert_int_equal(store_string(&other, BYTES(""), &e), empty);
	store_rollback(&other);
	store_close(&other);
	rig_close(&r);
}

/* ---- nodes: a row for each name as logs write it; which are one is told when they are read ----
 */

static struct node_row {
	const char *name;
	const char *names[5];
	size_t n;
	int node[5];
} nodes[] = {
	{ "node: the same name", { "node01", "node01" }, 2, { 0, 0 } },
	{ "node: two names", { "node01", "node02" }, 2, { 0, 1 } },
	{ "node: short, then full", { "node01", "node01.example.com" }, 2, { 0, 0 } },
	{ "node: full, then short", { "node01.example.com", "node01" }, 2, { 0, 0 } },
	{ "node: two full names are two", { "node01.a.org", "node01.b.org" }, 2, { 0, 1 } },
	{ "node: short beside two full ones is a third",
	  { "node01.a.org", "node01.b.org", "node01" },
	  3,
	  { 0, 1, 2 } },
	{ "node: short and full, then another full",
	  { "node01", "node01.a.org", "node01.b.org" },
	  3,
	  { 0, 1, 2 } },
	{ "node: addresses are taken whole", { "10.5.0.3", "10.5.0.4", "10" }, 3, { 0, 1, 2 } },
	{ "node: IPv6 addresses are taken whole", { "2001:db8::1", "2001:db8::2" }, 2, { 0, 1 } },
	{ "node: one letter more is another",
	  { "node1", "node11.example.com", "node1.example.com" },
	  3,
	  { 0, 1, 0 } },
};

static void check_node(void **state)
{
	const struct node_row *row = *state;
	struct nodes known;
	struct rig r;
	struct names n;
	struct err e = { 0 };
	int64_t got[5];
	bool changed;

	rig_open(&r);
	assert_ok(store_begin(&r.store, &changed, &e), &e);
	names_init(&n, &r.store);
	for (size_t i = 0; i < row->n; i++) {
		got[i] = names_node(&n, bytes_of(row->names[i]), &e);
		assert_ok(got[i], &e);
		assert_ok(loss_save(&r.store,
				    &(struct loss_row){ .node = got[i],
							.kind = "rate",
							.stamp = 1,
							.t = WHEN_NONE,
							.ingest = 1 },
				    &e),
			  &e);
	}
	assert_ok(nodes_load(&known, &r.store, false, &e), &e);
	for (size_t i = 0; i < row->n; i++)
		for (size_t k = 0; k < i; k++) {
			assert_int_equal(got[i] == got[k],
					 strcmp(row->names[i], row->names[k]) == 0);
			assert_int_equal(nodes_id(&known, got[i]) == nodes_id(&known, got[k]),
					 row->node[i] == row->node[k]);
			assert_int_equal(nodes_named(&known, got[i], bytes_of(row->names[k])),
					 row->node[i] == row->node[k]);
		}
	for (size_t i = 0; i < row->n; i++)
		assert_int_equal(names_node(&n, bytes_of(row->names[i]), &e), got[i]);
	nodes_release(&known);
	names_release(&n);
	store_rollback(&r.store);
	rig_close(&r);
}

/* ---- labels and paths ---- */

static struct subj_row { const char *name, *subj, *kept;
} subjects[] = {
	{ "subj: categories go", "system_u:system_r:container_t:s0:c5,c26",
	  "system_u:system_r:container_t:s0" },
	{ "subj: a range of categories goes", "system_u:system_r:svirt_t:s0:c0.c1023",
	  "system_u:system_r:svirt_t:s0" },
	{ "subj: a level alone stays", "system_u:system_r:init_t:s0",
	  "system_u:system_r:init_t:s0" },
	{ "subj: AppArmor stays", "=docker-default (enforce)", "=docker-default (enforce)" },
	{ "subj: several modules stay", "?", "?" },
	{ "subj: a colon at the end stays", "a:", "a:" },
	{ "subj: a word that begins with c stays", "u:r:t:control", "u:r:t:control" },
};

static void check_subj(void **state)
{
	const struct subj_row *row = *state;

	assert_bytes(names_subj(bytes_of(row->subj)), row->kept);
}

static void paths_show_names_or_the_last_part_of_exe_escaped(void **state)
{
	struct rig r;
	struct names n;
	struct err e = { 0 };
	int64_t init, sh, hostile;
	auto_buf struct buf text = { 0 };
	bool changed;

	(void)state;
	rig_open(&r);
	assert_ok(store_begin(&r.store, &changed, &e), &e);
	names_init(&n, &r.store);
	init = names_path(&n, 0, store_string(&r.store, BYTES("/"), &e),
			  store_string(&r.store, BYTES("runc:[2:INIT]"), &e), &e);
	sh = names_path(&n, init, store_string(&r.store, BYTES("/usr/bin/dash (deleted)"), &e), 0,
			&e);
	hostile = names_path(&n, sh, store_string(&r.store, BYTES("/x"), &e),
			     store_string(&r.store, BYTES("\x1b[2J"), &e), &e);
	assert_true(init > 0 && sh > init && hostile > sh);
	assert_int_equal(names_path(&n, init,
				    store_string(&r.store, BYTES("/usr/bin/dash (deleted)"), &e), 0,
				    &e),
			 sh);
	rig_rows(&r, "SELECT text FROM path ORDER BY id", &text);
	assert_string_equal(
		buf_text(&text),
		"runc:[2:INIT]\nrunc:[2:INIT] > dash\nrunc:[2:INIT] > dash > \\x1b[2J\n");
	names_release(&n);
	store_rollback(&r.store);
	rig_close(&r);
}

/* ---- two names of one machine ---- */

/* Every table with a node: nothing is left that hangs on the one that is gone. */
static void an_alias_takes_along_what_hangs_on_the_node(void **state)
{
	auto_buf struct buf broken = { 0 };
	struct err e = { 0 };
	struct rig r;
	bool changed;

	(void)state;
	rig_open(&r);
	assert_ok(store_begin(&r.store, &changed, &e), &e);
	assert_int_equal(
		sqlite3_exec(
			r.store.db,
			"INSERT INTO node VALUES (1, x'61'), (2, x'62'); INSERT INTO node_name VALUES (x'61', 1), (x'62', 2); "
			"INSERT INTO event VALUES (1, 7, 5, 5, 'gone', NULL), (2, 7, 5, 5, 'gone', NULL), (2, 8, 6, 6, 'born', 7)",
			NULL, NULL, NULL),
		SQLITE_OK);
	assert_ok(alias_nodes(&r.store, BYTES("a"), BYTES("b"), &e), &e);
	assert_int_equal(rig_number(&r, "SELECT count(*) FROM event WHERE node = 1"), 2);
	rig_rows(&r, "PRAGMA foreign_key_check", &broken);
	assert_string_equal(buf_text(&broken), "");
	store_rollback(&r.store);
	rig_close(&r);
}

/* ---- statements ---- */

static const struct { const char *name, *sql; } statements[] = {
#undef STMT
#define STMT(id, text) { #id, text },
#include "stmt.h" /* all that stand in store/, gathered by the build */
#undef STMT
};

/*
 * What is asked for often is found by an index that narrows it down to more than a node, since a
 * log may be of one node: no line of a plan scans a large table, or searches it by (node=?) alone.
 */
static void no_statement_walks_through_a_large_table(void **state)
{
	static const char *const bad[] = { "SCAN interval",    "SCAN image",	   "SCAN part",
					   "SCAN derive_page", "SCAN presence",	   "SCAN tree",
					   "SCAN string",      "SCAN seen",	   "SCAN fold_",
					   "SCAN maker",       "SCAN part_makers", "SCAN path",
					   "(node=?)\n" };
	struct rig r;

	(void)state;
	assert_true(ARRAY_SIZE(statements) > 80);
	rig_open(&r);
	for (size_t i = 0; i < ARRAY_SIZE(statements); i++) {
		auto_buf struct buf plan = { 0 };
		char *sql = mem_print("EXPLAIN QUERY PLAN %s", statements[i].sql);

		rig_rows(&r, sql, &plan);
		for (size_t k = 0; k < ARRAY_SIZE(bad); k++)
			if (strstr(buf_text(&plan), bad[k]) != NULL &&
			    strcmp(statements[i].name, "contradicted") != 0 &&
			    strstr(buf_text(&plan), "seen USING") == NULL &&
			    strstr(buf_text(&plan), "boot USING") == NULL)
				fail_msg("%s: %s", statements[i].name, buf_text(&plan));
		free(sql);
	}
	rig_close(&r);
}

int main(void)
{
	struct tests t = { 0 };

	unsetenv("SCAUDIT_DB");
	unsetenv("XDG_STATE_HOME");
	ADD(&t, a_new_store_is_for_its_owner_alone);
	ADD(&t, a_named_store_needs_its_folder);
	ADD(&t, a_user_s_store_is_below_home);
	ADD(&t, the_other_place_is_named);
	ADD_ROWS(&t, opens, check_open);
	ADD_ROWS(&t, changes, check_change);
	ADD(&t, builds_are_one_row_with_their_time);
	ADD(&t, a_writer_learns_that_another_wrote);
	ADD(&t, strings_have_one_row_for_all_writers);
	ADD_ROWS(&t, nodes, check_node);
	ADD_ROWS(&t, subjects, check_subj);
	ADD(&t, paths_show_names_or_the_last_part_of_exe_escaped);
	ADD(&t, an_alias_takes_along_what_hangs_on_the_node);
	ADD(&t, no_statement_walks_through_a_large_table);
	return run_rows(&t, "store");
}
