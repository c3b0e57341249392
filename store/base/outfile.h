/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files that the program writes: the only way to one. A file is written beside its place and put
 *there when it is whole, so that a failure at whatever stage leaves what was there as it was.
 *
 *	outfile_open, write to f.to, outfile_complete, outfile_commit; outfile_release in any case
 *
 * Of several that belong together (two at most) all are completed before the first is committed. A
 *signal that ends the program removes what is not committed.
 */
#ifndef STORE_BASE_OUTFILE_H
#define STORE_BASE_OUTFILE_H

#include "store/base/err.h"

#include <stdbool.h>
#include <stdio.h>
#include <sys/stat.h>

struct outfile {
	FILE *to;              /* to write to; what fails is told by outfile_complete */
	int fd;                /* -1: standard output itself */
	int error;             /* errno of the first write that failed */
	char *shown;           /* the name as it was given, safe for a terminal */
	char *path; /* the file that is replaced, all links followed; NULL: it is written into as it
		       is */
	char *temporary; /* what is written until then, in the same folder; NULL: there is none */
};

/*
 * Begins a file. NULL and "-" are standard output. What is no regular file (a pipe, a device,
 * /proc/self/fd/N) is written into. A link stays, and what it points to is replaced, with the mode
 * and, where that is allowed, the owner that it had. All of these fail with ST_SYSTEM, the name and
 * the reason; release it then, too.
 */
int outfile_open(struct outfile *f, const char *name, struct err *e);

/* Ends the writing: no byte is missing, and those of a regular file are on the disk. */
int outfile_complete(struct outfile *f, struct err *e);

/* Puts a completed one in its place. When only its folder cannot be synced, the new one is there,
 * and the message says so. */
int outfile_commit(struct outfile *f, struct err *e);

/* Ends one that was begun, at whatever stage, or is all zero: a temporary that is not committed
 * goes. */
void outfile_release(struct outfile *f);

/* Do both write to one file? Two that were opened. */
bool outfile_same(const struct outfile *a, const struct outfile *b);

/*
 * Has standard output taken all? A reader that went away is no error. Says a failure once: the next
 * call knows only of what came after. outfile_end_stdout closes it, for which nothing may be
 * printed afterwards.
 */
int outfile_flush_stdout(struct err *e);
int outfile_end_stdout(struct err *e);

#endif
