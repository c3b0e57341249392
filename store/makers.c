// SPDX-License-Identifier: Apache-2.0
/* Writes the rows by which questions find parts: makers, sets of them, and the set of each part. */
#include "store/makers.h"

#include "store/base/buf.h"
#include "store/base/code.h"
#include "store/model/action.h"
#include "store/model/program.h"
#include "store/model/record.h"
#include "store/row.h"
#include "store/sql.h"

#include <stdlib.h>

const char makers_sql[] =
#include "index.sql.h"
	;

STMT(find_maker, "SELECT id FROM maker WHERE comm = ?1 AND exe = ?2");
STMT(add_maker, "INSERT INTO maker (comm, exe, base, code) VALUES (?1, ?2, ?3, ?4)");
STMT(caller_comm, "SELECT comm FROM caller WHERE id = ?1");
STMT(call_action, "SELECT action FROM call WHERE id = ?1");
STMT(maker_bytes, "SELECT bytes FROM string WHERE id = ?1");
STMT(find_set, "SELECT id FROM maker_set WHERE members = ?1");
STMT(add_set, "INSERT INTO maker_set (members) VALUES (?1)");
STMT(add_member, "INSERT INTO maker_in VALUES (?1, ?2) ON CONFLICT DO NOTHING");
STMT(set_of_part,
     "SELECT members FROM part_makers JOIN maker_set ON maker_set.id = part_makers.of WHERE part_makers.part = ?1");
STMT(set_part_makers,
     "INSERT INTO part_makers VALUES (?1, ?2) ON CONFLICT DO UPDATE SET of = excluded.of");
STMT(set_fold_makers,
     "INSERT INTO fold_makers VALUES (?1, ?2, (SELECT min(t_first) FROM fold_use WHERE fold = ?1)) ON CONFLICT DO UPDATE SET of = "
     "excluded.of, t_first = excluded.t_first");

void makers_init(struct makers *m, struct store *store)
{
	*m = (struct makers){ .store = store };
}

void makers_release(struct makers *m)
{
	map_release(&m->ids);
	map_release(&m->comms);
	map_release(&m->refusals);
	pool_release(&m->sets);
	VEC_FREE(&m->set_id);
	mem_free_at(&m->notes);
	m->n = m->cap = 0;
}

void makers_code(struct bytes exe, struct bytes comm, char out[])
{
	auto_buf struct buf key = { 0 };

	buf_str(&key, "program|");
	buf_add(&key, exe.p, exe.n);
	buf_char(&key, '|');
	buf_add(&key, comm.p, comm.n);
	code_of(buf_bytes(&key), out);
}

/* ---- makers ---- */

static int take_bytes(void *to, sqlite3_stmt *st, struct err *e)
{
	struct bytes b;
	int64_t none;

	if (row_read(st, "string", "b", &none, e) < 0)
		return -1;
	b = store_column(st, 0);
	buf_add(to, b.p, b.n);
	return STORE_ENOUGH;
}

static int bytes_of_row(struct store *s, int64_t row, struct buf *out, struct err *e)
{
	return row == 0 ?
		       0 :
		       store_each(s, STMT_maker_bytes, ARGS(V_INT(row)), WALK(take_bytes, out), e);
}

static int64_t add_maker(struct store *s, int64_t exe, int64_t comm, struct err *e)
{
	auto_buf struct buf path = { 0 }, name = { 0 };
	char code[CODE_SIZE];
	int64_t base;

	if (bytes_of_row(s, exe, &path, e) < 0 || bytes_of_row(s, comm, &name, e) < 0)
		return -1;
	makers_code(buf_bytes(&path), buf_bytes(&name), code);
	base = store_string(s, program_basename(buf_bytes(&path)), e);
	if (base < 0 ||
	    store_run(s, STMT_add_maker,
		      ARGS(V_INT(comm), V_INT(exe), V_INT(base), V_TEXT(bytes_of(code))), e) < 0)
		return -1;
	return row_id(s->db, "maker", store_last_row(s), e);
}

static int64_t maker_of(struct makers *m, int64_t exe, int64_t comm, struct err *e)
{
	int64_t row = map_get(&m->ids, (uint64_t)exe, (uint64_t)comm, 0);
	bool found;

	if (row != 0)
		return row;
	if (store_find(m->store, STMT_find_maker, ARGS(V_INT(comm), V_INT(exe)), &row, 1, &found,
		       e) < 0)
		return -1;
	row = found ? row_id(m->store->db, "maker", row, e) : add_maker(m->store, exe, comm, e);
	if (row > 0)
		map_put(&m->ids, (uint64_t)exe, (uint64_t)comm, row);
	return row;
}

