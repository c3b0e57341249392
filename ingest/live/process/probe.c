// SPDX-License-Identifier: Apache-2.0
/* Asks the kernel what filters answer to a call, by a child that hands the call to this process. */
#include "ingest/live/process/probe.h"

#include "ingest/live/kernel/marker.h"
#include "store/base/when.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define WAIT_MS 2000

/* What parent and child share. */
struct shared {
	atomic_int listener; /* + 1; the child has it in the table of files that both use. -1: none
				could be made */
	atomic_int done;      /* the call came back */
	int error;
};

static void child(struct shared *s, int32_t nr, void (*prepare)(void *), void *to)
{
	int fd;
	long got;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	signal(SIGSYS, SIG_DFL); /* a handler of our program's is not for it */
	fd = marker_filter(nr, SECCOMP_RET_USER_NOTIF, SECCOMP_FILTER_FLAG_NEW_LISTENER);
	if (fd < 0) {
		s->error = errno;
		s->listener = -1;
		_exit(1);
	}
	if (prepare != NULL)
		prepare(to);
	s->listener = fd + 1;
	got = syscall(nr, 0, 0, 0, 0, 0, 0);
	s->error = got < 0 ? errno : 0;
	s->done = 1;
	for (;;) /* an exit may be what is refused; the parent kills */
		sched_yield();
}

/* Did the question come here? Else the call came back, or the child died; false: look again. */
static bool look_at_child(struct shared *s, int pid, struct probe_result *out)
{
	struct pollfd p = { .fd = s->listener - 1, .events = POLLIN };
	int status;

	if (s->listener > 0 && poll(&p, 1, 0) > 0 && (p.revents & POLLIN)) {
		out->outcome = PROBE_PASSES;
		return true;
	}
	if (s->done) {
		*out = (struct probe_result){ PROBE_ERRNO, s->error };
		return true;
	}
	if (waitpid(pid, &status, WNOHANG) == pid) {
		if (WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS)
			out->outcome = PROBE_SIGSYS;
		return true;
	}
	return false;
}

int probe_call(int32_t nr, void (*prepare)(void *to), void *to, struct probe_result *out,
	       struct err *e)
{
	struct shared *s =
		mmap(NULL, sizeof(*s), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int64_t end = when_clock_ms() + WAIT_MS;
	int ret = 0;
	long pid;

	*out = (struct probe_result){ PROBE_UNKNOWN, 0 };
	if (s == MAP_FAILED)
		return err_set(e, ST_SYSTEM, "no memory: %s", strerror(errno));
	/* a fork that shares the table of files, so that the listener is ours, too */
	pid = syscall(SYS_clone, CLONE_FILES | SIGCHLD, 0, 0, 0, 0);
	if (pid == 0)
		child(s, nr, prepare, to);
	while (pid > 0 && s->listener >= 0 && !look_at_child(s, (int)pid, out) &&
	       when_clock_ms() < end)
		sched_yield();
	if (pid < 0)
		ret = err_set(e, ST_SYSTEM, "cannot fork: %s", strerror(errno));
	else if (s->listener < 0)
		ret = err_set(e, ST_SYSTEM, "calls cannot be asked about here: %s",
			      strerror(s->error));
	if (pid > 0) {
		kill((pid_t)pid, SIGKILL);
		while (waitpid((pid_t)pid, NULL, 0) < 0 && errno == EINTR)
			;
	}
	if (s->listener > 0)
		close(s->listener - 1);
	munmap(s, sizeof(*s));
	return ret;
}
