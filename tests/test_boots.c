// SPDX-License-Identifier: Apache-2.0
/*
 * Boots of a node: the same whatever came first, in whatever pieces, found anew or from where they
 * changed; those of trusted events as if there were no text.
 *
 * Random sets of events in both layers, with reboots, steps of the clock, wraps of the serial and
 * forged lines. `make test` runs as many as take some seconds; SCAUDIT_LONG=1 runs 20,000. The seed
 * is printed; SCAUDIT_SEED takes it.
 */
#include "tests/rig.h"

#include "ingest/batch/seen.h"
#include "store/rows/seen_row.h"

#define T INT64_C(1795518350)
#define DAY 86400
#define NONE BOOT_NO_TIME

/* ---- chance ---- */

static uint64_t chance_state;

static uint32_t dice(uint32_t n)
{
	chance_state ^= chance_state << 13;
	chance_state ^= chance_state >> 7;
	chance_state ^= chance_state << 17;
	return (uint32_t)((chance_state >> 16) % n);
}

static bool chance(uint32_t percent)
{
	return dice(100) < percent;
}

/* In how many cases what happened. */
static struct sums {
	unsigned cases, reboots, text_alone, before, behind, moved, stayed, gone_on;
} sums, here;

static void add_case(void)
{
	sums.cases++;
	sums.reboots += here.reboots > 0;
	sums.text_alone += here.text_alone > 0;
	sums.before += here.before > 0;
	sums.behind += here.behind > 0;
	sums.moved += here.moved > 0;
	sums.stayed += here.stayed > 0;
	sums.gone_on += here.gone_on > 0;
}

/* Runs many cases; `share`: of so many, one. */
static void many_cases(unsigned share, void one(void))
{
	const char *given = getenv("SCAUDIT_SEED"), *number = getenv("SCAUDIT_CASES");
	unsigned long long seed = given ? strtoull(given, NULL, 10)
					: (unsigned long long)time(NULL);
	unsigned n = (number		       ? (unsigned)atoi(number)
		      : getenv("SCAUDIT_LONG") ? 20000
					       : 2000) /
		     share;

	fprintf(stderr, "# seed %llu, %u cases\n", seed, n);
	for (unsigned i = 0; i < n; i++) {
		chance_state = (seed + i) * 0x9e3779b97f4a7c15u + 1;
		for (int k = 0; k < 8; k++)
			dice(2);
		here = (struct sums){ 0 };
		one();
		add_case();
	}
}

static void print_share(const char *what, unsigned n)
{
	fprintf(stderr, "#   %5.1f %%  %s\n", 100.0 * n / sums.cases, what);
	if (sums.cases >= 500 && n * 100 < sums.cases)
		fail_msg("'%s' in fewer than 1 %% of the cases", what);
}

/* ---- a node's events, and lines that tell of them ---- */

struct event { int64_t second; uint32_t serial; bool has[TRACK_LAYERS]; };
struct line { uint32_t event; bool trusted; int64_t boot_time; };

static struct world {
	VEC(struct event) events;
	VEC(struct line) lines;
	struct map index;
	size_t honest;          /* events that happened come before those that were invented */
} w;

static void world_clear(void)
{
	w.events.n = w.lines.n = w.honest = 0;
	map_clear(&w.index);
}

static void mark_event(int64_t second, uint32_t serial, bool trusted, int64_t boot_time)
{
	int64_t at = map_get(&w.index, (uint64_t)second, serial, -1);

	if (second < 0)
		return;
	if (at < 0) {
		at = (int64_t)w.events.n;
		map_put(&w.index, (uint64_t)second, serial, at);
		*VEC_PUSH(&w.events) = (struct event){ second, serial, { false, false } };
	}
	*VEC_PUSH(&w.lines) = (struct line){ (uint32_t)at, trusted, boot_time };
}

/* Boots one after the other: how serials and times go on, and who tells of them. */
static void honest_events(unsigned n)
{
	uint32_t serial = chance(20) ? UINT32_MAX - dice(2000) : dice(100000),
		 step = chance(20) ? 5000 : 1 + dice(40);
	uint32_t pace = chance(20) ? 900 : 1 + dice(60), by_trusted = dice(101),
		 by_text = dice(101);
	bool base_of_trusted = chance(30), base_of_text = chance(50);
	int64_t second = T + dice(5000), began = second - dice(1000);

	for (unsigned i = 0; i < n; i++) {
		bool trusted = chance(by_trusted);

		if (chance(4)) { /* a reboot */
			serial = chance(70) ? 1 + dice(50) : serial + dice(3000);
			second += 5 + dice(2000);
			began = second - 3;
		}
		if (chance(2)) /* a step of the clock */
			second += (chance(50) ? 1 : -1) * (int64_t)(chance(50) ? DAY : dice(3000));
		serial += 1 + dice(step);
		second += chance(60) ? 0 : dice(pace);
		if (trusted)
			mark_event(second, serial, true, base_of_trusted ? began : NONE);
		if (chance(by_text))
			mark_event(second, serial, false, base_of_text ? began + dice(2) : NONE);
	}
	w.honest = w.events.n;
}

