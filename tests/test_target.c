// SPDX-License-Identifier: Apache-2.0
/* What each consumer takes of a profile. */
#include "tests/test.h"

#include "analyze/input/input.h"
#include "analyze/policy/compile.h"
#include "analyze/policy/runtime.h"
#include "analyze/policy/target.h"
#include "store/model/action.h"
#include "store/model/arch.h"
#include "store/model/syscall.h"

#include <errno.h>
#include <linux/seccomp.h>

#define P(head, rules) "{\"defaultAction\": \"SCMP_ACT_ERRNO\"" head ", \"syscalls\": [" rules "]}"
#define ALLOW(names) "{\"names\": [" names "], \"action\": \"SCMP_ACT_ALLOW\"}"
#define FLAGS P(", \"flags\": [\"SECCOMP_FILTER_FLAG_LOG\"]", "")
#define ARCH(word) P(", \"architectures\": [\"" word "\"]", "")

/* says NULL: it takes the whole. */
static struct row { const char *name, *target, *profile, *says;
} rows[] = {
	{ "runc 1.1 refuses flags", "runc-1.1", FLAGS, "runc-1.1 refuses flags" },
	{ "runc 1.1 takes none of them", "runc-1.1", P(", \"flags\": []", ""), NULL },
	{ "runc 1.1 takes an errno", "runc-1.1", P(", \"defaultErrnoRet\": 38", ""), NULL },
	{ "runc 1.1 knows Linux 5.17's calls", "runc-1.1",
	  P("", ALLOW("\"set_mempolicy_home_node\", \"fchmodat2\", \"read\"")),
	  "runc-1.1 passes over names in silence that are newer than its libseccomp 2.5.4 (Linux 5.17): fchmodat2" },
	{ "... and no names of other machines are newer", "runc-1.1",
	  P("", ALLOW("\"arm_fadvise64_64\", \"riscv_flush_icache\", \"nonsense\"")), NULL },
	{ "runc 1.2 knows more", "runc-1.2", P("", ALLOW("\"fchmodat2\", \"mseal\"")),
	  "(Linux 6.7): mseal" },
	{ "runc 1.2 takes flags", "runc-1.2", FLAGS, NULL },
	{ "runc has no PA-RISC", "runc-1.2", ARCH("SCMP_ARCH_PARISC64"),
	  "does not know SCMP_ARCH_PARISC64" },
	{ "runc has no native", "runc-1.2", ARCH("SCMP_ARCH_NATIVE"), "refuses SCMP_ARCH_NATIVE" },
	{ "crun takes what libseccomp takes", "crun",
	  P(", \"flags\": [\"SECCOMP_FILTER_FLAG_LOG\"]", ALLOW("\"mseal\"")), NULL },
	{ "crun refuses an errno for LOG", "crun",
	  "{\"defaultAction\": \"SCMP_ACT_LOG\", \"defaultErrnoRet\": 1}",
	  "crun refuses an errno for an action that takes none (defaultErrnoRet beside SCMP_ACT_LOG)" },
	{ "... and for a rule that allows", "crun",
	  P("", "{\"names\": [\"read\"], \"action\": \"SCMP_ACT_ALLOW\", \"errnoRet\": 1}"),
	  "(syscalls[0].errnoRet beside" },
	{ "runc passes over it", "runc-1.2",
	  "{\"defaultAction\": \"SCMP_ACT_LOG\", \"defaultErrnoRet\": 1}", NULL },
	{ "Docker 20.10 drops flags", "docker-20", FLAGS, "docker-20 drops flags" },
	{ "Docker 20.10 drops the errno", "docker-20", P(", \"defaultErrnoRet\": 38", ""),
	  "drops defaultErrnoRet" },
	{ "... which does not matter where it is EPERM", "docker-20",
	  P(", \"defaultErrnoRet\": 1", ""), NULL },
	{ "Docker 25", "docker-25", FLAGS, NULL },
	{ "containerd", "containerd", FLAGS, NULL },
	{ "CRI-O", "cri-o", FLAGS, NULL },
	{ "SPO has no errno", "spo", P(", \"defaultErrnoRet\": 38", ""),
	  "no field for defaultErrnoRet" },
	{ "SPO has native", "spo", ARCH("SCMP_ARCH_NATIVE"), NULL },
	{ "SPO has PA-RISC", "spo", ARCH("SCMP_ARCH_PARISC"), NULL },
	{ "SPO has no LoongArch", "spo", ARCH("SCMP_ARCH_LOONGARCH64"),
	  "does not know SCMP_ARCH_LOONGARCH64" },
	{ "SPO notifies nobody", "spo",
	  P("", "{\"names\": [\"read\"], \"action\": \"SCMP_ACT_NOTIFY\"}"),
	  "spo has no SCMP_ACT_NOTIFY" },
};

static void judges(void **state)
{
	const struct row *row = *state;
	struct target_says says;
	struct policy p;
	struct err e = { 0 };

	if (input_policy(&p, bytes_of(row->profile), "f", NULL, &e) < 0)
		fail_msg("%s", e.msg);
	target_judge(&says, target_find(row->target, &e), &p);
	if (says.n != (row->says != NULL))
		fail_msg("%zu sentences: %s", says.n, says.n ? says.v[0] : "");
	if (row->says != NULL && strstr(says.v[0], row->says) == NULL)
		fail_msg("'%s' lacks '%s'", says.v[0], row->says);
	target_says_release(&says);
	policy_release(&p);
}

