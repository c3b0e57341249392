// SPDX-License-Identifier: Apache-2.0
/* What stands before a record where people collect logs: in their language, on phones, in
 * containers, in lists. */
#include "tests/test.h"

#include "ingest/read/body.h"
#include "store/base/when.h"

#define WHO "auid=4294967295 uid=1000 gid=1000 ses=3 pid=4711 comm=\"shopd\" exe=\"/usr/bin/shopd\""
#define CALL " sig=0 arch=c000003e syscall=41 compat=0 ip=0x7f2431667e63 code=0x7ffc0000"
#define RECORD "audit(1795518350.089:7710): " WHO CALL
#define KERNEL "audit: type=1326 " RECORD
#define OLD "type=1326 " RECORD
#define AUDITD "type=SECCOMP msg=" RECORD
#define JOURNALD "SECCOMP " WHO CALL
#define MS 1795518350089

enum want {
	RECORDED,
	PRESENT,
	BROKEN,
	NOT_OURS
}; /* an event; without a serial; damaged; not ours */

static struct row { const char *name, *line; enum want want; const char *node;
} rows[] = {
	/* journalctl's short form, months of the user's locale */
	{ "month: de", "Mär 24 11:05:50 box kernel: " KERNEL, RECORDED, "box" },
	{ "month: de, December", "Dez 24 11:05:50 box kernel: " KERNEL, RECORDED, "box" },
	{ "month: fr", "févr. 24 11:05:50 box kernel: " KERNEL, RECORDED, "box" },
	{ "month: fr, August", "août 24 11:05:50 box kernel: " KERNEL, RECORDED, "box" },
	{ "month: ru", "дек 24 11:05:50 box kernel: " KERNEL, RECORDED, "box" },
	{ "month: el", "Μαρ 24 11:05:50 box kernel: " KERNEL, RECORDED, "box" },
	{ "month: ja, with its blank", " 3月 24 11:05:50 box kernel: " KERNEL, RECORDED, "box" },
	{ "month: zh", "11月 24 11:05:50 box kernel: " KERNEL, RECORDED, "box" },
	{ "month: ko", "11월 24 11:05:50 box kernel: " KERNEL, RECORDED, "box" },
	{ "month: vi, two words", "Thg 3 24 11:05:50 box kernel: " KERNEL, RECORDED, "box" },
	{ "month: th", "มี.ค. 24 11:05:50 box kernel: " KERNEL, RECORDED, "box" },
	{ "month: hi", "मार्च 24 11:05:50 box kernel: " KERNEL, RECORDED, "box" },
	{ "month: he", "מרץ 24 11:05:50 box kernel: " KERNEL, RECORDED, "box" },
	{ "month: ar, its own digits", "مارس ٢٤ 11:05:50 box kernel: " KERNEL, RECORDED, "box" },
	{ "month: a number", "03 24 11:05:50 box kernel: " KERNEL, RECORDED, "box" },
	{ "month: audit transport", "Mär 24 11:05:50 box audit[4711]: " JOURNALD, PRESENT, "box" },
	{ "month: Latin-1", "M\xe4r 24 11:05:50 box kernel: " KERNEL, RECORDED, "box" },
	{ "day before month", "24. Mär 11:05:50 box kernel: " KERNEL, RECORDED, "box" },
	{ "year behind the day", "Nov 24, 2026 11:05:50 box kernel: " KERNEL, RECORDED, "box" },
	{ "short-full: de", "Di 2026-11-24 11:05:50 CET box kernel: " KERNEL, RECORDED, "box" },
	{ "short-full: ja", "火 2026-11-24 11:05:50 JST box kernel: " KERNEL, RECORDED, "box" },
	{ "short-full: zone in figures", "mar. 2026-11-24 11:05:50 -03 box audit[4711]: " JOURNALD,
	  PRESENT, "box" },
	{ "date and time apart", "2026-11-24 11:05:50.089 box kernel: " KERNEL, RECORDED, "box" },
	{ "date, time, zone", "2026-11-24 11:05:50 UTC box kernel: " KERNEL, RECORDED, "box" },
	{ "month: a text that is no date", "it was at 11:05:50 that kernel: " KERNEL, BROKEN, "" },
	{ "month: another program", "Mär 24 11:05:50 box shop: " KERNEL, NOT_OURS, "" },
	{ "month: a pid beside kernel", "Mär 24 11:05:50 box kernel[9]: " KERNEL, NOT_OURS, "" },
	/* levels where others have the host; facilities in words */
	{ "ChromeOS", "2026-11-24T11:05:50.097724Z NOTICE kernel: [   14.159104] " KERNEL, RECORDED,
	  "" },
	{ "ChromeOS: audit", "2026-11-24T11:05:50.098000+00:00 INFO audit[4711]: " JOURNALD,
	  PRESENT, "" },
	{ "ChromeOS: another program", "2026-11-24T11:05:50Z ERR shop[9]: " KERNEL, NOT_OURS, "" },
	{ "a host in capitals", "2026-11-24T11:05:50Z NODE7 kernel: " KERNEL, RECORDED, "NODE7" },
	{ "OpenWrt", "Tue Nov 24 11:05:50 2026 kern.notice kernel: [ 316.792675] " KERNEL, RECORDED,
	  "" },
	{ "OpenWrt: written by a user", "Tue Nov 24 11:05:50 2026 user.notice kernel: " KERNEL,
	  NOT_OURS, "" },
	{ "OpenWrt, sent to a server",
	  "Nov 24 11:05:50 ap-3 kern.notice kernel: [ 316.792675] " KERNEL, RECORDED, "ap-3" },
	{ "a host with a point in it", "Nov 24 11:05:50 node.local kernel: " KERNEL, RECORDED,
	  "node.local" },
	/* what is left of a line */
	{ "kernel: alone", "kernel: " KERNEL, RECORDED, "" },
	{ "kernel: and its stamp", "kernel: [1111591.764888] " KERNEL, RECORDED, "" },
	{ "kernel: and the host", "box kernel: [1111591.764888] " KERNEL, RECORDED, "box" },
	{ "kernel: twice", "kernel: kernel: " KERNEL, BROKEN, "" },
	{ "kernel: in words", "see what the kernel: " KERNEL, BROKEN, "" },
	/* auditd's lines behind a tag of the user's choice */
	{ "imfile", "Nov 24 11:05:50 node01 tag_audit_log: " AUDITD, RECORDED, "node01" },
	{ "imfile: RFC 5424, local6",
	  "<182>1 2026-11-24T11:05:50.097724+00:00 node01 audit_log - - - " AUDITD, RECORDED,
	  "node01" },
	{ "imfile: a forwarder with a pid", "Nov 24 11:05:50 node01 nxlog[81]: node=web7 " AUDITD,
	  RECORDED, "web7" },
	{ "imfile: as if by the kernel, facility user",
	  "<13>Nov 24 11:05:50 node01 kernel: " AUDITD, NOT_OURS, "" },
	{ "imfile: as if by audit, with a pid", "Nov 24 11:05:50 node01 audit[4711]: " AUDITD,
	  NOT_OURS, "" },
	{ "imfile: a sentence before it", "Nov 24 11:05:50 node01 sshd[77]: Invalid user " AUDITD,
	  NOT_OURS, "" },
	{ "imfile: the kernel's form is a quotation",
	  "Nov 24 11:05:50 node01 tag_audit_log: " KERNEL, NOT_OURS, "" },
	/* containers */
	{ "CRI", "2026-11-24T11:05:50.097724123Z stdout F " AUDITD, RECORDED, "" },
	{ "CRI: stderr", "2026-11-24T11:05:50.097724123+01:00 stderr F " KERNEL, RECORDED, "" },
	{ "CRI: a syslog line",
	  "2026-11-24T11:05:50.097724123Z stdout F Nov 24 11:05:50 node01 kernel: " KERNEL,
	  RECORDED, "node01" },
	{ "CRI: journald's form has no time by it",
	  "2026-11-24T11:05:50.097724+0000 stdout F " JOURNALD, PRESENT, "" },
	{ "docker logs -t", "2026-11-24T11:05:50.097724123Z " AUDITD, RECORDED, "" },
	{ "compose", "collector-1  | " AUDITD, RECORDED, "" },
	{ "compose: a syslog line", "log | Nov 24 11:05:50 node01 kernel: " KERNEL, RECORDED,
	  "node01" },
	{ "kubectl logs --prefix", "[pod/audit-x7x2k/reader] " AUDITD, RECORDED, "" },
	{ "kubectl logs --prefix --timestamps",
	  "[pod/audit-x7x2k/reader] 2026-11-24T11:05:50.097724123Z " KERNEL, RECORDED, "" },
	{ "kubectl logs --prefix, a kernel line", "[pod/audit-x7x2k/reader] [ 2076.263835] " KERNEL,
	  RECORDED, "" },
	/* lists and quotations */
	{ "bullet: -", "- " KERNEL, RECORDED, "" },
	{ "bullet: *, indented", "  * Nov 24 11:05:50 node01 kernel: " KERNEL, RECORDED, "node01" },
	{ "bullet: a point", "• " AUDITD, RECORDED, "" },
	{ "bullet: a number", "12. " KERNEL, RECORDED, "" },
	{ "bullet: a number and a bracket", "3) [ 2076.263835] " KERNEL, RECORDED, "" },
	{ "bullet: a mail's quotation", "> > " KERNEL, RECORDED, "" },
	{ "bullet: a quotation of a quotation", ">> " KERNEL, RECORDED, "" },
	{ "bullet: a row of a table", "| " KERNEL " |", RECORDED, "" },
	{ "code", "`" AUDITD "`", RECORDED, "" },
	{ "code, three marks", "```" KERNEL "```", RECORDED, "" },
	{ "code in a list", "- `" KERNEL "`", RECORDED, "" },
	{ "strong", "**" KERNEL "**", RECORDED, "" },
	{ "strong, its end is lost", "**" KERNEL, BROKEN, "" },
	{ "stern", "web-5d9f8-x2k1 reader " AUDITD, RECORDED, "" },
	{ "stern, all namespaces", "shop web-5d9f8-x2k1 reader " KERNEL, RECORDED, "" },
	{ "stern, with its mark", "web-5d9f8-x2k1 › reader " AUDITD, RECORDED, "" },
	{ "stern: a sentence is none",
	  "see-also this "
	  "and " KERNEL,
	  BROKEN, "" },
	{ "stern: one word is none", "web-5d9f8-x2k1 " KERNEL, BROKEN, "" },
	{ "short-delta", "[ 2076.263835 <    0.000100 >] node01 kernel: " KERNEL, RECORDED,
	  "node01" },
	{ "RFC 5424: its mark of UTF-8",
	  "<133>1 2026-11-24T11:05:50.097724+00:00 node01 audit - - - \xef\xbb\xbf" AUDITD,
	  RECORDED, "node01" },
	{ "imfile: audit as the tag, a user's facility",
	  "<181>Nov 24 11:05:50 node01 audit: " AUDITD, RECORDED, "node01" },
	{ "imfile: kernel as the tag is a forgery", "<181>Nov 24 11:05:50 node01 kernel: " AUDITD,
	  NOT_OURS, "" },
	{ "bullet: a dash is no sentence", "- see " KERNEL, BROKEN, "" },
	/* Android */
	{ "logcat: threadtime", "11-24 11:05:50.412   959   959 E audit   : " OLD, RECORDED, "" },
	{ "logcat: auditd", "11-24 11:05:50.412   191   238 I auditd  : " OLD, RECORDED, "" },
	{ "logcat: year and zone", "2026-11-24 11:05:50.412 +0100   959   959 W auditd  : " OLD,
	  RECORDED, "" },
	{ "logcat: uid", "11-24 11:05:50.412  logd   959   959 W auditd  : " OLD, RECORDED, "" },
	{ "logcat: epoch", "1795518350.412   959   959 W auditd  : " OLD, RECORDED, "" },
	{ "logcat: brief", "W/audit   (  959): " OLD, RECORDED, "" },
	{ "logcat: tag", "W/auditd  : " OLD, RECORDED, "" },
	{ "logcat: time", "11-24 11:05:50.412 W/auditd  (  959): " OLD, RECORDED, "" },
	{ "logcat: Studio",
	  "2026-11-24 11:05:50.412   959-959   audit                   pid-959                              E  " OLD,
	  RECORDED, "" },
	{ "logcat: Studio before 2022", "2026-11-24 11:05:50.412 959-959/? E/audit: " OLD, RECORDED,
	  "" },
	{ "logcat: process", "W(  959) " OLD "  (auditd)", RECORDED, "" },
	{ "logcat: process, of an app", "W( 4711) " OLD "  (MyApp)", NOT_OURS, "" },
	{ "logcat: the tag is the program's", "11-24 11:05:50.412  4711  4711 W shopd   : " OLD,
	  RECORDED, "" },
	{ "logcat: the tag is an app's", "11-24 11:05:50.412  4711  4711 W MyApp   : " OLD,
	  NOT_OURS, "" },
	{ "logcat: an app's, damaged",
	  "11-24 11:05:50.412  4711  4711 W MyApp   : type=1326 audit(1795518350.089:7710): auid=",
	  NOT_OURS, "" },
	{ "logcat: no time in the stamp",
	  "11-24 11:05:50.412   191   238 I auditd  : type=1326 audit(0.0:175): " WHO CALL, PRESENT,
	  "" },
	{ "no time in the stamp, of an emulated kernel", "audit: type=1326 audit(0.0:0): " WHO CALL,
	  PRESENT, "" },
	{ "a clock at the epoch is a time", "audit: type=1326 audit(0.004:3): " WHO CALL, RECORDED,
	  "" },
};

