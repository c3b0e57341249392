/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The main program of a tree: the last program on its root pid's chain of execs. Loaders, shells
 * and wrappers are none, but a script is, by its name. Where the chain has none, what lives longest
 * of what it starts; of what lives about as long, the first by name, so that it is the same for
 * each start.
 */
#ifndef ANALYZE_EVIDENCE_MAIN_PROGRAM_H
#define ANALYZE_EVIDENCE_MAIN_PROGRAM_H

#include "store/query.h"

/* Finds that of each living tree; those that are made of totals or presence know theirs. After
 * query_load. */
void main_program_find(struct query *q);

/* Is it a program that a list is for: no loader, no shell, no wrapper? */
bool main_program_is_plain(const struct query_image *m);

/* The same, or a script. */
bool main_program_is(const struct query_image *m);

/* What it goes by: its script's name, its own, or its file's; at most 15 bytes, as the kernel keeps
 * them. */
struct bytes main_program_name(const struct query_image *m);

#endif
