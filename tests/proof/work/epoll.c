// SPDX-License-Identifier: Apache-2.0
/* kind: an event loop: epoll over inotify, eventfd, signalfd and a socket */
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static void child(const char *dir, int event, int sock)
{
	char path[100];
	FILE *f;

	usleep(10000);
	snprintf(path, sizeof(path), "%s/new", dir);
	f = fopen(path, "w");
	fclose(f);
	usleep(10000);
	if (write(event, &(uint64_t){ 1 }, 8) != 8 || write(sock, "x", 1) != 1)
		_exit(1);
	_exit(0);
}

int main(void)
{
	char dir[] = "/tmp/epollXXXXXX", buf[4096], path[100];
	int fds[4], pair[2], loop = epoll_create1(EPOLL_CLOEXEC), mask = 0;
	sigset_t set;

	if (mkdtemp(dir) == NULL)
		return 1;
	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_BLOCK, &set, NULL);
	socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
	fds[0] = inotify_init1(IN_CLOEXEC);
	fds[1] = eventfd(0, EFD_CLOEXEC);
	fds[2] = signalfd(-1, &set, SFD_CLOEXEC);
	fds[3] = pair[0];
	inotify_add_watch(fds[0], dir, IN_CREATE);
	for (int i = 0; i < 4; i++)
		epoll_ctl(loop, EPOLL_CTL_ADD, fds[i],
			  &(struct epoll_event){ .events = EPOLLIN, .data.u32 = (uint32_t)i });
	if (fork() == 0)
		child(dir, fds[1], pair[1]);
	while (mask != 15) {
		struct epoll_event got[4];
		int n = epoll_wait(loop, got, 4, 5000);

		if (n <= 0)
			return 2;
		for (int i = 0; i < n; i++) {
			if (read(fds[got[i].data.u32], buf, sizeof(buf)) <= 0)
				return 3;
			mask |= 1 << got[i].data.u32;
		}
	}
	wait(NULL);
	snprintf(path, sizeof(path), "%s/new", dir);
	unlink(path);
	rmdir(dir);
	printf("all %d\n", mask);
	return 0;
}
