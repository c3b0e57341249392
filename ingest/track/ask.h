/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the first part of a process joins. Inside ingest/track only. docs/tracker.md, "Between
 * pids".
 */
#ifndef INGEST_TRACK_ASK_H
#define INGEST_TRACK_ASK_H

#include "ingest/track/derive.h"

struct ask_ids { int64_t *v; size_t n, cap; };

struct ask_answer {
	int64_t image;             /* that it joins; 0: it begins one */
	enum derive_rule rule;
	struct ask_ids witnesses;  /* a part of each image that it saw and that lives */
	struct ask_ids gone;       /* images that it saw, and none of which lives */
	bool calls;                /* fork-type calls near it were looked at */
};

/* Looks at what p sees. All before p are settled. The caller releases the lists. */
int ask_candidates(struct derive *d, const struct derive_part *p, struct ask_answer *out,
		   struct err *e);

#endif
