// SPDX-License-Identifier: Apache-2.0
/*
 * From selectors to trees and uses: tests each tree against the options, groups what matched, and
 * says how well a selection is covered.
 */
#include "analyze/evidence/select.h"

#include "analyze/evidence/main_program.h"
#include "store/base/esc.h"
#include "store/base/map.h"
#include "store/base/when.h"
#include "store/model/action.h"
#include "store/model/program.h"
#include "store/model/record.h"
#include "store/model/syscall.h"

#include <stdlib.h>


/*
 * A name as the user typed it may be the bytes themselves or, as our own output writes them, with \xHH in it; a store may even hold
 * both. `is` is asked for either.
 */
static bool either(bool (*is)(const void *of, struct bytes name), const void *of, const char *text)
{
	auto_buf struct buf read = { 0 };

	if (is(of, bytes_of(text)))
		return true;
	if (strchr(text, '\\') == NULL)
		return false;
	esc_read(&read, bytes_of(text));
	return is(of, buf_bytes(&read));
}

static bool is_bytes(const void *of, struct bytes name)
{
	return bytes_eq(*(const struct bytes *)of, name);
}

static bool is_name(struct bytes name, const char *text)
{
	return either(is_bytes, &name, text);
}

/* The kernel keeps 15 bytes. */
static bool is_cut_name(const void *of, struct bytes name)
{
	return bytes_eq(*(const struct bytes *)of, (struct bytes){ name.p, name.n < RECORD_COMM_MAX ? name.n : RECORD_COMM_MAX });
}

static bool is_comm(struct bytes comm, const char *text)
{
	return either(is_cut_name, &comm, text);
}

/* A path, or its last part. */
static bool is_path(const void *of, struct bytes name)
{
	struct bytes exe = *(const struct bytes *)of;

	return bytes_eq(exe, name) || bytes_eq(program_basename(exe), name);
}

static bool is_exe(struct bytes exe, const char *text)
{
	return either(is_path, &exe, text);
}

static bool is_first(const void *of, struct bytes name)
{
	const struct query_image *m = of;

	return (m->name.n && is_cut_name(&m->name, name)) || bytes_eq(program_basename(m->exe), name);
}

static bool is_root(const struct query *q, const struct query_tree *t, const char *text)
{
	return either(is_first, &q->images.v[t->root], text);
}

/* Ids may be cut, as git's may, to what is still long enough to mean one. */
static bool is_code(struct bytes code, const char *text)
{
	size_t n = strlen(text);

	return n >= SELECT_ID_MIN && n <= code.n && memcmp(code.p, text, n) == 0;
}

/* As a row of workloads has it. */
static bool is_row(const struct bytes v[LOCATION_FIELDS], enum workloads_by by, const char *text)
{
	auto_buf struct buf row = { 0 };

	return workloads_location_name(&row, v, by) && bytes_eq(buf_bytes(&row), bytes_of(text));
}

/* A container's name, or its id, which may be cut; a pod's name or uid; a unit, with or without its type or instance. */
static bool is_container(const struct bytes v[LOCATION_FIELDS], const char *text)
{
	return is_name(v[LOCATION_CONTAINER_NAME], text) || is_code(v[LOCATION_CONTAINER], text) || is_name(v[LOCATION_CONTAINER], text) ||
	       is_row(v, BY_CONTAINER, text);
}

static bool is_pod_of(const void *of, struct bytes name)
{
	const struct bytes *v = of;
	auto_buf struct buf full = { 0 };

	buf_add(&full, v[LOCATION_NAMESPACE].p, v[LOCATION_NAMESPACE].n);
	buf_char(&full, '/');
	buf_add(&full, v[LOCATION_POD_NAME].p, v[LOCATION_POD_NAME].n);
	return name.n > 0 && (bytes_eq(v[LOCATION_POD_NAME], name) || bytes_eq(v[LOCATION_POD], name) ||
			      (v[LOCATION_POD_NAME].n > 0 && bytes_eq(buf_bytes(&full), name)));
}

