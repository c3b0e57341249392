// SPDX-License-Identifier: Apache-2.0
/* run: runs a command under a profile and prints what it was refused. */
#include "analyze/evidence/check.h"
#include "analyze/policy/compile.h"
#include "cli/command.h"
#include "cli/policy.h"
#include "ingest/live/capture/refusals.h"
#include "store/base/esc.h"
#include "store/model/action.h"
#include "store/model/arch.h"
#include "store/model/syscall.h"

#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#define REFUSALS_SHOWN 20

static void say_unknown(const struct compiled *c)
{
	auto_buf struct buf line = { 0 };

	for (size_t i = 0; i < c->unknown.n; i++) {
		char word[80];

		buf_printf(&line, "%s%s", i ? ", " : "",
			   esc_word(word, sizeof(word), bytes_of(c->unknown.v[i])));
	}
	if (c->unknown.n)
		command_say("names that libseccomp does not know, and so are not in the filter: %s",
			    buf_text(&line));
}

static void say_refusal(const struct refusal *f)
{
	auto_buf struct buf who = { 0 };
	char name[SYSCALL_NAME_MAX];

	syscall_name(f->arch, f->nr, name);
	esc_tty(&who, f->comm);
	buf_str(&who, " (");
	esc_tty(&who, f->exe);
	buf_char(&who, ')');
	command_say("refused: %s, %s, %" PRIu64 " time%s, %s", name, action_word(f->action),
		    f->times, f->times == 1 ? "" : "s", buf_text(&who));
}

/* Is execve refused, whatever its arguments? Of the child's calls under the filter it is the only
 * one that has to pass. */
static bool refuses_exec(const struct compiled *c, struct bpf_answers *answers)
{
	int32_t nr = syscall_number(arch_native(), "execve");

	compile_run(c, arch_native(), nr, answers);
	return check_verdict(arch_native(), nr, answers) == CHECK_REFUSED;
}

/* Did the records say so? Then the program that made it was still this one. */
static bool was_refused_exec(const struct refusals_report *r)
{
	char name[SYSCALL_NAME_MAX], own[4096];
	ssize_t n = readlink("/proc/self/exe", own, sizeof(own));
	struct bytes exe = { own, n > 0 ? (size_t)n : 0 };

	for (size_t i = 0; i < r->refusals.n && r->status >= 128; i++)
		if (bytes_eq(r->refusals.v[i].exe, exe) &&
		    syscall_name(r->refusals.v[i].arch, r->refusals.v[i].nr, name) &&
		    strcmp(name, "execve") == 0)
			return true;
	return false;
}

/* A command that was never started has no exit status of its own, whatever became of the process
 * that was to be it. */
static bool never_started(struct refusals_report *r, const struct compiled *c)
{
	struct bpf_answers answers = { 0 };
	auto_buf struct buf answer = { 0 };
	bool refused = refuses_exec(c, &answers);

	/* it was not found, or the filter not loaded: that is said */
	if ((r->failed[0] && r->status != CHILD_CANNOT_EXEC) || !(refused || was_refused_exec(r)))
		return false;
	check_words(&answer, &answers);
	command_say("the command was never started: execve is refused%s%s%s", refused ? " (" : "",
		    refused ? buf_text(&answer) : "", refused ? ")" : "");
	r->status = CHILD_CANNOT_EXEC;
	return true;
}

static void say_report(const struct refusals_report *r)
{
	uint64_t all = 0;

	for (size_t i = 0; i < r->refusals.n; i++) {
		all += r->refusals.v[i].times;
		if (i < REFUSALS_SHOWN)
			say_refusal(&r->refusals.v[i]);
	}
	if (r->refusals.n > REFUSALS_SHOWN)
		command_say("and %zu more", r->refusals.n - REFUSALS_SHOWN);
	if (!r->followed && r->refusals.n)
		command_say(
			"descendants could not be told from others: some of these may be another program's");
	if (r->refusals.n)
		command_say("%" PRIu64 " call%s refused", all, all == 1 ? " was" : "s were");
	else if (!r->failed[0])
		command_say(
			r->complete ?
				"held: nothing was refused" :
				"nothing refused was seen, but it is not known whether all records came");
	if (r->damaged)
		command_say("%" PRIu64 " records could not be read", r->damaged);
}

static int run_run(struct opts *o, struct err *e)
{
	struct policy policy = { 0 };
	struct compiled code = { 0 };
	struct refusals_report report = { 0 };
	struct sock_fprog filter;
	int ret, status = CHILD_FAILED;

	if (o->n_args < 2)
		return err_set(e, ST_INPUT,
			       "run takes a profile and a command: scaudit run PROFILE -- COMMAND") <
				       0 ?
			       CHILD_FAILED :
			       0;
	ret = policy_open(&policy, o->args[0], o, e);
	if (ret == 0)
		ret = compile_policy(&code, &policy, e);
	if (ret == 0) {
		filter = (struct sock_fprog){ .len = (unsigned short)code.code.n,
					      .filter = code.code.v };
		say_unknown(&code);
		ret = refusals_watch(&report, (char *const *)(uintptr_t)(o->args + 1),
				     opt_text(o, OPT_user, NULL), &filter, e);
	}
	if (ret == 0) {
		bool never = never_started(&report, &code);

		status = report.status;
		if (report.failed[0] && !never)
			command_say("%s", report.failed);
		if (!opt_on(o, OPT_quiet) || report.refusals.n)
			say_report(&report);
	}
	refusals_release(&report);
	compile_release(&code);
	policy_release(&policy);
	return status;
}

const struct command command_run = {
	.name = "run",
	.args = "PROFILE -- COMMAND [ARG...]",
	.about = "run a command under a profile and say what it was refused",
	.help = "Runs the command under the profile as it would be enforced, and says what was refused, to whom, from the kernel's\n"
		"records. The exit status is the command's (128 and the signal's number when it was killed: 159 by the filter);\n"
		"125, 126, 127 as for env: 126 where the filter refuses execve, too, so that it never started. Nothing goes into the store.\n\n"
		"    scaudit run myapp.json -- ./myapp",
	.groups = G_COMMAND | G_POLICY,
	.max_args = -1,
	.run = run_run,
};
