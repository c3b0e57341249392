/* SPDX-License-Identifier: Apache-2.0 */
/* What readers see of images: their paths, and the trees with their codes, labels and locations. */
#ifndef INGEST_BATCH_TREES_H
#define INGEST_BATCH_TREES_H

#include "ingest/batch/state.h"
#include "store/names.h"

struct trees {
	struct store *store;
	struct names *names;
	struct state *state;
	bool labels;    /* some run has a label: trees have to be marked */
	bool locations;    /* of some process it is known where it ran: the same */
	struct { struct trees_mark { int64_t part, interval; } *v; size_t n, cap; } marks;
	struct state_ids left;  /* parts that have lost an interval */
	struct state_ids whole; /* trees whose images are others than they were: marked anew */
};

/* An interval of a part has a label or a location that its tree may not have yet. */
void trees_mark(struct trees *t, int64_t part, int64_t interval);

/* A part has lost an interval, which another one has now, or nobody. */
void trees_left(struct trees *t, int64_t part);

/* After images were derived, before state_save: gives those that changed their paths, and writes
 * trees. -1 on failure. */
int trees_write(struct trees *t, struct err *e);

/* After state_save: marks trees with labels and locations. -1 on failure. */
int trees_label(struct trees *t, struct err *e);

void trees_release(struct trees *t);

#endif