static int put(struct makers *m, int64_t part, int64_t exe, int64_t comm, struct err *e)
{
	int64_t maker = maker_of(m, exe, comm, e);

	if (maker < 0)
		return -1;
	if (m->n == m->cap) {
		m->cap = m->cap ? 2 * m->cap : 256;
		m->notes = mem_grow(m->notes, m->cap, sizeof(*m->notes));
	}
	m->notes[m->n++] = (struct makers_note){ part, maker };
	return 0;
}

/* What a program is called of which no name is known: the key is (exe, -1) in the map. */
static int put_base(struct makers *m, int64_t part, int64_t exe, struct err *e)
{
	int64_t comm = map_get(&m->ids, (uint64_t)exe, UINT64_MAX, 0);
	auto_buf struct buf path = { 0 };
	struct bytes base;

	if (comm == 0) {
		if (bytes_of_row(m->store, exe, &path, e) < 0)
			return -1;
		base = program_basename(buf_bytes(&path));
		comm = store_string(m->store,
				    (struct bytes){ base.p, base.n < RECORD_COMM_MAX ?
								    base.n :
								    RECORD_COMM_MAX },
				    e);
		if (comm < 0)
			return -1;
		map_put(&m->ids, (uint64_t)exe, UINT64_MAX, comm);
	}
	return put(m, part, exe, comm, e);
}

/* A number that a row of another table has; kept in a map. */
static int look_up(struct makers *m, struct map *map, struct stmt *stmt, int64_t row, int64_t *out,
		   struct err *e)
{
	bool found;

	*out = map_get(map, (uint64_t)row, 0, -1);
	if (*out >= 0)
		return 0;
	*out = 0;
	if (store_find(m->store, stmt, ARGS(V_INT(row)), out, 1, &found, e) < 0)
		return -1;
	map_put(map, (uint64_t)row, 0, *out);
	return 0;
}

int makers_note(struct makers *m, int64_t part, int64_t exe, int64_t name,
		const struct obs_list *obs, struct err *e)
{
	int64_t comm = 0, last = 0;
	bool refused = false;

	if (!m->store->makers || part == 0)
		return 0;
	if (put_base(m, part, exe, e) < 0 || (name != 0 && put(m, part, exe, name, e) < 0))
		return -1;
	for (size_t i = 0; i < obs->n; i++) {
		int64_t action;

		if (obs->v[i].caller != last) {
			last = obs->v[i].caller;
			if (look_up(m, &m->comms, STMT_caller_comm, last, &comm, e) < 0 ||
			    (comm != name && comm != 0 && put(m, part, exe, comm, e) < 0))
				return -1;
		}
		if (refused)
			continue;
		if (look_up(m, &m->refusals, STMT_call_action, obs->v[i].call, &action, e) < 0)
			return -1;
		refused = !action_passes((uint32_t)action);
	}
	return refused ? put(m, part, exe, 0, e) : 0;
}

/* ---- sets ---- */

static int by_part(const void *a, const void *b)
{
	const struct makers_note *x = a, *y = b;

	if (x->part != y->part)
		return x->part < y->part ? -1 : 1;
	return x->maker < y->maker ? -1 : x->maker > y->maker;
}

