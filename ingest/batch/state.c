#include "ingest/batch/state.h"

#include "ingest/track/pack.h"

#include <stdlib.h>

#define MANY 8192 /* parts, or images, that are held between batches: some 6 MB */

static const char schema[] = "CREATE TABLE IF NOT EXISTS derive_page (first BLOB PRIMARY KEY, "
			     "body BLOB NOT NULL) STRICT, WITHOUT ROWID;"
			     "CREATE TABLE IF NOT EXISTS derive_part (id INTEGER PRIMARY KEY, "
			     "body BLOB NOT NULL) STRICT;"
			     "CREATE TABLE IF NOT EXISTS derive_image (id INTEGER PRIMARY KEY, "
			     "founder INTEGER NOT NULL, tree INTEGER NOT NULL, "
			     "above INTEGER NOT NULL, parts INTEGER NOT NULL, "
			     "path INTEGER NOT NULL) STRICT;"
			     "CREATE TABLE IF NOT EXISTS derive_mark (node INTEGER NOT NULL, "
			     "pid INTEGER NOT NULL, body BLOB NOT NULL, PRIMARY KEY (node, pid)) "
			     "STRICT, WITHOUT ROWID;";

static const char *const statements[STATE_STMTS] = {
	[STATE_PAGE] = "SELECT first, body FROM derive_page WHERE first <= ?1 ORDER BY first DESC "
		       "LIMIT 1",
	[STATE_SET_PAGE] = "INSERT INTO derive_page VALUES (?1, ?2) ON CONFLICT DO UPDATE SET "
			   "body = excluded.body",
	[STATE_DEL_PAGE] = "DELETE FROM derive_page WHERE first = ?1",
	[STATE_PART] = "SELECT body FROM derive_part WHERE id = ?1",
	[STATE_SET_PART] = "INSERT INTO derive_part VALUES (?1, ?2) ON CONFLICT DO UPDATE SET "
			   "body = excluded.body",
	[STATE_DEL_PART] = "DELETE FROM derive_part WHERE id = ?1",
	[STATE_IMAGE] = "SELECT founder, tree, above, parts, path FROM derive_image WHERE "
			"id = ?1",
	[STATE_SET_IMAGE] = "INSERT INTO derive_image VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT "
			    "DO UPDATE SET founder = excluded.founder, tree = excluded.tree, "
			    "above = excluded.above, parts = excluded.parts, path = excluded.path",
	[STATE_DEL_IMAGE] = "DELETE FROM derive_image WHERE id = ?1",
	[STATE_MARK] = "SELECT body FROM derive_mark WHERE node = ?1 AND pid = ?2",
	[STATE_SET_MARK] = "INSERT INTO derive_mark VALUES (?1, ?2, ?3) ON CONFLICT DO UPDATE SET "
			   "body = excluded.body",
	[STATE_DEL_MARK] = "DELETE FROM derive_mark WHERE node = ?1 AND pid = ?2",
};

/*
 * ---- keys: words in an encoding that keeps their order, a length and as many bytes, the high
 * ones first ----
 */

#define KEY_MAX (DERIVE_WORDS * 9)

