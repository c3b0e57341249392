// SPDX-License-Identifier: Apache-2.0
/* Lines to records: every form, every field, and what is no record. The lines are made from those
 * in samples/. */
#include "tests/test.h"

#include "ingest/read/body.h"
#include "store/base/when.h"

#define STAMP "audit(1795518350.089:610839): "
#define WHO                                                                                        \
	"auid=4294967295 uid=65534 gid=65534 ses=4294967295 pid=5857 comm=\"sh\" exe=\"/usr/bin/dash\""
#define CALL " sig=0 arch=c000003e syscall=12 compat=0 ip=0x7f328e6a7c47 code=0x7ffc0000"
#define RECORD STAMP WHO CALL
#define KERNEL "audit: type=1326 " RECORD
#define AUDITD "type=SECCOMP msg=" RECORD
#define JOURNALD "SECCOMP " WHO CALL
#define TAIL "AUID=\"unset\" UID=\"nobody\" GID=\"nogroup\" ARCH=x86_64 SYSCALL=unknown-syscall(-1)"
#define RFC3339 "2026-11-24T11:05:50.097724+00:00 node01 "
#define UPTIME "[ 2076.263835] "
#define MS 1795518350089
#define US 2076263835

static void parse(struct bytes text, struct line *out, struct body_room *room)
{
	memset(out, 0x55, sizeof(*out));
	body_parse_line(text, out, room);
}

/* ---- one record in every form that can carry it ---- */

