// SPDX-License-Identifier: Apache-2.0
/* Turns selector options into what analyze/evidence/select takes, and loads what is selected. */
#include "cli/selector.h"

#include "cli/values.h"
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
		.container = names(o, OPT_container), .pod = names(o, OPT_pod), .unit = names(o, OPT_unit),
		.all = opt_on(o, OPT_all_lines), .union_ = opt_on(o, OPT_union),
	};
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
