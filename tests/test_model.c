// SPDX-License-Identifier: Apache-2.0
/* The nouns that records name: actions, architectures, syscalls, programs, kinds of loss. */
#include "tests/test.h"

#include "store/model/action.h"
#include "store/model/arch.h"
#include "store/model/program.h"
#include "store/model/record.h"
#include "store/model/syscall.h"

#define AARCH64 0xc00000b7u
#define S390X 0x80000016u
#define RISCV64 0xc00000f3u

/* ---- actions ---- */

static struct action_row {
	const char *name;
	uint32_t code, action;
	const char *word, *scmp;
	bool kills;
} actions[] = {
	{ "action: LOG", 0x7ffc0000, 0x7ffc0000, "log", "SCMP_ACT_LOG", false },
	{ "action: ERRNO with its data", 0x00050001, 0x00050000, "errno", "SCMP_ACT_ERRNO", false },
	{ "action: TRAP", 0x00030000, 0x00030000, "trap", "SCMP_ACT_TRAP", false },
	{ "action: TRACE", 0x7ff00000, 0x7ff00000, "trace", "SCMP_ACT_TRACE", false },
	{ "action: USER_NOTIF", 0x7fc00000, 0x7fc00000, "notify", "SCMP_ACT_NOTIFY", false },
	{ "action: KILL_THREAD", 0x00000000, 0x00000000, "kill_thread", "SCMP_ACT_KILL_THREAD",
	  true },
	{ "action: KILL_PROCESS", 0x80000000, 0x80000000, "kill_process", "SCMP_ACT_KILL_PROCESS",
	  true },
	{ "action: an unknown one kills", 0x12340000, 0x12340000, "unknown", NULL, true },
	{ "action: nearly LOG kills", 0x7ffd0000, 0x7ffd0000, "unknown", NULL, true },
	{ "action: LOG cut short kills", 0x00007ffc, 0x00000000, "kill_thread",
	  "SCMP_ACT_KILL_THREAD", true },
};

static void check_action(void **state)
{
	const struct action_row *r = *state;
	uint32_t action = action_of(r->code), back = 1;

	assert_int_equal(action, r->action);
	assert_string_equal(action_word(action), r->word);
	assert_int_equal(action_kills(action), r->kills);
	if (r->scmp == NULL) {
		assert_null(action_scmp(action));
		return;
	}
	assert_string_equal(action_scmp(action), r->scmp);
	assert_true(action_parse(r->scmp, &back));
	assert_int_equal(back, action);
	assert_true(action_parse(r->word, &back));
	assert_int_equal(back, action);
}

static void action_kill_alone_is_kill_thread(void **state)
{
	uint32_t action = 1;

	(void)state;
	assert_true(action_parse("SCMP_ACT_KILL", &action));
	assert_int_equal(action, 0);
	assert_true(action_parse("KILL", &action));
	assert_false(action_parse("SCMP_ACT_", &action));
	assert_false(action_parse("", &action));
}

/* ---- syscalls ---- */

