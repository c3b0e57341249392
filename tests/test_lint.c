// SPDX-License-Identifier: Apache-2.0
/* Each trap of lint, with a profile that has it and one that has not. */
#include "tests/test.h"

#include "analyze/input/input.h"
#include "analyze/policy/bounds.h"
#include "analyze/policy/lint.h"
#include "store/model/arch.h"

#include <unistd.h>

#define ARCHS "\"architectures\": [\"SCMP_ARCH_X86_64\"], "
#define PROFILE(head, rules) "{\"defaultAction\": " head ", \"syscalls\": [" rules "]}"
#define ALLOW(names, more) "{\"names\": [" names "], \"action\": \"SCMP_ACT_ALLOW\"" more "}"
#define DENY(names, more) "{\"names\": [" names "], \"action\": \"SCMP_ACT_ERRNO\"" more "}"
#define LIST(rules) PROFILE("\"SCMP_ACT_ERRNO\", " ARCHS "\"defaultErrnoRet\": 38", rules)
#define BLOCK(rules) PROFILE("\"SCMP_ACT_ALLOW\", " ARCHS "\"flags\": []", rules)
#define WHEN(index, value)                                                                         \
	", \"args\": [{\"index\": " #index ", \"value\": " #value ", \"op\": \"SCMP_CMP_EQ\"}]"
#define TWICE                                                                                      \
	", \"args\": [{\"index\": 0, \"value\": 1, \"op\": \"SCMP_CMP_EQ\"}, {\"index\": 0, \"value\": 2, \"op\": \"SCMP_CMP_EQ\"}]"
#define RUNC                                                                                                                                      \
	"\"capget\", \"capset\", \"chdir\", \"close\", \"epoll_ctl\", \"execve\", \"faccessat2\", \"fcntl\", \"fstat\", \"fstatfs\", \"futex\", " \
	"\"getcwd\", \"getdents64\", \"getpid\", \"getppid\", \"newfstatat\", \"openat\", \"prctl\", \"read\", \"rt_sigreturn\", \"setgid\", "    \
	"\"setgroups\", \"setuid\", \"write\""
#define CRUN                                                                                       \
	"\"fchown\", \"ioctl\", \"rt_sigaction\", \"rt_sigprocmask\", \"setresgid\", \"setresuid\", \"statx\""

