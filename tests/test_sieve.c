// SPDX-License-Identifier: Apache-2.0
/* What the sieve passes over is nothing that the parser would take; with wide instructions and
 * without, it passes over the same. */
#include "tests/test.h"

#include "ingest/read/lines.h"
#include "ingest/read/sieve.h"
#include "ingest/read/wrap.h"
#include "ingest/read/body.h"

#include <time.h>

static uint64_t state_of_chance;

static unsigned chance(unsigned n)
{
	state_of_chance ^= state_of_chance << 13;
	state_of_chance ^= state_of_chance >> 7;
	state_of_chance ^= state_of_chance << 17;
	return (unsigned)(state_of_chance >> 33) % n;
}

/* Words, their beginnings, and what stands around them. */
static const char *const parts[] = {
	"1326",
	"132",
	"326",
	"SECCOMP",
	"SECCOM",
	"callbacks supp",
	"callbacks sup",
	"audit_",
	"audit(",
	"audit",
	"limit exceeded",
	"limit exceede",
	"issed ",
	"issed",
	" lost",
	" los",
	"Suppressed ",
	"suppressed ",
	"dropping event",
	"dropping even",
	"\033",
	"\033[0m",
	"{",
	"{\"",
	" {\"a\":1}",
	"__CURSOR=",
	"__CURSOR",
	"[{",
	"data: {\"",
	"\x1e{}",
	"@cee:{",
	"type=1326 audit(1.000:1): ",
	"type=SYSCALL msg=audit(1.000:1): ",
	"Nov 24 11:05:50 node01 ",
	"kernel: ",
	"systemd[1]: ",
	"Started Session 7.",
	"rsyslogd: ",
	"systemd-journald[1]: Missed 7 kernel messages",
	"auditd[7]: dropping event",
	"a",
	"1",
	" ",
	"\t",
	"\r",
	"0123456789abcdef",
	"the quick brown fox jumps over the lazy dog",
};

static size_t write_line(char *out, size_t room)
{
	size_t n = 0;

	for (unsigned k = chance(12); k > 0; k--) {
		const char *part = parts[chance(ARRAY_SIZE(parts))];

		if (chance(3) == 0)
			part = "node01 foo[17]: bar";
		if (n + strlen(part) + 2 > room)
			break;
		memcpy(out + n, part, strlen(part));
		n += strlen(part);
		if (chance(200) == 0)
			out[n++] = '\0';
	}
	return n;
}

/* Would any reader but a counter look at the line? */
static bool is_wanted(struct bytes line, struct bytes ahead)
{
	static struct body_room room;
	struct wrap w = { .kind = NULL };
	struct line l;
	bool unsure, begins = wrap_begins(&w, ahead, true, 1, &unsure);

	wrap_release(&w);
	body_parse_line(line, &l, &room);
	return begins || unsure || l.kind != LINE_OTHER;
}

static void check_passed(struct bytes ahead, size_t n, uint64_t lines)
{
	struct bytes rest = { ahead.p, n };

	assert_true(n == 0 || ahead.p[n - 1] == '\n');
	for (; rest.n > 0; lines--) {
		struct bytes line = bytes_until(&rest, '\n');

		if (is_wanted(line, (struct bytes){ line.p, (size_t)(ahead.p + ahead.n - line.p) }))
			fail_msg("passed over: %.*s", (int)line.n, line.p);
		bytes_skip(&rest, 1);
	}
	assert_int_equal(lines, 0);
}

static void what_is_passed_over_is_nobodys(void **state)
{
	const char *given = getenv("SIEVE_SEED");
	unsigned rounds = getenv("SCAUDIT_LONG") ? 2000000 : getenv("UNTIMED") ? 2000 : 20000;
	size_t passed = 0, all = 0;

	(void)state;
	state_of_chance = given ? strtoull(given, NULL, 10) : (uint64_t)time(NULL);
	printf("SIEVE_SEED=%llu\n", (unsigned long long)state_of_chance);
	for (unsigned i = 0; i < rounds; i++) {
		char text[2048] = "";
		size_t n = 0, got, plainly;
		uint64_t lines, lines_plainly;
		struct bytes ahead;

		for (unsigned k = 1 + chance(8); k > 0; k--) {
			n += write_line(text + n, 200);
			if (k > 1 || chance(2))
				text[n++] = '\n';
		}
		ahead = (struct bytes){ text, n };
		got = sieve_pass(ahead, &lines);
		plainly = sieve_pass_plainly(ahead, &lines_plainly);
		assert_int_equal(got, plainly);
		assert_int_equal(lines, lines_plainly);
		check_passed(ahead, got, lines);
		passed += got;
		all += n;
	}
	printf("%zu of %zu bytes passed over\n", passed, all);
	assert_true(passed > all / 50);
}

static struct row {
	const char *name, *text;
	size_t n;
} rows[] = {
	{ "nothing", "", 0 },
	{ "a line without its end", "Started Session 7.", 0 },
	{ "a line", "Started Session 7.\n", 19 },
	{ "the words of a line that comes", "Started Session 7.\nSECCO", 19 },
	{ "a record", "Started Session 7.\nkernel: audit: type=1326 audit(1.000:1): \n", 19 },
	{ "another type of record", "Started Session 7.\ntype=AVC msg=audit(1.000:1): \n", 19 },
	{ "a loss", "Started.\nkernel: audit: audit_lost=1\n", 9 },
	{ "a brace in a line", "a {\"b\":1}\nc\n", 12 },
	{ "JSON", "a\n  {\"b\":1}\nc\n", 2 },
	{ "an export", "a\n__CURSOR=7\n", 2 },
	{ "colour", "a\n\033[1mb\n", 2 },
};

static void check_row(void **state)
{
	const struct row *r = *state;
	char text[256] = "";
	uint64_t lines;

	memcpy(text, r->text, strlen(r->text));
	assert_int_equal(sieve_pass((struct bytes){ text, strlen(text) }, &lines), r->n);
}

int main(void)
{
	struct tests t = { 0 };

	ADD_ROWS(&t, rows, check_row);
	ADD(&t, what_is_passed_over_is_nobodys);
	return run_rows(&t, "sieve");
}
