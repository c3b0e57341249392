// SPDX-License-Identifier: Apache-2.0
/* denials: prints who was refused what, how often, and when last. */
#include "analyze/evidence/denials.h"
#include "analyze/profile/profile.h"
#include "cli/command.h"
#include "cli/selector.h"
#include "cli/term.h"
#include "store/base/esc.h"
#include "store/base/json.h"
#include "store/base/when.h"
#include "store/model/action.h"
#include "store/model/arch.h"

#include <inttypes.h>

/* Takes the mark off what the list of a workload would not allow. */
static void judge_workload(struct denials *all, struct selected *s, const struct selection *whole,
			   const struct workload *w, const struct baseline *baseline)
{
	const char *code = w->code;
	struct select_options mine = s->options;
	struct active_policies policies = { 0 };
	struct profile_options po = { .default_action = ACTION_ERRNO,
				      .baseline = baseline,
				      .active_policies = &policies };
	struct selection sel;
	struct profile p;

	mine.workload = (struct select_names){ &code, 1 };
	mine.union_ = true;
	select_run(&sel, &s->query, &s->workloads, &mine);
	active_load(&policies, &s->query, &sel);
	profile_build(&p, &s->query, &sel, &po);
	for (size_t i = 0; i < s->query.uses.n; i++) {
		struct denial *d = sel.use_in[i] && whole->use_in[i] ?
					   denials_of(all, &s->query, &s->query.uses.v[i]) :
					   NULL;
		bool listed = false;

		for (size_t k = 0; d != NULL && k < p.rules.n && !listed; k++)
			listed = bytes_eq(p.rules.v[k].name, bytes_of(d->name));
		if (d != NULL && !listed)
			d->listed = false;
	}
	profile_release(&p);
	active_release(&policies);
	select_release(&sel);
}

/* Would the list that 'profile' writes of each workload now allow what was refused there? */
static int judge(struct denials *all, struct selected *s, const struct selection *sel,
		 struct err *e)
{
	auto_free bool *in = mem_zero(s->workloads.n + 1, sizeof(*in));
	struct baseline baseline = { 0 };

	if (baseline_load(&baseline, "default", e) < 0)
		return -1;
	for (size_t i = 0; i < all->n; i++)
		all->v[i].listed = true;
	for (size_t i = 0; i < s->query.uses.n; i++) {
		const struct query_use *u = &s->query.uses.v[i];
		uint32_t tree = s->query.images.v[u->image].tree, w = s->workloads.of_tree[tree];
		struct denial *d;

		if (!sel->use_in[i] || s->query.calls.v[u->call].action == ACTION_LOG)
			continue;
		if (w != WORKLOADS_NONE)
			in[w] = true;
		else if ((d = denials_of(all, &s->query, u)) != NULL)
			d->listed = false;
	}
	for (size_t i = 0; i < s->workloads.n; i++)
		if (in[i])
			judge_workload(all, s, sel, &s->workloads.v[i], &baseline);
	baseline_release(&baseline);
	return 0;
}

static void print_json(const struct denials *all)
{
	json_object *doc = json_object_new_object(), *rows = json_object_new_array();

	for (size_t i = 0; i < all->n; i++) {
		const struct denial *d = &all->v[i];
		json_object *row = json_object_new_object();

		json_put_word(row, "name", d->name);
		json_put_int(row, "syscall", true, d->nr);
		json_put_hex(row, "arch", d->arch);
		json_put_word(row, "arch_name", arch_name(arch_of(d->arch, d->nr)));
		json_put_word(row, "action", action_word(d->action));
		json_put_text(row, "node", true, d->node);
		json_put_text(row, "path", true, d->path);
		json_put_text(row, "comm", true, d->comm);
		json_put_text(row, "exe", true, d->exe);
		json_put_int(row, "count", true, (int64_t)d->events);
		json_put_int(row, "trusted", true, (int64_t)d->trusted);
		json_object_object_add(row, "listed", json_object_new_boolean(d->listed));
		json_put_time(row, "first", d->t_first);
		json_put_time(row, "last", d->t_last);
		json_object_array_add(rows, row);
	}
	json_object_object_add(doc, "denials", rows);
	json_print(doc);
}

static void print_table(const struct denials *all)
{
	static const char *const heads[] = { "syscall", "action", ">count", "listed",
					     "?last",	"?node",  "caller" };
	struct term_table t;
	char stamp[32];

	term_table_init(&t, heads, ARRAY_SIZE(heads), ARRAY_SIZE(heads) - 1);
	for (size_t i = 0; i < all->n; i++) {
		const struct denial *d = &all->v[i];
		const char *arch = arch_name(arch_of(d->arch, d->nr));
		bool native = arch_of(d->arch, d->nr) == arch_native();
		auto_buf struct buf who = { 0 };

		buf_add(&who, d->path.p, d->path.n);
		buf_str(&who, " [");
		esc_tty(&who, d->comm);
		buf_char(&who, ']');
		term_cell(&t, "%s%s%s%s", d->name, native ? "" : " (",
			  native ? "" :
			  arch	 ? arch :
				   "?",
			  native ? "" : ")");
		term_cell(&t, "%s", action_word(d->action));
		term_cell(&t, "%" PRIu64, d->events);
		term_cell(&t, "%s", d->listed ? "yes" : "no");
		term_cell(&t, "%s", d->t_last == WHEN_NONE ? "-" : when_local(d->t_last, stamp));
		term_cell_bytes(&t, d->node);
		term_cell_text(&t, buf_bytes(&who));
	}
	term_table_print(&t, stdout);
}

static int run_denials(struct opts *o, struct err *e)
{
	struct selected s = { 0 };
	struct selection sel = { 0 };
	struct denials all = { 0 };
	int ret = ST_OK;

	if (selector_open_some(&s, o, SELECTOR_DENIALS, e) < 0) {
		ret = (int)e->status;
	} else {
		s.options.whole_locations = true;
		select_run(&sel, &s.query, &s.workloads, &s.options);
		denials_find(&all, &s.query, &sel);
		ret = all.n ? ST_OK : ST_NO;
		if (judge(&all, &s, &sel, e) < 0)
			ret = (int)e->status;
		else if (opt_on(o, OPT_json))
			print_json(&all);
		else if (all.n)
			print_table(&all);
		else if (!opt_on(o, OPT_quiet))
			command_say(
				"no denial is known; one by errno leaves a record only where the filter was loaded with "
				"SECCOMP_FILTER_FLAG_LOG");
	}
	VEC_FREE(&all);
	select_release(&sel);
	selector_release(&s);
	return ret;
}

const struct command command_denials = {
	.name = "denials",
	.args = "",
	.about = "list what filters refused, by whom and how often",
	.help = "Lists denials: calls that a filter answered with anything but LOG. Refusals by errno leave a record only\n"
		"where the filter was loaded with SECCOMP_FILTER_FLAG_LOG. 'listed' says whether the list that 'profile' writes of the\n"
		"same workload now has the call.",
	.groups = G_STORE | G_SELECT | G_SCOPE | G_JSON,
	.max_args = 0,
	.run = run_denials,
};
