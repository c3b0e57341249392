/* SPDX-License-Identifier: Apache-2.0 */
/* The threads in a file of strace's: found by their ids, each small. For strace.c alone. */
#ifndef INGEST_READ_TOOLS_STRACE_PROC_H
#define INGEST_READ_TOOLS_STRACE_PROC_H

#include "ingest/read/tools/strace_args.h"

/*
 * A call that is held back: of a process whose parent will be told later, by the line that ends the
 * parent's call, or of a program of which it does not show yet whether it is of 32 or 64 bits.
 */
struct waiting {
	int32_t nr, nr_i386;
	uint32_t arch, exe;
	bool failed, execs;
	int64_t ms;
	uint64_t serial;
};
struct waitings { struct waiting *v; size_t n, cap; };

/* A thread. A file may have 100,000 of them, so each is small: texts are ids of the reading's pool,
 * serials are cut to 32 bits. */
struct proc {
	int32_t tid, pid;          /* pid: of its process */
	uint32_t arch, image, comm, exe;
	uint32_t first,
		serial; /* its first line; that of the call that it is in, or was in last: */
	int64_t ms;
	int32_t nr;
	uint32_t text;             /* the program that it execs, the name that it gives itself */
	uint32_t waiting;          /* its calls that are held back: index + 1; 0: none */
	bool inside : 1, forks : 1, execs : 1, threads : 1, names : 1;
	/* what it is in makes a process: as the line that began it said, since its arch may be
	 * told later */
	bool bears : 1;
	bool begun : 1, gone : 1;
	bool undecided : 1;        /* of 32 bits, or of 64? */
	bool waits : 1;            /* for its parent to be told */
};

/* A birth by a parent of whom the same is not known yet: it is told once that is. */
struct birth { struct proc *child, *parent; bool thread; uint32_t serial; int64_t ms; };

#define CHUNK 4096 /* processes that lie together; they never move */
#define SLOTS 256  /* those who made calls last */

struct strace {
	struct { struct proc **v; size_t n, cap; } chunks;
	size_t n;
	struct {
		uint32_t *v;
		size_t cap;
	} at; /* id of a thread -> index + 1: open addressing */
	struct { struct waitings *v; size_t n, cap; } waitings;
	struct { uint32_t *v; size_t n, cap; } unused; /* of these */
	struct { struct birth *v; size_t n, cap; } births;
	struct { const struct proc *of; struct tool_who who; } slots[SLOTS];
	uint32_t images;
	uint64_t versions;
	size_t alive, waiting,
		in_fork; /* of those, and of threads in a fork-type call whose child is not known */
	struct proc *forker;       /* who began such a call last */
	struct proc *last;         /* of the line before */
	struct proc *only;         /* whose lines have no pid */
	bool front;                /* lines have one in front */
	struct strace_days days;
};

/* The i-th. */
struct proc *strace_proc_at(const struct strace *s, size_t i);

/* Whoever has or had that id last, or who has it; NULL: nobody. */
struct proc *strace_proc_known(const struct strace *s, int64_t tid);
struct proc *strace_proc_find(const struct strace *s, int64_t tid);

/* One that begins; it may take the place of one that had its id. */
struct proc *strace_proc_new(struct tool_reading *r, struct strace *s, int32_t tid);

/* The leader goes on with what the thread that called execve was in; that one is gone. */
void strace_proc_supersede(struct strace *s, struct proc *p, int64_t by);

/* An id is another one now: all are found by what they have. */
void strace_proc_index(struct strace *s);

/* What it goes by is another now. */
void strace_proc_renew(struct strace *s, const struct proc *p);
void strace_proc_set_comm(struct tool_reading *r, struct strace *s, struct proc *p,
			  struct bytes comm);
void strace_proc_set_arch(struct strace *s, struct proc *p, uint32_t arch);

/* As whom it makes calls; until the next call. */
struct tool_who *strace_proc_who(struct tool_reading *r, struct strace *s, const struct proc *p);

/* Its calls that are held back; NULL: none. */
struct waitings *strace_proc_waitings(const struct strace *s, const struct proc *p);
void strace_proc_drop_waitings(struct strace *s, struct proc *p);

#endif
