/* SPDX-License-Identifier: Apache-2.0 */
/* The filters that were in force while trees were recorded: what they allowed left no records, so a
 * list has to keep it. */
#ifndef ANALYZE_EVIDENCE_ACTIVE_H
#define ANALYZE_EVIDENCE_ACTIVE_H

#include "analyze/evidence/select.h"
#include "analyze/policy/policy.h"

struct active_policies {
	VEC(struct policy) v;    /* those that could be read */
	VEC(int64_t) at;         /* of each policy of the query: its place among them, or -1 */
	size_t open;             /* of them let through what they do not name */
	uint64_t trees;          /* of the selection, that were recorded under one */
	struct bytes name;       /* of one of them */
	size_t unread;           /* texts that were not read, or not all of them */
};

/* Of the selected trees, as the user named them (ingest --logged-under). The caller releases. */
void active_load(struct active_policies *out, const struct query *q, const struct selection *s);
void active_release(struct active_policies *f);

/*
 * A call that is on record as logged, though conditions on its arguments let some of its kind
 * through without a record: does that prove that `checked` refuses it? Only where the trees'
 * policies are known, and none of the conditions by which `checked` lets it through can have held.
 */
bool active_proves(const struct active_policies *f, const struct query_tree *t,
		   const struct policy *checked, uint32_t arch, const char *name);

#endif
