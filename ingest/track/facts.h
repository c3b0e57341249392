/* SPDX-License-Identifier: Apache-2.0 */
/* From the evidence of a pid to the facts of its parts. Inside ingest/track only. */
#ifndef INGEST_TRACK_FACTS_H
#define INGEST_TRACK_FACTS_H

#include "ingest/track/derive.h"
#include "ingest/track/within.h"

/*
 * Fills the facts of new parts that are not lists, one for each of `parts`; `from` is an index +
 * 1 as yet.
 */
void facts_parts(struct derive_part *out, const struct within_parts *parts,
		 const struct track_interval *intervals, size_t n, int64_t node, int32_t pid);

/* Of a part whose intervals up to a moment are known: how many have ended, and how many count for
 * its sites. */
struct facts_had { size_t ended, sites; };

/* An interval of a part; site: it counts for its sites, or (unless it is `old`) is to be looked at.
 */
struct facts_own { const struct track_interval *v; bool old, site; };

/*
 * The evidence that facts come from. The first parts may be known: what intervals that have ended
 * make is in their lists already. Of the first intervals, which were under way then, some count
 * for sites.
 */
struct facts_row {
	const struct track_interval *v;
	size_t n;
	const struct track_edge *edges;
	size_t n_edges;
	size_t n_known, n_open;
	struct facts_had had[TRACK_LAYERS];
	const bool *sites;                            /* of the n_open */
	/* the last before it, for parts of each layer; NULL: none */
	const struct track_edge *birth[TRACK_LAYERS];
};

/* Fills lists, rows (without an id as yet) and births, but those of parts that are `kept`. */
void facts_fill(struct derive_part *out, size_t n_parts, const struct facts_row *row);

/*
 * Adds to the lists of a part, which are those of intervals that it had, what others of its own
 * make: of looks those that end later. Sorts own; sets `site` of new ones. *had is what it has had
 * then, the ones of `own` included.
 */
void facts_looks(struct derive_part *out, struct facts_own *own, size_t n, struct facts_had *had);
void facts_sites(struct derive_part *out, struct facts_own *own, size_t n, struct facts_had *had);

/* The list of one part becomes that of another, too. */
void facts_copy_looks(struct derive_part *to, const struct derive_part *from);
void facts_copy_sites(struct derive_part *to, const struct derive_part *from);

/* Is a birth later than another, which may be NULL? */
bool facts_later(const struct track_edge *a, const struct track_edge *than);

#endif
