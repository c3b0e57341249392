/* SPDX-License-Identifier: Apache-2.0 */
/* The verdict on a selection, as the commands readiness and profile give it. */
#ifndef CLI_VERDICT_H
#define CLI_VERDICT_H

#include "analyze/evidence/readiness.h"
#include "cli/selector.h"

/* By --risk. The caller releases *out where 0 is returned. */
int verdict_find(struct readiness *out, const struct opts *o, struct selected *s,
		 const struct selection *sel, struct err *e);

/* --require: is what it asks for so? 1: no, and *e says why; 0: yes, or it asks for nothing; -1: it
 * is no word of its own. */
int verdict_requires(const struct opts *o, struct readiness *r, struct err *e);

/* The verdict in one line, by figures alone: the same for everybody who asks. */
void verdict_line(struct buf *out, const struct readiness *r);

#endif
