// SPDX-License-Identifier: Apache-2.0
/* A page of the seen set: its events, their blob, their pieces. */
#include "ingest/batch/seen.h"

#include <stdlib.h>

#define UNIT_GAP 256         /* serials of one second that lie nearer than this are one unit */

#define TRUSTED (1u << TRACK_TRUSTED)
#define TEXT (1u << TRACK_TEXT)

static void note_boot_time(struct seen_page *p, struct seen_boot_time *b, int64_t boot_time)
{
	if (boot_time <= b->max && boot_time >= b->min)
		return;
	if (b->max == BOOT_NO_TIME)
		*b = (struct seen_boot_time){ boot_time, boot_time };
	else if (boot_time > b->max)
		b->max = boot_time;
	else
		b->min = boot_time;
	p->dirty = true;
}

static void index_more(struct seen_page *p)
{
	map_clear(&p->more_at);
	for (size_t i = 0; i < p->more.n; i++)
		map_put(&p->more_at, SEEN_SERIAL(p->more.v[i]), SEEN_SECOND(p->more.v[i]),
			(int64_t)i);
}

/*
 * Which event of a serial stands in `at`: a trusted one before text, so that no text slows trusted
 * pages; then the earliest.
 */
static unsigned entry_rank(unsigned at)
{
	return SEEN_SECOND(at) + (SEEN_LAYERS(at) & TRUSTED ? 0 : SEEN_SECONDS);
}

/* Puts into `at` and `more` what belongs there, whatever came first. */
static void order_page(struct seen_page *p)
{
	bool moved = false;
	size_t n = 0;

	for (size_t k = 0; k < p->more.n; k++) {
		unsigned i = SEEN_SERIAL(p->more.v[k]), at = p->more.v[k] & 0xfff, was = p->at[i];

		if (was == 0 || entry_rank(at) < entry_rank(was)) {
			p->at[i] = (uint16_t)at;
			at = was;
			moved = true;
		}
		if (was != 0)
			p->more.v[n++] = SEEN_MORE(i, at);
	}
	p->more.n = n;
	if (moved)
		index_more(p);
}

/* An event that `at` does not have, in a page where `more` may. */
static enum seen_state mark_more(struct seen_page *p, unsigned serial, unsigned at)
{
	int64_t k = map_get(&p->more_at, serial, SEEN_SECOND(at), -1);

	if (k >= 0 && p->more.v[k] & SEEN_LAYERS(at))
		return SEEN_BEFORE;
	p->dirty = true;
	if (k >= 0) {
		p->more.v[k] |= SEEN_LAYERS(at);
		return SEEN_OTHER;
	}
	if (p->at[serial] == 0) {
		p->at[serial] = (uint16_t)at;
		return SEEN_NEW;
	}
	map_put(&p->more_at, serial, SEEN_SECOND(at), (int64_t)p->more.n);
	*VEC_PUSH(&p->more) = SEEN_MORE(serial, at);
	return SEEN_NEW;
}

enum seen_state seen_mark(struct seen_page *p, uint32_t serial, int64_t second, bool trusted,
			  int64_t boot_time)
{
	unsigned layer = trusted ? TRUSTED : TEXT;
	unsigned i = serial % SEEN_SERIALS, at = SEEN_AT((uint64_t)second % SEEN_SECONDS, layer),
		 was = p->at[i];
	enum seen_state state = SEEN_NEW;

	if (boot_time != BOOT_NO_TIME)
		note_boot_time(p, &p->boot_time[trusted ? TRACK_TRUSTED : TRACK_TEXT], boot_time);
	if (was != 0 && SEEN_SECOND(was) == SEEN_SECOND(at)) {
		if (was & layer)
			return SEEN_BEFORE;
		state = SEEN_OTHER;
	} else if (was != 0 || p->more.n != 0) {
		return mark_more(p, i, at);
	}
	p->at[i] = (uint16_t)(was | at);
	p->dirty = true;
	return state;
}

void seen_mark_other(struct seen_page *p, uint32_t serial, bool trusted)
{
	struct serial_set *other = &p->other[trusted ? TRACK_TRUSTED : TRACK_TEXT];
	unsigned i = serial % SEEN_SERIALS;

	if (serial_set_has(other, i))
		return;
	serial_set_add(other, i);
	p->dirty_other = true;
}