static struct form_row {
	const char *name, *line, *node; /* node "": the line names none */
	int64_t ms;                     /* WHEN_NONE: the form has no time */
	bool serial, auditd;            /* has a serial; may be trusted by its form */
	int64_t uptime_us;
} forms[] = {
	{ "form: rsyslog, traditional stamp", "Nov 24 11:05:50 node01 kernel: " UPTIME KERNEL,
	  "node01", MS, true, false, US },
	{ "form: traditional, day of one digit", "Nov  4 11:05:50 node01 kernel: " UPTIME KERNEL,
	  "node01", MS, true, false, US },
	{ "form: traditional, without printk's stamp", "Nov 24 11:05:50 node01 kernel: " KERNEL,
	  "node01", MS, true, false, -1 },
	{ "form: traditional, milliseconds", "Nov 24 11:05:50.097 node01 kernel: " KERNEL, "node01",
	  MS, true, false, -1 },
	{ "form: traditional, full host name", "Nov 24 11:05:50 node01.example.com kernel: " KERNEL,
	  "node01.example.com", MS, true, false, -1 },
	{ "form: traditional, address as host", "Nov 24 11:05:50 192.0.2.11 kernel: " KERNEL,
	  "192.0.2.11", MS, true, false, -1 },
	{ "form: traditional, IPv6 address as host", "Nov 24 11:05:50 2001:db8::1 kernel: " KERNEL,
	  "2001:db8::1", MS, true, false, -1 },
	{ "form: rsyslog, RFC 3339", RFC3339 "kernel: " UPTIME KERNEL, "node01", MS, true, false,
	  US },
	{ "form: RFC 3339, Z", "2026-11-24T11:05:50Z node01 kernel: " UPTIME KERNEL, "node01", MS,
	  true, false, US },
	{ "form: RFC 3164 on the wire", "<5>Nov 24 11:05:50 node01 kernel: " UPTIME KERNEL,
	  "node01", MS, true, false, US },
	{ "form: RFC 5424",
	  "<5>1 2026-11-24T11:05:50.097724+00:00 node01 kernel - - - " UPTIME KERNEL, "node01", MS,
	  true, false, US },
	{ "form: RFC 5424, structured data",
	  "<5>1 2026-11-24T11:05:50.097724+00:00 node01 kernel - - [x@1 a=\"b\"] " KERNEL, "node01",
	  MS, true, false, -1 },
	{ "form: busybox", "Nov 24 11:05:50 node01 kern.notice kernel: " UPTIME KERNEL, "node01",
	  MS, true, false, US },
	{ "form: Talos", "10.5.0.3: kern:  notice: [2026-11-24T11:05:50.097724000Z]: " KERNEL,
	  "10.5.0.3", MS, true, false, -1 },
	{ "form: dmesg", UPTIME KERNEL, "", MS, true, false, US },
	{ "form: dmesg, early in the boot", "[    0.263835] " KERNEL, "", MS, true, false, 263835 },
	{ "form: dmesg -T", "[Tue Nov 24 11:05:50 2026] " KERNEL, "", MS, true, false, -1 },
	{ "form: dmesg -H, first line", "[Nov24 11:05] " KERNEL, "", MS, true, false, -1 },
	{ "form: dmesg -H, next line", "[  +0.000050] " KERNEL, "", MS, true, false, -1 },
	{ "form: dmesg -H, decimal comma", "[  +0,000050] " KERNEL, "", MS, true, false, -1 },
	{ "form: dmesg -x", "kern  :notice: " UPTIME KERNEL, "", MS, true, false, US },
	{ "form: dmesg -r", "<5>" UPTIME KERNEL, "", MS, true, false, US },
	{ "form: dmesg --time-format iso", "2026-11-24T11:05:50,097724+00:00 " KERNEL, "", MS, true,
	  false, -1 },
	{ "form: dmesg --color", "\033[32m" UPTIME "\033[0m\033[33maudit: \033[0mtype=1326 " RECORD,
	  "", MS, true, false, US },
	{ "form: dmesg --color, reset at the end", "\033[32m" UPTIME "\033[0m" KERNEL "\033[0m", "",
	  MS, true, false, US },
	{ "form: dmesg -t", KERNEL, "", MS, true, false, -1 },
	{ "form: kernel before 3.14, no audit:", UPTIME "type=1326 " RECORD, "", MS, true, false,
	  US },
	{ "form: printk with its caller", UPTIME "[   T55] " KERNEL, "", MS, true, false, US },
	{ "form: printk with the processor", UPTIME "000: " KERNEL, "", MS, true, false, US },
	{ "form: /dev/kmsg", "5,535,2076263835,-;" KERNEL, "", MS, true, false, US },
	{ "form: /dev/kmsg, caller", "5,535,2076263835,-,caller=T55;" KERNEL, "", MS, true, false,
	  US },
	{ "form: journalctl short, kernel", "Nov 24 11:05:50 node01 kernel: " KERNEL, "node01", MS,
	  true, false, -1 },
	{ "form: journalctl short, audit", "Nov 24 11:05:50 node01 audit[5857]: " JOURNALD,
	  "node01", WHEN_NONE, false, false, -1 },
	{ "form: journalctl short-iso, kernel", "2026-11-24T11:05:50+0000 node01 kernel: " KERNEL,
	  "node01", MS, true, false, -1 },
	{ "form: journalctl short-iso, audit",
	  "2026-11-24T11:05:50+0000 node01 audit[5857]: " JOURNALD, "node01", WHEN_NONE, false,
	  false, -1 },
	{ "form: journalctl short-iso-precise, audit",
	  "2026-11-24T11:05:50.089000+0000 node01 audit[5857]: " JOURNALD, "node01", MS, false,
	  false, -1 },
	{ "form: journalctl short-full, kernel",
	  "Tue 2026-11-24 11:05:50 UTC node01 kernel: " KERNEL, "node01", MS, true, false, -1 },
	{ "form: journalctl short-full, audit",
	  "Tue 2026-11-24 11:05:50 UTC node01 audit[5857]: " JOURNALD, "node01", WHEN_NONE, false,
	  false, -1 },
	{ "form: journalctl short-monotonic, kernel", "[ 2076.263835] node01 kernel: " KERNEL,
	  "node01", MS, true, false, US },
	{ "form: journalctl short-monotonic, audit", "[ 2076.263835] node01 audit[5857]: " JOURNALD,
	  "node01", WHEN_NONE, false, false, US },
	{ "form: journalctl short-unix, kernel", "1795518350.097724 node01 kernel: " KERNEL,
	  "node01", MS, true, false, -1 },
	{ "form: journalctl short-unix, audit", "1795518350.089000 node01 audit[5857]: " JOURNALD,
	  "node01", MS, false, false, -1 },
	{ "form: journalctl cat, audit", JOURNALD, "", WHEN_NONE, false, false, -1 },
	{ "form: GNOME Logs, kernel", "11:05:50 kernel: " KERNEL, "", MS, true, false, -1 },
	{ "form: netlink's bare text", RECORD, "", MS, true, false, -1 },
	{ "form: auditd raw", AUDITD, "", MS, true, true, -1 },
	{ "form: auditd numeric", "type=1326 msg=" RECORD, "", MS, true, true, -1 },
	{ "form: auditd, unknown to an old one", "type=UNKNOWN[1326] msg=" RECORD, "", MS, true,
	  true, -1 },
	{ "form: auditd with its node", "node=node01 " AUDITD, "node01", MS, true, true, -1 },
	{ "form: auditd enriched, 0x1d", AUDITD "\x1d" TAIL, "", MS, true, true, -1 },
	{ "form: auditd enriched, #035", AUDITD "#035" TAIL, "", MS, true, true, -1 },
	{ "form: auditd enriched, \\u001d", AUDITD "\\u001d" TAIL, "", MS, true, true, -1 },
	{ "form: auditd enriched, ^]", AUDITD "^]" TAIL, "", MS, true, true, -1 },
	{ "form: auditd enriched, blank", AUDITD " " TAIL, "", MS, true, true, -1 },
	{ "form: auditd enriched, nothing between", AUDITD TAIL, "", MS, true, true, -1 },
	{ "form: auditd enriched, odd names",
	  AUDITD "\x1d"
		 "AUID=\"unknown(1000660000)\" UID=\"a b\"",
	  "", MS, true, true, -1 },
	{ "form: audisp-syslog",
	  "Nov 24 11:05:50 node02 audisp-syslog: node=node01 " AUDITD " " TAIL, "node01", MS, true,
	  false, -1 },
	{ "form: audispd", "Nov 24 11:05:50 node02 audispd: " AUDITD, "node02", MS, true, false,
	  -1 },
	{ "form: grep's file name", "/var/log/syslog.1:" RFC3339 "kernel: " UPTIME KERNEL, "node01",
	  MS, true, false, US },
	{ "form: grep's file name and line", "/var/log/syslog:12:" RFC3339 "kernel: " UPTIME KERNEL,
	  "node01", MS, true, false, US },
	{ "form: grep's file name before auditd's is not trusted", "audit.log:" AUDITD, "", MS,
	  true, false, -1 },
	{ "form: CRLF", RFC3339 "kernel: " KERNEL "\r", "node01", MS, true, false, -1 },
	{ "form: auditd's, CRLF", AUDITD "\r", "", MS, true, true, -1 },
	{ "form: blanks at the end", RFC3339 "kernel: " KERNEL " \t ", "node01", MS, true, false,
	  -1 },
	{ "form: indented by blanks", "    " RFC3339 "kernel: " UPTIME KERNEL, "node01", MS, true,
	  false, US },
	{ "form: indented auditd is not trusted", "\t" AUDITD, "", MS, true, false, -1 },
	{ "form: byte order mark", "\xef\xbb\xbf" RFC3339 "kernel: " KERNEL, "node01", MS, true,
	  false, -1 },
	{ "form: two blanks after the stamp",
	  "type=SECCOMP msg=audit(1795518350.089:610839):  " WHO CALL, "", MS, true, true, -1 },
};

/* The record that all of those lines hold. */
static void assert_is_the_record(const struct record *r)
{
	assert_int_equal(r->auid, 4294967295u);
	assert_int_equal(r->uid, 65534);
	assert_int_equal(r->gid, 65534);
	assert_int_equal(r->ses, 4294967295u);
	assert_int_equal(r->pid, 5857);
	assert_bytes(r->comm, "sh");
	assert_bytes(r->exe, "/usr/bin/dash");
	assert_false(r->has_subj);
	assert_int_equal(r->sig, 0);
	assert_int_equal(r->arch, 0xc000003e);
	assert_int_equal(r->nr, 12);
	assert_false(r->compat);
	assert_true(r->ip == 0x7f328e6a7c47);
	assert_int_equal(r->code, 0x7ffc0000);
}

