/* SPDX-License-Identifier: Apache-2.0 */
/* Traps in a profile. A new one is a row in lint_list.h and a function in lint_names.c or
 * lint_rules.c. */
#ifndef ANALYZE_POLICY_LINT_H
#define ANALYZE_POLICY_LINT_H

#include "analyze/policy/target.h"

enum lint_severity { LINT_ERROR, LINT_WARNING, LINT_NOTE };

struct lint_rule {
	const char *word;
	enum lint_severity severity;
	const char *why;
};

struct lint_finding {
	const struct lint_rule *rule;
	const char *what;          /* names and numbers; safe for a terminal */
	const char *why;           /* the rule's, or that of this name */
};

struct lint {
	VEC(struct lint_finding) findings;  /* in the order of the table: errors first */
	size_t counts[3];                   /* of each severity */
	struct pool texts;
};

const char *lint_severity_word(enum lint_severity s);

/* The i-th row; NULL at the end. */
const struct lint_rule *lint_at(size_t i);

/* The policy is settled (resolve_policy). target: who is to take it; NULL: not said. The caller
 * releases *out. */
void lint_policy(struct lint *out, const struct policy *p, const struct target *target);
void lint_release(struct lint *l);

#endif