/* For each trap a profile that has it, what is said of it, and one that has it not. */
static struct lint_row { const char *name, *trap, *with, *what, *without;
} rows[] = {
	{ "unknown", "unknown-name", LIST(ALLOW("\"raed\"", "")), "raed",
	  LIST(ALLOW("\"read\"", "")) },
	{ "unknown: escaped", "unknown-name", LIST(ALLOW("\"\\u001b[2J\"", "")), "\\x1b[2J",
	  LIST(ALLOW("\"pread\"", "")) },
	{ "unknown: not of this machine", "unknown-name", LIST(ALLOW("\"syscall_1f4\"", "")),
	  "syscall_1f4", LIST(ALLOW("\"set_tls\", \"file_setattr\"", "")) },
	{ "unknown: minijail refuses", "unknown-name", "read: 1\nraed: 1\n", "raed", "read: 1\n" },
	{ "newer", "newer-name", LIST(ALLOW("\"read\", \"rseq_slice_yield\", \"uretprobe\"", "")),
	  "rseq_slice_yield, uretprobe", LIST(ALLOW("\"read\"", "")) },
	{ "newer: of another machine", "newer-name", LIST(ALLOW("\"riscv_hwprobe\"", "")),
	  "riscv_hwprobe", LIST(ALLOW("\"set_tls\"", "")) },
	{ "newer: what minijail's headers need", "newer-name", "read: 1\nfile_setattr: 1\n",
	  "file_setattr needs the headers of Linux 6.17 or newer", "read: 1\nopenat2: 1\n" },
	{ "loaders: errno where not", "loaders",
	  "read: 1\nioctl: arg1 == 1 || arg1 == 2; return 5\n",
	  "line 2: 'CONDITION; return ERRNO' is read as minijail0 -S reads it",
	  "read: 1\nioctl: arg1 == 1\n" },
	{ "loaders: its compiler's", "loaders", "read: allow\n", "only minijail's compiler",
	  "read: 1\nbpf: return EPERM\n" },
	{ "loaders: sections of LXC's", "loaders", "2\ndenylist\n[all]\nbpf\n[x86]\nptrace\n",
	  "LXC takes what stands under one architecture", "2\ndenylist\n[all]\nbpf\n" },
	{ "notify: the default", "notify",
	  PROFILE("\"SCMP_ACT_NOTIFY\", \"listenerPath\": \"/l\"", ""),
	  "SCMP_ACT_NOTIFY for the default", LIST("") },
	{ "notify: write", "notify",
	  BLOCK("{\"names\": [\"open\", \"write\"], \"action\": \"SCMP_ACT_NOTIFY\"}"),
	  "SCMP_ACT_NOTIFY for write",
	  PROFILE("\"SCMP_ACT_ALLOW\", \"listenerPath\": \"/l\"",
		  "{\"names\": [\"open\"], \"action\": \"SCMP_ACT_NOTIFY\"}") },
	{ "notify: nobody listens", "notify",
	  PROFILE("\"SCMP_ACT_ALLOW\", \"listenerPath\": \"\"",
		  "{\"names\": [\"open\"], \"action\": \"SCMP_ACT_NOTIFY\"}"),
	  "SCMP_ACT_NOTIFY without a listenerPath", BLOCK(DENY("\"open\"", "")) },
	{ "not read: what refuses otherwise", "not-read",
	  "[Service]\nSystemCallFilter=~bpf\nCapabilityBoundingSet=CAP_CHOWN\n",
	  "CapabilityBoundingSet= is not read",
	  "[Service]\nSystemCallFilter=~bpf\nProtectKernelLogs=yes\nDescription=x\n" },
	{ "not read: what else a config.json says", "not-read",
	  "{\"process\": {\"capabilities\": {}}, \"linux\": {\"seccomp\": {\"defaultAction\": \"SCMP_ACT_LOG\"}}}",
	  "process.capabilities is not read",
	  "{\"process\": {\"noNewPrivileges\": false}, \"linux\": {\"seccomp\": {\"defaultAction\": \"SCMP_ACT_LOG\"}}}" },
	{ "not read: a value that systemd passes over", "not-read",
	  "[Service]\nSystemCallFilter=~bpf\nLockPersonality=maybe\n",
	  "line 3: LockPersonality=maybe is no value",
	  "[Service]\nSystemCallFilter=~bpf\nLockPersonality=Off\n" },
	{ "libaudit", "audit-name", LIST(ALLOW("\"pread\"", "")),
	  "pread, which loaders know as pread64", LIST(ALLOW("\"pread64\"", "")) },
	{ "exit", "no-exit", LIST(ALLOW("\"exit\"", "")), "exit_group is not let through",
	  LIST(ALLOW("\"exit_group\"", "")) },
	{ "exit: systemd has it", "no-exit", "read: 1\n", "exit_group",
	  "[Service]\nSystemCallFilter=read\n" },
	{ "exit: a list that allows all else", "no-exit", "read\n", "exit_group",
	  BLOCK(DENY("\"bpf\"", "")) },
	{ "exec: what no runtime starts", "no-exec", LIST(ALLOW("\"read\", \"exit_group\"", "")),
	  "execve is not let through", LIST(ALLOW("\"execve\"", "")) },
	{ "exec: killed", "no-exec",
	  PROFILE("\"SCMP_ACT_KILL\"", ALLOW("\"exit_group\", \"execveat\"", "")),
	  "execve is not let through", "[Service]\nSystemCallFilter=read\n" },
	{ "exec: a block-list that denies it", "no-exec", BLOCK(DENY("\"execve\"", "")),
	  "execve is not let through", BLOCK(DENY("\"execveat\"", "")) },
	{ "exec: of the operator", "no-exec",
	  "kind: SeccompProfile\nspec:\n  defaultAction: SCMP_ACT_ERRNO\n",
	  "execve is not let through", "read\nexit_group\n" },
	{ "native", "native-arch",
	  "{\"defaultAction\": \"SCMP_ACT_LOG\", \"architectures\": [\"SCMP_ARCH_NATIVE\"]}",
	  "SCMP_ARCH_NATIVE",
	  "kind: SeccompProfile\nspec:\n  defaultAction: SCMP_ACT_LOG\n  architectures: [SCMP_ARCH_NATIVE]\n" },
	{ "errno: the default's", "errno",
	  PROFILE("\"SCMP_ACT_ERRNO\", \"defaultErrnoRet\": 4095", ""), "the default's 4095",
	  LIST("") },
	{ "errno: a rule's", "errno", BLOCK(DENY("\"bpf\"", ", \"errnoRet\": 5000")),
	  "5000 for bpf", BLOCK(DENY("\"bpf\"", ", \"errnoRet\": 4094")) },
	{ "target", "target",
	  PROFILE("\"SCMP_ACT_LOG\", \"flags\": [\"SECCOMP_FILTER_FLAG_LOG\"]", ""),
	  "runc-1.1 refuses flags", LIST("") },
	{ "flag", "unknown-flag",
	  PROFILE("\"SCMP_ACT_LOG\", \"flags\": [\"SECCOMP_FILTER_FLAG_LOGS\"]", ""),
	  "SECCOMP_FILTER_FLAG_LOGS",
	  PROFILE("\"SCMP_ACT_LOG\", \"flags\": [\"SECCOMP_FILTER_FLAG_TSYNC\"]", "") },
	{ "contradiction: both always", "contradiction",
	  BLOCK(DENY("\"bpf\"", "") "," DENY("\"bpf\"", ", \"errnoRet\": 38")),
	  "bpf: errno always, and errno as well",
	  BLOCK(DENY("\"bpf\"", "") "," DENY("\"bpf\"", "")) },
	{ "contradiction: conditions that do nothing", "contradiction",
	  LIST(ALLOW("\"bpf\"",
		     "") ","
			 "{\"names\": [\"bpf\"], \"action\": \"SCMP_ACT_TRAP\"" WHEN(0, 1) "}"),
	  "bpf: allow always, and trap for some arguments, which does nothing",
	  LIST(ALLOW("\"bpf\"", WHEN(0, 1)) "," DENY("\"bpf\"", ", \"errnoRet\": 38")) },
	{ "contradiction: the same arguments", "contradiction",
	  LIST(ALLOW("\"bpf\"", WHEN(0, 1)) "," ALLOW(
		  "\"bpf\"",
		  WHEN(1, 1)) ","
			      "{\"names\": [\"bpf\"], \"action\": \"SCMP_ACT_TRAP\"" WHEN(0,
											  1) "}"),
	  "bpf: allow and trap for the same arguments",
	  LIST(ALLOW("\"bpf\"",
		     WHEN(0, 1)) ","
				 "{\"names\": [\"bpf\"], \"action\": \"SCMP_ACT_TRAP\"" WHEN(
					 0, 2) "}") },
	{ "nothing", "forbids-nothing", BLOCK(ALLOW("\"read\"", "")), "no rule denies anything",
	  BLOCK(DENY("\"bpf\"", "")) },
	{ "nothing: a unit with other filters", "forbids-nothing", BLOCK(ALLOW("\"read\"", "")),
	  "no rule denies anything", "[Service]\nProtectClock=yes\n" },
	{ "not read", "not-read", "[Service]\nSystemCallFilter=@nonsense read\n",
	  "line 2: what is in @nonsense is not known here",
	  "[Service]\nSystemCallFilter=@known\n" },
	{ "set", "systemd-set", "[Service]\nSystemCallFilter=@system-service\n", "@system-service",
	  "[Service]\nSystemCallFilter=read\n" },
	{ "no architectures", "no-architectures", PROFILE("\"SCMP_ACT_LOG\"", ""),
	  "no architectures", LIST("") },
	{ "no architectures: names have none", "no-architectures",
	  PROFILE("\"SCMP_ACT_LOG\", \"architectures\": []", ""), "no architectures", "read\n" },
	{ "log flag", "log-flag-alone",
	  PROFILE("\"SCMP_ACT_LOG\", \"flags\": [\"SECCOMP_FILTER_FLAG_LOG\"]", ""),
	  "SECCOMP_FILTER_FLAG_LOG without",
	  PROFILE("\"SCMP_ACT_LOG\", \"flags\": [\"SECCOMP_FILTER_FLAG_LOG\", \"SECCOMP_FILTER_FLAG_SPEC_ALLOW\"]",
		  "") },
	{ "runtime: runc", "no-start", LIST(ALLOW(RUNC, "")),
	  "crun 1.8.1: fchown, ioctl, rt_sigaction, rt_sigprocmask, setresgid, setresuid, statx",
	  LIST(ALLOW(RUNC ", " CRUN, "")) },
	{ "runtime: many", "no-start", LIST(ALLOW("\"read\"", "")),
	  "runc 1.1.5: capget, capset, chdir, close, epoll_ctl, execve, faccessat2, fcntl, fstat, fstatfs, "
	  "futex, getcwd and 11 more",
	  BLOCK(DENY("\"bpf\"", "")) },
	{ "runtime: systemd", "no-start", "[Service]\nSystemCallFilter=read\n",
	  "systemd 252: write", "[Service]\nSystemCallFilter=read @system-service\n" },
	{ "socketcall", "socketcall",
	  LIST(ALLOW("\"socket\"", WHEN(0, 2)) "," ALLOW("\"socketcall\"", "")),
	  "socketcall is let through", LIST(ALLOW("\"socket\", \"socketcall\"", "")) },
	{ "index twice", "index-twice", LIST(ALLOW("\"read\"", "") "," ALLOW("\"socket\"", TWICE)),
	  "rule 2, of socket", LIST(ALLOW("\"socket\"", WHEN(0, 2))) },
	{ "sibling", "sibling", BLOCK(DENY("\"open\", \"openat\"", "")),
	  "openat2, creat (denied: open, openat)",
	  BLOCK(DENY("\"open\", \"openat\", \"openat2\", \"creat\"", "")) },
	{ "sibling: not of that machine", "sibling", BLOCK(DENY("\"execve\"", "")),
	  "execveat (denied: execve)",
	  "{\"defaultAction\": \"SCMP_ACT_ALLOW\", \"architectures\": [\"SCMP_ARCH_AARCH64\"], \"syscalls\": [" DENY(
		  "\"umount2\"", "") "]}" },
	{ "io_uring", "io-uring", LIST(ALLOW("\"io_uring_setup\"", "")),
	  "io_uring_setup is let through", LIST(ALLOW("\"read\"", "")) },
	{ "io_uring: where all else is allowed", "io-uring", BLOCK(DENY("\"openat\"", "")),
	  "io_uring_setup is let through", BLOCK(DENY("\"io_uring_setup\"", "")) },
	{ "io_uring: nothing is denied", "io-uring", LIST(ALLOW("\"io_uring_setup\"", "")),
	  "io_uring_setup is let through", BLOCK("") },
	{ "danger", "danger", LIST(ALLOW("\"ptrace\"", "")), "ptrace",
	  LIST(ALLOW("\"read\"", "") ","
				     "{\"names\": [\"ptrace\"], \"action\": \"SCMP_ACT_TRAP\"}") },
	{ "danger: for some arguments", "danger", LIST(ALLOW("\"keyctl\"", WHEN(0, 1))), "keyctl",
	  BLOCK(DENY("\"read\"", "")) },
	{ "passed over: the default's", "passed-over",
	  PROFILE("\"SCMP_ACT_LOG\", \"defaultErrnoRet\": 1", ""),
	  "defaultErrnoRet beside SCMP_ACT_LOG means nothing", LIST("") },
	{ "passed over: a rule's", "passed-over", LIST(ALLOW("\"read\"", ", \"errnoRet\": 38")),
	  "syscalls[0].errnoRet beside SCMP_ACT_ALLOW",
	  LIST(DENY("\"read\"", ", \"errnoRet\": 38")) },
	{ "passed over: by name", "passed-over", LIST(ALLOW("\"read\"", ", \"errno\": \"EPERM\"")),
	  "syscalls[0].errno beside SCMP_ACT_ALLOW",
	  LIST(DENY("\"read\"", ", \"errno\": \"EPERM\"")) },
	{ "passed over: of trap", "passed-over",
	  LIST("{\"names\": [\"bpf\"], \"action\": \"SCMP_ACT_TRAP\", \"errnoRet\": 4095}"),
	  "errnoRet beside SCMP_ACT_TRAP", LIST(ALLOW("\"read\"", "")) },
	{ "passed over: by systemd", "passed-over", "[Service]\nSystemCallFilter=read:EPERM\n",
	  "systemd ignores it", "[Service]\nSystemCallFilter=~read:EPERM\n" },
	{ "eperm", "eperm", PROFILE("\"SCMP_ACT_ERRNO\"", ""), "what is not named gets EPERM",
	  LIST("") },
	{ "count", "count", LIST(ALLOW("\"read\", \"write\", \"read\", \"raed\", \"mmap2\"", "")),
	  "2 calls of x86_64 are let through; the default of Docker 20.10 lets 292 through, "
	  "Podman's 312",
	  BLOCK("") },
};

