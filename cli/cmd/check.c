// SPDX-License-Identifier: Apache-2.0
/*
 * check: puts evidence to a profile and prints what it would refuse; the exit status is the
 * answer.
 */
#include "analyze/evidence/check.h"
#include "analyze/evidence/lives.h"
#include "analyze/evidence/whole.h"
#include "analyze/input/input.h"
#include "analyze/policy/compile.h"
#include "analyze/policy/runtime.h"
#include "cli/binaries.h"
#include "cli/command.h"
#include "cli/live.h"
#include "cli/policy.h"
#include "cli/process.h"
#include "cli/selector.h"
#include "cli/talk.h"
#include "cli/term.h"
#include "store/base/esc.h"
#include "store/base/json.h"
#include "store/base/when.h"
#include "store/model/arch.h"
#include "store/model/syscall.h"

#include <inttypes.h>
#include <string.h>

#define UNREAD_NAMED 4

/* What calls are put to: a profile as a runtime loads it, a file of raw instructions, or the
 * filters of a process. */
struct subject {
	struct policy policy;
	struct compiled compiled;
	struct compiled native; /* the same under the stub of runc from 1.2 on; of no instructions:
				   there is only one answer */
	bool both;                  /* no version is named, and they may differ */
	struct live live;
	bool stacked;
};

static void add_answers(struct bpf_answers *out, const struct bpf_answers *more)
{
	for (size_t i = 0; i < more->n; i++) {
		size_t k = 0;

		while (k < out->n && out->v[k] != more->v[i])
			k++;
		if (k == out->n && out->n < BPF_ANSWERS)
			out->v[out->n++] = more->v[i];
	}
}

/* Do versions of runc differ in the answer? */
static bool versions_differ(const struct subject *s, uint32_t arch, int32_t nr)
{
	return s->both &&
	       compile_stub(&s->compiled, arch, nr) != compile_stub(&s->native, arch, nr);
}

static void judge_call(const void *filter, uint32_t arch, int32_t nr, struct bpf_answers *out)
{
	const struct subject *s = filter;
	struct bpf_answers native;

	if (s->stacked)
		bpf_run_all(s->live.code.v, s->live.code.n, arch, nr, out);
	else
		compile_run(&s->compiled, arch, nr, out);
	if (!versions_differ(s, arch, nr))
		return;
	compile_run(&s->native, arch, nr, &native);
	add_answers(out, &native);
}

static void release(struct subject *s)
{
	live_release(&s->live);
	compile_release(&s->compiled);
	compile_release(&s->native);
	policy_release(&s->policy);
}

/* ---- where the filter comes from ---- */

static int of_process(struct subject *s, const struct opts *o, struct err *e)
{
	int32_t pid;

	s->stacked = true;
	if (process_find(o, &pid, e) < 0 || live_read(&s->live, pid, e) < 0)
		return -1;
	if (s->live.code.n == 0 && !opt_on(o, OPT_quiet))
		command_say("process %" PRId32 " has no filter", pid);
	return 0;
}

/* Raw instructions, 8 bytes each, as bwrap and minijail take them: no text begins with a load. */
static bool is_raw(struct bytes text)
{
	struct sock_filter one;

	if (text.n < sizeof(one))
		return false;
	memcpy(&one, text.p, sizeof(one));
	return one.code <= 0xff && one.jt == 0 && one.jf == 0;
}

static int of_raw(struct subject *s, struct bytes text, const char *file, struct err *e)
{
	for (size_t at = 0;
	     at + sizeof(struct sock_filter) <= text.n && s->compiled.code.n <= BPF_MAXINSNS;
	     at += sizeof(struct sock_filter))
		memcpy(VEC_PUSH(&s->compiled.code), text.p + at, sizeof(struct sock_filter));
	return bpf_check(s->compiled.code.v, s->compiled.code.n, e) < 0 ?
		       err_wrap(e, "%.200s", file) :
		       0;
}

/* By whom such a profile is loaded, where nobody says otherwise. */
static const char *loader_of(const struct policy *p)
{
	bool other = p->format != NULL &&
		     (strcmp(p->format, "systemd") == 0 || strcmp(p->format, "minijail") == 0 ||
		      strcmp(p->format, "lxc") == 0);

	return other ? p->format : "runc";
}

