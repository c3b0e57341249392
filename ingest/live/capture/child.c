// SPDX-License-Identifier: Apache-2.0
/* Forks the command, changes its user, loads its filter, and execs when the parent says so. */
#include "ingest/live/capture/child.h"

#include "store/base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static struct sock_filter log_all[] = { BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_LOG) };
const struct sock_fprog child_log_filter = { .len = 1, .filter = log_all };

/* What failed in the child: read by the parent, from a pipe that a successful exec closes. */
struct failure { int error; enum { AT_USER, AT_FILTER, AT_EXEC } at; };

struct user { bool given; uid_t uid; gid_t gid; char *name; };

/* ---- who and what ---- */

static int find_user(struct user *u, const char *name, struct err *e)
{
	const struct passwd *p;
	char *end;
	unsigned long number;

	*u = (struct user){ .given = name != NULL };
	if (name == NULL)
		return 0;
	p = getpwnam(name);
	number = strtoul(name, &end, 10);
	if (p == NULL && bytes_digit(name[0]) && *end == '\0' && number < UINT32_MAX) {
		p = getpwuid((uid_t)number);
		u->uid = (uid_t)number;
		u->gid = (gid_t)number;
	} else if (p == NULL) {
		return err_set(e, ST_INPUT, "--user: no such user: '%.80s'", name);
	}
	if (p != NULL) {
		u->uid = p->pw_uid;
		u->gid = p->pw_gid;
		u->name = mem_dup(p->pw_name);
	}
	return 0;
}

/*
 * Finds the command as execvp would, before the filter is loaded: tries that fail would be on
 * record. Returns NULL, and the errno in *error.
 */
static char *find_path(const char *cmd, int *error)
{
	const char *dirs = getenv("PATH");

	*error = ENOENT;
	if (strchr(cmd, '/') != NULL) {
		if (access(cmd, F_OK) == 0)
			return mem_dup(cmd);
		*error = errno;
		return NULL;
	}
	if (dirs == NULL)
		dirs = "/bin:/usr/bin";
	for (;;) {
		size_t n = strcspn(dirs, ":");
		char *path = mem_print("%.*s%s%s", (int)n, dirs, n ? "/" : "", cmd);
		struct stat st;

		if (stat(path, &st) == 0 && S_ISREG(st.st_mode)) {
			if (access(path, X_OK) == 0)
				return path;
			*error = EACCES;
		}
		free(path);
		if (dirs[n] == '\0')
			return NULL;
		dirs += n + 1;
	}
}

bool child_is_privileged(void)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2] = { 0 };

	return syscall(SYS_capget, &head, data) == 0 && (data[0].effective & 1u << CAP_SYS_ADMIN);
}

/*
 * Becomes the user, and keeps for the moment what loading a filter without no_new_privs takes: an
 * exec of one who is not root drops it.
 */
static int become(const struct user *u)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2] = { 0 };
	bool privileged = child_is_privileged();

	if (!u->given)
		return 0;
	if ((u->name != NULL ? initgroups(u->name, u->gid) : setgroups(0, NULL)) != 0 ||
	    setresgid(u->gid, u->gid, u->gid) != 0)
		return -1;
	if (privileged)
		prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0);
	if (setresuid(u->uid, u->uid, u->uid) != 0)
		return -1;
	if (privileged && u->uid != 0) {
		data[0].permitted = data[0].effective = 1u << CAP_SYS_ADMIN;
		return (int)syscall(SYS_capset, &head, data);
	}
	return 0;
}

static int load_filter(const struct sock_fprog *filter, unsigned flags)
{
	if (!child_is_privileged() && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return -1;
	return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, filter);
}

/* ---- the child's side ---- */

/* Ends the process, by the bare call: the filter may be loaded by now, and refuse what a sanitizer
 * does before _exit. */
static void tell(int fd, int at)
{
	struct failure f = { errno, at };
	int status = write(fd, &f, sizeof(f)) < 0 ? CHILD_CANNOT_EXEC : CHILD_FAILED;

	syscall(SYS_exit_group, status);
}

/* Returns only where something failed, and an end was refused as well. */
static void run_child(struct child *c, const struct user *u, const struct sock_fprog *filter,
		      unsigned flags, int go, int told)
{
	char *shell[64] = { (char *)(uintptr_t)"sh", c->path };
	int32_t mark;
	ssize_t n;

	do
		n = read(go, &mark, sizeof(mark));
	while (n < 0 && errno == EINTR);
	if (n != sizeof(mark)) /* the parent has gone, or gave up */
		_exit(CHILD_FAILED);
	close(go);
	if (become(u) != 0) {
		tell(told, AT_USER);
		return;
	}
	if (load_filter(filter, flags) != 0) {
		tell(told, AT_FILTER);
		return;
	}
	if (mark != 0)
		syscall(mark);
	execv(c->path, c->argv);
	if (errno == ENOEXEC) { /* a script without "#!", as execvp has it */
		for (size_t i = 1; c->argv[i] != NULL && i + 2 < ARRAY_SIZE(shell); i++)
			shell[i + 1] = c->argv[i];
		execv("/bin/sh", shell);
	}
	tell(told, AT_EXEC);
}

