// SPDX-License-Identifier: Apache-2.0
/* Reading profiles of all formats, what is refused of them, and Docker's conditions. */
#include "tests/test.h"

#include "analyze/input/input.h"
#include "analyze/policy/bounds.h"
#include "analyze/policy/compile.h"
#include "analyze/policy/policy.h"
#include "analyze/policy/resolve.h"
#include "store/model/action.h"
#include "store/model/arch.h"

#include <unistd.h>

/* One rule with more members. */
#define RULE(more)                                                                                                           \
	"{\"defaultAction\": \"SCMP_ACT_LOG\", \"syscalls\": [{\"names\": [\"read\"], \"action\": \"SCMP_ACT_ALLOW\", " more \
	"}]}"
#define SPO "kind: SeccompProfile\nspec:\n"

/* What is refused, and what the message holds. */
static struct bad_row { const char *name, *text, *says;
} bad_json[] = {
	{ "nothing", "", "f:1: no JSON: it ends too early" },
	{ "no JSON", "{\n\"defaultAction\":\n}", "f:3: no JSON" },
	{ "cut off", "{\"defaultAction\": \"SCMP_ACT_LOG\"", "f:1: no JSON: it ends too early" },
	{ "a list", "[]", "f: a list, not a profile" },
	{ "null", "null", "f:1: no JSON" },
	{ "a config without seccomp", "{\"linux\": {}}", "f: no seccomp profile" },
	{ "something behind it", "{\"defaultAction\": \"SCMP_ACT_LOG\"}\n\n x", "f:3: no JSON" },
	{ "no default", "{}",
	  "f: JSON, but no profile: it has neither defaultAction nor linux.seccomp" },
	{ "a default that is none", "{\"defaultAction\": \"SCMP_ACT_NO\"}",
	  "defaultAction: no such action: SCMP_ACT_NO" },
	{ "a default with a hostile name", "{\"defaultAction\": \"\\u001b[2J\"}",
	  "no such action: \\x1b[2J" },
	{ "a default that is a number", "{\"defaultAction\": 7}", "defaultAction: not a text" },
	{ "a word without SCMP_ACT_", "{\"defaultAction\": \"log\"}",
	  "defaultAction: no such action: log" },
	{ "an errno that is none",
	  "{\"defaultAction\": \"SCMP_ACT_ERRNO\", \"defaultErrnoRet\": -1}",
	  "defaultErrnoRet: not a number" },
	{ "an architecture that is none",
	  "{\"defaultAction\": \"SCMP_ACT_LOG\", \"architectures\": [\"x86\"]}",
	  "architectures: no such architecture: x86" },
	{ "rules that are no list", "{\"defaultAction\": \"SCMP_ACT_LOG\", \"syscalls\": {}}",
	  "syscalls: not a list" },
	{ "a rule that is none", "{\"defaultAction\": \"SCMP_ACT_LOG\", \"syscalls\": [1]}",
	  "syscalls[0]: not an object" },
	{ "a rule without names",
	  "{\"defaultAction\": \"SCMP_ACT_LOG\", \"syscalls\": [{\"action\": \"SCMP_ACT_ALLOW\"}]}",
	  "syscalls[0]: no names" },
	{ "a name that is none",
	  "{\"defaultAction\": \"SCMP_ACT_LOG\", \"syscalls\": [{\"names\": [\"read\", 3], \"action\": \"SCMP_ACT_ALLOW\"}]}",
	  "syscalls[0].names[1]: not a text" },
	{ "a NUL in a name",
	  "{\"defaultAction\": \"SCMP_ACT_LOG\", \"syscalls\": [{\"names\": [\"re\\u0000ad\"], \"action\": \"SCMP_ACT_ALLOW\"}]}",
	  "syscalls[0].names[0]: a NUL" },
	{ "a rule without an action",
	  "{\"defaultAction\": \"SCMP_ACT_LOG\", \"syscalls\": [{\"names\": [\"read\"]}]}",
	  "syscalls[0].action: missing" },
	{ "an argument's index",
	  "{\"defaultAction\": \"SCMP_ACT_LOG\", \"syscalls\": [{\"names\": [\"read\"], \"action\": \"SCMP_ACT_ALLOW\", "
	  "\"args\": [{\"index\": 6, \"value\": 1, \"op\": \"SCMP_CMP_EQ\"}]}]}",
	  "syscalls[0].args[0]: not a number from 0 to 5" },
	{ "an argument's op",
	  "{\"defaultAction\": \"SCMP_ACT_LOG\", \"syscalls\": [{\"names\": [\"read\"], \"action\": \"SCMP_ACT_ALLOW\", "
	  "\"args\": [{\"index\": 0, \"value\": 1, \"op\": \"==\"}]}]}",
	  "syscalls[0].args[0]: no such op" },
	{ "a default twice",
	  "{\"defaultAction\": \"SCMP_ACT_LOG\",\n\"default\\u0041ction\": \"SCMP_ACT_ALLOW\"}",
	  "f:2: 'default\\x5cu0041ction' a second time in one object" },
	{ "a number over 64 bits",
	  RULE("\"args\": [{\"index\": 0, \"value\": 18446744073709551616, \"op\": \"SCMP_CMP_EQ\"}]"),
	  "f:1: a number over 64 bits" },
	{ "our own, without a default", "{\"scaudit\": \"0.1.0\"}", "defaultAction: missing" },
	{ "our own, with a rule that is none",
	  "{\"scaudit\": \"0.1.0\", \"default_action\": \"SCMP_ACT_LOG\", \"syscalls\": [3]}",
	  "syscalls[0]: not an object" },
	{ "our own, with rules that are none",
	  "{\"scaudit\": \"0.1.0\", \"default_action\": \"SCMP_ACT_LOG\", \"syscalls\": 3}",
	  "syscalls: not a list" },
	{ "name beside names", RULE("\"name\": \"write\""), "syscalls[0]: 'name' beside 'names'" },
	{ "an errno that contradicts its name",
	  "{\"defaultAction\": \"SCMP_ACT_ERRNO\", \"defaultErrnoRet\": 1, \"defaultErrno\": \"ENOSYS\"}",
	  "defaultErrno: not the errno that the number beside it says" },
	{ "an errno that nobody knows",
	  "{\"defaultAction\": \"SCMP_ACT_ERRNO\", \"defaultErrno\": \"ENONE\"}",
	  "defaultErrno: no such errno: ENONE" },
	{ "a condition that is none", RULE("\"includes\": [\"CAP_SYS_ADMIN\"]"),
	  "syscalls[0].includes: not an object" },
	{ "a condition's capabilities", RULE("\"excludes\": {\"caps\": [3]}"),
	  "syscalls[0].excludes.caps: not a text" },
	{ "a condition's kernel", RULE("\"includes\": {\"minKernel\": \"4.8.1\"}"),
	  "syscalls[0].includes.minKernel: no version of a kernel" },
	{ "a condition's kernel 0.0", RULE("\"includes\": {\"minKernel\": \"0.0\"}"),
	  "minKernel: no version of a kernel" },
	{ "archMap beside architectures",
	  "{\"defaultAction\": \"SCMP_ACT_LOG\", \"architectures\": [\"SCMP_ARCH_X86\"], \"archMap\": "
	  "[{\"architecture\": \"SCMP_ARCH_X86\"}]}",
	  "archMap: beside 'architectures'" },
	{ "archMap without an architecture",
	  "{\"defaultAction\": \"SCMP_ACT_LOG\", \"archMap\": [{}]}",
	  "archMap[0]: no such architecture: null" },
	{ "a path inside config.json", "{\"linux\": {\"seccomp\": {}}}",
	  "f: linux.seccomp.defaultAction: missing" },

};

