// SPDX-License-Identifier: Apache-2.0
/* Formats: policies in, text out, and what each refuses to write. */
#include "tests/test.h"

#include "analyze/input/input.h"
#include "analyze/output/output.h"
#include "analyze/output/provenance.h"
#include "store/base/esc.h"

#include <stdlib.h>

#define X86_64 "\"architectures\": [\"SCMP_ARCH_X86_64\"], "
#define ERRNO "\"defaultAction\": \"SCMP_ACT_ERRNO\", "
#define KILL "\"defaultAction\": \"SCMP_ACT_KILL_PROCESS\", "
#define KILL_THREAD "\"defaultAction\": \"SCMP_ACT_KILL_THREAD\", "
#define ALLOW(names) "\"syscalls\": [{\"names\": [" names "], \"action\": \"SCMP_ACT_ALLOW\"}]"
#define DENY(names)                                                                                \
	"{\"defaultAction\": \"SCMP_ACT_ALLOW\", " X86_64 "\"syscalls\": [{\"names\": [" names     \
	"], \"action\": \"SCMP_ACT_ERRNO\", \"errnoRet\": 38}]}"
#define TWO "{" ERRNO X86_64 ALLOW("\"write\", \"read\"") "}"
#define TWO_KILL "{" KILL X86_64 ALLOW("\"write\", \"read\"") "}"
#define FROM "# scaudit 0: from f.json\n"
#define ARGUMENTS                                                                                  \
	"{" ERRNO X86_64                                                                           \
	"\"syscalls\": [{\"names\": [\"socket\"], \"action\": \"SCMP_ACT_ALLOW\", \"args\": ["     \
	"{\"index\": 0, \"value\": 2, \"op\": \"SCMP_CMP_EQ\"}, {\"index\": 1, \"value\": 15, \"valueTwo\": 1, \"op\": \"SCMP_CMP_MASKED_EQ\"}]}]}"
#define MIXED                                                                                      \
	"{" ERRNO X86_64                                                                           \
	"\"syscalls\": [{\"names\": [\"read\"], \"action\": \"SCMP_ACT_ALLOW\"}, "                 \
	"{\"names\": [\"clone3\"], \"action\": \"SCMP_ACT_ERRNO\", \"errnoRet\": 38}]}"
#define FLAGS "{" ERRNO X86_64 "\"flags\": [\"SECCOMP_FILTER_FLAG_LOG\"], " ALLOW("\"read\"") "}"
#define HOSTILE "{" ERRNO X86_64 ALLOW("\"read\\nptrace\"") "}"
#define X32                                                                                        \
	"{" KILL_THREAD                                                                            \
	"\"architectures\": [\"SCMP_ARCH_X86_64\", \"SCMP_ARCH_X32\"], " ALLOW("\"read\"") "}"

/* text: all that is written, or with `part`, what occurs in it; NULL: refused, with what the
 * message holds. */
