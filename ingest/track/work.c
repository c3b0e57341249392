// SPDX-License-Identifier: Apache-2.0
/* Work that is done in pieces: a step at a time, kept and gone on with. */
#include "ingest/track/work.h"

#include "ingest/track/dependents.h"
#include "ingest/track/images.h"
#include "ingest/track/rows.h"

#include <stdlib.h>

static int do_step(struct derive *d, struct derive_work *w, struct err *e);

/* ---- what there is to do ---- */

/* Does what there is room for; the rest is left for later. */
static int begin_work(struct derive *d, struct derive_work *w, struct err *e)
{
	int more = d->room > 0 ? do_step(d, w, e) : 1;

	if (more == 1)
		*VEC_PUSH(&d->work) = *w;
	return more < 0 ? -1 : 0;
}

/* What it makes in turn has its limit, too. */
static struct derive_work make(const struct derive *d, enum derive_work_kind kind)
{
	struct derive_work w = { .kind = kind };

	if (d->doing != NULL && d->doing->has_limit) {
		w.has_limit = true;
		w.limit = d->doing->limit;
	}
	return w;
}

int work_wait(struct derive *d, const struct derive_row *from, const uint64_t until[3], bool take,
	      struct err *e)
{
	struct derive_work w = make(d, DERIVE_WAIT);

	w.at = *from;
	w.take = take;
	memcpy(w.until, until, sizeof(w.until));
	return begin_work(d, &w, e);
}

int work_lookers(struct derive *d, int64_t part, struct err *e)
{
	struct derive_work w = make(d, DERIVE_LOOKERS);

	w.id = part;
	w.at = (struct derive_row){ { rows_head(ROWS_OWN, 0, part) }, 0 };
	return begin_work(d, &w, e);
}

void work_tree(struct derive *d, int64_t image)
{
	struct derive_work w = { .kind = DERIVE_TREE, .id = image };

	w.at = rows_hanging(ROWS_BELOW, 0, 0, (uint64_t)image);
	*VEC_PUSH(&d->work) = w;
}

void work_merge(struct derive *d, int64_t from, int64_t to, const struct derive_part *p)
{
	struct derive_work w = { .kind = DERIVE_MERGE,
				 .id = from,
				 .to = to,
				 .has_limit = true,
				 .limit = { p->key, p->layer, p->id } };

	d->merged = from;
	d->merged_into = to;
	*VEC_PUSH(&d->work) = w;
}

int64_t work_image(const struct derive *d, int64_t image)
{
	return image != 0 && image == d->merged ? d->merged_into : image;
}

/* ---- a piece of it. 1: there is more, 0: it is done ---- */

static bool is_up_to(const struct derive_row *row, const uint64_t until[3])
{
	for (size_t i = 0; i < 3; i++)
		if (row->w[4 + i] != until[i])
			return row->w[4 + i] < until[i];
	return true;
}

static void count_row_looked_at(struct derive *d)
{
	d->steps++;
	d->room--;
}

/* Is it before the limit, or at it? */
static bool is_spared(const struct derive_work *w, const struct derive_part *p)
{
	struct derive_wait at = { p->key, p->layer, p->id };

	return w->has_limit && !rows_sooner(&w->limit, &at);
}

static int wait_some(struct derive *d, struct derive_work *w, struct err *e)
{
	struct derive_row row;
	struct derive_part *p;
	int got = 1;

	while (d->room > 0) {
		got = d->store->next(d->store->ctx, &w->at, &row, e);
		if (got < 0)
			return -1;
		if (got == 0 || !rows_beside(&row, &w->at) || !is_up_to(&row, w->until))
			return 0;
		count_row_looked_at(d);
		if (rows_part(d, rows_id(&row), &p, e) < 0)
			return -1;
		w->at = row;
		if (p != NULL && is_spared(w, p))
			continue;
		if (p != NULL)
			rows_wait(d, p);
		if (w->take && d->store->del(d->store->ctx, &row, e) < 0)
			return -1;
	}
	return 1;
}

static int lookers_some(struct derive *d, struct derive_work *w, struct err *e)
{
	struct derive_row own, row;
	struct derive_part *p;
	int got;

	if (rows_part(d, w->id, &p, e) < 0)
		return -1;
	while (p != NULL && d->room > 0) {
		got = d->store->next(d->store->ctx, &w->at, &own, e);
		if (got < 0)
			return -1;
		if (got == 0 || own.w[0] != w->at.w[0])
			return 0;
		count_row_looked_at(d);
		w->at = own;
		row = rows_bucket_of(p, &own);
		if (rows_touch(d, &row, e) < 0)
			return -1;
	}
	return p != NULL;
}

