// SPDX-License-Identifier: Apache-2.0
/* Rules of names, flags and targets. */
#include "analyze/policy/lint_part.h"

#include "store/model/action.h"
#include "store/model/arch.h"
#include "store/model/syscall.h"

#include <errno.h>
#include <libaudit.h>

/* The number that the audit tools have for a name on x86-64; -1. */
static int audit_number(const char *name)
{
	return audit_name_to_syscall(name, MACH_86_64);
}

static bool is_strange(const char *name)
{
	return !syscall_is_known(name);
}

/* What a format's own loader does with a name that it does not know; NULL: the rule's words hold.
 */
static const char *passes_over(const struct linting *l)
{
	static const struct {
		const char *format, *why;
	} rows[] = {
		{ "systemd",
		  "systemd passes over a name that its libseccomp does not know, with a warning in its log" },
		{ "lxc",
		  "LXC passes over a name that its libseccomp does not know: what the list says of it is not in force" },
		{ "names", "a list with it is passed over or refused, by what is made of it" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (lint_has_format(l, rows[i].format))
			return rows[i].why;
	return NULL;
}

static void unknown_names(struct linting *l, const char *why)
{
	char word[80];

	for (size_t i = 0; i < l->uses.n; i++) {
		if (!lint_first_of_name(l, i) || !is_strange(l->uses.v[i].name) ||
		    audit_number(l->uses.v[i].name) >= 0)
			continue;
		lint_found(l, "%s", lint_shown(word, l->uses.v[i].name));
		if (why != NULL)
			l->out->findings.v[l->out->findings.n - 1].why = why;
	}
}

void lint_unknown(struct linting *l)
{
	if (!lint_has_format(l, "minijail"))
		unknown_names(l, passes_over(l));
}

void lint_refused(struct linting *l)
{
	if (lint_has_format(l, "minijail"))
		unknown_names(l, NULL);
}

/* Names that its own libseccomp may have, and others not. */
void lint_newer(struct linting *l)
{
	auto_buf struct buf names = { 0 };
	size_t n = 0;

	for (size_t i = 0; i < l->uses.n && !lint_has_format(l, "minijail"); i++)
		if (lint_first_of_name(l, i) && !is_strange(l->uses.v[i].name) &&
		    !syscall_in_library(l->uses.v[i].name))
			lint_add_name(&names, &n, l->uses.v[i].name);
	lint_found_names(l, &names, n, "");
}

void lint_headers(struct linting *l)
{
	for (size_t i = 0; i < l->uses.n && lint_has_format(l, "minijail"); i++)
		if (lint_first_of_name(l, i) && syscall_is_recent(l->uses.v[i].name))
			lint_found(l, "%s needs the headers of Linux %s or newer",
				   l->uses.v[i].name, syscall_kernel(l->uses.v[i].name));
}

void lint_loaders(struct linting *l)
{
	for (size_t i = 0; i < l->p->notes.n; i++)
		lint_found(l, "%s", l->p->notes.v[i]);
}

/* source: libcontainer/seccomp/seccomp_linux.go and specconv of runc: it writes to the listener
 * itself, under the filter */
void lint_notify(struct linting *l)
{
	bool uses = l->p->default_action == ACTION_NOTIFY,
	     crun = l->target != NULL && strcmp(l->target->runtime, "crun") == 0;
	size_t first = lint_find_call(l, "write");

	if (!lint_is_oci(l) || crun)
		return;
	if (uses)
		lint_found(l, "SCMP_ACT_NOTIFY for the default, which runc refuses");
	for (size_t i = first; i < l->uses.n && lint_same_name(l, first, i); i++)
		if (l->uses.v[i].rule->action == ACTION_NOTIFY) {
			lint_found(l, "SCMP_ACT_NOTIFY for write, which runc refuses");
			break;
		}
	for (size_t i = 0; i < l->p->rules.n && !uses; i++)
		uses = l->p->rules.v[i].action == ACTION_NOTIFY;
	if (uses && !l->p->listener)
		lint_found(l, "SCMP_ACT_NOTIFY without a listenerPath, which runc refuses");
}

void lint_libaudit(struct linting *l)
{
	char word[80], right[SYSCALL_NAME_MAX];

	for (size_t i = 0; i < l->uses.n; i++) {
		const char *name = l->uses.v[i].name;

		if (!lint_first_of_name(l, i) || !is_strange(name) || audit_number(name) < 0)
			continue;
		syscall_name(ARCH_X86_64, audit_number(name), right);
		lint_found(l, "%s, which loaders know as %s", lint_shown(word, name), right);
		if (lint_has_format(l, "minijail"))
			l->out->findings.v[l->out->findings.n - 1].why =
				"that is how the audit tools spell it; minijail refuses the policy for it";
	}
}

void lint_set(struct linting *l)
{
	char word[80];

	for (size_t i = 0; i < l->p->sets.n; i++)
		lint_found(l, "%s", lint_shown(word, l->p->sets.v[i]));
}

void lint_unread(struct linting *l)
{
	for (size_t i = 0; i < l->p->unread.n; i++)
		lint_found(l, "%s", l->p->unread.v[i]);
}

void lint_idle(struct linting *l)
{
	for (size_t i = 0; i < l->p->idle.n; i++)
		lint_found(l, "%s", l->p->idle.v[i]);
}

void lint_exit(struct linting *l)
{
	if (lint_denies_by_default(l) && !lint_lets_through(l, "exit_group"))
		lint_found(l, "exit_group is not let through");
}

/* ---- the head ---- */

void lint_native(struct linting *l)
{
	if (l->p->native && lint_is_oci(l) &&
	    l->target == NULL) /* else the target's own row says it */
		lint_found(l, "SCMP_ARCH_NATIVE");
}

void lint_errno(struct linting *l)
{
	char word[80];

	if (l->p->default_action == ACTION_ERRNO && l->p->default_error > POLICY_ERRNO_MAX)
		lint_found(l, "the default's %d", l->p->default_error);
	for (size_t i = 0; i < l->p->rules.n; i++) {
		const struct policy_rule *r = &l->p->rules.v[i];

		if (r->action == ACTION_ERRNO && r->error > POLICY_ERRNO_MAX)
			lint_found(l, "%d for %s", r->error,
				   lint_shown(word, r->names.n ? r->names.v[0] : ""));
	}
}

void lint_target(struct linting *l)
{
	struct target_says says = { 0 };

	if (l->target != NULL)
		target_judge(&says, l->target, l->p);
	for (size_t i = 0; i < says.n; i++)
		lint_found(l, "%s", says.v[i]);
	target_says_release(&says);
}

void lint_no_archs(struct linting *l)
{
	if (l->p->archs.n == 0 && (lint_is_oci(l) || lint_has_format(l, "spo")))
		lint_found(l, "no architectures");
}

static bool has_flag(const struct linting *l, const char *flag)
{
	for (size_t i = 0; i < l->p->flags.n; i++)
		if (strcmp(l->p->flags.v[i], flag) == 0)
			return true;
	return false;
}

void lint_log_flag(struct linting *l)
{
	if (has_flag(l, "SECCOMP_FILTER_FLAG_LOG") &&
	    !has_flag(l, "SECCOMP_FILTER_FLAG_SPEC_ALLOW"))
		lint_found(l, "SECCOMP_FILTER_FLAG_LOG without SECCOMP_FILTER_FLAG_SPEC_ALLOW");
}

/* source: runtime-spec config-linux.md */
void lint_flag(struct linting *l)
{
	static const char *const known[] = { "SECCOMP_FILTER_FLAG_TSYNC", "SECCOMP_FILTER_FLAG_LOG",
					     "SECCOMP_FILTER_FLAG_SPEC_ALLOW",
					     "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV" };
	char word[80];

	for (size_t i = 0; i < l->p->flags.n; i++) {
		size_t k = 0;

		while (k < ARRAY_SIZE(known) && strcmp(known[k], l->p->flags.v[i]) != 0)
			k++;
		if (k == ARRAY_SIZE(known))
			lint_found(l, "%s", lint_shown(word, l->p->flags.v[i]));
	}
}

void lint_eperm(struct linting *l)
{
	int error = l->p->default_error;

	if (l->p->default_action == ACTION_ERRNO && (error == POLICY_NO_ERRNO || error == EPERM))
		lint_found(l, "what is not named gets EPERM");
}
