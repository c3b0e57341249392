/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of `derive_page` and `derive_mark`: what parts and images are found by. What they hold is
 * the derivation's own. */
#ifndef STORE_ROWS_DERIVE_ROW_H
#define STORE_ROWS_DERIVE_ROW_H

#include "store/base/buf.h"
#include "store/store.h"

/* The last page that begins at `at` or before it; keys are compared as bytes. Nothing is taken
 * where there is none. */
struct derive_page_take {
	int (*take)(void *to, struct bytes first, struct bytes body, struct err *e);
	void *to;
};
int derive_row_find_page(struct store *s, struct bytes at, struct derive_page_take to,
			 struct err *e);
int derive_row_save_page(struct store *s, struct bytes first, struct bytes body, struct err *e);
int derive_row_del_page(struct store *s, struct bytes first, struct err *e);

/* The mark of a pid. Reading adds to *out, and nothing where there is none; an empty one is
 * deleted. */
int derive_row_find_mark(struct store *s, int64_t node, int32_t pid, struct buf *out,
			 struct err *e);
int derive_row_save_mark(struct store *s, int64_t node, int32_t pid, struct bytes body,
			 struct err *e);

#endif
