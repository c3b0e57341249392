// SPDX-License-Identifier: Apache-2.0
/* Containers of lines: what JSON and the journal's export hold, pushed whole and cut at each byte.
 */
#include "tests/test.h"

#include "ingest/read/body.h"
#include "ingest/read/reading.h"
#include "store/base/buf.h"
#include "store/base/when.h"

#include <fcntl.h>
#include <unistd.h>

/* the record of all of them, as JSON has it in a string */
#define WHO                                                                                        \
	"auid=4294967295 uid=1000 gid=1000 ses=3 pid=4711 comm=\\\"shopd\\\" exe=\\\"/usr/bin/shopd\\\" sig=0 arch=c000003e syscall=41 compat=0 ip=0x7f2431667e63 code=0x7ffc0000"
#define RECORD "audit(1795518350.089:7710): " WHO
#define KERNEL "audit: type=1326 " RECORD
#define AUDITD "type=SECCOMP msg=" RECORD
#define SHORT                                                                                      \
	"audit(1.000:1): auid=1 uid=1 gid=1 ses=1 pid=4711 comm=6162 exe=2F61 sig=0 arch=c000003e syscall=1 compat=0 ip=0x1 code=0x7ffc0000"
#define MS 1795518350089

/* What came of an input: a letter a piece (R: record, p: presence, D: damaged, L: loss, -: nothing
 * of ours), and of the last record. */
struct came {
	struct buf letters, node;
	int64_t ms, uptime_us;
	uint32_t serial;
	int32_t pid;
	uint64_t number;
	bool indented;
	const char *reason;
};

static void note(struct came *c, const struct line *l, uint64_t number)
{
	static const char letters[] = {
		[LINE_OTHER] = '-', [LINE_RECORD] = 'R', [LINE_DAMAGED] = 'D',
		[LINE_LOSS] = 'L',  [LINE_WRAPS] = 'W',	 [LINE_SERIAL] = 's'
	};

	buf_char(&c->letters,
		 l->kind == LINE_RECORD && !l->rec.has_serial ? 'p' : letters[l->kind]);
	if (l->kind == LINE_DAMAGED)
		c->reason = l->reason;
	if (l->kind != LINE_RECORD)
		return;
	c->node.n = 0;
	buf_add(&c->node, l->rec.node.p, l->rec.node.n);
	c->ms = l->rec.ms;
	c->serial = l->rec.serial;
	c->pid = l->rec.pid;
	c->uptime_us = l->uptime_us;
	c->indented = l->indented;
	c->number = number;
}

static void within(struct came *c, const struct line *outer, uint64_t number,
		   struct body_room *room)
{
	struct wrap w = { 0 };
	struct bytes message;
	struct line l;

	reading_within(&w, outer, &message, number);
	while (wrap_open(&w))
		if (wrap_push(&w, &message, true) == WRAP_ENTRY) {
			body_parse_entry(&w.entry, &l, room);
			note(c, &l, w.entry.line);
		}
	wrap_release(&w);
}

/* Reads an input that comes in pieces of at most `step` bytes. */
static void read_it(struct bytes in, size_t step, const char *field, struct came *c)
{
	struct body_room room = { 0 };
	struct reading r;
	struct piece p;
	struct line l;
	struct err e = { 0 };
	enum lines_state state = LINES_GOT;
	int fds[2];
	size_t done = 0;

	memset(c, 0, sizeof(*c));
	assert_int_equal(pipe(fds), 0);
	fcntl(fds[1], F_SETPIPE_SZ, 1 << 20);
	reading_init(&r, fds[0], field);
	while (state == LINES_GOT) {
		size_t n = in.n - done < step ? in.n - done : step;

		if (n > 0)
			assert_int_equal(write(fds[1], in.p + done, n), (ssize_t)n);
		else if (fds[1] >= 0) {
			close(fds[1]);
			fds[1] = -1;
		}
		done += n;
		assert_int_equal(lines_fill(&r.lines, -1, &state, &e), 0);
		while (reading_next(&r, &p)) {
			if (p.kind == PIECE_NOTHING) {
				buf_char(&c->letters, '-');
				continue;
			}
			if (p.kind == PIECE_ENTRY)
				body_parse_entry(p.entry, &l, &room);
			else if (p.cut)
				body_cut_line(r.lines.mentions, &l);
			else
				body_parse_line(p.text, &l, &room);
			if (l.kind == LINE_WRAPS)
				within(c, &l, p.number, &room);
			else
				note(c, &l, p.number);
		}
	}
	assert_false(reading_ready(&r));
	reading_release(&r);
	body_room_release(&room);
	close(fds[0]);
}

