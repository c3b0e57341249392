// SPDX-License-Identifier: Apache-2.0
/* Extends another profile by what a list needs, and takes off it what nothing shows a need for. */
#include "analyze/profile/extend.h"

#include "analyze/policy/compile.h"
#include "store/model/action.h"
#include "store/model/arch.h"
#include "store/model/syscall.h"

const char *extend_reason(enum extend_what what)
{
	static const char *const reasons[] = {
		[EXTEND_ADDED] = "needed, and the base does not allow it",
		[EXTEND_REMOVED] = "no evidence",
		[EXTEND_ARCH_ADDED] = "calls came by it",
		[EXTEND_DENIED] = "a rule of the base answers otherwise",
		[EXTEND_DEPENDS] = "it depends on arguments, which records do not show",
		[EXTEND_OTHER_ARCH] = "no architecture that was seen has it",
	};

	return reasons[what];
}

static void note(struct extend_changes *out, enum extend_what what, const char *name)
{
	*VEC_PUSH(out) = (struct extend_change){ what, name };
}

/* The rule that names it, of this kind: with or without conditions; NULL. */
static struct policy_rule *rule_of(const struct policy *p, const char *name, bool allows)
{
	for (size_t i = 0; i < p->rules.n; i++)
		for (size_t k = 0; k < p->rules.v[i].names.n; k++)
			if ((p->rules.v[i].action == ACTION_ALLOW) == allows &&
			    strcmp(p->rules.v[i].names.v[k], name) == 0)
				return &p->rules.v[i];
	return NULL;
}

enum answer { ALLOWED, REFUSED, EITHER };

/* What the base does with a name on the list's architectures; the worst counts. */
static enum answer answer_of(const struct compiled *c, const struct policy *list, const char *name)
{
	enum answer out = ALLOWED;

	for (size_t i = 0; i < list->archs.n; i++) {
		int32_t nr = syscall_number(list->archs.v[i], name);
		struct bpf_answers a;
		size_t allowed = 0;

		if (nr < 0 || !syscall_exists(list->archs.v[i], name))
			continue;
		bpf_run(c->code.v, c->code.n,
			list->archs.v[i] == ARCH_X32 ? ARCH_X86_64 : list->archs.v[i], nr, &a);
		for (size_t k = 0; k < a.n; k++)
			allowed += action_of(a.v[k]) == ACTION_ALLOW;
		if (a.too_many || (allowed > 0 && allowed < a.n))
			out = out == ALLOWED ? EITHER : out;
		else if (allowed == 0)
			out = REFUSED;
	}
	return out;
}

/* A name that the list has for some arguments: the base gets it for these, where it has nothing of
 * it. */
static void add_partial(struct policy *base, const struct policy *here, const struct compiled *c,
			const struct policy *list, const struct policy_rule *r,
			struct extend_changes *out)
{
	for (size_t k = 0; k < r->names.n; k++) {
		const char *name = policy_keep(base, r->names.v[k]);
		struct policy_rule *more;

		if (answer_of(c, list, name) != REFUSED || rule_of(here, name, false) != NULL)
			continue;
		more = policy_add_rule(base, (uint32_t)ACTION_ALLOW, POLICY_NO_ERRNO);
		*VEC_PUSH(&more->names) = name;
		for (size_t i = 0; i < r->args.n; i++)
			*VEC_PUSH(&more->args) = r->args.v[i];
		note(out, EXTEND_ADDED, name);
	}
}

/* The names that the list has and the base, as it counts there, refuses: into `more`. */
static int missing_names(struct policy *base, const struct policy *here, const struct policy *list,
			 struct policy_rule *more, struct extend_changes *out, struct err *e)
{
	struct compiled c;
	int ret = compile_policy(&c, here, e);

	for (size_t i = 0; i < list->rules.n && ret == 0; i++) {
		if (list->rules.v[i].args.n)
			add_partial(base, here, &c, list, &list->rules.v[i], out);
		for (size_t k = 0; k < list->rules.v[i].names.n && list->rules.v[i].args.n == 0;
		     k++) {
			const char *name = policy_keep(base, list->rules.v[i].names.v[k]);
			enum answer a = answer_of(&c, list, name);

			if (a == ALLOWED)
				continue;
			if (a == REFUSED && rule_of(here, name, false) == NULL) {
				*VEC_PUSH(&more->names) = name;
				note(out, EXTEND_ADDED, name);
			} else {
				note(out, a == EITHER ? EXTEND_DEPENDS : EXTEND_DENIED, name);
			}
		}
	}
	compile_release(&c);
	return ret;
}

int extend_policy(struct policy *base, const struct policy *list, const struct resolve_machine *at,
		  struct extend_changes *out, struct err *e)
{
	struct policy_rule more = { .action = ACTION_ALLOW, .error = POLICY_NO_ERRNO };
	struct policy here;
	int ret;

	policy_share(&here, base);
	ret = resolve_policy(&here, at, e);
	for (size_t i = 0; i < list->archs.n && ret == 0; i++) {
		if (policy_has_arch(&here, list->archs.v[i]))
			continue;
		policy_add_arch(base, at->arch, list->archs.v[i]);
		policy_add_arch(&here, at->arch, list->archs.v[i]);
		note(out, EXTEND_ARCH_ADDED, arch_name(list->archs.v[i]));
	}
	if (ret == 0)
		ret = missing_names(base, &here, list, &more, out, e);
	policy_release(&here);
	if (more.names.n)
		*VEC_PUSH(&base->rules) = more;
	return ret;
}

static bool exists_on(const struct policy *list, const char *name)
{
	for (size_t i = 0; i < list->archs.n; i++)
		if (syscall_exists(list->archs.v[i], name))
			return true;
	return false;
}

/* Leaves the names of one rule for which there is evidence; false: none is left. */
static bool tighten(struct policy_rule *r, const struct policy *list, struct extend_changes *out)
{
	size_t left = 0;

	for (size_t k = 0; k < r->names.n; k++) {
		const char *name = r->names.v[k];
		bool needed = rule_of(list, name, true) != NULL,
		     other = !needed && !exists_on(list, name);

		if (needed || other)
			r->names.v[left++] = name;
		if (!needed)
			note(out, other ? EXTEND_OTHER_ARCH : EXTEND_REMOVED, name);
	}
	r->names.n = left;
	return left > 0;
}

void extend_tighten(struct policy *base, const struct policy *list,
		    const struct resolve_machine *at, struct extend_changes *out)
{
	size_t left = 0;

	for (size_t i = 0; i < base->rules.n; i++) {
		struct policy_rule *r = &base->rules.v[i];
		bool judged = r->action == ACTION_ALLOW && r->args.n == 0 && !r->implied &&
			      resolve_counts(r, at);

		if (judged && !tighten(r, list, out)) {
			policy_rule_release(r);
			continue;
		}
		base->rules.v[left++] = *r;
	}
	base->rules.n = left;
}
