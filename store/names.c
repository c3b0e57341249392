#include "store/names.h"

#include "store/base/esc.h"
#include "store/model/program.h"

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

/* Runs `find`; when it has no row, runs `add`. Both take the same parameters 1..count. */
static int64_t find_or_add(struct store *s, enum stmt find, enum stmt add, const int64_t *v, size_t count, struct err *e)
{
	sqlite3_stmt *st = store_stmt(s, find, e);
	int64_t row = 0;
	int got;

	if (st == NULL)
		return -1;
	store_bind_all(st, v, count);
	got = store_step(s, st, e);
	if (got == 1)
		row = sqlite3_column_int64(st, 0);
	sqlite3_reset(st);
	if (got != 0)
		return got < 0 ? -1 : row;
	st = store_stmt(s, add, e);
	if (st == NULL)
		return -1;
	store_bind_all(st, v, count);
	if (store_run(s, st, e) < 0)
		return -1;
	return sqlite3_last_insert_rowid(s->db);
}

static bool is_address(struct bytes name)
{
	return bytes_has(name, BYTES(":")) || (name.n && bytes_digit(name.p[name.n - 1]) && bytes_digit(name.p[0]) &&
					       bytes_has(name, BYTES(".")));
}

static struct bytes first_label(struct bytes name)
{
	return bytes_until(&name, '.');
}

/*
 * Another spelling of the same node: short for full or full for short, unambiguous. 0: none.
 */
static int64_t other_spelling(struct store *s, struct bytes name, struct err *e)
{
	struct bytes label = first_label(name);
	bool is_short = label.n == name.n;
	sqlite3_stmt *st = store_stmt(s, STMT_find_node_label, e);
	int64_t node = 0;
	int full = 0, got;

	if (st == NULL)
		return -1;
	while ((got = store_step(s, st, e)) == 1) {
		struct bytes have = store_column(st, 0);

		if (is_address(have) || !bytes_eq(first_label(have), label))
			continue;
		if (have.n != label.n)
			full++;
		if ((have.n == label.n) != is_short)
			node = sqlite3_column_int64(st, 1);
	}
	if (got < 0)
		return -1;
	/* a full name joins a short one only when no other full name has the label */
	return full <= (is_short ? 1 : 0) ? node : 0;
}

int64_t names_find_node(struct store *s, struct bytes name, struct err *e)
{
	sqlite3_stmt *st = store_stmt(s, STMT_find_node, e);
	int64_t row = 0;
	int got;

	if (st == NULL)
		return -1;
	sqlite3_bind_blob(st, 1, name.p, (int)name.n, SQLITE_STATIC);
	got = store_step(s, st, e);
	if (got == 1)
		row = sqlite3_column_int64(st, 0);
	sqlite3_reset(st);
	return got < 0 ? -1 : row;
}

int names_add_name(struct store *s, struct bytes name, int64_t node, struct err *e)
{
	sqlite3_stmt *st = store_stmt(s, STMT_add_node_name, e);

	if (st == NULL)
		return -1;
	sqlite3_bind_blob(st, 1, name.p, (int)name.n, SQLITE_STATIC);
	sqlite3_bind_int64(st, 2, node);
	return store_run(s, st, e);
}

static int64_t node_row(struct store *s, struct bytes name, struct err *e)
{
	int64_t row = names_find_node(s, name, e);
	sqlite3_stmt *st;

	if (row != 0)
		return row;
	if (!is_address(name))
		row = other_spelling(s, name, e);
	if (row < 0)
		return -1;
	if (row == 0) {
		st = store_stmt(s, STMT_add_node, e);
		if (st == NULL)
			return -1;
		sqlite3_bind_blob(st, 1, name.p, (int)name.n, SQLITE_STATIC);
		if (store_run(s, st, e) < 0)
			return -1;
		row = sqlite3_last_insert_rowid(s->db);
	}
	return names_add_name(s, name, row, e) < 0 ? -1 : row;
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
	int64_t v[] = { comm, subj }, row = map_get(&n->callers, (uint64_t)comm, (uint64_t)subj, 0);

	if (row == 0) {
		row = find_or_add(n->store, STMT_find_caller, STMT_add_caller, v, 2, e);
		if (row > 0)
			map_put(&n->callers, (uint64_t)comm, (uint64_t)subj, row);
	}
	return row;
}

