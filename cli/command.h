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

/* Has SIGINT, SIGTERM and, where it is not ignored (nohup), SIGHUP handled, so that what was read is stored and told. */
void command_on_signals(void (*handler)(int number));

/* Prints one line to stderr: "scaudit: ...". */
void command_say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