/* Lines that anybody can write, each kind by itself or several. */
static void forged_events(unsigned n)
{
	static const int64_t far[] = { -DAY, DAY, -1024, 1024, -40 * DAY, 40 * DAY };

	for (unsigned i = 0; i < n && w.honest > 0; i++) {
		struct event e = w.events.v[dice((uint32_t)w.honest)];
		int64_t boot_time = chance(40) ? e.second - dice(100000) : NONE;

		switch (dice(7)) {
		case 0: /* another time */
			e.second += far[dice(ARRAY_SIZE(far))];
			break;
		case 1: /* the same second, any serial */
			e.serial = chance(50) ? dice(UINT32_MAX) : e.serial + dice(9000) - 4500;
			break;
		case 2: /* the same serial in another second of the page */
			e.second += (int64_t)dice(60) - 30;
			break;
		case 3: /* the event itself, with a base of the forger's choice */
			boot_time = e.second - dice(100000);
			break;
		case 4: /* a whole boot of it */
			for (uint32_t k = 0, from = dice(100000); k < 12; k++)
				mark_event(e.second + k, from + k * 300, false, boot_time);
			continue;
		case 5: /* serials that fall */
			for (uint32_t k = 0; k < 12; k++)
				mark_event(e.second + k, e.serial - k * 100, false, boot_time);
			continue;
		default:
			e.second = T - 5000 + dice(20000);
			e.serial = dice(UINT32_MAX);
		}
		mark_event(e.second, e.serial, false, boot_time);
	}
}

static void shuffle(void)
{
	for (size_t i = w.lines.n; i > 1; i--) {
		uint32_t k = dice((uint32_t)i);
		struct line was = w.lines.v[k];

		w.lines.v[k] = w.lines.v[i - 1];
		w.lines.v[i - 1] = was;
	}
}

/* ---- a store with a node for each reading ---- */

static struct rig rig;
static struct err e;
static int64_t nodes;

static void open_rig(void)
{
	bool changed;

	memset(&sums, 0, sizeof(sums));
	rig_open(&rig);
	assert_ok(store_begin(&rig.store, &changed, &e), &e);
}

static void close_rig(void)
{
	VEC_FREE(&w.events);
	VEC_FREE(&w.lines);
	map_release(&w.index);
	store_rollback(&rig.store);
	rig_close(&rig);
}

struct reading { int64_t node; struct seen seen; struct boots boots; };

static void begin(struct reading *r)
{
	*r = (struct reading){ .node = ++nodes };
	seen_init(&r->seen, &rig.store);
	assert_ok(boots_load(&r->boots, &rig.store, r->node, &e), &e);
}

static struct seen_page *page_of(struct reading *r, const struct event *ev)
{
	struct seen_page *p = seen_page_quick(&r->seen, r->node, ev->serial, ev->second);

	if (p == NULL)
		p = seen_page(&r->seen, r->node, ev->serial, ev->second, &e);
	if (p == NULL)
		fail_msg("%s", e.msg);
	return p;
}

static void mark(struct reading *r, const struct line *l)
{
	struct event *ev = &w.events.v[l->event];
	enum track_layer layer = l->trusted ? TRACK_TRUSTED : TRACK_TEXT;
	enum seen_state want = ev->has[layer]	 ? SEEN_BEFORE
			       : ev->has[!layer] ? SEEN_OTHER
						 : SEEN_NEW;

	assert_int_equal(
		seen_mark(page_of(r, ev), ev->serial, ev->second, l->trusted, l->boot_time), want);
	ev->has[layer] = true;
}

/* The boots of all events of a layer that are there. */
struct known { uint32_t event, boot; enum track_layer layer; };
struct knowns { struct known *v; size_t n, cap; };

static void know(const struct boots *b, struct knowns *out)
{
	for (uint32_t i = 0; i < w.events.n; i++)
		for (int layer = 0; layer < TRACK_LAYERS; layer++)
			if (w.events.v[i].has[layer])
				*VEC_PUSH(out) = (struct known){
					i,
					boots_of(b, (enum track_layer)layer, w.events.v[i].second,
						 w.events.v[i].serial),
					(enum track_layer)layer
				};
}

