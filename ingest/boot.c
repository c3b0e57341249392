#include "ingest/boot.h"

#include "store/row.h"

#include <stdlib.h>

#define BORDER_SERIALS 64   /* records come out of order by up to 46 serials where a second ends */
#define BASE_SECONDS 10     /* printk's stamp is behind the audit stamp by milliseconds, seconds under load */
#define RECENT_SECONDS 10   /* chains that were at work this short a time ago compete by serial, not by time */
#define STRAY_EVENTS 8      /* a peak of so few events between two that fit each other is somebody's forgery */

static int by_time(const void *a, const void *b)
{
	const struct boot_piece *x = a, *y = b;

	if (x->sec_lo != y->sec_lo)
		return x->sec_lo < y->sec_lo ? -1 : 1;
	if (x->serial_lo != y->serial_lo)
		return x->serial_lo < y->serial_lo ? -1 : 1;
	if (x->sec_hi != y->sec_hi)
		return x->sec_hi < y->sec_hi ? -1 : 1;
	return x->serial_hi < y->serial_hi ? -1 : x->serial_hi > y->serial_hi;
}

#define COMPETING 64        /* chains that were at work last; older ones are not gone on with */

struct chain {
	int64_t sec;     /* of its last piece */
	uint32_t serial;
	int64_t base;
};

static bool bases_differ(int64_t a, int64_t b)
{
	return a != BOOT_NO_BASE && b != BOOT_NO_BASE && llabs(a - b) > BASE_SECONDS;
}

/* May the piece follow the chain's last one? */
static bool fits(const struct chain *c, const struct boot_piece *p)
{
	bool at_border = p->sec_lo <= c->sec + 1;

	if (bases_differ(c->base, p->base) || p->sec_lo + 1 < c->sec)
		return false;
	return p->serial_lo > c->serial || (at_border && (uint64_t)p->serial_lo + BORDER_SERIALS > c->serial);
}

/* The chain that the piece belongs to best, or -1: same base first, then the latest, among recent ones the nearest serial. */
static ptrdiff_t best(const struct chain *chains, const uint32_t *latest, size_t n, const struct boot_piece *p)
{
	ptrdiff_t out = -1;

	for (size_t k = n > COMPETING ? n - COMPETING : 0; k < n; k++) {
		uint32_t i = latest[k];
		const struct chain *a, *c = &chains[i];
		bool same, was_same, recent;

		if (!fits(c, p))
			continue;
		if (out < 0) {
			out = i;
			continue;
		}
		a = &chains[out];
		same = c->base != BOOT_NO_BASE && p->base != BOOT_NO_BASE;
		was_same = a->base != BOOT_NO_BASE && p->base != BOOT_NO_BASE;
		recent = p->sec_lo - c->sec <= RECENT_SECONDS && p->sec_lo - a->sec <= RECENT_SECONDS;
		if (same != was_same ? same : recent ? c->serial > a->serial : c->sec > a->sec)
			out = i;
	}
	return out;
}

/* A few events high above their neighbours, which fit each other: one line with an invented serial. */
static bool stray(const struct chain *c, const struct boot_piece *p, const struct boot_piece *next)
{
	return next != NULL && p->events <= STRAY_EVENTS && next->serial_lo < p->serial_lo && fits(c, next) &&
	       (p->base == BOOT_NO_BASE || c->base == BOOT_NO_BASE);
}

uint32_t boot_chains(struct boot_pieces *pieces)
{
	VEC(struct chain) chains = { 0 };
	VEC(uint32_t) latest = { 0 }; /* chains in the order in which they were gone on with */
	uint32_t n;

	if (pieces->n == 0)
		return 0;
	qsort(pieces->v, pieces->n, sizeof(*pieces->v), by_time);
	for (size_t i = 0; i < pieces->n; i++) {
		struct boot_piece *p = &pieces->v[i];
		const struct boot_piece *next = i + 1 < pieces->n ? p + 1 : NULL;
		ptrdiff_t at = best(chains.v, latest.v, latest.n, p);
		size_t place = latest.n;

		if (at < 0 || stray(&chains.v[at], p, next)) {
			at = (ptrdiff_t)chains.n;
			*VEC_PUSH(&chains) = (struct chain){ p->sec_hi, p->serial_hi, p->base };
			*VEC_PUSH(&latest) = (uint32_t)at;
		} else {
			struct chain *c = &chains.v[at];

			if (p->sec_hi > c->sec)
				c->sec = p->sec_hi;
			if (p->serial_hi > c->serial)
				c->serial = p->serial_hi;
			if (p->base != BOOT_NO_BASE)
				c->base = p->base;
			while (latest.v[--place] != (uint32_t)at)
				;
			memmove(&latest.v[place], &latest.v[place + 1], (latest.n - place - 1) * sizeof(*latest.v));
			latest.v[latest.n - 1] = (uint32_t)at;
		}
		p->boot = (uint32_t)at;
	}
	n = (uint32_t)chains.n;
	VEC_FREE(&chains);
	VEC_FREE(&latest);
	return n;
}

