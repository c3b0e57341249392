// SPDX-License-Identifier: Apache-2.0
/* Completion for fish. */
#include "packaging/gen/tables.h"

#include "store/base/mem.h"

#include <stdio.h>
#include <stdlib.h>

static const char head[] =
	"# fish completion of scaudit, made of its tables of commands and options\n"
	"\n"
	"# Names that the store holds: of labels, comms, containers ...\n"
	"function __scaudit_store\n"
	"\tset -l words (commandline -opc)\n"
	"\tset -l db\n"
	"\tif set -l at (contains -i -- --db $words)\n"
	"\t\tset db --db $words[(math $at + 1)]\n"
	"\tend\n"
	"\t$words[1] workloads $db --quiet --wait 0 --by $argv[1] 2>/dev/null | tail -n +2 | cut -f 1\n"
	"end\n"
	"\n";

/* Text between single quotes, its first line. */
static void put_quoted(const char *text)
{
	putchar('\'');
	for (; *text && *text != '\n'; text++) {
		if (*text == '\'' || *text == '\\')
			putchar('\\');
		putchar(*text);
	}
	putchar('\'');
}

static void put_values(struct gen_values v, bool option)
{
	switch (v.kind) {
	case GEN_NOTHING: printf(option ? " -x" : " -f"); break;
	case GEN_FILE: printf(" -r -F"); break;
	case GEN_FOLDER: printf(" -x -a '(__fish_complete_directories)'"); break;
	case GEN_STORE: printf("%s -a '(__scaudit_store %s)'", option ? " -x" : " -f", v.by); break;
	case GEN_WORDS: printf(" -x -a '%s'", v.words); break;
	case GEN_WORDS_OR_FILE: printf(" -r -F -a '%s'", v.words); break;
	case GEN_USER: printf(" -x -a '(__fish_complete_users)'"); break;
	case GEN_PID: printf(" -x -a '(__fish_complete_pids)'"); break;
	}
}

static void put_option(const struct command *c, const struct gen_option *o)
{
	struct gen_values v = gen_values(o);
	auto_free char *help = gen_help(c, o);

	printf("complete -c scaudit -n '__fish_seen_subcommand_from %s' -l %s", c->name, o->name);
	if (o->letter)
		printf(" -s %c", o->letter);
	if (o->arg != NULL)
		put_values(v, true);
	printf(" -d ");
	put_quoted(help);
	putchar('\n');
	free(v.words);
}

int gen_fish(struct err *e)
{
	(void)e;
	printf("%s", head);
	for (size_t c = 0; gen_commands[c] != NULL; c++) {
		printf("complete -c scaudit -n __fish_use_subcommand -f -a %s -d ",
		       gen_commands[c]->name);
		put_quoted(gen_commands[c]->about);
		putchar('\n');
	}
	for (size_t c = 0; gen_commands[c] != NULL; c++) {
		struct gen_values v = gen_operands(gen_commands[c]);

		printf("\n");
		if (v.kind != GEN_FILE && !gen_runs(gen_commands[c])) {
			printf("complete -c scaudit -n '__fish_seen_subcommand_from %s'",
			       gen_commands[c]->name);
			put_values(v, false);
			printf("\n");
		}
		for (size_t i = 0; i < N_OPTS; i++)
			if (gen_takes(gen_commands[c], &gen_options[i]))
				put_option(gen_commands[c], &gen_options[i]);
		free(v.words);
	}
	return 0;
}
