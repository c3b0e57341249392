// SPDX-License-Identifier: Apache-2.0
/* Loads the names of machines, and joins short names with full ones. */
#include "store/nodes.h"

#include "store/row.h"
#include "store/sql.h"
#include "store/tool.h"

#include <stdlib.h>

static bool is_address(struct bytes name)
{
	return bytes_has(name, BYTES(":")) ||
	       (name.n && bytes_digit(name.p[name.n - 1]) && bytes_digit(name.p[0]) &&
		bytes_has(name, BYTES(".")));
}

static bool is_short(struct bytes name)
{
	return name.n == 0 || memchr(name.p, '.', name.n) == NULL;
}

/* ---- rows that are one: a forest; a row points to one that is nearer to the top, which is trusted
 * if one of them is ---- */

static uint32_t top(struct nodes *n, uint32_t row)
{
	while (n->rows.v[row].of != row)
		row = n->rows.v[row].of = n->rows.v[n->rows.v[row].of].of;
	return row;
}

/* Would this row's name be shown for both? What a trusted source said, then the longer of two
 * spellings. */
static bool speaks_before(const struct nodes_row *a, const struct nodes_row *b)
{
	int by_name = bytes_order(a->shown, b->shown);

	if (a->trusted != b->trusted)
		return a->trusted;
	if (is_short(a->shown) != is_short(b->shown))
		return is_short(b->shown);
	if (by_name == 0)
		by_name = bytes_eq(b->name, b->shown) - bytes_eq(a->name, a->shown);
	return by_name < 0;
}

/* A name as it is written, with what is looked at. */
struct spelling { struct bytes name, label; uint32_t row; bool is_short, trusted; };
struct spellings { struct spelling *v; size_t n; };

static int by_label(const void *a, const void *b)
{
	const struct spelling *x = a, *y = b;
	int ret = bytes_order(x->label, y->label);

	return ret ? ret : bytes_order(x->name, y->name);
}

/* The full name that a short one stands for: the only one. What is trusted is not told by text.
 * NULL: none. */
static const struct spelling *full_name(const struct spelling *of, const struct spelling *v,
					size_t n)
{
	const struct spelling *any = NULL, *trusted = NULL;
	size_t all = 0, trusted_ones = 0;

	for (size_t i = 0; i < n; i++) {
		if (v[i].is_short)
			continue;
		any = &v[i];
		all++;
		trusted = v[i].trusted ? &v[i] : trusted;
		trusted_ones += v[i].trusted;
	}
	if (of->trusted && trusted_ones > 0)
		return trusted_ones == 1 ? trusted : NULL;
	return all == 1 ? any : NULL;
}

static void join(struct nodes *n, const struct spelling *a, const struct spelling *b)
{
	const struct spelling *speaks = a->trusted && !b->trusted ? a : b,
			      *other = speaks == a ? b : a;
	uint32_t x = top(n, a->row), y = top(n, b->row);

	if (bytes_eq(n->rows.v[other->row].name, other->name))
		n->rows.v[other->row].shown = speaks->name;
	/* text is no bridge between two that are trusted */
	if (x == y || (n->rows.v[x].trusted && n->rows.v[y].trusted && !(a->trusted && b->trusted)))
		return;
	if (n->rows.v[x].trusted)
		n->rows.v[y].of = x;
	else
		n->rows.v[x].of = y;
	n->joined = true;
}

/* All names with one label, by name: so the short one comes first. trusted: only if both are. */
static void join_label(struct nodes *n, const struct spelling *v, size_t count, bool trusted)
{
	const struct spelling *full;

	if (!v[0].is_short || v[0].label.n == 0)
		return;
	full = full_name(&v[0], v, count);
	if (full != NULL && (v[0].trusted && full->trusted) == trusted)
		join(n, &v[0], full);
}

static void join_all(struct nodes *n, const struct spellings *s, bool trusted)
{
	for (size_t from = 0, to; from < s->n; from = to) {
		for (to = from + 1; to < s->n && bytes_eq(s->v[to].label, s->v[from].label);)
			to++;
		if (to > from + 1)
			join_label(n, &s->v[from], to - from, trusted);
	}
}

/* Of each machine's rows, the one whose name is shown stands for it. */
static void choose_speakers(struct nodes *n)
{
	auto_free uint32_t *speaker = mem_alloc((n->rows.n + 1) * sizeof(*speaker));

	for (uint32_t i = 0; i < n->rows.n; i++)
		speaker[i] = i;
	for (uint32_t i = 0; i < n->rows.n; i++) {
		uint32_t of = top(n, i);

		if (speaks_before(&n->rows.v[i], &n->rows.v[speaker[of]]))
			speaker[of] = i;
	}
	for (uint32_t i = 0; i < n->rows.n; i++)
		speaker[i] = speaker[top(n, i)];
	for (uint32_t i = 0; i < n->rows.n; i++)
		n->rows.v[i].of = speaker[i];
	for (uint32_t i = 0; i < n->rows.n; i++) {
		struct nodes_row *row = &n->rows.v[i], *of = &n->rows.v[row->of];

		if (row == of)
			continue;
		row->shown = of->shown;
		row->others = of->others = true;
	}
}

