// SPDX-License-Identifier: Apache-2.0
/* Reads the filters of a process back by ptrace, and says what kept it from that. */
#include "ingest/live/process/filters.h"

#include "store/model/arch.h"

#include <dirent.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef PTRACE_SECCOMP_GET_FILTER
#define PTRACE_SECCOMP_GET_FILTER 0x420c
#endif

/* Calls that a stop ends with EINTR, whatever SA_RESTART says: signal(7). */
static bool is_interrupted(long nr)
{
	static const long calls[] = {
#ifdef SYS_epoll_wait
		SYS_epoll_wait,
#endif
#ifdef SYS_poll
		SYS_poll,
#endif
#ifdef SYS_select
		SYS_select,
#endif
		SYS_epoll_pwait, SYS_ppoll,	   SYS_pselect6,
		SYS_semtimedop,	 SYS_io_getevents, SYS_rt_sigtimedwait,
	};

	for (size_t i = 0; i < ARRAY_SIZE(calls); i++)
		if (calls[i] == nr)
			return true;
	return false;
}

/* proc(5): "running", or the number of the call that it waits in; -1 where that may not be read. */
static long call_of(int32_t pid, const char *thread)
{
	auto_free char *path = mem_print("/proc/%d/task/%.20s/syscall", pid, thread);
	auto_close int fd = open(path, O_RDONLY | O_CLOEXEC);
	char text[32] = "";

	if (fd < 0 || read(fd, text, sizeof(text) - 1) <= 0 || text[0] < '0' || text[0] > '9')
		return -1;
	return strtol(text, NULL, 10);
}

/* A thread that can be stopped without being noticed, else the first. */
static int32_t choose_thread(int32_t pid)
{
	char path[64];
	struct dirent *d;
	int32_t out = pid;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	dir = opendir(path);
	while (dir != NULL && (d = readdir(dir)) != NULL) {
		if (d->d_name[0] == '.' || is_interrupted(call_of(pid, d->d_name)))
			continue;
		out = (int32_t)strtol(d->d_name, NULL, 10);
		break;
	}
	if (dir != NULL)
		closedir(dir);
	return out;
}

static int explain(int32_t pid, int error, struct err *e)
{
	switch (error) {
	case ESRCH:
		return err_set(e, ST_INPUT, "there is no process %d", pid);
	case EPERM:
		return err_set(
			e, ST_SYSTEM,
			"process %d may not be traced: that needs CAP_SYS_PTRACE (or its user), and that nobody traces it "
			"already",
			pid);
	case EACCES:
		return err_set(
			e, ST_SYSTEM,
			"filters of process %d may not be read: that needs CAP_SYS_ADMIN in the initial user "
			"namespace, and to be under no filter oneself",
			pid);
	case EOPNOTSUPP:
	case EIO:
		return err_set(e, ST_SYSTEM,
			       "this kernel does not show filters (CONFIG_CHECKPOINT_RESTORE)");
	default:
		return err_set(e, ST_SYSTEM, "filters of process %d cannot be read: %s", pid,
			       strerror(error));
	}
}

static long get(int32_t thread, size_t at, void *to)
{
	return ptrace(PTRACE_SECCOMP_GET_FILTER, thread, (void *)(uintptr_t)at, to);
}

/* The kernel counts from the one that was loaded first, whatever ptrace(2) says. source:
 * get_nth_filter in kernel/seccomp.c */
static void newest_first(struct filters *f)
{
	for (size_t i = 0; i < f->v.n / 2; i++) {
		struct filter_code one = f->v.v[i];

		f->v.v[i] = f->v.v[f->v.n - 1 - i];
		f->v.v[f->v.n - 1 - i] = one;
	}
}

/* The filters of a stopped thread, the one that was loaded first first. Returns 0, or the errno. */
static int read_all(struct filters *out, int32_t thread)
{
	for (size_t at = 0;; at++) {
		long n = get(thread, at, NULL);
		struct filter_code code;

		if (n < 0)
			return errno == ENOENT || (errno == EINVAL && at == 0) ? 0 : errno;
		code = (struct filter_code){ mem_zero((size_t)n, sizeof(*code.v)), (size_t)n };
		*VEC_PUSH(&out->v) = code;
		n = get(thread, at, code.v);
		if (n != (long)code.n)
			return n < 0 ? errno :
				       EBUSY; /* another thread has given it a filter meanwhile */
	}
}

#ifdef __x86_64__
/* ERESTART_RESTARTBLOCK, ERESTARTNOHAND of include/linux/errno.h: no program sees them */
#define RESTART_BLOCK (-516)
#define RESTART_NO_HAND (-514)

/* The registers of a thread: those of a 32-bit program are fewer. */
static void begin_anew(const struct filters *f, filters_pass *pass)
{
	union {
		struct user_regs_struct wide;
		struct { uint32_t before[6], ax, segments[4], orig_ax, after[5]; } narrow;
	} regs;
	struct iovec io = { &regs, sizeof(regs) };
	int32_t nr;

	if (ptrace(PTRACE_GETREGSET, f->thread, (void *)NT_PRSTATUS, &io) != 0)
		return;
	if (io.iov_len == sizeof(regs.narrow)) {
		if ((int32_t)regs.narrow.ax != RESTART_BLOCK || pass(f, ARCH_I386, 0))
			return;
		regs.narrow.ax = (uint32_t)RESTART_NO_HAND;
	} else {
		nr = SYS_restart_syscall | ((int32_t)regs.wide.orig_rax & X32_BIT);
		if ((int32_t)regs.wide.rax != RESTART_BLOCK || pass(f, ARCH_X86_64, nr))
			return;
		regs.wide.rax = (unsigned long long)(long long)RESTART_NO_HAND;
	}
	ptrace(PTRACE_SETREGSET, f->thread, (void *)NT_PRSTATUS, &io);
}
#else
static void begin_anew(const struct filters *f, filters_pass *pass)
{
	(void)f;
	(void)pass;
}
#endif

int filters_read(struct filters *out, int32_t pid, filters_pass *pass, struct err *e)
{
	int error = 0, status;

	*out = (struct filters){ .thread = choose_thread(pid) };
	if (ptrace(PTRACE_SEIZE, out->thread, NULL, NULL) != 0)
		return explain(pid, errno, e);
	if (ptrace(PTRACE_INTERRUPT, out->thread, NULL, NULL) != 0)
		error = errno;
	while (error == 0 && waitpid(out->thread, &status, __WALL) < 0)
		error = errno == EINTR ? 0 : errno;
	if (error == 0 && WIFSTOPPED(status))
		error = read_all(out, out->thread);
	else if (error == 0)
		error = ESRCH;
	newest_first(out);
	if (error == 0)
		begin_anew(out, pass);
	ptrace(PTRACE_DETACH, out->thread, NULL, NULL);
	return error == 0 ? 0 : explain(pid, error, e);
}

void filters_release(struct filters *f)
{
	for (size_t i = 0; i < f->v.n; i++)
		free(f->v.v[i].v);
	VEC_FREE(&f->v);
}