/* The same, where the format is known by the content. */
static struct bad_row bad_rows[] = {
	{ "no known form", "<xml>\n",
	  "f: no profile in a format that is read (oci, systemd, spo, lxc, amicontained, minijail, names; check takes raw BPF, too)" },
	{ "an empty file", "\n\n", "f: no profile in a format that is read" },

	{ "spo: no YAML", "kind: SeccompProfile\nspec: [\n", "f:3: no YAML" },
	{ "spo: another kind", "kind: Pod\nspec: {}\n", "f: no document of kind SeccompProfile" },
	{ "spo: no spec", "kind: SeccompProfile\n", "f: spec: not an object" },
	{ "spo: a bad action", SPO "  defaultAction: SCMP_ACT_NO\n",
	  "f: spec.defaultAction: no such action: SCMP_ACT_NO" },
	{ "spo: a key twice", SPO "  defaultAction: SCMP_ACT_LOG\n  defaultAction: SCMP_ACT_LOG\n",
	  "f:4: 'defaultAction' a second time" },
	{ "spo: an alias", SPO "  a: &a [1]\n  b: *a\n", "f:4: an alias (*name) is not read" },
	{ "spo: an argument below 0",
	  SPO "  defaultAction: SCMP_ACT_LOG\n  syscalls: [{names: [read], action: SCMP_ACT_ALLOW, "
	      "args: [{index: 0, value: -1, op: SCMP_CMP_EQ}]}]\n",
	  "spec.syscalls[0].args[0]: not a number" },
	{ "spo: a number over 64 bits",
	  SPO "  defaultAction: SCMP_ACT_LOG\n  syscalls: [{names: [read], action: SCMP_ACT_ALLOW, "
	      "args: [{index: 0, value: 18446744073709551616, op: SCMP_CMP_EQ}]}]\n",
	  "spec.syscalls[0].args[0]: not a number" },
	{ "spo: two profiles",
	  SPO "  defaultAction: SCMP_ACT_LOG\n---\n" SPO "  defaultAction: SCMP_ACT_LOG\n",
	  "f: 2 profiles: --name chooses one (" },
	{ "lxc: an action that is none", "2\ndenylist\nbpf refuse\n",
	  "f:3: LXC knows no such action, and refuses the policy: refuse" },
	{ "lxc: its own default", "2\nallowlist errno 1\nbpf errno 1\n",
	  "f:3: LXC refuses a rule with the policy's own default action: bpf" },
	{ "lxc: an architecture", "2\nallowlist\n[vax]\n",
	  "f:3: no architecture that LXC knows: [vax]" },
	{ "lxc: without its version", "denylist\nbpf\n",
	  "f:1: LXC's policy begins with its version, 1 or 2, not: denylist" },
	{ "lxc: a version that denies", "1\ndenylist\n3\n",
	  "f:2: LXC's version 1 has only an allowlist, not: denylist" },
	{ "lxc: arguments that are none", "2\ndenylist\nbpf errno 1 [9,1,==]\n",
	  "f:3: no [INDEX,VALUE,OP,MASK]: 9,1,==" },
	{ "lxc: no list", "2\n", "LXC's policy has no allowlist or denylist line" },
	{ "amicontained: no names", "Blocked Syscalls (2):\nLooking for Docker.sock\n",
	  "f: no names below 'Blocked Syscalls'" },
	{ "amicontained: no number", "Blocked Syscalls (many):\n\tSYSLOG\n",
	  "f:1: no number of blocked calls" },
	{ "names: a word of LXC's", "read\ndenylist\nbpf\n",
	  "f:2: a word of lists that may deny, as LXC's" },
	{ "names: a number", "read\n59\n", "f:2: no name of a call: 59" },
	{ "snap: arguments", "# snap\nbrk\nsetpriority PRIO_PROCESS 0 >=0\n",
	  "f: a template of snap-seccomp" },
	{ "snap: a minus", "brk\n~ioctl - TIOCSTI\n", "f: a template of snap-seccomp" },
	{ "snap: all", "@unrestricted\n", "f: a template of snap-seccomp" },
	{ "kafel", "#define x 1\nPOLICY a { DENY { ptrace } }\nUSE a DEFAULT ALLOW\n",
	  "f: a policy of kafel" },
	{ "nsjail", "mode: ONCE\nseccomp_string: \"KILL { ptrace }\"\n",
	  "f: a configuration of nsjail" },
	{ "firejail", "caps.drop all\nseccomp\nprotocol unix\n", "f: a profile of firejail" },
	{ "firejail: a list", "noblacklist ~/.x\nseccomp !chroot\n", "f: a profile of firejail" },
	{ "flatpak", "[Context]\nshared=network;\n", "f: flatpak's metadata" },
	{ "compose", "services:\n  web:\n    security_opt: [seccomp=x.json]\n",
	  "f: a compose file" },
	{ "firecracker",
	  "{\"vcpu\": {\"default_action\": \"trap\", \"filter_action\": \"allow\", \"filter\": []}}",
	  "f: filters of Firecracker" },
	{ "procd", "{\"whitelist\": [\"read\"], \"policy\": 1}",
	  "f: a filter of OpenWrt's older procd" },
	{ "dockerd", "{\"seccomp-profile\": \"/etc/x.json\"}", "f: a configuration of dockerd" },
	{ "a template", "{{- if .Values.x }}\n{\"defaultAction\": \"SCMP_ACT_ERRNO\"}\n{{ end }}\n",
	  "f: a template" },
	{ "apparmor", "profile x flags=(attach_disconnected) {\n  deny @{PROC}/** w,\n}\n",
	  "f: a profile of AppArmor" },
	{ "kube: a Pod", "apiVersion: v1\nkind: Pod\nspec: {}\n",
	  "f: no document of kind SeccompProfile, but a Pod" },
	{ "kube: a ConfigMap in JSON", "{\"apiVersion\": \"v1\", \"kind\": \"ConfigMap\"}",
	  "f: no document of kind SeccompProfile, but a ConfigMap" },
	{ "spo: a key that is no text", "kind: SeccompProfile\n? [a]\n: 1\n",
	  "f:2: a key that is no text" },

