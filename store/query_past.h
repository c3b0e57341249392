/* SPDX-License-Identifier: Apache-2.0 */
/* What is kept of each tree that was compacted: when it began, what it called, whether all its
 * records had been read. */
#ifndef STORE_QUERY_PAST_H
#define STORE_QUERY_PAST_H

#include "store/query.h"

enum query_past_records { PAST_WHOLE, PAST_LOSSY, PAST_UNKNOWN };

/* The hash by which fold_start names a row of fold_set: of its JSON. */
uint64_t query_past_hash(struct bytes calls);

struct query_past_tree {
	uint32_t tree;          /* the pseudo-tree of the query that it is in */
	uint32_t set;           /* of query.sets; QUERY_NONE: its calls are not known */
	int64_t t;              /* ms */
	enum query_past_records records;
	bool start, ended; /* it began with its loader's or its own execve; its first process had
			      ended */
	bool text;              /* text alone showed it */
};

struct query_past { VEC(struct query_past_tree) trees; };

/* Of the trees of a query that are in; those without rows (compacted by an older version) have
 * none. The caller releases. */
int query_past_load(struct query_past *out, const struct query *q, struct store *s,
		    const bool *tree_in, struct err *e);
void query_past_release(struct query_past *p);

#endif
