/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a list becomes for a step of a rollout: which answer it gives to what it does not name, and
 * what stands beside what was seen. Works on policies, whatever they were made of.
 */
#ifndef ANALYZE_PROFILE_STAGE_H
#define ANALYZE_PROFILE_STAGE_H

#include "analyze/policy/policy.h"

enum shape_stage {
	STAGE_NONE,
	STAGE_OBSERVE, /* what is not named is let through and logged, for all of the machine's
			  architectures */
	STAGE_CANARY, /* ... is refused by errno, and logged: denials are seen */
	STAGE_ENFORCE, /* ... is refused by errno */
	STAGE_KILL, /* ... kills */
};

bool stage_parse(const char *word, enum shape_stage *stage);

/* Sets default action, errno, flags and architectures of an allow-list. */
void shape_stage(struct policy *p, enum shape_stage stage);

/* An errno by its name or number, 1 to 4094: what libseccomp loads. */
bool stage_errno_parse(const char *word, int *error);

/* A call that does what one of the list does, and that the list lacks. */
struct stage_sibling { const char *name, *of, *reason; };
struct stage_siblings { struct stage_sibling *v; size_t n, cap; };

/* Those that an architecture of the list has, sorted by name. The caller frees by VEC_FREE; the
 * texts are tables'. */
void stage_siblings(struct stage_siblings *out, const struct policy *p);

/* The highest number that a list names on an architecture, and its name: what runc's ENOSYS begins
 * above. 0: none. */
int32_t stage_highest(const struct policy *p, uint32_t arch, const char **name);

#endif
