// SPDX-License-Identifier: Apache-2.0
/*
 * Parts and images of the derivation: loaded when asked for, kept for a batch, encoded and saved
 * at its end.
 */
#include "ingest/batch/state.h"

#include "ingest/track/pack.h"
#include "store/model/obs.h"
#include "store/rows/derive_row.h"
#include "store/rows/image.h"
#include "store/rows/part.h"

#include <stdlib.h>

#define MANY 8192 /* parts, or images, that are held between batches: some 6 MB */

/*
 * ---- keys: words in an encoding that keeps their order, a length and as many bytes, the high
 * ones first ----
 */

#define KEY_MAX (DERIVE_WORDS * 9)

static size_t encode_key(const struct derive_row *row, char *out)
{
	size_t n = 0;

	for (size_t i = 0; i < DERIVE_WORDS; i++) {
		unsigned length = row->w[i] == 0 ? 0 : 8 - (unsigned)__builtin_clzll(row->w[i]) / 8;

		out[n++] = (char)length;
		while (length-- > 0)
			out[n++] = (char)(row->w[i] >> 8 * length);
	}
	return n;
}

static bool decode_key(struct bytes key, struct derive_row *out)
{
	size_t at = 0;

	for (size_t i = 0; i < DERIVE_WORDS; i++) {
		size_t length = at < key.n ? (unsigned char)key.p[at++] : 9;

		if (length > 8 || key.n - at < length)
			return false;
		out->w[i] = 0;
		while (length-- > 0)
			out->w[i] = out->w[i] << 8 | (unsigned char)key.p[at++];
	}
	return at == key.n;
}

/* ---- rows, by pages ---- */

struct page_to { struct state *s; struct derive_row *first; struct buf *body; bool found; };

static int take_page(void *to, struct bytes first, struct bytes body, struct err *e)
{
	struct page_to *p = to;

	if (!decode_key(first, p->first))
		return store_damaged(p->s->store, "derive_page", 0, "no key can be read in it", e);
	buf_add(p->body, body.p, body.n);
	p->found = true;
	return 0;
}

static int find_page(void *ctx, const struct derive_row *at, struct derive_row *first,
		     struct buf *body, struct err *e)
{
	struct state *s = ctx;
	char key[KEY_MAX];
	struct bytes b = { key, encode_key(at, key) };
	struct page_to to = { s, first, body, false };

	if (derive_row_find_page(s->store, b, (struct derive_page_take){ take_page, &to }, e) < 0)
		return -1;
	return to.found;
}

static int put_page(void *ctx, const struct derive_row *first, struct bytes body, struct err *e)
{
	struct state *s = ctx;
	char key[KEY_MAX];
	struct bytes b = { key, encode_key(first, key) };

	return derive_row_save_page(s->store, b, body, e);
}

static int del_page(void *ctx, const struct derive_row *first, struct err *e)
{
	struct state *s = ctx;
	char key[KEY_MAX];
	struct bytes b = { key, encode_key(first, key) };

	return derive_row_del_page(s->store, b, e);
}

static int put_row(void *ctx, const struct derive_row *row, struct err *e)
{
	struct state *s = ctx;

	return pages_put(&s->pages, row, e);
}

static int del_row(void *ctx, const struct derive_row *row, struct err *e)
{
	struct state *s = ctx;

	return pages_del(&s->pages, row, e);
}

static int next_row(void *ctx, const struct derive_row *from, struct derive_row *out, struct err *e)
{
	struct state *s = ctx;

	return pages_next(&s->pages, from, out, e);
}

static int prev_row(void *ctx, const struct derive_row *from, struct derive_row *out, struct err *e)
{
	struct state *s = ctx;

	return pages_prev(&s->pages, from, out, e);
}

/* ---- parts ---- */

/* What no reader asks for, in one column. */
enum { FLAG_FIRST = 1, FLAG_EXECS_FIRST = 2, FLAG_BORN = 4, FLAG_ASKS = 8 };

#define N_NUMBERS 9