/* What a commit does. Each event whose boot has moved was said to. */
static void commit(struct reading *r, const struct knowns *before)
{
	int64_t since[TRACK_LAYERS];
	bool any = false;

	assert_ok(seen_flush(&r->seen, &e), &e);
	assert_ok(boots_renew(&r->boots, &rig.store, r->node, r->seen.changed.v, r->seen.changed.n,
			      since, &e),
		  &e);
	r->seen.changed.n = 0;
	for (size_t i = 0; i < before->n; i++) {
		const struct known *k = &before->v[i];
		const struct event *ev = &w.events.v[k->event];

		if (!ev->has[k->layer] ||
		    boots_of(&r->boots, k->layer, ev->second, ev->serial) == k->boot)
			continue;
		any = true;
		if (ev->second < since[k->layer])
			fail_msg("an event of layer %d, second %lld, has moved; said since %lld",
				 k->layer, (long long)ev->second, (long long)since[k->layer]);
	}
	here.moved += any;
}

static void end(struct reading *r)
{
	seen_release(&r->seen);
	boots_release(&r->boots);
}

/* Events that nobody told of come, and are taken back. */
static void come_and_go(struct reading *r, struct event *strays, unsigned n, bool come)
{
	for (unsigned i = 0; i < n; i++) {
		struct event *ev = &strays[i];

		if (come && map_get(&w.index, (uint64_t)ev->second, ev->serial, -1) < 0)
			seen_mark(page_of(r, ev), ev->serial, ev->second, chance(50), NONE);
		else if (!come && map_get(&w.index, (uint64_t)ev->second, ev->serial, -1) < 0)
			seen_unmark(page_of(r, ev), ev->serial, ev->second);
	}
}

/* All lines in `cuts` batches. */
static void read_all(struct reading *r, bool only_trusted, unsigned cuts, bool strays)
{
	struct event stray[20];
	struct knowns before = { 0 };
	size_t at = 0;

	for (size_t i = 0; i < w.events.n; i++)
		memset(w.events.v[i].has, 0, sizeof(w.events.v[i].has));
	for (unsigned i = 0; strays && i < ARRAY_SIZE(stray); i++) {
		stray[i] = w.events.v[dice((uint32_t)w.events.n)];
		stray[i].second += chance(50);
		stray[i].serial += dice(3);
	}
	for (unsigned cut = 0; cut <= cuts; cut++) {
		size_t to = cut == cuts ? w.lines.n : at + dice((uint32_t)(w.lines.n - at + 1));

		before.n = 0;
		know(&r->boots, &before);
		if (strays && cut == 0)
			come_and_go(r, stray, ARRAY_SIZE(stray), true);
		for (; at < to; at++)
			if (!only_trusted || w.lines.v[at].trusted)
				mark(r, &w.lines.v[at]);
		if (strays && (cut == cuts || (cut == 0 && chance(50))))
			come_and_go(r, stray, ARRAY_SIZE(stray), false);
		commit(r, &before);
		if (chance(30)) { /* another process has written */
			seen_forget(&r->seen);
			boots_release(&r->boots);
			assert_ok(boots_load(&r->boots, &rig.store, r->node, &e), &e);
		}
	}
	VEC_FREE(&before);
}

/* ---- what has to be the same ---- */

static void node_rows(const char *sql, int64_t node, struct buf *out)
{
	auto_free char *all = mem_print("%s%lld ORDER BY 1, 2", sql, (long long)node);

	rig_rows(&rig, all, out);
}

static void same_rows(const char *sql, int64_t a, int64_t b)
{
	auto_buf struct buf got = { 0 }, want = { 0 };

	node_rows(sql, a, &got);
	node_rows(sql, b, &want);
	if (strcmp(buf_text(&got), buf_text(&want)) != 0)
		fail_msg("%s\ngot\n%.600s\nexpected\n%.600s", sql, buf_text(&got), buf_text(&want));
}

#define SEEN_ROWS                                                                                  \
	"SELECT serials, seconds, hex(trusted_pieces), trusted_base_min, trusted_base_max, "       \
	"hex(pieces), base_min, base_max, hex(data) FROM seen WHERE node = "
#define TRUSTED_PIECES                                                                             \
	"SELECT serials, seconds, hex(trusted_pieces), trusted_base_min, trusted_base_max "        \
	"FROM seen WHERE length(trusted_pieces) > 0 AND node = "
#define BOOT_ROWS                                                                                  \
	"SELECT number, t_first, t_last, serial_first, serial_last, trusted FROM boot WHERE node = "
#define TRUSTED_BOOTS                                                                              \
	"SELECT number, t_first, t_last, serial_first, serial_last FROM boot "                     \
	"WHERE trusted = 1 AND node = "

