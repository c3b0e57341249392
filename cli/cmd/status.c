// SPDX-License-Identifier: Apache-2.0
/* status: prints what the store knows of nodes, boots, losses and runs. */
#include "cli/command.h"
#include "cli/term.h"
#include "cli/values.h"
#include "store/base/esc.h"
#include "store/base/json.h"
#include "store/base/when.h"
#include "store/model/syscall.h"
#include "store/status.h"

#include <inttypes.h>

#define RUNS_SHOWN 10

static uint64_t spanned(const struct status_boot *b)
{
	return (uint64_t)b->serial_last - b->serial_first + 1;
}

static void json_serials(json_object *to, const struct status_boot *b)
{
	json_object *hole;

	json_put_int(to, "spanned", true, (int64_t)spanned(b));
	json_put_int(to, "held", b->known, (int64_t)b->held);
	json_put_int(to, "other", b->known, (int64_t)b->other);
	json_put_int(to, "missing", b->known, (int64_t)b->missing);
	json_object_object_add(to, "exact", json_object_new_boolean(b->known && b->exact));
	json_put_int(to, "holes", b->known, (int64_t)b->holes);
	json_put_word(to, "pattern",
		      b->known && serials_limited(b->holes, b->bursts) ? "printk" : NULL);
	if (!b->known || b->hole == 0) {
		json_object_object_add(to, "longest_hole", NULL);
		return;
	}
	hole = json_object_new_object();
	json_put_int(hole, "serials", true, (int64_t)b->hole);
	json_put_int(hole, "from", true, b->hole_from);
	json_put_time(hole, "about", b->hole_t);
	json_object_object_add(to, "longest_hole", hole);
}

/* What is missing in all boots together. False: no boot is known. *exact: each of them is. */
static bool lost_of(const struct status_node *n, uint64_t *missing, uint64_t *of, bool *exact)
{
	*missing = *of = 0;
	*exact = n->boots.n > 0;
	for (size_t i = 0; i < n->boots.n; i++) {
		if (!n->boots.v[i].known)
			return false;
		*missing += n->boots.v[i].missing;
		*of += spanned(&n->boots.v[i]);
		*exact = *exact && n->boots.v[i].exact;
	}
	return n->boots.n > 0;
}

static void json_node(json_object *to, const struct status_node *n)
{
	json_object *names = json_object_new_array(), *boots = json_object_new_array(),
		    *losses = json_object_new_array();
	uint64_t missing, of;
	bool exact, known;

	json_put_text(to, "name", true, n->name);
	for (size_t i = 0; i < n->names.n; i++) {
		auto_buf struct buf shown = { 0 };

		esc_tty(&shown, n->names.v[i]);
		json_object_array_add(names, json_object_new_string(buf_text(&shown)));
	}
	json_object_object_add(to, "names", names);
	for (size_t i = 0; i < n->boots.n; i++) {
		json_object *one = json_object_new_object();

		json_put_time(one, "first", n->boots.v[i].t_first);
		json_put_time(one, "last", n->boots.v[i].t_last);
		json_put_int(one, "serial_first", true, n->boots.v[i].serial_first);
		json_put_int(one, "serial_last", true, n->boots.v[i].serial_last);
		json_serials(one, &n->boots.v[i]);
		json_object_array_add(boots, one);
	}
	json_object_object_add(to, "boots", boots);
	known = lost_of(n, &missing, &of, &exact);
	json_put_int(to, "lost", known && exact, (int64_t)missing);
	json_put_int(to, "trees", true, (int64_t)n->trees);
	json_put_time(to, "first", n->t_first);
	json_put_time(to, "last", n->t_last);
	for (size_t i = 0; i < n->losses.n; i++) {
		json_object *one = json_object_new_object();

		json_put_word(one, "what", n->losses.v[i].kind);
		json_put_int(one, "markers", true, (int64_t)n->losses.v[i].markers);
		json_put_int(one, "count", true, (int64_t)n->losses.v[i].records);
		json_object_array_add(losses, one);
	}
	json_object_object_add(to, "losses", losses);
}

