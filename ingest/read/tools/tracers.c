// SPDX-License-Identifier: Apache-2.0
/*
 * Tracers that print a line an event: perf script, the kernel's trace file and trace-cmd, perf
 * trace, sysdig. Each line is read from where the event's name stands, to both sides, since the
 * thread's name in front may hold anything.
 */
#include "ingest/read/tools/tool.h"

#include "store/base/mem.h"

#include <stdlib.h>

struct event {
	struct bytes comm, name, container;
	int64_t pid, nr;      /* nr -1: by its name */
};

struct tracer { struct tool_callers callers; struct tool_who *summary; };

static struct tracer *state_of(struct tool_reading *r)
{
	if (r->state == NULL)
		r->state = mem_zero(1, sizeof(struct tracer));
	return r->state;
}

static void release(struct tool_reading *r)
{
	if (r->state != NULL)
		tool_callers_release(&((struct tracer *)r->state)->callers);
	free(r->state);
}

/* The last word of *b, off it. */
static struct bytes last_word(struct bytes *b)
{
	struct bytes out;
	size_t n;

	bytes_trim_right(b);
	for (n = b->n; n > 0 && b->p[n - 1] != ' ' && b->p[n - 1] != '\t'; n--)
		;
	out = (struct bytes){ b->p + n, b->n - n };
	b->n = n;
	bytes_trim_right(b);
	return out;
}

static bool number(struct bytes b, int64_t *out)
{
	uint64_t v;

	if (b.n == 0 || bytes_dec(&b, INT32_MAX, &v) == 0 || b.n > 0)
		return false;
	*out = (int64_t)v;
	return true;
}

/* "12345.678901:" or "12345.678901" */
static bool is_stamp(struct bytes b)
{
	size_t dots = 0;

	if (b.n && b.p[b.n - 1] == ':')
		b.n--;
	for (size_t i = 0; i < b.n; i++) {
		dots += b.p[i] == '.';
		if (!bytes_digit(b.p[i]) && b.p[i] != '.')
			return false;
	}
	return b.n > 2 && dots == 1;
}

static size_t behind(struct bytes b, struct bytes what)
{
	size_t at = bytes_find(b, what);

	return at == b.n ? 0 : at + what.n;
}

/* " NR 257 (...": the number */
static bool take_nr(struct bytes b, struct event *out)
{
	uint64_t v;

	bytes_trim_left(&b);
	if (!bytes_take(&b, BYTES("NR ")) || bytes_dec(&b, INT32_MAX, &v) == 0)
		return false;
	out->nr = (int64_t)v;
	return true;
}

static struct bytes word_until(struct bytes b, const char *ends)
{
	size_t n = 0;

	while (n < b.n && strchr(ends, b.p[n]) == NULL)
		n++;
	return (struct bytes){ b.p, n };
}

static int emit(struct tool_reading *r, const struct event *ev, bool presence, struct err *e)
{
	struct bytes location[LOCATION_FIELDS] = { { NULL, 0 } };
	char room[SYSCALL_NAME_MAX];
	int32_t nr = ev->nr >= 0 ? (int32_t)ev->nr :
				   tool_number(&r->names, r->arch, tool_plain_name(ev->name, room));
	struct tool_who *who;

	if (nr == TOOL_NO_NUMBER) {
		r->other++;
		return 0;
	}
	location[LOCATION_CONTAINER] = ev->container;
	who = tool_caller(r, &state_of(r)->callers, ev->pid, ev->comm, BYTES(""));
	r->calls++;
	return r->take.call(r->take.to,
			    &(struct tool_call){ .who = who,
						 .nr = nr,
						 .ms = WHEN_NONE,
						 .serial = r->serial,
						 .presence = presence,
						 .location = ev->container.n ? location : NULL },
			    e);
}

static void lost(struct tool_reading *r, uint64_t n)
{
	r->lost += n;
	r->facts |= TOOL_LOST;
}

/* "LOST 12 events!", "[LOST 12 EVENTS]", "[12 EVENTS DROPPED]", "lost 12" of PERF_RECORD_LOST,
 * "Lost 12 events" */
