// SPDX-License-Identifier: Apache-2.0
/* Extending and tightening a base. */
#include "tests/test.h"

#include "analyze/input/input.h"
#include "analyze/profile/extend.h"
#include "store/model/action.h"
#include "store/model/arch.h"

static void read_text(struct policy *p, const char *text)
{
	struct err e = { 0 };

	policy_init(p);
	if (input_policy(p, bytes_of(text), "f", "oci", &e) < 0)
		fail_msg("%s", e.msg);
}

#define LIST(names)                                                                                                             \
	"{\"defaultAction\": \"SCMP_ACT_ERRNO\", \"architectures\": [\"SCMP_ARCH_X86_64\"], \"syscalls\": [{\"names\": [" names \
	"], \"action\": \"SCMP_ACT_ALLOW\"}]}"
#define ARGS "\"args\": [{\"index\": 0, \"value\": 1, \"op\": \"SCMP_CMP_EQ\"}]"
#define BASE(rules)                                                                                                \
	"{\"defaultAction\": \"SCMP_ACT_ERRNO\", \"architectures\": [\"SCMP_ARCH_X86_64\"], \"syscalls\": [" rules \
	"]}"
#define IF(when, names) "{\"names\": [" names "], \"action\": \"SCMP_ACT_ALLOW\", " when "}"
#define ADMIN "\"includes\": {\"caps\": [\"CAP_SYS_ADMIN\"]}"
#define NOT_ADMIN "\"excludes\": {\"caps\": [\"CAP_SYS_ADMIN\"]}"
#define MAP(subs)                                                                                                                     \
	"{\"defaultAction\": \"SCMP_ACT_ERRNO\", \"archMap\": [{\"architecture\": \"SCMP_ARCH_X86_64\", \"subArchitectures\": [" subs \
	"]}], \"syscalls\": [" ALLOW("\"read\"") "]}"
#define ALLOW(names) "{\"names\": [" names "], \"action\": \"SCMP_ACT_ALLOW\"}"

/* tighten NULL: not asked for. What comes out: names of rules that allow without conditions, and
 * what was noted. */
static struct row {
	const char *name, *base, *list;
	bool tighten;
	const char *names, *changes;
} rows[] = {
	{ "nothing is missing", BASE(ALLOW("\"read\", \"write\"")), LIST("\"read\""), false,
	  "read write", "" },
	{ "what is missing is added behind", BASE(ALLOW("\"write\", \"read\"")),
	  LIST("\"close\", \"read\""), false, "write read close", "+close" },
	{ "what only is logged is missing",
	  "{\"defaultAction\": \"SCMP_ACT_LOG\", \"architectures\": [\"SCMP_ARCH_X86_64\"], \"syscalls\": []}",
	  LIST("\"read\""), false, "read", "+read" },
	{ "a rule of its own denies it",
	  BASE(ALLOW("\"read\"") ", {\"names\": [\"socket\"], \"action\": \"SCMP_ACT_KILL\"}"),
	  LIST("\"socket\""), false, "read", "!socket" },
	{ "it depends on arguments",
	  BASE(ALLOW("\"read\"") ", {\"names\": [\"socket\"], \"action\": \"SCMP_ACT_ALLOW\", " ARGS
				 "}"),
	  LIST("\"socket\""), false, "read", "?socket" },
	{ "an architecture is missing",
	  "{\"defaultAction\": \"SCMP_ACT_ERRNO\", \"architectures\": [\"SCMP_ARCH_X86\"], \"syscalls\": [" ALLOW(
		  "\"read\"") "]}",
	  LIST("\"read\""), false, "read", "@x86_64" },
	{ "tighten: what nothing shows goes", BASE(ALLOW("\"read\", \"bpf\", \"write\"")),
	  LIST("\"read\", \"write\""), true, "read write", "-bpf" },
	{ "tighten: a rule that is left empty goes", BASE(ALLOW("\"bpf\"") ", " ALLOW("\"read\"")),
	  LIST("\"read\""), true, "read", "-bpf" },
	{ "tighten: conditions are never judged",
	  BASE("{\"names\": [\"socket\"], \"action\": \"SCMP_ACT_ALLOW\", " ARGS
	       "}, " ALLOW("\"read\"")),
	  LIST("\"read\""), true, "read", "" },
	{ "tighten: denials stay",
	  BASE("{\"names\": [\"bpf\"], \"action\": \"SCMP_ACT_KILL\"}, " ALLOW("\"read\"")),
	  LIST("\"read\""), true, "read", "" },
	{ "tighten: names of another architecture stay",
	  BASE(ALLOW("\"read\", \"arm_fadvise64_64\", \"mmap2\"")), LIST("\"read\""), true,
	  "read arm_fadvise64_64 mmap2", "~arm_fadvise64_64 ~mmap2" },
	{ "a condition that holds here",
	  BASE(IF("\"includes\": {\"minKernel\": \"4.8\"}", "\"ptrace\"")), LIST("\"ptrace\""),
	  false, "ptrace", "" },
	{ "one that does not", BASE(IF(ADMIN, "\"mount\"")), LIST("\"mount\""), false,
	  "mount mount", "+mount" },
	{ "one that a later kernel is for",
	  BASE(IF("\"includes\": {\"minKernel\": \"5.11\"}", "\"ptrace\"")), LIST("\"ptrace\""),
	  false, "ptrace ptrace", "+ptrace" },
	{ "tighten: what counts here", BASE(IF(NOT_ADMIN, "\"mount\", \"read\"")), LIST("\"read\""),
	  true, "read", "-mount" },
	{ "tighten: what counts elsewhere stays",
	  BASE(IF(ADMIN, "\"mount\"") ", " ALLOW("\"read\"")), LIST("\"read\""), true, "mount read",
	  "" },
	{ "a machine's family has it", MAP("\"SCMP_ARCH_X86\""), LIST("\"read\""), false, "read",
	  "" },
	{ "extend and tighten at once", BASE(ALLOW("\"bpf\", \"read\"")),
	  LIST("\"close\", \"read\""), true, "read close", "+close -bpf" },
};

