/* From options to the shape of a list: --base, --tighten, --stage, --errno, --siblings, --target. */
#ifndef CLI_SHAPING_H
#define CLI_SHAPING_H

#include "analyze/profile/shape.h"
#include "cli/opts.h"

/* Are the options what they may be, and is it the stage that begins with nothing? Asked before anything is read. */
int shaping_check(const struct opts *o, bool *observe, struct err *e);

/*
 * Shapes a policy and says what follows of it, on stderr. With --base that takes the policy's place, extended and tightened by
 * it; whole: with its conditions, for a format that has such. ST_INPUT where the target does not take it.
 */
int shaping_apply(struct policy *p, bool whole, const struct opts *o, struct err *e);

/* Is this --siblings add? */
bool shaping_adds_siblings(const struct opts *o);

#endif