static struct call_row {
	const char *name;
	uint32_t arch;
	int32_t nr;
	const char *call;
	bool known;
} calls[] = {
	{ "x86_64 0 is read", ARCH_X86_64, 0, "read", true },
	{ "x86_64 17 is pread64, not pread", ARCH_X86_64, 17, "pread64", true },
	{ "x86_64 435 is clone3", ARCH_X86_64, 435, "clone3", true },
	{ "x86_64 469 is in the small table", ARCH_X86_64, 469, "file_setattr", true },
	{ "x86_64 472 has no name", ARCH_X86_64, 472, "472", false },
	{ "x86_64 470, of Linux 6.19", ARCH_X86_64, 470, "listns", true },
	{ "x86_64 336, of its own", ARCH_X86_64, 336, "uprobe", true },
	{ "i386 336 is another one", ARCH_I386, 336, "perf_event_open", true },
	{ "x32 335", ARCH_X86_64, 0x4000014f, "uretprobe", true },
	{ "riscv64 258", 0xc00000f3, 258, "riscv_hwprobe", true },
	{ "riscv64 259", 0xc00000f3, 259, "riscv_flush_icache", true },
	{ "aarch64 258 has no name", 0xc00000b7, 258, "258", false },
	{ "x86_64 -1 has no name", ARCH_X86_64, -1, "-1", false },
	{ "x86_64 lowest number has no name", ARCH_X86_64, INT32_MIN, "-2147483648", false },
	{ "x86_64 highest number has no name", ARCH_X86_64, INT32_MAX, "2147483647", false },
	{ "x86_64 983045 has no name", ARCH_X86_64, 983045, "983045", false },
	{ "x32 0x40000027 is getpid", ARCH_X86_64, 0x40000027, "getpid", true },
	{ "x32 0x40000200 is rt_sigaction", ARCH_X86_64, 0x40000200, "rt_sigaction", true },
	{ "x32 0x400001d5 is in the small table", ARCH_X86_64, 0x400001d5, "file_setattr", true },
	{ "i386 102 is socketcall", ARCH_I386, 102, "socketcall", true },
	{ "i386 45 is brk", ARCH_I386, 45, "brk", true },
	{ "i386 -101 is not socket", ARCH_I386, -101, "-101", false },
	{ "i386 403 is clock_gettime64", ARCH_I386, 403, "clock_gettime64", true },
	{ "aarch64 63 is read", AARCH64, 63, "read", true },
	{ "aarch64 469 is in the small table", AARCH64, 469, "file_setattr", true },
	{ "s390x 3 is read", S390X, 3, "read", true },
	{ "riscv64 259 is riscv_flush_icache", RISCV64, 259, "riscv_flush_icache", true },
	{ "arm 983045 is set_tls", 0x40000028, 983045, "set_tls", true },
	{ "unknown architecture has no names", 0xc0001234, 0, "0", false },
	{ "unknown architecture: nor new ones", 0xc0001234, 435, "435", false },
	{ "alpha has numbers of its own", 0xc0009026, 469, "469", false },
};

static void check_call(void **state)
{
	const struct call_row *r = *state;
	char name[SYSCALL_NAME_MAX];

	assert_int_equal(syscall_name(r->arch, r->nr, name), r->known);
	assert_string_equal(name, r->call);
}

static void syscall_numbers_by_name(void **state)
{
	(void)state;
	assert_int_equal(syscall_number(ARCH_X86_64, "read"), 0);
	assert_int_equal(syscall_number(AARCH64, "read"), 63);
	assert_int_equal(syscall_number(ARCH_X86_64, "socketcall"), INT32_MIN);
	assert_int_equal(syscall_number(ARCH_X86_64, "nonsense"), INT32_MIN);
	assert_int_equal(syscall_number(AARCH64, "fork"), INT32_MIN);
}

static void syscall_names_are_those_that_their_numbers_have(void **state)
{
	char name[SYSCALL_NAME_MAX];

	(void)state;
	for (int32_t nr = 0; nr < 424; nr++)
		if (syscall_name(ARCH_X86_64, nr, name) &&
		    syscall_number(ARCH_X86_64, name) != INT32_MIN)
			assert_int_equal(syscall_number(ARCH_X86_64, name), nr);
}

