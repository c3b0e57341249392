// SPDX-License-Identifier: Apache-2.0
/* Packs rows of the derivation into pages, and holds pages that were used lately. */
#include "ingest/batch/pages.h"

#include "ingest/track/rows.h"

#include <stdlib.h>

#define MANY 2048 /* pages in memory: some 9 MB */

/*
 * ---- as bytes: each row by what it differs in from the one before it. A byte says how many words
 * are the same; of each half of the others follow the low bytes of what it has more or less (as
 * numbers that wrap), as many as two bits say, and the bits come first. Pages are read and written
 * whole, so this is quick rather than as short as can be.
 */

#define HALVES (2 * DERIVE_WORDS)
#define ROW_MOST (1 + 4 + 4 * HALVES + 10) /* bytes */

static uint32_t half(const struct derive_row *r, size_t i)
{
	return (uint32_t)(r->w[i / 2] >> (i % 2 ? 0 : 32));
}

static size_t put_number(unsigned char *to, uint64_t v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		to[i] = (unsigned char)(v >> 8 * i);
	return n;
}

static uint64_t get_number(const unsigned char *from, size_t n)
{
	uint64_t v = 0;

	for (size_t i = 0; i < n; i++)
		v |= (uint64_t)from[i] << 8 * i;
	return v;
}

/* How many bytes a number needs. */
static size_t width(uint64_t v)
{
	return v == 0 ? 0 : 8 - (size_t)__builtin_clzll(v) / 8;
}

/* How many bytes the bits of so many halves take. */
static size_t bits_of(size_t halves)
{
	return (2 * halves + 7) / 8;
}

static void pack_row(struct buf *b, const struct derive_row *row, const struct derive_row *before)
{
	unsigned char to[ROW_MOST], *at;
	size_t same = 0, left, value = width(row->value);
	uint32_t bits = 0;

	while (same < DERIVE_WORDS && row->w[same] == before->w[same])
		same++;
	left = HALVES - 2 * same;
	to[0] = (unsigned char)(same | value << 4);
	at = to + 1 + bits_of(left);
	for (size_t i = 0; i < left; i++) {
		int32_t by = (int32_t)(half(row, 2 * same + i) - half(before, 2 * same + i));
		uint32_t d = (uint32_t)buf_zigzag(by);
		size_t n = d == 0 ? 0 : d < 1 << 8 ? 1 : d < 1 << 16 ? 2 : 4;

		at += put_number(at, d, n);
		bits |= (uint32_t)(n == 4 ? 3 : n) << 2 * i;
	}
	put_number(to + 1, bits, bits_of(left));
	at += put_number(at, row->value, value);
	buf_add(b, to, (size_t)(at - to));
}

static bool unpack_row(struct bytes *b, struct derive_row *row, const struct derive_row *before)
{
	static const unsigned char sizes[] = { 0, 1, 2, 4 };
	const unsigned char *at = (const unsigned char *)b->p, *end = at + b->n;
	size_t same, left, value;
	uint32_t bits;

	if (b->n == 0 || (*at & 15) > DERIVE_WORDS || *at >> 4 > 8)
		return false;
	same = *at & 15;
	value = *at++ >> 4;
	left = HALVES - 2 * same;
	if ((size_t)(end - at) < bits_of(left))
		return false;
	bits = (uint32_t)get_number(at, bits_of(left));
	at += bits_of(left);
	*row = *before;
	for (size_t i = 2 * same; i < HALVES; i++, bits >>= 2) {
		size_t n = sizes[bits & 3];
		uint32_t v;

		if ((size_t)(end - at) < n)
			return false;
		v = half(before, i) + (uint32_t)buf_unzigzag(get_number(at, n));
		at += n;
		if (i % 2 == 0)
			row->w[i / 2] = (uint64_t)v << 32;
		else
			row->w[i / 2] = row->w[i / 2] >> 32 << 32 | v;
	}
	if ((size_t)(end - at) < value)
		return false;
	row->value = get_number(at, value);
	at += value;
	bytes_skip(b, (size_t)(at - (const unsigned char *)b->p));
	return true;
}

static void pack_page(struct buf *b, const struct page *p)
{
	const struct derive_row *before = &p->first;

	b->n = 0;
	buf_varint(b, p->n << 1 | p->last);
	if (!p->last)
		pack_row(b, &p->end, &p->first);
	for (size_t i = 0; i < p->n; before = &p->row[i++])
		pack_row(b, &p->row[i], before);
}

