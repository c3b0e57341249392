// SPDX-License-Identifier: Apache-2.0
/* Keeps what is known of files of tools in rows of meta, as JSON. */
#include "store/tool.h"

#include "store/base/esc.h"
#include "store/row.h"
#include "store/schema.h"
#include "store/sql.h"

STMT(save_tool,
     "INSERT INTO meta VALUES ('tool ' || ?1, json_object('kind', ?2, 'host', ?3, 'file', ?4, 'size', ?5, 'calls', ?6, 'lost', ?7, "
     "'done', ?8, 'facts', ?9, 't', ?10, 'whole', ?11)) ON CONFLICT DO UPDATE SET value = excluded.value");
STMT(load_tool,
     "SELECT substr(key, 6), value ->> 'kind', ifnull(value ->> 'host', ''), ifnull(value ->> 'file', ''), value ->> 'size', value ->> 'calls', "
     "value ->> 'lost', value ->> 'done', value ->> 'facts', value ->> 't', value ->> 'whole' FROM meta WHERE key GLOB 'tool ?*' AND "
     "typeof(value) = 'text' AND length(value) < 20000 AND json_valid(value) AND key = 'tool ' || ?1");
STMT(each_tool,
     "SELECT substr(key, 6), value ->> 'kind', ifnull(value ->> 'host', ''), ifnull(value ->> 'file', ''), value ->> 'size', value ->> 'calls', "
     "value ->> 'lost', value ->> 'done', value ->> 'facts', value ->> 't', value ->> 'whole' FROM meta WHERE key GLOB 'tool ?*' AND "
     "typeof(value) = 'text' AND length(value) < 20000 AND json_valid(value) ORDER BY key");
STMT(is_tool,
     "SELECT count(*) FROM node JOIN meta ON meta.key = 'tool ' || CAST(node.name AS TEXT) WHERE node.id = ?1");

int tool_prepare(struct store *s, struct err *e)
{
	int64_t n;

	if (store_number_sql(
		    s,
		    "SELECT count(*) FROM sqlite_schema WHERE name = 'observations' AND sql LIKE '%AS made%'",
		    NO_ARGS, &n, e) < 0)
		return -1;
	return n > 0 ? 0 : store_script(s, schema_views(), e);
}

int tool_save(struct store *s, const struct tool_row *r, struct err *e)
{
	return store_run(s, STMT_save_tool,
			 ARGS(V_TEXT(r->node), V_TEXT(bytes_of(kind_at(r->kind)->name)),
			      V_TEXT(r->host), V_TEXT(r->file), V_INT(r->size), V_INT(r->calls),
			      V_INT(r->lost), V_INT(r->done), V_INT(r->facts), V_INT(r->t),
			      V_INT(r->whole)),
			 e);
}

static int take_row(void *to, sqlite3_stmt *st, struct err *e)
{
	const struct tool_row_take *walk = to;
	struct tool_row r = { 0 };
	int64_t v[11];

	if (row_read(st, "meta", "vvbbcllcltf", v, e) < 0)
		return -1;
	if (!kind_of(store_column(st, 1), &r.kind) || r.kind == KIND_SECCOMP)
		return row_damaged(sqlite3_db_handle(st), "meta", 0, "it is of a kind that is none",
				   e);
	r.node = store_column(st, 0);
	r.host = store_column(st, 2);
	r.file = store_column(st, 3);
	r.size = (uint64_t)v[4];
	r.calls = (uint64_t)v[5];
	r.lost = (uint64_t)v[6];
	r.done = (uint64_t)v[7];
	r.facts = (uint32_t)v[8];
	r.t = v[9];
	r.whole = v[10] != 0;
	return walk->take(walk->to, &r, e);
}

int tool_each(struct store *s, struct tool_row_take to, struct err *e)
{
	return store_each(s, STMT_each_tool, NO_ARGS, WALK(take_row, &to), e);
}

struct loading { struct tool_row *row; struct buf *room; bool found; };

static int take_one(void *to, const struct tool_row *row, struct err *e)
{
	struct loading *l = to;

	(void)e;
	l->found = true;
	*l->row = *row;
	buf_add(l->room, row->node.p, row->node.n);
	buf_add(l->room, row->host.p, row->host.n);
	buf_add(l->room, row->file.p, row->file.n);
	l->row->node.p = buf_text(l->room);
	l->row->host.p = l->row->node.p + row->node.n;
	l->row->file.p = l->row->host.p + row->host.n;
	return 0;
}

int tool_load(struct store *s, struct bytes node, struct tool_row *row, struct buf *room,
	      bool *found, struct err *e)
{
	struct loading l = { row, room, false };
	struct tool_row_take to = { take_one, &l };
	int ret = store_each(s, STMT_load_tool, ARGS(V_TEXT(node)), WALK(take_row, &to), e);

	*found = l.found;
	return ret;
}

int tool_unsee(struct store *s, struct err *e)
{
	return store_run_sql(
		s,
		"DELETE FROM meta WHERE key GLOB 'tool ?*' AND NOT EXISTS (SELECT 1 FROM node WHERE 'tool ' || CAST(node.name AS TEXT) = "
		"meta.key AND (node.id IN (SELECT node FROM interval) OR node.id IN (SELECT node FROM presence) OR node.id IN "
		"(SELECT node FROM fold)))",
		NO_ARGS, e);
}

int tool_is(struct store *s, int64_t node, bool *yes, struct err *e)
{
	return store_any(s, STMT_is_tool, ARGS(V_INT(node)), yes, e);
}
