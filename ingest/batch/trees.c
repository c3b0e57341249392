// SPDX-License-Identifier: Apache-2.0
/* Writes what readers see of images that changed: paths, trees, labels and locations. */
#include "ingest/batch/trees.h"

#include "store/base/code.h"
#include "store/rows/image.h"
#include "store/rows/tree_row.h"

#include <stdlib.h>

void trees_mark(struct trees *t, int64_t part, int64_t interval)
{
	if (t->labels || t->locations)
		*VEC_PUSH(&t->marks) = (struct trees_mark){ part, interval };
}

void trees_release(struct trees *t)
{
	VEC_FREE(&t->marks);
	VEC_FREE(&t->left);
	VEC_FREE(&t->whole);
}

void trees_left(struct trees *t, int64_t part)
{
	if (t->labels || t->locations)
		*VEC_PUSH(&t->left) = part;
}

/* ---- paths ---- */

static int image_at(struct trees *t, int64_t id, struct derive_image **out, struct err *e)
{
	if (t->state->api.image(t->state->api.ctx, id, out, e) < 0)
		return -1;
	return *out != NULL ? 0 :
			      err_set(e, ST_SYSTEM, "store %s: damaged: an image is missing",
				      t->store->path);
}

static int part_at(struct trees *t, int64_t id, struct derive_part **out, struct err *e)
{
	if (t->state->api.part(t->state->api.ctx, id, out, e) < 0)
		return -1;
	return *out != NULL ? 0 :
			      err_set(e, ST_SYSTEM, "store %s: damaged: a part is missing",
				      t->store->path);
}

/* The path of an image, from that of the one above. *changed: it is another one than it was. */
static int find_path(struct trees *t, struct derive_image *m, bool *changed, struct err *e)
{
	struct derive_image *above = NULL;
	struct derive_part *founder;
	int64_t path;

	if (part_at(t, m->founder, &founder, e) < 0 ||
	    (m->above != 0 && image_at(t, m->above, &above, e) < 0))
		return -1;
	path = names_path(t->names, above != NULL ? above->path : 0, founder->exe, founder->name,
			  e);
	*changed = path != m->path;
	m->path = path;
	return path < 0 ? -1 : 0;
}

/* An image of this batch and the one above it now: the store may have another one. */
struct step { int64_t above, id; };

struct walk {
	struct map done;
	struct state_ids stack;
	struct { struct step *v; size_t n, cap; } now; /* sorted */
	uint64_t steps, most;
};

static int by_above(const void *a, const void *b)
{
	const struct step *x = a, *y = b;

	if (x->above != y->above)
		return x->above < y->above ? -1 : 1;
	return x->id < y->id ? -1 : x->id > y->id;
}

static void push(struct walk *w, int64_t id)
{
	map_put(&w->done, (uint64_t)id, 0, 1);
	*VEC_PUSH(&w->stack) = id;
}

/* Those that the store has below an image. */
static int take_below(void *to, int64_t id)
{
	push(to, id);
	return 0;
}

/* What is settled again and again descends from itself, as no derivation leaves it. */
static int check_steps(struct trees *t, struct walk *w, int64_t id, struct err *e)
{
	int64_t n;

	if (++w->steps <= w->most)
		return 0;
	if (image_count(t->store, &n, e) < 0)
		return -1;
	if (w->most >= 1000 + 8 * ((uint64_t)n + t->state->changed_images.n))
		return store_damaged(t->store, "image", id, "it descends from itself", e);
	w->most = 1000 + 8 * ((uint64_t)n + t->state->changed_images.n);
	return 0;
}

/* An image's path is another one: those below it, as the store has it and as it is now, are looked
 * at again. */
static int push_below(struct trees *t, struct walk *w, int64_t id, struct err *e)
{
	size_t lo = 0, hi = w->now.n;

	while (lo < hi) {
		size_t mid = (lo + hi) / 2;

		if (w->now.v[mid].above < id)
			lo = mid + 1;
		else
			hi = mid;
	}
	for (; lo < w->now.n && w->now.v[lo].above == id; lo++)
		push(w, w->now.v[lo].id);
	return image_each_below(t->store, id, (struct image_take){ take_below, w }, e);
}