static void extends(void **state)
{
	static const char marks[] = {
		[EXTEND_ADDED] = '+',  [EXTEND_REMOVED] = '-', [EXTEND_ARCH_ADDED] = '@',
		[EXTEND_DENIED] = '!', [EXTEND_DEPENDS] = '?', [EXTEND_OTHER_ARCH] = '~'
	};
	const struct row *row = *state;
	struct extend_changes changes = { 0 };
	auto_buf struct buf names = { 0 }, noted = { 0 };
	struct policy base, list;
	struct err e = { 0 };
	struct resolve_machine at = { .arch = ARCH_X86_64,
				      .caps_known = true,
				      .kernel = { 5, 10 } };
	size_t rules;

	read_text(&base, row->base);
	read_text(&list, row->list);
	rules = base.rules.n;
	if (extend_policy(&base, &list, &at, &changes, &e) < 0)
		fail_msg("%s", e.msg);
	if (row->tighten)
		extend_tighten(&base, &list, &at, &changes);
	for (size_t i = 0; i < base.rules.n; i++)
		for (size_t k = 0; k < base.rules.v[i].names.n; k++)
			if (base.rules.v[i].action == ACTION_ALLOW && base.rules.v[i].args.n == 0)
				buf_printf(&names, "%s%s", names.n ? " " : "",
					   base.rules.v[i].names.v[k]);
	for (size_t i = 0; i < changes.n; i++)
		buf_printf(&noted, "%s%c%s", i ? " " : "", marks[changes.v[i].what],
			   changes.v[i].name);
	assert_string_equal(buf_text(&names), row->names);
	assert_string_equal(buf_text(&noted), row->changes);
	assert_true(base.rules.n <= rules + 1);
	VEC_FREE(&changes);
	policy_release(&base);
	policy_release(&list);
}

/* archMap stays one, with what its machine lacked; the rest of it is not touched. */
static void extends_a_family(void **state)
{
	static const char list32[] =
		"{\"defaultAction\": \"SCMP_ACT_ERRNO\", \"architectures\": [\"SCMP_ARCH_X86_64\", \"SCMP_ARCH_X86\"], "
		"\"syscalls\": [" ALLOW("\"read\"") "]}";
	struct resolve_machine at = { .arch = ARCH_X86_64 };
	struct extend_changes changes = { 0 };
	struct policy base, list;
	struct err e = { 0 };

	(void)state;
	read_text(&base, MAP("\"SCMP_ARCH_X32\""));
	read_text(&list, list32);
	assert_int_equal(extend_policy(&base, &list, &at, &changes, &e), 0);
	assert_int_equal(base.archs.n, 0);
	assert_int_equal(base.families.n, 1);
	assert_int_equal(base.families.v[0].subs.n, 2);
	assert_int_equal(base.families.v[0].subs.v[1], ARCH_I386);
	assert_int_equal(changes.n, 1);
	assert_int_equal(changes.v[0].what, EXTEND_ARCH_ADDED);
	VEC_FREE(&changes);
	policy_release(&base);
	policy_release(&list);
}

/* What asks for capabilities is no base where they are not known. */
static void unknown_machine(void **state)
{
	struct resolve_machine at = { .arch = ARCH_X86_64 };
	struct extend_changes changes = { 0 };
	struct policy base, list;
	struct err e = { 0 };

	(void)state;
	read_text(&base, BASE(IF(ADMIN, "\"mount\"")));
	read_text(&list, LIST("\"read\""));
	assert_int_equal(extend_policy(&base, &list, &at, &changes, &e), -1);
	assert_int_equal(e.status, ST_INPUT);
	assert_non_null(strstr(e.msg, "--caps"));
	assert_int_equal(base.rules.n, 1);
	policy_release(&base);
	policy_release(&list);
}

int main(void)
{
	struct tests t = { 0 };

	ADD_ROWS(&t, rows, extends);
	ADD(&t, extends_a_family);
	ADD(&t, unknown_machine);
	return run_rows(&t, "extend");
}
