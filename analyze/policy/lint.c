// SPDX-License-Identifier: Apache-2.0
/* The traps of lint_list.h: one function for each. */
#include "analyze/policy/lint.h"

#include "analyze/policy/danger.h"
#include "analyze/policy/runtime.h"
#include "store/base/esc.h"
#include "store/model/action.h"
#include "store/model/arch.h"
#include "store/model/syscall.h"

#include <errno.h>
#include <libaudit.h>
#include <stdlib.h>

#define NAMES_SHOWN 12
#define RULES_BACK 64 /* so many rules of a name are compared with each other */

/*
 * How many calls of x86-64 the defaults of Docker and of Podman let through on a new kernel, with the capabilities that Docker
 * gives. source: profiles/seccomp/default.json of moby 20.10.24 and seccomp.json of containers/common 0.50.1, as Debian 12 has
 * them, by this file's own count; tests/kernel/test_engines.sh holds both against what the engines load
 */
#define DOCKER_LETS_THROUGH 292
#define PODMAN_LETS_THROUGH 312

/* A name with one of its rules; all of a name lie side by side, in the order of the rules. */
struct use { const char *name; size_t order; const struct policy_rule *rule; };

struct linting {
	const struct policy *p;
	const struct target *target; /* NULL: not said */
	struct lint *out;
	const struct lint_rule *rule;
	VEC(struct use) uses;
};

static const struct lint_rule rules[] = {
#define LINT(id, word, severity, why) { word, LINT_##severity, why },
#include "analyze/policy/lint_list.h"
#undef LINT
};

const char *lint_severity_word(enum lint_severity s)
{
	static const char *const words[] = { "error", "warning", "note" };

	return words[s];
}

const struct lint_rule *lint_at(size_t i)
{
	return i < ARRAY_SIZE(rules) ? &rules[i] : NULL;
}

void lint_release(struct lint *l)
{
	VEC_FREE(&l->findings);
	pool_release(&l->texts);
}

/* ---- what the rules below ask ---- */

