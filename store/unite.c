// SPDX-License-Identifier: Apache-2.0
/*
 * Finds the trees that two names of a machine brought of the same processes, and makes one of each
 * pair.
 */
#include "store/unite.h"

#include "store/row.h"
#include "store/sql.h"

#include <stdlib.h>

#define NEIGHBOURS 8 /* that are looked at on either side: images of one pid follow each other */

/* An image with what tells its process, on a machine that has several rows. */
struct piece {
	uint32_t image;
	int64_t node;
	uint32_t exe; /* pool id */
	uint32_t serial_first, serial_last;
};

struct uniting {
	struct query *q;
	VEC(struct piece) pieces;     /* those of one process are neighbours */
	uint32_t *piece_of;           /* of an image; QUERY_NONE: its machine has one row */
	uint32_t *image_to, *tree_to; /* where each goes: itself, or one that stays */
	struct map serials;           /* row of an image -> first and last serial */
};

#define BY(a, b)                                                                                   \
	if ((a) != (b))                                                                            \
	return (a) < (b) ? -1 : 1

/* Which of two trees of different rows stays: a trusted one, then what began first, then what has
 * the name that is shown. */
static int tree_order(const struct query *q, uint32_t a, uint32_t b)
{
	const struct query_tree *x = &q->trees.v[a], *y = &q->trees.v[b];

	BY(!x->trusted, !y->trusted);
	BY(q->images.v[x->root].t_first, q->images.v[y->root].t_first);
	BY(x->row != x->node_id, y->row != y->node_id);
	return bytes_order(nodes_find(&q->nodes, x->row)->name,
			   nodes_find(&q->nodes, y->row)->name);
}

static int by_tree_order(const void *a, const void *b, void *query)
{
	const uint32_t *x = a, *y = b;
	int ret = tree_order(query, *x, *y);

	if (ret != 0)
		return ret;
	BY(*x, *y);
	return 0;
}

static int by_process(const void *a, const void *b, void *query)
{
	const struct piece *x = a, *y = b;
	const struct query *q = query;

	BY(x->node, y->node);
	BY(x->exe, y->exe);
	BY(q->images.v[x->image].pid, q->images.v[y->image].pid);
	BY(q->images.v[x->image].t_first, q->images.v[y->image].t_first);
	BY(x->serial_first, y->serial_first);
	BY(x->image, y->image);
	return 0;
}

static int take_serials(void *to, sqlite3_stmt *st, struct err *e)
{
	struct uniting *u = to;
	int64_t v[3];

	if (row_read(st, "part", "iss", v, e) < 0)
		return -1;
	map_put(&u->serials, (uint64_t)v[0], 0, (int64_t)((uint64_t)v[1] << 32 | (uint64_t)v[2]));
	return 0;
}

static int find_pieces(struct uniting *u, struct store *s, struct err *e)
{
	struct query *q = u->q;

	if (store_each_sql(s, "SELECT id, serial_first, serial_last FROM part", NO_ARGS,
			   WALK(take_serials, u), e) < 0)
		return -1;
	for (uint32_t i = 0; i < q->images.n; i++) {
		const struct query_image *m = &q->images.v[i];
		const struct query_tree *t = &q->trees.v[m->tree];
		uint64_t serials = (uint64_t)map_get(&u->serials, (uint64_t)m->id, 0, 0);

		u->piece_of[i] = QUERY_NONE;
		if (m->id != 0 && nodes_has_others(&q->nodes, t->row))
			*VEC_PUSH(&u->pieces) =
				(struct piece){ i, t->node_id, pool_find(&q->strings, m->exe),
						(uint32_t)(serials >> 32), (uint32_t)serials };
	}
	if (u->pieces.n > 1)
		qsort_r(u->pieces.v, u->pieces.n, sizeof(*u->pieces.v), by_process, q);
	for (uint32_t i = 0; i < u->pieces.n; i++)
		u->piece_of[u->pieces.v[i].image] = i;
	return 0;
}

/* Are both of one process, by two names? */
static bool same_process(const struct query *q, const struct piece *x, const struct piece *y)
{
	const struct query_image *a = &q->images.v[x->image], *b = &q->images.v[y->image];

	return x->node == y->node && x->exe == y->exe && a->pid == b->pid &&
	       q->trees.v[a->tree].row != q->trees.v[b->tree].row && a->t_first <= b->t_last &&
	       b->t_first <= a->t_last && x->serial_first <= y->serial_last &&
	       y->serial_first <= x->serial_last;
}

/* The pieces that may be of the process of an image: from..to. None where its machine has one row.
 */
static void neighbours(const struct uniting *u, uint32_t image, size_t *from, size_t *to)
{
	size_t at = u->piece_of[image];

	*from = *to = 0;
	if (at == QUERY_NONE)
		return;
	*from = at > NEIGHBOURS ? at - NEIGHBOURS : 0;
	*to = at + NEIGHBOURS + 1 < u->pieces.n ? at + NEIGHBOURS + 1 : u->pieces.n;
}

