// SPDX-License-Identifier: Apache-2.0
/* Rules of what the profile lets through and refuses. */
#include "analyze/policy/lint_part.h"

#include "analyze/policy/danger.h"
#include "analyze/policy/runtime.h"
#include "store/model/action.h"
#include "store/model/arch.h"
#include "store/model/syscall.h"

#define RULES_BACK 64 /* so many rules of a name are compared with each other */

/*
 * How many calls of x86-64 the defaults of Docker and of Podman let through on a new kernel, with
 * the capabilities that Docker gives. source: profiles/seccomp/default.json of moby 20.10.24 and
 * seccomp.json of containers/common 0.50.1, as Debian 12 has them, by this file's own count;
 * tests/kernel/test_engines.sh holds both against what the engines load
 */
#define DOCKER_LETS_THROUGH 292
#define PODMAN_LETS_THROUGH 312

static bool same_args(const struct policy_rule *a, const struct policy_rule *b)
{
	if (a->args.n != b->args.n)
		return false;
	for (size_t i = 0; i < a->args.n; i++) {
		const struct policy_arg *x = &a->args.v[i], *y = &b->args.v[i];

		if (x->index != y->index || x->op != y->op || x->value != y->value ||
		    (x->op == POLICY_MASKED_EQ && x->two != y->two))
			return false;
	}
	return true;
}

static bool same_answer(const struct policy_rule *a, const struct policy_rule *b)
{
	return a->action == b->action &&
	       (a->error == b->error || (a->action != ACTION_ERRNO && a->action != ACTION_TRACE));
}

/* What answers as the default is passed over by loaders, so it contradicts nothing. */
static bool counts(const struct linting *l, const struct policy_rule *r)
{
	return r->action != l->p->default_action ||
	       (r->action == ACTION_ERRNO && r->error != l->p->default_error);
}

/* An earlier rule of the same name that answers the same arguments otherwise; NULL. */
static const struct policy_rule *opposed(const struct linting *l, size_t first, size_t at)
{
	const struct policy_rule *r = l->uses.v[at].rule;

	for (size_t i = at; i > first && at - i < RULES_BACK; i--) {
		const struct policy_rule *before = l->uses.v[i - 1].rule;

		if (counts(l, before) && same_args(before, r) && !same_answer(before, r))
			return before;
	}
	return NULL;
}

/* One finding a name. A rule without conditions wins, whatever others say. */
static void contradiction_of(struct linting *l, size_t first, size_t end)
{
	const struct policy_rule *always = NULL;
	char word[80];

	lint_shown(word, l->uses.v[first].name);
	for (size_t i = first; i < end && always == NULL; i++)
		if (counts(l, l->uses.v[i].rule) && l->uses.v[i].rule->args.n == 0)
			always = l->uses.v[i].rule;
	for (size_t i = first; i < end; i++) {
		const struct policy_rule *r = l->uses.v[i].rule, *other;

		if (!counts(l, r))
			continue;
		if (always != NULL && r != always && !same_answer(always, r)) {
			lint_found(l, "%s: %s always, and %s %s", word, action_word(always->action),
				   action_word(r->action),
				   r->args.n ? "for some arguments, which does nothing" :
					       "as well");
			return;
		}
		other = r->args.n ? opposed(l, first, i) : NULL;
		if (other != NULL) {
			lint_found(l, "%s: %s and %s for the same arguments", word,
				   action_word(other->action), action_word(r->action));
			return;
		}
	}
}

void lint_contradiction(struct linting *l)
{
	for (size_t i = 0, end; i < l->uses.n && !l->p->in_order; i = end) {
		for (end = i + 1; lint_same_name(l, i, end); end++)
			;
		contradiction_of(l, i, end);
	}
}

void lint_index_twice(struct linting *l)
{
	char word[80];

	for (size_t i = 0; i < l->p->rules.n; i++) {
		const struct policy_rule *r = &l->p->rules.v[i];

		if (policy_any_holds(r) && r->names.n)
			lint_found(l, "rule %zu, of %s", i + 1, lint_shown(word, r->names.v[0]));
	}
}

void lint_socketcall(struct linting *l)
{
	size_t first = lint_find_call(l, "socket");
	bool conditions = false;

	for (size_t i = first; i < l->uses.n && lint_same_name(l, first, i); i++)
		conditions |= l->uses.v[i].rule->args.n > 0;
	if (conditions && lint_lets_through(l, "socketcall"))
		lint_found(l, "socketcall is let through, socket for some arguments alone");
}

/* ---- what is forbidden, and what is not ---- */