static void encode_state(const struct derive_part *p, struct buf *out)
{
	const int64_t v[N_NUMBERS] = {
		p->key.seq,
		(p->first ? FLAG_FIRST : 0) | (p->execs_first ? FLAG_EXECS_FIRST : 0) |
			(p->born ? FLAG_BORN : 0) | (p->asks_calls ? FLAG_ASKS : 0),
		p->birth_pid,
		p->birth_t - (p->born ? p->key.t : 0),
		p->birth_serial,
		p->from,
		(int64_t)p->rows_sum,
		p->rule,
		p->n_intervals,
	};

	out->n = 0;
	for (size_t i = 0; i < N_NUMBERS; i++)
		pack_signed(out, v[i]);
	buf_varint(out, p->looks.n);
	for (size_t i = 0; i < p->looks.n; i++) {
		buf_varint(out, (uint64_t)p->looks.v[i].exe);
		buf_varint(out, p->looks.v[i].cell);
	}
	buf_varint(out, p->sites.n);
	for (size_t i = 0; i < p->sites.n; i++) {
		buf_varint(out, (uint64_t)p->sites.v[i].call);
		buf_varint(out, p->sites.v[i].ip);
	}
	buf_varint(out, p->witnesses.n);
	for (size_t i = 0; i < p->witnesses.n; i++)
		buf_varint(out, (uint64_t)p->witnesses.v[i]);
}

static bool decode_numbers(struct bytes *b, struct derive_part *p)
{
	int64_t v[N_NUMBERS];

	for (size_t i = 0; i < N_NUMBERS; i++)
		if (!unpack_signed(b, &v[i]))
			return false;
	p->key.seq = (uint16_t)v[0];
	p->first = v[1] & FLAG_FIRST;
	p->execs_first = v[1] & FLAG_EXECS_FIRST;
	p->born = v[1] & FLAG_BORN;
	p->asks_calls = v[1] & FLAG_ASKS;
	p->birth_pid = (int32_t)v[2];
	p->birth_t = v[3] + (p->born ? p->key.t : 0);
	p->birth_serial = (uint32_t)v[4];
	p->from = v[5];
	p->rows_sum = (uint64_t)v[6];
	p->rule = (uint8_t)v[7];
	p->n_intervals = (uint32_t)v[8];
	return v[5] >= 0 && v[5] <= OBS_ROW_MAX && v[7] >= 0 && v[7] < DERIVE_RULES;
}

static bool decode_state(struct bytes b, struct derive_part *p)
{
	uint64_t n, x, y;

	if (!decode_numbers(&b, p) || !buf_take_varint(&b, &n))
		return false;
	for (; n > 0; n--) {
		if (!buf_take_varint(&b, &x) || !buf_take_varint(&b, &y))
			return false;
		*VEC_PUSH(&p->looks) = (struct derive_look){ (int64_t)x, y };
	}
	if (!buf_take_varint(&b, &n))
		return false;
	for (; n > 0; n--) {
		if (!buf_take_varint(&b, &x) || !buf_take_varint(&b, &y))
			return false;
		*VEC_PUSH(&p->sites) = (struct track_site){ (int64_t)x, y };
	}
	if (!buf_take_varint(&b, &n))
		return false;
	for (; n > 0; n--) {
		if (!buf_take_varint(&b, &x) || x > OBS_ROW_MAX)
			return false;
		*VEC_PUSH(&p->witnesses) = (int64_t)x;
	}
	return b.n == 0;
}

struct part_to { struct state *s; struct derive_part *p; };

static int take_part(void *to, const struct part_row *r, struct err *e)
{
	struct part_to *t = to;
	struct derive_part *p;

	t->p = p = mem_zero(1, sizeof(*p));
	*p = (struct derive_part){
		.id = r->id,
		.key = { r->node, r->boot, r->t_first, r->s_first, r->pid, 0 },
		.layer = r->trusted ? TRACK_TRUSTED : TRACK_TEXT,
		.image = r->image,
		.link = r->link,
		.exe = r->exe,
		.name = r->name,
		.loader = r->loader,
		.starts = r->starts,
		.t_last = r->t_last,
		.t_end = r->t_end == WHEN_NONE ? TRACK_LIVES : r->t_end,
		.s_last = r->s_last,
		.uid = r->uid,
		.auid = r->auid,
	};
	return decode_state(r->state, p) ?
		       0 :
		       store_damaged(t->s->store, "part", r->id, "its state cannot be read", e);
}

static void hold_part(struct state *s, int64_t id, struct derive_part *p)
{
	int64_t at = map_get(&s->part_at, (uint64_t)id, 0, 0);

	if (at != 0) {
		s->parts.v[at - 1] = p;
		return;
	}
	map_put(&s->part_at, (uint64_t)id, 0, (int64_t)s->parts.n + 1);
	*VEC_PUSH(&s->parts) = p;
}