	{ "systemd: no filter", "[Service]\nExecStart=/bin/true\n",
	  "f: no SystemCallFilter= in it" },
	{ "systemd: reset and nothing else",
	  "[Service]\nSystemCallFilter=read\nSystemCallFilter=\n",
	  "f: no SystemCallFilter= in it" },
	{ "systemd: a name that is none", "[Service]\nSystemCallFilter=read wr*te\n",
	  "f:2: no name of a call: wr*te" },
	{ "systemd: a hostile name", "[Service]\nSystemCallFilter=\033[2J\n",
	  "f:2: no name of a call: \\x1b[2J" },
	{ "systemd: an errno that is none", "[Service]\nSystemCallFilter=~read:EWHAT\n",
	  "f:2: no such errno: EWHAT" },
	{ "systemd: another errno that is none", "[Service]\nSystemCallErrorNumber=5000\n",
	  "f:2: no such errno: 5000" },
	{ "systemd: an architecture", "[Service]\nSystemCallArchitectures=vax\n",
	  "f:2: no such architecture: vax" },
	{ "systemd: a setting that is none", "[Service]\nSystemCallFilters=read\n",
	  "f:2: no such setting: SystemCallFilters" },

	{ "minijail: include", "read: 1\n@include ./more\n",
	  "f:2: @include: where that file lies is not known here" },
	{ "minijail: a denylist that allows", "@denylist\nread: 1\n",
	  "f:2: neither 1, a condition, an action nor" },
	{ "minijail: a denylist with an action", "@denylist\nread: kill\n",
	  "f:2: a policy with @denylist says" },
	{ "minijail: a denylist with a condition", "@denylist\nread: arg0 == 1\n",
	  "f:2: a policy with @denylist says" },
	{ "minijail: a permissive default", "@default log\nread: 1\n",
	  "f:1: minijail refuses a permissive @default: log" },
	{ "minijail: a group", "a@b: 1\n", "f:1: a group of calls" },
	{ "minijail: braces that stay open", "{read, write: 1\n", "f:1: no '}' before" },
	{ "minijail: two that always answer", "read: {1, return 5}\n",
	  "f:1: a filter behind one that always answers" },
	{ "minijail: no colon", "read: 1\nwrite 1\n", "f:2: not 'NAME: ...': 1" },
	{ "minijail: nothing behind the name", "read: 1\nwrite:\n",
	  "f:2: neither 1, a condition, an action nor" },
	{ "minijail: an errno that is none", "read: return EWHAT\n", "f:1: no such errno: EWHAT" },
	{ "minijail: a named constant", "open: arg1 == O_NONSENSE\n",
	  "f:1: neither a number nor a constant that is known: O_NONSENSE" },
	{ "minijail: an argument that is none", "open: arg6 == 1\n",
	  "f:1: no argument (arg0 to arg5): arg6" },
	{ "minijail: a comparison", "open: arg1 ~= 1\n", "f:1: no such comparison: ~=" },
	{ "minijail: something between", "open: arg1 > 1 and arg2 < 9\n",
	  "f:1: neither '&&', '||' nor an end: and" },
	{ "minijail: too many alternatives", "open: arg1 & ~0 && arg2 & ~0\n",
	  "f:1: more than 256 alternatives" },
	{ "minijail: a name twice", "read: 1\nwrite: 1\nread: return EPERM\n",
	  "f:3: a second line for one call: read" },
	{ "minijail: only a frequency", "# a\n@frequency ./f\n", "f: no rules in it" },

	{ "names: two on a line", "read\nwrite close\n", "f:2: no name of a call: write close" },
	{ "names: a hostile one", "read\n\033]0;x\n", "f:2: no name of a call: \\x1b]0;x" },
};

static void check_refusal(const struct bad_row *row, const char *format)
{
	char *exact = exact_copy(bytes_of(row->text));
	struct policy p;
	struct err e = { 0 };

	assert_int_equal(
		input_policy(&p, (struct bytes){ exact, strlen(row->text) }, "f", format, &e), -1);
	if (strstr(e.msg, row->says) == NULL)
		fail_msg("'%s' lacks '%s'", e.msg, row->says);
	assert_null(strchr(e.msg, '\n'));
	assert_null(strchr(e.msg, '\033'));
	assert_int_equal(e.status, ST_INPUT);
	policy_release(&p);
	free(exact);
}

static void refuses_json(void **state)
{
	check_refusal(*state, "oci");
}

static void refuses(void **state)
{
	check_refusal(*state, NULL);
}

static void refuses_a_format(void **state)
{
	struct policy p;
	struct err e = { 0 };

	(void)state;
	assert_int_equal(input_policy(&p, BYTES("read\n"), "f", "elf", &e), -1);
	assert_string_equal(
		e.msg,
		"no such format: 'elf' (there are: oci, systemd, spo, lxc, amicontained, minijail, names)");
	policy_release(&p);
}

static int read_text(struct policy *p, const char *text)
{
	struct err e = { 0 };
	int ret;

	ret = input_policy(p, bytes_of(text), "f", NULL, &e);
	if (ret < 0)
		print_message("%s\n", e.msg);
	return ret;
}

static const char whole[] =
	"{\"defaultAction\": \"SCMP_ACT_ERRNO\", \"defaultErrnoRet\": 38, \"architectures\": [\"SCMP_ARCH_X86_64\", \"SCMP_ARCH_X86\"],\n"
	" \"flags\": [\"SECCOMP_FILTER_FLAG_LOG\"], \"syscalls\": [\n"
	"  {\"names\": [\"read\", \"write\"], \"action\": \"SCMP_ACT_ALLOW\", \"comment\": \"\", \"includes\": {}, \"args\": null},\n"
	"  {\"names\": [\"socket\"], \"action\": \"SCMP_ACT_ERRNO\", \"errnoRet\": 22, \"args\": [\n"
	"   {\"index\": 0, \"value\": 18446744073709551615, \"valueTwo\": 9223372036854775808, \"op\": \"SCMP_CMP_MASKED_EQ\"}]},\n"
	"  {\"name\": \"close\", \"action\": \"SCMP_ACT_KILL\"}]}\n";

static void reads_all(void **state)
{
	struct policy p;

	(void)state;
	assert_int_equal(read_text(&p, whole), 0);
	assert_int_equal(p.default_action, ACTION_ERRNO);
	assert_int_equal(p.default_error, 38);
	assert_int_equal(p.archs.n, 2);
	assert_string_equal(p.flags.v[0], "SECCOMP_FILTER_FLAG_LOG");
	assert_int_equal(p.rules.n, 3);
	assert_string_equal(p.rules.v[0].names.v[1], "write");
	assert_int_equal(p.rules.v[1].error, 22);
	assert_int_equal(p.rules.v[1].args.v[0].op, POLICY_MASKED_EQ);
	assert_true(p.rules.v[1].args.v[0].value == UINT64_MAX);
	assert_true(p.rules.v[1].args.v[0].two == (uint64_t)1 << 63);
	assert_string_equal(p.rules.v[2].names.v[0], "close");
	assert_int_equal(p.rules.v[2].action, ACTION_KILL_THREAD);
	policy_release(&p);
}

