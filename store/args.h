/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Arguments of calls that a rule is worth: what auditd's SYSCALL records told of them. Notes for
 * people, rows of `meta`: a record of seccomp has no arguments, and its event none that these could
 * be matched by.
 */
#ifndef STORE_ARGS_H
#define STORE_ARGS_H

#include "store/base/buf.h"
#include "store/store.h"

#define ARGS_MOST 32 /* values of one argument that are kept */

/* Which of a0 to a3 say what a call is for, as bits: socket's family, type and protocol, ioctl's
 * request; not what are addresses. */
unsigned args_worth(uint32_t arch, int32_t nr);

struct args_row {
	struct bytes comm, exe;
	uint32_t arch;
	int32_t nr;
	unsigned which;
	uint64_t value;
};

/* Adds a value. Under the write lock. */
int args_save(struct store *s, const struct args_row *row, struct err *e);

/* All of them, each value by itself; those of a caller, a call and an argument beside each other.
 */
struct args_take { int (*take)(void *to, const struct args_row *row, struct err *e); void *to; };
int args_each(struct store *s, struct args_take to, struct err *e);

#endif