static void nobody(void **state)
{
	struct err e = { 0 };

	(void)state;
	assert_null(target_find("podman-1", &e));
	assert_int_equal(e.status, ST_INPUT);
	assert_non_null(strstr(e.msg, "there are: runc-1.1, "));
}

/* ---- runc's stub, by a rule of its own: the call's ABI is among those of the stub, and its number
 * above the ABI's highest ---- */

static const char *const called[] = { "read", "exit_group", "openat2", "pidfd_getfd",
				      "socketcall" };

static int32_t highest(uint32_t abi)
{
	int32_t out = 0;

	for (size_t i = 0; i < ARRAY_SIZE(called); i++)
		out = syscall_number(abi, called[i]) > out ? syscall_number(abi, called[i]) : out;
	return out;
}

static size_t compare_stub(const struct policy *p, bool native, size_t *answers)
{
	static const struct { uint32_t arch, abi; int32_t bit;
	} abis[] = {
		{ ARCH_X86_64, ARCH_X86_64, 0 },
		{ ARCH_I386, ARCH_I386, 0 },
		{ ARCH_X86_64, ARCH_X32, X32_BIT },
	};
	struct compiled c = { 0 };
	struct err e = { 0 };
	size_t wrong = 0;

	assert_int_equal(compile_policy(&c, p, &e), 0);
	compile_limits(&c, p, native);
	for (size_t i = 0; i < ARRAY_SIZE(abis); i++)
		for (int32_t nr = 0; nr < 480; nr++, (*answers)++) {
			bool listed = native && abis[i].abi == arch_native();
			struct bpf_answers got;

			for (size_t k = 0; k < p->archs.n; k++)
				listed |= p->archs.v[k] == abis[i].abi;
			compile_run(&c, abis[i].arch, nr | abis[i].bit, &got);
			wrong += (listed && (nr | abis[i].bit) > highest(abis[i].abi)) !=
				 (got.n == 1 && got.v[0] == (SECCOMP_RET_ERRNO | ENOSYS));
		}
	compile_release(&c);
	return wrong;
}

static void stubs_of_runc(void **state)
{
	static const uint32_t archs[] = { ARCH_X86_64, ARCH_I386, ARCH_X32 };
	size_t answers = 0;

	(void)state;
	if (arch_native() != ARCH_X86_64)
		skip();
	for (unsigned set = 0; set < 8; set++)
		for (int native = 0; native < 2; native++) {
			struct policy p;
			struct policy_rule *rule;

			policy_init(&p);
			p.default_action = ACTION_ERRNO;
			rule = policy_add_rule(&p, ACTION_ALLOW, POLICY_NO_ERRNO);
			for (size_t i = 0; i < ARRAY_SIZE(called); i++)
				*VEC_PUSH(&rule->names) = called[i];
			for (size_t i = 0; i < ARRAY_SIZE(archs); i++)
				if (set & 1u << i)
					*VEC_PUSH(&p.archs) = archs[i];
			assert_int_equal(compare_stub(&p, native, &answers), 0);
			policy_release(&p);
		}
	assert_int_equal(answers, 8 * 2 * 1440);
}

/* ---- --runtime and --target ---- */

static struct choice { const char *name, *runtime, *target, *gives, *version; } choices[] = {
	{ "nothing is said", NULL, NULL, NULL, NULL },
	{ "a runtime", "runc", NULL, "runc", NULL },
	{ "a version of it", "runc-1.2", NULL, "runc", "runc-1.2" },
	{ "the version by the target", "runc", "runc-1.1", "runc", "runc-1.1" },
	{ "both the same", "runc-1.1", "runc-1.1", "runc", "runc-1.1" },
	{ "an engine has any runtime", "crun", "docker-25", "crun", NULL },
	{ "two versions", "runc-1.1", "runc-1.2", "", "different versions" },
	{ "two runtimes", "crun", "runc-1.2", "", "different runtimes" },
	{ "two runtimes, a version", "runc-1.2", "crun", "", "different runtimes" },
	{ "none of that name", "runc-9", NULL, "", "no such runtime: 'runc-9'" },
	{ "an engine is no runtime", "docker-25", NULL, "", "no such runtime" },
};

static void chooses(void **state)
{
	const struct choice *c = *state;
	const struct runtime *runtime = NULL;
	const struct target *version = NULL;
	struct err e = { 0 };
	int ret = runtime_choose(&runtime, &version, c->runtime, c->target, &e);

	if (c->gives != NULL && c->gives[0] == '\0') {
		assert_int_equal(ret, -1);
		assert_int_equal(e.status, ST_INPUT);
		assert_non_null(strstr(e.msg, c->version));
		return;
	}
	assert_int_equal(ret, 0);
	assert_string_equal(runtime ? runtime->name : "", c->gives ? c->gives : "");
	assert_string_equal(version ? version->name : "", c->version ? c->version : "");
}

int main(void)
{
	struct tests t = { 0 };

	ADD_ROWS(&t, rows, judges);
	ADD(&t, nobody);
	ADD(&t, stubs_of_runc);
	ADD_ROWS(&t, choices, chooses);
	return run_rows(&t, "target");
}