int64_t names_call(struct names *n, uint32_t arch, int32_t nr, uint32_t action, struct err *e)
{
	uint64_t key = (uint64_t)arch << 32 | (uint32_t)nr;
	int64_t v[] = { arch, nr, action }, row = map_get(&n->calls, key, action, 0);

	if (row == 0) {
		row = find_or_add(n->store, STMT_find_call, STMT_add_call, v, 3, e);
		if (row > 0)
			map_put(&n->calls, key, action, row);
	}
	return row;
}

struct bytes names_text(struct names *n, int64_t string, struct err *e)
{
	sqlite3_stmt *st = store_stmt(n->store, STMT_string_bytes, e);

	if (st == NULL)
		return (struct bytes){ "", 0 };
	STORE_BIND(st, string);
	if (store_step(n->store, st, e) != 1)
		return (struct bytes){ "", 0 };
	return store_column(st, 0);
}

/* "runc:[2:INIT] > sh > perl": the parent's text and this image's name, or the last part of its exe. */
static int path_text(struct names *n, struct buf *out, int64_t parent, int64_t exe, int64_t name, struct err *e)
{
	struct bytes shown;

	if (parent != 0) {
		sqlite3_stmt *st = store_stmt(n->store, STMT_path_text, e);

		if (st == NULL)
			return -1;
		STORE_BIND(st, parent);
		if (store_step(n->store, st, e) != 1)
			return -1;
		shown = store_column(st, 0);
		buf_add(out, shown.p, shown.n);
		buf_str(out, " > ");
	}
	shown = names_text(n, name ? name : exe, e);
	esc_tty(out, name ? shown : program_base(shown));
	return 0;
}

int64_t names_place(struct names *n, int64_t node, const struct bytes v[PLACE_FIELDS], struct err *e)
{
	sqlite3_stmt *st = store_stmt(n->store, STMT_add_place, e);
	int64_t row = -1;

	if (st == NULL)
		return -1;
	sqlite3_bind_int64(st, 1, node);
	for (int i = 0; i < PLACE_FIELDS; i++)
		sqlite3_bind_blob(st, i + 2, v[i].n ? v[i].p : "", (int)v[i].n, SQLITE_STATIC);
	if (store_step(n->store, st, e) == 1)
		row = sqlite3_column_int64(st, 0);
	sqlite3_reset(st);
	return row;
}

int names_build(struct names *n, int64_t node, struct bytes exe, int64_t place, bool here, const char *id, int64_t t_ms, struct err *e)
{
	int64_t row = store_string(n->store, exe, e);
	sqlite3_stmt *st = row < 0 ? NULL : store_stmt(n->store, STMT_add_build, e);

	if (st == NULL)
		return -1;
	STORE_BIND(st, node, row, place, here, 0, t_ms);
	sqlite3_bind_text(st, 5, id, -1, SQLITE_STATIC);
	return store_run(n->store, st, e);
}

int64_t names_path(struct names *n, int64_t parent, int64_t exe, int64_t name, struct err *e)
{
	uint64_t key = (uint64_t)exe << 32 | (uint64_t)name;
	int64_t row = map_get(&n->paths, (uint64_t)parent, key, 0);
	auto_buf struct buf text = { 0 };
	sqlite3_stmt *st;
	int got;

	if (row != 0)
		return row;
	st = store_stmt(n->store, STMT_find_path, e);
	if (st == NULL)
		return -1;
	STORE_BIND(st, parent, exe, name);
	got = store_step(n->store, st, e);
	if (got == 1)
		row = sqlite3_column_int64(st, 0);
	sqlite3_reset(st);
	if (got == 0) {
		if (path_text(n, &text, parent, exe, name, e) < 0)
			return -1;
		st = store_stmt(n->store, STMT_add_path, e);
		if (st == NULL)
			return -1;
		STORE_BIND(st, parent, exe, name);
		sqlite3_bind_text(st, 4, text.p, (int)text.n, SQLITE_STATIC);
		got = store_run(n->store, st, e);
		row = sqlite3_last_insert_rowid(n->store->db);
	}
	if (got < 0)
		return -1;
	map_put(&n->paths, (uint64_t)parent, key, row);
	return row;
}

struct bytes names_subj(struct bytes subj)
{
	const char *level = subj.n == 0 ? NULL : memrchr(subj.p, ':', subj.n);

	/* user:role:type:sensitivity:categories; categories are c1,c2 or c0.c1023 */
	if (level == NULL || (size_t)(level - subj.p) + 2 >= subj.n || level[1] != 'c' || !bytes_digit(level[2]))
		return subj;
	return (struct bytes){ subj.p, (size_t)(level - subj.p) };
}
