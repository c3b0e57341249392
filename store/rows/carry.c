// SPDX-License-Identifier: Apache-2.0
/* Reads the rows of another store, and gives the strings and names in them this store's numbers. */
#include "store/rows/carry.h"

#include "store/base/code.h"
#include "store/base/mem.h"
#include "store/row.h"
#include "store/rows/loss.h"
#include "store/rows/presence.h"
#include "store/sql.h"

#include <stdio.h>

STMT(node_name, "SELECT id, name FROM node WHERE id = ?1");
STMT(string_bytes, "SELECT id, bytes FROM string WHERE id = ?1");
STMT(caller_rows, "SELECT id, comm, subj FROM caller WHERE id = ?1");
STMT(call_values, "SELECT id, arch, nr, action FROM call WHERE id = ?1");
STMT(location_values,
     "SELECT id, node, runtime, container, container_name, pod, pod_name, namespace, unit, image FROM place WHERE id = ?1");
STMT(interval_sightings, "SELECT place FROM sighting WHERE interval = ?1");
STMT(interval_touches, "SELECT ingest FROM touch WHERE interval = ?1");
STMT(pages,
     "SELECT node, serials, seconds, trusted_base_min, trusted_base_max, base_min, base_max, data FROM seen "
     "WHERE node = ?1 AND seconds BETWEEN ?2 AND ?3");

void carry_init(struct carry *c, struct store *from, struct names *to)
{
	*c = (struct carry){ .from = from, .to = to };
}

void carry_release(struct carry *c)
{
	map_release(&c->nodes);
	map_release(&c->strings);
	map_release(&c->callers);
	map_release(&c->calls);
	map_release(&c->locations);
	map_release(&c->runs);
}

/* ---- rows that are shared by many ---- */

struct finding { struct carry *c; int64_t row; };

/* Finds a row there by a statement that leaves the row here in f.row, and remembers it. */
static int64_t found(struct carry *c, struct map *known, struct stmt *stmt,
		     int (*take)(void *, sqlite3_stmt *, struct err *), const char *table,
		     int64_t row, struct err *e)
{
	int64_t here = map_get(known, (uint64_t)row, 0, -1);
	struct finding f = { c, 0 };

	if (here >= 0)
		return here;
	if (store_each(c->from, stmt, ARGS(V_INT(row)), WALK(take, &f), e) < 0)
		return -1;
	if (f.row == 0)
		return store_damaged(c->from, table, row,
				     "something refers to it, and it is not there", e);
	map_put(known, (uint64_t)row, 0, f.row);
	return f.row;
}

static int take_node(void *to, sqlite3_stmt *st, struct err *e)
{
	struct finding *f = to;
	int64_t v[2];

	if (row_read(st, "node", "ib", v, e) < 0)
		return -1;
	f->row = names_node(f->c->to, store_column(st, 1), e);
	return f->row < 0 ? -1 : 0;
}

int64_t carry_node(struct carry *c, int64_t row, struct err *e)
{
	return found(c, &c->nodes, STMT_node_name, take_node, "node", row, e);
}

static int take_string(void *to, sqlite3_stmt *st, struct err *e)
{
	struct finding *f = to;
	int64_t v[2];

	if (row_read(st, "string", "ib", v, e) < 0)
		return -1;
	f->row = store_string(f->c->to->store, store_column(st, 1), e);
	return f->row < 0 ? -1 : 0;
}

int64_t carry_string(struct carry *c, int64_t row, struct err *e)
{
	return found(c, &c->strings, STMT_string_bytes, take_string, "string", row, e);
}

static int take_caller(void *to, sqlite3_stmt *st, struct err *e)
{
	struct finding *f = to;
	int64_t v[3], comm, subj = 0;

	if (row_read(st, "caller", "iin", v, e) < 0)
		return -1;
	comm = carry_string(f->c, v[1], e);
	if (v[2] != 0)
		subj = carry_string(f->c, v[2], e);
	f->row = comm < 0 || subj < 0 ? -1 : names_caller(f->c->to, comm, subj, e);
	return f->row < 0 ? -1 : 0;
}

