/* SPDX-License-Identifier: Apache-2.0 */
/* Rows that are chosen to go: temporary tables of one connection, filled by a choice, counted, and
 * then deleted. */
#ifndef STORE_ROWS_DOOMED_H
#define STORE_ROWS_DOOMED_H

#include "store/rows/interval.h"
#include "store/rows/seen_row.h"

struct doomed_choice {
	const int64_t *trees;      /* rows; NULL: of all trees */
	size_t n_trees;
	/* codes of compacted trees; looked at only where trees is not NULL */
	const struct bytes *totals;
	size_t n_totals;
	int64_t since, until;      /* only what lies wholly in that time; WHEN_NONE: open */
	int64_t before;            /* only what ended before; WHEN_NONE */
	int64_t ingest;            /* only what this run brought first; 0 */
	bool trusted;              /* only what trusted sources brought */
};

struct doomed_count {
	uint64_t intervals, events, trees, presence, totals, total_trees, total_events;
};

int doomed_choose(struct store *s, const struct doomed_choice *c, struct doomed_count *out,
		  struct err *e);

/* Pids that lose intervals. */
int doomed_each_pid(struct store *s, struct interval_pid_take to, struct err *e);

/* Pages of the seen set that a chosen interval may have events in, by node, seconds and serials. */
struct doomed_page_take { int (*take)(void *to, struct seen_key key, struct err *e); void *to; };
int doomed_each_page(struct store *s, struct doomed_page_take to, struct err *e);

/* Intervals of a node that touch from..end, in ms: their seconds, and whether they are chosen. */
struct doomed_span_take {
	int (*take)(void *to, int64_t first, int64_t last, bool goes);
	void *to;
};
int doomed_each_span(struct store *s, int64_t node, int64_t from, int64_t end,
		     struct doomed_span_take to, struct err *e);

int doomed_delete(struct store *s, struct err *e);
int doomed_delete_totals(struct store *s, struct err *e);

/* Builds that no evidence is left of. */
int doomed_delete_builds(struct store *s, struct err *e);

#endif