static int tree_some(struct derive *d, struct derive_work *w, struct err *e)
{
	struct derive_image *m, *below;
	struct derive_row row;
	int got;

	if (d->store->image(d->store->ctx, w->id, &m, e) < 0)
		return -1;
	while (m != NULL && d->room > 0) {
		got = d->store->next(d->store->ctx, &w->at, &row, e);
		if (got < 0)
			return -1;
		if (got == 0 || row.w[0] != w->at.w[0] || row.w[1] != w->at.w[1])
			return 0;
		count_row_looked_at(d);
		w->at = row;
		if (d->store->image(d->store->ctx, (int64_t)row.w[2], &below, e) < 0)
			return -1;
		if (below == NULL || below->tree == m->tree)
			continue;
		below->tree = m->tree;
		work_tree(d, below->id);
		if (d->store->keep_image(d->store->ctx, below, e) < 0)
			return -1;
	}
	return m != NULL;
}

/* The first row of a kind that hangs on an image. */
static int first_of(struct derive *d, enum rows_kind kind, int64_t image, struct derive_row *out,
		    struct err *e)
{
	for (unsigned layer = TRACK_TRUSTED; layer < TRACK_LAYERS; layer++) {
		struct derive_row at = rows_hanging(kind, layer, 0, (uint64_t)image);
		int got = d->store->next(d->store->ctx, &at, out, e);

		if (got < 0)
			return -1;
		if (got == 1 && out->w[0] == at.w[0] && out->w[1] == at.w[1])
			return 1;
	}
	return 0;
}

/*
 * Those that found the image gone found it so under its new name, too, if they come before the
 * limit.
 */
static int rename_gone(struct derive *d, const struct derive_work *w, const struct derive_row *row,
		       struct err *e)
{
	struct derive_row now = *row;
	struct derive_part *p;

	if (d->store->del(d->store->ctx, row, e) < 0 || rows_part(d, rows_id(row), &p, e) < 0)
		return -1;
	if (p == NULL)
		return 0;
	if (!is_spared(w, p)) {
		rows_wait(d, p);
		return 0;
	}
	now.w[1] = (uint64_t)w->to;
	return d->store->put(d->store->ctx, &now, e);
}

/* One row of the image, of whatever kind. 0: there is none any more. */
static int merge_one(struct derive *d, const struct derive_work *w, struct err *e)
{
	struct derive_row row;
	int got = first_of(d, ROWS_GONE, w->id, &row, e);

	if (got == 1)
		return rename_gone(d, w, &row, e) < 0 ? -1 : 1;
	if (got == 0 && (got = first_of(d, ROWS_MEMBER, w->id, &row, e)) == 1)
		return images_move(d, rows_id(&row), w->to, e) < 0 ? -1 : 1;
	if (got == 0 && (got = first_of(d, ROWS_BELOW, w->id, &row, e)) == 1)
		return images_below(d, (int64_t)row.w[2], w->to, &row, e) < 0 ? -1 : 1;
	return got;
}

static int merge_some(struct derive *d, struct derive_work *w, struct err *e)
{
	int got = 1;

	while (got == 1 && d->room > 0) {
		count_row_looked_at(d);
		got = merge_one(d, w, e);
	}
	if (got != 0)
		return got;
	d->merged = d->merged_into = 0;
	return images_merged(d, w->id, w->to, e);
}

static int do_step(struct derive *d, struct derive_work *w, struct err *e)
{
	static int (*const some[])(struct derive *, struct derive_work *, struct err *) = {
		[DERIVE_WAIT] = wait_some,
		[DERIVE_LOOKERS] = lookers_some,
		[DERIVE_TREE] = tree_some,
		[DERIVE_MERGE] = merge_some,
	};
	const struct derive_work *was = d->doing;
	int more;

	d->doing = w;
	more = some[w->kind](d, w, e);
	d->doing = was;
	return more;
}

int work_run(struct derive *d, struct err *e)
{
	while (d->work.n > 0 && d->room > 0) {
		struct derive_work w = d->work.v[--d->work.n];
		size_t at = d->work.n;
		int more = do_step(d, &w, e);

		if (more < 0)
			return -1;
		if (more == 0)
			continue;
		/* below what it made, which is done first */
		(void)VEC_PUSH(&d->work);
		memmove(&d->work.v[at + 1], &d->work.v[at], (d->work.n - 1 - at) * sizeof(w));
		d->work.v[at] = w;
	}
	return 0;
}

/* ---- kept between commits: a row for each word ---- */

#define WORDS 20

