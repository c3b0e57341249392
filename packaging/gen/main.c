// SPDX-License-Identifier: Apache-2.0
/*
 * What `make docs` runs: prints a manual page or completions, made of the program's tables.
 *
 *	gen man FOLDER COMMAND DATE | gen commands | gen bash | gen zsh | gen fish
 */
#include "packaging/gen/tables.h"

#include <stdio.h>
#include <string.h>

static int run(int argc, char **argv, struct err *e)
{
	const char *what = argc > 1 ? argv[1] : "";

	if (strcmp(what, "man") == 0 && argc == 5)
		return gen_man(argv[2], argv[3], argv[4], e);
	if (strcmp(what, "bash") == 0)
		return gen_bash(e);
	if (strcmp(what, "zsh") == 0)
		return gen_zsh(e);
	if (strcmp(what, "fish") == 0)
		return gen_fish(e);
	if (strcmp(what, "commands") != 0)
		return err_set(e, ST_INPUT,
			       "usage: gen man FOLDER COMMAND DATE | commands | bash | zsh | fish");
	for (size_t i = 0; gen_commands[i] != NULL; i++)
		printf("%s\n", gen_commands[i]->name);
	return 0;
}

int main(int argc, char **argv)
{
	struct err e = { 0 };

	if (run(argc, argv, &e) == 0 && fflush(stdout) == 0)
		return 0;
	fprintf(stderr, "gen: %s\n", e.msg);
	return 1;
}
