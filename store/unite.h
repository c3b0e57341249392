/* Trees that a machine's short name and its full one have brought: the same processes do not count twice. */
#ifndef STORE_UNITE_H
#define STORE_UNITE_H

#include "store/query.h"

/*
 * A process is known by pid, exe, times and serials. A tree whose first image another of the machine's names has as well goes
 * into the tree that has it: images of both become one, with the larger of two counts for each caller and call, and images that
 * only one of them has stay. Before uses are sorted and main programs are looked for.
 */
int unite_trees(struct query *q, struct store *s, struct err *e);

#endif
