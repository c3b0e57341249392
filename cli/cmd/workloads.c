#include "cli/command.h"
#include "cli/json.h"
#include "cli/selector.h"
#include "cli/term.h"
#include "store/base/when.h"

#include <inttypes.h>

static void print_json(const struct workloads *w, bool ids)
{
	json_object *doc = json_object_new_object(), *rows = json_object_new_array();

	for (size_t i = 0; i < w->n; i++) {
		const struct workload *r = &w->v[i];
		json_object *row = json_object_new_object();

		json_put_word(row, "id", ids ? r->code : NULL);
		json_put_text(row, "name", true, r->name);
		json_put_int(row, "trees", true, (int64_t)r->trees);
		json_put_int(row, "starts", true, (int64_t)r->starts);
		json_put_int(row, "fragments", true, (int64_t)r->fragments);
		json_put_int(row, "records", true, (int64_t)r->records);
		json_put_int(row, "syscalls", true, (int64_t)r->syscalls);
		json_put_int(row, "denials", true, (int64_t)r->denials);
		json_put_time(row, "first", r->t_first);
		json_put_time(row, "last", r->t_last);
		json_object_array_add(rows, row);
	}
	json_object_object_add(doc, "workloads", rows);
	json_print(doc);
}

static void time_cell(struct term_table *t, int64_t ms)
{
	char stamp[32];

	term_cell(t, "%s", ms == WHEN_NONE ? "-" : when_local(ms, stamp));
}

/* Ids only where an option takes them: of workloads and trees. */
static void print_table(const struct workloads *w, const char *what, bool ids)
{
	const char *const heads[] = { "id", what, ">starts", "?>fragments", ">records", ">syscalls", "?>denials",
				      "?first", "?last" };
	struct term_table t;

	term_table_init(&t, heads + !ids, ARRAY_SIZE(heads) - !ids, ids);
	for (size_t i = 0; i < w->n; i++) {
		const struct workload *r = &w->v[i];

		if (ids)
			term_cell(&t, "%s", r->code);
		term_cell_text(&t, r->name);
		term_cell(&t, "%" PRIu64, r->starts);
		term_cell(&t, "%" PRIu64, r->fragments);
		term_cell(&t, "%" PRIu64, r->records);
		term_cell(&t, "%" PRIu64, r->syscalls);
		term_cell(&t, "%" PRIu64, r->denials);
		time_cell(&t, r->t_first);
		time_cell(&t, r->t_last);
	}
	term_table_print(&t, stdout);
}

static int list(const struct opts *o, struct selected *s, struct err *e)
{
	const char *text = opt_text(o, OPT_by, "workload");
	enum workloads_by by;
	struct selection sel;
	struct workloads rows;

	if (!workloads_by_parse(text, &by))
		return err_set(e, ST_INPUT, "--by is workload, comm, exe, label, node or tree, not '%.40s'", text);
	select_run(&sel, &s->query, &s->workloads, &s->options);
	workloads_list(&rows, &s->query, by, sel.use_in);
	if (opt_on(o, OPT_json))
		print_json(&rows, by == BY_WORKLOAD || by == BY_TREE);
	else if (rows.n)
		print_table(&rows, text, by == BY_WORKLOAD || by == BY_TREE);
	else if (!opt_on(o, OPT_quiet))
		command_say("no tree matches");
	if (rows.n == 0)
		e->status = ST_NO;
	workloads_release(&rows);
	selection_release(&sel);
	return (int)e->status;
}

static int run(struct opts *o, struct err *e)
{
	struct selected s;
	int ret = ST_OK;

	if (selector_open(&s, o, e) < 0 || list(o, &s, e) != 0)
		ret = (int)e->status;
	selector_release(&s);
	return ret;
}

const struct command command_workloads = {
	.name = "workloads", .args = "", .about = "list what the store holds, one row a workload",
	.help = "Lists the workloads in the store: trees of processes that share a label, else their main program.",
	.groups = G_STORE | G_SELECT | G_JSON | G_LIST, .max_args = 0, .run = run,
};
