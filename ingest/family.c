#include "ingest/family.h"

#include "ingest/near.h"
#include "store/base/code.h"
#include "store/base/when.h"
#include "store/model/obs.h"
#include "store/row.h"

#include <stdlib.h>

#define ENDED_MS 2000       /* of 200 daemons that forked twice, 196 first spoke after their parent's exit */
#define FORKED_NEAR_MS 8    /* where several images live at one place: the fork-type call came within two ticks */

void family_init(struct family *f, struct store *store, struct names *names)
{
	*f = (struct family){ .store = store, .names = names };
}

void part_free(struct part *p)
{
	if (p == NULL)
		return;
	VEC_FREE(&p->cells);
	VEC_FREE(&p->sites);
	VEC_FREE(&p->touched);
	free(p);
}

static void empty(struct family *f)
{
	for (size_t i = 0; i < f->parts.n; i++)
		part_free(f->parts.v[i]);
	f->parts.n = f->queue.n = f->dropped.n = 0;
	map_clear(&f->by_id);
	map_clear(&f->gone);
}

void family_release(struct family *f)
{
	empty(f);
	VEC_FREE(&f->parts);
	VEC_FREE(&f->queue);
	VEC_FREE(&f->dropped);
	map_release(&f->by_id);
	map_release(&f->gone);
}

/* ---- the queue: parts in the order of their beginnings ---- */

static bool before(const struct part *a, const struct part *b)
{
	if (a->node != b->node)
		return a->node < b->node;
	if (a->boot != b->boot)
		return a->boot < b->boot;
	return a->s_first < b->s_first;
}

static void enqueue(struct family *f, struct part *p)
{
	size_t i = f->queue.n;

	if (p->queued)
		return;
	p->queued = true;
	(void)VEC_PUSH(&f->queue);
	for (; i > 0 && before(p, f->queue.v[(i - 1) / 2]); i = (i - 1) / 2)
		f->queue.v[i] = f->queue.v[(i - 1) / 2];
	f->queue.v[i] = p;
}

/* To be looked at again, because of another part. */
static void push(struct family *f, struct part *p)
{
	p->linked = false;
	enqueue(f, p);
}

static struct part *pop(struct family *f)
{
	struct part *first = f->queue.v[0], *last = f->queue.v[--f->queue.n];
	size_t i = 0, n = f->queue.n;

	while (i * 2 + 1 < n) {
		size_t child = i * 2 + 1;

		if (child + 1 < n && before(f->queue.v[child + 1], f->queue.v[child]))
			child++;
		if (!before(f->queue.v[child], last))
			break;
		f->queue.v[i] = f->queue.v[child];
		i = child;
	}
	if (n > 0)
		f->queue.v[i] = last;
	first->queued = false;
	return first;
}

static void keep(struct family *f, struct part *p)
{
	map_put(&f->by_id, (uint64_t)p->id, 0, (int64_t)f->parts.n);
	*VEC_PUSH(&f->parts) = p;
}

void family_add(struct family *f, struct part *p)
{
	keep(f, p);
	p->changed = true;
	enqueue(f, p);
}

void family_drop(struct family *f, int64_t id)
{
	*VEC_PUSH(&f->dropped) = id;
	map_put(&f->gone, (uint64_t)id, 0, 1);
}

/* ---- parts from the store ---- */

static int take_part(void *to, sqlite3_stmt *st, struct err *e)
{
	struct part **out = to, *p;
	int64_t v[19];

	if (row_read(st, "image", "ipwinfftTusSwwnnii.", v, e) < 0)
		return -1;
	p = mem_zero(1, sizeof(*p));
	*p = (struct part){ .node = v[0], .pid = (int32_t)v[1], .boot = (uint32_t)v[2],
			    .exe = v[3], .name = v[4], .loader = v[5] != 0, .starts = v[6] != 0,
			    .t_first = v[7], .t_last = v[8],
			    .t_end = v[9] == WHEN_NONE ? FAMILY_LIVES : v[9],
			    .s_first = (uint32_t)v[10], .s_last = (uint32_t)v[11],
			    .uid = (uint32_t)v[12], .auid = (uint32_t)v[13], .parent = v[14],
			    .fork_of = v[15], .tree = v[16], .path = v[17] };
	p->first = p->parent == 0 || sqlite3_column_int64(st, 18) != p->pid;
	*out = p;
	return STORE_ENOUGH;
}