static void check_form(void **state)
{
	const struct form_row *r = *state;
	struct body_room room = { 0 };
	struct line l;
	char *copy = exact_copy(bytes_of(r->line));

	parse((struct bytes){ copy, strlen(r->line) }, &l, &room);
	if (l.kind == LINE_DAMAGED)
		fail_msg("damaged: %s", l.reason);
	assert_int_equal(l.kind, LINE_RECORD);
	assert_is_the_record(&l.rec);
	assert_bytes(l.rec.node, r->node);
	assert_int_equal(l.rec.has_serial, r->serial);
	if (r->serial)
		assert_int_equal(l.rec.serial, 610839);
	assert_int_equal(l.rec.ms, r->ms);
	assert_int_equal(l.auditd_form && !l.indented, r->auditd);
	assert_int_equal(l.uptime_us, r->uptime_us);
	body_room_release(&room);
	free(copy);
}

/* No beginning of a whole line is a record; and nobody reads behind it. */
static void check_prefixes(void **state)
{
	const struct form_row *r = *state;
	size_t whole = (size_t)(strstr(r->line, "code=0x7ffc0000") - r->line) + 15;

	for (size_t n = 0; n <= strlen(r->line); n++) {
		struct body_room room = { 0 };
		struct line l;
		char *copy = exact_copy((struct bytes){ r->line, n });

		parse((struct bytes){ copy, n }, &l, &room);
		if (n < whole && l.kind == LINE_RECORD)
			fail_msg("%zu bytes are a record", n);
		if (l.kind == LINE_DAMAGED)
			assert_non_null(l.reason);
		body_room_release(&room);
		free(copy);
	}
}

/* ---- each field, changed in turn ---- */

static struct damage_row { const char *name, *from, *to;
} damages[] = {
	{ "stamp: no opening", "audit(1795518350", "audit1795518350" },
	{ "stamp: no second", "audit(1795518350.", "audit(." },
	{ "stamp: second with a leading zero", "(1795518350.", "(01795518350." },
	{ "stamp: second over the year 9999", "(1795518350.", "(253402300800." },
	{ "stamp: second with a sign", "(1795518350.", "(-1795518350." },
	{ "stamp: two digits of milliseconds", ".089:", ".89:" },
	{ "stamp: four digits of milliseconds", ".089:", ".0890:" },
	{ "stamp: no milliseconds", ".089:", ":" },
	{ "stamp: no serial", ":610839)", ":)" },
	{ "stamp: serial over 32 bits", ":610839)", ":4294967296)" },
	{ "stamp: serial with a leading zero", ":610839)", ":0610839)" },
	{ "stamp: serial in hex", ":610839)", ":0x95217)" },
	{ "stamp: not closed", "839): ", "839: " },
	{ "stamp: no blank after it", "): auid", "):auid" },
	{ "stamp: three blanks after it", "): auid", "):   auid" },
	{ "auid: missing", "auid=4294967295 ", "" },
	{ "auid: over 32 bits", "auid=4294967295", "auid=4294967296" },
	{ "auid: a name", "auid=4294967295", "auid=unset" },
	{ "auid: a sign", "auid=4294967295", "auid=-1" },
	{ "auid: twice", "auid=4294967295", "auid=4294967295 auid=0" },
	{ "uid: missing", " uid=65534", "" },
	{ "uid: empty", " uid=65534", " uid=" },
	{ "uid: before auid", "auid=4294967295 uid=65534", "uid=65534 auid=4294967295" },
	{ "gid: missing", " gid=65534", "" },
	{ "gid: two blanks before it", " gid=", "  gid=" },
	{ "ses: missing", " ses=4294967295", "" },
	{ "ses: line ends after it",
	  " ses=4294967295 pid=5857 comm=\"sh\" exe=\"/usr/bin/dash\" sig=0 arch=c000003e syscall=12 compat=0 ip=0x7f328e6a7c47 code=0x7ffc0000",
	  " ses=1" },
	{ "subj: empty", " pid=5857", " subj= pid=5857" },
	{ "subj: a control byte", " pid=5857", " subj=a\x1b[m pid=5857" },
	{ "subj: a second pid in it", " pid=5857", " subj=a pid=1 comm=\"b\" pid=5857" },
	{ "pid: missing", " pid=5857", "" },
	{ "pid: over 31 bits", " pid=5857", " pid=2147483648" },
	{ "pid: a sign", " pid=5857", " pid=-5857" },
	{ "pid: twice", " pid=5857", " pid=5857 pid=1" },
	{ "comm: missing", " comm=\"sh\"", "" },
	{ "comm: nothing", " comm=\"sh\"", " comm=" },
	{ "comm: not closed", " comm=\"sh\"", " comm=\"sh" },
	{ "comm: text without quotes", " comm=\"sh\"", " comm=sh" },
	{ "comm: a blank in quotes", " comm=\"sh\"", " comm=\"s h\"" },
	{ "comm: a control byte in quotes", " comm=\"sh\"", " comm=\"s\x01h\"" },
	{ "comm: DEL in quotes", " comm=\"sh\"", " comm=\"s\x7f\"" },
	{ "comm: a high byte in quotes", " comm=\"sh\"", " comm=\"\xc3\xa9\"" },
	{ "comm: sixteen bytes in quotes", " comm=\"sh\"", " comm=\"0123456789abcdef\"" },
	{ "comm: sixteen bytes in hex", " comm=\"sh\"", " comm=20202020202020202020202020202020" },
	{ "comm: lower-case hex", " comm=\"sh\"", " comm=6c6f67" },
	{ "comm: half a byte of hex", " comm=\"sh\"", " comm=6C6" },
	{ "comm: a NUL in hex", " comm=\"sh\"", " comm=6C0067" },
	{ "comm: (null)", " comm=\"sh\"", " comm=(null)" },
	{ "comm: text after the quote", " comm=\"sh\"", " comm=\"sh\"x" },
	{ "comm: twice", " comm=\"sh\"", " comm=\"sh\" comm=\"x\"" },
	{ "exe: missing, as before 3.13", " exe=\"/usr/bin/dash\"", "" },
	{ "exe: empty", "\"/usr/bin/dash\"", "\"\"" },
	{ "exe: cut by a viewer", "\"/usr/bin/dash\"", "\"/usr/bin/d>" },
	{ "exe: a blank in quotes", "\"/usr/bin/dash\"", "\"/usr/bin/dash (deleted)\"" },
	{ "exe: lower-case hex", "\"/usr/bin/dash\"", "2f62696e" },
	{ "sig: missing", " sig=0", "" },
	{ "sig: a name", " sig=0", " sig=SIG0" },
	{ "sig: negative", " sig=0", " sig=-1" },
	{ "sig: 31 where nothing was killed", " sig=0", " sig=31" },
	{ "arch: missing, as before 3.16", " arch=c000003e", "" },
	{ "arch: a name", " arch=c000003e", " arch=x86_64" },
	{ "arch: upper case", " arch=c000003e", " arch=C000003E" },
	{ "arch: with 0x", " arch=c000003e", " arch=0xc000003e" },
	{ "arch: over 32 bits", " arch=c000003e", " arch=1c000003e" },
	{ "syscall: missing", " syscall=12", "" },
	{ "syscall: a name", " syscall=12", " syscall=brk" },
	{ "syscall: rewritten with its name", " syscall=12", " syscall=12(brk)" },
	{ "syscall: over 31 bits", " syscall=12", " syscall=2147483648" },
	{ "syscall: under 32 bits", " syscall=12", " syscall=-2147483649" },
	{ "syscall: minus zero", " syscall=12", " syscall=-0" },
	{ "syscall: two signs", " syscall=12", " syscall=--12" },
	{ "compat: missing", " compat=0", "" },
	{ "compat: 2", " compat=0", " compat=2" },
	{ "compat: 01", " compat=0", " compat=01" },
	{ "ip: missing", " ip=0x7f328e6a7c47", "" },
	{ "ip: no digits", " ip=0x7f328e6a7c47", " ip=0x" },
	{ "ip: without 0x", " ip=0x7f328e6a7c47", " ip=7f328e6a7c47" },
	{ "ip: over 64 bits", " ip=0x7f328e6a7c47", " ip=0x17f328e6a7c470000" },
	{ "ip: upper case", " ip=0x7f328e6a7c47", " ip=0x7F328E6A7C47" },
	{ "code: missing", " code=0x7ffc0000", "" },
	{ "code: no digits", "code=0x7ffc0000", "code=0x" },
	{ "code: cut, would be a kill", "code=0x7ffc0000", "code=0x7ffc" },
	{ "code: a name", "code=0x7ffc0000", "code=log" },
	{ "code: over 32 bits", "code=0x7ffc0000", "code=0x17ffc0000" },
	{ "code: killed without a signal", "code=0x7ffc0000", "code=0x80000000" },
	{ "code: ALLOW is never logged", "code=0x7ffc0000", "code=0x7fff0000" },
	{ "code: unknown without a signal", "code=0x7ffc0000", "code=0x7ffd0000" },
	{ "code: text behind it", "code=0x7ffc0000", "code=0x7ffc0000 key=1" },
	{ "code: text right behind it", "code=0x7ffc0000", "code=0x7ffc0000x" },
	{ "code: twice", "code=0x7ffc0000", "code=0x7ffc0000 code=0x7ffc0000" },
	{ "code: a second record behind it", "code=0x7ffc0000", "code=0x7ffc0000 " KERNEL },
	{ "code: a second record in the tail", "code=0x7ffc0000",
	  "code=0x7ffc0000\x1d"
	  "AUID=\"unset\"" AUDITD },
	{ "two fields joined", " gid=65534", "gid=65534" },
	{ "tabs for blanks", " gid=", "\tgid=" },
};

