// SPDX-License-Identifier: Apache-2.0
/*
 * under: runs a command under a filter as systemd and the container runtimes make them.
 *
 *	under deny|allow NAME[,NAME...] -- CMD ARGS
 *
 * deny: EPERM for the named calls, all else passes; allow: EPERM for all but the named ones. Names
 *that libseccomp does not know are left out. Exit status: that of CMD; 125 under failed, 127 CMD
 *cannot be executed.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int load(int deny, char *names)
{
	scmp_filter_ctx ctx = seccomp_init(deny ? SCMP_ACT_ALLOW : SCMP_ACT_ERRNO(EPERM));
	char *rest = names, *name;
	int failed;

	if (ctx == NULL)
		return -1;
	while ((name = strsep(&rest, ",")) != NULL) {
		int nr = seccomp_syscall_resolve_name(name);

		if (nr >= 0)
			seccomp_rule_add(ctx, deny ? SCMP_ACT_ERRNO(EPERM) : SCMP_ACT_ALLOW, nr, 0);
	}
	failed = seccomp_load(ctx);
	seccomp_release(ctx);
	return failed;
}

int main(int argc, char **argv)
{
	if (argc < 5 || strcmp(argv[3], "--") != 0 ||
	    (strcmp(argv[1], "deny") != 0 && strcmp(argv[1], "allow") != 0)) {
		fprintf(stderr, "usage: under deny|allow NAME[,NAME...] -- CMD ARGS\n");
		return 125;
	}
	if (load(strcmp(argv[1], "deny") == 0, argv[2]) != 0) {
		fprintf(stderr, "under: no filter can be loaded\n");
		return 125;
	}
	execvp(argv[4], argv + 4);
	perror(argv[4]);
	return 127;
}
