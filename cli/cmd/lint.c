// SPDX-License-Identifier: Apache-2.0
/* lint: prints the traps of a profile; the exit status says whether there are any. */
#include "analyze/policy/lint.h"
#include "cli/command.h"
#include "cli/policy.h"
#include "cli/term.h"
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

static void print_json(const struct lint *l, const char *file)
{
	json_object *doc = json_object_new_object(), *list = json_object_new_array();

	json_put_text(doc, "file", true, bytes_of(file));
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

static int report(const struct opts *o, const struct policy *p, const struct target *target)
{
	struct lint l;
	int ret;

	lint_policy(&l, p, target);
	if (opt_on(o, OPT_json))
		print_json(&l, o->args[0]);
	else if (l.findings.n)
		print_table(&l);
	if (!opt_on(o, OPT_quiet))
		command_say("%zu error%s, %zu warning%s", l.counts[LINT_ERROR], l.counts[LINT_ERROR] == 1 ? "" : "s",
			    l.counts[LINT_WARNING], l.counts[LINT_WARNING] == 1 ? "" : "s");
	ret = l.counts[LINT_ERROR] ? ST_NO : ST_OK;
	lint_release(&l);
	return ret;
}

static int run_lint(struct opts *o, struct err *e)
{
	const char *name = opt_text(o, OPT_target, NULL);
	const struct target *target = NULL;
	struct policy p;
	int ret;

	if (o->n_args != 1)
		return err_set(e, ST_INPUT, "lint takes a profile: scaudit lint PROFILE") < 0 ? ST_INPUT : ST_OK;
	if (name != NULL && (target = target_find(name, e)) == NULL)
		return (int)e->status;
	ret = policy_open(&p, o->args[0], o, e) < 0 ? (int)e->status : report(o, &p, target);
	policy_release(&p);
	return ret;
}

const struct command command_lint = {
	.name = "lint", .args = "PROFILE", .about = "look for traps in a profile",
	.help = "Looks for what loaders pass over, refuse or read otherwise than it was meant, and for calls that deserve a look.\n"
		"Exit status 1: there are errors.\n\n"
		"    scaudit lint myapp.json",
	.groups = G_JSON | G_POLICY | G_LINT, .max_args = 1, .run = run_lint,
};
