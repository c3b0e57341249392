/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of the derivation in order, in memory: a tree of pages. */
#ifndef INGEST_BATCH_TREE_H
#define INGEST_BATCH_TREE_H

#include "ingest/track/derive.h"

struct tree_page;
struct tree { struct tree_page *root; size_t rows; };

void tree_init(struct tree *t);
void tree_release(struct tree *t);
void tree_put(struct tree *t, const struct derive_row *row); /* replaces the value */
void tree_del(struct tree *t, const struct derive_row *row); /* if it is there */

/* The row itself, or the nearest before it. False: there is none. */
bool tree_upto(const struct tree *t, const struct derive_row *from, struct derive_row *out);

/* The nearest row behind or before one that need not be there. False: there is none. */
bool tree_next(const struct tree *t, const struct derive_row *from, struct derive_row *out);
bool tree_prev(const struct tree *t, const struct derive_row *from, struct derive_row *out);

#endif
