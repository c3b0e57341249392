// SPDX-License-Identifier: Apache-2.0
/*
 * Loads some trees of the store, each by its number, and what is needed beyond them: what came
 * before and after in their pids, when their machines booted, which labels go together. Each
 * statement finds its rows by an index.
 */
#include "store/query_load.h"

#include "store/base/when.h"
#include "store/order.h"
#include "store/row.h"

#include <stdlib.h>

STMT(some_tree,
     "SELECT id, code, start_seen, trusted FROM tree WHERE id = ?2 AND (NOT ?1 OR trusted)");
STMT(some_parts,
     "SELECT part.id, tree, path.text, part.parent, fork_of, part.exe, part.name, pid, t_first, t_last, node, loader, boot, "
     "serial_first, image, trusted, serial_last, t_end FROM image_part AS part JOIN path ON path.id = part.path WHERE part.tree = ?2 AND (NOT ?1 OR trusted)");
STMT(one_part,
     "SELECT part.id, tree, path.text, part.parent, fork_of, part.exe, part.name, pid, t_first, t_last, node, loader, boot, "
     "serial_first, image, trusted, serial_last, t_end FROM image_part AS part JOIN path ON path.id = part.path WHERE part.id = ?2 AND (NOT ?1 OR trusted)");
STMT(parts_of_pid, "SELECT DISTINCT part FROM interval WHERE node = ?1 AND pid = ?2 AND part <> 0");
STMT(some_labels, "SELECT tree, label FROM tree_label WHERE tree = ?2 AND (NOT ?1 OR trusted)");
STMT(some_places, "SELECT tree, place FROM tree_place WHERE tree = ?2 AND (NOT ?1 OR trusted)");
STMT(some_intervals,
     "SELECT id, part, node, pid, exe, t_first, t_last, serial_first, serial_last, cell, loader, uid, auid, obs FROM interval WHERE "
     "node = ?2 AND pid = ?3 AND t_last >= ?4 AND (NOT ?1 OR trusted)");
STMT(runs_of_part,
     "SELECT ingest, trusted FROM interval WHERE node = ?1 AND pid = ?2 AND t_last >= ?3 AND part = ?4 UNION SELECT touch.ingest, trusted "
     "FROM interval JOIN touch ON touch.interval = interval.id WHERE node = ?1 AND pid = ?2 AND t_last >= ?3 AND part = ?4");
STMT(run_capture, "SELECT complete, t_first, t_last FROM capture WHERE ingest = ?1");
STMT(run_policy, "SELECT policy FROM ingest WHERE id = ?1 AND policy IS NOT NULL");
STMT(some_builds,
     "SELECT node, exe, place, here, build_id, t_first, t_last FROM build WHERE node = ?1 AND exe = ?2");
STMT(next_boot, "SELECT ifnull(min(boot), -1) FROM part WHERE node = ?1 AND boot > ?2");
STMT(boot_first,
     "SELECT min(t_first) FROM part WHERE node = ?2 AND boot = ?3 AND (NOT ?1 OR trusted)");
STMT(boot_last,
     "SELECT max(t_last) FROM part WHERE node = ?2 AND boot = ?3 AND (NOT ?1 OR trusted)");
STMT(some_totals,
     "SELECT id, code, node, main, trees, starts, trusted FROM fold WHERE code = ?2 AND (NOT ?1 OR trusted) ORDER BY trusted DESC");
STMT(total_labels,
     "SELECT fold.id, label.value FROM fold, json_each(fold.labels) AS label WHERE fold.id = ?1");
STMT(total_uses,
     "SELECT fold, path, caller, call, forked, events, iif(fold.trusted, events, 0), t_first, t_last FROM fold_use JOIN fold ON fold.id = "
     "fold_use.fold WHERE fold_use.fold = ?1");
STMT(total_places, "SELECT fold, place FROM fold_place WHERE fold = ?1");
STMT(total_sets, "SELECT fold, calls, starts FROM fold_set WHERE fold = ?1");
STMT(exe_of_text, "SELECT id FROM string WHERE bytes = ?1");

