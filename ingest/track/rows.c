// SPDX-License-Identifier: Apache-2.0
/* Makes rows of the table, compares them, and finds who looks at one. */
#include "ingest/track/rows.h"

#include "ingest/track/work.h"
#include "store/base/hash.h"

#include <stdlib.h>

int rows_compare(const void *a, const void *b)
{
	const struct derive_row *x = a, *y = b;

	for (size_t i = 0; i < DERIVE_WORDS; i++)
		if (x->w[i] != y->w[i])
			return x->w[i] < y->w[i] ? -1 : 1;
	return 0;
}

bool rows_before(const struct derive_row *r, const struct derive_part *p)
{
	struct derive_row at = { 0 };

	rows_order(&at, &p->key, 0);
	if (r->w[4] != at.w[4])
		return r->w[4] < at.w[4];
	if (r->w[5] != at.w[5])
		return r->w[5] < at.w[5];
	return r->w[6] < at.w[6];
}

bool rows_beside(const struct derive_row *a, const struct derive_row *b)
{
	return memcmp(a->w, b->w, 4 * sizeof(a->w[0])) == 0;
}

struct derive_row rows_in_bucket(enum rows_kind kind, uint8_t layer, const struct track_key *at,
				 int64_t exe, uint64_t cell, int64_t id)
{
	struct derive_row r = {
		{ rows_head(kind, layer, at->node), at->boot, (uint64_t)exe, cell }, 0
	};

	rows_order(&r, at, id);
	return r;
}

struct derive_row rows_hanging(enum rows_kind kind, uint8_t layer, int64_t low, uint64_t second)
{
	return (struct derive_row){ { rows_head(kind, layer, low), second }, 0 };
}

int rows_part(struct derive *d, int64_t id, struct derive_part **out, struct err *e)
{
	*out = NULL;
	return id == 0 ? 0 : d->store->part(d->store->ctx, id, out, e);
}

int rows_named_part(struct derive *d, int64_t id, struct derive_part **out, struct err *e)
{
	if (rows_part(d, id, out, e) < 0)
		return -1;
	return *out != NULL ? 0 : err_set(e, ST_SYSTEM, "derivation: a part is missing");
}

/* ---- what a part is found by ---- */

void rows_of_facts(const struct derive_part *p, struct derive_rows *out)
{
	bool random = false;
	struct derive_row r = { { rows_head(ROWS_PID, 0, p->key.node), (uint32_t)p->key.pid,
				  (uint64_t)p->layer << 32 | p->key.boot, 0 },
				0 };

	rows_order(&r, &p->key, p->id);
	*VEC_PUSH(out) = r;
	for (size_t i = 0; i < p->looks.n; i++)
		random = random || track_region(p->looks.v[i].cell) == TRACK_RANDOM;
	for (size_t i = 0; i < p->looks.n && p->first && !p->loader; i++) {
		const struct derive_look *l = &p->looks.v[i];

		if (track_region(l->cell) == TRACK_RANDOM)
			*VEC_PUSH(out) = rows_in_bucket(ROWS_NEAR, p->layer, &p->key, l->exe,
							rows_cell(l->cell, true), p->id);
		else if (!random)
			*VEC_PUSH(out) = rows_in_bucket(ROWS_FIXED_LOOK, p->layer, &p->key, l->exe,
							rows_user(p->uid, p->auid), p->id);
	}
	if (p->from != 0) {
		r = (struct derive_row){ { rows_head(ROWS_CHILD, 0, p->from) }, 0 };
		rows_order(&r, &p->key, p->id);
		*VEC_PUSH(out) = r;
	}
	if (p->born) {
		r = (struct derive_row){
			{ rows_head(ROWS_BORN, 0, p->key.node), (uint32_t)p->birth_pid }, 0
		};
		rows_order(&r, &p->key, p->id);
		*VEC_PUSH(out) = r;
	}
}

void rows_of_answer(const struct derive_part *p, struct derive_rows *out)
{
	struct derive_row r;

	if (p->image != 0) {
		r = (struct derive_row){
			{ rows_head(ROWS_MEMBER, p->layer, 0), (uint64_t)p->image }, 0
		};
		rows_order(&r, &p->key, p->id);
		*VEC_PUSH(out) = r;
	}
	if (p->image != 0 && !p->loader) {
		r = (struct derive_row){ { rows_head(ROWS_END, p->layer, 0), (uint64_t)p->image, 0,
					   rows_end(p->t_end) },
					 0 };
		rows_order(&r, &p->key, p->id);
		*VEC_PUSH(out) = r;
	}
	if (p->link != 0 && p->first) {
		r = (struct derive_row){ { rows_head(ROWS_CHILD, 0, p->link) }, 0 };
		rows_order(&r, &p->key, p->id);
		*VEC_PUSH(out) = r;
	}
	for (size_t i = 0; i < p->witnesses.n; i++) {
		r = (struct derive_row){ { rows_head(ROWS_WITNESS, 0, p->witnesses.v[i]) }, 0 };
		rows_order(&r, &p->key, p->id);
		*VEC_PUSH(out) = r;
	}
	for (size_t i = 0; p->asks_calls && i < p->looks.n; i++)
		*VEC_PUSH(out) = rows_in_bucket(ROWS_CALL_LOOK, p->layer, &p->key,
						p->looks.v[i].exe, 0, p->id);
}

