// SPDX-License-Identifier: Apache-2.0
/*
 * Compares two policies name by name on their architectures, and says for each difference whether
 * it is looser or stricter.
 */
#include "analyze/policy/diff.h"

#include "store/model/action.h"
#include "store/model/arch.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#define ARGS_ROOM 6

struct answer { uint32_t action; int error; };

/* One rule for one name. Conditions are in order of index; none: it always answers. */
struct flat {
	const char *name;
	size_t order;
	struct answer answer;
	size_t n;
	struct policy_arg args[ARGS_ROOM];
};
struct flats { struct flat *v; size_t n, cap; };

/* What a policy says of one name: flats[0..n), different ones. */
struct said { const struct flat *v; size_t n; };

static const char *const kinds[] = { "default", "architecture", "flag", "added", "removed", "action", "arguments" };
static const char *const effects[] = { "looser", "other", "stricter" };

const char *diff_kind_word(enum diff_kind kind)
{
	return kinds[kind];
}

const char *diff_effect_word(enum diff_effect effect)
{
	return effects[effect];
}

void diff_release(struct diff *d)
{
	VEC_FREE(&d->entries);
	pool_release(&d->texts);
}

/* ---- answers ---- */

static int action_rank(uint32_t action)
{
	static const uint32_t order[] = { ACTION_ALLOW, ACTION_LOG, ACTION_TRACE, ACTION_NOTIFY,
					  ACTION_ERRNO, ACTION_TRAP, ACTION_KILL_THREAD };
	size_t i = 0;

	while (i < ARRAY_SIZE(order) && order[i] != action)
		i++;
	return (int)i;
}

static struct answer answer_of(uint32_t action, int error)
{
	return (struct answer){ action, policy_number(action, error) };
}

static bool same_answer(struct answer a, struct answer b)
{
	return a.action == b.action && a.error == b.error;
}

/* ---- rules by name ---- */

static int compare_numbers(uint64_t a, uint64_t b)
{
	return a < b ? -1 : a > b;
}

static int compare_args(const void *a, const void *b)
{
	const struct policy_arg *x = a, *y = b;
	int d = compare_numbers(x->index, y->index);

	d = d ? d : compare_numbers(x->op, y->op);
	d = d ? d : compare_numbers(x->value, y->value);
	return d ? d : compare_numbers(x->two, y->two);
}

/* Do two rules of a name say the same? Also an order. */
static int compare_meaning(const struct flat *a, const struct flat *b)
{
	int d = compare_numbers(a->n, b->n);

	for (size_t i = 0; i < a->n && d == 0; i++)
		d = compare_args(&a->args[i], &b->args[i]);
	d = d ? d : compare_numbers(a->answer.action, b->answer.action);
	return d ? d : compare_numbers((uint64_t)a->answer.error, (uint64_t)b->answer.error);
}

/* By name; then what always answers, first come first; then the others by what they say. */
static int compare_flats(const void *a, const void *b)
{
	const struct flat *x = a, *y = b;
	int d = strcmp(x->name, y->name);

	if (d)
		return d;
	if (x->n == 0 || y->n == 0)
		return x->n != y->n ? (x->n ? 1 : -1) : compare_numbers(x->order, y->order);
	return compare_meaning(x, y);
}

/* An index that occurs twice means OR, as in runc: each condition is a rule of its own. */
static void add_flats(struct flats *out, const struct policy_rule *r, const char *name, size_t order)
{
	bool any = r->args.n > ARGS_ROOM || policy_any_holds(r);

	for (size_t i = 0; i < (any ? r->args.n : 1); i++) {
		struct flat *f = VEC_PUSH(out);

		*f = (struct flat){ .name = name, .order = order, .answer = answer_of(r->action, r->error) };
		for (size_t k = any ? i : 0; k < (any ? i + 1 : r->args.n); k++) {
			struct policy_arg *a = &f->args[f->n++];

			*a = r->args.v[k];
			a->two = a->op == POLICY_MASKED_EQ ? a->two : 0;
		}
		qsort(f->args, f->n, sizeof(f->args[0]), compare_args);
	}
}

static bool names(const struct policy *p, const char *name)
{
	for (size_t i = 0; i < p->rules.n; i++)
		for (size_t k = 0; k < p->rules.v[i].names.n; k++)
			if (strcmp(p->rules.v[i].names.v[k], name) == 0)
				return true;
	return false;
}

/* What the loader adds by itself matters where the other one says something of it. */
static void flatten(struct flats *out, const struct policy *p, const struct policy *other)
{
	for (size_t i = 0; i < p->rules.n; i++)
		for (size_t k = 0; k < p->rules.v[i].names.n; k++)
			if (!p->rules.v[i].implied || names(other, p->rules.v[i].names.v[k]))
				add_flats(out, &p->rules.v[i], p->rules.v[i].names.v[k], i);
	if (out->n)
		qsort(out->v, out->n, sizeof(*out->v), compare_flats);
}

