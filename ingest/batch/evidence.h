/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The intervals of one (node, pid) while a batch is written: those that the store has, and those
 * that came, joined where they follow each other. Trusted intervals and text never join.
 */
#ifndef INGEST_BATCH_EVIDENCE_H
#define INGEST_BATCH_EVIDENCE_H

#include "ingest/batch/tally.h"
#include "ingest/track/model.h"
#include "store/rows/interval.h"

/* A row of the table interval, as it is or as it will be. */
struct evidence_row {
	int64_t id;         /* 0: not stored yet */
	int64_t exe, name, part;
	uint64_t cell;
	int64_t t_first, t_last;
	uint32_t s_first, s_last, s_begin, uid, auid;
	bool trusted, loader;
	bool changed;       /* its evidence is written anew */
	bool moved;         /* only its part is another one */
	bool loaded;        /* obs holds what is stored */
	bool unordered;         /* see chain in evidence.c */
	int64_t joined_to;  /* index of the row that took it over; -1 */
	uint32_t next;      /* on its chain, index + 1 */
	int64_t ingest;     /* the run that brought it */
	struct obs_list obs;
	struct edge_list edges;
};

struct evidence_brought { size_t row; int64_t ingest; };

struct evidence {
	int64_t node;
	int32_t pid;
	VEC(struct evidence_row) rows; /* those that were stored come first */
	struct map chains;
	VEC(uint32_t) waiting;  /* intervals of the tally, indexes */
	VEC(ptrdiff_t) row_of;   /* the row of each, index; -1: none */
	VEC(struct evidence_brought) brought; /* runs that rows had which became one with others */
	bool whole; /* its rows may be of other boots than they were, or fewer: all are derived
		       again */
};

/* What the rows of a batch are worked on with. */
struct evidence_room {
	struct store *store;
	struct tally *tally;
	const struct track_strings *strings;
	bool any_totals;             /* something was compacted in this store */
	int64_t next;           /* the next interval's id */
	struct interval_room room;
};

/* Reads the rows of a pid that end later than `since`; INT64_MIN: all. -1 on failure, here and
 * below. */
int evidence_load(struct evidence_room *w, struct evidence *ev, int64_t since, struct err *e);

/* Puts the waiting intervals of the batch among the rows. */
int evidence_find_rows(struct evidence_room *w, struct evidence *ev, struct err *e);

/* Reads the observations of a stored row, where that was not done. */
int evidence_obs(struct evidence_room *w, struct evidence_row *r, struct err *e);

/* When what came begins. INT64_MAX: nothing came. */
int64_t evidence_came(const struct evidence_room *w, const struct evidence *ev);

/* Writes rows that changed, and which runs and locations they are of. */
int evidence_save(struct evidence_room *w, struct evidence *ev, struct err *e);

/* Drops the rows; evidence_release all of it. */
void evidence_empty(struct evidence *ev);
void evidence_release(struct evidence *ev);

/* The row that took over the i-th, or itself. */
size_t evidence_final(const struct evidence *ev, size_t i);

#endif
