// SPDX-License-Identifier: Apache-2.0
/* Counts which serials of a boot are held, of other types, or missing. */
#include "store/serials.h"

#include "store/row.h"
#include "store/sql.h"

#define WINDOW_S 1024      /* seconds of a page of the table `seen` */
#define CAPTURE_MOST (1 << 26) /* serials of one capture that are taken as seen: 16 MB */
/* source: DEFAULT_RATELIMIT_BURST, by which printk_ratelimit() lets records of audit through */
#define PRINTK_BURST 10
#define PRINTK_HOLES 3     /* fewer tell nothing */
#define BOOTS_MOST 1000    /* more of a node say nothing: see ingest/batch/boots.h */

struct loading {
	struct serials *out;
	const struct nodes *nodes;
	bool trusted, older;
	const struct map *wanted; /* (row, page) that are looked at; NULL: all */
	struct map boots_of; /* row that stands for a machine -> its last boot, index + 1 */
};

static int take_boot(void *to, sqlite3_stmt *st, struct err *e)
{
	struct loading *l = to;
	uint64_t machine;
	uint32_t next;
	int64_t v[7];

	if (row_read(st, "boot", "ictTsSf", v, e) < 0)
		return -1;
	machine = (uint64_t)nodes_id(l->nodes, v[0]);
	next = (uint32_t)map_get(&l->boots_of, machine, 0, 0);
	map_put(&l->out->at, (uint64_t)v[0], (uint64_t)v[1], (int64_t)l->out->boots.n);
	map_put(&l->boots_of, machine, 0, (int64_t)l->out->boots.n + 1);
	*VEC_PUSH(&l->out->boots) = (struct serials_boot){ .row = v[0],
							   .number = v[1],
							   .t_first = v[2],
							   .t_last = v[3],
							   .first = (uint32_t)v[4],
							   .last = (uint32_t)v[5],
							   .trusted = v[6] != 0,
							   .next = next,
							   .uncounted = l->older };
	return 0;
}

/* The last boot of the machine that a row is one of, index + 1; `next` leads to the others. */
static uint32_t last_boot(const struct loading *l, int64_t row)
{
	return (uint32_t)map_get(&l->boots_of, (uint64_t)nodes_id(l->nodes, row), 0, 0);
}

/* Can a page's window and serials be of this boot? */
static bool touches(const struct serials_boot *b, int64_t page, int64_t window)
{
	return b->first / SERIAL_SET_SIZE <= page &&
	       page <= b->last / SERIAL_SET_SIZE && window * WINDOW_S <= b->t_last / 1000 &&
	       window * WINDOW_S + WINDOW_S - 1 >= b->t_first / 1000;
}

/* The part of first..last that lies in a page, as numbers within it. */
static bool within_page(uint32_t first, uint32_t last, uint32_t page, unsigned *from, unsigned *to)
{
	uint64_t begin = (uint64_t)page * SERIAL_SET_SIZE, end = begin + SERIAL_SET_SIZE - 1;

	if (last < begin || first > end)
		return false;
	*from = first <= begin ? 0 : (unsigned)(first - begin);
	*to = last >= end ? SERIAL_SET_SIZE - 1 : (unsigned)(last - begin);
	return true;
}

static struct serials_page *page_for(struct loading *l, uint32_t boot, uint32_t page, int64_t t)
{
	int64_t at = map_get(&l->out->page_at, boot, page, -1);

	if (at < 0) {
		at = (int64_t)l->out->pages.n;
		map_put(&l->out->page_at, boot, page, at);
		*VEC_PUSH(&l->out->pages) =
			(struct serials_page){ .boot = boot, .page = page, .t = t };
	}
	return &l->out->pages.v[at];
}

/* What of a set is surely of this boot: within its serials, and in no other boot's that the page
 * may be of. */
