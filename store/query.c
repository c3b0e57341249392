// SPDX-License-Identifier: Apache-2.0
/*
 * Loads a consistent state: rows of all tables into the vectors of struct query, each reference
 * checked.
 */
#include "store/query_load.h"

#include "store/args.h"
#include "store/base/code.h"
#include "store/base/esc.h"
#include "store/base/when.h"
#include "store/model/obs.h"
#include "store/model/program.h"
#include "store/order.h"
#include "store/row.h"
#include "store/unite.h"

#include <stdlib.h>

struct bytes query_keep_string(struct query *q, struct bytes b)
{
	return pool_get(&q->strings, pool_intern(&q->strings, b));
}

STMT(one_string, "SELECT id, bytes FROM string WHERE id = ?1");
STMT(one_caller, "SELECT id, comm, subj FROM caller WHERE id = ?1");
STMT(one_place,
     "SELECT id, runtime, container, container_name, pod, pod_name, namespace, unit, image FROM place WHERE id = ?1");

/* The value that a map has of a row; where only some rows are read, this one is read now. */
static int64_t look_up(struct query_loading *l, const struct map *map, int64_t row,
		       struct stmt *stmt, query_take *take)
{
	int64_t at = map_get(map, (uint64_t)row, 0, -1);
	struct err ignored;

	if (at >= 0 || !l->some ||
	    store_each(l->s, stmt, ARGS(V_INT(row)), WALK(take, l), &ignored) < 0)
		return at;
	return map_get(map, (uint64_t)row, 0, -1);
}

int64_t query_caller_at(struct query_loading *l, int64_t row)
{
	return look_up(l, &l->callers, row, STMT_one_caller, query_take_caller);
}

int64_t query_location_at(struct query_loading *l, int64_t row)
{
	return look_up(l, &l->locations, row, STMT_one_place, query_take_location);
}

bool query_text_of(struct query_loading *l, int64_t row, struct bytes *out)
{
	int64_t id =
		row == 0 ? 0 : look_up(l, &l->strings, row, STMT_one_string, query_take_string);

	*out = pool_get(&l->q->strings, (uint32_t)id);
	return id >= 0;
}

/* Text that was escaped when it was written; in a store by somebody else it may not be. */
struct bytes query_keep_shown(struct query *q, struct bytes b)
{
	auto_buf struct buf shown = { 0 };

	for (size_t i = 0; i < b.n; i++) {
		if (b.p[i] >= 0x20 && b.p[i] <= 0x7e)
			continue;
		esc_again(&shown, b);
		return query_keep_string(q, buf_bytes(&shown));
	}
	return query_keep_string(q, b);
}

/* A row that no scaudit wrote: it names another one that is not there. */
int query_dangling(const struct query_loading *l, const char *table, int64_t id, const char *what,
		   struct err *e)
{
	char why[100];

	snprintf(why, sizeof(why), "its %s is not there", what);
	return row_damaged(l->s->db, table, id, why, e);
}

int query_each(struct query_loading *l, const char *sql,
	       int (*take)(void *, sqlite3_stmt *, struct err *), struct err *e)
{
	return store_each_sql(l->s, sql, NO_ARGS, WALK(take, l), e);
}

/* The same; ?1: only what is trusted. */
int query_each_of(struct query_loading *l, const char *sql,
		  int (*take)(void *, sqlite3_stmt *, struct err *), struct err *e)
{
	return store_each_sql(l->s, sql, ARGS(V_INT(l->q->trusted)), WALK(take, l), e);
}

int query_take_string(void *to, sqlite3_stmt *st, struct err *e)
{
	struct query_loading *l = to;
	int64_t v[2];

	if (row_read(st, "string", "ib", v, e) < 0)
		return -1;
	map_put(&l->strings, (uint64_t)v[0], 0, pool_intern(&l->q->strings, store_column(st, 1)));
	return 0;
}

bool query_is_node(const struct query *q, int64_t node, struct bytes name)
{
	return nodes_named(&q->nodes, node, name);
}

int query_take_caller(void *to, sqlite3_stmt *st, struct err *e)
{
	struct query_loading *l = to;
	struct query_caller c;
	int64_t v[3];

	if (row_read(st, "caller", "iin", v, e) < 0)
		return -1;
	if (!query_text_of(l, v[1], &c.comm) || !query_text_of(l, v[2], &c.subj))
		return query_dangling(l, "caller", v[0], "comm or subj", e);
	map_put(&l->callers, (uint64_t)v[0], 0, (int64_t)l->q->callers.n);
	*VEC_PUSH(&l->q->callers) = c;
	return 0;
}

