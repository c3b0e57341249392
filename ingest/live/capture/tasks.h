/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who forks, execs and ends among a process and all that descends from it, as the kernel's perf
 * events tell it: exact for setsid, double forks, su and namespaces, and invisible to the
 * processes. A program that gains privilege by its setuid bit ends it for itself and what it
 * starts. source: perf_event_open(2), PERF_RECORD_FORK, PERF_RECORD_COMM with
 * PERF_RECORD_MISC_COMM_EXEC, PERF_RECORD_EXIT
 */
#ifndef INGEST_LIVE_CAPTURE_TASKS_H
#define INGEST_LIVE_CAPTURE_TASKS_H

#include "store/base/err.h"
#include "store/base/mem.h"

#include <stdbool.h>
#include <stdint.h>

enum task_kind { TASK_FORK, TASK_THREAD, TASK_EXEC, TASK_EXIT };

struct task_event {
	enum task_kind kind;
	int32_t pid, parent;  /* parent: of TASK_FORK and TASK_THREAD */
	int64_t ns;           /* since the epoch */
};

struct tasks_ring {
	int fd;
	char *at;
	bool full;
}; /* full: it was, and the kernel has not said yet what did not fit */

struct tasks {
	VEC(struct tasks_ring) rings;      /* one a processor */
	VEC(struct task_event) waiting;    /* read, but newer than what was asked for */
	VEC(struct task_event) events;     /* in order of time; valid until the next tasks_read */
	uint64_t lost;                     /* events that the kernel said it had no room for */
};

/* Before `pid`, a child that waits, execs. ST_SYSTEM where perf may not be used. Release it also
 * after a failure. */
int tasks_open(struct tasks *t, int32_t pid, struct err *e);
void tasks_release(struct tasks *t);

/* Fills t->events with all that happened before this call. */
void tasks_read(struct tasks *t);

/*
 * How many events did not fit. The kernel says it with the next event that does, which at the end
 * may never come: then a ring that was full counts as one.
 */
uint64_t tasks_lost(const struct tasks *t);

#endif
