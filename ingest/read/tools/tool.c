// SPDX-License-Identifier: Apache-2.0
/* Tells by its first lines which tool made a file, and what tools share. */
#include "ingest/read/tools/tool.h"

#include "store/base/mem.h"
#include "store/model/arch.h"
#include "store/model/record.h"

#include <ctype.h>
#include <stdlib.h>

#define TOOL(id) extern const struct tool tool_##id;
#include "ingest/read/tools/tool_list.h"
#undef TOOL

static const struct tool *const tools[] = {
#define TOOL(id) &tool_##id,
#include "ingest/read/tools/tool_list.h"
#undef TOOL
};

#define LOOK_LINES 400 /* so many lines tell what a file is, */
#define LOOK_OBJECTS 40 /* or so many objects of JSON, which cost more */

const struct tool *tool_of(enum kind kind)
{
	for (size_t i = 0; i < ARRAY_SIZE(tools); i++)
		if (tools[i]->kind == kind)
			return tools[i];
	return NULL;
}

/* A record as the kernel, auditd or journald write it: a file that has one is a log, whatever else
 * stands in it. */
static bool is_log(struct bytes line)
{
	struct bytes b = line;

	bytes_trim_left(&b);
	if (b.n && (b.p[0] == '{' || b.p[0] == '['))
		return false;
	if (bytes_has(line, BYTES("\"logger\"=\"log-enricher\"")))
		return false;
	return bytes_has(line, BYTES("type=1326 ")) ||
	       bytes_has(line, BYTES("type=SECCOMP msg=audit(")) ||
	       bytes_has(line, BYTES(": SECCOMP auid="));
}

/* Enough lines of its own: the programs that were watched may have written between them. */
static bool is_likely(const struct tool *tool, size_t own, size_t noise, size_t lines)
{
	if (tool->asked || own == 0)
		return false;
	return tool->sparse || (own + noise) * 2 >= lines || (own >= 5 && own * 10 >= lines);
}

const struct tool *tool_recognise(struct bytes head, bool whole, enum kind asked)
{
	size_t own[ARRAY_SIZE(tools)] = { 0 }, noise[ARRAY_SIZE(tools)] = { 0 },
	       best = ARRAY_SIZE(tools), lines = 0, objects = 0;
	struct tool_names names = { 0 };
	struct bytes all = head;
	bool log = false;

	while (head.n && lines < LOOK_LINES && objects < LOOK_OBJECTS && !log) {
		struct bytes line = bytes_until(&head, '\n');

		if (head.n == 0 && !whole && lines > 0)
			break; /* the rest of it is not here */
		bytes_skip(&head, 1);
		bytes_trim_right(&line);
		if (line.n == 0)
			continue;
		lines++;
		objects += line.p[0] == '{' && line.n > 1;
		log = asked == N_KINDS && is_log(line);
		for (size_t i = 0; i < ARRAY_SIZE(tools) && !log; i++) {
			enum tool_says says = tools[i]->says(line, &names);

			own[i] += says == TOOL_OWN;
			noise[i] += says == TOOL_NOISE;
		}
	}
	tool_names_release(&names);
	for (size_t i = 0; i < ARRAY_SIZE(tools) && !log; i++) {
		if (asked != N_KINDS ? tools[i]->kind != asked :
				       !is_likely(tools[i], own[i], noise[i], lines))
			continue;
		if (tools[i]->needs.n > 0 && !bytes_has(all, tools[i]->needs))
			continue;
		if (best == ARRAY_SIZE(tools) || own[i] > own[best])
			best = i;
	}
	return best == ARRAY_SIZE(tools) ? NULL : tools[best];
}

void tool_names_release(struct tool_names *names)
{
	pool_release(&names->pool);
	map_release(&names->number);
	*names = (struct tool_names){ 0 };
}

void tool_release(struct tool_reading *r)
{
	if (r->tool != NULL && r->tool->release != NULL)
		r->tool->release(r);
	r->state = NULL;
	pool_release(&r->pool);
	tool_names_release(&r->names);
}

/* ---- names of calls ---- */

static int32_t look_up(uint32_t arch, const char *name)
{
	int32_t nr = syscall_number(arch, name);

	if (nr < 0 && arch == ARCH_X86_64)
		nr = syscall_number_x86_64(name);
	if (nr < 0)
		return TOOL_NO_NUMBER;
	return arch == ARCH_X32 ? nr | X32_BIT : nr;
}

