// SPDX-License-Identifier: Apache-2.0
/* Runs another program, and takes what it prints within a bound of bytes and time. */
#include "ingest/live/kernel/helper.h"

#include "store/base/mem.h"
#include "store/base/when.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void become(const char *const *argv, int to)
{
	int null = open("/dev/null", O_RDWR);

	if (null < 0 || dup2(null, STDIN_FILENO) < 0 || dup2(null, STDERR_FILENO) < 0 ||
	    dup2(to, STDOUT_FILENO) < 0)
		_exit(127);
	execvp(argv[0], (char *const *)(uintptr_t)argv); /* POSIX: it does not change them */
	_exit(127);
}

/* False when the time is over. */
static bool collect(int fd, size_t max, int64_t until, struct buf *out)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	char block[4096];
	size_t sum = 0;

	for (;;) {
		int64_t left = until - when_clock_ms();
		ssize_t got;

		if (left <= 0)
			return false;
		if (poll(&p, 1, (int)left) <= 0)
			continue;
		got = read(fd, block, sizeof(block));
		if (got == 0)
			return true;
		if (got < 0)
			continue;
		got = (ssize_t)((size_t)got > max - sum ? max - sum : (size_t)got);
		buf_add(out, block, (size_t)got);
		sum += (size_t)got;
	}
}

int helper_output(const char *const *argv, size_t max, int timeout_ms, struct buf *out,
		  struct err *e)
{
	int ends[2], status = 0;
	pid_t child;
	bool in_time;

	if (pipe2(ends, O_CLOEXEC) != 0)
		return err_set(e, ST_SYSTEM, "no pipe: %s", strerror(errno));
	child = fork();
	if (child == 0)
		become(argv, ends[1]);
	close(ends[1]);
	in_time = child > 0 && collect(ends[0], max, when_clock_ms() + timeout_ms, out);
	close(ends[0]);
	if (child < 0)
		return err_set(e, ST_SYSTEM, "cannot fork: %s", strerror(errno));
	if (!in_time)
		kill(child, SIGKILL);
	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	if (!in_time)
		return err_set(e, ST_SYSTEM, "%s did not answer in %d ms", argv[0], timeout_ms);
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		return err_set(e, ST_SYSTEM, "%s failed", argv[0]);
	return 0;
}
