/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One way through the evidence of a pid, and how what is met relates to what was before. Inside
 * `within` only.
 */
#ifndef INGEST_TRACK_WALK_H
#define INGEST_TRACK_WALK_H

#include "ingest/track/within.h"

/* Intervals of one exe that overlap in serials. */
struct stretch {
	const struct track_interval *first;
	int64_t t_first, t_last;
	uint32_t s_last;
	size_t at;               /* of its first interval, in the order of serials */
	int32_t part; /* the trusted part that it is of, when text is looked at; -1: to be found */
	uint32_t cells, n_cells; /* a slice of the walk's */
};

/* Over trusted evidence, or over all of it with trusted parts given. */
struct walk {
	struct track_interval **row; /* in the order of serials */
	size_t n;
	const struct track_edge *edges;
	size_t n_edges;
	VEC(struct stretch) all;
	VEC(uint64_t) cells;      /* of the stretches, one after the other */
	uint32_t *home;           /* by place in row: the stretch of each */
	struct within_stand c;    /* the part that goes on, and what is known of it */
	struct track_interval first; /* stands for the first of the stretch that was under way where
					the walk begins */
	size_t n_open;            /* so many of the row were under way there */
	struct within_stand *cut; /* out: what it knows at another moment; NULL: not asked for */
	struct within_moment cut_moment;
	size_t cut_at;            /* so many of the row do not begin behind it */
	int32_t open;             /* the stretch that is under way then; -1: none */
	bool cut_fails;           /* an answer before it rests on what is behind */
	struct within_parts *out;
};

/* Puts the row into stretches; the one that was under way is the first. known: the walk over
 * trusted evidence, whose stretches are this one's, too. */
void walk_find_stretches(struct walk *w, const struct walk *known);

/*
 * The last edge of the boot whose serial is below `serial` (or equal, where `upto`); NULL when
 * there is none.
 */
const struct track_edge *walk_edge_before(const struct walk *w, uint32_t boot, uint32_t serial,
					  bool upto);

/* What a stretch is to the part before it. */
enum within_rule walk_relate(struct walk *w, const struct stretch *s);

#endif