static int one(struct query_loading *l, struct stmt *stmt, int64_t id, query_take *take,
	       struct err *e)
{
	return store_each(l->s, stmt, ARGS(V_INT(l->q->trusted), V_INT(id)), WALK(take, l), e);
}

static int each_total(struct query_loading *l, struct stmt *stmt, query_take *take, struct err *e)
{
	for (size_t i = 0; i < l->totals.n; i++)
		if (store_each(l->s, stmt, ARGS(V_INT(l->totals.v[i])), WALK(take, l), e) < 0)
			return -1;
	return 0;
}

/* ---- what else was in their pids ---- */

struct ids {
	int64_t *v;
	size_t n, cap;
};

static int take_id(void *to, sqlite3_stmt *st, struct err *e)
{
	int64_t id;

	if (row_read(st, "part", "i", &id, e) < 0)
		return -1;
	*VEC_PUSH((struct ids *)to) = id;
	return 0;
}

/* An image of a tree that is not loaded: its tree is one of no use, for all of that name of a
 * machine. */
static int take_other(void *to, sqlite3_stmt *st, struct err *e)
{
	struct query_loading *l = to;
	int64_t row = sqlite3_column_int64(st, 1), node = sqlite3_column_int64(st, 10);
	size_t had = l->q->images.n;
	int64_t at = map_get(&l->pseudo, (uint64_t)node, UINT64_MAX, -1);
	struct query_tree *t;

	if (at < 0) {
		at = (int64_t)l->q->trees.n;
		map_put(&l->pseudo, (uint64_t)node, UINT64_MAX, at);
		*VEC_PUSH(&l->q->trees) = (struct query_tree){ .id = row,
							       .root = QUERY_NONE,
							       .main = QUERY_NONE,
							       .t_first = WHEN_NONE,
							       .t_last = WHEN_NONE };
	}
	map_put(&l->trees, (uint64_t)row, 0, at);
	if (query_take_image(l, st, e) < 0)
		return -1;
	map_put(&l->trees, (uint64_t)row, 0, -1);
	t = &l->q->trees.v[at];
	if (t->root == QUERY_NONE)
		t->root = (uint32_t)had;
	return 0;
}

static int take_others(struct query_loading *l, struct ids *parts, struct err *e)
{
	for (size_t i = 0; i < parts->n; i++)
		if (map_get(&l->images, (uint64_t)parts->v[i], 0, -1) < 0 &&
		    one(l, STMT_one_part, parts->v[i], take_other, e) < 0)
			return -1;
	return 0;
}

/* Of the first n images; where one of them was forked or exec'd from is known only of the same pid.
 */
static int load_others(struct query_loading *l, size_t n, struct err *e)
{
	struct map met = { 0 };
	struct ids parts = { 0 };
	int ret = 0;

	for (size_t i = 0; i < n && ret == 0; i++) {
		int64_t node = l->q->trees.v[l->q->images.v[i].tree].row,
			pid = l->q->images.v[i].pid;

		if (map_get(&met, (uint64_t)node, (uint64_t)pid, 0))
			continue;
		map_put(&met, (uint64_t)node, (uint64_t)pid, 1);
		ret = store_each(l->s, STMT_parts_of_pid, ARGS(V_INT(node), V_INT(pid)),
				 WALK(take_id, &parts), e);
	}
	if (ret == 0)
		ret = take_others(l, &parts, e);
	VEC_FREE(&parts);
	map_release(&met);
	return ret;
}

/* ---- trees ---- */

static int load_trees(struct query_loading *l, const struct query_pick *pick, struct err *e)
{
	size_t core = 0;

	for (size_t i = 0; i < pick->n; i++) {
		if (one(l, STMT_some_tree, pick->trees[i], query_take_tree, e) < 0 ||
		    one(l, STMT_some_parts, pick->trees[i], query_take_image, e) < 0)
			return -1;
		core = i < pick->n_core ? l->q->images.n : core;
	}
	return load_others(l, core, e);
}

static bool is_other(const struct query_loading *l, const struct query_tree *t)
{
	return map_get(&l->trees, (uint64_t)t->id, 0, -1) < 0;
}