static const struct lint_finding *find(const struct lint *l, const char *trap, const char *what)
{
	for (size_t i = 0; i < l->findings.n; i++)
		if (strcmp(l->findings.v[i].rule->word, trap) == 0 &&
		    (what == NULL || strstr(l->findings.v[i].what, what) != NULL))
			return &l->findings.v[i];
	return NULL;
}

/* As for runc 1.1 where its own trap is looked for. */
static void look(struct lint *l, const char *text, const char *trap)
{
	struct policy p;
	struct err e = { 0 };

	if (input_policy(&p, bytes_of(text), "f", NULL, &e) < 0)
		fail_msg("%s", e.msg);
	lint_policy(l, &p, strcmp(trap, "target") == 0 ? target_find("runc-1.1", &e) : NULL);
	policy_release(&p); /* what was found does not need it */
}

static void finds(void **state)
{
	const struct lint_row *row = *state;
	struct lint l;

	look(&l, row->with, row->trap);
	if (find(&l, row->trap, row->what) == NULL) {
		for (size_t i = 0; i < l.findings.n; i++)
			print_message("%s: %s\n", l.findings.v[i].rule->word, l.findings.v[i].what);
		fail_msg("no %s: %s", row->trap, row->what);
	}
	lint_release(&l);
}

static void does_not_find(void **state)
{
	const struct lint_row *row = *state;
	struct lint l;

	look(&l, row->without, row->trap);
	if (find(&l, row->trap, NULL) != NULL)
		fail_msg("%s: %s", row->trap, find(&l, row->trap, NULL)->what);
	lint_release(&l);
}