int64_t carry_caller(struct carry *c, int64_t row, struct err *e)
{
	return found(c, &c->callers, STMT_caller_rows, take_caller, "caller", row, e);
}

static int take_call(void *to, sqlite3_stmt *st, struct err *e)
{
	struct finding *f = to;
	int64_t v[4];

	if (row_read(st, "call", "iwrw", v, e) < 0)
		return -1;
	f->row = names_call(f->c->to, (uint32_t)v[1], (int32_t)v[2], (uint32_t)v[3], e);
	return f->row < 0 ? -1 : 0;
}

int64_t carry_call(struct carry *c, int64_t row, struct err *e)
{
	return found(c, &c->calls, STMT_call_values, take_call, "call", row, e);
}

static int take_location(void *to, sqlite3_stmt *st, struct err *e)
{
	struct finding *f = to;
	struct bytes text[LOCATION_FIELDS];
	int64_t v[2 + LOCATION_FIELDS], node;

	if (row_read(st, "place", "iibbbbbbbb", v, e) < 0)
		return -1;
	node = carry_node(f->c, v[1], e);
	for (int i = 0; i < LOCATION_FIELDS; i++)
		text[i] = store_column(st, 2 + i);
	f->row = node < 0 ? -1 : names_location(f->c->to, node, text, e);
	return f->row < 0 ? -1 : 0;
}

int64_t carry_location(struct carry *c, int64_t row, struct err *e)
{
	return found(c, &c->locations, STMT_location_values, take_location, "place", row, e);
}

/* ---- runs ---- */

struct run_walk { struct carry *c; const char *source; bool trusted; };

static int take_capture(void *to, sqlite3_stmt *st, struct err *e)
{
	struct finding *f = to;
	struct capture_row r;
	int64_t v[11];

	if (row_read(st, "capture", "itTssccclcf", v, e) < 0)
		return -1;
	r = (struct capture_row){ .node = carry_node(f->c, v[0], e),
				  .t_first = v[1],
				  .t_last = v[2],
				  .serial_first = (uint32_t)v[3],
				  .serial_last = (uint32_t)v[4],
				  .received = (uint64_t)v[5],
				  .gaps = (uint64_t)v[6],
				  .dropped = (uint64_t)v[7],
				  .lost = (uint64_t)v[8],
				  .lost_known = sqlite3_column_type(st, 8) != SQLITE_NULL,
				  .tasks_lost = (uint64_t)v[9],
				  .complete = v[10] != 0,
				  .ingest = f->row };
	if (r.node < 0)
		return -1;
	return f->row != 0 ? run_save_capture(f->c->to->store, &r, e) :
			     run_find_capture(f->c->to->store, &r, &f->row, e);
}

/* What a run there captured: *row is the run here that has it; 0: none. Where *row is one already,
 * it gets it. */
static int carry_capture(struct carry *c, int64_t run, int64_t *row, struct err *e)
{
	struct finding f = { c, *row };

	if (store_each_sql(
		    c->from,
		    "SELECT node, t_first, t_last, serial_first, serial_last, received, gaps, dropped, lost, tasks_lost, complete "
		    "FROM capture WHERE ingest = ?1",
		    ARGS(V_INT(run)), WALK(take_capture, &f), e) < 0)
		return -1;
	*row = f.row;
	return 0;
}

static int take_name(void *to, sqlite3_stmt *st, struct err *e)
{
	struct carry *c = to;
	struct store *here = c->to->store;
	int64_t v[2], there, node;

	if (row_read(st, "node_name", "ib", v, e) < 0 ||
	    names_find_node(here, store_column(st, 1), &there, e) < 0)
		return -1;
	if (there != 0)
		return 0;
	node = carry_node(c, v[0], e);
	return node < 0 ? -1 : names_add_name(here, store_column(st, 1), node, e);
}

int carry_names(struct carry *c, struct err *e)
{
	return store_each_sql(
		c->from,
		"SELECT node, node_name.name FROM node_name JOIN node ON node.id = node WHERE node.name <> node_name.name",
		NO_ARGS, WALK(take_name, c), e);
}

