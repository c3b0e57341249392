// SPDX-License-Identifier: Apache-2.0
/*
 * drain: reads the audit multicast group and throws away what comes: what reading alone costs,
 *beside scaudit capture.
 *
 *	drain recv | drain doze      recv: one blocking call a record; doze: what is there, then
 *half a millisecond of sleep
 *
 * Until SIGTERM; then "records=N overruns=N".
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <linux/audit.h>
#include <linux/netlink.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { AT_ONCE = 64, RECORD = 9216, QUEUE = 64 << 20 };

static volatile sig_atomic_t stop;

static void on_signal(int number)
{
	stop = number;
}

int main(int argc, char **argv)
{
	static char room[AT_ONCE][RECORD];
	struct sockaddr_nl group = { .nl_family = AF_NETLINK,
				     .nl_groups = 1u << (AUDIT_NLGRP_READLOG - 1) };
	struct mmsghdr heads[AT_ONCE] = { 0 };
	struct iovec parts[AT_ONCE];
	struct sigaction act = { .sa_handler = on_signal };
	int fd = socket(AF_NETLINK, SOCK_RAW, NETLINK_AUDIT), size = QUEUE,
	    doze = argc > 1 && strcmp(argv[1], "doze") == 0;
	unsigned long records = 0, overruns = 0;
	struct pollfd p = { .fd = fd, .events = POLLIN };

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) != 0 ||
	    bind(fd, (const struct sockaddr *)&group, sizeof(group)) != 0) {
		perror("drain");
		return 1;
	}
	sigaction(SIGTERM, &act, NULL);
	for (int i = 0; i < AT_ONCE; i++) {
		parts[i] = (struct iovec){ room[i], RECORD };
		heads[i].msg_hdr.msg_iov = &parts[i];
		heads[i].msg_hdr.msg_iovlen = 1;
	}
	while (!stop) {
		int n = doze ? recvmmsg(fd, heads, AT_ONCE, MSG_DONTWAIT, NULL) :
			recv(fd, room[0], RECORD, 0) > 0 ? 1 :
							   -1;

		records += n > 0 ? (unsigned long)n : 0;
		overruns += n < 0 && errno == ENOBUFS;
		if (doze && n < 0)
			poll(&p, 1, 50);
		else if (doze && n < AT_ONCE)
			usleep(500);
	}
	printf("records=%lu overruns=%lu\n", records, overruns);
	return 0;
}
