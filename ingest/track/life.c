// SPDX-License-Identifier: Apache-2.0
/* Finds a part of an image that lived at a moment. */
#include "ingest/track/life.h"

#include "ingest/track/rows.h"

static bool lives(const struct derive_part *m, const struct derive_part *p, int64_t image)
{
	struct derive_row at = { 0 };

	rows_order(&at, &m->key, 0);
	return m->image == image && !m->loader && m->layer <= p->layer &&
	       m->key.pid != p->key.pid && rows_before(&at, p) &&
	       (m->t_end == TRACK_LIVES || p->key.t <= m->t_end + DERIVE_ENDED_MS);
}

/* Of two that live the one that is likely to live longer: that is asked about less often. */
static bool lasts(const struct derive_part *a, const struct derive_part *than)
{
	if (than == NULL || a->t_end != than->t_end)
		return than == NULL || a->t_end > than->t_end;
	return derive_before(a, than);
}

static int try_ids(struct derive *d, const struct derive_part *p, const int64_t *v, size_t n,
		   int64_t image, struct derive_part **best, struct err *e)
{
	for (size_t i = 0; i < n; i++) {
		struct derive_part *m;

		d->steps++;
		if (d->store->part(d->store->ctx, v[i], &m, e) < 0)
			return -1;
		if (m != NULL && lives(m, p, image) && lasts(m, *best))
			*best = m;
	}
	return 0;
}

/*
 * The member behind p: one of an image that goes on after p joined it while some other lived. A
 * hint, no more. It keeps what is late from going through all that came meanwhile.
 */
static int try_next(struct derive *d, const struct derive_part *p, int64_t image,
		    struct derive_part **best, struct err *e)
{
	for (uint8_t layer = TRACK_TRUSTED; layer <= p->layer && *best == NULL; layer++) {
		struct derive_row at = { { rows_head(ROWS_MEMBER, layer, 0), (uint64_t)image },
					 0 },
				  row;
		struct derive_part *m = NULL;
		int got;

		rows_order(&at, &p->key, (int64_t)ROWS_ID);
		got = d->store->next(d->store->ctx, &at, &row, e);
		if (got < 0)
			return -1;
		if (got == 1 && rows_beside(&row, &at) &&
		    d->store->part(d->store->ctx, rows_id(&row), &m, e) < 0)
			return -1;
		if (m != NULL && try_ids(d, p, m->witnesses.v, m->witnesses.n, image, best, e) < 0)
			return -1;
	}
	return 0;
}

/* ---- looking through all of them, a piece at a time ---- */

/* What was found of an image before there was no more room: -1: nothing, 0: none lives. */
static int64_t was_found(const struct derive *d, const struct derive_part *p, int64_t image)
{
	for (size_t i = 0; i < d->search.found.n && d->search.part == p->id; i++)
		if (d->search.found.v[i].image == image)
			return d->search.found.v[i].witness;
	return -1;
}

static struct derive_search *search_of(struct derive *d, const struct derive_part *p)
{
	struct derive_search *s = &d->search;

	if (s->part != p->id) {
		s->part = p->id;
		s->found.n = 0;
		s->image = 0;
	}
	return s;
}

/* All members of a layer, the last to end first. 1: there are more. */
static int try_layer(struct derive *d, const struct derive_part *p, int64_t image,
		     struct derive_row *at, struct derive_part **best, struct err *e)
{
	struct derive_row row;
	int64_t id;
	int got;

	for (; d->room > 0 && *best == NULL; *at = row) {
		got = d->store->next(d->store->ctx, at, &row, e);
		if (got < 0)
			return -1;
		if (got == 0 || row.w[0] != at->w[0] || row.w[1] != (uint64_t)image ||
		    row.w[3] > rows_end(p->key.t - DERIVE_ENDED_MS))
			return 0;
		d->steps++;
		d->room--;
		id = rows_id(&row);
		if (rows_pid(&row) != p->key.pid && rows_before(&row, p) &&
		    try_ids(d, p, &id, 1, image, best, e) < 0)
			return -1;
	}
	return *best == NULL;
}

/* All members: what it says is so. */
static int try_all(struct derive *d, const struct derive_part *p, int64_t image,
		   struct derive_part **best, struct err *e)
{
	struct derive_search *s = search_of(d, p);
	bool begun = s->image == image;
	uint8_t layer = begun ? s->at.w[0] >> 48 & 0xff : TRACK_TRUSTED;

	for (; layer <= p->layer && *best == NULL; layer++) {
		struct derive_row at = { { rows_head(ROWS_END, layer, 0), (uint64_t)image }, 0 };
		int more;

		if (begun)
			at = s->at;
		begun = false;
		more = try_layer(d, p, image, &at, best, e);
		if (more == 0)
			continue;
		s->image = image;
		s->at = at;
		return more;
	}
	s->image = 0;
	*VEC_PUSH(&s->found) = (struct derive_found){ image, *best ? (*best)->id : 0 };
	return 0;
}

int life_find(struct derive *d, const struct derive_part *p, int64_t image,
	      struct derive_part *const *seen, size_t n_seen, int64_t *out, struct err *e)
{
	struct derive_part *best = NULL;
	int64_t found = was_found(d, p, image);
	int more = 0;

	*out = 0;
	if (found == 0)
		return 0;
	if (found > 0 && try_ids(d, p, &found, 1, image, &best, e) < 0)
		return -1;
	if (try_ids(d, p, p->witnesses.v, p->witnesses.n, image, &best, e) < 0)
		return -1;
	for (size_t i = 0; i < n_seen && best == NULL; i++)
		if (try_ids(d, p, seen[i]->witnesses.v, seen[i]->witnesses.n, image, &best, e) < 0)
			return -1;
	for (size_t i = 0; i < n_seen; i++)
		if (lives(seen[i], p, image) && lasts(seen[i], best))
			best = seen[i];
	if (best == NULL && try_next(d, p, image, &best, e) < 0)
		return -1;
	if (best == NULL)
		more = try_all(d, p, image, &best, e);
	*out = best ? best->id : 0;
	return more;
}
