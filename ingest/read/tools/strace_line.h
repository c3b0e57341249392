/* SPDX-License-Identifier: Apache-2.0 */
/* One line of strace's, whatever options it ran with. It borrows from the line. */
#ifndef INGEST_READ_TOOLS_STRACE_LINE_H
#define INGEST_READ_TOOLS_STRACE_LINE_H

#include "store/base/bytes.h"

enum strace_kind {
	STRACE_OTHER,       /* none of strace's */
	STRACE_NOISE,       /* its own, and about no call: a stack, a dump, a signal */
	STRACE_CALL,        /* a whole call */
	STRACE_UNFINISHED,  /* its beginning */
	STRACE_RESUMED,     /* its end */
	STRACE_CUT,         /* a call whose line ends too early */
	STRACE_GONE,        /* "+++ exited with 0 +++" */
	STRACE_SUPERSEDED,  /* "+++ superseded by execve in pid N +++" */
	STRACE_ATTACHED,    /* "strace: Process N attached" */
	STRACE_PERSONALITY, /* "[ Process PID=N runs in 32 bit mode. ]" */
	STRACE_TRUNCATED,   /* "[Output Truncated]" */
};

enum strace_clock { STRACE_NO_TIME, STRACE_DAY, STRACE_EPOCH };

struct strace_line {
	enum strace_kind kind;
	enum strace_clock clock;
	int64_t ms;           /* since the epoch, or since midnight */
	int64_t pid;          /* in front; -1: none */
	int64_t other;        /* of GONE's kin, ATTACHED and PERSONALITY: the pid that it names */
	struct bytes comm;    /* of -Y, behind the pid; n 0: none */
	struct bytes name;    /* of the call; n 0 where only its number is known */
	int64_t nr;           /* -n, or syscall_0x1d7; -1: not shown */
	struct bytes args;    /* as far as they are here */
	struct bytes result;  /* behind " = "; n 0: none */
	bool failed;          /* it returned an error */
	bool attached; /* an unfinished call's line ends in "strace: Process N attached", N in other
			*/
	char mode;            /* '3', '6', 'x': the personality */
};

void strace_parse(struct bytes line, struct strace_line *out);

/* Has the first line a pid in front? */
bool strace_has_pid(struct bytes text);

/* The number that a result begins with; -1: it is none. */
int64_t strace_result(const struct strace_line *l);

#endif