int query_take_call(void *to, sqlite3_stmt *st, struct err *e)
{
	struct query_loading *l = to;
	int64_t v[4];

	if (row_read(st, "call", "iwrw", v, e) < 0)
		return -1;
	map_put(&l->calls, (uint64_t)v[0], 0, (int64_t)l->q->calls.n);
	*VEC_PUSH(&l->q->calls) =
		(struct query_call){ (uint32_t)v[1], (int32_t)v[2], (uint32_t)v[3] };
	return 0;
}

/* Trees and images: all of them first, since images point at each other; those without a use go at
 * the end. */
int query_take_tree(void *to, sqlite3_stmt *st, struct err *e)
{
	struct query_loading *l = to;
	int64_t v[4];

	if (row_read(st, "tree", "ihff", v, e) < 0)
		return -1;
	map_put(&l->trees, (uint64_t)v[0], 0, (int64_t)l->q->trees.n);
	*VEC_PUSH(&l->q->trees) = (struct query_tree){
		.id = v[0],
		.code = query_keep_string(l->q, store_column(st, 1)),
		.root = QUERY_NONE,
		.main = QUERY_NONE,
		.start_seen = v[2] != 0,
		.trusted = v[3] != 0 && store_trusts(l->s),
		.stands_for = 1,
		.starts = v[2] != 0,
		.t_first = WHEN_NONE,
		.t_last = WHEN_NONE,
	};
	return 0;
}

void query_set_node(struct query_tree *t, const struct query *q, const struct nodes_row *node)
{
	t->row = node->id;
	t->node_id = nodes_id(&q->nodes, node->id);
	t->node = node->shown;
	t->kind = node->kind;
	t->facts = node->facts;
	t->file = node->file;
}

int query_take_image(void *to, sqlite3_stmt *st, struct err *e)
{
	struct query_loading *l = to;
	struct query_image m = { .execs = QUERY_NONE };
	struct query_tree *t;
	const struct nodes_row *node;
	int64_t v[18], tree;

	if (row_read(st, "part", "iibnninptTifwsifsu", v, e) < 0)
		return -1;
	tree = map_get(&l->trees, (uint64_t)v[1], 0, -1);
	node = nodes_find(&l->q->nodes, v[10]);
	if (tree < 0 || node == NULL)
		return query_dangling(l, "part", v[0], tree < 0 ? "tree" : "node", e);
	if (!query_text_of(l, v[5], &m.exe) || !query_text_of(l, v[6], &m.name))
		return query_dangling(l, "part", v[0], "exe or name", e);
	if (v[3] != 0 && v[4] != 0)
		return row_damaged(l->s->db, "part", v[0], "it was both forked and exec'd", e);
	t = &l->q->trees.v[tree];
	query_set_node(t, l->q, node);
	/* the first part of the image that a tree is named after */
	if (v[14] == t->id && v[4] == 0)
		t->root = (uint32_t)l->q->images.n;
	map_put(&l->images, (uint64_t)v[0], 0, (int64_t)l->q->images.n);
	m.id = v[0];
	m.tree = (uint32_t)tree;
	m.path = query_keep_shown(l->q, store_column(st, 2));
	m.parent = (uint32_t)v[3];
	m.fork_of = (uint32_t)v[4];
	m.pid = (int32_t)v[7];
	m.loader = v[11] != 0;
	m.t_first = v[8];
	m.t_last = v[9];
	m.boot = (uint32_t)v[12];
	m.serial = (uint32_t)v[13];
	m.serial_last = (uint32_t)v[16];
	m.t_end = v[17];
	m.trusted = v[15] != 0 && store_trusts(l->s);
	*VEC_PUSH(&l->q->images) = m;
	return 0;
}

uint32_t query_image_index(const struct query_loading *l, int64_t row)
{
	return row == 0 ? QUERY_NONE : (uint32_t)map_get(&l->images, (uint64_t)row, 0, QUERY_NONE);
}

/* No image descends from itself: whoever walks from one to the images before it comes to an end. */
static int check_descent(const struct query *q, const struct query_loading *l, struct err *e)
{
	/* the walk that came by: the image that it began with, + 1 */
	auto_free uint32_t *walk = mem_zero(q->images.n, sizeof(*walk));

	for (uint32_t i = 0; i < q->images.n; i++) {
		uint32_t m = i;

		while (m != QUERY_NONE && walk[m] == 0) {
			walk[m] = i + 1;
			m = q->images.v[m].parent != QUERY_NONE ? q->images.v[m].parent
								: q->images.v[m].fork_of;
		}
		if (m != QUERY_NONE && walk[m] == i + 1)
			return row_damaged(l->s->db, "part", q->images.v[m].id,
					   "it descends from itself", e);
	}
	return 0;
}

