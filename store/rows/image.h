/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of `image`. */
#ifndef STORE_ROWS_IMAGE_H
#define STORE_ROWS_IMAGE_H

#include "store/store.h"

struct image_row {
	int64_t id, founder, above, tree, path;  /* founder, above 0: none */
	uint64_t parts;
};

int image_find(struct store *s, int64_t id, struct image_row *out, bool *found, struct err *e);
int image_save(struct store *s, const struct image_row *row, struct err *e);
int image_del(struct store *s, int64_t id, struct err *e);
int image_top(struct store *s, int64_t *id, struct err *e);
int image_count(struct store *s, int64_t *n, struct err *e);

/* The ids of those that were exec'd from an image. */
struct image_take { int (*take)(void *to, int64_t id); void *to; };
int image_each_below(struct store *s, int64_t id, struct image_take to, struct err *e);

#endif
