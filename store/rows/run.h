/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of `ingest`, one for each run that brought records, and of `capture` and `policy`, which
 * belong to them. */
#ifndef STORE_ROWS_RUN_H
#define STORE_ROWS_RUN_H

#include "store/store.h"

struct run_row {
	int64_t id;
	int64_t label, policy;  /* rows; 0: none */
	int64_t started, ended;
	const char *source, *version;
	uint64_t new_events, seen_before, contradicted, damaged, other, losses;
};

/* Notes that a run begins: label, policy, started, source, version. Sets row->id. */
int run_add(struct store *s, struct run_row *row, struct err *e);
/* The rest of it, when it ends. */
int run_end(struct store *s, const struct run_row *row, struct err *e);
/* How many of its records were trusted. */
int run_trust(struct store *s, int64_t id, uint64_t records, struct err *e);
/* Has any a label? */
int run_any_label(struct store *s, bool *yes, struct err *e);

/* The row of a policy, made when its content is new. hash: of the text. */
int run_policy(struct store *s, struct bytes name, const char *hash, struct bytes text,
	       int64_t *row, struct err *e);

struct capture_row {
	int64_t ingest, node, t_first, t_last;
	uint32_t serial_first, serial_last;
	uint64_t received, gaps, dropped, tasks_lost;
	uint64_t lost;          /* by the kernel's count, where that is known */
	bool lost_known, complete;
};

/* The run here that captured just this; left as it is where none did. */
int run_find_capture(struct store *s, const struct capture_row *row, int64_t *ingest,
		     struct err *e);
int run_save_capture(struct store *s, const struct capture_row *row, struct err *e);

/* A label for the trees that one pid of a node was in since a time: as a run of its own beside
 * `ingest` would have given it. */
int run_label_trees(struct store *s, int64_t ingest, int64_t label, int64_t node, int32_t pid,
		    int64_t since, struct err *e);

#endif