int part_load(struct store *store, int64_t id, struct part **out, struct err *e)
{
	*out = NULL;
	if (store_each(store, STMT_load_part, ARGS(V_INT(id)), WALK(take_part, out), e) < 0)
		return -1;
	if (*out == NULL)
		return 0;
	(*out)->id = id;
	if ((*out)->parent == 0 || (*out)->fork_of == 0)
		return 0;
	part_free(*out);
	*out = NULL;
	return row_damaged(store->db, "image", id, "it was both forked and exec'd", e);
}

/* A part by its row; NULL where it is no more. */
static int get(struct family *f, int64_t id, struct part **out, struct err *e)
{
	int64_t at = map_get(&f->by_id, (uint64_t)id, 0, -1);

	*out = NULL;
	if (map_get(&f->gone, (uint64_t)id, 0, 0))
		return 0;
	if (at >= 0) {
		*out = f->parts.v[at];
		return 0;
	}
	if (part_load(f->store, id, out, e) < 0)
		return -1;
	if (*out != NULL)
		keep(f, *out);
	return 0;
}

/* ---- the rules ---- */

/*
 * Does a walk from part to part come round to where it was? It is compared with one that is remembered for as many steps
 * as were made before it.   source: Brent 1980, BIT 20:176
 */
struct circle { const struct part *mark; uint64_t steps, until; };

static bool circle_met(struct circle *c, const struct part *p)
{
	if (p == c->mark)
		return true;
	if (c->steps++ == c->until) {
		c->mark = p;
		c->until = c->steps * 2;
	}
	return false;
}

static int descends_from_itself(struct family *f, const struct part *p, struct err *e)
{
	return row_damaged(f->store->db, "image", p->id, "it descends from itself", e);
}

/* The first part of the image that p is a part of. */
static int image_of(struct family *f, struct part *p, struct part **out, struct err *e)
{
	struct circle c = { 0 };

	*out = p;
	while ((*out)->fork_of != 0) {
		struct part *above;

		if (get(f, (*out)->fork_of, &above, e) < 0)
			return -1;
		if (above == NULL)
			break;
		if (circle_met(&c, above))
			return descends_from_itself(f, above, e);
		*out = above;
	}
	return 0;
}

/* Could `c` have forked p's process, by time: it began before, and lived or had ended shortly before. */
static bool candidate(const struct part *c, const struct part *p)
{
	return c->id != p->id && c->pid != p->pid && c->boot == p->boot && !c->loader && c->s_first < p->s_first &&
	       (c->t_end == FAMILY_LIVES || p->t_first <= c->t_end + ENDED_MS);
}

/* Looks for a fork-type call within so long before p's first record. */
struct forking { const struct store *store; const struct part *p; int64_t ms; bool *yes; };

static int take_edges(void *to, sqlite3_stmt *row, struct err *e)
{
	struct forking *f = to;
	struct edge_list edges = { 0 };
	int64_t v[3];
	bool fine;

	if (row_read(row, "interval", "tsb", v, e) < 0)
		return -1;
	fine = edge_decode(store_column(row, 2),
			   (struct obs_base){ .t = v[0], .serial = (uint32_t)v[1] }, &edges);
	for (size_t i = 0; i < edges.n && fine; i++)
		*f->yes = *f->yes || (edges.v[i].kind == EDGE_FORK && edges.v[i].serial < f->p->s_first &&
				      edges.v[i].t >= f->p->t_first - f->ms && edges.v[i].t <= f->p->t_first);
	VEC_FREE(&edges);
	return fine ? 0 : row_damaged(f->store->db, "interval", 0, "its edges cannot be read", e);
}

/* Did the process of part c make a fork-type call within so long before p's first record? */
static int forked_before(struct family *f, const struct part *c, const struct part *p, int64_t ms, bool *yes, struct err *e)
{
	struct forking to = { f->store, p, ms, yes };

	*yes = false;
	return store_each(f->store, STMT_edges_of, ARGS(V_INT(c->node), V_INT(c->pid), V_INT(c->id), V_INT(p->t_first - ms),
							V_INT(p->t_first), V_INT(p->t_first + WHEN_HOUR_MS)),
			  WALK(take_edges, &to), e);
}

struct choice {
	struct part *nearest;                /* the last to have spoken before */
	uint32_t spoke;
	struct part *image;                  /* of the candidates */
	bool several;                        /* ... they are of more than one: addresses are not random, or say nothing */
	struct part *forker, *forker_image;  /* made a fork-type call shortly before */
	bool just;                           /* ... and it was within two ticks */
	bool forkers;                        /* ... parts of more than one image did */
};

