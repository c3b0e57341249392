// SPDX-License-Identifier: Apache-2.0
/* kind: an i386 program that forks
 * build: -m32
 * short: yes */
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

int main(void)
{
	int status;

	fflush(stdout);
	if (fork() == 0) {
		FILE *f = fopen("/etc/passwd", "r");
		char *line = NULL;
		size_t n = 0;

		if (f == NULL || getline(&line, &n, f) <= 0)
			_exit(1);
		execl("/bin/echo", "echo", "exec'd from 32 to 64 bits", (char *)NULL);
		_exit(2);
	}
	nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
	wait(&status);
	printf("%zu bits, child %d\n", sizeof(void *) * 8, WEXITSTATUS(status));
	return 8;
}
