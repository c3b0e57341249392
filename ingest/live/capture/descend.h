/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A process and all that descends from it: whose records are theirs, and which of their records a
 * fork, an exec or an end belongs to. Perf tells of these by time, the derivation wants serials.
 */
#ifndef INGEST_LIVE_CAPTURE_DESCEND_H
#define INGEST_LIVE_CAPTURE_DESCEND_H

#include "ingest/live/capture/queue.h"
#include "ingest/live/capture/tasks.h"
#include "store/base/map.h"
#include "store/model/syscall.h"

struct descend {
	VEC(struct descend_process *) all;
	struct map by_pid;      /* pid -> index of the one that has or had it last */
	uint64_t processes;     /* so many there were */
};

void descend_begin(struct descend *d, int32_t pid);
void descend_release(struct descend *d);

/* Events in the order of time. */
void descend_event(struct descend *d, const struct task_event *ev);

/*
 * Is a record of that pid and time (milliseconds since the epoch, as the record has it: up to one
 * tick of the kernel early) one of theirs? Ask only after all events that happened before the
 * record came.
 */
bool descend_has(const struct descend *d, int32_t pid, int64_t t_ms);

/* A record that was theirs, in whatever order of serials; kind: what its call does (syscall_edge).
 */
void descend_record(struct descend *d, int32_t pid, int64_t t_ms, uint32_t serial,
		    enum edge_kind kind);

/*
 * Hands out what happened before `ns` (since the epoch): each with the record of the call that did
 * it, or the last one of a process that ended. What has no record is left out. All records of that
 * time must have come.
 */
void descend_settle(struct descend *d, int64_t ns,
		    void (*take)(void *to, const struct queue_task *task), void *to);

/* How many of them live. */
size_t descend_alive(const struct descend *d);

#endif
