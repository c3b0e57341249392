// SPDX-License-Identifier: Apache-2.0
/* Files of tools: which tool's they are, what a line of strace's says, and which calls and
 * processes come out of a file. */
#include "ingest/read/tools/strace_line.h"
#include "ingest/read/tools/tool.h"
#include "store/model/arch.h"
#include "tests/test.h"

#include <stdlib.h>
#include <string.h>

/* ---- strace's lines ---- */

static const struct {
	const char *line;
	enum strace_kind kind;
	const char *name;
	int64_t pid;
	const char *result;
	bool failed;
} lines[] = {
	{ "brk(NULL) = 0x5555", STRACE_CALL, "brk", -1, "0x5555", false },
	{ "1234  brk(NULL)                         = 0x5555", STRACE_CALL, "brk", 1234, "0x5555",
	  false },
	{ "[pid  1234] close(3) = 0", STRACE_CALL, "close", 1234, "0", false },
	{ "[pid 1234<my sh>] close(3) = 0", STRACE_CALL, "close", 1234, "0", false },
	{ "1234<sh> close(3) = 0", STRACE_CALL, "close", 1234, "0", false },
	{ "1234 04:29:37 close(3) = 0", STRACE_CALL, "close", 1234, "0", false },
	{ "1234 04:29:37.759123 close(3) = 0 <0.000012>", STRACE_CALL, "close", 1234,
	  "0 <0.000012>", false },
	{ "1234 1795494577.759123 close(3) = 0", STRACE_CALL, "close", 1234, "0", false },
	{ "1795494577.759123 close(3) = 0", STRACE_CALL, "close", -1, "0", false },
	{ "     0.000123 close(3) = 0", STRACE_CALL, "close", -1, "0", false },
	{ "1234      0.000123 close(3) = 0", STRACE_CALL, "close", 1234, "0", false },
	{ "1234 04:29:37 (+     0.000123) close(3) = 0", STRACE_CALL, "close", 1234, "0", false },
	{ "[00007f2a3c4d5e6f] close(3) = 0", STRACE_CALL, "close", -1, "0", false },
	{ "1234 [????????????????] [   3] close(3) = 0", STRACE_CALL, "close", 1234, "0", false },
	{ "1234 [   3] [00007f2a3c4d5e6f] close(3) = 0", STRACE_CALL, "close", 1234, "0", false },
	{ "access(\"/x\", R_OK) = -1 ENOENT (No such file or directory)", STRACE_CALL, "access", -1,
	  "-1 ENOENT (No such file or directory)", true },
	{ "getppid() = -1 EPERM (Operation not permitted) (INJECTED)", STRACE_CALL, "getppid", -1,
	  "-1 EPERM (Operation not permitted) (INJECTED)", true },
	{ "read(3</tmp/a) = b>, \") = 0\", 1) = 1", STRACE_CALL, "read", -1, "1", false },
	{ "write(1, \"x) = y\", 6) = 6", STRACE_CALL, "write", -1, "6", false },
	{ "exit_group(0)                           = ?", STRACE_CALL, "exit_group", -1, "?",
	  false },
	{ "read(0,  <unfinished ...>)              = ?", STRACE_CALL, "read", -1, "?", false },
	{ "futex(0x7f, FUTEX_WAIT, 1, NULL) = ? ERESTARTSYS (To be restarted if SA_RESTART is set)",
	  STRACE_CALL, "futex", -1, "? ERESTARTSYS (To be restarted if SA_RESTART is set)", false },
	{ "restart_syscall(<... resuming interrupted read ...>) = 1", STRACE_CALL,
	  "restart_syscall", -1, "1", false },
	{ "1234 read(0,  <unfinished ...>", STRACE_UNFINISHED, "read", 1234, "", false },
	{ "1234 <... read resumed>\"x\", 1)          = 1", STRACE_RESUMED, "read", 1234, "1",
	  false },
	{ "1234 <... futex resumed> )              = 0", STRACE_RESUMED, "futex", 1234, "0",
	  false },
	{ "clone(child_stack=NULL, flags=SIGCHLDstrace: Process 12 attached", STRACE_UNFINISHED,
	  "clone", -1, "", false },
	{ ", child_tidptr=0x7f) = 12", STRACE_RESUMED, "", -1, "12", false },
	{ "openat(dirfd=AT_FDCWD, pathname=\"x\", flags=O_RDONLY) = 3", STRACE_CALL, "openat", -1,
	  "3", false },
	{ "syscall_0x1d7(0x1, 0x2) = 0", STRACE_CALL, "", -1, "0", false },
	{ "close(3", STRACE_CUT, "close", -1, "", false },
	{ "openat(AT_FDCWD, \"/etc/ld.so.ca", STRACE_CUT, "openat", -1, "", false },
	{ "1234 +++ exited with 0 +++", STRACE_GONE, "", 1234, "", false },
	{ "+++ killed by SIGSEGV (core dumped) +++", STRACE_GONE, "", -1, "", false },
	{ "1234 +++ superseded by execve in pid 1235 +++", STRACE_SUPERSEDED, "", 1234, "", false },
	{ "1234 --- SIGCHLD {si_signo=SIGCHLD, si_pid=3} ---", STRACE_NOISE, "", 1234, "", false },
	{ " > /usr/lib/libc.so.6(__libc_start_main+0x80) [0x27000]", STRACE_NOISE, "", -1, "",
	  false },
	{ " | 00000  68 69 0a                                          hi.              |",
	  STRACE_NOISE, "", -1, "", false },
	{ "strace: Process 1235 attached", STRACE_ATTACHED, "", -1, "", false },
	{ "strace: [ Process PID=1235 runs in 32 bit mode. ]", STRACE_PERSONALITY, "", -1, "",
	  false },
	{ "[ Process PID=1235 runs in x32 mode. ]", STRACE_PERSONALITY, "", -1, "", false },
	{ "[Output Truncated]", STRACE_TRUNCATED, "", -1, "", false },
	{ "$ strace touch /tmp/error.log", STRACE_OTHER, "", -1, "", false },
	{ "hello world", STRACE_OTHER, "", -1, "", false },
	{ "", STRACE_OTHER, "", -1, "", false },
};