static bool is_pod(const struct bytes v[LOCATION_FIELDS], const char *text)
{
	return either(is_pod_of, v, text) || is_row(v, BY_POD, text);
}

static bool is_unit_of(const void *of, struct bytes want)
{
	struct bytes unit = *(const struct bytes *)of, base;

	if (bytes_eq(unit, want))
		return true;
	if (unit.n < 8 || memcmp(unit.p + unit.n - 8, ".service", 8) != 0)
		return false;
	base = (struct bytes){ unit.p, unit.n - 8 };
	if (bytes_eq(base, want))
		return true;
	/* "x@" and "x@.service" are all instances of x */
	bytes_until(&base, '@');
	if (base.n == 0)
		return false;
	base = (struct bytes){ unit.p, (size_t)(base.p - unit.p) + 1 };
	return bytes_eq(base, want) || (want.n == base.n + 8 && bytes_starts(want, base) && memcmp(want.p + base.n, ".service", 8) == 0);
}

static bool is_unit(const struct bytes v[LOCATION_FIELDS], const char *text)
{
	return either(is_unit_of, &v[LOCATION_UNIT], text) || is_row(v, BY_UNIT, text);
}

/* Of the machine, by any of its names. */
struct machine { const struct query *q; int64_t node; };

static bool is_machine(const void *of, struct bytes name)
{
	const struct machine *m = of;

	return query_is_node(m->q, m->node, name);
}

static bool in_location(const struct query *q, const struct query_tree *t, const struct select_names *names,
			bool (*is)(const struct bytes *, const char *))
{
	if (names->n == 0)
		return true;
	for (size_t i = 0; i < names->n; i++)
		for (size_t k = 0; k < t->locations.n; k++)
			if (is(q->locations.v[t->locations.v[k]].v, names->v[i]))
				return true;
	return false;
}

static bool tree_matches(const struct query *q, const struct query_tree *t, const char *workload,
			 const struct select_options *o)
{
	bool label = o->label.n == 0, node = o->node.n == 0, root = o->root.n == 0, work = o->workload.n == 0;
	struct machine machine = { q, t->node_id };
	bool tree = o->tree.n == 0, kind = o->kind.n == 0;

	for (size_t i = 0; i < o->label.n; i++)
		for (size_t k = 0; k < t->labels.n; k++)
			label = label || is_name(t->labels.v[k], o->label.v[i]);
	for (size_t i = 0; i < o->node.n; i++)
		node = node || either(is_machine, &machine, o->node.v[i]);
	for (size_t i = 0; i < o->root.n; i++)
		root = root || is_root(q, t, o->root.v[i]);
	for (size_t i = 0; i < o->workload.n; i++)
		work = work || is_code(bytes_of(workload), o->workload.v[i]);
	for (size_t i = 0; i < o->tree.n; i++)
		tree = tree || is_code(t->code, o->tree.v[i]);
	for (size_t i = 0; i < o->no_root.n; i++)
		root = root && !is_root(q, t, o->no_root.v[i]);
	for (size_t i = 0; i < o->no_tree.n; i++)
		tree = tree && !is_code(t->code, o->no_tree.v[i]);
	for (size_t i = 0; i < o->kind.n; i++)
		kind = kind || strcmp(kind_at(t->kind)->name, o->kind.v[i]) == 0;
	return label && node && root && work && tree && kind && in_location(q, t, &o->container, is_container) &&
	       in_location(q, t, &o->pod, is_pod) && in_location(q, t, &o->unit, is_unit);
}

static bool use_matches(const struct query *q, const struct query_use *u, const struct select_options *o)
{
	bool comm = o->comm.n == 0, exe = o->exe.n == 0;

	for (size_t i = 0; i < o->comm.n; i++)
		comm = comm || is_comm(q->callers.v[u->caller].comm, o->comm.v[i]);
	for (size_t i = 0; i < o->exe.n; i++)
		exe = exe || is_exe(q->images.v[u->image].exe, o->exe.v[i]);
	return comm && exe;
}

