/* SPDX-License-Identifier: Apache-2.0 */
/* Records live from the kernel into the store, what was lost of them, and where their processes
 * ran. */
#ifndef INGEST_LIVE_CAPTURE_CAPTURE_H
#define INGEST_LIVE_CAPTURE_CAPTURE_H

#include "ingest/batch/run.h"
#include "ingest/live/capture/child.h"
#include "ingest/live/capture/reader.h"
#include "store/store.h"

struct capture_options {
	struct ingest_options ingest;   /* label, policy, version, stop, damaged */
	struct reader_options reader;
	int64_t ms;                     /* how long; 0: until it is stopped */
	uint32_t backlog;               /* the kernel's limit while it runs; 0: as it is */
	char *const *argv; /* a command, whose records alone are taken; NULL: all records */
	const char *user;               /* as whom it runs; NULL: as whom we do */
};

struct capture_report {
	struct ingest_report ingest;
	struct reader_figures figures;
	bool complete; /* no gap, nothing dropped, and the kernel's own loss known and zero */
	bool no_marker;                  /* the end was not seen: the last records may be missing */
	bool forced;                    /* the socket got the buffer that was asked for, or... */
	size_t buffer;                  /* ... so many bytes */
	bool foreign_pids; /* not the initial pid namespace: no cgroups, no events of processes */
	char not_followed[1024];        /* why perf's events were not to be had; empty: they were */
	int status;                     /* of the command, or of what kept it from running */
	uint64_t unsaved; /* after a failure: records that were received and are not in the store */
	int64_t node;
	char failed[1024];              /* why the command did not run; empty: it did */
};

/* Until it is stopped, its time is over, or the command has ended. A command that did not run is no
 * failure: see report. */
int capture_run(struct store *store, const struct capture_options *options,
		struct capture_report *report, struct err *e);

#endif