static void check(void **state)
{
	const struct row *r = *state;
	struct body_room room = { 0 };
	struct line l;
	char *copy = exact_copy(bytes_of(r->line));

	body_parse_line((struct bytes){ copy, strlen(r->line) }, &l, &room);
	if (r->want == BROKEN || r->want == NOT_OURS) {
		assert_int_equal(l.kind, r->want == BROKEN ? LINE_DAMAGED : LINE_OTHER);
	} else {
		if (l.kind != LINE_RECORD)
			fail_msg("kind %d: %s", (int)l.kind,
				 l.kind == LINE_DAMAGED ? l.reason : "");
		assert_bytes(l.rec.node, r->node);
		assert_bytes(l.rec.comm, "shopd");
		assert_int_equal(l.rec.pid, 4711);
		assert_int_equal(l.rec.has_serial, r->want == RECORDED);
		if (r->want == PRESENT)
			assert_true(l.rec.ms == WHEN_NONE);
		else if (strstr(r->line, "(1795518350") != NULL)
			assert_true(l.rec.ms == MS && l.rec.serial == 7710);
		/* nothing but auditd's own line at column 0 may be trusted */
		assert_false(l.auditd_form && !l.indented);
	}
	body_room_release(&room);
	free(copy);
}

/* Whatever a line is cut to, nobody reads behind it, and no part of it is a record. */
static void a_cut_line_is_no_record(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const char *code = strstr(rows[i].line, "code=0x");
		size_t whole =
			code == NULL ? strlen(rows[i].line) : (size_t)(code - rows[i].line) + 15;

		for (size_t n = 0; n < whole; n++) {
			struct body_room room = { 0 };
			struct line l;
			char *copy = exact_copy((struct bytes){ rows[i].line, n });

			body_parse_line((struct bytes){ copy, n }, &l, &room);
			if (l.kind == LINE_RECORD)
				fail_msg("%s: %zu bytes are a record", rows[i].name, n);
			body_room_release(&room);
			free(copy);
		}
	}
}

