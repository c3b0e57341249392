// SPDX-License-Identifier: Apache-2.0
#include "store/model/record.h"

const char *record_loss_name(enum loss_kind kind)
{
	static const char *const names[N_LOSS_KINDS] = {
		[LOSS_PRINTK] = "printk", [LOSS_BACKLOG] = "backlog", [LOSS_KERNEL] = "kernel",
		[LOSS_RATE] = "rate", [LOSS_JOURNAL] = "journald", [LOSS_SYSLOG] = "rsyslog",
		[LOSS_AUDITD] = "auditd", [LOSS_TRACER] = "tracer",
	};

	return names[kind];
}
