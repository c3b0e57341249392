// SPDX-License-Identifier: Apache-2.0
/* Completion for zsh. */
#include "packaging/gen/tables.h"

#include "store/base/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char head[] =
	"#compdef scaudit\n"
	"# zsh completion of scaudit, made of its tables of commands and options\n"
	"\n"
	"# Names that the store holds: of labels, comms, containers ...\n"
	"_scaudit_store() {\n"
	"\tlocal -a names db\n"
	"\n"
	"\t[[ -z $opt_args[--db] ]] || db=(--db ${(Q)opt_args[--db]})\n"
	"\tnames=(${(f)\"$(${(Q)program} workloads $db --quiet --wait 0 --by $1 2>/dev/null | tail -n +2 | cut -f 1)\"})\n"
	"\tcompadd -a names\n"
	"}\n"
	"\n"
	"_scaudit() {\n"
	"\tlocal curcontext=$curcontext state program=$words[1]\n"
	"\tlocal -a subcommands line\n"
	"\tlocal -A opt_args\n"
	"\tlocal -i ends=${words[(i)--]}\n"
	"\n"
	"\tsubcommands=(\n";

/* Text between single quotes, in brackets. */
static void put_quoted(const char *text)
{
	for (; *text && *text != '\n'; text++)
		if (*text == '\'')
			printf("'\\''");
		else if (strchr("[]:", *text) != NULL)
			printf("\\%c", *text);
		else
			putchar(*text);
}

static void put_values(struct gen_values v)
{
	switch (v.kind) {
	case GEN_NOTHING: printf(" "); break;
	case GEN_FILE: printf("_files"); break;
	case GEN_FOLDER: printf("_files -/"); break;
	case GEN_STORE: printf(" _scaudit_store %s", v.by); break;
	case GEN_WORDS: printf("(%s)", v.words); break;
	case GEN_WORDS_OR_FILE: printf("{compadd %s; _files}", v.words); break;
	case GEN_USER: printf("_users"); break;
	case GEN_PID: printf("_pids"); break;
	}
}

static void put_option(const struct command *c, const struct gen_option *o)
{
	struct gen_values v = gen_values(o);
	auto_free char *help = gen_help(c, o);

	printf("\t\t\t'*--%s%s[", o->name, o->arg ? "=" : "");
	put_quoted(help);
	printf("]");
	if (o->arg != NULL) {
		printf(":%s:", o->arg);
		put_values(v);
	}
	printf("' \\\n");
	if (o->letter) {
		printf("\t\t\t'*-%c[", o->letter);
		put_quoted(help);
		printf("]");
		if (o->arg != NULL) {
			printf(":%s:", o->arg);
			put_values(v);
		}
		printf("' \\\n");
	}
	free(v.words);
}

static void put_command(const struct command *c)
{
	struct gen_values v = gen_operands(c);

	printf("\t%s)\n\t\t_arguments -s \\\n", c->name);
	for (size_t i = 0; i < N_OPTS; i++)
		if (gen_takes(c, &gen_options[i]))
			put_option(c, &gen_options[i]);
	printf("\t\t\t'*:operand:");
	put_values(v);
	printf("'\n");
	printf("\t\t;;\n");
	free(v.words);
}

int gen_zsh(struct err *e)
{
	(void)e;
	printf("%s", head);
	for (size_t c = 0; gen_commands[c] != NULL; c++) {
		printf("\t\t'%s:", gen_commands[c]->name);
		put_quoted(gen_commands[c]->about);
		printf("'\n");
	}
	printf("\t)\n\tif (( ends < CURRENT )); then\n\t\twords=(\"${(@)words[ends + 1,-1]}\")\n"
	       "\t\t(( CURRENT -= ends ))\n\t\t_normal\n\t\treturn\n\tfi\n"
	       "\t_arguments -C '--help[show help]' '--version[show the version]' '1:command:->command' '*::argument:->argument'\n"
	       "\tif [[ $state = command ]]; then\n\t\t_describe command subcommands\n\t\treturn\n\tfi\n\tcase $words[1] in\n");
	for (size_t c = 0; gen_commands[c] != NULL; c++)
		put_command(gen_commands[c]);
	printf("\tesac\n}\n\n_scaudit \"$@\"\n");
	return 0;
}