/* all: also what text has a part in; its number and its source name other runs and files as well.
 */
static void json_run(json_object *to, const struct status_run *r, bool all)
{
	json_put_int(to, "id", all, r->id);
	json_put_time(to, "started", r->started);
	json_put_text(to, "source", all, r->source);
	json_put_text(to, "label", r->label.n > 0, r->label);
	json_put_int(to, "new", true, (int64_t)r->new_events);
	json_put_int(to, "seen_before", all, (int64_t)r->seen_before);
	json_put_int(to, "damaged", all, (int64_t)r->damaged);
	json_put_int(to, "loss_markers", all, (int64_t)r->losses);
	json_put_int(to, "contradicted", all, (int64_t)r->contradicted);
	if (!r->captured)
		return;
	json_put_word(to, "complete", r->complete ? "yes" : r->lost_known ? "no" : "unknown");
	json_put_int(to, "gaps", true, (int64_t)r->gaps);
	json_put_int(to, "dropped", true, (int64_t)r->dropped);
	json_put_int(to, "lost", r->lost_known, (int64_t)r->lost);
}

static json_object *tools_json(const struct status_store *all)
{
	json_object *list = json_object_new_array();

	for (size_t i = 0; i < all->tools.n; i++) {
		const struct status_tool *tool = &all->tools.v[i];
		json_object *one = json_object_new_object();
		auto_buf struct buf gaps = { 0 };

		kind_gaps(&gaps, tool->kind, tool->facts);
		json_put_word(one, "kind", kind_at(tool->kind)->name);
		json_put_text(one, "file", true, tool->file);
		json_put_text(one, "host", true, tool->host);
		json_put_text(one, "source", true, tool->node);
		json_put_int(one, "bytes", true, (int64_t)tool->size);
		json_put_int(one, "calls", true, (int64_t)tool->calls);
		json_put_int(one, "lost", true, (int64_t)tool->lost);
		json_put_time(one, "date", tool->t);
		json_object_object_add(one, "read_whole", json_object_new_boolean(tool->whole));
		json_put_word(one, "missing", gaps.n ? buf_text(&gaps) : NULL);
		json_object_array_add(list, one);
	}
	return list;
}

static void print_json(const struct status_store *all, const struct store *s)
{
	json_object *doc = json_object_new_object(), *nodes = json_object_new_array(),
		    *runs = json_object_new_array();
	char tables[96];

	json_put_text(doc, "store", true, bytes_of(s->path));
	json_put_int(doc, "bytes", !all->only_trusted, (int64_t)all->bytes);
	json_put_word(doc, "syscalls", syscall_tables(tables, sizeof(tables)));
	for (size_t i = 0; i < all->nodes.n; i++) {
		json_object *one = json_object_new_object();

		json_node(one, &all->nodes.v[i]);
		json_object_array_add(nodes, one);
	}
	json_object_object_add(doc, "nodes", nodes);
	json_put_int(doc, "contradicted", !all->only_trusted, (int64_t)all->contradicted);
	for (size_t i = 0; i < all->runs.n; i++) {
		json_object *one = json_object_new_object();

		json_run(one, &all->runs.v[i], !all->only_trusted);
		json_object_array_add(runs, one);
	}
	json_object_object_add(doc, "runs", runs);
	json_object_object_add(doc, "tools", tools_json(all));
	json_print(doc);
}

/* Where most is missing at once, and what the holes look like. */
static void holes_text(struct buf *out, const struct status_node *n)
{
	const struct status_boot *longest = &n->boots.v[0];
	uint64_t holes = 0, bursts = 0;
	char stamp[32];

	for (size_t i = 0; i < n->boots.n; i++) {
		holes += n->boots.v[i].holes;
		bursts += n->boots.v[i].bursts;
		if (n->boots.v[i].hole > longest->hole)
			longest = &n->boots.v[i];
	}
	buf_printf(out, "%" PRIu64 " hole%s, the longest of %" PRIu64 " about %s; ", holes,
		   holes == 1 ? "" : "s", longest->hole, when_local(longest->hole_t, stamp));
	if (serials_limited(holes, bursts))
		buf_str(out, "mostly 10 records between them: printk's limit of 10 in 5 s; ");
}

