/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The seen set: each event counts once, however often and in whatever form it is read. An event's
 * key in text is (node, second, serial); both are kept exactly, so no guess about boots can hide an
 * event. Only two events of different boots with the same serial in the same second cannot be told
 * apart, and count once.
 *
 * There are two sets: what trusted sources brought, and what text did. An event may be in both.
 *
 * They are kept in pages of 4,096 serials by 1,024 seconds. What is written of a page is a pure
 * function of its events in either set.
 */
#ifndef INGEST_BATCH_SEEN_H
#define INGEST_BATCH_SEEN_H

#include "ingest/batch/boots.h"
#include "store/base/map.h"
#include "store/model/serial_set.h"
#include "store/store.h"

enum seen_state {
	SEEN_NEW,      /* neither set had it */
	SEEN_OTHER,    /* the other set has it, this one had not */
	SEEN_BEFORE,   /* this one has it */
};

#define SEEN_SERIALS BOOT_SERIALS
#define SEEN_SECONDS BOOT_SECONDS

/*
 * An event within a page: its second, and the sets that it is in, bits 1 << enum track_layer; 0:
 * none.
 */
#define SEEN_AT(second, layers) ((unsigned)((second) << 2 | (layers)))
#define SEEN_SECOND(at) ((at) >> 2 & (SEEN_SECONDS - 1))
#define SEEN_LAYERS(at) ((at) & 3)

/* The same with the serial within the page. */
#define SEEN_MORE(serial, at) ((uint32_t)((serial) << 12 | (at)))
#define SEEN_SERIAL(more) ((more) >> 12)

/* Epoch minus uptime in seconds, where lines print it; else BOOT_NO_TIME. */
struct seen_boot_time { int64_t min, max; };

struct seen_page {
	int64_t node, serials, seconds; /* serial / SEEN_SERIALS, second / SEEN_SECONDS */
	uint16_t at[SEEN_SERIALS];	/* SEEN_AT of an event with this serial; 0: none */
	VEC(uint32_t) more; /* SEEN_MORE of those that have the same serial in another second */
	struct map more_at; /* (serial, second) -> index of more, or -1 */
	struct serial_set other[TRACK_LAYERS]; /* serials of audit records of other types */
	struct seen_boot_time boot_time[TRACK_LAYERS];
	uint64_t used;                    /* for the eviction of what was not used for longest */
	bool dirty;
	bool uncounted; /* of a store of before serials of other types were noted: which are missing
			   is not known */
	bool dirty_other; /* only `other` has changed: no boot has */
};

struct seen {
	struct store *store;
	struct seen_page **pages;
	size_t n_pages, cap;
	uint32_t *slots;
	uint32_t n_slots;
	struct seen_page *last;
	uint64_t clock;
	/* pages that were written; the caller of seen_flush empties it */
	VEC(struct boots_page) changed;
};

void seen_init(struct seen *s, struct store *store);
void seen_release(struct seen *s);
void seen_forget(struct seen *s); /* drops what is in memory: another process has written */

/* The page of an event, loaded when it has to be; NULL on failure. Valid until the next call. */
struct seen_page *seen_page(struct seen *s, int64_t node, uint32_t serial, int64_t second,
			    struct err *e);

/* Marks the event as seen in one of the sets; boot time as in the page, or BOOT_NO_TIME. */
enum seen_state seen_mark(struct seen_page *p, uint32_t serial, int64_t second, bool trusted,
			  int64_t boot_time);

/* In which sets the event is: bits 1 << enum track_layer. */
unsigned seen_layers(const struct seen_page *p, uint32_t serial, int64_t second);

/* Notes that the serial is one of an audit record of another type. */
void seen_mark_other(struct seen_page *p, uint32_t serial, bool trusted);

/* The serials of its events: of the trusted ones, or of all. */
void seen_held(const struct seen_page *p, enum track_layer layer, struct serial_set *out);

/* Takes an event back from both sets, so that it counts as new when it is read again. */
void seen_unmark(struct seen_page *p, uint32_t serial, int64_t second);

/*
 * Writes what changed. Then `changed` has each page that was written, by node, seconds and serials.
 */
int seen_flush(struct seen *s, struct err *e);

/* The page's events as a blob and back. For tests too: decode refuses what encode would not write.
 */
void seen_encode(struct seen_page *p, struct buf *out);
bool seen_decode(struct seen_page *p, struct bytes data);

/* A blob of a store of version 3: what was trusted there is only trusted, the rest is text. */
bool seen_decode_v3(struct seen_page *p, struct bytes data);

/*
 * The page's pieces: its events in time order, cut where serials fall. Of the trusted events alone;
 * for TRACK_TEXT of all its events, where text brought any. Appends to *out.
 */
void seen_pieces(struct seen_page *p, enum track_layer layer, struct boot_pieces *out);

/* The hot path's look-up: most records hit the page of the one before. */
static inline struct seen_page *seen_page_quick(struct seen *s, int64_t node, uint32_t serial,
						int64_t second)
{
	struct seen_page *p = s->last;

	if (p != NULL && p->node == node && p->serials == serial / SEEN_SERIALS &&
	    p->seconds == second / SEEN_SECONDS)
		return p;
	return NULL;
}

#endif
