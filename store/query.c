#include "store/query.h"

#include "store/base/code.h"
#include "store/base/esc.h"
#include "store/base/map.h"
#include "store/base/when.h"
#include "store/model/obs.h"
#include "store/model/program.h"
#include "store/order.h"
#include "store/row.h"
#include "store/sql.h"
#include "store/unite.h"

#include <stdlib.h>

/* a marker may say any number, and two of the largest overflow */
#define LOSS "max(0, min(number, 1099511627776))"
#define MARKER_LATE_MS 300000 /* a marker comes with the next line that gets through */

struct query_path { int64_t id, parent; struct bytes exe, name, text; };

struct loading {
	struct query *q;
	struct store *s;
	int64_t since, until;
	struct map strings;   /* row -> pool id */
	struct map images;    /* row -> index */
	struct map trees;     /* row -> index */
	struct map callers, calls, locations, policies;  /* row -> index */
	struct map uses;      /* (image, caller and call) -> index */
	struct map pseudo;    /* (node, exe and comm) -> tree index */
	VEC(struct query_path) paths;
	struct map path_at, tree_of_total, image_of_total;  /* row -> index; row -> tree; (tree, path) -> image */
};

static struct bytes keep_string(struct query *q, struct bytes b)
{
	return pool_get(&q->strings, pool_intern(&q->strings, b));
}

static bool text_of(const struct loading *l, int64_t row, struct bytes *out)
{
	int64_t id = row == 0 ? 0 : map_get(&l->strings, (uint64_t)row, 0, -1);

	*out = pool_get(&l->q->strings, (uint32_t)id);
	return id >= 0;
}

/* Text that was escaped when it was written; in a store by somebody else it may not be. */
static struct bytes keep_shown(struct query *q, struct bytes b)
{
	auto_buf struct buf shown = { 0 };

	for (size_t i = 0; i < b.n; i++) {
		if (b.p[i] >= 0x20 && b.p[i] <= 0x7e)
			continue;
		esc_again(&shown, b);
		return keep_string(q, buf_bytes(&shown));
	}
	return keep_string(q, b);
}

/* A row that no scaudit wrote: it names another one that is not there. */
static int dangling(const struct loading *l, const char *table, int64_t id, const char *what,
		    struct err *e)
{
	char why[100];

	snprintf(why, sizeof(why), "its %s is not there", what);
	return row_damaged(l->s->db, table, id, why, e);
}

static int each(struct loading *l, const char *sql, int (*take)(void *, sqlite3_stmt *, struct err *), struct err *e)
{
	return store_each_sql(l->s, sql, NO_ARGS, WALK(take, l), e);
}

/* The same; ?1: only what is trusted. */
static int each_of(struct loading *l, const char *sql, int (*take)(void *, sqlite3_stmt *, struct err *), struct err *e)
{
	return store_each_sql(l->s, sql, ARGS(V_INT(l->q->trusted)), WALK(take, l), e);
}

