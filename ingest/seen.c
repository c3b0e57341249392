#include "ingest/seen.h"

#include "store/base/hash.h"
#include "store/row.h"

#include <stdlib.h>

#define PAGES_MAX 512        /* in memory: some 4.5 MB */
#define UNIT_GAP 256         /* serials of one second that lie nearer than this are one unit */

static bool bit(const uint8_t *bits, unsigned i)
{
	return bits[i / 8] >> (i % 8) & 1;
}

static void set_bit(uint8_t *bits, unsigned i)
{
	bits[i / 8] = (uint8_t)(bits[i / 8] | 1u << (i % 8));
}

#define MORE(serial, second, trusted) ((uint32_t)((serial) << 11 | (second) << 1 | (trusted)))
#define MORE_SERIAL(m) ((m) >> 11)
#define MORE_SECOND(m) ((m) >> 1 & 1023)

static void note_base(struct seen_page *p, int64_t base)
{
	if (base == BOOT_NO_BASE)
		return;
	if (p->base_max == BOOT_NO_BASE || base > p->base_max) {
		p->base_max = base;
		p->dirty = true;
	}
	if (p->base_min == BOOT_NO_BASE || base < p->base_min) {
		p->base_min = base;
		p->dirty = true;
	}
}

/* An event whose serial stands in the page with another second. */
static enum seen_state mark_more(struct seen_page *p, unsigned serial, unsigned second, bool trusted)
{
	int64_t at = map_get(&p->more_at, serial, second, -1);
	uint32_t *m;

	if (at < 0) {
		map_put(&p->more_at, serial, second, (int64_t)p->more.n);
		*VEC_PUSH(&p->more) = MORE(serial, second, trusted);
		p->dirty = true;
		return SEEN_NEW;
	}
	m = &p->more.v[at];
	if (!trusted || (*m & 1))
		return SEEN_BEFORE;
	*m |= 1;
	p->dirty = true;
	return SEEN_OTHER;
}

/* The index of `more`, after it was changed otherwise. */
static void index_more(struct seen_page *p)
{
	map_clear(&p->more_at);
	for (size_t i = 0; i < p->more.n; i++)
		map_put(&p->more_at, MORE_SERIAL(p->more.v[i]), MORE_SECOND(p->more.v[i]), (int64_t)i);
}

enum seen_state seen_mark(struct seen_page *p, uint32_t serial, int64_t second, bool trusted, int64_t base)
{
	unsigned i = serial % SEEN_SERIALS, at = (unsigned)(second % SEEN_SECONDS);

	note_base(p, base);
	if (p->at[i] == 0) {
		p->at[i] = (uint16_t)(at + 1);
		if (trusted)
			set_bit(p->trusted, i);
		p->dirty = true;
		return SEEN_NEW;
	}
	if (p->at[i] != at + 1)
		return mark_more(p, i, at, trusted);
	if (!trusted || bit(p->trusted, i))
		return SEEN_BEFORE;
	set_bit(p->trusted, i);
	p->dirty = true;
	return SEEN_OTHER;
}

static void clear_bit(uint8_t *bits, unsigned i)
{
	bits[i / 8] = (uint8_t)(bits[i / 8] & ~(1u << (i % 8)));
}

void seen_unmark(struct seen_page *p, uint32_t serial, int64_t second)
{
	unsigned i = serial % SEEN_SERIALS, at = (unsigned)(second % SEEN_SECONDS);

	if (p->at[i] == at + 1) {
		p->at[i] = 0;
		clear_bit(p->trusted, i);
		p->dirty = true;
	}
	for (size_t k = p->more.n; k-- > 0;) {
		if (MORE_SERIAL(p->more.v[k]) != i || MORE_SECOND(p->more.v[k]) != at)
			continue;
		p->more.v[k] = p->more.v[--p->more.n];
		p->dirty = true;
		index_more(p);
	}
}

/* ---- the blob: the shorter of runs and bitmap, then what stands in `more` ---- */

enum { FORM_RUNS, FORM_BITMAP };

/* runs or bitmap: at most seven bytes for each serial, and two bitmaps; in `more`, 23 bits for each event */
#define BODY_MAX 65536
#define PAGE_MAX (BODY_MAX + 8 + BOOT_PAGE_EVENTS * 4)

static uint64_t zigzag(int64_t v)
{
	return (uint64_t)v << 1 ^ (uint64_t)(v >> 63);
}

static int64_t unzigzag(uint64_t v)
{
	return (int64_t)(v >> 1) ^ -(int64_t)(v & 1);
}

