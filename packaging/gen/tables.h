/* SPDX-License-Identifier: Apache-2.0 */
/* The program's own tables of commands and options, for what is made of them when it is built. */
#ifndef GEN_TABLES_H
#define GEN_TABLES_H

#include "cli/command.h"
#include "cli/opts.h"

struct gen_option {
	const char *name;
	int letter;
	const char *arg;
	unsigned groups;
	const char *help;
};

extern const struct gen_option gen_options[N_OPTS];
extern const struct command *const gen_commands[]; /* ends with NULL */

/* Does the command take it? */
bool gen_takes(const struct command *c, const struct gen_option *o);

/* The help of an option as it is for a command; give it back with free(). Does the command have one
 * of its own? */
char *gen_help(const struct command *c, const struct gen_option *o);
bool gen_has_own_help(const struct command *c, const struct gen_option *o);

/* Prints a manual page, or a file of completions, to stdout. Return 0, or -1 with *e set. */
int gen_man(const char *folder, const char *command, const char *date, struct err *e);
int gen_bash(struct err *e);
int gen_zsh(struct err *e);
int gen_fish(struct err *e);

/* ---- completion: what may stand where ---- */

enum gen_kind {
	GEN_NOTHING,
	GEN_FILE,
	GEN_FOLDER,
	GEN_STORE,
	GEN_WORDS,
	GEN_WORDS_OR_FILE,
	GEN_USER,
	GEN_PID
};

struct gen_values {
	enum gen_kind kind;
	const char *by;    /* GEN_STORE: what `workloads --by` takes */
	char *words;       /* with spaces between; give it back with free() */
};

/* Of an option's value. */
struct gen_values gen_values(const struct gen_option *o);

/* Of a command's operands; and does a command line follow? */
struct gen_values gen_operands(const struct command *c);
bool gen_runs(const struct command *c);

#endif
