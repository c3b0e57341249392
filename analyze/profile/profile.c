// SPDX-License-Identifier: Apache-2.0
/*
 * Makes the rules of a list from a selection: names, their grounds, starts and callers; and the
 * policy that is written.
 */
#include "analyze/profile/profile.h"

#include "analyze/policy/danger.h"
#include "analyze/policy/runtime.h"
#include "store/base/esc.h"
#include "store/base/map.h"
#include "store/base/when.h"
#include "store/model/action.h"
#include "store/model/arch.h"
#include "store/model/syscall.h"

#include <errno.h>
#include <stdlib.h>

static const struct { const char *word, *why;
} grounds[N_GROUNDS] = {
	[GROUND_SEEN] = { "seen", "" },
	[GROUND_BASELINE] = { "floor", "from the floor, without evidence" },
	[GROUND_RUNTIME] = { "runtime", "what the runtime needs, without evidence" },
	[GROUND_SIBLING] = { "sibling", "siblings of what was seen, without evidence" },
	[GROUND_UNOBSERVABLE] = { "not observable",
				  "allowed while it was recorded, so not observable" },
};

const char *profile_ground_word(enum profile_ground g)
{
	return grounds[g].word;
}

const char *profile_ground_why(enum profile_ground g)
{
	return grounds[g].why;
}

struct rules { struct profile_rule *v; size_t n, cap; };

struct building {
	struct profile *p;
	struct rules by_name;   /* every name that occurs */
	struct map names;       /* pool id -> index */
	struct map starts;      /* (rule, tree) that was counted */
	struct map programs;    /* (exe and name of a main program) -> index */
	struct map by_program;  /* (rule, program) -> starts that showed it */
};

static struct profile_rule *rule_for(struct building *b, struct bytes name, uint32_t *index)
{
	uint32_t id = pool_intern(&b->p->q->strings, name);
	int64_t at = map_get(&b->names, id, 0, -1);

	if (at < 0) {
		struct bytes kept = pool_get(&b->p->q->strings, id);

		at = (int64_t)b->by_name.n;
		map_put(&b->names, id, 0, at);
		*VEC_PUSH(&b->by_name) = (struct profile_rule){ .name = kept,
								.text_only = true,
								.others_only = true,
								.danger = danger_of(kept) };
	}
	*index = (uint32_t)at;
	return &b->by_name.v[at];
}

static void note_unnamed(struct profile *p, const struct query_call *c, uint64_t events)
{
	for (size_t i = 0; i < p->unnamed.n; i++) {
		if (p->unnamed.v[i].arch != c->arch || p->unnamed.v[i].nr != c->nr)
			continue;
		p->unnamed.v[i].events += events;
		return;
	}
	*VEC_PUSH(&p->unnamed) = (struct profile_unnamed){ c->arch, c->nr, events };
}

static void note_arch(struct profile *p, uint32_t arch)
{
	for (size_t i = 0; i < p->archs.n; i++)
		if (p->archs.v[i] == arch)
			return;
	*VEC_PUSH(&p->archs) = arch;
}

/* In how many starts of a tree the name came: in one, or of compacted trees, in those whose call
 * set holds it. */
static uint64_t starts_with(const struct query *q, uint32_t tree, struct bytes name)
{
	uint64_t starts = 0;
	char text[SYSCALL_NAME_MAX];

	if (q->trees.v[tree].stands_for == 1)
		return q->trees.v[tree].starts;
	for (size_t i = 0; i < q->sets.n; i++) {
		bool has = false;

		for (size_t k = 0; k < q->sets.v[i].calls.n && q->sets.v[i].tree == tree && !has;
		     k++) {
			const struct query_call *c = &q->calls.v[q->sets.v[i].calls.v[k]];

			has = syscall_name(c->arch, c->nr, text) && bytes_eq(bytes_of(text), name);
		}
		starts += has ? q->sets.v[i].starts : 0;
	}
	return starts;
}

#define RARE_STARTS 3 /* of fewer, one says nothing */

