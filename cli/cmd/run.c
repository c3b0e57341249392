// SPDX-License-Identifier: Apache-2.0
/* run: runs a command under a profile and prints what it was refused. */
#include "analyze/policy/compile.h"
#include "cli/command.h"
#include "cli/policy.h"
#include "ingest/live/capture/refusals.h"
#include "store/base/esc.h"
#include "store/model/action.h"
#include "store/model/syscall.h"

#include <inttypes.h>
#include <string.h>

#define REFUSALS_SHOWN 20

static void say_unknown(const struct compiled *c)
{
	auto_buf struct buf line = { 0 };

	for (size_t i = 0; i < c->unknown.n; i++) {
		char word[80];

		buf_printf(&line, "%s%s", i ? ", " : "", esc_word(word, sizeof(word), bytes_of(c->unknown.v[i])));
	}
	if (c->unknown.n)
		command_say("names that libseccomp does not know, and so are not in the filter: %s", buf_text(&line));
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
	command_say("refused: %s, %s, %" PRIu64 " time%s, %s", name, action_word(f->action), f->times, f->times == 1 ? "" : "s",
		    buf_text(&who));
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
		command_say("descendants could not be told from others: some of these may be another program's");
	if (r->refusals.n)
		command_say("%" PRIu64 " call%s refused", all, all == 1 ? " was" : "s were");
	else if (!r->failed[0])
		command_say(r->complete ? "held: nothing was refused" :
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
		return err_set(e, ST_INPUT, "run takes a profile and a command: scaudit run PROFILE -- COMMAND") < 0 ? CHILD_FAILED : 0;
	ret = policy_open(&policy, o->args[0], o, e);
	if (ret == 0)
		ret = compile_policy(&code, &policy, e);
	if (ret == 0) {
		filter = (struct sock_fprog){ .len = (unsigned short)code.code.n, .filter = code.code.v };
		say_unknown(&code);
		ret = refusals_watch(&report, (char *const *)(uintptr_t)(o->args + 1), opt_text(o, OPT_user, NULL), &filter, e);
	}
	if (ret == 0) {
		status = report.status;
		if (report.failed[0])
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
	.name = "run", .args = "PROFILE -- COMMAND [ARG...]", .about = "run a command under a profile and say what it was refused",
	.help = "Runs the command under the profile as it would be enforced, and says what was refused, to whom, from the kernel's\n"
		"records. The exit status is the command's (128 and the signal's number when it was killed: 159 by the filter);\n"
		"125, 126, 127 as for env. Nothing goes into the store.\n\n"
		"    scaudit run myapp.json -- ./myapp",
	.groups = G_COMMAND | G_POLICY, .max_args = -1, .run = run_run,
};
