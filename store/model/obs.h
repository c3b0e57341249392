/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Observations and edges of an interval, and the text in which the store keeps them. They are small
 * and always used together, so they stand in their interval's row as JSON arrays: a row of its own
 * for each cost more than reading the log did. The view `observations` unfolds them.
 */
#ifndef STORE_MODEL_OBS_H
#define STORE_MODEL_OBS_H

#include "store/base/buf.h"
#include "store/model/syscall.h"

#define OBS_ROW_MAX (UINT32_MAX - 1)      /* rows of the store: two of them make a key of 64 bits */
/* events of one row: so many that no sum of rows overflows */
#define OBS_COUNT_MAX (INT64_C(1) << 40)

/* (interval, caller, call): who made which call, how often, when. caller and call are rows of the
 * store. */
struct obs {
	int64_t caller, call;
	uint64_t text;      /* in an interval of text: its events */
	uint64_t fresh;     /* in a trusted interval: its events */
	uint64_t upgraded; /* how many of text's a trusted source has brought as well, and says the
			      same of */
	int64_t t_first, t_last;
	uint32_t serial;    /* the lowest */
	uint64_t ip;        /* at the lowest serial */
};

/* How many events count here: what trusted evidence has as well counts there. */
static inline uint64_t obs_events(const struct obs *o)
{
	return o->fresh + (o->text > o->upgraded ? o->text - o->upgraded : 0);
}

static inline uint64_t obs_trusted(const struct obs *o)
{
	return o->fresh;
}

/* An execve, fork-type call or exit_group of the interval's pid. */
struct edge {
	int64_t t;
	uint32_t serial;
	enum edge_kind kind;
};

struct obs_list { struct obs *v; size_t n, cap; };
struct edge_list { struct edge *v; size_t n, cap; };

/*
 * Lists are added up by putting one behind the other. Then these sort, and sum up what is of one
 * caller and call, or leave one of equal edges: the cost is not the square of what a busy process
 * does.
 */
void obs_unite(struct obs_list *list);
void edge_unite(struct edge_list *list);

/* What the numbers in the text are offsets from: the beginning of the interval, and where its cell
 * begins. */
struct obs_origin { int64_t t; uint32_t serial; uint64_t ip; };

#define OBS_CELL_BITS 22 /* 4 MiB */

/* To and from text. Encode sorts, decode appends and is false on nonsense: what no log can have
 * brought. */
void obs_encode(struct obs_list *list, struct obs_origin origin, struct buf *out);
bool obs_decode(struct bytes text, struct obs_origin origin, struct obs_list *out);
void edge_encode(struct edge_list *list, struct obs_origin origin, struct buf *out);
bool edge_decode(struct bytes text, struct obs_origin origin, struct edge_list *out);

#endif