static void came_release(struct came *c)
{
	buf_release(&c->letters);
	buf_release(&c->node);
}

#define JOURNAL_KERNEL                                                                                                                     \
	"{\"_HOSTNAME\":\"n1\",\"_TRANSPORT\":\"kernel\",\"SYSLOG_FACILITY\":\"0\",\"SYSLOG_IDENTIFIER\":\"kernel\",\"MESSAGE\":\"" KERNEL \
	"\"}"
#define JOURNAL_AUDIT(more)                                                                        \
	"{\"_HOSTNAME\":\"n1\",\"_TRANSPORT\":\"audit\",\"_AUDIT_TYPE\":\"1326\"," more            \
	"\"MESSAGE\":\"SECCOMP " WHO "\"}"
#define STAMPS "\"_AUDIT_ID\":\"7710\",\"_SOURCE_REALTIME_TIMESTAMP\":\"1795518350089000\","

static struct row { const char *name, *in, *letters, *node;
} rows[] = {
	{ "journal: kernel", JOURNAL_KERNEL "\n", "R", "n1" },
	{ "journal: audit", JOURNAL_AUDIT(STAMPS) "\n", "R", "n1" },
	{ "journal: audit, fields behind the message",
	  "{\"MESSAGE\":\"SECCOMP " WHO
	  "\",\"_AUDIT_ID\":\"7710\",\"_TRANSPORT\":\"audit\",\"_SOURCE_REALTIME_TIMESTAMP\":\"1795518350089000\",\"_HOSTNAME\":\"n1\"}",
	  "R", "n1" },
	{ "journal: audit without a serial", JOURNAL_AUDIT("") "\n", "p", "n1" },
	{ "journal: audit, serial of another kind",
	  JOURNAL_AUDIT(
		  "\"_AUDIT_ID\":\"x\",\"_SOURCE_REALTIME_TIMESTAMP\":\"1795518350089000\",") "\n",
	  "p", "n1" },
	{ "journal: audit, another type",
	  "{\"_TRANSPORT\":\"audit\",\"_AUDIT_TYPE\":\"1107\"," STAMPS "\"MESSAGE\":\"SECCOMP " WHO
	  "\"}\n",
	  "s", "" },
	{ "journal: audit, another type, no serial",
	  "{\"_TRANSPORT\":\"audit\",\"_AUDIT_TYPE\":\"1107\",\"MESSAGE\":\"SECCOMP " WHO "\"}\n",
	  "-", "" },
	{ "journal: audit, another type, MESSAGE left out",
	  "{\"_TRANSPORT\":\"audit\",\"_AUDIT_TYPE\":\"1400\"," STAMPS "\"MESSAGE\":null}\n", "s",
	  "" },
	{ "journal: audit, a type that is no number",
	  "{\"_TRANSPORT\":\"audit\",\"_AUDIT_TYPE\":\"AVC\"," STAMPS "\"MESSAGE\":\"AVC x\"}\n",
	  "s", "" },
	{ "JSON: bytes in an array, with blanks",
	  "{ \"log\" : [ 97, 117, 100, 105, 116, 58, 32, 116, 121, 112, 101, 61, 49, 51, 50, 54, 32 ] }\n",
	  "D", "" },
	{ "journal: MESSAGE left out",
	  "{\"_TRANSPORT\":\"audit\",\"_AUDIT_TYPE\":\"1326\",\"MESSAGE\":null}\n", "D", "" },
	{ "journal: kernel, another facility",
	  "{\"_TRANSPORT\":\"kernel\",\"SYSLOG_FACILITY\":\"1\",\"MESSAGE\":\"" KERNEL "\"}\n", "-",
	  "" },
	{ "journal: kernel, another identifier",
	  "{\"_TRANSPORT\":\"kernel\",\"SYSLOG_IDENTIFIER\":\"audit\",\"MESSAGE\":\"type=1326 " RECORD
	  "\"}\n",
	  "-", "" },
	{ "journal: logger -t kernel",
	  "{\"_TRANSPORT\":\"syslog\",\"SYSLOG_IDENTIFIER\":\"kernel\",\"MESSAGE\":\"" KERNEL
	  "\"}\n",
	  "-", "" },
	{ "journal: logger, its own kernel:",
	  "{\"_TRANSPORT\":\"syslog\",\"SYSLOG_IDENTIFIER\":\"app\",\"MESSAGE\":\"kernel: " KERNEL
	  "\"}\n",
	  "-", "" },
	{ "journal: a second line of a user's message",
	  "{\"_TRANSPORT\":\"syslog\",\"SYSLOG_IDENTIFIER\":\"audisp-syslog\",\"MESSAGE\":\"x\\n" AUDITD
	  "\"}\n",
	  "D", "" },
	{ "journal: audisp-syslog",
	  "{\"_TRANSPORT\":\"syslog\",\"SYSLOG_IDENTIFIER\":\"audisp-syslog\",\"_HOSTNAME\":\"n1\",\"MESSAGE\":\"" AUDITD
	  "\"}\n",
	  "R", "n1" },
	{ "journal: a mark of loss",
	  "{\"_TRANSPORT\":\"kernel\",\"SYSLOG_FACILITY\":\"0\",\"SYSLOG_IDENTIFIER\":\"kernel\",\"MESSAGE\":\"kauditd_printk_skb: 46 callbacks suppressed\"}\n",
	  "L", "" },
	{ "journal: json-seq", "\x1e" JOURNAL_KERNEL "\n\x1e" JOURNAL_KERNEL "\n", "RR", "n1" },
	{ "journal: json-sse", "data: " JOURNAL_KERNEL "\n\ndata: " JOURNAL_KERNEL "\n\n", "R-R-",
	  "n1" },
	{ "journal: json-pretty",
	  "{\n\t\"_HOSTNAME\" : \"n1\",\n\t\"_TRANSPORT\" : \"kernel\",\n\t\"MESSAGE\" : \"" KERNEL
	  "\"\n}\n{\n\t\"MESSAGE\" : \"" KERNEL "\"\n}\n",
	  "RR", "" },
	{ "journal: bytes",
	  "{\"MESSAGE\":[97,117,100,105,116,58,32,116,121,112,101,61,49,51,50,54,32,97,117,100,105,116,40]}\n",
	  "D", "" },
	{ "a tag that is another program's", "{\"program\":\"app\",\"message\":\"" KERNEL "\"}\n",
	  "-", "" },
	{ "rsyslog",
	  "{\"@timestamp\":\"2026-11-24T04:29:37Z\",\"host\":\"n1\",\"facility\":\"kern\",\"program\":\"kernel\",\"message\":\"[ 1324.930539] " KERNEL
	  "\"}\n",
	  "R", "n1" },
	{ "rsyslog: facility user",
	  "{\"host\":\"n1\",\"facility\":\"user\",\"program\":\"kernel\",\"message\":\" " KERNEL
	  "\"}\n",
	  "-", "" },
	{ "dmesg -J",
	  "{\n   \"dmesg\": [\n      {\n         \"pri\": 5,\n         \"time\": 13.930307,\n         \"msg\": \"" KERNEL
	  "\"\n      },{\n         \"pri\": 5,\n"
	  "         \"time\": 14.930307,\n         \"msg\": \"" KERNEL "\"\n      }\n   ]\n}\n",
	  "RR-", "" },
	{ "dmesg -J: written by a user", "{\"dmesg\": [{\"pri\":13,\"msg\":\"" KERNEL "\"}]}\n",
	  "--", "" },
	{ "Docker: json-file",
	  "{\"log\":\"" AUDITD
	  "\\n\",\"stream\":\"stdout\",\"time\":\"2026-11-24T04:29:37.764454123Z\"}\n",
	  "R", "" },
	{ "several lines in a message", "{\"log\":\"" AUDITD "\\nno\\n" KERNEL "\\n\"}\n", "RR",
	  "" },
	{ "Filebeat",
	  "{\"@timestamp\":\"2026-11-24T04:29:37Z\",\"host\":{\"name\":\"n1\",\"ip\":[\"10.0.0.1\"]},\"message\":\"" AUDITD
	  "\",\"event\":{\"original\":\"" AUDITD "\"}}\n",
	  "R", "n1" },
	{ "Filebeat, host behind",
	  "{\"message\":\"" AUDITD "\",\"host\":{\"os\":{\"name\":\"Debian\"},\"name\":\"n1\"}}\n",
	  "R", "n1" },
	{ "fluent-bit",
	  "{\"date\":1795518350.1,\"log\":\"2026-11-24T04:29:37.764454123Z stdout F " AUDITD
	  "\",\"kubernetes\":{\"host\":\"n1\"}}\n",
	  "R", "n1" },
	{ "Vector",
	  "{\"appname\":\"kernel\",\"facility\":\"kern\",\"hostname\":\"n1\",\"message\":\"" KERNEL
	  "\",\"severity\":\"notice\"}\n",
	  "R", "n1" },
	{ "Loki: logcli",
	  "{\"labels\":{\"node\":\"n1\"},\"line\":\"" KERNEL
	  "\",\"timestamp\":\"2026-11-24T04:29:37Z\"}\n",
	  "R", "n1" },
	{ "Loki: a query's answer",
	  "{\"data\":{\"result\":[{\"stream\":{\"host\":\"n1\"},\"values\":[[\"1\",\"" KERNEL
	  "\"],[\"2\",\"x\"],[\"3\",\"" KERNEL "\"]]}]}}\n",
	  "RR-", "n1" },
	{ "Cloud Logging: an array",
	  "[{\"textPayload\":\"" KERNEL "\"}, {\"jsonPayload\":{\"MESSAGE\":\"" KERNEL
	  "\",\"_HOSTNAME\":\"n1\"}}]\n",
	  "RR", "n1" },
	{ "Cloud Logging: a pretty array",
	  "[\n  {\n    \"textPayload\": \"" KERNEL "\"\n  },\n  {\n    \"textPayload\": \"" KERNEL
	  "\"\n  }\n]\n",
	  "-RR-", "" },
	{ "Elasticsearch: an answer",
	  "{\"hits\":{\"hits\":[{\"_source\":{\"message\":\"" AUDITD
	  "\",\"host\":{\"name\":\"a\"}}},{\"_source\":{\"message\":\"" AUDITD
	  "\",\"host\":{\"name\":\"n1\"}}}]}}\n",
	  "RR-", "n1" },
	{ "CloudWatch",
	  "{\"logGroup\":\"g\",\"logEvents\":[{\"id\":\"1\",\"message\":\"" KERNEL
	  "\"},{\"id\":\"2\",\"message\":\"" KERNEL "\"}]}\n",
	  "RR-", "" },
	{ "GELF", "{\"version\":\"1.1\",\"host\":\"n1\",\"short_message\":\"" KERNEL "\"}\n", "R",
	  "n1" },
	{ "flat names", "{\"host.name\":\"n1\",\"message\":\"" AUDITD "\"}\n", "R", "n1" },
	{ "JSON in JSON",
	  "{\"message\":\"{\\\"MESSAGE\\\":\\\"audit: type=1326 " SHORT
	  "\\\",\\\"_HOSTNAME\\\":\\\"n1\\\"}\"}\n",
	  "R", "n1" },
	{ "JSON in JSON: the host outside",
	  "{\"host\":\"n1\",\"log\":\"{\\\"log\\\":\\\"type=SECCOMP msg=" SHORT
	  "\\\\n\\\"}\\n\"}\n",
	  "R", "n1" },
	{ "behind a header: @cee", "Nov 24 04:29:37 n1 kernel: @cee:{\"msg\":\"" KERNEL "\"}\n",
	  "R", "n1" },
	{ "behind a header: CRI",
	  "2026-11-24T04:29:37.764454123Z stdout F {\"message\":\"" AUDITD "\"}\n", "R", "" },
	{ "behind a header: compose, journald", "log-1  | " JOURNAL_KERNEL "\n", "R", "n1" },
	{ "a record in a field that nobody knows",
	  "{\"payload17\":\"" KERNEL "\",\"message\":\"hello\"}\n", "D", "" },
	{ "the same beside one that is taken",
	  "[{\"payload17\":\"" KERNEL "\"},{\"message\":\"" KERNEL "\"}]\n", "DR", "" },
	{ "no record", "{\"message\":\"hello SECCOMP\"}\n{\"a\":1}\n", "--", "" },
	{ "escapes", "{\"message\":\"\\u0061udit: type\\u003d1326 " RECORD "\"}\n", "R", "" },
	{ "a slash that is escaped",
	  "{\"message\":\"audit: type=1326 audit(1.000:1): auid=1 uid=1 gid=1 ses=1 pid=4711 comm=\\\"a\\\" exe=\\\"\\/a\\\" sig=0 arch=c000003e syscall=1 compat=0 ip=0x1 code=0x7ffc0000\"}\n",
	  "R", "" },
	{ "NUL at its end", "{\"message\":\"" KERNEL "\\u0000\"}\n", "R", "" },
	{ "NUL in it", "{\"message\":\"audit: type=1326\\u0000 " RECORD "\"}\n", "D", "" },
	{ "auditd's 0x1d", "{\"message\":\"" AUDITD "\\u001dAUID=\\\"unset\\\"\"}\n", "R", "" },
	{ "cut in the message", "{\"message\":\"audit: type=1326 audit(17955\n" JOURNAL_KERNEL "\n",
	  "DR", "n1" },
	{ "cut behind the message", "{\"message\":\"" KERNEL "\",\n" JOURNAL_KERNEL "\n", "DR",
	  "n1" },
	{ "cut at the end of the file", JOURNAL_KERNEL "\n{\"message\":\"" KERNEL "\",\"x\":", "RD",
	  "n1" },
	{ "cut, nothing of ours", "{\"message\":\"hello\",\n" JOURNAL_KERNEL "\n", "-R", "n1" },
	{ "no JSON", "{\"message\": oops " KERNEL "}\n" JOURNAL_KERNEL "\n", "DR", "n1" },
	{ "text between objects",
	  JOURNAL_KERNEL "\nNov 24 04:29:37 n2 kernel: x\n" JOURNAL_KERNEL "\n", "R-R", "n1" },
	{ "objects on one line", JOURNAL_KERNEL JOURNAL_KERNEL " " JOURNAL_KERNEL "\n", "RRR",
	  "n1" },
	{ "a host that is no name", "{\"host\":\"a b\\nc\",\"message\":\"" KERNEL "\"}\n", "R",
	  "" },
	{ "a node of its own", "{\"host\":\"shipper\",\"message\":\"node=n1 " AUDITD "\"}\n", "R",
	  "n1" },
	{ "a header of its own",
	  "{\"host\":\"shipper\",\"message\":\"Nov 24 04:29:37 n1 kernel: " KERNEL "\"}\n", "R",
	  "n1" },
	{ "export",
	  "__CURSOR=s=1\n_HOSTNAME=n1\n_TRANSPORT=kernel\nMESSAGE=audit: type=1326 " SHORT
	  "\n\n__CURSOR=s=2\nMESSAGE=x\n\n",
	  "R-", "n1" },
	{ "export: audit",
	  "__CURSOR=s=1\n_HOSTNAME=n1\n_TRANSPORT=audit\n_AUDIT_TYPE=1326\n_AUDIT_ID=1\n_SOURCE_REALTIME_TIMESTAMP=1000000\nMESSAGE=SECCOMP auid=1 uid=1 gid=1 ses=1 pid=4711 comm=6162 exe=2F61 sig=0 arch=c000003e syscall=1 compat=0 ip=0x1 code=0x7ffc0000\n\n",
	  "R", "n1" },
	{ "export: no empty line at the end", "__CURSOR=s=1\nMESSAGE=audit: type=1326 " SHORT "\n",
	  "R", "" },
	{ "export: a name that is none",
	  "__CURSOR=s=1\nhello\n__CURSOR=s=2\nMESSAGE=audit: type=1326 " SHORT "\n\n", "DR", "" },
	{ "export: cut", "__CURSOR=s=1\nMESS", "D", "" },
};