/* Settles the image on top of the stack, after the one above it where that has changed as well. */
static int settle_top(struct trees *t, struct walk *w, struct err *e)
{
	int64_t id = w->stack.v[w->stack.n - 1];
	struct derive_image *m;
	bool changed = false;

	if (check_steps(t, w, id, e) < 0 || t->state->api.image(t->state->api.ctx, id, &m, e) < 0)
		return -1;
	if (m == NULL) {
		w->stack.n--; /* it went in this batch, and the store still has it */
		return 0;
	}
	if (m->above != 0 && map_get(&w->done, (uint64_t)m->above, 0, 2) != 2) {
		push(w, m->above);
		return 0;
	}
	w->stack.n--;
	map_put(&w->done, (uint64_t)id, 0, 2);
	if (m->founder == 0)
		return 0; /* it waits for its first part */
	if (find_path(t, m, &changed, e) < 0)
		return -1;
	if (!changed || map_get(&t->state->stored_tree, (uint64_t)id, 0, 0) == 0)
		return 0;
	if (t->state->api.keep_image(t->state->api.ctx, m, e) < 0)
		return -1;
	return push_below(t, w, id, e);
}

/*
 * An image's path goes on from that of the one above it. done: 0, changed and not looked at yet;
 * 1, on the stack; 2, settled. Those that are not in it did not change.
 */
static int write_paths(struct trees *t, struct err *e)
{
	struct walk w = { .most = 1000 };
	int ret = 0;

	for (size_t i = 0; i < t->state->changed_images.n; i++) {
		const struct derive_image *m = state_image(t->state, t->state->changed_images.v[i]);

		if (m == NULL)
			continue;
		map_put(&w.done, (uint64_t)m->id, 0, 0);
		*VEC_PUSH(&w.now) = (struct step){ m->above, m->id };
	}
	if (w.now.n > 1)
		qsort(w.now.v, w.now.n, sizeof(*w.now.v), by_above);
	for (size_t i = 0, n = t->state->changed_images.n; i < n && ret == 0; i++) {
		int64_t id = t->state->changed_images.v[i];

		if (state_image(t->state, id) == NULL || map_get(&w.done, (uint64_t)id, 0, 0) == 2)
			continue;
		push(&w, id);
		while (w.stack.n > 0 && ret == 0)
			ret = settle_top(t, &w, e);
	}
	map_release(&w.done);
	VEC_FREE(&w.stack);
	VEC_FREE(&w.now);
	return ret;
}

/* ---- trees ---- */

/* A tree's public name: node, pid and beginning of its root. */
static int write_tree(struct trees *t, const struct derive_image *m, struct err *e)
{
	auto_buf struct buf text = { 0 };
	char code[CODE_SIZE];
	struct derive_part *p;

	if (part_at(t, m->founder, &p, e) < 0 ||
	    names_node_text(t->store, &text, p->key.node, e) < 0)
		return -1;
	buf_printf(&text, "|%d|%lld|%u", p->key.pid, (long long)p->key.t, p->key.serial);
	code_of(buf_bytes(&text), code);
	return tree_row_save(t->store,
			     &(struct tree_row){ .id = m->id,
						 .code = code,
						 .trusted = p->layer == TRACK_TRUSTED,
						 .start_seen = p->loader || p->starts },
			     e);
}

/* Images whose first part changed in something that their tree or path shows. */
static int push_founded(struct trees *t, struct err *e)
{
	for (size_t i = 0; i < t->state->changed_parts.n; i++) {
		const struct derive_part *p = state_part(t->state, t->state->changed_parts.v[i]);
		struct derive_image *m;

		if (p == NULL || p->image == 0)
			continue;
		if (image_at(t, p->image, &m, e) < 0)
			return -1;
		if (m->founder == p->id && t->state->api.keep_image(t->state->api.ctx, m, e) < 0)
			return -1;
	}
	state_list(t->state);
	return 0;
}

static bool is_root(const struct derive_image *m)
{
	return m->tree == m->id;
}

/* A tree that has lost or won images that were there before has its labels and locations found
 * anew. */
