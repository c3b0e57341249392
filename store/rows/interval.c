// SPDX-License-Identifier: Apache-2.0
/* Statements and rows of `interval`, `touch` and `sighting`. */
#include "store/rows/interval.h"

#include "store/base/mem.h"
#include "store/row.h"
#include "store/sql.h"

STMT(load_intervals,
     "SELECT id, trusted, exe, cell, loader, t_first, t_last, serial_first, serial_last, serial_begin, uid, auid, "
     "name, part, ingest, edges FROM interval WHERE node = ?1 AND pid = ?2 AND t_last > ?3");
STMT(load_obs, "SELECT t_first, serial_first, cell, obs FROM interval WHERE id = ?1");
STMT(add_interval,
     "INSERT INTO interval VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19)");
STMT(set_interval,
     "UPDATE interval SET t_first = ?2, t_last = ?3, serial_first = ?4, serial_last = ?5, uid = ?6, "
     "auid = ?7, name = ?8, part = ?9, ingest = ?10, obs = ?11, edges = ?12, serial_begin = ?13 WHERE id = ?1");
STMT(set_part_of, "UPDATE interval SET part = ?2 WHERE id = ?1");
STMT(top_interval, "SELECT ifnull(max(id), 0) FROM interval");
STMT(del_interval, "DELETE FROM interval WHERE id = ?1");
STMT(move_touches,
     "INSERT INTO touch (ingest, interval) SELECT ingest, ?2 FROM touch WHERE interval = ?1 ON CONFLICT DO NOTHING");
STMT(del_touches, "DELETE FROM touch WHERE interval = ?1");
STMT(add_touch, "INSERT INTO touch (ingest, interval) VALUES (?1, ?2) ON CONFLICT DO NOTHING");
STMT(add_sighting, "INSERT INTO sighting (interval, place) VALUES (?1, ?2) ON CONFLICT DO NOTHING");
STMT(move_sightings,
     "INSERT INTO sighting (place, interval) SELECT place, ?2 FROM sighting WHERE interval = ?1 ON CONFLICT DO NOTHING");
STMT(del_sightings, "DELETE FROM sighting WHERE interval = ?1");
STMT(any_sighting, "SELECT count(*) FROM (SELECT 1 FROM sighting LIMIT 1)");
STMT(part_evidence,
     "SELECT id, t_first, trusted, obs FROM interval WHERE node = ?1 AND pid = ?2 AND part = ?3");
STMT(del_interval_of, "DELETE FROM interval WHERE node = ?1 AND pid = ?2 AND part = ?3");

static struct obs_origin origin_of(const struct interval_row *r)
{
	return (struct obs_origin){ r->t_first, r->s_first, r->cell << OBS_CELL_BITS };
}

static int damaged(struct store *s, int64_t id, struct err *e)
{
	return store_damaged(s, "interval", id, "its obs or edges cannot be read", e);
}

void interval_room_release(struct interval_room *room)
{
	buf_release(&room->obs);
	buf_release(&room->edges);
}

/* ---- reading ---- */

struct each { struct store *s; struct interval_take to; };

static int take_row(void *to, sqlite3_stmt *st, struct err *e)
{
	struct each *each = to;
	struct interval_row r;
	int64_t v[16];

	if (row_read(st, "interval", "ifimftTsSwwwizib", v, e) < 0)
		return -1;
	r = (struct interval_row){
		.id = v[0],
		.trusted = v[1] != 0,
		.exe = v[2],
		.cell = (uint64_t)v[3],
		.loader = v[4] != 0,
		.t_first = v[5],
		.t_last = v[6],
		.s_first = (uint32_t)v[7],
		.s_last = (uint32_t)v[8],
		.s_begin = (uint32_t)(v[7] + v[9]),
		.uid = (uint32_t)v[10],
		.auid = (uint32_t)v[11],
		.name = v[12],
		.part = v[13],
		.ingest = v[14],
	};
	if (edge_decode(store_column(st, 15), origin_of(&r), &r.edges))
		return each->to.take(each->to.to, &r, e);
	VEC_FREE(&r.edges);
	return damaged(each->s, r.id, e);
}

int interval_each(struct store *s, int64_t node, int32_t pid, int64_t since,
		  struct interval_take to, struct err *e)
{
	struct each each = { s, to };

	return store_each(s, STMT_load_intervals, ARGS(V_INT(node), V_INT(pid), V_INT(since)),
			  WALK(take_row, &each), e);
}

struct one_obs { struct store *s; int64_t id; struct obs_list *out; bool found; };

static int take_obs(void *to, sqlite3_stmt *st, struct err *e)
{
	struct one_obs *o = to;
	struct obs_origin origin;
	int64_t v[4];

	if (row_read(st, "interval", "tsmb", v, e) < 0)
		return -1;
	origin = (struct obs_origin){ v[0], (uint32_t)v[1], (uint64_t)v[2] << OBS_CELL_BITS };
	o->found = true;
	return obs_decode(store_column(st, 3), origin, o->out) ? 0 : damaged(o->s, o->id, e);
}

int interval_obs(struct store *s, int64_t id, struct obs_list *out, struct err *e)
{
	struct one_obs o = { s, id, out, false };

	if (store_each(s, STMT_load_obs, ARGS(V_INT(id)), WALK(take_obs, &o), e) < 0)
		return -1;
	return o.found ? 0 : damaged(s, id, e);
}

struct part_obs { struct store *s; bool trusted; struct interval_obs_take to; };