/*
 * The rules of the first name at *at, which moves past it. What always answers wins over all else, as in libseccomp; what
 * answers as the default says nothing, as in runc, and what is there twice is there once.
 */
static struct said take_said(struct flats *f, size_t *at, struct answer otherwise)
{
	struct said out = { f->v + *at, 0 };
	size_t begin = *at, kept = begin;
	const char *name = f->v[begin].name;

	for (; *at < f->n && strcmp(f->v[*at].name, name) == 0; (*at)++) {
		if (same_answer(f->v[*at].answer, otherwise))
			continue;
		if (kept > begin && (f->v[begin].n == 0 || compare_meaning(&f->v[kept - 1], &f->v[*at]) == 0))
			continue;
		f->v[kept++] = f->v[*at];
	}
	out.n = kept - begin;
	return out;
}

/* ---- in words ---- */

static void say_answer(struct buf *out, struct answer a)
{
	buf_str(out, action_word(a.action));
	if (a.action == ACTION_ERRNO || a.action == ACTION_TRACE)
		buf_printf(out, "(%d)", a.error);
}

static void say_arg(struct buf *out, const struct policy_arg *a)
{
	static const char *const ops[] = { "!=", "<", "<=", "==", ">=", ">", "&" };

	buf_printf(out, "arg%u %s 0x%" PRIx64, a->index, ops[a->op], a->value);
	if (a->op == POLICY_MASKED_EQ)
		buf_printf(out, " == 0x%" PRIx64, a->two);
}

static const char *keep_text(struct diff *d, struct bytes b)
{
	return pool_get(&d->texts, pool_intern(&d->texts, b)).p;
}

static const char *say_said(struct diff *d, struct said s, struct answer otherwise)
{
	auto_buf struct buf out = { 0 };

	for (size_t i = 0; i < s.n; i++) {
		buf_str(&out, i ? ", " : "");
		say_answer(&out, s.v[i].answer);
		for (size_t k = 0; k < s.v[i].n; k++) {
			buf_str(&out, k ? " && " : " if ");
			say_arg(&out, &s.v[i].args[k]);
		}
	}
	if (s.n == 0 || s.v[0].n) {
		buf_str(&out, s.n ? ", else " : "");
		say_answer(&out, otherwise);
	}
	return keep_text(d, buf_bytes(&out));
}

/* ---- comparison ---- */

static void add_entry(struct diff *d, enum diff_kind kind, enum diff_effect effect, const char *name, const char *from, const char *to)
{
	*VEC_PUSH(&d->entries) = (struct diff_entry){ kind, effect, name, from, to };
	d->effects[effect]++;
}

static enum diff_effect effect_of(int from, int to)
{
	return to < from ? DIFF_LOOSER : to > from ? DIFF_STRICTER : DIFF_OTHER;
}

static void compare_default(struct diff *d, struct answer a, struct answer b)
{
	struct said none = { NULL, 0 };

	if (!same_answer(a, b))
		add_entry(d, DIFF_DEFAULT, effect_of(action_rank(a.action), action_rank(b.action)), "", say_said(d, none, a), say_said(d, none, b));
}

static void compare_archs(struct diff *d, const struct policy *a, const struct policy *b, bool removed)
{
	uint32_t native = arch_native();
	size_t n = a->archs.n ? a->archs.n : 1;

	for (size_t i = 0; i < n; i++) {
		uint32_t arch = a->archs.n ? a->archs.v[i] : native;
		bool before = false;

		for (size_t k = 0; k < i && !before; k++)
			before = a->archs.v[k] == arch;
		if (before || policy_has_arch(b, arch))
			continue;
		add_entry(d, DIFF_ARCH, removed ? DIFF_STRICTER : DIFF_LOOSER, arch_name(arch), removed ? "filtered" : "killed",
		    removed ? "killed" : "filtered");
	}
}

static bool has_flag(const struct policy *p, const char *flag)
{
	for (size_t i = 0; i < p->flags.n; i++)
		if (strcmp(p->flags.v[i], flag) == 0)
			return true;
	return false;
}

static void compare_flags(struct diff *d, const struct policy *a, const struct policy *b, bool removed)
{
	for (size_t i = 0; i < a->flags.n; i++)
		if (!has_flag(b, a->flags.v[i]))
			add_entry(d, DIFF_FLAG, DIFF_OTHER, a->flags.v[i], removed ? "set" : "not set", removed ? "not set" : "set");
}

static bool same_said(struct said a, struct said b)
{
	for (size_t i = 0; i < a.n && i < b.n; i++)
		if (compare_meaning(&a.v[i], &b.v[i]) != 0)
			return false;
	return a.n == b.n;
}

/* The strictest and loosest that may be answered. */
static void range(struct said s, struct answer otherwise, int *low, int *high)
{
	bool always = s.n && s.v[0].n == 0;

	*low = *high = action_rank(always ? s.v[0].answer.action : otherwise.action);
	for (size_t i = 0; i < s.n; i++) {
		int r = action_rank(s.v[i].answer.action);

		*low = r < *low ? r : *low;
		*high = r > *high ? r : *high;
	}
}