static void reads_a_config(void **state)
{
	auto_free char *text =
		mem_print("{\"ociVersion\": \"1\", \"linux\": {\"seccomp\": %s}}", whole);
	struct policy p;

	(void)state;
	assert_int_equal(read_text(&p, text), 0);
	assert_int_equal(p.rules.n, 3);
	policy_release(&p);
}

/* ---- what was read, in one line ---- */

static void show_answer(struct buf *out, uint32_t action, int error)
{
	buf_str(out, action_word(action));
	if (error != POLICY_NO_ERRNO)
		buf_printf(out, "=%d", error);
}

static void show_when(struct buf *out, char sign, const struct policy_when *w)
{
	for (size_t i = 0; i < w->caps.n; i++)
		buf_printf(out, " %c%s", sign, w->caps.v[i]);
	for (size_t i = 0; i < w->archs.n; i++)
		buf_printf(out, " %c%s", sign, w->archs.v[i]);
	if (w->kernel.major || w->kernel.minor)
		buf_printf(out, " %c%u.%u", sign, w->kernel.major, w->kernel.minor);
}

static void show_rule(struct buf *out, const struct policy_rule *r)
{
	static const char *const ops[] = { "!=", "<", "<=", "==", ">=", ">", "&" };

	buf_str(out, "; ");
	show_answer(out, r->action, r->error);
	if (r->implied) { /* how many depends on the libseccomp here */
		buf_str(out, " implied");
		for (size_t i = 0; i < r->names.n; i++)
			if (strcmp(r->names.v[i], "execve") == 0)
				buf_str(out, " execve");
		return;
	}
	for (size_t i = 0; i < r->names.n; i++)
		buf_printf(out, " %s", r->names.v[i]);
	for (size_t i = 0; i < r->args.n; i++) {
		buf_printf(out, " %u%s%llx", r->args.v[i].index, ops[r->args.v[i].op],
			   (unsigned long long)r->args.v[i].value);
		if (r->args.v[i].op == POLICY_MASKED_EQ)
			buf_printf(out, "=%llx", (unsigned long long)r->args.v[i].two);
	}
	show_when(out, '+', &r->includes);
	show_when(out, '-', &r->excludes);
	if (r->comment)
		buf_printf(out, " # %s", r->comment);
}

static const char *show(struct buf *out, const struct policy *p)
{
	show_answer(out, p->default_action, p->default_error);
	for (size_t i = 0; i < p->archs.n; i++)
		buf_printf(out, " %s", arch_name(p->archs.v[i]));
	for (size_t i = 0; i < p->families.n; i++) {
		buf_printf(out, " %s(", arch_name(p->families.v[i].arch));
		for (size_t k = 0; k < p->families.v[i].subs.n; k++)
			buf_printf(out, "%s%s", k ? " " : "",
				   arch_name(p->families.v[i].subs.v[k]));
		buf_char(out, ')');
	}
	for (size_t i = 0; i < p->flags.n; i++)
		buf_printf(out, " %s", p->flags.v[i]);
	for (size_t i = 0; i < p->rules.n; i++)
		show_rule(out, &p->rules.v[i]);
	if (p->unread.n)
		buf_printf(out, "; %zu unread: %s", p->unread.n, p->unread.v[0]);
	if (p->idle.n)
		buf_printf(out, "; %zu idle: %s", p->idle.n, p->idle.v[0]);
	return buf_text(out);
}

#define ARCHS "SystemCallArchitectures=x86-64 x86\n"