static void a_line_of_straces(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		struct strace_line l;

		strace_parse(bytes_of(lines[i].line), &l);
		if (l.kind != lines[i].kind || !bytes_eq(l.name, bytes_of(lines[i].name)) ||
		    l.pid != lines[i].pid || !bytes_eq(l.result, bytes_of(lines[i].result)) ||
		    l.failed != lines[i].failed)
			fail_msg("'%s': kind %d, name '%.*s', pid %lld, result '%.*s'",
				 lines[i].line, l.kind, (int)l.name.n, l.name.p, (long long)l.pid,
				 (int)l.result.n, l.result.p);
	}
}

/* ---- whole files ---- */

struct taken { struct buf text; };

static int take_call(void *to, const struct tool_call *c, struct err *e)
{
	struct taken *t = to;
	char name[SYSCALL_NAME_MAX];

	(void)e;
	syscall_name(c->who->arch == ARCH_X32 ? ARCH_X86_64 : c->who->arch, c->nr, name);
	buf_printf(&t->text, "%d:%.*s%s:%s%s%s ", c->who->pid, (int)c->who->exe.n, c->who->exe.p,
		   c->who->arch == ARCH_I386 ? "/32" : "", name, c->failed ? "!" : "",
		   c->denied ? "#" : "");
	if (c->location != NULL)
		buf_printf(&t->text, "@%.*s ", (int)c->location[LOCATION_CONTAINER_NAME].n,
			   c->location[LOCATION_CONTAINER_NAME].p);
	return 0;
}

static void take_life(void *to, enum edge_kind kind, int32_t pid, int32_t parent, int64_t ms,
		      uint64_t serial)
{
	struct taken *t = to;

	(void)ms;
	(void)serial;
	buf_printf(&t->text, "%s%d",
		   kind == EDGE_BORN   ? "+" :
		   kind == EDGE_EXECED ? "*" :
					 "-",
		   pid);
	if (parent)
		buf_printf(&t->text, "of%d", parent);
	buf_char(&t->text, ' ');
}

