/* SPDX-License-Identifier: Apache-2.0 */
/* What another store holds, read so that it can be taken over: no row's number of it means anything
 * here but to `carry`. */
#ifndef STORE_ROWS_CARRY_H
#define STORE_ROWS_CARRY_H

#include "store/base/map.h"
#include "store/model/location.h"
#include "store/names.h"
#include "store/rows/interval.h"
#include "store/rows/lifecycle.h"
#include "store/rows/run.h"
#include "store/rows/seen_row.h"

struct carry {
	struct store *from;
	struct names *to;        /* of the store that takes it over */
	const char *label;       /* that all of it gets besides; NULL: none */
	uint64_t policies; /* of runs there, that were left out: what a policy lets through without
			      a record is taken on trust */
	struct map nodes, strings, callers, calls, locations, runs; /* row there -> row here */
};

void carry_init(struct carry *c, struct store *from, struct names *to);
void carry_release(struct carry *c);

/* The row here for a row there, made when it is new: under the write lock of the store that takes
 * it over. -1 on failure. */
int64_t carry_node(struct carry *c, int64_t row, struct err *e);
int64_t carry_string(struct carry *c, int64_t row, struct err *e);
int64_t carry_caller(struct carry *c, int64_t row, struct err *e);
int64_t carry_call(struct carry *c, int64_t row, struct err *e);
int64_t carry_location(struct carry *c, int64_t row, struct err *e);

/* More names of nodes, where nothing here has that name. */
int carry_names(struct carry *c, struct err *e);

/*
 * Runs that brought something: their labels, and, where trusted, their policies and what they
 * captured and lost. source: noted with each of them. A capture that is here already is the same
 * one.
 */
int carry_runs(struct carry *c, const char *source, bool trusted, struct err *e);
int64_t carry_run(const struct carry *c, int64_t row); /* 0: none */

/* An interval with its observations, by the hour in which it began and its node. `take` returns 1
 * to end the walk. */
struct carry_interval { struct interval_row row; int64_t id; };
struct carry_interval_take {
	int (*take)(void *to, struct carry_interval *iv, struct err *e);
	void *to;
};
int carry_each_interval(struct carry *c, struct carry_interval_take to, struct err *e);

struct carry_row_take { int (*take)(void *to, int64_t row, struct err *e); void *to; };
int carry_each_sighting(struct carry *c, int64_t interval, struct carry_row_take to,
			struct err *e); /* locations there */
int carry_each_touch(struct carry *c, int64_t interval, struct carry_row_take to,
		     struct err *e); /* runs there */

/* Pages of the seen set of a node within these pages of seconds. */
int carry_each_page(struct carry *c, int64_t node, int64_t first, int64_t last,
		    struct seen_row_take to, struct err *e);

/* Pages with serials of audit records of other types: key and `other`. */
int carry_each_other(struct carry *c, struct seen_row_take to, struct err *e);

/* Presence, losses, births, builds: as they are, with rows of here. */
struct carry_presence { int64_t node, exe, caller, call, t; int32_t pid; uint64_t ip; };
struct carry_presence_take {
	int (*take)(void *to, const struct carry_presence *p, struct err *e);
	void *to;
};
int carry_each_presence(struct carry *c, struct carry_presence_take to, struct err *e);
int carry_losses(struct carry *c, bool trusted, int64_t run, uint64_t *n, struct err *e);
int carry_lifecycles(struct carry *c, bool all,
		     struct err *e); /* !all: what files of tools told alone */
int carry_builds(struct carry *c, struct err *e);

/* How many trees are there only as totals: these cannot be taken over. */
int carry_totals(struct carry *c, int64_t *n, struct err *e);

#endif
