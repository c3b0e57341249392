// SPDX-License-Identifier: Apache-2.0
/* Compacted trees: one pseudo-tree for each row of `fold`, its images made of paths. */
#include "store/query_load.h"

#include "store/base/when.h"
#include "store/query_past.h"
#include "store/model/program.h"
#include "store/row.h"

#include <stdlib.h>

int query_take_path(void *to, sqlite3_stmt *st, struct err *e)
{
	struct query_loading *l = to;
	struct query_path p;
	int64_t v[5];

	if (row_read(st, "path", "izizb", v, e) < 0)
		return -1;
	if (map_get(&l->path_at, (uint64_t)v[0], 0, -1) >= 0)
		return 0;
	p = (struct query_path){ .id = v[0], .parent = v[1] };
	p.text = query_keep_shown(l->q, store_column(st, 4));
	/* a path is written after the one that it goes on from, and rows are numbered upwards */
	if (p.parent != 0 &&
	    (p.parent >= p.id || map_get(&l->path_at, (uint64_t)p.parent, 0, -1) < 0))
		return row_damaged(l->s->db, "path", p.id, "its parent does not come before it", e);
	if (!query_text_of(l, v[2], &p.exe) || !query_text_of(l, v[3], &p.name))
		return query_dangling(l, "path", p.id, "exe or name", e);
	map_put(&l->path_at, (uint64_t)p.id, 0, (int64_t)l->paths.n);
	*VEC_PUSH(&l->paths) = p;
	return 0;
}

/* A path with those that it goes on from, in the order of their numbers. */
STMT(path_chain,
     "WITH RECURSIVE up (id) AS (SELECT ?1 UNION SELECT path.parent FROM up JOIN path ON path.id = up.id WHERE path.parent <> 0) "
     "SELECT path.id, path.parent, path.exe, path.name, path.text FROM up JOIN path ON path.id = up.id ORDER BY path.id");

int64_t query_path_at(struct query_loading *l, int64_t row)
{
	int64_t at = map_get(&l->path_at, (uint64_t)row, 0, -1);
	struct err ignored;

	if (at >= 0 || !l->some ||
	    store_each(l->s, STMT_path_chain, ARGS(V_INT(row)), WALK(query_take_path, l),
		       &ignored) < 0)
		return at;
	return map_get(&l->path_at, (uint64_t)row, 0, -1);
}

static uint32_t add_total_image(struct query_loading *l, uint32_t tree, uint32_t above,
			   const struct query_path *p)
{
	uint32_t at = (uint32_t)l->q->images.n;

	map_put(&l->image_of_total, tree, (uint64_t)p->id, at);
	*VEC_PUSH(&l->q->images) = (struct query_image){
		.tree = tree, .parent = above, .fork_of = QUERY_NONE, .execs = QUERY_NONE,
		.path = p->text, .exe = p->exe, .name = p->name,
		.loader = program_kind(p->name, p->exe) == PROGRAM_LOADER, .t_first = WHEN_NONE,
		.t_last = WHEN_NONE, .t_end = WHEN_NONE
	};
	if (above == QUERY_NONE)
		l->q->trees.v[tree].root = at;
	return at;
}

/* The image of a path in a compacted tree, with those above it; QUERY_NONE when the path is not
 * there. */
static uint32_t folded_image(struct query_loading *l, uint32_t tree, int64_t path)
{
	uint32_t above = QUERY_NONE;
	VEC(int64_t) rows = { 0 }; /* those that have no image yet, from here upwards */

	while (path != 0) {
		int64_t at = map_get(&l->image_of_total, tree, (uint64_t)path, -1);
		int64_t row = query_path_at(l, path);

		if (at >= 0 || row < 0) {
			above = at >= 0 ? (uint32_t)at : QUERY_NONE;
			break;
		}
		*VEC_PUSH(&rows) = row;
		path = l->paths.v[row].parent;
	}
	for (size_t i = rows.n; i-- > 0;)
		above = add_total_image(l, tree, above, &l->paths.v[rows.v[i]]);
	VEC_FREE(&rows);
	return above;
}

/* Text may know the beginning of trees that count as trusted, in a row of their own. */
static void count_total(struct query_tree *t, int64_t trees, int64_t starts)
{
	t->stands_for += (uint64_t)trees;
	t->starts += (uint64_t)starts;
	if (t->starts > t->stands_for)
		t->starts = t->stands_for;
	t->start_seen = t->starts > 0;
}

int query_take_total(void *to, sqlite3_stmt *st, struct err *e)
{
	struct query_loading *l = to;
	uint32_t tree = (uint32_t)l->q->trees.n;
	const struct nodes_row *node;
	int64_t v[7];

	if (row_read(st, "fold", "ihiiccf", v, e) < 0)
		return -1;
	node = nodes_find(&l->q->nodes, v[2]);
	if (node == NULL)
		return query_dangling(l, "fold", v[0], "node", e);
	*VEC_PUSH(&l->totals) = v[0];
	/* trusted evidence and text of one workload stand in rows of their own: the trusted one
	 * first */
	if (tree > 0 && l->q->trees.v[tree - 1].id == 0 &&
	    bytes_eq(l->q->trees.v[tree - 1].code, store_column(st, 1)) &&
	    l->q->trees.v[tree - 1].row == v[2]) {
		struct query_tree *t = &l->q->trees.v[tree - 1];

		map_put(&l->tree_of_total, (uint64_t)v[0], 0, tree - 1);
		*VEC_PUSH(&t->totals) = v[0];
		count_total(t, v[4], v[5]);
		return 0;
	}
	map_put(&l->tree_of_total, (uint64_t)v[0], 0, tree);
	*VEC_PUSH(&l->q->trees) =
		(struct query_tree){ .code = query_keep_string(l->q, store_column(st, 1)),
				     .t_first = WHEN_NONE,
				     .t_last = WHEN_NONE };
	count_total(&l->q->trees.v[tree], v[4], v[5]);
	*VEC_PUSH(&l->q->trees.v[tree].totals) = v[0];
	query_set_node(&l->q->trees.v[tree], l->q, node);
	l->q->trees.v[tree].main = folded_image(l, tree, v[3]);
	if (l->q->trees.v[tree].main == QUERY_NONE)
		return query_dangling(l, "fold", v[0], "main path", e);
	return 0;
}

