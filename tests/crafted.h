/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Stores as somebody else might make them: a small valid one, in which values are put that no
 * scaudit writes. For tests and for the fuzzer; made with SQLite alone.
 */
#ifndef TESTS_CRAFTED_H
#define TESTS_CRAFTED_H

#include "analyze/evidence/main_program.h"
#include "ingest/upkeep/compact.h"
#include "ingest/upkeep/forget.h"
#include "ingest/ingest.h"
#include "store/base/mem.h"
#include "store/base/when.h"
#include "store/query.h"
#include "store/sql.h"
#include "store/status.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static inline void crafted_must(bool fine, const char *what)
{
	if (fine)
		return;
	fprintf(stderr, "broken: %s\n", what);
	abort();
}

static inline void crafted_sql(sqlite3 *db, const char *sql)
{
	crafted_must(sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK, sqlite3_errmsg(db));
}

/* The database as SQLite has it, without any of scaudit's care. */
static inline sqlite3 *crafted_open(const char *path)
{
	sqlite3 *db = NULL;

	crafted_must(sqlite3_open(path, &db) == SQLITE_OK, path);
	return db;
}

/* ---- the valid store: a row of each table ---- */

/* Processes that fork, exec and end, of two nodes and two boots; a loss; a record without a serial.
 */
static inline void crafted_log(const char *path, int64_t second)
{
	static const struct { int pid, nr; const char *comm, *exe, *ip;
	} rows[] = {
		{ 100, 257, "runc:[2:INIT]", "/", "40828e" },
		{ 100, 59, "runc:[2:INIT]", "/", "40828f" },
		{ 100, 12, "sh", "/usr/bin/dash", "7f1212345678" },
		{ 100, 56, "sh", "/usr/bin/dash", "7f1212345679" },
		{ 101, 0, "sh", "/usr/bin/dash", "7f1212345700" },
		{ 101, 59, "sh", "/usr/bin/dash", "7f1212345710" },
		{ 101, 12, "perl", "/usr/bin/perl", "7f3456789012" },
		{ 101, 231, "perl", "/usr/bin/perl", "7f3456789019" },
		{ 100, 61, "sh", "/usr/bin/dash", "7f1212345679" },
		{ 100, 56, "sh", "/usr/bin/dash", "7f1212345679" },
		{ 102, 0, "sh", "/usr/bin/dash", "7f1212345700" },
		{ 103, 3, "daemon", "/usr/sbin/daemon", "5555" },
	};
	FILE *f = fopen(path, "w");

	crafted_must(f != NULL, path);
	for (unsigned i = 0; i < ARRAY_SIZE(rows); i++)
		fprintf(f,
			"%stype=1326 audit(%lld.%03u:%u): auid=4294967295 uid=0 gid=0 "
			"ses=4294967295 subj=a:b:c pid=%d comm=\"%s\" exe=\"%s\" "
			"sig=0 arch=c000003e syscall=%d compat=0 ip=0x%s code=0x%s\n",
			i == 11 ? "Nov 28 10:00:00 b kernel: audit: "
				: "Nov 28 10:00:00 a kernel: audit: ",
			(long long)second, i * 40, 1000 + i, rows[i].pid, rows[i].comm,
			rows[i].exe, rows[i].nr, rows[i].ip, i == 8 ? "50000" : "7ffc0000");
	fprintf(f, "Nov 28 10:00:01 a kernel: audit: audit_lost=7 audit_rate_limit=0 "
		   "audit_backlog_limit=64\n");
	crafted_must(fclose(f) == 0, path);
}

static inline int crafted_ingest(struct store *s, const char *log, const char *label,
				 const char *policy, struct err *e)
{
	struct ingest_options o = { .version = "test", .label = label, .policy = policy };
	struct ingest_report report;

	return ingest_run(s, &log, 1, &o, &report, e);
}

static inline struct compact_tree crafted_tree(const struct query *q, size_t i)
{
	const struct query_tree *t = &q->trees.v[i];
	const struct compact_view view = { .there = true,
					   .key = t->code,
					   .start_seen = t->start_seen,
					   .labels = t->labels.v,
					   .n_labels = t->labels.n,
					   .main_part = q->images.v[t->main].id };
	struct compact_tree out = { .tree = t->id, .node = t->row, .all = view };

	if (t->trusted)
		out.trusted = view;
	return out;
}

