// SPDX-License-Identifier: Apache-2.0
/* Puts parts into images, merges images, and keeps the tree above and below them. */
#include "ingest/track/images.h"

#include "ingest/track/dependents.h"
#include "ingest/track/rows.h"
#include "ingest/track/work.h"

#include <stdlib.h>

static int get_image(struct derive *d, int64_t id, struct derive_image **out, struct err *e)
{
	if (d->store->image(d->store->ctx, id, out, e) < 0)
		return -1;
	if (*out == NULL)
		return err_set(e, ST_SYSTEM, "derivation: image %lld is missing", (long long)id);
	return 0;
}

static struct derive_row below_row(int64_t above, int64_t image)
{
	return (struct derive_row){
		{ rows_head(ROWS_BELOW, 0, 0), (uint64_t)above, (uint64_t)image, 0, 0, 0, 1 }, 0
	};
}

/* Where its tree is another one, what was exec'd from it learns of it. */
static int set_above(struct derive *d, struct derive_image *m, int64_t above, int64_t tree,
		     struct err *e)
{
	struct derive_row was = below_row(m->above, m->id), now = below_row(above, m->id);

	if (m->above != above && ((m->above != 0 && d->store->del(d->store->ctx, &was, e) < 0) ||
				  (above != 0 && d->store->put(d->store->ctx, &now, e) < 0)))
		return -1;
	m->above = above;
	if (m->tree != tree) {
		m->tree = tree;
		work_tree(d, m->id);
	}
	return d->store->keep_image(d->store->ctx, m, e);
}

static int drop_image(struct derive *d, struct derive_image *m, struct err *e)
{
	struct derive_row r = below_row(m->above, m->id);

	if (m->above != 0 && d->store->del(d->store->ctx, &r, e) < 0)
		return -1;
	return d->store->drop_image(d->store->ctx, m->id, e);
}

static int new_image(struct derive *d, struct derive_image **out, struct err *e)
{
	*out = mem_zero(1, sizeof(**out));
	(*out)->id = d->next_image++;
	return d->store->keep_image(d->store->ctx, *out, e);
}

/* A part leaves its image, which may have become empty. */
int images_leave(struct derive *d, struct derive_part *p, struct err *e)
{
	struct derive_image *m;

	if (p->image == 0)
		return 0;
	if (get_image(d, work_image(d, p->image), &m, e) < 0)
		return -1;
	m->n--;
	if (m->founder == p->id)
		m->founder = 0;
	if (m->n == 0 && m->id != d->merged_into)
		return drop_image(d, m, e);
	return d->store->keep_image(d->store->ctx, m, e);
}

/*
 * Moves a part to an image. Whoever saw it, rested on it or comes from it is asked again; new
 * ones have been seen by nobody.
 */
static int move_to(struct derive *d, struct derive_part *p, struct derive_image *to, struct err *e)
{
	bool fresh = p->image == 0;

	if (images_leave(d, p, e) < 0)
		return -1;
	p->image = to->id;
	to->n++;
	if (d->store->keep_image(d->store->ctx, to, e) < 0 || dependents_gone(d, p, e) < 0)
		return -1;
	if (fresh)
		return 0;
	return work_lookers(d, p->id, e) < 0 || dependents_rested(d, p, INT64_MIN, e) < 0 ||
			       dependents_children(d, p->id, e) < 0 ?
		       -1 :
		       0;
}

/*
 * p, the founder of the larger image, turns out to be of the lesser one. The lesser takes the
 * larger's number: a number is no part of the answer, and so a program that forks by the million
 * is not written anew for each record that comes late. From now on the larger has all the parts;
 * they are moved, and what was exec'd from them learns of it, in pieces.
 */
static int put_together(struct derive *d, const struct derive_part *p, struct derive_image *lesser,
			struct derive_image *larger, struct err *e)
{
	int64_t above = lesser->above;
	int64_t tree = lesser->tree == lesser->id ? larger->id : lesser->tree;

