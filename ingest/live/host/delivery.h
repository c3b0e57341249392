/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Has the kernel make one LOG record (ingest/live/kernel/marker.h) and looks through which of the
 * ways of this machine it comes. A way is a row of `ways` in delivery.c.
 */
#ifndef INGEST_LIVE_HOST_DELIVERY_H
#define INGEST_LIVE_HOST_DELIVERY_H

#include "ingest/live/kernel/netlink.h"
#include "store/base/buf.h"

#define DELIVERY_WAYS 8
#define DELIVERY_MS 2000 /* how long it is worth waiting for a record */

enum delivery_kind {
	DELIVERY_LIVE, /* can be captured while it is made */
	DELIVERY_RING, /* in the kernel's memory until others take its place */
	DELIVERY_KEPT, /* in a file, or the journal's */
};

struct delivery_way {
	const char *name;
	enum delivery_kind kind;
	char *path;         /* of a file; NULL */
	int fd;
	bool open;          /* it could be looked at */
	struct err why;     /* else: why not */
	bool arrived;
	int after_ms;
	struct buf rest;    /* of a file: what may hold the beginning of the record */
};

struct delivery {
	int32_t nr, pid;        /* of the call; pid as this process sees it */
	int32_t record_pid;     /* as the record has it; 0: none came */
	bool made;              /* else: */
	struct err why;
	struct netlink netlink;
	int64_t began;          /* wall time, in seconds */
	struct delivery_way ways[DELIVERY_WAYS];
	size_t n;
};

/*
 * Makes the record and waits until it has come all ways that are open, at most wait_ms. audit_log:
 * where auditd writes. Cannot fail: what does not work is what it finds out. Release it.
 */
void delivery_watch(struct delivery *a, const char *audit_log, int wait_ms);
void delivery_release(struct delivery *a);

/* The first way of this kind by which it came; NULL. */
const struct delivery_way *delivery_by(const struct delivery *a, enum delivery_kind kind);

#endif
