/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Statements: how they are run, and their rows walked. For store/ alone: who needs rows asks
 * store/rows for them.
 */
#ifndef STORE_SQL_H
#define STORE_SQL_H

#include "store/store.h"

#include <sqlite3.h>

/* A statement that is kept prepared. It stands beside the code that binds its parameters and reads
 * its columns. */
struct stmt {
	const char *sql;
	size_t at;           /* its place in store.stmts, + 1; 0: it was not run yet */
};

#define STMT(id, text) static struct stmt STMT_##id[1] = { { text, 0 } }

/* What is bound to one parameter. Bytes are borrowed for the call. */
struct store_value {
	enum { STORE_NULL, STORE_INT, STORE_TEXT, STORE_BLOB } kind;
	int64_t i;
	struct bytes b;
};

/* What is bound to the parameters ?1, ?2 ... of a statement: ARGS(V_INT(pid), V_TEXT(name)), or
 * NO_ARGS. */
struct store_args { const struct store_value *v; size_t n; };

#define V_INT(x) ((struct store_value){ .kind = STORE_INT, .i = (int64_t)(x) })
#define V_TEXT(x) ((struct store_value){ .kind = STORE_TEXT, .b = (x) })
#define V_BLOB(x) ((struct store_value){ .kind = STORE_BLOB, .b = (x) })
#define V_NULL ((struct store_value){ .kind = STORE_NULL })
#define V_INT_IF(known, x)                                                                         \
	((struct store_value){ .kind = (known) ? STORE_INT : STORE_NULL, .i = (int64_t)(x) })
#define V_TIME(t) V_INT_IF((t) != WHEN_NONE, t)
#define ARGS(...)                                                                                  \
	((struct store_args){ (const struct store_value[]){ __VA_ARGS__ },                         \
			      sizeof((const struct store_value[]){ __VA_ARGS__ }) /                \
				      sizeof(struct store_value) })
#define NO_ARGS ((struct store_args){ NULL, 0 })

/*
 * Takes one row of an answer. Returns 0 to go on, STORE_ENOUGH to end the walk, -1 with *e set. It
 * may run other statements, not the one that is walked.
 */
#define STORE_ENOUGH 1
struct store_walk { int (*take)(void *to, sqlite3_stmt *row, struct err *e); void *to; };
#define WALK(take, to) ((struct store_walk){ take, to })

/*
 * Walks all rows of a statement's answer. 0: the last row was taken, or `take` had enough; -1: a
 * parameter was not bound, a read failed, or `take` said so. A read that failed is never the end of
 * the rows.
 */
int store_each(struct store *s, struct stmt *stmt, struct store_args args, struct store_walk walk,
	       struct err *e);

/* The first n columns of the first row, as integers (NULL is 0). *found: there was a row; else out
 * stays as it is. */
int store_find(struct store *s, struct stmt *stmt, struct store_args args, int64_t *out, size_t n,
	       bool *found, struct err *e);

/* The number that a statement is about: its answer always has one row. */
int store_number(struct store *s, struct stmt *stmt, struct store_args args, int64_t *out,
		 struct err *e);

/* Is that number above 0? */
int store_any(struct store *s, struct stmt *stmt, struct store_args args, bool *yes, struct err *e);

/* The highest id that a table has given. */
int store_top(struct store *s, struct stmt *stmt, const char *table, int64_t *id, struct err *e);

/* Runs a statement that gives no rows. */
int store_run(struct store *s, struct stmt *stmt, struct store_args args, struct err *e);

/* The row that the last INSERT made. */
static inline int64_t store_last_row(const struct store *s)
{
	return sqlite3_last_insert_rowid(s->db);
}

/* The same for statements that are needed too rarely to be kept. */
int store_each_sql(struct store *s, const char *sql, struct store_args args, struct store_walk walk,
		   struct err *e);
int store_number_sql(struct store *s, const char *sql, struct store_args args, int64_t *out,
		     struct err *e);
int store_run_sql(struct store *s, const char *sql, struct store_args args, struct err *e);

/* Runs several statements without parameters, one after the other. */
int store_script(struct store *s, const char *sql, struct err *e);

/* Sets *e from SQLite's last error; returns -1. */
int store_fail(struct store *s, struct err *e);

/* -1 where a failure before has ended the transaction that what runs next would belong to. */
int store_still_open(struct store *s, struct err *e);

static inline struct bytes store_column(sqlite3_stmt *st, int i)
{
	struct bytes out = { sqlite3_column_blob(st, i), 0 };

	out.n = (size_t)sqlite3_column_bytes(st, i);
	return out;
}

#endif