/* ---- the parent's ---- */

int child_start(struct child *c, char *const *argv, const char *user,
		const struct sock_fprog *filter, unsigned flags, struct err *e)
{
	struct user u;
	int go[2] = { -1, -1 }, told[2] = { -1, -1 };

	*c = (struct child){ .go = -1, .told = -1, .ends = -1, .argv = argv, .name = argv[0] };
	if (find_user(&u, user, e) < 0)
		return -1;
	c->path = find_path(argv[0], &c->found_errno);
	if (pipe2(go, O_CLOEXEC) != 0 || pipe2(told, O_CLOEXEC) != 0 ||
	    (c->path != NULL && (c->pid = fork()) < 0)) {
		err_set(e, ST_SYSTEM, "cannot start a process: %s", strerror(errno));
		free(u.name);
		for (int i = 0; i < 2; i++) {
			mem_close_at(&go[i]);
			mem_close_at(&told[i]);
		}
		c->pid = 0;
		return -1;
	}
	if (c->path != NULL && c->pid == 0) {
		close(go[1]);
		close(told[0]);
		run_child(c, &u, filter, flags, go[0], told[1]);
		_exit(CHILD_FAILED);
	}
	free(u.name);
	close(go[0]);
	close(told[1]);
	c->go = go[1];
	c->told = told[0];
	if (c->pid > 0)
		c->ends = (int)syscall(SYS_pidfd_open, c->pid, 0);
	return 0;
}

static volatile sig_atomic_t to_pid;

/* What the terminal sends reaches the whole group; what somebody sends to us alone is meant for the
 * command. */
static void pass_on(int number, siginfo_t *info, void *context)
{
	(void)context;
	if (info->si_code <= 0 && to_pid > 0)
		kill((pid_t)to_pid, number);
}

static void pass_signals(void)
{
	static const int passed[] = { SIGINT,  SIGTERM, SIGHUP,	 SIGQUIT, SIGUSR1,
				      SIGUSR2, SIGALRM, SIGCONT, SIGWINCH };
	struct sigaction act = { .sa_sigaction = pass_on, .sa_flags = SA_SIGINFO };

	for (size_t i = 0; i < ARRAY_SIZE(passed); i++)
		sigaction(passed[i], &act, NULL);
}

static int explain_failure(const struct child *c, const struct failure *f, struct err *e)
{
	switch (f->at) {
	case AT_USER:
		err_set(e, ST_SYSTEM, "--user: %s", strerror(f->error));
		return CHILD_FAILED;
	case AT_FILTER:
		err_set(e, ST_SYSTEM, "the filter cannot be loaded: %s", strerror(f->error));
		return CHILD_FAILED;
	case AT_EXEC:
	default:
		err_set(e, ST_SYSTEM, "cannot run '%.200s': %s", c->name, strerror(f->error));
		return f->error == ENOENT ? CHILD_NOT_FOUND : CHILD_CANNOT_EXEC;
	}
}

int child_go(struct child *c, int32_t mark, struct err *e)
{
	struct failure f = { c->found_errno, AT_EXEC };
	struct sigaction before, ignore = { .sa_handler = SIG_IGN };
	ssize_t n;

	if (c->path == NULL)
		return explain_failure(c, &f, e);
	to_pid = c->pid;
	pass_signals();
	sigaction(SIGPIPE, &ignore, &before);
	n = write(c->go, &mark, sizeof(mark));
	sigaction(SIGPIPE, &before, NULL);
	if (n == sizeof(mark))
		do
			n = read(c->told, &f, sizeof(f));
		while (n < 0 && errno == EINTR);
	else
		n = -1;
	if (n == 0)
		return 0;
	if (n != sizeof(f)) { /* what it does is not known: child_release ends it */
		err_set(e, ST_SYSTEM, "lost the process that was to run '%.200s'", c->name);
		return CHILD_FAILED;
	}
	while (waitpid(c->pid, NULL, 0) < 0 && errno == EINTR)
		;
	c->pid = 0;
	return explain_failure(c, &f, e);
}

int child_poll(struct child *c, int timeout_ms)
{
	struct pollfd p = { .fd = c->ends, .events = POLLIN };
	int status = 0, got;

	poll(&p, 1, timeout_ms); /* without a pidfd it only waits */
	got = waitpid(c->pid, &status, WNOHANG);
	if (got == 0 || (got < 0 && errno == EINTR))
		return -1;
	to_pid = 0;
	c->pid = 0;
	if (got < 0)
		return CHILD_FAILED;
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

void child_release(struct child *c)
{
	mem_close_at(&c->go);
	mem_close_at(&c->told);
	mem_close_at(&c->ends);
	if (c->pid > 0) {
		kill(c->pid, SIGKILL);
		while (waitpid(c->pid, NULL, 0) < 0 && errno == EINTR)
			;
	}
	free(c->path);
}