static struct good_row { const char *name, *format, *text, *shows;
} good_rows[] = {
	{ "oci: Docker's conditions", "oci",
	  RULE("\"comment\": \"why\", \"includes\": {\"caps\": [\"CAP_BPF\"], \"minKernel\": \"4.8\"}, "
	       "\"excludes\": {\"arches\": [\"s390\"]}"),
	  "log; allow read +CAP_BPF +4.8 -s390 # why" },
	{ "oci: archMap", "oci",
	  "{\"defaultAction\": \"SCMP_ACT_LOG\", \"archMap\": [{\"architecture\": \"SCMP_ARCH_X86_64\", "
	  "\"subArchitectures\": [\"SCMP_ARCH_X86\", \"SCMP_ARCH_X32\"]}, {\"architecture\": \"SCMP_ARCH_RISCV64\", \"subArchitectures\": null}]}",
	  "log x86_64(i386 x32) riscv64()" },
	{ "oci: errno as a name", "oci",
	  "{\"defaultAction\": \"SCMP_ACT_ERRNO\", \"defaultErrnoRet\": 38, \"defaultErrno\": \"ENOSYS\", \"syscalls\": "
	  "[{\"names\": [\"bpf\"], \"action\": \"SCMP_ACT_ERRNO\", \"errno\": \"EPERM\"}, {\"names\": [\"acct\"], \"action\": \"SCMP_ACT_ERRNO\", \"errno\": \"22\"}]}",
	  "errno=38; errno=1 bpf; errno=22 acct" },
	{ "oci: an errno where the action takes none", "oci",
	  "{\"defaultAction\": \"SCMP_ACT_LOG\", \"defaultErrnoRet\": 1}",
	  "log; 1 idle: defaultErrnoRet beside SCMP_ACT_LOG means nothing: runc, Docker and containers/common pass over it, crun refuses the profile" },
	{ "oci: two of them for a rule", "oci", RULE("\"errnoRet\": 38, \"errno\": \"EPERM\""),
	  "log; allow read; 2 idle: syscalls[0].errnoRet beside SCMP_ACT_ALLOW means nothing: runc, Docker and containers/common pass over it, crun refuses the profile" },
	{ "oci: what is not read is said", "oci", RULE("\"arg\": []"),
	  "log; allow read; 1 unread: syscalls[0].arg is not read" },
	{ "oci: a hostile key", "oci", RULE("\"\\u001b[2J\": 1"),
	  "log; allow read; 1 unread: syscalls[0].\\x1b[2J is not read" },
	{ "oci: one key in two objects is fine", "oci",
	  "{\"linux\": {\"seccomp\": {\"defaultAction\": \"SCMP_ACT_LOG\"}}, \"seccomp\": {}}",
	  "log" },

	{ "oci: our own, with evidence", "oci",
	  "{\"scaudit\": \"0.1.0\", \"default_action\": \"SCMP_ACT_ERRNO\", \"errno\": 38, \"architectures\": "
	  "[\"SCMP_ARCH_X86_64\"], \"flags\": [], \"evidence\": {\"records\": 3}, \"syscalls\": [{\"name\": \"read\", \"action\": \"SCMP_ACT_ALLOW\", "
	  "\"errno\": null, \"args\": [], \"events\": 3}, {\"name\": \"socket\", \"action\": \"SCMP_ACT_ERRNO\", \"errno\": 22, \"args\": [{\"index\": 0, "
	  "\"op\": \"SCMP_CMP_MASKED_EQ\", \"value\": 7, \"value_two\": 2}]}], \"denied\": []}",
	  "errno=38 x86_64; allow read; errno=22 socket 0&7=2" },

	{ "spo: all of it", "spo",
	  "# ours\n---\napiVersion: v1\nkind: ConfigMap\n---\napiVersion: security-profiles-operator.x-k8s.io/v1beta1\n"
	  "kind: SeccompProfile\nmetadata:\n  name: x\nspec:\n  defaultAction: SCMP_ACT_ERRNO\n  architectures: [SCMP_ARCH_AARCH64]\n"
	  "  flags:\n  - SECCOMP_FILTER_FLAG_LOG\n  baseProfileName: base\n  syscalls:\n  - action: SCMP_ACT_ALLOW\n    names:\n    - read\n    - \"write\"\n"
	  "  - names: [socket]\n    action: SCMP_ACT_ERRNO\n    errnoRet: 22\n    args:\n    - {index: 0, value: 0x10, op: SCMP_CMP_NE}\n"
	  "    - {index: 2, value: 9223372036854775808, valueTwo: 1, op: SCMP_CMP_MASKED_EQ}\n",
	  "errno aarch64 SECCOMP_FILTER_FLAG_LOG; allow read write; errno=22 socket 0!=10 2&8000000000000000=1; "
	  "1 unread: spec.baseProfileName: base is neither in this file nor beside it: what it adds is not here" },

	{ "systemd: allows", "systemd",
	  "[Service]\nSystemCallFilter=\nSystemCallFilter=read write \\\n  # within\n  close\nSystemCallFilter=~write\n"
	  "SystemCallErrorNumber=EPERM\n" ARCHS,
	  "errno=1 x86_64 i386; allow implied execve; allow read close" },
	{ "systemd: a set, and one in it", "systemd", "SystemCallFilter=@keyring @swap\n" ARCHS,
	  "kill_process x86_64 i386; allow implied execve; allow add_key keyctl request_key swapoff swapon" },
	{ "systemd: a set taken away", "systemd",
	  "SystemCallFilter=swapon read\nSystemCallFilter=~@swap\n" ARCHS,
	  "kill_process x86_64 i386; allow implied execve; allow read" },
	{ "systemd: what is implied is named, and taken away", "systemd",
	  "SystemCallFilter=exit brk\nSystemCallFilter=~execve\n" ARCHS,
	  "kill_process x86_64 i386; allow implied; allow brk exit" },
	{ "systemd: sets that nobody knows", "systemd",
	  "SystemCallFilter=read @other @nonsense\n" ARCHS,
	  "kill_process x86_64 i386; allow implied execve; allow read; 2 unread: line 1: what is in @other is not known here" },
	{ "systemd: a set that denies, with an errno", "systemd",
	  "SystemCallFilter=~@swap:EPERM\n" ARCHS, "allow x86_64 i386; errno=1 swapoff swapon" },
	{ "systemd: denies", "systemd",
	  "SystemCallFilter=~@swap ptrace:EPERM bpf:kill keyctl\nSystemCallFilter=keyctl\n" ARCHS,
	  "allow x86_64 i386; kill_process swapoff swapon bpf; errno=1 ptrace" },
	{ "systemd: a reset turns it round", "systemd",
	  "[Service]\nSystemCallFilter=read\nSystemCallFilter=\nSystemCallFilter=~bpf\n" ARCHS,
	  "allow x86_64 i386; kill_process bpf" },
	{ "systemd: logs what it does not know", "systemd",
	  "[Service]\nSystemCallLog=~read write\n" ARCHS, "log x86_64 i386; allow read write" },
	{ "systemd: logs some", "systemd",
	  "[Service]\nSystemCallLog=read\nSystemCallFilter=~bpf read\nSystemCallLog=open\n" ARCHS,
	  "allow x86_64 i386; kill_process bpf read; log open" },
	{ "systemd: an errno in a list that allows", "systemd",
	  "[Service]\nSystemCallLog=read:EPERM\nSystemCallFilter=~bpf\n" ARCHS,
	  "allow x86_64 i386; kill_process bpf; 1 idle: line 2: read has an errno in a list that allows; systemd ignores it" },

	{ "minijail: all of it", "minijail",
	  "# ours\nread: 1\nopen: return EACCES\nioctl: arg1 == 0x5401 || arg1 in 0x3\n\n"
	  "mmap: arg2 & 6 && \\\n arg0 != 1|2\nsocket: arg0 == 1; return 97\n",
	  "kill_process; allow read; errno=13 open; allow ioctl 1==5401; allow ioctl 1&fffffffffffffffc=0; allow mmap 2&2=2 0!=3; "
	  "allow mmap 2&4=4 0!=3; allow socket 0==1; errno=97 socket 0!=1" },
	{ "minijail: its compiler's", "minijail",
	  "@default trap\nsocket: arg0 == 1; return 97\nbpf: kill-thread # why\n",
	  "trap; errno=97 socket 0==1; kill_thread bpf" },
	{ "minijail: names, filters and constants in braces", "minijail",
	  "{a, b}: {arg0 == AF_UNIX; trap, arg0 in ~(PROT_EXEC|010); return ENOSYS, log}\n",
	  "kill_process; trap a b 0==1; errno=38 a b 0&c=0; log a b" },
	{ "minijail: its compiler drops what stands before allow", "minijail",
	  "{a, b}: {arg0 == 1; trap, arg1 == 2}\nb: allow\n",
	  "kill_process; trap a 0==1; allow a 1==2; allow b" },
	{ "minijail: of another machine", "minijail", "a[arch=nowhere]: 1\nb: 1\n",
	  "kill_process; allow b" },
	{ "minijail: a default alone, as minijail takes it", "minijail",
	  "# a\n@default kill-process\n", "kill_process" },
	{ "minijail: lines of other machines alone", "minijail", "a[arch=nowhere]: 1\n",
	  "kill_process" },
	{ "minijail: a denylist", "minijail", "@denylist\na: return EPERM\n", "allow; errno=1 a" },
	{ "minijail: one argument twice", "minijail", "a: arg1 > 1 && arg1 < 9\n",
	  "kill_process; allow a 1>1 1<9" },
	{ "minijail: an errno for the rest", "minijail",
	  "a: arg1 == 1 || arg2 == 2; return EPERM\n",
	  "kill_process; allow a 1==1; allow a 2==2; errno=1 a" },
	{ "amicontained: what is refused, misprints read", "amicontained",
	  "Seccomp: filtering\nBlocked Syscalls (3):\n\tPTRACE VHAVGUP\n\tIOPEM\nLooking for Docker.sock\n",
	  "allow; errno=1 ptrace vhangup ioperm; 2 unread: amicontained tries calls up to number 334, without arguments, and takes EPERM for a "
	  "refusal, which a missing capability gives as well: of newer calls nothing is known" },
	{ "lxc: what is named dies", "lxc", "2\nblacklist\n# why\nbpf\nptrace errno 38\n",
	  "allow x86_64 i386 x32; kill_thread bpf; errno=38 ptrace" },
	{ "lxc: what is named is allowed", "lxc",
	  "2\nallowlist errno 1\n[all]\nread\n[x86]\nwrite\n[arm]\nopen\n",
	  "errno=1 x86_64 i386 x32; allow read; allow write" },
	{ "lxc: arguments", "lxc",
	  "2\ndenylist\n[all]\nreject_force_umount\nioctl errno 1 [1,0x5412,==][0,3,SCMP_CMP_MASKED_EQ,7]\n",
	  "allow x86_64 i386 x32; errno=13 umount2 1&1=1; errno=1 ioctl 1==5412 0&7=3" },
	{ "lxc: version 1", "lxc", "1\nallowlist\n0\n1\n",
	  "kill_thread x86_64 i386 x32; allow read; allow write" },
	{ "minijail: a bit or not", "minijail",
	  "@frequency ./f\nclone: arg0 & 0x10000; return EPERM\n",
	  "kill_process; allow clone 0&10000=10000; errno=1 clone 0&10000=0" },
	{ "minijail: values turned round", "minijail", "a: arg0 == ~0\nb: arg5 <= ~(1|2)\n",
	  "kill_process; allow a 0==ffffffffffffffff; allow b 5<=fffffffffffffffc" },

	{ "names: with comments", "names", "# ours\n\n read\r\nno_such_call\n",
	  "errno=1; allow read no_such_call" },
};

