// SPDX-License-Identifier: Apache-2.0
/* Collects the policies that the user named for the selected trees, and reads them. */
#include "analyze/evidence/active.h"

#include "analyze/input/input.h"
#include "store/base/map.h"
#include "store/model/action.h"
#include "store/model/arch.h"

void active_load(struct active_policies *out, const struct query *q, const struct selection *s)
{
	struct map met = { 0 };

	*out = (struct active_policies){ .trees = 0 };
	for (size_t i = 0; i < q->policies.n; i++)
		*VEC_PUSH(&out->at) = -1;
	for (size_t i = 0; i < q->trees.n; i++) {
		const struct query_tree *t = &q->trees.v[i];

		out->trees += s->tree_in[i] && t->policies.n;
		for (size_t k = 0; k < t->policies.n && s->tree_in[i]; k++) {
			const struct query_policy *text = &q->policies.v[t->policies.v[k]];
			struct policy p = { .default_error = POLICY_NO_ERRNO };
			struct err ignored = { 0 };

			out->name = text->name;
			if (map_get(&met, t->policies.v[k], 0, 0))
				continue;
			map_put(&met, t->policies.v[k], 0, 1);
			if (input_policy(&p, text->text, "policy", NULL, &ignored) == 0) {
				out->unread += p.unread.n > 0;
				out->open += p.default_action == (uint32_t)ACTION_ALLOW;
				out->at.v[t->policies.v[k]] = (int64_t)out->v.n;
				*VEC_PUSH(&out->v) = p;
				continue;
			}
			policy_release(&p);
			out->unread++;
		}
	}
	map_release(&met);
}

void active_release(struct active_policies *f)
{
	for (size_t i = 0; i < f->v.n; i++)
		policy_release(&f->v.v[i]);
	VEC_FREE(&f->v);
	VEC_FREE(&f->at);
}

/* ---- what a record proves ---- */

static bool names(const struct policy_rule *r, const char *name)
{
	for (size_t i = 0; i < r->names.n; i++)
		if (strcmp(r->names.v[i], name) == 0)
			return true;
	return false;
}

static bool passes(uint32_t action)
{
	return action == (uint32_t)ACTION_ALLOW || action == (uint32_t)ACTION_LOG;
}

static bool same_arg(const struct policy_arg *a, const struct policy_arg *b)
{
	return a->index == b->index && a->op == b->op && a->value == b->value &&
	       (a->op != POLICY_MASKED_EQ || a->two == b->two);
}

/* The conditions of one way in which a rule holds: all of them, or where one is enough, the i-th
 * alone. */
static size_t ways_of(const struct policy_rule *r)
{
	return policy_any_holds(r) ? r->args.n : 1;
}

static bool way_has(const struct policy_rule *r, size_t way, const struct policy_arg *a)
{
	if (policy_any_holds(r))
		return same_arg(&r->args.v[way], a);
	for (size_t i = 0; i < r->args.n; i++)
		if (same_arg(&r->args.v[i], a))
			return true;
	return false;
}

/* Where this way of `r` holds, does some rule of the policy in force hold, by which no record would
 * be there? */
static bool way_left_no_record(const struct policy *p, const struct policy_rule *r, size_t way,
			       const char *name)
{
	for (size_t i = 0; i < p->rules.n; i++) {
		const struct policy_rule *in = &p->rules.v[i];

		if (in->action != (uint32_t)ACTION_ALLOW || in->args.n == 0 || !names(in, name) ||
		    policy_rule_is_conditional(in))
			continue;
		for (size_t k = 0; k < ways_of(in); k++) {
			bool implied = true;

			for (size_t a = 0; a < in->args.n && implied; a++)
				if (!policy_any_holds(in) || a == k)
					implied = way_has(r, way, &in->args.v[a]);
			if (implied)
				return true;
		}
	}
	return false;
}

static bool one_proves(const struct policy *p, const struct policy *checked, uint32_t arch,
		       const char *name)
{
	if (!policy_is_plain(p) || !policy_is_plain(checked) || passes(checked->default_action) ||
	    !policy_has_arch(p, arch))
		return false;
	/* what else might have logged it, or let it through */
	for (size_t i = 0; i < p->rules.n; i++)
		if (names(&p->rules.v[i], name) && passes(p->rules.v[i].action) &&
		    (p->rules.v[i].args.n == 0 || p->rules.v[i].action != (uint32_t)ACTION_ALLOW))
			return false;
	for (size_t i = 0; i < checked->rules.n; i++) {
		const struct policy_rule *r = &checked->rules.v[i];

		if (!names(r, name) || !passes(r->action))
			continue;
		if (r->args.n == 0)
			return false;
		for (size_t k = 0; k < ways_of(r); k++)
			if (!way_left_no_record(p, r, k, name))
				return false;
	}
	return true;
}

bool active_proves(const struct active_policies *f, const struct query_tree *t,
		   const struct policy *checked, uint32_t arch, const char *name)
{
	for (size_t i = 0; i < t->policies.n; i++) {
		int64_t at = f->at.v[t->policies.v[i]];

		if (at < 0 || f->v.v[at].unread.n > 0 ||
		    !one_proves(&f->v.v[at], checked, arch, name))
			return false;
	}
	return t->policies.n > 0;
}