static int by_number(const void *a, const void *b)
{
	const int64_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

struct members { int64_t *v; size_t n, cap; };

static int take_members(void *to, sqlite3_stmt *st, struct err *e)
{
	struct members *out = to;
	struct bytes b;
	uint64_t id;
	int64_t none;

	if (row_read(st, "maker_set", "b", &none, e) < 0)
		return -1;
	b = store_column(st, 0);
	while (b.n > 0) {
		if (!buf_take_varint(&b, &id) || id == 0 || id > OBS_ROW_MAX)
			return row_damaged(sqlite3_db_handle(st), "maker_set", 0,
					   "no set can be read in it", e);
		*VEC_PUSH(out) = (int64_t)id;
	}
	return STORE_ENOUGH;
}

/* The row of a set, made where it is new. */
static int64_t set_of(struct makers *m, struct members *of, struct err *e)
{
	auto_buf struct buf text = { 0 };
	int64_t row = 0;
	size_t n = 0;
	uint32_t id;
	bool found;

	qsort(of->v, of->n, sizeof(*of->v), by_number);
	for (size_t i = 0; i < of->n; i++)
		if (n == 0 || of->v[n - 1] != of->v[i])
			of->v[n++] = of->v[i];
	of->n = n;
	for (size_t i = 0; i < n; i++)
		buf_varint(&text, (uint64_t)of->v[i]);
	id = pool_intern(&m->sets, buf_bytes(&text));
	while (m->set_id.n < id)
		*VEC_PUSH(&m->set_id) = 0;
	if (m->set_id.v[id - 1] != 0)
		return m->set_id.v[id - 1];
	if (store_find(m->store, STMT_find_set, ARGS(V_BLOB(buf_bytes(&text))), &row, 1, &found,
		       e) < 0)
		return -1;
	if (!found && store_run(m->store, STMT_add_set, ARGS(V_BLOB(buf_bytes(&text))), e) < 0)
		return -1;
	row = row_id(m->store->db, "maker_set", found ? row : store_last_row(m->store), e);
	for (size_t i = 0; i < n && !found && row > 0; i++)
		if (store_run(m->store, STMT_add_member, ARGS(V_INT(of->v[i]), V_INT(row)), e) < 0)
			return -1;
	if (row > 0)
		m->set_id.v[id - 1] = row;
	return row;
}

static int save_part(struct makers *m, const struct makers_note *notes, size_t n,
		     struct members *of, struct err *e)
{
	size_t had, more = 0;
	int64_t set;

	of->n = 0;
	if (store_each(m->store, STMT_set_of_part, ARGS(V_INT(notes[0].part)),
		       WALK(take_members, of), e) < 0)
		return -1;
	had = of->n;
	for (size_t i = 0; i < n; i++) {
		if ((i > 0 && notes[i].maker == notes[i - 1].maker) ||
		    (had > 0 &&
		     bsearch(&notes[i].maker, of->v, had, sizeof(*of->v), by_number) != NULL))
			continue;
		*VEC_PUSH(of) = notes[i].maker;
		more++;
	}
	if (more == 0)
		return 0;
	set = set_of(m, of, e);
	return set < 0 ? -1 :
			 store_run(m->store, STMT_set_part_makers,
				   ARGS(V_INT(notes[0].part), V_INT(set)), e);
}

int makers_save(struct makers *m, struct err *e)
{
	struct members of = { 0 };
	int ret = 0;

	if (m->n > 1)
		qsort(m->notes, m->n, sizeof(*m->notes), by_part);
	for (size_t from = 0, to; from < m->n && ret == 0; from = to) {
		for (to = from + 1; to < m->n && m->notes[to].part == m->notes[from].part;)
			to++;
		ret = save_part(m, &m->notes[from], to - from, &of, e);
	}
	m->n = 0;
	VEC_FREE(&of);
	return ret;
}

/* ---- compacted trees ---- */

struct totals { struct makers *m; VEC(struct makers_note) notes; };

static int take_total(void *to, sqlite3_stmt *st, struct err *e)
{
	struct totals *t = to;
	int64_t v[4];

	if (row_read(st, "fold_use", "iizf", v, e) < 0)
		return -1;
	/* what is noted is given its makers when the walk has ended */
	*VEC_PUSH(&t->notes) = (struct makers_note){
		v[0], (int64_t)((uint64_t)v[1] << 32 | (uint64_t)(v[2] ? v[2] : UINT32_MAX))
	};
	if (v[3])
		*VEC_PUSH(&t->notes) =
			(struct makers_note){ v[0], (int64_t)((uint64_t)v[1] << 32) };
	return 0;
}

static int save_total(struct makers *m, const struct makers_note *notes, size_t n,
		      struct members *of, struct err *e)
{
	int64_t set;

	of->n = 0;
	for (size_t i = 0; i < n; i++) {
		int64_t exe = (int64_t)((uint64_t)notes[i].maker >> 32),
			comm = notes[i].maker & UINT32_MAX;

		m->n = 0;
		if (put_base(m, notes[i].part, exe, e) < 0 ||
		    (comm != UINT32_MAX && put(m, notes[i].part, exe, comm, e) < 0))
			return -1;
		for (size_t k = 0; k < m->n; k++)
			*VEC_PUSH(of) = m->notes[k].maker;
	}
	m->n = 0;
	set = set_of(m, of, e);
	return set < 0 ? -1 :
			 store_run(m->store, STMT_set_fold_makers,
				   ARGS(V_INT(notes[0].part), V_INT(set)), e);
}

static int save_totals(struct totals *t, struct err *e)
{
	struct members of = { 0 };
	int ret = 0;

	if (t->notes.n > 1)
		qsort(t->notes.v, t->notes.n, sizeof(*t->notes.v), by_part);
	for (size_t from = 0, to; from < t->notes.n && ret == 0; from = to) {
		for (to = from + 1;
		     to < t->notes.n && t->notes.v[to].part == t->notes.v[from].part;)
			to++;
		ret = save_total(t->m, &t->notes.v[from], to - from, &of, e);
	}
	VEC_FREE(&of);
	return ret;
}

/* Callers and calls by what was compacted, and the programs above them, by their paths. */
static const char sql_totals[] =
	"SELECT DISTINCT u.fold, path.exe, caller.comm, call.action <> ?1 FROM fold_use AS u JOIN path ON path.id = u.path JOIN caller ON "
	"caller.id = u.caller JOIN call ON call.id = u.call UNION SELECT * FROM (WITH RECURSIVE above (fold, path) AS (SELECT fold, path FROM "
	"fold_use UNION SELECT id, main FROM fold UNION SELECT above.fold, path.parent FROM above JOIN path ON path.id = above.path WHERE path.parent <> 0) SELECT "
	"above.fold, path.exe, path.name, 0 FROM above JOIN path ON path.id = above.path)";

int makers_of_totals(struct store *s, struct err *e)
{
	struct makers m;
	struct totals t = { .m = &m };
	int ret;

	if (!s->makers)
		return 0;
	makers_init(&m, s);
	ret = store_each_sql(s, sql_totals, ARGS(V_INT(ACTION_LOG)), WALK(take_total, &t), e);
	if (ret == 0)
		ret = save_totals(&t, e);
	VEC_FREE(&t.notes);
	makers_release(&m);
	return ret;
}

int makers_tidy(struct store *s, struct err *e)
{
	if (!s->makers)
		return 0;
	return store_script(
		s,
		"DELETE FROM part_makers WHERE part NOT IN (SELECT id FROM part);"
		"DELETE FROM fold_makers WHERE fold NOT IN (SELECT id FROM fold);"
		"DELETE FROM maker_set WHERE id NOT IN (SELECT of FROM part_makers UNION SELECT of FROM fold_makers);"
		"DELETE FROM maker_in WHERE of NOT IN (SELECT id FROM maker_set);"
		"DELETE FROM maker WHERE id NOT IN (SELECT maker FROM maker_in)",
		e);
}

/* ---- a store that has none of it ---- */

#define AT_ONCE 65536 /* notes that are held at once */

static int take_interval(void *to, sqlite3_stmt *st, struct err *e)
{
	struct makers *m = to;
	struct obs_list obs = { 0 };
	int64_t v[7];
	int ret;

	if (row_read(st, "interval", "iiztsmb", v, e) < 0)
		return -1;
	if (!obs_decode(store_column(st, 6),
			(struct obs_origin){ .t = v[3], .serial = (uint32_t)v[4] }, &obs))
		ret = row_damaged(m->store->db, "interval", 0,
				  "no observations can be read in its obs", e);
	else
		ret = makers_note(m, v[0], v[1], v[2], &obs, e);
	VEC_FREE(&obs);
	return ret == 0 && m->n > AT_ONCE ? makers_save(m, e) : ret;
}

int makers_fill(struct store *s, struct err *e)
{
	struct makers m;
	int ret;

	s->makers = true;
	makers_init(&m, s);
	ret = store_script(s, makers_sql, e);
	if (ret == 0)
		ret = store_script(
			s,
			"DELETE FROM part_makers; DELETE FROM fold_makers; DELETE FROM maker_in; DELETE FROM maker_set; DELETE FROM maker",
			e);
	if (ret == 0)
		ret = store_each_sql(
			s,
			"SELECT part, exe, name, t_first, serial_first, cell, obs FROM interval WHERE part <> 0",
			NO_ARGS, WALK(take_interval, &m), e);
	if (ret == 0)
		ret = makers_save(&m, e);
	if (ret == 0)
		ret = makers_of_totals(s, e);
	if (ret == 0)
		ret = store_script(
			s, "INSERT INTO meta VALUES ('makers', 1) ON CONFLICT DO NOTHING", e);
	makers_release(&m);
	return ret;
}

int makers_build(struct store *s, struct err *e)
{
	int64_t there = 0;
	bool changed;
	int ret = store_begin(s, &changed, e);

	if (ret < 0)
		return -1;
	/* somebody else may have been quicker */
	ret = store_number_sql(s, "SELECT count(*) FROM meta WHERE key = 'makers'", NO_ARGS, &there,
			       e);
	if (ret == 0 && there == 0)
		ret = makers_fill(s, e);
	if (ret == 0 && there == 0)
		ret = store_commit(s, e);
	s->makers = ret == 0;
	store_rollback(s);
	return ret;
}