static void reads(void **state)
{
	const struct good_row *row = *state;
	char *exact = exact_copy(bytes_of(row->text));
	auto_buf struct buf got = { 0 };
	struct policy p;
	struct err e = { 0 };

	if (input_policy(&p, (struct bytes){ exact, strlen(row->text) }, "f", NULL, &e) < 0)
		fail_msg("%s", e.msg);
	assert_string_equal(p.format, row->format);
	assert_string_equal(show(&got, &p), row->shows);
	policy_release(&p);
	free(exact);
}

/* No cut of a good file reads past its end; most are refused. */
static void reads_any_part(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good_rows); i++)
		for (size_t n = 0; n <= strlen(good_rows[i].text); n++) {
			char *exact = exact_copy((struct bytes){ good_rows[i].text, n });
			struct policy p;
			struct err e = { 0 };

			if (input_policy(&p, (struct bytes){ exact, n }, "f", good_rows[i].format,
					 &e) < 0)
				assert_int_equal(e.status, ST_INPUT);
			policy_release(&p);
			free(exact);
		}
}

/* ---- Docker's conditions ---- */

static const char conditional[] =
	"{\"defaultAction\": \"SCMP_ACT_ERRNO\", \"archMap\": [{\"architecture\": \"SCMP_ARCH_AARCH64\", \"subArchitectures\": [\"SCMP_ARCH_ARM\"]}, "
	"{\"architecture\": \"SCMP_ARCH_X86_64\", \"subArchitectures\": [\"SCMP_ARCH_X86\", \"SCMP_ARCH_X32\"]}], \"syscalls\": ["
	"{\"names\": [\"plain\"], \"action\": \"SCMP_ACT_ALLOW\"},"
	"{\"names\": [\"both\"], \"action\": \"SCMP_ACT_ALLOW\", \"includes\": {\"caps\": [\"CAP_BPF\", \"CAP_CHOWN\"]}},"
	"{\"names\": [\"either\"], \"action\": \"SCMP_ACT_ALLOW\", \"excludes\": {\"caps\": [\"CAP_BPF\", \"CAP_CHOWN\"]}},"
	"{\"names\": [\"newer\"], \"action\": \"SCMP_ACT_ALLOW\", \"includes\": {\"minKernel\": \"4.8\"}},"
	"{\"names\": [\"older\"], \"action\": \"SCMP_ACT_ALLOW\", \"excludes\": {\"minKernel\": \"4.8\"}},"
	"{\"names\": [\"arms\"], \"action\": \"SCMP_ACT_ALLOW\", \"includes\": {\"arches\": [\"arm\", \"arm64\"]}},"
	"{\"names\": [\"intel\"], \"action\": \"SCMP_ACT_ALLOW\", \"excludes\": {\"arches\": [\"arm64\"]}}]}";

static struct machine_row { const char *name, *caps, *kernel, *arch, *shows;
} machine_rows[] = {
	{ "place: nothing", "none", "4.7", "amd64",
	  "errno x86_64 i386 x32; allow plain; allow either; allow older; allow intel" },
	{ "place: one of two capabilities", "chown", "4.7.9", "x86_64",
	  "errno x86_64 i386 x32; allow plain; allow older; allow intel" },
	{ "place: both", "CAP_CHOWN,bpf", "4.8.0-1-amd64", "amd64",
	  "errno x86_64 i386 x32; allow plain; allow both; allow newer; allow intel" },
	{ "place: all", "all", "4.10", "arm64",
	  "errno aarch64 arm; allow plain; allow both; allow newer; allow arms" },
	{ "place: Docker's", "docker", "6.1", "SCMP_ARCH_AARCH64",
	  "errno aarch64 arm; allow plain; allow newer; allow arms" },
	{ "place: a machine that archMap does not have", "none", "10.0", "riscv64",
	  "errno; allow plain; allow either; allow newer; allow intel" },
	{ "place: capabilities not known", NULL, "6.1", "amd64",
	  "what it says of both depends on capabilities: name them with --caps LIST (docker: "
	  "what Docker gives a container; none; all)" },
	{ "place: kernel not known", "none", NULL, "amd64",
	  "what it says of newer depends on the kernel: name it with --kernel X.Y" },
	{ "place: a capability that is none", "CAP_NO", NULL, NULL,
	  "--caps: no such capability: 'CAP_NO' (names with commas between; docker, none, all)" },
	{ "place: a kernel that is none", NULL, "six", NULL,
	  "--kernel: no version of a kernel: 'six' (as 6.1)" },
	{ "place: an architecture that is none", NULL, NULL, "vax",
	  "--arch: no such architecture: 'vax' (as amd64, arm64)" },
};

static void resolves(void **state)
{
	const struct machine_row *row = *state;
	struct resolve_machine at = { .arch = ARCH_X86_64 };
	auto_buf struct buf got = { 0 };
	struct policy p;
	struct compiled c;
	struct err e = { 0 };

	assert_int_equal(read_text(&p, conditional), 0);
	assert_true(policy_is_conditional(&p));
	assert_int_equal(compile_policy(&c, &p, &e), -1);
	assert_string_equal(e.msg,
			    "its rules depend on where it is loaded (--caps, --kernel, --arch)");
	compile_release(&c);
	if ((row->caps && resolve_machine_caps(&at, row->caps, &e) < 0) ||
	    (row->kernel && resolve_machine_kernel(&at, row->kernel, &e) < 0) ||
	    (row->arch && resolve_machine_arch(&at, row->arch, &e) < 0) ||
	    resolve_policy(&p, &at, &e) < 0) {
		assert_string_equal(e.msg, row->shows);
		assert_int_equal(e.status, ST_INPUT);
	} else {
		assert_string_equal(show(&got, &p), row->shows);
		assert_false(policy_is_conditional(&p));
	}
	resolve_machine_release(&at);
	policy_release(&p);
}