/* The part behind a near interval, when it may have forked p; NULL. */
static int possible(struct family *f, struct part *p, const struct near *n, bool fixed, struct part **out, struct err *e)
{
	*out = NULL;
	if (n->by_chance || n->s_first >= p->s_first || n->image == p->id || (fixed && (n->uid != p->uid || n->auid != p->auid)))
		return 0;
	if (get(f, n->image, out, e) < 0)
		return -1;
	if (*out != NULL && !candidate(*out, p))
		*out = NULL;
	return 0;
}

static int weigh(struct family *f, struct part *p, const struct near *n, bool fixed, struct choice *c, struct err *e)
{
	uint32_t spoke = n->s_last < p->s_first ? n->s_last : p->s_first;
	struct part *part, *image;

	if (possible(f, p, n, fixed, &part, e) < 0)
		return -1;
	if (part == NULL)
		return 0;
	if (image_of(f, part, &image, e) < 0)
		return -1;
	c->several = c->several || (c->image != NULL && c->image != image);
	c->image = image;
	if (c->nearest == NULL || spoke > c->spoke || (spoke == c->spoke && part->s_first > c->nearest->s_first)) {
		c->nearest = part;
		c->spoke = spoke;
	}
	return 0;
}

static int weigh_fork(struct family *f, struct part *p, const struct near *n, bool fixed, struct choice *c, struct err *e)
{
	struct part *part, *image;
	bool forked, just;

	if (possible(f, p, n, fixed, &part, e) < 0)
		return -1;
	if (part == NULL || part == c->forker)
		return 0;
	if (forked_before(f, part, p, NEAR_FORKED_MS, &forked, e) < 0 ||
	    forked_before(f, part, p, FORKED_NEAR_MS, &just, e) < 0 || image_of(f, part, &image, e) < 0)
		return -1;
	c->just = c->just || just;
	if (!forked)
		return 0;
	c->forkers = c->forkers || (c->forker != NULL && c->forker_image != image);
	if (c->forker == NULL || part->s_first > c->forker->s_first) {
		c->forker = part;
		c->forker_image = image;
	}
	return 0;
}

/*
 * The image that p's process was forked from, by its first part; 0: none, a root. Not the part that spoke last: the forks of
 * one server would be a chain as long as there are many, and each would walk it.
 */
static int find_fork(struct family *f, struct part *p, struct nears *near, int64_t *out, struct err *e)
{
	struct choice c;
	bool fixed = !near_random(p);
	struct part *image = NULL;
	enum near_verdict verdict;

	*out = 0;
	do {
		c = (struct choice){ 0 };
		verdict = NEAR_SILENT;
		for (size_t i = 0; i < near->n; i++)
			if (weigh(f, p, &near->v[i], fixed, &c, e) < 0)
				return -1;
		if (!fixed && c.nearest != NULL && near_judge(f, p, c.nearest, near, &verdict, e) < 0)
			return -1;
		for (size_t i = 0; i < near->n && verdict == NEAR_APART; i++)
			near->v[i].by_chance = near->v[i].by_chance || near->v[i].image == c.nearest->id;
	} while (verdict == NEAR_APART);
	if (!fixed && (!c.several || verdict == NEAR_SAME)) {
		if (c.nearest != NULL && image_of(f, c.nearest, &image, e) < 0)
			return -1;
		*out = image != NULL ? image->id : 0;
		return 0;
	}
	for (size_t i = 0; i < near->n; i++)
		if (weigh_fork(f, p, &near->v[i], fixed, &c, e) < 0)
			return -1;
	*out = c.forker != NULL && !c.forkers && (!c.several || c.just) ? c.forker_image->id : 0;
	return 0;
}

/* ---- deriving ---- */

static int push_later(struct family *f, const struct part *p, const struct nears *near, struct err *e)
{
	for (size_t i = 0; i < near->n; i++) {
		struct part *other;

		if (near->v[i].image == p->id || near->v[i].s_first <= p->s_first)
			continue;
		if (get(f, near->v[i].image, &other, e) < 0)
			return -1;
		if (other != NULL && other->first && !other->loader && before(p, other))
			push(f, other);
	}
	return 0;
}

struct ids { int64_t *v; size_t n, cap; };

static int take_id(void *to, sqlite3_stmt *row, struct err *e)
{
	struct ids *ids = to;
	int64_t id;

	if (row_read(row, "image", "n", &id, e) < 0)
		return -1;
	if (id != 0)
		*VEC_PUSH(ids) = id;
	return 0;
}

