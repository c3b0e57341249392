/* SPDX-License-Identifier: Apache-2.0 */
/* The seccomp filters of a running process, read back from the kernel, and what else confines it.
 */
#ifndef INGEST_LIVE_PROCESS_FILTERS_H
#define INGEST_LIVE_PROCESS_FILTERS_H

#include "store/base/err.h"
#include "store/base/mem.h"

#include <linux/filter.h>
#include <stdbool.h>
#include <stdint.h>

struct filter_code { struct sock_filter *v; size_t n; };

struct filters {
	VEC(struct filter_code) v;  /* the one that was loaded last first */
	int32_t thread;             /* of which they were read */
};

/* Do the filters let this call through, whatever its arguments? */
typedef bool filters_pass(const struct filters *f, uint32_t arch, int32_t nr);

/*
 * Stops a thread of the process for some microseconds: one that does not wait in a call that a stop
 * would end with EINTR, if there is one. Needs CAP_SYS_ADMIN, the right to trace it, and to be
 * under no filter itself. ST_SYSTEM with what is missing. Release *out also after a failure. No
 * filters: n is 0. After a stop a wait with a timeout goes on by restart_syscall(2), which the
 * process did not ask for and its filters may refuse, or kill it for. Where `pass` says so, on x86,
 * the wait is begun anew instead, with its whole timeout. source: PTRACE_SECCOMP_GET_FILTER in
 * ptrace(2); seccomp_get_filter in kernel/seccomp.c; arch_do_signal_or_restart in
 *   arch/x86/kernel/signal.c
 */
int filters_read(struct filters *out, int32_t pid, filters_pass *pass, struct err *e);
void filters_release(struct filters *f);

#endif