static bool take_lost(struct tool_reading *r, struct bytes line)
{
	static const char *const words[] = { "LOST ", "PERF_RECORD_LOST lost ",
					     "PERF_RECORD_LOST_SAMPLES lost ", "Lost " };
	size_t at = bytes_find(line, BYTES(" EVENTS DROPPED]"));
	uint64_t n;

	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		struct bytes b = line;

		bytes_skip(&b, behind(line, bytes_of(words[i])));
		if (b.n == line.n || bytes_dec(&b, INT64_MAX / 2, &n) == 0)
			continue;
		lost(r, n);
		return true;
	}
	if (at == line.n)
		return false;
	for (; at > 0 && bytes_digit(line.p[at - 1]); at--)
		;
	bytes_skip(&line, at);
	if (bytes_dec(&line, INT64_MAX / 2, &n) == 0)
		return false;
	lost(r, n);
	return true;
}

/* Of lines that are no event: what ends within one was cut. */
static void other(struct tool_reading *r, struct bytes line)
{
	if (line.n == 0 || take_lost(r, line))
		return;
	r->other++;
	if (r->last)
		r->facts |= TOOL_CUT;
}

/* ---- perf script ---- */

/* "comm 1234/1235 [001] 53612.889930: raw_syscalls:sys_enter: NR 12 (..." */
static bool perf_script(struct bytes line, struct event *out)
{
	struct bytes front = line, rest = line, word;
	size_t raw = bytes_find(line, BYTES(" raw_syscalls:sys_enter: ")),
	       named = bytes_find(line, BYTES(" syscalls:sys_enter_"));

	*out = (struct event){ .nr = -1 };
	if (raw < line.n) {
		front.n = raw;
		bytes_skip(&rest, raw + 25);
		if (!take_nr(rest, out))
			return false;
	} else if (named < line.n) {
		front.n = named;
		bytes_skip(&rest, named + 20);
		out->name = word_until(rest, ": ");
	} else {
		return false;
	}
	word = last_word(&front);
	if (!is_stamp(word))
		return false;
	word = last_word(&front);
	if (word.n && word.p[0] == '[')
		word = last_word(&front);
	out->comm = front;
	bytes_trim_left(&out->comm);
	return number(word_until(word, "/"), &out->pid) && out->comm.n > 0;
}

static int perf_script_line(struct tool_reading *r, struct bytes line, struct err *e)
{
	struct event ev;

	if (perf_script(line, &ev))
		return emit(r, &ev, false, e);
	/* sys_exit and other events beside it */
	if (bytes_has(line, BYTES("sys_exit")))
		return 0;
	other(r, line);
	return 0;
}

static enum tool_says perf_script_says(struct bytes line, struct tool_names *names)
{
	struct event ev;

	(void)names;
	if (perf_script(line, &ev))
		return TOOL_OWN;
	return bytes_has(line, BYTES("raw_syscalls:sys_exit:")) || line.p[0] == '#' ? TOOL_NOISE :
										      TOOL_FOREIGN;
}

const struct tool tool_perf_script = { .name = "perf-script",
				       .kind = KIND_PERF_SCRIPT,
				       .says = perf_script_says,
				       .line = perf_script_line,
				       .release = release };

/* ---- ftrace, trace-cmd report ---- */

/* "  ls-1234  [001] ....  123.456: sys_enter: NR 12 (...", "... sys_enter_openat: dfd: ...", "...
 * sys_openat(dfd: ..." */
static bool ftrace(struct bytes line, struct event *out)
{
	struct bytes front = line, rest = line, task;
	size_t at = bytes_find(line, BYTES(": sys_enter")),
	       call = bytes_find(line, BYTES(": sys_")), dash;

	*out = (struct event){ .nr = -1 };
	if (at < line.n) {
		front.n = at + 1;
		bytes_skip(&rest, at + 11);
		if (bytes_take(&rest, BYTES(":"))) {
			if (!take_nr(rest, out))
				return false;
		} else if (bytes_take(&rest, BYTES("_"))) {
			out->name = word_until(rest, ": (");
		} else {
			return false;
		}
	} else if (call < line.n) {
		front.n = call + 1;
		bytes_skip(&rest, call + 6);
		out->name = word_until(rest, "( ");
		if (out->name.n == rest.n || rest.p[out->name.n] != '(')
			return false;
	} else {
		return false;
	}
	if (!is_stamp(last_word(&front)))
		return false;
	task = last_word(&front);
	while (task.n && task.p[0] != '[' && front.n)
		task = last_word(&front); /* flags */
	if (task.n == 0 || task.p[0] != '[')
		return false;
	/* "(  1233)" of the tgid */
	if (front.n && front.p[front.n - 1] == ')') {
		while (front.n && front.p[front.n - 1] != '(')
			front.n--;
		front.n -= front.n > 0;
		bytes_trim_right(&front);
	}
	for (dash = front.n; dash > 0 && front.p[dash - 1] != '-'; dash--)
		;
	out->comm = (struct bytes){ front.p, dash > 0 ? dash - 1 : 0 };
	bytes_trim_left(&out->comm);
	bytes_skip(&front, dash);
	return out->comm.n > 0 && number(front, &out->pid);
}