	larger->n += lesser->n;
	larger->founder = lesser->founder;
	work_merge(d, lesser->id, larger->id, p);
	return set_above(d, lesser, 0, lesser->tree, e) < 0 ? -1 :
							      set_above(d, larger, above, tree, e);
}

/* Changes the image of a part, and the rows that say so. */
static int put_into(struct derive *d, struct derive_part *p, int64_t image, struct err *e)
{
	struct derive_rows was = { 0 }, now = { 0 };
	int ret;

	rows_of_answer(p, &was);
	p->image = image;
	rows_of_answer(p, &now);
	ret = rows_replace(d, &was, &now, false, e);
	VEC_FREE(&was);
	VEC_FREE(&now);
	return ret < 0 ? -1 : d->store->keep_part(d->store->ctx, p, e);
}

int images_move(struct derive *d, int64_t part, int64_t to, struct err *e)
{
	struct derive_part *q;

	if (rows_named_part(d, part, &q, e) < 0)
		return -1;
	return put_into(d, q, to, e) < 0 || work_lookers(d, q->id, e) < 0 ||
			       dependents_gone(d, q, e) < 0 ?
		       -1 :
		       0;
}

int images_below(struct derive *d, int64_t id, int64_t above, const struct derive_row *row,
		 struct err *e)
{
	struct derive_image *m, *to;

	if (d->store->image(d->store->ctx, id, &m, e) < 0 || get_image(d, above, &to, e) < 0)
		return -1;
	if (m == NULL) /* it is no more */
		return d->store->del(d->store->ctx, row, e);
	return set_above(d, m, above, to->tree, e);
}

int images_merged(struct derive *d, int64_t from, int64_t to, struct err *e)
{
	struct derive_image *m;

	if (d->store->drop_image(d->store->ctx, from, e) < 0 || get_image(d, to, &m, e) < 0)
		return -1;
	return m->n == 0 ? drop_image(d, m, e) : 0;
}

static int is_first_member(struct derive *d, const struct derive_part *p, bool *out, struct err *e)
{
	*out = true;
	for (uint8_t layer = TRACK_TRUSTED; layer <= p->layer && *out; layer++) {
		struct derive_row at = rows_hanging(ROWS_MEMBER, layer, 0, (uint64_t)p->image), row;
		int got = d->store->next(d->store->ctx, &at, &row, e);

		if (got < 0)
			return -1;
		*out = got != 1 || !rows_beside(&row, &at) ||
		       (layer == p->layer && !rows_before(&row, p));
	}
	return 0;
}

/*
 * p begins an image: the one that it has, if it is the first of it or the one that was has left,
 * else a new one.
 */
int images_begin(struct derive *d, struct derive_part *p, const struct derive_part *from,
		 struct err *e)
{
	struct derive_image *m = NULL, *above = NULL;
	bool keep = false;

	if (p->image != 0 && get_image(d, p->image, &m, e) < 0)
		return -1;
	if (m != NULL && m->founder == p->id)
		keep = true;
	else if (m != NULL && m->founder == 0 && is_first_member(d, p, &keep, e) < 0)
		return -1;
	if (!keep && (new_image(d, &m, e) < 0 || move_to(d, p, m, e) < 0))
		return -1;
	m->founder = p->id;
	if (from != NULL && get_image(d, from->image, &above, e) < 0)
		return -1;
	return set_above(d, m, above != NULL ? above->id : 0, above != NULL ? above->tree : m->id,
			 e);
}

int images_join(struct derive *d, struct derive_part *p, int64_t image, struct err *e)
{
	struct derive_image *to, *own = NULL;

	if (image == p->image)
		return 0;
	if (get_image(d, image, &to, e) < 0 ||
	    (p->image != 0 && get_image(d, p->image, &own, e) < 0))
		return -1;
	if (own != NULL && own->founder == p->id && own->n > to->n)
		return put_together(d, p, to, own, e);
	return move_to(d, p, to, e);
}

