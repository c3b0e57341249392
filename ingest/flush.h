/* Writes a batch: joins its intervals with those that are stored, derives images and trees again where it touched. */
#ifndef INGEST_FLUSH_H
#define INGEST_FLUSH_H

#include "ingest/tally.h"

/* What is known of the boots of a node, kept between batches of one process. */
struct flush {
	struct tally *tally;
	struct seen *seen;
	VEC(struct flush_node { int64_t node; struct boots boots; }) nodes;
	struct map node_at;      /* node -> index */
	VEC(struct flush_pid { int64_t node; int32_t pid; }) again; /* to be derived although the batch did not touch them */
};

void flush_init(struct flush *f, struct tally *tally, struct seen *seen);
void flush_release(struct flush *f);
void flush_forget(struct flush *f); /* another process has written */

/*
 * Called under the write lock for each node before its first record in a batch, so that flush_batch can tell whether
 * the batch changed its boots.
 */
int flush_know(struct flush *f, int64_t node, struct err *e);

/* Under the write lock; the tally is empty afterwards. On failure the caller rolls back. */
int flush_batch(struct flush *f, struct err *e);

#endif
