// SPDX-License-Identifier: Apache-2.0
/*
 * A policy in memory: rules are added, names are interned, architectures are kept in the order of
 * the file.
 */
#include "analyze/policy/policy.h"

#include "analyze/policy/bounds.h"
#include "store/model/action.h"
#include "store/model/arch.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

void policy_init(struct policy *p)
{
	*p = (struct policy){ .default_error = POLICY_NO_ERRNO };
}

static void when_release(struct policy_when *w)
{
	VEC_FREE(&w->caps);
	VEC_FREE(&w->archs);
}

void policy_rule_release(struct policy_rule *r)
{
	VEC_FREE(&r->names);
	VEC_FREE(&r->args);
	when_release(&r->includes);
	when_release(&r->excludes);
}

void policy_release(struct policy *p)
{
	for (size_t i = 0; i < p->rules.n; i++)
		policy_rule_release(&p->rules.v[i]);
	for (size_t i = 0; i < p->families.n; i++)
		VEC_FREE(&p->families.v[i].subs);
	VEC_FREE(&p->rules);
	VEC_FREE(&p->families);
	VEC_FREE(&p->archs);
	VEC_FREE(&p->flags);
	VEC_FREE(&p->sets);
	VEC_FREE(&p->profiles);
	VEC_FREE(&p->unread);
	VEC_FREE(&p->idle);
	VEC_FREE(&p->notes);
	for (size_t i = 0; i < p->also.n; i++) {
		policy_release(p->also.v[i].policy);
		free(p->also.v[i].policy);
	}
	VEC_FREE(&p->also);
	VEC_FREE(&p->binaries);
	pool_release(&p->strings);
}

struct policy_rule *policy_add_rule(struct policy *p, uint32_t action, int error)
{
	struct policy_rule *r = VEC_PUSH(&p->rules);

	*r = (struct policy_rule){ .action = action, .error = error };
	return r;
}

#define COPY(to, from) do { \
	for (size_t i_ = 0; i_ < (from)->n; i_++) \
		*VEC_PUSH(to) = (from)->v[i_]; \
} while (0)

static void when_share(struct policy_when *out, const struct policy_when *of)
{
	out->kernel = of->kernel;
	COPY(&out->caps, &of->caps);
	COPY(&out->archs, &of->archs);
}

static void rule_share(struct policy_rule *out, const struct policy_rule *of)
{
	*out = (struct policy_rule){ .action = of->action,
				     .error = of->error,
				     .comment = of->comment,
				     .implied = of->implied,
				     .all = of->all,
				     .otherwise = of->otherwise };
	COPY(&out->names, &of->names);
	COPY(&out->args, &of->args);
	when_share(&out->includes, &of->includes);
	when_share(&out->excludes, &of->excludes);
}

void policy_share(struct policy *out, const struct policy *of)
{
	*out = (struct policy){ .default_action = of->default_action,
				.default_error = of->default_error,
				.has_flags = of->has_flags,
				.native = of->native,
				.format = of->format,
				.direct = of->direct,
				.in_order = of->in_order,
				.listener = of->listener,
				.exact = of->exact,
				.by_name = of->by_name,
				.others_pass = of->others_pass,
				.idle_errno = of->idle_errno };
	COPY(&out->archs, &of->archs);
	COPY(&out->flags, &of->flags);
	COPY(&out->sets, &of->sets);
	COPY(&out->unread, &of->unread);
	COPY(&out->idle, &of->idle);
	COPY(&out->notes, &of->notes);
	for (size_t i = 0; i < of->also.n; i++) {
		struct policy *also = mem_zero(1, sizeof(*also));

		policy_share(also, of->also.v[i].policy);
		*VEC_PUSH(&out->also) = (struct policy_also){ of->also.v[i].setting, also };
	}
	for (size_t i = 0; i < of->rules.n; i++)
		rule_share(VEC_PUSH(&out->rules), &of->rules.v[i]);
	for (size_t i = 0; i < of->families.n; i++) {
		struct policy_family *f = VEC_PUSH(&out->families);

		*f = (struct policy_family){ .arch = of->families.v[i].arch };
		COPY(&f->subs, &of->families.v[i].subs);
	}
}

bool policy_has_arch(const struct policy *p, uint32_t arch)
{
	for (size_t i = 0; i < p->archs.n; i++)
		if (p->archs.v[i] == arch)
			return true;
	return p->archs.n == 0 && arch == arch_native();
}