/* ---- reasons say what is wrong ---- */

static struct reason_row { const char *name, *line, *says;
} reasons[] = {
	{ "reason: ends in syscall=",
	  "type=SECCOMP msg=audit(1795518350.089:7710): " WHO " sig=0 arch=c000003e syscall=",
	  "ends after arch=" },
	{ "reason: ends after syscall",
	  "type=SECCOMP msg=audit(1795518350.089:7710): " WHO " sig=0 arch=c000003e syscall=41",
	  "ends after syscall=" },
	{ "reason: ends within compat",
	  "type=SECCOMP msg=audit(1795518350.089:7710): " WHO
	  " sig=0 arch=c000003e syscall=41 comp",
	  "ends after syscall=" },
	{ "reason: ends in the stamp", "type=SECCOMP msg=audit(1795518350.0", "ends in the stamp" },
	{ "reason: ends in comm",
	  "type=SECCOMP msg=audit(1795518350.089:7710): auid=1 uid=1 gid=1 ses=1 pid=1 comm=\"sh",
	  "ends within quotes" },
	{ "reason: ends after pid",
	  "type=SECCOMP msg=audit(1795518350.089:7710): auid=1 uid=1 gid=1 ses=1 pid=1",
	  "ends after pid=" },
	{ "reason: is missing, not cut",
	  "type=SECCOMP msg=audit(1795518350.089:7710): " WHO
	  " sig=0 arch=c000003e compat=0 ip=0x1 code=0x7ffc0000",
	  "syscall is missing" },
	{ "reason: ausearch -i",
	  "type=SECCOMP msg=audit(03/04/2026 07:39:37.599:201) : auid=unset uid=root",
	  "ausearch -i" },
	{ "reason: ausearch -i, another locale",
	  "type=SECCOMP msg=audit(2026-03-04 07:39:37.599:201) : auid=unset", "ausearch -i" },
	{ "reason: ausearch -i, another one",
	  "type=SECCOMP msg=audit(04.03.2026 07:39:37.599:201) : auid=unset", "ausearch -i" },
};

