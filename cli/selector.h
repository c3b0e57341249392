/* SPDX-License-Identifier: Apache-2.0 */
/* For commands that take a selector: from options to what analyze works on. */
#ifndef CLI_SELECTOR_H
#define CLI_SELECTOR_H

#include "analyze/evidence/select.h"
#include "cli/opts.h"
#include "store/base/buf.h"

/* The store's content in the time asked for, and its workloads. */
struct selected {
	struct store store;
	struct query query;
	struct workloads workloads;
	struct select_options options;
	int64_t since, until;
	bool opened; /* the store is open, and the options are read */
};

/*
 * Opens the store for reading and loads what --since and --until leave. Release it also after a
 * failure. *out->options borrows from the options given.
 */
int selector_open(struct selected *out, const struct opts *o, struct err *e);

/* What an answer needs beside the trees that are selected. */
enum selector_need {
	SELECTOR_TREES, /* nothing: readiness, check */
	SELECTOR_PROFILE, /* trees under the same loader, and what several workloads are called */
	SELECTOR_DENIALS, /* trees of which some call was refused, and the rest of their workloads
			   */
	SELECTOR_ROWS, /* nothing, and of a container or unit no more than what was named */
};

/*
 * The same, and loads what the selector means and no more where the store's indexes can tell: the
 * answer is the one that all of it gives. *out is empty, or as selector_open_parts left it. One
 * filter covers all of a container or unit here (options.whole_locations).
 */
int selector_open_some(struct selected *out, const struct opts *o, enum selector_need need,
		       struct err *e);

/*
 * Loads the store in parts, where nothing is selected. 1: that cannot be, and nothing was taken;
 * selector_open_some goes on with *out.
 */
int selector_open_parts(struct selected *out, const struct opts *o, struct query_part_take to,
			struct err *e);
void selector_release(struct selected *s);

/*
 * The command as it was given, to paste; rest: without what picks trees, for who picks others.
 * Time, node and --trusted stay.
 */
void selector_command(struct buf *out, const struct opts *o, bool rest);

/* Lost on any machine that the options may mean. */
int selector_losses(struct query_losses *out, struct selected *s, const struct opts *o,
		    struct err *e);

#endif