static void check(void **state)
{
	const struct row *r = *state;
	struct bytes in = bytes_of(r->in);
	struct came whole;
	size_t most = in.n < 300 ? in.n : 300;

	read_it(in, 1 << 20, NULL, &whole);
	if (strcmp(buf_text(&whole.letters), r->letters) != 0)
		fail_msg("got '%s', expected '%s'%s%s", buf_text(&whole.letters), r->letters,
			 whole.reason ? ": " : "", whole.reason ? whole.reason : "");
	assert_bytes(buf_bytes(&whole.node), r->node);
	if (strpbrk(r->letters, "Rp") != NULL)
		assert_int_equal(whole.pid, 4711);
	/* however it is cut */
	for (size_t step = 1; step < most; step = step < 20 ? step + 1 : step * 2) {
		struct came cut;

		read_it(in, step, NULL, &cut);
		if (strcmp(buf_text(&cut.letters), r->letters) != 0)
			fail_msg("in pieces of %zu: got '%s', expected '%s'", step,
				 buf_text(&cut.letters), r->letters);
		assert_bytes(buf_bytes(&cut.node), r->node);
		assert_true(cut.number == whole.number && cut.ms == whole.ms &&
			    cut.serial == whole.serial && cut.uptime_us == whole.uptime_us);
		came_release(&cut);
	}
	came_release(&whole);
}