static void take_damaged(void *to, const char *reason, struct bytes line)
{
	struct taken *t = to;

	(void)reason;
	(void)line;
	buf_str(&t->text, "?? ");
}

/* What comes out: pid:exe:call, with ! where it failed, # where a filter refused it; +pid of its
 * parent, *pid exec'd, -pid ended. */
static const struct { const char *what, *text; const char *kind, *out; uint32_t facts;
} files[] = {
	{ "a child runs before its parent's call returns",
	  "7 execve(\"/bin/sh\", [\"sh\"], 0x7ff /* 1 var */) = 0\n7 brk(NULL) = 0x562c02343000\n7 clone(child_stack=NULL, flags=SIGCHLD <unfinished ...>\n"
	  "8 getpid( <unfinished ...>\n7 <... clone resumed>) = 8\n8 <... getpid resumed>) = 8\n8 execve(\"/bin/no\", [\"no\"], 0x7ff) = -1 ENOENT (No)\n"
	  "8 execve(\"/bin/ls\", [\"ls\"], 0x7ff) = 0\n8 brk(NULL) = 0x562c02343000\n8 exit_group(0) = ?\n8 +++ exited with 0 +++\n7 +++ exited with 0 +++\n",
	  "strace",
	  "7:strace:execve *7 7:/bin/sh:brk 7:/bin/sh:clone +8of7 8:/bin/sh:getpid 8:/bin/sh:execve! 8:/bin/sh:execve *8 8:/bin/ls:brk "
	  "8:/bin/ls:exit_group -8 -7 ",
	  TOOL_FOLLOWS },
	{ "of 32 bits, which its parent's call tells after its own call began",
	  "7 execve(\"/a\", [], 0x7ff) = 0\n7 mmap2(NULL, 4096) = 0xf7ef0000\n"
	  "7 clone(flags=SIGCHLD) = 9\n7 clone(flags=SIGCHLD <unfinished ...>\n"
	  "9 clone(flags=SIGCHLD <unfinished ...>\n8 clone(flags=SIGCHLD <unfinished ...>\n"
	  "7 <... clone resumed>) = 8\n10 getpid( <unfinished ...>\n"
	  "10 <... getpid resumed>) = 10\n10 +++ exited with 0 +++\n8 <... clone resumed>) = 10\n"
	  "9 <... clone resumed>) = 11\n11 getuid() = 0\n",
	  "strace",
	  "7:strace:execve *7 7:/a/32:mmap2 7:/a/32:clone +9of7 7:/a/32:clone 9:/a/32:clone +8of7 "
	  "8:/a/32:clone -10 +10of8 10:/a/32:getpid +11of9 11:/a/32:getuid ",
	  TOOL_FOLLOWS },
	{ "two forks at once: whose child it is, their results tell",
	  "7 execve(\"/a\", [], 0x7ff) = 0\n7 brk(NULL) = 0x562c02343000\n7 fork() = 8\n8 execve(\"/b\", [], 0x7ff) = 0\n8 brk(NULL) = 0x562c02343000\n7 fork( <unfinished ...>\n"
	  "8 fork( <unfinished ...>\n10 getpid() = 10\n9 getuid() = 0\n8 <... fork resumed>) = 10\n7 <... fork resumed>) = 9\n9 +++ exited with 0 +++\n"
	  "10 +++ exited with 0 +++\n8 +++ exited with 0 +++\n7 +++ exited with 0 +++\n",
	  "strace",
	  "7:strace:execve *7 7:/a:brk 7:/a:fork +8of7 8:/a:execve *8 8:/b:brk 7:/a:fork 8:/b:fork +10of8 10:/b:getpid +9of7 9:/a:getuid -9 -10 -8 -7 ",
	  TOOL_FOLLOWS },
	{ "a child of a child, before it is known whose the first one is",
	  "7 execve(\"/a\", [], 0x7ff) = 0\n7 brk(NULL) = 0x562c02343000\n7 fork() = 8\n8 getpid() = 8\n7 fork( <unfinished ...>\n8 fork( <unfinished ...>\n"
	  "9 fork( <unfinished ...>\n10 getuid() = 0\n9 <... fork resumed>) = 11\n11 getgid() = 0\n8 <... fork resumed>) = 10\n7 <... fork resumed>) = 9\n",
	  "strace",
	  "7:strace:execve *7 7:/a:brk 7:/a:fork +8of7 8:/a:getpid 7:/a:fork 8:/a:fork +10of8 10:/a:getuid +9of7 9:/a:fork +11of9 11:/a:getgid ",
	  TOOL_FOLLOWS },
	{ "threads are of one process, and an exec by one of them",
	  "7 execve(\"/a\", [], 0x7ff) = 0\n7 brk(NULL) = 0x562c02343000\n7 clone(child_stack=0x7f, flags=CLONE_VM|CLONE_THREAD) = 8\n8 getpid() = 7\n7 pause( <unfinished ...>\n"
	  "8 execve(\"/b\", [], 0x7ff <unfinished ...>\n7 <... pause resumed>) = ?\n7 +++ superseded by execve in pid 8 +++\n7 <... execve resumed>) = 0\n"
	  "7 brk(NULL) = 0x562c02343000\n7 +++ exited with 0 +++\n",
	  "strace",
	  "7:strace:execve *7 7:/a:brk 7:/a:clone 7:/a:getpid 7:/a:pause 7:/a:execve *7 7:/b:brk -7 ",
	  TOOL_FOLLOWS },
	{ "without -f the children are missing",
	  "execve(\"/a\", [], 0x7ff) = 0\nbrk(NULL) = 0x562c02343000\nvfork() = 99\nwait4(-1, NULL, 0, NULL) = 99\n--- SIGCHLD {si_signo=SIGCHLD} ---\n+++ exited with 0 +++\n",
	  "strace", "1:strace:execve *1 1:/a:brk 1:/a:vfork +99of1 1:/a:wait4 -1 ", TOOL_ORPHANS },
	{ "a 32-bit program shows it by a name",
	  "7 execve(\"/a\", [], 0x7ff) = 0\n7 brk(NULL) = 0x5788b000\n7 access(\"/x\", R_OK) = -1 ENOENT (No)\n7 mmap2(NULL, 8192, PROT_READ, MAP_PRIVATE, -1, 0) = 0xf7ef7000\n"
	  "7 +++ exited with 0 +++\n",
	  "strace", "7:strace:execve *7 7:/a/32:brk 7:/a/32:access! 7:/a/32:mmap2 -7 ", 0 },
	{ "strace -p, and a call that no table has",
	  "strace: Process 7 attached\nread(0, \"x\", 1) = 1\nnosuch(1) = 0\nclose(0) = 0\n",
	  "strace", "7:(unknown):read ?? 7:(unknown):close ", TOOL_JOINED },
	{ "cut within a line, and said to be cut",
	  "execve(\"/a\", [], 0x7ff) = 0\nbrk(NULL) = 0x562c02343000\nopenat(AT_FDCWD, \"/etc/ld",
	  "strace", "1:strace:execve *1 1:/a:brk 1:/a:openat ", TOOL_CUT },
	{ "the table in other columns",
	  "syscall              calls    errors\n---------------- --------- ---------\nopenat                   3         1\nread                     2\n"
	  "---------------- --------- ---------\ntotal                    5         1\n",
	  "strace-c", "1:(unknown):openat 1:(unknown):read ", 0 },
	{ "a table that is cut",
	  "% time     seconds  usecs/call     calls    errors syscall\n------ ----------- ----------- --------- --------- ----------------\n"
	  "  0.00    0.000000           0         1           read\n",
	  "strace-c", "1:(unknown):read ", TOOL_CUT },
	{ "Tracee's table without EVENT",
	  "TIME(s)        UID    COMM             PID     TID     RET              ARGS\n10.1           0      ls               12      12      0                pathname: /a\n",
	  "tracee", "?? ", TOOL_PART },
	{ "perf script: a comm with blanks, a pid and a tid",
	  "   my prog 12/13 [001] 53612.889930: raw_syscalls:sys_enter: NR 12 (0, 0, 0, 0, 0, 0)\n",
	  "perf-script", "12:my prog:brk ", 0 },
	{ "ftrace: a comm with a dash",
	  "  a-b-12 [001] ..... 53612.889930: sys_enter: NR 12 (0, 0, 0, 0, 0, 0)\nCPU:1 [LOST 3 EVENTS]\n",
	  "ftrace", "12:a-b:brk ", TOOL_LOST },
	{ "perf trace: continued",
	  "     ? (         ): sh/12  ... [continued]: execve())                = 0\n 0.049 ( 0.012 ms): my sh/12 brk() = 0x55\nLOST 3 events!\n",
	  "perf-trace", "12:sh:execve 12:my sh:brk ", TOOL_LOST },
	{ "sysdig: entries alone, and a drop",
	  "1 23:01:49.123456789 0 sh (12) > read fd=3\n2 23:01:49.123456999 0 sh (12) < read res=1\n3 23:01:49.2 0 <NA> (0) > drop ratio=1\n",
	  "sysdig", "12:sh:read ", TOOL_LOST },
	{ "bpftrace: keys that are pids are no calls",
	  "Attaching 1 probe...\n@[sh, 4711]: 3\n@[ls, 12]: 1\n", "bpftrace", "?? ", 0 },
	{ "bpftrace: probes",
	  "Attaching 2 probes...\n@[tracepoint:syscalls:sys_enter_openat]: 3\n@[__x64_sys_read]: 1\n",
	  "bpftrace", "1:(unknown):openat 1:(unknown):read ", 0 },
	{ "Inspektor Gadget: a call that was refused",
	  "{\"code\":\"SECCOMP_RET_KILL_THREAD\",\"k8s\":{\"containerName\":\"c\"},\"proc\":{\"comm\":\"sh\",\"pid\":12},\"syscall\":\"SYS_MKDIR\"}\n",
	  "ig-audit", "12:sh:mkdir# @c ", 0 },
	{ "Inspektor Gadget: a byte that is no call",
	  "// web\n{ \"defaultAction\": \"SCMP_ACT_ERRNO\", \"syscalls\": [ { \"names\": [ \"read\", \"syscall_1f4\" ], \"action\": \"SCMP_ACT_ALLOW\" } ] }\n",
	  "ig-advise", "1:web:read ", 0 },
	{ "a log is a log",
	  "type=SECCOMP msg=audit(1795494577.755:214): auid=1 uid=0\nexecve(\"/a\", [], 0x7ff) = 0\n",
	  "", "", 0 },
	{ "a profile is no evidence",
	  "{ \"defaultAction\": \"SCMP_ACT_ERRNO\", \"syscalls\": [] }\n", "", "", 0 },
	{ "a program's source is none of strace's",
	  "int main(void)\n{\n\tint x = f(1);\n\treturn x;\n}\n", "", "", 0 },
};