static void found(struct linting *l, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void found(struct linting *l, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	*VEC_PUSH(&l->out->findings) =
		(struct lint_finding){ l->rule, pool_get(&l->out->texts, pool_intern(&l->out->texts, bytes_of(text))).p, l->rule->why };
	l->out->counts[l->rule->severity]++;
}

static const char *shown(char out[80], const char *name)
{
	return esc_word(out, 80, bytes_of(name));
}

/* "a, b, c and 4 more" */
static void add_name(struct buf *out, size_t *n, const char *name)
{
	char word[80];

	if ((*n)++ < NAMES_SHOWN)
		buf_printf(out, "%s%s", *n > 1 ? ", " : "", shown(word, name));
}

static void found_names(struct linting *l, struct buf *names, size_t n, const char *before)
{
	if (n > NAMES_SHOWN)
		buf_printf(names, " and %zu more", n - NAMES_SHOWN);
	if (n)
		found(l, "%s%s", before, buf_text(names));
}

static bool passes(uint32_t action)
{
	return action == ACTION_ALLOW || action == ACTION_LOG;
}

static bool denies_by_default(const struct linting *l)
{
	return !passes(l->p->default_action);
}

static int compare_uses(const void *a, const void *b)
{
	const struct use *x = a, *y = b;
	int d = strcmp(x->name, y->name);

	return d ? d : (x->order > y->order) - (x->order < y->order);
}

/* The first use of a name; the end of all when it is not named. */
static size_t find_call(const struct linting *l, const char *name)
{
	size_t low = 0, high = l->uses.n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (strcmp(l->uses.v[middle].name, name) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low < l->uses.n && strcmp(l->uses.v[low].name, name) == 0 ? low : l->uses.n;
}

static bool same_name(const struct linting *l, size_t i, size_t k)
{
	return k < l->uses.n && strcmp(l->uses.v[i].name, l->uses.v[k].name) == 0;
}

/* Is the call let through for some arguments? What always answers wins, as in libseccomp. */
static bool lets_through(const struct linting *l, const char *name)
{
	size_t first = find_call(l, name);
	bool some = !denies_by_default(l);

	for (size_t i = first; i < l->uses.n && same_name(l, first, i); i++) {
		const struct policy_rule *r = l->uses.v[i].rule;

		if (r->args.n == 0 && !r->otherwise && r->action != l->p->default_action)
			return passes(r->action);
		some |= passes(r->action);
	}
	return some;
}

static bool is_oci(const struct linting *l)
{
	return l->p->format == NULL || strcmp(l->p->format, "oci") == 0;
}

static bool has_format(const struct linting *l, const char *format)
{
	return l->p->format != NULL && strcmp(l->p->format, format) == 0;
}

/* The ABI by which names are judged: x86-64 where it is among the profile's. */
static uint32_t main_arch(const struct linting *l)
{
	for (size_t i = 0; i < l->p->archs.n; i++)
		if (l->p->archs.v[i] == ARCH_X86_64)
			return ARCH_X86_64;
	return l->p->archs.n ? l->p->archs.v[0] : arch_native();
}

static bool first_of_name(const struct linting *l, size_t i)
{
	return i == 0 || !same_name(l, i, i - 1);
}

/* ---- names ---- */

/* The number that the audit tools have for a name on x86-64; -1. */
static int audit_number(const char *name)
{
	return audit_name_to_syscall(name, MACH_86_64);
}

static bool is_strange(const char *name)
{
	return !syscall_is_known(name);
}

/* What a format's own loader does with a name that it does not know; NULL: the rule's words hold. */
static const char *passes_over(const struct linting *l)
{
	static const struct { const char *format, *why; } rows[] = {
		{ "systemd", "systemd passes over a name that its libseccomp does not know, with a warning in its log" },
		{ "lxc", "LXC passes over a name that its libseccomp does not know: what the list says of it is not in force" },
		{ "names", "a list with it is passed over or refused, by what is made of it" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (has_format(l, rows[i].format))
			return rows[i].why;
	return NULL;
}

static void unknown_names(struct linting *l, const char *why)
{
	char word[80];

	for (size_t i = 0; i < l->uses.n; i++) {
		if (!first_of_name(l, i) || !is_strange(l->uses.v[i].name) || audit_number(l->uses.v[i].name) >= 0)
			continue;
		found(l, "%s", shown(word, l->uses.v[i].name));
		if (why != NULL)
			l->out->findings.v[l->out->findings.n - 1].why = why;
	}
}

static void lint_unknown(struct linting *l)
{
	if (!has_format(l, "minijail"))
		unknown_names(l, passes_over(l));
}

static void lint_refused(struct linting *l)
{
	if (has_format(l, "minijail"))
		unknown_names(l, NULL);
}

/* Names that its own libseccomp may have, and others not. */
static void lint_newer(struct linting *l)
{
	auto_buf struct buf names = { 0 };
	size_t n = 0;

	for (size_t i = 0; i < l->uses.n && !has_format(l, "minijail"); i++)
		if (first_of_name(l, i) && !is_strange(l->uses.v[i].name) && !syscall_in_library(l->uses.v[i].name))
			add_name(&names, &n, l->uses.v[i].name);
	found_names(l, &names, n, "");
}

static void lint_headers(struct linting *l)
{
	for (size_t i = 0; i < l->uses.n && has_format(l, "minijail"); i++)
		if (first_of_name(l, i) && syscall_is_recent(l->uses.v[i].name))
			found(l, "%s needs the headers of Linux %s or newer", l->uses.v[i].name, syscall_kernel(l->uses.v[i].name));
}

static void lint_loaders(struct linting *l)
{
	for (size_t i = 0; i < l->p->notes.n; i++)
		found(l, "%s", l->p->notes.v[i]);
}

/* source: libcontainer/seccomp/seccomp_linux.go and specconv of runc: it writes to the listener itself, under the filter */
static void lint_notify(struct linting *l)
{
	bool uses = l->p->default_action == ACTION_NOTIFY, crun = l->target != NULL && strcmp(l->target->runtime, "crun") == 0;
	size_t first = find_call(l, "write");

	if (!is_oci(l) || crun)
		return;
	if (uses)
		found(l, "SCMP_ACT_NOTIFY for the default, which runc refuses");
	for (size_t i = first; i < l->uses.n && same_name(l, first, i); i++)
		if (l->uses.v[i].rule->action == ACTION_NOTIFY) {
			found(l, "SCMP_ACT_NOTIFY for write, which runc refuses");
			break;
		}
	for (size_t i = 0; i < l->p->rules.n && !uses; i++)
		uses = l->p->rules.v[i].action == ACTION_NOTIFY;
	if (uses && !l->p->listener)
		found(l, "SCMP_ACT_NOTIFY without a listenerPath, which runc refuses");
}

static void lint_libaudit(struct linting *l)
{
	char word[80], right[SYSCALL_NAME_MAX];

	for (size_t i = 0; i < l->uses.n; i++) {
		const char *name = l->uses.v[i].name;

		if (!first_of_name(l, i) || !is_strange(name) || audit_number(name) < 0)
			continue;
		syscall_name(ARCH_X86_64, audit_number(name), right);
		found(l, "%s, which loaders know as %s", shown(word, name), right);
		if (has_format(l, "minijail"))
			l->out->findings.v[l->out->findings.n - 1].why = "that is how the audit tools spell it; minijail refuses the policy for it";
	}
}

static void lint_set(struct linting *l)
{
	char word[80];

	for (size_t i = 0; i < l->p->sets.n; i++)
		found(l, "%s", shown(word, l->p->sets.v[i]));
}

static void lint_unread(struct linting *l)
{
	for (size_t i = 0; i < l->p->unread.n; i++)
		found(l, "%s", l->p->unread.v[i]);
}

static void lint_idle(struct linting *l)
{
	for (size_t i = 0; i < l->p->idle.n; i++)
		found(l, "%s", l->p->idle.v[i]);
}

static void lint_exit(struct linting *l)
{
	if (denies_by_default(l) && !lets_through(l, "exit_group"))
		found(l, "exit_group is not let through");
}

/* ---- the head ---- */

static void lint_native(struct linting *l)
{
	if (l->p->native && is_oci(l) && l->target == NULL) /* else the target's own row says it */
		found(l, "SCMP_ARCH_NATIVE");
}

static void lint_errno(struct linting *l)
{
	char word[80];

	if (l->p->default_action == ACTION_ERRNO && l->p->default_error > POLICY_ERRNO_MAX)
		found(l, "the default's %d", l->p->default_error);
	for (size_t i = 0; i < l->p->rules.n; i++) {
		const struct policy_rule *r = &l->p->rules.v[i];

		if (r->action == ACTION_ERRNO && r->error > POLICY_ERRNO_MAX)
			found(l, "%d for %s", r->error, shown(word, r->names.n ? r->names.v[0] : ""));
	}
}

static void lint_target(struct linting *l)
{
	struct target_says says = { 0 };

	if (l->target != NULL)
		target_judge(&says, l->target, l->p);
	for (size_t i = 0; i < says.n; i++)
		found(l, "%s", says.v[i]);
	target_says_release(&says);
}

static void lint_no_archs(struct linting *l)
{
	if (l->p->archs.n == 0 && (is_oci(l) || has_format(l, "spo")))
		found(l, "no architectures");
}

static bool has_flag(const struct linting *l, const char *flag)
{
	for (size_t i = 0; i < l->p->flags.n; i++)
		if (strcmp(l->p->flags.v[i], flag) == 0)
			return true;
	return false;
}

static void lint_log_flag(struct linting *l)
{
	if (has_flag(l, "SECCOMP_FILTER_FLAG_LOG") && !has_flag(l, "SECCOMP_FILTER_FLAG_SPEC_ALLOW"))
		found(l, "SECCOMP_FILTER_FLAG_LOG without SECCOMP_FILTER_FLAG_SPEC_ALLOW");
}

/* source: runtime-spec config-linux.md */
static void lint_flag(struct linting *l)
{
	static const char *const known[] = { "SECCOMP_FILTER_FLAG_TSYNC", "SECCOMP_FILTER_FLAG_LOG", "SECCOMP_FILTER_FLAG_SPEC_ALLOW",
					     "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV" };
	char word[80];

	for (size_t i = 0; i < l->p->flags.n; i++) {
		size_t k = 0;

		while (k < ARRAY_SIZE(known) && strcmp(known[k], l->p->flags.v[i]) != 0)
			k++;
		if (k == ARRAY_SIZE(known))
			found(l, "%s", shown(word, l->p->flags.v[i]));
	}
}

static void lint_eperm(struct linting *l)
{
	int error = l->p->default_error;

	if (l->p->default_action == ACTION_ERRNO && (error == POLICY_NO_ERRNO || error == EPERM))
		found(l, "what is not named gets EPERM");
}

/* ---- rules ---- */

static bool same_args(const struct policy_rule *a, const struct policy_rule *b)
{
	if (a->args.n != b->args.n)
		return false;
	for (size_t i = 0; i < a->args.n; i++) {
		const struct policy_arg *x = &a->args.v[i], *y = &b->args.v[i];

		if (x->index != y->index || x->op != y->op || x->value != y->value || (x->op == POLICY_MASKED_EQ && x->two != y->two))
			return false;
	}
	return true;
}

static bool same_answer(const struct policy_rule *a, const struct policy_rule *b)
{
	return a->action == b->action && (a->error == b->error || (a->action != ACTION_ERRNO && a->action != ACTION_TRACE));
}

/* What answers as the default is passed over by loaders, so it contradicts nothing. */
static bool counts(const struct linting *l, const struct policy_rule *r)
{
	return r->action != l->p->default_action || (r->action == ACTION_ERRNO && r->error != l->p->default_error);
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

	shown(word, l->uses.v[first].name);
	for (size_t i = first; i < end && always == NULL; i++)
		if (counts(l, l->uses.v[i].rule) && l->uses.v[i].rule->args.n == 0)
			always = l->uses.v[i].rule;
	for (size_t i = first; i < end; i++) {
		const struct policy_rule *r = l->uses.v[i].rule, *other;

		if (!counts(l, r))
			continue;
		if (always != NULL && r != always && !same_answer(always, r)) {
			found(l, "%s: %s always, and %s %s", word, action_word(always->action), action_word(r->action),
			      r->args.n ? "for some arguments, which does nothing" : "as well");
			return;
		}
		other = r->args.n ? opposed(l, first, i) : NULL;
		if (other != NULL) {
			found(l, "%s: %s and %s for the same arguments", word, action_word(other->action), action_word(r->action));
			return;
		}
	}
}

static void lint_contradiction(struct linting *l)
{
	for (size_t i = 0, end; i < l->uses.n && !l->p->in_order; i = end) {
		for (end = i + 1; same_name(l, i, end); end++)
			;
		contradiction_of(l, i, end);
	}
}

static void lint_index_twice(struct linting *l)
{
	char word[80];

	for (size_t i = 0; i < l->p->rules.n; i++) {
		const struct policy_rule *r = &l->p->rules.v[i];

		if (policy_any_holds(r) && r->names.n)
			found(l, "rule %zu, of %s", i + 1, shown(word, r->names.v[0]));
	}
}

static void lint_socketcall(struct linting *l)
{
	size_t first = find_call(l, "socket");
	bool conditions = false;

	for (size_t i = first; i < l->uses.n && same_name(l, first, i); i++)
		conditions |= l->uses.v[i].rule->args.n > 0;
	if (conditions && lets_through(l, "socketcall"))
		found(l, "socketcall is let through, socket for some arguments alone");
}

/* ---- what is forbidden, and what is not ---- */

static bool denies_something(const struct linting *l)
{
	bool some = denies_by_default(l) || l->p->also.n > 0;

	for (size_t i = 0; i < l->p->rules.n && !some; i++)
		some = !passes(l->p->rules.v[i].action);
	return some;
}

/* A default of LOG is for recording: it is not meant to forbid. */
static void lint_nothing(struct linting *l)
{
	if (!denies_something(l) && l->p->default_action == ACTION_ALLOW)
		found(l, "no rule denies anything");
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
		if (!lets_through(l, name))
			add_name(&denied, &n_denied, name);
		else if (syscall_exists(main_arch(l), name))
			add_name(&free_, &n_free, name);
	}
	if (n_denied && n_free)
		found(l, "%s (denied: %s)", buf_text(&free_), buf_text(&denied));
}

static void lint_sibling(struct linting *l)
{
	for (size_t i = 0; i < ARRAY_SIZE(siblings) && !denies_by_default(l); i++)
		siblings_of(l, siblings[i]);
}

static void lint_io_uring(struct linting *l)
{
	if (denies_something(l) && lets_through(l, "io_uring_setup"))
		found(l, "io_uring_setup is let through");
}

/* Of a list that denies, each name is one that was allowed on purpose; one that allows by default gets one line. */
static void lint_danger(struct linting *l)
{
	char word[80];

	for (size_t i = 0; i < l->uses.n && denies_by_default(l); i++) {
		const char *name = l->uses.v[i].name, *danger = danger_of(bytes_of(name));

		if (!first_of_name(l, i) || danger == NULL || strcmp(name, "io_uring_setup") == 0 || !lets_through(l, name))
			continue;
		found(l, "%s", shown(word, name));
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
		if (!lets_through(l, call))
			add_name(&names, &n, call);
	snprintf(before, sizeof(before), "%s: ", r->version);
	found_names(l, &names, n, before);
}

static void lint_runtime(struct linting *l)
{
	if (is_oci(l) || has_format(l, "spo")) {
		missing_of(l, "runc");
		missing_of(l, "crun");
	} else if (has_format(l, "systemd")) {
		missing_of(l, "systemd");
	}
}

/* For a container runtime; systemd puts execve into its lists by itself, and a program that loads its own list has been started. */
static void lint_exec(struct linting *l)
{
	if ((is_oci(l) || has_format(l, "spo") || l->target != NULL) && denies_something(l) && !lets_through(l, "execve"))
		found(l, "execve is not let through");
}

static void lint_count(struct linting *l)
{
	uint32_t arch = main_arch(l);
	size_t n = 0;

	for (size_t i = 0; i < l->uses.n; i++)
		n += first_of_name(l, i) && syscall_exists(arch, l->uses.v[i].name) && lets_through(l, l->uses.v[i].name);
	if (!denies_by_default(l))
		return;
	if (arch == ARCH_X86_64)
		found(l, "%zu calls of x86_64 are let through; the default of Docker 20.10 lets %d through, Podman's %d", n, DOCKER_LETS_THROUGH,
		      PODMAN_LETS_THROUGH);
	else
		found(l, "%zu calls of %s are let through", n, arch_name(arch));
}

void lint_policy(struct lint *out, const struct policy *p, const struct target *target)
{
	static void (*const functions[])(struct linting *) = {
#define LINT(id, word, severity, why) lint_##id,
#include "analyze/policy/lint_list.h"
#undef LINT
	};
	struct linting l = { .p = p, .target = target, .out = out };

	*out = (struct lint){ 0 };
	for (size_t i = 0; i < p->rules.n; i++)
		for (size_t k = 0; k < p->rules.v[i].names.n; k++)
			*VEC_PUSH(&l.uses) = (struct use){ p->rules.v[i].names.v[k], i, &p->rules.v[i] };
	if (l.uses.n)
		qsort(l.uses.v, l.uses.n, sizeof(*l.uses.v), compare_uses);
	for (size_t i = 0; i < ARRAY_SIZE(rules); i++) {
		l.rule = &rules[i];
		functions[i](&l);
	}
	VEC_FREE(&l.uses);
}