static void same_boots(const struct boots *a, const struct boots *b, enum track_layer layer)
{
	for (size_t i = 0; i < w.events.n; i++) {
		const struct event *ev = &w.events.v[i];

		if (ev->has[layer] && boots_of(a, layer, ev->second, ev->serial) !=
					      boots_of(b, layer, ev->second, ev->serial))
			fail_msg("an event of layer %d, second %lld, serial %u, is of boot %u, "
				 "expected %u",
				 layer, (long long)ev->second, ev->serial,
				 boots_of(a, layer, ev->second, ev->serial),
				 boots_of(b, layer, ev->second, ev->serial));
	}
}

static void found_anew(struct reading *r)
{
	struct boots anew;

	assert_ok(boots_load(&anew, &rig.store, r->node, &e), &e);
	assert_int_equal(anew.n, r->boots.n);
	assert_int_equal(anew.n_trusted, r->boots.n_trusted);
	same_boots(&r->boots, &anew, TRACK_TRUSTED);
	same_boots(&r->boots, &anew, TRACK_TEXT);
	boots_release(&anew);
}

/* ---- text's boots, evaluated straight ---- */

static bool overlap(const struct boot_piece *a, const struct boot_piece *b)
{
	return a->sec_lo <= b->sec_hi && a->sec_hi >= b->sec_lo && a->serial_lo <= b->serial_hi &&
	       a->serial_hi >= b->serial_lo;
}

static void straight(struct reading *r)
{
	struct boot_pieces all = { 0 }, trusted = { 0 };
	uint32_t next, chains;

	for (size_t i = 0; i < r->boots.layer[TRACK_TRUSTED].pieces.n; i++)
		*VEC_PUSH(&trusted) = r->boots.layer[TRACK_TRUSTED].pieces.v[i];
	for (size_t i = 0; i < r->boots.layer[TRACK_TEXT].pieces.n; i++)
		*VEC_PUSH(&all) = r->boots.layer[TRACK_TEXT].pieces.v[i];
	next = boot_chains(&trusted);
	assert_int_equal(next, r->boots.n_trusted);
	chains = boot_chains(&all);
	for (uint32_t chain = 0; chain < chains; chain++) {
		uint32_t last = BOOT_NONE, first = BOOT_NONE;

		for (int round = 0; round < 2; round++) {
			last = BOOT_NONE;
			for (size_t i = 0; i < all.n; i++) {
				uint32_t own = BOOT_NONE, boot;

				if (all.v[i].boot != chain)
					continue;
				for (size_t k = 0; k < trusted.n && own == BOOT_NONE; k++)
					if (overlap(&trusted.v[k], &all.v[i]))
						own = trusted.v[k].boot;
				last = own != BOOT_NONE ? own : last;
				if (first == BOOT_NONE)
					first = own;
				if (round == 0)
					continue;
				boot = last != BOOT_NONE ? last : first != BOOT_NONE ? first : next;
				here.before += own == BOOT_NONE && last != BOOT_NONE;
				here.behind += last == BOOT_NONE && first != BOOT_NONE;
				assert_int_equal(boots_of(&r->boots, TRACK_TEXT, all.v[i].sec_lo,
							  all.v[i].serial_lo),
						 boot);
			}
		}
		next += first == BOOT_NONE;
	}
	if (all.n)
		assert_int_equal(next, r->boots.n);
	here.text_alone += r->boots.n > r->boots.n_trusted;
	VEC_FREE(&all);
	VEC_FREE(&trusted);
}

/*
 * ---- by hand: who tells of which second and serial, by which base, and the boot that it is of
 * ----
 */

struct told { int64_t second; uint32_t serial; bool trusted; int64_t boot_time; uint32_t boot; };

