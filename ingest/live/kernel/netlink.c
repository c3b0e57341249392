// SPDX-License-Identifier: Apache-2.0
/* The multicast socket of the audit system: opens it, and reads messages in bulk. */
#include "ingest/live/kernel/netlink.h"

#include "ingest/read/lines.h"
#include "store/base/mem.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/netlink.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define MESSAGE_MAX (NLMSG_HDRLEN + 8970) /* MAX_AUDIT_MESSAGE_LENGTH of kernel/audit.c */

/* What auditd puts before the text takes one byte more than the header of the message that stands
 * there. */
static const char front[] = "type=SECCOMP msg=";
#define FRONT (sizeof(front) - 1)
#define BEFORE (FRONT - NLMSG_HDRLEN)
#define ROOM ((BEFORE + MESSAGE_MAX + 1 + LINES_SLACK + 63) / 64 * 64)

int netlink_open(struct netlink *nl, size_t buffer, struct err *e)
{
	struct sockaddr_nl group = { .nl_family = AF_NETLINK,
				     .nl_groups = 1u << (AUDIT_NLGRP_READLOG - 1) };
	int size = (int)buffer, got = 0;
	socklen_t n = sizeof(got);

	*nl = (struct netlink){ .fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_AUDIT) };
	if (nl->fd < 0)
		return err_set(e, ST_SYSTEM,
			       "no audit socket: %s (was the kernel built with CONFIG_AUDIT?)",
			       strerror(errno));
	nl->forced = setsockopt(nl->fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) == 0;
	if (!nl->forced)
		setsockopt(nl->fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	/* the kernel doubles what is asked for, to have room for its own */
	if (getsockopt(nl->fd, SOL_SOCKET, SO_RCVBUF, &got, &n) == 0)
		nl->buffer = (size_t)got / 2;
	if (bind(nl->fd, (const struct sockaddr *)&group, sizeof(group)) != 0)
		return err_set(
			e, ST_SYSTEM,
			errno == EPERM ?
				"reading audit records needs CAP_AUDIT_READ (run it as root)" :
				"cannot listen to audit records: %s",
			strerror(errno));
	nl->room = mem_alloc(NETLINK_AT_ONCE * ROOM);
	return 0;
}

void netlink_release(struct netlink *nl)
{
	mem_close_at(&nl->fd);
	free(nl->room);
	*nl = (struct netlink){ .fd = -1 };
}

/* The serial of "audit(1795494577.755:214): ..."; 0 where it has none. */
static uint32_t serial_of(struct bytes text)
{
	uint64_t v = 0;

	bytes_until(&text, ':');
	bytes_skip(&text, 1);
	bytes_dec(&text, UINT32_MAX, &v);
	return (uint32_t)v;
}

/*
 * Makes a line of a message that lies at `at`, n bytes long: the datagram's length counts,
 * nlmsg_len is not always set to the whole.
 */
static void read_message(struct netlink_message *m, char *at, size_t n)
{
	struct nlmsghdr head = { 0 };
	struct bytes text;

	*m = (struct netlink_message){ 0 };
	if (n <= NLMSG_HDRLEN)
		return;
	memcpy(&head, at, sizeof(head));
	text = (struct bytes){ at + NLMSG_HDRLEN, n - NLMSG_HDRLEN };
	while (text.n && (text.p[text.n - 1] == '\0' || text.p[text.n - 1] == '\n'))
		text.n--;
	m->type = head.nlmsg_type;
	m->serial = serial_of(text);
	m->ours = m->type == AUDIT_SECCOMP;
	if (!m->ours)
		return;
	memcpy(at - BEFORE, front, FRONT);
	at[NLMSG_HDRLEN + text.n] = '\n';
	m->line = (struct bytes){ at - BEFORE, FRONT + text.n };
}

int netlink_receive(struct netlink *nl, int timeout_ms, size_t *n, struct err *e)
{
	struct mmsghdr heads[NETLINK_AT_ONCE] = { 0 };
	struct iovec parts[NETLINK_AT_ONCE];
	struct pollfd p = { .fd = nl->fd, .events = POLLIN };
	int got, ready = 1;

	*n = 0;
	for (size_t i = 0; i < NETLINK_AT_ONCE; i++) {
		parts[i] = (struct iovec){ nl->room + i * ROOM + BEFORE, MESSAGE_MAX };
		heads[i].msg_hdr.msg_iov = &parts[i];
		heads[i].msg_hdr.msg_iovlen = 1;
	}
	got = recvmmsg(nl->fd, heads, NETLINK_AT_ONCE, MSG_DONTWAIT, NULL);
	if (got < 0 && errno == EAGAIN && timeout_ms != 0) {
		ready = poll(&p, 1, timeout_ms);
		if (ready == 0)
			return 0;
		if (ready > 0)
			got = recvmmsg(nl->fd, heads, NETLINK_AT_ONCE, MSG_DONTWAIT, NULL);
	}
	if (got < 0 && ready > 0 && errno == ENOBUFS)
		nl->overruns++;
	else if (got < 0 && errno != EAGAIN && errno != EINTR)
		return err_set(e, ST_SYSTEM, "cannot read audit records: %s", strerror(errno));
	for (int i = 0; i < got; i++)
		read_message(&nl->messages[i], parts[i].iov_base, heads[i].msg_len);
	*n = got > 0 ? (size_t)got : 0;
	return 0;
}