void rows_sort(struct derive_rows *rows)
{
	size_t n = 0, in_order = 1;

	while (in_order < rows->n && rows_compare(&rows->v[in_order - 1], &rows->v[in_order]) < 0)
		in_order++;
	if (in_order >= rows->n)
		return;
	qsort(rows->v, rows->n, sizeof(*rows->v), rows_compare);
	for (size_t i = 0; i < rows->n; i++)
		if (n == 0 || rows_compare(&rows->v[n - 1], &rows->v[i]) != 0)
			rows->v[n++] = rows->v[i];
		else if (rows->v[i].value > rows->v[n - 1].value)
			rows->v[n - 1].value = rows->v[i].value;
	rows->n = n;
}

int rows_replace(struct derive *d, struct derive_rows *was, struct derive_rows *now, bool touch,
		 struct err *e)
{
	size_t i = 0, k = 0;

	rows_sort(was);
	rows_sort(now);
	while (i < was->n || k < now->n) {
		int c = i == was->n ? 1 : k == now->n ? -1 : rows_compare(&was->v[i], &now->v[k]);
		const struct derive_row *r = c < 0 ? &was->v[i] : &now->v[k];
		bool same = c == 0 && was->v[i].value == now->v[k].value;

		i += c <= 0;
		k += c >= 0;
		if (same)
			continue;
		if ((c < 0 ? d->store->del : d->store->put)(d->store->ctx, r, e) < 0 ||
		    (touch && rows_touch(d, r, e) < 0))
			return -1;
	}
	return 0;
}

/* ---- a part's own rows in buckets ---- */

static struct derive_row own_row(const struct derive_part *p, const struct derive_row *r)
{
	return (struct derive_row){ { rows_head(ROWS_OWN, 0, p->id), r->w[4],
				      r->w[5] >> 32 << 32 | r->w[0] >> 56 << 24 |
					      (r->w[0] >> 48 & 0xff) << 16 | r->w[6] >> 48,
				      r->w[2], r->w[3], 0, 1 },
				    r->value };
}

struct derive_row rows_bucket_of(const struct derive_part *p, const struct derive_row *own)
{
	return (struct derive_row){ { own->w[2] >> 24 << 56 | (own->w[2] >> 16 & 0xff) << 48 |
					      (uint64_t)p->key.node,
				      p->key.boot, own->w[3], own->w[4], own->w[1],
				      own->w[2] >> 32 << 32 | (uint32_t)p->key.pid,
				      (own->w[2] & 0xffff) << 48 | (uint64_t)p->id },
				    own->value };
}

int rows_of_part(struct derive *d, const struct derive_part *p, int64_t since,
		 struct derive_rows *out, struct err *e)
{
	struct derive_row at = { { rows_head(ROWS_OWN, 0, p->id), rows_time(since) }, 0 }, row;
	int got;

	for (; (got = d->store->next(d->store->ctx, &at, &row, e)) == 1 && row.w[0] == at.w[0];
	     at = row)
		*VEC_PUSH(out) = rows_bucket_of(p, &row);
	return got < 0 ? -1 : 0;
}

int rows_as_it_was(struct derive *d, const struct derive_part *p, const struct derive_row *like,
		   struct derive_rows *out, struct err *e)
{
	struct derive_row at = own_row(p, like), own = at, row;
	int got;

	at.w[6] = 0;
	got = d->store->next(d->store->ctx, &at, &row, e);
	if (got == 1 && rows_compare(&row, &own) == 0)
		*VEC_PUSH(out) = rows_bucket_of(p, &row);
	return got < 0 ? -1 : 0;
}

uint64_t rows_sum(const struct derive_rows *rows)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < rows->n; i++) {
		uint64_t h = hash_u64(rows->v[i].value, 0x5bd1e995);

		for (size_t k = 0; k < DERIVE_WORDS; k++)
			h = hash_u64(h, rows->v[i].w[k]);
		sum += h;
	}
	return sum;
}

int rows_give(struct derive *d, const struct derive_part *p, struct derive_rows *was,
	      struct derive_rows *now, struct err *e)
{
	struct derive_rows own_was = { 0 }, own_now = { 0 };
	int ret = rows_replace(d, was, now, true, e);

	for (size_t i = 0; i < was->n; i++)
		*VEC_PUSH(&own_was) = own_row(p, &was->v[i]);
	for (size_t i = 0; i < now->n; i++)
		*VEC_PUSH(&own_now) = own_row(p, &now->v[i]);
	if (ret == 0)
		ret = rows_replace(d, &own_was, &own_now, false, e);
	VEC_FREE(&own_was);
	VEC_FREE(&own_now);
	return ret;
}

/* ---- the queue: a heap by layer and order ---- */

