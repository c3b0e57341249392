// SPDX-License-Identifier: Apache-2.0
/*
 * Keeps the boots of a node from batch to batch: finds chains again from the first page that
 * changed, and says from when on they differ.
 */
#include "ingest/batch/boots.h"

#include "store/rows/seen_row.h"

#include <stdlib.h>

#define STATE_EVERY 256 /* pieces between two states that are kept */

/* In boot_piece.boot: the boot is that of this chain, whatever it will be. */
#define OPEN (UINT32_C(1) << 31)

static int64_t window(const struct boot_piece *p)
{
	return p->sec_lo / BOOT_SECONDS;
}

static int by_page_key(const struct boot_piece *p, int64_t seconds, int64_t serials)
{
	int64_t a = window(p) - seconds, b = (int64_t)(p->serial_lo / BOOT_SERIALS) - serials;

	return a != 0 ? (a < 0 ? -1 : 1) : b < 0 ? -1 : b > 0;
}

static int by_page(const void *a, const void *b)
{
	const struct boot_piece *y = b;
	int order = by_page_key(a, window(y), y->serial_lo / BOOT_SERIALS);

	return order != 0 ? order : boot_by_time(a, b);
}

/* The first piece of this page or of a later one. */
static size_t page_at(const struct boot_pieces *of, int64_t seconds, int64_t serials)
{
	size_t lo = 0, hi = of->n;

	while (lo < hi) {
		size_t mid = (lo + hi) / 2;

		if (by_page_key(&of->v[mid], seconds, serials) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static bool of_page(const struct boot_pieces *of, size_t i, int64_t seconds, int64_t serials)
{
	return i < of->n && by_page_key(&of->v[i], seconds, serials) == 0;
}

static bool overlap(const struct boot_piece *a, const struct boot_piece *b)
{
	return a->sec_lo <= b->sec_hi && a->sec_hi >= b->sec_lo && a->serial_lo <= b->serial_hi &&
	       a->serial_hi >= b->serial_lo;
}

static void add_piece(struct boot_pieces *to, const struct boot_piece *p)
{
	*VEC_PUSH(to) = *p;
}

/* ---- loading ---- */

struct loading { struct boot_pieces *trusted, *all; struct store *store; bool any_text; };

static bool in_page(const struct boot_piece *p, int64_t serials, int64_t seconds)
{
	return window(p) == seconds && p->sec_hi / BOOT_SECONDS == seconds &&
	       p->serial_lo / BOOT_SERIALS == serials && p->serial_hi / BOOT_SERIALS == serials;
}

/* The boot time of a page's lines; those that disagree say nothing. */
static int64_t boot_time_of(int64_t min, int64_t max)
{
	return min != BOOT_NO_TIME && max - min <= BOOT_BASE_SECONDS ? max : BOOT_NO_TIME;
}

static int take_pieces(void *to, const struct seen_row *r, struct err *e)
{
	struct loading *l = to;
	struct boot_pieces *both[] = { l->trusted, l->all };
	size_t had[] = { l->trusted->n, l->all->n };
	const struct seen_row_boot_time *trusted = &r->boot_time[TRACK_TRUSTED],
					*all = &r->boot_time[TRACK_TEXT];
	struct bytes text = r->pieces[TRACK_TEXT];
	int64_t boot_time;

	for (size_t i = 0; text.n && !l->any_text && i < l->trusted->n; i++) /* they are in both */
		add_piece(l->all, &l->trusted->v[i]);
	if (text.n && !l->any_text)
		had[1] = l->all->n;
	l->any_text = l->any_text || text.n;
	/* what trusted lines print of a boot time, or disagree about, is not text's to say */
	boot_time = trusted->min != BOOT_NO_TIME ? boot_time_of(trusted->min, trusted->max) :
						   boot_time_of(all->min, all->max);
	if (!boot_decode(l->trusted, r->pieces[TRACK_TRUSTED],
			 boot_time_of(trusted->min, trusted->max)) ||
	    !boot_decode(l->all, text, boot_time))
		return store_damaged(l->store, "seen", 0, "no pieces can be read in it", e);
	for (size_t i = had[0]; text.n == 0 && l->any_text && i < l->trusted->n; i++)
		add_piece(l->all, &l->trusted->v[i]);
	for (size_t k = 0; k < 2; k++)
		for (size_t i = had[k]; i < both[k]->n; i++)
			if (!in_page(&both[k]->v[i], r->key.serials, r->key.seconds))
				return store_damaged(l->store, "seen", 0,
						     "a piece lies outside of its page", e);
	return 0;
}

static void sort_by_page(struct boot_pieces *p)
{
	if (p->n > 1)
		qsort(p->v, p->n, sizeof(*p->v), by_page);
}

/* ---- chains ---- */

/* The boot of the first trusted piece that has a second and a serial in common with this one. */
static uint32_t trusted_within(const struct boots *b, const struct boot_piece *p)
{
	const struct boot_pieces *of = &b->layer[TRACK_TRUSTED].pieces;
	int64_t serials = p->serial_lo / BOOT_SERIALS;

	for (size_t i = page_at(of, window(p), serials); of_page(of, i, window(p), serials); i++)
		if (overlap(&of->v[i], p))
			return of->v[i].boot;
	return BOOT_NONE;
}

static void take_piece(struct boots *b, enum track_layer layer, struct boot_state *s,
		       struct boot_piece *p, const struct boot_piece *next)
{
	struct boots_layer *l = &b->layer[layer];
	struct boot_chain *c = boot_chain_on(s, p, next);
	struct boots_chain *to;
	uint32_t trusted;

	if (c->number == l->chains.n)
		*VEC_PUSH(&l->chains) = (struct boots_chain){ .boot = BOOT_NONE,
							      .trusted = BOOT_NONE };
	to = &l->chains.v[c->number];
	to->sec_lo = c->sec_lo;
	to->sec_hi = c->sec_hi;
	to->serial_lo = c->serial_lo;
	to->serial_hi = c->serial_hi;
	p->boot = c->number;
	if (layer == TRACK_TRUSTED)
		return;
	trusted = trusted_within(b, p);
	if (trusted != BOOT_NONE)
		c->mark = trusted;
	if (trusted != BOOT_NONE && to->trusted == BOOT_NONE) {
		to->trusted = trusted;
		to->at = (size_t)(p - l->pieces.v);
	}
	p->boot = c->mark != BOOT_NONE ? c->mark : OPEN | c->number;
}

struct order { struct boot_piece **v; size_t n, cap; };

static int by_time_at(const void *a, const void *b)
{
	const struct boot_piece *const *x = a, *const *y = b;

	return boot_by_time(*x, *y);
}

/* Pieces of the same page's seconds, from `at` on, in time order. */
static void in_time_order(struct boot_pieces *of, size_t at, struct order *out)
{
	bool sorted = true;

	out->n = 0;
	for (size_t i = at; i < of->n && window(&of->v[i]) == window(&of->v[at]); i++) {
		sorted = sorted && (i == at || boot_by_time(&of->v[i - 1], &of->v[i]) < 0);
		*VEC_PUSH(out) = &of->v[i];
	}
	if (!sorted)
		qsort(out->v, out->n, sizeof(*out->v), by_time_at);
}

/*
 * Takes all pieces from `at` on, which begins a page's seconds. Which chain a piece goes to is
 * known once the next one is.
 */
static void chain_from(struct boots *b, enum track_layer layer, size_t at, struct boot_state *s)
{
	struct boots_layer *l = &b->layer[layer];
	struct boot_piece *waiting = NULL;
	struct order order = { 0 };

	while (at < l->pieces.n) {
		in_time_order(&l->pieces, at, &order);
		if (waiting != NULL)
			take_piece(b, layer, s, waiting, order.v[0]);
		if (at >= (l->states.n ? l->states.v[l->states.n - 1].at : 0) + STATE_EVERY)
			*VEC_PUSH(&l->states) = (struct boots_state){ at, *s };
		for (size_t i = 0; i + 1 < order.n; i++)
			take_piece(b, layer, s, order.v[i], order.v[i + 1]);
		waiting = order.v[order.n - 1];
		at += order.n;
	}
	if (waiting != NULL)
		take_piece(b, layer, s, waiting, NULL);
	VEC_FREE(&order);
}

/*
 * The last state before the piece `changed`, where pieces change, and before the one that came
 * before it: what became of that hung on the next. States behind it are dropped. Returns from where
 * on pieces have to be taken again.
 */
static size_t state_before(struct boots_layer *l, size_t changed)
{
	while (l->states.n > 0 && l->states.v[l->states.n - 1].at >= changed)
		l->states.n--;
	return l->states.n > 0 ? l->states.v[l->states.n - 1].at : 0;
}

/* Makes the chains those that there were before the piece `at`. */
static void go_back(struct boots_layer *l, size_t at, struct boot_state *s)
{
	*s = l->states.n > 0 ? l->states.v[l->states.n - 1].state : (struct boot_state){ 0 };
	l->chains.n = s->n;
	for (uint32_t i = 0; i < s->recent; i++) {
		const struct boot_chain *c = &s->chain[i];

		l->chains.v[c->number].sec_hi = c->sec_hi;
		l->chains.v[c->number].serial_hi = c->serial_hi;
	}
	for (size_t i = 0; i < l->chains.n; i++)
		if (l->chains.v[i].trusted != BOOT_NONE && l->chains.v[i].at >= at)
			l->chains.v[i].trusted = BOOT_NONE;
}

/*
 * Numbers the boots. Returns the first second of a chain, of those that were there before, whose
 * number is another one now.
 */
static int64_t number_chains(struct boots *b)
{
	struct boots_layer *l = &b->layer[TRACK_TEXT];
	int64_t since = BOOTS_STAYED;

	b->n = b->n_trusted = (uint32_t)b->layer[TRACK_TRUSTED].chains.n;
	for (size_t i = 0; i < l->chains.n; i++) {
		struct boots_chain *c = &l->chains.v[i];
		uint32_t boot = c->trusted != BOOT_NONE ? c->trusted : b->n++;

		if (c->boot != BOOT_NONE && c->boot != boot && c->sec_lo < since)
			since = c->sec_lo;
		c->boot = boot;
	}
	return since;
}

static uint32_t boot_of(const struct boots_layer *l, const struct boot_piece *p)
{
	return p->boot & OPEN ? l->chains.v[p->boot & ~OPEN].boot : p->boot;
}

/* ---- from the store ---- */

int boots_load(struct boots *out, struct store *store, int64_t node, struct err *e)
{
	struct boots_layer *l = out->layer;
	struct loading to = { &l[TRACK_TRUSTED].pieces, &l[TRACK_TEXT].pieces, store, false };

	*out = (struct boots){ 0 };
	if (seen_row_each_pieces(store, node, (struct seen_row_take){ take_pieces, &to }, e) < 0) {
		boots_release(out);
		return -1;
	}
	for (int i = 0; i < TRACK_LAYERS; i++) {
		sort_by_page(&l[i].pieces);
		chain_from(out, (enum track_layer)i, 0, &(struct boot_state){ 0 });
	}
	number_chains(out);
	return 0;
}

void boots_release(struct boots *b)
{
	for (int i = 0; i < TRACK_LAYERS; i++) {
		VEC_FREE(&b->layer[i].pieces);
		VEC_FREE(&b->layer[i].chains);
		VEC_FREE(&b->layer[i].states);
	}
	VEC_FREE(&b->rows);
	*b = (struct boots){ 0 };
}

/* ---- what is asked ---- */

/* The pieces by which a layer's events find their boots. */
static const struct boots_layer *layer_for(const struct boots *b, enum track_layer layer)
{
	return &b->layer[b->layer[layer].pieces.n ? layer : TRACK_TRUSTED];
}

/* The piece that holds an event, of several the last one; NULL where there is none. */
static const struct boot_piece *piece_at(const struct boot_pieces *of, int64_t second,
					 uint32_t serial)
{
	int64_t seconds = second / BOOT_SECONDS, serials = serial / BOOT_SERIALS;
	const struct boot_piece *out = NULL;

	for (size_t i = page_at(of, seconds, serials); of_page(of, i, seconds, serials); i++) {
		const struct boot_piece *p = &of->v[i];

		if (p->sec_lo <= second && second <= p->sec_hi && p->serial_lo <= serial &&
		    serial <= p->serial_hi)
			out = p;
	}
	return out;
}

/* The piece that began last before the end of a second. */
static const struct boot_piece *piece_before(const struct boot_pieces *of, int64_t second)
{
	const struct boot_piece *out = NULL;

	for (size_t i = page_at(of, second / BOOT_SECONDS + 1, 0); i-- > 0;) {
		const struct boot_piece *p = &of->v[i];

		if (out != NULL && window(p) != window(out))
			break;
		if (p->sec_lo <= second && (out == NULL || boot_by_time(out, p) < 0))
			out = p;
	}
	return out;
}

static uint32_t count(const struct boots *b, enum track_layer layer)
{
	return layer == TRACK_TRUSTED ? b->n_trusted : b->n;
}

uint32_t boots_of(const struct boots *b, enum track_layer layer, int64_t second, uint32_t serial)
{
	const struct boots_layer *l = layer_for(b, layer);
	const struct boot_piece *p;

	if (count(b, layer) <= 1 || count(b, layer) > BOOTS_MOST)
		return 0;
	p = piece_at(&l->pieces, second, serial);
	if (p == NULL)
		p = piece_before(&l->pieces, second);
	return p != NULL ? boot_of(l, p) : 0;
}

/* ---- what changed ---- */

/*
 * Pieces that are taken again, and what they were: `had`, the boot of each from `at` on, BOOT_NONE
 * of a new one.
 */
struct change {
	const struct boots_page *pages; /* that were written, by seconds and serials */
	size_t n;
	struct boot_pieces fresh[TRACK_LAYERS],
		was[TRACK_LAYERS]; /* their pieces, and those that they had */
	struct hads {
		uint32_t *v;
		size_t n, cap;
	} had[TRACK_LAYERS];
	size_t at[TRACK_LAYERS];
};

/* Takes out the pieces of the pages, from `at` on. */
static void take_out(struct boots_layer *l, size_t at, struct change *c, enum track_layer layer)
{
	size_t page = 0, n = at;

	for (size_t i = at; i < l->pieces.n; i++) {
		struct boot_piece *p = &l->pieces.v[i];

		p->boot = boot_of(l, p);
		while (page < c->n &&
		       by_page_key(p, c->pages[page].seconds, c->pages[page].serials) > 0)
			page++;
		if (page < c->n &&
		    by_page_key(p, c->pages[page].seconds, c->pages[page].serials) == 0) {
			add_piece(&c->was[layer], p);
			continue;
		}
		*VEC_PUSH(&c->had[layer]) = p->boot;
		l->pieces.v[n++] = *p;
	}
	l->pieces.n = n;
}

/* Puts the new ones in their places, from `at` on. */
static void put_in(struct boots_layer *l, size_t at, struct change *c, enum track_layer layer)
{
	struct boot_pieces *of = &l->pieces, *fresh = &c->fresh[layer];
	struct hads *had = &c->had[layer];
	size_t n = of->n, k = fresh->n, to = n + k;

	sort_by_page(fresh);
	VEC_ROOM(of, k);
	VEC_ROOM(had, k);
	of->n += k;
	had->n += k;
	while (k > 0 && to-- > 0) {
		bool new = n == at || by_page(&of->v[n - 1], &fresh->v[k - 1]) < 0;

		of->v[to] = new ? fresh->v[--k] : of->v[--n];
		had->v[to - at] = new ? BOOT_NONE : had->v[n - at];
	}
}

/*
 * Changes the pieces of a layer, none of which begins before `seconds`, and finds its chains again.
 * Returns the page's seconds of the first piece that may have gone to another chain.
 */
static int64_t change_layer(struct boots *b, enum track_layer layer, int64_t seconds,
			    struct change *c)
{
	struct boots_layer *l = &b->layer[layer];
	size_t changed = page_at(&l->pieces, seconds, 0), at = state_before(l, changed);
	struct boot_state s;

	if (changed > 0)
		seconds = window(&l->pieces.v[changed - 1]);
	c->at[layer] = at;
	take_out(l, at, c, layer);
	go_back(l, at, &s);
	put_in(l, at, c, layer);
	chain_from(b, layer, at, &s);
	return seconds;
}

/* Is an event of a piece that was there before in one of another boot now? */
static bool moved(const struct boots_layer *l, const struct boot_piece *p)
{
	int64_t serials = p->serial_lo / BOOT_SERIALS;

	for (size_t i = page_at(&l->pieces, window(p), serials);
	     of_page(&l->pieces, i, window(p), serials); i++)
		if (overlap(&l->pieces.v[i], p) && boot_of(l, &l->pieces.v[i]) != p->boot)
			return true;
	return false;
}

/* The first second of a piece that was there before and whose events may be of another boot now. */
static int64_t first_moved(const struct boots_layer *l, const struct change *c,
			   enum track_layer layer)
{
	const struct hads *had = &c->had[layer];
	int64_t since = BOOTS_STAYED;

	for (size_t i = 0; i < had->n; i++) {
		const struct boot_piece *p = &l->pieces.v[c->at[layer] + i];

		if (had->v[i] != BOOT_NONE && p->sec_lo < since && boot_of(l, p) != had->v[i])
			since = p->sec_lo;
	}
	for (size_t i = 0; i < c->was[layer].n; i++)
		if (c->was[layer].v[i].sec_lo < since && moved(l, &c->was[layer].v[i]))
			since = c->was[layer].v[i].sec_lo;
	return since;
}

/* Until text came, all pieces were the trusted ones. */
static void begin_text(struct boots *b)
{
	for (size_t i = 0; i < b->layer[TRACK_TRUSTED].pieces.n; i++)
		add_piece(&b->layer[TRACK_TEXT].pieces, &b->layer[TRACK_TRUSTED].pieces.v[i]);
	chain_from(b, TRACK_TEXT, 0, &(struct boot_state){ 0 });
	number_chains(b);
}

static void renew(struct boots *b, struct change *c, int64_t *since)
{
	int64_t seconds = c->pages[0].seconds, before = change_layer(b, TRACK_TRUSTED, seconds, c),
		found;

	if (b->layer[TRACK_TEXT].pieces.n + c->fresh[TRACK_TEXT].n > 0)
		change_layer(b, TRACK_TEXT, before < seconds ? before : seconds, c);
	since[TRACK_TEXT] = number_chains(b);
	for (int i = 0; i < TRACK_LAYERS; i++) {
		found = first_moved(&b->layer[i], c, (enum track_layer)i);
		if (found < since[i])
			since[i] = found;
	}
}

/* ---- the table ---- */

static bool same_row(const struct boots_row *a, const struct boots_row *b)
{
	return a->sec_lo == b->sec_lo && a->sec_hi == b->sec_hi && a->serial_lo == b->serial_lo &&
	       a->serial_hi == b->serial_hi && a->trusted == b->trusted;
}

/* Writes the row of a boot if it is other than it was; at first, always. */
static int save_row(struct boots *b, size_t number, const struct boots_row *r, struct store *store,
		    int64_t node, struct err *e)
{
	if (number < b->rows.n && same_row(r, &b->rows.v[number]))
		return 0;
	if (number == b->rows.n)
		*VEC_PUSH(&b->rows) = *r;
	b->rows.v[number] = *r;
	return seen_row_save_boot(store,
				  &(struct boot_row){ .node = node,
						      .number = (int64_t)number,
						      .t_first = r->sec_lo * 1000,
						      .t_last = r->sec_hi * 1000,
						      .s_first = r->serial_lo,
						      .s_last = r->serial_hi,
						      .trusted = r->trusted },
				  e);
}

static int save(struct boots *b, struct store *store, int64_t node, struct err *e)
{
	size_t at = 0;

	if (!b->stored || b->rows.n > b->n) {
		b->rows.n = b->stored ? b->n : 0;
		if (seen_row_del_boots(store, node, (int64_t)b->rows.n, e) < 0)
			return -1;
	}
	b->stored = true;
	for (int layer = 0; layer < TRACK_LAYERS; layer++)
		for (size_t i = 0; i < b->layer[layer].chains.n; i++) {
			const struct boots_chain *c = &b->layer[layer].chains.v[i];
			struct boots_row r = { c->sec_lo, c->sec_hi, c->serial_lo, c->serial_hi,
					       layer == TRACK_TRUSTED };

			if ((layer == TRACK_TRUSTED || c->trusted == BOOT_NONE) &&
			    save_row(b, at++, &r, store, node, e) < 0)
				return -1;
		}
	return 0;
}

static int load_page(struct loading *to, int64_t node, const struct boots_page *p, struct err *e)
{
	return seen_row_find_pieces(to->store, (struct seen_key){ node, p->serials, p->seconds },
				    (struct seen_row_take){ take_pieces, to }, e);
}

int boots_renew(struct boots *b, struct store *store, int64_t node, const struct boots_page *pages,
		size_t n, int64_t since[TRACK_LAYERS], struct err *e)
{
	struct change c = { .pages = pages, .n = n };
	struct loading to = { &c.fresh[TRACK_TRUSTED], &c.fresh[TRACK_TEXT], store,
			      b->layer[TRACK_TEXT].pieces.n > 0 };
	uint32_t had[TRACK_LAYERS] = { count(b, TRACK_TRUSTED), count(b, TRACK_TEXT) };
	int ret = 0;

	since[TRACK_TRUSTED] = since[TRACK_TEXT] = BOOTS_STAYED;
	for (size_t i = 0; i < n && ret == 0; i++)
		ret = load_page(&to, node, &pages[i], e);
	if (ret == 0 && to.any_text && b->layer[TRACK_TEXT].pieces.n == 0)
		begin_text(b);
	if (ret == 0 && n > 0)
		renew(b, &c, since);
	for (int i = 0; i < TRACK_LAYERS; i++) {
		bool was = had[i] > BOOTS_MOST, is = count(b, (enum track_layer)i) > BOOTS_MOST;

		if (was || is)
			since[i] = was && is ? BOOTS_STAYED : INT64_MIN;
	}
	for (int i = 0; i < TRACK_LAYERS; i++) {
		VEC_FREE(&c.fresh[i]);
		VEC_FREE(&c.was[i]);
		VEC_FREE(&c.had[i]);
	}
	return ret < 0 ? -1 : save(b, store, node, e);
}