static struct row { const char *name, *format, *policy, *text, *part, *says;
} rows[] = {
	{ "systemd: a list", "systemd", TWO, NULL,
	  " calls that are not in this one\n[Service]\n"
	  "SystemCallFilter=\nSystemCallFilter=read write\nSystemCallErrorNumber=EPERM\nSystemCallArchitectures=\n"
	  "SystemCallArchitectures=x86-64\n",
	  NULL },
	{ "systemd: kills", "systemd", TWO_KILL, NULL, "\nSystemCallErrorNumber=kill\n", NULL },
	{ "systemd: a list of what is denied", "systemd", DENY("\"ptrace\", \"mount\""), NULL,
	  "SystemCallFilter=~mount ptrace\nSystemCallErrorNumber=ENOSYS\n", NULL },
	{ "systemd: another errno is a number", "systemd",
	  "{" ERRNO "\"defaultErrnoRet\": 99, " X86_64 ALLOW("\"read\"") "}", NULL,
	  "\nSystemCallErrorNumber=99\n", NULL },
	{ "systemd: no architecture is the native one", "systemd", "{" ERRNO ALLOW("\"read\"") "}",
	  NULL, "\nSystemCallArchitectures=native\n", NULL },
	{ "systemd: several architectures", "systemd", X32, NULL, NULL,
	  "not SCMP_ACT_KILL_THREAD" },
	{ "systemd: an architecture without a word", "systemd",
	  "{" ERRNO "\"architectures\": [\"SCMP_ARCH_M68K\"], " ALLOW("\"read\"") "}", NULL, NULL,
	  "no word for SCMP_ARCH_M68K" },
	{ "systemd: logs", "systemd",
	  "{\"defaultAction\": \"SCMP_ACT_LOG\", " ALLOW("\"read\"") "}", NULL, NULL,
	  "(systemd-log logs)" },
	{ "systemd: conditions", "systemd", ARGUMENTS, NULL, NULL,
	  "systemd cannot hold conditions on arguments, as the list has for socket" },
	{ "systemd: answers that differ", "systemd", MIXED, NULL, NULL,
	  "has SCMP_ACT_ALLOW for read and SCMP_ACT_ERRNO for clone3" },
	{ "systemd: flags", "systemd", FLAGS, NULL, NULL, "flags, as SECCOMP_FILTER_FLAG_LOG" },
	{ "systemd: a hostile name", "systemd", HOSTILE, NULL, NULL,
	  "'read\\x0aptrace' is no name of a call" },
	{ "systemd: names twice and out of order", "systemd",
	  "{" ERRNO X86_64 ALLOW("\"write\", \"read\", \"write\"") "}", NULL, "=read write\n",
	  NULL },
	{ "systemd: a name that no library knows is said", "systemd",
	  "{" ERRNO X86_64 ALLOW("\"read\", \"nosuch\"") "}", NULL,
	  "\n# libseccomp here does not know: nosuch; where systemd does not", NULL },
	{ "systemd: nothing", "systemd", "{" ERRNO X86_64 "\"syscalls\": []}", NULL, NULL,
	  "there is no name in the list" },
	{ "systemd-log: a list", "systemd-log", TWO,
	  FROM
	  "# logs all calls but these, and refuses none; add what comes to the list with the next profile\n"
	  "[Service]\nSystemCallLog=\nSystemCallLog=~read write\n",
	  NULL, NULL },
	{ "systemd-log: a list of what is denied", "systemd-log", DENY("\"ptrace\""), NULL, NULL,
	  "not of what is denied" },
	{ "systemd-log: conditions", "systemd-log", ARGUMENTS, NULL, NULL,
	  "systemd-log cannot hold conditions" },
	{ "minijail: a list", "minijail", TWO_KILL,
	  FROM "# for x86_64; what was called most often stands first\nread: 1\nwrite: 1\n", NULL,
	  NULL },
	{ "minijail: a dangerous name has its comment", "minijail",
	  "{" KILL X86_64 ALLOW("\"ptrace\"") "}", NULL, "\n# ptrace: ", NULL },
	{ "minijail: answers an errno", "minijail", TWO, NULL, NULL,
	  "SCMP_ACT_ERRNO cannot be said in it" },
	{ "minijail: a list of what is denied", "minijail", DENY("\"ptrace\""), NULL, NULL,
	  "SCMP_ACT_ERRNO cannot be said in it" },
	{ "minijail: two architectures", "minijail", X32, NULL, NULL,
	  "for one architecture: --arch x86_64 or x32" },
	{ "minijail: not the names of another architecture", "minijail",
	  "{" KILL X86_64 ALLOW("\"read\", \"socketcall\"") "}",
	  FROM "# for x86_64; what was called most often stands first\nread: 1\n", NULL, NULL },
	{ "minijail: conditions", "minijail", ARGUMENTS, NULL, NULL,
	  "minijail cannot hold conditions" },
	{ "minijail-frequency: without records", "minijail-frequency", TWO_KILL, NULL, NULL,
	  "only records tell" },
	{ "firejail: a list", "firejail", TWO,
	  FROM "# firejail allows execve, execveat and prctl besides, which it needs itself\n"
	       "seccomp-error-action EPERM\nseccomp.keep read,write\nseccomp.block-secondary\n",
	  NULL, NULL },
	{ "firejail: kills the thread", "firejail", "{" KILL_THREAD X86_64 ALLOW("\"read\"") "}",
	  NULL, "seccomp-error-action kill\n", NULL },
	{ "firejail: kills the process", "firejail", TWO_KILL, NULL, NULL,
	  "(--default-action kill_thread)" },
	{ "firejail: logs", "firejail",
	  "{\"defaultAction\": \"SCMP_ACT_LOG\", " X86_64 ALLOW("\"read\"") "}", NULL,
	  "seccomp-error-action log\n", NULL },
	{ "firejail: a list of what is denied", "firejail", DENY("\"mount\""), NULL,
	  "seccomp-error-action ENOSYS\nseccomp.drop mount\n", NULL },
	{ "firejail: two architectures, denied, each its names", "firejail",
	  "{\"defaultAction\": \"SCMP_ACT_ALLOW\", \"architectures\": ["
	  "\"SCMP_ARCH_X86_64\", \"SCMP_ARCH_X86\"], \"syscalls\": [{\"names\": [\"read\", \"socketcall\"], \"action\": \"SCMP_ACT_ERRNO\"}]}",
	  NULL, "seccomp.drop read\nseccomp.32.drop read,socketcall\n", NULL },
	{ "firejail: two architectures, allowed", "firejail",
	  "{" ERRNO
	  "\"architectures\": [\"SCMP_ARCH_X86_64\", \"SCMP_ARCH_X86\"], " ALLOW("\"read\"") "}",
	  NULL, NULL, "(--arch x86_64)" },
	{ "firejail: x32", "firejail",
	  "{\"defaultAction\": \"SCMP_ACT_ALLOW\", \"architectures\": [\"SCMP_ARCH_X86_64\", \"SCMP_ARCH_X32\"], "
	  "\"syscalls\": [{\"names\": [\"read\"], \"action\": \"SCMP_ACT_ERRNO\"}]}",
	  NULL, NULL, "no list for SCMP_ARCH_X32" },
	{ "firejail: 32 bits alone", "firejail",
	  "{" ERRNO "\"architectures\": [\"SCMP_ARCH_ARM\"], " ALLOW("\"read\"") "}", NULL, NULL,
	  "SCMP_ARCH_ARM alone filters nothing" },
	{ "firejail: conditions", "firejail", ARGUMENTS, NULL, NULL,
	  "firejail cannot hold conditions" },
	{ "firejail: an errno without a name", "firejail",
	  "{" ERRNO "\"defaultErrnoRet\": 99, " X86_64 ALLOW("\"read\"") "}", NULL, NULL,
	  "the one of 99" },
	{ "c: conditions", "c", ARGUMENTS, NULL,
	  "{ \"socket\", SCMP_ACT_ALLOW, 2, { { 0, SCMP_CMP_EQ, 2u, 0u }, { 1, SCMP_CMP_MASKED_EQ, 15u, 1u } } },\n",
	  NULL },
	{ "c: answers that differ", "c", MIXED, NULL, "{ \"clone3\", SCMP_ACT_ERRNO(ENOSYS) },\n",
	  NULL },
	{ "c: flags", "c", FLAGS, NULL, "seccomp_attr_set(ctx, SCMP_FLTATR_CTL_LOG, 1)", NULL },
	{ "c: a flag without an attribute", "c",
	  "{" ERRNO "\"flags\": [\"SECCOMP_FILTER_FLAG_X\"], " ALLOW("\"read\"") "}", NULL, NULL,
	  "no attribute for the flag SECCOMP_FILTER_FLAG_X" },
	{ "c: one index twice is either of them", "c",
	  "{" ERRNO
	  "\"syscalls\": [{\"names\": [\"personality\"], \"action\": \"SCMP_ACT_ALLOW\", \"args\": ["
	  "{\"index\": 0, \"value\": 0, \"op\": \"SCMP_CMP_EQ\"}, {\"index\": 0, \"value\": 8, \"op\": \"SCMP_CMP_EQ\"}]}]}",
	  NULL,
	  "{ \"personality\", SCMP_ACT_ALLOW, 1, { { 0, SCMP_CMP_EQ, 0u, 0u } } },\n"
	  "\t\t{ \"personality\", SCMP_ACT_ALLOW, 1, { { 0, SCMP_CMP_EQ, 8u, 0u } } },\n",
	  NULL },
	{ "c: a hostile name", "c", HOSTILE, NULL, NULL, "is no name of a call" },
	{ "spo: conditions", "spo", ARGUMENTS, NULL,
	  "    - index: 1\n      op: SCMP_CMP_MASKED_EQ\n      value: 15\n      valueTwo: 1\n",
	  NULL },
	{ "spo: its name", "spo", TWO, NULL, "metadata:\n  name: \"f\"\nspec:\n", NULL },
	{ "spo: another default errno", "spo",
	  "{" ERRNO "\"defaultErrnoRet\": 38, " ALLOW("\"read\"") "}", NULL, NULL,
	  "no defaultErrnoRet" },
	{ "spo: a number over 2^63", "spo",
	  "{" ERRNO
	  "\"syscalls\": [{\"names\": [\"read\"], \"action\": \"SCMP_ACT_ALLOW\", \"args\": ["
	  "{\"index\": 0, \"value\": 9223372036854775808, \"op\": \"SCMP_CMP_EQ\"}]}]}",
	  NULL, NULL, "a condition for read" },
	{ "spo: an architecture that it lacks", "spo",
	  "{" ERRNO "\"architectures\": [\"SCMP_ARCH_LOONGARCH64\"], " ALLOW("\"read\"") "}", NULL,
	  NULL, "does not take SCMP_ARCH_LOONGARCH64" },
	{ "spo: errno 0", "spo",
	  "{" ERRNO
	  "\"syscalls\": [{\"names\": [\"read\"], \"action\": \"SCMP_ACT_ERRNO\", \"errnoRet\": 0}]}",
	  NULL, NULL, "errnoRet 0" },
	{ "spo: a hostile name", "spo", HOSTILE, NULL, NULL, "is no name of a call" },
	{ "spo: notify as the default", "spo",
	  "{\"defaultAction\": \"SCMP_ACT_NOTIFY\", " ALLOW("\"read\"") "}", NULL, NULL,
	  "cannot be the default" },
	{ "bpf: a name without a number", "bpf", "{" ERRNO ALLOW("\"nosuch\"") "}", NULL, NULL,
	  "knows none for nosuch" },
	{ "bpf: flags", "bpf", FLAGS, NULL, NULL, "bpf cannot hold flags" },
	{ "bpf: the other byte order", "bpf",
	  "{" ERRNO "\"architectures\": [\"SCMP_ARCH_S390X\"], " ALLOW("\"read\"") "}", NULL, NULL,
	  "byte order" },
	{ "pfc: conditions", "pfc", ARGUMENTS, NULL, "action ALLOW;", NULL },
	{ "pfc: a name without a number", "pfc", "{" ERRNO ALLOW("\"nosuch\"") "}", NULL, NULL,
	  "does not know nosuch" },
	{ "names: a list", "names", TWO, "write\nread\n", NULL, NULL },
	{ "names: conditions", "names", ARGUMENTS, NULL, NULL, "whatever the arguments" },
	{ "names: a hostile name", "names", HOSTILE, NULL, NULL, "is no name of a call" },
	{ "docker: where it comes from", "docker", TWO, NULL,
	  "\"comment\": \"scaudit 0: from f.json\"", NULL },
	{ "docker: a hostile name is escaped", "docker", HOSTILE, NULL, "\"read\\nptrace\"", NULL },
	{ "json: conditions", "json", ARGUMENTS, NULL, "\"op\": \"SCMP_CMP_MASKED_EQ\"", NULL },
	{ "json: a policy from a file has no evidence", "json", TWO, NULL, "\"evidence\": null",
	  NULL },
	{ "pod: the kubelet's path", "pod", TWO, NULL,
	  "    type: Localhost\n    localhostProfile: \"profiles/f.json\"\n", NULL },
};

