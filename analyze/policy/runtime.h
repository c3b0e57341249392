/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a runtime needs to start, for where no start of its was seen. docs/baseline.md says how it
 * was measured.
 */
#ifndef ANALYZE_POLICY_RUNTIME_H
#define ANALYZE_POLICY_RUNTIME_H

#include "analyze/policy/target.h"
#include "store/base/bytes.h"

struct runtime {
	const char *name;
	const char *loader; /* the path of its loader's image; "(" stands for systemd's "(name)" */
	const char *version;   /* that the table was measured on */
	const char *first, *first_nnp; /* of its calls; with no-new-privileges. NULL: not always the
					  same one */
};

/* The runtime of a name, "runc", or of one with a version that target_list.h has, "runc-1.2"; NULL.
 */
const struct runtime *runtime_of(const char *name);

/*
 * The same of what --runtime and --target say (NULL: nothing). ST_INPUT: there is no such runtime,
 * or the two name different ones. *version: the row that names a version, of either; NULL: none
 * does.
 */
int runtime_choose(const struct runtime **out, const struct target **version, const char *runtime,
		   const char *target, struct err *e);

/* The i-th; NULL at the end. */
const struct runtime *runtime_at(size_t i);

/* In which starts it makes a call: in every one, in every one without no-new-privileges, in some.
 */
enum runtime_when { RUNTIME_ALWAYS, RUNTIME_PRIVILEGED, RUNTIME_SOME };

/* The i-th call that it makes under the filter that it has loaded, before its exec; NULL at the
 * end. */
const char *runtime_call(const struct runtime *r, size_t i);
const char *runtime_call_when(const struct runtime *r, size_t i, enum runtime_when *when);

/* Is this the path of an image of its loader? */
bool runtime_is(const struct runtime *r, struct bytes path);

#endif
