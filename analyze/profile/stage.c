// SPDX-License-Identifier: Apache-2.0
/*
 * Sets default action, errno and flags for a step of a rollout, and finds siblings that a list
 * lacks.
 */
#include "analyze/profile/stage.h"

#include "store/model/action.h"
#include "store/model/arch.h"
#include "store/model/syscall.h"

#include <errno.h>
#include <libaudit.h>
#include <stdlib.h>

/* ---- stages ---- */

bool stage_parse(const char *word, enum shape_stage *stage)
{
	static const char *const words[] = { [STAGE_OBSERVE] = "observe",
					     [STAGE_CANARY] = "canary",
					     [STAGE_ENFORCE] = "enforce",
					     [STAGE_KILL] = "kill" };

	for (size_t i = STAGE_OBSERVE; i < ARRAY_SIZE(words); i++) {
		if (strcmp(words[i], word) != 0)
			continue;
		*stage = (enum shape_stage)i;
		return true;
	}
	return false;
}

/* All by which programs of this machine may call: a filter of libseccomp's kills what it does not
 * list. */
static void all_archs(struct policy *p)
{
	static const uint32_t x86[] = { ARCH_X86_64, ARCH_I386, ARCH_X32 };

	if (p->families.n == 0)
		p->archs.n = 0;
	policy_add_arch(p, arch_native(), arch_native());
	for (size_t i = 0; arch_native() == ARCH_X86_64 && i < ARRAY_SIZE(x86); i++)
		policy_add_arch(p, arch_native(), x86[i]);
	if (arch_native() == 0xc00000b7u) /* aarch64 runs arm's programs */
		policy_add_arch(p, arch_native(), 0x40000028u);
}

void shape_stage(struct policy *p, enum shape_stage stage)
{
	static const uint32_t actions[] = { [STAGE_OBSERVE] = ACTION_LOG,
					    [STAGE_CANARY] = ACTION_ERRNO,
					    [STAGE_ENFORCE] = ACTION_ERRNO,
					    [STAGE_KILL] = ACTION_KILL_PROCESS };

	if (stage == STAGE_NONE)
		return;
	p->default_action = actions[stage];
	if (p->default_action != ACTION_ERRNO)
		p->default_error = POLICY_NO_ERRNO;
	else if (p->default_error == POLICY_NO_ERRNO)
		p->default_error = EPERM;
	if (stage == STAGE_OBSERVE)
		all_archs(p);
	p->flags.n = 0;
	p->has_flags = false;
	if (stage != STAGE_CANARY)
		return;
	/* a list of flags takes the place of runc's default, which is SPEC_ALLOW: without it each
	 * call gets slower */
	*VEC_PUSH(&p->flags) = policy_keep(p, "SECCOMP_FILTER_FLAG_LOG");
	*VEC_PUSH(&p->flags) = policy_keep(p, "SECCOMP_FILTER_FLAG_SPEC_ALLOW");
}

bool stage_errno_parse(const char *word, int *error)
{
	char *end;
	long v = strtol(word, &end, 10);

	if (!bytes_digit(word[0]) || *end != '\0')
		v = audit_name_to_errno(word);
	*error = (int)v;
	return v >= 1 && v <= POLICY_ERRNO_MAX;
}

/* ---- siblings ---- */

static const struct { const char *reason, *names[12]; } groups[] = {
#define SIBLINGS(reason, ...) { reason, { __VA_ARGS__ } },
#include "analyze/profile/sibling_list.h"
#undef SIBLINGS
};

/* Is it allowed, by a rule without conditions? */
static bool has_name(const struct policy *p, const char *name)
{
	for (size_t i = 0; i < p->rules.n; i++)
		for (size_t k = 0; k < p->rules.v[i].names.n; k++)
			if (p->rules.v[i].action == ACTION_ALLOW && p->rules.v[i].args.n == 0 &&
			    strcmp(p->rules.v[i].names.v[k], name) == 0)
				return true;
	return false;
}

static bool exists(const struct policy *p, const char *name)
{
	for (size_t i = 0; i < p->archs.n; i++)
		if (syscall_exists(p->archs.v[i], name))
			return true;
	return p->archs.n == 0 && syscall_exists(arch_native(), name);
}

static int by_name(const void *a, const void *b)
{
	const struct stage_sibling *x = a, *y = b;

	return strcmp(x->name, y->name);
}

void stage_siblings(struct stage_siblings *out, const struct policy *p)
{
	*out = (struct stage_siblings){ 0 };
	for (size_t i = 0; i < ARRAY_SIZE(groups); i++) {
		const char *const *names = groups[i].names, *of = NULL;

		for (size_t k = 0;
		     k < ARRAY_SIZE(groups[i].names) && names[k] != NULL && of == NULL; k++)
			of = has_name(p, names[k]) ? names[k] : NULL;
		for (size_t k = 0;
		     of != NULL && k < ARRAY_SIZE(groups[i].names) && names[k] != NULL; k++)
			if (!has_name(p, names[k]) && exists(p, names[k]))
				*VEC_PUSH(out) =
					(struct stage_sibling){ names[k], of, groups[i].reason };
	}
	if (out->n > 1)
		qsort(out->v, out->n, sizeof(*out->v), by_name);
}

int32_t stage_highest(const struct policy *p, uint32_t arch, const char **name)
{
	int32_t highest = 0;

	for (size_t i = 0; i < p->rules.n; i++)
		for (size_t k = 0; k < p->rules.v[i].names.n; k++) {
			int32_t nr = syscall_number(arch, p->rules.v[i].names.v[k]);

			if (nr <= highest)
				continue;
			highest = nr;
			*name = p->rules.v[i].names.v[k];
		}
	return highest;
}
