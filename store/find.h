/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Finds trees by what they have, each by an index: whatever matches is among them, and some may not
 * match. Who asks looks at the evidence of those that were found (query_load_some). Only where
 * s->makers.
 */
#ifndef STORE_FIND_H
#define STORE_FIND_H

#include "store/base/pool.h"
#include "store/model/location.h"
#include "store/store.h"

/* Rows of `tree`, and of `fold`; sorted, each once, after find_sort. */
struct find_ids { int64_t *v; size_t n, cap; };
struct find { struct find_ids trees, totals; };

void find_release(struct find *f);
void find_sort(struct find_ids *ids);
int find_settle(struct find *f, struct store *s,
		struct err *e); /* one row of each compacted tree: before find_both */
void find_both(struct find *f,
	       const struct find *other); /* leaves what the other one has as well */
void find_add(struct find *f, const struct find *other);

/* By a thread's name or the name of an exec; by a program: its path or the last part; by the first
 * digits of a workload's code. */
int find_comm(struct find *f, struct store *s, struct bytes comm, struct err *e);
int find_exe(struct find *f, struct store *s, struct bytes exe, struct err *e);
int find_code(struct find *f, struct store *s, struct bytes code, struct err *e);

/* Of which some call was refused. */
int find_refused(struct find *f, struct store *s, struct err *e);

int find_label(struct find *f, struct store *s, struct bytes label, struct err *e);
int find_labelled(struct find *f, struct store *s, struct err *e);
int find_tree(struct find *f, struct store *s, struct bytes code,
	      struct err *e); /* its id may be cut */

/* By places of which `is` says yes. */
struct find_place { bool (*is)(void *of, const struct bytes v[LOCATION_FIELDS]); void *of; };
int find_places(struct find *f, struct store *s, struct find_place which, struct err *e);

/* Adds those that were seen in a place that one of these was seen in, as far as `is` says yes of
 * it. */
int find_neighbours(struct find *f, struct store *s, struct find_place which, struct err *e);

/* Those that presence hangs on. */
int find_presence(struct find *f, struct store *s, struct err *e);

/* Whose first records, by this name of a machine, may lie in from..to, and that a loader began. */
int find_begun(struct find *f, struct store *s, int64_t node, int64_t from, int64_t to,
	       struct err *e);

/* How many trees there are, about. */
int find_count(struct store *s, int64_t *n, struct err *e);

/* The codes of compacted trees: sorted, each once; they live as long as the pool. */
struct find_codes { struct bytes *v; size_t n, cap; };
int find_codes(struct find_codes *out, struct pool *strings, const struct find *f, struct store *s,
	       struct err *e);

#endif