static struct told_row { const char *name; struct told v[10]; uint32_t trusted, boots;
} told[] = {
	{ "text beside trusted events is of their boot",
	  { { 10, 100, true, NONE, 0 }, { 20, 110, true, NONE, 0 }, { 15, 105, false, NONE, 0 } },
	  1,
	  1 },
	{ "text before and behind them, too",
	  { { 10, 90, false, NONE, 0 },
	    { 20, 110, true, NONE, 0 },
	    { 5000, 105000, false, NONE, 0 } },
	  1,
	  1 },
	{ "a boot that only text knows, before",
	  { { 10, 9000, false, NONE, 1 }, { 2000, 110, true, NONE, 0 } },
	  1,
	  2 },
	{ "a boot that only text knows, between",
	  { { 10, 9000, true, NONE, 0 },
	    { 3000, 7000, false, NONE, 2 },
	    { 5000, 110, true, NONE, 1 } },
	  2,
	  3 },
	{ "a boot that only text knows, behind",
	  { { 10, 9000, true, NONE, 0 }, { 3000, 20, false, NONE, 1 } },
	  1,
	  2 },
	{ "text that denies a reboot is of the boot that runs",
	  { { 10, 9000, true, NONE, 0 },
	    { 3000, 20, true, NONE, 1 },
	    { 3000, 9100, false, NONE, 1 } },
	  2,
	  2 },
	{ "text that sees a reboot where trusted events rise",
	  { { 10, 1000, true, NONE, 0 },
	    { 900, 2000, true, NONE, 0 },
	    { 20, 3000, false, NONE, 0 },
	    { 30, 3001, false, NONE, 0 } },
	  1,
	  1 },
	{ "a forged base does not split a boot",
	  { { 10, 100, true, NONE, 0 },
	    { 2000, 9000, true, NONE, 0 },
	    { 2001, 9001, false, -77777, 0 } },
	  1,
	  1 },
	{ "... nor join two",
	  { { 10, 100, true, 5, 0 },
	    { 2000, 9000, true, 1995, 1 },
	    { 2000, 9000, false, 5, 1 },
	    { 2001, 9001, false, 5, 1 } },
	  2,
	  2 },
	{ "... nor that of a page whose trusted lines print one",
	  { { 10, 100, true, 5, 0 },
	    { 1500, 9000, true, 5, 0 },
	    { 1501, 9001, false, 1400, 0 },
	    { 3000, 18000, false, 5, 0 } },
	  1,
	  1 },
	{ "... which is then that of text in it",
	  { { 10, 100, true, 5, 0 }, { 2000, 9000, true, 1995, 1 }, { 2010, 8500, false, 5, 2 } },
	  2,
	  3 },
	{ "where trusted lines disagree about it, text does not say it",
	  { { 10, 100, true, 5, 0 },
	    { 1500, 9000, true, 5, 0 },
	    { 1501, 9001, true, 99, 0 },
	    { 1510, 8700, false, 1400, 0 } },
	  1,
	  1 },
	{ "text alone has boots as well",
	  { { 10, 9000, false, NONE, 0 }, { 3000, 20, false, NONE, 1 } },
	  0,
	  2 },
	{ "an event that both tell of is of one boot",
	  { { 10, 100, true, NONE, 0 },
	    { 10, 100, false, NONE, 0 },
	    { 3000, 20, false, NONE, 1 },
	    { 3000, 20, true, NONE, 1 } },
	  2,
	  2 },
};

static void check_told(void **state)
{
	static const struct knowns none;
	const struct told_row *row = *state;
	struct reading r;
	size_t n = 0;

	open_rig();
	world_clear();
	while (n < ARRAY_SIZE(row->v) && row->v[n].second != 0) {
		mark_event(T + row->v[n].second, row->v[n].serial, row->v[n].trusted,
			   row->v[n].boot_time == NONE ? NONE : T + row->v[n].boot_time);
		n++;
	}
	begin(&r);
	for (size_t i = 0; i < n; i++) {
		mark(&r, &w.lines.v[i]);
		commit(&r, &none);
	}
	for (size_t i = 0; i < n; i++)
		if (boots_of(&r.boots, row->v[i].trusted ? TRACK_TRUSTED : TRACK_TEXT,
			     T + row->v[i].second, row->v[i].serial) != row->v[i].boot)
			fail_msg("the event at %lld is not of boot %u", (long long)row->v[i].second,
				 row->v[i].boot);
	assert_int_equal(r.boots.n_trusted, row->trusted);
	assert_int_equal(r.boots.n, row->boots);
	end(&r);
	close_rig();
}

/* ---- the properties ---- */

static void any_order(void)
{
	struct reading a, b, alone;

	world_clear();
	honest_events(10 + dice(chance(10) ? 400 : 80));
	if (chance(70))
		forged_events(1 + dice(12));
	if (w.lines.n == 0)
		return;
	begin(&a);
	read_all(&a, false, 0, false);
	begin(&b);
	shuffle();
	read_all(&b, false, dice(8), chance(40));
	same_rows(SEEN_ROWS, b.node, a.node);
	same_rows(BOOT_ROWS, b.node, a.node);
	same_boots(&b.boots, &a.boots, TRACK_TRUSTED);
	same_boots(&b.boots, &a.boots, TRACK_TEXT);
	found_anew(&b);
	straight(&b);
	begin(&alone);
	read_all(&alone, true, dice(3), false);
	same_rows(TRUSTED_PIECES, a.node, alone.node);
	same_rows(TRUSTED_BOOTS, a.node, alone.node);
	assert_int_equal(a.boots.n_trusted, alone.boots.n);
	same_boots(&a.boots, &alone.boots, TRACK_TRUSTED);
	here.reboots += alone.boots.n > 1;
	end(&a);
	end(&b);
	end(&alone);
}