static bool use_excluded(const struct query *q, const struct query_use *u, const struct select_options *o)
{
	for (size_t i = 0; i < o->no_comm.n; i++)
		if (is_comm(q->callers.v[u->caller].comm, o->no_comm.v[i]))
			return true;
	for (size_t i = 0; i < o->no_exe.n; i++)
		if (is_exe(q->images.v[u->image].exe, o->no_exe.v[i]))
			return true;
	return false;
}

bool select_names_something(const struct select_options *o)
{
	return o->all || o->comm.n || o->exe.n || o->label.n || o->node.n || o->root.n || o->workload.n || o->tree.n || o->kind.n ||
	       o->container.n || o->pod.n || o->unit.n;
}

/* Is `m` the image `of`, a part of it, or something that it started? */
static bool descends(const struct query *q, uint32_t m, const bool *image_matches)
{
	for (; m != QUERY_NONE; m = q->images.v[m].parent != QUERY_NONE ? q->images.v[m].parent : q->images.v[m].fork_of)
		if (image_matches[m])
			return true;
	return false;
}

/* Marks the uses that the scope takes. */
static void take_uses(struct selection *s, const struct query *q, const struct select_options *o)
{
	auto_free bool *image_matches = mem_zero(q->images.n, sizeof(*image_matches));

	for (size_t i = 0; i < q->uses.n; i++)
		if (s->use_matches[i])
			image_matches[q->uses.v[i].image] = true;
	for (size_t i = 0; i < q->uses.n; i++) {
		const struct query_use *u = &q->uses.v[i];

		if (!s->tree_in[q->images.v[u->image].tree] || use_excluded(q, u, o))
			continue;
		s->use_in[i] = o->scope == SCOPE_TREE || (o->scope == SCOPE_ONLY && s->use_matches[i]) ||
			       (o->scope == SCOPE_SUBTREE && descends(q, u->image, image_matches));
	}
}

static void sum_up(struct selection *s, const struct query *q, enum scope scope)
{
	struct map ways = { 0 };

	s->t_first = s->t_last = WHEN_NONE;
	for (size_t i = 0; i < q->trees.n; i++) {
		if (!s->tree_in[i])
			continue;
		s->trees += q->trees.v[i].stands_for;
		s->starts += q->trees.v[i].starts;
		s->fragments += q->trees.v[i].stands_for - q->trees.v[i].starts;
	}
	for (size_t i = 0; i < q->uses.n; i++) {
		const struct query_use *u = &q->uses.v[i];

		if (!s->use_in[i])
			continue;
		s->records += u->events;
		/* who asks for a loader alone gets it, where it started something */
		s->program |= scope == SCOPE_ONLY ? q->trees.v[q->images.v[u->image].tree].program :
							    query_is_program(&q->images.v[u->image]);
		if (s->use_matches[i])
			map_put(&ways, pool_find(&q->strings, q->images.v[u->image].path), 0, 1);
		if (u->t_first == WHEN_NONE)
			continue;
		if (s->t_first == WHEN_NONE || u->t_first < s->t_first)
			s->t_first = u->t_first;
		if (s->t_last == WHEN_NONE || u->t_last > s->t_last)
			s->t_last = u->t_last;
	}
	s->ways = ways.n;
	map_release(&ways);
}

/* ---- one workload or several ---- */

/* The image above: from which it was exec'd, else of which it is a fork. */
static uint32_t above(const struct query *q, uint32_t m)
{
	return q->images.v[m].parent != QUERY_NONE ? q->images.v[m].parent : q->images.v[m].fork_of;
}

/* On the root pid's chain of execs? */
static bool on_chain(const struct query *q, uint32_t m)
{
	while (q->images.v[m].parent != QUERY_NONE)
		m = q->images.v[m].parent;
	return q->images.v[m].fork_of == QUERY_NONE;
}

/* Started by a process that a chain image forked. */
static bool started_by_chain(const struct query *q, uint32_t m)
{
	while (q->images.v[m].parent != QUERY_NONE)
		m = q->images.v[m].parent;
	return q->images.v[m].fork_of != QUERY_NONE && on_chain(q, q->images.v[m].fork_of);
}