static void only_of(const struct loading *l, uint32_t boot, const uint32_t *hits, size_t n,
		    uint32_t page, struct serial_set *set)
{
	struct serial_set own = { { 0 } }, others = { { 0 } }, outside = *set;
	unsigned from, to;

	for (size_t i = 0; i < n; i++) {
		const struct serials_boot *b = &l->out->boots.v[hits[i]];

		if (within_page(b->first, b->last, page, &from, &to))
			serial_set_add_range(hits[i] == boot ? &own : &others, from, to);
	}
	serial_set_subtract(&own, &others);
	serial_set_subtract(&outside, &own);
	serial_set_subtract(set, &outside);
}

static int take_page(void *to, sqlite3_stmt *st, struct err *e)
{
	struct loading *l = to;
	struct serial_set held, other;
	VEC(uint32_t) hits = { 0 };
	int64_t v[8];

	if (row_read(st, "seen", "iyybbbbf", v, e) < 0)
		return -1;
	/* where text brought nothing, all that there is is trusted */
	if (!serial_set_decode(
		    &held, store_column(st, !l->trusted && store_column(st, 4).n > 0 ? 4 : 3)) ||
	    !serial_set_decode(&other, store_column(st, 5)))
		return row_damaged(sqlite3_db_handle(st), "seen", 0, "no serials can be read in it",
				   e);
	if (!l->trusted) {
		struct serial_set text;

		if (!serial_set_decode(&text, store_column(st, 6)))
			return row_damaged(sqlite3_db_handle(st), "seen", 0,
					   "no serials can be read in it", e);
		serial_set_unite(&other, &text);
	}
	for (uint32_t i = last_boot(l, v[0]); i != 0; i = l->out->boots.v[i - 1].next)
		if (touches(&l->out->boots.v[i - 1], v[1], v[2]))
			*VEC_PUSH(&hits) = i - 1;
	for (size_t i = 0; i < hits.n; i++) {
		struct serial_set h = held, o = other;
		struct serials_page *p;

		l->out->boots.v[hits.v[i]].uncounted |= v[7] != 0;
		only_of(l, hits.v[i], hits.v, hits.n, (uint32_t)v[1], &h);
		only_of(l, hits.v[i], hits.v, hits.n, (uint32_t)v[1], &o);
		p = page_for(l, hits.v[i], (uint32_t)v[1], v[2] * WINDOW_S * 1000);
		serial_set_unite(&p->held, &h);
		serial_set_unite(&p->known, &h);
		serial_set_unite(&p->known, &o);
	}
	VEC_FREE(&hits);
	return 0;
}

/* Serials of a boot that a capture without a gap has seen. What it does not hold is of other types.
 */
static void take_range(struct loading *l, uint32_t boot, uint32_t first, uint32_t last)
{
	for (uint32_t page = first / SERIAL_SET_SIZE; page <= last / SERIAL_SET_SIZE; page++) {
		unsigned from, to;

		if (l->wanted != NULL &&
		    map_get(l->wanted, (uint64_t)l->out->boots.v[boot].row, page, 0) == 0)
			continue;
		if (within_page(first, last, page, &from, &to))
			serial_set_add_range(
				&page_for(l, boot, page, l->out->boots.v[boot].t_first)->known,
				from, to);
	}
}

static int take_capture(void *to, sqlite3_stmt *st, struct err *e)
{
	struct loading *l = to;
	int64_t v[6];

	if (row_read(st, "capture", "itTssc", v, e) < 0)
		return -1;
	/* a gap, or serials that began again: no span is known to be whole */
	if (v[5] != 0 || v[3] > v[4] || v[4] - v[3] > CAPTURE_MOST)
		return 0;
	for (uint32_t i = last_boot(l, v[0]); i != 0; i = l->out->boots.v[i - 1].next) {
		const struct serials_boot *b = &l->out->boots.v[i - 1];
		uint32_t from = (uint32_t)v[3] > b->first ? (uint32_t)v[3] : b->first;
		uint32_t until = (uint32_t)v[4] < b->last ? (uint32_t)v[4] : b->last;

		if (b->trusted && from <= until && v[1] <= b->t_last && v[2] >= b->t_first)
			take_range(l, i - 1, from, until);
	}
	return 0;
}

/* The runs of missing serials in a span. */
struct missing { uint64_t n, longest; uint32_t at; int64_t t; uint64_t holes, bursts, behind; };

