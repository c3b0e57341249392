// SPDX-License-Identifier: Apache-2.0
/*
 * kinds: the ways in which processes come to be, for tests/kernel/mix.
 *
 *	kinds forks|daemon|threads|spawn|vfork|long|deep
 *	systemd COMMAND...       (a copy under that name) a manager: one child for each COMMAND,
 *called "(svcN)", which loads a filter that answers LOG and then execs sh -c COMMAND
 *
 * Each process makes some calls before and after, so that it is on record. Built three times: as it
 *comes, static without PIE, and for i386.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

static void nap(long ms)
{
	struct timespec t = { ms / 1000, ms % 1000 * 1000000 };

	nanosleep(&t, NULL);
}

static void work(int n)
{
	char text[64];
	struct stat st;

	for (int i = 0; i < n; i++) {
		int fd = open("/etc/passwd", O_RDONLY | O_CLOEXEC);
		char *p = malloc(1 << 18);

		if (fd >= 0 && read(fd, text, sizeof(text)) < 0)
			text[0] = 0;
		if (p != NULL)
			p[0] = text[0];
		close(fd);
		stat("/etc", &st);
		getppid();
		free(p);
	}
}

static void reap(void)
{
	while (wait(NULL) > 0)
		;
}

static void forks(int depth)
{
	for (int i = 0; i < 3; i++) {
		if (fork() != 0)
			continue;
		work(2);
		if (depth > 0)
			forks(depth - 1);
		_exit(0);
	}
	work(1);
	reap();
}

/* Forks twice; both parents are gone before the daemon speaks. */
static void daemonize(void)
{
	if (fork() != 0)
		_exit(0);
	setsid();
	if (fork() != 0)
		_exit(0);
	nap(100);
	for (int i = 0; i < 4; i++) {
		work(2);
		nap(600);
		if (fork() == 0) {
			work(2);
			_exit(0);
		}
	}
	reap();
}

static void *thread(void *arg)
{
	work(1);
	if (fork() == 0) {
		work(1);
		if (arg != NULL)
			execl("/bin/true", "true", (char *)NULL);
		_exit(0);
	}
	work(1);
	return NULL;
}

static void threads(void)
{
	pthread_t t[4];
	static char yes;

	for (int i = 0; i < 4; i++)
		pthread_create(&t[i], NULL, thread, i % 2 ? &yes : NULL);
	for (int i = 0; i < 4; i++)
		pthread_join(t[i], NULL);
	reap();
}

static void spawn(void)
{
	static char name[] = "ls", arg[] = "/";
	char *argv[] = { name, arg, NULL };
	pid_t pid;

	for (int i = 0; i < 3; i++) {
		work(1);
		if (posix_spawnp(&pid, name, NULL, NULL, argv, environ) == 0)
			waitpid(pid, NULL, 0);
	}
	if (system("id | sort") < 0)
		work(1);
}

static void by_vfork(void)
{
	for (int i = 0; i < 3; i++) {
		pid_t pid = vfork();

		if (pid == 0) {
			execl("/bin/true", "true", (char *)NULL);
			_exit(1);
		}
		work(1);
		waitpid(pid, NULL, 0);
	}
}

/* Lives for some seconds, while its file is replaced, and forks before and after that. */
static void live_long(void)
{
	for (int i = 0; i < 20; i++) {
		work(1);
		nap(200);
		if (i % 5 != 0 || fork() != 0)
			continue;
		work(2);
		_exit(0);
	}
	reap();
}

static void load_log(void)
{
	struct sock_filter all = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_LOG);
	struct sock_fprog prog = { .len = 1, .filter = &all };

	if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &prog) != 0)
		_exit(125);
}

static void manage(int n, char **commands)
{
	char name[16];

	for (int i = 0; i < n; i++) {
		if (fork() != 0) {
			nap(20);
			continue;
		}
		snprintf(name, sizeof(name), "(svc%d)", i % 3);
		prctl(PR_SET_NAME, name);
		load_log();
		getppid();
		execl("/bin/sh", "sh", "-c", commands[i], (char *)NULL);
		_exit(127);
	}
	reap();
}

int main(int argc, char **argv)
{
	const char *base = strrchr(argv[0], '/');
	const char *mode = argc > 1 ? argv[1] : "forks";

	base = base ? base + 1 : argv[0];
	if (strcmp(base, "systemd") == 0)
		manage(argc - 1, argv + 1);
	else if (strcmp(mode, "daemon") == 0)
		daemonize();
	else if (strcmp(mode, "threads") == 0)
		threads();
	else if (strcmp(mode, "spawn") == 0)
		spawn();
	else if (strcmp(mode, "vfork") == 0)
		by_vfork();
	else if (strcmp(mode, "long") == 0)
		live_long();
	else
		forks(strcmp(mode, "deep") == 0 ? 2 : 0);
	return 0;
}
