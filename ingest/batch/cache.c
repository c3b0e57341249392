#include "ingest/batch/cache.h"

#include "ingest/track/rows.h"

#include <stdlib.h>

#define AT_ONCE 32     /* rows of a place that are read first */
#define LARGE 100000   /* rows */

/* How many words of a row say what it is about. 0: its kind. */
static unsigned words_of(const struct derive_row *r)
{
	switch ((enum rows_kind)(r->w[0] >> 56)) {
	case ROWS_WAIT:
	case ROWS_WORK:
		return 0;
	case ROWS_OWN:
		return 1;
	case ROWS_PID:
	case ROWS_END:
	case ROWS_CELL:
	case ROWS_BELOW:
		return 2;
	default:
		return 4;
	}
}

static struct derive_row place_of(const struct derive_row *r)
{
	struct derive_row out = { 0 };
	unsigned words = words_of(r);

	if (words == 0)
		out.w[0] = r->w[0] >> 56 << 56;
	else
		memcpy(out.w, r->w, words * sizeof(out.w[0]));
	return out;
}

static bool lies_in(const struct derive_row *r, const struct cache_place *p)
{
	struct derive_row of = place_of(r);

	return rows_compare(&of, &p->of) == 0;
}

/* Was what a place is about made since the store was last asked? */
static bool is_new(const struct cache *c, const struct derive_row *r)
{
	switch ((enum rows_kind)(r->w[0] >> 56)) {
	case ROWS_OWN:
	case ROWS_WITNESS:
	case ROWS_CHILD:
		return (int64_t)(r->w[0] & ROWS_ID) >= c->new_part;
	case ROWS_MEMBER:
	case ROWS_END:
	case ROWS_GONE:
	case ROWS_BELOW:
		return (int64_t)r->w[1] >= c->new_image;
	default:
		return false;
	}
}

/*
 * The place of a row, read when it is first met. *index of it; rows are held from `from` on, or
 * `whole`.
 */
static int find_place(struct cache *c, const struct derive_row *r, struct cache_place **out,
		      struct err *e)
{
	struct derive_row of = place_of(r);
	uint64_t a = hash_u64(hash_u64(of.w[0], of.w[1]), of.w[2]),
		 b = hash_u64(hash_u64(of.w[3], of.w[2]), of.w[1] + of.w[0]);
	struct derive_rows rows = { 0 };
	struct cache_place *p;
	int64_t at;

	/* two places may have both hashes in common: the second stands at the next number */
	for (; (at = map_get(&c->place_at, a, b, 0)) != 0; b++) {
		*out = &c->places.v[at - 1];
		if (rows_compare(&(*out)->of, &of) == 0)
			return 0;
	}
	if (!is_new(c, r) &&
	    c->below.last(c->below.ctx, &of, words_of(r), AT_ONCE + 1, &rows, e) < 0) {
		VEC_FREE(&rows);
		return -1;
	}
	p = VEC_PUSH(&c->places);
	*p = (struct cache_place){ .of = of, .whole = rows.n <= AT_ONCE };
	map_put(&c->place_at, a, b, (int64_t)c->places.n);
	for (size_t i = 0; i < rows.n && i < AT_ONCE; i++) {
		tree_put(&c->tree, &rows.v[i]);
		p->from = rows.v[i];
	}
	VEC_FREE(&rows);
	*out = p;
	return 0;
}

static int change(struct cache *c, const struct derive_row *row, bool put, struct err *e)
{
	struct cache_place *p;

	if (find_place(c, row, &p, e) < 0)
		return -1;
	*VEC_PUSH(&c->changes) = (struct cache_change){ *row, c->changes.n, put };
	if (p->whole || rows_compare(row, &p->from) >= 0) {
		if (put)
			tree_put(&c->tree, row);
		else
			tree_del(&c->tree, row);
	}
	return 0;
}

int cache_put(struct cache *c, const struct derive_row *row, struct err *e)
{
	return change(c, row, true, e);
}

int cache_del(struct cache *c, const struct derive_row *row, struct err *e)
{
	return change(c, row, false, e);
}

int cache_next(struct cache *c, const struct derive_row *from, struct derive_row *out,
	       struct err *e)
{
	struct cache_place *p;

	if (find_place(c, from, &p, e) < 0)
		return -1;
	if (p->whole || rows_compare(from, &p->from) >= 0)
		return tree_next(&c->tree, from, out) && lies_in(out, p);
	if (cache_write(c, e) < 0)
		return -1;
	return c->below.next(c->below.ctx, from, out, e);
}

int cache_prev(struct cache *c, const struct derive_row *from, struct derive_row *out,
	       struct err *e)
{
	struct cache_place *p;

	if (find_place(c, from, &p, e) < 0)
		return -1;
	if (p->whole || rows_compare(from, &p->from) > 0) {
		if (tree_prev(&c->tree, from, out) && lies_in(out, p))
			return 1;
		if (p->whole)
			return 0;
	}
	if (cache_write(c, e) < 0)
		return -1;
	return c->below.prev(c->below.ctx, from, out, e);
}

static int by_row(const void *a, const void *b)
{
	const struct cache_change *x = a, *y = b;
	int d = rows_compare(&x->row, &y->row);

	return d != 0 ? d : x->at < y->at ? -1 : 1;
}

int cache_write(struct cache *c, struct err *e)
{
	size_t n = c->changes.n;

	if (n > 1)
		qsort(c->changes.v, n, sizeof(*c->changes.v), by_row);
	for (size_t i = 0; i < n; i++) {
		const struct cache_change *x = &c->changes.v[i];

		if (i + 1 < n && rows_compare(&x->row, &c->changes.v[i + 1].row) == 0)
			continue; /* the last one counts */
		if ((x->put ? c->below.put : c->below.del)(c->below.ctx, &x->row, e) < 0)
			return -1;
	}
	c->changes.n = 0;
	return 0;
}

bool cache_is_large(const struct cache *c)
{
	return c->tree.rows > LARGE || c->places.n > LARGE;
}

void cache_drop(struct cache *c, int64_t new_part, int64_t new_image)
{
	tree_release(&c->tree);
	tree_init(&c->tree);
	map_release(&c->place_at);
	c->places.n = c->changes.n = 0;
	c->new_part = new_part;
	c->new_image = new_image;
}

void cache_init(struct cache *c, const struct cache_below *below, int64_t new_part,
		int64_t new_image)
{
	*c = (struct cache){ .below = *below, .new_part = new_part, .new_image = new_image };
	tree_init(&c->tree);
}

void cache_release(struct cache *c)
{
	tree_release(&c->tree);
	map_release(&c->place_at);
	VEC_FREE(&c->places);
	VEC_FREE(&c->changes);
}
