// SPDX-License-Identifier: Apache-2.0
/* Statements and rows of `ingest`, `capture` and `policy`. */
#include "store/rows/run.h"

#include "store/row.h"
#include "store/sql.h"

STMT(add_ingest,
     "INSERT INTO ingest (started, label, policy, source, version) VALUES (?1, nullif(?2, 0), nullif(?3, 0), ?4, ?5)");
STMT(set_ingest,
	"UPDATE ingest SET ended = ?2, new_events = ?3, seen_before = ?4, contradicted = ?5, "
	"damaged = ?6, other = ?7, losses = ?8 WHERE id = ?1");
STMT(trust_ingest, "UPDATE ingest SET trusted = ?2 WHERE id = ?1");
STMT(any_label, "SELECT count(*) FROM (SELECT 1 FROM ingest WHERE label IS NOT NULL LIMIT 1)");
STMT(find_policy, "SELECT id FROM policy WHERE hash = ?1");
STMT(add_policy, "INSERT INTO policy (name, hash, text) VALUES (?1, ?2, ?3)");
STMT(set_capture,
     "INSERT INTO capture VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12) ON CONFLICT DO UPDATE SET t_last = "
     "excluded.t_last, serial_last = excluded.serial_last, received = excluded.received, gaps = excluded.gaps, dropped = "
     "excluded.dropped, lost = excluded.lost, tasks_lost = excluded.tasks_lost, complete = excluded.complete");

int run_add(struct store *s, struct run_row *r, struct err *e)
{
	if (store_run(s, STMT_add_ingest,
		      ARGS(V_INT(r->started), V_INT(r->label), V_INT(r->policy),
			   V_TEXT(bytes_of(r->source)), V_TEXT(bytes_of(r->version))),
		      e) < 0)
		return -1;
	r->id = store_last_row(s);
	return row_id(s->db, "ingest", r->id, e) < 0 ? -1 : 0;
}

int run_end(struct store *s, const struct run_row *r, struct err *e)
{
	return store_run(s, STMT_set_ingest,
			 ARGS(V_INT(r->id), V_INT(r->ended), V_INT(r->new_events),
			      V_INT(r->seen_before), V_INT(r->contradicted), V_INT(r->damaged),
			      V_INT(r->other), V_INT(r->losses)),
			 e);
}

int run_trust(struct store *s, int64_t id, uint64_t records, struct err *e)
{
	return store_run(s, STMT_trust_ingest, ARGS(V_INT(id), V_INT(records)), e);
}

int run_any_label(struct store *s, bool *yes, struct err *e)
{
	return store_any(s, STMT_any_label, NO_ARGS, yes, e);
}

int run_policy(struct store *s, struct bytes name, const char *hash, struct bytes text,
	       int64_t *row, struct err *e)
{
	bool found;

	if (store_find(s, STMT_find_policy, ARGS(V_TEXT(bytes_of(hash))), row, 1, &found, e) < 0)
		return -1;
	if (found)
		return 0;
	if (store_run(s, STMT_add_policy, ARGS(V_TEXT(name), V_TEXT(bytes_of(hash)), V_BLOB(text)),
		      e) < 0)
		return -1;
	*row = store_last_row(s);
	return 0;
}

int run_save_capture(struct store *s, const struct capture_row *r, struct err *e)
{
	return store_run(s, STMT_set_capture,
			 ARGS(V_INT(r->ingest), V_INT(r->node), V_INT(r->t_first), V_INT(r->t_last),
			      V_INT(r->serial_first), V_INT(r->serial_last), V_INT(r->received),
			      V_INT(r->gaps), V_INT(r->dropped), V_INT_IF(r->lost_known, r->lost),
			      V_INT(r->tasks_lost), V_INT(r->complete)),
			 e);
}

int run_label_trees(struct store *s, int64_t ingest, int64_t label, int64_t node, int32_t pid,
		    int64_t since, struct err *e)
{
	struct store_value v[] = { V_INT(node), V_INT(pid), V_INT(since) };

	if (store_run_sql(
		    s,
		    "INSERT INTO ingest (started, ended, label, source, version) SELECT started, started, ?1, source, "
		    "version FROM ingest WHERE id = ?2",
		    ARGS(V_INT(label), V_INT(ingest)), e) < 0 ||
	    store_run_sql(
		    s,
		    "INSERT OR IGNORE INTO touch (interval, ingest) SELECT id, (SELECT max(id) FROM ingest) FROM interval WHERE "
		    "part IN (SELECT id FROM image_part WHERE tree IN (SELECT tree FROM image_part WHERE node = ?1 AND pid = "
		    "?2 AND t_first >= ?3))",
		    ARGS(v[0], v[1], v[2]), e) < 0)
		return -1;
	return store_run_sql(
		s,
		"INSERT OR IGNORE INTO tree_label SELECT tree, ?4, 1 FROM image_part WHERE node = ?1 AND pid = ?2 AND "
		"t_first >= ?3",
		ARGS(v[0], v[1], v[2], V_INT(label)), e);
}

static int take_run(void *to, sqlite3_stmt *st, struct err *e)
{
	return row_read(st, "capture", "i", to, e);
}

int run_find_capture(struct store *s, const struct capture_row *row, int64_t *ingest, struct err *e)
{
	return store_each_sql(
		s,
		"SELECT ingest FROM capture WHERE node = ?1 AND t_first = ?2 AND t_last = ?3 AND serial_first = ?4 AND "
		"serial_last = ?5 AND received = ?6 ORDER BY ingest LIMIT 1",
		ARGS(V_INT(row->node), V_TIME(row->t_first), V_TIME(row->t_last),
		     V_INT(row->serial_first), V_INT(row->serial_last),
		     V_INT((int64_t)row->received)),
		WALK(take_run, ingest), e);
}
