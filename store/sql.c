// SPDX-License-Identifier: Apache-2.0
/* Runs statements: binds parameters, walks rows, keeps them prepared. */
#include "store/sql.h"

#include "store/base/mem.h"
#include "store/model/obs.h"

#include <stdlib.h>

/* Text and blobs need an address even where they are empty: NULL would be bound as NULL. */
static int bind_one(sqlite3_stmt *st, int at, const struct store_value *v)
{
	const char *p = v->b.n > 0 ? v->b.p : "";

	switch (v->kind) {
	case STORE_INT:
		return sqlite3_bind_int64(st, at, v->i);
	case STORE_TEXT:
		return sqlite3_bind_text64(st, at, p, v->b.n, SQLITE_STATIC, SQLITE_UTF8);
	case STORE_BLOB:
		return sqlite3_bind_blob64(st, at, p, v->b.n, SQLITE_STATIC);
	case STORE_NULL:
	default:
		return sqlite3_bind_null(st, at);
	}
}

static int bind(struct store *s, sqlite3_stmt *st, struct store_args args, struct err *e)
{
	if ((size_t)sqlite3_bind_parameter_count(st) != args.n)
		return err_set(e, ST_SYSTEM, "store %s: %zu values for %d parameters: %.60s",
			       s->path, args.n, sqlite3_bind_parameter_count(st), sqlite3_sql(st));
	for (size_t i = 0; i < args.n; i++)
		if (bind_one(st, (int)i + 1, &args.v[i]) != SQLITE_OK)
			return store_fail(s, e);
	return 0;
}

/* Walks the rows of a statement that is ready; it is reset afterwards, however the walk ends. */
static int walk_rows(struct store *s, sqlite3_stmt *st, struct store_args args,
		     struct store_walk walk, struct err *e)
{
	int ret = store_still_open(s, e), code;

	if (ret == 0)
		ret = bind(s, st, args, e);
	while (ret == 0) {
		code = sqlite3_step(st);
		if (code == SQLITE_DONE)
			break;
		if (code != SQLITE_ROW)
			ret = store_fail(s, e);
		else if (walk.take != NULL)
			ret = walk.take(walk.to, st, e);
	}
	wait_end(&s->wait);
	sqlite3_reset(st);
	return ret < 0 ? -1 : 0;
}

/* All statements are numbered as they are first run; each store has them prepared for itself. */
static sqlite3_stmt *prepared(struct store *s, struct stmt *stmt, struct err *e)
{
	static size_t known;
	sqlite3_stmt **st;

	if (stmt->at == 0)
		stmt->at = ++known;
	while (s->stmts.n < stmt->at)
		*VEC_PUSH(&s->stmts) = NULL;
	st = &s->stmts.v[stmt->at - 1];
	if (*st == NULL && sqlite3_prepare_v3(s->db, stmt->sql, -1, SQLITE_PREPARE_PERSISTENT, st,
					      NULL) != SQLITE_OK) {
		store_fail(s, e);
		return NULL;
	}
	return *st;
}

int store_each(struct store *s, struct stmt *stmt, struct store_args args, struct store_walk walk,
	       struct err *e)
{
	sqlite3_stmt *st = prepared(s, stmt, e);

	return st == NULL ? -1 : walk_rows(s, st, args, walk, e);
}

int store_each_sql(struct store *s, const char *text, struct store_args args,
		   struct store_walk walk, struct err *e)
{
	sqlite3_stmt *st = NULL;
	int ret;

	if (sqlite3_prepare_v2(s->db, text, -1, &st, NULL) != SQLITE_OK)
		return store_fail(s, e);
	ret = walk_rows(s, st, args, walk, e);
	sqlite3_finalize(st);
	return ret;
}

struct numbers { int64_t *out; size_t n; bool found; };

static int take_numbers(void *to, sqlite3_stmt *row, struct err *e)
{
	struct numbers *all = to;

	(void)e;
	for (size_t i = 0; i < all->n; i++)
		all->out[i] = sqlite3_column_int64(row, (int)i);
	all->found = true;
	return 0;
}

int store_find(struct store *s, struct stmt *stmt, struct store_args args, int64_t *out, size_t n,
	       bool *found, struct err *e)
{
	struct numbers all = { .out = out, .n = n };
	int ret = store_each(s, stmt, args, WALK(take_numbers, &all), e);

	*found = all.found;
	return ret;
}

static int no_row(struct store *s, struct err *e)
{
	return err_set(e, ST_SYSTEM,
		       "store %s: damaged: a question that always has an answer had none", s->path);
}

int store_number(struct store *s, struct stmt *stmt, struct store_args args, int64_t *out,
		 struct err *e)
{
	bool found;

	if (store_find(s, stmt, args, out, 1, &found, e) < 0)
		return -1;
	return found ? 0 : no_row(s, e);
}

int store_number_sql(struct store *s, const char *text, struct store_args args, int64_t *out,
		     struct err *e)
{
	struct numbers all = { .out = out, .n = 1 };

	if (store_each_sql(s, text, args, WALK(take_numbers, &all), e) < 0)
		return -1;
	return all.found ? 0 : no_row(s, e);
}

int store_any(struct store *s, struct stmt *stmt, struct store_args args, bool *yes, struct err *e)
{
	int64_t n = 0;

	if (store_number(s, stmt, args, &n, e) < 0)
		return -1;
	*yes = n > 0;
	return 0;
}

int store_top(struct store *s, struct stmt *stmt, const char *table, int64_t *id, struct err *e)
{
	if (store_number(s, stmt, NO_ARGS, id, e) < 0)
		return -1;
	return *id >= 0 && *id < OBS_ROW_MAX ?
		       0 :
		       store_damaged(s, table, 0, "its highest id is no row's id", e);
}

int store_run(struct store *s, struct stmt *stmt, struct store_args args, struct err *e)
{
	return store_each(s, stmt, args, (struct store_walk){ 0 }, e);
}

int store_run_sql(struct store *s, const char *text, struct store_args args, struct err *e)
{
	return store_each_sql(s, text, args, (struct store_walk){ 0 }, e);
}
