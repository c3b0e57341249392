/* SPDX-License-Identifier: Apache-2.0 */
/* For commands that read a profile: from a file and options to a plain policy. */
#ifndef CLI_POLICY_H
#define CLI_POLICY_H

#include "analyze/policy/resolve.h"
#include "cli/opts.h"

/*
 * Reads the file, or standard input for "-", in any format and settles Docker's conditions by
 * --caps, --kernel and --arch (this machine's, but for capabilities). Says on stderr what was not
 * read. Release *p also after a failure.
 */
int policy_open(struct policy *p, const char *file, const struct opts *o, struct err *e);

/* The nth of several profiles of a file, from 1, whose text was loaded. */
int policy_open_nth(struct policy *p, struct bytes text, const char *file, size_t nth,
		    const struct opts *o, struct err *e);

/* How many profiles are in the text, and their names: none where there is one alone, or --name
 * chooses. The caller releases *names. */
void policy_names(struct policy *names, struct bytes text, const char *file, const struct opts *o);

/* The same of what was loaded from the file (input_load). */
int policy_open_text(struct policy *p, struct bytes text, const char *file, const struct opts *o,
		     struct err *e);

/*
 * The same with the conditions left in. *at is where they would be settled: resolve_policy does it,
 * and the caller releases it by resolve_machine_release. Release both also after a failure.
 */
int policy_open_whole(struct policy *p, struct resolve_machine *at, const char *file,
		      const struct opts *o, struct err *e);

/* Says on stderr, as far as a line holds them: "FILE: names that WHAT: a, b and 3 more"; nothing
 * where n is 0. */
void policy_say_names(const char *file, const char *what, const char *const *v, size_t n);

/* Says on stderr which of its names no table knows: for commands that do not say so otherwise. */
void policy_say_unknown(const struct policy *p, const char *file);

#endif
