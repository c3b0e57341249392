/*
 * The seen set: each event counts once, however often and in whatever form it is read. An event's key in text is
 * (node, second, serial); both are kept exactly, so no guess about boots can hide an event. Only two events of
 * different boots with the same serial in the same second cannot be told apart, and count once.
 *
 * It is kept in pages of 4,096 serials by 1,024 seconds. A page's state is a pure function of the events in it.
 */
#ifndef INGEST_SEEN_H
#define INGEST_SEEN_H

#include "ingest/boot.h"
#include "store/base/map.h"
#include "store/store.h"

enum seen_state {
	SEEN_NEW,      /* not seen before: count it */
	SEEN_OTHER,  /* text had brought it, and now a trusted source does */
	SEEN_BEFORE,
};

#define SEEN_SERIALS BOOT_SERIALS
#define SEEN_SECONDS BOOT_SECONDS

struct seen_page {
	int64_t node, serials, seconds;   /* serial / SEEN_SERIALS, second / SEEN_SECONDS */
	uint16_t at[SEEN_SERIALS];        /* second within the page + 1; 0: not seen */
	uint8_t trusted[SEEN_SERIALS / 8];
	VEC(uint32_t) more;               /* the same serial in another second: serial << 11 | second << 1 | trusted */
	struct map more_at;               /* (serial, second) -> index of more */
	int64_t base_min, base_max;       /* epoch minus uptime in seconds, where lines print it; BOOT_NO_BASE */
	uint64_t used;                    /* for the eviction of what was not used for longest */
	bool dirty;
};

struct seen {
	struct store *store;
	struct seen_page **pages;
	size_t n_pages, cap;
	uint32_t *slots;
	uint32_t n_slots;
	struct seen_page *last;
	uint64_t clock;
	VEC(int64_t) changed;    /* nodes whose pieces changed since seen_flush last ran; some several times */
};

void seen_init(struct seen *s, struct store *store);
void seen_release(struct seen *s);
void seen_forget(struct seen *s); /* drops what is in memory: another process has written */

/* The page of an event, loaded when it has to be; NULL on failure. Valid until the next call. */
struct seen_page *seen_page(struct seen *s, int64_t node, uint32_t serial, int64_t second, struct err *e);

/* Marks the event as seen; base as in the page, or BOOT_NO_BASE. */
enum seen_state seen_mark(struct seen_page *p, uint32_t serial, int64_t second, bool trusted, int64_t base);

/* Takes an event back, so that it counts as new when it is read again. */
void seen_unmark(struct seen_page *p, uint32_t serial, int64_t second);

/* Writes what changed. */
int seen_flush(struct seen *s, struct err *e);

/* The page's events as a blob and back. For tests too: decode refuses what encode would not write. */
void seen_encode(const struct seen_page *p, struct buf *out);
bool seen_decode(struct seen_page *p, struct bytes data);

/* The page's pieces: its events in time order, cut where serials fall. Appends to *out. */
void seen_pieces(const struct seen_page *p, struct boot_pieces *out);

/* The hot path's look-up: most records hit the page of the one before. */
static inline struct seen_page *seen_page_quick(struct seen *s, int64_t node, uint32_t serial, int64_t second)
{
	struct seen_page *p = s->last;

	if (p != NULL && p->node == node && p->serials == serial / SEEN_SERIALS && p->seconds == second / SEEN_SECONDS)
		return p;
	return NULL;
}

#endif