static int compare_keys(const struct track_key *a, const struct track_key *b)
{
	if (a->node != b->node)
		return a->node < b->node ? -1 : 1;
	if (a->boot != b->boot)
		return a->boot < b->boot ? -1 : 1;
	if (a->t != b->t)
		return a->t < b->t ? -1 : 1;
	if (a->serial != b->serial)
		return a->serial < b->serial ? -1 : 1;
	if (a->pid != b->pid)
		return (uint32_t)a->pid < (uint32_t)b->pid ? -1 : 1;
	return a->seq < b->seq ? -1 : a->seq > b->seq;
}

bool derive_before(const struct derive_part *a, const struct derive_part *b)
{
	return a->layer != b->layer ? a->layer < b->layer : compare_keys(&a->key, &b->key) < 0;
}

bool rows_sooner(const struct derive_wait *a, const struct derive_wait *b)
{
	return a->layer != b->layer ? a->layer < b->layer : compare_keys(&a->key, &b->key) < 0;
}

bool rows_moved(const struct derive_wait *w, const struct derive_part *p)
{
	return w->layer != p->layer || compare_keys(&w->key, &p->key) != 0;
}

void rows_wait(struct derive *d, struct derive_part *p)
{
	struct derive_wait w = { p->key, p->layer, p->id };
	size_t i = d->queue.n;

	if (p->queued)
		return;
	p->queued = true;
	(void)VEC_PUSH(&d->queue);
	for (; i > 0 && rows_sooner(&w, &d->queue.v[(i - 1) / 2]); i = (i - 1) / 2)
		d->queue.v[i] = d->queue.v[(i - 1) / 2];
	d->queue.v[i] = w;
}

/* ---- who looks at a row ---- */

/* Are the last words of a row behind those of another? */
static bool is_later(const uint64_t a[3], const uint64_t b[3])
{
	for (size_t i = 0; i < 3; i++)
		if (a[i] != b[i])
			return a[i] > b[i];
	return false;
}

/*
 * How far behind a row those who look at it may be: at that of the n-th row after it in its
 * place. *bound: there is one.
 */
static int last_looker(struct derive *d, const struct derive_row *row, size_t n,
		       struct derive_row *out, bool *bound, struct err *e)
{
	struct derive_row at = *row;

	*bound = true;
	for (size_t i = 0; i < n && *bound; i++) {
		int got = d->store->next(d->store->ctx, &at, out, e);

		if (got < 0)
			return -1;
		*bound = got == 1 && rows_beside(out, row);
		at = *out;
		d->steps++;
	}
	return 0;
}

/* Those who look from one bucket: rows of `kind` behind `row`. */
static int touch_from(struct derive *d, const struct derive_row *row, enum rows_kind kind,
		      uint64_t cell, size_t most, int64_t until, struct err *e)
{
	struct derive_row last = *row, head = *row, look;
	uint64_t end[3] = { until == INT64_MAX ? UINT64_MAX : rows_time(until), UINT64_MAX,
			    UINT64_MAX };
	bool known = false, bound = false;

	for (uint64_t layer = row->w[0] >> 48 & 0xff; layer < TRACK_LAYERS; layer++) {
		int got;

		head.w[0] = (uint64_t)kind << 56 | layer << 48 | (row->w[0] & ROWS_ID);
		head.w[3] = cell;
		memcpy(&head.w[4], &row->w[4], 3 * sizeof(head.w[0]));
		head.w[6] |= ROWS_ID; /* behind all at this place of the order */
		got = d->store->next(d->store->ctx, &head, &look, e);
		d->steps++;
		if (got < 0)
			return -1;
		if (got == 0 || !rows_beside(&look, &head) || look.w[4] > end[0])
			continue;
		if (!known && last_looker(d, row, most, &last, &bound, e) < 0)
			return -1;
		known = true;
		last.w[6] |= ROWS_ID;
		if (bound && is_later(end, &last.w[4]))
			memcpy(end, &last.w[4], sizeof(end));
		if (work_wait(d, &head, end, false, e) < 0)
			return -1;
	}
	return 0;
}

int rows_touch(struct derive *d, const struct derive_row *row, struct err *e)
{
	int64_t until = rows_t(row) + DERIVE_FORKED_MS;
	uint64_t cell = row->w[3];

	switch ((enum rows_kind)(row->w[0] >> 56)) {
	case ROWS_NEAR:
		cell >>= 1;
		for (uint64_t c = cell == 0 ? 0 : cell - 1; c <= cell + 1; c++)
			if (track_region(c) == TRACK_RANDOM &&
			    touch_from(d, row, ROWS_NEAR, rows_cell(c, true), DERIVE_NEAR,
				       INT64_MAX, e) < 0)
				return -1;
		return 0;
	case ROWS_SPOKE:
		return touch_from(d, row, ROWS_FIXED_LOOK, cell, DERIVE_CALLS, INT64_MAX, e);
	case ROWS_CALL:
		return touch_from(d, row, ROWS_CALL_LOOK, cell, DERIVE_CALLS, until, e);
	case ROWS_FIXED_CALL:
		return touch_from(d, row, ROWS_FIXED_LOOK, cell, DERIVE_CALLS, until, e);
	default:
		return 0;
	}
}