/* `line` with the first `from` replaced. The caller frees. */
static char *replaced(const char *line, const char *from, const char *to)
{
	const char *at = strstr(line, from);

	if (at == NULL)
		fail_msg("'%s' does not occur", from);
	return mem_print("%.*s%s%s", (int)(at - line), line, to, at + strlen(from));
}

static void check_damage(void **state)
{
	static const char *const lines[] = { RFC3339 "kernel: " UPTIME KERNEL, AUDITD,
					     "5,535,2076263835,-;" KERNEL };
	const struct damage_row *r = *state;

	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		struct body_room room = { 0 };
		struct line l;
		char *text = replaced(lines[i], r->from, r->to);

		parse(bytes_of(text), &l, &room);
		if (l.kind != LINE_DAMAGED)
			fail_msg("kind %d: %s", (int)l.kind, text);
		assert_non_null(l.reason);
		body_room_release(&room);
		free(text);
	}
}

/* ---- values that are odd and real ---- */

static struct value_row {
	const char *name, *from, *to;
	const char *comm, *exe, *subj;
	int32_t sig, nr;
	uint32_t code, arch;
} values[] = {
#define NORMAL "sh", "/usr/bin/dash", ""
	{ "value: comm in hex", "\"sh\"", "6C6F6720777269746572", "log writer", "/usr/bin/dash", "",
	  0, 12, 0x7ffc0000, 0xc000003e },
	{ "value: comm that looks like hex, quoted", "\"sh\"", "\"DEADBEEF\"", "DEADBEEF",
	  "/usr/bin/dash", "", 0, 12, 0x7ffc0000, 0xc000003e },
	{ "value: comm that looks like fields", "\"sh\"", "\"sig=31\"", "sig=31", "/usr/bin/dash",
	  "", 0, 12, 0x7ffc0000, 0xc000003e },
	{ "value: comm with fields in hex", "\"sh\"", "7069643D3120636F6D6D3D2278",
	  "pid=1 comm=\"x", "/usr/bin/dash", "", 0, 12, 0x7ffc0000, 0xc000003e },
	{ "value: comm of runc", "\"sh\"", "\"runc:[2:INIT]\"", "runc:[2:INIT]", "/usr/bin/dash",
	  "", 0, 12, 0x7ffc0000, 0xc000003e },
	{ "value: comm with a line end", "\"sh\"", "6E65770A6C696E65", "new\nline", "/usr/bin/dash",
	  "", 0, 12, 0x7ffc0000, 0xc000003e },
	{ "value: comm with an escape", "\"sh\"", "1B5B33316D", "\x1b[31m", "/usr/bin/dash", "", 0,
	  12, 0x7ffc0000, 0xc000003e },
	{ "value: comm of bytes that are no text", "\"sh\"", "FFFE80", "\xff\xfe\x80",
	  "/usr/bin/dash", "", 0, 12, 0x7ffc0000, 0xc000003e },
	{ "value: comm of fifteen bytes", "\"sh\"", "\"0123456789abcde\"", "0123456789abcde",
	  "/usr/bin/dash", "", 0, 12, 0x7ffc0000, 0xc000003e },
	{ "value: comm of fifteen bytes in hex", "\"sh\"", "202020202020202020202020202020",
	  "               ", "/usr/bin/dash", "", 0, 12, 0x7ffc0000, 0xc000003e },
	{ "value: comm that is empty", "\"sh\"", "\"\"", "", "/usr/bin/dash", "", 0, 12, 0x7ffc0000,
	  0xc000003e },
	{ "value: comm with backslash, percent, quote", "\"sh\"", "\"a\\x5c%s'`$\"", "a\\x5c%s'`$",
	  "/usr/bin/dash", "", 0, 12, 0x7ffc0000, 0xc000003e },
	{ "value: exe that was replaced", "\"/usr/bin/dash\"", "2F62696E2F78202864656C6574656429",
	  "sh", "/bin/x (deleted)", "", 0, 12, 0x7ffc0000, 0xc000003e },
	{ "value: exe outside of its root", "\"/usr/bin/dash\"", "\"/\"", "sh", "/", "", 0, 12,
	  0x7ffc0000, 0xc000003e },
	{ "value: exe too long for the kernel", "\"/usr/bin/dash\"", "\"<too_long>\"", "sh",
	  "<too_long>", "", 0, 12, 0x7ffc0000, 0xc000003e },
	{ "value: exe of a process without one", "\"/usr/bin/dash\"", "(null)", "sh", "(null)", "",
	  0, 12, 0x7ffc0000, 0xc000003e },
	{ "value: subj of SELinux",
	  " pid=", " subj=system_u:system_r:container_t:s0:c5,c26 pid=", "sh", "/usr/bin/dash",
	  "system_u:system_r:container_t:s0:c5,c26", 0, 12, 0x7ffc0000, 0xc000003e },
	{ "value: subj of AppArmor, with its second =", " pid=",
	  " subj==docker-default (enforce) pid=", "sh", "/usr/bin/dash",
	  "=docker-default (enforce)", 0, 12, 0x7ffc0000, 0xc000003e },
	{ "value: subj of several modules", " pid=", " subj=? pid=", "sh", "/usr/bin/dash", "?", 0,
	  12, 0x7ffc0000, 0xc000003e },
	{ "value: ppid of ChromeOS", " pid=", " ppid=1 pid=", NORMAL, 0, 12, 0x7ffc0000,
	  0xc000003e },
	{ "value: subj and ppid", " pid=", " subj=u:r:cros:s0 ppid=1 pid=", "sh", "/usr/bin/dash",
	  "u:r:cros:s0", 0, 12, 0x7ffc0000, 0xc000003e },
	{ "value: syscall -1", "syscall=12", "syscall=-1", NORMAL, 0, -1, 0x7ffc0000, 0xc000003e },
	{ "value: syscall, the lowest", "syscall=12", "syscall=-2147483648", NORMAL, 0, INT32_MIN,
	  0x7ffc0000, 0xc000003e },
	{ "value: syscall, the highest", "syscall=12", "syscall=2147483647", NORMAL, 0, INT32_MAX,
	  0x7ffc0000, 0xc000003e },
	{ "value: syscall of x32", "syscall=12", "syscall=1073741863", NORMAL, 0, 0x40000027,
	  0x7ffc0000, 0xc000003e },
	{ "value: syscall 983045 of arm", "arch=c000003e syscall=12",
	  "arch=40000028 syscall=983045", NORMAL, 0, 983045, 0x7ffc0000, 0x40000028 },
	{ "value: i386", "arch=c000003e syscall=12 compat=0", "arch=40000003 syscall=102 compat=1",
	  NORMAL, 0, 102, 0x7ffc0000, 0x40000003 },
	{ "value: arch with few digits", "arch=c000003e", "arch=16", NORMAL, 0, 12, 0x7ffc0000,
	  0x16 },
	{ "value: ERRNO", "0x7ffc0000", "0x50000", NORMAL, 0, 12, 0x50000, 0xc000003e },
	{ "value: ERRNO with its data", "0x7ffc0000", "0x50001", NORMAL, 0, 12, 0x50001,
	  0xc000003e },
	{ "value: TRAP", "0x7ffc0000", "0x30000", NORMAL, 0, 12, 0x30000, 0xc000003e },
	{ "value: KILL_THREAD",
	  "sig=0 arch=c000003e syscall=12 compat=0 ip=0x7f328e6a7c47 code=0x7ffc0000",
	  "sig=31 arch=c000003e syscall=12 compat=0 ip=0x7f328e6a7c47 code=0x0", NORMAL, 31, 12, 0,
	  0xc000003e },
	{ "value: KILL_PROCESS",
	  "sig=0 arch=c000003e syscall=12 compat=0 ip=0x7f328e6a7c47 code=0x7ffc0000",
	  "sig=31 arch=c000003e syscall=12 compat=0 ip=0x7f328e6a7c47 code=0x80000000", NORMAL, 31,
	  12, 0x80000000, 0xc000003e },
	{ "value: strict mode kills by 9",
	  "sig=0 arch=c000003e syscall=12 compat=0 ip=0x7f328e6a7c47 code=0x7ffc0000",
	  "sig=9 arch=c000003e syscall=12 compat=0 ip=0x7f328e6a7c47 code=0x0", NORMAL, 9, 12, 0,
	  0xc000003e },
	{ "value: an unknown action kills",
	  "sig=0 arch=c000003e syscall=12 compat=0 ip=0x7f328e6a7c47 code=0x7ffc0000",
	  "sig=31 arch=c000003e syscall=12 compat=0 ip=0x7f328e6a7c47 code=0x12340000", NORMAL, 31,
	  12, 0x12340000, 0xc000003e },
};

