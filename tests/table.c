#include "tests/table.h"

#include <stdlib.h>

#define ROOM 32

/* A leaf has rows; another page has pages below it, and the least row of each as it was when that page was made. */
struct page {
	bool leaf;
	uint32_t n;
	struct page *before, *behind; /* leaves */
	struct derive_row row[ROOM];
	struct page *below[];
};

static struct page *new_page(struct table *t, bool leaf)
{
	struct page *p = mem_alloc(sizeof(*p) + (leaf ? 0 : ROOM * sizeof(struct page *)));

	t->pages++;
	p->leaf = leaf;
	p->n = 0;
	p->before = p->behind = NULL;
	return p;
}

static int compare(const struct derive_row *a, const struct derive_row *b)
{
	for (size_t i = 0; i < DERIVE_WORDS; i++)
		if (a->w[i] != b->w[i])
			return a->w[i] < b->w[i] ? -1 : 1;
	return 0;
}

/* How many rows of a page come before one (or are equal to it, where `upto`). */
static uint32_t rank(const struct page *p, const struct derive_row *row, bool upto)
{
	uint32_t lo = 0, hi = p->n;

	while (lo < hi) {
		uint32_t mid = (lo + hi) / 2;
		int c = compare(&p->row[mid], row);

		if (c < 0 || (upto && c == 0))
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

/* The leaf in which a row is or belongs. */
static struct page *leaf_of(const struct table *t, const struct derive_row *row)
{
	struct page *p = t->root;

	while (!p->leaf) {
		uint32_t at = rank(p, row, true);

		p = p->below[at > 0 ? at - 1 : 0];
	}
	return p;
}

/* The upper half of a full page becomes a page of its own. */
static struct page *split(struct table *t, struct page *p, uint32_t at)
{
	struct page *half = new_page(t, p->leaf);

	half->n = p->n - at;
	memcpy(half->row, &p->row[at], half->n * sizeof(p->row[0]));
	if (!p->leaf)
		memcpy(half->below, &p->below[at], half->n * sizeof(struct page *));
	p->n = at;
	if (p->leaf) {
		half->behind = p->behind;
		half->before = p;
		if (half->behind != NULL)
			half->behind->before = half;
		p->behind = half;
	}
	return half;
}

static void insert_at(struct page *p, uint32_t at, const struct derive_row *row, struct page *below)
{
	memmove(&p->row[at + 1], &p->row[at], (p->n - at) * sizeof(p->row[0]));
	p->row[at] = *row;
	if (!p->leaf) {
		memmove(&p->below[at + 1], &p->below[at], (p->n - at) * sizeof(struct page *));
		p->below[at] = below;
	}
	p->n++;
}

/* Inserts below p; a page that was split off is returned. */
static struct page *insert(struct table *t, struct page *p, const struct derive_row *row)
{
	uint32_t at = rank(p, row, p->leaf ? false : true);
	struct page *more = NULL, *half = NULL;
	const struct derive_row *key = row;

	if (p->leaf && at < p->n && compare(&p->row[at], row) == 0) {
		p->row[at].value = row->value;
		return NULL;
	}
	if (!p->leaf) {
		at = at > 0 ? at : 1;
		more = insert(t, p->below[at - 1], row);
		if (more == NULL)
			return NULL;
		key = &more->row[0];
	} else {
		t->rows++;
	}
	if (p->n == ROOM) {
		/* rows mostly come in order: a page that is left stays nearly full */
		half = split(t, p, at == ROOM ? ROOM - 2 : ROOM / 2);
		if (at > p->n) {
			insert_at(half, at - p->n, key, more);
			return half;
		}
	}
	insert_at(p, at, key, more);
	return half;
}

static int table_put(void *ctx, const struct derive_row *row, struct err *e)
{
	struct table *t = ctx;
	struct page *more = insert(t, t->root, row), *top;

	(void)e;
	if (more == NULL)
		return 0;
	top = new_page(t, false);
	insert_at(top, 0, &t->root->row[0], t->root);
	insert_at(top, 1, &more->row[0], more);
	t->root = top;
	return 0;
}

/* Leaves may become empty and stay: what is taken out mostly comes again. */
static int table_del(void *ctx, const struct derive_row *row, struct err *e)
{
	struct table *t = ctx;
	struct page *p = leaf_of(t, row);
	uint32_t at = rank(p, row, false);

	(void)e;
	if (at == p->n || compare(&p->row[at], row) != 0)
		return 0;
	memmove(&p->row[at], &p->row[at + 1], (p->n - at - 1) * sizeof(p->row[0]));
	p->n--;
	t->rows--;
	return 0;
}

static int table_next(void *ctx, const struct derive_row *from, struct derive_row *out, struct err *e)
{
	const struct table *t = ctx;
	struct page *p = leaf_of(t, from);
	uint32_t at = rank(p, from, true);

	(void)e;
	for (; p != NULL && at == p->n; at = 0)
		p = p->behind;
	if (p == NULL)
		return 0;
	*out = p->row[at];
	return 1;
}

static int table_prev(void *ctx, const struct derive_row *from, struct derive_row *out, struct err *e)
{
	const struct table *t = ctx;
	struct page *p = leaf_of(t, from);
	uint32_t at = rank(p, from, false);

	(void)e;
	while (p != NULL && at == 0) {
		p = p->before;
		at = p ? p->n : 0;
	}
	if (p == NULL)
		return 0;
	*out = p->row[at - 1];
	return 1;
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

void table_init(struct table *t)
{
	*t = (struct table){ .store = { t, table_put, table_del, table_next, table_prev, table_part, keep_part, drop_part,
					table_image, keep_image, drop_image } };
	t->root = new_page(t, true);
}

static void free_pages(struct page *p)
{
	for (uint32_t i = 0; !p->leaf && i < p->n; i++)
		free_pages(p->below[i]);
	free(p);
}

void table_release(struct table *t)
{
	free_pages(t->root);
	for (size_t i = 0; i < t->parts.n; i++)
		derive_part_free(t->parts.v[i]);
	for (size_t i = 0; i < t->images.n; i++)
		free(t->images.v[i]);
	VEC_FREE(&t->parts);
	VEC_FREE(&t->images);
}
