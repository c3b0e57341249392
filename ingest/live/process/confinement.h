/* SPDX-License-Identifier: Apache-2.0 */
/* What confines a process besides its filters, as /proc tells it. */
#ifndef INGEST_LIVE_PROCESS_CONFINEMENT_H
#define INGEST_LIVE_PROCESS_CONFINEMENT_H

#include "ingest/live/process/location.h"
#include "store/base/err.h"

#include <stdint.h>

#define CONFINEMENT_NAMESPACES 8

struct confinement {
	int mode, filters; /* seccomp's: 0 none, 1 strict, 2 filters; filters -1: the kernel does
			      not say */
	bool no_new_privs;
	uint64_t effective, bounding; /* capabilities, a bit each */
	struct {
		const char *kind;
		bool known, own;
	} namespaces[CONFINEMENT_NAMESPACES]; /* own: not the machine's first ones */
	struct buf label;            /* of AppArmor or SELinux; empty: none */
	struct location location;          /* its container, pod or unit */
	bool located;
};

/*
 * ST_INPUT: there is no such process. ST_SYSTEM: it cannot be known, for /proc is missing or cannot
 * be read. pid 0: this one. root: see host.h. Release *out in any case.
 */
int confinement_read(struct confinement *out, const char *root, int32_t pid, struct err *e);
void confinement_release(struct confinement *c);

/* The name of a capability's bit; NULL: a newer one. */
const char *confinement_capability(unsigned bit);

#endif
