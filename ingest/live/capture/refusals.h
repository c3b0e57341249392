/* SPDX-License-Identifier: Apache-2.0 */
/* Runs a command under a filter of its own and keeps what it was refused, as the kernel's records
 * tell it. */
#ifndef INGEST_LIVE_CAPTURE_REFUSALS_H
#define INGEST_LIVE_CAPTURE_REFUSALS_H

#include "ingest/live/capture/child.h"
#include "ingest/live/capture/reader.h"
#include "store/base/pool.h"

/* What one caller was refused: same comm, exe, call and action. */
struct refusal {
	struct bytes comm, exe;
	uint32_t arch, action;  /* action: ACTION_*, without its data */
	int32_t nr;
	uint64_t times;
};

struct refusals_report {
	VEC(struct refusal) refusals; /* in the order in which they first came */
	struct reader_figures figures;
	uint64_t logged;         /* calls that the filter let through and logged */
	uint64_t damaged;        /* records that could not be read */
	bool complete; /* nothing was lost on the way; without perf's events the machine's others
			  are among them */
	bool followed;
	int status;              /* the command's, or of what kept it from running */
	char failed[1024];       /* why it did not run; empty: it did */
	struct pool strings;
};

/* Loads the filter with SECCOMP_FILTER_FLAG_LOG, or refusals by errno would leave no record. The
 * caller releases *r. */
int refusals_watch(struct refusals_report *r, char *const *argv, const char *user,
		   const struct sock_fprog *filter, struct err *e);
void refusals_release(struct refusals_report *r);

#endif