/* The second after a change; one that leaves the page is -1, whatever is added to it later. */
static int64_t step(int64_t second, uint64_t change)
{
	int64_t by = unzigzag(change);

	if (second < 0 || by <= -SEEN_SECONDS || by >= SEEN_SECONDS)
		return -1;
	return second + by < SEEN_SECONDS ? second + by : -1;
}

/* Serials from `from` up to before `end` that have one second and one trust, or were not seen (at 0). */
struct run { unsigned from, end; uint16_t at; bool trusted; };

static bool eight_alike(const struct seen_page *p, unsigned i, const struct run *r)
{
	uint64_t four = r->at * UINT64_C(0x0001000100010001), at[2];

	memcpy(at, &p->at[i], sizeof(at));
	return at[0] == four && at[1] == four && p->trusted[i / 8] == (r->trusted ? 0xff : 0);
}

/* The run that begins at r->end. A commit looks at whole pages, so eight serials are compared at once. */
static bool next_run(const struct seen_page *p, struct run *r)
{
	unsigned i = r->end;

	if (i == SEEN_SERIALS)
		return false;
	*r = (struct run){ .from = i, .at = p->at[i], .trusted = bit(p->trusted, i) };
	while (i < SEEN_SERIALS) {
		if (i % 8 == 0 && eight_alike(p, i, r))
			i += 8;
		else if (p->at[i] == r->at && bit(p->trusted, i) == r->trusted)
			i++;
		else
			break;
	}
	r->end = i;
	return true;
}

/* For each run of events: gap before it, length, second's change and trust. */
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
		buf_varint(out, zigzag(r.at - 1 - second) << 1 | r.trusted);
		second = r.at - 1;
		end = r.end;
	}
}

