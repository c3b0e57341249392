// SPDX-License-Identifier: Apache-2.0
/*
 * Makes a marker record: draws a number that no system has, loads a filter that logs it, makes the
 * call.
 */
#include "ingest/live/kernel/marker.h"

#include "store/base/mem.h"
#include "store/model/syscall.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

int marker_number(int32_t *nr, struct err *e)
{
	uint16_t draw;

	if (getrandom(&draw, sizeof(draw), 0) != sizeof(draw))
		return err_set(e, ST_SYSTEM, "no random number: %s", strerror(errno));
	*nr = SYSCALL_MARKER | draw;
	return 0;
}

int marker_filter(int32_t nr, uint32_t action, unsigned flags)
{
	struct sock_filter only[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)nr, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, action),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog prog = { .len = ARRAY_SIZE(only), .filter = only };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return -1;
	return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &prog);
}

int marker_load(int32_t nr)
{
	return marker_filter(nr, SECCOMP_RET_LOG, 0) < 0 ? errno : 0;
}

/* In the child, where only system calls are safe. Returns 0, or the errno. */
static int call_logged(int32_t nr)
{
	int failed = marker_load(nr);

	if (failed == 0)
		syscall(nr);
	return failed;
}

int marker_make(int32_t *nr, int32_t *pid, struct err *e)
{
	pid_t child;
	int status;

	if (marker_number(nr, e) < 0)
		return -1;
	child = fork();
	if (child < 0)
		return err_set(e, ST_SYSTEM, "cannot fork: %s", strerror(errno));
	if (child == 0)
		_exit(call_logged(*nr));
	while (waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			return err_set(e, ST_SYSTEM, "lost a child: %s", strerror(errno));
	*pid = child;
	if (!WIFEXITED(status))
		return err_set(e, ST_SYSTEM,
			       "a filter that logs one call was answered by signal %d",
			       WTERMSIG(status));
	if (WEXITSTATUS(status) != 0)
		return err_set(e, ST_SYSTEM, "no seccomp filter can be loaded here: %s",
			       strerror(WEXITSTATUS(status)));
	return 0;
}
