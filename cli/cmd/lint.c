// SPDX-License-Identifier: Apache-2.0
/* lint: prints the traps of a profile; the exit status says whether there are any. */
#include "analyze/input/kube.h"
#include "analyze/policy/lint.h"
#include "cli/command.h"
#include "cli/policy.h"
#include "cli/term.h"
#include "store/base/esc.h"
#include "store/base/json.h"

static void print_table(const struct lint *l)
{
	static const char *const heads[] = { "severity", "trap", "what", "?why" };
	struct term_table t;

	term_table_init(&t, heads, ARRAY_SIZE(heads), ARRAY_SIZE(heads) - 1);
	for (size_t i = 0; i < l->findings.n; i++) {
		const struct lint_finding *f = &l->findings.v[i];

		term_cell(&t, "%s", lint_severity_word(f->rule->severity));
		term_cell(&t, "%s", f->rule->word);
		term_cell(&t, "%s", f->what);
		term_cell(&t, "%s", f->why);
	}
	term_table_print(&t, stdout);
}

static void print_json(const struct lint *l, const char *file, const char *name)
{
	json_object *doc = json_object_new_object(), *list = json_object_new_array();

	json_put_text(doc, "file", true, bytes_of(file));
	if (name != NULL)
		json_put_text(doc, "profile", true, bytes_of(name));
	for (size_t i = 0; i < l->findings.n; i++) {
		const struct lint_finding *f = &l->findings.v[i];
		json_object *one = json_object_new_object();

		json_put_word(one, "severity", lint_severity_word(f->rule->severity));
		json_put_word(one, "trap", f->rule->word);
		json_put_word(one, "what", f->what);
		json_put_word(one, "why", f->why);
		json_object_array_add(list, one);
	}
	json_object_object_add(doc, "findings", list);
	json_put_int(doc, "errors", true, (int64_t)l->counts[LINT_ERROR]);
	json_put_int(doc, "warnings", true, (int64_t)l->counts[LINT_WARNING]);
	json_print(doc);
}

static int say_counts(const struct opts *o, const size_t counts[3])
{
	if (!opt_on(o, OPT_quiet))
		command_say("%zu error%s, %zu warning%s", counts[LINT_ERROR],
			    counts[LINT_ERROR] == 1 ? "" : "s", counts[LINT_WARNING],
			    counts[LINT_WARNING] == 1 ? "" : "s");
	return counts[LINT_ERROR] ? ST_NO : ST_OK;
}

/* name: of a file with several; NULL. */
static int report(const struct opts *o, const struct policy *p, const struct target *target,
		  const char *name)
{
	auto_buf struct buf shown = { 0 };
	struct lint l;
	int ret;

	lint_policy(&l, p, target);
	if (name != NULL && !opt_on(o, OPT_json)) {
		esc_shell(&shown, bytes_of(name));
		printf("%s:\n", buf_text(&shown));
	}
	if (opt_on(o, OPT_json))
		print_json(&l, o->args[0], name);
	else if (l.findings.n)
		print_table(&l);
	ret = say_counts(o, l.counts);
	lint_release(&l);
	return ret;
}

/* ---- what runs containers ---- */

static int report_contexts(const struct opts *o, const struct kube_findings *found)
{
	struct lint l = { 0 };
	struct lint_rule rules[] = { { "security-context", LINT_ERROR, "" },
				     { "security-context", LINT_WARNING, "" },
				     { "security-context", LINT_NOTE, "" } };
	int ret;

	for (int severity = 0; severity < 3; severity++)
		for (size_t i = 0; i < found->n; i++)
			if ((int)found->v[i].severity == severity) {
				*VEC_PUSH(&l.findings) =
					(struct lint_finding){ &rules[severity], found->v[i].what,
							       found->v[i].why };
				l.counts[severity]++;
			}
	if (opt_on(o, OPT_json))
		print_json(&l, o->args[0], NULL);
	else if (l.findings.n)
		print_table(&l);
	ret = say_counts(o, l.counts);
	lint_release(&l);
	return ret;
}

/* Each of several profiles in turn. The worst of them is the status. */
static int lint_all(const struct opts *o, struct bytes text, const struct target *target,
		    const struct policy *names, struct err *e)
{
	int worst = ST_OK;

	for (size_t i = 0; i < names->profiles.n; i++) {
		struct policy p;
		int ret = policy_open_nth(&p, text, o->args[0], i + 1, o, e) < 0 ?
				  (int)e->status :
				  report(o, &p, target, names->profiles.v[i]);

		policy_release(&p);
		if (ret != ST_OK && ret != ST_NO)
			return ret;
		worst = ret == ST_NO ? ST_NO : worst;
	}
	return worst;
}

static int lint_text(const struct opts *o, struct bytes text, const struct target *target,
		     struct err *e)
{
	struct policy p, names;
	struct kube_findings found;
	int ret;

	policy_names(&names, text, o->args[0], o);
	if (names.profiles.n > 0)
		ret = lint_all(o, text, target, &names, e);
	else if (policy_open_text(&p, text, o->args[0], o, e) == 0)
		ret = report(o, &p, target, NULL);
	else
		ret = (int)e->status;
	if (names.profiles.n == 0)
		policy_release(&p);
	policy_release(&names);
	if (ret == ST_INPUT && kube_contexts(text, &found)) {
		ret = report_contexts(o, &found);
		kube_findings_release(&found);
		*e = (struct err){ 0 };
	}
	return ret;
}

static int run_lint(struct opts *o, struct err *e)
{
	const char *name = opt_text(o, OPT_target, NULL);
	auto_buf struct buf text = { 0 };
	const struct target *target = NULL;

	if (o->n_args != 1)
		return err_set(e, ST_INPUT, "lint takes a profile: scaudit lint PROFILE") < 0 ?
			       ST_INPUT :
			       ST_OK;
	if ((name != NULL && (target = target_find(name, e)) == NULL) ||
	    input_load(&text, o->args[0], e) < 0)
		return (int)e->status;
	return lint_text(o, buf_bytes(&text), target, e);
}

const struct command command_lint = {
	.name = "lint",
	.args = "PROFILE",
	.about = "look for traps in a profile",
	.help = "Looks for what loaders pass over, refuse or read otherwise than it was meant, and for calls that deserve a look.\n"
		"Exit status 1: there are errors.\n\n"
		"    scaudit lint myapp.json",
	.groups = G_JSON | G_POLICY | G_LINT,
	.max_args = 1,
	.run = run_lint,
};