static int get_part(void *ctx, int64_t id, struct derive_part **out, struct err *e)
{
	struct state *s = ctx;
	int64_t at = map_get(&s->part_at, (uint64_t)id, 0, 0);
	struct part_to to = { s, NULL };

	*out = NULL;
	if (at != 0) {
		*out = s->parts.v[at - 1];
		return 0;
	}
	if (part_find(s->store, id, (struct part_take){ take_part, &to }, e) < 0) {
		derive_part_free(to.p);
		return -1;
	}
	hold_part(s, id, to.p);
	if (to.p != NULL)
		map_put(&s->stored_image, (uint64_t)id, 0, to.p->image);
	*out = to.p;
	return 0;
}

static int keep_part(void *ctx, struct derive_part *p, struct err *e)
{
	struct state *s = ctx;

	(void)e;
	hold_part(s, p->id, p);
	*VEC_PUSH(&s->changed_parts) = p->id;
	return 0;
}

static int drop_part(void *ctx, int64_t id, struct err *e)
{
	struct state *s = ctx;
	int64_t at = map_get(&s->part_at, (uint64_t)id, 0, 0);

	(void)e;
	if (at != 0) {
		derive_part_free(s->parts.v[at - 1]);
		s->parts.v[at - 1] = NULL;
	}
	*VEC_PUSH(&s->gone_parts) = id;
	return 0;
}

/* ---- images ---- */

static void hold_image(struct state *s, int64_t id, struct derive_image *m)
{
	int64_t at = map_get(&s->image_at, (uint64_t)id, 0, 0);

	if (at != 0) {
		s->images.v[at - 1] = m;
		return;
	}
	map_put(&s->image_at, (uint64_t)id, 0, (int64_t)s->images.n + 1);
	*VEC_PUSH(&s->images) = m;
}

static int get_image(void *ctx, int64_t id, struct derive_image **out, struct err *e)
{
	struct state *s = ctx;
	int64_t at = map_get(&s->image_at, (uint64_t)id, 0, 0);
	struct derive_image *m = NULL;
	struct image_row r;
	bool found;

	*out = NULL;
	if (at != 0) {
		*out = s->images.v[at - 1];
		return 0;
	}
	if (image_find(s->store, id, &r, &found, e) < 0)
		return -1;
	if (found) {
		m = mem_alloc(sizeof(*m));
		*m = (struct derive_image){ .id = id,
					    .founder = r.founder,
					    .above = r.above,
					    .tree = r.tree,
					    .path = r.path,
					    .n = r.parts };
		map_put(&s->stored_tree, (uint64_t)id, 0, m->tree);
	}
	hold_image(s, id, m);
	*out = m;
	return 0;
}

static int keep_image(void *ctx, struct derive_image *m, struct err *e)
{
	struct state *s = ctx;

	(void)e;
	hold_image(s, m->id, m);
	*VEC_PUSH(&s->changed_images) = m->id;
	return 0;
}

static int drop_image(void *ctx, int64_t id, struct err *e)
{
	struct state *s = ctx;
	int64_t at = map_get(&s->image_at, (uint64_t)id, 0, 0);

	(void)e;
	if (at != 0) {
		free(s->images.v[at - 1]);
		s->images.v[at - 1] = NULL;
	}
	*VEC_PUSH(&s->gone_images) = id;
	return 0;
}

/* ---- marks ---- */

static int get_mark(void *ctx, int64_t node, int32_t pid, struct buf *out, struct err *e)
{
	struct state *s = ctx;

	out->n = 0;
	if (derive_row_find_mark(s->store, node, pid, out, e) < 0)
		return -1;
	return out->n > 0;
}

static int keep_mark(void *ctx, int64_t node, int32_t pid, struct bytes body, struct err *e)
{
	struct state *s = ctx;

	return derive_row_save_mark(s->store, node, pid, body, e);
}

/* ---- all ---- */

void state_init(struct state *s, struct store *store)
{
	const struct pages_below below = { s, find_page, put_page, del_page };

	*s = (struct state){ .store = store,
			     .api = { s, put_row, del_row, next_row, prev_row, get_part, keep_part,
				      drop_part, get_image, keep_image, drop_image, get_mark,
				      keep_mark } };
	pages_init(&s->pages, &below);
}

static void forget(struct state *s)
{
	for (size_t i = 0; i < s->parts.n; i++)
		derive_part_free(s->parts.v[i]);
	for (size_t i = 0; i < s->images.n; i++)
		free(s->images.v[i]);
	map_clear(&s->part_at);
	map_clear(&s->image_at);
	map_clear(&s->stored_image);
	map_clear(&s->stored_tree);
	s->parts.n = s->images.n = s->changed_parts.n = s->changed_images.n = s->gone_parts.n =
		s->gone_images.n = 0;
}

