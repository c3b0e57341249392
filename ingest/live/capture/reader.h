/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads the kernel's records in a thread of its own, so that nothing else has to keep up with them,
 * and puts them into a queue together with what is known only while a process lives. Counts what
 * was lost.
 */
#ifndef INGEST_LIVE_CAPTURE_READER_H
#define INGEST_LIVE_CAPTURE_READER_H

#include "ingest/live/capture/descend.h"
#include "ingest/live/capture/exes.h"
#include "ingest/live/capture/gaps.h"
#include "ingest/live/capture/queue.h"
#include "ingest/live/kernel/netlink.h"
#include "store/base/pool.h"

#include <stdatomic.h>

struct reader_options {
	size_t buffer;       /* bytes of the socket; 0: NETLINK_BUFFER */
	const char *spool;   /* see queue_open */
	void (*say)(const char *text); /* called once, by the reader's thread, when the spool takes
					  no more; NULL: nobody listens */
	bool locations;         /* look up cgroups, and which builds of programs run */
};

/* What was read and what was lost. "Complete" is: no gaps, nothing dropped, and the kernel's figure
 * known and unchanged. */
struct reader_figures {
	uint64_t received;       /* messages of all types */
	uint64_t taken;          /* put into the queue */
	uint64_t gaps;           /* serials that never came: the socket was full */
	uint64_t dropped;        /* read, but neither memory nor the spool had room */
	bool lost_known;
	uint32_t lost;           /* by the kernel, before they had a serial: its queue was full */
	uint32_t serial_first, serial_last;
	int64_t t_first, t_last; /* milliseconds since the epoch: between the fences */
	uint64_t looked, vanished; /* processes whose cgroup was looked for; gone by then */
	uint64_t tasks_lost;     /* perf's events, and what was dropped of them */
	uint64_t processes, alive; /* of a command */
	uint64_t spooled;        /* bytes at most */
};

struct reader {
	struct reader_options o;
	struct netlink nl;
	struct queue queue;
	struct gaps *gaps;
	struct reader_figures figures;   /* the thread's; to be read by reader_figures_now */
	pthread_mutex_t figures_lock;
	pthread_t thread;
	bool running;
	atomic_bool stop, failed;
	atomic_bool given_up;            /* nobody will empty the queue any more */
	struct err failure;              /* why the thread ended, where failed */
	bool foreign_pids; /* records name processes otherwise than we do: another pid namespace */
	bool finished;                   /* the figures of serials are those between the fences */
	bool no_marker;                   /* the last one did not come back */
	uint32_t lost_first;
	int32_t mark; /* the call by which a process is found, of which perf tells nothing; 0: none
		       */
	int32_t marked_pid;              /* its pid as records have it; 0: not found */
	size_t rest, n_rest;             /* what came behind the first marker in one go, in nl */
	/* of a command: */
	bool follow;
	struct tasks tasks;
	struct descend descend;
	int64_t settled_ms, pushed_ms;
	bool told;                       /* that the spool takes no more */
	bool burst; /* many records and no new process within the last window */
	int64_t window_ms;
	uint64_t window_received, window_looked;
	struct reader_location *looked;     /* whose cgroup was looked up, by a hash of the pid */
	struct pool locations;              /* encoded, as they were looked up */
	struct exes *exes;               /* NULL: builds are not looked up */
};

/*
 * Opens the socket and makes sure that records come: makes one and waits for it. ST_SYSTEM with the
 * reason where they do not, or where this process is itself logged. Release it also after a
 * failure.
 */
int reader_open(struct reader *r, const struct reader_options *options, struct err *e);

/*
 * From now on only records of this process, a child that waits, and of all that descends from it.
 * ST_SYSTEM where perf may not be used: then all records are taken. Before reader_start.
 */
int reader_follow(struct reader *r, int32_t pid, struct err *e);

int reader_start(struct reader *r, struct err *e);

/* Ends the reading behind a last marker; the queue still holds what came. */
void reader_stop(struct reader *r);
void reader_release(struct reader *r);

struct reader_figures reader_figures_now(struct reader *r);

/* Known to have lost nothing between the fences? When it has ended. */
bool reader_complete(const struct reader *r, const struct reader_figures *f);

#endif
