/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Work that may be much, because it concerns as many as there are: it is done a piece at a time,
 * goes on where it stopped, and is done before the next part is settled. Meanwhile evidence may
 * come. Inside ingest/track only.
 */
#ifndef INGEST_TRACK_WORK_H
#define INGEST_TRACK_WORK_H

#include "ingest/track/derive.h"

/*
 * The parts of rows in the bucket of `from`, behind it and up to a moment, are asked again. take:
 * the rows go. As much as there is room for is done at once; so it is in all that follow.
 */
int work_wait(struct derive *d, const struct derive_row *from, const uint64_t until[3], bool take,
	      struct err *e);

/* Those who look at a row of a part are asked again. */
int work_lookers(struct derive *d, int64_t part, struct err *e);

/* What was exec'd from an image learns of its tree. */
void work_tree(struct derive *d, int64_t image);

/*
 * The members of one image become those of another, and what was exec'd from them knows it. They
 * are the same image under another name to all before p.
 */
void work_merge(struct derive *d, int64_t from, int64_t to, const struct derive_part *p);

/* The image that one is becoming: itself, or what it is merged into. */
int64_t work_image(const struct derive *d, int64_t image);

/* Goes on, while there is room. */
int work_run(struct derive *d, struct err *e);

/* Puts it into the store, and takes it from there. */
int work_suspend(struct derive *d, struct err *e);
int work_resume(struct derive *d, struct err *e);

#endif
