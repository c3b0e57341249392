/* SPDX-License-Identifier: Apache-2.0 */
/* Prints on stderr what analyze has to say beside an answer. */
#ifndef CLI_TALK_H
#define CLI_TALK_H

#include "analyze/profile/summary.h"
#include "cli/opts.h"

/* All lines, none with --quiet. Releases *s. */
void talk_say(struct summary *s, const struct opts *o);

/* The same for the summary of a list: what matters most stands first, and the rest waits for
 * --verbose. */
void talk_say_first(struct summary *s, const struct opts *o);

#endif
