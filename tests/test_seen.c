#include "tests/rig.h"

#include "ingest/seen.h"

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

static enum seen_state mark(struct bench *b, int64_t node, uint32_t serial, int64_t second, bool trusted)
{
	struct seen_page *p = seen_page(&b->seen, node, serial, second, &b->e);

	if (p == NULL)
		fail_msg("%s", b->e.msg);
	return seen_mark(p, serial, second, trusted, BOOT_NO_BASE);
}

/* ---- one event after another: node, serial, second, trusted, and what it is ---- */

struct event { int64_t node; uint32_t serial; int64_t second; bool trusted; enum seen_state state; };

#define T 1795518350

static struct story { const char *name; struct event events[5]; size_t n; } stories[] = {
	{ "text twice counts once",               { { 1, 5, T, false, SEEN_NEW }, { 1, 5, T, false, SEEN_BEFORE } }, 2 },
	{ "trusted twice counts once",            { { 1, 5, T, true, SEEN_NEW }, { 1, 5, T, true, SEEN_BEFORE } }, 2 },
	{ "trusted after text is the other set's", { { 1, 5, T, false, SEEN_NEW }, { 1, 5, T, true, SEEN_OTHER }, { 1, 5, T, true, SEEN_BEFORE } }, 3 },
	{ "text after trusted is the other set's", { { 1, 5, T, true, SEEN_NEW }, { 1, 5, T, false, SEEN_OTHER }, { 1, 5, T, false, SEEN_BEFORE }, { 1, 5, T, true, SEEN_BEFORE } }, 4 },
	{ "another node is another event",        { { 1, 5, T, false, SEEN_NEW }, { 2, 5, T, false, SEEN_NEW } }, 2 },
	{ "same serial in another second",        { { 1, 5, T, false, SEEN_NEW }, { 1, 5, T + 1, false, SEEN_NEW }, { 1, 5, T, false, SEEN_BEFORE }, { 1, 5, T + 1, false, SEEN_BEFORE } }, 4 },
	{ "... has its own two bits",               { { 1, 5, T, false, SEEN_NEW }, { 1, 5, T + 1, false, SEEN_NEW }, { 1, 5, T + 1, true, SEEN_OTHER }, { 1, 5, T + 1, true, SEEN_BEFORE }, { 1, 5, T, true, SEEN_OTHER } }, 5 },
	{ "... a page of seconds later",          { { 1, 5, T, false, SEEN_NEW }, { 1, 5, T + 1024, true, SEEN_NEW }, { 1, 5, T, true, SEEN_OTHER } }, 3 },
	{ "same second, a page of serials later", { { 1, 5, T, false, SEEN_NEW }, { 1, 5 + 4096, T, false, SEEN_NEW } }, 2 },
	{ "serial 0 and the largest",             { { 1, 0, T, false, SEEN_NEW }, { 1, UINT32_MAX, T, false, SEEN_NEW }, { 1, 0, T, false, SEEN_BEFORE }, { 1, UINT32_MAX, T, false, SEEN_BEFORE } }, 4 },
	{ "the epoch and the year 9999",          { { 1, 5, 0, false, SEEN_NEW }, { 1, 5, 253402300799, false, SEEN_NEW }, { 1, 5, 0, false, SEEN_BEFORE }, { 1, 5, 253402300799, true, SEEN_OTHER } }, 4 },
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
	bytes = rig_number(&b.rig, "SELECT sum(length(data) + length(pieces) + length(trusted_pieces)) FROM seen");
	if (bytes > (int64_t)r->most_kb * 1000)
		fail_msg("%lld bytes", (long long)bytes);
	for (unsigned serial = 1; serial <= last; serial += r->step)
		assert_int_equal(mark(&b, 1, serial, T + serial / r->per_second, false), SEEN_BEFORE);
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
			seen_mark(a, dice(&seed) % (SEEN_SERIALS / density), T + dice(&seed) % 5, dice(&seed) % 2, BOOT_NO_BASE);
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
		seen_mark(a, i * 7, T + i / 3, i % 2, BOOT_NO_BASE);
	seen_mark(a, 7, T + 900, false, BOOT_NO_BASE);
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

static struct blob_row { const char *name; const char *p; size_t n; } blobs[] = {
#define BLOB(name, text) { name, text, sizeof(text) - 1 }
	BLOB("blob: nothing is refused", ""),
	BLOB("blob: unknown form is refused", "\x07\x00"),
	BLOB("blob: body longer than the blob is refused", "\x02\x05\x00"),
	BLOB("blob: run beyond the page is refused", "\x02\x06\x00\x81\x20\x01\x00\x01"),
	BLOB("blob: second beyond the page is refused", "\x00\x05\x00\x01\x80\x80\x01"),
	BLOB("blob: second before the page is refused", "\x00\x03\x00\x01\x02"),
	BLOB("blob: bitmap that is too short is refused", "\x01\x02\xff\xff"),
	BLOB("blob: serial beyond the page is refused", "\x00\x00\x80\x80\x80\x04"),
	BLOB("blob: change of the second over 64 bits' half is refused",
	     "\x00\x16\x00\x01\xfe\xff\xff\xff\xff\xff\xff\xff\xff\x01\x00\x01\xfe\xff\xff\xff\xff\xff\xff\xff\x01\x00"),
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
	buf_char(&blob, 1);
	buf_varint(&blob, sizeof(bits) + 22);
	buf_add(&blob, bits, sizeof(bits));
	for (int i = 0; i < 2; i++) {
		buf_varint(&blob, 0);
		buf_varint(&blob, UINT64_MAX - 1); /* by 2^63 - 1, twice: no number of 64 bits holds it */
	}
	assert_false(seen_decode(p, buf_bytes(&blob)));
	VEC_FREE(&p->more);
	map_release(&p->more_at);
	free(p);
}

static void trust_without_an_event_is_refused_or_dropped(void **state)
{
	struct seen_page *p = mem_zero(1, sizeof(*p));
	auto_buf struct buf blob = { 0 };
	char bits[SEEN_SERIALS / 4] = { 0 };

	(void)state;
	bits[SEEN_SERIALS / 8] = 1; /* serial 0 is trusted, but was not seen */
	buf_char(&blob, 1);
	buf_varint(&blob, sizeof(bits));
	buf_add(&blob, bits, sizeof(bits));
	if (seen_decode(p, buf_bytes(&blob))) {
		assert_int_equal(seen_mark(p, 0, T, false, BOOT_NO_BASE), SEEN_NEW);
		assert_int_equal(seen_mark(p, 0, T, true, BOOT_NO_BASE), SEEN_OTHER);
	}
	VEC_FREE(&p->more);
	map_release(&p->more_at);
	free(p);
}

/* ---- more pages than memory keeps ---- */

static void pages_that_are_evicted_are_not_forgotten(void **state)
{
	struct bench b;

	(void)state;
	bench_open(&b);
	for (int round = 0; round < 2; round++)
		for (uint32_t i = 0; i < 3000; i++)
			assert_int_equal(mark(&b, 1 + i % 2, i * 4096, T + i, round), round ? SEEN_OTHER : SEEN_NEW);
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
		mark(&b, 1, i % SEEN_SERIALS, (T / SEEN_SECONDS) * SEEN_SECONDS + i / SEEN_SERIALS, false);
	bench_close(&b);
}

static void the_same_serials_in_many_seconds_stay_cheap(void **state)
{
	(void)state;
	assert_not_quadratic(mark_in_many_seconds, 60000u);
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
	ADD(&t, trust_without_an_event_is_refused_or_dropped);
	ADD(&t, pages_that_are_evicted_are_not_forgotten);
	ADD(&t, the_same_serials_in_many_seconds_stay_cheap);
	return run_rows(&t, "seen");
}
