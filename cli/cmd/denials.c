// SPDX-License-Identifier: Apache-2.0
/* denials: prints who was refused what, how often, and when last. */
#include "analyze/evidence/denials.h"
#include "cli/command.h"
#include "cli/selector.h"
#include "cli/term.h"
#include "store/base/esc.h"
#include "store/base/json.h"
#include "store/base/when.h"
#include "store/model/action.h"
#include "store/model/arch.h"

#include <inttypes.h>

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
		json_put_time(row, "first", d->t_first);
		json_put_time(row, "last", d->t_last);
		json_object_array_add(rows, row);
	}
	json_object_object_add(doc, "denials", rows);
	json_print(doc);
}

static void print_table(const struct denials *all)
{
	static const char *const heads[] = { "syscall", "action", ">count", "?last", "?node", "caller" };
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
		term_cell(&t, "%s%s%s%s", d->name, native ? "" : " (", native ? "" : arch ? arch : "?", native ? "" : ")");
		term_cell(&t, "%s", action_word(d->action));
		term_cell(&t, "%" PRIu64, d->events);
		term_cell(&t, "%s", d->t_last == WHEN_NONE ? "-" : when_local(d->t_last, stamp));
		term_cell_bytes(&t, d->node);
		term_cell_text(&t, buf_bytes(&who));
	}
	term_table_print(&t, stdout);
}

static int run_denials(struct opts *o, struct err *e)
{
	struct selected s;
	struct selection sel = { 0 };
	struct denials all = { 0 };
	int ret = ST_OK;

	if (selector_open_some(&s, o, SELECTOR_DENIALS, e) < 0) {
		ret = (int)e->status;
	} else {
		s.options.whole_locations = true;
		select_run(&sel, &s.query, &s.workloads, &s.options);
		denials_find(&all, &s.query, &sel);
		if (opt_on(o, OPT_json))
			print_json(&all);
		else if (all.n)
			print_table(&all);
		else if (!opt_on(o, OPT_quiet))
			command_say("no denial is known; one by errno leaves a record only where the filter was loaded with "
				    "SECCOMP_FILTER_FLAG_LOG");
		ret = all.n ? ST_OK : ST_NO;
	}
	VEC_FREE(&all);
	select_release(&sel);
	selector_release(&s);
	return ret;
}

const struct command command_denials = {
	.name = "denials", .args = "", .about = "list what filters refused, by whom and how often",
	.help = "Lists denials: calls that a filter answered with anything but LOG. Refusals by errno leave a record only\n"
		"where the filter was loaded with SECCOMP_FILTER_FLAG_LOG.",
	.groups = G_STORE | G_SELECT | G_SCOPE | G_JSON, .max_args = 0, .run = run_denials,
};
