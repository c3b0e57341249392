/* SPDX-License-Identifier: Apache-2.0 */
/* From Docker's conditions on rules to a plain policy, as Docker makes one where it starts a
 * container. */
#ifndef ANALYZE_POLICY_RESOLVE_H
#define ANALYZE_POLICY_RESOLVE_H

#include "analyze/policy/policy.h"

/* Where a policy is loaded. */
struct resolve_machine {
	VEC(const char *) caps;        /* "CAP_CHOWN" ...; the bounding set. Not owned */
	bool caps_known, caps_all;
	struct policy_kernel kernel;   /* 0.0: not known */
	uint32_t arch;                 /* of the machine */
};

void resolve_machine_release(struct resolve_machine *at);

/* "cap_chown,SYS_ADMIN", "none", "all", or "docker": what it gives a container when nothing is
 * said. */
int resolve_machine_caps(struct resolve_machine *at, const char *list, struct err *e);

/* "6.1", or what uname -r prints. */
int resolve_machine_kernel(struct resolve_machine *at, const char *text, struct err *e);

/* "amd64", "x86_64", "SCMP_ARCH_X86_64" ... */
int resolve_machine_arch(struct resolve_machine *at, const char *text, struct err *e);

/* Does a rule count there, by its conditions? What they ask for has to be known: see
 * resolve_policy. */
bool resolve_counts(const struct policy_rule *r, const struct resolve_machine *at);

/*
 * Takes out the rules that do not count there, the conditions of those that do, and puts the
 * architectures of archMap in place. ST_INPUT when it depends on capabilities or a kernel that are
 * not known; *p is as it was then. source: setupSeccomp in moby's
 * profiles/seccomp/seccomp_linux.go: a rule does not count where any of its excludes holds, or
 * where one of its includes does not; of includes' caps all are needed, of excludes' one is enough
 */
int resolve_policy(struct policy *p, const struct resolve_machine *at, struct err *e);

#endif
