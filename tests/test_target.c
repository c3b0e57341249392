// SPDX-License-Identifier: Apache-2.0
/* What each consumer takes of a profile. */
#include "tests/test.h"

#include "analyze/input/input.h"
#include "analyze/policy/target.h"

#define P(head, rules) "{\"defaultAction\": \"SCMP_ACT_ERRNO\"" head ", \"syscalls\": [" rules "]}"
#define ALLOW(names) "{\"names\": [" names "], \"action\": \"SCMP_ACT_ALLOW\"}"
#define FLAGS P(", \"flags\": [\"SECCOMP_FILTER_FLAG_LOG\"]", "")
#define ARCH(word) P(", \"architectures\": [\"" word "\"]", "")

/* says NULL: it takes the whole. */
static struct row { const char *name, *target, *profile, *says; } rows[] = {
	{ "runc 1.1 refuses flags", "runc-1.1", FLAGS, "runc-1.1 refuses flags" },
	{ "runc 1.1 takes none of them", "runc-1.1", P(", \"flags\": []", ""), NULL },
	{ "runc 1.1 takes an errno", "runc-1.1", P(", \"defaultErrnoRet\": 38", ""), NULL },
	{ "runc 1.1 knows Linux 5.17's calls", "runc-1.1", P("", ALLOW("\"set_mempolicy_home_node\", \"fchmodat2\", \"read\"")),
	  "runc-1.1 passes over names in silence that are newer than its libseccomp 2.5.4 (Linux 5.17): fchmodat2" },
	{ "... and no names of other machines are newer", "runc-1.1", P("", ALLOW("\"arm_fadvise64_64\", \"riscv_flush_icache\", \"nonsense\"")), NULL },
	{ "runc 1.2 knows more", "runc-1.2", P("", ALLOW("\"fchmodat2\", \"mseal\"")), "(Linux 6.7): mseal" },
	{ "runc 1.2 takes flags", "runc-1.2", FLAGS, NULL },
	{ "runc has no PA-RISC", "runc-1.2", ARCH("SCMP_ARCH_PARISC64"), "does not know SCMP_ARCH_PARISC64" },
	{ "runc has no native", "runc-1.2", ARCH("SCMP_ARCH_NATIVE"), "refuses SCMP_ARCH_NATIVE" },
	{ "crun takes what libseccomp takes", "crun", P(", \"flags\": [\"SECCOMP_FILTER_FLAG_LOG\"]", ALLOW("\"mseal\"")), NULL },
	{ "crun refuses an errno for LOG", "crun", "{\"defaultAction\": \"SCMP_ACT_LOG\", \"defaultErrnoRet\": 1}",
	  "crun refuses an errno for an action that takes none (defaultErrnoRet beside SCMP_ACT_LOG)" },
	{ "... and for a rule that allows", "crun", P("", "{\"names\": [\"read\"], \"action\": \"SCMP_ACT_ALLOW\", \"errnoRet\": 1}"), "(syscalls[0].errnoRet beside" },
	{ "runc passes over it", "runc-1.2", "{\"defaultAction\": \"SCMP_ACT_LOG\", \"defaultErrnoRet\": 1}", NULL },
	{ "Docker 20.10 drops flags", "docker-20", FLAGS, "docker-20 drops flags" },
	{ "Docker 20.10 drops the errno", "docker-20", P(", \"defaultErrnoRet\": 38", ""), "drops defaultErrnoRet" },
	{ "... which does not matter where it is EPERM", "docker-20", P(", \"defaultErrnoRet\": 1", ""), NULL },
	{ "Docker 25", "docker-25", FLAGS, NULL },
	{ "containerd", "containerd", FLAGS, NULL },
	{ "CRI-O", "cri-o", FLAGS, NULL },
	{ "SPO has no errno", "spo", P(", \"defaultErrnoRet\": 38", ""), "no field for defaultErrnoRet" },
	{ "SPO has native", "spo", ARCH("SCMP_ARCH_NATIVE"), NULL },
	{ "SPO has PA-RISC", "spo", ARCH("SCMP_ARCH_PARISC"), NULL },
	{ "SPO has no LoongArch", "spo", ARCH("SCMP_ARCH_LOONGARCH64"), "does not know SCMP_ARCH_LOONGARCH64" },
	{ "SPO notifies nobody", "spo", P("", "{\"names\": [\"read\"], \"action\": \"SCMP_ACT_NOTIFY\"}"), "spo has no SCMP_ACT_NOTIFY" },
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

int main(void)
{
	struct tests t = { 0 };

	ADD_ROWS(&t, rows, judges);
	ADD(&t, nobody);
	return run_rows(&t, "target");
}