int32_t tool_number(struct tool_names *names, uint32_t arch, struct bytes name)
{
	uint32_t id = pool_find(&names->pool, name);
	int64_t nr = id ? map_get(&names->number, id, arch, INT64_MIN) : INT64_MIN;
	char text[SYSCALL_NAME_MAX];

	if (nr != INT64_MIN)
		return (int32_t)nr;
	if (name.n == 0 || name.n >= sizeof(text) || memchr(name.p, '\0', name.n) != NULL)
		return TOOL_NO_NUMBER;
	snprintf(text, sizeof(text), "%.*s", (int)name.n, name.p);
	nr = look_up(arch, text);
	/* what a file holds may be any number of words; names of calls are few */
	if (nr != TOOL_NO_NUMBER || names->pool.n < 4096)
		map_put(&names->number, pool_intern(&names->pool, name), arch, nr);
	return (int32_t)nr;
}

struct bytes tool_plain_name(struct bytes name, char room[SYSCALL_NAME_MAX])
{
	static const char *const before[] = { "tracepoint:syscalls:",
					      "syscalls:",
					      "kprobe:",
					      "sys_enter_",
					      "__x64_",
					      "__ia32_",
					      "__arm64_",
					      "__se_",
					      "sys_",
					      "SYS_" };
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_SIZE(before); i++)
		bytes_take(&name, bytes_of(before[i]));
	while (n < name.n && n < SYSCALL_NAME_MAX - 1) {
		room[n] = (char)tolower((unsigned char)name.p[n]);
		n++;
	}
	return n < name.n ? BYTES("") : (struct bytes){ room, n };
}

/* ---- what comes out ---- */

struct bytes tool_keep(struct tool_reading *r, struct bytes b)
{
	return pool_get(&r->pool, pool_intern(&r->pool, b));
}

int tool_call(struct tool_reading *r, struct tool_who *who, int32_t nr, int64_t ms, uint64_t serial,
	      bool failed, struct err *e)
{
	r->calls++;
	return r->take.call(
		r->take.to,
		&(struct tool_call){
			.who = who, .nr = nr, .ms = ms, .serial = serial, .failed = failed },
		e);
}

void tool_life(struct tool_reading *r, enum edge_kind kind, int32_t pid, int32_t parent, int64_t ms,
	       uint64_t serial)
{
	r->take.life(r->take.to, kind, pid, parent, ms, serial);
}

void tool_damaged(struct tool_reading *r, const char *reason, struct bytes line)
{
	r->take.damaged(r->take.to, reason, line);
}

/* ---- callers ---- */

#define CALLERS_MOST 100000

struct tool_who *tool_caller(struct tool_reading *r, struct tool_callers *c, int64_t pid,
			     struct bytes comm, struct bytes exe)
{
	uint32_t comm_id, exe_id;
	int64_t at;
	struct tool_who *who;

	if (comm.n > RECORD_COMM_MAX)
		comm.n = RECORD_COMM_MAX;
	if (c->all.n > CALLERS_MOST)
		tool_callers_release(c);
	comm_id = pool_intern(&r->pool, comm);
	exe_id = pool_intern(&r->pool, exe.n ? exe : comm);
	pid = pid > 0 && pid <= INT32_MAX ? pid : 1;
	at = map_get(&c->at, (uint64_t)pid, (uint64_t)comm_id << 32 | exe_id, -1);
	if (at >= 0)
		return c->all.v[at];
	who = mem_zero(1, sizeof(*who));
	*who = (struct tool_who){ .pid = (int32_t)pid,
				  .arch = r->arch,
				  .comm = pool_get(&r->pool, comm_id),
				  .exe = pool_get(&r->pool, exe_id),
				  .version = 1 };
	map_put(&c->at, (uint64_t)pid, (uint64_t)comm_id << 32 | exe_id, (int64_t)c->all.n);
	*VEC_PUSH(&c->all) = who;
	r->processes++;
	return who;
}

void tool_callers_release(struct tool_callers *c)
{
	for (size_t i = 0; i < c->all.n; i++)
		free(c->all.v[i]);
	VEC_FREE(&c->all);
	map_release(&c->at);
	*c = (struct tool_callers){ 0 };
}
