/* SPDX-License-Identifier: Apache-2.0 */
/* Runs a command under a seccomp filter: a child that waits until everything else is ready, loads
 * the filter and execs. */
#ifndef INGEST_LIVE_CAPTURE_CHILD_H
#define INGEST_LIVE_CAPTURE_CHILD_H

#include "store/base/bytes.h"
#include "store/base/err.h"

#include <linux/filter.h>
#include <stdint.h>

/* What env and timeout return for failures of their own. */
enum { CHILD_FAILED = 125, CHILD_CANNOT_EXEC = 126, CHILD_NOT_FOUND = 127 };

struct child {
	int32_t pid;         /* 0: none */
	int ends;            /* a pidfd, -1: none */
	int go, told;        /* pipes: to it, and from it what failed */
	char *path;          /* what it will exec */
	int found_errno;     /* why there is no path */
	char *const *argv;
	const char *name;
};

/* A filter of one instruction that logs every call of every architecture. */
extern const struct sock_fprog child_log_filter;

/*
 * Forks a child that waits. argv is the command and its arguments, ended by NULL, borrowed; user: a
 * name or number, NULL: as whom this process runs. It loads `filter` with `flags` of seccomp(2);
 * without CAP_SYS_ADMIN under no_new_privs, whereupon setuid programs gain nothing. Release it also
 * after a failure.
 */
int child_start(struct child *c, char *const *argv, const char *user,
		const struct sock_fprog *filter, unsigned flags, struct err *e);

/*
 * Lets it go on; mark: a call that it makes first under its filter, so that its record shows which
 * pid it has there; 0: none. Returns 0 when the command runs, else the status to exit with, and *e
 * says why.
 */
int child_go(struct child *c, int32_t mark, struct err *e);

/*
 * Waits for its end, at most timeout_ms, passing on the signals that somebody sends to it through
 * this process; those of the terminal it gets itself. Returns its exit status, or 128 and the
 * signal's number; -1: it still runs.
 */
int child_poll(struct child *c, int timeout_ms);

void child_release(struct child *c); /* kills it if it still waits */

/* Has the calling process the privilege to load a filter without no_new_privs? */
bool child_is_privileged(void);

#endif
