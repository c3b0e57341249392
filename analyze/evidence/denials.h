/* SPDX-License-Identifier: Apache-2.0 */
/* Denials: what was refused (errno, kill, trap ...), by whom, how often, last when. */
#ifndef ANALYZE_EVIDENCE_DENIALS_H
#define ANALYZE_EVIDENCE_DENIALS_H

#include "analyze/evidence/select.h"
#include "store/model/syscall.h"

struct denial {
	char name[SYSCALL_NAME_MAX];     /* or the number */
	uint32_t arch, action;
	int32_t nr;
	struct bytes path, comm, exe, node;
	uint64_t events, trusted;
	int64_t t_first, t_last;
	bool listed; /* for who asks: does the list of each workload that it belongs to have the
			name? Set from outside */
};

struct denials { struct denial *v; size_t n, cap; };

/* Of a selection, most first. The caller frees by VEC_FREE. */
void denials_find(struct denials *out, const struct query *q, const struct selection *s);

/* The one that a use of the query belongs to; NULL: none. */
struct denial *denials_of(struct denials *d, const struct query *q, const struct query_use *u);

#endif
