/* SPDX-License-Identifier: Apache-2.0 */
/* The kernel's audit state, by libaudit: needs CAP_AUDIT_CONTROL in the initial user and pid
 * namespace. */
#ifndef INGEST_LIVE_KERNEL_AUDIT_H
#define INGEST_LIVE_KERNEL_AUDIT_H

#include "store/base/err.h"

#include <stdint.h>

struct audit_state {
	uint32_t enabled; /* 0: off for rules; seccomp's records come nevertheless where a reader is
			   */
	uint32_t daemon;        /* pid of auditd; 0: none, records go to printk */
	uint32_t backlog_limit; /* records; with more waiting, who is logged is put to sleep */
	uint32_t lost;          /* since the machine booted, or since somebody reset it */
	uint32_t rate_limit;    /* records a second, all else is lost; 0: no limit */
	uint32_t failure;       /* what the kernel does when a record is lost: 2 is a panic */
};

/* Has the kernel audit? 0: yes; else the errno: EPROTONOSUPPORT where it was built without, or
 * booted with audit=0. */
int audit_absent(void);

/* ST_SYSTEM with the reason where it may not be read. */
int audit_read(struct audit_state *out, struct err *e);

/* Sets the backlog limit, in records. */
int audit_set_backlog(uint32_t limit, struct err *e);

/*
 * Of the rules of the exclude list: how many hide all records of seccomp, and how many hide some of
 * them, by user, program or the like.
 */
struct audit_excludes {
	uint32_t all, some;
};

struct audit_rule_data;
void audit_count_rule(struct audit_excludes *out,
		      const struct audit_rule_data *rule); /* one rule of the kernel's */
int audit_read_excludes(struct audit_excludes *out, struct err *e);

#endif
