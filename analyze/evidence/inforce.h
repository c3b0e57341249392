/* The filters that were in force while trees were recorded: what they allowed left no records, so a list has to keep it. */
#ifndef ANALYZE_EVIDENCE_INFORCE_H
#define ANALYZE_EVIDENCE_INFORCE_H

#include "analyze/evidence/select.h"
#include "analyze/policy/policy.h"

struct inforce {
	VEC(struct policy) v;    /* those that could be read */
	uint64_t trees;          /* of the selection, that were recorded under one */
	struct bytes name;       /* of one of them */
	size_t unread;           /* texts that were not read, or not all of them */
};

/* Of the selected trees, as the user named them (ingest --logged-under). The caller releases. */
void inforce_load(struct inforce *out, const struct query *q, const struct selection *s);
void inforce_release(struct inforce *f);

#endif