/* Bytes that are no text stand as numbers or with their length; \0 in the length is no end of
 * anything. */
static void export_with_bytes(void **state)
{
	static const char in[] =
		"__CURSOR=s=1\nMESSAGE\n\x91\0\0\0\0\0\0\0"
		"audit: type=1326 " SHORT
		"\n_HOSTNAME=n1\nX\n\3\0\0\0\0\0\0\0\na\n\nEMPTY\n\0\0\0\0\0\0\0\0\n\n";
	const size_t n = sizeof(in) - 1;
	char text[sizeof(in)];
	struct came c;

	(void)state;
	memcpy(text, in, n);
	text[21] = (char)strlen("audit: type=1326 " SHORT);
	for (size_t step = 1; step < 60; step++) {
		read_it((struct bytes){ text, n }, step, NULL, &c);
		assert_string_equal(buf_text(&c.letters), "R");
		assert_bytes(buf_bytes(&c.node), "n1");
		assert_int_equal(c.number, 1);
		came_release(&c);
	}
	/* a length that no journal has, and one that ends elsewhere */
	text[21 + 7] = 1;
	read_it((struct bytes){ text, n }, 4096, NULL, &c);
	assert_int_equal(buf_text(&c.letters)[0], 'D');
	came_release(&c);
	text[21 + 7] = 0;
	text[21]--;
	read_it((struct bytes){ text, n }, 4096, NULL, &c);
	assert_int_equal(buf_text(&c.letters)[0], 'D');
	came_release(&c);
}