static bool unpack_page(struct bytes b, struct page *p)
{
	const struct derive_row *before = &p->first;
	uint64_t n;

	if (!buf_take_varint(&b, &n) || n >> 1 > PAGES_ROWS)
		return false;
	p->n = n >> 1;
	p->last = n & 1;
	if (!p->last && !unpack_row(&b, &p->end, &p->first))
		return false;
	for (size_t i = 0; i < p->n; before = &p->row[i++])
		if (!unpack_row(&b, &p->row[i], before) ||
		    (i > 0 && rows_compare(before, &p->row[i]) >= 0))
			return false;
	return b.n == 0;
}

/* ---- pages in memory ---- */

static struct page *hold(struct pages *p, struct page *page)
{
	struct derive_row at = page->first;

	at.value = p->v.n;
	tree_put(&p->at, &at);
	*VEC_PUSH(&p->v) = page;
	return page;
}

static bool has(const struct page *page, const struct derive_row *key)
{
	return rows_compare(key, &page->first) >= 0 &&
	       (page->last || rows_compare(key, &page->end) < 0);
}

/* The page of the store where a row is or belongs; a first one, where there is none. */
static int read_page(struct pages *p, const struct derive_row *key, struct page **out,
		     struct err *e)
{
	auto_buf struct buf body = { 0 };
	auto_free struct page *page = mem_alloc(sizeof(*page));
	int got;

	page->first = (struct derive_row){ 0 };
	page->n = 0;
	page->last = true;
	page->dirty = false;
	got = p->below.find(p->below.ctx, key, &page->first, &body, e);
	if (got < 0)
		return -1;
	page->stored = got == 1;
	if (got == 1 && (!unpack_page(buf_bytes(&body), page) || !has(page, key))) {
		err_set(e, ST_SYSTEM, "a page of the derivation's rows is damaged");
		return -1;
	}
	*out = TAKE(page);
	return 0;
}

/* The page where a row is or belongs. */
static int page_of(struct pages *p, const struct derive_row *key, struct page **out, struct err *e)
{
	struct page **lately = &p->lately[(key->w[0] >> 56) % PAGES_KINDS];
	struct derive_row at;

	*out = *lately;
	if (*out != NULL && has(*out, key))
		return 0;
	if (tree_upto(&p->at, key, &at) && has(p->v.v[at.value], key)) {
		*out = *lately = p->v.v[at.value];
		return 0;
	}
	if (read_page(p, key, out, e) < 0)
		return -1;
	*lately = hold(p, *out);
	return 0;
}