/* runc's stub, by the version that is named; where none is, both. */
static int add_stubs(struct subject *s, const struct opts *o, struct err *e)
{
	const char *said = opt_text(o, OPT_runtime, NULL), *target = opt_text(o, OPT_target, NULL);
	const struct target *version;
	const struct runtime *runtime;

	if (runtime_choose(&runtime, &version, said, target, e) < 0)
		return -1;
	if (strcmp(runtime != NULL ? runtime->name :
		   version != NULL ? version->runtime :
				     loader_of(&s->policy),
		   "runc") != 0)
		return 0;
	s->both = version == NULL;
	compile_limits(&s->compiled, &s->policy,
		       version != NULL && version->stub == TARGET_STUB_NATIVE);
	if (!s->both)
		return 0;
	if (compile_policy(&s->native, &s->policy, e) < 0)
		return -1;
	compile_limits(&s->native, &s->policy, true);
	return 0;
}

static int of_file(struct subject *s, const struct opts *o, const char *file, struct err *e)
{
	auto_buf struct buf text = { 0 };

	if (input_load(&text, file, e) < 0)
		return -1;
	if (is_raw(buf_bytes(&text)))
		return of_raw(s, buf_bytes(&text), file, e);
	if (policy_open_text(&s->policy, buf_bytes(&text), file, o, e) < 0)
		return -1;
	if (compile_policy(&s->compiled, &s->policy, e) < 0)
		return err_wrap(e, "%.200s", file);
	if (add_stubs(s, o, e) < 0)
		return -1;
	if (!opt_on(o, OPT_quiet))
		policy_say_names(file, "libseccomp here does not know, so loaders leave them out",
				 s->compiled.unknown.v, s->compiled.unknown.n);
	return 0;
}

/* ---- what comes out ---- */

static const char *const verdicts[] = { [CHECK_REFUSED] = "refused",
					[CHECK_DEPENDS] = "depends on arguments",
					[CHECK_UNKNOWN] = "not known",
					[CHECK_PASSES] = "passes" };

static void caller_text(struct buf *out, const struct check_call *c)
{
	buf_add(out, c->path.p, c->path.n);
	buf_str(out, " [");
	esc_tty(out, c->comm);
	buf_char(out, ']');
}

static void print_table(const struct check *c, bool all)
{
	static const char *const heads[] = { "syscall", "?arch", "verdict", "answer",
					     ">seen",	"?last", "caller" };
	struct term_table t;
	char stamp[32];

	term_table_init(&t, heads, ARRAY_SIZE(heads), ARRAY_SIZE(heads) - 1);
	for (size_t i = 0; i < c->calls.n; i++) {
		const struct check_call *call = &c->calls.v[i];
		auto_buf struct buf answer = { 0 }, caller = { 0 };
		const char *arch = arch_name(arch_of(call->arch, call->nr));

		if (call->verdict == CHECK_PASSES && !all)
			continue;
		check_words(&answer, &call->answers);
		caller_text(&caller, call);
		term_cell(&t, "%s", call->name);
		term_cell(&t, "%s", arch ? arch : "-");
		term_cell(&t, "%s", verdicts[call->verdict]);
		term_cell_text(&t, buf_bytes(&answer));
		term_cell(&t, "%" PRIu64, call->events);
		term_cell(&t, "%s",
			  call->t_last == WHEN_NONE ? "-" : when_local(call->t_last, stamp));
		term_cell_text(&t, buf_bytes(&caller));
	}
	if (t.n > 0)
		term_table_print(&t, stdout);
}

/* program: the evidence has some of a program, not of its loader alone; start: calls of a runtime's
 * start that would be refused. */
