// SPDX-License-Identifier: Apache-2.0
/* Births, execs and ends of processes, as a source that knows processes told them. */
#include "store/rows/lifecycle.h"

#include "store/base/mem.h"
#include "store/row.h"
#include "store/sql.h"

STMT(load_events, "SELECT t, serial, kind, parent FROM event WHERE node = ?1 AND pid = ?2");
STMT(any_event, "SELECT count(*) FROM (SELECT 1 FROM event LIMIT 1)");
STMT(add_event,
     "INSERT INTO event VALUES (?1, ?2, ?3, ?4, ?5, nullif(?6, 0)) ON CONFLICT DO NOTHING");
STMT(del_events_of,
     "DELETE FROM event WHERE EXISTS (SELECT 1 FROM part WHERE part.node = ?1 AND part.pid = ?2 AND part.id = ?3 AND (part.trusted OR EXISTS (SELECT 1 FROM node JOIN "
     "meta ON meta.key = 'tool ' || CAST(node.name AS TEXT) WHERE node.id = part.node)) AND "
     "event.node = part.node AND event.pid = part.pid AND event.t BETWEEN part.t_first - 1000 AND part.t_last + 1000)");

static const char *const kinds[] = {
	[EDGE_BORN] = "born", [EDGE_EXECED] = "execed", [EDGE_GONE] = "gone"
};

static int take_row(void *to, sqlite3_stmt *st, struct err *e)
{
	struct lifecycle_take *ev = to;
	struct bytes name;
	int64_t v[4];

	if (row_read(st, "event", "tsbl", v, e) < 0)
		return -1;
	name = store_column(st, 2);
	for (size_t k = EDGE_BORN; k < ARRAY_SIZE(kinds); k++)
		if (bytes_eq(name, bytes_of(kinds[k])))
			return ev->take(ev->to, &(struct lifecycle_row){ .t = v[0],
									 .serial = (uint32_t)v[1],
									 .kind = (enum edge_kind)k,
									 .parent = (int32_t)v[3] });
	return 0;
}

int lifecycle_each(struct store *s, int64_t node, int32_t pid, struct lifecycle_take to,
		   struct err *e)
{
	return store_each(s, STMT_load_events, ARGS(V_INT(node), V_INT(pid)), WALK(take_row, &to),
			  e);
}

int lifecycle_any(struct store *s, bool *yes, struct err *e)
{
	return store_any(s, STMT_any_event, NO_ARGS, yes, e);
}

int lifecycle_save(struct store *s, const struct lifecycle_row *r, struct err *e)
{
	return store_run(s, STMT_add_event,
			 ARGS(V_INT(r->node), V_INT(r->pid), V_INT(r->t), V_INT(r->serial),
			      V_TEXT(bytes_of(kinds[r->kind])), V_INT(r->parent)),
			 e);
}

int lifecycle_del_of_part(struct store *s, int64_t node, int32_t pid, int64_t part, struct err *e)
{
	return store_run(s, STMT_del_events_of, ARGS(V_INT(node), V_INT(pid), V_INT(part)), e);
}
