// SPDX-License-Identifier: Apache-2.0
/* The hot path gives what body_parse_line gives, or gives nothing. */
#include "tests/rig.h"

#include "ingest/batch/line_cache.h"
#include "ingest/read/lines.h"
#include "store/base/when.h"

#include <time.h>

struct bench {
	struct rig rig;
	struct names names;
	struct seen seen;
	struct tally tally;
	struct line_cache line_cache;
	struct body_room room;
};

static void bench_open(struct bench *b)
{
	struct err e = { 0 };
	bool changed;

	*b = (struct bench){ 0 };
	rig_open(&b->rig);
	assert_ok(store_begin(&b->rig.store, &changed, &e), &e);
	names_init(&b->names, &b->rig.store);
	seen_init(&b->seen, &b->rig.store);
	tally_init(&b->tally, &b->rig.store, &b->names, &b->seen);
	b->line_cache.tally = &b->tally;
}

static void bench_close(struct bench *b)
{
	body_room_release(&b->room);
	line_cache_forget(&b->line_cache);
	tally_release(&b->tally);
	seen_release(&b->seen);
	names_release(&b->names);
	store_rollback(&b->rig.store);
	rig_close(&b->rig);
}

static int64_t node_of(struct bench *b, struct bytes named)
{
	struct err e = { 0 };
	int64_t node = names_node(&b->names, named.n ? named : BYTES("this-machine"), &e);

	assert_ok(node, &e);
	return node;
}

/* As the pipeline does with a line that was not matched. */
static void learn(struct bench *b, struct bytes text, const struct line *l)
{
	struct err e = { 0 };
	int64_t node = node_of(b, l->rec.node);
	struct ident *id = tally_ident(&b->tally, node, &l->rec, l->identity, &e);

	if (id == NULL)
		fail_msg("%s", e.msg);
	line_cache_learn_ident(&b->line_cache, id);
	line_cache_learn(&b->line_cache, text, NULL, l, node, l->rec.node.n == 0);
}

static int64_t string_row(struct bench *b, struct bytes text)
{
	struct err e = { 0 };
	int64_t row = store_string(&b->rig.store, text, &e);

	assert_ok(row, &e);
	return row;
}

/* What of the matched event is not as body_parse_line has it; NULL: nothing. */
static const char *difference(struct bench *b, const struct line_cache_event *ev,
			      const struct line *l)
{
	const struct record *r = &l->rec;
	int64_t boot_time = l->uptime_us < 0 || !r->has_serial ?
				    BOOT_NO_TIME :
				    r->ms / 1000 - l->uptime_us / 1000000;
	const struct { const char *what; bool same; } checks[] = {
		{ "no record", l->kind == LINE_RECORD },
		{ "has a serial", l->kind != LINE_RECORD || ev->has_serial == r->has_serial },
		{ "ms", ev->ms == r->ms },
		{ "second", !r->has_serial || ev->second == r->ms / 1000 },
		{ "serial", !r->has_serial || ev->serial == r->serial },
		{ "nr", ev->nr == r->nr },
		{ "ip", ev->ip == r->ip },
		{ "code", ev->code == r->code },
		{ "pid", ev->id->pid == r->pid },
		{ "uid", ev->id->uid == r->uid },
		{ "auid", ev->id->auid == r->auid },
		{ "sig", ev->id->sig == r->sig },
		{ "arch", ev->id->arch == r->arch },
		{ "auditd's form", ev->prefix->auditd_form == l->auditd_form },
		{ "indented", ev->prefix->indented == l->indented },
		{ "own node", ev->prefix->own_node == (r->node.n == 0) },
		{ "base", ev->boot_time == boot_time },
	};

	for (size_t i = 0; i < ARRAY_SIZE(checks); i++)
		if (!checks[i].same)
			return checks[i].what;
	if (ev->prefix->node != node_of(b, r->node) || ev->id->node != ev->prefix->node)
		return "node";
	if (ev->id->exe != string_row(b, r->exe))
		return "exe";
	return ev->id->comm == string_row(b, r->comm) ? NULL : "comm";
}

