// SPDX-License-Identifier: Apache-2.0
/* Turns selector options into what analyze/evidence/select takes, and loads what is selected. */
#include "cli/selector.h"

#include "analyze/evidence/candidates.h"
#include "analyze/profile/summary.h"
#include "cli/values.h"
#include "store/base/esc.h"
#include "store/base/when.h"
#include "store/model/action.h"

#include <string.h>

static struct select_names names(const struct opts *o, enum opt id)
{
	return (struct select_names){ o->given[id].v, o->given[id].n };
}

static int scope(const struct opts *o, enum scope *out, struct err *e)
{
	const char *text = opt_text(o, OPT_scope, opt_on(o, OPT_only) ? "only" : "tree");

	if (strcmp(text, "tree") == 0)
		*out = SCOPE_TREE;
	else if (strcmp(text, "subtree") == 0)
		*out = SCOPE_SUBTREE;
	else if (strcmp(text, "only") == 0)
		*out = SCOPE_ONLY;
	else
		return err_set(e, ST_INPUT, "--scope is tree, subtree or only, not '%.40s'", text);
	return 0;
}

static int ids(const struct opts *o, enum opt id, struct err *e)
{
	for (size_t i = 0; i < o->given[id].n; i++)
		if (strlen(o->given[id].v[i]) < SELECT_ID_MIN)
			return err_set(e, ST_INPUT,
				       "'%s' is too short for an id: at least %d characters",
				       o->given[id].v[i], SELECT_ID_MIN);
	return 0;
}

static int read_options(struct selected *s, const struct opts *o, struct err *e)
{
	int64_t now = when_now();

	s->options = (struct select_options){
		.comm = names(o, OPT_comm),
		.exe = names(o, OPT_exe),
		.label = names(o, OPT_label),
		.node = names(o, OPT_node),
		.root = names(o, OPT_root),
		.workload = names(o, OPT_workload),
		.tree = names(o, OPT_tree),
		.no_comm = names(o, OPT_exclude_comm),
		.no_exe = names(o, OPT_exclude_exe),
		.no_root = names(o, OPT_exclude_root),
		.no_tree = names(o, OPT_exclude_tree),
		.kind = names(o, OPT_kind),
		.container = names(o, OPT_container),
		.pod = names(o, OPT_pod),
		.unit = names(o, OPT_unit),
		.all = opt_on(o, OPT_all_lines),
		.union_ = opt_on(o, OPT_union),
	};
	for (size_t i = 0; i < s->options.kind.n; i++) {
		enum kind kind;

		if (!kind_of(bytes_of(s->options.kind.v[i]), &kind))
			return err_set(e, ST_INPUT, "--kind is one of %s, not '%.40s'",
				       kind_names(), s->options.kind.v[i]);
	}
	s->since = s->until = WHEN_NONE;
	if (scope(o, &s->options.scope, e) < 0 || ids(o, OPT_workload, e) < 0 ||
	    ids(o, OPT_tree, e) < 0 || ids(o, OPT_exclude_tree, e) < 0)
		return -1;
	if (opt_on(o, OPT_since) && when_parse(opt_text(o, OPT_since, NULL), now, &s->since, e) < 0)
		return err_wrap(e, "--since");
	if (opt_on(o, OPT_until) && when_parse(opt_text(o, OPT_until, NULL), now, &s->until, e) < 0)
		return err_wrap(e, "--until");
	return 0;
}

static int load_all(struct selected *out, const struct opts *o, struct err *e)
{
	if (query_load(&out->query, &out->store, out->since, out->until, opt_on(o, OPT_trusted),
		       e) < 0)
		return -1;
	workloads_find(&out->workloads, &out->query);
	return 0;
}

int selector_open(struct selected *out, const struct opts *o, struct err *e)
{
	*out = (struct selected){ 0 };
	if (read_options(out, o, e) < 0 || values_read(o, &out->store, e) < 0)
		return -1;
	return load_all(out, o, e);
}

/* ---- no more than is needed ---- */

#define FEW 1000   /* trees: so many are always loaded one by one, */
#define SHARE 3    /* and more as long as they are no more than one in so many */

/* What is loaded: the trees that are asked for, then those that are needed to say something of
 * them. */
struct part {
	struct selected *s;
	const struct opts *o;
	enum selector_need need;
	struct find core, more;
	int64_t all;          /* trees of the store, about */
};

static bool is_much(const struct part *p)
{
	size_t n = p->core.trees.n + p->more.trees.n;

	return n > FEW && (int64_t)n > p->all / SHARE;
}

static void put_in_order(struct find_ids *out, const struct find_ids *core, struct find_ids *more)
{
	size_t at = 0;

	find_sort(more);
	for (size_t i = 0; i < core->n; i++)
		*VEC_PUSH(out) = core->v[i];
	for (size_t i = 0; i < more->n; i++) {
		while (at < core->n && core->v[at] < more->v[i])
			at++;
		if (at == core->n || core->v[at] != more->v[i])
			*VEC_PUSH(out) = more->v[i];
	}
}

