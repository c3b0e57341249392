/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a runtime needs to start, for where no start of its was seen. docs/baseline.md says how it was measured.
 */
#ifndef ANALYZE_POLICY_RUNTIME_H
#define ANALYZE_POLICY_RUNTIME_H

#include "store/base/bytes.h"

struct runtime {
	const char *name;
	const char *loader;    /* the path of its loader's image; "(" stands for systemd's "(name)" */
	const char *version;   /* that the table was measured on */
	const char *first, *first_nnp; /* of its calls; with no-new-privileges. NULL: not always the same one */
};

/* The runtime of a name; runtime_at: the i-th; NULL at the end. */
const struct runtime *runtime_of(const char *name);
const struct runtime *runtime_at(size_t i);

/* In which starts it makes a call: in every one, in every one without no-new-privileges, in some. */
enum runtime_when { RUNTIME_ALWAYS, RUNTIME_PRIVILEGED, RUNTIME_SOME };

/* The i-th call that it makes under the filter that it has loaded, before its exec; NULL at the end. */
const char *runtime_call(const struct runtime *r, size_t i);
const char *runtime_call_when(const struct runtime *r, size_t i, enum runtime_when *when);

/* Is this the path of an image of its loader? */
bool runtime_is(const struct runtime *r, struct bytes path);

#endif
