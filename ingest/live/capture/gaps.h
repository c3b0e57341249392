/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Serials that never came. Each audit event has one, consecutive on a node, so what is missing
 * between two that came was dropped on the way. Records come out of order by some dozens, and
 * several may share a serial.
 */
#ifndef INGEST_LIVE_CAPTURE_GAPS_H
#define INGEST_LIVE_CAPTURE_GAPS_H

#include <stdbool.h>
#include <stdint.h>

#define GAPS_WINDOW 65536 /* serials; disorder seen so far: 46 */

struct gaps {
	bool any;
	uint32_t first; /* what is counted begins here; the serial that came first, or what
			   gaps_begin says */
	uint32_t high;           /* the highest that came */
	uint64_t distinct;       /* different ones that came, from first on */
	uint32_t seen[GAPS_WINDOW]; /* by serial modulo the window */
};

/* Counts from `serial` on, which has come; what came before it does not matter. Serials may wrap.
 */
void gaps_begin(struct gaps *g, uint32_t serial);
void gaps_add(struct gaps *g, uint32_t serial);

/* How many serials from the first to `last` did not come; last is at most GAPS_WINDOW below the
 * highest. */
uint64_t gaps_until(const struct gaps *g, uint32_t last);

#endif