static void losses_text(struct buf *out, const struct status_node *n)
{
	uint64_t missing = 0, of;
	bool exact;

	if (lost_of(n, &missing, &of, &exact)) {
		if (missing == 0)
			buf_printf(out, "no hole in %" PRIu64 " serials; ", of);
		else
			buf_printf(out, "%s%" PRIu64 " of %" PRIu64 " serials missing; ",
				   exact ? "" : "at most ", missing, of);
		if (missing > 0)
			holes_text(out, n);
	}
	if (n->losses.n == 0)
		buf_str(out, "no marker read");
	for (size_t i = 0; i < n->losses.n; i++)
		buf_printf(out, "%s%s %" PRIu64 " in %" PRIu64 " marker%s", i ? ", " : "",
			   n->losses.v[i].kind, n->losses.v[i].records, n->losses.v[i].markers,
			   n->losses.v[i].markers == 1 ? "" : "s");
}

static void print_nodes(const struct status_store *all)
{
	static const char *const heads[] = { "node", ">boots", ">trees", "?first", "last", "lost" };
	struct term_table t;
	char stamp[32];

	term_table_init(&t, heads, ARRAY_SIZE(heads), 0);
	for (size_t i = 0; i < all->nodes.n; i++) {
		const struct status_node *n = &all->nodes.v[i];
		auto_buf struct buf names = { 0 }, lost = { 0 };

		esc_tty(&names, n->name);
		for (size_t k = 0; k < n->names.n; k++) {
			if (bytes_eq(n->names.v[k], n->name))
				continue;
			buf_str(&names, " = ");
			esc_tty(&names, n->names.v[k]);
		}
		losses_text(&lost, n);
		term_cell_text(&t, buf_bytes(&names));
		term_cell(&t, "%zu", n->boots.n);
		term_cell(&t, "%" PRIu64, n->trees);
		term_cell(&t, "%s", n->t_first == WHEN_NONE ? "-" : when_local(n->t_first, stamp));
		term_cell(&t, "%s", n->t_last == WHEN_NONE ? "-" : when_local(n->t_last, stamp));
		term_cell_text(&t, buf_bytes(&lost));
	}
	term_table_print(&t, stdout);
}

/* What a run of capture lost; logs have no such figure. */
static void run_loss(struct buf *out, const struct status_run *r)
{
	if (!r->captured)
		buf_str(out, "-");
	else if (r->complete)
		buf_str(out, "nothing (complete)");
	else if (r->gaps + r->dropped + r->lost == 0)
		buf_str(out, "unknown");
	else
		buf_printf(out,
			   "gaps %" PRIu64 ", dropped %" PRIu64 ", by the kernel %" PRIu64 "%s",
			   r->gaps, r->dropped, r->lost, r->lost_known ? "" : " or more");
}

/* Of what trusted sources brought: what no text has a part in. */
static void print_trusted_runs(const struct status_store *all)
{
	static const char *const heads[] = { "began", ">new", "?label", "lost" };
	struct term_table t;
	char stamp[32];

	term_table_init(&t, heads, ARRAY_SIZE(heads), ARRAY_SIZE(heads) - 1);
	for (size_t i = 0; i < all->runs.n; i++) {
		const struct status_run *r = &all->runs.v[i];
		auto_buf struct buf loss = { 0 };

		term_cell(&t, "%s", when_local(r->started, stamp));
		term_cell(&t, "%" PRIu64, r->new_events);
		term_cell_bytes(&t, r->label.n ? r->label : BYTES("-"));
		run_loss(&loss, r);
		term_cell_text(&t, buf_bytes(&loss));
	}
	term_table_print(&t, stdout);
}

