/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Chains of pieces: what boots are made of. A piece is some events of a node between two corners.
 * Taken in time order, pieces make chains in which serials and times rise together. A fall of the
 * serial begins another chain, as after a reboot (a wrap of the 32 bits does too). Where lines
 * print the uptime, epoch minus uptime decides. A clock step may make a chain, never a second
 * count.
 */
#ifndef INGEST_BATCH_BOOT_H
#define INGEST_BATCH_BOOT_H

#include "store/base/buf.h"
#include "store/base/mem.h"

#define BOOT_NO_TIME INT64_MIN
#define BOOT_SERIALS 4096 /* a page of the seen set, and how many events it can have */
#define BOOT_SECONDS 1024
#define BOOT_PAGE_EVENTS (BOOT_SERIALS * BOOT_SECONDS)
/* printk's stamp is behind the audit stamp by milliseconds, by seconds under load */
#define BOOT_BASE_SECONDS 10
#define BOOT_COMPETING 64 /* chains that were at work last; older ones are not gone on with */
#define BOOT_NONE UINT32_MAX

/* Events of one node between two corners, rising; seconds and serials inclusive. */
struct boot_piece {
	int64_t sec_lo, sec_hi;
	int64_t boot_time; /* epoch minus uptime in seconds; BOOT_NO_TIME when no line printed it */
	uint32_t serial_lo, serial_hi;
	uint32_t events;
	uint32_t boot;    /* out */
};

struct boot_pieces { struct boot_piece *v; size_t n, cap; };

/* What is known of a chain. */
struct boot_chain {
	int64_t sec_lo, sec_hi; /* the beginning of its first piece, and its latest second */
	int64_t boot_time;
	uint32_t serial_lo, serial_hi;   /* of the first piece; the highest */
	uint32_t number;                 /* from 0, in order of their beginnings */
	uint32_t mark;                   /* the caller's; BOOT_NONE at first */
};

/* Chains as far as pieces were taken. `{0}` is the beginning. */
struct boot_state {
	struct boot_chain chain[BOOT_COMPETING];
	uint8_t order[BOOT_COMPETING];   /* of `chain`: which was gone on with last comes last */
	uint32_t recent, n;              /* how many compete; all there are */
};

/* Earlier or later in time; pieces that begin in the same second by serial. For qsort. */
int boot_by_time(const void *a, const void *b);

/*
 * Takes the piece that comes next in time. `next`: the one behind it, NULL: none. Returns its
 * chain.
 */
struct boot_chain *boot_chain_on(struct boot_state *c, const struct boot_piece *p,
				 const struct boot_piece *next);

/* Sorts pieces by time and gives each the number of its chain. Returns the number of chains. */
uint32_t boot_chains(struct boot_pieces *pieces);

/* Pieces of a page as a blob, and back; decode appends and returns false on nonsense. */
void boot_encode(const struct boot_pieces *p, struct buf *out);
bool boot_decode(struct boot_pieces *out, struct bytes data, int64_t boot_time);

#endif