void boot_encode(const struct boot_pieces *p, struct buf *out)
{
	for (size_t i = 0; i < p->n; i++) {
		buf_varint(out, (uint64_t)p->v[i].sec_lo);
		buf_varint(out, (uint64_t)(p->v[i].sec_hi - p->v[i].sec_lo));
		buf_varint(out, p->v[i].serial_lo);
		buf_varint(out, p->v[i].serial_hi - p->v[i].serial_lo);
		buf_varint(out, p->v[i].events);
	}
}

bool boot_decode(struct boot_pieces *out, struct bytes data, int64_t base)
{
	uint64_t events = 0;

	while (data.n) {
		uint64_t v[5];

		for (size_t i = 0; i < 5; i++)
			if (!bytes_varint(&data, &v[i]) || v[i] > INT64_MAX / 2)
				return false;
		if (v[2] + v[3] > UINT32_MAX || v[4] == 0 || v[4] > BOOT_PAGE_EVENTS ||
		    (events += v[4]) > BOOT_PAGE_EVENTS)
			return false;
		*VEC_PUSH(out) = (struct boot_piece){ .sec_lo = (int64_t)v[0], .sec_hi = (int64_t)(v[0] + v[1]),
						      .serial_lo = (uint32_t)v[2], .serial_hi = (uint32_t)(v[2] + v[3]),
						      .events = (uint32_t)v[4], .base = base };
	}
	return true;
}

struct loading { struct boots *out; const struct store *store; bool any_text; };

static bool in_page(const struct boot_piece *p, int64_t serials, int64_t seconds)
{
	return p->sec_lo / BOOT_SECONDS == seconds && p->sec_hi / BOOT_SECONDS == seconds &&
	       p->serial_lo / BOOT_SERIALS == serials && p->serial_hi / BOOT_SERIALS == serials;
}

/* The base of a page's lines; those that disagree say nothing. */
static int64_t base_of(int64_t min, int64_t max)
{
	return min != BOOT_NO_BASE && max - min <= BASE_SECONDS ? max : BOOT_NO_BASE;
}

static void append(struct boot_pieces *to, const struct boot_pieces *from, size_t first)
{
	for (size_t i = first; i < from->n; i++)
		*VEC_PUSH(to) = from->v[i];
}