/* Rows become indexes, now that all are there. */
int query_link_images(struct query_loading *l, struct err *e)
{
	struct query *q = l->q;

	for (uint32_t i = 0; i < q->images.n; i++) {
		struct query_image *m = &q->images.v[i];

		m->parent = query_image_index(l, m->parent);
		m->fork_of = query_image_index(l, m->fork_of);
	}
	for (size_t i = 0; i < q->trees.n; i++)
		if (q->trees.v[i].root == QUERY_NONE)
			return query_dangling(l, "tree", q->trees.v[i].id, "first image", e);
	return check_descent(q, l, e);
}

int query_take_label(void *to, sqlite3_stmt *st, struct err *e)
{
	struct query_loading *l = to;
	struct bytes label;
	int64_t v[2], tree;

	if (row_read(st, "tree_label", "ii", v, e) < 0)
		return -1;
	tree = map_get(&l->trees, (uint64_t)v[0], 0, -1);
	if (!query_text_of(l, v[1], &label))
		return query_dangling(l, "tree_label", 0, "label", e);
	if (tree >= 0)
		*VEC_PUSH(&l->q->trees.v[tree].labels) = label;
	return 0;
}

int query_take_location(void *to, sqlite3_stmt *st, struct err *e)
{
	struct query_loading *l = to;
	struct query_location *p;
	int64_t v[LOCATION_FIELDS + 1];

	if (row_read(st, "place", "ibbbbbbbb", v, e) < 0)
		return -1;
	p = VEC_PUSH(&l->q->locations);
	p->id = v[0];
	for (int i = 0; i < LOCATION_FIELDS; i++)
		p->v[i] = query_keep_string(l->q, store_column(st, i + 1));
	map_put(&l->locations, (uint64_t)p->id, 0, (int64_t)l->q->locations.n - 1);
	return 0;
}

int query_put_location(struct query_loading *l, const struct map *trees, const char *table,
		       sqlite3_stmt *st, struct err *e)
{
	int64_t v[2], tree, location;

	if (row_read(st, table, "ii", v, e) < 0)
		return -1;
	tree = map_get(trees, (uint64_t)v[0], 0, -1);
	location = query_location_at(l, v[1]);
	if (location < 0)
		return query_dangling(l, table, 0, "place", e);
	if (tree >= 0)
		*VEC_PUSH(&l->q->trees.v[tree].locations) = (uint32_t)location;
	return 0;
}

int query_take_tree_location(void *to, sqlite3_stmt *st, struct err *e)
{
	struct query_loading *l = to;

	return query_put_location(l, &l->trees, "tree_place", st, e);
}

bool query_in_time(const struct query_loading *l, int64_t first, int64_t last)
{
	return (l->since == WHEN_NONE || last >= l->since) &&
	       (l->until == WHEN_NONE || first <= l->until);
}

int query_take_build(void *to, sqlite3_stmt *st, struct err *e)
{
	struct query_loading *l = to;
	struct query_build b;
	int64_t v[7];

	if (row_read(st, "build", "iizfvtT", v, e) < 0)
		return -1;
	b = (struct query_build){ .node = nodes_id(&l->q->nodes, v[0]),
				  .here = v[3] != 0,
				  .t_first = v[5],
				  .t_last = v[6],
				  .id = query_keep_string(l->q, store_column(st, 4)),
				  .location = QUERY_NONE };
	if (v[2] != 0)
		b.location = (uint32_t)query_location_at(l, v[2]); /* -1: QUERY_NONE */
	if (!query_text_of(l, v[1], &b.exe) || (v[2] != 0 && b.location == QUERY_NONE))
		return query_dangling(l, "build", 0, "exe or place", e);
	if (query_in_time(l, b.t_first, b.t_last))
		*VEC_PUSH(&l->q->builds) = b;
	return 0;
}

/* A run of capture and a tree that it brought some of. That nothing was lost is said by who may be
 * trusted. */
static int take_capture(void *to, sqlite3_stmt *st, struct err *e)
{
	struct query_loading *l = to;
	int64_t v[3], tree;

	if (row_read(st, "capture", "iff", v, e) < 0)
		return -1;
	tree = map_get(&l->trees, (uint64_t)v[0], 0, -1);
	if (tree < 0 || !store_trusts(l->s))
		return 0;
	l->q->trees.v[tree].captured++;
	l->q->trees.v[tree].holes += !v[1];
	if (v[1] && v[2])
		l->q->trees.v[tree].captured_whole = true;
	return 0;
}