static int take_string(void *to, sqlite3_stmt *st, struct err *e)
{
	struct loading *l = to;
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

static int take_caller(void *to, sqlite3_stmt *st, struct err *e)
{
	struct loading *l = to;
	struct query_caller c;
	int64_t v[3];

	if (row_read(st, "caller", "iin", v, e) < 0)
		return -1;
	if (!text_of(l, v[1], &c.comm) || !text_of(l, v[2], &c.subj))
		return dangling(l, "caller", v[0], "comm or subj", e);
	map_put(&l->callers, (uint64_t)v[0], 0, (int64_t)l->q->callers.n);
	*VEC_PUSH(&l->q->callers) = c;
	return 0;
}

static int take_call(void *to, sqlite3_stmt *st, struct err *e)
{
	struct loading *l = to;
	int64_t v[4];

	if (row_read(st, "call", "iwrw", v, e) < 0)
		return -1;
	map_put(&l->calls, (uint64_t)v[0], 0, (int64_t)l->q->calls.n);
	*VEC_PUSH(&l->q->calls) = (struct query_call){ (uint32_t)v[1], (int32_t)v[2], (uint32_t)v[3] };
	return 0;
}

/* Trees and images: all of them first, since images point at each other; those without a use go at the end. */
static int take_tree(void *to, sqlite3_stmt *st, struct err *e)
{
	struct loading *l = to;
	int64_t v[4];

	if (row_read(st, "tree", "ihff", v, e) < 0)
		return -1;
	map_put(&l->trees, (uint64_t)v[0], 0, (int64_t)l->q->trees.n);
	*VEC_PUSH(&l->q->trees) = (struct query_tree){
		.id = v[0], .code = keep_string(l->q, store_column(st, 1)), .root = QUERY_NONE, .main = QUERY_NONE,
		.start_seen = v[2] != 0, .trusted = v[3] != 0 && store_trusts(l->s), .stands_for = 1, .starts = v[2] != 0,
		.t_first = WHEN_NONE, .t_last = WHEN_NONE,
	};
	return 0;
}

static void of_node(struct query_tree *t, const struct query *q, const struct nodes_row *node)
{
	t->row = node->id;
	t->node_id = nodes_id(&q->nodes, node->id);
	t->node = node->shown;
}

static int take_image(void *to, sqlite3_stmt *st, struct err *e)
{
	struct loading *l = to;
	struct query_image m = { .execs = QUERY_NONE };
	struct query_tree *t;
	const struct nodes_row *node;
	int64_t v[17], tree;

	if (row_read(st, "part", "iibnninptTifwsifu", v, e) < 0)
		return -1;
	tree = map_get(&l->trees, (uint64_t)v[1], 0, -1);
	node = nodes_find(&l->q->nodes, v[10]);
	if (tree < 0 || node == NULL)
		return dangling(l, "part", v[0], tree < 0 ? "tree" : "node", e);
	if (!text_of(l, v[5], &m.exe) || !text_of(l, v[6], &m.name))
		return dangling(l, "part", v[0], "exe or name", e);
	if (v[3] != 0 && v[4] != 0)
		return row_damaged(l->s->db, "part", v[0], "it was both forked and exec'd", e);
	t = &l->q->trees.v[tree];
	of_node(t, l->q, node);
	/* the first part of the image that a tree is named after */
	if (v[14] == t->id && v[4] == 0)
		t->root = (uint32_t)l->q->images.n;
	map_put(&l->images, (uint64_t)v[0], 0, (int64_t)l->q->images.n);
	m.id = v[0];
	m.tree = (uint32_t)tree;
	m.path = keep_shown(l->q, store_column(st, 2));
	m.parent = (uint32_t)v[3];
	m.fork_of = (uint32_t)v[4];
	m.pid = (int32_t)v[7];
	m.loader = v[11] != 0;
	m.t_first = v[8];
	m.t_last = v[9];
	m.boot = (uint32_t)v[12];
	m.serial = (uint32_t)v[13];
	m.trusted = v[15] != 0 && store_trusts(l->s);
	m.t_end = v[16];
	*VEC_PUSH(&l->q->images) = m;
	return 0;
}

static uint32_t image_index(const struct loading *l, int64_t row)
{
	return row == 0 ? QUERY_NONE : (uint32_t)map_get(&l->images, (uint64_t)row, 0, QUERY_NONE);
}

/* No image descends from itself: whoever walks from one to the images before it comes to an end. */
static int check_descent(const struct query *q, const struct loading *l, struct err *e)
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
static int link_images(struct query *q, const struct loading *l, struct err *e)
{
	for (uint32_t i = 0; i < q->images.n; i++) {
		struct query_image *m = &q->images.v[i];

		m->parent = image_index(l, m->parent);
		m->fork_of = image_index(l, m->fork_of);
	}
	for (size_t i = 0; i < q->trees.n; i++)
		if (q->trees.v[i].root == QUERY_NONE)
			return dangling(l, "tree", q->trees.v[i].id, "first image", e);
	return check_descent(q, l, e);
}

static int take_label(void *to, sqlite3_stmt *st, struct err *e)
{
	struct loading *l = to;
	struct bytes label;
	int64_t v[2], tree;

	if (row_read(st, "tree_label", "ii", v, e) < 0)
		return -1;
	tree = map_get(&l->trees, (uint64_t)v[0], 0, -1);
	if (!text_of(l, v[1], &label))
		return dangling(l, "tree_label", 0, "label", e);
	if (tree >= 0)
		*VEC_PUSH(&l->q->trees.v[tree].labels) = label;
	return 0;
}

static int take_location(void *to, sqlite3_stmt *st, struct err *e)
{
	struct loading *l = to;
	struct query_location *p;
	int64_t v[LOCATION_FIELDS + 1];

	if (row_read(st, "place", "ibbbbbbbb", v, e) < 0)
		return -1;
	p = VEC_PUSH(&l->q->locations);
	p->id = v[0];
	for (int i = 0; i < LOCATION_FIELDS; i++)
		p->v[i] = keep_string(l->q, store_column(st, i + 1));
	map_put(&l->locations, (uint64_t)p->id, 0, (int64_t)l->q->locations.n - 1);
	return 0;
}

static int put_location(struct loading *l, const struct map *trees, const char *table,
		     sqlite3_stmt *st, struct err *e)
{
	int64_t v[2], tree, location;

	if (row_read(st, table, "ii", v, e) < 0)
		return -1;
	tree = map_get(trees, (uint64_t)v[0], 0, -1);
	location = map_get(&l->locations, (uint64_t)v[1], 0, -1);
	if (location < 0)
		return dangling(l, table, 0, "place", e);
	if (tree >= 0)
		*VEC_PUSH(&l->q->trees.v[tree].locations) = (uint32_t)location;
	return 0;
}

static int take_tree_location(void *to, sqlite3_stmt *st, struct err *e)
{
	struct loading *l = to;

	return put_location(l, &l->trees, "tree_place", st, e);
}

static int take_total_location(void *to, sqlite3_stmt *st, struct err *e)
{
	struct loading *l = to;

	return put_location(l, &l->tree_of_total, "fold_place", st, e);
}

static bool in_time(const struct loading *l, int64_t first, int64_t last)
{
	return (l->since == WHEN_NONE || last >= l->since) && (l->until == WHEN_NONE || first <= l->until);
}

static int take_build(void *to, sqlite3_stmt *st, struct err *e)
{
	struct loading *l = to;
	struct query_build b;
	int64_t v[7];

	if (row_read(st, "build", "iizfvtT", v, e) < 0)
		return -1;
	b = (struct query_build){ .node = nodes_id(&l->q->nodes, v[0]), .here = v[3] != 0, .t_first = v[5], .t_last = v[6],
				  .id = keep_string(l->q, store_column(st, 4)), .location = QUERY_NONE };
	if (v[2] != 0)
		b.location = (uint32_t)map_get(&l->locations, (uint64_t)v[2], 0, QUERY_NONE);
	if (!text_of(l, v[1], &b.exe) || (v[2] != 0 && b.location == QUERY_NONE))
		return dangling(l, "build", 0, "exe or place", e);
	if (in_time(l, b.t_first, b.t_last))
		*VEC_PUSH(&l->q->builds) = b;
	return 0;
}

/* A run of capture and a tree that it brought some of. That nothing was lost is said by who may be trusted. */
static int take_capture(void *to, sqlite3_stmt *st, struct err *e)
{
	struct loading *l = to;
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

static int take_policy(void *to, sqlite3_stmt *st, struct err *e)
{
	struct loading *l = to;
	auto_buf struct buf name = { 0 };
	int64_t v[3];

	if (row_read(st, "policy", "ibb", v, e) < 0)
		return -1;
	esc_tty(&name, store_column(st, 1));
	*VEC_PUSH(&l->q->policies) = (struct query_policy){ keep_string(l->q, buf_bytes(&name)), keep_string(l->q, store_column(st, 2)) };
	map_put(&l->policies, (uint64_t)v[0], 0, (int64_t)l->q->policies.n - 1);
	return 0;
}

static int take_tree_policy(void *to, sqlite3_stmt *st, struct err *e)
{
	struct loading *l = to;
	int64_t v[2], tree, policy;

	if (row_read(st, "ingest", "ii", v, e) < 0)
		return -1;
	tree = map_get(&l->trees, (uint64_t)v[0], 0, -1);
	policy = map_get(&l->policies, (uint64_t)v[1], 0, -1);
	if (policy < 0)
		return dangling(l, "ingest", 0, "policy", e);
	if (tree >= 0)
		*VEC_PUSH(&l->q->trees.v[tree].policies) = (uint32_t)policy;
	return 0;
}

static void widen_times(int64_t *first, int64_t *last, int64_t t_first, int64_t t_last)
{
	if (t_first == WHEN_NONE)
		return;
	if (*first == WHEN_NONE || t_first < *first)
		*first = t_first;
	if (*last == WHEN_NONE || t_last > *last)
		*last = t_last;
}

static struct query_use *add_use(struct loading *l, uint32_t image, uint32_t caller, uint32_t call, uint64_t events, uint64_t trusted,
				 int64_t t_first, int64_t t_last)
{
	uint64_t key = (uint64_t)caller << 32 | call;
	int64_t at = map_get(&l->uses, image, key, -1);
	struct query_tree *t = &l->q->trees.v[l->q->images.v[image].tree];
	struct query_use *u;

	if (at < 0) {
		map_put(&l->uses, image, key, (int64_t)l->q->uses.n);
		u = VEC_PUSH(&l->q->uses);
		*u = (struct query_use){ .image = image, .caller = caller, .call = call, .t_first = WHEN_NONE,
					 .t_last = WHEN_NONE };
	} else {
		u = &l->q->uses.v[at];
	}
	u->events += events;
	u->trusted += store_trusts(l->s) ? trusted : 0;
	widen_times(&u->t_first, &u->t_last, t_first, t_last);
	widen_times(&t->t_first, &t->t_last, t_first, t_last);
	return u;
}

static void note_serial(struct query_use *u, uint32_t serial)
{
	if (u->serial == 0 || serial < u->serial)
		u->serial = serial;
}

static int take_interval(void *to, sqlite3_stmt *st, struct err *e)
{
	struct loading *l = to;
	struct obs_list list = { 0 };
	int64_t v[14];
	uint32_t image;
	int ret = 0;

	if (row_read(st, "interval", "iiipitTsSmfwwb", v, e) < 0)
		return -1;
	image = image_index(l, v[1]);
	if (image == QUERY_NONE)
		return dangling(l, "interval", v[0], "part", e);
	if (l->q->images.v[image].pid != v[3] || l->q->trees.v[l->q->images.v[image].tree].row != v[2])
		return row_damaged(l->s->db, "interval", v[0], "its part is of another process", e);
	if (!obs_decode(store_column(st, 13), (struct obs_origin){ .t = v[5], .serial = (uint32_t)v[7] }, &list))
		ret = row_damaged(l->s->db, "interval", v[0],
				  "no observations can be read in its obs", e);
	for (size_t i = 0; i < list.n && ret == 0; i++) {
		const struct obs *o = &list.v[i];
		int64_t caller = map_get(&l->callers, (uint64_t)o->caller, 0, -1);
		int64_t call = map_get(&l->calls, (uint64_t)o->call, 0, -1);

		if (caller < 0 || call < 0)
			ret = dangling(l, "interval", v[0], "caller or call", e);
		else if (obs_events(o) > 0 && in_time(l, o->t_first, o->t_last))
			note_serial(add_use(l, image, (uint32_t)caller, (uint32_t)call, obs_events(o), obs_trusted(o), o->t_first,
					    o->t_last), o->serial);
	}
	VEC_FREE(&list);
	return ret;
}

/* The pseudo-tree of (node, exe, comm) for presence that no image can be told for. */
static uint32_t pseudo_image(struct loading *l, const struct nodes_row *node, struct bytes exe, struct bytes comm)
{
	uint64_t a = (uint64_t)nodes_id(&l->q->nodes, node->id);
	uint64_t b = (uint64_t)pool_intern(&l->q->strings, exe) << 32 | pool_intern(&l->q->strings, comm);
	int64_t at = map_get(&l->pseudo, a, b, -1);
	auto_buf struct buf path = { 0 }, key = { 0 };
	char code[CODE_SIZE];

	if (at >= 0)
		return (uint32_t)at;
	esc_tty(&path, program_basename(exe));
	buf_add(&key, node->shown.p, node->shown.n);
	buf_char(&key, '\0');
	buf_add(&key, exe.p, exe.n);
	buf_char(&key, '\0');
	buf_add(&key, comm.p, comm.n);
	code_of(buf_bytes(&key), code);
	at = (int64_t)l->q->images.n;
	map_put(&l->pseudo, a, b, at);
	*VEC_PUSH(&l->q->images) = (struct query_image){ .tree = (uint32_t)l->q->trees.n, .parent = QUERY_NONE,
							 .fork_of = QUERY_NONE, .execs = QUERY_NONE, .path = keep_string(l->q, buf_bytes(&path)),
							 .exe = keep_string(l->q, exe), .t_first = WHEN_NONE, .t_last = WHEN_NONE,
							 .t_end = WHEN_NONE,
							 .loader = program_kind(comm, exe) == PROGRAM_LOADER };
	*VEC_PUSH(&l->q->trees) = (struct query_tree){ .code = keep_string(l->q, bytes_of(code)), .root = (uint32_t)at, .main = (uint32_t)at,
						       .stands_for = 1, .t_first = WHEN_NONE, .t_last = WHEN_NONE };
	of_node(&l->q->trees.v[l->q->trees.n - 1], l->q, node);
	return (uint32_t)at;
}

static int take_presence(void *to, sqlite3_stmt *st, struct err *e)
{
	struct loading *l = to;
	const struct nodes_row *node;
	int64_t v[8], caller, call;
	struct bytes exe;
	uint32_t image;

	if (row_read(st, "presence", "iniiiuTi", v, e) < 0)
		return -1;
	image = image_index(l, v[1]);
	caller = map_get(&l->callers, (uint64_t)v[3], 0, -1);
	call = map_get(&l->calls, (uint64_t)v[4], 0, -1);
	if (caller < 0 || call < 0 || !text_of(l, v[2], &exe))
		return dangling(l, "presence", v[0], "caller, call or exe", e);
	if (v[5] != WHEN_NONE && !in_time(l, v[5], v[6]))
		return 0;
	node = nodes_find(&l->q->nodes, v[7]);
	if (node == NULL)
		return dangling(l, "presence", v[0], "node", e);
	if (image == QUERY_NONE)
		image = pseudo_image(l, node, exe, l->q->callers.v[caller].comm);
	add_use(l, image, (uint32_t)caller, (uint32_t)call, 0, 0, v[5], v[6]);
	return 0;
}

/* ---- compacted trees: one pseudo-tree for each row of `compaction`, its images made of paths ---- */

static int take_path(void *to, sqlite3_stmt *st, struct err *e)
{
	struct loading *l = to;
	struct query_path p;
	int64_t v[5];

	if (row_read(st, "path", "izizb", v, e) < 0)
		return -1;
	p = (struct query_path){ .id = v[0], .parent = v[1] };
	p.text = keep_shown(l->q, store_column(st, 4));
	/* a path is written after the one that it goes on from, and rows are numbered upwards */
	if (p.parent != 0 &&
	    (p.parent >= p.id || map_get(&l->path_at, (uint64_t)p.parent, 0, -1) < 0))
		return row_damaged(l->s->db, "path", p.id, "its parent does not come before it", e);
	if (!text_of(l, v[2], &p.exe) || !text_of(l, v[3], &p.name))
		return dangling(l, "path", p.id, "exe or name", e);
	map_put(&l->path_at, (uint64_t)p.id, 0, (int64_t)l->paths.n);
	*VEC_PUSH(&l->paths) = p;
	return 0;
}

static uint32_t add_total_image(struct loading *l, uint32_t tree, uint32_t above,
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

/* The image of a path in a compacted tree, with those above it; QUERY_NONE when the path is not there. */
static uint32_t folded_image(struct loading *l, uint32_t tree, int64_t path)
{
	uint32_t above = QUERY_NONE;
	VEC(int64_t) rows = { 0 }; /* those that have no image yet, from here upwards */

	while (path != 0) {
		int64_t at = map_get(&l->image_of_total, tree, (uint64_t)path, -1);
		int64_t row = map_get(&l->path_at, (uint64_t)path, 0, -1);

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

static int take_total(void *to, sqlite3_stmt *st, struct err *e)
{
	struct loading *l = to;
	uint32_t tree = (uint32_t)l->q->trees.n;
	const struct nodes_row *node;
	int64_t v[7];

	if (row_read(st, "fold", "ihiiccf", v, e) < 0)
		return -1;
	node = nodes_find(&l->q->nodes, v[2]);
	if (node == NULL)
		return dangling(l, "fold", v[0], "node", e);
	/* trusted evidence and text of one workload stand in rows of their own: the trusted one first */
	if (tree > 0 && l->q->trees.v[tree - 1].id == 0 && bytes_eq(l->q->trees.v[tree - 1].code, store_column(st, 1)) &&
	    l->q->trees.v[tree - 1].row == v[2]) {
		struct query_tree *t = &l->q->trees.v[tree - 1];

		map_put(&l->tree_of_total, (uint64_t)v[0], 0, tree - 1);
		count_total(t, v[4], v[5]);
		return 0;
	}
	map_put(&l->tree_of_total, (uint64_t)v[0], 0, tree);
	*VEC_PUSH(&l->q->trees) = (struct query_tree){
		.code = keep_string(l->q, store_column(st, 1)), .t_first = WHEN_NONE, .t_last = WHEN_NONE };
	count_total(&l->q->trees.v[tree], v[4], v[5]);
	of_node(&l->q->trees.v[tree], l->q, node);
	l->q->trees.v[tree].main = folded_image(l, tree, v[3]);
	if (l->q->trees.v[tree].main == QUERY_NONE)
		return dangling(l, "fold", v[0], "main path", e);
	return 0;
}

static int take_total_label(void *to, sqlite3_stmt *st, struct err *e)
{
	struct loading *l = to;
	struct query_tree *t;
	struct bytes label;
	int64_t v[2];

	if (row_read(st, "fold", "ii", v, e) < 0)
		return -1;
	if (!text_of(l, v[1], &label))
		return dangling(l, "fold", v[0], "label", e);
	t = &l->q->trees.v[map_get(&l->tree_of_total, (uint64_t)v[0], 0, -1)];
	for (size_t i = 0; i < t->labels.n; i++)
		if (t->labels.v[i].p == label.p)
			return 0; /* its other row has it, too */
	*VEC_PUSH(&t->labels) = label;
	return 0;
}

static int take_total_use(void *to, sqlite3_stmt *st, struct err *e)
{
	struct loading *l = to;
	int64_t v[9], tree, caller, call;
	uint32_t image;

	if (row_read(st, "fold_use", "iiiifccuT", v, e) < 0)
		return -1;
	tree = map_get(&l->tree_of_total, (uint64_t)v[0], 0, -1);
	caller = map_get(&l->callers, (uint64_t)v[2], 0, -1);
	call = map_get(&l->calls, (uint64_t)v[3], 0, -1);
	image = tree < 0 ? QUERY_NONE : folded_image(l, (uint32_t)tree, v[1]);
	if (image == QUERY_NONE || caller < 0 || call < 0)
		return dangling(l, "fold_use", 0, "fold, path, caller or call", e);
	/* what a fork came to exec is no part of the root pid's chain */
	if (v[4] && l->q->images.v[image].parent != QUERY_NONE) {
		l->q->images.v[image].fork_of = l->q->images.v[image].parent;
		l->q->images.v[image].parent = QUERY_NONE;
	}
	if ((v[7] == WHEN_NONE || in_time(l, v[7], v[8])) && (!l->q->trusted || v[6] > 0))
		add_use(l, image, (uint32_t)caller, (uint32_t)call, (uint64_t)v[l->q->trusted ? 6 : 5],
			(uint64_t)v[6], v[7], v[8]);
	return 0;
}

static int take_total_set(void *to, sqlite3_stmt *st, struct err *e)
{
	struct loading *l = to;
	struct query_set *set;
	struct bytes text;
	int64_t v[3], tree;
	uint64_t row;

	if (row_read(st, "fold_set", "ibc", v, e) < 0)
		return -1;
	tree = map_get(&l->tree_of_total, (uint64_t)v[0], 0, -1);
	if (tree < 0)
		return dangling(l, "fold_set", 0, "fold", e);
	text = store_column(st, 1);
	bytes_take(&text, BYTES("["));
	set = VEC_PUSH(&l->q->sets);
	*set = (struct query_set){ .tree = (uint32_t)tree, .starts = (uint64_t)v[2] };
	while (bytes_dec(&text, OBS_ROW_MAX, &row)) {
		int64_t call = map_get(&l->calls, row, 0, -1);

		if (call >= 0)
			*VEC_PUSH(&set->calls) = (uint32_t)call;
		bytes_take(&text, BYTES(","));
	}
	if (!bytes_eq(text, BYTES("]")))
		return row_damaged(l->s->db, "fold_set", 0, "no list of calls can be read in its calls", e);
	return 0;
}

static int load_totals(struct loading *l, struct err *e)
{
	if (each(l, "SELECT id, parent, exe, name, text FROM path ORDER BY id", take_path, e) < 0 ||
	    each_of(l, "SELECT id, code, node, main, trees, starts, trusted FROM fold WHERE NOT ?1 OR trusted ORDER BY code, trusted DESC", take_total, e) < 0 ||
	    each_of(l, "SELECT fold.id, label.value FROM fold, json_each(fold.labels) AS label WHERE NOT ?1 OR fold.trusted", take_total_label, e) < 0 ||
	    each_of(l, "SELECT fold, path, caller, call, forked, events, iif(fold.trusted, events, 0), t_first, t_last FROM fold_use LEFT JOIN fold ON fold.id = fold WHERE NOT ?1 OR ifnull(fold.trusted, 1)", take_total_use, e) < 0)
		return -1;
	if (each_of(l, "SELECT fold, place FROM fold_place WHERE NOT ?1 OR fold IN (SELECT id FROM fold WHERE trusted)", take_total_location, e) < 0)
		return -1;
	return each_of(l, "SELECT fold, calls, starts FROM fold_set WHERE NOT ?1 OR fold IN (SELECT id FROM fold WHERE trusted)", take_total_set, e);
}

static int take_contradicted(void *to, sqlite3_stmt *st, struct err *e)
{
	struct loading *l = to;
	int64_t n;

	if (row_read(st, "ingest", "c", &n, e) < 0)
		return -1;
	l->q->contradicted += (uint64_t)n;
	return 0;
}

/* A loader's first steps alone are no start: nothing says that what it was to start ever ran. */
static void note_programs(struct query *q)
{
	for (size_t i = 0; i < q->images.n; i++)
		q->trees.v[q->images.v[i].tree].program |= !q->images.v[i].loader;
	for (size_t i = 0; i < q->trees.n; i++) {
		struct query_tree *t = &q->trees.v[i];

		if (t->program)
			continue;
		t->start_seen = false;
		t->starts = 0;
	}
}

static int load_all(struct loading *l, struct err *e)
{
	if (nodes_load(&l->q->nodes, l->s, l->q->trusted, e) < 0 || each(l, "SELECT id, bytes FROM string", take_string, e) < 0 ||
	    each(l, "SELECT id, comm, subj FROM caller", take_caller, e) < 0 ||
	    each(l, "SELECT id, arch, nr, action FROM call", take_call, e) < 0 ||
	    each_of(l, "SELECT id, code, start_seen, trusted FROM tree WHERE NOT ?1 OR trusted", take_tree, e) < 0 ||
	    each_of(l, "SELECT part.id, tree, path.text, part.parent, fork_of, part.exe, part.name, pid, t_first, t_last, node, "
		    "loader, boot, serial_first, image, trusted, t_end FROM image_part AS part JOIN path ON path.id = part.path WHERE NOT ?1 OR trusted",
		    take_image, e) < 0)
		return -1;
	if (link_images(l->q, l, e) < 0)
		return -1;
	if (each_of(l, "SELECT tree, label FROM tree_label WHERE NOT ?1 OR trusted", take_label, e) < 0 ||
	    each(l, "SELECT id, name || ' (' || hash || ')', text FROM policy", take_policy, e) < 0 ||
	    each_of(l, "SELECT DISTINCT image.tree, run.policy FROM (SELECT part, ingest FROM interval WHERE (NOT ?1 OR trusted) AND ingest IN "
		    "(SELECT id FROM ingest WHERE policy IS NOT NULL) UNION SELECT interval.part, touch.ingest FROM touch JOIN interval ON "
		    "interval.id = touch.interval WHERE (NOT ?1 OR trusted) AND touch.ingest IN (SELECT id FROM ingest WHERE policy IS NOT NULL)) AS met JOIN ingest AS run ON "
		    "run.id = met.ingest JOIN part ON part.id = met.part JOIN image ON image.id = part.image", take_tree_policy, e) < 0 ||
	    each_of(l, "SELECT id, part, node, pid, exe, t_first, t_last, serial_first, serial_last, cell, loader, uid, auid, obs FROM interval "
		    "WHERE NOT ?1 OR trusted", take_interval, e) < 0 ||
	    (!l->q->trusted && each(l, "SELECT id, part, exe, caller, call, t_first, t_last, node FROM presence", take_presence, e) < 0))
		return -1;
	if (each(l, "SELECT id, runtime, container, container_name, pod, pod_name, namespace, unit, image FROM place", take_location, e) < 0 ||
	    each_of(l, "SELECT tree, place FROM tree_place WHERE NOT ?1 OR trusted", take_tree_location, e) < 0 ||
	    each(l, "SELECT node, exe, place, here, build_id, t_first, t_last FROM build", take_build, e) < 0 ||
	    each_of(l, "SELECT mine.tree, capture.complete, (SELECT min(i.t_first) FROM image_part AS i WHERE i.tree = mine.tree AND (NOT ?1 OR i.trusted)) >= capture.t_first "
		    "AND (SELECT max(i.t_last) FROM image_part AS i WHERE i.tree = mine.tree AND (NOT ?1 OR i.trusted)) <= capture.t_last FROM (SELECT part, ingest FROM "
		    "interval WHERE ingest IN (SELECT ingest FROM capture) UNION SELECT interval.part, touch.ingest FROM touch JOIN interval "
		    "ON interval.id = touch.interval WHERE touch.ingest IN (SELECT ingest FROM capture)) AS brought JOIN capture USING (ingest) "
		    "JOIN image_part AS mine ON mine.id = brought.part WHERE NOT ?1 OR mine.trusted GROUP BY mine.tree, capture.ingest", take_capture, e) < 0)
		return -1;
	if (load_totals(l, e) < 0 || unite_trees(l->q, l->s, e) < 0 ||
	    (!l->q->trusted && each(l, "SELECT contradicted FROM ingest WHERE contradicted <> 0", take_contradicted, e) < 0))
		return -1;
	note_programs(l->q);
	order_query(l->q);
	return 0;
}

int query_load(struct query *q, struct store *s, int64_t since, int64_t until, bool trusted, struct err *e)
{
	struct loading l = { .q = q, .s = s, .since = since, .until = until };
	int ret;

	*q = (struct query){ .trusted = trusted, .since = since, .until = until };
	/* the trusted marks of a store that others can write are text */
	ret = trusted && !store_trusts(s) ? 0 : load_all(&l, e);
	map_release(&l.strings);
	map_release(&l.images);
	map_release(&l.trees);
	map_release(&l.callers);
	map_release(&l.calls);
	map_release(&l.uses);
	map_release(&l.pseudo);
	map_release(&l.locations);
	map_release(&l.policies);
	map_release(&l.path_at);
	map_release(&l.tree_of_total);
	map_release(&l.image_of_total);
	VEC_FREE(&l.paths);
	return ret;
}

void query_tree_release(struct query_tree *t)
{
	VEC_FREE(&t->labels);
	VEC_FREE(&t->locations);
	VEC_FREE(&t->policies);
	VEC_FREE(&t->also);
}

void query_release(struct query *q)
{
	for (size_t i = 0; i < q->trees.n; i++)
		query_tree_release(&q->trees.v[i]);
	VEC_FREE(&q->locations);
	VEC_FREE(&q->builds);
	VEC_FREE(&q->policies);
	VEC_FREE(&q->trees);
	VEC_FREE(&q->images);
	VEC_FREE(&q->uses);
	VEC_FREE(&q->callers);
	VEC_FREE(&q->calls);
	nodes_release(&q->nodes);
	map_release(&q->same);
	for (size_t i = 0; i < q->sets.n; i++)
		VEC_FREE(&q->sets.v[i].calls);
	VEC_FREE(&q->sets);
	pool_release(&q->strings);
}

struct losing { struct query_losses *out; struct query *q; };

/* The same markers may have come by two names of the machine: the larger of two counts, as with what was made. */
static void add_loss(struct query_losses *out, const struct query_loss *l, bool others)
{
	for (size_t i = 0; i < out->n && others; i++) {
		struct query_loss *was = &out->v[i];

		if (!bytes_eq(was->node, l->node))
			continue;
		was->markers = was->markers > l->markers ? was->markers : l->markers;
		was->kernel_markers = was->kernel_markers > l->kernel_markers ? was->kernel_markers : l->kernel_markers;
		was->printk = was->printk > l->printk ? was->printk : l->printk;
		was->kernel = was->kernel > l->kernel ? was->kernel : l->kernel;
		was->others = was->others > l->others ? was->others : l->others;
		return;
	}
	*VEC_PUSH(out) = *l;
}

static int take_loss(void *to, sqlite3_stmt *st, struct err *e)
{
	struct losing *l = to;
	const struct nodes_row *node;
	int64_t v[6];

	if (row_read(st, "loss", "ikkkkk", v, e) < 0)
		return -1;
	node = nodes_find(&l->q->nodes, v[0]);
	if (node == NULL)
		return row_damaged(sqlite3_db_handle(st), "loss", 0, "its node is not there", e);
	add_loss(l->out, &(struct query_loss){
		.node = node->shown, .markers = (uint64_t)v[1],
		.printk = (uint64_t)v[2], .kernel = (uint64_t)v[3], .others = (uint64_t)v[4],
		.kernel_markers = (uint64_t)v[5],
	}, node->others);
	return 0;
}

static int by_node(const void *a, const void *b)
{
	const struct query_loss *x = a, *y = b;

	return bytes_order(x->node, y->node);
}

int query_losses(struct query_losses *out, struct query *q, struct store *s, int64_t since, int64_t until, struct err *e)
{
	struct losing l = { out, q };
	int ret;

	/* a marker comes after what it tells of, sometimes much later */
	ret = store_each_sql(s, "SELECT node, count(*), ifnull(sum(" LOSS ") FILTER (WHERE kind = 'printk'), 0), "
			     "ifnull(max(" LOSS ") FILTER (WHERE kind = 'kernel'), 0), ifnull(sum(" LOSS ") FILTER "
			     "(WHERE kind IN ('journald', 'rsyslog')), 0), count(*) FILTER (WHERE kind IN ('kernel', 'backlog', 'rate')) "
			     "FROM loss WHERE (t IS NULL OR (t >= ?1 AND t <= ?2)) AND (NOT ?3 OR trusted) GROUP BY node",
			     ARGS(V_INT(since == WHEN_NONE ? INT64_MIN : since),
				   V_INT(until == WHEN_NONE ? INT64_MAX : until + MARKER_LATE_MS), V_INT(q->trusted)), WALK(take_loss, &l), e);
	if (out->n > 1)
		qsort(out->v, out->n, sizeof(*out->v), by_node);
	return ret;
}
