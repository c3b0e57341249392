// SPDX-License-Identifier: Apache-2.0
/* Statements and rows of `derive_page` and `derive_mark`. */
#include "store/rows/derive_row.h"

#include "store/row.h"
#include "store/sql.h"

STMT(find_page,
     "SELECT first, body FROM derive_page WHERE first <= ?1 ORDER BY first DESC LIMIT 1");
STMT(set_page,
     "INSERT INTO derive_page VALUES (?1, ?2) ON CONFLICT DO UPDATE SET body = excluded.body");
STMT(del_derive_page, "DELETE FROM derive_page WHERE first = ?1");
STMT(load_mark, "SELECT body FROM derive_mark WHERE node = ?1 AND pid = ?2");
STMT(set_mark,
     "INSERT INTO derive_mark VALUES (?1, ?2, ?3) ON CONFLICT DO UPDATE SET body = excluded.body");
STMT(del_mark, "DELETE FROM derive_mark WHERE node = ?1 AND pid = ?2");

static int take_page(void *to, sqlite3_stmt *st, struct err *e)
{
	struct derive_page_take *p = to;
	int64_t v[2];

	if (row_read(st, "derive_page", "bb", v, e) < 0 ||
	    p->take(p->to, store_column(st, 0), store_column(st, 1), e) < 0)
		return -1;
	return STORE_ENOUGH;
}

int derive_row_find_page(struct store *s, struct bytes at, struct derive_page_take to,
			 struct err *e)
{
	return store_each(s, STMT_find_page, ARGS(V_BLOB(at)), WALK(take_page, &to), e);
}

int derive_row_save_page(struct store *s, struct bytes first, struct bytes body, struct err *e)
{
	return store_run(s, STMT_set_page, ARGS(V_BLOB(first), V_BLOB(body)), e);
}

int derive_row_del_page(struct store *s, struct bytes first, struct err *e)
{
	return store_run(s, STMT_del_derive_page, ARGS(V_BLOB(first)), e);
}

static int take_mark(void *to, sqlite3_stmt *st, struct err *e)
{
	struct bytes body;
	int64_t v[1];

	if (row_read(st, "derive_mark", "b", v, e) < 0)
		return -1;
	body = store_column(st, 0);
	buf_add(to, body.p, body.n);
	return STORE_ENOUGH;
}

int derive_row_find_mark(struct store *s, int64_t node, int32_t pid, struct buf *out, struct err *e)
{
	return store_each(s, STMT_load_mark, ARGS(V_INT(node), V_INT(pid)), WALK(take_mark, out),
			  e);
}

int derive_row_save_mark(struct store *s, int64_t node, int32_t pid, struct bytes body,
			 struct err *e)
{
	if (body.n == 0)
		return store_run(s, STMT_del_mark, ARGS(V_INT(node), V_INT(pid)), e);
	return store_run(s, STMT_set_mark, ARGS(V_INT(node), V_INT(pid), V_BLOB(body)), e);
}