/*
 * The same, or by forks of that process. Which of a pipeline's stages seems to be the fork of which is chance: the shell forks
 * them all, one right after the other.
 */
static bool started_below_chain(const struct query *q, uint32_t m)
{
	while (q->images.v[m].parent != QUERY_NONE)
		m = q->images.v[m].parent;
	while (!on_chain(q, m) && q->images.v[m].parent == QUERY_NONE)
		m = q->images.v[m].fork_of;
	return on_chain(q, m);
}

/*
 * Is m, which the chain started, what its tree is there for? No other program that the chain started ran at the same
 * time (a pipeline) or lived longer. What an entrypoint script runs before or after its service does neither. Where m is
 * further below, what seems to be started by the chain may be in the background, and short: it has to live half as long.
 */
static bool stands_out(const struct query *q, uint32_t m)
{
	const struct query_image *x = &q->images.v[m];
	int64_t life = x->t_last - x->t_first, enough = started_by_chain(q, m) ? 0 : life / 2;

	for (uint32_t i = 0; i < q->images.n; i++) {
		const struct query_image *y = &q->images.v[i];

		if (y->tree != x->tree || y->parent == QUERY_NONE || bytes_eq(y->exe, x->exe) || !main_program_is_plain(y) ||
		    !started_by_chain(q, i))
			continue;
		if ((y->t_first < x->t_last && y->t_last > x->t_first && y->t_last - y->t_first >= enough) || y->t_last - y->t_first > life)
			return false;
	}
	return true;
}

/* Is it a part of what the tree is about, or below it? */
static bool below_main(const struct query *q, const struct query_tree *t, uint32_t m)
{
	for (; m != QUERY_NONE; m = above(q, m))
		if (m == t->main)
			return true;
	return false;
}

/*
 * The image that decides which workload a tree is of, when m is what the user asked for: m itself on the root pid's
 * chain, or where it stands out among what that started; else the program between, or the tree's main program.
 * Loaders, shells and wrappers never decide; a script does.
 */
static uint32_t decider(const struct query *q, uint32_t m)
{
	const struct query_tree *t = &q->trees.v[q->images.v[m].tree];
	uint32_t between = QUERY_NONE;

	if (!main_program_is(&q->images.v[m]))
		return t->main;
	if (on_chain(q, m))
		return m;
	/* what the chain's own program started is that program's, and so is what belongs to a script */
	if ((!t->started && main_program_is(&q->images.v[t->main])) || (q->images.v[t->main].script.n && below_main(q, t, m)))
		return t->main;
	if (started_below_chain(q, m))
		return stands_out(q, m) ? m : t->main;
	for (uint32_t i = above(q, m); i != QUERY_NONE; i = above(q, i))
		if (main_program_is(&q->images.v[i]) && !bytes_eq(q->images.v[i].exe, q->images.v[m].exe))
			between = i;
	return between == QUERY_NONE ? m : between;
}

struct grouping {
	struct selection *s;
	struct query *q;
	const struct workloads *w;
	uint32_t *group_of;      /* of each tree, index + 1 */
	struct map by_key;
};

static uint32_t group_for(struct grouping *g, struct bytes key, struct bytes name)
{
	uint64_t id = pool_intern(&g->q->strings, key);
	int64_t at = map_get(&g->by_key, id, 0, -1);
	auto_buf struct buf shown = { 0 };

	if (at >= 0)
		return (uint32_t)at;
	esc_tty(&shown, name);
	at = (int64_t)g->s->groups.n;
	map_put(&g->by_key, id, 0, at);
	*VEC_PUSH(&g->s->groups) = (struct select_group){
		.name = pool_get(&g->q->strings, pool_intern(&g->q->strings, buf_bytes(&shown))) };
	return (uint32_t)at;
}