/* The hot path's answer to a line, with another one behind it and nothing else. */
static bool match(struct bench *b, struct bytes text, struct line_cache_event *ev)
{
	static const char next[] = "\nx";
	char *copy = mem_zero(text.n + sizeof(next) + LINES_SLACK, 1);
	bool taken;

	memcpy(copy, text.p, text.n);
	memcpy(copy + text.n, next, strlen(next));
	taken = line_cache_match(&b->line_cache, (struct bytes){ copy, text.n + strlen(next) }, ev);
	if (taken)
		assert_int_equal(ev->n, text.n);
	assert_false(line_cache_match(&b->line_cache, (struct bytes){ copy, text.n },
				      ev)); /* the newline has not come yet */
	if (taken)
		taken = line_cache_match(&b->line_cache, (struct bytes){ copy, text.n + 1 }, ev);
	free(copy);
	return taken;
}

/* Feeds one line; true when the hot path took it. */
static bool feed(struct bench *b, struct bytes text)
{
	struct line_cache_event ev;
	struct line l;
	const char *what;
	bool taken = match(b, text, &ev);

	body_parse_line(text, &l, &b->room);
	if (!taken && l.kind == LINE_RECORD)
		learn(b, text, &l);
	what = taken ? difference(b, &ev, &l) : NULL;
	if (what != NULL)
		fail_msg("%s: %.*s", what, (int)text.n, text.p);
	return taken;
}

/* ---- the samples, in order and mixed ---- */

static void the_samples_in_order(void **state)
{
	struct bench b;
	unsigned total = 0, taken = 0;

	(void)state;
	bench_open(&b);
	for (size_t i = 0; i < ARRAY_SIZE(sample_files); i++) {
		char *all = read_file(sample_files[i]);

		for (char *p = all, *nl; (nl = strchr(p, '\n')) != NULL; p = nl + 1) {
			struct bytes text = { p, (size_t)(nl - p) };

			taken += feed(&b, text);
			total++;
		}
		free(all);
	}
	assert_true(taken > total * 8 / 10); /* else nothing was tested */
	bench_close(&b);
}

static void the_samples_line_by_line_in_turn(void **state)
{
	char *all[ARRAY_SIZE(sample_files)], *at[ARRAY_SIZE(sample_files)];
	struct bench b;
	unsigned taken = 0;
	bool more = true;

	(void)state;
	bench_open(&b);
	for (size_t i = 0; i < ARRAY_SIZE(sample_files); i++)
		all[i] = at[i] = read_file(sample_files[i]);
	while (more) {
		more = false;
		for (size_t i = 0; i < ARRAY_SIZE(sample_files); i++) {
			char *nl = strchr(at[i], '\n');

			if (nl == NULL)
				continue;
			taken += feed(&b, (struct bytes){ at[i], (size_t)(nl - at[i]) });
			at[i] = nl + 1;
			more = true;
		}
	}
	assert_true(taken > 1000);
	for (size_t i = 0; i < ARRAY_SIZE(sample_files); i++)
		free(all[i]);
	bench_close(&b);
}

/* ---- one byte changed ---- */

#define FIELDS                                                                                     \
	"auid=4294967295 uid=65534 gid=65534 ses=4294967295 pid=5857 comm=\"sh\" "                 \
	"exe=\"/usr/bin/dash\" sig=0 arch=c000003e syscall=12 compat=0 ip=0x7f328e6a7c47 code=0x7ffc0000"
#define RECORD "audit(1795518350.089:610839): " FIELDS
#define KERNEL "audit: type=1326 " RECORD