/* The first piece that begins at this second or later; n where there is none. */
static size_t first_from(const struct boot_pieces *of, int64_t second)
{
	size_t lo = 0, hi = of->n;

	while (lo < hi) {
		size_t mid = (lo + hi) / 2;

		if (of->v[mid].sec_lo < second)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static int take_pieces(void *to, sqlite3_stmt *row, struct err *e)
{
	struct loading *l = to;
	struct boot_pieces *trusted = &l->out->pieces[TRACK_TRUSTED], *all = &l->out->pieces[TRACK_TEXT];
	size_t had[TRACK_LAYERS] = { trusted->n, all->n };
	struct bytes text;
	int64_t v[8], base;

	if (row_read(row, "seen", "dDdDbbyy", v, e) < 0)
		return -1;
	text = store_column(row, 5);
	if (text.n && !l->any_text) { /* those of pages without text are the same in both */
		l->any_text = true;
		append(all, trusted, 0);
		had[TRACK_TEXT] = all->n;
	}
	/* what trusted lines print of a base, or disagree about, is not text's to say */
	base = v[0] != BOOT_NO_BASE ? base_of(v[0], v[1]) : base_of(v[2], v[3]);
	if (!boot_decode(trusted, store_column(row, 4), base_of(v[0], v[1])) || !boot_decode(all, text, base))
		return row_damaged(l->store->db, "seen", 0, "no pieces can be read in it", e);
	if (l->any_text && text.n == 0)
		append(all, trusted, had[TRACK_TRUSTED]);
	for (int layer = 0; layer < TRACK_LAYERS; layer++)
		for (size_t i = had[layer]; i < l->out->pieces[layer].n; i++)
			if (!in_page(&l->out->pieces[layer].v[i], v[6], v[7]))
				return row_damaged(l->store->db, "seen", 0, "a piece lies outside of its page", e);
	return 0;
}

/* The boot of the first trusted piece that has a second and a serial in common with this one; -1: none. */
static int64_t trusted_within(const struct boots *b, const struct boot_piece *p)
{
	const struct boot_pieces *of = &b->pieces[TRACK_TRUSTED];

	for (size_t i = first_from(of, p->sec_lo - BOOT_SECONDS); i < of->n && of->v[i].sec_lo <= p->sec_hi; i++) {
		const struct boot_piece *t = &of->v[i];

		if (t->sec_hi >= p->sec_lo && t->serial_lo <= p->serial_hi && t->serial_hi >= p->serial_lo)
			return t->boot;
	}
	return -1;
}

/*
 * Chains of all pieces become boots: where trusted events are in one, theirs, that of the nearest piece before, else of
 * the first behind.
 */
static void attach_text(struct boots *b)
{
	struct boot_pieces *all = &b->pieces[TRACK_TEXT];
	uint32_t n = boot_chains(all), next = b->n_trusted;
	auto_free int64_t *last = mem_alloc(n * sizeof(*last)), *first = mem_alloc(n * sizeof(*first));
	auto_free int64_t *found = mem_alloc(all->n * sizeof(*found));

	for (uint32_t i = 0; i < n; i++)
		last[i] = first[i] = -1;
	for (size_t i = 0; i < all->n; i++) {
		uint32_t chain = all->v[i].boot;

		found[i] = trusted_within(b, &all->v[i]);
		if (found[i] < 0) {
			found[i] = last[chain];
			continue;
		}
		last[chain] = found[i];
		if (first[chain] < 0)
			first[chain] = found[i];
	}
	for (uint32_t i = 0; i < n; i++)
		if (first[i] < 0)
			first[i] = next++;
	for (size_t i = 0; i < all->n; i++)
		all->v[i].boot = (uint32_t)(found[i] < 0 ? first[all->v[i].boot] : found[i]);
	b->n = next;
}

int boots_load(struct boots *out, struct store *store, int64_t node, struct err *e)
{
	struct loading l = { out, store, false };

	*out = (struct boots){ 0 };
	if (store_each(store, STMT_load_pieces, ARGS(V_INT(node)), WALK(take_pieces, &l), e) < 0) {
		boots_release(out);
		return -1;
	}
	out->n = out->n_trusted = boot_chains(&out->pieces[TRACK_TRUSTED]);
	attach_text(out);
	return 0;
}

void boots_release(struct boots *b)
{
	for (int layer = 0; layer < TRACK_LAYERS; layer++)
		VEC_FREE(&b->pieces[layer]);
	b->n = b->n_trusted = 0;
}

/* The pieces by which a layer's events find their boots. */
static const struct boot_pieces *pieces_of(const struct boots *b, enum track_layer layer)
{
	return &b->pieces[b->pieces[layer].n ? layer : TRACK_TRUSTED];
}

/* The piece that holds an event; *before: the one that began last before it. NULL where there is none. */
static const struct boot_piece *piece_at(const struct boot_pieces *of, int64_t second, uint32_t serial,
					 const struct boot_piece **before)
{
	size_t behind = first_from(of, second + 1);

	*before = behind > 0 ? &of->v[behind - 1] : NULL;
	/* pieces are at most one page of seconds long, so the one that holds the event begins not far before */
	for (size_t i = behind; i-- > 0 && of->v[i].sec_lo + BOOT_SECONDS > second;) {
		const struct boot_piece *p = &of->v[i];

		if (second <= p->sec_hi && serial >= p->serial_lo && serial <= p->serial_hi)
			return p;
	}
	return NULL;
}

uint32_t boots_of(const struct boots *b, enum track_layer layer, int64_t second, uint32_t serial)
{
	const struct boot_piece *before, *p;

	if ((layer == TRACK_TRUSTED ? b->n_trusted : b->n) <= 1)
		return 0;
	p = piece_at(pieces_of(b, layer), second, serial, &before);
	return p ? p->boot : before ? before->boot : 0;
}

bool boots_agree(const struct boots *old, const struct boots *now, enum track_layer layer)
{
	const struct boot_pieces *was = &old->pieces[layer], *is = pieces_of(now, layer);

	for (size_t i = 0; i < was->n; i++) {
		const struct boot_piece *p = &was->v[i], *before;
		const struct boot_piece *lo = piece_at(is, p->sec_lo, p->serial_lo, &before);

		if (lo == NULL || lo->boot != p->boot || piece_at(is, p->sec_hi, p->serial_hi, &before) != lo)
			return false;
	}
	return true;
}

/* The corners of boots `from` up to before `end`. */
static int save_some(const struct boot_pieces *of, uint32_t from, uint32_t end, struct store *store, int64_t node, struct err *e)
{
	VEC(struct boot_piece) spans = { 0 };
	int ret = 0;

	for (size_t i = 0; i < of->n; i++) {
		const struct boot_piece *p = &of->v[i];
		uint32_t at = p->boot - from;

		if (p->boot < from || p->boot >= end)
			continue;
		if (at == spans.n)
			*VEC_PUSH(&spans) = *p;
		if (p->sec_hi >= spans.v[at].sec_hi) {
			spans.v[at].sec_hi = p->sec_hi;
			spans.v[at].serial_hi = p->serial_hi;
		}
	}
	for (size_t i = 0; i < spans.n && ret == 0; i++)
		ret = store_run(store, STMT_add_boot, ARGS(V_INT(node), V_INT(from + i), V_INT(spans.v[i].sec_lo * 1000),
							   V_INT(spans.v[i].sec_hi * 1000), V_INT(spans.v[i].serial_lo),
							   V_INT(spans.v[i].serial_hi), V_INT(from == 0)), e);
	VEC_FREE(&spans);
	return ret;
}

int boots_save(const struct boots *b, struct store *store, int64_t node, struct err *e)
{
	if (store_run(store, STMT_clear_boots, ARGS(V_INT(node)), e) < 0 ||
	    save_some(&b->pieces[TRACK_TRUSTED], 0, b->n_trusted, store, node, e) < 0)
		return -1;
	return save_some(&b->pieces[TRACK_TEXT], b->n_trusted, b->n, store, node, e);
}
