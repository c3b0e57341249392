/* SPDX-License-Identifier: Apache-2.0 */
/* What the starts of a selection covered: times, stops, signals, probes. It may lower a verdict in
 * a reader's eyes, and raises none. */
#ifndef ANALYZE_EVIDENCE_READINESS_SEEN_H
#define ANALYZE_EVIDENCE_READINESS_SEEN_H

#include "analyze/evidence/readiness.h"

/* Fills hours, days, the quiet times and what follows them in struct readiness. Its starts and news
 * are there. */
void readiness_seen(struct readiness *r, const struct query *q, const struct selection *s);

/*
 * The names of the containers, pods and units that a tree runs in: is one on the list? put: all are
 * put on it.
 */
bool readiness_on_list(const struct query *q, const struct query_tree *t, struct map *list,
		       bool put);

#endif
