// SPDX-License-Identifier: Apache-2.0
/* profile: makes a list of what was selected and writes it in the format that is asked for. */
#include "analyze/evidence/lives.h"
#include "analyze/output/output.h"
#include "analyze/policy/runtime.h"
#include "analyze/profile/summary.h"
#include "cli/command.h"
#include "cli/each.h"
#include "cli/rollout.h"
#include "cli/selector.h"
#include "cli/talk.h"
#include "cli/term.h"
#include "cli/verdict.h"
#include "store/base/esc.h"
#include "store/base/json.h"
#include "store/base/outfile.h"
#include "store/base/when.h"
#include "store/model/action.h"
#include "store/model/arch.h"
#include "store/model/syscall.h"

#include <inttypes.h>
#include <string.h>

static bool is_minijail(const char *format)
{
	return strcmp(format, "minijail") == 0 || strcmp(format, "minijail-frequency") == 0;
}

static int read_options(struct profile_options *out, const struct output **format, const struct opts *o, struct err *e)
{
	const char *name = opt_text(o, OPT_format, "oci"), *own = is_minijail(name) && !opt_on(o, OPT_base) ? "kill_process" : "errno";
	const char *action = opt_text(o, OPT_default_action, own);
	auto_buf struct buf known = { 0 };

	*out = (struct profile_options){ .block = opt_on(o, OPT_block), .include_denied = opt_on(o, OPT_include_denied),
					 .kills = strcmp(opt_text(o, OPT_stage, ""), "kill") == 0 };
	if (!action_parse(action, &out->default_action))
		return err_set(e, ST_INPUT, "--default-action: no such action: '%.40s' (try errno, kill_process, log)", action);
	if (out->default_action == ACTION_ALLOW)
		return err_set(e, ST_INPUT, "a list of allowed calls that allows all else forbids nothing (--block makes a "
			       "list of what was denied)");
	if (out->default_action == ACTION_NOTIFY || out->default_action == ACTION_TRACE)
		return err_set(e, ST_INPUT, "%s as a default needs a program that answers each call; no runtime has one",
			       action_scmp(out->default_action));
	out->kills |= action_kills(out->default_action);
	*format = output_find(name);
	if (*format != NULL && opt_on(o, OPT_group) && !(*format)->groups)
		return err_set(e, ST_INPUT, "--group: %s has no sets of calls (systemd and systemd-log have)", name);
	if (*format != NULL && is_minijail(name) && !opt_on(o, OPT_default_action) && !opt_on(o, OPT_quiet) && !opt_on(o, OPT_base) && !out->block)
		command_say("minijail's policies kill what they do not name, so this one does (--default-action says otherwise)");
	if (*format != NULL)
		return 0;
	for (size_t i = 0; output_at(i) != NULL; i++)
		buf_printf(&known, "%s%s", i ? ", " : "", output_at(i)->name);
	return err_set(e, ST_INPUT, "--format: no such format: '%.40s' (there are: %s)", name, buf_text(&known));
}

/* What the list gets without evidence. */
static int read_grounds(struct profile_options *out, struct baseline *baseline, const struct opts *o, enum scope scope, struct err *e)
{
	const char *runtime = opt_text(o, OPT_runtime, NULL);
	const struct target *version;

	if (baseline_load(baseline, opt_text(o, OPT_baseline, scope == SCOPE_ONLY || out->block ? "none" : "default"), e) < 0)
		return -1;
	out->baseline = baseline;
	return runtime_choose(&out->runtime, &version, runtime, opt_text(o, OPT_target, NULL), e);
}

/* ---- --explain ---- */

/* A row for a name that stands there without evidence. */
static void explain_ground(struct term_table *t, const struct profile *p, const struct profile_rule *r)
{
	term_cell(t, "%s", r->name.p);
	term_cell(t, "0");
	term_cell(t, "0");
	term_cell(t, "0");
	term_cell(t, "-");
	term_cell(t, "-");
	term_cell(t, "%s", profile_ground_word(r->ground));
	term_cell(t, "%s", r->ground == GROUND_RUNTIME ? p->o.runtime->version : "-");
}

