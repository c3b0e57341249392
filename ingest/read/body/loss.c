// SPDX-License-Identifier: Apache-2.0
/*
 * Loss markers: lines by which the kernel, auditd, journald or rsyslog say that records were lost.
 */
#include "ingest/read/body.h"

#include "store/base/mem.h"

/* The first number behind `before` in b; 0 when there is none. */
static uint64_t number_after(struct bytes b, struct bytes before)
{
	size_t at = bytes_find(b, before);
	uint64_t v = 0;

	bytes_skip(&b, at + before.n);
	bytes_dec(&b, UINT64_MAX / 2, &v);
	return v;
}

/* "** 57 printk messages dropped **": the console was too slow, and what was read is the console's.
 * source: kernel/printk/printk.c */
static bool of_console(struct bytes b, struct loss *out)
{
	if (!bytes_take(&b, BYTES("** ")) || !bytes_dec(&b, UINT64_MAX / 2, &out->number) ||
	    !bytes_starts(b, BYTES(" printk messages dropped **")))
		return false;
	out->kind = LOSS_PRINTK;
	return true;
}

/* Markers of the kernel's audit code. source: audit_log_lost(), kauditd_printk_skb() in
 * kernel/audit.c */
static bool of_kernel(struct bytes b, struct loss *out)
{
	struct bytes front = b;

	if ((bytes_take(&front, BYTES("kauditd_printk_skb: ")) ||
	     bytes_take(&front, BYTES("audit_printk_skb: ")) ||
	     bytes_take(&front, BYTES("audit_log_start: "))) &&
	    bytes_has(front, BYTES(" callbacks suppressed"))) {
		out->kind = LOSS_PRINTK;
		return bytes_dec(&front, UINT64_MAX / 2, &out->number) > 0;
	}
	bytes_take(&front, BYTES("audit: "));
	if (bytes_starts(front, BYTES("audit_lost="))) {
		out->kind = LOSS_KERNEL;
		out->number = number_after(front, BYTES("audit_lost="));
		return true;
	}
	if (bytes_starts(front, BYTES("audit_backlog=")) ||
	    bytes_starts(front, BYTES("backlog limit exceeded")) ||
	    (bytes_starts(front, BYTES("kauditd ")) &&
	     bytes_has(front, BYTES(" queue overflow"))) ||
	    bytes_starts(front, BYTES("out of memory in audit_log_"))) {
		out->kind = LOSS_BACKLOG;
		return true;
	}
	if (bytes_starts(front, BYTES("rate limit exceeded"))) {
		out->kind = LOSS_RATE;
		return true;
	}
	return false;
}

/* What stands between the kernel and the file: journald and rsyslog own up to some of their losses.
 */
static bool of_loggers(struct bytes b, struct bytes tag, struct loss *out)
{
	/* before: what the number follows; NULL: the line has none */
	static const struct { const char *tag, *says, *before; enum loss_kind kind;
	} rows[] = {
		{ "systemd-journald", "Forwarding to syslog missed ", "missed ", LOSS_JOURNAL },
		{ "systemd-journald", "Missed ", "Missed ", LOSS_JOURNAL },
		{ "systemd-journald", "Suppressed ", "Suppressed ", LOSS_JOURNAL },
		{ "systemd-journald", "/dev/kmsg buffer overrun, some messages lost", NULL,
		  LOSS_JOURNAL },
		{ "systemd-journal", "Missed ", "Missed ", LOSS_JOURNAL },
		{ "systemd-journal", "Suppressed ", "Suppressed ", LOSS_JOURNAL },
		/* RHEL 7 */
		{ "journal", "Suppressed ", "Suppressed ", LOSS_JOURNAL },
		{ "journal", "Missed ", "Missed ", LOSS_JOURNAL },
		{ "journal", "Forwarding to syslog missed ", "missed ", LOSS_JOURNAL },
		{ "rsyslogd", " lost due to rate-limiting", ": ", LOSS_SYSLOG },
		{ "rsyslogd", " lost ", " lost ", LOSS_SYSLOG },
		{ "rsyslogd", "begin to drop messages due to rate-limiting", NULL, LOSS_SYSLOG },
		{ "syslog-ng", "dropping messages", NULL, LOSS_SYSLOG },
		/* source: auditd-dispatch.c and audisp/queue.c of the audit package */
		{ "auditd", "event lost", NULL, LOSS_AUDITD },
		{ "auditd", "dropping event", NULL, LOSS_AUDITD },
		{ "auditd", "suspending logging", NULL, LOSS_AUDITD },
		{ "auditd", "no space left on logging partition", NULL, LOSS_AUDITD },
		{ "auditd", "dispatch error reporting limit reached", NULL, LOSS_AUDITD },
		{ "audispd", "dropping event", NULL, LOSS_AUDITD },
		{ "audisp-remote", "dropping event", NULL, LOSS_AUDITD },
		{ "audisp-syslog", "dropping event", NULL, LOSS_AUDITD },
	};

	/* rsyslog before 8 has the number of the message behind its name: rsyslogd-2177 */
	if (bytes_starts(tag, BYTES("rsyslogd-")))
		tag.n = strlen("rsyslogd");
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		if (!bytes_eq(tag, bytes_of(rows[i].tag)) || !bytes_has(b, bytes_of(rows[i].says)))
			continue;
		out->kind = rows[i].kind;
		out->number =
			rows[i].before == NULL ? 0 : number_after(b, bytes_of(rows[i].before));
		return true;
	}
	return false;
}

static enum line_kind loss_parse(struct bytes b, const struct context *c, struct line *out,
				 struct fields_room *room)
{
	(void)room;
	if (!header_foreign(c) && (of_kernel(b, &out->loss) || of_console(b, &out->loss)))
		return LINE_LOSS;
	if (c->tag.n && of_loggers(b, c->tag, &out->loss))
		return LINE_LOSS;
	return LINE_OTHER;
}

const struct body body_loss = {
	.name = "loss",
	.about = "lines that say that records were lost",
	.words = { { BYTES("callbacks supp"), false },
		   { BYTES("audit_"), false },
		   { BYTES("limit exceeded"), false },
		   { BYTES("issed "), false },
		   { BYTES(" lost"), false },
		   { BYTES("Suppressed "), false },
		   { BYTES("drop"), false },
		   { BYTES("queue overflow"), false },
		   { BYTES(" logging"), false },
		   { BYTES("reporting limit"), false } },
	.parse = loss_parse,
};
