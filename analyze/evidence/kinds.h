/* SPDX-License-Identifier: Apache-2.0 */
/* By what means a selection's calls became known, and what files of tools say of what is missing in
 * them. */
#ifndef ANALYZE_EVIDENCE_KINDS_H
#define ANALYZE_EVIDENCE_KINDS_H

#include "analyze/evidence/select.h"
#include "store/base/buf.h"

struct kinds {
	struct { uint64_t trees, uses, made, records; uint32_t facts; } of[N_KINDS];
	uint64_t trees, tools;   /* all of the selection's; those that files of tools brought */
};

void kinds_find(struct kinds *out, const struct query *q, const struct selection *s);

/* "seccomp: 120 records of 2 trees; strace: 227 calls of 1 tree" */
void kinds_text(struct buf *out, const struct kinds *k);

/* Is all that tools brought of a kind that tells of loss, and nothing of it missing by what it
 * says? */
bool kinds_whole(const struct kinds *k);

#endif