/* NULL: refused. The caller frees. */
static char *written(const char *format, const char *policy, const struct provenance *from,
		     bool group, struct err *e)
{
	struct policy p = { .default_error = POLICY_NO_ERRNO };
	struct output_input in = { .policy = &p, .from = from, .group = group };
	char *text = NULL;
	size_t n;
	FILE *to = open_memstream(&text, &n);
	int ret = input_policy(&p, bytes_of(policy), "f", "oci", e);

	assert_int_equal(ret, 0);
	assert_non_null(output_find(format));
	ret = output_find(format)->write(to, &in, e);
	fclose(to);
	policy_release(&p);
	if (ret < 0) {
		if (n > 0) /* nothing is written of what is refused */
			fail_msg("written, and then refused: %s", text);
		free(text);
		return NULL;
	}
	return text;
}

static void writes(void **state)
{
	static const struct provenance from = {
		.version = "0", .selector = "", .source = "f.json", .loss = ""
	};
	const struct row *row = *state;
	struct err e = { 0 };
	auto_free char *text = written(row->format, row->policy, &from, false, &e);

	if (row->says != NULL) {
		assert_null(text);
		assert_int_equal(e.status, ST_INPUT);
		if (strstr(e.msg, row->says) == NULL)
			fail_msg("'%s' lacks '%s'", e.msg, row->says);
		return;
	}
	if (text == NULL)
		fail_msg("refused: %s", e.msg);
	else if (row->text != NULL)
		assert_string_equal(text, row->text);
	else if (strstr(text, row->part) == NULL)
		fail_msg("'%s' lacks '%s'", text, row->part);
}