void nodes_join(struct nodes *n)
{
	auto_free struct spelling *v = mem_alloc((n->names.n + 1) * sizeof(*v));
	struct spellings s = { v, 0 };
	size_t full = 0;

	for (uint32_t i = 0; i < n->rows.n; i++) {
		n->rows.v[i].shown = n->rows.v[i].name;
		n->rows.v[i].of = i;
	}
	for (size_t i = 0; i < n->names.n; i++) {
		struct bytes name = n->names.v[i].name, rest = name;
		const struct nodes_row *row = &n->rows.v[n->names.v[i].row];

		if (!row->kept || is_address(name))
			continue;
		v[s.n++] = (struct spelling){ name, bytes_until(&rest, '.'), n->names.v[i].row,
					      is_short(name), row->trusted };
		full += !is_short(name);
	}
	/* one of each kind at least, or nothing can be one */
	if (full == 0 || full == s.n)
		return;
	qsort(v, s.n, sizeof(*v), by_label);
	join_all(n, &s, true);
	join_all(n, &s, false);
	choose_speakers(n);
}

/* ---- the store's ---- */

static struct bytes keep_name(struct nodes *n, struct bytes b)
{
	return pool_get(&n->strings, pool_intern(&n->strings, b));
}

struct loading { struct nodes *n; bool only_trusted, trusts; };

static int take_row(void *to, sqlite3_stmt *st, struct err *e)
{
	struct loading *l = to;
	int64_t v[4];

	if (row_read(st, "node", "ibff", v, e) < 0)
		return -1;
	v[3] = v[3] && l->trusts;
	map_put(&l->n->at, (uint64_t)v[0], 0, (int64_t)l->n->rows.n);
	*VEC_PUSH(&l->n->rows) = (struct nodes_row){ .id = v[0],
						     .name = keep_name(l->n, store_column(st, 1)),
						     .trusted = v[3] != 0,
						     .kept = (l->only_trusted ? v[3] : v[2]) != 0 };
	return 0;
}

static int take_name(void *to, sqlite3_stmt *st, struct err *e)
{
	struct loading *l = to;
	int64_t v[2], row;
	uint32_t name;

	if (row_read(st, "node_name", "ib", v, e) < 0)
		return -1;
	row = map_get(&l->n->at, (uint64_t)v[0], 0, -1);
	if (row < 0)
		return row_damaged(sqlite3_db_handle(st), "node_name", 0, "its node is not there",
				   e);
	name = pool_intern(&l->n->strings, store_column(st, 1));
	map_put(&l->n->by_name, name, 0, row);
	*VEC_PUSH(&l->n->names) =
		(struct nodes_name){ (uint32_t)row, pool_get(&l->n->strings, name) };
	return 0;
}

/* The files of tools go by their machine's name, and are one with none. */
static int take_tool(void *to, const struct tool_row *tool, struct err *e)
{
	struct nodes *n = to;
	uint32_t name = pool_find(&n->strings, tool->node);
	int64_t at = name == 0 ? -1 : map_get(&n->by_name, name, 0, -1);
	struct nodes_row *row = at < 0 ? NULL : &n->rows.v[at];

	(void)e;
	if (row == NULL || !bytes_eq(row->name, tool->node))
		return 0;
	row->kind = tool->kind;
	row->facts = tool->facts;
	row->file = keep_name(n, tool->file);
	if (tool->host.n)
		row->shown = keep_name(n, tool->host);
	return 0;
}

int nodes_load(struct nodes *n, struct store *s, bool only_trusted, struct err *e)
{
	struct loading l = { n, only_trusted, store_trusts(s) };

	*n = (struct nodes){ 0 };
	if (store_each_sql(
		    s,
		    "SELECT id, name, EXISTS (SELECT 1 FROM boot WHERE boot.node = node.id) OR EXISTS (SELECT 1 FROM loss WHERE loss.node = "
		    "node.id) OR EXISTS (SELECT 1 FROM presence WHERE presence.node = node.id) OR id IN (SELECT node FROM fold UNION SELECT node "
		    "FROM capture), EXISTS (SELECT 1 FROM boot WHERE boot.node = node.id AND trusted) OR EXISTS (SELECT 1 FROM loss WHERE "
		    "loss.node = node.id AND trusted) OR id IN (SELECT node FROM fold WHERE trusted UNION SELECT node FROM capture) FROM node",
		    NO_ARGS, WALK(take_row, &l), e) < 0 ||
	    store_each_sql(s, "SELECT node, name FROM node_name", NO_ARGS, WALK(take_name, &l), e) <
		    0)
		return -1;
	nodes_join(n);
	return tool_each(s, (struct tool_row_take){ take_tool, n }, e);
}

void nodes_release(struct nodes *n)
{
	VEC_FREE(&n->rows);
	VEC_FREE(&n->names);
	map_release(&n->at);
	map_release(&n->by_name);
	pool_release(&n->strings);
}

const struct nodes_row *nodes_find(const struct nodes *n, int64_t id)
{
	int64_t row = map_get(&n->at, (uint64_t)id, 0, -1);

	return row < 0 ? NULL : &n->rows.v[row];
}

int64_t nodes_id(const struct nodes *n, int64_t id)
{
	const struct nodes_row *row = nodes_find(n, id);

	return row == NULL ? id : n->rows.v[row->of].id;
}

bool nodes_has_others(const struct nodes *n, int64_t id)
{
	const struct nodes_row *row = nodes_find(n, id);

	return row != NULL && row->others;
}

bool nodes_named(const struct nodes *n, int64_t id, struct bytes name)
{
	const struct nodes_row *row = nodes_find(n, id);
	uint32_t text = pool_find(&n->strings, name);
	int64_t named = text == 0 ? -1 : map_get(&n->by_name, text, 0, -1);

	if (row != NULL && row->kind != KIND_SECCOMP && bytes_eq(row->shown, name))
		return true;
	return row != NULL && named >= 0 && n->rows.v[named].of == row->of;
}
