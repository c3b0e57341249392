/* SPDX-License-Identifier: Apache-2.0 */
/* From a policy whose rules answer in their order to what the kernel runs: libseccomp has no rules
 * for that. */
#ifndef ANALYZE_POLICY_INORDER_H
#define ANALYZE_POLICY_INORDER_H

#include "analyze/policy/compile.h"

/* Adds the instructions to out->code; what is of none of the policy's architectures kills.
 * ST_INPUT: there are too many. */
int inorder_compile(struct compiled *out, const struct policy *p, struct err *e);

#endif
