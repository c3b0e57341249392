// SPDX-License-Identifier: Apache-2.0
/* Finds or makes the rows that many share, and caches their numbers. */
#include "store/names.h"

#include "store/base/esc.h"
#include "store/base/mem.h"
#include "store/model/program.h"
#include "store/row.h"
#include "store/sql.h"

STMT(find_node, "SELECT node FROM node_name WHERE name = ?1");
STMT(add_node_name, "INSERT INTO node_name (name, node) VALUES (?1, ?2)");
STMT(add_node, "INSERT INTO node (name) VALUES (?1)");
STMT(find_caller, "SELECT id FROM caller WHERE comm = ?1 AND ifnull(subj, 0) = ?2");
STMT(add_caller, "INSERT INTO caller (comm, subj) VALUES (?1, nullif(?2, 0))");
STMT(find_call, "SELECT id FROM call WHERE arch = ?1 AND nr = ?2 AND action = ?3");
STMT(add_call, "INSERT INTO call (arch, nr, action) VALUES (?1, ?2, ?3)");
STMT(node_name, "SELECT name FROM node WHERE id = ?1");
STMT(path_text, "SELECT text FROM path WHERE id = ?1");
STMT(string_bytes, "SELECT bytes FROM string WHERE id = ?1");
STMT(add_place,
     "INSERT INTO place (node, runtime, container, container_name, pod, pod_name, namespace, unit, image) VALUES (?1, ?2, ?3, "
     "?4, ?5, ?6, ?7, ?8, ?9) ON CONFLICT DO UPDATE SET runtime = iif(length(excluded.runtime), excluded.runtime, runtime), "
     "container_name = iif(length(excluded.container_name), excluded.container_name, container_name), pod_name = "
     "iif(length(excluded.pod_name), excluded.pod_name, pod_name), namespace = iif(length(excluded.namespace), "
     "excluded.namespace, namespace), image = iif(length(excluded.image), excluded.image, image) RETURNING id");
STMT(add_build,
     "INSERT INTO build VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?6) ON CONFLICT DO UPDATE SET t_first = min(t_first, excluded.t_first), "
     "t_last = max(t_last, excluded.t_last)");
STMT(find_path, "SELECT id FROM path WHERE parent = ?1 AND exe = ?2 AND name = ?3");
STMT(add_path, "INSERT INTO path (parent, exe, name, text) VALUES (?1, ?2, ?3, ?4)");

void names_init(struct names *n, struct store *store)
{
	*n = (struct names){ .store = store };
}

void names_release(struct names *n)
{
	pool_release(&n->node_text);
	map_release(&n->nodes);
	map_release(&n->callers);
	map_release(&n->calls);
	map_release(&n->paths);
}

void names_forget_nodes(struct names *n)
{
	map_clear(&n->nodes);
}

/* Runs `find`; when it has no row, runs `add`. Both take the same parameters. -1 on failure. */
static int64_t find_or_add(struct store *s, const char *table, struct stmt *find, struct stmt *add,
			   struct store_args args, struct err *e)
{
	int64_t row = 0;
	bool found;

	if (store_find(s, find, args, &row, 1, &found, e) < 0)
		return -1;
	if (!found && store_run(s, add, args, e) < 0)
		return -1;
	return row_id(s->db, table, found ? row : store_last_row(s), e);
}

int names_find_node(struct store *s, struct bytes name, int64_t *row, struct err *e)
{
	bool found;

	*row = 0;
	if (store_find(s, STMT_find_node, ARGS(V_BLOB(name)), row, 1, &found, e) < 0)
		return -1;
	return found && row_id(s->db, "node_name", *row, e) < 0 ? -1 : 0;
}

int names_add_name(struct store *s, struct bytes name, int64_t node, struct err *e)
{
	return store_run(s, STMT_add_node_name, ARGS(V_BLOB(name), V_INT(node)), e);
}

