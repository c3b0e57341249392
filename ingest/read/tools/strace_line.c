// SPDX-License-Identifier: Apache-2.0
/*
 * Takes a line of strace's apart, from the left: process, time, number, instruction pointer, then
 * the call. Of what is in the parentheses nobody here needs more than where it ends, which the
 * line's end tells. source: print_ts, printleader, print_syscall_number and print_pc of strace 4.0
 * to 6.17
 */
#include "ingest/read/tools/strace_line.h"

#define DAY_MS (24 * INT64_C(3600000))
#define MOST_PID 4194304

static bool letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool hex(char c)
{
	return bytes_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/* ---- what stands in front ---- */

/* ".123456" behind seconds: milliseconds. */
static int64_t fraction(struct bytes *b)
{
	int64_t ms = 0, unit = 100;

	if (b->n < 2 || (b->p[0] != '.' && b->p[0] != ',') || !bytes_digit(b->p[1]))
		return 0;
	bytes_skip(b, 1);
	for (; b->n && bytes_digit(b->p[0]); bytes_skip(b, 1), unit /= 10)
		ms += unit * (b->p[0] - '0');
	return ms;
}

/* "04:29:37[.123456] " */
static bool take_day(struct bytes *b, struct strace_line *out)
{
	const char *p = b->p;

	if (b->n < 9 || p[2] != ':' || p[5] != ':' || !bytes_digit(p[0]) || !bytes_digit(p[1]) ||
	    !bytes_digit(p[3]) || !bytes_digit(p[4]) || !bytes_digit(p[6]) || !bytes_digit(p[7]))
		return false;
	out->ms = ((p[0] - '0') * 10 + p[1] - '0') * INT64_C(3600000) +
		  ((p[3] - '0') * 10 + p[4] - '0') * INT64_C(60000) +
		  ((p[6] - '0') * 10 + p[7] - '0') * INT64_C(1000);
	bytes_skip(b, 8);
	out->ms += fraction(b);
	out->clock = STRACE_DAY;
	return out->ms < DAY_MS + 1000;
}

/*
 * A number in front: seconds since the epoch, or since the line before (-r), or, without a dot, a
 * pid. True: it was one of these.
 */
static bool take_number(struct bytes *b, struct strace_line *out)
{
	struct bytes was = *b;
	uint64_t v;
	size_t digits = bytes_dec(b, INT64_MAX / 2000, &v);
	bool dot = b->n > 1 && (b->p[0] == '.' || b->p[0] == ',');
	int64_t ms = dot ? fraction(b) : 0;

	if (digits == 0 || b->n == 0) {
		*b = was;
		return false;
	}
	if (dot || v > MOST_PID) { /* -ttt without a fraction came with strace 4.6 */
		if (b->p[0] == ' ' && digits >= 9 && v < 100000000000) {
			out->clock = STRACE_EPOCH;
			out->ms = (int64_t)v * 1000 + ms;
		}
	} else if (out->pid < 0 && out->clock == STRACE_NO_TIME && v > 0) {
		out->pid = (int64_t)v;
		if (b->p[0] == '<') {
			struct bytes rest = *b;

			bytes_skip(&rest, 1);
			out->comm = bytes_until(&rest, '>');
			*b = rest;
			bytes_skip(b, 1);
		}
	} else {
		*b = was;
		return false;
	}
	if (b->n == 0 || (b->p[0] != ' ' && b->p[0] != '\t')) {
		*b = was;
		return false;
	}
	bytes_trim_left(b);
	return true;
}

/* "[pid  1234] ", "[pid 1234<sh>] " */
static bool take_bracketed_pid(struct bytes *b, struct strace_line *out)
{
	struct bytes rest = *b;
	uint64_t v;

	if (!bytes_take(&rest, BYTES("[pid ")))
		return false;
	bytes_trim_left(&rest);
	if (bytes_dec(&rest, INT32_MAX, &v) == 0)
		return false;
	if (bytes_take(&rest, BYTES("<")))
		out->comm = bytes_until(&rest, '>'), bytes_skip(&rest, 1);
	if (!bytes_take(&rest, BYTES("]")))
		return false;
	bytes_trim_left(&rest);
	out->pid = (int64_t)v;
	*b = rest;
	return true;
}

/* "[ 257] " of -n, "[00007f2a3c4d5e6f] " of -i, "[????????????????] " */
static bool take_bracket(struct bytes *b, struct strace_line *out)
{
	struct bytes rest = *b, in;
	uint64_t v;
	size_t n = 0;

	if (b->n < 3 || b->p[0] != '[')
		return false;
	bytes_skip(&rest, 1);
	in = bytes_until(&rest, ']');
	if (rest.n < 2 || rest.p[1] != ' ' || in.n > 20)
		return false;
	bytes_trim_left(&in);
	while (n < in.n && (hex(in.p[n]) || in.p[n] == '?' || (n == 1 && in.p[n] == 'x')))
		n++;
	if (n != in.n || n == 0)
		return false;
	if (n < 8 && bytes_dec(&in, INT32_MAX, &v) > 0 && in.n == 0)
		out->nr = (int64_t)v;
	bytes_skip(&rest, 2);
	bytes_trim_left(&rest);
	*b = rest;
	return true;
}

/* "(+     0.000123) ": the time since the line before, beside another one. */
static bool take_relative(struct bytes *b)
{
	struct bytes rest = *b;

	if (!bytes_take(&rest, BYTES("(+")))
		return false;
	bytes_until(&rest, ')');
	bytes_skip(&rest, 1);
	bytes_trim_left(&rest);
	*b = rest;
	return true;
}

static void take_front(struct bytes *b, struct strace_line *out)
{
	bool any = true;

	bytes_trim_left(b);
	while (any && b->n)
		any = bytes_digit(b->p[0]) ? take_day(b, out) || take_number(b, out)
		      : b->p[0] == '['     ? take_bracketed_pid(b, out) || take_bracket(b, out)
		      : b->p[0] == '('     ? take_relative(b)
					   : false,
		bytes_trim_left(b);
}

/* ---- what strace says itself ---- */

static int64_t number_in(struct bytes b, struct bytes behind)
{
	uint64_t v;

	bytes_skip(&b, bytes_find(b, behind) + behind.n);
	return bytes_dec(&b, INT32_MAX, &v) > 0 ? (int64_t)v : -1;
}

static bool take_word(struct bytes b, struct strace_line *out)
{
	if (bytes_starts(b, BYTES("+++ superseded by execve in pid ")))
		out->kind = STRACE_SUPERSEDED, out->other = number_in(b, BYTES(" in pid "));
	else if (bytes_starts(b, BYTES("+++ exited with ")) ||
		 bytes_starts(b, BYTES("+++ killed by ")))
		out->kind = STRACE_GONE;
	else if (bytes_starts(b, BYTES("strace: Process ")) && bytes_has(b, BYTES(" attached")))
		out->kind = STRACE_ATTACHED, out->other = number_in(b, BYTES("Process "));
	else if (bytes_starts(b, BYTES("Process ")) && bytes_has(b, BYTES(" attached")))
		out->kind = STRACE_ATTACHED, out->other = number_in(b, BYTES("Process "));
	else if (bytes_has(b, BYTES("[ Process PID=")) && bytes_has(b, BYTES(" runs in ")))
		out->kind = STRACE_PERSONALITY, out->other = number_in(b, BYTES("PID=")),
		out->mode = bytes_has(b, BYTES("x32"))	  ? 'x' :
			    bytes_has(b, BYTES("32 bit")) ? '3' :
							    '6';
	else if (bytes_starts(b, BYTES("[Output ")) || bytes_starts(b, BYTES("[output ")))
		out->kind = STRACE_TRUNCATED;
	else if (bytes_starts(b, BYTES("--- ")) || bytes_starts(b, BYTES("+++ ")) ||
		 bytes_starts(b, BYTES("strace: ")) || bytes_starts(b, BYTES("> ")) ||
		 bytes_starts(b, BYTES("| ")) || bytes_starts(b, BYTES("* ")) ||
		 bytes_starts(b, BYTES("<unfinished ...>")) ||
		 (bytes_starts(b, BYTES("Process ")) && bytes_has(b, BYTES("detached"))))
		out->kind = STRACE_NOISE;
	else
		return false;
	return true;
}

/* ---- the call ---- */

/* Where " = " stands behind the parenthesis that ends the call; b.n: nowhere. */
static size_t find_result(struct bytes b)
{
	size_t at = b.n, n;

	while (at > 0) {
		const char *p = memrchr(b.p, '=', at);

		if (p == NULL)
			return b.n;
		at = (size_t)(p - b.p);
		if (at < 2 || at + 1 >= b.n || b.p[at + 1] != ' ' || b.p[at - 1] != ' ')
			continue;
		for (n = at; n > 0 && (b.p[n - 1] == ' ' || b.p[n - 1] == '\t'); n--)
			;
		if (n > 0 && b.p[n - 1] == ')')
			return at;
	}
	return b.n;
}

static void take_result(struct bytes *args, struct strace_line *out)
{
	size_t at = find_result(*args);

	if (at == args->n)
		return;
	out->result = *args;
	bytes_skip(&out->result, at + 2);
	args->n = at;
	bytes_trim_right(args);
	args->n -= args->n > 0; /* the parenthesis */
	out->failed = out->result.n > 3 && out->result.p[0] == '-' && out->result.p[1] == '1' &&
		      out->result.p[2] == ' ' && out->result.p[3] == 'E';
}

/* An unfinished call whose line strace interrupted itself to say that it has attached a process. */
static bool take_attached(struct bytes *args, struct strace_line *out)
{
	size_t at = bytes_find(*args, BYTES("strace: Process "));
	struct bytes said = *args;

	if (at == args->n)
		at = bytes_find(*args, BYTES("Process "));
	if (at == args->n || !bytes_has(*args, BYTES(" attached")))
		return false;
	bytes_skip(&said, at);
	out->other = number_in(said, BYTES("Process "));
	out->attached = out->other > 0;
	args->n = at;
	return out->attached;
}

static void take_rest(struct bytes args, struct strace_line *out)
{
	struct bytes end = args;

	bytes_trim_right(&end);
	if (end.n >= 16 && memcmp(end.p + end.n - 16, "<unfinished ...>", 16) == 0) {
		out->kind = STRACE_UNFINISHED;
		out->args = (struct bytes){ args.p, end.n - 16 };
		return;
	}
	take_result(&args, out);
	out->args = args;
	out->kind = STRACE_CALL;
	if (out->result.n == 0)
		out->kind = take_attached(&out->args, out) ? STRACE_UNFINISHED : STRACE_CUT;
}

/* "syscall_0x1d7", "syscall_471": strace did not know the number. */
static void take_unknown(struct strace_line *out)
{
	struct bytes digits = out->name;
	uint64_t v;

	if (!bytes_take(&digits, BYTES("syscall_")))
		return;
	if (bytes_take(&digits, BYTES("0x")) ? bytes_hex(&digits, INT32_MAX, &v) == 0 :
					       bytes_dec(&digits, INT32_MAX, &v) == 0)
		return;
	if (digits.n)
		return;
	out->nr = (int64_t)v;
	out->name.n = 0;
}

/* "<... read resumed> ..." */
static bool take_resumed(struct bytes b, struct strace_line *out)
{
	if (!bytes_take(&b, BYTES("<... ")))
		return false;
	out->name = bytes_until(&b, ' ');
	if (!bytes_take(&b, BYTES(" resumed>")))
		return false;
	take_unknown(out);
	take_result(&b, out);
	out->args = b;
	out->kind = out->result.n ? STRACE_RESUMED : STRACE_CUT;
	return true;
}

static bool take_call(struct bytes b, struct strace_line *out)
{
	size_t n = 0;

	while (n < b.n && (letter(b.p[n]) || bytes_digit(b.p[n])))
		n++;
	if (n == 0 || n == b.n || b.p[n] != '(' || !letter(b.p[0]))
		return false;
	out->name = (struct bytes){ b.p, n };
	bytes_skip(&b, n + 1);
	take_unknown(out);
	take_rest(b, out);
	return true;
}

void strace_parse(struct bytes line, struct strace_line *out)
{
	struct bytes b = line;

	*out = (struct strace_line){ .pid = -1, .other = -1, .nr = -1 };
	bytes_trim_right(&b);
	take_front(&b, out);
	if (b.n == 0 || take_resumed(b, out) || take_call(b, out))
		return;
	/* the end of a call whose line strace had interrupted */
	if (b.n > 2 && (b.p[0] == ',' || b.p[0] == ')')) {
		take_result(&b, out);
		out->args = b;
		out->kind = out->result.n ? STRACE_RESUMED : STRACE_OTHER;
		return;
	}
	if (!take_word(b, out))
		out->kind = STRACE_OTHER;
}

int64_t strace_result(const struct strace_line *l)
{
	struct bytes b = l->result;
	uint64_t v;

	return bytes_dec(&b, INT32_MAX, &v) > 0 ? (int64_t)v : -1;
}

bool strace_has_pid(struct bytes text)
{
	struct strace_line l;

	strace_parse(bytes_until(&text, '\n'), &l);
	return l.pid > 0;
}