/* ---- many pages: only what lies behind a change is looked at ---- */

/* Who tells of a page. */
enum teller { TRUSTED, TEXT, BOTH };

/* Pieces of a page, one or a few; of text all that trusted events make, and others. */
static void some_pieces(const struct boots_page *at, enum teller by, struct boot_pieces *out)
{
	for (uint32_t n = chance(80) ? 1 : 1 + dice(4); n > 0; n--) {
		int64_t second = at->seconds * BOOT_SECONDS + dice(BOOT_SECONDS - 20);
		uint32_t serial = (uint32_t)at->serials * BOOT_SERIALS + dice(BOOT_SERIALS - 200);
		struct boot_piece p = { .sec_lo = second,
					.sec_hi = second + dice(20),
					.serial_lo = serial,
					.serial_hi = serial + dice(200),
					.events = 1 + dice(20) };

		if (by == TRUSTED || (by == BOTH && chance(50)))
			*VEC_PUSH(&out[TRACK_TRUSTED]) = p;
		if (by != TRUSTED)
			*VEC_PUSH(&out[TRACK_TEXT]) = p;
	}
}

/* A page of the store, by its pieces alone. Each base: by trusted lines, by text; or none. */
static void put_pieces(const struct boots_page *at, struct boot_pieces *pieces, bool based,
		       bool said, int64_t boot_time)
{
	auto_buf struct buf trusted = { 0 }, all = { 0 };
	struct seen_row row = { .key = { at->node, at->serials, at->seconds },
				.boot_time = { { WHEN_NONE, WHEN_NONE }, { WHEN_NONE, WHEN_NONE } },
				.data = BYTES("") };

	boot_encode(&pieces[TRACK_TRUSTED], &trusted);
	boot_encode(&pieces[TRACK_TEXT], &all);
	if (based)
		row.boot_time[TRACK_TRUSTED] = (struct seen_row_boot_time){ boot_time, boot_time };
	if (said)
		row.boot_time[TRACK_TEXT] =
			(struct seen_row_boot_time){ boot_time + 20, boot_time + 20 };
	row.pieces[TRACK_TRUSTED] = buf_bytes(&trusted);
	row.pieces[TRACK_TEXT] = buf_bytes(&all);
	assert_ok(seen_row_save(&rig.store, &row, &e), &e);
	for (int i = 0; i < TRACK_LAYERS; i++)
		VEC_FREE(&pieces[i]);
}

static void put_page(const struct boots_page *at, enum teller by)
{
	struct boot_pieces pieces[TRACK_LAYERS] = { { 0 }, { 0 } };

	some_pieces(at, by, pieces);
	put_pieces(at, pieces, chance(3), chance(3), dice(3) * 20);
}

static uint32_t resolved(const struct boots_layer *l, size_t i)
{
	uint32_t boot = l->pieces.v[i].boot;

	return boot >> 31 ? l->chains.v[boot & INT32_MAX].boot : boot;
}

/* Do the boots say of each piece, and in the table, what those say that are found anew? */
static void as_found_anew(struct boots *b, int64_t node)
{
	auto_buf struct buf had = { 0 }, has = { 0 };
	int64_t since[TRACK_LAYERS];
	struct boots anew;

	assert_ok(boots_load(&anew, &rig.store, node, &e), &e);
	for (int layer = 0; layer < TRACK_LAYERS; layer++) {
		const struct boots_layer *got = &b->layer[layer], *want = &anew.layer[layer];

		if (want->pieces.n == 0 && layer == TRACK_TEXT)
			continue; /* text that came has gone */
		assert_int_equal(got->pieces.n, want->pieces.n);
		for (size_t i = 0; i < got->pieces.n; i++) {
			assert_int_equal(boot_by_time(&got->pieces.v[i], &want->pieces.v[i]), 0);
			assert_int_equal(resolved(got, i), resolved(want, i));
		}
	}
	node_rows(BOOT_ROWS, node, &had);
	assert_ok(boots_renew(&anew, &rig.store, node, NULL, 0, since, &e), &e);
	node_rows(BOOT_ROWS, node, &has);
	assert_string_equal(buf_text(&had), buf_text(&has));
	boots_release(&anew);
}

static int by_key(const void *a, const void *b)
{
	const struct boots_page *x = a, *y = b;

	if (x->seconds != y->seconds)
		return x->seconds < y->seconds ? -1 : 1;
	return x->serials < y->serials ? -1 : x->serials > y->serials;
}