void seen_held(const struct seen_page *p, enum track_layer layer, struct serial_set *out)
{
	unsigned layers = layer == TRACK_TRUSTED ? TRUSTED : TRUSTED | TEXT;

	*out = (struct serial_set){ { 0 } };
	for (unsigned i = 0; i < SEEN_SERIALS; i++)
		if (p->at[i] & layers)
			serial_set_add(out, i);
	for (size_t i = 0; i < p->more.n; i++)
		if (p->more.v[i] & layers)
			serial_set_add(out, SEEN_SERIAL(p->more.v[i]));
}

/*
 * What leaves `at` leaves a gap there: others of that serial stay in `more` until they are settled.
 */
unsigned seen_layers(const struct seen_page *p, uint32_t serial, int64_t second)
{
	unsigned at = p->at[serial % SEEN_SERIALS], off = (unsigned)(second % SEEN_SECONDS);
	int64_t more;

	if (at != 0 && SEEN_SECOND(at) == off)
		return SEEN_LAYERS(at);
	if (at == 0 || p->more.n == 0)
		return 0;
	more = map_get(&p->more_at, serial % SEEN_SERIALS, off, -1);
	return more < 0 ? 0 : SEEN_LAYERS(p->more.v[more]);
}

void seen_unmark(struct seen_page *p, uint32_t serial, int64_t second)
{
	unsigned i = serial % SEEN_SERIALS, in = (unsigned)((uint64_t)second % SEEN_SECONDS);
	int64_t k = map_get(&p->more_at, i, in, -1);
	uint32_t last;

	if (p->at[i] != 0 && SEEN_SECOND(p->at[i]) == in) {
		p->at[i] = 0;
		p->dirty = true;
	} else if (k >= 0) {
		last = p->more.v[--p->more.n];
		p->more.v[k] = last;
		map_put(&p->more_at, SEEN_SERIAL(last), SEEN_SECOND(last), k);
		map_put(&p->more_at, i, in, -1);
		p->dirty = true;
	}
}

/* ---- the blob: the shorter of runs and bitmap, then what stands in `more` ---- */

/* The first two are those of version 3, in which an event was trusted or text. */
enum form { FORM_RUNS_V3, FORM_BITMAP_V3, FORM_RUNS, FORM_BITMAP };

/*
 * runs or bitmap: at most seven bytes for each serial, and two bitmaps; in `more`, 24 bits for each
 * event
 */
#define BODY_MAX 65536
#define PAGE_MAX (BODY_MAX + 8 + BOOT_PAGE_EVENTS * 4)

/* The second after a change; one that leaves the page is -1, whatever is added to it later. */
static int64_t step_second(int64_t second, uint64_t change)
{
	int64_t by = buf_unzigzag(change);

	if (second < 0 || by <= -SEEN_SECONDS || by >= SEEN_SECONDS)
		return -1;
	return second + by < SEEN_SECONDS ? second + by : -1;
}

/* Serials from `from` up to before `end` that have the same in `at`. */
struct run { unsigned from, end; uint16_t at; };

/*
 * The run that begins at r->end. A commit looks at whole pages, so eight serials are compared at
 * once.
 */
static bool next_run(const struct seen_page *p, struct run *r)
{
	uint64_t four, at[2];
	unsigned i = r->end;

	if (i == SEEN_SERIALS)
		return false;
	*r = (struct run){ .from = i, .at = p->at[i] };
	four = r->at * UINT64_C(0x0001000100010001);
	while (i < SEEN_SERIALS) {
		if (i % 8 == 0) {
			memcpy(at, &p->at[i], sizeof(at));
			if (at[0] == four && at[1] == four) {
				i += 8;
				continue;
			}
		}
		if (p->at[i] != r->at)
			break;
		i++;
	}
	r->end = i;
	return true;
}

/* For each run of events: gap before it, length, second's change and layers. */
static void encode_runs(const struct seen_page *p, struct buf *out)
{
	struct run r = { 0 };
	unsigned end = 0;
	int second = 0;

	while (next_run(p, &r)) {
		if (r.at == 0)
			continue;
		buf_varint(out, r.from - end);
		buf_varint(out, r.end - r.from);
		buf_varint(out, buf_zigzag(SEEN_SECOND(r.at) - second) << 2 | SEEN_LAYERS(r.at));
		second = SEEN_SECOND(r.at);
		end = r.end;
	}
}

