/* SPDX-License-Identifier: Apache-2.0 */
/* What the rules of lint share. */
#ifndef ANALYZE_POLICY_LINT_PART_H
#define ANALYZE_POLICY_LINT_PART_H

#include "analyze/policy/lint.h"

/* A name with one of its rules; all of a name lie side by side, in the order of the rules. */
struct lint_use {
	const char *name;
	size_t order;
	const struct policy_rule *rule;
};

struct linting {
	const struct policy *p;
	const struct target *target; /* NULL: not said */
	struct lint *out;
	const struct lint_rule *rule;
	VEC(struct lint_use) uses;
};

/* Adds a finding of the rule at hand. */
void lint_found(struct linting *l, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* One finding of n names; none where n is 0. lint_add_name puts each into the text and counts it.
 */
void lint_found_names(struct linting *l, struct buf *names, size_t n, const char *before);
void lint_add_name(struct buf *out, size_t *n, const char *name);

/* The name, safe for a terminal. */
const char *lint_shown(char out[80], const char *name);

bool lint_passes(uint32_t action);
bool lint_denies_by_default(const struct linting *l);

/* The first use of a name; the end of all when it is not named. */
size_t lint_find_call(const struct linting *l, const char *name);
bool lint_same_name(const struct linting *l, size_t i, size_t k);
bool lint_first_of_name(const struct linting *l, size_t i);

/* Is the call let through for some arguments? What always answers wins, as in libseccomp. */
bool lint_lets_through(const struct linting *l, const char *name);

bool lint_is_oci(const struct linting *l);
bool lint_has_format(const struct linting *l, const char *format);

/* The ABI by which names are judged: x86-64 where it is among the profile's. */
uint32_t lint_main_arch(const struct linting *l);

/* The rules, one for each row of lint_list.h. */
#define LINT(id, word, severity, why) void lint_##id(struct linting *l);
#include "analyze/policy/lint_list.h"
#undef LINT

#endif
