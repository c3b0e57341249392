/* SPDX-License-Identifier: Apache-2.0 */
/* From a policy to what the kernel runs, by libseccomp, as the container runtimes do it. */
#ifndef ANALYZE_POLICY_COMPILE_H
#define ANALYZE_POLICY_COMPILE_H

#include "analyze/policy/bpf.h"
#include "analyze/policy/policy.h"

#include <linux/filter.h>

/* What runc puts before a filter: calls of arch above `last` are answered with ENOSYS. */
struct compiled_limit { uint32_t arch; int32_t last; };

struct compiled_also { VEC(struct sock_filter) code; };

struct compiled {
	VEC(struct sock_filter) code;
	VEC(struct compiled_also) also;    /* filters that are loaded before it, in their order */
	VEC(struct compiled_limit) limits; /* see compile_limits; empty: none */
	VEC(const char *) unknown; /* names that libseccomp does not know, and so are not in it; the
				      policy's */
};

/*
 * ST_INPUT where the policy says what no filter can. Each argument condition of a rule has to hold;
 * where an index occurs twice, one of them. The caller releases *out, also after a failure. source:
 * libcontainer/seccomp/seccomp_linux.go of runc 1.1, matchCall
 */
int compile_policy(struct compiled *out, const struct policy *p, struct err *e);
/*
 * runc's ENOSYS for what lies above the highest number that the policy names, for each of the
 * architectures that it lists; native: and for the machine's own, though it is not listed. Not
 * where the default lets calls pass, or answers ENOSYS itself. source:
 * libcontainer/seccomp/patchbpf/enosys_linux.go of runc 1.1, and of 1.2 (native)
 */
void compile_limits(struct compiled *c, const struct policy *p, bool native);

/* Does that ENOSYS answer the call? */
bool compile_stub(const struct compiled *c, uint32_t arch, int32_t nr);

/* All that the whole may answer. */
void compile_run(const struct compiled *c, uint32_t arch, int32_t nr, struct bpf_answers *out);

/* The same as text for people, by libseccomp; out has no code then. */
int compile_pfc(struct compiled *out, struct buf *text, const struct policy *p, struct err *e);

void compile_release(struct compiled *c);

#endif
