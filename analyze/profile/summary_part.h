/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the summary share. */
#ifndef ANALYZE_PROFILE_SUMMARY_PART_H
#define ANALYZE_PROFILE_SUMMARY_PART_H

#include "analyze/profile/summary.h"

/* Adds a sentence. */
void summary_say(struct summary *out, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* The same of a text that is put together piece by piece; releases it. */
void summary_take(struct summary *out, struct buf *line);

/* "s" behind a number that is not 1. */
const char *summary_plural(uint64_t n);

/* Text that contradicts trusted evidence: which events it touches is not kept, so this is about the
 * whole store. */
void summary_contradicted(struct summary *out, const struct query *q);

/* Trees under the same loader, on that node, that began while the list's own lived. */
void summary_others(struct summary *out, const struct profile *p, const struct workloads *w,
		    const struct summary_advice *advice);

/* The names that were asked for and that the kernel cuts. */
void summary_cut_names(struct summary *out, const struct select_options *o);

/* Markers are the answer where nothing is: what they tell of may be what was asked for. True:
 * something was said. */
bool summary_gone(struct summary *out, const struct query_losses *losses);

#endif
