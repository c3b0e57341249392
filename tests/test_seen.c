// SPDX-License-Identifier: Apache-2.0
/* The seen set: pages, encodings, hostile bodies, boots' pieces. */
#include "tests/rig.h"

#include "ingest/batch/seen.h"

struct bench {
	struct rig rig;
	struct seen seen;
	struct err e;
};

static void bench_open(struct bench *b)
{
	bool changed;

	*b = (struct bench){ 0 };
	rig_open(&b->rig);
	assert_ok(store_begin(&b->rig.store, &changed, &b->e), &b->e);
	seen_init(&b->seen, &b->rig.store);
}

/* Writes, forgets, so that all is read from the store again. */
static void bench_reload(struct bench *b)
{
	assert_ok(seen_flush(&b->seen, &b->e), &b->e);
	seen_forget(&b->seen);
}

static void bench_close(struct bench *b)
{
	seen_release(&b->seen);
	store_rollback(&b->rig.store);
	rig_close(&b->rig);
}

static enum seen_state mark(struct bench *b, int64_t node, uint32_t serial, int64_t second,
			    bool trusted)
{
	struct seen_page *p = seen_page(&b->seen, node, serial, second, &b->e);

	if (p == NULL)
		fail_msg("%s", b->e.msg);
	return seen_mark(p, serial, second, trusted, BOOT_NO_TIME);
}

/* ---- one event after another: node, serial, second, trusted, and what it is ---- */

struct event {
	int64_t node;
	uint32_t serial;
	int64_t second;
	bool trusted;
	enum seen_state state;
};

#define T 1795518350

static struct story { const char *name; struct event events[5]; size_t n;
} stories[] = {
	{ "text twice counts once",
	  { { 1, 5, T, false, SEEN_NEW }, { 1, 5, T, false, SEEN_BEFORE } },
	  2 },
	{ "trusted twice counts once",
	  { { 1, 5, T, true, SEEN_NEW }, { 1, 5, T, true, SEEN_BEFORE } },
	  2 },
	{ "trusted after text is the other set's",
	  { { 1, 5, T, false, SEEN_NEW },
	    { 1, 5, T, true, SEEN_OTHER },
	    { 1, 5, T, true, SEEN_BEFORE } },
	  3 },
	{ "text after trusted is the other set's",
	  { { 1, 5, T, true, SEEN_NEW },
	    { 1, 5, T, false, SEEN_OTHER },
	    { 1, 5, T, false, SEEN_BEFORE },
	    { 1, 5, T, true, SEEN_BEFORE } },
	  4 },
	{ "another node is another event",
	  { { 1, 5, T, false, SEEN_NEW }, { 2, 5, T, false, SEEN_NEW } },
	  2 },
	{ "same serial in another second",
	  { { 1, 5, T, false, SEEN_NEW },
	    { 1, 5, T + 1, false, SEEN_NEW },
	    { 1, 5, T, false, SEEN_BEFORE },
	    { 1, 5, T + 1, false, SEEN_BEFORE } },
	  4 },
	{ "... has its own two bits",
	  { { 1, 5, T, false, SEEN_NEW },
	    { 1, 5, T + 1, false, SEEN_NEW },
	    { 1, 5, T + 1, true, SEEN_OTHER },
	    { 1, 5, T + 1, true, SEEN_BEFORE },
	    { 1, 5, T, true, SEEN_OTHER } },
	  5 },
	{ "... a page of seconds later",
	  { { 1, 5, T, false, SEEN_NEW },
	    { 1, 5, T + 1024, true, SEEN_NEW },
	    { 1, 5, T, true, SEEN_OTHER } },
	  3 },
	{ "same second, a page of serials later",
	  { { 1, 5, T, false, SEEN_NEW }, { 1, 5 + 4096, T, false, SEEN_NEW } },
	  2 },
	{ "serial 0 and the largest",
	  { { 1, 0, T, false, SEEN_NEW },
	    { 1, UINT32_MAX, T, false, SEEN_NEW },
	    { 1, 0, T, false, SEEN_BEFORE },
	    { 1, UINT32_MAX, T, false, SEEN_BEFORE } },
	  4 },
	{ "the epoch and the year 9999",
	  { { 1, 5, 0, false, SEEN_NEW },
	    { 1, 5, 253402300799, false, SEEN_NEW },
	    { 1, 5, 0, false, SEEN_BEFORE },
	    { 1, 5, 253402300799, true, SEEN_OTHER } },
	  4 },
};

