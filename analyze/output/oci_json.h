/* SPDX-License-Identifier: Apache-2.0 */
/* A policy as the runtime-spec's linux.seccomp, for formats that begin there. */
#ifndef ANALYZE_OUTPUT_OCI_JSON_H
#define ANALYZE_OUTPUT_OCI_JSON_H

#include "analyze/policy/policy.h"

#include <json-c/json.h>

/*
 * The caller releases it.
 * source: runtime-spec config-linux.md, "Seccomp"; defaultErrnoRet is allowed only where the action
 * takes an errno
 */
json_object *oci_json(const struct policy *p);

/* An array of texts; the caller releases it. */
json_object *oci_json_words(const char *const *v, size_t n);

#endif
