/* SPDX-License-Identifier: Apache-2.0 */
/* For commands that take a selector: from options to what analyze works on. */
#ifndef CLI_SELECTOR_H
#define CLI_SELECTOR_H

#include "analyze/evidence/select.h"
#include "cli/opts.h"

/* The store's content in the time asked for, and its workloads. */
struct selected {
	struct store store;
	struct query query;
	struct workloads workloads;
	struct select_options options;
	int64_t since, until;
};

/*
 * Opens the store for reading and loads what --since and --until leave. Release it also after a failure. *out->options
 * borrows from the options given.
 */
int selector_open(struct selected *out, const struct opts *o, struct err *e);
void selector_release(struct selected *s);

#endif