static void print_json(const struct check *c, const struct binaries *b, bool program, size_t start)
{
	json_object *doc = json_object_new_object(), *rows = json_object_new_array();

	for (size_t i = 0; i < c->calls.n; i++) {
		const struct check_call *call = &c->calls.v[i];
		json_object *row = json_object_new_object();
		auto_buf struct buf answer = { 0 };

		check_words(&answer, &call->answers);
		json_put_word(row, "name", call->name);
		json_put_word(row, "arch", arch_name(arch_of(call->arch, call->nr)));
		json_put_int(row, "nr", true, call->nr);
		json_put_word(row, "verdict",
			      call->verdict == CHECK_DEPENDS ? "depends" :
			      call->verdict == CHECK_UNKNOWN ? "unknown" :
							       verdicts[call->verdict]);
		json_put_word(row, "answer", buf_text(&answer));
		json_put_int(row, "events", true, (int64_t)call->events);
		json_put_time(row, "last", call->t_last);
		json_put_text(row, "path", true, call->path);
		json_put_text(row, "comm", true, call->comm);
		json_object_array_add(rows, row);
	}
	json_object_object_add(doc, "calls", rows);
	json_object_object_add(doc, "binaries", binaries_json(b));
	json_put_int(doc, "refused", true, (int64_t)c->refused);
	json_put_int(doc, "depends", true, (int64_t)c->depends);
	json_put_int(doc, "unknown", true, (int64_t)c->unknown);
	json_put_word(doc, "first_of_loader", c->first ? c->first->name : NULL);
	json_put_int(doc, "refused_at_start", true, (int64_t)start);
	json_object_object_add(doc, "program_seen", json_object_new_boolean(program));
	json_print(doc);
}

/* Would a call of this machine's own architecture be stopped? */
static bool stops(const struct subject *s, const char *call)
{
	int32_t nr = call ? syscall_number(arch_native(), call) : -1;
	struct bpf_answers answers;

	if (nr < 0)
		return false;
	judge_call(s, arch_native(), nr, &answers);
	return check_verdict(arch_native(), nr, &answers) != CHECK_PASSES;
}

/*
 * Would a runtime get through its own start? When it was asked for, by all that its table has; else
 * by what it does in every start, and, where `privileged`, in every one without no-new-privileges.
 */
static size_t check_runtime(const struct subject *s, const struct runtime *r, bool asked,
			    bool privileged, bool quiet)
{
	auto_buf struct buf line = { 0 };
	const char *call, *first = stops(s, r->first) ? r->first : NULL,
			  *first_nnp = stops(s, r->first_nnp) ? r->first_nnp : NULL;
	const char *between;
	enum runtime_when when;
	size_t n;

	if (!asked && !privileged)
		first = first_nnp;
	between = first ? ", then " : "";
	n = first != NULL;
	if (first != NULL)
		buf_printf(&line, "%s first", first);
	if (first != NULL && first_nnp != NULL && strcmp(first, first_nnp) != 0)
		buf_printf(&line, " (%s with no-new-privileges)", first_nnp);
	for (size_t i = 0; (call = runtime_call_when(r, i, &when)) != NULL; i++) {
		if ((!asked && when != RUNTIME_ALWAYS &&
		     !(privileged && when == RUNTIME_PRIVILEGED)) ||
		    !stops(s, call) || (first != NULL && strcmp(call, first) == 0))
			continue;
		buf_printf(&line, "%s%s", between, call);
		between = ", ";
		n++;
	}
	if (n && !quiet)
		command_say("under %s the program would not start: it needs %s", r->version,
			    buf_text(&line));
	return n;
}

/* Does the evidence have a tree of this loader, and one with calls that it makes only with
 * privileges? */
static bool shows(const struct query *q, const struct selection *sel, const struct runtime *r,
		  bool *privileged)
{
	bool any = false;

	*privileged = false;
	for (size_t i = 0; i < q->uses.n; i++) {
		const struct query_use *u = &q->uses.v[i];
		const struct query_call *c = &q->calls.v[u->call];
		const struct query_image *m = &q->images.v[u->image];
		enum runtime_when when;
		char name[SYSCALL_NAME_MAX];
		const char *call;

		if (!sel->use_in[i] || !m->loader || !runtime_is(r, m->path) ||
		    !syscall_name(c->arch, c->nr, name))
			continue;
		any = true;
		for (size_t k = 0; (call = runtime_call_when(r, k, &when)) != NULL; k++)
			*privileged |= when == RUNTIME_PRIVILEGED && strcmp(call, name) == 0;
	}
	return any;
}

