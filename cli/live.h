/* SPDX-License-Identifier: Apache-2.0 */
/* The filters of a running process, as code that can be run: for commands with --pid. */
#ifndef CLI_LIVE_H
#define CLI_LIVE_H

#include "analyze/policy/bpf.h"
#include "ingest/live/process/filters.h"

struct live {
	struct filters filters;
	VEC(struct bpf_code) code; /* the filters'; the one that was loaded last first */
};

/* filters_read. Release *out also after a failure. */
int live_read(struct live *out, int32_t pid, struct err *e);
void live_release(struct live *l);

#endif
