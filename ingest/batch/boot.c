// SPDX-License-Identifier: Apache-2.0
/* Puts pieces of events into chains, and decides which of them are one boot. */
#include "ingest/batch/boot.h"

#include <stdlib.h>

#define BORDER_SERIALS 64   /* records come out of order by up to 46 serials where a second ends */
/* chains that were at work this short a time ago compete by serial, not by time */
#define RECENT_SECONDS 10
/* a peak of so few events between two that fit each other is somebody's forgery */
#define STRAY_EVENTS 8

int boot_by_time(const void *a, const void *b)
{
	const struct boot_piece *x = a, *y = b;

	if (x->sec_lo != y->sec_lo)
		return x->sec_lo < y->sec_lo ? -1 : 1;
	if (x->serial_lo != y->serial_lo)
		return x->serial_lo < y->serial_lo ? -1 : 1;
	if (x->sec_hi != y->sec_hi)
		return x->sec_hi < y->sec_hi ? -1 : 1;
	if (x->serial_hi != y->serial_hi)
		return x->serial_hi < y->serial_hi ? -1 : 1;
	return x->events < y->events ? -1 : x->events > y->events;
}

static bool boot_times_differ(int64_t a, int64_t b)
{
	return a != BOOT_NO_TIME && b != BOOT_NO_TIME && llabs(a - b) > BOOT_BASE_SECONDS;
}

/* May the piece follow the chain's last one? */
static bool fits(const struct boot_chain *c, const struct boot_piece *p)
{
	bool at_border = p->sec_lo <= c->sec_hi + 1;

	if (boot_times_differ(c->boot_time, p->boot_time) || p->sec_lo + 1 < c->sec_hi)
		return false;
	return p->serial_lo > c->serial_hi ||
	       (at_border && (uint64_t)p->serial_lo + BORDER_SERIALS > c->serial_hi);
}

/*
 * The chain that the piece belongs to best, as an index of `order`; -1: none. Same boot time first,
 * then the latest, among recent ones the nearest serial.
 */
static int best(const struct boot_state *of, const struct boot_piece *p)
{
	const struct boot_chain *a = NULL;
	int out = -1;

	for (uint32_t i = 0; i < of->recent; i++) {
		const struct boot_chain *c = &of->chain[of->order[i]];
		bool same, was_same, recent;

		if (!fits(c, p))
			continue;
		if (a != NULL) {
			same = c->boot_time != BOOT_NO_TIME && p->boot_time != BOOT_NO_TIME;
			was_same = a->boot_time != BOOT_NO_TIME && p->boot_time != BOOT_NO_TIME;
			recent = p->sec_lo - c->sec_hi <= RECENT_SECONDS &&
				 p->sec_lo - a->sec_hi <= RECENT_SECONDS;
			if (same != was_same ? was_same
			    : recent	     ? c->serial_hi <= a->serial_hi
					     : c->sec_hi <= a->sec_hi)
				continue;
		}
		a = c;
		out = (int)i;
	}
	return out;
}

/* A few events high above their neighbours, which fit each other: one line with an invented serial.
 */
static bool stray(const struct boot_chain *c, const struct boot_piece *p,
		  const struct boot_piece *next)
{
	return next != NULL && p->events <= STRAY_EVENTS && next->serial_lo < p->serial_lo &&
	       fits(c, next) && (p->boot_time == BOOT_NO_TIME || c->boot_time == BOOT_NO_TIME);
}

/* Moves what stands there to the end of `order`. */
static struct boot_chain *make_last(struct boot_state *c, uint32_t at)
{
	uint8_t slot = c->order[at];

	memmove(&c->order[at], &c->order[at + 1], c->recent - at - 1);
	c->order[c->recent - 1] = slot;
	return &c->chain[slot];
}

static struct boot_chain *begin_chain(struct boot_state *c, const struct boot_piece *p)
{
	struct boot_chain *to;

	if (c->recent == BOOT_COMPETING) {
		to = make_last(c, 0);
	} else {
		c->order[c->recent] = (uint8_t)c->recent;
		to = &c->chain[c->recent++];
	}
	*to = (struct boot_chain){ .sec_lo = p->sec_lo,
				   .sec_hi = p->sec_hi,
				   .boot_time = p->boot_time,
				   .serial_lo = p->serial_lo,
				   .serial_hi = p->serial_hi,
				   .number = c->n++,
				   .mark = BOOT_NONE };
	return to;
}

struct boot_chain *boot_chain_on(struct boot_state *c, const struct boot_piece *p,
				 const struct boot_piece *next)
{
	int at = best(c, p);
	struct boot_chain *to;

	if (at < 0 || stray(&c->chain[c->order[at]], p, next))
		return begin_chain(c, p);
	to = make_last(c, (uint32_t)at);
	if (p->sec_hi > to->sec_hi)
		to->sec_hi = p->sec_hi;
	if (p->serial_hi > to->serial_hi)
		to->serial_hi = p->serial_hi;
	if (p->boot_time != BOOT_NO_TIME)
		to->boot_time = p->boot_time;
	return to;
}

uint32_t boot_chains(struct boot_pieces *pieces)
{
	struct boot_state c = { 0 };

	if (pieces->n > 1)
		qsort(pieces->v, pieces->n, sizeof(*pieces->v), boot_by_time);
	for (size_t i = 0; i < pieces->n; i++)
		pieces->v[i].boot = boot_chain_on(&c, &pieces->v[i],
						  i + 1 < pieces->n ? &pieces->v[i + 1] : NULL)
					    ->number;
	return c.n;
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

bool boot_decode(struct boot_pieces *out, struct bytes data, int64_t boot_time)
{
	uint64_t events = 0;

	while (data.n) {
		uint64_t v[5];

		for (size_t i = 0; i < 5; i++)
			if (!buf_take_varint(&data, &v[i]) || v[i] > INT64_MAX / 2)
				return false;
		if (v[2] + v[3] > UINT32_MAX || v[4] == 0 || v[4] > BOOT_PAGE_EVENTS ||
		    (events += v[4]) > BOOT_PAGE_EVENTS)
			return false;
		*VEC_PUSH(out) = (struct boot_piece){ .sec_lo = (int64_t)v[0],
						      .sec_hi = (int64_t)(v[0] + v[1]),
						      .serial_lo = (uint32_t)v[2],
						      .serial_hi = (uint32_t)(v[2] + v[3]),
						      .events = (uint32_t)v[4],
						      .boot_time = boot_time };
	}
	return true;
}