static int take_run(void *to, sqlite3_stmt *st, struct err *e)
{
	struct run_walk *w = to;
	struct carry *c = w->c;
	struct run_row run = { .source = w->source, .version = SCAUDIT_VERSION };
	struct bytes text = store_column(st, 5);
	int64_t v[6], known = 0;

	if (row_read(st, "ingest", "itunba", v, e) < 0)
		return -1;
	run.started = v[1];
	if (w->trusted && carry_capture(c, v[0], &known, e) < 0)
		return -1;
	if (known != 0) {
		map_put(&c->runs, (uint64_t)v[0], 0, known);
		return 0;
	}
	if (v[3] != 0 && (run.label = carry_string(c, v[3], e)) < 0)
		return -1;
	c->policies += text.n > 0 && !w->trusted;
	if (text.n > 0 && w->trusted) {
		char hash[CODE_SIZE];

		code_of(text, hash);
		if (run_policy(c->to->store, store_column(st, 4), hash, text, &run.policy, e) < 0)
			return -1;
	}
	if (run_add(c->to->store, &run, e) < 0)
		return -1;
	run.ended = v[2] == WHEN_NONE ? v[1] : v[2];
	map_put(&c->runs, (uint64_t)v[0], 0, run.id);
	known = run.id;
	if (w->trusted && carry_capture(c, v[0], &known, e) < 0)
		return -1;
	return run_end(c->to->store, &run, e);
}

/* Only runs that say more than that they were: the others' intervals are of the run that takes them
 * over. */
int carry_runs(struct carry *c, const char *source, bool trusted, struct err *e)
{
	struct run_walk w = { c, source, trusted };

	return store_each_sql(
		c->from,
		"SELECT ingest.id, started, ended, label, ifnull(policy.name, ''), policy.text FROM ingest LEFT JOIN policy ON "
		"policy.id = ingest.policy WHERE label IS NOT NULL OR policy IS NOT NULL OR (?1 AND ingest.id IN "
		"(SELECT ingest FROM capture)) ORDER BY ingest.id",
		ARGS(V_INT(trusted)), WALK(take_run, &w), e);
}

int64_t carry_run(const struct carry *c, int64_t row)
{
	return map_get(&c->runs, (uint64_t)row, 0, 0);
}

/* ---- intervals ---- */

struct interval_walk { struct carry *c; struct carry_interval_take to; };

static int take_interval(void *to, sqlite3_stmt *st, struct err *e)
{
	struct interval_walk *w = to;
	struct carry_interval iv = { 0 };
	struct interval_row *r = &iv.row;
	struct obs_origin origin;
	int64_t v[18];
	int ret;

	if (row_read(st, "interval", "iipfimftTsSwwwiibb", v, e) < 0)
		return -1;
	iv.id = v[0];
	*r = (struct interval_row){
		.node = v[1],
		.pid = (int32_t)v[2],
		.trusted = v[3] != 0,
		.exe = v[4],
		.cell = (uint64_t)v[5],
		.loader = v[6] != 0,
		.t_first = v[7],
		.t_last = v[8],
		.s_first = (uint32_t)v[9],
		.s_last = (uint32_t)v[10],
		.s_begin = (uint32_t)(v[9] + v[11]),
		.uid = (uint32_t)v[12],
		.auid = (uint32_t)v[13],
		.name = v[14],
		.ingest = v[15],
	};
	origin = (struct obs_origin){ r->t_first, r->s_first, r->cell << OBS_CELL_BITS };
	if (obs_decode(store_column(st, 16), origin, &r->obs) &&
	    edge_decode(store_column(st, 17), origin, &r->edges))
		ret = w->to.take(w->to.to, &iv, e);
	else
		ret = store_damaged(w->c->from, "interval", iv.id,
				    "its obs or edges cannot be read", e);
	VEC_FREE(&r->obs);
	VEC_FREE(&r->edges);
	return ret;
}

int carry_each_interval(struct carry *c, struct carry_interval_take to, struct err *e)
{
	struct interval_walk w = { c, to };

	return store_each_sql(
		c->from,
		"SELECT id, node, pid, trusted, exe, cell, loader, t_first, t_last, serial_first, serial_last, serial_begin, "
		"uid, auid, name, ingest, obs, edges FROM interval ORDER BY t_first / 3600000, node, t_first, id",
		NO_ARGS, WALK(take_interval, &w), e);
}