#define BITMAP (SEEN_SERIALS / 8)

static unsigned bit(struct bytes bits, unsigned i)
{
	return (unsigned char)bits.p[i / 8] >> (i % 8) & 1;
}

/*
 * A bitmap for each layer, then each change of the second: events since the last change, and by how
 * much.
 */
static void encode_bitmap(const struct seen_page *p, struct buf *out)
{
	uint8_t bits[TRACK_LAYERS][BITMAP] = { 0 };
	unsigned since = 0;
	int second = 0;

	for (unsigned i = 0; i < SEEN_SERIALS; i++)
		for (unsigned k = 0; k < TRACK_LAYERS; k++)
			bits[k][i / 8] = (uint8_t)(bits[k][i / 8] | (p->at[i] >> k & 1) << (i % 8));
	buf_add(out, bits, sizeof(bits));
	for (unsigned i = 0; i < SEEN_SERIALS; i++) {
		int now = SEEN_SECOND(p->at[i]);

		if (p->at[i] == 0)
			continue;
		if (now != second) {
			buf_varint(out, since);
			buf_varint(out, buf_zigzag(now - second));
			second = now;
			since = 0;
		}
		since++;
	}
}

static int by_value(const void *a, const void *b)
{
	const uint32_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

void seen_encode(struct seen_page *p, struct buf *out)
{
	auto_buf struct buf runs = { 0 }, bitmap = { 0 };
	auto_free uint32_t *sorted = NULL;
	const struct buf *shorter;

	order_page(p);
	encode_runs(p, &runs);
	if (runs.n > BITMAP * TRACK_LAYERS) /* a bitmap is never shorter than that */
		encode_bitmap(p, &bitmap);
	shorter = bitmap.n == 0 || runs.n <= bitmap.n ? &runs : &bitmap;
	buf_char(out, shorter == &runs ? FORM_RUNS : FORM_BITMAP);
	buf_varint(out, shorter->n);
	buf_add(out, shorter->p, shorter->n);
	if (p->more.n > 1) {
		sorted = mem_alloc(p->more.n * sizeof(*sorted));
		memcpy(sorted, p->more.v, p->more.n * sizeof(*sorted));
		qsort(sorted, p->more.n, sizeof(*sorted), by_value);
	}
	for (size_t i = 0; i < p->more.n; i++)
		buf_varint(out, sorted ? sorted[i] : p->more.v[i]);
}

/* As version 3 has layers: one bit, trusted or not. */
static unsigned layers_v3(uint64_t trusted)
{
	return trusted & 1 ? TRUSTED : TEXT;
}

static bool decode_runs(struct seen_page *p, struct bytes b, bool v3)
{
	uint64_t i = 0, gap, n, change;
	int64_t second = 0;
	unsigned layers;

	while (b.n) {
		if (!buf_take_varint(&b, &gap) || !buf_take_varint(&b, &n) ||
		    !buf_take_varint(&b, &change))
			return false;
		layers = v3 ? layers_v3(change) : SEEN_LAYERS(change);
		second = step_second(second, change >> (v3 ? 1 : 2));
		if (gap > SEEN_SERIALS || n == 0 || n > SEEN_SERIALS ||
		    i + gap + n > SEEN_SERIALS || second < 0 || layers == 0)
			return false;
		for (i += gap; n > 0; i++, n--)
			p->at[i] = (uint16_t)SEEN_AT(second, layers);
	}
	return true;
}

static bool decode_bitmap(struct seen_page *p, struct bytes b, bool v3)
{
	struct bytes one = { b.p, BITMAP }, two = { b.p + BITMAP, BITMAP };
	uint64_t until = UINT64_MAX, change = 0;
	int64_t second = 0;

	if (b.n < BITMAP * TRACK_LAYERS)
		return false;
	bytes_skip(&b, BITMAP * TRACK_LAYERS);
	if (b.n && (!buf_take_varint(&b, &until) || !buf_take_varint(&b, &change)))
		return false;
	for (unsigned i = 0; i < SEEN_SERIALS; i++) {
		unsigned layers = bit(one, i) << TRACK_TRUSTED | bit(two, i) << TRACK_TEXT;

		if (v3) /* what was seen, and what of it was trusted */
			layers = bit(one, i) ? layers_v3(bit(two, i)) : 0;
		if (layers == 0)
			continue;
		while (until == 0) {
			second = step_second(second, change);
			until = UINT64_MAX;
			if (b.n && (!buf_take_varint(&b, &until) || !buf_take_varint(&b, &change)))
				return false;
		}
		if (second < 0)
			return false;
		p->at[i] = (uint16_t)SEEN_AT(second, layers);
		if (until != UINT64_MAX)
			until--;
	}
	return true;
}

static bool decode_more(struct seen_page *p, struct bytes b, bool v3)
{
	uint32_t next;
	uint64_t m;

	while (b.n) {
		if (!buf_take_varint(&b, &m) || m >> (v3 ? 11 : 12) >= SEEN_SERIALS)
			return false;
		next = v3 ? (uint32_t)(m >> 1 << 2) | layers_v3(m) : (uint32_t)m;
		if (SEEN_LAYERS(next) == 0 ||
		    (p->more.n > 0 && next >> 2 <= p->more.v[p->more.n - 1] >> 2))
			return false;
		*VEC_PUSH(&p->more) = next;
	}
	return true;
}

static bool decode(struct seen_page *p, struct bytes data, bool v3)
{
	struct bytes body;
	uint64_t n;
	char form;

	if (data.n == 0 || data.n > PAGE_MAX)
		return false;
	form = data.p[0];
	bytes_skip(&data, 1);
	if (!buf_take_varint(&data, &n) || n > data.n || n > BODY_MAX)
		return false;
	body = (struct bytes){ data.p, n };
	bytes_skip(&data, n);
	if (form == (v3 ? FORM_RUNS_V3 : FORM_RUNS))
		return decode_runs(p, body, v3) && decode_more(p, data, v3);
	return form == (v3 ? FORM_BITMAP_V3 : FORM_BITMAP) && decode_bitmap(p, body, v3) &&
	       decode_more(p, data, v3);
}

/* Does each event of `more` stand there because another of its serial has to stand in `at`? */
static bool settled(const struct seen_page *p)
{
	for (size_t k = 0; k < p->more.n; k++) {
		unsigned at = p->more.v[k], stands = p->at[SEEN_SERIAL(at)];

		if (stands == 0 || SEEN_SECOND(stands) == SEEN_SECOND(at) ||
		    entry_rank(at) < entry_rank(stands))
			return false;
	}
	return true;
}

bool seen_decode(struct seen_page *p, struct bytes data)
{
	auto_buf struct buf again = { 0 };

	if (!decode(p, data, false) || !settled(p))
		return false;
	index_more(p);
	seen_encode(p, &again);
	return bytes_eq(buf_bytes(&again), data);
}

/*
 * That version could have an event twice, after `forget --unsee` had taken another one of its
 * serial back.
 */
bool seen_decode_v3(struct seen_page *p, struct bytes data)
{
	size_t n = 0;

	if (!decode(p, data, true))
		return false;
	for (size_t k = 0; k < p->more.n; k++) {
		uint32_t m = p->more.v[k];
		uint16_t *at = &p->at[SEEN_SERIAL(m)];

		if (*at == 0 || SEEN_SECOND(*at) != SEEN_SECOND(m))
			p->more.v[n++] = m;
		else if (SEEN_LAYERS(m) == TRUSTED)
			*at = (uint16_t)SEEN_AT(SEEN_SECOND(m), TRUSTED);
	}
	p->more.n = n;
	index_more(p);
	return true;
}

/* ---- pieces ---- */

struct point { uint16_t second, serial; };

static int by_second(const void *a, const void *b)
{
	const struct point *x = a, *y = b;

	return x->second != y->second ? x->second - y->second : x->serial - y->serial;
}

/* Events of these layers as units: of one second, serials that lie close together. */
static void units_of(const struct seen_page *p, unsigned layers, struct boot_pieces *out)
{
	VEC(struct point) points = { 0 };

	VEC_ROOM(&points, SEEN_SERIALS + p->more.n);
	for (unsigned i = 0; i < SEEN_SERIALS; i++)
		if (p->at[i] & layers)
			*VEC_PUSH(&points) = (struct point){ SEEN_SECOND(p->at[i]), (uint16_t)i };
	for (size_t i = 0; i < p->more.n; i++)
		if (p->more.v[i] & layers)
			*VEC_PUSH(&points) = (struct point){ SEEN_SECOND(p->more.v[i]),
							     (uint16_t)SEEN_SERIAL(p->more.v[i]) };
	qsort(points.v, points.n, sizeof(*points.v), by_second);
	for (size_t i = 0; i < points.n; i++) {
		int64_t second = p->seconds * SEEN_SECONDS + points.v[i].second;
		uint32_t serial = (uint32_t)(p->serials * SEEN_SERIALS) + points.v[i].serial;
		struct boot_piece *u = out->n ? &out->v[out->n - 1] : NULL;

		if (u != NULL && u->sec_hi == second && serial - u->serial_hi <= UNIT_GAP) {
			u->serial_hi = serial;
			u->events++;
			continue;
		}
		*VEC_PUSH(out) = (struct boot_piece){ .sec_lo = second,
						      .sec_hi = second,
						      .serial_lo = serial,
						      .serial_hi = serial,
						      .events = 1,
						      .boot_time = BOOT_NO_TIME };
	}
	VEC_FREE(&points);
}

/* The usual page, in which time rises with the serial: one piece, found without sorting. */
static bool one_piece(const struct seen_page *p, unsigned layers, struct boot_pieces *out)
{
	struct boot_piece piece = { .boot_time = BOOT_NO_TIME };
	struct run r = { 0 };
	unsigned last = 0;

	for (size_t i = 0; i < p->more.n; i++)
		if (p->more.v[i] & layers)
			return false;
	while (next_run(p, &r)) {
		if ((r.at & layers) == 0)
			continue;
		if (SEEN_SECOND(r.at) < last)
			return false;
		last = SEEN_SECOND(r.at);
		piece.sec_hi = p->seconds * SEEN_SECONDS + last;
		piece.serial_hi = (uint32_t)(p->serials * SEEN_SERIALS) + r.end - 1;
		if (piece.events == 0) {
			piece.sec_lo = piece.sec_hi;
			piece.serial_lo = (uint32_t)(p->serials * SEEN_SERIALS) + r.from;
		}
		piece.events += r.end - r.from;
	}
	if (piece.events)
		*VEC_PUSH(out) = piece;
	return true;
}

static bool any_of(const struct seen_page *p, unsigned layers)
{
	unsigned found = 0;

	for (size_t i = 0; i < SEEN_SERIALS; i++)
		found |= p->at[i];
	for (size_t i = 0; i < p->more.n; i++)
		found |= p->more.v[i];
	return (found & layers) != 0;
}

void seen_pieces(struct seen_page *p, enum track_layer layer, struct boot_pieces *out)
{
	unsigned layers = layer == TRACK_TRUSTED ? TRUSTED : TRUSTED | TEXT;
	struct boot_pieces units = { 0 };
	size_t first = out->n;
	uint32_t n;

	order_page(p); /* as many trusted events as can be stand where one piece is found fast */
	if (!any_of(p, 1u << layer) || one_piece(p, layers, out))
		return;
	units_of(p, layers, &units);
	n = boot_chains(&units);
	for (uint32_t i = 0; i < n; i++)
		*VEC_PUSH(out) = (struct boot_piece){ .events = 0 };
	for (size_t i = 0; i < units.n; i++) {
		const struct boot_piece *u = &units.v[i];
		struct boot_piece *o = &out->v[first + u->boot];

		if (o->events == 0) {
			*o = *u;
			continue;
		}
		o->events += u->events;
		o->sec_hi = u->sec_hi > o->sec_hi ? u->sec_hi : o->sec_hi;
		o->serial_hi = u->serial_hi > o->serial_hi ? u->serial_hi : o->serial_hi;
		o->serial_lo = u->serial_lo < o->serial_lo ? u->serial_lo : o->serial_lo;
	}
	VEC_FREE(&units);
}
