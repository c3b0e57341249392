/* SPDX-License-Identifier: Apache-2.0 */
/* Runs a command of the program in this process, and keeps what it says. */
#ifndef TESTS_SAYS_H
#define TESTS_SAYS_H

#include "tests/test.h"

#include "cli/command.h"
#include "store/base/buf.h"
#include "store/base/outfile.h"

#include <getopt.h>
#include <sys/mman.h>
#include <unistd.h>

struct says {
	struct buf out, err;
	int status;
};

static inline void says_release(struct says *s)
{
	buf_release(&s->out);
	buf_release(&s->err);
}

/* Puts a file in memory in the place of a stream; what stood there. */
static inline int says_catch(int fd, int file)
{
	int was = dup(fd);

	if (was < 0 || ftruncate(file, 0) != 0 || lseek(file, 0, SEEK_SET) != 0 ||
	    dup2(file, fd) < 0)
		abort();
	return was;
}

static inline void says_take(int fd, int was, int file, struct buf *out)
{
	char block[4096];
	ssize_t n;

	if (dup2(was, fd) < 0 || close(was) != 0 || lseek(file, 0, SEEK_SET) != 0)
		abort();
	while ((n = read(file, block, sizeof(block))) > 0)
		buf_add(out, block, (size_t)n);
}

/* words[n - 1] is the last; words[0] the command. What main() does with them. */
static inline void says_run(struct says *s, const char *const *words, size_t n)
{
	static int out = -1, err = -1;
	char *args[64] = { (char *)(uintptr_t) "scaudit" };
	const struct command *command = NULL;
	struct opts o = { 0 };
	struct err e = { 0 };
	int was_out, was_err;

	if (out < 0) {
		out = memfd_create("out", MFD_CLOEXEC);
		err = memfd_create("err", MFD_CLOEXEC);
	}
	assert_true(n + 2 < ARRAY_SIZE(args));
	for (size_t i = 0; i < n; i++)
		args[i + 1] = (char *)(uintptr_t)words[i];
	*s = (struct says){ .status = 0 };
	fflush(stdout);
	fflush(stderr);
	was_out = says_catch(STDOUT_FILENO, out);
	was_err = says_catch(STDERR_FILENO, err);
	optind = 0;
	if (opts_read(&o, (int)n + 1, args, &command, &e) < 0 || command == NULL)
		s->status = (int)e.status;
	else
		s->status = command->run(&o, &e);
	if (e.msg[0] != '\0')
		command_say("%s", e.msg);
	opts_release(&o);
	fflush(stdout);
	fflush(stderr);
	says_take(STDOUT_FILENO, was_out, out, &s->out);
	says_take(STDERR_FILENO, was_err, err, &s->err);
}

/* Its words with blanks between, for messages. */
static inline void says_words(struct buf *out, const char *const *words, size_t n)
{
	for (size_t i = 0; i < n; i++)
		buf_printf(out, "%s%s", i ? " " : "", words[i]);
}

#endif