/* Two trees are of the same processes where one has the first image of the other: notes for the
 * later one where it goes. */
static void match_tree(const struct uniting *u, uint32_t tree, uint32_t *into)
{
	const struct query *q = u->q;
	uint32_t root = q->trees.v[tree].root;
	size_t i, to;

	for (neighbours(u, root, &i, &to); i < to; i++) {
		uint32_t other = q->images.v[u->pieces.v[i].image].tree, first = tree,
			 second = other;

		if (!same_process(q, &u->pieces.v[u->piece_of[root]], &u->pieces.v[i]))
			continue;
		if (tree_order(q, other, tree) < 0) {
			first = other;
			second = tree;
		}
		if (into[second] == QUERY_NONE || tree_order(q, first, into[second]) < 0)
			into[second] = first;
	}
}

/* Trees in their order, so that the one that another goes into has its place. False: each stays. */
static bool place_trees(struct uniting *u)
{
	struct query *q = u->q;
	auto_free uint32_t *order = mem_alloc((q->trees.n + 1) * sizeof(*order));
	auto_free uint32_t *into = mem_alloc((q->trees.n + 1) * sizeof(*into));
	bool any = false;

	for (uint32_t i = 0; i < q->trees.n; i++) {
		order[i] = i;
		into[i] = QUERY_NONE;
	}
	for (uint32_t i = 0; i < q->trees.n; i++)
		match_tree(u, i, into);
	if (q->trees.n > 1)
		qsort_r(order, q->trees.n, sizeof(*order), by_tree_order, q);
	for (size_t i = 0; i < q->trees.n; i++) {
		uint32_t to = into[order[i]];

		u->tree_to[order[i]] = to == QUERY_NONE ? order[i] : u->tree_to[to];
		any = any || to != QUERY_NONE;
	}
	return any;
}

/* What the tree that an image's tree goes into has of its process already, or another one that goes
 * there and comes first; else itself. */
static uint32_t place_image(const struct uniting *u, uint32_t image)
{
	const struct query *q = u->q;
	uint32_t tree = q->images.v[image].tree, best = image;
	size_t i, to;

	if (u->tree_to[tree] == tree)
		return image;
	for (neighbours(u, image, &i, &to); i < to; i++) {
		uint32_t other = u->pieces.v[i].image, its = q->images.v[other].tree;

		if (u->tree_to[its] == u->tree_to[tree] &&
		    tree_order(q, its, q->images.v[best].tree) < 0 &&
		    same_process(q, &u->pieces.v[u->piece_of[image]], &u->pieces.v[i]))
			best = other;
	}
	return best;
}

static void place_images(struct uniting *u)
{
	for (uint32_t i = 0; i < u->q->images.n; i++)
		u->image_to[i] = place_image(u, i);
	for (uint32_t i = 0; i < u->q->images.n; i++)
		while (u->image_to[u->image_to[i]] != u->image_to[i])
			u->image_to[i] = u->image_to[u->image_to[i]];
}

/* ---- moving ---- */

static void widen_times(int64_t *first, int64_t *last, int64_t t_first, int64_t t_last)
{
	if (t_first == WHEN_NONE)
		return;
	if (*first == WHEN_NONE || t_first < *first)
		*first = t_first;
	if (*last == WHEN_NONE || t_last > *last)
		*last = t_last;
}

/* An image that only the tree that goes has hangs on what stays like a fork: it makes no main
 * program another one. */
static void move_image(struct uniting *u, uint32_t i)
{
	struct query_image *m = &u->q->images.v[i], *to = &u->q->images.v[u->image_to[i]];

	if (to != m) {
		widen_times(&to->t_first, &to->t_last, m->t_first, m->t_last);
		if (to->t_end == WHEN_NONE)
			to->t_end = m->t_end;
		map_put(&u->q->same, (uint64_t)m->id, 0, to->id);
		return;
	}
	m->tree = u->tree_to[m->tree];
	if (m->fork_of != QUERY_NONE)
		m->fork_of = u->image_to[m->fork_of];
	if (m->parent == QUERY_NONE || u->image_to[m->parent] == m->parent)
		return;
	m->fork_of = u->image_to[m->parent];
	m->parent = QUERY_NONE;
}

#define ADD_NEW(to, item, equal)                                                                   \
	do {                                                                                       \
		size_t at_ = 0;                                                                    \
		while (at_ < (to)->n && !(equal))                                                  \
			at_++;                                                                     \
		if (at_ == (to)->n)                                                                \
			*VEC_PUSH(to) = (item);                                                    \
	} while (0)