static void end_run(struct missing *m, uint64_t from, uint64_t end, int64_t t)
{
	if (from == end)
		return;
	m->bursts += m->holes > 0 && from - m->behind == PRINTK_BURST;
	m->behind = end;
	m->holes++;
	m->n += end - from;
	if (end - from <= m->longest)
		return;
	m->longest = end - from;
	m->at = (uint32_t)from;
	m->t = t;
}

/* A page that is not there is missing as a whole. */
static struct missing find_missing(const struct serials *s, uint32_t boot, uint32_t from,
				   uint32_t to)
{
	struct missing m = { .t = s->boots.v[boot].t_first };
	uint64_t run = from; /* where the run that is under way began */
	int64_t t = m.t;

	for (uint64_t i = from; i <= to;) {
		uint64_t page = i / SERIAL_SET_SIZE, last = (page + 1) * SERIAL_SET_SIZE - 1;
		int64_t at = map_get(&s->page_at, boot, page, -1);

		last = last < to ? last : to;
		if (at < 0) {
			i = last + 1;
			continue;
		}
		t = s->pages.v[at].t;
		for (; i <= last; i++) {
			if (!serial_set_has(&s->pages.v[at].known, (unsigned)(i % SERIAL_SET_SIZE)))
				continue;
			end_run(&m, run, i, t);
			run = i + 1;
		}
	}
	end_run(&m, run, (uint64_t)to + 1, t);
	return m;
}

static void add_up(struct serials *s)
{
	for (uint32_t i = 0; i < s->boots.n; i++) {
		struct serials_boot *b = &s->boots.v[i];
		struct missing m = find_missing(s, i, b->first, b->last);

		b->missing = m.n;
		b->hole = m.longest;
		b->hole_t = m.t > b->t_first ?
				    m.t :
				    b->t_first; /* a page's time is where its window begins */
		b->hole_from = m.at;
		b->holes = m.holes;
		b->bursts = m.bursts;
	}
	for (size_t i = 0; i < s->pages.n; i++)
		s->boots.v[s->pages.v[i].boot].held +=
			serial_set_count(&s->pages.v[i].held, 0, SERIAL_SET_SIZE - 1);
	for (size_t i = 0; i < s->boots.n; i++) {
		struct serials_boot *b = &s->boots.v[i];

		b->other = (uint64_t)b->last - b->first + 1 - b->missing - b->held;
		b->exact = b->trusted && (b->missing == 0 || b->other > 0);
	}
}

static int load_boots(struct loading *l, struct store *s, struct err *e)
{
	*l->out = (struct serials){ 0 };
	l->older = s->older;
	return store_each_sql(
		s,
		"SELECT node, number, t_first, t_last, serial_first, serial_last, trusted FROM boot WHERE NOT ?1 OR trusted "
		"ORDER BY node, number",
		ARGS(V_INT(l->trusted)), WALK(take_boot, l), e);
}

static int load_captures(struct loading *l, struct store *s, struct err *e)
{
	return store_each_sql(
		s, "SELECT node, t_first, t_last, serial_first, serial_last, gaps FROM capture",
		NO_ARGS, WALK(take_capture, l), e);
}

STMT(seen_page,
     "SELECT node, serials, seconds, trusted_held, held, trusted_other, other, max(length(trusted_pieces), length(pieces)) > 0 AND "
     "max(length(trusted_held), length(held)) = 0 FROM seen WHERE node = ?1 AND serials = ?2");
STMT(any_uncounted,
     "SELECT count(*) FROM (SELECT 1 FROM seen WHERE node = ?1 AND max(length(trusted_pieces), length(pieces)) > 0 AND "
     "max(length(trusted_held), length(held)) = 0 LIMIT 1)");

int serials_load(struct serials *out, struct store *s, const struct nodes *nodes, bool trusted,
		 struct err *e)
{
	struct loading l = { .out = out, .nodes = nodes, .trusted = trusted };
	int ret = load_boots(&l, s, e);

