/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Waiting for another process that holds the store: bounded by the clock, ended by a signal, and
 * told after a second, with the process that holds it where the kernel says so.
 */
#ifndef STORE_WAIT_H
#define STORE_WAIT_H

#include "store/base/buf.h"

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#define WAIT_MS 60000 /* how long a process waits for another one, unless it is told otherwise */

struct store_wait {
	int64_t ms;                          /* how long to wait */
	const volatile sig_atomic_t
		*stop; /* a signal came: do not wait any longer; NULL: none is caught */
	int64_t stop_ms;                     /* ... but as long as this in all; 0: end at once */
	void (*say)(void *to, const char *text); /* called once in a wait that takes over a second;
						    NULL: nobody listens */
	void *to;
	bool gave_up;                        /* a signal has ended a wait */
	/* of the wait that goes on */
	int64_t began;                       /* by when_clock_ms; 0: nothing is waited for */
	bool said;
};

/*
 * One more step of a wait: sleeps some milliseconds. False: the time is over or a signal came.
 *   path: the store's file, for wait_holder
 */
bool wait_step(struct store_wait *w, const char *path);

/* The wait is over, one way or the other. */
void wait_end(struct store_wait *w);

/* Was it a signal that ended the wait? */
bool wait_stopped(const struct store_wait *w);

/*
 * Who holds the write lock of a store: "pid 4711 (scaudit forget)", safe for a terminal; "another
 * process" where the kernel does not say (another pid namespace, no /proc). source:
 * sqlite.org/walformat.html 2.3 (byte 120 of the file -shm is WAL_WRITE_LOCK), fileformat2.html
 * (lock bytes of the store's file from 1 GiB on), proc(5) (/proc/locks). The file -shm is not
 * opened: closing it would end the locks of our own process.
 */
void wait_holder(struct buf *out, const char *path);

#endif