static void check_reason(void **state)
{
	const struct reason_row *r = *state;
	struct body_room room = { 0 };
	struct line l;

	body_parse_line(bytes_of(r->line), &l, &room);
	assert_int_equal(l.kind, LINE_DAMAGED);
	if (strstr(l.reason, r->says) == NULL)
		fail_msg("'%s' does not say '%s'", l.reason, r->says);
	body_room_release(&room);
}

static struct loss_row {
	const char *name, *line;
	enum loss_kind kind;
	uint64_t number;
} losses[] = {
	{ "loss: imjournal",
	  "Nov 24 11:05:50 box rsyslogd: imjournal: 655 messages lost due to rate-limiting (20000 allowed within 600 seconds)",
	  LOSS_SYSLOG, 655 },
	{ "loss: imuxsock",
	  "Nov 24 11:05:50 box rsyslogd: imuxsock[pid: 9, name: x] lost 31 messages due to rate-limiting",
	  LOSS_SYSLOG, 31 },
	{ "loss: journald of RHEL 7",
	  "Nov 24 11:05:50 box journal: Suppressed 2453 messages from /system.slice/x.service",
	  LOSS_JOURNAL, 2453 },
	{ "loss: journald, cut name",
	  "Nov 24 11:05:50 box systemd-journal[9]: Missed 5 kernel messages", LOSS_JOURNAL, 5 },
	{ "loss: auditd's dispatcher",
	  "Nov 24 11:05:50 box auditd[700]: dispatch err (pipe full) event lost", LOSS_AUDITD, 0 },
	{ "loss: audispd", "Nov 24 11:05:50 box audispd: queue is full - dropping event",
	  LOSS_AUDITD, 0 },
	{ "loss: in a list",
	  "- Nov 24 11:05:50 box kernel: audit: audit_lost=12 audit_rate_limit=0", LOSS_KERNEL,
	  12 },
};

static void check_loss(void **state)
{
	const struct loss_row *r = *state;
	struct body_room room = { 0 };
	struct line l;

	body_parse_line(bytes_of(r->line), &l, &room);
	assert_int_equal(l.kind, LINE_LOSS);
	assert_int_equal(l.loss.kind, r->kind);
	assert_int_equal(l.loss.number, r->number);
	assert_bytes(l.loss.node, "box");
	body_room_release(&room);
}

int main(void)
{
	struct tests t = { 0 };

	setenv("TZ", "UTC", 1);
	ADD_ROWS(&t, rows, check);
	ADD(&t, a_cut_line_is_no_record);
	ADD_ROWS(&t, reasons, check_reason);
	ADD_ROWS(&t, losses, check_loss);
	return run_rows(&t, "headers");
}
