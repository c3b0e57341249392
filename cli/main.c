// SPDX-License-Identifier: Apache-2.0
/* The program: reads options, runs the command, and turns its result into the exit status. */
#include "cli/help.h"
#include "store/base/outfile.h"

#include <fcntl.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#ifndef SCAUDIT_VERSION
#define SCAUDIT_VERSION "unknown"
#endif

#define FAILED 125 /* as env and timeout have it, where a command would have run */

static int run_command(int argc, char **argv, struct opts *o, struct err *e)
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
		help_print(command, o->n_args == 1 && strcmp(o->args[0], "all") == 0);
		return ST_OK;
	}
	/* a format of this name is none, so nobody wants it */
	if (strcmp(opt_text(o, OPT_format, ""), "help") == 0 ||
	    strcmp(opt_text(o, OPT_from, ""), "help") == 0) {
		opt_on(o, OPT_format) ? help_outputs() : help_inputs();
		return ST_OK;
	}
	if (command == NULL) {
		err_set(e, ST_INPUT, "which command? (see scaudit --help)");
		return ST_INPUT;
	}
	return command->run(o, e);
}

static void on_limit(int number)
{
	(void)number;
}

/*
 * A limit on the size of files makes a write fail, and that is said; it does not end the program.
 * By a handler, as a command that is run gets the default back. And what is opened later does not
 * become standard output where that was closed.
 */
static void prepare(void)
{
	struct sigaction limit = { .sa_handler = on_limit, .sa_flags = SA_RESTART }, was;

	if (sigaction(SIGXFSZ, NULL, &was) == 0 && was.sa_handler == SIG_DFL)
		sigaction(SIGXFSZ, &limit, NULL);
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0 &&
		    open("/dev/null", (fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) | O_CLOEXEC) != fd)
			_exit(ST_SYSTEM);
	setlocale(LC_TIME, "");
}

int main(int argc, char **argv)
{
	struct opts o = { 0 };
	struct err e = { 0 };
	int status;

	prepare();
	status = run_command(argc, argv, &o, &e);
	if (e.msg[0] != '\0')
		command_say("%s", e.msg);
	opts_release(&o);
	if (outfile_end_stdout(&e) < 0) {
		command_say("%s", e.msg);
		status = status < ST_SYSTEM ? ST_SYSTEM : status;
	}
	return status;
}