static int64_t node_row(struct store *s, struct bytes name, struct err *e)
{
	int64_t row;

	if (names_find_node(s, name, &row, e) < 0)
		return -1;
	if (row != 0)
		return row;
	if (store_run(s, STMT_add_node, ARGS(V_BLOB(name)), e) < 0)
		return -1;
	row = row_id(s->db, "node", store_last_row(s), e);
	return row < 0 || names_add_name(s, name, row, e) < 0 ? -1 : row;
}

int64_t names_node(struct names *n, struct bytes name, struct err *e)
{
	uint32_t id = pool_intern(&n->node_text, name);
	int64_t row = map_get(&n->nodes, id, 0, 0);

	if (row == 0) {
		row = node_row(n->store, pool_get(&n->node_text, id), e);
		if (row > 0)
			map_put(&n->nodes, id, 0, row);
	}
	return row;
}

int64_t names_caller(struct names *n, int64_t comm, int64_t subj, struct err *e)
{
	int64_t row = map_get(&n->callers, (uint64_t)comm, (uint64_t)subj, 0);

	if (row == 0) {
		row = find_or_add(n->store, "caller", STMT_find_caller, STMT_add_caller,
				  ARGS(V_INT(comm), V_INT(subj)), e);
		if (row > 0)
			map_put(&n->callers, (uint64_t)comm, (uint64_t)subj, row);
	}
	return row;
}

int64_t names_call(struct names *n, uint32_t arch, int32_t nr, uint32_t action, struct err *e)
{
	uint64_t key = (uint64_t)arch << 32 | (uint32_t)nr;
	int64_t row = map_get(&n->calls, key, action, 0);

	if (row == 0) {
		row = find_or_add(n->store, "call", STMT_find_call, STMT_add_call,
				  ARGS(V_INT(arch), V_INT(nr), V_INT(action)), e);
		if (row > 0)
			map_put(&n->calls, key, action, row);
	}
	return row;
}

struct text_to { const char *table; struct buf *out; bool found; };

static int take_text(void *to, sqlite3_stmt *row, struct err *e)
{
	struct text_to *t = to;
	struct bytes text;
	int64_t none;

	if (row_read(row, t->table, "b", &none, e) < 0)
		return -1;
	text = store_column(row, 0);
	buf_add(t->out, text.p, text.n);
	t->found = true;
	return 0;
}

/* Appends the text of a row that another one names. */
static int text_of(struct store *s, const char *table, struct stmt *stmt, int64_t row,
		   struct buf *out, struct err *e)
{
	struct text_to to = { table, out, false };

	if (store_each(s, stmt, ARGS(V_INT(row)), WALK(take_text, &to), e) < 0)
		return -1;
	return to.found ? 0 :
			  err_set(e, ST_SYSTEM,
				  "store %s: damaged: row %lld is named and is not there", s->path,
				  (long long)row);
}

int names_node_text(struct store *s, struct buf *out, int64_t node, struct err *e)
{
	return text_of(s, "node", STMT_node_name, node, out, e);
}

/*
 * A process that execs itself again and again makes no path without end: what comes behind so many
 * bytes has the path of the one before. It is longer than any that a person reads.
 */
#define PATH_TEXT_MAX 4000

/* "runc:[2:INIT] > sh > perl": the parent's text and this image's name, or the last part of its
 * exe. Empty: the parent's is as long as can be. */
static int path_text(struct names *n, struct buf *out, int64_t parent, int64_t exe, int64_t name,
		     struct err *e)
{
	auto_buf struct buf shown = { 0 };

	if (parent != 0) {
		if (text_of(n->store, "path", STMT_path_text, parent, &shown, e) < 0)
			return -1;
		if (shown.n > PATH_TEXT_MAX)
			return 0;
		esc_again(out, buf_bytes(&shown));
		buf_str(out, " > ");
		shown.n = 0;
	}
	if (text_of(n->store, "string", STMT_string_bytes, name ? name : exe, &shown, e) < 0)
		return -1;
	esc_tty(out, name ? buf_bytes(&shown) : program_basename(buf_bytes(&shown)));
	return 0;
}