static void tell(const struct story *s, bool reload)
{
	struct bench b;

	bench_open(&b);
	for (size_t i = 0; i < s->n; i++) {
		const struct event *ev = &s->events[i];

		if (mark(&b, ev->node, ev->serial, ev->second, ev->trusted) != ev->state)
			fail_msg("event %zu is not %d", i + 1, (int)ev->state);
		if (reload)
			bench_reload(&b);
	}
	bench_close(&b);
}

static void check_story(void **state)
{
	tell(*state, false);
}

static void check_story_through_the_store(void **state)
{
	tell(*state, true);
}

/* ---- how much it takes ---- */

#define N 10000000u

static struct size_row { const char *name; unsigned step, per_second, most_kb; } sizes[] = {
	{ "size: a million consecutive events are tens of kilobytes", 1, 700, 60 },
	{ "size: every second serial of ten million are a few megabytes", 2, 1000, 4000 },
	{ "size: every tenth serial of ten million", 10, 1000, 4000 },
	{ "size: every 4096th serial of ten million: no worse than a row each", 4096, 100, 100 },
};

static void check_size(void **state)
{
	const struct size_row *r = *state;
	unsigned last = r->step == 1 ? N / 10 : N, events = 0;
	struct bench b;
	int64_t bytes;

	bench_open(&b);
	for (unsigned serial = 1; serial <= last; serial += r->step)
		events += mark(&b, 1, serial, T + serial / r->per_second, false) == SEEN_NEW;
	assert_int_equal(events, (last - 1) / r->step + 1);
	bench_reload(&b);
	bytes = rig_number(
		&b.rig,
		"SELECT sum(length(data) + length(pieces) + length(trusted_pieces)) FROM seen");
	if (bytes > (int64_t)r->most_kb * 1000)
		fail_msg("%lld bytes", (long long)bytes);
	for (unsigned serial = 1; serial <= last; serial += r->step)
		assert_int_equal(mark(&b, 1, serial, T + serial / r->per_second, false),
				 SEEN_BEFORE);
	bench_close(&b);
}

/* ---- the blob ---- */

static uint32_t dice(uint32_t *x)
{
	*x = *x * 1664525u + 1013904223u;
	return *x >> 8;
}

static void random_pages_survive_the_round_trip(void **state)
{
	uint32_t seed = 1;

	(void)state;
	for (int round = 0; round < 200; round++) {
		struct seen_page *a = mem_zero(1, sizeof(*a)), *b = mem_zero(1, sizeof(*b));
		auto_buf struct buf first = { 0 }, second = { 0 };
		uint32_t n = dice(&seed) % 6000, density = 1 + dice(&seed) % 8;

		for (uint32_t i = 0; i < n; i++)
			seen_mark(a, dice(&seed) % (SEEN_SERIALS / density), T + dice(&seed) % 5,
				  dice(&seed) % 2, BOOT_NO_TIME);
		seen_encode(a, &first);
		assert_true(seen_decode(b, buf_bytes(&first)));
		seen_encode(b, &second);
		assert_true(bytes_eq(buf_bytes(&first), buf_bytes(&second)));
		assert_memory_equal(a->at, b->at, sizeof(a->at));
		assert_int_equal(a->more.n, b->more.n);
		VEC_FREE(&a->more);
		map_release(&a->more_at);
		VEC_FREE(&b->more);
		map_release(&b->more_at);
		free(a);
		free(b);
	}
}