int query_take_policy(void *to, sqlite3_stmt *st, struct err *e)
{
	struct query_loading *l = to;
	auto_buf struct buf name = { 0 };
	int64_t v[3];

	if (row_read(st, "policy", "ibb", v, e) < 0)
		return -1;
	esc_tty(&name, store_column(st, 1));
	*VEC_PUSH(&l->q->policies) =
		(struct query_policy){ query_keep_string(l->q, buf_bytes(&name)),
				       query_keep_string(l->q, store_column(st, 2)) };
	map_put(&l->policies, (uint64_t)v[0], 0, (int64_t)l->q->policies.n - 1);
	return 0;
}

static int take_tree_policy(void *to, sqlite3_stmt *st, struct err *e)
{
	struct query_loading *l = to;
	int64_t v[2], tree, policy;

	if (row_read(st, "ingest", "ii", v, e) < 0)
		return -1;
	tree = map_get(&l->trees, (uint64_t)v[0], 0, -1);
	policy = map_get(&l->policies, (uint64_t)v[1], 0, -1);
	if (policy < 0)
		return query_dangling(l, "ingest", 0, "policy", e);
	if (tree >= 0)
		*VEC_PUSH(&l->q->trees.v[tree].policies) = (uint32_t)policy;
	return 0;
}

static int take_contradicted(void *to, sqlite3_stmt *st, struct err *e)
{
	struct query_loading *l = to;
	int64_t n;

	if (row_read(st, "ingest", "c", &n, e) < 0)
		return -1;
	l->q->contradicted += (uint64_t)n;
	return 0;
}

/* A loader's first steps alone are no start: nothing says that what it was to start ever ran. */
void query_note_programs(struct query *q)
{
	for (size_t i = 0; i < q->images.n; i++)
		q->trees.v[q->images.v[i].tree].program |= query_is_program(&q->images.v[i]);
	for (size_t i = 0; i < q->trees.n; i++) {
		struct query_tree *t = &q->trees.v[i];

		if (t->program && query_starts(t))
			continue;
		t->start_seen = false;
		t->starts = 0;
	}
}

/* Notes are text, whoever wrote their records: nobody has looked. */
static int take_args(void *to, const struct args_row *r, struct err *e)
{
	struct query *q = to;

	(void)e;
	*VEC_PUSH(&q->args) = (struct query_args){ query_keep_string(q, r->comm),
						   query_keep_string(q, r->exe),
						   r->arch,
						   r->nr,
						   r->which,
						   r->value };
	return 0;
}

static int load_args(struct query_loading *l, struct err *e)
{
	return l->q->trusted ? 0 : args_each(l->s, (struct args_take){ take_args, l->q }, e);
}

int query_load_rest(struct query_loading *l, struct err *e)
{
	if (!l->q->trusted &&
	    query_each(l, "SELECT contradicted FROM ingest WHERE contradicted <> 0",
		       take_contradicted, e) < 0)
		return -1;
	if (load_args(l, e) < 0)
		return -1;
	query_note_programs(l->q);
	order_query(l->q);
	return 0;
}

