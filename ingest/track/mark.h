/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A mark: a moment in the evidence of a pid behind which its derivation goes on, so that a long
 * life is not derived from its beginning for each record. What ended before it, in time and in
 * serials, is changed by nothing that comes behind it; what is under way then may grow longer; and
 * what the walks know at that moment is kept with it. What comes later and does not lie behind it
 * lets all be derived again. Inside ingest/track only.
 */
#ifndef INGEST_TRACK_MARK_H
#define INGEST_TRACK_MARK_H

#include "ingest/track/derive.h"
#include "ingest/track/facts.h"
#include "ingest/track/within.h"

#define MARK_FROM 16  /* a pid with fewer intervals and edges has none */
#define MARK_EVERY 8  /* it moves when so many beginnings, ends and edges have come behind it */
/* so many of these stay behind it: what comes a little late is behind it, too */
#define MARK_KEEP 4
/* edges before it that a walk may ask for, intervals under way: of more there is no mark */
#define MARK_MOST 16
#define MARK_CELLS 64 /* a part's cells in the mark itself; of more each has a row */

/* A part that may go on: what its intervals make that had ended by then, or had begun. */
struct mark_part {
	int64_t id;
	int32_t index;            /* of the part while the mark is made */
	uint32_t n;               /* intervals of all layers that had ended */
	struct facts_had had;
	bool has_sites; /* its list of sites is in the mark: else it is full, and that of the part
			 */
	int64_t t_last;           /* of those that had begun, as s_last */
	uint32_t s_last;
	struct derive_part lists; /* its lists alone */
};

struct mark {
	struct within_moment moment;
	struct within_point point;
	struct mark_part part[TRACK_LAYERS]; /* as many as the point has */
	/* under way then: they may grow, but begin and are named as they were. site: see struct
	 * facts_row */
	struct track_interval open[MARK_MOST];
	bool site[MARK_MOST];
	size_t n_open;
	struct track_edge edges[MARK_MOST]; /* before it that the walks may ask for */
	size_t n_edges;
	struct track_edge birth[TRACK_LAYERS]; /* the last before it, for parts of each layer; kind
						  EDGE_NONE: there is none */
	uint8_t rows; /* which sets of cells have rows: bit n */
};

void mark_release(struct mark *m);

/*
 * Where the next mark should be: fills the row's `cut` and `at`. Intervals and edges are in order.
 * old: what is given had not ended at that; NULL: all is given. False: nowhere.
 */
bool mark_find_cut(struct within_row *row, const struct mark *old);

/*
 * Fills the mark at the row's cut, where `out` has what the walks know. The ids of its parts are
 * set later. False: there can be none.
 */
bool mark_fill(struct mark *out, const struct mark *old, const struct within_row *row,
	       const struct within_parts *parts);

/*
 * Puts what had ended by the mark before what was under way and what begins behind it. Returns how
 * many that is, and which of the edges lie behind it; SIZE_MAX: something new does not.
 */
size_t mark_divide(const struct mark *m, struct track_interval *v, size_t n);
bool mark_holds(const struct mark *m, const struct track_interval *v, size_t n,
		const struct track_edge *edges, size_t n_edges);

/* The mark of a pid, or its time alone. 1; 0: there is none. */
int mark_load(struct derive *d, int64_t node, int32_t pid, struct mark *out, struct err *e);
int mark_time(struct derive *d, int64_t node, int32_t pid, int64_t *t, struct err *e);

/* Takes over what is kept with its parts themselves. 1; 0: one of them is no more. */
int mark_parts(struct derive *d, struct mark *m, struct err *e);

/* Cells that are kept in rows: those near to what is given are put into the stands. */
int mark_cells(struct derive *d, int64_t node, int32_t pid, struct mark *m,
	       const struct track_interval *v, size_t n, struct err *e);

/* Writes it over the one that was (NULL: there was none); none goes in its place: NULL. */
int mark_save(struct derive *d, int64_t node, int32_t pid, struct mark *m, const struct mark *old,
	      struct err *e);

#endif