static void check_value(void **state)
{
	const struct value_row *r = *state;
	char *text = replaced(RFC3339 "kernel: " UPTIME KERNEL, r->from, r->to),
	     *copy = exact_copy(bytes_of(text));
	struct body_room room = { 0 };
	struct line l;

	parse((struct bytes){ copy, strlen(text) }, &l, &room);
	if (l.kind == LINE_DAMAGED)
		fail_msg("damaged: %s", l.reason);
	assert_int_equal(l.kind, LINE_RECORD);
	assert_bytes(l.rec.comm, r->comm);
	assert_bytes(l.rec.exe, r->exe);
	assert_int_equal(l.rec.has_subj, r->subj[0] != '\0');
	assert_bytes(l.rec.subj, r->subj);
	assert_int_equal(l.rec.pid, 5857);
	assert_int_equal(l.rec.sig, r->sig);
	assert_int_equal(l.rec.nr, r->nr);
	assert_int_equal(l.rec.code, r->code);
	assert_int_equal(l.rec.arch, r->arch);
	body_room_release(&room);
	free(copy);
	free(text);
}

static struct stamp_row { const char *name, *from, *to; int64_t ms; uint32_t serial;
} stamps[] = {
	{ "stamp: largest serial is taken", ":610839)", ":4294967295)", MS, UINT32_MAX },
	{ "stamp: serial 0 after a wrap", ":610839)", ":0)", MS, 0 },
	{ "stamp: a board without a clock", "(1795518350.", "(114.", 114089, 610839 },
	{ "stamp: the epoch itself", "(1795518350.089", "(0.000", 0, 610839 },
	{ "stamp: a clock set to 2189", "(1795518350.", "(6914317446.", 6914317446089, 610839 },
	{ "stamp: the end of the year 9999", "(1795518350.089", "(253402300799.999",
	  WHEN_MAX_SEC * 1000 + 999, 610839 },
};