static void a_cut_blob_is_refused_or_reads_less(void **state)
{
	struct seen_page *a = mem_zero(1, sizeof(*a));
	auto_buf struct buf whole = { 0 };
	unsigned refused = 0;

	(void)state;
	for (unsigned i = 0; i < 300; i++)
		seen_mark(a, i * 7, T + i / 3, i % 2, BOOT_NO_TIME);
	seen_mark(a, 7, T + 900, false, BOOT_NO_TIME);
	seen_encode(a, &whole);
	for (size_t n = 0; n < whole.n; n++) {
		struct seen_page *b = mem_zero(1, sizeof(*b));
		char *copy = exact_copy((struct bytes){ whole.p, n });

		refused += !seen_decode(b, (struct bytes){ copy, n });
		VEC_FREE(&b->more);
		map_release(&b->more_at);
		free(b);
		free(copy);
	}
	assert_true(refused > whole.n - 10);
	VEC_FREE(&a->more);
	map_release(&a->more_at);
	free(a);
}

static struct blob_row { const char *name; const char *p; size_t n;
} blobs[] = {
#define BLOB(name, text) { name, text, sizeof(text) - 1 }
	BLOB("blob: nothing is refused", ""),
	BLOB("blob: unknown form is refused", "\x07\x00"),
	BLOB("blob: runs of version 3 are refused", "\x00\x03\x00\x01\x00"),
	BLOB("blob: body longer than the blob is refused", "\x02\x05\x00"),
	BLOB("blob: run beyond the page is refused", "\x02\x06\x00\x81\x20\x01\x00\x01"),
	BLOB("blob: second beyond the page is refused", "\x02\x05\x00\x01\x81\x80\x01"),
	BLOB("blob: second before the page is refused", "\x02\x03\x00\x01\x05"),
	BLOB("blob: an event that nobody brought is refused", "\x02\x03\x00\x01\x00"),
	BLOB("blob: two runs that are one are refused", "\x02\x06\x00\x01\x01\x00\x01\x01"),
	BLOB("blob: a number that is longer than it has to be is refused",
	     "\x02\x04\x80\x00\x01\x01"),
	BLOB("blob: bitmap that is too short is refused", "\x03\x02\xff\xff"),
	BLOB("blob: serial beyond the page is refused", "\x02\x00\x80\x80\x80\x08"),
	BLOB("blob: another second of a serial that has none is refused", "\x02\x00\x85\x40"),
	BLOB("blob: the same event twice is refused", "\x02\x03\x05\x01\x01\x82\xa0\x01"),
	BLOB("blob: text before a trusted event is refused", "\x02\x03\x05\x01\x02\x85\xa0\x01"),
	BLOB("blob: change of the second over 64 bits' half is refused",
	     "\x02\x16\x00\x01\xfd\xff\xff\xff\xff\xff\xff\xff\xff\x01\x00\x01\xfd\xff\xff\xff\xff\xff\xff\xff\x01\x01"),
};

static void check_blob(void **state)
{
	const struct blob_row *r = *state;
	struct seen_page *p = mem_zero(1, sizeof(*p));
	char *copy = exact_copy((struct bytes){ r->p, r->n });

	assert_false(seen_decode(p, (struct bytes){ copy, r->n }));
	VEC_FREE(&p->more);
	map_release(&p->more_at);
	free(p);
	free(copy);
}

/* Bitmaps with a wild second: found by the fuzzer's sort of input, kept as a row of its own. */
static void a_bitmap_with_a_wild_second_is_refused(void **state)
{
	struct seen_page *p = mem_zero(1, sizeof(*p));
	auto_buf struct buf blob = { 0 };
	char bits[SEEN_SERIALS / 4];

	(void)state;
	memset(bits, 0xff, sizeof(bits));
	buf_char(&blob, 3);
	buf_varint(&blob, sizeof(bits) + 22);
	buf_add(&blob, bits, sizeof(bits));
	for (int i = 0; i < 2; i++) {
		buf_varint(&blob, 0);
		buf_varint(&blob,
			   UINT64_MAX - 1); /* by 2^63 - 1, twice: no number of 64 bits holds it */
	}
	assert_false(seen_decode(p, buf_bytes(&blob)));
	VEC_FREE(&p->more);
	map_release(&p->more_at);
	free(p);
}

/* ---- one blob for a set of events ---- */

static void drop(struct seen_page *p)
{
	VEC_FREE(&p->more);
	map_release(&p->more_at);
	free(p);
}

