// SPDX-License-Identifier: Apache-2.0
/* Statements and rows of the four fold tables. */
#include "store/rows/total.h"

#include "store/row.h"
#include "store/sql.h"

STMT(any_fold, "SELECT count(*) FROM (SELECT 1 FROM fold LIMIT 1)");
STMT(add_fold,
     "INSERT INTO fold (code, trusted, node, main, labels, trees, starts) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT "
     "(code, trusted) DO UPDATE SET trees = trees + excluded.trees, starts = starts + excluded.starts RETURNING id");
STMT(add_fold_use,
     "INSERT INTO fold_use VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT DO UPDATE SET "
     "forked = min(forked, excluded.forked), events = events + excluded.events, t_first = min(ifnull(t_first, "
     "excluded.t_first), ifnull(excluded.t_first, t_first)), t_last = max(ifnull(t_last, excluded.t_last), "
     "ifnull(excluded.t_last, t_last))");
STMT(add_fold_set,
     "INSERT INTO fold_set VALUES (?1, ?2, 1, ?3, ?4) ON CONFLICT DO UPDATE SET trees = trees + 1, "
     "starts = starts + excluded.starts, hours = hours + excluded.hours");
STMT(add_fold_start,
     "INSERT INTO fold_start (fold, t, calls, start, ended, records) VALUES (?1, ?2, ?3, ?4, ?5, ?6)");
STMT(folded_text,
     "UPDATE fold_use SET events = events - 1 WHERE (fold, path, caller, call) IN (SELECT fold, path, caller, call FROM "
     "fold_use WHERE fold IN (SELECT id FROM fold WHERE node = ?1 AND trusted = 0) AND caller = ?2 AND call = ?3 AND "
     "t_first <= ?4 AND t_last >= ?4 AND events > 0 ORDER BY fold, path LIMIT 1)");

int total_any(struct store *s, bool *yes, struct err *e)
{
	return store_any(s, STMT_any_fold, NO_ARGS, yes, e);
}

int total_save(struct store *s, struct total_row *r, struct err *e)
{
	return store_number(s, STMT_add_fold,
			    ARGS(V_TEXT(bytes_of(r->code)), V_INT(r->trusted), V_INT(r->node),
				 V_INT(r->main), V_TEXT(r->labels), V_INT(r->counts),
				 V_INT(r->start_seen)),
			    &r->id, e);
}

int total_save_use(struct store *s, const struct total_use_row *u, struct err *e)
{
	return store_run(s, STMT_add_fold_use,
			 ARGS(V_INT(u->total), V_INT(u->path), V_INT(u->caller), V_INT(u->call),
			      V_INT(u->forked), V_INT(u->events), V_TIME(u->t_first),
			      V_TIME(u->t_last)),
			 e);
}

int total_save_set(struct store *s, int64_t total, struct bytes calls, bool start_seen,
		   uint64_t hours, struct err *e)
{
	return store_run(s, STMT_add_fold_set,
			 ARGS(V_INT(total), V_TEXT(calls), V_INT(start_seen), V_INT(hours)), e);
}

int total_save_location(struct store *s, int64_t total, int64_t location, struct err *e)
{
	return store_run_sql(s, "INSERT INTO fold_place VALUES (?1, ?2) ON CONFLICT DO NOTHING",
			     ARGS(V_INT(total), V_INT(location)), e);
}

int total_take_text(struct store *s, int64_t node, int64_t caller, int64_t call, int64_t t,
		    bool *found, struct err *e)
{
	*found = false;
	if (store_run(s, STMT_folded_text, ARGS(V_INT(node), V_INT(caller), V_INT(call), V_INT(t)),
		      e) < 0)
		return -1;
	*found = sqlite3_changes(s->db) > 0;
	return 0;
}

static int take_text(void *to, sqlite3_stmt *st, struct err *e)
{
	struct buf *out = to;
	int64_t v[2];

	if (row_read(st, "path", "bb", v, e) < 0)
		return -1;
	for (int i = 0; i < 2; i++) {
		struct bytes b = store_column(st, i);

		buf_add(out, b.p, b.n);
		buf_char(out, '\0');
	}
	return STORE_ENOUGH;
}

int total_path_text(struct store *s, int64_t path, struct buf *out, struct err *e)
{
	return store_each_sql(
		s,
		"SELECT path.text, string.bytes FROM path JOIN string ON string.id = path.exe WHERE path.id = ?1",
		ARGS(V_INT(path)), WALK(take_text, out), e);
}

static int take_call(void *to, sqlite3_stmt *st, struct err *e)
{
	struct total_call_take *p = to;
	int64_t id;

	return row_read(st, "call", "i", &id, e) < 0 ? -1 : p->take(p->to, id);
}

int total_each_call(struct store *s, uint32_t action, struct total_call_take to, struct err *e)
{
	return store_each_sql(s, "SELECT id FROM call WHERE action = ?1", ARGS(V_INT(action)),
			      WALK(take_call, &to), e);
}

int total_save_start(struct store *s, const struct total_start_row *r, struct err *e)
{
	return store_run(s, STMT_add_fold_start,
			 ARGS(V_INT(r->total), V_INT(r->t),
			      V_INT((int64_t)query_past_hash(r->calls)), V_INT(r->start),
			      V_INT(r->ended), V_INT(r->records)),
			 e);
}
