/* SPDX-License-Identifier: Apache-2.0 */
/* Keeping the store clean: removes what a debugging session or a mistake brought. */
#ifndef INGEST_UPKEEP_FORGET_H
#define INGEST_UPKEEP_FORGET_H

#include "store/base/bytes.h"
#include "store/base/mem.h"
#include "store/store.h"

struct forget_what {
	const int64_t *trees;    /* rows; NULL: of all trees */
	size_t n_trees;
	/* codes of compacted trees; looked at only where trees is not NULL */
	const struct bytes *totals;
	size_t n_totals;
	int64_t since, until;    /* only what lies wholly in that time; WHEN_NONE: open */
	int64_t before;          /* only what ended before; WHEN_NONE */
	int64_t ingest;          /* only what this run brought first; 0 */
	bool trusted;            /* only what trusted sources brought */
	bool unsee;              /* its events count again when they are read again */
	bool dry_run;            /* only say what would go */
};

struct forget_report {
	uint64_t intervals, events, trees, presence;
	uint64_t totals, total_trees,
		total_events; /* the part of compacted trees; events and trees hold them */
	uint64_t shared_seconds; /* with unsee: seconds in which others made records as well; those
				    stay seen */
};

/*
 * Under the write lock: the caller begins and commits. Trees are derived again from what is left.
 * With unsee, events of a second come back only where nothing else that is kept lies in it: else
 * those would count twice.
 */
int forget_run(struct store *s, const struct forget_what *what, struct forget_report *report,
	       struct err *e);

#endif
