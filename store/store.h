/*
 * The store: one SQLite file in WAL mode. Writers take turns: a batch is processed under the write lock, and
 * the generation counter tells whether somebody else wrote in between.
 */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include "store/base/bytes.h"
#include "store/base/err.h"
#include "store/base/pool.h"
#include "store/base/when.h"
#include "store/owner.h"
#include "store/wait.h"

#include <sqlite3.h>

#define STORE_APPLICATION_ID 0x53434155 /* "SCAU" */
#define STORE_VERSION 4

enum stmt {
#define STMT(id, sql) STMT_##id,
#include "store/stmt_list.h"
#undef STMT
	N_STMTS,
};

struct store {
	sqlite3 *db;
	char *path;
	struct owner owner;          /* whose it is, and whether its trusted marks count */
	int64_t generation;          /* of what this process has in memory */
	sqlite3_stmt *stmt[N_STMTS]; /* prepared when first asked for */
	struct store_wait wait;      /* for other processes */
	bool reads;                  /* opened with STORE_READ */
	bool older;                  /* the file is of version 3 */
	bool writing;                /* between store_begin and store_commit or store_rollback */
	struct pool strings;         /* what was interned; string_id[i] is the row of pool id i + 1 */
	int64_t *string_id;
	uint32_t n_string_id;
};

enum store_mode {
	STORE_READ,
	STORE_CHANGE, /* writes, to a store that is there */
	STORE_WRITE,  /* writes, and makes it where it is missing */
	STORE_UPGRADE, /* for ingest/upkeep/upgrade: the file as it is, whatever its version */
};

/*
 * Opens the store. path NULL: $SCAUDIT_DB, else the default place. STORE_WRITE makes folder (0700) and file
 * (0600) where they are missing. Else, without a store: ST_NO with what to do; where the other default place
 * holds records, the message says so. A store of version 3 can be read; to write it, it has to be brought up: s->older is
 * set then, and see ingest/upkeep/upgrade. One of a newer version, or a file that is none, or has other tables than ours: ST_SYSTEM.
 *
 * Any store may be read, whoever owns it: see owner_look for who may write. One of somebody else's is not changed, and its
 * pages are looked at first.
 */
int store_open(struct store *s, const char *path, enum store_mode mode, struct err *e);

/* The same; wait: how long to wait for other processes, here and later; copied. store_open: WAIT_MS, in silence. */
int store_open_waiting(struct store *s, const char *path, enum store_mode mode, const struct store_wait *wait, struct err *e);

/* The store closes its file. What was committed is whole, whether this succeeds or not. */
void store_close(struct store *s);

/* Do the store's trusted marks count? Else all in it is text. */
static inline bool store_trusts(const struct store *s)
{
	return s->owner.why[0] == '\0';
}

/*
 * Takes the write lock, waiting for another writer as s->wait says. *changed: another process committed since our last
 * commit. After a failure no transaction is open.
 */
int store_begin(struct store *s, bool *changed, struct err *e);
int store_commit(struct store *s, struct err *e);
void store_rollback(struct store *s);

/* Ends a read transaction, so that this process may write. */
int store_end(struct store *s, struct err *e);

/* A read transaction, so that several queries see one state. */
int store_snapshot(struct store *s, struct err *e);

/* ---- statements ---- */

/* What is bound to one parameter. Bytes are borrowed for the call. */
struct store_value {
	enum { STORE_NULL, STORE_INT, STORE_TEXT, STORE_BLOB } kind;
	int64_t i;
	struct bytes b;
};

/* What is bound to the parameters ?1, ?2 ... of a statement: ARGS(V_INT(pid), V_TEXT(name)), or NO_ARGS. */
struct store_args { const struct store_value *v; size_t n; };

#define V_INT(x) ((struct store_value){ .kind = STORE_INT, .i = (int64_t)(x) })
#define V_TEXT(x) ((struct store_value){ .kind = STORE_TEXT, .b = (x) })
#define V_BLOB(x) ((struct store_value){ .kind = STORE_BLOB, .b = (x) })
#define V_NULL ((struct store_value){ .kind = STORE_NULL })
#define V_INT_IF(known, x) ((struct store_value){ .kind = (known) ? STORE_INT : STORE_NULL, .i = (int64_t)(x) })
#define V_TIME(t) V_INT_IF((t) != WHEN_NONE, t)
#define ARGS(...)                                                                                    \
	((struct store_args){ (const struct store_value[]){ __VA_ARGS__ },                           \
			      sizeof((const struct store_value[]){ __VA_ARGS__ }) / sizeof(struct store_value) })
#define NO_ARGS ((struct store_args){ NULL, 0 })

/*
 * Takes one row of an answer. Returns 0 to go on, STORE_ENOUGH to end the walk, -1 with *e set. It may run other
 * statements, not the one that is walked.
 */
#define STORE_ENOUGH 1
struct store_walk { int (*take)(void *to, sqlite3_stmt *row, struct err *e); void *to; };
#define WALK(take, to) ((struct store_walk){ take, to })

/*
 * Walks all rows of a statement's answer. 0: the last row was taken, or `take` had enough; -1: a parameter was not bound,
 * a read failed, or `take` said so. A read that failed is never the end of the rows.
 */
int store_each(struct store *s, enum stmt id, struct store_args args, struct store_walk walk, struct err *e);

/* The first n columns of the first row, as integers (NULL is 0). *found: there was a row; else out stays as it is. */
int store_find(struct store *s, enum stmt id, struct store_args args, int64_t *out, size_t n, bool *found, struct err *e);

/* The number that a statement is about: its answer always has one row. */
int store_number(struct store *s, enum stmt id, struct store_args args, int64_t *out, struct err *e);

/* Runs a statement that gives no rows. */
int store_run(struct store *s, enum stmt id, struct store_args args, struct err *e);

/* The row that the last INSERT made. */
static inline int64_t store_last_row(const struct store *s)
{
	return sqlite3_last_insert_rowid(s->db);
}

/* The same for statements that are needed too rarely to be kept. */
int store_each_sql(struct store *s, const char *sql, struct store_args args, struct store_walk walk, struct err *e);
int store_number_sql(struct store *s, const char *sql, struct store_args args, int64_t *out, struct err *e);
int store_run_sql(struct store *s, const char *sql, struct store_args args, struct err *e);

/* Runs several statements without parameters, one after the other. */
int store_script(struct store *s, const char *sql, struct err *e);

/* Sets *e from SQLite's last error; returns -1. */
int store_fail(struct store *s, struct err *e);

/* Row of an interned string, made if new (under the write lock). -1 on failure. */
int64_t store_string(struct store *s, struct bytes b, struct err *e);

static inline struct bytes store_column(sqlite3_stmt *st, int i)
{
	struct bytes out = { sqlite3_column_blob(st, i), 0 };

	out.n = (size_t)sqlite3_column_bytes(st, i);
	return out;
}

#endif