struct marks { struct mark { uint32_t serial; int64_t second; bool trusted; } *v; size_t n, cap; };

static void some_marks(uint32_t *seed, struct marks *out)
{
	uint32_t serials = 1 + dice(seed) % (dice(seed) % 2 ? 40 : SEEN_SERIALS),
		 seconds = 1 + dice(seed) % 30, trusted = dice(seed) % 5;

	out->n = 0;
	for (uint32_t n = 1 + dice(seed) % (dice(seed) % 4 ? 60 : 5000); n > 0; n--)
		*VEC_PUSH(out) = (struct mark){ dice(seed) % serials, dice(seed) % seconds,
						dice(seed) % 4 < trusted };
}

static void shuffle(uint32_t *seed, struct marks *m)
{
	for (size_t i = m->n; i > 1; i--) {
		size_t k = dice(seed) % i;
		struct mark was = m->v[k];

		m->v[k] = m->v[i - 1];
		m->v[i - 1] = was;
	}
}

/* Some that are taken back again come and go in between; the page is written now and then. */
static void mark_all(uint32_t *seed, const struct marks *m, struct seen_page *p, bool gaps)
{
	for (size_t i = 0; i < m->n; i++) {
		const struct mark *k = &m->v[i];

		if (gaps && dice(seed) % 8 == 0) {
			uint32_t second = 500 + dice(seed) % 3;

			seen_mark(p, k->serial, second, dice(seed) % 2, BOOT_NO_TIME);
			seen_mark(p, k->serial, k->second, k->trusted, BOOT_NO_TIME);
			seen_unmark(p, k->serial, second);
		}
		seen_mark(p, k->serial, k->second, k->trusted, BOOT_NO_TIME);
		if (gaps && dice(seed) % 50 == 0) {
			auto_buf struct buf blob = { 0 };

			seen_encode(p, &blob);
		}
	}
}

static void a_set_of_events_has_one_blob(void **state)
{
	uint32_t seed = 3;
	struct marks m = { 0 };

	(void)state;
	for (int round = 0; round < 500; round++) {
		struct seen_page *a = mem_zero(1, sizeof(*a)), *b = mem_zero(1, sizeof(*b)),
				 *c = mem_zero(1, sizeof(*c));
		auto_buf struct buf one = { 0 }, two = { 0 };

		some_marks(&seed, &m);
		mark_all(&seed, &m, a, false);
		shuffle(&seed, &m);
		mark_all(&seed, &m, b, true);
		seen_encode(a, &one);
		seen_encode(b, &two);
		assert_true(bytes_eq(buf_bytes(&one), buf_bytes(&two)));
		assert_true(seen_decode(c, buf_bytes(&one)));
		for (size_t i = 0; i < m.n; i++)
			assert_int_equal(seen_mark(c, m.v[i].serial, m.v[i].second, m.v[i].trusted,
						   BOOT_NO_TIME),
					 SEEN_BEFORE);
		drop(a);
		drop(b);
		drop(c);
	}
	VEC_FREE(&m);
}

/* Whatever is done to a blob: it is refused, or it is the one blob of some set. */
static void no_blob_is_read_that_is_not_written(void **state)
{
	uint32_t seed = 4;
	struct marks m = { 0 };
	unsigned read = 0;

	(void)state;
	for (int round = 0; round < 3000; round++) {
		struct seen_page *a = mem_zero(1, sizeof(*a)), *b = mem_zero(1, sizeof(*b));
		auto_buf struct buf one = { 0 }, two = { 0 };
		char *copy;
		size_t n;

		some_marks(&seed, &m);
		mark_all(&seed, &m, a, false);
		seen_encode(a, &one);
		n = one.n - (dice(&seed) % 3 == 0 ? dice(&seed) % one.n : 0);
		for (uint32_t k = dice(&seed) % 4; k > 0; k--)
			one.p[dice(&seed) % n] ^= (char)(1 << dice(&seed) % 8);
		copy = exact_copy((struct bytes){ one.p, n });
		if (seen_decode(b, (struct bytes){ copy, n })) {
			seen_encode(b, &two);
			assert_true(bytes_eq((struct bytes){ copy, n }, buf_bytes(&two)));
			read++;
		}
		free(copy);
		drop(a);
		drop(b);
	}
	assert_in_range(read, 300, 2900);
	VEC_FREE(&m);
}

