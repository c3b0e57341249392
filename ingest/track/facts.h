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

/*
 * The same for lists, rows (without an id as yet) and births, but those of parts that are `kept`.
 */
void facts_fill(struct derive_part *out, size_t n_parts, const struct track_interval *intervals,
		size_t n, const struct track_edge *edges, size_t n_edges);

/*
 * Fills anew from where a part looks and what it called, by all of its own intervals. Sorts
 * these.
 */
void facts_lists(struct derive_part *out, const struct track_interval **v, size_t n);

#endif