void state_release(struct state *s)
{
	forget(s);
	pages_release(&s->pages);
	map_release(&s->part_at);
	map_release(&s->image_at);
	map_release(&s->stored_image);
	map_release(&s->stored_tree);
	VEC_FREE(&s->parts);
	VEC_FREE(&s->images);
	VEC_FREE(&s->changed_parts);
	VEC_FREE(&s->changed_images);
	VEC_FREE(&s->gone_parts);
	VEC_FREE(&s->gone_images);
}

static int by_id(const void *a, const void *b)
{
	const int64_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

static void each_once(struct state_ids *ids)
{
	size_t left = 0;

	if (ids->n > 1)
		qsort(ids->v, ids->n, sizeof(*ids->v), by_id);
	for (size_t i = 0; i < ids->n; i++)
		if (left == 0 || ids->v[i] != ids->v[left - 1])
			ids->v[left++] = ids->v[i];
	ids->n = left;
}

struct derive_part *state_part(const struct state *s, int64_t id)
{
	int64_t at = map_get(&s->part_at, (uint64_t)id, 0, 0);

	return at == 0 ? NULL : s->parts.v[at - 1];
}

struct derive_image *state_image(const struct state *s, int64_t id)
{
	int64_t at = map_get(&s->image_at, (uint64_t)id, 0, 0);

	return at == 0 ? NULL : s->images.v[at - 1];
}

static int save_part(struct state *s, const struct derive_part *p, struct buf *text, struct err *e)
{
	if (p == NULL)
		return 0; /* it went again */
	map_put(&s->stored_image, (uint64_t)p->id, 0, p->image);
	encode_state(p, text);
	return part_save(
		s->store,
		&(struct part_row){ .id = p->id,
				    .node = p->key.node,
				    .pid = p->key.pid,
				    .boot = p->key.boot,
				    .trusted = p->layer == TRACK_TRUSTED,
				    .image = p->image,
				    .link = p->link,
				    .exe = p->exe,
				    .name = p->name,
				    .loader = p->loader,
				    .starts = p->starts,
				    .t_first = p->key.t,
				    .t_last = p->t_last,
				    .t_end = p->t_end == TRACK_LIVES ? WHEN_NONE : p->t_end,
				    .s_first = p->key.serial,
				    .s_last = p->s_last,
				    .uid = p->uid,
				    .auid = p->auid,
				    .state = buf_bytes(text) },
		e);
}

static int save_image(struct state *s, const struct derive_image *m, struct err *e)
{
	if (m == NULL)
		return 0;
	map_put(&s->stored_tree, (uint64_t)m->id, 0, m->tree);
	return image_save(s->store,
			  &(struct image_row){ .id = m->id,
					       .founder = m->founder,
					       .above = m->above,
					       .tree = m->tree,
					       .path = m->path,
					       .parts = m->n },
			  e);
}

static int delete_part(struct state *s, int64_t id, struct err *e)
{
	map_put(&s->stored_image, (uint64_t)id, 0, -1);
	return part_del(s->store, id, e);
}

static int delete_image(struct state *s, int64_t id, struct err *e)
{
	map_put(&s->stored_tree, (uint64_t)id, 0, 0);
	return image_del(s->store, id, e);
}

void state_list(struct state *s)
{
	each_once(&s->changed_parts);
	each_once(&s->changed_images);
}

int state_save(struct state *s, struct err *e)
{
	auto_buf struct buf text = { 0 };
	int ret = 0;

	state_list(s);
	for (size_t i = 0; i < s->changed_parts.n && ret == 0; i++)
		ret = save_part(s, state_part(s, s->changed_parts.v[i]), &text, e);
	for (size_t i = 0; i < s->changed_images.n && ret == 0; i++)
		ret = save_image(s, state_image(s, s->changed_images.v[i]), e);
	for (size_t i = 0; i < s->gone_parts.n && ret == 0; i++)
		ret = delete_part(s, s->gone_parts.v[i], e);
	for (size_t i = 0; i < s->gone_images.n && ret == 0; i++)
		ret = delete_image(s, s->gone_images.v[i], e);
	if (ret == 0)
		ret = pages_write(&s->pages, e);
	s->changed_parts.n = s->changed_images.n = s->gone_parts.n = s->gone_images.n = 0;
	if (ret < 0 || s->parts.n > MANY || s->images.n > MANY)
		forget(s);
	return ret;
}

void state_forget(struct state *s)
{
	forget(s);
	pages_drop(&s->pages);
}

int state_top(struct state *s, int64_t *part, int64_t *image, struct err *e)
{
	return part_top(s->store, part, e) < 0 ? -1 : image_top(s->store, image, e);
}
