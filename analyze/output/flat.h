/* SPDX-License-Identifier: Apache-2.0 */
/* A list as formats without conditions have it: names that all get one answer, and another for all
 * else. */
#ifndef ANALYZE_OUTPUT_FLAT_H
#define ANALYZE_OUTPUT_FLAT_H

#include "analyze/policy/policy.h"

struct flat_list {
	VEC(const char *) names;   /* the policy's; sorted, each once */
	uint32_t action;           /* of the names */
	int error; /* what ERRNO answers: of the names in a list that denies, else of all else */
	uint32_t otherwise;        /* of all else */
	bool allows; /* the names are what is let through; else they are what is not */
};

/*
 * ST_INPUT where the policy says more than that: conditions on arguments, answers that differ from
 * name to name, flags, TRACE or NOTIFY, or names that are no words. `format` is for the message.
 * Rules that answer as the default does say nothing. The caller releases *out, also after a
 * failure.
 */
int flat_of(struct flat_list *out, const struct policy *p, const char *format, struct err *e);
void flat_release(struct flat_list *l);

/* Letters, digits and _ alone: what a name of a call can be. A file may say something else. */
bool flat_is_word(const char *name);

/* "EPERM"; NULL for those that are rare in filters. */
const char *flat_errno(int error);

/* Has one of the policy's architectures (the machine's own where it has none) such a call? */
bool flat_exists(const struct policy *p, const char *name);

#endif
