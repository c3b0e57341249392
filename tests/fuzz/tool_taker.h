/* SPDX-License-Identifier: Apache-2.0 */
/* What all fuzzers of tools share: a file of `tool`, line by line, and what may come out of it. */
#ifndef TESTS_FUZZ_TOOL_TAKER_H
#define TESTS_FUZZ_TOOL_TAKER_H

#include "ingest/read/tools/tool.h"
#include "store/base/mem.h"
#include "store/model/arch.h"
#include "store/model/record.h"

#include <stdio.h>
#include <stdlib.h>

struct taker { uint64_t calls; };

static inline void must(bool holds, const char *what)
{
	if (holds)
		return;
	fprintf(stderr, "broken: %s\n", what);
	abort();
}

static inline int take_call(void *to, const struct tool_call *c, struct err *e)
{
	struct taker *t = to;

	(void)e;
	t->calls++;
	must(c->who->pid > 0, "a pid that is none");
	must(c->who->comm.n <= RECORD_COMM_MAX, "a comm that is too long");
	must(c->who->comm.p != NULL && c->who->exe.p != NULL, "no name");
	must(c->nr >= 0, "no number");
	must(c->ms == WHEN_NONE || c->ms > INT64_MIN / 2, "a time that is none");
	return 0;
}

static inline void take_life(void *to, enum edge_kind kind, int32_t pid, int32_t parent, int64_t ms,
			     uint64_t serial)
{
	(void)to;
	(void)ms;
	(void)serial;
	must(kind == EDGE_BORN || kind == EDGE_EXECED || kind == EDGE_GONE,
	     "no event of a process");
	must(pid > 0 && parent >= 0, "a process without a pid");
	must(kind != EDGE_BORN || parent > 0, "born of nobody");
}

static inline void take_damaged(void *to, const char *reason, struct bytes line)
{
	(void)to;
	(void)line;
	must(reason != NULL && reason[0] != '\0', "damaged without a reason");
}

static inline int take_file(const struct tool *tool, const uint8_t *data, size_t n)
{
	struct taker t = { 0 };
	struct tool_reading r = { .tool = tool,
				  .arch = ARCH_X86_64,
				  .date = 1795494577000,
				  .take = { &t, take_call, take_life, take_damaged } };
	struct bytes all = { (const char *)data, n };
	struct err e = { 0 };

	tool_recognise(all, true, N_KINDS);
	while (all.n) {
		struct bytes line = bytes_until(&all, '\n');
		/* at the end of its own memory, so that one byte too far shows */
		char *copy = mem_alloc(line.n + (line.n == 0));

		memcpy(copy, line.p, line.n);
		r.serial++;
		r.last = all.n == 0;
		bytes_skip(&all, 1);
		must(tool->line(&r, (struct bytes){ copy, line.n }, &e) == 0, "a line that fails");
		free(copy);
	}
	must(tool->end == NULL || tool->end(&r, &e) == 0, "an end that fails");
	must(r.calls == t.calls, "calls are counted otherwise than they come");
	tool_release(&r);
	return 0;
}

#endif