static struct line_row { const char *name, *line;
} rows[] = {
	{ "RFC 3339", "2026-11-24T11:05:50.097724+00:00 node01 kernel: [ 2076.263835] " KERNEL },
	{ "traditional", "Nov 24 11:05:50 node01 kernel: [ 2076.263835] " KERNEL },
	{ "traditional, address", "Nov 24 11:05:50 192.0.2.11 kernel: " KERNEL },
	{ "RFC 3164", "<5>Nov 24 11:05:50 node01 kernel: [ 2076.263835] " KERNEL },
	{ "RFC 5424",
	  "<5>1 2026-11-24T11:05:50.097724+00:00 node01 kernel - - - [ 2076.263835] " KERNEL },
	{ "busybox", "Nov 24 11:05:50 node01 kern.notice kernel: [ 2076.263835] " KERNEL },
	{ "Talos", "10.5.0.3: kern:  notice: [2026-11-24T11:05:50.097724000Z]: " KERNEL },
	{ "dmesg", "[ 2076.263835] " KERNEL },
	{ "dmesg -T", "[Tue Nov 24 11:05:50 2026] " KERNEL },
	{ "dmesg -x", "kern  :notice: [ 2076.263835] " KERNEL },
	{ "dmesg -r", "<5>[ 2076.263835] " KERNEL },
	{ "dmesg iso", "2026-11-24T11:05:50,097724+00:00 " KERNEL },
	{ "printk's caller", "[ 2076.263835] [   T55] " KERNEL },
	{ "printk's processor", "[ 2076.263835] 000: " KERNEL },
	{ "kmsg", "5,535,2076263835,-;" KERNEL },
	{ "colour", "\033[32m[ 2076.263835] \033[0m\033[33maudit: \033[0mtype=1326 " RECORD },
	{ "journalctl short-unix", "1795518350.097724 node01 kernel: " KERNEL },
	{ "journalctl short-full", "Tue 2026-11-24 11:05:50 UTC node01 kernel: " KERNEL },
	{ "journalctl short-monotonic", "[ 2076.263835] node01 kernel: " KERNEL },
	{ "grep's name and line", "/var/log/syslog:12:Nov 24 11:05:50 node01 kernel: " KERNEL },
	{ "indented", "   type=SECCOMP msg=" RECORD },
	{ "auditd", "type=SECCOMP msg=" RECORD },
	{ "auditd, numeric", "type=1326 msg=" RECORD },
	{ "auditd, node", "node=10.5.0.3 type=SECCOMP msg=" RECORD },
	{ "auditd enriched", "type=SECCOMP msg=" RECORD "\x1d"
			     "AUID=\"unset\" UID=\"nobody\"" },
	{ "audisp-syslog",
	  "Nov 24 11:05:50 node02 audisp-syslog: node=node01 type=SECCOMP msg=" RECORD },
	{ "bare text", RECORD },
	{ "two blanks",
	  "Nov 24 11:05:50 node01 kernel: [ 2076.263835] audit: type=1326 audit(1795518350.089:610839):  " FIELDS },
	{ "carriage return", "Nov 24 11:05:50 node01 kernel: [ 2076.263835] " KERNEL "\r" },
	{ "blank behind", "Nov 24 11:05:50 node01 kernel: [ 2076.263835] " KERNEL " " },
	{ "local month", "M\xc3\xa4r 24 11:05:50 node01 kernel: [ 2076.263835] " KERNEL },
	{ "colour at the end", "\033[32m[ 2076.263835] \033[0m" KERNEL "\033[0m" },
	{ "journald", "Nov 24 11:05:50 node01 audit[5857]: SECCOMP " FIELDS },
	{ "journald, bare", "SECCOMP " FIELDS },
	{ "journald, tag alone", "audit[5857]: SECCOMP " FIELDS },
	{ "journald, short-unix", "1795518350.097724 node01 audit[5857]: SECCOMP " FIELDS },
	{ "journald, short-iso-precise",
	  "2026-11-24T11:05:50.097724+0000 node01 audit[5857]: SECCOMP " FIELDS },
	{ "journald, zone", "2026-11-24T00:05:50.097724+0130 node01 audit[5857]: SECCOMP " FIELDS },
	{ "CRI", "2026-11-24T11:05:50.097724123Z stdout F Nov 24 11:05:50 node01 kernel: " KERNEL },
	{ "docker logs -t", "2026-11-24T11:05:50.097724123Z type=SECCOMP msg=" RECORD },
	{ "compose", "reader-1  | Nov 24 11:05:50 node01 kernel: " KERNEL },
	{ "kubectl logs", "[pod/web-5d9/app] Nov 24 11:05:50 node01 kernel: " KERNEL },
	{ "imfile", "Nov 24 11:05:50 node01 tag_audit_log: type=SECCOMP msg=" RECORD },
	{ "ChromeOS", "2026-11-24T11:05:50.097724Z NOTICE kernel: [ 2076.263835] " KERNEL },
	{ "OpenWrt", "Tue Nov 24 11:05:50 2026 kern.notice kernel: [ 2076.263835] " KERNEL },
	{ "logcat", "11-24 11:05:50.412   959   959 E audit   : type=1326 " RECORD },
	{ "logcat, brief", "E/audit   (  959): type=1326 " RECORD },
	{ "bullet", "12. type=SECCOMP msg=" RECORD },
	{ "quotation", "> Nov 24 11:05:50 node01 kernel: " KERNEL },
	{ "a clock that may be a line's number", "a-12:15:11:05:50 node01 kernel: " KERNEL },
};


