// SPDX-License-Identifier: Apache-2.0
/* Holds a policy against what its consumer (runc, crun, Docker ...) refuses or drops in silence. */
#include "analyze/policy/target.h"

#include "store/base/esc.h"
#include "store/model/action.h"
#include "store/model/arch.h"
#include "store/model/syscall.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>

#define NAMES_SHOWN 8

static const struct target rows[] = {
#define TARGET(name, runtime, stub, flags, error, native, newest, tables, archs, actions, idle)    \
	{                                                                                          \
		name,	runtime, TARGET_##stub, flags,	 error, native,                            \
		newest, tables,	 archs,		actions, idle                                      \
	},
#include "analyze/policy/target_list.h"
#undef TARGET
};

const struct target *target_at(size_t i)
{
	return i < ARRAY_SIZE(rows) ? &rows[i] : NULL;
}

const char *target_name(size_t i)
{
	return i < ARRAY_SIZE(rows) ? rows[i].name : NULL;
}

const struct target *target_find(const char *name, struct err *e)
{
	auto_buf struct buf known = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		if (strcmp(rows[i].name, name) == 0)
			return &rows[i];
		buf_printf(&known, "%s%s", i ? ", " : "", rows[i].name);
	}
	err_set(e, ST_INPUT, "--target: no such target: '%.40s' (there are: %s)", name,
		buf_text(&known));
	return NULL;
}

static void refuse(struct target_says *out, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
static void refuse(struct target_says *out, const char *fmt, ...)
{
	char text[400];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	*VEC_PUSH(out) = mem_print("%s", text);
}

void target_says_release(struct target_says *s)
{
	for (size_t i = 0; i < s->n; i++)
		free(s->v[i]);
	VEC_FREE(s);
}

static bool lists(const char *words, const char *word)
{
	struct bytes left = bytes_of(words), one;

	while ((one = bytes_until(&left, ' ')).n > 0) {
		bytes_take(&left, BYTES(" "));
		if (bytes_eq(one, bytes_of(word)))
			return true;
	}
	return false;
}

bool target_takes_arch(const struct target *t, uint32_t arch)
{
	return arch_scmp(arch) != NULL && !lists(t->archs, arch_scmp(arch));
}

static void judge_head(struct target_says *out, const struct target *t, const struct policy *p)
{
	if (t->flags != NULL && p->flags.n)
		refuse(out,
		       "%s %s flags, and this profile has some (a canary's log of denials needs runc 1.2 or crun)",
		       t->name, t->flags);
	if (t->error != NULL && p->default_error != POLICY_NO_ERRNO && p->default_error != EPERM)
		refuse(out, "%s %s defaultErrnoRet, so it would answer EPERM", t->name, t->error);
	if (t->idle && p->idle_errno != NULL)
		refuse(out, "%s refuses an errno for an action that takes none (%s)", t->name,
		       p->idle_errno);
	if (!t->native && p->native)
		refuse(out, "%s refuses SCMP_ARCH_NATIVE", t->name);
	for (size_t i = 0; i < p->archs.n; i++)
		if (!target_takes_arch(t, p->archs.v[i]))
			refuse(out, "%s does not know %s and refuses the profile", t->name,
			       arch_scmp(p->archs.v[i]));
}

static void judge_actions(struct target_says *out, const struct target *t, const struct policy *p)
{
	const char *lacks = lists(t->actions, action_scmp(p->default_action)) ?
				    action_scmp(p->default_action) :
				    NULL;

	for (size_t i = 0; i < p->rules.n && lacks == NULL; i++)
		if (lists(t->actions, action_scmp(p->rules.v[i].action)))
			lacks = action_scmp(p->rules.v[i].action);
	if (lacks != NULL)
		refuse(out, "%s has no %s", t->name, lacks);
}

/* Names that its tables do not have are passed over: what was to be allowed gets the default's
 * answer. */
static void judge_names(struct target_says *out, const struct target *t, const struct policy *p)
{
	auto_buf struct buf names = { 0 };
	size_t n = 0;

	for (size_t i = 0; i < p->rules.n; i++)
		for (size_t k = 0; k < p->rules.v[i].names.n; k++) {
			const char *name = p->rules.v[i].names.v[k];

			if (syscall_number_x86_64(name) > t->newest && ++n <= NAMES_SHOWN)
				buf_printf(&names, "%s%s", n > 1 ? ", " : "", name);
		}
	if (n)
		refuse(out, "%s passes over names in silence that are newer than its %s: %s%s",
		       t->name, t->tables, buf_text(&names), n > NAMES_SHOWN ? " ..." : "");
}

void target_judge(struct target_says *out, const struct target *t, const struct policy *p)
{
	*out = (struct target_says){ 0 };
	judge_head(out, t, p);
	judge_actions(out, t, p);
	if (t->newest)
		judge_names(out, t, p);
}
