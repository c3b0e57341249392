// SPDX-License-Identifier: Apache-2.0
/* diff: compares two profiles, or one with what was seen; the exit status is the answer. */
#include "analyze/evidence/lives.h"
#include "analyze/input/input.h"
#include "analyze/policy/diff.h"
#include "analyze/profile/profile.h"
#include "cli/command.h"
#include "cli/policy.h"
#include "cli/selector.h"
#include "cli/talk.h"
#include "cli/term.h"
#include "store/base/esc.h"
#include "store/base/json.h"

/* ---- what is printed ---- */

static void print_table(const struct diff *d)
{
	static const char *const heads[] = { "change", "what", "?effect", "from", "to" };
	struct term_table t;

	term_table_init(&t, heads, ARRAY_SIZE(heads), ARRAY_SIZE(heads) - 1);
	for (size_t i = 0; i < d->entries.n; i++) {
		const struct diff_entry *x = &d->entries.v[i];

		term_cell(&t, "%s", diff_kind_word(x->kind));
		term_cell_bytes(&t, bytes_of(x->name[0] ? x->name : "-"));
		term_cell(&t, "%s", diff_effect_word(x->effect));
		term_cell(&t, "%s", x->from);
		term_cell(&t, "%s", x->to);
	}
	term_table_print(&t, stdout);
}

static void print_json(const struct diff *d, const char *first, const char *second)
{
	json_object *doc = json_object_new_object(), *list = json_object_new_array();

	json_put_text(doc, "from", true, bytes_of(first));
	json_put_text(doc, "to", second != NULL,
		      bytes_of(second ? second : "")); /* null: the evidence */
	for (size_t i = 0; i < d->entries.n; i++) {
		const struct diff_entry *x = &d->entries.v[i];
		json_object *one = json_object_new_object();

		json_put_word(one, "change", diff_kind_word(x->kind));
		json_put_text(one, "name", x->name[0] != '\0', bytes_of(x->name));
		json_put_word(one, "effect", diff_effect_word(x->effect));
		json_put_word(one, "from", x->from);
		json_put_word(one, "to", x->to);
		json_object_array_add(list, one);
	}
	json_object_object_add(doc, "differences", list);
	for (int i = 0; i < 3; i++)
		json_put_int(doc, diff_effect_word((enum diff_effect)i), true,
			     (int64_t)d->effects[i]);
	json_print(doc);
}

static int report(const struct opts *o, const struct policy *a, const struct policy *b,
		  const char *second)
{
	struct diff d;
	int ret;

	diff_build(&d, a, b, second == NULL);
	if (opt_on(o, OPT_json))
		print_json(&d, o->args[0], second);
	else if (d.entries.n)
		print_table(&d);
	if (!opt_on(o, OPT_quiet) && d.entries.n)
		command_say("%zu difference%s: %zu looser, %zu stricter, %zu other", d.entries.n,
			    d.entries.n == 1 ? "" : "s", d.effects[DIFF_LOOSER],
			    d.effects[DIFF_STRICTER], d.effects[DIFF_OTHER]);
	else if (!opt_on(o, OPT_quiet))
		command_say("no difference");
	ret = d.entries.n ? ST_NO : ST_OK;
	diff_release(&d);
	return ret;
}

/* ---- a profile and another one ---- */

static int with_file(const struct opts *o, const struct policy *a, struct err *e)
{
	struct policy b;
	int ret;

	if (policy_open(&b, o->args[1], o, e) < 0) {
		ret = (int)e->status;
	} else {
		if (!opt_on(o, OPT_quiet))
			policy_say_unknown(&b, o->args[1]);
		ret = report(o, a, &b, o->args[1]);
	}
	policy_release(&b);
	return ret;
}

/* ---- files with several profiles ---- */

static size_t place_of(const struct policy *names, const char *name)
{
	for (size_t i = 0; i < names->profiles.n; i++)
		if (strcmp(names->profiles.v[i], name) == 0)
			return i + 1;
	return 0;
}

static int compare_pair(const struct opts *o, const struct bytes text[2], const size_t place[2],
			struct err *e)
{
	struct policy v[2];
	int ret = 0;

	policy_init(&v[0]);
	policy_init(&v[1]);
	for (int i = 0; i < 2 && ret == 0; i++)
		ret = policy_open_nth(&v[i], text[i], o->args[i], place[i], o, e);
	ret = ret < 0 ? (int)e->status : report(o, &v[0], &v[1], o->args[1]);
	policy_release(&v[0]);
	policy_release(&v[1]);
	return ret;
}

/* Those of one name are compared with each other; one that only one file has is a difference. */
static int compare_named(const struct opts *o, const struct bytes text[2],
			 const struct policy names[2], struct err *e)
{
	int worst = ST_OK;

	for (size_t i = 0; i < names[0].profiles.n; i++) {
		size_t place[2] = { i + 1, place_of(&names[1], names[0].profiles.v[i]) };
		auto_buf struct buf shown = { 0 };
		int ret = ST_NO;

		esc_shell(&shown, bytes_of(names[0].profiles.v[i]));
		if (!opt_on(o, OPT_json))
			printf("%s:%s\n", buf_text(&shown),
			       place[1] ? "" : " only in the first file");
		if (place[1])
			ret = compare_pair(o, text, place, e);
		if (ret != ST_OK && ret != ST_NO)
			return ret;
		worst = ret == ST_NO ? ST_NO : worst;
	}
	for (size_t i = 0; i < names[1].profiles.n; i++)
		if (place_of(&names[0], names[1].profiles.v[i]) == 0) {
			auto_buf struct buf shown = { 0 };

			esc_shell(&shown, bytes_of(names[1].profiles.v[i]));
			if (!opt_on(o, OPT_json))
				printf("%s: only in the second file\n", buf_text(&shown));
			worst = ST_NO;
		}
	return worst;
}

