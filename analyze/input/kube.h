/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Objects of Kubernetes as kubectl prints them: SeccompProfiles of the Security Profiles Operator,
 * in Lists and several in a file, and what runs containers, whose securityContexts name profiles.
 */
#ifndef ANALYZE_INPUT_KUBE_H
#define ANALYZE_INPUT_KUBE_H

#include "analyze/input/yaml.h"

/* Has it a kind and an apiVersion? */
bool kube_is(json_object *o);

/* The one SeccompProfile, or the one that r->p's pick names. ST_INPUT with the names that there
 * are, or with what it is instead. */
int kube_read(const struct reading *r, json_object *const *v, size_t n);

/* ---- securityContexts ---- */

enum kube_severity { KUBE_ERROR, KUBE_WARNING, KUBE_NOTE };

struct kube_finding {
	enum kube_severity severity;
	char *what;                  /* safe for a terminal */
	const char *why;
};
struct kube_findings { struct kube_finding *v; size_t n, cap; };

/* What the securityContexts in the text say of seccomp; false: there is nothing in it that runs
 * containers. Release *out. */
bool kube_contexts(struct bytes text, struct kube_findings *out);
void kube_findings_release(struct kube_findings *f);

#endif