/* Loads core and more, in the place of what was loaded. 1: all has to be. */
static int load(struct part *p, struct err *e)
{
	struct selected *s = p->s;
	struct find all = { 0 };
	struct find_codes codes = { 0 };
	struct pool strings = { 0 };
	int ret = is_much(p);

	if (ret != 0)
		return ret;
	workloads_release(&s->workloads);
	query_release(&s->query);
	s->query = (struct query){ 0 };
	put_in_order(&all.trees, &p->core.trees, &p->more.trees);
	put_in_order(&all.totals, &p->core.totals, &p->more.totals);
	ret = find_codes(&codes, &strings, &all, &s->store, e);
	if (ret == 0)
		ret = query_load_some(&s->query, &s->store, s->since, s->until,
				      opt_on(p->o, OPT_trusted),
				      &(struct query_pick){ all.trees.v, all.trees.n,
							    p->core.trees.n, codes.v, codes.n },
				      e);
	if (ret == 0)
		workloads_find(&s->workloads, &s->query);
	find_release(&all);
	VEC_FREE(&codes);
	pool_release(&strings);
	return ret;
}

/* The trees that the selector may mean. 1: an index does not tell. */
static int find_core(struct part *p, struct err *e)
{
	const struct select_options *o = &p->s->options;
	bool restricted;

	if (candidates_find(&p->core, &restricted, &p->s->store, o, e) < 0)
		return -1;
	if (!restricted && (p->need != SELECTOR_DENIALS || o->all))
		return 1;
	if (!restricted && find_refused(&p->core, &p->s->store, e) < 0)
		return -1;
	find_sort(&p->core.trees);
	find_sort(&p->core.totals);
	if (is_much(p))
		return 1;
	if (o->whole_locations && o->scope == SCOPE_TREE && o->tree.n == 0 &&
	    candidates_beside(&p->core, &p->s->store, e) < 0)
		return -1;
	if (find_presence(&p->core, &p->s->store, e) < 0)
		return -1;
	find_sort(&p->core.trees);
	find_sort(&p->core.totals);
	return 0;
}

/* Trees that other lines of a profile's summary are about. */
static int add_more(struct part *p, const struct selection *sel, bool *any, struct err *e)
{
	struct find more = { 0 };
	int ret = candidates_begun(&more, &p->s->query, sel, &p->s->store, e);

	find_add(&p->more, &more);
	*any = more.trees.n + more.totals.n > 0;
	find_release(&more);
	return ret;
}

/* All trees of workloads whose name or place in a list is shown. */
static int add_workloads(struct part *p, const struct selection *sel, bool *any, struct err *e)
{
	struct others_codes codes = { 0 };
	int ret = 0;

	others_needed(&codes, &p->s->query, sel, &p->s->workloads, p->need == SELECTOR_PROFILE);
	ret = candidates_workloads(&p->more, &p->s->store, codes.v, codes.n, e);
	*any = codes.n > 0;
	VEC_FREE(&codes);
	return ret;
}

/* All of workloads of which some call was refused: their lists are judged. */
static int add_refused(struct part *p, const struct selection *sel, bool *any, struct err *e)
{
	const struct query *q = &p->s->query;
	const struct workloads *w = &p->s->workloads;
	auto_free bool *met = mem_zero(w->n + 1, sizeof(*met));
	struct others_codes codes = { 0 };
	int ret;

	for (size_t i = 0; i < q->uses.n; i++) {
		uint32_t of = w->of_tree[q->images.v[q->uses.v[i].image].tree];

		if (!sel->use_in[i] || of == WORKLOADS_NONE || met[of] ||
		    q->calls.v[q->uses.v[i].call].action == (uint32_t)ACTION_LOG)
			continue;
		met[of] = true;
		*VEC_PUSH(&codes) = w->v[of].code;
	}
	ret = candidates_workloads(&p->more, &p->s->store, codes.v, codes.n, e);
	if (ret == 0)
		ret = candidates_beside(&p->more, &p->s->store, e);
	*any = codes.n > 0;
	VEC_FREE(&codes);
	return ret;
}

/* Trees in containers, pods and units of the same names: readiness counts them. */
static int add_probes(struct part *p, const struct selection *sel, bool *any, struct err *e)
{
	size_t had = p->more.trees.n + p->more.totals.n;

	if (candidates_named(&p->more, &p->s->query, sel, &p->s->store, e) < 0)
		return -1;
	*any = p->more.trees.n + p->more.totals.n > had;
	return 0;
}

typedef int adding_fn(struct part *p, const struct selection *sel, bool *any, struct err *e);

