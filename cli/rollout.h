/* SPDX-License-Identifier: Apache-2.0 */
/* From options to the shape of a list: --base, --tighten, --stage, --errno, --siblings, --target.
 */
#ifndef CLI_ROLLOUT_H
#define CLI_ROLLOUT_H

#include "analyze/profile/stage.h"
#include "cli/opts.h"

/* Are the options what they may be, and is it the stage that begins with nothing? Asked before
 * anything is read. */
int rollout_check(const struct opts *o, bool *observe, struct err *e);

/*
 * Shapes a policy and says what follows of it, on stderr. With --base that takes the policy's
 * place, extended and tightened by it; whole: with its conditions, for a format that has such.
 * ST_INPUT where the target does not take it.
 */
int rollout_apply(struct policy *p, bool whole, const struct opts *o, struct err *e);

/* Is this --siblings add? */
bool rollout_adds_siblings(const struct opts *o);

#endif