static void check_stamp(void **state)
{
	const struct stamp_row *r = *state;
	char *text = replaced(AUDITD, r->from, r->to);
	struct body_room room = { 0 };
	struct line l;

	parse(bytes_of(text), &l, &room);
	assert_int_equal(l.kind, LINE_RECORD);
	assert_int_equal(l.rec.ms, r->ms);
	assert_int_equal(l.rec.serial, r->serial);
	body_room_release(&room);
	free(text);
}

static void kmsg_escapes_are_undone(void **state)
{
	struct body_room room = { 0 };
	struct line l;
	char *text = replaced("5,535,2076263835,-;" KERNEL, "\"sh\"", "\"back\\x5cslash\"");

	(void)state;
	parse(bytes_of(text), &l, &room);
	assert_int_equal(l.kind, LINE_RECORD);
	assert_bytes(l.rec.comm, "back\\slash");
	body_room_release(&room);
	free(text);
}

static void the_longest_exe_is_taken_and_a_longer_one_is_not(void **state)
{
	struct body_room room = { 0 };
	struct line l;

	(void)state;
	for (size_t n = FIELDS_EXE_MAX; n <= FIELDS_EXE_MAX + 1; n++) {
		char *hex = mem_alloc(n * 2 + 1), *text;

		for (size_t i = 0; i < n; i++)
			memcpy(hex + i * 2, "2F", 3);
		text = replaced(AUDITD, "\"/usr/bin/dash\"", hex);
		parse(bytes_of(text), &l, &room);
		assert_int_equal(l.kind, n == FIELDS_EXE_MAX ? LINE_RECORD : LINE_DAMAGED);
		if (n == FIELDS_EXE_MAX)
			assert_int_equal(l.rec.exe.n, n);
		free(text);
		free(hex);
	}
	body_room_release(&room);
}

/* ---- what is no record ---- */

static struct kind_row { const char *name, *line; size_t n; enum line_kind kind;
} kinds[] = {
#define ROW(name, kind, text) { name, text, sizeof(text) - 1, kind }
	ROW("other: nothing", LINE_OTHER, ""),
	ROW("other: blanks", LINE_OTHER, "   \t"),
	ROW("other: text", LINE_OTHER,
	    "Nov 24 11:05:52 node01 sshd[4107]: Accepted publickey for deploy"),
	ROW("other: another audit type", LINE_SERIAL,
	    "type=SYSCALL msg=audit(1795518382.733:613675): arch=c000003e syscall=44 success=yes"),
	ROW("other: ANOM_ABEND quotes no seccomp", LINE_SERIAL,
	    "type=ANOM_ABEND msg=audit(1795518382.733:613676): auid=0 uid=0 gid=0 ses=1 pid=1 comm=\"x\" exe=\"/x\" sig=31 res=1"),
	ROW("other: number 13260", LINE_SERIAL, "audit: type=13260 " RECORD),
	ROW("other: a record quoted by a USER record", LINE_SERIAL,
	    "type=USER msg=audit(1795518382.733:613676): pid=1 uid=0 msg='text=type=1326 " RECORD
	    "'"),
	ROW("other: the same behind printk", LINE_SERIAL,
	    UPTIME
	    "audit: type=1005 audit(1795518382.733:613676): pid=1 msg='text=type=1326 " RECORD "'"),
	ROW("other: bare text of another type", LINE_OTHER,
	    "audit(1795518382.733:613676): avc:  denied  { read } for pid=1 comm=\"x\""),
	ROW("other: written by a program", LINE_OTHER, RFC3339 "root: " KERNEL),
	ROW("other: written by a program with a pid", LINE_OTHER, RFC3339 "myprog[77]: " KERNEL),
	ROW("other: kernel with a pid is logger -i", LINE_OTHER,
	    RFC3339 "kernel[77]: " UPTIME KERNEL),
	ROW("other: audit's tag with a pid, kernel text", LINE_OTHER,
	    RFC3339 "audit[5857]: type=1326 " RECORD),
	ROW("other: facility user, RFC 3164", LINE_OTHER,
	    "<13>Nov 24 11:05:50 node01 kernel: " UPTIME KERNEL),
	ROW("other: facility user, RFC 5424", LINE_OTHER,
	    "<13>1 2026-11-24T11:05:50.097724+00:00 node01 kernel - - - " KERNEL),
	ROW("other: RFC 5424 with a pid", LINE_OTHER,
	    "<5>1 2026-11-24T11:05:50.097724+00:00 node01 kernel 77 - - " KERNEL),
	ROW("other: facility user, kmsg", LINE_OTHER, "13,535,2076263835,-;" KERNEL),
	ROW("other: facility user, dmesg -x", LINE_OTHER, "user  :notice: " UPTIME KERNEL),
	ROW("other: facility user, dmesg -r", LINE_OTHER, "<13>" UPTIME KERNEL),
	ROW("other: facility user, busybox", LINE_OTHER,
	    "Nov 24 11:05:50 node01 user.notice kernel: " KERNEL),
	ROW("other: facility user, journald's form", LINE_OTHER,
	    "<13>Nov 24 11:05:50 node01 audit[5857]: " JOURNALD),
	ROW("other: journald's text by a program", LINE_OTHER, RFC3339 "root: " JOURNALD),
	ROW("other: text that begins with SECCOMP", LINE_OTHER, "SECCOMP is a kernel feature"),
	ROW("other: quoted by another part of the kernel", LINE_OTHER,
	    RFC3339 "kernel: " UPTIME "myprog[77]: " KERNEL),
	ROW("other: a second line of a wrapped one", LINE_OTHER,
	    "ses=4294967295 pid=5857 comm=\"sh\" exe=\"/usr/bin/dash\"" CALL),
	ROW("other: NUL bytes without a record", LINE_OTHER, "a\0b"),
	ROW("other: ausearch's separator", LINE_OTHER, "----"),
	ROW("other: ausearch's time", LINE_OTHER, "time->Tue Nov 24 11:05:50 2026"),
	ROW("damaged: ausearch -i", LINE_DAMAGED,
	    "type=SECCOMP msg=audit(11/24/26 11:05:50.089:610839) : auid=unset uid=nobody gid=nogroup ses=unset pid=5857 comm=sh exe=/usr/bin/dash sig=SIG0 arch=x86_64 syscall=brk compat=0 ip=0x7f328e6a7c47 code=log"),
	ROW("damaged: stamp alone", LINE_DAMAGED,
	    "type=SECCOMP msg=audit(1795518350.089:610839): "),
	ROW("damaged: type alone", LINE_DAMAGED, UPTIME "audit: type=1326 "),
	ROW("damaged: NUL in the type", LINE_DAMAGED, UPTIME "audit: type=13\00026 " RECORD),
	ROW("damaged: NUL in the body", LINE_DAMAGED,
	    UPTIME "audit: type=1326 " STAMP "auid=\0004294967295"),
	ROW("damaged: other text before the record", LINE_DAMAGED,
	    RFC3339 "kernel: " UPTIME "garbage " KERNEL),
	ROW("damaged: journald's tag with another pid", LINE_DAMAGED,
	    "Nov 24 11:05:50 node01 audit[5858]: " JOURNALD),
	ROW("damaged: journald's text, cut", LINE_DAMAGED,
	    "Nov 24 11:05:50 node01 audit[5857]: SECCOMP auid=4294967295 uid=0"),
	ROW("damaged: an escape inside the record", LINE_DAMAGED,
	    UPTIME "audit: type=1326 " STAMP "\033[31m" WHO CALL),
};