/* What trees agree on: a label, a container or unit, else the deciding program (its name too, when it is a script or not what was asked for). */
static uint32_t group_of_use(struct grouping *g, const struct query_use *u)
{
	uint32_t tree = g->q->images.v[u->image].tree, d = decider(g->q, u->image);
	const struct query_tree *t = &g->q->trees.v[tree];
	const struct query_image *m = &g->q->images.v[d];
	auto_buf struct buf key = { 0 };

	if (t->labels.n || workloads_has_location(g->q, t)) {
		const struct workload *w = &g->w->v[g->w->of_tree[tree]];

		return group_for(g, bytes_of(w->code), w->name);
	}
	buf_add(&key, m->exe.p, m->exe.n);
	if (d != u->image || m->script.n) {
		buf_char(&key, '|');
		buf_add(&key, main_program_name(m).p, main_program_name(m).n);
	}
	return group_for(g, buf_bytes(&key), main_program_name(m));
}

/* The options that narrow to a group: its workloads. */
static void name_options(struct grouping *g)
{
	struct map done = { 0 };

	for (uint32_t k = 0; k < g->s->groups.n; k++) {
		struct select_group *group = &g->s->groups.v[k];
		auto_buf struct buf option = { 0 };

		for (uint32_t i = 0; i < g->q->trees.n; i++) {
			uint32_t work = g->w->of_tree[i];

			if (g->group_of[i] != k + 1)
				continue;
			group->trees += g->q->trees.v[i].stands_for;
			group->starts += g->q->trees.v[i].starts;
			if (map_get(&done, k, work, 0))
				continue;
			map_put(&done, k, work, 1);
			buf_printf(&option, "%s--workload %s", option.n ? " " : "", g->w->v[work].code);
		}
		group->option = pool_get(&g->q->strings, pool_intern(&g->q->strings, buf_bytes(&option)));
	}
	map_release(&done);
}

/* How many names only this group's trees show. */
static void count_adds(struct grouping *g)
{
	struct map owner = { 0 }; /* name -> group + 1, or 0 when several have it */
	char name[SYSCALL_NAME_MAX];
	size_t at = 0;

	for (size_t i = 0; i < g->q->uses.n; i++) {
		const struct query_use *u = &g->q->uses.v[i];
		const struct query_call *c = &g->q->calls.v[u->call];
		uint32_t group = g->group_of[g->q->images.v[u->image].tree];
		uint64_t id;
		int64_t was;

		if (group == 0 || !g->s->use_in[i] || !action_passes(c->action))
			continue;
		syscall_name(c->arch, c->nr, name);
		id = pool_intern(&g->q->strings, bytes_of(name));
		was = map_get(&owner, id, 0, -1);
		map_put(&owner, id, 0, was < 0 || was == group ? group : 0);
	}
	for (const struct map_entry *o = map_next(&owner, &at); o != NULL; o = map_next(&owner, &at))
		if (o->value > 0)
			g->s->groups.v[o->value - 1].adds++;
	map_release(&owner);
}

/* Trees of one workload are never in two groups: which stage of a pipeline matches first is chance. */
static void join_groups(struct grouping *g)
{
	auto_free uint32_t *of_workload = mem_zero(g->w->n, sizeof(*of_workload)), *to = mem_alloc((g->s->groups.n + 1) * sizeof(*to));
	uint32_t left = 0;

	for (uint32_t k = 0; k <= g->s->groups.n; k++)
		to[k] = k;
	for (uint32_t i = 0; i < g->q->trees.n; i++) {
		uint32_t work = g->w->of_tree[i], a, b;

		if (g->group_of[i] == 0)
			continue;
		if (of_workload[work] == 0)
			of_workload[work] = g->group_of[i];
		for (a = g->group_of[i]; to[a] != a;)
			a = to[a];
		for (b = of_workload[work]; to[b] != b;)
			b = to[b];
		to[a > b ? a : b] = a > b ? b : a;
	}
	for (uint32_t k = 1; k <= g->s->groups.n; k++) {
		if (to[k] == k)
			g->s->groups.v[left++] = g->s->groups.v[k - 1];
		to[k] = to[k] == k ? left : to[to[k]];
	}
	g->s->groups.n = left;
	for (uint32_t i = 0; i < g->q->trees.n; i++)
		g->group_of[i] = to[g->group_of[i]];
}

