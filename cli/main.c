#include "cli/command.h"

#include <errno.h>
#include <locale.h>
#include <stdio.h>
#include <string.h>

#ifndef SCAUDIT_VERSION
#define SCAUDIT_VERSION "unknown"
#endif

#define FAILED 125 /* as env and timeout have it, where a command would have run */

static int run(int argc, char **argv, struct opts *o, struct err *e)
{
	const struct command *command;

	bool runs = opts_run_a_command(argc, argv);

	if (opts_read(o, argc, argv, &command, e) < 0)
		return runs ? FAILED : (int)e->status;
	if (opt_on(o, OPT_version)) {
		printf("scaudit %s\n", SCAUDIT_VERSION);
		return ST_OK;
	}
	if (opt_on(o, OPT_help)) {
		opts_help(command);
		return ST_OK;
	}
	if (command == NULL) {
		err_set(e, ST_INPUT, "which command? (see scaudit --help)");
		return ST_INPUT;
	}
	return command->run(o, e);
}

int main(int argc, char **argv)
{
	struct opts o = { 0 };
	struct err e = { 0 };
	int status;

	setlocale(LC_TIME, "");
	status = run(argc, argv, &o, &e);
	if (e.msg[0] != '\0')
		command_say("%s", e.msg);
	opts_release(&o);
	/* a reader that went away (head) is no error; a full disk is one */
	if ((fflush(stdout) != 0 || ferror(stdout)) && errno != EPIPE && status <= ST_NO) {
		command_say("cannot write to standard output: %s", strerror(errno));
		status = ST_SYSTEM;
	}
	return status;
}