/* Whoever chooses a name that stands in a comment cannot end the comment, in any format. */
static void comments_hold(void **state)
{
	static const struct provenance from = {
		.version = "0",
		.selector = "",
		.loss = "",
		.source =
			"*/evil\n*/evil\nSystemCallFilter=ptrace\n\"evil: *\\/ /* \x1b[2J \xc2\x9b \\"
	};
	static const char *const formats[] = { "systemd", "systemd-log", "spo",	     "pod",
					       "c",	  "pfc",	 "minijail", "firejail",
					       "docker",  "json" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(formats); i++) {
		bool kills = strcmp(formats[i], "minijail") == 0, c = strcmp(formats[i], "c") == 0;
		struct err e = { 0 };
		auto_free char *text =
			written(formats[i], kills ? TWO_KILL : TWO, &from, false, &e);

		assert_non_null(text);
		assert_null(strstr(text, "\nSystemCallFilter=ptrace"));
		assert_null(strstr(text, "\nevil"));
		assert_null(strstr(text, "\n*/evil"));
		assert_null(strstr(text, "\x1b"));
		assert_null(strstr(text, "\xc2\x9b"));
		assert_null(strstr(text, "\\\n"));
		if (c)
			assert_ptr_equal(strstr(text, "*/"), strstr(text, "*/\n#include"));
		if (c)
			assert_non_null(strstr(text, "*/\n#include"));
	}
}

