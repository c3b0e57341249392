/* The kernel's audit state, by libaudit: needs CAP_AUDIT_CONTROL in the initial user and pid namespace. */
#ifndef INGEST_AUDIT_H
#define INGEST_AUDIT_H

#include "store/base/err.h"

#include <stdint.h>

struct audit_state {
	uint32_t enabled;       /* 0: off for rules; seccomp's records come nevertheless where a reader is */
	uint32_t daemon;        /* pid of auditd; 0: none, records go to printk */
	uint32_t backlog_limit; /* records; with more waiting, who is logged is put to sleep */
	uint32_t lost;          /* since the machine booted, or since somebody reset it */
};

/* ST_SYSTEM with the reason where it may not be read. */
int audit_read(struct audit_state *out, struct err *e);

/* Sets the backlog limit, in records. */
int audit_set_backlog(uint32_t limit, struct err *e);

#endif