/* What of a pid is of the trees that are loaded. */
static int take_own(void *to, sqlite3_stmt *st, struct err *e)
{
	struct query_loading *l = to;
	uint32_t image = query_image_index(l, sqlite3_column_int64(st, 1));

	if (image == QUERY_NONE || is_other(l, &l->q->trees.v[l->q->images.v[image].tree]))
		return 0;
	return query_take_interval(l, st, e);
}

/* Each pid once, from the first of its images that is loaded. */
static int load_uses(struct query_loading *l, struct err *e)
{
	struct map from = { 0 };
	int ret = 0;

	for (int pass = 0; pass < 2 && ret == 0; pass++)
		for (size_t i = 0; i < l->q->images.n && ret == 0; i++) {
			const struct query_image *m = &l->q->images.v[i];
			const struct query_tree *t = &l->q->trees.v[m->tree];
			int64_t first =
				map_get(&from, (uint64_t)t->row, (uint64_t)m->pid, INT64_MAX);

			if (is_other(l, t) || (pass == 0 && first <= m->t_first) ||
			    (pass == 1 && first == INT64_MAX))
				continue;
			map_put(&from, (uint64_t)t->row, (uint64_t)m->pid,
				pass == 0 ? m->t_first : INT64_MAX);
			if (pass == 1)
				ret = store_each(l->s, STMT_some_intervals,
						 ARGS(V_INT(l->q->trusted), V_INT(t->row),
						      V_INT(m->pid), V_INT(first)),
						 WALK(take_own, l), e);
		}
	map_release(&from);
	return ret < 0 ? -1 : query_load_presence(l, e);
}

/* ---- the runs that brought them ---- */

/* A run, times two, and whether what it brought is trusted. */
static int take_run(void *to, sqlite3_stmt *st, struct err *e)
{
	int64_t v[2];

	if (row_read(st, "interval", "if", v, e) < 0)
		return -1;
	*VEC_PUSH((struct ids *)to) = 2 * v[0] + v[1];
	return 0;
}

static void add_policy(struct query_loading *l, struct query_tree *t, int64_t row)
{
	int64_t at = map_get(&l->policies, (uint64_t)row, 0, -1);

	for (size_t i = 0; i < t->policies.n; i++)
		if (t->policies.v[i] == (uint32_t)at)
			return;
	*VEC_PUSH(&t->policies) = (uint32_t)at;
}

/* The policy of a run counts where what is asked for is of it; once is enough for a capture. */
static int add_policy_of(struct query_loading *l, struct query_tree *t, int64_t run, struct err *e)
{
	int64_t policy;
	bool found;

	if (store_find(l->s, STMT_run_policy, ARGS(V_INT(run)), &policy, 1, &found, e) < 0)
		return -1;
	if (found && map_get(&l->policies, (uint64_t)policy, 0, -1) < 0)
		return query_dangling(l, "ingest", 0, "policy", e);
	if (found)
		add_policy(l, t, policy);
	return 0;
}

static int add_capture(struct query_loading *l, struct query_tree *t, int64_t run,
		       const int64_t span[2], struct err *e)
{
	int64_t c[3];
	bool found;

	if (store_find(l->s, STMT_run_capture, ARGS(V_INT(run)), c, 3, &found, e) < 0)
		return -1;
	if (!found || !store_trusts(l->s))
		return 0;
	t->captured++;
	t->holes += !c[0];
	if (c[0] && span[0] >= c[1] && span[1] <= c[2])
		t->captured_whole = true;
	return 0;
}

