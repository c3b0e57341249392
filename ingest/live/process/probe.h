/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What filters answer, asked of the kernel without making the call: a child adds a filter that
 * hands the one call to this process (SECCOMP_RET_USER_NOTIF). An older errno, trap or kill is more
 * severe and wins; where the question comes here, all filters let the call pass, with or without a
 * record. It is never made: the child is killed. source: seccomp(2), "user notification"; the order
 * of severity in seccomp_unotify(2)
 */
#ifndef INGEST_LIVE_PROCESS_PROBE_H
#define INGEST_LIVE_PROCESS_PROBE_H

#include "store/base/err.h"

#include <stdint.h>

enum probe_outcome {
	PROBE_PASSES,  /* allow, log or trace: these cannot be told apart */
	PROBE_ERRNO,
	PROBE_SIGSYS,  /* kill or trap: likewise */
	PROBE_UNKNOWN, /* it could not be asked */
};

struct probe_result { enum probe_outcome outcome; int error; };

/*
 * One call of this machine's own architecture, with arguments 0. prepare: NULL, or run in the child
 * before the call, to load filters of its own; what these refuse to seccomp(2) and prctl(2) cannot
 * be asked then. ST_SYSTEM where no such filter can be loaded.
 */
int probe_call(int32_t nr, void (*prepare)(void *to), void *to, struct probe_result *out,
	       struct err *e);

#endif