static int take_part_obs(void *to, sqlite3_stmt *st, struct err *e)
{
	struct part_obs *p = to;
	struct obs_list list = { 0 };
	int64_t v[4];
	int ret;

	if (row_read(st, "interval", "itfb", v, e) < 0)
		return -1;
	if ((v[2] != 0) != p->trusted)
		return 0;
	if (obs_decode(store_column(st, 3), (struct obs_origin){ .t = v[1] }, &list))
		ret = p->to.take(p->to.to, v[1], &list);
	else
		ret = store_damaged(p->s, "interval", v[0], "its obs cannot be read", e);
	VEC_FREE(&list);
	return ret;
}

int interval_each_obs_of_part(struct store *s, int64_t node, int32_t pid, int64_t part,
			      bool trusted, struct interval_obs_take to, struct err *e)
{
	struct part_obs p = { s, trusted, to };

	return store_each(s, STMT_part_evidence, ARGS(V_INT(node), V_INT(pid), V_INT(part)),
			  WALK(take_part_obs, &p), e);
}

int interval_any_sighting(struct store *s, bool *yes, struct err *e)
{
	return store_any(s, STMT_any_sighting, NO_ARGS, yes, e);
}

int interval_top(struct store *s, int64_t *id, struct err *e)
{
	return store_top(s, STMT_top_interval, "interval", id, e);
}

/* ---- pids ---- */

static int take_pid(void *to, sqlite3_stmt *st, struct err *e)
{
	struct interval_pid_take *p = to;
	int64_t v[2];

	return row_read(st, "interval", "ip", v, e) < 0 ? -1 : p->take(p->to, v[0], (int32_t)v[1]);
}

int interval_each_pid(struct store *s, struct interval_pid_take to, struct err *e)
{
	return store_each_sql(s, "SELECT DISTINCT node, pid FROM interval ORDER BY node, pid",
			      NO_ARGS, WALK(take_pid, &to), e);
}

struct node_pids { int64_t node; struct interval_pid_take to; };

static int take_pid_since(void *to, sqlite3_stmt *st, struct err *e)
{
	struct node_pids *p = to;
	int64_t pid;

	return row_read(st, "interval", "p", &pid, e) < 0 ?
		       -1 :
		       p->to.take(p->to.to, p->node, (int32_t)pid);
}

int interval_each_pid_since(struct store *s, int64_t node, int64_t since,
			    struct interval_pid_take to, struct err *e)
{
	struct node_pids p = { node, to };

	return store_each_sql(s,
			      "SELECT DISTINCT pid FROM interval WHERE node = ?1 AND t_last >= ?2",
			      ARGS(V_INT(node), V_INT(since)), WALK(take_pid_since, &p), e);
}

/* ---- writing ---- */

int interval_save(struct store *s, struct interval_row *r, bool stored, struct interval_room *room,
		  struct err *e)
{
	struct store_value obs, edges;

	room->obs.n = room->edges.n = 0;
	obs_encode(&r->obs, origin_of(r), &room->obs);
	edge_encode(&r->edges, origin_of(r), &room->edges);
	obs = V_TEXT(buf_bytes(&room->obs));
	edges = V_TEXT(buf_bytes(&room->edges));
	if (stored)
		return store_run(s, STMT_set_interval,
				 ARGS(V_INT(r->id), V_INT(r->t_first), V_INT(r->t_last),
				      V_INT(r->s_first), V_INT(r->s_last), V_INT(r->uid),
				      V_INT(r->auid), V_INT(r->name), V_INT(r->part),
				      V_INT(r->ingest), obs, edges, V_INT(r->s_begin - r->s_first)),
				 e);
	return store_run(s, STMT_add_interval,
			 ARGS(V_INT(r->id), V_INT(r->node), V_INT(r->pid), V_INT(r->trusted),
			      V_INT(r->exe), V_INT(r->cell), V_INT(r->loader), V_INT(r->t_first),
			      V_INT(r->t_last), V_INT(r->s_first), V_INT(r->s_last),
			      V_INT(r->s_begin - r->s_first), V_INT(r->uid), V_INT(r->auid),
			      V_INT(r->name), V_INT(r->part), V_INT(r->ingest), obs, edges),
			 e);
}

int interval_set_part(struct store *s, int64_t id, int64_t part, struct err *e)
{
	return store_run(s, STMT_set_part_of, ARGS(V_INT(id), V_INT(part)), e);
}

int interval_move(struct store *s, int64_t id, int64_t to, struct err *e)
{
	struct store_args one = ARGS(V_INT(id)), both = ARGS(V_INT(id), V_INT(to));

	if (store_run(s, STMT_move_touches, both, e) < 0 ||
	    store_run(s, STMT_del_touches, one, e) < 0 ||
	    store_run(s, STMT_move_sightings, both, e) < 0 ||
	    store_run(s, STMT_del_sightings, one, e) < 0)
		return -1;
	return store_run(s, STMT_del_interval, one, e);
}

int interval_touch(struct store *s, int64_t id, int64_t ingest, struct err *e)
{
	return store_run(s, STMT_add_touch, ARGS(V_INT(ingest), V_INT(id)), e);
}

int interval_sight(struct store *s, int64_t id, int64_t location, struct err *e)
{
	return store_run(s, STMT_add_sighting, ARGS(V_INT(id), V_INT(location)), e);
}

int interval_del_of_part(struct store *s, int64_t node, int32_t pid, int64_t part, struct err *e)
{
	return store_run(s, STMT_del_interval_of, ARGS(V_INT(node), V_INT(pid), V_INT(part)), e);
}

int interval_del_lost_marks(struct store *s, struct err *e)
{
	return store_script(s,
			    "DELETE FROM touch WHERE interval NOT IN (SELECT id FROM interval); "
			    "DELETE FROM sighting WHERE interval NOT IN (SELECT id FROM interval)",
			    e);
}
