// SPDX-License-Identifier: Apache-2.0
/* The sentences of a summary on stderr, all of them or the first ones. */
#include "cli/talk.h"

#include "cli/command.h"

#define FIRST_LINES 8

static void say(struct summary *s, const struct opts *o, size_t most)
{
	size_t shown = s->n <= most ? s->n : most - 1;

	for (size_t i = 0; i < shown && !opt_on(o, OPT_quiet); i++)
		command_say("%s", s->v[i]);
	if (shown < s->n && !opt_on(o, OPT_quiet))
		command_say("%zu more lines with --verbose", s->n - shown);
	summary_release(s);
}

void talk_say(struct summary *s, const struct opts *o)
{
	say(s, o, SIZE_MAX);
}

void talk_say_first(struct summary *s, const struct opts *o)
{
	say(s, o, opt_on(o, OPT_verbose) || opt_on(o, OPT_explain) ? SIZE_MAX : FIRST_LINES);
}
