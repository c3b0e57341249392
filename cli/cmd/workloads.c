// SPDX-License-Identifier: Apache-2.0
/* workloads: prints one row for each workload, or for what --by names. */
#include "cli/command.h"
#include "cli/selector.h"
#include "cli/term.h"
#include "store/base/json.h"
#include "store/base/when.h"

#include <inttypes.h>
#include <string.h>
#include <unistd.h>

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
	const char *const heads[] = { "id",	     what,	 ">starts",
				      "?>fragments", ">records", ">syscalls",
				      "?>denials",   "?first",	 "?last" };
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

/* ---- one workload: its paths as a tree ---- */

static void paths_json(const struct workloads_paths *paths, const char *id)
{
	json_object *doc = json_object_new_object(), *rows = json_object_new_array();

	json_put_word(doc, "id", id);
	for (size_t i = 0; i < paths->n; i++) {
		const struct workloads_path *p = &paths->v[i];
		json_object *row = json_object_new_object();

		json_put_text(row, "path", true, p->path);
		json_put_int(row, "trees", true, (int64_t)p->trees);
		json_put_int(row, "starts", true, (int64_t)p->starts);
		json_put_int(row, "records", true, (int64_t)p->records);
		json_put_int(row, "syscalls", true, (int64_t)p->syscalls);
		json_object_array_add(rows, row);
	}
	json_object_object_add(doc, "paths", rows);
	json_print(doc);
}

static void paths_table(const struct workloads_paths *paths)
{
	static const char *const heads[] = { "path", "?>trees", ">starts", ">records",
					     ">syscalls" };
	bool drawn = isatty(STDOUT_FILENO);
	struct term_table t;

	term_table_init(&t, heads, ARRAY_SIZE(heads), 0);
	for (size_t i = 0; i < paths->n; i++) {
		const struct workloads_path *p = &paths->v[i];
		struct bytes last = p->path;
		auto_buf struct buf cell = { 0 };

		/* a program that reads this wants the path whole */
		for (size_t at = bytes_find(last, BYTES(" > ")); at < last.n && drawn;
		     at = bytes_find(last, BYTES(" > ")))
			bytes_skip(&last, at + 3);
		for (size_t k = 0; k < p->depth && drawn; k++)
			buf_str(&cell, "  ");
		buf_add(&cell, last.p, last.n);
		term_cell_text(&t, buf_bytes(&cell));
		term_cell(&t, "%" PRIu64, p->trees);
		term_cell(&t, "%" PRIu64, p->starts);
		term_cell(&t, "%" PRIu64, p->records);
		term_cell(&t, "%" PRIu64, p->syscalls);
	}
	term_table_print(&t, stdout);
}

/* Draws the workload that an operand names: its id, or the id of one of its trees. */
static int draw(const struct opts *o, struct selected *s, struct err *e)
{
	struct select_options by = s->options;
	struct selection sel;
	struct workloads_paths paths;

	by.workload = (struct select_names){ o->args, 1 };
	if (strlen(o->args[0]) < SELECT_ID_MIN)
		return err_set(e, ST_INPUT, "'%.40s' is too short for an id", o->args[0]);
	select_run(&sel, &s->query, &s->workloads, &by);
	if (sel.trees == 0) {
		select_release(&sel);
		by.workload = s->options.workload;
		by.tree = (struct select_names){ o->args, 1 };
		select_run(&sel, &s->query, &s->workloads, &by);
	}
	workloads_paths(&paths, &s->query, sel.use_in);
	if (paths.n == 0)
		err_set(e, ST_NO, "no workload or tree '%.40s' ('scaudit workloads' lists them)",
			o->args[0]);
	else if (opt_on(o, OPT_json))
		paths_json(&paths, o->args[0]);
	else
		paths_table(&paths);
	VEC_FREE(&paths);
	select_release(&sel);
	return (int)e->status;
}

static int read_by(const struct opts *o, enum workloads_by *by, struct err *e)
{
	const char *text = opt_text(o, OPT_by, "workload");

	if (workloads_by_parse(text, by))
		return 0;
	return err_set(
		e, ST_INPUT,
		"--by is workload, comm, exe, label, node, tree, container, pod or unit, not '%.40s'",
		text);
}

static int print_rows(const struct opts *o, const struct workloads *rows, enum workloads_by by,
		      struct err *e)
{
	if (opt_on(o, OPT_json))
		print_json(rows, by == BY_WORKLOAD || by == BY_TREE);
	else if (rows->n)
		print_table(rows, opt_text(o, OPT_by, "workload"),
			    by == BY_WORKLOAD || by == BY_TREE);
	else if (!opt_on(o, OPT_quiet))
		command_say("no tree matches");
	if (rows->n == 0)
		e->status = ST_NO;
	return (int)e->status;
}

static int list(const struct opts *o, struct selected *s, enum workloads_by by, struct err *e)
{
	struct selection sel;
	struct workloads rows;

	select_run(&sel, &s->query, &s->workloads, &s->options);
	workloads_list(&rows, &s->query, by, sel.use_in);
	print_rows(o, &rows, by, e);
	workloads_release(&rows);
	select_release(&sel);
	return (int)e->status;
}

static void take_part(void *to, struct query *q)
{
	workloads_add(to, q);
}

/* Of all that the store has, a part after the other. 1: that cannot be. */
static int list_parts(const struct opts *o, struct selected *s, enum workloads_by by, struct err *e)
{
	struct workloads rows;
	struct workloads_stream *w = workloads_begin(&rows, by);
	int ret = selector_open_parts(s, o, (struct query_part_take){ take_part, w }, e);

	workloads_end(w);
	if (ret == 0)
		print_rows(o, &rows, by, e);
	workloads_release(&rows);
	return ret;
}

static int run_workloads(struct opts *o, struct err *e)
{
	struct selected s = { 0 };
	enum workloads_by by = 0;
	int ret;

	if (o->n_args) {
		if (selector_open(&s, o, e) == 0)
			draw(o, &s, e);
	} else if (read_by(o, &by, e) == 0) {
		ret = by == BY_TREE ? 1 : list_parts(o, &s, by, e);
		if (ret == 1 && selector_open_some(&s, o, SELECTOR_ROWS, e) == 0)
			list(o, &s, by, e);
	}
	selector_release(&s);
	return (int)e->status;
}

const struct command command_workloads = {
	.name = "workloads",
	.args = "[ID]",
	.about = "list what the store holds, one row a workload",
	.help = "Lists the workloads in the store: trees of processes that share a label, else their main program.\n"
		"With an ID (of a workload or a tree): its paths, drawn as a tree.",
	.groups = G_STORE | G_SELECT | G_JSON | G_LIST,
	.max_args = 1,
	.run = run_workloads,
};
