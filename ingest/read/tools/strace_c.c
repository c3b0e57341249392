// SPDX-License-Identifier: Apache-2.0
/*
 * The table of strace -c and -C: which calls were made. The line of dashes says where the columns
 * are, whatever -U and -S chose. Its numbers are not taken: they count what strace's lines, or a
 * log, may tell of as well. source: call_summary_pers() of strace
 */
#include "ingest/read/tools/tool.h"

#include "store/base/mem.h"
#include "store/model/arch.h"

#include <stdlib.h>

struct table {
	struct tool_who who;
	char head[512];
	size_t head_n;
	bool inside, first, last;   /* the name is the first column, the last one */
	size_t at, end;             /* of the column */
	int dashes;
};

static const char unknown[] = "(unknown)";

static bool is_head(struct bytes b)
{
	return bytes_has(b, BYTES("syscall")) &&
	       (bytes_has(b, BYTES("calls")) || bytes_has(b, BYTES("% time")) ||
		bytes_has(b, BYTES("seconds")) || bytes_has(b, BYTES("usecs/call")) ||
		bytes_has(b, BYTES("errors"))) &&
	       !bytes_has(b, BYTES("(")) && !bytes_has(b, BYTES("=")) && !bytes_has(b, BYTES(":"));
}

static bool is_dashes(struct bytes b)
{
	size_t n = 0;

	for (size_t i = 0; i < b.n; i++) {
		if (b.p[i] != '-' && b.p[i] != ' ')
			return false;
		n += b.p[i] == '-';
	}
	return n >= 4;
}

/* The run of dashes below the word "syscall" of the head. */
static void find_column(struct table *t, struct bytes dashes)
{
	struct bytes head = { t->head, t->head_n };
	size_t word = bytes_find(head, BYTES("syscall")), i = 0, runs = 0, mine = 0;

	t->end = 0;
	while (i < dashes.n) {
		size_t from;

		while (i < dashes.n && dashes.p[i] == ' ')
			i++;
		from = i;
		while (i < dashes.n && dashes.p[i] == '-')
			i++;
		if (i == from)
			break;
		runs++;
		if (word + 7 > from && word < i) {
			t->at = from;
			t->end = i;
			mine = runs;
		}
	}
	t->first = mine == 1;
	t->last = mine == runs && mine > 0;
}

static struct bytes name_in(const struct table *t, struct bytes line)
{
	struct bytes name = line;
	const char *blank;

	bytes_trim_right(&name);
	if (t->last) {
		blank = name.n ? memrchr(name.p, ' ', name.n) : NULL;
		if (blank != NULL)
			name = (struct bytes){ blank + 1, (size_t)(name.p + name.n - blank - 1) };
		return name;
	}
	if (!t->first)
		bytes_skip(&name, t->at);
	bytes_trim_left(&name);
	return bytes_until(&name, ' ');
}

static struct table *state_of(struct tool_reading *r)
{
	struct table *t = r->state;

	if (t != NULL)
		return t;
	t = r->state = mem_zero(1, sizeof(*t));
	t->who = (struct tool_who){ .pid = 1,
				    .arch = r->arch,
				    .comm = bytes_of(unknown),
				    .exe = bytes_of(unknown),
				    .version = 1 };
	r->processes = 1;
	return t;
}

static int row(struct tool_reading *r, struct table *t, struct bytes line, struct err *e)
{
	struct bytes name = name_in(t, line);
	int32_t nr = tool_number(&r->names, t->who.arch, name);

	if (bytes_eq(name, BYTES("total")))
		return 0;
	if (nr == TOOL_NO_NUMBER) {
		tool_damaged(r, "no call has this name", line);
		return 0;
	}
	r->calls++;
	return r->take.call(r->take.to,
			    &(struct tool_call){ .who = &t->who,
						 .nr = nr,
						 .ms = WHEN_NONE,
						 .serial = r->serial,
						 .presence = true },
			    e);
}

static void mode(struct tool_reading *r, struct table *t, struct bytes line)
{
	uint32_t arch = bytes_has(line, BYTES("x32"))	 ? ARCH_X32 :
			bytes_has(line, BYTES("32 bit")) ? ARCH_I386 :
							   ARCH_X86_64;

	if (r->arch != ARCH_X86_64)
		return;
	t->who.arch = arch;
	t->who.version++;
}

static int line_of(struct tool_reading *r, struct bytes line, struct err *e)
{
	struct table *t = state_of(r);

	bytes_trim_right(&line);
	if (bytes_has(line, BYTES("usage summary for ")))
		mode(r, t, line);
	else if (bytes_starts(line, BYTES("[Output ")))
		r->facts |= TOOL_CUT;
	else if (is_head(line)) {
		t->head_n = line.n < sizeof(t->head) ? line.n : sizeof(t->head);
		memcpy(t->head, line.p, t->head_n);
		t->dashes = 0;
		t->inside = false;
	} else if (t->head_n > 0 && is_dashes(line)) {
		find_column(t, line);
		t->inside = ++t->dashes == 1 && t->end > 0;
	} else if (t->inside && line.n > 0) {
		return row(r, t, line, e);
	} else {
		r->other += line.n > 0;
	}
	return 0;
}

/* A table without its last line of dashes was cut. */
static int end(struct tool_reading *r, struct err *e)
{
	(void)e;
	if (state_of(r)->inside)
		r->facts |= TOOL_CUT;
	return 0;
}

static void release(struct tool_reading *r)
{
	free(r->state);
}

static enum tool_says says(struct bytes line, struct tool_names *names)
{
	struct bytes rest = line;
	const char *blank;

	if (is_head(line))
		return TOOL_OWN;
	if (is_dashes(line) || bytes_has(line, BYTES("usage summary for ")))
		return TOOL_NOISE;
	/* a row, whose name is first or last */
	blank = memrchr(line.p, ' ', line.n);
	bytes_trim_left(&rest);
	if (blank != NULL && (bytes_digit(rest.p[0]) || bytes_digit(line.p[line.n - 1])) &&
	    (tool_number(names, ARCH_X86_64,
			 (struct bytes){ blank + 1, (size_t)(line.p + line.n - blank - 1) }) !=
		     TOOL_NO_NUMBER ||
	     tool_number(names, ARCH_X86_64, bytes_until(&rest, ' ')) != TOOL_NO_NUMBER))
		return TOOL_NOISE;
	return TOOL_FOREIGN;
}

const struct tool tool_strace_c = { .name = "strace-c",
				    .kind = KIND_STRACE_C,
				    .says = says,
				    .line = line_of,
				    .end = end,
				    .release = release };
