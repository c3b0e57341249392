/* The seccomp filters of a running process, read back from the kernel, and what else confines it. */
#ifndef INGEST_LIVE_FILTERS_H
#define INGEST_LIVE_FILTERS_H

#include "store/base/err.h"
#include "store/base/mem.h"

#include <linux/filter.h>
#include <stdint.h>

struct filter_code { struct sock_filter *v; size_t n; };

struct filters {
	VEC(struct filter_code) v;  /* the one that was loaded last first */
	int32_t thread;             /* of which they were read */
};

/*
 * Stops a thread of the process for some microseconds: one that does not wait in a call that a stop would end with EINTR,
 * if there is one. Needs CAP_SYS_ADMIN, the right to trace it, and to be under no filter itself. ST_SYSTEM with what is
 * missing. Release *out also after a failure. No filters: n is 0.
 *   source: PTRACE_SECCOMP_GET_FILTER in ptrace(2); seccomp_get_filter in kernel/seccomp.c
 */
int filters_read(struct filters *out, int32_t pid, struct err *e);
void filters_release(struct filters *f);

#endif
