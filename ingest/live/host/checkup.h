/* SPDX-License-Identifier: Apache-2.0 */
/* What doctor looks at, and what it finds: a finding is a row of `rows` in checkup.c. */
#ifndef INGEST_LIVE_HOST_CHECKUP_H
#define INGEST_LIVE_HOST_CHECKUP_H

#include "ingest/live/host/delivery.h"
#include "ingest/live/host/overhead.h"
#include "ingest/live/host/host.h"
#include "ingest/live/kernel/audit.h"
#include "store/base/mem.h"

enum state { STATE_OK, STATE_WARN, STATE_FAIL, STATE_UNKNOWN };

struct finding {
	const char *what;
	enum state state;
	struct buf found, todo; /* escaped; todo is empty where nothing is to be done */
};

/* Whether records are made and kept. */
enum outcome {
	OUTCOME_KEPT,    /* one arrived in a file or in the journal */
	OUTCOME_LIVE,    /* one arrived by netlink alone: all can be captured */
	OUTCOME_RING,    /* one arrived in the kernel's ring alone */
	OUTCOME_UNKNOWN, /* none was seen, but nothing could be looked at either */
	OUTCOME_NONE,    /* none is made or kept */
};

struct checkup {
	const char *root;       /* "" */
	const char *pid;        /* of --pid; NULL */
	struct buf avail, logged, config, audit_log;
	bool has_avail, has_logged, has_config;
	char config_from[256];
	int audit_absent;       /* errno */
	struct audit_state audit;
	bool audit_known;
	struct err audit_why;
	struct audit_excludes excludes;
	bool excludes_known;
	int daemon; /* pid of who takes the records from the kernel; 0: nobody is seen */
	struct delivery delivery;
	struct overhead overhead;
	bool overhead_known;
	struct err overhead_why;
	VEC(struct finding) findings;
	enum outcome outcome;
	struct buf verdict;
};

/* pid: a process to look at; NULL. Makes one record, and some more to measure. Release it. */
void checkup_run(struct checkup *c, const char *root, const char *pid);
void checkup_release(struct checkup *c);

#endif