/* Where both hold several, and --name chooses none. -1: they do not. */
static int with_several(const struct opts *o, struct err *e)
{
	auto_buf struct buf first = { 0 }, second = { 0 };
	struct policy names[2];
	struct bytes text[2];
	int ret = -1;

	if (strcmp(o->args[0], "-") == 0 || strcmp(o->args[1], "-") == 0 ||
	    input_load(&first, o->args[0], e) < 0 || input_load(&second, o->args[1], e) < 0)
		return -1;
	text[0] = buf_bytes(&first);
	text[1] = buf_bytes(&second);
	policy_names(&names[0], text[0], o->args[0], o);
	policy_names(&names[1], text[1], o->args[1], o);
	if (names[0].profiles.n && names[1].profiles.n)
		ret = compare_named(o, text, names, e);
	policy_release(&names[0]);
	policy_release(&names[1]);
	return ret;
}

/* ---- a profile and the evidence ---- */

/* The list that the evidence alone makes, with the first's own answer to all else. */
static int with_list(const struct opts *o, const struct policy *a, struct selected *s,
		     const struct selection *sel, const struct query_losses *losses,
		     struct summary *talk)
{
	struct profile_options po = { .default_action = a->default_action };
	struct active_policies policies;
	struct whole whole;
	struct profile p;
	struct policy b;
	int ret;

	active_load(&policies, &s->query, sel);
	po.active_policies = s->options.scope == SCOPE_ONLY ? NULL : &policies;
	profile_build(&p, &s->query, sel, &po);
	profile_policy(&b, &p);
	b.default_error = a->default_error;
	for (size_t i = 0; i < a->flags.n; i++)
		*VEC_PUSH(&b.flags) = a->flags.v[i];
	if (p.unnamed.n && !opt_on(o, OPT_quiet))
		command_say("%zu numbers that no table knows are not compared", p.unnamed.n);
	ret = report(o, a, &b, NULL);
	whole_find(&whole, &s->query, sel);
	summary_of_evidence(
		talk, &(struct summary_evidence){ &s->query, sel, losses, &whole, &policies });
	whole_release(&whole);
	policy_release(&b);
	profile_release(&p);
	active_release(&policies);
	return ret;
}

static int with_selection(const struct opts *o, const struct policy *a, struct selected *s,
			  struct err *e)
{
	auto_buf struct buf all = { 0 }, rest = { 0 };
	struct summary_advice advice;
	struct query_losses losses = { 0 };
	struct selection sel;
	struct summary talk = { 0 };
	int ret = ST_NO;

	selector_command(&all, o, false);
	selector_command(&rest, o, true);
	advice = (struct summary_advice){ .all = buf_text(&all),
					  .rest = buf_text(&rest),
					  .unites = true };
	select_run(&sel, &s->query, &s->workloads, &s->options);
	if (sel.program ? lives_losses(&losses, &s->query, &s->store, &sel, e) < 0 :
			  selector_losses(&losses, s, o, e) < 0)
		ret = (int)e->status;
	else if (sel.trees == 0)
		summary_of_nothing(&talk, &s->query, &s->options, &losses, &advice);
	else if (!sel.program)
		summary_of_loaders(&talk, &sel, &losses);
	else if (sel.groups.n > 1 && !s->options.union_)
		summary_of_groups(&talk, &s->query, &sel, &s->options, &advice);
	else
		ret = with_list(o, a, s, &sel, &losses, &talk);
	talk_say(&talk, o);
	select_release(&sel);
	VEC_FREE(&losses);
	return ret;
}

static int with_evidence(const struct opts *o, const struct policy *a, struct err *e)
{
	struct selected s;
	int ret;

	if (selector_open(&s, o, e) < 0)
		ret = (int)e->status;
	else if (!select_names_something(&s.options))
		ret = err_set(e, ST_INPUT,
			      "with what? Name another profile, or whose records: --comm NAME, --exe PATH, --label NAME ...") <
				      0 ?
			      ST_INPUT :
			      ST_OK;
	else {
		s.options.whole_locations = true;
		ret = with_selection(o, a, &s, e);
	}
	selector_release(&s);
	return ret;
}

static int run_diff(struct opts *o, struct err *e)
{
	struct policy a;
	int ret;

	if (o->n_args == 0)
		return err_set(e, ST_INPUT,
			       "diff takes two profiles, or one and a selector: scaudit diff OLD NEW") <
				       0 ?
			       ST_INPUT :
			       ST_OK;
	if (o->n_args == 2 && (ret = with_several(o, e)) >= 0)
		return ret;
	if (policy_open(&a, o->args[0], o, e) < 0) {
		ret = (int)e->status;
	} else {
		if (!opt_on(o, OPT_quiet))
			policy_say_unknown(&a, o->args[0]);
		ret = o->n_args == 2 ? with_file(o, &a, e) : with_evidence(o, &a, e);
	}
	policy_release(&a);
	return ret;
}

const struct command command_diff = {
	.name = "diff",
	.args = "PROFILE [PROFILE | SELECTOR]",
	.about = "compare two profiles, or one with what was seen",
	.help = "Prints what the second profile says otherwise, in any of the formats that are read. Rules in another order, or split\n"
		"in another way, are the same. Exit status 1: there is a difference. With a selector, the first is compared with what\n"
		"was seen: added is what it would refuse, removed what it allows and nobody did.\n\n"
		"    scaudit diff old.json new.json\n"
		"    scaudit diff myapp.json --comm myapp",
	.groups = G_STORE | G_SELECT | G_SCOPE | G_JSON | G_POLICY | G_DIFF,
	.max_args = 2,
	.run = run_diff,
};
