/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Formats that a policy is written in. A new one is one file in analyze/output/ and one row in
 * output_list.h. What a format cannot say is an error that names it, never left out in silence.
 */
#ifndef ANALYZE_OUTPUT_OUTPUT_H
#define ANALYZE_OUTPUT_OUTPUT_H

#include "analyze/policy/policy.h"
#include "analyze/profile/profile.h"

#include <stdio.h>

/* Where a list comes from, for formats that have room to say so. */
struct provenance {
	const char *version;       /* of scaudit */
	const char *selector; /* the options that selected, as typed; "" when read from a file */
	const char *source;        /* the file that it was read from; NULL */
	const char *loss;          /* what is known of it, in one line; "" */
	const char *readiness;     /* was enough seen, in one line; NULL or "": not asked */
};

struct output_input {
	const struct policy *policy;
	/* the evidence; NULL where the policy was read from a file */
	const struct profile *profile;
	const struct provenance *from;
	bool group; /* sets of names where the format has such, in place of their members */
};

struct output {
	const char *name, *about;
	const char *cannot; /* what it cannot say, and so refuses; NULL: it can say all that a list
			       has */
	int (*write)(FILE *to, const struct output_input *in, struct err *e);
	bool groups;                    /* has sets of names */
	bool conditions;                /* of capabilities, kernels and architectures */
	bool args;                      /* conditions on arguments */
};

/* The format of a name; NULL. output_at: the i-th; NULL at the end. */
const struct output *output_find(const char *name);
const struct output *output_at(size_t i);

#endif