/* Debian's golang-github-containers-common brings it. */
static void reads_containers_common(void **state)
{
	static const char file[] = "/usr/share/containers/seccomp.json";
	struct resolve_machine at = { .arch = ARCH_X86_64, .kernel = { 6, 1 } };
	auto_buf struct buf text = { 0 };
	struct policy p;
	struct compiled c;
	struct err e = { 0 };

	(void)state;
	if (access(file, R_OK) != 0)
		skip();
	assert_int_equal(resolve_machine_caps(&at, "docker", &e), 0);
	if (input_load(&text, file, &e) < 0 ||
	    input_policy(&p, buf_bytes(&text), file, NULL, &e) < 0 ||
	    resolve_policy(&p, &at, &e) < 0 || compile_policy(&c, &p, &e) < 0)
		fail_msg("%s", e.msg);
	assert_int_equal(p.unread.n, 0);
	assert_int_equal(p.default_error, 38);
	assert_int_equal(p.archs.n, 3);
	assert_true(c.code.n > 300);
	compile_release(&c);
	resolve_machine_release(&at);
	policy_release(&p);
}

static void refuses_an_empty_file_in_each_format(void **state)
{
	static const char *const formats[] = {
		"oci", "systemd", "spo", "lxc", "minijail", "names"
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(formats); i++) {
		struct policy p;
		struct err e = { 0 };

		assert_int_equal(input_policy(&p, (struct bytes){ NULL, 0 }, "f", formats[i], &e),
				 -1);
		assert_int_equal(e.status, ST_INPUT);
		policy_release(&p);
	}
}

/* Hostile files must not cost the square of their length: one text of n lines for each reader. */
static void read_many(const char *head, const char *before, const char *after, const char *tail,
		      unsigned n)
{
	auto_buf struct buf text = { 0 };
	struct policy p;
	struct err e = { 0 };

	buf_str(&text, head);
	for (unsigned i = 0; i < n; i++)
		buf_printf(&text, "%s%u%s", before, i, after);
	buf_str(&text, tail);
	input_policy(&p, buf_bytes(&text), "f", NULL, &e);
	policy_release(&p);
}

static void many_members(unsigned n)
{
	read_many("{", "\"k", "\": 1,\n", "\"defaultAction\": \"SCMP_ACT_LOG\"}", n);
}
static void many_keys(unsigned n)
{
	read_many(SPO, "  k", ": 1\n", "  defaultAction: SCMP_ACT_LOG\n", n);
}
static void many_calls(unsigned n) { read_many("[Service]\n", "SystemCallFilter=c", "\n", "", n); }
static void many_statements(unsigned n) { read_many("", "c", ": 1\n", "", n); }

static void many_flags(unsigned n)
{
	read_many("{\"defaultAction\": \"SCMP_ACT_LOG\", \"flags\": [\"x\"", ", \"f", "\"", "]}",
		  n);
}

/* What a short text unfolds to is bounded, whatever the format: before, between and after are
 * repeated so often in between. */
static struct bound_row {
	const char *name, *before, *each, *between, *after;
	unsigned most;
	const char *reason;
} bounds[] = {
	{ "oci: rules", "{\"defaultAction\":\"SCMP_ACT_LOG\",\"syscalls\":[",
	  "{\"names\":[\"read\"],\"action\":\"SCMP_ACT_ALLOW\"}", ",", "]}", BOUNDS_RULES,
	  "f: too large for a profile: over 8192 rules" },
	{ "oci: names",
	  "{\"defaultAction\":\"SCMP_ACT_LOG\",\"syscalls\":[{\"action\":\"SCMP_ACT_ALLOW\",\"names\":[",
	  "\"read\"", ",", "]}]}", BOUNDS_NAMES,
	  "f: too large for a profile: over 32768 names of calls" },
	{ "oci: conditions on one call",
	  "{\"defaultAction\":\"SCMP_ACT_LOG\",\"syscalls\":[{\"action\":\"SCMP_ACT_ALLOW\",\"names\":[\"read\"],\"args\":[",
	  "{\"index\":0,\"value\":1,\"op\":\"SCMP_CMP_EQ\"}", ",", "]}]}", BOUNDS_OF_CALL,
	  "f: too large for a profile: over 512 conditions on read" },
	{ "oci: conditions on one call, in many rules",
	  "{\"defaultAction\":\"SCMP_ACT_LOG\",\"syscalls\":[",
	  "{\"action\":\"SCMP_ACT_ALLOW\",\"names\":[\"\\u0072ead\"],\"args\":[{\"index\":0,\"value\":1,\"op\":\"SCMP_CMP_EQ\"}]}",
	  ",", "]}", BOUNDS_OF_CALL, "f: too large for a profile: over 512 conditions on read" },
	{ "oci: conditions of names that share them",
	  "{\"defaultAction\":\"SCMP_ACT_LOG\",\"syscalls\":[{\"action\":\"SCMP_ACT_ALLOW\",\"args\":["
	  "{\"index\":0,\"value\":1,\"op\":\"SCMP_CMP_EQ\"},{\"index\":1,\"value\":1,\"op\":\"SCMP_CMP_EQ\"}],\"names\":[",
	  "\"c%u\"", ",", "]}]}", BOUNDS_CONDITIONS / 2,
	  "f: too large for a profile: over 16384 conditions on arguments" },
	{ "oci: architectures", "{\"defaultAction\":\"SCMP_ACT_LOG\",\"architectures\":[",
	  "\"SCMP_ARCH_X86\"", ",", "]}", BOUNDS_ARCHS,
	  "f: too large for a profile: over 256 architectures" },
	{ "oci: archMap", "{\"defaultAction\":\"SCMP_ACT_LOG\",\"archMap\":[",
	  "{\"architecture\":\"SCMP_ARCH_X86\",\"subArchitectures\":[\"SCMP_ARCH_X32\"]}", ",",
	  "]}", BOUNDS_ARCHS / 2, "f: too large for a profile: over 256 architectures" },
	{ "oci: capabilities",
	  "{\"defaultAction\":\"SCMP_ACT_LOG\",\"syscalls\":[{\"action\":\"SCMP_ACT_ALLOW\",\"names\":[\"read\"],\"includes\":{\"caps\":[",
	  "\"CAP_KILL\"", ",", "]}}]}", BOUNDS_WORDS,
	  "f: too large for a profile: over 8192 capabilities and architectures that rules depend on" },
	{ "oci: members that nobody reads", "{\"defaultAction\":\"SCMP_ACT_LOG\",", "\"k%u\":1",
	  ",", "}", BOUNDS_UNREAD,
	  "f: too large for a profile: over 1000 parts that are not read" },
	{ "oci: flags", "{\"defaultAction\":\"SCMP_ACT_LOG\",\"flags\":[", "\"x\"", ",", "]}", 64,
	  "f: flags: more than 64" },
	{ "own: binaries",
	  "{\"scaudit\":\"1\",\"default_action\":\"SCMP_ACT_LOG\",\"evidence\":{\"binaries\":[",
	  "{\"path\":\"/a\"}", ",", "]}}", BOUNDS_BINARIES,
	  "f: too large for a profile: over 4096 binaries" },
	{ "spo: names",
	  SPO
	  "  defaultAction: SCMP_ACT_LOG\n  syscalls:\n  - action: SCMP_ACT_ALLOW\n    names:\n",
	  "    - read\n", "", "", BOUNDS_NAMES,
	  "f: too large for a profile: over 32768 names of calls" },
	{ "spo: rules", SPO "  defaultAction: SCMP_ACT_LOG\n  syscalls:\n",
	  "  - {action: SCMP_ACT_ALLOW, names: [read]}\n", "", "", BOUNDS_RULES,
	  "f: too large for a profile: over 8192 rules" },
	{ "systemd: names", "[Service]\nSystemCallFilter=~", "read", " ", "\n", BOUNDS_NAMES,
	  "f:2: too large for a profile: over 32768 names of calls" },
	{ "systemd: names of sets", "[Service]\nSystemCallFilter=~", "@system-service", " ", "\n",
	  86, "f:2: too large for a profile: over 32768 names of calls" },
	{ "systemd: sets that are not known", "[Service]\nSystemCallFilter=~", "@a%u", " ", "\n",
	  BOUNDS_UNREAD, "f: too large for a profile: over 1000 parts that are not read" },
	{ "systemd: begun anew", "[Service]\n", "SystemCallFilter=~read\nSystemCallFilter=\n", "",
	  "SystemCallLog=read\n", BOUNDS_NAMES - 1,
	  "f:65538: too large for a profile: over 32768 names of calls" },
	{ "systemd: architectures",
	  "[Service]\nSystemCallFilter=~\nSystemCallArchitectures=", "x86", " ", "\n", BOUNDS_NAMES,
	  "f:3: too large for a profile: over 32768 names of calls" },
	{ "minijail: rules", "", "c%u: 1\n", "", "", BOUNDS_RULES,
	  "f: too large for a profile: over 8192 rules" },
	{ "minijail: alternatives", "", "c%u: arg0 & ~0\n", "", "", BOUNDS_RULES / 64,
	  "f:129: too large for a profile: over 8192 rules" },
	{ "names", "", "read\n", "", "", BOUNDS_NAMES,
	  "f: too large for a profile: over 32768 names of calls" },
};