int query_take_total_label(void *to, sqlite3_stmt *st, struct err *e)
{
	struct query_loading *l = to;
	struct query_tree *t;
	struct bytes label;
	int64_t v[2];

	if (row_read(st, "fold", "ii", v, e) < 0)
		return -1;
	if (!query_text_of(l, v[1], &label))
		return query_dangling(l, "fold", v[0], "label", e);
	t = &l->q->trees.v[map_get(&l->tree_of_total, (uint64_t)v[0], 0, -1)];
	for (size_t i = 0; i < t->labels.n; i++)
		if (t->labels.v[i].p == label.p)
			return 0; /* its other row has it, too */
	*VEC_PUSH(&t->labels) = label;
	return 0;
}

int query_take_total_use(void *to, sqlite3_stmt *st, struct err *e)
{
	struct query_loading *l = to;
	int64_t v[9], tree, caller, call;
	uint32_t image;

	if (row_read(st, "fold_use", "iiiifccuT", v, e) < 0)
		return -1;
	tree = map_get(&l->tree_of_total, (uint64_t)v[0], 0, -1);
	caller = query_caller_at(l, v[2]);
	call = map_get(&l->calls, (uint64_t)v[3], 0, -1);
	image = tree < 0 ? QUERY_NONE : folded_image(l, (uint32_t)tree, v[1]);
	if (image == QUERY_NONE || caller < 0 || call < 0)
		return query_dangling(l, "fold_use", 0, "fold, path, caller or call", e);
	/* what a fork came to exec is no part of the root pid's chain */
	if (v[4] && l->q->images.v[image].parent != QUERY_NONE) {
		l->q->images.v[image].fork_of = l->q->images.v[image].parent;
		l->q->images.v[image].parent = QUERY_NONE;
	}
	if ((v[7] == WHEN_NONE || query_in_time(l, v[7], v[8])) && (!l->q->trusted || v[6] > 0))
		query_add_use(l, image, (uint32_t)caller, (uint32_t)call,
			      (uint64_t)v[l->q->trusted ? 6 : 5], (uint64_t)v[6], v[7], v[8]);
	return 0;
}

int query_take_total_set(void *to, sqlite3_stmt *st, struct err *e)
{
	struct query_loading *l = to;
	struct query_set *set;
	struct bytes text;
	int64_t v[3], tree;
	uint64_t row;

	if (row_read(st, "fold_set", "ibc", v, e) < 0)
		return -1;
	tree = map_get(&l->tree_of_total, (uint64_t)v[0], 0, -1);
	if (tree < 0)
		return query_dangling(l, "fold_set", 0, "fold", e);
	text = store_column(st, 1);
	bytes_take(&text, BYTES("["));
	set = VEC_PUSH(&l->q->sets);
	*set = (struct query_set){ .tree = (uint32_t)tree,
				   .starts = (uint64_t)v[2],
				   .hash = query_past_hash(store_column(st, 1)) };
	while (bytes_dec(&text, OBS_ROW_MAX, &row)) {
		int64_t call = map_get(&l->calls, row, 0, -1);

		if (call >= 0)
			*VEC_PUSH(&set->calls) = (uint32_t)call;
		bytes_take(&text, BYTES(","));
	}
	if (!bytes_eq(text, BYTES("]")))
		return row_damaged(l->s->db, "fold_set", 0,
				   "no list of calls can be read in its calls", e);
	return 0;
}

int query_take_total_location(void *to, sqlite3_stmt *st, struct err *e)
{
	struct query_loading *l = to;

	return query_put_location(l, &l->tree_of_total, "fold_place", st, e);
}

int query_load_totals(struct query_loading *l, struct err *e)
{
	if (query_each(l, "SELECT id, parent, exe, name, text FROM path ORDER BY id",
		       query_take_path, e) < 0 ||
	    query_each_of(
		    l,
		    "SELECT id, code, node, main, trees, starts, trusted FROM fold WHERE NOT ?1 OR trusted ORDER BY code, trusted DESC",
		    query_take_total, e) < 0 ||
	    query_each_of(
		    l,
		    "SELECT fold.id, label.value FROM fold, json_each(fold.labels) AS label WHERE NOT ?1 OR fold.trusted",
		    query_take_total_label, e) < 0 ||
	    query_each_of(
		    l,
		    "SELECT fold, path, caller, call, forked, events, iif(fold.trusted, events, 0), t_first, t_last FROM fold_use LEFT JOIN fold ON fold.id = fold WHERE NOT ?1 OR ifnull(fold.trusted, 1)",
		    query_take_total_use, e) < 0)
		return -1;
	if (query_each_of(
		    l,
		    "SELECT fold, place FROM fold_place WHERE NOT ?1 OR fold IN (SELECT id FROM fold WHERE trusted)",
		    query_take_total_location, e) < 0)
		return -1;
	return query_each_of(
		l,
		"SELECT fold, calls, starts FROM fold_set WHERE NOT ?1 OR fold IN (SELECT id FROM fold WHERE trusted)",
		query_take_total_set, e);
}