int64_t names_location(struct names *n, int64_t node, const struct bytes v[LOCATION_FIELDS],
		       struct err *e)
{
	struct store_value args[1 + LOCATION_FIELDS] = { V_INT(node) };
	int64_t row;

	for (size_t i = 0; i < LOCATION_FIELDS; i++)
		args[i + 1] = V_BLOB(v[i]);
	if (store_number(n->store, STMT_add_place, (struct store_args){ args, ARRAY_SIZE(args) },
			 &row, e) < 0)
		return -1;
	return row_id(n->store->db, "place", row, e);
}

int names_build(struct names *n, int64_t node, struct bytes exe, int64_t location, bool here,
		const char *id, int64_t t_ms, struct err *e)
{
	int64_t row = store_string(n->store, exe, e);

	if (row < 0)
		return -1;
	return store_run(n->store, STMT_add_build,
			 ARGS(V_INT(node), V_INT(row), V_INT(location), V_INT(here),
			      V_TEXT(bytes_of(id)), V_INT(t_ms)),
			 e);
}

int64_t names_path(struct names *n, int64_t parent, int64_t exe, int64_t name, struct err *e)
{
	uint64_t key = (uint64_t)exe << 32 | (uint64_t)name;
	int64_t row = map_get(&n->paths, (uint64_t)parent, key, 0);
	auto_buf struct buf text = { 0 };
	bool found;

	if (row != 0)
		return row;
	if (store_find(n->store, STMT_find_path, ARGS(V_INT(parent), V_INT(exe), V_INT(name)), &row,
		       1, &found, e) < 0)
		return -1;
	if (!found) {
		if (path_text(n, &text, parent, exe, name, e) < 0)
			return -1;
		if (text.n == 0)
			return parent;
		if (store_run(
			    n->store, STMT_add_path,
			    ARGS(V_INT(parent), V_INT(exe), V_INT(name), V_TEXT(buf_bytes(&text))),
			    e) < 0)
			return -1;
		row = store_last_row(n->store);
	}
	if (row_id(n->store->db, "path", row, e) < 0)
		return -1;
	if (row <= parent)
		return row_damaged(n->store->db, "path", row,
				   "its parent does not come before it", e);
	map_put(&n->paths, (uint64_t)parent, key, row);
	return row;
}

struct bytes names_subj(struct bytes subj)
{
	const char *level = subj.n == 0 ? NULL : memrchr(subj.p, ':', subj.n);

	/* user:role:type:sensitivity:categories; categories are c1,c2 or c0.c1023 */
	if (level == NULL || (size_t)(level - subj.p) + 2 >= subj.n || level[1] != 'c' ||
	    !bytes_digit(level[2]))
		return subj;
	return (struct bytes){ subj.p, (size_t)(level - subj.p) };
}

static int take_bytes(void *to, sqlite3_stmt *row, struct err *e)
{
	struct bytes b = store_column(row, 0);

	(void)e;
	buf_add(to, b.p, b.n);
	return STORE_ENOUGH;
}

int names_compare(struct store *s, int64_t a, int64_t b)
{
	auto_buf struct buf x = { 0 }, y = { 0 };
	struct err e;
	size_t n;
	int d;

	if (store_each(s, STMT_string_bytes, ARGS(V_INT(a)), WALK(take_bytes, &x), &e) < 0 ||
	    store_each(s, STMT_string_bytes, ARGS(V_INT(b)), WALK(take_bytes, &y), &e) < 0)
		return a < b ? -1 : a > b;
	n = x.n < y.n ? x.n : y.n;
	d = n == 0 ? 0 : memcmp(x.p, y.p, n);
	return d != 0 ? d : x.n < y.n ? -1 : x.n > y.n;
}
