/*
 * Boots of a node, as a function of its events in time order: a boot is a chain of pieces in which serials and
 * times rise together. A fall of the serial begins another one, as after a reboot (a wrap of the 32 bits does too).
 * Where lines print the uptime, epoch minus uptime decides. A clock step may make a boot, never a second count.
 *
 * Trusted events have boots as if there were no text. Text finds its boots after that: by chains of all pieces, of which
 * those that hold trusted events are the trusted boots; what is left are boots of text alone, behind all others.
 */
#ifndef INGEST_BOOT_H
#define INGEST_BOOT_H

#include "ingest/track/layer.h"
#include "store/base/buf.h"
#include "store/base/mem.h"
#include "store/store.h"

#define BOOT_NO_BASE INT64_MIN
#define BOOT_SERIALS 4096 /* a page of the seen set, and how many events it can have */
#define BOOT_SECONDS 1024
#define BOOT_PAGE_EVENTS (BOOT_SERIALS * BOOT_SECONDS)

/* Events of one node between two corners, rising; seconds and serials inclusive. */
struct boot_piece {
	int64_t sec_lo, sec_hi;
	uint32_t serial_lo, serial_hi;
	uint32_t events;
	int64_t base;     /* epoch minus uptime in seconds; BOOT_NO_BASE when no line printed it */
	uint32_t boot;    /* out: number of the chain, from 0 in order of their beginnings */
};

struct boot_pieces { struct boot_piece *v; size_t n, cap; };

struct boots {
	struct boot_pieces pieces[TRACK_LAYERS]; /* in time order; of trusted events, and of all where text brought any */
	uint32_t n_trusted, n;                   /* boots; those of text alone are numbered last */
};

/* Sorts pieces by time and gives each its boot. Returns the number of boots. */
uint32_t boot_chains(struct boot_pieces *pieces);

/* Loads the pieces of a node and finds its boots. The caller releases *out. */
int boots_load(struct boots *out, struct store *store, int64_t node, struct err *e);
void boots_release(struct boots *b);

/* The boot of an event of this layer; of one that no piece holds, that of the piece before it. */
uint32_t boots_of(const struct boots *b, enum track_layer layer, int64_t second, uint32_t serial);

/* Do two findings give the same boot to every piece of this layer that both have (later ones aside)? */
bool boots_agree(const struct boots *old, const struct boots *now, enum track_layer layer);

/* Writes the node's boots for status to show. */
int boots_save(const struct boots *b, struct store *store, int64_t node, struct err *e);

/* Pieces of a page as a blob, and back; decode appends and returns false on nonsense. */
void boot_encode(const struct boot_pieces *p, struct buf *out);
bool boot_decode(struct boot_pieces *out, struct bytes data, int64_t base);

#endif