static bool denies_something(const struct linting *l)
{
	bool some = lint_denies_by_default(l) || l->p->also.n > 0;

	for (size_t i = 0; i < l->p->rules.n && !some; i++)
		some = !lint_passes(l->p->rules.v[i].action);
	return some;
}

/* A default of LOG is for recording: it is not meant to forbid. */
void lint_nothing(struct linting *l)
{
	if (!denies_something(l) && l->p->default_action == ACTION_ALLOW)
		lint_found(l, "no rule denies anything");
}

static const char *const siblings[] = {
#define BYPASS(names) names,
#include "analyze/policy/bypass_list.h"
#undef BYPASS
};

static void siblings_of(struct linting *l, const char *family)
{
	struct bytes rest = bytes_of(family);
	auto_buf struct buf denied = { 0 }, free_ = { 0 };
	size_t n_denied = 0, n_free = 0;

	while (rest.n > 0) {
		struct bytes word = bytes_until(&rest, ' ');
		char name[SYSCALL_NAME_MAX];

		bytes_skip(&rest, 1);
		snprintf(name, sizeof(name), "%.*s", (int)word.n, word.p);
		if (!lint_lets_through(l, name))
			lint_add_name(&denied, &n_denied, name);
		else if (syscall_exists(lint_main_arch(l), name))
			lint_add_name(&free_, &n_free, name);
	}
	if (n_denied && n_free)
		lint_found(l, "%s (denied: %s)", buf_text(&free_), buf_text(&denied));
}

void lint_sibling(struct linting *l)
{
	for (size_t i = 0; i < ARRAY_SIZE(siblings) && !lint_denies_by_default(l); i++)
		siblings_of(l, siblings[i]);
}

void lint_io_uring(struct linting *l)
{
	if (denies_something(l) && lint_lets_through(l, "io_uring_setup"))
		lint_found(l, "io_uring_setup is let through");
}

/* Of a list that denies, each name is one that was allowed on purpose; one that allows by default
 * gets one line. */
void lint_danger(struct linting *l)
{
	char word[80];

	for (size_t i = 0; i < l->uses.n && lint_denies_by_default(l); i++) {
		const char *name = l->uses.v[i].name, *danger = danger_of(bytes_of(name));

		if (!lint_first_of_name(l, i) || danger == NULL ||
		    strcmp(name, "io_uring_setup") == 0 || !lint_lets_through(l, name))
			continue;
		lint_found(l, "%s", lint_shown(word, name));
		l->out->findings.v[l->out->findings.n - 1].why = danger;
	}
}

/* ---- starting ---- */

static void missing_of(struct linting *l, const char *runtime)
{
	const struct runtime *r = runtime_of(runtime);
	auto_buf struct buf names = { 0 };
	char before[80];
	const char *call;
	size_t n = 0;

	if (r == NULL)
		return;
	for (size_t i = 0; (call = runtime_call(r, i)) != NULL; i++)
		if (!lint_lets_through(l, call))
			lint_add_name(&names, &n, call);
	snprintf(before, sizeof(before), "%s: ", r->version);
	lint_found_names(l, &names, n, before);
}

void lint_runtime(struct linting *l)
{
	if (lint_is_oci(l) || lint_has_format(l, "spo")) {
		missing_of(l, "runc");
		missing_of(l, "crun");
	} else if (lint_has_format(l, "systemd")) {
		missing_of(l, "systemd");
	}
}

/* For a container runtime; systemd puts execve into its lists by itself, and a program that loads
 * its own list has been started. */
void lint_exec(struct linting *l)
{
	if ((lint_is_oci(l) || lint_has_format(l, "spo") || l->target != NULL) &&
	    denies_something(l) && !lint_lets_through(l, "execve"))
		lint_found(l, "execve is not let through");
}

void lint_count(struct linting *l)
{
	uint32_t arch = lint_main_arch(l);
	size_t n = 0;

	for (size_t i = 0; i < l->uses.n; i++)
		n += lint_first_of_name(l, i) && syscall_exists(arch, l->uses.v[i].name) &&
		     lint_lets_through(l, l->uses.v[i].name);
	if (!lint_denies_by_default(l))
		return;
	if (arch == ARCH_X86_64)
		lint_found(
			l,
			"%zu calls of x86_64 are let through; the default of Docker 20.10 lets %d through, Podman's %d",
			n, DOCKER_LETS_THROUGH, PODMAN_LETS_THROUGH);
	else
		lint_found(l, "%zu calls of %s are let through", n, arch_name(arch));
}
