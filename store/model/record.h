/* SPDX-License-Identifier: Apache-2.0 */
/* One parsed type=1326 record, and what a loss marker says. */
#ifndef STORE_MODEL_RECORD_H
#define STORE_MODEL_RECORD_H

#include "store/base/bytes.h"

#define RECORD_COMM_MAX 15 /* of a comm: TASK_COMM_LEN - 1 */

#define RECORD_UNSET 4294967295u /* auid, ses: nobody logged in */

/*
 * Field types are the kernel's own: audit_log_start(), audit_log_task(), audit_seccomp().
 * Valid until the next line is asked for.
 */
struct record {
	int64_t ms;        /* since the epoch, UTC; WHEN_NONE when the form has no time */
	uint64_t ip;
	uint32_t serial;
	bool has_serial;   /* journald's text form has none */
	bool compat, has_subj;
	uint32_t auid, uid, gid, ses, arch, code;
	int32_t pid, sig, nr;
	struct bytes node;             /* n is 0 when the line names none */
	struct bytes comm, exe, subj;  /* comm and exe decoded, subj as written */
};

enum loss_kind {
	LOSS_PRINTK, /* callbacks suppressed: so many lines since the last such marker */
	LOSS_BACKLOG, /* the audit queue was full; how many, it does not say */
	LOSS_KERNEL, /* audit_lost=: total since boot, when printed */
	LOSS_RATE, /* auditctl -r: a rate limit was hit; how many, it does not say */
	LOSS_JOURNAL, /* journald missed or suppressed so many messages */
	LOSS_SYSLOG, /* rsyslog lost so many messages */
	LOSS_AUDITD, /* auditd or its dispatcher lost at least one event; how many, it does not say
		      */
	LOSS_TRACER, /* a tool says that it lost so many events */
	N_LOSS_KINDS,
};

struct loss {
	enum loss_kind kind;
	uint64_t number;     /* 0 when the marker gives none */
	struct bytes node;
	int64_t ms;          /* of the header; WHEN_NONE when it gives no whole date */
	int64_t uptime_us;   /* -1 when the line has none */
};

/* "printk", "backlog", ...: the word in JSON and in the store. */
const char *record_loss_name(enum loss_kind kind);

#endif
