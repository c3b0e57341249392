/* SPDX-License-Identifier: Apache-2.0 */
/* What a logged call costs on this machine, measured with a call that no system has
 * (ingest/live/kernel/marker.h). */
#ifndef INGEST_LIVE_HOST_OVERHEAD_H
#define INGEST_LIVE_HOST_OVERHEAD_H

#include "store/base/err.h"

#include <stdint.h>

struct overhead {
	double plain_ns;  /* one call without a filter */
	double logged_ns; /* one that makes a record, with room in the audit queue */
	uint32_t records; /* that the measurement made */
};

/* Medians of some rounds in a child. ST_SYSTEM where no filter can be loaded. */
int overhead_measure(struct overhead *out, struct err *e);

#endif