static struct edge_row {
	const char *name;
	uint32_t arch;
	int32_t nr;
	enum edge_kind kind;
} edges[] = {
	{ "edge: x86_64 execve", ARCH_X86_64, 59, EDGE_EXEC },
	{ "edge: x86_64 execveat", ARCH_X86_64, 322, EDGE_EXEC },
	{ "edge: x86_64 clone", ARCH_X86_64, 56, EDGE_FORK },
	{ "edge: x86_64 fork", ARCH_X86_64, 57, EDGE_FORK },
	{ "edge: x86_64 vfork", ARCH_X86_64, 58, EDGE_FORK },
	{ "edge: x86_64 clone3", ARCH_X86_64, 435, EDGE_FORK },
	{ "edge: x86_64 exit_group", ARCH_X86_64, 231, EDGE_EXIT },
	{ "edge: x86_64 exit is a thread's", ARCH_X86_64, 60, EDGE_NONE },
	{ "edge: x86_64 read", ARCH_X86_64, 0, EDGE_NONE },
	{ "edge: x86_64 -1", ARCH_X86_64, -1, EDGE_NONE },
	{ "edge: x32 execve is 520", ARCH_X86_64, 0x40000208, EDGE_EXEC },
	{ "edge: x32 59 is no execve", ARCH_X86_64, 0x4000003b, EDGE_NONE },
	{ "edge: x32 fork", ARCH_X86_64, 0x40000039, EDGE_FORK },
	{ "edge: x32 exit_group", ARCH_X86_64, 0x400000e7, EDGE_EXIT },
	{ "edge: i386 execve", ARCH_I386, 11, EDGE_EXEC },
	{ "edge: i386 fork", ARCH_I386, 2, EDGE_FORK },
	{ "edge: i386 exit_group", ARCH_I386, 252, EDGE_EXIT },
	{ "edge: i386 59 is no execve", ARCH_I386, 59, EDGE_NONE },
	{ "edge: aarch64 execve", AARCH64, 221, EDGE_EXEC },
	{ "edge: aarch64 clone", AARCH64, 220, EDGE_FORK },
	{ "edge: unknown architecture", 0xc0001234, 59, EDGE_NONE },
};

static void check_edge(void **state)
{
	const struct edge_row *r = *state;

	assert_int_equal(syscall_edge(r->arch, r->nr), r->kind);
	assert_int_equal(syscall_edge(r->arch, r->nr),
			 r->kind); /* from the table that the first call filled */
}

/* Last: the table of architectures is full after it. */
static void edges_of_any_number_of_architectures(void **state)
{
	(void)state;
	for (uint32_t arch = 1; arch <= 200; arch++)
		assert_int_equal(syscall_edge(0x70000000u + arch, 59), EDGE_NONE);
	assert_int_equal(syscall_edge(ARCH_X86_64, 59), EDGE_EXEC);
}

static void tables_say_up_to_where_they_know(void **state)
{
	char text[128];

	(void)state;
	syscall_tables(text, sizeof(text));
	assert_non_null(strstr(text, "libseccomp "));
	assert_non_null(strstr(text, "own table up to 471"));
}

/* ---- architectures ---- */

static void arches_have_names_in_profiles(void **state)
{
	(void)state;
	assert_string_equal(arch_name(ARCH_X86_64), "x86_64");
	assert_string_equal(arch_scmp(ARCH_I386), "SCMP_ARCH_X86");
	assert_string_equal(arch_scmp(ARCH_X32), "SCMP_ARCH_X32");
	assert_string_equal(arch_name(AARCH64), "aarch64");
	assert_null(arch_name(0xc0001234));
	assert_null(arch_scmp(0xc0009026));
	assert_non_null(arch_name(arch_native()));
}

static void x32_is_told_by_bit_30_of_positive_numbers(void **state)
{
	(void)state;
	assert_int_equal(arch_of(ARCH_X86_64, 0x40000000), ARCH_X32);
	assert_int_equal(arch_of(ARCH_X86_64, 0x3fffffff), ARCH_X86_64);
	assert_int_equal(arch_of(ARCH_X86_64, -1), ARCH_X86_64);
	assert_int_equal(arch_of(ARCH_I386, 0x40000000), ARCH_I386);
}

/* ---- programs ---- */

