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

/* Commands that a sentence offers, as the user may paste them: what was asked for, without a
 * newline. */
struct summary_advice {
	const char *all;     /* the command with all that was given */
	bool unites;         /* it takes --union */
	const char *rest;    /* without what selects trees: an id is put behind it */
};

/* What is known of the evidence: did all of it arrive? */
struct summary_evidence {
	const struct query *q;
	const struct selection *s;
	/* on the nodes of the selection, while its trees lived */
	const struct query_losses *losses;
	const struct whole *whole;           /* NULL: not looked at */
	const struct active_policies *policies;       /* NULL: none */
};

/* The verdict, and what it rests on. */
void summary_of_evidence(struct summary *out, const struct summary_evidence *ev);

/* Of a profile that was made. */
void summary_of_profile(struct summary *out, const struct profile *p,
			const struct query_losses *losses, const struct workloads *w,
			const struct select_options *o, const struct summary_advice *advice);

/*
 * Codes of the workloads of which a summary says more than what their selected trees show: all
 * trees of these are needed. They borrow from w. shown: others under the same loader are named,
 * too.
 */
struct others_codes { const char **v; size_t n, cap; };
void others_needed(struct others_codes *out, struct query *q, const struct selection *s,
		   const struct workloads *w, bool shown);

/* What each of a profile's dangerous names can do, a line each: for --explain. */
void summary_of_dangers(struct summary *out, const struct profile *p);

/* Of a selector that means several workloads: each with the command that narrows to it. */
void summary_of_groups(struct summary *out, const struct query *q, const struct selection *s,
		       const struct select_options *o, const struct summary_advice *advice);

/* Of a selector that matched nothing; losses: of all nodes that it may have meant. */
void summary_of_nothing(struct summary *out, const struct query *q, const struct select_options *o,
			const struct query_losses *losses, const struct summary_advice *advice);

/* Of trees that hold nothing but a loader's own steps: a list of these starts no program. */
void summary_of_loaders(struct summary *out, const struct selection *s,
			const struct query_losses *losses);

#endif