static void words_of(const struct derive_work *w, uint64_t out[WORDS])
{
	const uint64_t v[WORDS] = { (uint64_t)w->kind | (uint64_t)w->take << 8 |
					    (uint64_t)w->has_limit << 9 |
					    (uint64_t)w->limit.layer << 10,
				    (uint64_t)w->id,
				    (uint64_t)w->to,
				    w->at.w[0],
				    w->at.w[1],
				    w->at.w[2],
				    w->at.w[3],
				    w->at.w[4],
				    w->at.w[5],
				    w->at.w[6],
				    w->until[0],
				    w->until[1],
				    w->until[2],
				    (uint64_t)w->limit.key.node,
				    w->limit.key.boot,
				    (uint64_t)w->limit.key.t,
				    w->limit.key.serial,
				    (uint32_t)w->limit.key.pid,
				    w->limit.key.seq,
				    (uint64_t)w->limit.id };

	memcpy(out, v, sizeof(v));
}

static bool from_words(struct derive_work *w, const uint64_t v[WORDS])
{
	*w = (struct derive_work){ .kind = (enum derive_work_kind)(v[0] & 0xff),
				   .take = v[0] >> 8 & 1,
				   .has_limit = v[0] >> 9 & 1,
				   .id = (int64_t)v[1],
				   .to = (int64_t)v[2] };
	memcpy(w->at.w, v + 3, sizeof(w->at.w));
	memcpy(w->until, v + 10, sizeof(w->until));
	w->limit = (struct derive_wait){ { (int64_t)v[13], (uint32_t)v[14], (int64_t)v[15],
					   (uint32_t)v[16], (int32_t)(uint32_t)v[17],
					   (uint16_t)v[18] },
					 v[0] >> 10 & 1,
					 (int64_t)v[19] };
	return (v[0] & 0xff) <= DERIVE_LIFE;
}

static int put_words(struct derive *d, uint64_t nth, const struct derive_work *w, struct err *e)
{
	uint64_t words[WORDS];

	words_of(w, words);
	for (size_t i = 0; i < WORDS; i++) {
		struct derive_row r = { { rows_head(ROWS_WORK, 0, 0), nth, i, 0, 0, 0, 1 },
					words[i] };

		if (d->store->put(d->store->ctx, &r, e) < 0)
			return -1;
	}
	return 0;
}

/* Who is looking for one that lives: what it found of each image, and where it looks. */
static void search_as_work(struct derive *d)
{
	struct derive_search *s = &d->search;

	for (size_t i = 0; i < s->found.n; i++)
		*VEC_PUSH(&d->work) =
			(struct derive_work){ .kind = DERIVE_LIFE,
					      .id = s->part,
					      .to = s->found.v[i].image,
					      .until = { (uint64_t)s->found.v[i].witness } };
	if (s->part != 0)
		*VEC_PUSH(&d->work) = (struct derive_work){ .kind = DERIVE_LIFE,
							    .take = true,
							    .id = s->part,
							    .to = s->image,
							    .at = s->at };
	s->part = 0;
	s->found.n = 0;
}

static void search_from_work(struct derive *d, const struct derive_work *w)
{
	struct derive_search *s = &d->search;

	s->part = w->id;
	if (!w->take) {
		*VEC_PUSH(&s->found) = (struct derive_found){ w->to, (int64_t)w->until[0] };
		return;
	}
	s->image = w->to;
	s->at = w->at;
}

int work_suspend(struct derive *d, struct err *e)
{
	search_as_work(d);
	for (size_t i = 0; i < d->work.n; i++)
		if (put_words(d, i, &d->work.v[i], e) < 0)
			return -1;
	d->work.n = 0;
	d->merged = d->merged_into = 0;
	return 0;
}

static int take_word(struct derive *d, uint64_t words[WORDS], struct derive_row *row, struct err *e)
{
	struct derive_work w;

	if (row->w[2] >= WORDS)
		return err_set(e, ST_SYSTEM, "derivation: work that waits is damaged");
	words[row->w[2]] = row->value;
	if (row->w[2] < WORDS - 1)
		return 0;
	if (!from_words(&w, words))
		return err_set(e, ST_SYSTEM, "derivation: work that waits is damaged");
	if (w.kind == DERIVE_LIFE) {
		search_from_work(d, &w);
		return 0;
	}
	if (w.kind == DERIVE_MERGE) {
		d->merged = w.id;
		d->merged_into = w.to;
	}
	*VEC_PUSH(&d->work) = w;
	return 0;
}

int work_resume(struct derive *d, struct err *e)
{
	struct derive_row at = { { rows_head(ROWS_WORK, 0, 0) }, 0 }, row;
	uint64_t words[WORDS] = { 0 };
	int got;

	for (; (got = d->store->next(d->store->ctx, &at, &row, e)) == 1 &&
	       row.w[0] >> 56 == ROWS_WORK;
	     at = row)
		if (take_word(d, words, &row, e) < 0 || d->store->del(d->store->ctx, &row, e) < 0)
			return -1;
	return got < 0 ? -1 : 0;
}