/* The program that a start is one of. */
static uint32_t program_of(struct building *b, uint32_t tree)
{
	struct profile *p = b->p;
	const struct query_tree *t = &p->q->trees.v[tree];
	uint64_t exe = pool_intern(&p->q->strings, p->q->images.v[t->main].exe),
		 name = pool_intern(&p->q->strings, t->main_name);
	int64_t at = map_get(&b->programs, exe, name, -1);
	auto_buf struct buf shown = { 0 };

	if (at >= 0)
		return (uint32_t)at;
	at = (int64_t)p->programs.n;
	map_put(&b->programs, exe, name, at);
	esc_tty(&shown, t->main_name);
	*VEC_PUSH(&p->programs) = (struct profile_program){
		.name = pool_get(&p->q->strings, pool_intern(&p->q->strings, buf_bytes(&shown)))
	};
	return (uint32_t)at;
}

static void count_program(struct building *b, uint32_t tree)
{
	uint32_t program = program_of(b, tree);

	b->p->programs.v[program].starts += b->p->q->trees.v[tree].starts;
}

static void count_programs(struct building *b)
{
	for (uint32_t i = 0; i < b->p->q->trees.n; i++)
		if (b->p->s->tree_in[i] && b->p->q->trees.v[i].starts > 0 &&
		    b->p->q->trees.v[i].main != QUERY_NONE)
			count_program(b, i);
}

/* Names that came in only one start of a program with several, and not more often with any other.
 */
static void find_rare(struct building *b)
{
	for (size_t i = 0; i < b->by_program.cap; i++) {
		const struct map_entry *e = &b->by_program.v[i];
		struct profile_rule *r = b->by_program.used[i] ? &b->by_name.v[e->a] : NULL;

		if (r == NULL || r->rare == SIZE_MAX)
			continue;
		if (e->value != 1 || b->p->programs.v[e->b].starts < RARE_STARTS)
			r->rare = SIZE_MAX;
		else if (r->rare == 0 || e->b + 1 < r->rare)
			r->rare = e->b + 1;
	}
	for (size_t i = 0; i < b->by_name.n; i++)
		if (b->by_name.v[i].rare == SIZE_MAX)
			b->by_name.v[i].rare = 0;
}

static void take_use(struct building *b, uint32_t at)
{
	struct profile *p = b->p;
	const struct query_use *u = &p->q->uses.v[at];
	const struct query_call *c = &p->q->calls.v[u->call];
	uint32_t tree = p->q->images.v[u->image].tree, index;
	bool denied = !action_passes(c->action), timeless = u->events == 0;
	char name[SYSCALL_NAME_MAX];
	struct profile_rule *r;

	if (!syscall_name(c->arch, c->nr, name) || arch_scmp(arch_of(c->arch, c->nr)) == NULL) {
		note_unnamed(p, c, u->events);
		return;
	}
	note_arch(p, arch_of(c->arch, c->nr));
	r = rule_for(b, bytes_of(name), &index);
	*VEC_PUSH(&r->uses) = at;
	r->denied += denied ? u->events + timeless : 0;
	r->events += denied ? 0 : u->events + timeless;
	if (denied && !p->o.include_denied)
		return;
	r->text_only = r->text_only && u->trusted == 0;
	r->others_only = r->others_only && !p->s->use_matches[at];
	if (p->q->trees.v[tree].start_seen && map_get(&b->starts, index, tree, 0) == 0) {
		map_put(&b->starts, index, tree, 1);
		r->starts += starts_with(p->q, tree, r->name);
		if (p->q->trees.v[tree].main != QUERY_NONE) {
			uint32_t program = program_of(b, tree);

			map_put(&b->by_program, index, program,
				map_get(&b->by_program, index, program, 0) +
					(int64_t)starts_with(p->q, tree, r->name));
		}
	}
}

static int by_name(const void *a, const void *b)
{
	const struct profile_rule *x = a, *y = b;

	return strcmp(x->name.p, y->name.p);
}

static int by_table(const void *a, const void *b)
{
	static const uint32_t order[] = {
#define ARCH(value, name, scmp) value,
#include "store/model/arch_list.h"
#undef ARCH
	};
	const uint32_t *x = a, *y = b;
	size_t i = 0, k = 0;

	while (i < ARRAY_SIZE(order) && order[i] != *x)
		i++;
	while (k < ARRAY_SIZE(order) && order[k] != *y)
		k++;
	return i < k ? -1 : i > k;
}

/* Does the evidence put it into an allow-list? */
static bool is_needed(const struct profile *p, const struct profile_rule *r)
{
	return r->events > 0 || (p->o.include_denied && r->denied > 0);
}