/* Loads again with what `add` adds to the trees that are selected. 1: all has to be loaded. */
static int widen(struct part *p, adding_fn *add, struct err *e)
{
	struct selection sel;
	bool any = false;
	int ret;

	select_run(&sel, &p->s->query, &p->s->workloads, &p->s->options);
	/* what the selector may have meant is told by all names */
	if (sel.trees == 0 && p->need != SELECTOR_DENIALS)
		ret = 1;
	else
		ret = add(p, &sel, &any, e);
	select_release(&sel);
	return ret == 0 && any ? load(p, e) : ret;
}

/* 1: all has to be loaded. */
static int load_some(struct part *p, struct err *e)
{
	int ret = find_count(&p->s->store, &p->all, e);

	if (ret == 0)
		ret = find_core(p, e);
	if (ret == 0)
		ret = load(p, e);
	if (ret == 0 && p->need == SELECTOR_PROFILE)
		ret = widen(p, add_more, e);
	if (ret == 0 && p->need != SELECTOR_DENIALS && p->need != SELECTOR_ROWS)
		ret = widen(p, add_probes, e);
	if (ret == 0)
		ret = widen(p, p->need == SELECTOR_DENIALS ? add_refused : add_workloads, e);
	return ret;
}

/* Opens the store, once. */
static int open_store(struct selected *out, const struct opts *o, struct err *e)
{
	if (out->opened)
		return 0;
	*out = (struct selected){ 0 };
	if (read_options(out, o, e) < 0 || values_read(o, &out->store, e) < 0)
		return -1;
	out->opened = true;
	return 0;
}

int selector_open_some(struct selected *out, const struct opts *o, enum selector_need need,
		       struct err *e)
{
	struct part p = { .s = out, .o = o, .need = need };
	int ret = 1;

	if (open_store(out, o, e) < 0)
		return -1;
	out->options.whole_locations = need != SELECTOR_ROWS;
	/* with a time, the first record of a tree is not its beginning */
	if (out->store.makers && !out->store.owner.foreign && !opt_on(o, OPT_each) &&
	    (need != SELECTOR_PROFILE || (out->since == WHEN_NONE && out->until == WHEN_NONE)))
		ret = load_some(&p, e);
	find_release(&p.core);
	find_release(&p.more);
	if (ret <= 0)
		return ret;
	workloads_release(&out->workloads);
	query_release(&out->query);
	out->query = (struct query){ 0 };
	return load_all(out, o, e);
}

int selector_open_parts(struct selected *out, const struct opts *o, struct query_part_take to,
			struct err *e)
{
	for (int i = 0; i < N_OPTS; i++)
		if (o->given[i].n > 0 && opt_selects((enum opt)i) && i != OPT_since &&
		    i != OPT_until && i != OPT_trusted)
			return 1;
	if (open_store(out, o, e) < 0)
		return -1;
	if (out->store.owner.foreign)
		return 1;
	return query_load_parts(&out->store, out->since, out->until, opt_on(o, OPT_trusted), to, e);
}

void selector_release(struct selected *s)
{
	workloads_release(&s->workloads);
	query_release(&s->query);
	store_close(&s->store);
}

/* Options by which a tree is picked or left out. */
static bool picks(enum opt id)
{
	static const enum opt picking[] = { OPT_all_lines, OPT_comm,	  OPT_exe,  OPT_root,
					    OPT_label,	   OPT_container, OPT_pod,  OPT_unit,
					    OPT_workload,  OPT_tree,	  OPT_kind, OPT_union };

	for (size_t i = 0; i < ARRAY_SIZE(picking); i++)
		if (picking[i] == id)
			return true;
	return false;
}

void selector_command(struct buf *out, const struct opts *o, bool rest)
{
	buf_printf(out, "scaudit %s", o->command);
	for (int i = 0; i < o->n_args; i++) {
		buf_char(out, ' ');
		esc_shell(out, bytes_of(o->args[i]));
	}
	for (int i = 0; i < N_OPTS; i++)
		for (size_t k = 0; k < o->given[i].n && i != OPT_verbose && i != OPT_quiet &&
				   !(rest && picks((enum opt)i));
		     k++) {
			buf_printf(out, " --%s", opt_name((enum opt)i));
			if (o->given[i].v[k][0] == '\0')
				continue;
			buf_char(out, ' ');
			esc_shell(out, bytes_of(o->given[i].v[k]));
		}
}

int selector_losses(struct query_losses *out, struct selected *s, const struct opts *o,
		    struct err *e)
{
	size_t left = 0;

	if (query_losses(out, &s->query, &s->store, s->since, s->until, e) < 0)
		return -1;
	for (size_t i = 0; i < out->n; i++) {
		bool asked = !opt_on(o, OPT_node);

		for (size_t k = 0; k < o->given[OPT_node].n && !asked; k++)
			asked = bytes_eq(out->v[i].node, bytes_of(o->given[OPT_node].v[k]));
		if (asked)
			out->v[left++] = out->v[i];
	}
	out->n = left;
	return 0;
}
