/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Compacting: evidence of old trees becomes totals. What survives: per path, caller and call the
 * counts, first, last and presence; per distinct call set the number of its trees, starts and
 * hours; of each tree what readiness needs. A record that comes late for a compacted tree becomes a
 * fragment: the only exception to "order of arrival makes no difference".
 */
#ifndef INGEST_UPKEEP_COMPACT_H
#define INGEST_UPKEEP_COMPACT_H

#include "store/base/bytes.h"
#include "store/base/map.h"
#include "store/query_past.h"
#include "store/store.h"

/* One tree to compact, and what it is compacted with: trees of one key share a row of `fold`. */
struct compact_tree {
	int64_t tree;              /* row */
	/* rows of trees that are the same processes, by other names of the machine */
	const int64_t *also;
	size_t n_also;
	int64_t node;              /* row */
	bool text_stays;           /* only what trusted sources brought of it goes */
	/* as it is seen with all that the store has, and as it is without text; there: it is seen
	 * so */
	struct compact_view {
		bool there, start_seen;
		bool ended;            /* its first process has */
		enum query_past_records records; /* were all of it read? */
		int64_t t_first;
		/* row of an image of `also` -> row of the one of `tree` that it is */
		const struct map *same;
		struct bytes key;      /* its workload, as text that does not change */
		int64_t main_part;     /* row of the main program's part */
		const struct bytes *labels;
		size_t n_labels;
	} all, trusted;
};

/* Under the write lock. */
int compact_run(struct store *s, const struct compact_tree *trees, size_t n, struct err *e);

#endif