/* Changes each byte from `from` to before `to` in turn. */
static void change_bytes(const struct line_row *r, size_t from, size_t to)
{
	static const char bytes[] = { '\0', '\t', ' ', '"',    '-',    '.',	  ':',
				      '=',  '[',  ']', '0',    '1',    '9',	  'a',
				      'g',  'A',  's', '\033', '\x1d', (char)0xff };
	size_t n = strlen(r->line);
	struct bench b;
	struct line l;

	bench_open(&b);
	body_parse_line((struct bytes){ r->line, n }, &l, &b.room);
	assert_int_equal(l.kind, LINE_RECORD);
	learn(&b, (struct bytes){ r->line, n }, &l);
	for (size_t at = from; at < to; at++)
		for (size_t k = 0; k < sizeof(bytes); k++) {
			char *copy = exact_copy((struct bytes){ r->line, n });
			struct line_cache_event ev;
			const char *what;

			copy[at] = bytes[k];
			if (match(&b, (struct bytes){ copy, n }, &ev)) {
				body_parse_line((struct bytes){ copy, n }, &l, &b.room);
				what = difference(&b, &ev, &l);
				if (what != NULL)
					fail_msg("%s: %.*s", what, (int)n, copy);
			}
			free(copy);
		}
	bench_close(&b);
}

static size_t record_at(const struct line_row *r)
{
	const char *at = strstr(r->line, "audit(");

	return (size_t)((at == NULL ? strstr(r->line, "auid=") : at) - r->line);
}

static void check_changed_header(void **state)
{
	change_bytes(*state, 0, record_at(*state));
}

static void check_changed_record(void **state)
{
	const struct line_row *r = *state;

	change_bytes(r, record_at(r), strlen(r->line));
}

/* Every beginning of a line that was learned: none of them is taken, and nobody reads far behind
 * it. */
static void check_cut(void **state)
{
	const struct line_row *r = *state;
	size_t n = strlen(r->line);
	struct bench b;
	struct line l;

	bench_open(&b);
	body_parse_line((struct bytes){ r->line, n }, &l, &b.room);
	learn(&b, (struct bytes){ r->line, n }, &l);
	for (size_t cut = 0; cut < n; cut++) {
		struct line_cache_event ev;

		if (match(&b, (struct bytes){ r->line, cut }, &ev)) {
			body_parse_line((struct bytes){ r->line, cut }, &l, &b.room);
			if (difference(&b, &ev, &l) != NULL)
				fail_msg("%s: %.*s", difference(&b, &ev, &l), (int)cut, r->line);
		}
	}
	bench_close(&b);
}

/* ---- lines changed by chance ---- */

#define MUTATIONS 4000 /* of each row in one run */
static unsigned long tried, taken_of_tried;

static unsigned chance(unsigned n)
{
	static uint64_t state;

	if (state == 0) {
		const char *given = getenv("LINE_SEED");

		state = given ? strtoull(given, NULL, 10) : (uint64_t)time(NULL);
		printf("LINE_SEED=%llu\n", (unsigned long long)state);
		state = hash_u64(state, 1) | 1;
	}
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (unsigned)(state >> 33) % n;
}

/* One change: most often of a digit; else a byte more, less, another or moved. */
static size_t change(char *line, size_t n)
{
	static const char bytes[] = " \t\r\"-.:,;=[]()<>\\019afxZ\033\x1d\xff";
	size_t at = chance((unsigned)n), end = chance((unsigned)n);

	switch (chance(8)) {
	case 0:
		line[at] = bytes[chance(sizeof(bytes))];
		return n;
	case 1:
		memmove(line + at, line + at + 1, n - at - 1);
		return n - 1;
	case 2:
		memmove(line + at + 1, line + at, n - at);
		line[at] = bytes[chance(sizeof(bytes))];
		return n + 1;
	case 3:
		line[at] = line[end];
		return n;
	default:
		for (size_t k = 0; k < n; k++)
			if (bytes_digit(line[(at + k) % n])) {
				line[(at + k) % n] = (char)('0' + chance(10));
				break;
			}
		return n;
	}
}

static void check_by_chance(void **state)
{
	const struct line_row *r = *state;
	size_t n = strlen(r->line);
	char *line = mem_zero(n + 32, 1);
	unsigned most = MUTATIONS * (getenv("SCAUDIT_LONG") ? 250 : 1), taken = 0;
	struct bench b;

	if (getenv("UNTIMED") != NULL) /* under valgrind */
		most /= 20;
	bench_open(&b);
	feed(&b, (struct bytes){ r->line, n });
	for (unsigned i = 0; i < most; i++) {
		size_t now = n;

		memcpy(line, r->line, n);
		for (unsigned k = 1 + chance(3); k > 0; k--)
			now = change(line, now);
		if (memchr(line, '\n', now) == NULL)
			taken += feed(&b, (struct bytes){ line, now });
	}
	tried += most;
	taken_of_tried += taken;
	assert_true(taken > most / 50); /* else the spelling is not on the fast way */
	bench_close(&b);
	free(line);
}

