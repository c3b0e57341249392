/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files of tools that saw calls being made: rows of `meta`. Each has a node of its own, named after
 * its kind and content: so a file counts once, whatever it is called, and its pids are of nobody
 * else.
 */
#ifndef STORE_TOOL_H
#define STORE_TOOL_H

#include "store/base/buf.h"
#include "store/model/kind.h"
#include "store/store.h"

struct tool_row {
	struct bytes node;     /* the name of its node */
	enum kind kind;
	struct bytes host;     /* the machine, as far as it is known */
	struct bytes file;     /* its name, escaped */
	uint64_t size, calls, lost;
	uint64_t done;         /* lines that are in the store */
	uint32_t facts;        /* enum tool_fact */
	int64_t t;             /* its date */
	bool whole;            /* all of it was read */
};

/*
 * Before the first one: the views of a store that was made before there were tools count their
 * calls as events. Under the write lock.
 */
int tool_prepare(struct store *s, struct err *e);

/* Under the write lock. */
int tool_save(struct store *s, const struct tool_row *row, struct err *e);

/* *found: there is one. What row borrows goes into the room. */
int tool_load(struct store *s, struct bytes node, struct tool_row *row, struct buf *room,
	      bool *found, struct err *e);

/* All of them, by the names of their nodes. A row that is none of ours is passed over. */
struct tool_row_take {
	int (*take)(void *to, const struct tool_row *row, struct err *e);
	void *to;
};
int tool_each(struct store *s, struct tool_row_take to, struct err *e);

/* Lets files of which nothing is left be read again, as if they never had been. Under the write
 * lock. */
int tool_unsee(struct store *s, struct err *e);

/* Is the node of this row a tool's? */
int tool_is(struct store *s, int64_t node, bool *yes, struct err *e);

#endif