/* Captures and policies, where there are any. */
static int load_runs(struct query_loading *l, struct err *e)
{
	auto_free int64_t *span = mem_alloc((2 * l->q->trees.n + 1) * sizeof(*span));
	struct map met = { 0 };
	int64_t captures;
	int ret = store_number_sql(l->s, "SELECT count(*) FROM (SELECT 1 FROM capture LIMIT 1)",
				   NO_ARGS, &captures, e);

	if (ret < 0 || (captures == 0 && l->q->policies.n == 0))
		return ret;
	for (size_t i = 0; i < l->q->trees.n; i++) {
		span[2 * i] = INT64_MAX;
		span[2 * i + 1] = INT64_MIN;
	}
	for (size_t i = 0; i < l->q->images.n; i++) {
		const struct query_image *m = &l->q->images.v[i];

		span[2 * m->tree] = m->t_first < span[2 * m->tree] ? m->t_first : span[2 * m->tree];
		span[2 * m->tree + 1] =
			m->t_last > span[2 * m->tree + 1] ? m->t_last : span[2 * m->tree + 1];
	}
	for (size_t i = 0; i < l->q->images.n && ret == 0; i++) {
		const struct query_image *m = &l->q->images.v[i];
		const struct query_tree *t = &l->q->trees.v[m->tree];
		struct ids runs = { 0 };

		if (is_other(l, t))
			continue;
		ret = store_each(
			l->s, STMT_runs_of_part,
			ARGS(V_INT(t->row), V_INT(m->pid), V_INT(m->t_first), V_INT(m->id)),
			WALK(take_run, &runs), e);
		for (size_t k = 0; k < runs.n && ret == 0; k++) {
			int64_t run = runs.v[k] / 2;
			struct query_tree *to = &l->q->trees.v[m->tree];

			if ((!l->q->trusted || runs.v[k] % 2) && add_policy_of(l, to, run, e) < 0)
				ret = -1;
			else if (map_get(&met, m->tree, (uint64_t)run, 0) == 0)
				ret = add_capture(l, to, run, &span[2 * m->tree], e);
			map_put(&met, m->tree, (uint64_t)run, 1);
		}
		VEC_FREE(&runs);
	}
	map_release(&met);
	return ret;
}

/* ---- builds ---- */

static int load_builds(struct query_loading *l, struct err *e)
{
	struct map met = { 0 };
	int ret = 0;

	for (size_t i = 0; i < l->q->images.n && ret == 0; i++) {
		int64_t node = l->q->trees.v[l->q->images.v[i].tree].row, exe = 0;
		bool found;

		if (map_get(&met, (uint64_t)node, pool_find(&l->q->strings, l->q->images.v[i].exe),
			    0))
			continue;
		map_put(&met, (uint64_t)node, pool_find(&l->q->strings, l->q->images.v[i].exe), 1);
		ret = store_find(l->s, STMT_exe_of_text, ARGS(V_BLOB(l->q->images.v[i].exe)), &exe,
				 1, &found, e);
		if (ret == 0 && found)
			ret = store_each(l->s, STMT_some_builds, ARGS(V_INT(node), V_INT(exe)),
					 WALK(query_take_build, l), e);
	}
	map_release(&met);
	return ret;
}

/* ---- boots ---- */

static int boot_of(struct query_loading *l, int64_t node, int64_t number, struct err *e)
{
	const struct store_args args = ARGS(V_INT(l->q->trusted), V_INT(node), V_INT(number));
	int64_t first, last, any;

	if (store_number(l->s, STMT_boot_first, args, &first, e) < 0 ||
	    store_number(l->s, STMT_boot_last, args, &last, e) < 0)
		return -1;
	any = first != 0 || last != 0;
	if (any)
		*VEC_PUSH(&l->q->boots) =
			(struct query_boot){ node, (uint32_t)number, first, last };
	return 0;
}

/* Where a name of a machine had one boot alone, no other comes before or after it. */
static int boots_of(struct query_loading *l, int64_t node, struct err *e)
{
	struct ids numbers = { 0 };
	int64_t number = -1, next;
	int ret;

	while ((ret = store_number(l->s, STMT_next_boot, ARGS(V_INT(node), V_INT(number)), &next,
				   e)) == 0 &&
	       next > number) {
		*VEC_PUSH(&numbers) = number = next;
	}
	for (size_t i = 0; i < numbers.n && numbers.n > 1 && ret == 0; i++)
		ret = boot_of(l, node, numbers.v[i], e);
	VEC_FREE(&numbers);
	return ret;
}

