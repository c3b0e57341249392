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

struct loading { struct boots *out; const struct store *store; };

static bool in_page(const struct boot_piece *p, int64_t serials, int64_t seconds)
{
	return p->sec_lo / BOOT_SECONDS == seconds && p->sec_hi / BOOT_SECONDS == seconds &&
	       p->serial_lo / BOOT_SERIALS == serials && p->serial_hi / BOOT_SERIALS == serials;
}

static int take_pieces(void *to, sqlite3_stmt *row, struct err *e)
{
	struct loading *l = to;
	size_t had = l->out->pieces.n;
	int64_t v[5];
	bool known;

	if (row_read(row, "seen", "dDbyy", v, e) < 0)
		return -1;
	/* lines of one page that disagree say nothing */
	known = v[0] != BOOT_NO_BASE && v[1] - v[0] <= BASE_SECONDS;
	if (!boot_decode(&l->out->pieces, store_column(row, 2), known ? v[1] : BOOT_NO_BASE))
		return row_damaged(l->store->db, "seen", 0, "no pieces can be read in it", e);
	for (size_t i = had; i < l->out->pieces.n; i++)
		if (!in_page(&l->out->pieces.v[i], v[3], v[4]))
			return row_damaged(l->store->db, "seen", 0,
					   "a piece lies outside of its page", e);
	return 0;
}

int boots_load(struct boots *out, struct store *store, int64_t node, struct err *e)
{
	struct loading l = { out, store };

	*out = (struct boots){ 0 };
	if (store_each(store, STMT_load_pieces, ARGS(V_INT(node)), WALK(take_pieces, &l), e) < 0) {
		boots_release(out);
		return -1;
	}
	out->n = boot_chains(&out->pieces);
	return 0;
}

void boots_release(struct boots *b)
{
	VEC_FREE(&b->pieces);
	b->n = 0;
}

/* The piece that holds an event; *before: the one that began last before it. NULL where there is none. */
static const struct boot_piece *piece_at(const struct boots *b, int64_t second, uint32_t serial,
					 const struct boot_piece **before)
{
	size_t lo = 0, hi = b->pieces.n;

	*before = NULL;
	while (lo < hi) {
		size_t mid = (lo + hi) / 2;

		if (b->pieces.v[mid].sec_lo <= second)
			lo = mid + 1;
		else
			hi = mid;
	}
	/* pieces are at most one page of seconds long, so the one that holds the event begins not far before */
	for (size_t i = lo; i-- > 0;) {
		const struct boot_piece *p = &b->pieces.v[i];

		if (i == lo - 1)
			*before = p;
		if (p->sec_lo + 1024 < second)
			break;
		if (second <= p->sec_hi && serial >= p->serial_lo && serial <= p->serial_hi)
			return p;
	}
	return NULL;
}

uint32_t boots_of(const struct boots *b, int64_t second, uint32_t serial)
{
	const struct boot_piece *before, *p;

	if (b->n <= 1)
		return 0;
	p = piece_at(b, second, serial, &before);
	return p ? p->boot : before ? before->boot : 0;
}

bool boots_agree(const struct boots *old, const struct boots *now)
{
	for (size_t i = 0; i < old->pieces.n; i++) {
		const struct boot_piece *p = &old->pieces.v[i], *before;
		const struct boot_piece *lo = piece_at(now, p->sec_lo, p->serial_lo, &before);

		if (lo == NULL || lo->boot != p->boot || piece_at(now, p->sec_hi, p->serial_hi, &before) != lo)
			return false;
	}
	return true;
}

int boots_save(const struct boots *b, struct store *store, int64_t node, struct err *e)
{
	VEC(struct boot_piece) spans = { 0 };
	int ret = store_run(store, STMT_clear_boots, ARGS(V_INT(node)), e);

	for (size_t i = 0; i < b->pieces.n; i++) {
		const struct boot_piece *p = &b->pieces.v[i];

		if (p->boot == spans.n)
			*VEC_PUSH(&spans) = *p;
		if (p->sec_hi >= spans.v[p->boot].sec_hi) {
			spans.v[p->boot].sec_hi = p->sec_hi;
			spans.v[p->boot].serial_hi = p->serial_hi;
		}
	}
	for (size_t i = 0; i < spans.n && ret == 0; i++)
		ret = store_run(store, STMT_add_boot, ARGS(V_INT(node), V_INT(i), V_INT(spans.v[i].sec_lo * 1000),
							   V_INT(spans.v[i].sec_hi * 1000), V_INT(spans.v[i].serial_lo),
							   V_INT(spans.v[i].serial_hi)), e);
	VEC_FREE(&spans);
	return ret;
}