static void how_many(void **state)
{
	(void)state;
	printf("%lu lines changed by chance, of which %lu were taken\n", tried, taken_of_tried);
}

/* ---- rows ---- */

static struct take_row { const char *name, *from, *to; bool taken;
} takes[] = {
	{ "taken: the same line again", "", "", true },
	{ "taken: another serial", ":610839)", ":610840)", true },
	{ "taken: another second", "(1795518350.", "(1795518351.", true },
	{ "taken: a second with fewer digits", "(1795518350.", "(114.", true },
	{ "taken: another call and ip", "syscall=12 compat=0 ip=0x7f328e6a7c47",
	  "syscall=257 compat=0 ip=0x40828e", true },
	{ "taken: a negative number", "syscall=12", "syscall=-1", true },
	{ "taken: another stamp of the header", "11:05:50.09", "11:05:51.10", true },
	{ "refused: an ip with seventeen digits", "ip=0x7f328e6a7c47", "ip=0x17f328e6a7c470000",
	  false },
	{ "refused: another thread", "\"sh\"", "\"sx\"", false },
	{ "refused: another host", "node01", "node02", false },
	{ "refused: a kill without a signal", "0x7ffc0000", "0x80000000", false },
	{ "refused: an upper-case digit in code", "0x7ffc0000", "0x7FFc0000", false },
	{ "refused: text behind the record", "0x7ffc0000", "0x7ffc0000 x", false },
};

static void check_take(void **state)
{
	static const char line[] =
		"2026-11-24T11:05:50.097724+00:00 node01 kernel: [ 2076.263835] " KERNEL;
	const struct take_row *r = *state;
	const char *at = strstr(line, r->from);
	char *text = mem_print("%.*s%s%s", (int)(at - line), line, r->to, at + strlen(r->from));
	struct bench b;

	bench_open(&b);
	assert_false(feed(&b, BYTES(line)));
	assert_int_equal(feed(&b, bytes_of(text)), r->taken);
	line_cache_forget(&b.line_cache);
	assert_false(feed(&b, bytes_of(text)));
	bench_close(&b);
	free(text);
}

/* More identities than are kept: all are dropped, and nobody looks at one that is gone. */
static void identities_come_and_go(void **state)
{
	struct bench b;
	char text[512];

	(void)state;
	bench_open(&b);
	for (unsigned i = 0; i < TALLY_MAX_IDENTS + 2000; i++) {
		snprintf(
			text, sizeof(text),
			"type=SECCOMP msg=audit(1795518350.089:%u): auid=0 uid=0 gid=0 ses=1 pid=%u comm=\"c%u\" exe=\"/x\" "
			"sig=0 arch=c000003e syscall=12 compat=0 ip=0x7f328e6a7c47 code=0x7ffc0000",
			i, i % 30000, i / 30000);
		assert_false(feed(&b, bytes_of(text)));
		assert_true(feed(&b, bytes_of(text)));
	}
	assert_int_equal(b.tally.ident_drops, 1);
	bench_close(&b);
}

int main(void)
{
	static const struct { const char *what; CMUnitTestFunction f; } kinds[] = {
		{ "changed byte in the header", check_changed_header },
		{ "changed byte in the record", check_changed_record },
		{ "cut", check_cut },
		{ "by chance", check_by_chance },
	};
	static char names[ARRAY_SIZE(kinds)][ARRAY_SIZE(rows)][96];
	struct tests t = { 0 };

	ADD(&t, the_samples_in_order);
	ADD(&t, the_samples_line_by_line_in_turn);
	for (size_t k = 0; k < ARRAY_SIZE(kinds); k++)
		for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
			snprintf(names[k][i], sizeof(names[k][i]), "%s: %s", kinds[k].what,
				 rows[i].name);
			add_test(&t, names[k][i], kinds[k].f, &rows[i]);
		}
	ADD(&t, how_many);
	ADD_ROWS(&t, takes, check_take);
	ADD(&t, identities_come_and_go);
	return run_rows(&t, "fast");
}