/* By what its calls are known: records whose source may be trusted or not, or have no id of their event; or a tool's file. */
static const char *source_of(const struct profile_caller *c)
{
	if (c->kind != KIND_SECCOMP)
		return kind_at(c->kind)->name;
	return c->trusted ? "trusted" : c->events + c->denied ? "text" : "no id";
}

static void explain_rule(struct term_table *t, const struct profile *p, const struct profile_rule *r)
{
	struct profile_callers callers;

	if (r->ground != GROUND_SEEN)
		explain_ground(t, p, r);
	profile_callers(&callers, p, r);
	for (size_t i = 0; i < callers.n; i++) {
		const struct profile_caller *c = &callers.v[i];
		auto_buf struct buf who = { 0 }, first = { 0 }, last = { 0 };
		char stamp[32];

		buf_add(&who, c->path.p, c->path.n);
		buf_str(&who, " [");
		esc_tty(&who, c->comm);
		buf_char(&who, ']');
		if (c->subj.n) {
			buf_char(&who, ' ');
			esc_tty(&who, c->subj);
		}
		if (c->args.n) {
			buf_str(&who, " (arguments seen: ");
			buf_add(&who, c->args.p, c->args.n);
			buf_char(&who, ')');
		}
		buf_str(&first, c->t_first == WHEN_NONE ? "-" : when_local(c->t_first, stamp));
		buf_str(&last, c->t_last == WHEN_NONE ? "-" : when_local(c->t_last, stamp));
		term_cell(t, "%s", r->name.p);
		term_cell(t, "%" PRIu64, c->events);
		term_cell(t, "%" PRIu64, c->denied);
		term_cell(t, "%" PRIu64, c->starts);
		term_cell(t, "%s", buf_text(&first));
		term_cell(t, "%s", buf_text(&last));
		if (c->kind != KIND_SECCOMP && c->made)
			term_cell(t, "%s: %" PRIu64, kind_at(c->kind)->name, c->made);
		else
			term_cell(t, "%s", source_of(c));
		term_cell_text(t, buf_bytes(&who));
	}
	profile_callers_release(&callers);
}

static int explain(FILE *to, const struct output_input *in, struct err *e)
{
	static const struct profile none;
	const struct profile *p = in->profile ? in->profile : &none;
	static const char *const heads[] = { "syscall", ">events", "?>denied", "?>starts", "?first", "?last",
					     "?source", "caller" };
	struct term_table t;

	term_table_init(&t, heads, ARRAY_SIZE(heads), ARRAY_SIZE(heads) - 1);
	for (size_t i = 0; i < p->rules.n; i++)
		explain_rule(&t, p, &p->rules.v[i]);
	for (size_t i = 0; i < p->denied.n; i++)
		explain_rule(&t, p, &p->denied.v[i]);
	term_table_print(&t, to);
	(void)e;
	return 0;
}

/* The same as one document; what has no evidence has no callers. */
static json_object *rule_json(const struct profile *p, const struct profile_rule *r, bool denied)
{
	json_object *row = json_object_new_object(), *rows = json_object_new_array();
	struct profile_callers callers;

	json_put_word(row, "name", r->name.p);
	json_put_word(row, "ground", denied ? "denied" : r->ground == GROUND_SEEN ? "seen" : profile_ground_word(r->ground));
	profile_callers(&callers, p, r);
	for (size_t i = 0; i < callers.n; i++) {
		const struct profile_caller *c = &callers.v[i];
		json_object *caller = json_object_new_object();

		json_put_text(caller, "path", true, c->path);
		json_put_text(caller, "comm", true, c->comm);
		json_put_text(caller, "subj", c->subj.n > 0, c->subj);
		json_put_int(caller, "events", true, (int64_t)c->events);
		json_put_int(caller, "denied", true, (int64_t)c->denied);
		json_put_int(caller, "starts", true, (int64_t)c->starts);
		json_put_time(caller, "first", c->t_first);
		json_put_time(caller, "last", c->t_last);
		json_put_word(caller, "source", source_of(c));
		json_put_word(caller, "kind", kind_at(c->kind)->name);
		json_put_text(caller, "arguments", c->args.n > 0, buf_bytes(&c->args));
		json_put_int(caller, "made", c->kind != KIND_SECCOMP, (int64_t)c->made);
		json_object_array_add(rows, caller);
	}
	json_object_object_add(row, "callers", rows);
	profile_callers_release(&callers);
	return row;
}

