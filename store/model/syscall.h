/* SPDX-License-Identifier: Apache-2.0 */
/* Syscalls: number to name, and which of them make or end processes. Numbers are what is stored. */
#ifndef STORE_MODEL_SYSCALL_H
#define STORE_MODEL_SYSCALL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SYSCALL_NAME_MAX 48

/*
 * The name of number nr as a record with `arch` has it (x32 numbers keep their bit): libseccomp's,
 * since runtimes take those; else libaudit's; else the small table. False when nobody knows the
 * number; `out` then holds the number itself.
 */
bool syscall_name(uint32_t arch, int32_t nr, char out[SYSCALL_NAME_MAX]);

/* The number of a name on `arch` by libseccomp's table, or INT32_MIN. */
int32_t syscall_number(uint32_t arch, const char *name);

/* The same on x86-64, by our own table where libseccomp's is too old. */
int32_t syscall_number_x86_64(const char *name);

/*
 * Numbers that scaudit calls itself, to see whether records come (ingest/live/kernel/marker.h): no
 * system has them, and records of them are no evidence of anything.
 */
#define SYSCALL_MARKER 0x05ca0000
static inline bool syscall_is_marker(int32_t nr)
{
	return (nr & ~0xffff) == SYSCALL_MARKER;
}

/* Is there such a name, on any architecture, by libseccomp's table or the small one? On this one?
 */
bool syscall_is_known(const char *name);

/* "; did you mean 'futex'?" of x86-64's names, or "" where none is near. */
const char *syscall_meant(const char *name, char out[SYSCALL_NAME_MAX + 24]);

bool syscall_exists(uint32_t arch, const char *name);

/* By the table of the libseccomp that runs here alone? */
bool syscall_in_library(const char *name);

/* The kernel that first had the call, as "6.10", where the small table has it; NULL: it is older,
 * or nobody knows the name. */
const char *syscall_kernel(const char *name);

/* Is that kernel newer than the headers that every distribution of today has (Linux 5.10)? */
bool syscall_is_recent(const char *name);

/* Which tables answer here, and the highest number that they know: "libseccomp 2.5.4, ... up to
 * 469". */
const char *syscall_tables(char *out, size_t size);

enum edge_kind {
	EDGE_NONE,
	EDGE_EXEC,  /* execve, execveat */
	EDGE_FORK,  /* fork, vfork, clone, clone3 (threads too: a record shows no flags) */
	EDGE_EXIT,  /* exit_group */
	/* Events of sources that know processes, not calls: */
	EDGE_BORN,  /* the process began, forked by another */
	EDGE_EXECED,/* an execve came to its end */
	EDGE_GONE,  /* the process ended */
};

/* What a call does to processes, if it succeeds. Made for the hot path: one table look-up. */
enum edge_kind syscall_edge(uint32_t arch, int32_t nr);

#endif
