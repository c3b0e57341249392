// SPDX-License-Identifier: Apache-2.0
/* Comparing policies: what is told as looser, stricter or the same. */
#include "tests/test.h"

#include "analyze/input/input.h"
#include "analyze/policy/diff.h"

#define OCI(rules)                                                                                                 \
	"{\"defaultAction\": \"SCMP_ACT_ERRNO\", \"architectures\": [\"SCMP_ARCH_X86_64\"], \"syscalls\": [" rules \
	"]}"
#define ALLOW(names, more) "{\"names\": [" names "], \"action\": \"SCMP_ACT_ALLOW\"" more "}"
#define DENY(names, more) "{\"names\": [" names "], \"action\": \"SCMP_ACT_ERRNO\"" more "}"
#define WHEN(args) ", \"args\": [" args "]"
#define ARG(index, value, op)                                                                      \
	"{\"index\": " #index ", \"value\": " #value ", \"op\": \"SCMP_CMP_" #op "\"}"
#define LOOSE(rules)                                                                                               \
	"{\"defaultAction\": \"SCMP_ACT_ALLOW\", \"architectures\": [\"SCMP_ARCH_X86_64\"], \"syscalls\": [" rules \
	"]}"

#define NATIVE "SystemCallArchitectures=native\n"
#define UNIT "[Service]\nSystemCallFilter=~bpf\n" NATIVE

