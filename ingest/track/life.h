/* SPDX-License-Identifier: Apache-2.0 */
/* Does one of an image live? Inside ingest/track only. */
#ifndef INGEST_TRACK_LIFE_H
#define INGEST_TRACK_LIFE_H

#include "ingest/track/derive.h"

/*
 * A part of the image that lives when p first speaks and is of another pid; *out is 0 where none
 * is. Any will do: which one is not part of the answer. seen: those of the image that p sees.
 *   returns: 1: it is not found yet, and there is no room to look on; p is to be settled again
 */
int life_find(struct derive *d, const struct derive_part *p, int64_t image,
	      struct derive_part *const *seen, size_t n_seen, int64_t *out, struct err *e);

#endif