/* ---- blobs of version 3 ---- */

/* Written by that version: lines of text first, then some that were trusted. */
static void a_page_of_version_3_is_read(void **state)
{
	static const char blob[] = "\x00\x13\x05\x01\xB8\x1C\x00\x01\x01\x00\x01\x04\x20\x01\x20"
				   "\x00\x01\x01\x12\x01\x05\x9E\x5E\xA1\x5E\xB1\x5E";
	static const struct event events[] = {
		{ 1, 5, T, false, SEEN_NEW },	  { 1, 7, T + 1, false, SEEN_NEW },
		{ 1, 5, T + 1, false, SEEN_NEW }, { 1, 40, T + 9, false, SEEN_NEW },
		{ 1, 6, T, true, SEEN_NEW },	  { 1, 5, T + 2, true, SEEN_NEW },
		{ 1, 41, T + 9, true, SEEN_NEW }, { 1, 60, T + 10, true, SEEN_NEW },
		{ 1, 5, T + 10, true, SEEN_NEW },
	};
	struct seen_page *p = mem_zero(1, sizeof(*p)), *q = mem_zero(1, sizeof(*q));
	auto_buf struct buf now = { 0 }, want = { 0 };

	(void)state;
	assert_true(seen_decode_v3(p, (struct bytes){ blob, sizeof(blob) - 1 }));
	seen_encode(p, &now);
	for (size_t i = 0; i < ARRAY_SIZE(events); i++)
		seen_mark(q, events[i].serial, events[i].second, events[i].trusted, BOOT_NO_TIME);
	seen_encode(q, &want);
	assert_true(bytes_eq(buf_bytes(&now), buf_bytes(&want)));
	drop(p);
	drop(q);
}

/* As version 3 wrote a page: in `at` what came first. `trusted` and `seen`: by serial. */
struct page_v3 { int at[SEEN_SERIALS]; bool trusted[SEEN_SERIALS]; struct marks more; };

static void mark_v3(struct page_v3 *p, const struct mark *m)
{
	if (p->at[m->serial] == 0 || p->at[m->serial] == m->second + 1) {
		p->at[m->serial] = (int)m->second + 1;
		p->trusted[m->serial] = p->trusted[m->serial] || m->trusted;
		return;
	}
	for (size_t i = 0; i < p->more.n; i++)
		if (p->more.v[i].serial == m->serial && p->more.v[i].second == m->second) {
			p->more.v[i].trusted = p->more.v[i].trusted || m->trusted;
			return;
		}
	*VEC_PUSH(&p->more) = *m;
}

static int by_mark(const void *a, const void *b)
{
	const struct mark *x = a, *y = b;

	return x->serial != y->serial  ? (x->serial < y->serial ? -1 : 1)
	       : x->second < y->second ? -1
				       : x->second > y->second;
}

static uint64_t zigzag(int64_t v)
{
	return (uint64_t)v << 1 ^ (uint64_t)(v >> 63);
}

static void encode_v3(struct page_v3 *p, bool bitmap, struct buf *out)
{
	auto_buf struct buf body = { 0 };
	char bits[2][SEEN_SERIALS / 8] = { { 0 } };
	uint64_t since = 0;
	int second = 0, end = 0;

	for (int i = 0; i < SEEN_SERIALS; i++) {
		if (p->at[i] == 0)
			continue;
		bits[0][i / 8] = (char)(bits[0][i / 8] | 1 << (i % 8));
		bits[1][i / 8] = (char)(bits[1][i / 8] | p->trusted[i] << (i % 8));
	}
	if (bitmap)
		buf_add(&body, bits, sizeof(bits));
	for (int i = 0; i < SEEN_SERIALS; i++) {
		if (p->at[i] == 0)
			continue;
		if (!bitmap) {
			buf_varint(&body, (uint64_t)(i - end));
			buf_varint(&body, 1);
			buf_varint(&body, zigzag(p->at[i] - 1 - second) << 1 | p->trusted[i]);
		} else if (p->at[i] - 1 != second) {
			buf_varint(&body, since);
			buf_varint(&body, zigzag(p->at[i] - 1 - second));
			since = 0;
		}
		second = p->at[i] - 1;
		end = i + 1;
		since++;
	}
	buf_char(out, bitmap);
	buf_varint(out, body.n);
	buf_add(out, body.p, body.n);
	if (p->more.n > 1)
		qsort(p->more.v, p->more.n, sizeof(*p->more.v), by_mark);
	for (size_t i = 0; i < p->more.n; i++)
		buf_varint(out, (uint64_t)p->more.v[i].serial << 11 |
					(uint64_t)p->more.v[i].second << 1 | p->more.v[i].trusted);
}

