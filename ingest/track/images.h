/* Images as classes of parts: who is in which. Inside ingest/track only. */
#ifndef INGEST_TRACK_IMAGES_H
#define INGEST_TRACK_IMAGES_H

#include "ingest/track/derive.h"

/* p begins an image, exec'd from that of `from`, or the root of a tree: NULL. */
int images_begin(struct derive *d, struct derive_part *p, const struct derive_part *from,
		 struct err *e);

/* p is of an image that others have begun. */
int images_join(struct derive *d, struct derive_part *p, int64_t image, struct err *e);

/* p is of none any more; an image that has become empty goes. */
int images_leave(struct derive *d, struct derive_part *p, struct err *e);

#endif