/* Of the machines that their trees ran on. */
static int load_boots(struct query_loading *l, struct err *e)
{
	struct map met = { 0 };
	int ret = 0;

	for (size_t i = 0; i < l->q->trees.n && ret == 0; i++) {
		int64_t node = l->q->trees.v[i].row;

		if (l->q->trees.v[i].id == 0 || map_get(&met, (uint64_t)node, 0, 0))
			continue;
		map_put(&met, (uint64_t)node, 0, 1);
		ret = boots_of(l, node, e);
	}
	map_release(&met);
	return ret;
}

/* ---- labels ---- */

static int take_link(void *to, sqlite3_stmt *st, struct err *e)
{
	struct query_loading *l = to;
	struct query_link link;
	int64_t v[2];

	if (row_read(st, "tree_label", "ii", v, e) < 0)
		return -1;
	if (!query_text_of(l, v[0], &link.a) || !query_text_of(l, v[1], &link.b))
		return query_dangling(l, "tree_label", 0, "label", e);
	*VEC_PUSH(&l->q->links) = link;
	return 0;
}

/* Labels that some tree has both of. */
int query_load_links(struct query_loading *l, struct err *e)
{
	return query_each_of(
		l,
		"SELECT DISTINCT a.label, b.label FROM tree_label AS a JOIN tree_label AS b ON b.tree = a.tree AND b.label > a.label "
		"WHERE NOT ?1 OR (a.trusted AND b.trusted) UNION SELECT a.value, b.value FROM fold, json_each(fold.labels) AS a, "
		"json_each(fold.labels) AS b WHERE fold.labels LIKE '%,%' AND b.value > a.value AND (NOT ?1 OR fold.trusted)",
		take_link, e);
}

/* ---- totals ---- */

int query_load_totals_of(struct query_loading *l, const struct bytes *codes, size_t n,
			 struct err *e)
{
	for (size_t i = 0; i < n; i++)
		if (store_each(l->s, STMT_some_totals, ARGS(V_INT(l->q->trusted), V_TEXT(codes[i])),
			       WALK(query_take_total, l), e) < 0)
			return -1;
	if (each_total(l, STMT_total_labels, query_take_total_label, e) < 0 ||
	    each_total(l, STMT_total_uses, query_take_total_use, e) < 0 ||
	    each_total(l, STMT_total_places, query_take_total_location, e) < 0)
		return -1;
	return each_total(l, STMT_total_sets, query_take_total_set, e);
}

/* ---- all of it ---- */

static int load_some(struct query_loading *l, const struct query_pick *pick, struct err *e)
{
	if (nodes_load(&l->q->nodes, l->s, l->q->trusted, e) < 0)
		return -1;
	if (l->q->nodes.joined)
		return 1;
	if (query_each(l, "SELECT id, arch, nr, action FROM call", query_take_call, e) < 0 ||
	    load_trees(l, pick, e) < 0 || query_link_images(l, e) < 0 ||
	    query_each(l, "SELECT id, name || ' (' || hash || ')', text FROM policy",
		       query_take_policy, e) < 0)
		return -1;
	for (size_t i = 0; i < pick->n; i++)
		if (one(l, STMT_some_labels, pick->trees[i], query_take_label, e) < 0 ||
		    one(l, STMT_some_places, pick->trees[i], query_take_tree_location, e) < 0)
			return -1;
	if (load_runs(l, e) < 0 || load_uses(l, e) < 0 || load_boots(l, e) < 0 ||
	    query_load_links(l, e) < 0 ||
	    query_load_totals_of(l, pick->totals, pick->n_totals, e) < 0 || load_builds(l, e) < 0)
		return -1;
	return query_load_rest(l, e);
}

int query_load_some(struct query *q, struct store *s, int64_t since, int64_t until, bool trusted,
		    const struct query_pick *pick, struct err *e)
{
	struct query_loading l = { .q = q, .s = s, .since = since, .until = until, .some = true };
	int ret;

	*q = (struct query){ .trusted = trusted, .since = since, .until = until, .some = true };
	/* the trusted marks of a store that others can write are text */
	ret = trusted && !store_trusts(s) ? 0 : load_some(&l, pick, e);
	if (ret == 0)
		ret = store_still(s, e);
	query_loading_release(&l);
	return ret;
}