static int ftrace_line(struct tool_reading *r, struct bytes line, struct err *e)
{
	struct event ev;

	if (ftrace(line, &ev))
		return emit(r, &ev, false, e);
	if (line.n && (line.p[0] == '#' || bytes_has(line, BYTES("sys_exit")) ||
		       bytes_starts(line, BYTES("cpus=")) || bytes_has(line, BYTES(" is empty"))))
		return 0;
	other(r, line);
	return 0;
}

static enum tool_says ftrace_says(struct bytes line, struct tool_names *names)
{
	struct event ev;

	(void)names;
	if (ftrace(line, &ev))
		return TOOL_OWN;
	return line.p[0] == '#' || bytes_has(line, BYTES("sys_exit")) ||
			       bytes_starts(line, BYTES("cpus=")) ?
		       TOOL_NOISE :
		       TOOL_FOREIGN;
}

const struct tool tool_ftrace = { .name = "ftrace",
				  .kind = KIND_FTRACE,
				  .says = ftrace_says,
				  .line = ftrace_line,
				  .release = release };

/* ---- perf trace ---- */

/* "0.049 ( 0.012 ms): sh/21087 brk() = 0x55", "? ( ): sh/1 ... [continued]: execve()) = 0", without
 * "sh/1 " where there is one thread */
static bool perf_trace(struct bytes line, struct event *out)
{
	struct bytes rest = line, first, who;
	size_t at = bytes_find(line, BYTES("): ")), slash;

	*out = (struct event){ .nr = -1, .pid = 1 };
	bytes_trim_left(&rest);
	first = word_until(rest, " ");
	if (at == line.n || !(is_stamp(first) || bytes_eq(first, BYTES("?"))))
		return false;
	rest = line;
	bytes_skip(&rest, at + 3);
	if (bytes_has(rest, BYTES("[continued]: "))) {
		who = (struct bytes){ rest.p, bytes_find(rest, BYTES("...")) };
		bytes_skip(&rest, behind(rest, BYTES("[continued]: ")));
	} else {
		who = word_until(rest, "(");
		slash = who.n;
		for (size_t i = 0; i + 1 < who.n; i++)
			if (who.p[i] == '/' && bytes_digit(who.p[i + 1]))
				slash = i;
		if (slash < who.n) {
			struct bytes b = who;

			bytes_skip(&b, slash + 1);
			who = (struct bytes){ who.p, slash + 1 + word_until(b, " ").n };
			bytes_skip(&rest, who.n);
			bytes_trim_left(&rest);
		} else {
			who.n = 0;
		}
	}
	bytes_trim_right(&who);
	for (slash = who.n; slash > 0 && who.p[slash - 1] != '/'; slash--)
		;
	if (slash > 1) {
		out->comm = (struct bytes){ who.p, slash - 1 };
		bytes_skip(&who, slash);
		if (!number(who, &out->pid))
			return false;
	} else {
		out->comm = BYTES("(unknown)");
	}
	if (bytes_starts(rest, BYTES("raw_syscalls:sys_enter(id: "))) {
		uint64_t v;

		bytes_skip(&rest, 27);
		if (bytes_dec(&rest, INT32_MAX, &v) == 0)
			return false;
		out->nr = (int64_t)v;
		return true;
	}
	out->name = word_until(rest, "(");
	return out->name.n > 0 && out->name.n < rest.n && !bytes_has(out->name, BYTES(" "));
}

/* Rows of perf trace -s, below the head of their process. */
static int summary_row(struct tool_reading *r, struct tracer *t, struct bytes line, struct err *e)
{
	struct bytes name = line, rest;
	int32_t nr;

	bytes_trim_left(&name);
	rest = name;
	name = bytes_until(&rest, ' ');
	bytes_trim_left(&rest);
	nr = tool_number(&r->names, r->arch, name);
	if (nr == TOOL_NO_NUMBER || rest.n == 0 || !bytes_digit(rest.p[0]))
		return 0;
	r->calls++;
	return r->take.call(r->take.to,
			    &(struct tool_call){ .who = t->summary,
						 .nr = nr,
						 .ms = WHEN_NONE,
						 .serial = r->serial,
						 .presence = true },
			    e);
}

