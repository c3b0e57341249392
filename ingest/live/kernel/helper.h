/* SPDX-License-Identifier: Apache-2.0 */
/* Other programs whose output is needed: bounded in size and time. */
#ifndef INGEST_LIVE_KERNEL_HELPER_H
#define INGEST_LIVE_KERNEL_HELPER_H

#include "store/base/buf.h"
#include "store/base/err.h"

/*
 * Runs argv (found by $PATH, no shell, stdin and stderr are /dev/null) and adds what it prints to
 * out. ST_SYSTEM where it cannot be run, ends with another status than 0, or takes longer than
 * timeout_ms; then it is killed. What it prints behind max bytes is left out.
 */
int helper_output(const char *const *argv, size_t max, int timeout_ms, struct buf *out,
		  struct err *e);

#endif