/* After `forget --unsee` had left a gap, that version could have an event twice. */
static void a_page_of_version_3_with_an_event_twice_is_read(void **state)
{
	static const struct { const char *blob; size_t n; bool trusted; } rows[] = {
		{ "\x00\x03\x05\x01\x00\x80\x50", 7, false }, /* serial 5, second 0: text, text */
		{ "\x00\x03\x05\x01\x00\x81\x50", 7, true },
		{ "\x00\x03\x05\x01\x01\x80\x50", 7, true },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct seen_page *p = mem_zero(1, sizeof(*p)), *q = mem_zero(1, sizeof(*q));
		auto_buf struct buf now = { 0 };

		assert_true(seen_decode_v3(p, (struct bytes){ rows[i].blob, rows[i].n }));
		assert_int_equal(p->more.n, 0);
		seen_encode(p, &now);
		assert_true(seen_decode(q, buf_bytes(&now)));
		assert_int_equal(seen_mark(q, 5, 0, rows[i].trusted, BOOT_NO_TIME), SEEN_BEFORE);
		assert_int_equal(seen_mark(q, 5, 0, !rows[i].trusted, BOOT_NO_TIME), SEEN_OTHER);
		drop(p);
		drop(q);
	}
}

static void pages_of_version_3_are_read(void **state)
{
	uint32_t seed = 5;
	struct marks m = { 0 };

	(void)state;
	for (int round = 0; round < 300; round++) {
		struct seen_page *p = mem_zero(1, sizeof(*p)), *q = mem_zero(1, sizeof(*q));
		struct page_v3 *old = mem_zero(1, sizeof(*old));
		auto_buf struct buf blob = { 0 }, now = { 0 }, want = { 0 };

		some_marks(&seed, &m);
		for (size_t i = 0; i < m.n && i < 800; i++)
			mark_v3(old, &m.v[i]);
		encode_v3(old, round % 2, &blob);
		assert_true(seen_decode_v3(p, buf_bytes(&blob)));
		seen_encode(p, &now);
		for (uint32_t i = 0; i < SEEN_SERIALS; i++)
			if (old->at[i] != 0)
				seen_mark(q, i, old->at[i] - 1, old->trusted[i], BOOT_NO_TIME);
		for (size_t i = 0; i < old->more.n; i++)
			seen_mark(q, old->more.v[i].serial, old->more.v[i].second,
				  old->more.v[i].trusted, BOOT_NO_TIME);
		seen_encode(q, &want);
		assert_true(bytes_eq(buf_bytes(&now), buf_bytes(&want)));
		VEC_FREE(&old->more);
		free(old);
		drop(p);
		drop(q);
	}
	VEC_FREE(&m);
}

/* ---- more pages than memory keeps ---- */

static void pages_that_are_evicted_are_not_forgotten(void **state)
{
	struct bench b;

	(void)state;
	bench_open(&b);
	for (int round = 0; round < 2; round++)
		for (uint32_t i = 0; i < 3000; i++)
			assert_int_equal(mark(&b, 1 + i % 2, i * 4096, T + i, round),
					 round ? SEEN_OTHER : SEEN_NEW);
	for (uint32_t i = 0; i < 3000; i++)
		assert_int_equal(mark(&b, 1 + i % 2, i * 4096, T + i, true), SEEN_BEFORE);
	bench_close(&b);
}