static void print_runs(const struct status_store *all)
{
	static const char *const heads[] = { "ingest",	  "began",  ">new",  "?>seen before",
					     "?>damaged", "?label", "?lost", "source" };
	struct term_table t;
	char stamp[32];

	term_table_init(&t, heads, ARRAY_SIZE(heads), ARRAY_SIZE(heads) - 1);
	for (size_t i = 0; i < all->runs.n; i++) {
		const struct status_run *r = &all->runs.v[i];
		auto_buf struct buf loss = { 0 };

		term_cell(&t, "%" PRId64, r->id);
		term_cell(&t, "%s", when_local(r->started, stamp));
		term_cell(&t, "%" PRIu64, r->new_events);
		term_cell(&t, "%" PRIu64, r->seen_before);
		term_cell(&t, "%" PRIu64, r->damaged);
		term_cell_bytes(&t, r->label.n ? r->label : BYTES("-"));
		run_loss(&loss, r);
		term_cell_text(&t, buf_bytes(&loss));
		term_cell_bytes(&t, r->source);
	}
	term_table_print(&t, stdout);
}

/* Files of tools that saw calls being made: each with what is missing in it. */
static void print_tools(const struct status_store *all)
{
	static const char *const heads[] = { "kind", ">calls", "?date", "file", "missing" };
	struct term_table t;
	char stamp[32];

	term_table_init(&t, heads, ARRAY_SIZE(heads), ARRAY_SIZE(heads) - 1);
	for (size_t i = 0; i < all->tools.n; i++) {
		const struct status_tool *tool = &all->tools.v[i];
		auto_buf struct buf gaps = { 0 };

		if (!tool->whole)
			buf_str(&gaps, "it was not read to its end");
		kind_gaps(&gaps, tool->kind, tool->facts);
		term_cell(&t, "%s", kind_at(tool->kind)->name);
		term_cell(&t, "%" PRIu64, tool->calls);
		term_cell(&t, "%s", when_local(tool->t, stamp));
		term_cell_text(&t, tool->file);
		term_cell_text(&t, gaps.n ? buf_bytes(&gaps) : BYTES("nothing, by what it shows"));
	}
	term_table_print(&t, stdout);
}

static void print(const struct status_store *all, const struct store *s)
{
	char tables[96], path[512];

	printf("store     %s\n", esc_word(path, sizeof(path), bytes_of(s->path)));
	if (!all->only_trusted)
		printf("size      %.1f MB\n", (double)all->bytes / 1e6);
	printf("runs      %" PRIu64 "\nsyscalls  %s\n", all->n_runs,
	       syscall_tables(tables, sizeof(tables)));
	if (all->contradicted)
		printf("text      %" PRIu64
		       " line%s say%s otherwise than a trusted source of the same event%s: forged, or of another boot\n",
		       all->contradicted, all->contradicted == 1 ? "" : "s",
		       all->contradicted == 1 ? "s" : "", all->contradicted == 1 ? "" : "s");
	printf("\n");
	if (all->nodes.n > 0 || all->tools.n == 0) {
		print_nodes(all);
		printf("\n");
	}
	if (all->tools.n > 0) {
		print_tools(all);
		printf("\n");
	}
	if (all->only_trusted)
		print_trusted_runs(all);
	else
		print_runs(all);
}

static int run_status(struct opts *o, struct err *e)
{
	struct store store = { 0 };
	struct status_store all = { 0 };
	int ret = ST_OK;

	if (values_read(o, &store, e) < 0 ||
	    status_load(&all, &store, RUNS_SHOWN, opt_on(o, OPT_trusted), e) < 0)
		ret = (int)e->status;
	else if (opt_on(o, OPT_json))
		print_json(&all, &store);
	else
		print(&all, &store);
	status_release(&all);
	store_close(&store);
	return ret;
}

const struct command command_status = {
	.name = "status",
	.args = "",
	.about = "say what the store knows: nodes, boots, losses, runs",
	.help = "Says what the store knows about itself: nodes with their names, boots, time spans, losses, and the last runs.",
	.groups = G_STORE | G_JSON | G_STATUS,
	.max_args = 0,
	.run = run_status,
};