	if (ret == 0 && !s->older &&
	    (store_each_sql(
		     s,
		     "SELECT node, serials, seconds, trusted_held, held, trusted_other, other, max(length(trusted_pieces), length(pieces)) > 0 AND "
		     "max(length(trusted_held), length(held)) = 0 FROM seen",
		     NO_ARGS, WALK(take_page, &l), e) < 0 ||
	     load_captures(&l, s, e) < 0))
		ret = -1;
	if (ret == 0)
		add_up(out);
	if (ret == 0)
		ret = store_still(s, e);
	map_release(&l.boots_of);
	return ret;
}

/* The pages of a span, each once. */
static int load_span(struct loading *l, struct store *s, struct map *wanted,
		     const struct serials_span *span, struct err *e)
{
	uint32_t first = span->first - (span->first > 0),
		 last = span->last + (span->last < UINT32_MAX);

	for (uint32_t page = first / SERIAL_SET_SIZE; page <= last / SERIAL_SET_SIZE; page++) {
		if (map_get(wanted, (uint64_t)span->row, page, 0) != 0)
			continue;
		map_put(wanted, (uint64_t)span->row, page, 1);
		if (store_each(s, STMT_seen_page, ARGS(V_INT(span->row), V_INT(page)),
			       WALK(take_page, l), e) < 0)
			return -1;
	}
	return 0;
}

/* Is something missing in or beside a span of which a trusted source tells? */
static bool lacks(const struct serials *s, const struct serials_span *span)
{
	const struct serials_boot *b = serials_boot_of(s, span->row, span->boot);
	uint64_t n;

	if (b == NULL || !b->trusted)
		return false;
	n = serials_missing(s, span->row, span->boot, span->first - (span->first > b->first),
			    span->last + (span->last < b->last));
	return n > 0 && n != UINT64_MAX;
}

int serials_load_some(struct serials *out, struct store *s, const struct nodes *nodes, bool trusted,
		      const struct serials_span *spans, size_t n, bool *enough, struct err *e)
{
	struct map wanted = { 0 };
	struct loading l = { .out = out, .nodes = nodes, .trusted = trusted, .wanted = &wanted };
	int64_t uncounted;
	int ret = load_boots(&l, s, e);

	*enough = true;
	for (size_t i = 0; i < n && ret == 0 && *enough; i++) {
		ret = store_number(s, STMT_any_uncounted, ARGS(V_INT(spans[i].row)), &uncounted, e);
		*enough = ret == 0 && uncounted == 0;
		if (ret == 0 && *enough)
			ret = load_span(&l, s, &wanted, &spans[i], e);
	}
	if (ret == 0 && *enough)
		ret = load_captures(&l, s, e);
	for (size_t i = 0; i < n && ret == 0 && *enough; i++)
		*enough = !lacks(out, &spans[i]);
	if (ret == 0)
		ret = store_still(s, e);
	map_release(&wanted);
	map_release(&l.boots_of);
	return ret;
}

void serials_release(struct serials *s)
{
	VEC_FREE(&s->boots);
	VEC_FREE(&s->pages);
	map_release(&s->at);
	map_release(&s->page_at);
}

bool serials_limited(uint64_t holes, uint64_t bursts)
{
	return holes >= PRINTK_HOLES && bursts * 2 > holes - 1;
}

const struct serials_boot *serials_boot_of(const struct serials *s, int64_t row, int64_t boot)
{
	int64_t at = map_get(&s->at, (uint64_t)row, (uint64_t)boot, -1);

	return at < 0 ? NULL : &s->boots.v[at];
}

uint64_t serials_missing(const struct serials *s, int64_t row, int64_t boot, uint32_t from,
			 uint32_t to)
{
	const struct serials_boot *b = serials_boot_of(s, row, boot);

	if (b == NULL || b->uncounted || from > to || from < b->first || to > b->last ||
	    serials_boot_of(s, row, BOOTS_MOST) != NULL)
		return UINT64_MAX;
	return find_missing(s, (uint32_t)(b - s->boots.v), from, to).n;
}

bool serials_booted_after(const struct serials *s, int64_t row, int64_t t)
{
	for (size_t i = 0; i < s->boots.n; i++)
		if (s->boots.v[i].row == row && s->boots.v[i].t_first > t)
			return true;
	return false;
}
