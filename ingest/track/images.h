/* SPDX-License-Identifier: Apache-2.0 */
/* Images as classes of parts: who is in which. Inside ingest/track only. */
#ifndef INGEST_TRACK_IMAGES_H
#define INGEST_TRACK_IMAGES_H

#include "ingest/track/derive.h"

/*
 * p begins an image, exec'd from that of `from`, or the root of a tree: NULL. Here and below the
 * caller gives p the rows that say which image it has.
 */
int images_begin(struct derive *d, struct derive_part *p, const struct derive_part *from,
		 struct err *e);

/* p is of an image that others have begun. */
int images_join(struct derive *d, struct derive_part *p, int64_t image, struct err *e);

/* p is of none any more; an image that has become empty goes. */
int images_leave(struct derive *d, struct derive_part *p, struct err *e);

/* A part, and what was exec'd from its image, get another number: two images are put together. */
int images_move(struct derive *d, int64_t part, int64_t to, struct err *e);
int images_below(struct derive *d, int64_t image, int64_t above, const struct derive_row *row,
		 struct err *e);
int images_merged(struct derive *d, int64_t from, int64_t to, struct err *e);

#endif
