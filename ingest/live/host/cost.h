/* What a logged call costs on this machine, measured with a call that no system has (ingest/live/kernel/fence.h). */
#ifndef INGEST_LIVE_HOST_COST_H
#define INGEST_LIVE_HOST_COST_H

#include "store/base/err.h"

#include <stdint.h>

struct cost {
	double plain_ns;  /* one call without a filter */
	double logged_ns; /* one that makes a record, with room in the audit queue */
	uint32_t records; /* that the measurement made */
};

/* Medians of some rounds in a child. ST_SYSTEM where no filter can be loaded. */
int cost_measure(struct cost *out, struct err *e);

#endif