static void comments_are_broken(void **state)
{
	auto_free char *source = mem_zero(1, 3001);
	struct provenance from = { .version = "0", .selector = "", .source = source, .loss = "" };
	struct err e = { 0 };
	auto_free char *text = NULL;
	const char *p, *end;

	(void)state;
	memset(source, '\\', 3000);
	text = written("systemd", TWO, &from, false, &e);
	assert_non_null(text);
	for (p = text; (end = strchr(p, '\n')) != NULL; p = end + 1) {
		assert_true(end - p <= 100);
		assert_true(end == p || end[-1] != '\\');
	}
}

static void groups(void **state)
{
	static const struct provenance from = {
		.version = "0", .selector = "", .source = "f.json", .loss = ""
	};
	struct err e = { 0 };
	auto_free char *all =
		written("systemd", "{" ERRNO X86_64 ALLOW("\"swapoff\", \"swapon\", \"read\"") "}",
			&from, true, &e);
	auto_free char *one = written("systemd", "{" ERRNO X86_64 ALLOW("\"swapon\", \"read\"") "}",
				      &from, true, &e);
	auto_free char *inner = written(
		"systemd-log",
		"{" ERRNO X86_64 ALLOW(
			"\"mlock\", \"mlock2\", \"mlockall\", \"munlock\", \"munlockall\"") "}",
		&from, true, &e);

	(void)state;
	assert_non_null(strstr(all, "\nSystemCallFilter=@swap read\n"));
	assert_non_null(strstr(all, "the sets are those of systemd "));
	assert_non_null(strstr(one, "\nSystemCallFilter=read swapon\n"));
	assert_non_null(strstr(inner, "\nSystemCallLog=~@memlock\n"));
}

static void escapes(void **state)
{
	auto_buf struct buf a = { 0 }, b = { 0 }, c = { 0 };

	(void)state;
	esc_comment(&a, bytes_of("a*/b/*c\n\\d\\x41"));
	assert_string_equal(buf_text(&a), "a*\\x2fb/\\x2ac\\x0a\\x5cd\\x41");
	esc_utf8(&b, bytes_of("a\xff\xc3\xa4"));
	assert_string_equal(buf_text(&b), "a\xef\xbf\xbd\xc3\xa4");
	esc_json_doc(&c, bytes_of("\"a\x7f\xc2\x9b\xc3\xa4\""));
	assert_string_equal(buf_text(&c), "\"a\\u007f\\u009b\xc3\xa4\"");
}

/* Names for Kubernetes, of whatever the file was called. */
static void is_called(void **state)
{
	static const struct { const char *source, *name;
	} names[] = {
		{ "/a/My_App.json", "my-app" },
		{ "runc:[2:INIT]", "runc-2-init" },
		{ "/", "profile" },
		{ "\xff\n", "profile" },
		{ "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
		  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		struct provenance from = {
			.version = "0", .selector = "", .source = names[i].source, .loss = ""
		};
		struct output_input in = { .from = &from };
		auto_buf struct buf out = { 0 };

		provenance_name(&out, &in);
		assert_string_equal(buf_text(&out), names[i].name);
	}
}

int main(void)
{
	struct tests t = { 0 };

	ADD_ROWS(&t, rows, writes);
	ADD(&t, comments_hold);
	ADD(&t, comments_are_broken);
	ADD(&t, groups);
	ADD(&t, escapes);
	ADD(&t, is_called);
	return run_rows(&t, "output");
}