static void add_to_family(struct policy *p, uint32_t machine, uint32_t arch)
{
	struct policy_family *f = NULL;

	for (size_t i = 0; i < p->families.n && f == NULL; i++)
		if (p->families.v[i].arch == machine)
			f = &p->families.v[i];
	if (f == NULL) {
		f = VEC_PUSH(&p->families);
		*f = (struct policy_family){ .arch = machine };
	}
	for (size_t i = 0; i < f->subs.n; i++)
		if (f->subs.v[i] == arch)
			return;
	if (arch != machine)
		*VEC_PUSH(&f->subs) = arch;
}

void policy_add_arch(struct policy *p, uint32_t machine, uint32_t arch)
{
	if (p->families.n > 0) {
		add_to_family(p, machine, arch);
		return;
	}
	if (p->archs.n == 0)
		*VEC_PUSH(&p->archs) = arch_native();
	if (!policy_has_arch(p, arch))
		*VEC_PUSH(&p->archs) = arch;
}

static bool when_says(const struct policy_when *w)
{
	return w->caps.n || w->archs.n || policy_kernel_said(w->kernel);
}

bool policy_rule_is_conditional(const struct policy_rule *r)
{
	return when_says(&r->includes) || when_says(&r->excludes);
}

bool policy_is_conditional(const struct policy *p)
{
	for (size_t i = 0; i < p->rules.n; i++)
		if (policy_rule_is_conditional(&p->rules.v[i]))
			return true;
	return p->families.n > 0;
}

int policy_number(uint32_t action, int error)
{
	if (action != ACTION_ERRNO && action != ACTION_TRACE)
		return 0;
	return error == POLICY_NO_ERRNO ? EPERM : error;
}

static const char *const ops[] = { "SCMP_CMP_NE", "SCMP_CMP_LT", "SCMP_CMP_LE",	      "SCMP_CMP_EQ",
				   "SCMP_CMP_GE", "SCMP_CMP_GT", "SCMP_CMP_MASKED_EQ" };

const char *policy_op_word(enum policy_op op)
{
	return ops[op];
}

bool policy_op_parse(const char *word, enum policy_op *op)
{
	for (size_t i = 0; i < ARRAY_SIZE(ops); i++) {
		if (strcmp(word, ops[i]) != 0)
			continue;
		*op = (enum policy_op)i;
		return true;
	}
	return false;
}

bool policy_kernel_parse(const char *text, struct policy_kernel *out)
{
	struct bytes b = bytes_of(text);
	uint64_t major, minor;

	if (!bytes_dec(&b, 9999, &major) || !bytes_take(&b, BYTES(".")) ||
	    !bytes_dec(&b, 9999, &minor) || b.n > 0)
		return false;
	*out = (struct policy_kernel){ (unsigned)major, (unsigned)minor };
	return major || minor;
}

bool policy_any_holds(const struct policy_rule *r)
{
	unsigned seen = 0;

	for (size_t i = 0; i < r->args.n && !r->all; i++) {
		if (seen & 1u << r->args.v[i].index)
			return true;
		seen |= 1u << r->args.v[i].index;
	}
	return false;
}

const char *policy_keep(struct policy *p, const char *text)
{
	return pool_get(&p->strings, pool_intern(&p->strings, bytes_of(text))).p;
}

static void keep_sentence(struct policy *p, struct policy_words *out, const char *fmt, va_list ap)
	__attribute__((format(printf, 3, 0)));
static void keep_sentence(struct policy *p, struct policy_words *out, const char *fmt, va_list ap)
{
	char text[256];

	if (out->n > BOUNDS_UNREAD) /* it is refused for those that there are */
		return;
	vsnprintf(text, sizeof(text), fmt, ap);
	*VEC_PUSH(out) = policy_keep(p, text);
}

void policy_unread(struct policy *p, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	keep_sentence(p, &p->unread, fmt, ap);
	va_end(ap);
}

void policy_note(struct policy *p, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	keep_sentence(p, &p->notes, fmt, ap);
	va_end(ap);
}

struct policy *policy_add_also(struct policy *p, const char *setting)
{
	struct policy *out = mem_zero(1, sizeof(*out));

	policy_init(out);
	out->exact = out->others_pass = true;
	out->default_action = ACTION_ALLOW;
	*VEC_PUSH(&p->also) = (struct policy_also){ policy_keep(p, setting), out };
	return out;
}

bool policy_is_plain(const struct policy *p)
{
	return !p->in_order && p->also.n == 0;
}

void policy_idle(struct policy *p, const char *fmt, ...)
{
	char text[256];
	va_list ap;

	if (p->idle.n > BOUNDS_UNREAD)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	*VEC_PUSH(&p->idle) = policy_keep(p, text);
}
