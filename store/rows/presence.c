// SPDX-License-Identifier: Apache-2.0
/* Statements and rows of `presence`. */
#include "store/rows/presence.h"

#include "store/row.h"
#include "store/sql.h"

STMT(load_presence,
     "SELECT id, exe, t_first, t_last, part FROM presence WHERE node = ?1 AND pid = ?2");
STMT(any_presence,
     "SELECT count(*) FROM (SELECT 1 FROM presence WHERE node = ?1 AND pid = ?2 LIMIT 1)");
STMT(add_presence,
     "INSERT INTO presence (node, pid, exe, caller, call, hour, t_first, t_last, ip) "
     "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?7, ?8) ON CONFLICT DO UPDATE SET "
     "t_first = min(t_first, excluded.t_first), t_last = max(t_last, excluded.t_last), ip = min(ip, excluded.ip)");
STMT(set_presence, "UPDATE presence SET part = nullif(?2, 0) WHERE id = ?1");
STMT(part_presence,
     "SELECT caller, call, t_first, t_last FROM presence WHERE node = ?1 AND pid = ?2 AND part = ?3");
STMT(del_presence_of, "DELETE FROM presence WHERE node = ?1 AND pid = ?2 AND part = ?3");

static int take_row(void *to, sqlite3_stmt *st, struct err *e)
{
	struct presence_take *p = to;
	int64_t v[5];

	if (row_read(st, "presence", "iiuTn", v, e) < 0)
		return -1;
	return p->take(
		p->to,
		&(struct presence_row){
			.id = v[0], .exe = v[1], .t_first = v[2], .t_last = v[3], .part = v[4] },
		e);
}

int presence_each(struct store *s, int64_t node, int32_t pid, struct presence_take to,
		  struct err *e)
{
	return store_each(s, STMT_load_presence, ARGS(V_INT(node), V_INT(pid)), WALK(take_row, &to),
			  e);
}

int presence_any(struct store *s, int64_t node, int32_t pid, bool *yes, struct err *e)
{
	return store_any(s, STMT_any_presence, ARGS(V_INT(node), V_INT(pid)), yes, e);
}

int presence_save(struct store *s, const struct presence_row *r, struct err *e)
{
	int64_t hour = r->t_first == WHEN_NONE ? -1 : r->t_first / WHEN_HOUR_MS;

	return store_run(s, STMT_add_presence,
			 ARGS(V_INT(r->node), V_INT(r->pid), V_INT(r->exe), V_INT(r->caller),
			      V_INT(r->call), V_INT(hour), V_TIME(r->t_first), V_INT(r->ip)),
			 e);
}

int presence_set_part(struct store *s, int64_t id, int64_t part, struct err *e)
{
	return store_run(s, STMT_set_presence, ARGS(V_INT(id), V_INT(part)), e);
}

static int take_of_part(void *to, sqlite3_stmt *st, struct err *e)
{
	struct presence_take *p = to;
	int64_t v[4];

	if (row_read(st, "presence", "iiuT", v, e) < 0)
		return -1;
	return p->take(p->to,
		       &(struct presence_row){
			       .caller = v[0], .call = v[1], .t_first = v[2], .t_last = v[3] },
		       e);
}

int presence_each_of_part(struct store *s, int64_t node, int32_t pid, int64_t part,
			  struct presence_take to, struct err *e)
{
	return store_each(s, STMT_part_presence, ARGS(V_INT(node), V_INT(pid), V_INT(part)),
			  WALK(take_of_part, &to), e);
}

int presence_del_of_part(struct store *s, int64_t node, int32_t pid, int64_t part, struct err *e)
{
	return store_run(s, STMT_del_presence_of, ARGS(V_INT(node), V_INT(pid), V_INT(part)), e);
}
