/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How long processes and trees live. The last record is no end: a server that waits makes none. A
 * process lives until its exit was seen, its pid came back, or the boot ended.
 */
#ifndef ANALYZE_EVIDENCE_LIVES_H
#define ANALYZE_EVIDENCE_LIVES_H

#include "analyze/evidence/select.h"

#define LIVES_OPEN INT64_MAX    /* its end is not known: it lives */
#define LIVES_BEFORE (INT64_MIN + 1) /* so is its beginning */

/*
 * Of each tree. A start begins with its first record; what has no beginning may have begun at any
 * time since the boot before. Of folded trees and of presence the records are all that is known.
 */
struct lives { int64_t *from, *to; size_t n; };

void lives_find(struct lives *out, const struct query *q);
void lives_release(struct lives *l);

/*
 * The images of processes, those of one machine, boot and pid beside each other, in the order of
 * their beginnings. by_trust: trusted ones and text apart, too. *n: how many. The caller frees it.
 */
uint32_t *lives_by_pid(const struct query *q, bool by_trust, size_t *n);

/*
 * What was lost on the machines of a selection while its trees lived, within the time asked for: a
 * marker before a fragment bears on it, and so does one behind the last record of a process that
 * lives. The caller frees by VEC_FREE.
 */
int lives_losses(struct query_losses *out, struct query *q, struct store *store,
		 const struct selection *s, struct err *e);

#endif