static void stamps_of_the_journal_are_used(void **state)
{
	struct came c;

	(void)state;
	read_it(BYTES(JOURNAL_AUDIT(
			STAMPS
			"\"__REALTIME_TIMESTAMP\":\"1795518350094000\",\"__MONOTONIC_TIMESTAMP\":\"2076268835\",") "\n"),
		4096, NULL, &c);
	assert_true(c.ms == MS && c.serial == 7710 && !c.indented);
	assert_true(c.uptime_us == 2076263835); /* the record's own, not that of its receipt */
	came_release(&c);
	/* what a user's program may have written is never trusted */
	read_it(BYTES("{\"_TRANSPORT\":\"stdout\",\"MESSAGE\":\"" AUDITD "\"}\n"), 4096, NULL, &c);
	assert_string_equal(buf_text(&c.letters), "R");
	assert_true(c.indented);
	came_release(&c);
}

static void a_field_can_be_named(void **state)
{
	static const char in[] = "{\"payload17\":\"" KERNEL
				 "\",\"message\":\"hello\"}\n{\"a\":{\"b\":\"" KERNEL "\"}}\n";
	struct came c;

	(void)state;
	read_it(BYTES(in), 4096, "payload17", &c);
	assert_string_equal(buf_text(&c.letters), "RD");
	came_release(&c);
	read_it(BYTES(in), 4096, "a.b", &c);
	assert_string_equal(buf_text(&c.letters), "DR");
	came_release(&c);
}

