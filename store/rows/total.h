/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of `fold`, fold_use, fold_set, fold_start and fold_place: what is left of trees that were
 * compacted. */
#ifndef STORE_ROWS_TOTAL_H
#define STORE_ROWS_TOTAL_H

#include "store/base/buf.h"
#include "store/query_past.h"
#include "store/store.h"

struct total_row {
	int64_t id, node;
	int64_t main;            /* path of the main program */
	const char *code;
	struct bytes labels;     /* JSON: rows of strings */
	bool trusted;
	bool counts, start_seen; /* is this tree one more, one more start? */
};

int total_any(struct store *s, bool *yes, struct err *e);

/* Adds a tree to the row of its code, and sets row->id. */
int total_save(struct store *s, struct total_row *row, struct err *e);

struct total_use_row {
	int64_t total, path, caller, call;
	uint64_t events;
	int64_t t_first, t_last; /* WHEN_NONE: not known */
	bool forked;
};

int total_save_use(struct store *s, const struct total_use_row *row, struct err *e);
/* calls: JSON, rows of calls. hours: in how many hours of the clock the tree ran. */
int total_save_set(struct store *s, int64_t total, struct bytes calls, bool start_seen,
		   uint64_t hours, struct err *e);
int total_save_location(struct store *s, int64_t total, int64_t location, struct err *e);

/* A tree, for readiness; calls: JSON, as in its row of fold_set. */
struct total_start_row {
	int64_t total, t;
	struct bytes calls;
	enum query_past_records records;
	bool start, ended;
};

int total_save_start(struct store *s, const struct total_start_row *row, struct err *e);

/* A trusted event that compacted text of a node has, too: one of text's counts less. *found: text
 * has it. */
int total_take_text(struct store *s, int64_t node, int64_t caller, int64_t call, int64_t t,
		    bool *found, struct err *e);

/* Adds "TEXT\0EXE\0" of a path. */
int total_path_text(struct store *s, int64_t path, struct buf *out, struct err *e);

/* Rows of calls with an action, of the whole store. */
struct total_call_take { int (*take)(void *to, int64_t call); void *to; };
int total_each_call(struct store *s, uint32_t action, struct total_call_take to, struct err *e);

#endif