bool profile_denied_only(const struct profile *p, const struct profile_rule *r)
{
	return !p->o.block && r->ground == GROUND_SEEN && r->events == 0 && r->denied > 0;
}

/* Has a name without evidence, if one of the list's architectures has it. */
static void stand(struct building *b, const char *name, enum profile_ground ground)
{
	const struct profile *p = b->p;
	struct profile_rule *r;
	uint32_t index;
	size_t i = 0;

	while (i < p->archs.n && !syscall_exists(p->archs.v[i], name))
		i++;
	if (i == p->archs.n)
		return;
	r = rule_for(b, bytes_of(name), &index);
	if (is_needed(p, r) || r->ground != GROUND_SEEN)
		return;
	r->ground = ground;
	r->others_only = false;
}

static bool shows_loader(const struct profile *p, const struct runtime *runtime)
{
	for (size_t i = 0; i < p->q->uses.n; i++) {
		const struct query_image *m = &p->q->images.v[p->q->uses.v[i].image];

		if (p->s->use_in[i] && m->loader && runtime_is(runtime, m->path))
			return true;
	}
	return false;
}

/* What was allowed while trees were recorded, and so left no records. */
static void keep_unobservable(struct building *b)
{
	const struct active_policies *f = b->p->o.active_policies;

	for (size_t i = 0; f != NULL && i < f->v.n; i++)
		for (size_t k = 0; k < f->v.v[i].rules.n; k++) {
			const struct policy_rule *r = &f->v.v[i].rules.v[k];

			for (size_t m = 0;
			     m < r->names.n && r->action == ACTION_ALLOW && r->args.n == 0; m++)
				stand(b, r->names.v[m], GROUND_UNOBSERVABLE);
		}
}

static const struct profile_rule *find_rule(const struct profile *p, const char *name)
{
	for (size_t i = 0; i < p->rules.n; i++)
		if (bytes_eq(p->rules.v[i].name, bytes_of(name)))
			return &p->rules.v[i];
	return NULL;
}

static bool same_args(const struct policy_rule *a, const struct policy_rule *b)
{
	return a->args.n == b->args.n &&
	       (a->args.n == 0 ||
		memcmp(a->args.v, b->args.v, a->args.n * sizeof(*a->args.v)) == 0);
}

static bool has_partial(const struct profile *p, const struct policy_rule *r, const char *name)
{
	for (size_t i = 0; i < p->partial.n; i++)
		if (strcmp(p->partial.v[i].names.v[0], name) == 0 && same_args(&p->partial.v[i], r))
			return true;
	return false;
}

/* One name for these arguments, unless the list has it for all. */
static void keep_partial(struct profile *p, const struct policy_rule *r, const char *name)
{
	struct policy_rule *out;
	size_t i = 0;

	while (i < p->archs.n && !syscall_exists(p->archs.v[i], name))
		i++;
	if (i == p->archs.n || find_rule(p, name) != NULL || has_partial(p, r, name))
		return;
	out = VEC_PUSH(&p->partial);
	*out = (struct policy_rule){ .action = (uint32_t)ACTION_ALLOW, .error = POLICY_NO_ERRNO,
				     .comment = profile_ground_why(GROUND_UNOBSERVABLE) };
	*VEC_PUSH(&out->names) = name;
	for (size_t k = 0; k < r->args.n; k++)
		*VEC_PUSH(&out->args) = r->args.v[k];
}

/* What was allowed for some arguments: in part not observable. After all names have their places.
 */
static void keep_partials(struct profile *p)
{
	const struct active_policies *f = p->o.active_policies;

	for (size_t i = 0; f != NULL && !p->o.block && p->rules.n > 0 && i < f->v.n; i++)
		for (size_t k = 0; k < f->v.v[i].rules.n; k++) {
			const struct policy_rule *r = &f->v.v[i].rules.v[k];

			for (size_t m = 0;
			     m < r->names.n && r->action == (uint32_t)ACTION_ALLOW && r->args.n > 0;
			     m++)
				keep_partial(p, r, r->names.v[m]);
		}
}

