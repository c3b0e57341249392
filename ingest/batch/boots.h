/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The boots of a node, as a function of its pieces, which is to say of its two sets of events.
 *
 * Trusted events have the boots that there would be without any text: the chains of trusted pieces.
 * Text finds its boots after that, by chains of all pieces. One that holds trusted events is of
 * trusted boots: a piece that has some itself takes the boot of the first; another that of the
 * piece before it in the chain, else of the first one behind. Chains without any are boots of text
 * alone. So text adds boots, and moves no trusted event into another one.
 *
 * Boots are numbered in the order of their beginnings, the trusted ones first. All is kept in
 * memory from one batch to the next, with the state of the chains now and then: where only the end
 * has changed, only the end is looked at.
 */
#ifndef INGEST_BATCH_BOOTS_H
#define INGEST_BATCH_BOOTS_H

#include "ingest/batch/boot.h"
#include "ingest/track/layer.h"
#include "store/store.h"

#define BOOTS_STAYED INT64_MAX

/*
 * A node that seems to have booted more often has times or serials that say nothing of boots: its
 * processes are told apart without them. Else each new record could be a boot, and move all.
 */
#define BOOTS_MOST 1000

/* A page of the seen set. */
struct boots_page { int64_t node, seconds, serials; };

/* A chain of a layer. */
struct boots_chain {
	int64_t sec_lo, sec_hi;
	uint32_t serial_lo, serial_hi;
	uint32_t boot;    /* its number among all boots */
	uint32_t trusted; /* of all pieces: the first trusted boot in it; BOOT_NONE: none */
	size_t at;        /* the piece of that */
};

struct boots_layer {
	struct boot_pieces pieces; /* by page, and by time within a page */
	VEC(struct boots_chain) chains;
	/* before the piece `at`, which begins a page's seconds */
	VEC(struct boots_state { size_t at; struct boot_state state; }) states;
};

struct boots_row { int64_t sec_lo, sec_hi; uint32_t serial_lo, serial_hi; bool trusted; };
struct boots_rows { struct boots_row *v; size_t n, cap; };

struct boots {
	struct boots_layer layer
		[TRACK_LAYERS]; /* of trusted events; of all, if text brought any to this node */
	struct boots_rows rows; /* those of the table `boot`, */
	bool stored;		/* once they were written */
	uint32_t n_trusted, n;
};

/* Finds the boots of a node from what is stored. The caller releases *out. */
int boots_load(struct boots *out, struct store *store, int64_t node, struct err *e);
void boots_release(struct boots *b);

/* The boot of an event of this layer; of one that no piece holds, that of the piece before it. */
uint32_t boots_of(const struct boots *b, enum track_layer layer, int64_t second, uint32_t serial);

/*
 * After pages of the node were written (sorted, each once): finds its boots again and writes them
 * for status to show. since[layer]: the second from which on events that were there before may be
 * of another boot now; BOOTS_STAYED: none is.
 */
int boots_renew(struct boots *b, struct store *store, int64_t node, const struct boots_page *pages,
		size_t n, int64_t since[TRACK_LAYERS], struct err *e);

#endif