static void find_groups(struct selection *s, struct query *q, const struct workloads *w)
{
	struct grouping g = { .s = s, .q = q, .w = w, .group_of = mem_zero(q->trees.n, sizeof(*g.group_of)) };

	for (size_t i = 0; i < q->uses.n; i++) {
		uint32_t tree = q->images.v[q->uses.v[i].image].tree;

		/* the first use that matches decides; uses of a tree are in the order of its images */
		if (s->use_matches[i] && s->tree_in[tree] && g.group_of[tree] == 0)
			g.group_of[tree] = group_of_use(&g, &q->uses.v[i]) + 1;
	}
	join_groups(&g);
	if (s->groups.n > 1) {
		name_options(&g);
		count_adds(&g);
	}
	free(g.group_of);
	map_release(&g.by_key);
}

/*
 * One filter covers all of a container or unit: its other trees (probes, hooks, reload) belong to those that were selected,
 * unless they were left out by name.
 */
static void take_neighbours(struct selection *s, const struct query *q, const struct workloads *w, const struct select_options *o)
{
	auto_free bool *in = mem_zero(q->locations.n, sizeof(*in));
	struct select_options left_out = { .no_root = o->no_root, .no_tree = o->no_tree };

	for (size_t i = 0; i < q->trees.n; i++)
		for (size_t k = 0; k < q->trees.v[i].locations.n && s->tree_in[i]; k++)
			in[q->trees.v[i].locations.v[k]] = workloads_is_whole_location(q->locations.v[q->trees.v[i].locations.v[k]].v);
	for (size_t i = 0; i < q->trees.n; i++)
		for (size_t k = 0; k < q->trees.v[i].locations.n && !s->tree_in[i]; k++)
			s->tree_in[i] = in[q->trees.v[i].locations.v[k]] && w->of_tree[i] != WORKLOADS_NONE &&
					tree_matches(q, &q->trees.v[i], "", &left_out);
}

void select_run(struct selection *out, struct query *q, const struct workloads *w, const struct select_options *o)
{
	auto_free bool *candidate = mem_zero(q->trees.n, sizeof(*candidate));

	*out = (struct selection){ .tree_in = mem_zero(q->trees.n, sizeof(bool)),
				   .use_in = mem_zero(q->uses.n, sizeof(bool)),
				   .use_matches = mem_zero(q->uses.n, sizeof(bool)) };
	for (size_t i = 0; i < q->trees.n; i++)
		candidate[i] = w->of_tree[i] != WORKLOADS_NONE &&
			       tree_matches(q, &q->trees.v[i], w->v[w->of_tree[i]].code, o);
	for (size_t i = 0; i < q->uses.n; i++) {
		uint32_t tree = q->images.v[q->uses.v[i].image].tree;

		out->use_matches[i] = candidate[tree] && use_matches(q, &q->uses.v[i], o);
		out->tree_in[tree] = out->tree_in[tree] || out->use_matches[i];
	}
	if (o->whole_locations && o->scope == SCOPE_TREE && o->tree.n == 0)
		take_neighbours(out, q, w, o);
	take_uses(out, q, o);
	sum_up(out, q, o->scope);
	if ((o->comm.n || o->exe.n) && o->scope != SCOPE_ONLY)
		find_groups(out, q, w);
}

void select_release(struct selection *s)
{
	free(s->tree_in);
	free(s->use_in);
	free(s->use_matches);
	VEC_FREE(&s->groups);
	*s = (struct selection){ 0 };
}

bool select_is_container(const struct bytes v[LOCATION_FIELDS], const char *text)
{
	return is_container(v, text);
}

bool select_is_pod(const struct bytes v[LOCATION_FIELDS], const char *text)
{
	return is_pod(v, text);
}

bool select_is_unit(const struct bytes v[LOCATION_FIELDS], const char *text)
{
	return is_unit(v, text);
}

bool select_has_comm(const struct query *q, const char *name)
{
	for (size_t i = 0; i < q->callers.n; i++)
		if (is_comm(q->callers.v[i].comm, name))
			return true;
	return false;
}
