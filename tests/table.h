/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The derivation's state in memory: rows in a tree, parts and images by their number. What the
 * store is in the program, for tests and for measuring what the derivation alone costs.
 */
#ifndef TESTS_TABLE_H
#define TESTS_TABLE_H

#include "ingest/batch/tree.h"
#include "store/base/map.h"

struct table {
	struct tree tree;
	struct { struct derive_part **v; size_t n, cap; } parts;   /* by id */
	struct { struct derive_image **v; size_t n, cap; } images;
	struct map mark_at; /* by node and pid, index + 1 */
	struct { struct buf *v; size_t n, cap; } marks;
	struct derive_store store;
};

void table_init(struct table *t);
void table_release(struct table *t);

#endif
