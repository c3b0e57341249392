/*
 * A mark: a place in the evidence of a pid behind which its derivation goes on, so that a long
 * life is not derived from its beginning for each record. All before it has ended, in time and in
 * serials, before anything behind it begins, so nothing that comes behind it changes what was
 * found of what lies before it; what the walk knows there is kept with it. What comes later and
 * is not behind it lets all be derived again. Inside ingest/track only.
 */
#ifndef INGEST_TRACK_MARK_H
#define INGEST_TRACK_MARK_H

#include "ingest/track/derive.h"
#include "ingest/track/within.h"

#define MARK_FROM 24  /* a pid with fewer intervals has none */
#define MARK_EVERY 16 /* it moves when so many have come behind it */
#define MARK_KEEP 4   /* so many stay behind it: what comes a little late is behind it, too */
#define MARK_EDGES 16 /* where a walk had to know more of what lies before it, there is none */
#define MARK_CELLS 64 /* a part's cells in the mark itself; of more each has a row */

/* A part that may go on: what its intervals before the mark make. */
struct mark_part {
	int64_t id;
	int32_t index;            /* of the part while the mark is made */
	uint32_t n, n_own;        /* intervals: of all layers, and of its own */
	int64_t t_last;
	uint32_t s_last;
	struct derive_part lists; /* its lists alone */
};

struct mark {
	uint32_t boot, s_last; /* of the last moment before it */
	int64_t t_last;
	struct within_point point;
	struct mark_part part[TRACK_LAYERS]; /* as many as the point has */
	struct { struct track_edge *v; size_t n, cap; } edges; /* before it that the walks may ask for */
	struct track_edge birth[TRACK_LAYERS]; /* the last before it, for parts of each layer; kind EDGE_NONE: there is none */
	uint8_t rows; /* which sets of cells have rows: bit n */
};

void mark_release(struct mark *m);

/* Does it lie behind the mark? Does it lie before? (Neither: it is new, and reaches over it.) */
bool mark_behind(const struct mark *m, uint32_t boot, uint32_t s_first, int64_t t_first);
bool mark_before(const struct mark *m, uint32_t boot, uint32_t s_last, int64_t t_last);

/*
 * Where the next mark should be: before how many of the intervals, which are in order, as the
 * edges are. 0: nowhere. *out has its last moment. old: what is given lies behind it; NULL: all is.
 */
size_t mark_place(const struct within_row *row, const struct mark *old, struct mark *out);

/*
 * Fills the mark at the place of `out`, whose point is what the walk left there. The ids of its
 * parts are set later. False: there can be none.
 */
bool mark_fill(struct mark *out, const struct mark *old, const struct within_row *row,
	       const struct within_parts *parts);

/* The mark of a pid, or its last moment alone. 1; 0: there is none. */
int mark_load(struct derive *d, int64_t node, int32_t pid, struct mark *out, struct err *e);
int mark_moment(struct derive *d, int64_t node, int32_t pid, int64_t *t_last, struct err *e);

/* Takes over what is kept with its parts themselves. 1; 0: one of them is no more. */
int mark_parts(struct derive *d, struct mark *m, struct err *e);

/* Cells that are kept in rows: those near to what is given are put into the stands. */
int mark_cells(struct derive *d, int64_t node, int32_t pid, struct mark *m,
	       const struct track_interval *v, size_t n, struct err *e);

/* Writes it over the one that was (NULL: there was none); none goes in its place: NULL. */
int mark_save(struct derive *d, int64_t node, int32_t pid, struct mark *m, const struct mark *old,
	      struct err *e);

#endif
