/* From a policy to what the kernel runs, by libseccomp, as the container runtimes do it. */
#ifndef ANALYZE_COMPILE_H
#define ANALYZE_COMPILE_H

#include "analyze/policy.h"

#include <linux/filter.h>

struct compiled {
	VEC(struct sock_filter) code;
	VEC(const char *) unknown;   /* names that libseccomp does not know, and so are not in it; the policy's */
};

/*
 * ST_INPUT where the policy says what no filter can. Each argument condition of a rule has to hold; where an index occurs
 * twice, one of them. The caller releases *out, also after a failure.
 *   source: libcontainer/seccomp/seccomp_linux.go of runc 1.1, matchCall
 */
int compile_policy(struct compiled *out, const struct policy *p, struct err *e);

/* The same as text for people, by libseccomp; out has no code then. */
int compile_pfc(struct compiled *out, struct buf *text, const struct policy *p, struct err *e);
void compiled_release(struct compiled *c);

#endif