static int push_ids(struct family *f, enum stmt id, struct store_args args, struct err *e)
{
	struct ids ids = { 0 };
	int ret = store_each(f->store, id, args, WALK(take_id, &ids), e);

	for (size_t i = 0; i < ids.n && ret == 0; i++) {
		struct part *p;

		ret = get(f, ids.v[i], &p, e);
		if (ret == 0 && p != NULL)
			push(f, p);
	}
	VEC_FREE(&ids);
	return ret;
}

/* Those below a part, stored or of this batch: what it exec'd, and the processes that were forked from it. */
static int push_below(struct family *f, const struct part *p, struct err *e)
{
	for (size_t i = 0; i < f->parts.n; i++)
		if (f->parts.v[i]->parent == p->id || f->parts.v[i]->fork_of == p->id)
			push(f, f->parts.v[i]);
	return push_ids(f, STMT_parts_below, ARGS(V_INT(p->id)), e);
}

static int check_above(struct family *f, struct part *p, struct err *e)
{
	struct circle c = { 0 };

	while (p != NULL && (p->parent != 0 || p->fork_of != 0)) {
		if (get(f, p->parent ? p->parent : p->fork_of, &p, e) < 0)
			return -1;
		if (p != NULL && circle_met(&c, p))
			return descends_from_itself(f, p, e);
	}
	return 0;
}

static int place(struct family *f, struct part *p, struct err *e)
{
	int64_t above = p->parent ? p->parent : p->fork_of, tree = p->id, path = 0, was_tree = p->tree, was_path = p->path;
	struct part *from = NULL;

	if (above != 0 && get(f, above, &from, e) < 0)
		return -1;
	/* what is placed again and again hangs on itself, as no derivation leaves it */
	if (p->placed && check_above(f, p, e) < 0)
		return -1;
	p->placed = true;
	if (from != NULL)
		tree = from->tree;
	if (from != NULL && p->parent == 0) {
		path = from->path; /* the same image */
	} else {
		path = names_path(f->names, from ? from->path : 0, p->exe, p->name, e);
		if (path < 0)
			return -1;
	}
	p->tree = tree;
	p->path = path;
	if (tree == was_tree && path == was_path)
		return 0;
	p->changed = true;
	return was_tree == 0 ? 0 : push_below(f, p, e);
}

/*
 * The part that p's process was forked from, where a source has said so: that of its parent at that time. *out 0: nobody
 * has, or the parent left no record before.
 */
static int find_birth(struct family *f, const struct part *p, int64_t *out, struct err *e)
{
	int64_t birth[3]; /* parent's pid, time, serial */
	bool found;

	*out = 0;
	if (store_find(f->store, STMT_birth_of, ARGS(V_INT(p->node), V_INT(p->pid), V_INT(p->s_first), V_INT(p->t_first)), birth, 3,
		       &found, e) < 0)
		return -1;
	if (!found)
		return 0;
	return store_find(f->store, STMT_image_at, ARGS(V_INT(p->node), V_INT(birth[0]), V_INT(birth[2]), V_INT(birth[1])), out, 1,
			  &found, e);
}

/* Finds what the first part of a process comes from: a copy of its parent's image, or exec'd before it first spoke. */
static int link_first(struct family *f, struct part *p, struct nears *near, bool *all_few, struct err *e)
{
	struct part *from = NULL;
	int64_t birth = 0;

	p->parent = p->fork_of = 0;
	if (f->events && (find_birth(f, p, &birth, e) < 0 || (birth != 0 && get(f, birth, &from, e) < 0)))
		return -1;
	if (from != NULL && from->boot == p->boot && from->s_first < p->s_first) {
		*(from->exe == p->exe ? &p->fork_of : &p->parent) = from->id;
		return 0;
	}
	if (p->loader)
		return 0;
	return near_kin(f, p, near, all_few, e) < 0 ? -1 : find_fork(f, p, near, &p->fork_of, e);
}

static int derive_one(struct family *f, struct part *p, struct nears *near, struct err *e)
{
	int64_t was = p->fork_of, was_parent = p->parent;
	bool touched = p->changed, all_few = false;

	if (!p->first)
		p->fork_of = 0;
	else if (!p->linked && link_first(f, p, near, &all_few, e) < 0)
		return -1;
	p->linked = true;
	if (p->fork_of != was || p->parent != was_parent) {
		p->changed = true;
		/* whoever looks at it sees another image */
		if (!p->all_touched && near_places(f, p, SIZE_MAX, &p->touched, e) < 0)
			return -1;
	}
	if (place(f, p, e) < 0 || (touched && f->events && push_ids(f, STMT_born_of, ARGS(V_INT(p->node), V_INT(p->pid)), e) < 0))
		return -1;
	if (p->loader || !(touched || p->fork_of != was))
		return 0;
	if (!(all_few && p->all_touched) && near_concerned(f, p, near, e) < 0)
		return -1;
	return push_later(f, p, near, e);
}