static size_t encode_key(const struct derive_row *row, unsigned char *out)
{
	size_t n = 0;

	for (size_t i = 0; i < DERIVE_WORDS; i++) {
		unsigned length = row->w[i] == 0 ? 0 : 8 - (unsigned)__builtin_clzll(row->w[i]) / 8;

		out[n++] = (unsigned char)length;
		while (length-- > 0)
			out[n++] = (unsigned char)(row->w[i] >> 8 * length);
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

static int damaged(struct state *s, const char *table, struct err *e)
{
	return err_set(e, ST_SYSTEM, "store %s: a row of table %s is damaged", s->store->path,
		       table);
}

static sqlite3_stmt *statement(struct state *s, int id, struct err *e)
{
	if (s->stmt[id] == NULL &&
	    sqlite3_prepare_v3(s->store->db, statements[id], -1, SQLITE_PREPARE_PERSISTENT,
			       &s->stmt[id], NULL) != SQLITE_OK)
		store_fail(s->store, e);
	return s->stmt[id];
}

static int finish(struct state *s, sqlite3_stmt *st, struct err *e)
{
	int got = sqlite3_step(st);

	if (sqlite3_reset(st) != SQLITE_OK || got != SQLITE_DONE)
		return store_fail(s->store, e);
	return 0;
}

/* ---- rows ---- */

static int find_page(void *ctx, const struct derive_row *at, struct derive_row *first,
		     struct buf *body, struct err *e)
{
	unsigned char key[KEY_MAX];
	struct state *s = ctx;
	sqlite3_stmt *st = statement(s, STATE_PAGE, e);
	struct bytes found;
	bool fine = true;
	int got;

	if (st == NULL)
		return -1;
	sqlite3_bind_blob(st, 1, key, (int)encode_key(at, key), SQLITE_STATIC);
	got = sqlite3_step(st);
	if (got == SQLITE_ROW) {
		fine = decode_key(store_column(st, 0), first);
		found = store_column(st, 1);
		buf_add(body, found.p, found.n);
	}
	if (sqlite3_reset(st) != SQLITE_OK)
		return store_fail(s->store, e);
	return !fine ? damaged(s, "derive_page", e) : got == SQLITE_ROW;
}

static int put_page(void *ctx, const struct derive_row *first, struct bytes body, struct err *e)
{
	unsigned char key[KEY_MAX];
	struct state *s = ctx;
	sqlite3_stmt *st = statement(s, STATE_SET_PAGE, e);

	if (st == NULL)
		return -1;
	sqlite3_bind_blob(st, 1, key, (int)encode_key(first, key), SQLITE_STATIC);
	sqlite3_bind_blob(st, 2, body.p, (int)body.n, SQLITE_STATIC);
	return finish(s, st, e);
}

static int del_page(void *ctx, const struct derive_row *first, struct err *e)
{
	unsigned char key[KEY_MAX];
	struct state *s = ctx;
	sqlite3_stmt *st = statement(s, STATE_DEL_PAGE, e);

	if (st == NULL)
		return -1;
	sqlite3_bind_blob(st, 1, key, (int)encode_key(first, key), SQLITE_STATIC);
	return finish(s, st, e);
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

enum {
	FLAG_LOADER = 1,
	FLAG_STARTS = 2,
	FLAG_FIRST = 4,
	FLAG_EXECS_FIRST = 8,
	FLAG_BORN = 16,
	FLAG_ASKS = 32,
	FLAG_TEXT = 64
};

#define N_NUMBERS 24

/* The fields of a part in the order in which they are written. */
static void numbers_of(const struct derive_part *p, int64_t out[N_NUMBERS])
{
	const int64_t v[N_NUMBERS] = {
		p->key.node,
		p->key.boot,
		p->key.t,
		p->key.serial,
		p->key.pid,
		p->key.seq,
		p->birth_pid,
		p->birth_t,
		p->birth_serial,
		p->exe,
		p->name,
		p->t_last - p->key.t,
		p->t_end == TRACK_LIVES ? -1 : 0,
		p->t_end == TRACK_LIVES ? 0 : p->t_end - p->key.t,
		p->s_last,
		p->uid,
		p->auid,
		p->from,
		(int64_t)p->rows_sum,
		p->image,
		p->link,
		p->rule,
		(p->loader ? FLAG_LOADER : 0) | (p->starts ? FLAG_STARTS : 0) |
			(p->first ? FLAG_FIRST : 0) | (p->execs_first ? FLAG_EXECS_FIRST : 0) |
			(p->born ? FLAG_BORN : 0) | (p->asks_calls ? FLAG_ASKS : 0) |
			(p->layer == TRACK_TEXT ? FLAG_TEXT : 0),
		p->n_intervals,
	};

	memcpy(out, v, sizeof(v));
}

static void set_numbers(struct derive_part *p, const int64_t v[N_NUMBERS])
{
	int64_t flags = v[22];

	p->key = (struct track_key){ v[0],           (uint32_t)v[1], v[2],
				     (uint32_t)v[3], (int32_t)v[4],  (uint16_t)v[5] };
	p->birth_pid = (int32_t)v[6];
	p->birth_t = v[7];
	p->birth_serial = (uint32_t)v[8];
	p->exe = v[9];
	p->name = v[10];
	p->t_last = v[11] + p->key.t;
	p->t_end = v[12] < 0 ? TRACK_LIVES : v[13] + p->key.t;
	p->s_last = (uint32_t)v[14];
	p->uid = (uint32_t)v[15];
	p->auid = (uint32_t)v[16];
	p->from = v[17];
	p->rows_sum = (uint64_t)v[18];
	p->image = v[19];
	p->link = v[20];
	p->rule = (uint8_t)v[21];
	p->n_intervals = (uint32_t)v[23];
	p->loader = flags & FLAG_LOADER;
	p->starts = flags & FLAG_STARTS;
	p->first = flags & FLAG_FIRST;
	p->execs_first = flags & FLAG_EXECS_FIRST;
	p->born = flags & FLAG_BORN;
	p->asks_calls = flags & FLAG_ASKS;
	p->layer = flags & FLAG_TEXT ? TRACK_TEXT : TRACK_TRUSTED;
}

static void encode_part(const struct derive_part *p, struct buf *out)
{
	int64_t v[N_NUMBERS];

	out->n = 0;
	numbers_of(p, v);
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

static bool decode_part(struct bytes b, struct derive_part *p)
{
	int64_t v[N_NUMBERS];
	uint64_t n, x, y;

	for (size_t i = 0; i < N_NUMBERS; i++)
		if (!unpack_signed(&b, &v[i]))
			return false;
	set_numbers(p, v);
	if (!bytes_varint(&b, &n))
		return false;
	for (; n > 0; n--) {
		if (!bytes_varint(&b, &x) || !bytes_varint(&b, &y))
			return false;
		*VEC_PUSH(&p->looks) = (struct derive_look){ (int64_t)x, y };
	}
	if (!bytes_varint(&b, &n))
		return false;
	for (; n > 0; n--) {
		if (!bytes_varint(&b, &x) || !bytes_varint(&b, &y))
			return false;
		*VEC_PUSH(&p->sites) = (struct track_site){ (int64_t)x, y };
	}
	if (!bytes_varint(&b, &n))
		return false;
	for (; n > 0; n--) {
		if (!bytes_varint(&b, &x))
			return false;
		*VEC_PUSH(&p->witnesses) = (int64_t)x;
	}
	return b.n == 0;
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
	struct derive_part *p = NULL;
	sqlite3_stmt *st;
	int got;

	*out = NULL;
	if (at != 0) {
		*out = s->parts.v[at - 1];
		return 0;
	}
	st = statement(s, STATE_PART, e);
	if (st == NULL)
		return -1;
	sqlite3_bind_int64(st, 1, id);
	got = sqlite3_step(st);
	if (got == SQLITE_ROW) {
		p = mem_zero(1, sizeof(*p));
		p->id = id;
		if (!decode_part(store_column(st, 0), p)) {
			derive_part_free(p);
			sqlite3_reset(st);
			return damaged(s, "derive_part", e);
		}
	}
	if (sqlite3_reset(st) != SQLITE_OK) {
		derive_part_free(p);
		return store_fail(s->store, e);
	}
	hold_part(s, id, p);
	*out = p;
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
	sqlite3_stmt *st;

	*out = NULL;
	if (at != 0) {
		*out = s->images.v[at - 1];
		return 0;
	}
	st = statement(s, STATE_IMAGE, e);
	if (st == NULL)
		return -1;
	sqlite3_bind_int64(st, 1, id);
	if (sqlite3_step(st) == SQLITE_ROW) {
		*out = mem_alloc(sizeof(**out));
		**out = (struct derive_image){ id,
						sqlite3_column_int64(st, 0),
						sqlite3_column_int64(st, 1),
						sqlite3_column_int64(st, 2),
						(uint64_t)sqlite3_column_int64(st, 3),
						sqlite3_column_int64(st, 4) };
	}
	hold_image(s, id, *out);
	return sqlite3_reset(st) != SQLITE_OK ? store_fail(s->store, e) : 0;
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

/* ---- marks: written at once, since a batch comes to a pid once ---- */

static int get_mark(void *ctx, int64_t node, int32_t pid, struct buf *out, struct err *e)
{
	struct state *s = ctx;
	sqlite3_stmt *st = statement(s, STATE_MARK, e);
	struct bytes body = { 0 };

	if (st == NULL)
		return -1;
	sqlite3_bind_int64(st, 1, node);
	sqlite3_bind_int64(st, 2, pid);
	if (sqlite3_step(st) == SQLITE_ROW)
		body = store_column(st, 0);
	out->n = 0;
	buf_add(out, body.p, body.n);
	return sqlite3_reset(st) != SQLITE_OK ? store_fail(s->store, e) : out->n > 0;
}

static int keep_mark(void *ctx, int64_t node, int32_t pid, struct bytes body, struct err *e)
{
	struct state *s = ctx;
	sqlite3_stmt *st = statement(s, body.n > 0 ? STATE_SET_MARK : STATE_DEL_MARK, e);

	if (st == NULL)
		return -1;
	sqlite3_bind_int64(st, 1, node);
	sqlite3_bind_int64(st, 2, pid);
	if (body.n > 0)
		sqlite3_bind_blob(st, 3, body.p, (int)body.n, SQLITE_STATIC);
	return finish(s, st, e);
}

/* ---- all ---- */

int state_init(struct state *s, struct store *store, struct err *e)
{
	const struct pages_below below = { s, find_page, put_page, del_page };

	*s = (struct state){ .store = store, .api = { s, put_row, del_row, next_row, prev_row, get_part, keep_part, drop_part,
						      get_image, keep_image, drop_image, get_mark, keep_mark } };
	if (sqlite3_exec(store->db, schema, NULL, NULL, NULL) != SQLITE_OK)
		return store_fail(store, e);
	pages_init(&s->pages, &below);
	return 0;
}

static void forget(struct state *s)
{
	for (size_t i = 0; i < s->parts.n; i++)
		derive_part_free(s->parts.v[i]);
	for (size_t i = 0; i < s->images.n; i++)
		free(s->images.v[i]);
	map_clear(&s->part_at);
	map_clear(&s->image_at);
	s->parts.n = s->images.n = s->changed_parts.n = s->changed_images.n = s->gone_parts.n =
		s->gone_images.n = 0;
}

void state_release(struct state *s)
{
	forget(s);
	pages_release(&s->pages);
	for (int i = 0; i < STATE_STMTS; i++)
		sqlite3_finalize(s->stmt[i]);
	map_release(&s->part_at);
	map_release(&s->image_at);
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

static int save_part(struct state *s, int64_t id, struct buf *body, struct err *e)
{
	const struct derive_part *p = s->parts.v[map_get(&s->part_at, (uint64_t)id, 0, 0) - 1];
	sqlite3_stmt *st = p == NULL ? NULL : statement(s, STATE_SET_PART, e);

	if (p == NULL)
		return 0; /* it went again */
	if (st == NULL)
		return -1;
	encode_part(p, body);
	sqlite3_bind_int64(st, 1, id);
	sqlite3_bind_blob(st, 2, body->p, (int)body->n, SQLITE_STATIC);
	return finish(s, st, e);
}

static int save_image(struct state *s, int64_t id, struct err *e)
{
	const struct derive_image *m = s->images.v[map_get(&s->image_at, (uint64_t)id, 0, 0) - 1];
	sqlite3_stmt *st = m == NULL ? NULL : statement(s, STATE_SET_IMAGE, e);

	if (m == NULL)
		return 0;
	if (st == NULL)
		return -1;
	sqlite3_bind_int64(st, 1, m->id);
	sqlite3_bind_int64(st, 2, m->founder);
	sqlite3_bind_int64(st, 3, m->tree);
	sqlite3_bind_int64(st, 4, m->above);
	sqlite3_bind_int64(st, 5, (int64_t)m->n);
	sqlite3_bind_int64(st, 6, m->path);
	return finish(s, st, e);
}

static int save_gone(struct state *s, int id, const int64_t *v, size_t n, struct err *e)
{
	sqlite3_stmt *st = n == 0 ? NULL : statement(s, id, e);

	for (size_t i = 0; i < n; i++) {
		if (st == NULL)
			return -1;
		sqlite3_bind_int64(st, 1, v[i]);
		if (finish(s, st, e) < 0)
			return -1;
	}
	return 0;
}

int state_save(struct state *s, struct err *e)
{
	auto_buf struct buf body = { 0 };
	int ret = 0;

	if (s->changed_parts.n > 1)
		qsort(s->changed_parts.v, s->changed_parts.n, sizeof(int64_t), by_id);
	if (s->changed_images.n > 1)
		qsort(s->changed_images.v, s->changed_images.n, sizeof(int64_t), by_id);
	for (size_t i = 0; i < s->changed_parts.n && ret == 0; i++)
		if (i == 0 || s->changed_parts.v[i] != s->changed_parts.v[i - 1])
			ret = save_part(s, s->changed_parts.v[i], &body, e);
	for (size_t i = 0; i < s->changed_images.n && ret == 0; i++)
		if (i == 0 || s->changed_images.v[i] != s->changed_images.v[i - 1])
			ret = save_image(s, s->changed_images.v[i], e);
	if (ret == 0)
		ret = save_gone(s, STATE_DEL_PART, s->gone_parts.v, s->gone_parts.n, e);
	if (ret == 0)
		ret = save_gone(s, STATE_DEL_IMAGE, s->gone_images.v, s->gone_images.n, e);
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
	sqlite3_stmt *st = NULL;
	int ret = -1;

	if (sqlite3_prepare_v2(s->store->db,
			       "SELECT ifnull((SELECT max(id) FROM derive_part), 0), "
			       "ifnull((SELECT max(id) FROM derive_image), 0)",
			       -1, &st, NULL) == SQLITE_OK &&
	    sqlite3_step(st) == SQLITE_ROW) {
		*part = sqlite3_column_int64(st, 0);
		*image = sqlite3_column_int64(st, 1);
		ret = 0;
	}
	if (ret < 0)
		store_fail(s->store, e);
	sqlite3_finalize(st);
	return ret;
}
