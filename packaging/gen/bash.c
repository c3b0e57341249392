// SPDX-License-Identifier: Apache-2.0
/* Completion for bash. */
#include "packaging/gen/tables.h"

#include "store/base/mem.h"

#include <stdio.h>
#include <stdlib.h>

static const char head[] =
	"# bash completion of scaudit, made of its tables of commands and options\n"
	"\n"
	"# The words up to the cursor: bash cuts at = : @ as well.\n"
	"_scaudit_words() {\n"
	"\tlocal i w rest=$COMP_LINE\n"
	"\n"
	"\twords=()\n"
	"\tfor ((i = 0; i <= COMP_CWORD; i++)); do\n"
	"\t\tw=${COMP_WORDS[i]}\n"
	"\t\tif [ ${#words[@]} -gt 0 ] && [[ $rest != [[:space:]]* ]]; then\n"
	"\t\t\twords[${#words[@]} - 1]+=$w\n"
	"\t\telse\n"
	"\t\t\twords+=(\"$w\")\n"
	"\t\tfi\n"
	"\t\trest=${rest#\"${rest%%[![:space:]]*}\"}\n"
	"\t\trest=${rest#\"$w\"}\n"
	"\tdone\n"
	"}\n"
	"\n"
	"# Offers those lines of its input that begin with what stands there.\n"
	"_scaudit_offer() {\n"
	"\tlocal line plain=${cur//\\\\/} last=${COMP_WORDS[COMP_CWORD]} before\n"
	"\n"
	"\tcase $last in = | : | @) last='' ;; esac\n"
	"\tbefore=${cur%\"$last\"}\n"
	"\tbefore=${before%@} # which readline leaves in the word\n"
	"\tplain=${plain#[\\\"\\']}\n"
	"\twhile IFS= read -r line; do\n"
	"\t\t[[ $line == \"$plain\"* ]] || continue\n"
	"\t\tcase $cur in\n"
	"\t\t[\\\"\\']*) ;;\n"
	"\t\t*) printf -v line %q \"$line\" ;;\n"
	"\t\tesac\n"
	"\t\tCOMPREPLY+=(\"${line#\"$before\"}\")\n"
	"\tdone\n"
	"}\n"
	"\n"
	"_scaudit_offer_words() {\n"
	"\t_scaudit_offer < <(printf '%s\\n' \"$@\")\n"
	"}\n"
	"\n"
	"# Names that the store holds: of labels, comms, containers ...\n"
	"_scaudit_store() {\n"
	"\t_scaudit_offer < <(\"${words[0]/#\\~/$HOME}\" workloads \"${db[@]}\" --quiet --wait 0 --by \"$1\" 2>/dev/null |\n"
	"\t\ttail -n +2 | cut -f 1)\n"
	"}\n"
	"\n"
	"_scaudit_files() {\n"
	"\tlocal file\n"
	"\n"
	"\tcompopt -o filenames 2>/dev/null\n"
	"\twhile IFS= read -r file; do COMPREPLY+=(\"$file\"); done < <(compgen \"$1\" -- \"$cur\")\n"
	"}\n";

static const char tail[] =
	"_scaudit() {\n"
	"\tlocal words=() db=() cur command='' ends='' operands=0 i\n"
	"\n"
	"\tCOMPREPLY=()\n"
	"\t_scaudit_words\n"
	"\tcur=${words[${#words[@]} - 1]}\n"
	"\tfor ((i = 1; i < ${#words[@]} - 1; i++)); do\n"
	"\t\tcase ${words[i]} in\n"
	"\t\t--) ends=$i; break ;;\n"
	"\t\t--db=*) db=(\"${words[i]}\") ;;\n"
	"\t\t--*=*) ;;\n"
	"\t\t-*)\n"
	"\t\t\t_scaudit_has_value \"${words[i]}\" || continue\n"
	"\t\t\tif [ $((i + 1)) = $((${#words[@]} - 1)) ]; then\n"
	"\t\t\t\t_scaudit_value \"${words[i]}\"\n"
	"\t\t\t\treturn\n"
	"\t\t\tfi\n"
	"\t\t\ti=$((i + 1))\n"
	"\t\t\t[ \"${words[i - 1]}\" != --db ] || db=(--db \"${words[i]}\")\n"
	"\t\t\t;;\n"
	"\t\t*) if [ -z \"$command\" ]; then command=${words[i]}; else operands=$((operands + 1)); fi ;;\n"
	"\t\tesac\n"
	"\tdone\n"
	"\tif [ -n \"$ends\" ]; then\n"
	"\t\tif [ $((ends + 2)) = ${#words[@]} ]; then _scaudit_files -c; else _scaudit_files -f; fi\n"
	"\t\treturn\n"
	"\tfi\n"
	"\tcase $cur in\n"
	"\t--*=*)\n"
	"\t\tlocal option=${cur%%=*}\n"
	"\n"
	"\t\tcur=${cur#*=}\n"
	"\t\t_scaudit_value \"$option\"\n"
	"\t\t;;\n"
	"\t-*) _scaudit_options \"$command\" ;;\n"
	"\t*) _scaudit_operand \"$command\" ;;\n"
	"\tesac\n"
	"}\n"
	"\n"
	"complete -F _scaudit scaudit\n";

