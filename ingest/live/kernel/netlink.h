/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Records as the kernel sends them to everybody who listens to the audit multicast group; auditd,
 * if there is one, gets its own. Needs CAP_AUDIT_READ in the initial user namespace, and the
 * initial network namespace: in another one the socket opens and nothing ever comes. source:
 * audit_bind, audit_log_end and kauditd_send_multicast_skb in kernel/audit.c
 */
#ifndef INGEST_LIVE_KERNEL_NETLINK_H
#define INGEST_LIVE_KERNEL_NETLINK_H

#include "store/base/bytes.h"
#include "store/base/err.h"

#define NETLINK_BUFFER (64u << 20) /* bytes that may wait in the socket: some 80,000 records */
#define NETLINK_AT_ONCE 64         /* messages that one system call takes */

struct netlink_message {
	struct bytes line; /* as auditd writes it: "type=SECCOMP msg=audit(...", a newline behind it
			      that is not counted */
	unsigned type;          /* AUDIT_* */
	uint32_t serial;
	bool ours;              /* AUDIT_SECCOMP; only such have a line */
};

struct netlink {
	int fd;
	size_t buffer;          /* bytes that the socket got, as asked for by the size of records */
	bool forced;            /* it was not cut to net.core.rmem_max */
	uint64_t overruns; /* how often the kernel said that the socket was full: less than once a
			      lost record */
	char *room;
	struct netlink_message messages[NETLINK_AT_ONCE];
};

/* buffer: bytes asked for. ST_SYSTEM where it may not be opened. Release it also after a failure.
 */
int netlink_open(struct netlink *nl, size_t buffer, struct err *e);
void netlink_release(struct netlink *nl);

/*
 * Takes what is there, at most NETLINK_AT_ONCE messages: *n of them are in nl->messages until the
 * next call. Waits up to timeout_ms for the first one (0: not at all); a signal ends that as the
 * time does.
 */
int netlink_receive(struct netlink *nl, int timeout_ms, size_t *n, struct err *e);

#endif
