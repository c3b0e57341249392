/* SPDX-License-Identifier: Apache-2.0 */
/* Commands: one file in cli/cmd/ and one row in cli/command_list.h each. */
#ifndef CLI_COMMAND_H
#define CLI_COMMAND_H

#include "cli/opts.h"
#include "store/base/err.h"

struct command {
	const char *name;
	const char *args;      /* what stands behind the options in its usage line */
	const char *about;     /* one line, for the list of commands */
	const char *help;      /* more lines for its own --help; may be NULL */
	unsigned groups;       /* which groups of options it takes: G_* */
	int max_args;          /* how many operands at most; -1: any number */
	/* Returns the exit status; on failure it has set *e and returns e->status. */
	int (*run)(struct opts *o, struct err *e);
};

/* Has SIGINT, SIGTERM and, where it is not ignored (nohup), SIGHUP handled, so that what was read
 * is stored and told. */
void command_on_signals(void (*handler)(int number));

/*
 * A signal ends the program from now on, at once, and prints `text`: for work that is one
 * transaction, which is undone then. NULL: it ends the program and says nothing, as before a
 * commit, of which it is not known whether it was done.
 */
void command_ends(const char *text);

/* What ingest and capture say where report.waits. */
#define COMMAND_IMAGES_WAIT                                                                        \
	"images of some of it are not derived yet: whoever opens the store next goes on with that"

/* Prints one line to stderr: "scaudit: ...". */
void command_say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
