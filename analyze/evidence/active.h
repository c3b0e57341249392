/* SPDX-License-Identifier: Apache-2.0 */
/* The filters that were in force while trees were recorded: what they allowed left no records, so a list has to keep it. */
#ifndef ANALYZE_EVIDENCE_ACTIVE_H
#define ANALYZE_EVIDENCE_ACTIVE_H

#include "analyze/evidence/select.h"
#include "analyze/policy/policy.h"

struct active_policies {
	VEC(struct policy) v;    /* those that could be read */
	uint64_t trees;          /* of the selection, that were recorded under one */
	struct bytes name;       /* of one of them */
	size_t unread;           /* texts that were not read, or not all of them */
};

/* Of the selected trees, as the user named them (ingest --logged-under). The caller releases. */
void active_load(struct active_policies *out, const struct query *q, const struct selection *s);
void active_release(struct active_policies *f);

#endif