static void check_kind(void **state)
{
	const struct kind_row *r = *state;
	struct body_room room = { 0 };
	struct line l;
	char *copy = exact_copy((struct bytes){ r->line, r->n });

	parse((struct bytes){ copy, r->n }, &l, &room);
	if (l.kind != r->kind)
		fail_msg("kind %d, expected %d%s%s", (int)l.kind, (int)r->kind,
			 l.kind == LINE_DAMAGED ? ": " : "",
			 l.kind == LINE_DAMAGED ? l.reason : "");
	body_room_release(&room);
	free(copy);
}

/* ---- loss ---- */

static struct loss_row {
	const char *name, *line;
	enum loss_kind kind;
	uint64_t number;
	const char *node;
	int64_t ms, uptime_us;
} losses[] = {
	{ "loss: printk's limit",
	  "Nov 24 11:05:58 node01 kernel: [ 2084.253054] kauditd_printk_skb: 1636 callbacks suppressed",
	  LOSS_PRINTK, 1636, "node01", WHEN_NONE, 2084253054 },
	{ "loss: printk's limit, before 4.10",
	  "[ 2084.253054] audit_printk_skb: 46 callbacks suppressed", LOSS_PRINTK, 46, "",
	  WHEN_NONE, 2084253054 },
	{ "loss: backlog",
	  RFC3339 "kernel: [ 2084.253054] audit: audit_backlog=9 > audit_backlog_limit=8",
	  LOSS_BACKLOG, 0, "node01", 1795518350097, 2084253054 },
	{ "loss: backlog, in words", "[ 2084.253054] audit: backlog limit exceeded", LOSS_BACKLOG,
	  0, "", WHEN_NONE, 2084253054 },
	{ "loss: the kernel's total",
	  RFC3339 "kernel: audit: audit_lost=1088 audit_rate_limit=0 audit_backlog_limit=8",
	  LOSS_KERNEL, 1088, "node01", 1795518350097, -1 },
	{ "loss: audit's own limit", "[ 2084.253054] audit: rate limit exceeded", LOSS_RATE, 0, "",
	  WHEN_NONE, 2084253054 },
	{ "loss: journald to syslog",
	  RFC3339 "systemd-journald[211]: Forwarding to syslog missed 12 messages.", LOSS_JOURNAL,
	  12, "node01", 1795518350097, -1 },
	{ "loss: journald from the ring", RFC3339 "systemd-journald[211]: Missed 7 kernel messages",
	  LOSS_JOURNAL, 7, "node01", 1795518350097, -1 },
	{ "loss: journald's limit",
	  RFC3339 "systemd-journald[211]: Suppressed 99 messages from x.service", LOSS_JOURNAL, 99,
	  "node01", 1795518350097, -1 },
	{ "loss: a queue of the kernel's", "[ 2084.253054] audit: kauditd hold queue overflow",
	  LOSS_BACKLOG, 0, "", WHEN_NONE, 2084253054 },
	{ "loss: no memory for a record", "[ 2084.253054] audit: out of memory in audit_log_start",
	  LOSS_BACKLOG, 0, "", WHEN_NONE, 2084253054 },
	{ "loss: the console", "** 57 printk messages dropped **", LOSS_PRINTK, 57, "", WHEN_NONE,
	  -1 },
	{ "loss: the kernel's ring, read too late",
	  RFC3339 "systemd-journald[211]: /dev/kmsg buffer overrun, some messages lost.",
	  LOSS_JOURNAL, 0, "node01", 1795518350097, -1 },
	{ "loss: rsyslog, when it begins",
	  RFC3339 "rsyslogd: imjournal: begin to drop messages due to rate-limiting", LOSS_SYSLOG,
	  0, "node01", 1795518350097, -1 },
	{ "loss: rsyslog 7",
	  RFC3339 "rsyslogd-2177: imuxsock lost 31 messages from pid 9 due to rate-limiting",
	  LOSS_SYSLOG, 31, "node01", 1795518350097, -1 },
	{ "loss: syslog-ng",
	  RFC3339 "syslog-ng[5]: Destination queue full, dropping messages; queue_len='10000'",
	  LOSS_SYSLOG, 0, "node01", 1795518350097, -1 },
	{ "loss: auditd, a full disk",
	  RFC3339
	  "auditd[700]: Audit daemon is suspending logging due to no space left on logging partition.",
	  LOSS_AUDITD, 0, "node01", 1795518350097, -1 },
	{ "loss: auditd, so many that it stops telling",
	  RFC3339
	  "auditd[700]: dispatch error reporting limit reached - ending report notification.",
	  LOSS_AUDITD, 0, "node01", 1795518350097, -1 },
	{ "loss: rsyslog",
	  RFC3339 "rsyslogd: imuxsock[pid: 9, name: x] lost 31 messages due to rate-limiting",
	  LOSS_SYSLOG, 31, "node01", 1795518350097, -1 },
};

