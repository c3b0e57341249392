/* SPDX-License-Identifier: Apache-2.0 */
/* What those who take a profile make of it: what they refuse, and what they drop in silence. */
#ifndef ANALYZE_POLICY_TARGET_H
#define ANALYZE_POLICY_TARGET_H

#include "analyze/policy/policy.h"

enum target_stub {
	TARGET_NO_STUB,
	TARGET_STUB_LISTED, /* runc up to 1.1: ENOSYS above the highest number, for the
			       architectures that the profile lists */
	TARGET_STUB_NATIVE, /* runc from 1.2 on: for the machine's own as well */
};

struct target {
	const char *name;
	const char *runtime; /* of which it is a version (runtime_list.h); "": it has others load
				what it takes */
	enum target_stub stub;
	const char *flags;      /* "refuses", "drops"; NULL: it takes them */
	const char *error;      /* the same of defaultErrnoRet */
	bool native;            /* takes SCMP_ARCH_NATIVE */
	int32_t newest; /* the highest number of x86-64 that its tables name; 0: they are the
			   machine's */
	const char *tables;     /* whose tables; "" */
	/* that it does not know, in SCMP_ARCH_*'s words with spaces between; "" */
	const char *archs;
	const char *actions;    /* that it has no word for; "" */
	bool idle;              /* refuses an errno beside an action that takes none */
};

/* The row of target_list.h; NULL: ST_INPUT, with the names that there are. */
const struct target *target_find(const char *name, struct err *e);

/* The i-th row; NULL at the end. */
const struct target *target_at(size_t i);

/* Has it a word for the architecture? */
bool target_takes_arch(const struct target *t, uint32_t arch);

/* Sentences, safe for a terminal: what it would refuse or drop. Released by target_says_release. */
struct target_says { char **v; size_t n, cap; };
void target_judge(struct target_says *out, const struct target *t, const struct policy *p);
void target_says_release(struct target_says *s);

/* The name of the i-th; NULL at the end. */
const char *target_name(size_t i);

#endif
