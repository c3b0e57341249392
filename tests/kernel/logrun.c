// SPDX-License-Identifier: Apache-2.0
/*
 * logrun: runs a command under a filter that answers LOG to every call, so
 * that the kernel writes one record for each.
 *
 *	logrun [--deny NAME[,NAME]=KILL|TRAP|ERRNO|number ...] [--user UID] -- CMD ARGS
 *
 * --deny stacks a second filter with FLAG_LOG: its denials leave records, what
 * it allows is logged by the first. ERRNO stands for EPERM, a number for that
 * errno. The second filter is loaded first, because what is loaded after the
 * LOG filter would be on record itself: the first record is logrun's execve.
 * So seccomp(2) cannot be denied.
 *
 * Exit status: that of CMD; 125 logrun failed, 126 CMD cannot be executed,
 * 127 CMD was not found (as env does).
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <getopt.h>
#include <grp.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { ST_OWN = 125, ST_NOEXEC = 126, ST_NOTFOUND = 127 };

static void fail(const char *what, int error)
{
	fprintf(stderr, "logrun: %s: %s\n", what, strerror(error));
	exit(ST_OWN);
}

static unsigned long number_arg(const char *text, unsigned long max)
{
	char *end;

	errno = 0;
	unsigned long v = strtoul(text, &end, 10);

	if (*text < '0' || *text > '9' || *end != '\0' || errno != 0 || v > max)
		fail(text, EINVAL);
	return v;
}

static uint32_t action_of(const char *name)
{
	if (strcmp(name, "KILL") == 0)
		return SCMP_ACT_KILL_PROCESS;
	if (strcmp(name, "TRAP") == 0)
		return SCMP_ACT_TRAP;
	if (strcmp(name, "ERRNO") == 0)
		return SCMP_ACT_ERRNO(EPERM);
	return SCMP_ACT_ERRNO(number_arg(name, 4095));
}

/* Everything is allowed until deny() adds to it, by every entry of the machine. */
static scmp_filter_ctx deny_new(void)
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ALLOW);

	if (ctx == NULL)
		fail("seccomp_init", ENOMEM);
#if defined(__x86_64__) || defined(__i386__)
	static const uint32_t archs[] = { SCMP_ARCH_X86_64, SCMP_ARCH_X86, SCMP_ARCH_X32 };

	for (size_t i = 0; i < sizeof(archs) / sizeof(archs[0]); i++) {
		int r = seccomp_arch_add(ctx, archs[i]);

		if (r != 0 && r != -EEXIST)
			fail("seccomp_arch_add", -r);
	}
#endif
	int r = seccomp_attr_set(ctx, SCMP_FLTATR_CTL_LOG, 1);

	if (r != 0)
		fail("FLAG_LOG", -r);
	return ctx;
}

static void deny(scmp_filter_ctx ctx, char *spec)
{
	char *action = strrchr(spec, '='), *rest = NULL;

	if (action == NULL)
		fail(spec, EINVAL);
	*action++ = '\0';
	for (char *name = strtok_r(spec, ",", &rest); name; name = strtok_r(NULL, ",", &rest)) {
		int nr = seccomp_syscall_resolve_name(name);

		if (nr == __NR_SCMP_ERROR)
			fail(name, ENOSYS);
		int r = seccomp_rule_add(ctx, action_of(action), nr, 0);

		if (r != 0)
			fail(name, -r);
	}
}

static void become(uid_t user)
{
	gid_t group = (gid_t)user;

	if (setgroups(0, NULL) != 0 || setresgid(group, group, group) != 0 ||
	    setresuid(user, user, user) != 0)
		fail("--user", errno);
}

/* One instruction and no look at the architecture: libseccomp would kill what it does not list. */
static void load_log(void)
{
	struct sock_filter all = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_LOG);
	struct sock_fprog prog = { .len = 1, .filter = &all };

	if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &prog) != 0)
		fail("seccomp", errno);
}

/*
 * Finds CMD as execvp would, but before the filter: tries that fail would be on
 * record. Returns NULL when there is none.
 */
static const char *find(const char *cmd)
{
	static char path[4096];
	const char *dirs = getenv("PATH");

	if (strchr(cmd, '/') != NULL)
		return cmd;
	while (dirs != NULL && *dirs != '\0') {
		int n = (int)strcspn(dirs, ":");
		int len = snprintf(path, sizeof(path), "%.*s%s%s", n, dirs, n ? "/" : "", cmd);

		if (len < (int)sizeof(path) && access(path, X_OK) == 0)
			return path;
		dirs += n + (dirs[n] == ':');
	}
	return NULL;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "deny", required_argument, NULL, 'd' },
		{ "user", required_argument, NULL, 'u' },
		{ NULL, 0, NULL, 0 },
	};
	scmp_filter_ctx ctx = NULL;
	const char *user = NULL;
	int c;

	while ((c = getopt_long(argc, argv, "+", options, NULL)) != -1) {
		switch (c) {
		case 'd':
			if (ctx == NULL)
				ctx = deny_new();
			deny(ctx, optarg);
			break;
		case 'u':
			user = optarg;
			break;
		default:
			return ST_OWN;
		}
	}
	if (optind == argc) {
		fprintf(stderr, "usage: logrun [--deny NAME[,NAME]=KILL|TRAP|ERRNO|number ...]"
				" [--user UID] -- CMD ARGS\n");
		return ST_OWN;
	}
	if (user != NULL)
		become((uid_t)number_arg(user, UINT32_MAX - 1));
	const char *path = find(argv[optind]);

	if (path == NULL) {
		fprintf(stderr, "logrun: %s: not found\n", argv[optind]);
		return ST_NOTFOUND;
	}
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		fail("no_new_privs", errno);
	if (ctx != NULL) {
		int r = seccomp_load(ctx);

		if (r != 0)
			fail("seccomp_load", -r);
		seccomp_release(ctx);
	}
	load_log();
	execv(path, argv + optind);
	int error = errno;

	fprintf(stderr, "logrun: %s: %s\n", path, strerror(error));
	return error == ENOENT ? ST_NOTFOUND : ST_NOEXEC;
}
