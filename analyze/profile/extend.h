/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A list on the base of another one: what was seen and the base does not allow is added, what the
 * base allows and nobody was seen to need may go. All else of the base stays as it is, in its
 * order.
 */
#ifndef ANALYZE_PROFILE_EXTEND_H
#define ANALYZE_PROFILE_EXTEND_H

#include "analyze/policy/resolve.h"

enum extend_what {
	EXTEND_ADDED,        /* it was seen, and the base refuses it */
	EXTEND_REMOVED,      /* the base allows it, and nothing shows a need */
	EXTEND_ARCH_ADDED,   /* an architecture that was seen */
	EXTEND_DENIED,       /* left: a rule of the base denies it by name */
	EXTEND_DEPENDS,      /* left: whether it passes depends on arguments */
	EXTEND_OTHER_ARCH,   /* left: no architecture that was seen has it */
};

struct extend_change { enum extend_what what; const char *name; }; /* name: the base's */
struct extend_changes { struct extend_change *v; size_t n, cap; };

/*
 * list: what evidence (and baseline) make. at: where the evidence comes from, which decides what
 * the base's conditions let count; the conditions stay. Adds to *out, which the caller frees by
 * VEC_FREE. -1 where the base cannot be compiled, or asks for what is not known of `at`.
 */
int extend_policy(struct policy *base, const struct policy *list, const struct resolve_machine *at,
		  struct extend_changes *out, struct err *e);

/*
 * Takes names off rules that allow whatever the arguments. Rules about arguments cannot be judged
 * by evidence that has none, nor can those that do not count at `at`.
 */
void extend_tighten(struct policy *base, const struct policy *list,
		    const struct resolve_machine *at, struct extend_changes *out);

/* Why, in some words; NULL: it needs none. */
const char *extend_reason(enum extend_what what);

#endif