static int compare_for_search(const void *a, const void *b)
{
	return compare_meaning(a, b);
}

/* They are in that order: of a name that has more than one, all have conditions. */
static bool has_rule(struct said s, const struct flat *f)
{
	return s.n && bsearch(f, s.v, s.n, sizeof(*f), compare_for_search) != NULL;
}

/* Are all rules of `less` in `more`, and do those that `more` has besides only loosen the default (or only tighten it)? */
static bool only_adds(struct said less, struct said more, struct answer otherwise, bool loosen)
{
	for (size_t i = 0; i < less.n; i++)
		if (!has_rule(more, &less.v[i]))
			return false;
	for (size_t i = 0; i < more.n; i++) {
		int d = action_rank(more.v[i].answer.action) - action_rank(otherwise.action);

		if (!has_rule(less, &more.v[i]) && (loosen ? d >= 0 : d <= 0))
			return false;
	}
	return true;
}

static enum diff_effect compare_said(struct said a, struct answer da, struct said b, struct answer db)
{
	int low_a, high_a, low_b, high_b;

	range(a, da, &low_a, &high_a);
	range(b, db, &low_b, &high_b);
	if (low_a == high_a && low_b == high_b)
		return effect_of(low_a, low_b);
	if (high_b <= low_a)
		return DIFF_LOOSER;
	if (low_b >= high_a)
		return DIFF_STRICTER;
	if (same_answer(da, db) && (only_adds(a, b, da, true) || only_adds(b, a, da, false)))
		return DIFF_LOOSER;
	if (same_answer(da, db) && (only_adds(b, a, da, true) || only_adds(a, b, da, false)))
		return DIFF_STRICTER;
	return DIFF_OTHER;
}

static bool allows(struct said s)
{
	for (size_t i = 0; i < s.n; i++)
		if (action_rank(s.v[i].answer.action) <= action_rank(ACTION_LOG))
			return true;
	return false;
}

/* One name, of which at least one of the two speaks: `order` as strcmp has it, 0 for both. */
static void compare_name(struct diff *d, const char *name, int order, struct said a, struct answer da, struct said b, struct answer db)
{
	bool always_a = a.n == 0 || a.v[0].n == 0, always_b = b.n == 0 || b.v[0].n == 0;
	enum diff_kind kind = always_a && always_b ? DIFF_ACTION : DIFF_ARGS;

	if (always_a && always_b && same_answer(a.n ? a.v[0].answer : da, b.n ? b.v[0].answer : db))
		return;
	if (!always_a && !always_b && same_said(a, b)) /* what the default makes of the rest is said with the default */
		return;
	if (order > 0 || (order == 0 && a.n == 0))
		kind = DIFF_ADDED;
	else if (order < 0)
		kind = DIFF_REMOVED;
	add_entry(d, kind, compare_said(a, da, b, db), name, say_said(d, a, da), say_said(d, b, db));
}

static int compare_entries(const void *a, const void *b)
{
	const struct diff_entry *x = a, *y = b;
	bool all_x = x->kind <= DIFF_FLAG, all_y = y->kind <= DIFF_FLAG;

	if (all_x != all_y)
		return all_x ? -1 : 1;
	if (all_x && x->kind != y->kind)
		return (int)x->kind - (int)y->kind;
	if (!all_x && x->effect != y->effect)
		return (int)x->effect - (int)y->effect;
	return strcmp(x->name, y->name);
}

void diff_build(struct diff *out, const struct policy *a, const struct policy *b, bool b_is_evidence)
{
	struct answer da = answer_of(a->default_action, a->default_error), db = answer_of(b->default_action, b->default_error);
	struct flats fa = { 0 }, fb = { 0 };
	size_t i = 0, k = 0;

	*out = (struct diff){ 0 };
	compare_default(out, da, db);
	compare_archs(out, a, b, true);
	compare_archs(out, b, a, false);
	compare_flags(out, a, b, true);
	compare_flags(out, b, a, false);
	flatten(&fa, a, b);
	flatten(&fb, b, a);
	while (i < fa.n || k < fb.n) {
		int d = i == fa.n ? 1 : k == fb.n ? -1 : strcmp(fa.v[i].name, fb.v[k].name);
		const char *name = d <= 0 ? fa.v[i].name : fb.v[k].name;
		struct said none = { NULL, 0 }, sa = d <= 0 ? take_said(&fa, &i, da) : none, sb = d >= 0 ? take_said(&fb, &k, db) : none;

		if (!b_is_evidence || d >= 0 || allows(sa))
			compare_name(out, name, d, sa, da, sb, db);
	}
	if (out->entries.n)
		qsort(out->entries.v, out->entries.n, sizeof(*out->entries.v), compare_entries);
	VEC_FREE(&fa);
	VEC_FREE(&fb);
}