struct row_walk { struct carry_row_take to; const char *table; };

static int take_row_id(void *to, sqlite3_stmt *st, struct err *e)
{
	struct row_walk *w = to;
	int64_t v[1];

	return row_read(st, w->table, "i", v, e) < 0 ? -1 : w->to.take(w->to.to, v[0], e);
}

int carry_each_sighting(struct carry *c, int64_t interval, struct carry_row_take to, struct err *e)
{
	struct row_walk w = { to, "sighting" };

	return store_each(c->from, STMT_interval_sightings, ARGS(V_INT(interval)),
			  WALK(take_row_id, &w), e);
}

int carry_each_touch(struct carry *c, int64_t interval, struct carry_row_take to, struct err *e)
{
	struct row_walk w = { to, "touch" };

	return store_each(c->from, STMT_interval_touches, ARGS(V_INT(interval)),
			  WALK(take_row_id, &w), e);
}

static int take_page(void *to, sqlite3_stmt *st, struct err *e)
{
	struct seen_row_take *take = to;
	int64_t v[8];

	if (row_read(st, "seen", "iyydDdDb", v, e) < 0)
		return -1;
	return take->take(take->to,
			  &(struct seen_row){ .key = { v[0], v[1], v[2] },
					      .boot_time = { { v[3], v[4] }, { v[5], v[6] } },
					      .data = store_column(st, 7) },
			  e);
}

int carry_each_page(struct carry *c, int64_t node, int64_t first, int64_t last,
		    struct seen_row_take to, struct err *e)
{
	return store_each(c->from, STMT_pages, ARGS(V_INT(node), V_INT(first), V_INT(last)),
			  WALK(take_page, &to), e);
}

static int take_other(void *to, sqlite3_stmt *st, struct err *e)
{
	struct seen_row_take *take = to;
	int64_t v[5];

	if (row_read(st, "seen", "iyybb", v, e) < 0)
		return -1;
	return take->take(
		take->to,
		&(struct seen_row){ .key = { v[0], v[1], v[2] },
				    .other = { store_column(st, 3), store_column(st, 4) } },
		e);
}

int carry_each_other(struct carry *c, struct seen_row_take to, struct err *e)
{
	return store_each_sql(
		c->from,
		"SELECT node, serials, seconds, trusted_other, other FROM seen WHERE length(trusted_other) + length(other) > 0",
		NO_ARGS, WALK(take_other, &to), e);
}

/* ---- the rest ---- */

struct presence_walk { struct carry *c; struct carry_presence_take to; };

static int take_presence(void *to, sqlite3_stmt *st, struct err *e)
{
	struct presence_walk *w = to;
	struct carry_presence p;
	int64_t v[9];

	if (row_read(st, "presence", "iipiiiuTk", v, e) < 0)
		return -1;
	p = (struct carry_presence){ .node = carry_node(w->c, v[1], e),
				     .pid = (int32_t)v[2],
				     .exe = carry_string(w->c, v[3], e),
				     .caller = carry_caller(w->c, v[4], e),
				     .call = carry_call(w->c, v[5], e),
				     .ip = (uint64_t)v[8] };
	if (p.node < 0 || p.exe < 0 || p.caller < 0 || p.call < 0)
		return -1;
	for (int i = 6; i <= (v[6] == v[7] ? 6 : 7); i++) {
		p.t = v[i];
		if (w->to.take(w->to.to, &p, e) < 0)
			return -1;
	}
	return 0;
}

int carry_each_presence(struct carry *c, struct carry_presence_take to, struct err *e)
{
	struct presence_walk w = { c, to };

	return store_each_sql(
		c->from,
		"SELECT id, node, pid, exe, caller, call, t_first, t_last, ip FROM presence ORDER BY id",
		NO_ARGS, WALK(take_presence, &w), e);
}

struct loss_walk { struct carry *c; bool trusted; int64_t run; uint64_t *n; };