/* Runtimes that the evidence shows, though no whole start by them: what their tables know counts
 * unasked. */
static size_t check_shown(const struct subject *s, const struct query *q,
			  const struct selection *sel, const struct whole *w,
			  const struct runtime *asked, bool quiet)
{
	const struct runtime *r;
	bool privileged;
	size_t n = 0;

	for (size_t i = 0; (r = runtime_at(i)) != NULL; i++)
		if (r != asked && shows(q, sel, r, &privileged) && !whole_shows_start(w, q, sel, r))
			n += check_runtime(s, r, false, privileged, quiet);
	return n;
}

/* Which of the calls depend on the version of runc, and which pass whatever a filter says. */
static void say_versions(const struct check *c, const struct subject *s)
{
	size_t differ = 0;

	for (size_t i = 0; i < c->calls.n; i++) {
		const struct check_call *call = &c->calls.v[i];

		differ += versions_differ(s, call->arch, call->nr);
		if (bpf_bypasses(call->arch, call->nr))
			command_say(
				"%s passes whatever a filter says: only the kernel's own code makes it, and the kernel looks at no filter for it",
				call->name);
	}
	if (differ)
		command_say(
			"runc 1.2 answers %zu of the calls differently from runc 1.1 (%s): --runtime runc-1.1 or runc-1.2 says which runs",
			differ, "ENOSYS above the highest number of the list");
}

/* Of what is judged: the verdict, then what it rests on. starts: the runtime's start would not be
 * refused, as far as that is known. */
static void print_verdict(const struct check *c, const struct subject *s, bool starts)
{
	auto_buf struct buf answer = { 0 }, unread = { 0 };

	for (size_t i = 0; i < s->policy.unread.n && i < UNREAD_NAMED; i++)
		buf_printf(&unread, "%s%s", i ? "; " : "", s->policy.unread.v[i]);
	if (s->policy.unread.n > UNREAD_NAMED)
		buf_printf(&unread, " and %zu more", s->policy.unread.n - UNREAD_NAMED);

	if (c->first != NULL) {
		check_words(&answer, &c->first->answers);
		command_say("it would not start: %.*s needs %s first (%s)",
			    (int)c->first->loader_path.n, c->first->loader_path.p, c->first->name,
			    buf_text(&answer));
	}
	say_versions(c, s);
	if (c->refused + c->depends + c->unknown > 0)
		command_say(
			"of %zu calls that were seen, %zu would be refused, %zu depend on arguments%s",
			c->calls.n, c->refused, c->depends,
			c->unknown ? ", and of some nothing can be said" : "");
	else if (starts && unread.n)
		command_say(
			"what was read would refuse none of the %zu calls that were seen; not read: %s",
			c->calls.n, buf_text(&unread));
	else if (starts)
		command_say("all %zu calls that were seen pass", c->calls.n);
	else
		command_say("none of the %zu calls that were seen is refused, but the start is",
			    c->calls.n);
}

static void show(const struct opts *o, const struct check *c, const struct binaries *b,
		 const struct subject *s, bool program, size_t start)
{
	if (opt_on(o, OPT_json))
		print_json(c, b, program, start);
	else
		print_table(c, opt_on(o, OPT_verbose));
	if (opt_on(o, OPT_quiet))
		return;
	print_verdict(c, s, start == 0);
	binaries_say(b, &s->policy, opt_on(o, OPT_verbose));
}

/* What the answer rests on: did all of it arrive? */
static void say_evidence(const struct opts *o, const struct selection *sel,
			 const struct summary_evidence *ev)
{
	struct summary talk = { 0 };

	if (sel->program)
		summary_of_evidence(&talk, ev);
	else
		summary_of_loaders(&talk, sel, ev->losses);
	talk_say(&talk, o);
}

/* The answers, and what they rest on. Returns how many calls would be refused, and what else makes
 * the answer no. */
static size_t answer(const struct opts *o, struct selected *s, const struct subject *subject,
		     const struct runtime *runtime, const struct check *c,
		     struct summary_evidence *ev)
{
	bool quiet = opt_on(o, OPT_quiet);
	struct binaries b;
	struct whole whole;
	size_t more;

