// SPDX-License-Identifier: Apache-2.0
#include "cli/help.h"

#include <string.h>

static int run_help(struct opts *o, struct err *e)
{
	const struct command *c;

	if (o->n_args == 0) {
		help_print(NULL, true);
		return ST_OK;
	}
	if (strcmp(o->args[0], "formats") == 0) {
		help_formats();
		return ST_OK;
	}
	c = opts_find_command(o->args[0]);
	if (c == NULL)
		return opts_no_command(o->args[0], e) < 0 ? ST_INPUT : ST_OK;
	help_print(c, true);
	return ST_OK;
}

const struct command command_help = {
	.name = "help",
	.args = "[COMMAND | formats]",
	.about = "show a command's help, or all formats",
	.help = "Shows all that a command takes. formats: what profiles are written and read as, and which forms of lines are read.",
	.max_args = 1,
	.run = run_help,
};