static void lines_are_counted(void **state)
{
	struct came c;

	(void)state;
	read_it(BYTES("x\n{\n \"a\": 1,\n \"MESSAGE\": \"" KERNEL "\"\n}\n"), 4096, NULL, &c);
	assert_int_equal(c.number, 4);
	came_release(&c);
	read_it(BYTES("x\n{\n}\n"
		      "Nov 24 04:29:37 n2 kernel: audit: type=1326 " SHORT "\n"),
		4096, NULL, &c);
	assert_int_equal(c.number, 4);
	came_release(&c);
}

/* ---- what wants memory or the stack ---- */

static void deep(struct buf *b, unsigned n, const char *open)
{
	for (unsigned i = 0; i < n; i++)
		buf_str(b, open);
}

static void bounds(void **state)
{
	auto_buf struct buf b = { 0 };
	struct came c;

	(void)state;
	/* too deep: named, and the next object is read */
	buf_str(&b, "{\"message\":\"" KERNEL "\",\"x\":");
	deep(&b, 100000, "[");
	buf_str(&b, "\n" JOURNAL_KERNEL "\n");
	read_it(buf_bytes(&b), 1 << 16, NULL, &c);
	assert_string_equal(buf_text(&c.letters), "DR");
	came_release(&c);
	/* JSON in JSON in JSON ... */
	b.n = 0;
	for (int i = 0; i < 10; i++)
		buf_str(&b, "{\"message\":\"");
	read_it(buf_bytes(&b), 1 << 16, NULL, &c);
	came_release(&c);
	/* a value of 2 MB before the message; a message of 2 MB; a key of 2 MB */
	b.n = 0;
	buf_str(&b, "{\"x\":\"");
	deep(&b, 1 << 18, "12345678");
	buf_str(&b, "\",\"message\":\"" KERNEL "\",\"");
	deep(&b, 1 << 18, "12345678");
	buf_str(&b, "\":1}\n{\"message\":\"" KERNEL);
	deep(&b, 1 << 18, "12345678");
	buf_str(&b, "\"}\n" JOURNAL_KERNEL "\n");
	read_it(buf_bytes(&b), 1 << 16, NULL, &c);
	assert_string_equal(buf_text(&c.letters), "RDR");
	came_release(&c);
	/* an array of 200,000 objects on one line */
	b.n = 0;
	buf_str(&b, "[");
	deep(&b, 200000, "{\"a\":\"SECCOMP\"},");
	buf_str(&b, JOURNAL_KERNEL "]\n");
	read_it(buf_bytes(&b), 1 << 16, NULL, &c);
	assert_int_equal(c.letters.n, 200001);
	assert_int_equal(buf_text(&c.letters)[200000], 'R');
	came_release(&c);
}

