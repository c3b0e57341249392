// SPDX-License-Identifier: Apache-2.0
/* The derivation's state in memory. */
#include "tests/table.h"

#include <stdlib.h>

static int table_put(void *ctx, const struct derive_row *row, struct err *e)
{
	struct table *t = ctx;

	(void)e;
	tree_put(&t->tree, row);
	return 0;
}

static int table_del(void *ctx, const struct derive_row *row, struct err *e)
{
	struct table *t = ctx;

	(void)e;
	tree_del(&t->tree, row);
	return 0;
}

static int table_next(void *ctx, const struct derive_row *from, struct derive_row *out,
		      struct err *e)
{
	const struct table *t = ctx;

	(void)e;
	return tree_next(&t->tree, from, out);
}

static int table_prev(void *ctx, const struct derive_row *from, struct derive_row *out,
		      struct err *e)
{
	const struct table *t = ctx;

	(void)e;
	return tree_prev(&t->tree, from, out);
}

static int table_part(void *ctx, int64_t id, struct derive_part **out, struct err *e)
{
	struct table *t = ctx;

	(void)e;
	*out = id > 0 && (size_t)id < t->parts.n ? t->parts.v[id] : NULL;
	return 0;
}

static int keep_part(void *ctx, struct derive_part *p, struct err *e)
{
	struct table *t = ctx;

	(void)e;
	while (t->parts.n <= (size_t)p->id)
		*VEC_PUSH(&t->parts) = NULL;
	t->parts.v[p->id] = p;
	return 0;
}

static int drop_part(void *ctx, int64_t id, struct err *e)
{
	struct table *t = ctx;

	(void)e;
	derive_part_free(t->parts.v[id]);
	t->parts.v[id] = NULL;
	return 0;
}

static int table_image(void *ctx, int64_t id, struct derive_image **out, struct err *e)
{
	struct table *t = ctx;

	(void)e;
	*out = id > 0 && (size_t)id < t->images.n ? t->images.v[id] : NULL;
	return 0;
}

static int keep_image(void *ctx, struct derive_image *m, struct err *e)
{
	struct table *t = ctx;

	(void)e;
	while (t->images.n <= (size_t)m->id)
		*VEC_PUSH(&t->images) = NULL;
	t->images.v[m->id] = m;
	return 0;
}

static int drop_image(void *ctx, int64_t id, struct err *e)
{
	struct table *t = ctx;

	(void)e;
	free(t->images.v[id]);
	t->images.v[id] = NULL;
	return 0;
}

static int table_mark(void *ctx, int64_t node, int32_t pid, struct buf *out, struct err *e)
{
	struct table *t = ctx;
	int64_t at = map_get(&t->mark_at, (uint64_t)node, (uint32_t)pid, 0);

	(void)e;
	out->n = 0;
	if (at != 0)
		buf_add(out, t->marks.v[at - 1].p, t->marks.v[at - 1].n);
	return out->n > 0;
}

static int keep_mark(void *ctx, int64_t node, int32_t pid, struct bytes body, struct err *e)
{
	struct table *t = ctx;
	int64_t at = map_get(&t->mark_at, (uint64_t)node, (uint32_t)pid, 0);

	(void)e;
	if (at == 0) {
		*VEC_PUSH(&t->marks) = (struct buf){ 0 };
		at = (int64_t)t->marks.n;
		map_put(&t->mark_at, (uint64_t)node, (uint32_t)pid, at);
	}
	t->marks.v[at - 1].n = 0;
	buf_add(&t->marks.v[at - 1], body.p, body.n);
	return 0;
}

void table_init(struct table *t)
{
	*t = (struct table){ .store = { t, table_put, table_del, table_next, table_prev, table_part,
					keep_part, drop_part, table_image, keep_image, drop_image,
					table_mark, keep_mark } };
	tree_init(&t->tree);
}

void table_release(struct table *t)
{
	tree_release(&t->tree);
	for (size_t i = 0; i < t->parts.n; i++)
		derive_part_free(t->parts.v[i]);
	for (size_t i = 0; i < t->images.n; i++)
		free(t->images.v[i]);
	for (size_t i = 0; i < t->marks.n; i++)
		buf_release(&t->marks.v[i]);
	map_release(&t->mark_at);
	VEC_FREE(&t->marks);
	VEC_FREE(&t->parts);
	VEC_FREE(&t->images);
}
