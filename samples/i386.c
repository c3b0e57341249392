// SPDX-License-Identifier: Apache-2.0
/* A 32-bit program for samples/i386.log: files, a child, a signal, the time. */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static void on_alarm(int sig)
{
	(void)sig;
}

static void child(const char *path)
{
	char text[64];
	int fd = open(path, O_RDONLY);

	if (fd < 0 || read(fd, text, sizeof(text)) < 0 || lseek(fd, 0, SEEK_END) < 0)
		_exit(1);
	close(fd);
	unlink(path);
	_exit(0);
}

int main(int argc, char **argv)
{
	struct sigaction act = { .sa_handler = on_alarm };
	struct timespec nap = { .tv_nsec = 2000000 };
	struct stat st;
	FILE *f = argc > 1 ? fopen(argv[1], "w") : NULL;

	if (f == NULL)
		return 1;
	fprintf(f, "written by a 32-bit program at %ld\n", (long)time(NULL));
	if (fclose(f) != 0)
		return 1;
	if (stat(argv[1], &st) != 0 || chmod(argv[1], 0640) != 0)
		return 1;
	sigaction(SIGALRM, &act, NULL);
	raise(SIGALRM);
	nanosleep(&nap, NULL);
	free(malloc(1 << 20));
	pid_t pid = fork();

	if (pid == 0)
		child(argv[1]);
	int status = 1;

	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return 1;
	return status != 0;
}