static int take_loss(void *to, sqlite3_stmt *st, struct err *e)
{
	struct loss_walk *w = to;
	struct bytes kind = store_column(st, 1);
	char word[32];
	int64_t v[6], node;

	if (row_read(st, "loss", "ivkkuf", v, e) < 0)
		return -1;
	node = carry_node(w->c, v[0], e);
	if (node < 0 || kind.n >= sizeof(word))
		return node < 0 ? -1 : 0;
	snprintf(word, sizeof(word), "%.*s", (int)kind.n, kind.p);
	(*w->n)++;
	return loss_save(w->c->to->store,
			 &(struct loss_row){ .node = node,
					     .kind = word,
					     .stamp = v[2],
					     .number = v[3],
					     .t = v[4],
					     .ingest = w->run,
					     .trusted = w->trusted && v[5] != 0 },
			 e);
}

int carry_losses(struct carry *c, bool trusted, int64_t run, uint64_t *n, struct err *e)
{
	struct loss_walk w = { c, trusted, run, n };

	return store_each_sql(c->from, "SELECT node, kind, stamp, number, t, trusted FROM loss",
			      NO_ARGS, WALK(take_loss, &w), e);
}

static int take_lifecycle(void *to, sqlite3_stmt *st, struct err *e)
{
	static const struct {
		const char *word;
		enum edge_kind kind;
	} kinds[] = { { "born", EDGE_BORN }, { "execed", EDGE_EXECED }, { "gone", EDGE_GONE } };
	struct carry *c = to;
	struct bytes word = store_column(st, 4);
	struct lifecycle_row r = { .kind = EDGE_NONE };
	int64_t v[6];

	if (row_read(st, "event", "iptsvz", v, e) < 0)
		return -1;
	r = (struct lifecycle_row){ .node = carry_node(c, v[0], e),
				    .pid = (int32_t)v[1],
				    .t = v[2],
				    .serial = (uint32_t)v[3],
				    .parent = (int32_t)v[5],
				    .kind = EDGE_NONE };
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (bytes_eq(word, bytes_of(kinds[i].word)))
			r.kind = kinds[i].kind;
	if (r.node < 0)
		return -1;
	return r.kind == EDGE_NONE || v[5] > INT32_MAX ? 0 : lifecycle_save(c->to->store, &r, e);
}

int carry_lifecycles(struct carry *c, bool all, struct err *e)
{
	return store_each_sql(
		c->from,
		"SELECT node, pid, t, serial, kind, ifnull(parent, 0) FROM event WHERE ?1 OR node IN (SELECT node.id FROM node "
		"JOIN meta ON meta.key = 'tool ' || CAST(node.name AS TEXT))",
		ARGS(V_INT(all)), WALK(take_lifecycle, c), e);
}

static int take_build(void *to, sqlite3_stmt *st, struct err *e)
{
	struct carry *c = to;
	struct bytes id = store_column(st, 5), exe = store_column(st, 1);
	char text[129];
	int64_t v[8], node, location = 0;

	if (row_read(st, "build", "ibz.fvtT", v, e) < 0)
		return -1;
	node = carry_node(c, v[0], e);
	if (v[2] != 0)
		location = carry_location(c, v[2], e);
	if (node < 0 || location < 0 || id.n >= sizeof(text))
		return node < 0 || location < 0 ? -1 : 0;
	snprintf(text, sizeof(text), "%.*s", (int)id.n, id.p);
	if (names_build(c->to, node, exe, location, v[4] != 0, text, v[6], e) < 0)
		return -1;
	return names_build(c->to, node, exe, location, v[4] != 0, text, v[7], e);
}

int carry_builds(struct carry *c, struct err *e)
{
	return store_each_sql(
		c->from,
		"SELECT build.node, string.bytes, place, 0, here, build_id, t_first, t_last FROM build JOIN string ON "
		"string.id = build.exe",
		NO_ARGS, WALK(take_build, c), e);
}

int carry_totals(struct carry *c, int64_t *n, struct err *e)
{
	return store_number_sql(
		c->from, "SELECT ifnull(sum(max(0, min(trees, 1099511627776))), 0) FROM fold",
		NO_ARGS, n, e);
}