static void repeat_text(struct buf *out, const struct bound_row *r, unsigned n)
{
	const char *number = strstr(r->each, "%u");

	out->n = 0;
	buf_str(out, r->before);
	for (unsigned i = 0; i < n; i++) {
		buf_str(out, i ? r->between : "");
		buf_add(out, r->each, number ? (size_t)(number - r->each) : strlen(r->each));
		if (number != NULL)
			buf_printf(out, "%u%s", i, number + 2);
	}
	buf_str(out, r->after);
}

static void is_bounded(void **state)
{
	const struct bound_row *r = *state;
	auto_buf struct buf text = { 0 };
	struct policy p;
	struct err e = { 0 };

	repeat_text(&text, r, r->most);
	if (input_policy(&p, buf_bytes(&text), "f", NULL, &e) < 0)
		fail_msg("%u are refused: %s", r->most, e.msg);
	policy_release(&p);
	repeat_text(&text, r, r->most + 1);
	assert_int_equal(input_policy(&p, buf_bytes(&text), "f", NULL, &e), -1);
	assert_int_equal(e.status, ST_INPUT);
	assert_string_equal(e.msg, r->reason);
	policy_release(&p);
}

/* Within all bounds, and yet more than libseccomp can make a filter of in a year. */
static void what_takes_too_long_to_compile_is_refused(void **state)
{
	static const char *const ops[] = { "EQ", "NE", "LT", "GE", "GT", "LE" };
	auto_buf struct buf text = { 0 };
	struct compiled c;
	struct policy p;
	struct err e = { 0 };

	(void)state;
	buf_str(&text,
		"{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"architectures\":[\"SCMP_ARCH_X86\"],\"syscalls\":[");
	for (unsigned i = 0; i < 4000; i++)
		buf_printf(
			&text,
			"%s{\"names\":[\"%s\"],\"action\":\"SCMP_ACT_ALLOW\",\"args\":[{\"index\":0,\"value\":%u,\"op\":\"SCMP_CMP_%s\"},"
			"{\"index\":1,\"value\":%u,\"op\":\"SCMP_CMP_%s\"}]}",
			i ? "," : "",
			(const char *[]){ "ioctl", "fcntl", "prctl", "read", "write", "open",
					  "close", "mmap2", "clone", "futex", "kill", "dup", "poll",
					  "lseek", "brk", "chmod" }[i % 16],
			i * 2654435761u >> 8, ops[i % 6], i * 40503u % 9973, ops[i / 6 % 6]);
	buf_str(&text, "]}");
	assert_int_equal(input_policy(&p, buf_bytes(&text), "f", NULL, &e), 0);
	assert_int_equal(compile_policy(&c, &p, &e), -1);
	assert_int_equal(e.status, ST_INPUT);
	assert_string_equal(
		e.msg,
		"too large for a profile: libseccomp does not make a filter of its conditions in 1.0 s");
	compile_release(&c);
	policy_release(&p);
}

static void is_not_quadratic(void **state)
{
	(void)state;
	assert_not_quadratic(many_members, 40000);
	assert_not_quadratic(many_keys, 20000);
	assert_not_quadratic(many_calls, 40000);
	assert_not_quadratic(many_statements, 40000);
	assert_not_quadratic(many_flags, 40000);
}

static void compiles(void **state)
{
	struct compiled c;
	struct policy p;
	struct err e = { 0 };

	(void)state;
	assert_int_equal(
		read_text(
			&p,
			"{\"defaultAction\": \"SCMP_ACT_ERRNO\", \"syscalls\": [{\"names\": [\"read\", \"no_such_call\", \"write\"], "
			"\"action\": \"SCMP_ACT_ALLOW\"}, {\"names\": [\"close\"], \"action\": \"SCMP_ACT_ERRNO\"}]}"),
		0);
	assert_int_equal(compile_policy(&c, &p, &e), 0);
	assert_true(c.code.n > 5);
	assert_int_equal(c.unknown.n, 1);
	assert_string_equal(c.unknown.v[0], "no_such_call");
	compile_release(&c);
	policy_release(&p);
}

int main(void)
{
	struct tests t = { 0 };

	ADD_ROWS(&t, bad_json, refuses_json);
	ADD_ROWS(&t, bad_rows, refuses);
	ADD(&t, refuses_a_format);
	ADD_ROWS(&t, good_rows, reads);
	ADD(&t, reads_any_part);
	ADD_ROWS(&t, machine_rows, resolves);
	ADD(&t, reads_containers_common);
	ADD(&t, refuses_an_empty_file_in_each_format);
	ADD_ROWS(&t, bounds, is_bounded);
	ADD(&t, what_takes_too_long_to_compile_is_refused);
	ADD(&t, is_not_quadratic);
	ADD(&t, reads_all);
	ADD(&t, reads_a_config);
	ADD(&t, compiles);
	return run_rows(&t, "policy");
}
