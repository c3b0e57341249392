/* SPDX-License-Identifier: Apache-2.0 */
/* YAML, as far as Kubernetes' objects need it. */
#ifndef ANALYZE_INPUT_YAML_H
#define ANALYZE_INPUT_YAML_H

#include "analyze/input/input.h"

struct yaml_documents { json_object **v; size_t n, cap; };

/* Adds each document to *out; NULL is null. ST_INPUT with the line. The caller releases *out, also
 * after a failure. */
int yaml_read(const struct reading *r, struct bytes text, struct yaml_documents *out);
void yaml_release(struct yaml_documents *d);

#endif
