/*
 * The store: one SQLite file in WAL mode. Writers take turns: a batch is processed under the write lock, and
 * the generation counter tells whether somebody else wrote in between.
 */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include "store/base/bytes.h"
#include "store/base/err.h"
#include "store/base/pool.h"

#include <sqlite3.h>

#define STORE_APPLICATION_ID 0x53434155 /* "SCAU" */
#define STORE_VERSION 3
#define STORE_LOCK_MS 60000 /* how long a writer waits for another */

enum stmt {
#define STMT(id, sql) STMT_##id,
#include "store/stmt_list.h"
#undef STMT
	N_STMTS,
};

struct store {
	sqlite3 *db;
	char *path;
	int64_t generation;          /* of what this process has in memory */
	sqlite3_stmt *stmt[N_STMTS]; /* prepared when first asked for */
	struct pool strings;         /* what was interned; string_id[i] is the row of pool id i + 1 */
	int64_t *string_id;
	uint32_t n_string_id;
};

enum store_mode { STORE_READ, STORE_WRITE };

/*
 * Opens the store. path NULL: $SCAUDIT_DB, else the default place. STORE_WRITE makes folder (0700) and file
 * (0600) where they are missing. STORE_READ without a store: ST_NO with what to do; where the other default place
 * holds records, the message says so. A store of an older version is brought up to this one. One of a newer version, or a
 * file that is none: ST_SYSTEM.
 */
int store_open(struct store *s, const char *path, enum store_mode mode, struct err *e);
void store_close(struct store *s);

/* Takes the write lock, waiting up to STORE_LOCK_MS. *changed: another process committed since our last commit. */
int store_begin(struct store *s, bool *changed, struct err *e);
int store_commit(struct store *s, struct err *e);
void store_rollback(struct store *s);

/* Ends a read transaction, so that this process may write. */
int store_end(struct store *s, struct err *e);

/* A read transaction, so that several queries see one state. */
int store_snapshot(struct store *s, struct err *e);

/* The prepared statement, reset and ready to bind; borrowed. NULL: *e is set. */
sqlite3_stmt *store_stmt(struct store *s, enum stmt id, struct err *e);

/* Runs a statement that gives no rows. */
int store_run(struct store *s, sqlite3_stmt *st, struct err *e);

/* The next row: 1, 0 at the end, -1 on failure. */
int store_step(struct store *s, sqlite3_stmt *st, struct err *e);

/*
 * Runs one statement that is needed too rarely to be kept. Of v[0..n-1] as many are bound as it has parameters; *out,
 * where it is not NULL, becomes the first column of the first row and stays where there is none.
 */
int store_once(struct store *s, const char *sql, const int64_t *v, size_t n, int64_t *out, struct err *e);

/* Sets *e from SQLite's last error; returns -1. */
int store_fail(struct store *s, struct err *e);

/* Row of an interned string, made if new (under the write lock). -1 on failure. */
int64_t store_string(struct store *s, struct bytes b, struct err *e);

/* Binds 64-bit integers to parameters 1..n. */
#define STORE_BIND(st, ...)                                                                           \
	store_bind_all(st, (const int64_t[]){ __VA_ARGS__ },                                         \
		       sizeof((const int64_t[]){ __VA_ARGS__ }) / sizeof(int64_t))
void store_bind_all(sqlite3_stmt *st, const int64_t *v, size_t n);

static inline struct bytes store_column(sqlite3_stmt *st, int i)
{
	struct bytes out = { sqlite3_column_blob(st, i), 0 };

	out.n = (size_t)sqlite3_column_bytes(st, i);
	return out;
}

#endif