/* " sh (21202), 159 events, 22.0%" */
static bool summary_head(struct bytes line, struct event *out)
{
	size_t at = bytes_find(line, BYTES("), ")), open;

	*out = (struct event){ .nr = -1 };
	if (at == line.n || line.p[0] != ' ' || !bytes_has(line, BYTES(" events, ")))
		return false;
	for (open = at; open > 0 && line.p[open - 1] != '('; open--)
		;
	out->comm = (struct bytes){ line.p, open > 1 ? open - 2 : 0 };
	bytes_trim_left(&out->comm);
	return open > 0 && number((struct bytes){ line.p + open, at - open }, &out->pid);
}

static int perf_trace_line(struct tool_reading *r, struct bytes line, struct err *e)
{
	struct tracer *t = state_of(r);
	struct event ev;

	if (perf_trace(line, &ev))
		return emit(r, &ev, false, e);
	if (summary_head(line, &ev)) {
		t->summary = tool_caller(r, &t->callers, ev.pid, ev.comm, BYTES(""));
		return 0;
	}
	if (t->summary != NULL)
		return take_lost(r, line) ? 0 : summary_row(r, t, line, e);
	other(r, line);
	return 0;
}

static enum tool_says perf_trace_says(struct bytes line, struct tool_names *names)
{
	struct event ev;

	(void)names;
	if (summary_head(line, &ev) ||
	    (perf_trace(line, &ev) && !bytes_has(line, BYTES(": SECCOMP "))))
		return TOOL_OWN;
	return line.p[0] == ' ' || bytes_starts(line, BYTES("LOST ")) ? TOOL_NOISE : TOOL_FOREIGN;
}

const struct tool tool_perf_trace = { .name = "perf-trace",
				      .kind = KIND_PERF_TRACE,
				      .says = perf_trace_says,
				      .line = perf_trace_line,
				      .release = release };

/* ---- sysdig ---- */

/* "1 23:01:49.123456789 0 bash (1234) > openat dirfd=...", with -pc "0 web (3ad7b26ded6d) nginx
 * (1234:7) > ..." */
static bool sysdig(struct bytes line, struct event *out, bool *entry)
{
	struct bytes b = line, time, front;
	size_t at, open;
	int64_t n;

	*out = (struct event){ .nr = -1 };
	if (!number(bytes_until(&b, ' '), &n) || n < 0)
		return false;
	bytes_trim_left(&b);
	time = bytes_until(&b, ' ');
	bytes_trim_left(&b);
	if (time.n < 8 || !(time.p[2] == ':' || is_stamp(time)) ||
	    !number(bytes_until(&b, ' '), &n))
		return false;
	bytes_trim_left(&b);
	at = bytes_find(b, BYTES(") > "));
	*entry = at < b.n;
	if (!*entry)
		at = bytes_find(b, BYTES(") < "));
	if (at == b.n)
		return false;
	front = (struct bytes){ b.p, at };
	for (open = front.n; open > 0 && front.p[open - 1] != '('; open--)
		;
	if (open < 2 ||
	    !number(word_until((struct bytes){ front.p + open, front.n - open }, ".:"), &out->pid))
		return false;
	front.n = open - 2;
	/* "name (id) comm" */
	if (bytes_has(front, BYTES(") "))) {
		struct bytes box = front;

		bytes_skip(&box, bytes_find(front, BYTES("(")) + 1);
		out->container = word_until(box, ")");
		bytes_skip(&front, bytes_find(front, BYTES(") ")) + 2);
		if (bytes_eq(out->container, BYTES("host")))
			out->container.n = 0;
	}
	out->comm = front;
	bytes_skip(&b, at + 4);
	out->name = word_until(b, " ");
	return out->comm.n > 0;
}

static int sysdig_line(struct tool_reading *r, struct bytes line, struct err *e)
{
	struct event ev;
	bool entry;

	if (!sysdig(line, &ev, &entry)) {
		other(r, line);
		return 0;
	}
	if (bytes_eq(ev.name, BYTES("drop"))) {
		r->facts |= TOOL_LOST;
		return 0;
	}
	return entry ? emit(r, &ev, false, e) : 0;
}

static enum tool_says sysdig_says(struct bytes line, struct tool_names *names)
{
	struct event ev;
	bool entry;

	(void)names;
	return sysdig(line, &ev, &entry) ? TOOL_OWN : TOOL_FOREIGN;
}

const struct tool tool_sysdig = { .name = "sysdig",
				  .kind = KIND_SYSDIG,
				  .says = sysdig_says,
				  .line = sysdig_line,
				  .release = release };
