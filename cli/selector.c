// SPDX-License-Identifier: Apache-2.0
/* Turns selector options into what analyze/evidence/select takes, and loads what is selected. */
#include "cli/selector.h"

#include "cli/values.h"
#include "store/base/esc.h"
#include "store/base/when.h"

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
			return err_set(e, ST_INPUT, "'%s' is too short for an id: at least %d characters", o->given[id].v[i],
				       SELECT_ID_MIN);
	return 0;
}

static int read_options(struct selected *s, const struct opts *o, struct err *e)
{
	int64_t now = when_now();

	s->options = (struct select_options){
		.comm = names(o, OPT_comm), .exe = names(o, OPT_exe), .label = names(o, OPT_label),
		.node = names(o, OPT_node), .root = names(o, OPT_root), .workload = names(o, OPT_workload),
		.tree = names(o, OPT_tree), .no_comm = names(o, OPT_exclude_comm), .no_exe = names(o, OPT_exclude_exe),
		.no_root = names(o, OPT_exclude_root), .no_tree = names(o, OPT_exclude_tree),
		.kind = names(o, OPT_kind), .container = names(o, OPT_container), .pod = names(o, OPT_pod), .unit = names(o, OPT_unit),
		.all = opt_on(o, OPT_all_lines), .union_ = opt_on(o, OPT_union),
	};
	for (size_t i = 0; i < s->options.kind.n; i++) {
		enum kind kind;

		if (!kind_of(bytes_of(s->options.kind.v[i]), &kind))
			return err_set(e, ST_INPUT, "--kind is one of %s, not '%.40s'", kind_names(), s->options.kind.v[i]);
	}
	s->since = s->until = WHEN_NONE;
	if (scope(o, &s->options.scope, e) < 0 || ids(o, OPT_workload, e) < 0 || ids(o, OPT_tree, e) < 0 ||
	    ids(o, OPT_exclude_tree, e) < 0)
		return -1;
	if (opt_on(o, OPT_since) && when_parse(opt_text(o, OPT_since, NULL), now, &s->since, e) < 0)
		return err_wrap(e, "--since");
	if (opt_on(o, OPT_until) && when_parse(opt_text(o, OPT_until, NULL), now, &s->until, e) < 0)
		return err_wrap(e, "--until");
	return 0;
}

int selector_open(struct selected *out, const struct opts *o, struct err *e)
{
	*out = (struct selected){ 0 };
	if (read_options(out, o, e) < 0 || values_read(o, &out->store, e) < 0 ||
	    query_load(&out->query, &out->store, out->since, out->until, opt_on(o, OPT_trusted), e) < 0)
		return -1;
	workloads_find(&out->workloads, &out->query);
	return 0;
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
	static const enum opt picking[] = { OPT_all_lines, OPT_comm, OPT_exe, OPT_root, OPT_label, OPT_container, OPT_pod, OPT_unit,
					    OPT_workload, OPT_tree, OPT_kind, OPT_union };

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
		for (size_t k = 0; k < o->given[i].n && i != OPT_verbose && i != OPT_quiet && !(rest && picks((enum opt)i)); k++) {
			buf_printf(out, " --%s", opt_name((enum opt)i));
			if (o->given[i].v[k][0] == '\0')
				continue;
			buf_char(out, ' ');
			esc_shell(out, bytes_of(o->given[i].v[k]));
		}
}

int selector_losses(struct query_losses *out, struct selected *s, const struct opts *o, struct err *e)
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