static void note_moves(struct trees *t)
{
	const struct state *s = t->state;

	for (size_t i = 0; i < s->changed_images.n; i++) {
		int64_t id = s->changed_images.v[i],
			was = map_get(&s->stored_tree, (uint64_t)id, 0, 0);
		const struct derive_image *m = state_image(s, id);

		if (m != NULL && was != 0 && was != m->tree) {
			*VEC_PUSH(&t->whole) = was;
			*VEC_PUSH(&t->whole) = m->tree;
		}
	}
	for (size_t i = 0; i < s->changed_parts.n; i++) {
		int64_t id = s->changed_parts.v[i],
			was = map_get(&s->stored_image, (uint64_t)id, 0, -1);
		const struct derive_part *p = state_part(s, id);

		if (was < 0 || (p != NULL && p->image == was))
			continue; /* what is new has its marks */
		*VEC_PUSH(&t->whole) = map_get(&s->stored_tree, (uint64_t)was, 0, 0);
		if (p != NULL && p->image != 0)
			*VEC_PUSH(&t->whole) = state_image(s, p->image)->tree;
	}
	for (size_t i = 0; i < s->gone_parts.n; i++)
		*VEC_PUSH(&t->whole) = map_get(
			&s->stored_tree,
			(uint64_t)map_get(&s->stored_image, (uint64_t)s->gone_parts.v[i], 0, 0), 0,
			0);
}

/* The tree of a part; 0: it is no more, or waits. */
static int tree_of(struct trees *t, int64_t part, int64_t *tree, struct err *e)
{
	struct derive_part *p;
	struct derive_image *m;

	*tree = 0;
	if (t->state->api.part(t->state->api.ctx, part, &p, e) < 0)
		return -1;
	if (p == NULL || p->image == 0)
		return 0;
	if (image_at(t, p->image, &m, e) < 0)
		return -1;
	*tree = m->tree;
	return 0;
}

/* Marks and what was left are of trees from now on: later their parts may be out of memory. */
static int find_marked(struct trees *t, struct err *e)
{
	for (size_t i = 0; i < t->marks.n; i++)
		if (tree_of(t, t->marks.v[i].part, &t->marks.v[i].part, e) < 0)
			return -1;
	for (size_t i = 0; i < t->left.n; i++)
		if (tree_of(t, t->left.v[i], VEC_PUSH(&t->whole), e) < 0)
			return -1;
	t->left.n = 0;
	return 0;
}

int trees_write(struct trees *t, struct err *e)
{
	const struct state *s = t->state;

	state_list(t->state);
	if (push_founded(t, e) < 0 || write_paths(t, e) < 0)
		return -1;
	state_list(t->state);
	if (t->labels || t->locations)
		note_moves(t);
	for (size_t i = 0; i < s->gone_images.n; i++)
		if (tree_row_del(t->store, s->gone_images.v[i], e) < 0)
			return -1;
	for (size_t i = 0; i < s->changed_images.n; i++) {
		const struct derive_image *m = state_image(s, s->changed_images.v[i]);
		int64_t was = map_get(&s->stored_tree, (uint64_t)s->changed_images.v[i], 0, 0);

		if (m == NULL || m->founder == 0)
			continue;
		if (is_root(m) ? write_tree(t, m, e) < 0 :
				 was == m->id && tree_row_del(t->store, m->id, e) < 0)
			return -1;
	}
	return find_marked(t, e);
}

/* ---- labels and locations ---- */

static int by_id(const void *a, const void *b)
{
	const int64_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

/* What hangs on an interval is its tree's. */
static int add_marked(struct trees *t, const struct trees_mark *m, struct err *e)
{
	if (t->labels && tree_row_label_interval(t->store, m->part, m->interval, e) < 0)
		return -1;
	return t->locations ? tree_row_locate_interval(t->store, m->part, m->interval, e) : 0;
}

static int find_anew(struct trees *t, int64_t tree, struct err *e)
{
	if (t->labels && tree_row_label(t->store, tree, e) < 0)
		return -1;
	return t->locations ? tree_row_find_locations(t->store, tree, e) : 0;
}

int trees_label(struct trees *t, struct err *e)
{
	if (!t->labels && !t->locations)
		return 0;
	for (size_t i = 0; i < t->marks.n; i++)
		if (t->marks.v[i].part != 0 && add_marked(t, &t->marks.v[i], e) < 0)
			return -1;
	if (t->whole.n > 1)
		qsort(t->whole.v, t->whole.n, sizeof(*t->whole.v), by_id);
	for (size_t i = 0; i < t->whole.n; i++)
		if (t->whole.v[i] != 0 && (i == 0 || t->whole.v[i] != t->whole.v[i - 1]) &&
		    find_anew(t, t->whole.v[i], e) < 0)
			return -1;
	t->marks.n = t->whole.n = 0;
	return 0;
}