/* ---- writing ---- */

static int drop_tree(struct family *f, int64_t id, struct err *e)
{
	struct store_args tree = ARGS(V_INT(id));

	if ((f->labels && store_run(f->store, STMT_del_labels, tree, e) < 0) ||
	    (f->places && store_run(f->store, STMT_del_places, tree, e) < 0))
		return -1;
	return store_run(f->store, STMT_del_tree, tree, e);
}

static int tree_row(struct family *f, const struct part *p, struct err *e)
{
	auto_buf struct buf text = { 0 };
	char code[CODE_SIZE];

	if (p->tree != p->id)
		return drop_tree(f, p->id, e);
	/* a tree's public name: node, pid and beginning of its root */
	if (names_node_text(f->store, &text, p->node, e) < 0)
		return -1;
	buf_printf(&text, "|%d|%lld|%u", p->pid, (long long)p->t_first, p->s_first);
	code_of(buf_bytes(&text), code);
	return store_run(f->store, STMT_add_tree, ARGS(V_INT(p->id), V_TEXT(bytes_of(code)), V_INT(p->loader || p->starts)), e);
}

static int save(struct family *f, const struct part *p, struct err *e)
{
	if (store_run(f->store, STMT_add_image,
		      ARGS(V_INT(p->id), V_INT(p->node), V_INT(p->pid), V_INT(p->boot), V_INT(p->tree), V_INT(p->path), V_INT(p->parent),
			   V_INT(p->fork_of), V_INT(p->exe), V_INT(p->name), V_INT(p->loader), V_INT(p->starts), V_INT(p->t_first),
			   V_INT(p->t_last), V_INT_IF(p->t_end != FAMILY_LIVES, p->t_end), V_INT(p->s_first), V_INT(p->s_last),
			   V_INT(p->uid), V_INT(p->auid)), e) < 0)
		return -1;
	return tree_row(f, p, e);
}

static int drop_all(struct family *f, struct err *e)
{
	for (size_t i = 0; i < f->dropped.n; i++) {
		struct store_args id = ARGS(V_INT(f->dropped.v[i]));

		if (push_ids(f, STMT_parts_below, id, e) < 0 || drop_tree(f, f->dropped.v[i], e) < 0 ||
		    store_run(f->store, STMT_del_image, id, e) < 0)
			return -1;
	}
	return 0;
}

/*
 * The labels of the trees that were touched: of the runs that brought their intervals, or that met them again. And their
 * places, of whichever interval's process was looked up.
 */
static int mark_trees(struct family *f, struct err *e)
{
	static const enum stmt steps[] = { STMT_del_labels, STMT_label_tree, STMT_del_places, STMT_place_tree };
	size_t from = f->labels ? 0 : 2, to = f->places ? 4 : 2;
	struct map done = { 0 };
	int ret = 0;

	for (size_t i = 0; i < f->parts.n && ret == 0; i++) {
		int64_t tree = f->parts.v[i]->tree;

		if (map_get(&done, (uint64_t)tree, 0, 0))
			continue;
		map_put(&done, (uint64_t)tree, 0, 1);
		for (size_t k = from; k < to && ret == 0; k++)
			ret = store_run(f->store, steps[k], ARGS(V_INT(tree)), e);
	}
	map_release(&done);
	return ret;
}

int family_derive(struct family *f, struct err *e)
{
	struct nears near = { 0 };
	size_t added = f->parts.n;
	int ret = drop_all(f, e);

	for (size_t i = 0; i < added && ret == 0; i++)
		if (f->parts.v[i]->later)
			ret = push_below(f, f->parts.v[i], e);
	while (ret == 0 && f->queue.n > 0)
		ret = derive_one(f, pop(f), &near, e);
	for (size_t i = 0; i < f->parts.n && ret == 0; i++)
		if (f->parts.v[i]->changed)
			ret = save(f, f->parts.v[i], e);
	if (ret == 0 && (f->labels || f->places))
		ret = mark_trees(f, e);
	VEC_FREE(&near);
	empty(f);
	return ret;
}