/* Compacts all trees that are not compacted yet. */
static inline int crafted_fold(struct store *s, struct query *q, struct err *e)
{
	auto_free struct compact_tree *trees = mem_alloc(q->trees.n * sizeof(*trees));
	bool changed;
	size_t n = 0;
	int ret;

	main_program_find(q);
	for (size_t i = 0; i < q->trees.n; i++)
		if (q->trees.v[i].id != 0)
			trees[n++] = crafted_tree(q, i);
	ret = store_begin(s, &changed, e);
	if (ret == 0)
		ret = compact_run(s, trees, n, e);
	if (ret == 0)
		ret = store_commit(s, e);
	store_rollback(s);
	return ret;
}

static inline void crafted_valid(const char *path, const char *log)
{
	struct store s;
	struct query q;
	struct err e = { 0 };
	sqlite3 *db;

	crafted_log(log, 1700000000);
	crafted_must(store_open(&s, path, STORE_WRITE, &e) == 0, e.msg);
	crafted_must(crafted_ingest(&s, log, "nightly", log, &e) == 0, e.msg);
	crafted_must(query_load(&q, &s, WHEN_NONE, WHEN_NONE, false, &e) == 0, e.msg);
	crafted_must(crafted_fold(&s, &q, &e) == 0, e.msg);
	query_release(&q);
	crafted_log(log, 1700009000);
	crafted_must(crafted_ingest(&s, log, NULL, NULL, &e) == 0, e.msg);
	crafted_must(crafted_ingest(&s, log, "nightly", NULL, &e) == 0, e.msg);
	crafted_log(log, 1700019000);
	crafted_must(crafted_ingest(&s, log, "again", log, &e) == 0, e.msg);
	store_close(&s);
	db = crafted_open(path);
	crafted_sql(
		db,
		"INSERT INTO place SELECT 1, node, x'', x'6162', x'', x'', x'', x'', x'782e73657276696365', x'' FROM interval LIMIT 1;"
		"INSERT INTO sighting SELECT id, 1 FROM interval LIMIT 3; INSERT INTO tree_place SELECT id, 1, 1 FROM tree LIMIT 1;"
		"INSERT INTO fold_place SELECT id, 1 FROM fold LIMIT 1;"
		"INSERT INTO build SELECT node, exe, 1, 1, 'abcd', t_first, t_last FROM interval LIMIT 1;"
		"INSERT INTO capture SELECT ingest, node, t_first, t_last, serial_first, serial_last, 9, 0, 0, 0, 0, 1 FROM interval "
		"ORDER BY id DESC LIMIT 1;"
		"INSERT INTO presence SELECT 1, node, pid, exe, 1, 1, t_first / 3600000, t_first, t_last, 7, part FROM interval LIMIT 1;"
		"INSERT INTO event SELECT node, pid, t_first - 1, serial_first - 1, 'born', 100 FROM interval WHERE pid = 101 LIMIT 1;"
		"INSERT INTO event SELECT node, pid, t_last, serial_last, 'gone', NULL FROM interval WHERE pid = 101 LIMIT 1");
	sqlite3_close(db);
}

/* ---- mutations ---- */

/* Takes from the tables, or gives them back, what keeps types and NULL out of columns. */
static inline void crafted_loosen(sqlite3 *db)
{
	crafted_sql(
		db,
		"CREATE TEMP TABLE kept AS SELECT rowid AS at, sql AS was FROM sqlite_schema WHERE type = 'table';"
		"PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = replace(replace(sql, 'STRICT, WITHOUT ROWID', "
		"'WITHOUT ROWID'), ') STRICT', ')') WHERE type = 'table'; UPDATE sqlite_schema SET sql = replace(replace(sql, "
		"'NOT NULL', ''), ' ANY', '') WHERE type = 'table'; PRAGMA writable_schema = RESET");
}