static struct diff_row { const char *name, *a, *b, *shows; bool evidence;
} rows[] = {
	{ "same: order and lists", OCI(ALLOW("\"a\", \"b\"", "") "," ALLOW("\"c\"", "")),
	  OCI(ALLOW("\"c\"", "") "," ALLOW("\"b\"", "") "," ALLOW("\"a\", \"a\"", "")), "", false },
	{ "same: a rule that says the default", OCI(ALLOW("\"a\"", "")),
	  OCI(ALLOW("\"a\"", "") "," DENY("\"b\"", "")), "", false },
	{ "same: EPERM said or not", OCI(DENY("\"b\"", "")),
	  "{\"defaultAction\": \"SCMP_ACT_ERRNO\", \"defaultErrnoRet\": 1, \"architectures\": "
	  "[\"SCMP_ARCH_X86_64\", \"SCMP_ARCH_X86_64\"]}",
	  "", false },
	{ "same: conditions in another order",
	  OCI(ALLOW("\"a\"", WHEN(ARG(0, 1, EQ) "," ARG(1, 2, NE)))),
	  OCI(ALLOW("\"a\"", WHEN(ARG(1, 2, NE) "," ARG(0, 1, EQ)))), "", false },
	{ "same: an index twice is two rules",
	  OCI(ALLOW("\"a\"", WHEN(ARG(0, 1, EQ) "," ARG(0, 2, EQ)))),
	  OCI(ALLOW("\"a\"", WHEN(ARG(0, 2, EQ))) "," ALLOW("\"a\"", WHEN(ARG(0, 1, EQ)))), "",
	  false },
	{ "same: what always answers wins over conditions", OCI(ALLOW("\"a\"", "")),
	  OCI(ALLOW("\"a\"", WHEN(ARG(0, 1, EQ))) "," ALLOW("\"a\"", "")), "", false },
	{ "same: formats", OCI(ALLOW("\"a\"", WHEN(ARG(1, 3, GE)))), "a: arg1 >= 3\n", "default",
	  false },
	{ "same: another order of what is in order",
	  "a: {arg0 == 1; trap, arg0 == 2; return 5, log}\n",
	  "a: {arg0 == 1; trap, arg0 == 2; return 5, log}\n", "", false },
	{ "same: minijail's, for the rest", "a: arg0 == 1 || arg1 == 2; return EPERM\n",
	  "a: arg0 == 1 || arg1 == 2; return 1\n", "", false },


	{ "added", OCI(""), OCI(ALLOW("\"a\"", "")), "added a looser errno(1) -> allow\n", false },
	{ "removed", OCI(ALLOW("\"a\"", "")), OCI(""), "removed a stricter allow -> errno(1)\n",
	  false },
	{ "denied where all is allowed", LOOSE(""), LOOSE(DENY("\"a\"", "")),
	  "added a stricter allow -> errno(1)\n", false },
	{ "another action", LOOSE(DENY("\"a\"", "")),
	  LOOSE("{\"names\": [\"a\"], \"action\": \"SCMP_ACT_KILL_PROCESS\"}"),
	  "action a stricter errno(1) -> kill_process\n", false },
	{ "another errno", LOOSE(DENY("\"a\"", "")), LOOSE(DENY("\"a\"", ", \"errnoRet\": 38")),
	  "action a other errno(1) -> errno(38)\n", false },
	{ "notify is stricter than trace",
	  LOOSE("{\"names\": [\"a\"], \"action\": \"SCMP_ACT_TRACE\"}"),
	  LOOSE("{\"names\": [\"a\"], \"action\": \"SCMP_ACT_NOTIFY\"}"),
	  "action a stricter trace(1) -> notify\n", false },
	{ "a condition less", OCI(ALLOW("\"a\"", WHEN(ARG(0, 1, EQ)))), OCI(ALLOW("\"a\"", "")),
	  "arguments a looser allow if arg0 == 0x1, else errno(1) -> allow\n", false },
	{ "one more alternative", OCI(ALLOW("\"a\"", WHEN(ARG(0, 1, EQ)))),
	  OCI(ALLOW("\"a\"", WHEN(ARG(0, 1, EQ) "," ARG(0, 2, EQ)))),
	  "arguments a looser allow if arg0 == 0x1, else errno(1) -> allow if arg0 == 0x1, allow if arg0 == 0x2, else errno(1)\n",
	  false },
	{ "one less refusal", LOOSE(DENY("\"a\"", WHEN(ARG(0, 1, EQ) "," ARG(0, 2, EQ)))),
	  LOOSE(DENY("\"a\"", WHEN(ARG(0, 1, EQ)))),
	  "arguments a looser errno(1) if arg0 == 0x1, errno(1) if arg0 == 0x2, else allow -> errno(1) if arg0 == 0x1, else allow\n",
	  false },
	{ "another value", OCI(ALLOW("\"a\"", WHEN(ARG(0, 1, EQ)))),
	  OCI(ALLOW("\"a\"", WHEN(ARG(0, 2, EQ)))),
	  "arguments a other allow if arg0 == 0x1, else errno(1) -> allow if arg0 == 0x2, else errno(1)\n",
	  false },
	{ "as strict, for some arguments", OCI(""),
	  OCI(DENY("\"a\"", ", \"errnoRet\": 38" WHEN(ARG(0, 1, EQ)))),
	  "added a other errno(1) -> errno(38) if arg0 == 0x1, else errno(1)\n", false },
	{ "as strict, beside another condition", OCI(ALLOW("\"a\"", WHEN(ARG(0, 1, EQ)))),
	  OCI(ALLOW("\"a\"", WHEN(ARG(0, 1, EQ))) "," DENY(
		  "\"a\"", ", \"errnoRet\": 38" WHEN(ARG(0, 2, EQ)))),
	  "arguments a other allow if arg0 == 0x1, else errno(1) -> allow if arg0 == 0x1, errno(38) if arg0 == 0x2, else errno(1)\n",
	  false },
	{ "the default alone", OCI(ALLOW("\"a\"", "")),
	  "{\"defaultAction\": \"SCMP_ACT_LOG\", \"architectures\": [\"SCMP_ARCH_X86_64\"], \"syscalls\": [" ALLOW(
		  "\"a\"", "") "]}",
	  "default  looser errno(1) -> log\n", false },
	{ "architectures and flags", OCI(""),
	  "{\"defaultAction\": \"SCMP_ACT_ERRNO\", \"architectures\": [\"SCMP_ARCH_AARCH64\"], \"flags\": [\"SECCOMP_FILTER_FLAG_LOG\"]}",
	  "architecture aarch64 looser killed -> filtered\narchitecture x86_64 stricter filtered -> killed\nflag SECCOMP_FILTER_FLAG_LOG other not set -> set\n",
	  false },
	{ "an order", "a: {arg0 & 3; trap, arg0 == 2; return 5}\n",
	  "a: {arg0 == 2; return 5, arg0 & 3; trap}\n",
	  "arguments a other trap if arg0 & 0x1 == 0x1, trap if arg0 & 0x2 == 0x2, errno(5) if arg0 == 0x2, else kill_process -> "
	  "errno(5) if arg0 == 0x2, trap if arg0 & 0x1 == 0x1, trap if arg0 & 0x2 == 0x2, else kill_process\n",
	  false },
	{ "what answers the rest", "a: arg0 == 1 || arg1 == 2; return 1\n",
	  "a: arg0 == 1 || arg1 == 2\n",
	  "arguments a stricter allow if arg0 == 0x1, allow if arg1 == 0x2, else errno(1) -> allow if arg0 == 0x1, allow if arg1 == 0x2, else kill_process\n",
	  false },
	{ "a unit's other filters", UNIT "ProtectKernelLogs=yes\nProtectHostname=no\n",
	  UNIT "RestrictNamespaces=~user\nProtectHostname=1\n",
	  "removed syslog looser errno(1) -> allow\n"
	  "added clone stricter allow -> errno(1) if arg0 & 0x10000000 == 0x10000000, else allow\n"
	  "added clone3 stricter allow -> errno(38)\n"
	  "added setdomainname stricter allow -> errno(1)\n"
	  "added sethostname stricter allow -> errno(1)\n"
	  "added setns stricter allow -> errno(1) if arg1 == 0x0, errno(1) if arg1 & 0x10000000 == 0x10000000, else allow\n"
	  "added unshare stricter allow -> errno(1) if arg0 & 0x10000000 == 0x10000000, else allow\n",
	  false },
	{ "a unit's other filters: what the list refuses stays refused",
	  "[Service]\nSystemCallFilter=~syslog setns\nSystemCallErrorNumber=EPERM\n" NATIVE,
	  "[Service]\nSystemCallFilter=~syslog setns\nSystemCallErrorNumber=EPERM\nRestrictNamespaces=cgroup ipc net mnt pid user\nProtectKernelLogs=on\n" NATIVE,
	  "added clone stricter allow -> errno(1) if arg0 & 0x4000000 == 0x4000000, else allow\n"
	  "added clone3 stricter allow -> errno(38)\n"
	  "added unshare stricter allow -> errno(1) if arg0 & 0x4000000 == 0x4000000, else allow\n",
	  false },
	{ "looser first", OCI(ALLOW("\"a\"", "") "," ALLOW("\"c\"", "")),
	  OCI(ALLOW("\"b\"", "") "," ALLOW("\"d\"", "")),
	  "added b looser errno(1) -> allow\nadded d looser errno(1) -> allow\nremoved a stricter allow -> errno(1)\nremoved c stricter allow -> errno(1)\n",
	  false },

	{ "evidence: refused and never seen", LOOSE(DENY("\"a\", \"b\"", "")),
	  LOOSE(ALLOW("\"b\", \"c\"", "")), "action b looser errno(1) -> allow\n", true },
	{ "evidence: allowed and never seen",
	  OCI(ALLOW("\"a\", \"b\"", "") "," DENY("\"c\"", ", \"errnoRet\": 38")),
	  OCI(ALLOW("\"b\", \"d\"", "")),
	  "added d looser errno(1) -> allow\nremoved a stricter allow -> errno(1)\n", true },
};

