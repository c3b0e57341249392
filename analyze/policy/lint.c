// SPDX-License-Identifier: Apache-2.0
/* The engine of the rules of lint_list.h, and what they ask; the rules are in lint_names.c and
 * lint_rules.c. */
#include "analyze/policy/lint_part.h"

#include "store/base/esc.h"
#include "store/model/action.h"
#include "store/model/arch.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define NAMES_SHOWN 12

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

void lint_found(struct linting *l, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	*VEC_PUSH(&l->out->findings) = (struct lint_finding){
		l->rule, pool_get(&l->out->texts, pool_intern(&l->out->texts, bytes_of(text))).p,
		l->rule->why
	};
	l->out->counts[l->rule->severity]++;
}

const char *lint_shown(char out[80], const char *name)
{
	return esc_word(out, 80, bytes_of(name));
}

/* "a, b, c and 4 more" */
void lint_add_name(struct buf *out, size_t *n, const char *name)
{
	char word[80];

	if ((*n)++ < NAMES_SHOWN)
		buf_printf(out, "%s%s", *n > 1 ? ", " : "", lint_shown(word, name));
}

void lint_found_names(struct linting *l, struct buf *names, size_t n, const char *before)
{
	if (n > NAMES_SHOWN)
		buf_printf(names, " and %zu more", n - NAMES_SHOWN);
	if (n)
		lint_found(l, "%s%s", before, buf_text(names));
}

bool lint_passes(uint32_t action)
{
	return action == ACTION_ALLOW || action == ACTION_LOG;
}

bool lint_denies_by_default(const struct linting *l)
{
	return !lint_passes(l->p->default_action);
}

static int compare_uses(const void *a, const void *b)
{
	const struct lint_use *x = a, *y = b;
	int d = strcmp(x->name, y->name);

	return d ? d : (x->order > y->order) - (x->order < y->order);
}

/* The first use of a name; the end of all when it is not named. */
size_t lint_find_call(const struct linting *l, const char *name)
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

bool lint_same_name(const struct linting *l, size_t i, size_t k)
{
	return k < l->uses.n && strcmp(l->uses.v[i].name, l->uses.v[k].name) == 0;
}

/* Is the call let through for some arguments? What always answers wins, as in libseccomp. */
bool lint_lets_through(const struct linting *l, const char *name)
{
	size_t first = lint_find_call(l, name);
	bool some = !lint_denies_by_default(l);

	for (size_t i = first; i < l->uses.n && lint_same_name(l, first, i); i++) {
		const struct policy_rule *r = l->uses.v[i].rule;

		if (r->args.n == 0 && !r->otherwise && r->action != l->p->default_action)
			return lint_passes(r->action);
		some |= lint_passes(r->action);
	}
	return some;
}

bool lint_is_oci(const struct linting *l)
{
	return l->p->format == NULL || strcmp(l->p->format, "oci") == 0;
}

bool lint_has_format(const struct linting *l, const char *format)
{
	return l->p->format != NULL && strcmp(l->p->format, format) == 0;
}

/* The ABI by which names are judged: x86-64 where it is among the profile's. */
uint32_t lint_main_arch(const struct linting *l)
{
	for (size_t i = 0; i < l->p->archs.n; i++)
		if (l->p->archs.v[i] == ARCH_X86_64)
			return ARCH_X86_64;
	return l->p->archs.n ? l->p->archs.v[0] : arch_native();
}

bool lint_first_of_name(const struct linting *l, size_t i)
{
	return i == 0 || !lint_same_name(l, i, i - 1);
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
			*VEC_PUSH(&l.uses) =
				(struct lint_use){ p->rules.v[i].names.v[k], i, &p->rules.v[i] };
	if (l.uses.n)
		qsort(l.uses.v, l.uses.n, sizeof(*l.uses.v), compare_uses);
	for (size_t i = 0; i < ARRAY_SIZE(rules); i++) {
		l.rule = &rules[i];
		functions[i](&l);
	}
	VEC_FREE(&l.uses);
}