static int load_all(struct query_loading *l, struct err *e)
{
	if (nodes_load(&l->q->nodes, l->s, l->q->trusted, e) < 0 ||
	    query_each(l, "SELECT id, bytes FROM string", query_take_string, e) < 0 ||
	    query_each(l, "SELECT id, comm, subj FROM caller", query_take_caller, e) < 0 ||
	    query_each(l, "SELECT id, arch, nr, action FROM call", query_take_call, e) < 0 ||
	    query_each_of(l,
			  "SELECT id, code, start_seen, trusted FROM tree WHERE NOT ?1 OR trusted",
			  query_take_tree, e) < 0 ||
	    query_each_of(
		    l,
		    "SELECT part.id, tree, path.text, part.parent, fork_of, part.exe, part.name, pid, t_first, t_last, node, "
		    "loader, boot, serial_first, image, trusted, serial_last, t_end FROM image_part AS part JOIN path ON path.id = part.path WHERE NOT ?1 OR trusted",
		    query_take_image, e) < 0)
		return -1;
	if (query_link_images(l, e) < 0)
		return -1;
	if (query_each_of(l, "SELECT tree, label FROM tree_label WHERE NOT ?1 OR trusted",
			  query_take_label, e) < 0 ||
	    query_each(l, "SELECT id, name || ' (' || hash || ')', text FROM policy",
		       query_take_policy, e) < 0 ||
	    query_each_of(
		    l,
		    "SELECT DISTINCT image.tree, run.policy FROM (SELECT part, ingest FROM interval WHERE (NOT ?1 OR trusted) AND ingest IN "
		    "(SELECT id FROM ingest WHERE policy IS NOT NULL) UNION SELECT interval.part, touch.ingest FROM touch JOIN interval ON "
		    "interval.id = touch.interval WHERE (NOT ?1 OR trusted) AND touch.ingest IN (SELECT id FROM ingest WHERE policy IS NOT NULL)) AS met JOIN ingest AS run ON "
		    "run.id = met.ingest JOIN part ON part.id = met.part JOIN image ON image.id = part.image",
		    take_tree_policy, e) < 0 ||
	    query_load_uses(l, e) < 0)
		return -1;
	if (query_each(
		    l,
		    "SELECT id, runtime, container, container_name, pod, pod_name, namespace, unit, image FROM place",
		    query_take_location, e) < 0 ||
	    query_each_of(l, "SELECT tree, place FROM tree_place WHERE NOT ?1 OR trusted",
			  query_take_tree_location, e) < 0 ||
	    query_each(l, "SELECT node, exe, place, here, build_id, t_first, t_last FROM build",
		       query_take_build, e) < 0 ||
	    query_each_of(
		    l,
		    "SELECT mine.tree, capture.complete, (SELECT min(i.t_first) FROM image_part AS i WHERE i.tree = mine.tree AND (NOT ?1 OR i.trusted)) >= capture.t_first "
		    "AND (SELECT max(i.t_last) FROM image_part AS i WHERE i.tree = mine.tree AND (NOT ?1 OR i.trusted)) <= capture.t_last FROM (SELECT part, ingest FROM "
		    "interval WHERE ingest IN (SELECT ingest FROM capture) UNION SELECT interval.part, touch.ingest FROM touch JOIN interval "
		    "ON interval.id = touch.interval WHERE touch.ingest IN (SELECT ingest FROM capture)) AS brought JOIN capture USING (ingest) "
		    "JOIN image_part AS mine ON mine.id = brought.part WHERE NOT ?1 OR mine.trusted GROUP BY mine.tree, capture.ingest",
		    take_capture, e) < 0)
		return -1;
	if (query_load_totals(l, e) < 0 || unite_trees(l->q, l->s, e) < 0)
		return -1;
	return query_load_rest(l, e);
}

int query_load(struct query *q, struct store *s, int64_t since, int64_t until, bool trusted,
	       struct err *e)
{
	struct query_loading l = { .q = q, .s = s, .since = since, .until = until };
	int ret;

	*q = (struct query){ .trusted = trusted, .since = since, .until = until };
	/* the trusted marks of a store that others can write are text */
	ret = trusted && !store_trusts(s) ? 0 : load_all(&l, e);
	if (ret == 0)
		ret = store_still(s, e);
	query_loading_release(&l);
	return ret;
}

void query_loading_release(struct query_loading *l)
{
	map_release(&l->strings);
	map_release(&l->images);
	map_release(&l->trees);
	map_release(&l->callers);
	map_release(&l->calls);
	map_release(&l->uses);
	map_release(&l->pseudo);
	map_release(&l->near);
	VEC_FREE(&l->programs);
	map_release(&l->locations);
	map_release(&l->policies);
	map_release(&l->path_at);
	map_release(&l->tree_of_total);
	map_release(&l->image_of_total);
	VEC_FREE(&l->paths);
	VEC_FREE(&l->totals);
	VEC_FREE(&l->firsts);
}

void query_tree_release(struct query_tree *t)
{
	VEC_FREE(&t->labels);
	VEC_FREE(&t->locations);
	VEC_FREE(&t->policies);
	VEC_FREE(&t->also);
	VEC_FREE(&t->totals);
}

void query_release(struct query *q)
{
	for (size_t i = 0; i < q->trees.n; i++)
		query_tree_release(&q->trees.v[i]);
	VEC_FREE(&q->locations);
	VEC_FREE(&q->builds);
	VEC_FREE(&q->policies);
	VEC_FREE(&q->links);
	VEC_FREE(&q->boots);
	VEC_FREE(&q->trees);
	VEC_FREE(&q->images);
	VEC_FREE(&q->uses);
	VEC_FREE(&q->callers);
	VEC_FREE(&q->calls);
	nodes_release(&q->nodes);
	map_release(&q->same);
	for (size_t i = 0; i < q->sets.n; i++)
		VEC_FREE(&q->sets.v[i].calls);
	VEC_FREE(&q->args);
	VEC_FREE(&q->sets);
	pool_release(&q->strings);
}