static void check_loss(void **state)
{
	const struct loss_row *r = *state;
	struct body_room room = { 0 };
	struct line l;
	char *copy = exact_copy(bytes_of(r->line));

	parse((struct bytes){ copy, strlen(r->line) }, &l, &room);
	assert_int_equal(l.kind, LINE_LOSS);
	assert_int_equal(l.loss.kind, r->kind);
	assert_int_equal(l.loss.number, r->number);
	assert_bytes(l.loss.node, r->node);
	assert_int_equal(l.loss.ms, r->ms);
	assert_int_equal(l.loss.uptime_us, r->uptime_us);
	body_room_release(&room);
	free(copy);
}

static struct no_loss_row { const char *name, *line;
} no_losses[] = {
	{ "no loss: a program says so",
	  RFC3339 "myprog[1]: kauditd_printk_skb: 1636 callbacks suppressed" },
	{ "no loss: another part of the kernel is limited",
	  "[ 2084.253054] net_ratelimit: 12 callbacks suppressed" },
	{ "no loss: journald's words by a program",
	  RFC3339 "root: Forwarding to syslog missed 12 messages." },
	{ "no loss: a program's console", RFC3339 "myprog[1]: ** 57 printk messages dropped **" },
	{ "no loss: another queue", "[ 2084.253054] usb: event queue overflow" },
	{ "no loss: another memory", "[ 2084.253054] audit: out of memory in nothing" },
	{ "no loss: a user through /dev/kmsg",
	  "<13>[ 2084.253054] audit: audit_lost=1088 audit_rate_limit=0" },
};

static void check_no_loss(void **state)
{
	const struct no_loss_row *r = *state;
	struct body_room room = { 0 };
	struct line l;

	parse(bytes_of(r->line), &l, &room);
	assert_int_equal(l.kind, LINE_OTHER);
	body_room_release(&room);
}

static struct year_row { const char *name, *stamp; int64_t near; int64_t ms; } years[] = {
	{ "year: the same",                   "Nov 24 11:05:58", 1795518350000, 1795518358000 },
	{ "year: before, read in January",    "Dec 31 23:59:59", 1798761600000, 1798761599000 },
	{ "year: after, near its end",        "Jan  1 00:00:01", 1798761599000, 1798761601000 },
	{ "year: 29 February of a leap year", "Feb 29 12:00:00", 1835438400000, 1835438400000 },
};

static void check_year(void **state)
{
	const struct year_row *r = *state;
	struct body_room room = { .near_ms = r->near };
	struct line l;
	char *text = mem_print("%s node01 kernel: audit: rate limit exceeded", r->stamp);

	parse(bytes_of(text), &l, &room);
	assert_int_equal(l.kind, LINE_LOSS);
	assert_int_equal(l.loss.ms, r->ms);
	body_room_release(&room);
	free(text);
}

/* ---- every byte of a record, changed to hostile ones ---- */

static void a_changed_byte_leaves_fields_in_range(void **state)
{
	static const char bytes[] = { '\0',   '"',    ' ',	  '=', '[', ']', '(',
				      '\033', '\x7f', (char)0xff, '0', 'z', '\\' };
	static const char *const lines[] = { RFC3339 "kernel: " UPTIME KERNEL,
					     "node=node01 " AUDITD "\x1d" TAIL,
					     "\033[32m" UPTIME "\033[0m" KERNEL,
					     "5,535,2076263835,-;" KERNEL,
					     "[ 2076.263835] node01 audit[5857]: " JOURNALD };
	struct body_room room = { 0 };
	struct line l;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++)
		for (size_t at = 0; at < strlen(lines[i]); at++)
			for (size_t k = 0; k < sizeof(bytes); k++) {
				char *copy = exact_copy(bytes_of(lines[i]));

				copy[at] = bytes[k];
				parse((struct bytes){ copy, strlen(lines[i]) }, &l, &room);
				if (l.kind == LINE_RECORD) {
					assert_true(l.rec.pid >= 0);
					assert_in_range(l.rec.comm.n, 0, RECORD_COMM_MAX);
					assert_in_range(l.rec.exe.n, 1, FIELDS_EXE_MAX);
				}
				free(copy);
			}
	body_room_release(&room);
}

int main(void)
{
	struct tests t = { 0 };
	static struct prefix { char name[96]; } names[ARRAY_SIZE(forms)];

	setenv("TZ", "UTC", 1);
	ADD_ROWS(&t, forms, check_form);
	for (size_t i = 0; i < ARRAY_SIZE(forms); i++) {
		snprintf(names[i].name, sizeof(names[i].name), "prefixes of %s", forms[i].name);
		add_test(&t, names[i].name, check_prefixes, &forms[i]);
	}
	ADD_ROWS(&t, damages, check_damage);
	ADD_ROWS(&t, values, check_value);
	ADD_ROWS(&t, stamps, check_stamp);
	ADD(&t, kmsg_escapes_are_undone);
	ADD(&t, the_longest_exe_is_taken_and_a_longer_one_is_not);
	ADD_ROWS(&t, kinds, check_kind);
	ADD_ROWS(&t, losses, check_loss);
	ADD_ROWS(&t, no_losses, check_no_loss);
	ADD_ROWS(&t, years, check_year);
	ADD(&t, a_changed_byte_leaves_fields_in_range);
	return run_rows(&t, "parser");
}
