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
 * The evidence that facts come from. The first parts may be known: they have so many intervals of
 * their own before it, and what these make is in their lists.
 */
struct facts_row {
	const struct track_interval *v;
	size_t n;
	const struct track_edge *edges;
	size_t n_edges;
	size_t n_known, had[TRACK_LAYERS];
	const struct track_edge *birth[TRACK_LAYERS]; /* the last before it, for parts of each layer; NULL: none */
};

/* Fills lists, rows (without an id as yet) and births, but those of parts that are `kept`. */
void facts_fill(struct derive_part *out, size_t n_parts, const struct facts_row *row);

/*
 * Adds to the lists of a part, which are those of `had` intervals, what intervals behind these
 * make. Sorts v.
 */
void facts_lists(struct derive_part *out, const struct track_interval **v, size_t n, size_t had);

/* The list of one part becomes that of another, too. */
void facts_copy_looks(struct derive_part *to, const struct derive_part *from);
void facts_copy_sites(struct derive_part *to, const struct derive_part *from);

/* Is a birth later than another, which may be NULL? */
bool facts_later(const struct track_edge *a, const struct track_edge *than);

#endif