static int explain_json(FILE *to, const struct output_input *in, struct err *e)
{
	static const struct profile none;
	const struct profile *p = in->profile ? in->profile : &none;
	json_object *doc = json_object_new_object(), *rows = json_object_new_array();

	for (size_t i = 0; i < p->rules.n; i++)
		json_object_array_add(rows, rule_json(p, &p->rules.v[i], false));
	for (size_t i = 0; i < p->denied.n; i++)
		json_object_array_add(rows, rule_json(p, &p->denied.v[i], true));
	json_object_object_add(doc, "calls", rows);
	fprintf(to, "%s\n", json_object_to_json_string_ext(doc, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(doc);
	(void)e;
	return 0;
}

/* ---- writing ---- */

typedef int write_fn(FILE *to, const struct output_input *in, struct err *e);

/* The selecting options as they were given, for who reads the list later. */
static void selector_text(struct buf *out, const struct opts *o)
{
	for (int i = 0; i < N_OPTS; i++)
		for (size_t k = 0; k < o->given[i].n && opt_selects((enum opt)i); k++) {
			buf_printf(out, "%s--%s", out->n ? " " : "", opt_name((enum opt)i));
			if (o->given[i].v[k][0] == '\0')
				continue;
			buf_char(out, ' ');
			esc_shell(out, bytes_of(o->given[i].v[k]));
		}
}

/* Leaves one architecture of a list, and of its names those that it has. */
static int keep_arch(struct policy *p, const char *word, struct err *e)
{
	auto_buf struct buf known = { 0 };
	size_t at = 0;

	while (at < p->archs.n && strcmp(word, arch_name(p->archs.v[at])) != 0 && strcmp(word, arch_scmp(p->archs.v[at])) != 0)
		at++;
	for (size_t i = 0; i < p->archs.n; i++)
		buf_printf(&known, "%s%s", i ? ", " : "", arch_name(p->archs.v[i]));
	if (at == p->archs.n)
		return err_set(e, ST_INPUT, "--arch: the list has no '%.40s' (it has: %s)", word, buf_text(&known));
	p->archs.v[0] = p->archs.v[at];
	p->archs.n = 1;
	for (size_t i = 0; i < p->rules.n; i++) {
		size_t n = 0;

		for (size_t k = 0; k < p->rules.v[i].names.n; k++)
			if (syscall_exists(p->archs.v[0], p->rules.v[i].names.v[k]))
				p->rules.v[i].names.v[n++] = p->rules.v[i].names.v[k];
		p->rules.v[i].names.n = n;
	}
	return 0;
}

/* The list, and beside it what is known of it: both are whole before either is put in its place. */
static int write_both(const struct opts *o, write_fn *write, const struct output_input *in, struct err *e)
{
	struct outfile list = { 0 }, evidence = { 0 };
	bool both = opt_on(o, OPT_evidence);
	int ret = 0;

	if (both)
		ret = outfile_open(&evidence, opt_text(o, OPT_evidence, NULL), e);
	if (ret == 0)
		ret = outfile_open(&list, opt_text(o, OPT_output, NULL), e);
	if (ret == 0 && both && outfile_same(&evidence, &list))
		ret = err_set(e, ST_INPUT, "--evidence: the list itself goes there");
	if (ret == 0 && both)
		ret = output_find("json")->write(evidence.to, in, e) < 0 ? -1 : outfile_complete(&evidence, e);
	if (ret == 0)
		ret = write(list.to, in, e) < 0 ? -1 : outfile_complete(&list, e);
	if (ret == 0 && both)
		ret = outfile_commit(&evidence, e);
	if (ret == 0)
		ret = outfile_commit(&list, e);
	outfile_release(&list);
	outfile_release(&evidence);
	return ret;
}

/* Where it is not known what left no records, or no beginning is there, no name can be taken off. */
static int can_tighten(const struct opts *o, const struct profile *p, struct err *e)
{
	const struct active_policies *f = p->o.active_policies;

	if (!opt_on(o, OPT_tighten))
		return 0;
	if (p->s != NULL && p->s->starts == 0)
		return err_set(e, ST_NO, "--tighten: no start is among the trees, so what is made there is not known, and no name can be taken off");
	if (f == NULL || (!f->unread && !f->open))
		return 0;
	return err_set(e, ST_INPUT, "--tighten: it was recorded under %.*s, %s, so no name can be judged",
		       (int)f->name.n, f->name.p, f->unread ? "of which not all can be read here" :
		       "which lets through what it does not name");
}

static void widen(struct policy *p, const char *format, bool quiet);

/* known: what is known of the evidence, by what was asked of it here. */
static int write_out(const struct opts *o, const struct output *format, const struct profile *p, const struct provenance *known, struct err *e)
{
	auto_buf struct buf selector = { 0 };
	struct provenance from = { .version = SCAUDIT_VERSION, .loss = known->loss, .readiness = known->readiness };
	struct policy policy;
	struct output_input in = { .policy = &policy, .profile = p->s ? p : NULL, .from = &from, .group = opt_on(o, OPT_group) };
	write_fn *write = !opt_on(o, OPT_explain) ? format->write : opt_on(o, OPT_json) ? explain_json : explain;
	int ret;

	if (can_tighten(o, p, e) < 0)
		return -1;
	selector_text(&selector, o);
	from.selector = buf_text(&selector);
	profile_policy(&policy, p);
	if (!format->args)
		widen(&policy, format->name, opt_on(o, OPT_quiet));
	if (rollout_apply(&policy, format->conditions, o, e) < 0 ||
	    (opt_on(o, OPT_arch) && !opt_on(o, OPT_base) && keep_arch(&policy, opt_text(o, OPT_arch, NULL), e) < 0))
		ret = -1;
	else
		ret = write_both(o, write, &in, e);
	policy_release(&policy);
	return ret;
}

/* A format without conditions on arguments gets the name whole: without it the program would be refused what it was allowed. */
static void widen(struct policy *p, const char *format, bool quiet)
{
	auto_buf struct buf names = { 0 };
	size_t left = 0;

	for (size_t i = 0; i < p->rules.n; i++) {
		struct policy_rule *r = &p->rules.v[i];
		struct policy_words *whole = &p->rules.v[0].names;
		bool has = r->args.n == 0;

		if (has) {
			p->rules.v[left++] = *r;
			continue;
		}
		for (size_t k = 0; k < whole->n && !has; k++)
			has = strcmp(whole->v[k], r->names.v[0]) == 0;
		if (!has) {
			buf_printf(&names, "%s%s", names.n ? ", " : "", r->names.v[0]);
			*VEC_PUSH(whole) = r->names.v[0];
		}
		policy_rule_release(r);
	}
	p->rules.n = left;
	if (names.n && !quiet)
		command_say("allowed whatever the arguments, since %s has no conditions on them: %s", format, buf_text(&names));
}

/* Builds the profile again, with the siblings of what it has. */
static void add_siblings(struct profile *p, struct stage_siblings *siblings, struct query *q, const struct selection *sel,
			 struct profile_options *po)
{
	struct policy policy;

	profile_policy(&policy, p);
	stage_siblings(siblings, &policy);
	policy_release(&policy);
	profile_release(p);
	po->siblings = siblings;
	profile_build(p, q, sel, po);
}

/* --require, and the verdict in one line: *said for the summary, *kept for who reads the list later. 1: what is required is not so. */
static int judge(const struct opts *o, struct selected *s, const struct selection *sel, struct buf *said, struct buf *kept, struct err *e)
{
	struct readiness r = { 0 };
	int ret = verdict_find(&r, o, s, sel, e);

	if (ret == 0)
		ret = verdict_requires(o, &r, e);
	if (ret == 0) {
		verdict_line(kept, &r);
		buf_printf(said, "readiness: %s: %s", readiness_verdict_word(r.verdict), buf_text(&r.why));
		if (opt_on(o, OPT_require) || opt_on(o, OPT_verbose))
			buf_printf(said, "; records arrived: %s: %s", readiness_arrived_word(r.arrived), buf_text(&r.why_arrived));
	}
	readiness_release(&r);
	return ret;
}

/* The summary's second line, behind what says whether the list may be enforced at all. */
static void put_second(struct summary *talk, struct buf *line)
{
	size_t at = talk->n > 0;

	if (line->n == 0)
		return;
	*VEC_PUSH(talk) = NULL;
	memmove(&talk->v[at + 1], &talk->v[at], (talk->n - 1 - at) * sizeof(*talk->v));
	talk->v[at] = mem_dup(buf_text(line));
	talk->loss += talk->loss > at;
}

static int make(const struct opts *o, struct selected *s, const struct selection *sel, const struct summary_advice *advice, struct err *e)
{
	const struct output *format = NULL;
	struct profile_options po;
	struct profile p;
	struct query_losses losses = { 0 };
	struct summary talk = { 0 };
	struct stage_siblings siblings = { 0 };
	struct active_policies active_policies = { 0 };
	struct baseline baseline = { 0 };
	auto_buf struct buf said = { 0 }, readiness = { 0 };
	struct whole whole;
	int ret = ST_OK;

	if (read_options(&po, &format, o, e) < 0 || read_grounds(&po, &baseline, o, s->options.scope, e) < 0 ||
	    lives_losses(&losses, &s->query, &s->store, sel, e) < 0) {
		baseline_release(&baseline);
		return (int)e->status;
	}
	active_load(&active_policies, &s->query, sel);
	whole_find(&whole, &s->query, sel);
	po.whole = &whole;
	po.active_policies = opt_on(o, OPT_block) || s->options.scope == SCOPE_ONLY ? NULL : &active_policies;
	profile_build(&p, &s->query, sel, &po);
	if (rollout_adds_siblings(o) && !opt_on(o, OPT_base)) /* of a base: rollout_apply */
		add_siblings(&p, &siblings, &s->query, sel, &po);
	if (p.rules.n == 0 && p.denied.n > 0) {
		command_say("only denials match, no record of what was let through (LOG): there is no list to make of "
			    "them; 'scaudit denials' shows them, --include-denied lists what was asked for");
		ret = ST_NO;
	} else if (p.rules.n == 0) {
		if (po.block)
			command_say("nothing that matches was denied");
		else
			command_say("no name is left for a list");
		ret = ST_NO;
	}
	if (ret == ST_OK && (!po.block || opt_on(o, OPT_require)) && judge(o, s, sel, &said, &readiness, e) != 0)
		ret = (int)e->status;
	if (ret == ST_OK)
		summary_of_profile(&talk, &p, &losses, &s->workloads, &s->options, advice);
	put_second(&talk, &said);
	if (ret == ST_OK && opt_on(o, OPT_explain))
		summary_of_dangers(&talk, &p);
	if (ret == ST_OK && write_out(o, format, &p, &(struct provenance){ .loss = summary_loss(&talk), .readiness = buf_text(&readiness) }, e) < 0)
		ret = (int)e->status;
	talk_say_first(&talk, o);
	VEC_FREE(&losses);
	profile_release(&p);
	VEC_FREE(&siblings);
	active_release(&active_policies);
	whole_release(&whole);
	baseline_release(&baseline);
	return ret;
}

/* The stage to begin with, where nothing is known yet: everything is let through and logged. */
static int begin_observing(const struct opts *o, const char *why, struct err *e)
{
	struct profile none = { 0 };
	struct profile_options po;
	const struct output *format = NULL;

	if (read_options(&po, &format, o, e) < 0 || write_out(o, format, &none, &(struct provenance){ .loss = "" }, e) < 0)
		return (int)e->status;
	if (!opt_on(o, OPT_quiet))
		command_say("%s: this lets everything through and logs it", why);
	return ST_OK;
}

/* What cannot become a list, and why. */
static int say_why_not(const struct opts *o, struct selected *s, const struct selection *sel, struct summary *talk,
		       const struct summary_advice *advice, struct err *e)
{
	struct query_losses losses = { 0 };
	int ret = ST_NO;

	if (selector_losses(&losses, s, o, e) < 0)
		ret = (int)e->status;
	else if (sel->trees == 0)
		summary_of_nothing(talk, &s->query, &s->options, &losses, advice);
	else
		summary_of_loaders(talk, sel, &losses);
	VEC_FREE(&losses);
	return ret;
}

static int select_and_make(const struct opts *o, struct selected *s, bool observe, struct err *e)
{
	auto_buf struct buf all = { 0 }, rest = { 0 };
	struct summary_advice advice;
	struct selection sel;
	struct summary talk = { 0 };
	int ret = ST_NO;

	selector_command(&all, o, false);
	selector_command(&rest, o, true);
	advice = (struct summary_advice){ .all = buf_text(&all), .rest = buf_text(&rest), .unites = true };
	select_run(&sel, &s->query, &s->workloads, &s->options);
	if (!sel.program && observe)
		ret = begin_observing(o, sel.trees ? "no program that matches is known yet" : "nothing that matches is known yet", e);
	else if (sel.trees == 0 || (!sel.program && !opt_on(o, OPT_block)))
		ret = say_why_not(o, s, &sel, &talk, &advice, e);
	else if (sel.groups.n > 1 && !s->options.union_)
		summary_of_groups(&talk, &s->query, &sel, &s->options, &advice);
	else
		ret = make(o, s, &sel, &advice, e);
	talk_say_first(&talk, o);
	select_release(&sel);
	return ret;
}

static int make_selected(const struct opts *o, struct selected *s, struct err *e)
{
	return select_and_make(o, s, false, e);
}

/* No store, or no selector: where a rollout begins. */
static bool is_beginning(const struct opts *o, const struct err *e)
{
	bool named = false;

	for (int i = 0; i < N_OPTS; i++)
		named = named || (o->given[i].n > 0 && opt_selects((enum opt)i));
	return !named || e->status == ST_NO;
}

static int run_profile(struct opts *o, struct err *e)
{
	struct selected s = { 0 };
	bool observe = false;
	int ret = rollout_check(o, &observe, e);

	if (ret == 0)
		ret = selector_open_some(&s, o, SELECTOR_PROFILE, e);
	if (observe && is_beginning(o, e)) {
		*e = (struct err){ 0 };
		ret = begin_observing(o, "nothing is known yet", e);
	} else if (ret < 0) {
		ret = (int)e->status;
	} else if (opt_on(o, OPT_json) && !opt_on(o, OPT_explain)) {
		ret = err_set(e, ST_INPUT, "--json is for --explain; a list with all that is known of it is --format json") < 0 ? ST_INPUT : ST_OK;
	} else if (opt_on(o, OPT_each)) {
		s.options.whole_locations = true;
		ret = each_workload(o, &s, make_selected, e);
	} else if (!select_names_something(&s.options)) {
		ret = err_set(e, ST_INPUT, "of what? Name it: --comm NAME, --exe PATH, --label NAME, --workload ID ... or --all "
			      "('scaudit workloads' lists what there is)") < 0 ? ST_INPUT : ST_OK;
	} else {
		s.options.whole_locations = true;
		ret = select_and_make(o, &s, observe, e);
	}
	selector_release(&s);
	return ret;
}

const struct command command_profile = {
	.name = "profile", .args = "SELECTOR", .about = "make a seccomp profile of what was seen",
	.help = "Prints the allow-list of what the selected trees did: the selected program, its threads, what it started,\n"
		"and the loader and shell before it, since a filter covers them all. stderr says what the list rests on.\n\n"
		"    scaudit profile --comm myapp > myapp.json\n\n"
		"Selectors may be repeated: OR within a kind, AND between kinds.",
	.groups = G_STORE | G_SELECT | G_SCOPE | G_PROFILE | G_POLICY, .max_args = 0, .run = run_profile,
};
