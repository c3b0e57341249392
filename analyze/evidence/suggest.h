/* SPDX-License-Identifier: Apache-2.0 */
/* What a selector that matched nothing may have meant: names of the store, to be put in order by
 * store/base/nearest. */
#ifndef ANALYZE_EVIDENCE_SUGGEST_H
#define ANALYZE_EVIDENCE_SUGGEST_H

#include "analyze/evidence/workloads.h"
#include "store/base/nearest.h"

void suggest_comms(const struct query *q, struct nearest *out);

/* Names and ids of containers or pods, or units. */
void suggest_locations(const struct query *q, enum workloads_by by, struct nearest *out);

#endif