struct wide {
	struct boots boots;
	struct boots_page at;   /* the last one */
	struct pages { struct boots_page *v; size_t n, cap; } pages, changed;
	uint32_t crowd;         /* pages in the same seconds */
	uint32_t known;         /* of what somebody made up: so many in a hundred are trusted */
};

/*
 * The next page in time: of the boot that runs, of the next one, high above them, or of a log that
 * somebody made up.
 */
static void next_page(struct wide *x)
{
	struct boots_page p;

	x->at.seconds += dice(x->crowd) == 0;
	x->at.serials = chance(2) ? dice(50) : x->at.serials + 1;
	p = x->at;
	if (chance(10))
		p.serials += 100000 + (chance(50) ? dice(1000) : 2 * (p.seconds % 10000));
	else if (chance(10))
		p.serials += dice(50);
	*VEC_PUSH(&x->pages) = p;
	*VEC_PUSH(&x->changed) = p;
}

/* The next page, of one event, so many pages of serials above the first. */
static void put_one(struct wide *x, unsigned above, enum teller by)
{
	struct boot_pieces pieces[TRACK_LAYERS] = { { 0 }, { 0 } };
	struct boots_page at = { x->at.node, ++x->at.seconds, x->at.serials + above };
	struct boot_piece p = { .sec_lo = at.seconds * BOOT_SECONDS,
				.sec_hi = at.seconds * BOOT_SECONDS,
				.events = 1,
				.serial_lo = (uint32_t)at.serials * BOOT_SERIALS,
				.serial_hi = (uint32_t)at.serials * BOOT_SERIALS };

	*VEC_PUSH(&pieces[by == TRUSTED ? TRACK_TRUSTED : TRACK_TEXT]) = p;
	put_pieces(&at, pieces, false, false, 0);
	*VEC_PUSH(&x->changed) = at;
}

static void sort_changed(struct wide *x)
{
	size_t n = 0;

	if (x->changed.n > 1)
		qsort(x->changed.v, x->changed.n, sizeof(*x->changed.v), by_key);
	for (size_t i = 0; i < x->changed.n; i++)
		if (n == 0 || by_key(&x->changed.v[n - 1], &x->changed.v[i]) != 0)
			x->changed.v[n++] = x->changed.v[i];
	x->changed.n = n;
}

static void write_changed(const struct wide *x)
{
	for (size_t i = 0; i < x->changed.n; i++) {
		const struct boots_page *p = &x->changed.v[i];

		bool forged = p->serials >= 100000 && !chance(x->known);

		if (chance(8))
			assert_ok(seen_row_del(&rig.store,
					       (struct seen_key){ p->node, p->serials, p->seconds },
					       &e),
				  &e);
		else
			put_page(p, forged ? TEXT : chance(80) ? TRUSTED : (enum teller)dice(3));
	}
}

/* Pieces that are still there, and of another boot, are not before the second that was said. */
static void moved_since(const struct wide *x, const struct boot_pieces *was, const int64_t *since)
{
	for (int layer = 0; layer < TRACK_LAYERS; layer++) {
		const struct boots_layer *l = &x->boots.layer[layer];
		size_t at = 0;

		for (size_t i = 0; i < was[layer].n; i++) {
			const struct boot_piece *p = &was[layer].v[i];

			while (at < l->pieces.n &&
			       by_key(&(struct boots_page){ 0, l->pieces.v[at].sec_lo / 1024,
							    l->pieces.v[at].serial_lo / 4096 },
				      &(struct boots_page){ 0, p->sec_lo / 1024,
							    p->serial_lo / 4096 }) < 0)
				at++;
			for (size_t k = at; k < l->pieces.n && k < at + 5; k++)
				if (boot_by_time(&l->pieces.v[k], p) == 0 &&
				    resolved(l, k) != p->boot && p->sec_lo < since[layer])
					fail_msg("a piece of layer %d, second %lld, has moved; "
						 "said since %lld",
						 layer, (long long)p->sec_lo,
						 (long long)since[layer]);
		}
	}
}

static void renew_and_compare(struct wide *x)
{
	struct boot_pieces was[TRACK_LAYERS] = { { 0 }, { 0 } };
	int64_t since[TRACK_LAYERS];

	for (int layer = 0; layer < TRACK_LAYERS; layer++)
		for (size_t i = 0; i < x->boots.layer[layer].pieces.n; i++) {
			*VEC_PUSH(&was[layer]) = x->boots.layer[layer].pieces.v[i];
			was[layer].v[i].boot = resolved(&x->boots.layer[layer], i);
		}
	assert_ok(boots_renew(&x->boots, &rig.store, x->at.node, x->changed.v, x->changed.n, since,
			      &e),
		  &e);
	moved_since(x, was, since);
	here.moved += since[TRACK_TRUSTED] != BOOTS_STAYED || since[TRACK_TEXT] != BOOTS_STAYED;
	here.stayed += since[TRACK_TRUSTED] == BOOTS_STAYED && since[TRACK_TEXT] == BOOTS_STAYED;
	as_found_anew(&x->boots, x->at.node);
	x->changed.n = 0;
	for (int layer = 0; layer < TRACK_LAYERS; layer++)
		VEC_FREE(&was[layer]);
}