/* The floor and the runtime's table, for an allow-list that has some evidence. */
static void add_unseen(struct building *b)
{
	struct profile *p = b->p;
	const struct runtime *runtime = p->o.runtime;
	bool any = false;

	for (size_t i = 0; i < b->by_name.n && !any; i++)
		any = is_needed(p, &b->by_name.v[i]);
	if (!any || p->o.block)
		return;
	keep_unobservable(b);
	for (size_t i = 0; p->o.baseline != NULL && i < p->o.baseline->names.n; i++)
		stand(b, p->o.baseline->names.v[i], GROUND_BASELINE);
	for (size_t i = 0; p->o.siblings != NULL && i < p->o.siblings->n; i++)
		stand(b, p->o.siblings->v[i].name, GROUND_SIBLING);
	p->runtime_shown = runtime != NULL && shows_loader(p, runtime);
	p->runtime_unseen = runtime != NULL && (!p->runtime_shown || (p->o.whole != NULL &&
			    !whole_shows_start(p->o.whole, p->q, p->s, runtime)));
	for (size_t i = 0; p->runtime_unseen && runtime_call(runtime, i) != NULL; i++)
		stand(b, runtime_call(runtime, i), GROUND_RUNTIME);
}

/* Each name goes to one of the lists. */
static void sort_out(struct building *b)
{
	struct profile *p = b->p;

	if (b->by_name.n > 1)
		qsort(b->by_name.v, b->by_name.n, sizeof(*b->by_name.v), by_name);
	for (size_t i = 0; i < b->by_name.n; i++) {
		struct profile_rule *r = &b->by_name.v[i];
		bool needed = is_needed(p, r);

		if (r->ground != GROUND_SEEN)
			*VEC_PUSH(&p->rules) = *r;
		else if (p->o.block ? r->denied == 0 : !needed && r->denied == 0)
			VEC_FREE(&r->uses);
		else if (p->o.block)
			*VEC_PUSH(&p->rules) = *r;
		else if (!needed)
			*VEC_PUSH(&p->denied) = *r;
		else
			*VEC_PUSH(&p->rules) = *r;
	}
	if (p->archs.n > 1)
		qsort(p->archs.v, p->archs.n, sizeof(*p->archs.v), by_table);
}

void profile_build(struct profile *out, struct query *q, const struct selection *s,
		   const struct profile_options *o)
{
	struct building b = { .p = out };

	*out = (struct profile){ .q = q, .s = s, .o = *o };
	count_programs(&b);
	for (size_t i = 0; i < q->uses.n; i++)
		if (s->use_in[i])
			take_use(&b, (uint32_t)i);
	add_unseen(&b);
	find_rare(&b);
	sort_out(&b);
	keep_partials(out);
	VEC_FREE(&b.by_name);
	map_release(&b.names);
	map_release(&b.starts);
	map_release(&b.programs);
	map_release(&b.by_program);
}

static void free_rules(struct profile_rule *v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		VEC_FREE(&v[i].uses);
	free(v);
}

void profile_release(struct profile *p)
{
	free_rules(p->rules.v, p->rules.n);
	free_rules(p->denied.v, p->denied.n);
	VEC_FREE(&p->unnamed);
	VEC_FREE(&p->archs);
	VEC_FREE(&p->programs);
	for (size_t i = 0; i < p->partial.n; i++)
		policy_rule_release(&p->partial.v[i]);
	VEC_FREE(&p->partial);
	*p = (struct profile){ 0 };
}

void profile_policy(struct policy *out, const struct profile *p)
{
	uint32_t denies = ACTION_ERRNO, allows = ACTION_ALLOW;
	struct policy_rule *r;

	*out = (struct policy){ .default_action = p->o.block ? allows : p->o.default_action,
				.default_error = POLICY_NO_ERRNO };
	if (out->default_action == denies)
		out->default_error = EPERM;
	for (size_t i = 0; i < p->archs.n; i++)
		*VEC_PUSH(&out->archs) = p->archs.v[i];
	if (p->rules.n == 0)
		return;
	r = VEC_PUSH(&out->rules);
	*r = (struct policy_rule){ .action = p->o.block ? denies : allows,
				   .error = p->o.block ? EPERM : POLICY_NO_ERRNO };
	for (size_t i = 0; i < p->rules.n; i++)
		*VEC_PUSH(&r->names) = policy_keep(out, p->rules.v[i].name.p);
	for (size_t i = 0; i < p->partial.n; i++) {
		r = VEC_PUSH(&out->rules);
		*r = (struct policy_rule){ .action = allows, .error = POLICY_NO_ERRNO };
		*VEC_PUSH(&r->names) = policy_keep(out, p->partial.v[i].names.v[0]);
		for (size_t k = 0; k < p->partial.v[i].args.n; k++)
			*VEC_PUSH(&r->args) = p->partial.v[i].args.v[k];
	}
}

