/* SPDX-License-Identifier: Apache-2.0 */
/* Options: rows that commands share, read by getopt_long before or after the command's name. */
#ifndef CLI_OPTS_H
#define CLI_OPTS_H

#include "store/base/err.h"
#include "store/base/mem.h"

#include <stdbool.h>

enum {
	G_ALL = 1 << 0,      /* every command */
	G_STORE = 1 << 1,
	G_INPUT = 1 << 2,
	G_INGEST = 1 << 3,
	G_DECODE = 1 << 4,
	G_SELECT = 1 << 5,
	G_SCOPE = 1 << 6,
	G_JSON = 1 << 7,
	G_PROFILE = 1 << 8,
	G_LIST = 1 << 9,
	G_FORGET = 1 << 10,
	G_COMPACT = 1 << 11,
	G_CAPTURE = 1 << 12,
	G_DOCTOR = 1 << 13,
	G_COMMAND = 1 << 14, /* runs a command */
	G_POLICY = 1 << 15,  /* reads a profile */
	G_CHECK = 1 << 16,
	G_BLOCKED = 1 << 17,
	G_DIFF = 1 << 18,
	G_LINT = 1 << 19,
	G_STATUS = 1 << 20,
	G_READINESS = 1 << 21,
	G_FIRST = 1 << 30,   /* no command: shown by --help where a command has many */
};

enum opt {
#define OPTION(id, name, letter, arg, groups, help) OPT_##id,
#include "cli/option_list.h"
#undef OPTION
	N_OPTS,
};

struct opts {
	VEC(const char *) given[N_OPTS]; /* values in the order given; flags have "" */
	const char *command;             /* its name */
	const char **args;               /* operands; borrowed from argv */
	int n_args;
};

static inline bool opt_on(const struct opts *o, enum opt id)
{
	return o->given[id].n > 0;
}

/* The last value given, else `otherwise`. */
static inline const char *opt_text(const struct opts *o, enum opt id, const char *otherwise)
{
	return o->given[id].n ? o->given[id].v[o->given[id].n - 1] : otherwise;
}

/* The long name of an option, without the dashes. */
const char *opt_name(enum opt id);

/* Does it select trees (or, as --scope, what is taken of them)? */
bool opt_selects(enum opt id);

struct command;

/*
 * Reads all options of argv and finds the command (its first operand). *command is NULL when none
 * was named. Errors: unknown option, missing value, an option that the command does not take, too
 * many operands.
 */
int opts_read(struct opts *o, int argc, char **argv, const struct command **command, struct err *e);
void opts_release(struct opts *o);

/* Is this "capture ... -- COMMAND" or the like? Then failures of our own have a status of their
 * own: 125. */
bool opts_run_a_command(int argc, char *const *argv);

/* A row of option_list.h. */
struct opts_row {
	const char *name;
	int letter;
	const char *arg;
	unsigned groups;
	const char *help;
};
const struct opts_row *opts_row(enum opt id);

/* The i-th command; NULL at the end. */
const struct command *opts_command_at(size_t i);

/* -1: there is none of this name; with one that may have been meant. */
int opts_no_command(const char *word, struct err *e);

/* Finds a command by name; NULL. */
const struct command *opts_find_command(const char *name);

#endif
