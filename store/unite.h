/* SPDX-License-Identifier: Apache-2.0 */
/* Trees that a machine's short name and its full one have brought: the same processes do not count
 * twice. */
#ifndef STORE_UNITE_H
#define STORE_UNITE_H

#include "store/query.h"

/*
 * A process is known by pid, exe, times and serials. Two trees by two of the machine's names are
 * one where one has the first image of the other: images of both become one, with the larger of two
 * counts for each caller and call, and images that only one of them has stay. What a trusted source
 * says of the first images and the main program stays. Before uses are sorted and main programs are
 * looked for.
 */
int unite_trees(struct query *q, struct store *s, struct err *e);

#endif