static void one_commit(struct wide *x)
{
	sort_changed(x);
	write_changed(x);
	renew_and_compare(x);
}

/* A page that is there: any, or one beside a place from which chains are gone on with. */
static struct boots_page some_page(const struct wide *x)
{
	const struct boots_layer *l = &x->boots.layer[dice(TRACK_LAYERS)];
	struct boots_page out = x->pages.v[dice((uint32_t)x->pages.n)];
	size_t i;

	if (chance(40) || l->states.n == 0)
		return out;
	i = l->states.v[dice((uint32_t)l->states.n)].at + dice(5);
	if (i < 2 || i - 2 >= l->pieces.n)
		return out;
	out.seconds = l->pieces.v[i - 2].sec_lo / BOOT_SECONDS;
	out.serials = l->pieces.v[i - 2].serial_lo / BOOT_SERIALS;
	return out;
}

static void go_on(void)
{
	struct wide x = { .at = { ++nodes, T / BOOT_SECONDS, dice(1000) },
			  .crowd = chance(20) ? 100 : 1 + dice(4),
			  .known = dice(4) * dice(4) };

	assert_ok(boots_load(&x.boots, &rig.store, x.at.node, &e), &e);
	for (uint32_t k = 300 + dice(500); k > 0; k--)
		next_page(&x);
	one_commit(&x);
	for (int round = 0; round < 30; round++) {
		for (uint32_t k = dice(10); k > 0; k--)
			next_page(&x);
		for (uint32_t k = chance(60) ? 1 + dice(3) : 0; k > 0; k--) {
			struct boots_page any = some_page(&x);

			any.serials += chance(20) ? dice(60) : 0;
			*VEC_PUSH(&x.changed) = any;
			here.gone_on++;
		}
		one_commit(&x);
	}
	here.text_alone += x.boots.n > x.boots.n_trusted;
	here.reboots += x.boots.n_trusted > 1;
	boots_release(&x.boots);
	VEC_FREE(&x.pages);
	VEC_FREE(&x.changed);
}

/*
 * A trusted piece high above the others, then pages of text until a place from which chains are
 * gone on with lies behind it, then a trusted page that shows that it is no part of the boot: what
 * text has there goes with it.
 */
static void a_boot_that_moves_takes_text_before_the_change_along(void **state)
{
	struct wide x = { 0 };

	(void)state;
	open_rig();
	for (unsigned text = 1; text < 600; text += 7) {
		x.at = (struct boots_page){ ++nodes, T / BOOT_SECONDS, 100 };
		assert_ok(boots_load(&x.boots, &rig.store, x.at.node, &e), &e);
		for (unsigned i = 0; i < 200 + text; i++)
			put_one(&x, i == 200 ? 2000 : i, i <= 200 ? TRUSTED : TEXT);
		renew_and_compare(&x);
		put_one(&x, 1000, TRUSTED);
		renew_and_compare(&x);
		assert_int_equal(x.boots.n_trusted, 2);
		boots_release(&x.boots);
	}
	VEC_FREE(&x.changed);
	close_rig();
}

static void only_what_lies_behind_a_change_is_looked_at(void **state)
{
	(void)state;
	open_rig();
	many_cases(40, go_on);
	print_share("several trusted boots", sums.reboots);
	print_share("boots of text alone", sums.text_alone);
	print_share("a page before the last ones changed", sums.gone_on);
	print_share("boots moved", sums.moved);
	print_share("a commit moved none", sums.stayed);
	close_rig();
}

static void boots_do_not_hang_on_the_order(void **state)
{
	(void)state;
	open_rig();
	many_cases(1, any_order);
	print_share("several trusted boots", sums.reboots);
	print_share("boots of text alone", sums.text_alone);
	print_share("text takes the boot before", sums.before);
	print_share("text takes the boot behind", sums.behind);
	print_share("boots moved", sums.moved);
	close_rig();
}

int main(void)
{
	struct tests t = { 0 };

	ADD_ROWS(&t, told, check_told);
	ADD(&t, boots_do_not_hang_on_the_order);
	ADD(&t, a_boot_that_moves_takes_text_before_the_change_along);
	ADD(&t, only_what_lies_behind_a_change_is_looked_at);
	return run_rows(&t, "boots");
}