static const char *show(struct buf *out, const struct diff *d)
{
	for (size_t i = 0; i < d->entries.n; i++) {
		const struct diff_entry *x = &d->entries.v[i];

		buf_printf(out, "%s %s %s %s -> %s\n", diff_kind_word(x->kind), x->name,
			   diff_effect_word(x->effect), x->from, x->to);
	}
	return buf_text(out);
}

static void compares(void **state)
{
	const struct diff_row *row = *state;
	auto_buf struct buf got = { 0 };
	struct policy a, b;
	struct diff d;
	struct err e = { 0 };

	if (input_policy(&a, bytes_of(row->a), "a", NULL, &e) < 0 ||
	    input_policy(&b, bytes_of(row->b), "b", NULL, &e) < 0)
		fail_msg("%s", e.msg);
	diff_build(&d, &a, &b, row->evidence);
	show(&got, &d);
	if (strcmp(row->shows, "default") ==
	    0) /* and where the machine is another one, its architecture */
		for (size_t i = 0; i < d.entries.n; i++)
			assert_in_range(d.entries.v[i].kind, DIFF_DEFAULT, DIFF_ARCH);
	else
		assert_string_equal(buf_text(&got), row->shows);
	diff_release(&d);
	policy_release(&a);
	policy_release(&b);
}

/* What is compared with itself is the same, and turned round, looser is stricter. */
static void turns_round(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct policy a, b;
		struct diff there, back, none;
		struct err e = { 0 };

		assert_int_equal(input_policy(&a, bytes_of(rows[i].a), "a", NULL, &e), 0);
		assert_int_equal(input_policy(&b, bytes_of(rows[i].b), "b", NULL, &e), 0);
		diff_build(&there, &a, &b, false);
		diff_build(&back, &b, &a, false);
		diff_build(&none, &a, &a, false);
		assert_int_equal(there.effects[DIFF_LOOSER], back.effects[DIFF_STRICTER]);
		assert_int_equal(there.effects[DIFF_STRICTER], back.effects[DIFF_LOOSER]);
		assert_int_equal(there.entries.n, back.entries.n);
		assert_int_equal(none.entries.n, 0);
		diff_release(&there);
		diff_release(&back);
		diff_release(&none);
		policy_release(&a);
		policy_release(&b);
	}
}

int main(void)
{
	struct tests t = { 0 };

	ADD_ROWS(&t, rows, compares);
	ADD(&t, turns_round);
	return run_rows(&t, "diff");
}
