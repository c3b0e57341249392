/* SPDX-License-Identifier: Apache-2.0 */
/* Two policies compared by what they mean: names alone or in lists, in any order, in one rule or
 * several, are the same. */
#ifndef ANALYZE_POLICY_DIFF_H
#define ANALYZE_POLICY_DIFF_H

#include "analyze/policy/policy.h"

enum diff_kind {
	DIFF_DEFAULT, DIFF_ARCH, DIFF_FLAG,
	DIFF_ADDED,     /* only the second says something of the call that its default does not */
	DIFF_REMOVED,   /* only the first does */
	DIFF_ACTION,
	DIFF_ARGS,      /* for some arguments the answer is another one */
};

/*
 * What the second lets through or not, compared with the first.
 *   source: the order of actions of runtime-spec issue 1317: KILL_PROCESS, KILL_THREAD, TRAP,
 * ERRNO, NOTIFY, TRACE, LOG, ALLOW
 */
enum diff_effect { DIFF_LOOSER, DIFF_OTHER, DIFF_STRICTER };

struct diff_entry {
	enum diff_kind kind;
	enum diff_effect effect;
	const char *name; /* of a policy; an architecture's; "" for the default. Not escaped */
	const char *from, *to;    /* "errno(1)", "allow if arg0 == 0x2, else errno(1)" */
};

struct diff {
	VEC(struct diff_entry) entries; /* the default and what concerns all, then looser, other,
					   stricter; by name */
	size_t effects[3];               /* how many of each */
	struct pool texts;
};

const char *diff_kind_word(enum diff_kind kind);
const char *diff_effect_word(enum diff_effect effect);

/*
 * Both are settled (resolve_policy). b_is_evidence: the second is a list of what was seen; what it
 * does not have is a difference only where the first allows it. The policies have to live as long
 * as *out.
 */
void diff_build(struct diff *out, const struct policy *a, const struct policy *b,
		bool b_is_evidence);
void diff_release(struct diff *d);

#endif
