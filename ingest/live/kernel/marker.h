/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A marker: one record that scaudit has the kernel make, of a call whose number no system has. Its
 * record shows that records come, and what was made before it has come before it (but for some
 * dozens of serials).
 */
#ifndef INGEST_LIVE_KERNEL_MARKER_H
#define INGEST_LIVE_KERNEL_MARKER_H

#include "store/base/err.h"

#include <stdint.h>

/*
 * Has a child make the call under a filter that logs it alone. *nr: its number, drawn at random,
 * see syscall_is_marker; *pid: that of the child, as this process sees it. ST_SYSTEM where no
 * filter can be loaded.
 */
int marker_make(int32_t *nr, int32_t *pid, struct err *e);

/* The parts: draws a number; loads the filter that logs its calls, for good, and returns 0 or the
 * errno. */
int marker_number(int32_t *nr, struct err *e);
int marker_load(int32_t nr);

/*
 * Loads a filter under no_new_privs that answers one call so and allows all others; flags: of
 * seccomp(2). Returns what that does: 0 or a descriptor, -1 with errno. In a child after a fork,
 * too.
 */
int marker_filter(int32_t nr, uint32_t action, unsigned flags);

#endif