static void move_tree(struct query_tree *to, struct query_tree *t)
{
	for (size_t i = 0; i < t->labels.n; i++)
		ADD_NEW(&to->labels, t->labels.v[i], bytes_eq(to->labels.v[at_], t->labels.v[i]));
	for (size_t i = 0; i < t->locations.n; i++)
		ADD_NEW(&to->locations, t->locations.v[i],
			to->locations.v[at_] == t->locations.v[i]);
	for (size_t i = 0; i < t->policies.n; i++)
		ADD_NEW(&to->policies, t->policies.v[i], to->policies.v[at_] == t->policies.v[i]);
	*VEC_PUSH(&to->also) = t->id;
	to->starts = to->starts > t->starts ? to->starts : t->starts;
	to->start_seen = to->start_seen || t->start_seen;
	to->captured += t->captured;
	to->holes += t->holes;
	to->captured_whole = to->captured_whole || t->captured_whole;
	widen_times(&to->t_first, &to->t_last, t->t_first, t->t_last);
	query_tree_release(t);
}

static void move_use(struct query_use *to, const struct query_use *u)
{
	to->events = to->events > u->events ? to->events : u->events;
	to->trusted = to->trusted > u->trusted ? to->trusted : u->trusted;
	widen_times(&to->t_first, &to->t_last, u->t_first, u->t_last);
	if (u->serial < to->serial)
		to->serial = u->serial;
}

static void move_uses(struct uniting *u)
{
	struct query *q = u->q;
	struct map at = { 0 };
	size_t n = 0;

	for (size_t i = 0; i < q->uses.n; i++) {
		struct query_use use = q->uses.v[i];
		uint64_t key = (uint64_t)use.caller << 32 | use.call;
		int64_t other;

		use.image = u->image_to[use.image];
		other = map_get(&at, use.image, key, -1);
		if (other >= 0) {
			move_use(&q->uses.v[other], &use);
			continue;
		}
		map_put(&at, use.image, key, (int64_t)n);
		q->uses.v[n++] = use;
	}
	q->uses.n = n;
	map_release(&at);
}

/* What has gone leaves no gap: each index becomes the one of where the image or tree is now. */
static void close_gaps(struct uniting *u)
{
	struct query *q = u->q;
	uint32_t images = 0, trees = 0;

	for (uint32_t i = 0; i < q->images.n; i++) {
		if (u->image_to[i] != i)
			continue;
		q->images.v[images] = q->images.v[i];
		u->image_to[i] = images++;
	}
	for (uint32_t i = 0; i < q->trees.n; i++) {
		if (u->tree_to[i] != i)
			continue;
		q->trees.v[trees] = q->trees.v[i];
		u->tree_to[i] = trees++;
	}
	q->images.n = images;
	q->trees.n = trees;
	for (uint32_t i = 0; i < images; i++) {
		struct query_image *m = &q->images.v[i];

		m->tree = u->tree_to[m->tree];
		m->parent = m->parent == QUERY_NONE ? QUERY_NONE : u->image_to[m->parent];
		m->fork_of = m->fork_of == QUERY_NONE ? QUERY_NONE : u->image_to[m->fork_of];
		m->execs = m->execs == QUERY_NONE ? QUERY_NONE : u->image_to[m->execs];
	}
	for (uint32_t i = 0; i < trees; i++) {
		q->trees.v[i].root = u->image_to[q->trees.v[i].root];
		q->trees.v[i].main = q->trees.v[i].main == QUERY_NONE ?
					     QUERY_NONE :
					     u->image_to[q->trees.v[i].main];
	}
	for (size_t i = 0; i < q->uses.n; i++)
		q->uses.v[i].image = u->image_to[q->uses.v[i].image];
	for (size_t i = 0; i < q->sets.n; i++)
		q->sets.v[i].tree = u->tree_to[q->sets.v[i].tree];
}

static void move_all(struct uniting *u)
{
	place_images(u);
	move_uses(u);
	for (uint32_t i = 0; i < u->q->images.n; i++)
		if (u->q->images.v[i].id != 0)
			move_image(u, i);
	for (uint32_t i = 0; i < u->q->trees.n; i++)
		if (u->tree_to[i] != i)
			move_tree(&u->q->trees.v[u->tree_to[i]], &u->q->trees.v[i]);
	close_gaps(u);
}

int unite_trees(struct query *q, struct store *s, struct err *e)
{
	auto_free uint32_t *piece_of = mem_alloc((q->images.n + 1) * sizeof(*piece_of));
	auto_free uint32_t *image_to = mem_alloc((q->images.n + 1) * sizeof(*image_to));
	auto_free uint32_t *tree_to = mem_alloc((q->trees.n + 1) * sizeof(*tree_to));
	struct uniting u = {
		.q = q, .piece_of = piece_of, .image_to = image_to, .tree_to = tree_to
	};
	int ret;

	if (!q->nodes.joined)
		return 0;
	ret = find_pieces(&u, s, e);
	if (ret == 0 && u.pieces.n > 0 && place_trees(&u))
		move_all(&u);
	map_release(&u.serials);
	VEC_FREE(&u.pieces);
	return ret;
}