static void put_values(struct gen_values v)
{
	switch (v.kind) {
	case GEN_NOTHING: printf("return"); break;
	case GEN_FILE: printf("_scaudit_files -f"); break;
	case GEN_FOLDER: printf("_scaudit_files -d"); break;
	case GEN_STORE: printf("_scaudit_store %s", v.by); break;
	case GEN_WORDS: printf("_scaudit_offer_words %s", v.words); break;
	case GEN_WORDS_OR_FILE:
		printf("_scaudit_offer_words %s; _scaudit_files -f", v.words);
		break;
	case GEN_USER: printf("_scaudit_files -u"); break;
	case GEN_PID: printf("_scaudit_offer < <(ps -e -o pid= 2>/dev/null | tr -d ' ')"); break;
	}
}

static void put_has_value(void)
{
	const char *between = "\t";

	printf("\n_scaudit_has_value() {\n\tcase $1 in\n");
	for (size_t i = 0; i < N_OPTS; i++)
		if (gen_options[i].arg != NULL) {
			printf("%s--%s", between, gen_options[i].name);
			if (gen_options[i].letter)
				printf(" | -%c", gen_options[i].letter);
			between = " | ";
		}
	printf(") return 0 ;;\n\tesac\n\treturn 1\n}\n\n");
}

static void put_value(void)
{
	printf("_scaudit_value() {\n\tcase $1 in\n");
	for (size_t i = 0; i < N_OPTS; i++) {
		struct gen_values v = gen_values(&gen_options[i]);

		if (gen_options[i].arg != NULL) {
			printf("\t--%s", gen_options[i].name);
			if (gen_options[i].letter)
				printf(" | -%c", gen_options[i].letter);
			printf(") ");
			put_values(v);
			printf(" ;;\n");
		}
		free(v.words);
	}
	printf("\tesac\n}\n\n");
}

static void put_options(void)
{
	printf("_scaudit_options() {\n\tcase $1 in\n");
	for (size_t c = 0; gen_commands[c] != NULL; c++) {
		printf("\t%s) _scaudit_offer_words", gen_commands[c]->name);
		for (size_t i = 0; i < N_OPTS; i++)
			if (gen_takes(gen_commands[c], &gen_options[i]))
				printf(" --%s", gen_options[i].name);
		printf(" ;;\n");
	}
	printf("\t*) _scaudit_offer_words --help --version ;;\n\tesac\n}\n\n");
}

static void put_operand(void)
{
	printf("_scaudit_operand() {\n\tcase $1 in\n\t'') _scaudit_offer_words");
	for (size_t c = 0; gen_commands[c] != NULL; c++)
		printf(" %s", gen_commands[c]->name);
	printf(" ;;\n");
	for (size_t c = 0; gen_commands[c] != NULL; c++) {
		struct gen_values v = gen_operands(gen_commands[c]);

		if (v.kind != GEN_NOTHING) {
			printf("\t%s) ", gen_commands[c]->name);
			put_values(v);
			printf(" ;;\n");
		}
		free(v.words);
	}
	printf("\tesac\n}\n\n");
}

int gen_bash(struct err *e)
{
	(void)e;
	printf("%s", head);
	put_has_value();
	put_value();
	put_options();
	put_operand();
	printf("%s", tail);
	return 0;
}