static inline void crafted_tighten(sqlite3 *db)
{
	crafted_sql(
		db,
		"PRAGMA writable_schema = ON; UPDATE sqlite_master SET sql = (SELECT was FROM kept WHERE at = sqlite_master.rowid) "
		"WHERE rowid IN (SELECT at FROM kept); PRAGMA writable_schema = OFF; DROP TABLE kept");
}

/* What is put into a column: SQL. */
static const char *const crafted_values[] = {
	"NULL",
	"0",
	"1",
	"-1",
	"2147483647",
	"2147483648",
	"4294967294",
	"4294967295",
	"4294967296",
	"253402300800000",
	"1099511627777",
	"9223372036854775807",
	"-9223372036854775808",
	"1e300",
	"''",
	"'x'",
	"CAST(x'1b5d303b70776e65640a' AS TEXT)",
	"x'ff00ff'",
	"zeroblob(70000)",
	"'[[1,1,-1,0,0,0,0,0,0]]'",
	"'[[1,1,1,0,0,9223372036854775807,0,0,0]]'",
	"'[[1,1,1,0,0,0,0,4294967295,0]]'",
	"'[[4294967295,1,1,0,0,0,0,0,0]]'",
	"'[[0,0,9]]'",
	"'[1,1,1]'",
	"'[[[[[[[['",
	"x'00ffffffffffffffff7f'",
	"x'0006000301050407'",
	"x'01800800'",
	"x'ffffffffffffffffff01ffffffffffffffffff0100000101'",
};
/* The same with a number that the caller chooses: behind it comes ")". */
static const char *const crafted_links[] = {
	"(SELECT id FROM part ORDER BY id LIMIT 1 OFFSET ",
	"(SELECT id FROM path ORDER BY id LIMIT 1 OFFSET ",
	"(SELECT id FROM string ORDER BY id LIMIT 1 OFFSET ",
	"(SELECT id FROM tree ORDER BY id LIMIT 1 OFFSET ",
	"(",
	"(1700019000000 + ",
	"(4294967295 - ",
};

struct crafted_column { char table[24], column[24]; };
struct crafted_columns { struct crafted_column *v; size_t n, cap; };

static inline void crafted_list(const char *path, struct crafted_columns *out)
{
	sqlite3 *db = crafted_open(path);
	sqlite3_stmt *st = NULL;

	crafted_must(
		sqlite3_prepare_v2(
			db,
			"SELECT t.name, c.name FROM pragma_table_list AS t, pragma_table_info(t.name) AS c WHERE t.type = 'table' "
			"AND t.schema = 'main' AND t.name NOT LIKE 'sqlite%' ORDER BY 1, c.cid",
			-1, &st, NULL) == SQLITE_OK,
		"columns");
	while (sqlite3_step(st) == SQLITE_ROW) {
		struct crafted_column *c = VEC_PUSH(out);

		snprintf(c->table, sizeof(c->table), "%s",
			 (const char *)sqlite3_column_text(st, 0));
		snprintf(c->column, sizeof(c->column), "%s",
			 (const char *)sqlite3_column_text(st, 1));
	}
	sqlite3_finalize(st);
	sqlite3_close(db);
}

/* Sets a column of the nth row (row below 250), or of all of them. What a key or an id refuses
 * stays as it was. */
static inline void crafted_set(sqlite3 *db, const struct crafted_column *c, unsigned row,
			       const char *value)
{
	char sql[2048], key[200] = "";
	sqlite3_stmt *st = NULL;

	snprintf(sql, sizeof(sql),
		 "SELECT group_concat(name, ', ') FROM pragma_table_info('%s') WHERE pk > 0",
		 c->table);
	if (sqlite3_prepare_v2(db, sql, -1, &st, NULL) == SQLITE_OK &&
	    sqlite3_step(st) == SQLITE_ROW)
		snprintf(key, sizeof(key), "%s", (const char *)sqlite3_column_text(st, 0));
	sqlite3_finalize(st);
	if (row < 250)
		snprintf(
			sql, sizeof(sql),
			"UPDATE OR IGNORE \"%s\" SET \"%s\" = %s WHERE (%s) IN (SELECT %s FROM \"%s\" LIMIT 1 OFFSET %u)",
			c->table, c->column, value, key, key, c->table, row);
	else
		snprintf(sql, sizeof(sql), "UPDATE OR IGNORE \"%s\" SET \"%s\" = %s", c->table,
			 c->column, value);
	sqlite3_exec(db, sql, NULL, NULL, NULL);
}