	whole_find(&whole, ev->q, ev->s);
	// cppcheck-suppress autoVariables ; it is set back below
	ev->whole = &whole;
	more = runtime ? check_runtime(subject, runtime, true, true, quiet) : 0;
	more += check_shown(subject, ev->q, ev->s, &whole, runtime, quiet);
	binaries_find(&b, &s->query, ev->s);
	show(o, c, &b, subject, ev->s->program, more);
	say_evidence(o, ev->s, ev);
	VEC_FREE(&b);
	ev->whole = NULL;
	whole_release(&whole);
	return c->refused + more + (opt_on(o, OPT_strict) ? c->depends + c->unknown : 0) +
	       !ev->s->program;
}

static int check_policy(const struct opts *o, struct selected *s, const struct subject *subject,
			struct err *e)
{
	struct active_policies policies = { 0 };
	struct check_proof proof = { &policies, &subject->policy };
	struct query_losses losses = { 0 };
	const struct target *version;
	const struct runtime *runtime;
	struct selection sel;
	struct summary_evidence ev = { &s->query, &sel, &losses, NULL, &policies };
	struct check c;

	if (runtime_choose(&runtime, &version, opt_text(o, OPT_runtime, NULL),
			   opt_text(o, OPT_target, NULL), e) < 0)
		return (int)e->status;
	s->options.whole_locations = true;
	s->options.all = s->options.all || !select_names_something(&s->options);
	select_run(&sel, &s->query, &s->workloads, &s->options);
	active_load(&policies, &s->query, &sel);
	check_run(&c, &s->query, &sel, judge_call, subject,
		  subject->policy.format != NULL ? &proof : NULL);
	if (c.calls.n == 0)
		err_set(e, ST_NO, "nothing that matches was seen and let through");
	else if (sel.program ? lives_losses(&losses, &s->query, &s->store, &sel, e) == 0 :
			       selector_losses(&losses, s, o, e) == 0)
		e->status = answer(o, s, subject, runtime, &c, &ev) > 0 ? ST_NO : ST_OK;
	check_release(&c);
	active_release(&policies);
	select_release(&sel);
	VEC_FREE(&losses);
	return (int)e->status;
}

static int run_check(struct opts *o, struct err *e)
{
	struct subject subject = { 0 };
	struct selected s = { 0 };
	int ret = -1;

	if (o->n_args > 0 ? opt_on(o, OPT_pid) : !process_is_named(o))
		err_set(e, ST_INPUT,
			"check takes a profile or --pid N (or --container, --pod), and who is to be checked: scaudit check PROFILE.json --comm NAME");
	else
		ret = o->n_args == 0 ? of_process(&subject, o, e) :
				       of_file(&subject, o, o->args[0], e);
	if (ret == 0)
		ret = selector_open_some(&s, o, SELECTOR_TREES, e);
	ret = ret < 0 ? (int)e->status : check_policy(o, &s, &subject, e);
	selector_release(&s);
	release(&subject);
	return ret;
}

const struct command command_check = {
	.name = "check",
	.args = "[PROFILE] [SELECTOR]",
	.about = "say what a profile would refuse of what was seen",
	.help = "Puts each call that was seen to the filter as the kernel would run it, and lists what would be refused. Nothing is\n"
		"run. A profile is compiled as runc does it (systemd's and minijail's, or with another --runtime: without runc's ENOSYS\n"
		"for calls above the highest that it names); a file of raw instructions is taken as it is; --pid N takes the filters of a running process,\n"
		"and so do --container and --pod where no profile is given.\n\n"
		"    scaudit check myapp.json --comm myapp\n\n"
		"Without a selector: all that is in the store. The status is 1 where something would be refused (--strict: or depends on\n"
		"arguments). Where the evidence shows a runtime without a whole start, its own table is put to the filter as well.\n"
		"Programs that have changed since they were captured are named on stderr.",
	.groups = G_STORE | G_SELECT | G_SCOPE | G_JSON | G_CHECK | G_POLICY,
	.max_args = 1,
	.run = run_check,
};