static void a_file_of_a_tool(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		const struct tool *tool = tool_recognise(bytes_of(files[i].text), true, N_KINDS);
		struct taken t = { 0 };
		struct tool_reading r = { .tool = tool,
					  .arch = ARCH_X86_64,
					  .date = 1795494577000,
					  .take = { &t, take_call, take_life, take_damaged } };
		struct bytes all = bytes_of(files[i].text);
		struct err e = { 0 };

		if (strcmp(tool == NULL ? "" : tool->name, files[i].kind) != 0)
			fail_msg("%s: it is taken for %s", files[i].what,
				 tool == NULL ? "none" : tool->name);
		while (tool != NULL && all.n) {
			struct bytes line = bytes_until(&all, '\n');

			r.serial++;
			r.last = all.n == 0;
			bytes_skip(&all, 1);
			assert_int_equal(tool->line(&r, line, &e), 0);
		}
		if (tool != NULL && tool->end != NULL)
			assert_int_equal(tool->end(&r, &e), 0);
		if (strcmp(buf_text(&t.text), files[i].out) != 0)
			fail_msg("%s: '%s', not '%s'", files[i].what, buf_text(&t.text),
				 files[i].out);
		if ((r.facts & ~(uint32_t)TOOL_LIVES) != files[i].facts)
			fail_msg("%s: facts %x, not %x", files[i].what, r.facts, files[i].facts);
		tool_release(&r);
		buf_release(&t.text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_line_of_straces),
		cmocka_unit_test(a_file_of_a_tool),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
