/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The main program of a tree: the last image on its root pid's chain of execs that is no loader, shell or wrapper; where
 * the chain has none, the first program that it starts.
 */
#ifndef ANALYZE_EVIDENCE_MAIN_PROGRAM_H
#define ANALYZE_EVIDENCE_MAIN_PROGRAM_H

#include "store/query.h"

/* Finds that of each living tree; those that are made of totals or presence know theirs. After query_load. */
void main_program_find(struct query *q);

/* Is it a program that a list is for: no loader, no shell, no wrapper? */
bool main_program_is_plain(const struct query_image *m);

#endif
