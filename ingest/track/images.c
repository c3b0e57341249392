#include "ingest/track/images.h"

#include "ingest/track/concern.h"
#include "ingest/track/rows.h"

#include <stdlib.h>

static int get_image(struct derive *d, int64_t id, struct derive_image **out, struct err *e)
{
	if (d->store->image(d->store->ctx, id, out, e) < 0)
		return -1;
	if (*out == NULL)
		return err_set(e, ST_SYSTEM, "derivation: image %lld is missing", (long long)id);
	return 0;
}

/* Where its tree is another one, what was exec'd from it is looked at again. */
static int set_above(struct derive *d, struct derive_image *m, int64_t above, int64_t tree,
		     struct err *e)
{
	m->above = above;
	if (m->tree == tree)
		return d->store->keep_image(d->store->ctx, m, e);
	m->tree = tree;
	for (unsigned layer = TRACK_TRUSTED; layer < TRACK_LAYERS; layer++) {
		struct derive_row at = rows_hanging(ROWS_MEMBER, layer, 0, (uint64_t)m->id), row;
		int got;

		for (; (got = d->store->next(d->store->ctx, &at, &row, e)) == 1 &&
		       rows_beside(&row, &at);
		     at = row)
			if (concern_children(d, rows_id(&row), e) < 0)
				return -1;
		if (got < 0)
			return -1;
	}
	return d->store->keep_image(d->store->ctx, m, e);
}

static int new_image(struct derive *d, struct derive_image **out, struct err *e)
{
	*out = mem_zero(1, sizeof(**out));
	(*out)->id = d->next_image++;
	return d->store->keep_image(d->store->ctx, *out, e);
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

/* A part leaves its image, which may have become empty. */
int images_leave(struct derive *d, struct derive_part *p, struct err *e)
{
	struct derive_image *m;

	if (p->image == 0)
		return 0;
	if (get_image(d, p->image, &m, e) < 0)
		return -1;
	m->n--;
	if (m->founder == p->id)
		m->founder = 0;
	if (m->n == 0)
		return d->store->drop_image(d->store->ctx, m->id, e);
	return d->store->keep_image(d->store->ctx, m, e);
}

/*
 * Moves a part to an image. Whoever saw it, rested on it or comes from it is asked again; new
 * ones have been seen by nobody.
 */
static int move_to(struct derive *d, struct derive_part *p, struct derive_image *to, struct err *e)
{
	bool fresh = p->image == 0;

	if (images_leave(d, p, e) < 0 || put_into(d, p, to->id, e) < 0)
		return -1;
	to->n++;
	if (d->store->keep_image(d->store->ctx, to, e) < 0 || concern_gone(d, p, e) < 0)
		return -1;
	if (fresh)
		return 0;
	return concern_lookers(d, p, e) < 0 || concern_rested(d, p, INT64_MIN, e) < 0 ||
			       concern_children(d, p->id, e) < 0 ?
		       -1 :
		       0;
}

/*
 * Those that found the lesser image gone found it so under its new name, too, if they come before
 * the floor.
 */
static int rename_gone(struct derive *d, const struct derive_image *from,
		       const struct derive_image *to, struct err *e)
{
	for (unsigned layer = TRACK_TRUSTED; layer < TRACK_LAYERS; layer++) {
		struct derive_row at = rows_hanging(ROWS_GONE, layer, 0, (uint64_t)from->id), row;
		int got;

		for (; (got = d->store->next(d->store->ctx, &at, &row, e)) == 1 &&
		       rows_beside(&row, &at);
		     at = row) {
			struct derive_row now = row;
			struct derive_part *q;

			now.w[1] = (uint64_t)to->id;
			if (d->store->del(d->store->ctx, &row, e) < 0 ||
			    d->store->part(d->store->ctx, rows_id(&row), &q, e) < 0)
				return -1;
			if (q == NULL)
				continue;
			if (derive_before(d->floor, q))
				rows_wait(d, q);
			else if (d->store->put(d->store->ctx, &now, e) < 0)
				return -1;
		}
		if (got < 0)
			return -1;
	}
	return 0;
}

static int move_member(struct derive *d, int64_t id, const struct derive_image *to, struct err *e)
{
	struct derive_part *q;

	if (rows_named_part(d, id, &q, e) < 0)
		return -1;
	if (put_into(d, q, to->id, e) < 0 || concern_lookers(d, q, e) < 0 ||
	    concern_gone(d, q, e) < 0)
		return -1;
	return concern_children(d, id, e);
}

/*
 * p, the founder of the larger image, turns out to be of the lesser one. The lesser takes the
 * larger's number: a number is no part of the answer, and so a program that forks by the million
 * is not written anew for each record that comes late. What was exec'd from the lesser's members
 * learns the number of the image above it.
 */
static int put_together(struct derive *d, const struct derive_part *p, struct derive_image *lesser,
			struct derive_image *larger, struct err *e)
{
	int64_t tree = lesser->tree == lesser->id ? larger->id : lesser->tree, above = lesser->above;
	struct { int64_t *v; size_t n, cap; } ids = { 0 };
	int ret = 0;

	for (unsigned layer = TRACK_TRUSTED; layer < TRACK_LAYERS && ret == 0; layer++) {
		struct derive_row at = rows_hanging(ROWS_MEMBER, layer, 0, (uint64_t)lesser->id),
				  row;

		for (; (ret = d->store->next(d->store->ctx, &at, &row, e)) == 1 &&
		       rows_beside(&row, &at);
		     at = row)
			*VEC_PUSH(&ids) = rows_id(&row);
		ret = ret < 0 ? -1 : 0;
	}
	d->floor = p;
	if (ret == 0)
		ret = rename_gone(d, lesser, larger, e);
	for (size_t i = 0; i < ids.n && ret == 0; i++)
		ret = move_member(d, ids.v[i], larger, e);
	d->floor = NULL;
	VEC_FREE(&ids);
	if (ret < 0)
		return -1;
	larger->n += lesser->n;
	larger->founder = lesser->founder;
	return d->store->drop_image(d->store->ctx, lesser->id, e) < 0 ?
		       -1 :
		       set_above(d, larger, above, tree, e);
}

static int is_first_member(struct derive *d, const struct derive_part *p, bool *out, struct err *e)
{
	*out = true;
	for (uint8_t layer = TRACK_TRUSTED; layer <= p->layer && *out; layer++) {
		struct derive_row at = rows_hanging(ROWS_MEMBER, layer, 0, (uint64_t)p->image), row;
		int got = d->store->next(d->store->ctx, &at, &row, e);

		if (got < 0)
			return -1;
		*out = got != 1 || !rows_beside(&row, &at) || (layer == p->layer && !rows_before(&row, p));
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