/* How many rows of a page come before one (or are equal to it, where `upto`). */
static size_t row_rank(const struct page *page, const struct derive_row *row, bool upto)
{
	size_t lo = 0, hi = page->n;

	while (lo < hi) {
		size_t mid = (lo + hi) / 2;
		int c = rows_compare(&page->row[mid], row);

		if (c < 0 || (upto && c == 0))
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

/* Rows mostly come in order: a page that is left stays nearly full. */
static void split(struct pages *p, struct page *page, size_t added)
{
	size_t at = added == page->n - 1 ? page->n - 4 : page->n / 2;
	struct page *more = mem_alloc(sizeof(*more));

	more->first = more->row[0] = page->row[at];
	more->first.value = 0;
	more->end = page->end;
	more->last = page->last;
	more->n = page->n - at;
	memcpy(more->row, &page->row[at], more->n * sizeof(more->row[0]));
	more->dirty = true;
	more->stored = false;
	page->n = at;
	page->end = more->first;
	page->last = false;
	hold(p, more);
}

/* Before a call that may read pages: those that are held do not become too many. */
static int make_room(struct pages *p, struct err *e)
{
	if (p->v.n <= MANY)
		return 0;
	if (pages_write(p, e) < 0)
		return -1;
	pages_drop(p);
	return 0;
}

int pages_put(struct pages *p, const struct derive_row *row, struct err *e)
{
	struct page *page;
	size_t at;

	if (make_room(p, e) < 0 || page_of(p, row, &page, e) < 0)
		return -1;
	page->dirty = true;
	at = row_rank(page, row, false);
	if (at < page->n && rows_compare(&page->row[at], row) == 0) {
		page->row[at].value = row->value;
		return 0;
	}
	memmove(&page->row[at + 1], &page->row[at], (page->n - at) * sizeof(*row));
	page->row[at] = *row;
	if (++page->n > PAGES_ROWS)
		split(p, page, at);
	return 0;
}

int pages_del(struct pages *p, const struct derive_row *row, struct err *e)
{
	struct page *page;
	size_t at;

	if (make_room(p, e) < 0 || page_of(p, row, &page, e) < 0)
		return -1;
	at = row_rank(page, row, false);
	if (at == page->n || rows_compare(&page->row[at], row) != 0)
		return 0;
	page->dirty = true;
	memmove(&page->row[at], &page->row[at + 1], (--page->n - at) * sizeof(*row));
	return 0;
}

int pages_next(struct pages *p, const struct derive_row *from, struct derive_row *out,
	       struct err *e)
{
	struct page *page;
	size_t at;

	if (make_room(p, e) < 0 || page_of(p, from, &page, e) < 0)
		return -1;
	for (at = row_rank(page, from, true); at == page->n; at = 0) {
		struct derive_row end = page->end;

		if (page->last)
			return 0;
		if (page_of(p, &end, &page, e) < 0)
			return -1;
	}
	*out = page->row[at];
	return 1;
}

/* The key right before one. False: there is none. */
static bool before(struct derive_row *key)
{
	for (size_t i = DERIVE_WORDS; i-- > 0;)
		if (key->w[i]-- > 0)
			return true;
	return false;
}

int pages_prev(struct pages *p, const struct derive_row *from, struct derive_row *out,
	       struct err *e)
{
	struct page *page;
	size_t at;

	if (make_room(p, e) < 0 || page_of(p, from, &page, e) < 0)
		return -1;
	for (at = row_rank(page, from, false); at == 0; at = page->n) {
		struct derive_row key = page->first;

		if (!before(&key))
			return 0;
		if (page_of(p, &key, &page, e) < 0)
			return -1;
	}
	*out = page->row[at - 1];
	return 1;
}

/* ---- writing ---- */

/* An empty page goes: the one before it takes its place. */
static int drop_page(struct pages *p, size_t i, struct err *e)
{
	struct page *page = p->v.v[i], *left;
	struct derive_row key = page->first;

	if (!before(&key))
		return 0;
	if (page_of(p, &key, &left, e) < 0 ||
	    (page->stored && p->below.del(p->below.ctx, &page->first, e) < 0))
		return -1;
	left->end = page->end;
	left->last = page->last;
	left->dirty = true;
	tree_del(&p->at, &page->first);
	p->v.v[i] = NULL;
	memset(p->lately, 0, sizeof(p->lately));
	free(page);
	return 0;
}

int pages_write(struct pages *p, struct err *e)
{
	auto_buf struct buf body = { 0 };
	struct derive_row at = { 0 };

	for (size_t i = 0; i < p->v.n; i++)
		if (p->v.v[i] != NULL && p->v.v[i]->dirty && p->v.v[i]->n == 0 &&
		    drop_page(p, i, e) < 0)
			return -1;
	/* the first of all may have the least key that there is */
	for (bool more = tree_upto(&p->at, &at, &at) || tree_next(&p->at, &at, &at); more;
	     more = tree_next(&p->at, &at, &at)) {
		struct page *page = p->v.v[at.value];

		if (!page->dirty)
			continue;
		pack_page(&body, page);
		if (p->below.put(p->below.ctx, &page->first, buf_bytes(&body), e) < 0)
			return -1;
		page->dirty = false;
		page->stored = true;
	}
	return 0;
}

void pages_drop(struct pages *p)
{
	for (size_t i = 0; i < p->v.n; i++)
		free(p->v.v[i]);
	p->v.n = 0;
	memset(p->lately, 0, sizeof(p->lately));
	tree_release(&p->at);
	tree_init(&p->at);
}

void pages_init(struct pages *p, const struct pages_below *below)
{
	*p = (struct pages){ .below = *below };
	tree_init(&p->at);
}

void pages_release(struct pages *p)
{
	pages_drop(p);
	tree_release(&p->at);
	VEC_FREE(&p->v);
}
