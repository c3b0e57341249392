// SPDX-License-Identifier: Apache-2.0
/* A B+ tree of rows in memory. */
#include "ingest/batch/tree.h"

#include <stdlib.h>

#define ROOM 32

/*
 * A leaf has rows; another page has pages below it, and the least row of each as it was when that
 * page was made.
 */
struct tree_page {
	bool leaf;
	uint32_t n;
	struct tree_page *before, *behind; /* leaves */
	struct derive_row row[ROOM];
	struct tree_page *below[];
};

static struct tree_page *new_page(bool leaf)
{
	struct tree_page *p = mem_alloc(sizeof(*p) +
					(leaf ? 0 : ROOM * sizeof(struct tree_page *)));

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
static uint32_t row_rank(const struct tree_page *p, const struct derive_row *row, bool upto)
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
static struct tree_page *leaf_of(const struct tree *t, const struct derive_row *row)
{
	struct tree_page *p = t->root;

	while (!p->leaf) {
		uint32_t at = row_rank(p, row, true);

		p = p->below[at > 0 ? at - 1 : 0];
	}
	return p;
}

/* The upper half of a full page becomes a page of its own. */
static struct tree_page *split(struct tree_page *p, uint32_t at)
{
	struct tree_page *half = new_page(p->leaf);

	half->n = p->n - at;
	memcpy(half->row, &p->row[at], half->n * sizeof(p->row[0]));
	if (!p->leaf)
		memcpy(half->below, &p->below[at], half->n * sizeof(struct tree_page *));
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

static void insert_at(struct tree_page *p, uint32_t at, const struct derive_row *row,
		      struct tree_page *below)
{
	memmove(&p->row[at + 1], &p->row[at], (p->n - at) * sizeof(p->row[0]));
	p->row[at] = *row;
	if (!p->leaf) {
		memmove(&p->below[at + 1], &p->below[at], (p->n - at) * sizeof(struct tree_page *));
		p->below[at] = below;
	}
	p->n++;
}

/* Inserts below p; a page that was split off is returned. */
static struct tree_page *insert(struct tree *t, struct tree_page *p, const struct derive_row *row)
{
	uint32_t at = row_rank(p, row, p->leaf ? false : true);
	struct tree_page *more = NULL, *half = NULL;
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
		half = split(p, at == ROOM ? ROOM - 2 : ROOM / 2);
		if (at > p->n) {
			insert_at(half, at - p->n, key, more);
			return half;
		}
	}
	insert_at(p, at, key, more);
	return half;
}

void tree_put(struct tree *t, const struct derive_row *row)
{
	struct tree_page *more = insert(t, t->root, row), *top;

	if (more == NULL)
		return;
	top = new_page(false);
	insert_at(top, 0, &t->root->row[0], t->root);
	insert_at(top, 1, &more->row[0], more);
	t->root = top;
}

/* Leaves may become empty and stay: what is taken out mostly comes again. */
void tree_del(struct tree *t, const struct derive_row *row)
{
	struct tree_page *p = leaf_of(t, row);
	uint32_t at = row_rank(p, row, false);

	if (at == p->n || compare(&p->row[at], row) != 0)
		return;
	memmove(&p->row[at], &p->row[at + 1], (p->n - at - 1) * sizeof(p->row[0]));
	p->n--;
	t->rows--;
}

bool tree_next(const struct tree *t, const struct derive_row *from, struct derive_row *out)
{
	struct tree_page *p = leaf_of(t, from);
	uint32_t at = row_rank(p, from, true);

	for (; p != NULL && at == p->n; at = 0)
		p = p->behind;
	if (p != NULL)
		*out = p->row[at];
	return p != NULL;
}

static bool before(const struct tree *t, const struct derive_row *from, bool upto,
		   struct derive_row *out)
{
	struct tree_page *p = leaf_of(t, from);
	uint32_t at = row_rank(p, from, upto);

	while (p != NULL && at == 0) {
		p = p->before;
		at = p ? p->n : 0;
	}
	if (p != NULL)
		*out = p->row[at - 1];
	return p != NULL;
}

bool tree_prev(const struct tree *t, const struct derive_row *from, struct derive_row *out)
{
	return before(t, from, false, out);
}

bool tree_upto(const struct tree *t, const struct derive_row *from, struct derive_row *out)
{
	return before(t, from, true, out);
}

void tree_init(struct tree *t)
{
	*t = (struct tree){ new_page(true), 0 };
}

static void free_pages(struct tree_page *p)
{
	for (uint32_t i = 0; !p->leaf && i < p->n; i++)
		free_pages(p->below[i]);
	free(p);
}

void tree_release(struct tree *t)
{
	if (t->root != NULL)
		free_pages(t->root);
	*t = (struct tree){ NULL, 0 };
}