/* Whatever the bytes are changed to, fields are in their ranges, and reading ends. */
static void changed_bytes(void **state)
{
	static const char *const ins[] = {
		JOURNAL_AUDIT(STAMPS) "\n" JOURNAL_KERNEL "\n",
		"__CURSOR=s=1\n_HOSTNAME=n1\nMESSAGE=audit: type=1326 " SHORT "\n\n"
	};
	static const char bytes[] = { '\0', '"', '\\', '{', '}', '[',	     ']',
				      ',',  ':', '\n', 'u', '9', (char)0xff, '\x1e' };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(ins); i++)
		for (size_t at = 0; at < strlen(ins[i]); at++)
			for (size_t k = at % 3; k < sizeof(bytes); k += 3) {
				char *copy = exact_copy(bytes_of(ins[i]));
				struct came c;

				copy[at] = bytes[k];
				read_it((struct bytes){ copy, strlen(ins[i]) }, 4096, NULL, &c);
				assert_true(c.pid >= 0);
				came_release(&c);
				free(copy);
			}
}

int main(void)
{
	struct tests t = { 0 };

	ADD_ROWS(&t, rows, check);
	ADD(&t, export_with_bytes);
	ADD(&t, stamps_of_the_journal_are_used);
	ADD(&t, a_field_can_be_named);
	ADD(&t, lines_are_counted);
	ADD(&t, bounds);
	ADD(&t, changed_bytes);
	return run_rows(&t, "wrap");
}
