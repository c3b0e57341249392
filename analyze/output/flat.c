// SPDX-License-Identifier: Apache-2.0
/*
 * Reduces a policy to a flat list, or says why it cannot be one: conditions, several answers,
 * flags.
 */
#include "analyze/output/flat.h"

#include "store/base/esc.h"
#include "store/model/action.h"
#include "store/model/arch.h"
#include "store/model/syscall.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* What a filter answers when no number is said: EPERM, as the runtime-spec has it. */
static int error_of(uint32_t action, int error)
{
	return action != ACTION_ERRNO ? POLICY_NO_ERRNO : error == POLICY_NO_ERRNO ? EPERM : error;
}

bool flat_is_word(const char *name)
{
	return *name &&
	       name[strspn(name,
			   "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_")] ==
		       '\0';
}

static int take_names(struct flat_list *out, const struct policy_rule *r, const char *format,
		      struct err *e)
{
	char shown[80];

	for (size_t i = 0; i < r->names.n; i++) {
		if (!flat_is_word(r->names.v[i]))
			return err_set(e, ST_INPUT, "%s: '%s' is no name of a call", format,
				       esc_word(shown, sizeof(shown), bytes_of(r->names.v[i])));
		*VEC_PUSH(&out->names) = r->names.v[i];
	}
	return 0;
}

static int take_rule(struct flat_list *out, const struct policy_rule *r, const char *format,
		     struct err *e)
{
	const char *first = r->names.n ? r->names.v[0] : "";
	int error = error_of(r->action, r->error);
	char shown[80];

	if (r->args.n)
		return err_set(e, ST_INPUT,
			       "%s cannot hold conditions on arguments, as the list has for %s",
			       format, esc_word(shown, sizeof(shown), bytes_of(first)));
	if (out->names.n && (r->action != out->action || error != out->error))
		return err_set(
			e, ST_INPUT,
			"%s gives all names of a list one answer; this list has %s for %s and %s for %s",
			format, action_scmp(out->action), out->names.v[0], action_scmp(r->action),
			esc_word(shown, sizeof(shown), bytes_of(first)));
	out->action = r->action;
	out->error = error;
	return take_names(out, r, format, e);
}

static void sort_out(struct flat_list *out)
{
	size_t n = 0;

	qsort(out->names.v, out->names.n, sizeof(*out->names.v), by_name);
	for (size_t i = 0; i < out->names.n; i++)
		if (n == 0 || strcmp(out->names.v[n - 1], out->names.v[i]) != 0)
			out->names.v[n++] = out->names.v[i];
	out->names.n = n;
}

int flat_of(struct flat_list *out, const struct policy *p, const char *format, struct err *e)
{
	int otherwise = error_of(p->default_action, p->default_error);
	char shown[80];

	*out = (struct flat_list){ .otherwise = p->default_action };
	if (p->flags.n)
		return err_set(e, ST_INPUT, "%s cannot hold flags, as %s", format,
			       esc_word(shown, sizeof(shown), bytes_of(p->flags.v[0])));
	for (size_t i = 0; i < p->rules.n; i++) {
		const struct policy_rule *r = &p->rules.v[i];

		if (r->action == p->default_action && error_of(r->action, r->error) == otherwise)
			continue;
		if (take_rule(out, r, format, e) < 0)
			return -1;
	}
	if (out->names.n == 0)
		return err_set(e, ST_INPUT, "%s: there is no name in the list", format);
	out->allows = out->action == ACTION_ALLOW;
	if (!out->allows && p->default_action != ACTION_ALLOW)
		return err_set(
			e, ST_INPUT,
			"%s either allows the names of a list or all but these; this list has %s for %s, and %s for all else",
			format, action_scmp(out->action), out->names.v[0],
			action_scmp(p->default_action));
	if (out->allows)
		out->error = otherwise;
	sort_out(out);
	return 0;
}

void flat_release(struct flat_list *l)
{
	VEC_FREE(&l->names);
}

const char *flat_errno(int error)
{
	static const struct { int error; const char *name;
	} rows[] = {
		{ EPERM, "EPERM" },
		{ ENOENT, "ENOENT" },
		{ EIO, "EIO" },
		{ EACCES, "EACCES" },
		{ EINVAL, "EINVAL" },
		{ ENOSYS, "ENOSYS" },
		{ EOPNOTSUPP, "EOPNOTSUPP" },
		{ EAFNOSUPPORT, "EAFNOSUPPORT" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (rows[i].error == error)
			return rows[i].name;
	return NULL;
}

bool flat_exists(const struct policy *p, const char *name)
{
	for (size_t i = 0; i < p->archs.n; i++)
		if (syscall_exists(p->archs.v[i], name))
			return true;
	return p->archs.n == 0 && syscall_exists(arch_native(), name);
}
