/* SPDX-License-Identifier: Apache-2.0 */
/* What stderr has to say beside a profile: on as few lines as it takes. */
#ifndef ANALYZE_PROFILE_SUMMARY_H
#define ANALYZE_PROFILE_SUMMARY_H

#include "analyze/profile/profile.h"

struct summary {
	char **v;
	size_t n, cap;
	size_t loss;         /* the line that says what is known of loss, index + 1; 0: none */
};

/* That line, or "". */
const char *summary_loss(const struct summary *s);

void summary_release(struct summary *s);

/* Of a profile that was made. losses: what is known of them on the nodes of the selection. */
void summary_of_profile(struct summary *out, const struct profile *p, const struct query_losses *losses,
			const struct workloads *w, const struct select_options *o);

/* What each of a profile's dangerous names can do, a line each: for --explain. */
void summary_of_dangers(struct summary *out, const struct profile *p);

/* Of a selector that means several workloads: each with the option that narrows to it. */
void summary_of_groups(struct summary *out, const struct query *q, const struct selection *s, const struct select_options *o);

/* Of a selector that matched nothing. */
void summary_of_nothing(struct summary *out, const struct query *q, const struct select_options *o);

#endif