static int most_events(const void *a, const void *b)
{
	const struct profile_caller *x = a, *y = b;

	if (x->events + x->denied != y->events + y->denied)
		return x->events + x->denied > y->events + y->denied ? -1 : 1;
	if (strcmp(x->path.p, y->path.p) != 0)
		return strcmp(x->path.p, y->path.p);
	return bytes_eq(x->comm, y->comm) ? bytes_order(x->subj, y->subj) :
					    bytes_order(x->comm, y->comm);
}

#define ARGS_SHOWN 8

/* Which arguments SYSCALL records showed of a call, of that thread's name and program: "a0 2,10; a1
 * 80002". */
static void note_args(struct profile_caller *c, const struct query *q,
		      const struct query_call *call, struct bytes comm, struct bytes exe)
{
	unsigned which = UINT32_MAX, n = 0;

	if (c->args.n > 0)
		return;
	for (size_t i = 0; i < q->args.n; i++) {
		const struct query_args *a = &q->args.v[i];

		if (a->arch != call->arch || a->nr != call->nr || !bytes_eq(a->comm, comm) ||
		    !bytes_eq(a->exe, exe))
			continue;
		if (a->which != which) {
			buf_printf(&c->args, "%sa%u ", c->args.n ? "; " : "", a->which);
			n = 0;
		}
		which = a->which;
		if (n++ < ARGS_SHOWN)
			buf_printf(&c->args, "%s%llx", n > 1 ? "," : "",
				   (unsigned long long)a->value);
		else if (n == ARGS_SHOWN + 2)
			buf_str(&c->args, ",...");
	}
}

void profile_callers_release(struct profile_callers *c)
{
	for (size_t i = 0; i < c->n; i++)
		buf_release(&c->v[i].args);
	VEC_FREE(c);
}

void profile_callers(struct profile_callers *out, const struct profile *p,
		     const struct profile_rule *rule)
{
	const struct query *q = p->q;
	struct map trees = { 0 };

	*out = (struct profile_callers){ 0 };
	for (size_t i = 0; i < rule->uses.n; i++) {
		const struct query_use *u = &q->uses.v[rule->uses.v[i]];
		const struct query_image *m = &q->images.v[u->image];
		const struct query_caller *who = &q->callers.v[u->caller];
		bool denied = !action_passes(q->calls.v[u->call].action);
		struct profile_caller *c = NULL;
		size_t at = 0;

		for (; at < out->n && c == NULL; at++)
			if (bytes_eq(out->v[at].path, m->path) &&
			    bytes_eq(out->v[at].comm, who->comm) &&
			    bytes_eq(out->v[at].subj, who->subj) &&
			    out->v[at].kind == q->trees.v[m->tree].kind)
				c = &out->v[at--];
		if (c == NULL) {
			c = VEC_PUSH(out);
			*c = (struct profile_caller){ .path = m->path,
						      .comm = who->comm,
						      .subj = who->subj,
						      .kind = q->trees.v[m->tree].kind,
						      .t_first = WHEN_NONE,
						      .t_last = WHEN_NONE };
		}
		c->events += denied ? 0 : u->events;
		c->denied += denied ? u->events : 0;
		c->made += u->made;
		note_args(c, q, &q->calls.v[u->call], who->comm, m->exe);
		c->trusted = c->trusted || u->trusted > 0;
		if (map_get(&trees, at, m->tree, 0) == 0) {
			map_put(&trees, at, m->tree, 1);
			c->trees += q->trees.v[m->tree].stands_for;
			c->starts += starts_with(q, m->tree, rule->name);
		}
		if (u->t_first != WHEN_NONE && (c->t_first == WHEN_NONE || u->t_first < c->t_first))
			c->t_first = u->t_first;
		if (u->t_last != WHEN_NONE && (c->t_last == WHEN_NONE || u->t_last > c->t_last))
			c->t_last = u->t_last;
	}
	map_release(&trees);
	if (out->n > 1)
		qsort(out->v, out->n, sizeof(*out->v), most_events);
}
