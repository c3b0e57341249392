/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How large a profile may be after all that it says is unfolded: sets into names, alternatives into
 * rules, a rule's conditions for each of its names. What is larger is refused with a line, since
 * work on it, libseccomp's above all, grows faster than it does.
 *
 * No real profile comes near: Docker's default has 35 rules with 470 names and 26 conditions, the
 * longest list of calls of any architecture 500 names, and the kernel takes 4,096 instructions of a
 * filter, of which each condition needs one or more.
 */
#ifndef ANALYZE_POLICY_BOUNDS_H
#define ANALYZE_POLICY_BOUNDS_H

#include "analyze/policy/policy.h"

#define BOUNDS_RULES 8192
/* of calls, in all rules; of sets that are listed and taken away again, too */
#define BOUNDS_NAMES 32768
#define BOUNDS_CONDITIONS 16384   /* on arguments, in all rules, once for each name */
#define BOUNDS_OF_CALL 512        /* conditions on one call */
#define BOUNDS_WORDS 8192 /* Docker's capabilities and architectures in what rules depend on */
#define BOUNDS_ARCHS 256
#define BOUNDS_UNREAD 1000        /* parts that no reader knows */
#define BOUNDS_BINARIES 4096      /* in the evidence of scaudit's own format */

/* ST_INPUT with `file`, which is safe for a terminal, and what there is too much of. */
int bounds_check(const struct policy *p, const char *file, struct err *e);

#endif
