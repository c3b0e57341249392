// SPDX-License-Identifier: Apache-2.0
/* Sorts what a query holds by content, and renumbers all that refers to it. */
#include "store/order.h"

#include <stdlib.h>

/* ---- comparing ---- */

#define BY(a, b)        \
	if ((a) != (b)) \
	return (a) < (b) ? -1 : 1

static int by_name(const struct query *q, const struct query_image *x, const struct query_image *y)
{
	int ret = bytes_order(q->trees.v[x->tree].node, q->trees.v[y->tree].node);

	ret = ret ? ret : bytes_order(x->exe, y->exe);
	ret = ret ? ret : bytes_order(x->name, y->name);
	return ret ? ret : bytes_order(x->path, y->path);
}

/*
 * Those that processes showed, in the order of the evidence. Then those that are made of totals or
 * of presence: by their tree.
 */
static int image_order(const void *a, const void *b, void *query)
{
	const uint32_t *at = a, *bt = b;
	const struct query *q = query;
	const struct query_image *x = &q->images.v[*at], *y = &q->images.v[*bt];
	int ret;

	BY(x->id == 0, y->id == 0);
	ret = bytes_order(q->trees.v[x->tree].node, q->trees.v[y->tree].node);
	if (ret != 0)
		return ret;
	BY(x->boot, y->boot);
	BY(x->t_first, y->t_first);
	BY(x->serial, y->serial);
	BY(x->pid, y->pid);
	BY(y->trusted, x->trusted);
	if (x->id == 0)
		ret = bytes_order(q->trees.v[x->tree].code, q->trees.v[y->tree].code);
	ret = ret ? ret : by_name(q, x, y);
	if (ret != 0)
		return ret;
	BY(x->loader, y->loader);
	BY(x->t_last, y->t_last);
	BY(x->id, y->id); /* equal in all that is known of them */
	return *at < *bt ? -1 : *at > *bt;
}

/* By public id; the images have their new_at by now. */
static int tree_order(const void *a, const void *b, void *query)
{
	const uint32_t *at = a, *bt = b;
	const struct query *q = query;
	const struct query_tree *x = &q->trees.v[*at], *y = &q->trees.v[*bt];
	int ret = bytes_order(x->code, y->code);

	if (ret != 0)
		return ret;
	BY(x->root, y->root);
	return *at < *bt ? -1 : *at > *bt;
}

static int caller_order(const void *a, const void *b, void *query)
{
	const uint32_t *at = a, *bt = b;
	const struct query *q = query;
	int ret = bytes_order(q->callers.v[*at].comm, q->callers.v[*bt].comm);

	return ret ? ret : bytes_order(q->callers.v[*at].subj, q->callers.v[*bt].subj);
}

static int call_order(const void *a, const void *b, void *query)
{
	const uint32_t *at = a, *bt = b;
	const struct query *q = query;
	const struct query_call *x = &q->calls.v[*at], *y = &q->calls.v[*bt];

	BY(x->arch, y->arch);
	BY(x->nr, y->nr);
	BY(x->action, y->action);
	return 0;
}

static int location_order(const void *a, const void *b, void *query)
{
	const uint32_t *at = a, *bt = b;
	const struct query *q = query;
	int ret = 0;

	for (int i = 0; i < LOCATION_FIELDS && ret == 0; i++)
		ret = bytes_order(q->locations.v[*at].v[i], q->locations.v[*bt].v[i]);
	return ret;
}

/* A policy's name ends in the hash of its text. */
static int policy_order(const void *a, const void *b, void *query)
{
	const uint32_t *at = a, *bt = b;
	const struct query *q = query;

	return bytes_order(q->policies.v[*at].name, q->policies.v[*bt].name);
}

static int label_order(const void *a, const void *b)
{
	const struct bytes *x = a, *y = b;

	return bytes_order(*x, *y);
}

