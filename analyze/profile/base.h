/*
 * A list on the base of another one: what was seen and the base does not allow is added, what the base allows and nobody was
 * seen to need may go. All else of the base stays as it is, in its order.
 */
#ifndef ANALYZE_PROFILE_BASE_H
#define ANALYZE_PROFILE_BASE_H

#include "analyze/policy/resolve.h"

enum base_what {
	BASE_ADDED,        /* it was seen, and the base refuses it */
	BASE_REMOVED,      /* the base allows it, and nothing shows a need */
	BASE_ARCH_ADDED,   /* an architecture that was seen */
	BASE_DENIED,       /* left: a rule of the base denies it by name */
	BASE_DEPENDS,      /* left: whether it passes depends on arguments */
	BASE_OTHER_ARCH,   /* left: no architecture that was seen has it */
};

struct base_change { enum base_what what; const char *name; }; /* name: the base's */
struct base_changes { struct base_change *v; size_t n, cap; };

/*
 * list: what evidence (and floor) make. at: where the evidence comes from, which decides what the base's conditions let count;
 * the conditions stay. Adds to *out, which the caller frees by VEC_FREE. -1 where the base cannot be compiled, or asks for what
 * is not known of `at`.
 */
int base_extend(struct policy *base, const struct policy *list, const struct policy_machine *at, struct base_changes *out, struct err *e);

/*
 * Takes names off rules that allow whatever the arguments. Rules about arguments cannot be judged by evidence that has none, nor
 * can those that do not count at `at`.
 */
void base_tighten(struct policy *base, const struct policy *list, const struct policy_machine *at, struct base_changes *out);

/* Why, in some words; NULL: it needs none. */
const char *base_reason(enum base_what what);

#endif
