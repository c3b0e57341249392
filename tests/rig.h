/* SPDX-License-Identifier: Apache-2.0 */
/* A store of its own in a folder of its own, for tests that need one. */
#ifndef TESTS_RIG_H
#define TESTS_RIG_H

#include "tests/test.h"

#include "store/base/buf.h"
#include "store/sql.h"

#include <sys/stat.h>
#include <unistd.h>

struct rig {
	char dir[64];
	char *db;
	struct store store;
};

#define assert_ok(call, e)                                                                         \
	do {                                                                                       \
		if ((call) < 0)                                                                    \
			fail_msg("%s: %s", #call, (e)->msg);                                       \
	} while (0)

static inline void rig_open(struct rig *r)
{
	const char *tmp = getenv("TMPDIR");
	struct err e = { 0 };

	*r = (struct rig){ 0 };
	snprintf(r->dir, sizeof(r->dir), "%.40s/scaudit.XXXXXX", tmp != NULL ? tmp : "/tmp");
	if (mkdtemp(r->dir) == NULL)
		fail_msg("cannot make a folder in %s", tmp != NULL ? tmp : "/tmp");
	r->db = mem_print("%s/store.db", r->dir);
	assert_ok(store_open(&r->store, r->db, STORE_WRITE, &e), &e);
	/* the view calls functions of JSON, as a user's sqlite3 may and scaudit itself never does
	 */
	sqlite3_db_config(r->store.db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 1, NULL);
}

/* Every file that tests put into the folder goes, too. */
static inline void rig_close(struct rig *r)
{
	char *command = mem_print("rm -rf '%s'", r->dir);

	store_close(&r->store);
	if (system(command) != 0)
		fail_msg("cannot remove %s", r->dir);
	free(command);
	free(r->db);
}

static inline char *rig_path(const struct rig *r, const char *name)
{
	return mem_print("%s/%s", r->dir, name);
}

/* Writes a file; mode as for chmod. */
static inline void rig_file(const char *path, struct bytes text, mode_t mode)
{
	FILE *f = fopen(path, "wb");

	if (f == NULL)
		fail_msg("cannot write %s", path);
	if (text.n)
		assert_int_equal(fwrite(text.p, 1, text.n, f), text.n);
	assert_int_equal(fclose(f), 0);
	chmod(path, mode);
}

/* The first column of the first row as a number. */
static inline int64_t rig_number(const struct rig *r, const char *sql)
{
	sqlite3_stmt *st = NULL;
	int64_t out;

	if (sqlite3_prepare_v2(r->store.db, sql, -1, &st, NULL) != SQLITE_OK ||
	    sqlite3_step(st) != SQLITE_ROW)
		fail_msg("%s: %s", sql, sqlite3_errmsg(r->store.db));
	out = sqlite3_column_int64(st, 0);
	sqlite3_finalize(st);
	return out;
}

/* All rows as text, "|" between columns, appended to *out. */
static inline void rig_rows(const struct rig *r, const char *sql, struct buf *out)
{
	sqlite3_stmt *st = NULL;

	if (sqlite3_prepare_v2(r->store.db, sql, -1, &st, NULL) != SQLITE_OK)
		fail_msg("%s: %s", sql, sqlite3_errmsg(r->store.db));
	while (sqlite3_step(st) == SQLITE_ROW) {
		for (int i = 0; i < sqlite3_column_count(st); i++) {
			const unsigned char *text = sqlite3_column_text(st, i);

			buf_printf(out, "%s%s", i ? "|" : "", text ? (const char *)text : "-");
		}
		buf_char(out, '\n');
	}
	sqlite3_finalize(st);
}

#endif
