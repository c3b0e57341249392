/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The baseline: names that a list gets without evidence, since one run does not show them,
 * depending on timing. docs/baseline.md says how they were measured.
 */
#ifndef ANALYZE_PROFILE_BASELINE_H
#define ANALYZE_PROFILE_BASELINE_H

#include "store/base/bytes.h"
#include "store/base/err.h"
#include "store/base/mem.h"

struct baseline { VEC(char *) names; };

/*
 * which: "default", "none", or the path of a file with one name a line, where # begins a comment.
 * An unknown name is an error. Release it also after a failure.
 */
int baseline_load(struct baseline *out, const char *which, struct err *e);
void baseline_release(struct baseline *f);

/* The i-th row of the default baseline and why it is there; NULL at the end. */
const char *baseline_at(size_t i, const char **why);

#endif
