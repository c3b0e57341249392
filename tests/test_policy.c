#include "tests/test.h"

#include "analyze/compile.h"
#include "analyze/policy.h"
#include "store/model/action.h"

/* What is refused, and what the message holds. */
static struct bad_row { const char *name, *text, *says; } bad_rows[] = {
	{ "nothing", "", "f:1: no JSON: it ends too early" },
	{ "no JSON", "{\n\"defaultAction\":\n}", "f:3: no JSON" },
	{ "cut off", "{\"defaultAction\": \"SCMP_ACT_LOG\"", "f:1: no JSON: it ends too early" },
	{ "a list", "[]", "f: no seccomp profile" },
	{ "null", "null", "f:1: no JSON" },
	{ "a config without seccomp", "{\"linux\": {}}", "f: no seccomp profile" },
	{ "something behind it", "{\"defaultAction\": \"SCMP_ACT_LOG\"}\n\n x", "f:3: no JSON" },
	{ "no default", "{}", "defaultAction: missing" },
	{ "a default that is none", "{\"defaultAction\": \"SCMP_ACT_NO\"}", "defaultAction: no such action: SCMP_ACT_NO" },
	{ "a default with a hostile name", "{\"defaultAction\": \"\\u001b[2J\"}", "no such action: \\x1b[2J" },
	{ "a default that is a number", "{\"defaultAction\": 7}", "defaultAction: not a text" },
	{ "a word without SCMP_ACT_", "{\"defaultAction\": \"log\"}", "defaultAction: no such action: log" },
	{ "an errno where the action takes none", "{\"defaultAction\": \"SCMP_ACT_LOG\", \"defaultErrnoRet\": 1}",
	  "defaultErrnoRet: SCMP_ACT_LOG takes no number" },
	{ "an errno that is none", "{\"defaultAction\": \"SCMP_ACT_ERRNO\", \"defaultErrnoRet\": -1}", "defaultErrnoRet: not a number" },
	{ "an architecture that is none", "{\"defaultAction\": \"SCMP_ACT_LOG\", \"architectures\": [\"x86\"]}",
	  "architectures: no such architecture: x86" },
	{ "rules that are no list", "{\"defaultAction\": \"SCMP_ACT_LOG\", \"syscalls\": {}}", "syscalls: not a list" },
	{ "a rule that is none", "{\"defaultAction\": \"SCMP_ACT_LOG\", \"syscalls\": [1]}", "syscalls[0]: not an object" },
	{ "a rule without names", "{\"defaultAction\": \"SCMP_ACT_LOG\", \"syscalls\": [{\"action\": \"SCMP_ACT_ALLOW\"}]}",
	  "syscalls[0]: no names" },
	{ "a name that is none", "{\"defaultAction\": \"SCMP_ACT_LOG\", \"syscalls\": [{\"names\": [\"read\", 3], \"action\": \"SCMP_ACT_ALLOW\"}]}",
	  "syscalls[0].names[1]: not a text" },
	{ "a NUL in a name", "{\"defaultAction\": \"SCMP_ACT_LOG\", \"syscalls\": [{\"names\": [\"re\\u0000ad\"], \"action\": \"SCMP_ACT_ALLOW\"}]}",
	  "syscalls[0].names[0]: a NUL" },
	{ "a rule without an action", "{\"defaultAction\": \"SCMP_ACT_LOG\", \"syscalls\": [{\"names\": [\"read\"]}]}",
	  "syscalls[0].action: missing" },
	{ "an argument's index", "{\"defaultAction\": \"SCMP_ACT_LOG\", \"syscalls\": [{\"names\": [\"read\"], \"action\": \"SCMP_ACT_ALLOW\", "
	  "\"args\": [{\"index\": 6, \"value\": 1, \"op\": \"SCMP_CMP_EQ\"}]}]}", "syscalls[0].args[0]: not a number from 0 to 5" },
	{ "an argument's op", "{\"defaultAction\": \"SCMP_ACT_LOG\", \"syscalls\": [{\"names\": [\"read\"], \"action\": \"SCMP_ACT_ALLOW\", "
	  "\"args\": [{\"index\": 0, \"value\": 1, \"op\": \"==\"}]}]}", "syscalls[0].args[0]: no such op" },
	{ "Docker's conditions", "{\"defaultAction\": \"SCMP_ACT_LOG\", \"syscalls\": [{\"names\": [\"read\"], \"action\": \"SCMP_ACT_ALLOW\", "
	  "\"includes\": {\"caps\": [\"CAP_SYS_ADMIN\"]}}]}", "'includes' is Docker's condition" },
};

static void refuses(void **state)
{
	const struct bad_row *row = *state;
	char *exact = exact_copy(bytes_of(row->text));
	struct policy p = { 0 };
	struct err e = { 0 };

	assert_int_equal(policy_read_oci(&p, (struct bytes){ exact, strlen(row->text) }, "f", &e), -1);
	if (strstr(e.msg, row->says) == NULL)
		fail_msg("'%s' lacks '%s'", e.msg, row->says);
	assert_null(strchr(e.msg, '\n'));
	assert_int_equal(e.status, ST_INPUT);
	policy_release(&p);
	free(exact);
}

static int read_text(struct policy *p, const char *text)
{
	struct err e = { 0 };
	int ret;

	*p = (struct policy){ .default_error = POLICY_NO_ERRNO };
	ret = policy_read_oci(p, bytes_of(text), "f", &e);
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
	assert_int_equal(p.default_action, (uint32_t)ACTION_ERRNO);
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
	assert_int_equal(p.rules.v[2].action, (uint32_t)ACTION_KILL_THREAD);
	policy_release(&p);
}

static void reads_a_config(void **state)
{
	auto_free char *text = mem_print("{\"ociVersion\": \"1\", \"linux\": {\"seccomp\": %s}}", whole);
	struct policy p;

	(void)state;
	assert_int_equal(read_text(&p, text), 0);
	assert_int_equal(p.rules.n, 3);
	policy_release(&p);
}

static void compiles(void **state)
{
	struct compiled c;
	struct policy p;
	struct err e = { 0 };

	(void)state;
	assert_int_equal(read_text(&p, "{\"defaultAction\": \"SCMP_ACT_ERRNO\", \"syscalls\": [{\"names\": [\"read\", \"no_such_call\", \"write\"], "
				       "\"action\": \"SCMP_ACT_ALLOW\"}, {\"names\": [\"close\"], \"action\": \"SCMP_ACT_ERRNO\"}]}"), 0);
	assert_int_equal(compile_policy(&c, &p, &e), 0);
	assert_true(c.code.n > 5);
	assert_int_equal(c.unknown.n, 1);
	assert_string_equal(c.unknown.v[0], "no_such_call");
	compiled_release(&c);
	policy_release(&p);
}

int main(void)
{
	struct tests t = { 0 };

	ADD_ROWS(&t, bad_rows, refuses);
	ADD(&t, reads_all);
	ADD(&t, reads_a_config);
	ADD(&t, compiles);
	return run_rows(&t, "policy");
}