/* Two bitmaps, then each change of the second: events since the last change, and by how much. */
static void encode_bitmap(const struct seen_page *p, struct buf *out)
{
	uint8_t seen[SEEN_SERIALS / 8] = { 0 };
	unsigned since = 0;
	int second = 0;

	for (unsigned i = 0; i < SEEN_SERIALS; i++)
		if (p->at[i])
			set_bit(seen, i);
	buf_add(out, seen, sizeof(seen));
	buf_add(out, p->trusted, sizeof(p->trusted));
	for (unsigned i = 0; i < SEEN_SERIALS; i++) {
		if (p->at[i] == 0)
			continue;
		if (p->at[i] - 1 != second) {
			buf_varint(out, since);
			buf_varint(out, zigzag(p->at[i] - 1 - second));
			second = p->at[i] - 1;
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

void seen_encode(const struct seen_page *p, struct buf *out)
{
	auto_buf struct buf runs = { 0 }, bitmap = { 0 };
	auto_free uint32_t *sorted = NULL;
	const struct buf *shorter;

	encode_runs(p, &runs);
	if (runs.n > sizeof(p->trusted) * 2) /* a bitmap is never shorter than that */
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

static bool decode_runs(struct seen_page *p, struct bytes b)
{
	uint64_t i = 0, gap, n, change;
	int64_t second = 0;

	while (b.n) {
		if (!bytes_varint(&b, &gap) || !bytes_varint(&b, &n) || !bytes_varint(&b, &change))
			return false;
		second = step(second, change >> 1);
		if (gap > SEEN_SERIALS || n == 0 || n > SEEN_SERIALS ||
		    i + gap + n > SEEN_SERIALS || second < 0 || second >= SEEN_SECONDS)
			return false;
		for (i += gap; n > 0; i++, n--) {
			p->at[i] = (uint16_t)(second + 1);
			if (change & 1)
				set_bit(p->trusted, (unsigned)i);
		}
	}
	return true;
}

static bool decode_bitmap(struct seen_page *p, struct bytes b)
{
	const uint8_t *seen = (const uint8_t *)b.p;
	uint64_t until = 0, change = 0;
	int64_t second = 0;

	if (b.n < sizeof(p->trusted) * 2)
		return false;
	memcpy(p->trusted, b.p + sizeof(p->trusted), sizeof(p->trusted));
	bytes_skip(&b, sizeof(p->trusted) * 2);
	until = UINT64_MAX;
	if (b.n && (!bytes_varint(&b, &until) || !bytes_varint(&b, &change)))
		return false;
	for (unsigned i = 0; i < SEEN_SERIALS; i++) {
		if (!bit(seen, i))
			continue;
		while (until == 0) {
			second = step(second, change);
			until = UINT64_MAX;
			if (b.n && (!bytes_varint(&b, &until) || !bytes_varint(&b, &change)))
				return false;
		}
		if (second < 0 || second >= SEEN_SECONDS)
			return false;
		p->at[i] = (uint16_t)(second + 1);
		if (until != UINT64_MAX)
			until--;
	}
	for (unsigned i = 0; i < sizeof(p->trusted); i++)
		p->trusted[i] &= seen[i]; /* no trust without an event */
	return true;
}

bool seen_decode(struct seen_page *p, struct bytes data)
{
	struct bytes body;
	uint64_t n, m, last = 0;
	char form;

	if (data.n == 0 || data.n > PAGE_MAX)
		return false;
	form = data.p[0];
	bytes_skip(&data, 1);
	if (!bytes_varint(&data, &n) || n > data.n || n > BODY_MAX)
		return false;
	body = (struct bytes){ data.p, n };
	bytes_skip(&data, n);
	if (form == FORM_RUNS ? !decode_runs(p, body) : form != FORM_BITMAP || !decode_bitmap(p, body))
		return false;
	while (data.n) {
		if (!bytes_varint(&data, &m) || m >> 11 >= SEEN_SERIALS ||
		    (p->more.n > 0 && m >> 1 <= last >> 1))
			return false;
		last = m;
		*VEC_PUSH(&p->more) = (uint32_t)m;
	}
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

/* The page's events as units: of one second, serials that lie close together. */
static void units_of(const struct seen_page *p, struct boot_pieces *out)
{
	VEC(struct point) points = { 0 };

	VEC_ROOM(&points, SEEN_SERIALS + p->more.n);
	for (unsigned i = 0; i < SEEN_SERIALS; i++)
		if (p->at[i])
			*VEC_PUSH(&points) = (struct point){ (uint16_t)(p->at[i] - 1), (uint16_t)i };
	for (size_t i = 0; i < p->more.n; i++)
		*VEC_PUSH(&points) = (struct point){ (uint16_t)MORE_SECOND(p->more.v[i]),
						     (uint16_t)MORE_SERIAL(p->more.v[i]) };
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
		*VEC_PUSH(out) = (struct boot_piece){ .sec_lo = second, .sec_hi = second, .serial_lo = serial,
						      .serial_hi = serial, .events = 1, .base = BOOT_NO_BASE };
	}
	VEC_FREE(&points);
}

/* The usual page, in which time rises with the serial: one piece, found without sorting. */
static bool one_piece(const struct seen_page *p, struct boot_pieces *out)
{
	struct boot_piece piece = { .base = BOOT_NO_BASE };
	struct run r = { 0 };
	unsigned last = 0;

	if (p->more.n)
		return false;
	while (next_run(p, &r)) {
		if (r.at == 0)
			continue;
		if (r.at < last)
			return false;
		last = r.at;
		piece.sec_hi = p->seconds * SEEN_SECONDS + last - 1;
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

void seen_pieces(const struct seen_page *p, struct boot_pieces *out)
{
	struct boot_pieces units = { 0 };
	size_t first = out->n;
	uint32_t n;

	if (one_piece(p, out))
		return;
	units_of(p, &units);
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

/* ---- pages in memory ---- */

void seen_init(struct seen *s, struct store *store)
{
	*s = (struct seen){ .store = store };
}

static void free_page(struct seen_page *p)
{
	VEC_FREE(&p->more);
	map_release(&p->more_at);
	free(p);
}

void seen_forget(struct seen *s)
{
	for (size_t i = 0; i < s->n_pages; i++)
		free_page(s->pages[i]);
	s->n_pages = 0;
	s->last = NULL;
	if (s->n_slots)
		memset(s->slots, 0, s->n_slots * sizeof(*s->slots));
}

void seen_release(struct seen *s)
{
	seen_forget(s);
	free(s->pages);
	free(s->slots);
	VEC_FREE(&s->changed);
	*s = (struct seen){ 0 };
}

static uint32_t slot_for(const struct seen *s, int64_t node, int64_t serials, int64_t seconds)
{
	uint64_t h = hash_u64(hash_u64((uint64_t)node, (uint64_t)serials), (uint64_t)seconds);
	uint32_t i = (uint32_t)h & (s->n_slots - 1);

	for (; s->slots[i] != 0; i = (i + 1) & (s->n_slots - 1)) {
		const struct seen_page *p = s->pages[s->slots[i] - 1];

		if (p->node == node && p->serials == serials && p->seconds == seconds)
			break;
	}
	return i;
}

static void reindex(struct seen *s)
{
	if (s->n_slots == 0) {
		s->n_slots = PAGES_MAX * 8;
		s->slots = mem_zero(s->n_slots, sizeof(*s->slots));
	}
	memset(s->slots, 0, s->n_slots * sizeof(*s->slots));
	for (size_t i = 0; i < s->n_pages; i++)
		s->slots[slot_for(s, s->pages[i]->node, s->pages[i]->serials, s->pages[i]->seconds)] = (uint32_t)i + 1;
}

static void note_changed(struct seen *s, int64_t node)
{
	if (s->changed.n == 0 || s->changed.v[s->changed.n - 1] != node)
		*VEC_PUSH(&s->changed) = node;
}

static int drop_page(struct seen *s, const struct seen_page *p, struct err *e)
{
	return store_run(s->store, STMT_del_page, ARGS(V_INT(p->node), V_INT(p->serials), V_INT(p->seconds)), e);
}

static int save(struct seen *s, struct seen_page *p, struct err *e)
{
	auto_buf struct buf data = { 0 }, pieces = { 0 };
	struct boot_pieces list = { 0 };
	bool based = p->base_max != BOOT_NO_BASE;

	seen_pieces(p, &list);
	boot_encode(&list, &pieces);
	VEC_FREE(&list);
	note_changed(s, p->node);
	p->dirty = false;
	if (pieces.n == 0) /* all of its events were taken back */
		return drop_page(s, p, e);
	seen_encode(p, &data);
	return store_run(s->store, STMT_save_page, ARGS(V_INT(p->node), V_INT(p->serials), V_INT(p->seconds), V_BLOB(buf_bytes(&pieces)),
							V_INT_IF(based, p->base_min), V_INT_IF(based, p->base_max),
							V_BLOB(buf_bytes(&data))), e);
}

int seen_flush(struct seen *s, struct err *e)
{
	for (size_t i = 0; i < s->n_pages; i++)
		if (s->pages[i]->dirty && save(s, s->pages[i], e) < 0)
			return -1;
	return 0;
}

static int by_use(const void *a, const void *b)
{
	const struct seen_page *const *x = a, *const *y = b;

	return (*x)->used < (*y)->used ? 1 : (*x)->used > (*y)->used ? -1 : 0;
}

/* Half of the pages go, those that were not used for longest. Dirty ones are written; the lock is held. */
static int evict(struct seen *s, struct err *e)
{
	qsort(s->pages, s->n_pages, sizeof(*s->pages), by_use);
	while (s->n_pages > PAGES_MAX / 2) {
		struct seen_page *p = s->pages[s->n_pages - 1];

		if (p->dirty && save(s, p, e) < 0)
			return -1;
		free_page(p);
		s->n_pages--;
	}
	s->last = NULL;
	reindex(s);
	return 0;
}

struct loading { const struct seen *s; struct seen_page *p; };

static int take_page(void *to, sqlite3_stmt *row, struct err *e)
{
	struct loading *l = to;
	int64_t v[3];

	if (row_read(row, "seen", "dDb", v, e) < 0)
		return -1;
	l->p->base_min = v[0];
	l->p->base_max = v[1];
	if (!seen_decode(l->p, store_column(row, 2)))
		return row_damaged(l->s->store->db, "seen", 0, "no page can be read in its data",
				   e);
	return 0;
}

static int load(struct seen *s, struct seen_page *p, struct err *e)
{
	struct loading l = { s, p };

	return store_each(s->store, STMT_load_page, ARGS(V_INT(p->node), V_INT(p->serials), V_INT(p->seconds)), WALK(take_page, &l), e);
}

struct seen_page *seen_page(struct seen *s, int64_t node, uint32_t serial, int64_t second, struct err *e)
{
	int64_t serials = serial / SEEN_SERIALS, seconds = second / SEEN_SECONDS;
	struct seen_page *p;
	uint32_t slot;

	if (s->n_slots == 0)
		reindex(s);
	slot = slot_for(s, node, serials, seconds);
	if (s->slots[slot] == 0) {
		if (s->n_pages >= PAGES_MAX) {
			if (evict(s, e) < 0)
				return NULL;
			slot = slot_for(s, node, serials, seconds);
		}
		if (s->n_pages == s->cap) {
			s->cap = s->cap ? s->cap * 2 : 64;
			s->pages = mem_grow(s->pages, s->cap, sizeof(*s->pages));
		}
		p = mem_zero(1, sizeof(*p));
		p->node = node;
		p->serials = serials;
		p->seconds = seconds;
		p->base_min = p->base_max = BOOT_NO_BASE;
		if (load(s, p, e) < 0) {
			free_page(p);
			return NULL;
		}
		s->pages[s->n_pages++] = p;
		s->slots[slot] = (uint32_t)s->n_pages;
	}
	p = s->pages[s->slots[slot] - 1];
	p->used = ++s->clock;
	s->last = p;
	return p;
}