/* ---- what is done with such a store ---- */

static inline void crafted_copy(const char *from, const char *to)
{
	static char block[1 << 20];
	FILE *a = fopen(from, "rb"), *b = fopen(to, "wb");
	size_t n;

	crafted_must(a != NULL && b != NULL, to);
	while ((n = fread(block, 1, sizeof(block), a)) > 0)
		crafted_must(fwrite(block, 1, n, b) == n, to);
	fclose(a);
	fclose(b);
}

/* What reaches a screen as it is. */
static inline void crafted_plain(struct bytes b, const char *what)
{
	for (size_t i = 0; i < b.n; i++)
		crafted_must(b.p[i] >= 0x20 && b.p[i] <= 0x7e, what);
}

static inline void crafted_look(struct query *q, const struct status_store *all)
{
	main_program_find(q);
	for (size_t i = 0; i < q->trees.n; i++) {
		crafted_must(q->trees.v[i].root < q->images.n && q->trees.v[i].main < q->images.n,
			     "a tree without its first image");
		crafted_plain(q->trees.v[i].code, "a tree's code");
	}
	for (size_t i = 0; i < q->images.n; i++)
		crafted_plain(q->images.v[i].path, "a path");
	for (size_t i = 0; i < q->policies.n; i++)
		crafted_plain(q->policies.v[i].name, "a policy's name");
	for (size_t i = 0; i < q->builds.n; i++)
		crafted_plain(q->builds.v[i].id, "a build-id");
	for (size_t i = 0; i < all->nodes.n; i++)
		for (size_t k = 0; k < all->nodes.v[i].losses.n; k++)
			crafted_plain(bytes_of(all->nodes.v[i].losses.v[k].kind), "a kind of loss");
}

/* A failure says what failed. */
static inline void crafted_said(int ret, struct err *e)
{
	crafted_must(ret == 0 || (ret == -1 && e->status != ST_OK && e->msg[0] != '\0'),
		     "a failure that says nothing");
	*e = (struct err){ 0 };
}

/* Reads all that commands read; then forgets, folds and ingests, each in a transaction that stays
 * or goes. */
static inline void crafted_use(const char *path, const char *log)
{
	struct forget_what what = {
		.since = WHEN_NONE, .until = WHEN_NONE, .before = 1700001000000, .unsee = true
	};
	struct forget_report report;
	struct query_losses losses = { 0 };
	struct status_store all = { 0 };
	struct query q = { 0 };
	struct store s = { 0 };
	struct err e = { 0 };
	bool changed;
	int ret = store_open(&s, path, STORE_CHANGE, &e), loaded;

	crafted_said(ret, &e);
	if (ret < 0) {
		store_close(&s);
		return;
	}
	loaded = query_load(&q, &s, WHEN_NONE, WHEN_NONE, false, &e);
	crafted_said(loaded, &e);
	crafted_said(query_losses(&losses, &q, &s, WHEN_NONE, WHEN_NONE, &e), &e);
	crafted_said(ret = status_load(&all, &s, 10, false, &e), &e);
	if (loaded == 0 && ret == 0)
		crafted_look(&q, &all);
	crafted_said(crafted_ingest(&s, log, "more", NULL, &e), &e);
	store_rollback(&s);
	ret = store_begin(&s, &changed, &e);
	if (ret == 0)
		ret = forget_run(&s, &what, &report, &e);
	if (ret == 0)
		ret = store_commit(&s, &e);
	crafted_said(ret, &e);
	store_rollback(&s);
	if (loaded == 0)
		crafted_said(crafted_fold(&s, &q, &e), &e);
	VEC_FREE(&losses);
	status_release(&all);
	query_release(&q);
	store_close(&s);
}

#endif