static void each_trap_has_a_row(void **state)
{
	(void)state;
	for (size_t i = 0; lint_at(i) != NULL; i++) {
		size_t k = 0;

		while (k < ARRAY_SIZE(rows) && strcmp(rows[k].trap, lint_at(i)->word) != 0)
			k++;
		if (k == ARRAY_SIZE(rows))
			fail_msg("no row for %s", lint_at(i)->word);
	}
}

static void danger_says_why(void **state)
{
	struct lint l;

	(void)state;
	look(&l, LIST(ALLOW("\"ptrace\"", "")), "danger");
	assert_non_null(strstr(find(&l, "danger", "ptrace")->why, "other processes"));
	lint_release(&l);
}

static void many_rules(unsigned n)
{
	auto_buf struct buf text = { 0 };
	struct lint l;

	buf_str(&text, "{\"defaultAction\": \"SCMP_ACT_ERRNO\", \"syscalls\": [");
	for (unsigned i = 0; i < n; i++)
		buf_printf(
			&text,
			"%s{\"names\": [\"c%u\"], \"action\": \"SCMP_ACT_ALLOW\", \"args\": [{\"index\": 0, \"value\": %u, \"op\": \"SCMP_CMP_EQ\"}]}",
			i ? "," : "", i / BOUNDS_OF_CALL, i);
	buf_str(&text, "]}");
	look(&l, buf_text(&text), "");
	lint_release(&l);
}

static void is_not_quadratic(void **state)
{
	(void)state;
	assert_not_quadratic(many_rules, BOUNDS_RULES / 2);
}

int main(void)
{
	struct tests t = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		add_test(&t, rows[i].name, finds, &rows[i]);
		add_test(&t, rows[i].name, does_not_find, &rows[i]);
	}
	ADD(&t, each_trap_has_a_row);
	ADD(&t, danger_says_why);
	ADD(&t, is_not_quadratic);
	return run_rows(&t, "lint");
}