static struct program_row {
	const char *name, *comm, *exe;
	enum program_kind kind;
	const char *base;
} programs[] = {
	{ "program: runc's last steps", "runc:[2:INIT]", "/", PROGRAM_LOADER, "/" },
	{ "program: runc itself is plain", "runc", "/usr/sbin/runc", PROGRAM_PLAIN, "runc" },
	{ "program: systemd before exec", "(nginx)", "/usr/lib/systemd/systemd", PROGRAM_LOADER,
	  "systemd" },
	{ "program: systemd's executor", "(nginx)", "/usr/lib/systemd/systemd-executor",
	  PROGRAM_LOADER, "systemd-executor" },
	{ "program: a name in brackets of another", "(sd-pam)", "/usr/bin/x", PROGRAM_PLAIN, "x" },
	{ "program: one bracket is no name", "(", "/usr/lib/systemd/systemd", PROGRAM_PLAIN,
	  "systemd" },
	{ "program: shell by its exe", "script.sh", "/usr/bin/dash", PROGRAM_SHELL, "dash" },
	{ "program: named sh, but no shell", "sh", "/usr/bin/perl", PROGRAM_PLAIN, "perl" },
	{ "program: busybox as a shell", "sh", "/bin/busybox", PROGRAM_SHELL, "busybox" },
	{ "program: busybox as another", "httpd", "/bin/busybox", PROGRAM_PLAIN, "busybox" },
	{ "program: wrapper", "env", "/usr/bin/env", PROGRAM_WRAPPER, "env" },
	{ "program: replaced wrapper", "tini", "/sbin/tini (deleted)", PROGRAM_WRAPPER, "tini" },
	{ "program: what scripts run on the way", "mkdir", "/usr/bin/mkdir", PROGRAM_HELPER,
	  "mkdir" },
	{ "program: the same of busybox", "sleep", "/bin/busybox", PROGRAM_HELPER, "busybox" },
	{ "program: bubblewrap", "bwrap", "/usr/bin/bwrap", PROGRAM_LOADER, "bwrap" },
	{ "program: path without slash", "x", "x", PROGRAM_PLAIN, "x" },
	{ "program: path that ends in a slash", "x", "/a/", PROGRAM_PLAIN, "/a/" },
	{ "program: nothing but (deleted)", "x", " (deleted)", PROGRAM_PLAIN, " (deleted)" },
	{ "program: nothing", "", "", PROGRAM_PLAIN, "" },
};

static void check_program(void **state)
{
	const struct program_row *r = *state;

	assert_int_equal(program_kind(bytes_of(r->comm), bytes_of(r->exe)), r->kind);
	assert_bytes(program_basename(bytes_of(r->exe)), r->base);
}

static struct script_row { const char *name, *comm, *exe; bool is;
} scripts[] = {
	{ "script: of a shell", "entry.sh", "/usr/bin/dash", true },
	{ "script: a shell itself", "sh", "/usr/bin/dash", false },
	{ "script: a shell by another's name", "bash", "/usr/bin/dash", false },
	{ "script: of an interpreter", "gunicorn", "/usr/bin/python3.11", true },
	{ "script: an interpreter itself", "python3", "/usr/bin/python3.11", false },
	{ "script: ... by another version", "python3.11", "/usr/bin/python3.11", false },
	{ "script: ... replaced", "perl", "/usr/bin/perl5.36 (deleted)", false },
	{ "script: a program is none", "worker", "/usr/sbin/nginx", false },
	{ "script: a wrapper runs none", "entry.sh", "/sbin/tini", false },
	{ "script: nothing", "", "/usr/bin/dash", false },
};

static void check_script(void **state)
{
	const struct script_row *r = *state;

	assert_int_equal(program_is_script(bytes_of(r->comm), bytes_of(r->exe)), r->is);
}

static void losses_have_names_of_their_own(void **state)
{
	(void)state;
	for (int i = 0; i < N_LOSS_KINDS; i++)
		for (int k = 0; k < i; k++)
			assert_string_not_equal(record_loss_name((enum loss_kind)i),
						record_loss_name((enum loss_kind)k));
}

int main(void)
{
	struct tests t = { 0 };

	ADD_ROWS(&t, actions, check_action);
	ADD(&t, action_kill_alone_is_kill_thread);
	ADD_ROWS(&t, calls, check_call);
	ADD(&t, syscall_numbers_by_name);
	ADD(&t, syscall_names_are_those_that_their_numbers_have);
	ADD_ROWS(&t, edges, check_edge);
	ADD(&t, tables_say_up_to_where_they_know);
	ADD(&t, arches_have_names_in_profiles);
	ADD(&t, x32_is_told_by_bit_30_of_positive_numbers);
	ADD_ROWS(&t, programs, check_program);
	ADD_ROWS(&t, scripts, check_script);
	ADD(&t, losses_have_names_of_their_own);
	ADD(&t, edges_of_any_number_of_architectures);
	return run_rows(&t, "model");
}