/* A user can write any line: the same serials in many seconds. */
static void mark_in_many_seconds(unsigned n)
{
	struct bench b;

	bench_open(&b);
	for (unsigned i = 0; i < n; i++)
		mark(&b, 1, i % SEEN_SERIALS, (T / SEEN_SECONDS) * SEEN_SECONDS + i / SEEN_SERIALS,
		     false);
	bench_close(&b);
}

static void the_same_serials_in_many_seconds_stay_cheap(void **state)
{
	(void)state;
	assert_not_quadratic(mark_in_many_seconds, 60000u);
}

/* ---- pieces: events of one page (serial, second; trusted) to "events serials seconds;" ---- */

static struct pieces_row {
	const char *name;
	struct {
		uint32_t serial;
		int second;
	} events[6];
	size_t n;
	const char *pieces;
} pieces_rows[] = {
	{ "pieces: serials that rise are one",
	  { { 10, 0 }, { 20, 1 }, { 30, 2 } },
	  3,
	  "3 10-30 0-2;" },
	{ "pieces: a fall begins another",
	  { { 100, 0 }, { 110, 1 }, { 5, 2 }, { 6, 3 } },
	  4,
	  "2 100-110 0-1;2 5-6 2-3;" },
	{ "pieces: of one second what lies near is one",
	  { { 50, 3 }, { 10, 5 }, { 266, 5 } },
	  3,
	  "1 50-50 3-3;2 10-266 5-5;" },
	{ "pieces: what lies further apart is not",
	  { { 50, 3 }, { 10, 5 }, { 267, 5 } },
	  3,
	  "2 50-267 3-5;1 10-10 5-5;" },
};

static void check_pieces(void **state)
{
	const struct pieces_row *row = *state;
	struct boot_pieces pieces = { 0 };
	auto_buf struct buf got = { 0 };
	struct bench b;
	struct seen_page *p;

	bench_open(&b);
	for (size_t i = 0; i < row->n; i++)
		mark(&b, 1, row->events[i].serial, SEEN_SECONDS * 1000 + row->events[i].second,
		     true);
	p = seen_page(&b.seen, 1, row->events[0].serial, SEEN_SECONDS * 1000, &b.e);
	assert_non_null(p);
	seen_pieces(p, TRACK_TRUSTED, &pieces);
	for (size_t i = 0; i < pieces.n; i++)
		buf_printf(&got, "%u %u-%u %d-%d;", pieces.v[i].events, pieces.v[i].serial_lo,
			   pieces.v[i].serial_hi, (int)(pieces.v[i].sec_lo - SEEN_SECONDS * 1000),
			   (int)(pieces.v[i].sec_hi - SEEN_SECONDS * 1000));
	assert_string_equal(buf_text(&got), row->pieces);
	VEC_FREE(&pieces);
	bench_close(&b);
}

int main(void)
{
	static char names[ARRAY_SIZE(stories)][96];
	struct tests t = { 0 };

	ADD_ROWS(&t, stories, check_story);
	for (size_t i = 0; i < ARRAY_SIZE(stories); i++) {
		snprintf(names[i], sizeof(names[i]), "through the store: %s", stories[i].name);
		add_test(&t, names[i], check_story_through_the_store, &stories[i]);
	}
	ADD_ROWS(&t, sizes, check_size);
	ADD(&t, random_pages_survive_the_round_trip);
	ADD(&t, a_cut_blob_is_refused_or_reads_less);
	ADD_ROWS(&t, blobs, check_blob);
	ADD(&t, a_bitmap_with_a_wild_second_is_refused);
	ADD(&t, a_set_of_events_has_one_blob);
	ADD(&t, no_blob_is_read_that_is_not_written);
	ADD(&t, a_page_of_version_3_is_read);
	ADD(&t, a_page_of_version_3_with_an_event_twice_is_read);
	ADD(&t, pages_of_version_3_are_read);
	ADD(&t, pages_that_are_evicted_are_not_forgotten);
	ADD(&t, the_same_serials_in_many_seconds_stay_cheap);
	ADD_ROWS(&t, pieces_rows, check_pieces);
	return run_rows(&t, "seen");
}