static int index_order(const void *a, const void *b)
{
	const uint32_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

static int use_order(const void *a, const void *b, void *query)
{
	const struct query_use *x = a, *y = b;
	const struct query *q = query;

	BY(q->images.v[x->image].tree, q->images.v[y->image].tree);
	BY(x->image, y->image);
	BY(x->caller, y->caller);
	BY(x->call, y->call);
	return 0;
}

/* ---- moving ---- */

/* Where each of n goes: new_at[old] is its new index. The caller frees. */
static uint32_t *new_order(struct query *q, size_t n,
			   int (*order)(const void *, const void *, void *))
{
	auto_free uint32_t *sorted = mem_alloc((n + 1) * sizeof(*sorted));
	uint32_t *new_at = mem_alloc((n + 1) * sizeof(*new_at));

	for (uint32_t i = 0; i < n; i++)
		sorted[i] = i;
	if (n > 1)
		qsort_r(sorted, n, sizeof(*sorted), order, q);
	for (uint32_t i = 0; i < n; i++)
		new_at[sorted[i]] = i;
	return new_at;
}

/* Moves each item of a vector to its place. */
#define MOVE(vec, new_at)                                                                        \
	do {                                                                                     \
		void *was_ = (vec)->v;                                                           \
		size_t size_ = sizeof(*(vec)->v);                                                \
		char *moved_ = mem_alloc(((vec)->n + 1) * size_);                                \
		for (size_t i_ = 0; i_ < (vec)->n; i_++)                                         \
			memcpy(moved_ + (new_at)[i_] * size_, (char *)was_ + i_ * size_, size_); \
		free(was_);                                                                      \
		(vec)->v = (void *)moved_;                                                       \
		(vec)->cap = (vec)->n + 1;                                                       \
	} while (0)

static uint32_t moved(const uint32_t *new_at, uint32_t at)
{
	return at == QUERY_NONE ? QUERY_NONE : new_at[at];
}

static void order_images(struct query *q)
{
	auto_free uint32_t *new_at = new_order(q, q->images.n, image_order);

	MOVE(&q->images, new_at);
	for (size_t i = 0; i < q->images.n; i++) {
		q->images.v[i].parent = moved(new_at, q->images.v[i].parent);
		q->images.v[i].fork_of = moved(new_at, q->images.v[i].fork_of);
	}
	for (size_t i = 0; i < q->trees.n; i++) {
		q->trees.v[i].root = moved(new_at, q->trees.v[i].root);
		q->trees.v[i].main = moved(new_at, q->trees.v[i].main);
	}
	for (size_t i = 0; i < q->uses.n; i++)
		q->uses.v[i].image = new_at[q->uses.v[i].image];
}

static void order_trees(struct query *q)
{
	auto_free uint32_t *new_at = new_order(q, q->trees.n, tree_order);

	MOVE(&q->trees, new_at);
	for (size_t i = 0; i < q->images.n; i++)
		q->images.v[i].tree = new_at[q->images.v[i].tree];
	for (size_t i = 0; i < q->sets.n; i++)
		q->sets.v[i].tree = new_at[q->sets.v[i].tree];
}

static void order_calls(struct query *q)
{
	auto_free uint32_t *new_at = new_order(q, q->calls.n, call_order);

	MOVE(&q->calls, new_at);
	for (size_t i = 0; i < q->uses.n; i++)
		q->uses.v[i].call = new_at[q->uses.v[i].call];
	for (size_t i = 0; i < q->sets.n; i++)
		for (size_t k = 0; k < q->sets.v[i].calls.n; k++)
			q->sets.v[i].calls.v[k] = new_at[q->sets.v[i].calls.v[k]];
}

static void order_callers(struct query *q)
{
	auto_free uint32_t *new_at = new_order(q, q->callers.n, caller_order);
	auto_free uint32_t *left =
		mem_zero(q->callers.n + 1, sizeof(*left)); /* new index, + 1; 0: no use names it */
	uint32_t n = 0;

	MOVE(&q->callers, new_at);
	for (size_t i = 0; i < q->uses.n; i++)
		left[new_at[q->uses.v[i].caller]] = 1;
	for (size_t i = 0; i < q->callers.n; i++) {
		if (left[i] == 0)
			continue;
		q->callers.v[n] = q->callers.v[i];
		left[i] = ++n;
	}
	q->callers.n = n;
	for (size_t i = 0; i < q->uses.n; i++)
		q->uses.v[i].caller = left[new_at[q->uses.v[i].caller]] - 1;
}

static void order_locations(struct query *q)
{
	auto_free uint32_t *new_at = new_order(q, q->locations.n, location_order);

	MOVE(&q->locations, new_at);
	for (size_t i = 0; i < q->builds.n; i++)
		q->builds.v[i].location = moved(new_at, q->builds.v[i].location);
	for (size_t i = 0; i < q->trees.n; i++) {
		struct query_tree *t = &q->trees.v[i];

		for (size_t k = 0; k < t->locations.n; k++)
			t->locations.v[k] = new_at[t->locations.v[k]];
		if (t->locations.n > 1)
			qsort(t->locations.v, t->locations.n, sizeof(*t->locations.v), index_order);
	}
}

static void order_policies(struct query *q)
{
	auto_free uint32_t *new_at = new_order(q, q->policies.n, policy_order);

	MOVE(&q->policies, new_at);
	for (size_t i = 0; i < q->trees.n; i++) {
		struct query_tree *t = &q->trees.v[i];

		for (size_t k = 0; k < t->policies.n; k++)
			t->policies.v[k] = new_at[t->policies.v[k]];
		if (t->policies.n > 1)
			qsort(t->policies.v, t->policies.n, sizeof(*t->policies.v), index_order);
	}
}

static void order_labels(struct query *q)
{
	for (size_t i = 0; i < q->trees.n; i++)
		if (q->trees.v[i].labels.n > 1)
			qsort(q->trees.v[i].labels.v, q->trees.v[i].labels.n, sizeof(struct bytes),
			      label_order);
}

static void order_uses(struct query *q)
{
	if (q->uses.n > 1)
		qsort_r(q->uses.v, q->uses.n, sizeof(*q->uses.v), use_order, q);
	for (uint32_t i = 0; i < q->uses.n; i++) {
		struct query_tree *t = &q->trees.v[q->images.v[q->uses.v[i].image].tree];

		if (t->n_uses++ == 0)
			t->use = i;
	}
}

void order_query(struct query *q)
{
	order_images(q);
	order_trees(q);
	order_calls(q);
	order_callers(q);
	order_locations(q);
	order_policies(q);
	order_labels(q);
	order_uses(q);
}
