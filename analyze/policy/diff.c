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
	bool also;              /* of a filter that is loaded beside the list */
	bool otherwise;         /* where none of those before it answers */
	bool in_order;          /* what they mean depends on where they stand */
	struct answer answer;
	size_t n;
	struct policy_arg args[ARGS_ROOM];
};
struct flats { struct flat *v; size_t n, cap; };

/* What a policy says of one name: conditions, different ones, and what answers where none of them
 * holds. */
struct said {
	const struct flat *v;
	size_t n;
	struct answer otherwise;
	bool says;              /* something that its default does not */
	bool other;             /* the rest is not answered as the default has it */
};

static const char *const kinds[] = { "default", "architecture", "flag",	    "added",
				     "removed", "action",	"arguments" };
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

/* By name; then what always answers, first come first; then the others by what they say, or as they
 * stand; then those of other filters. */
static int compare_flats(const void *a, const void *b)
{
	const struct flat *x = a, *y = b;
	int d = strcmp(x->name, y->name);

	if (d)
		return d;
	if (x->also != y->also)
		return x->also ? 1 : -1;
	if (x->in_order)
		return compare_numbers(x->order, y->order);
	if (x->n == 0 || y->n == 0)
		return x->n != y->n ? (x->n ? 1 : -1) : compare_numbers(x->order, y->order);
	return compare_meaning(x, y);
}

/* An index that occurs twice means OR, as in runc: each condition is a rule of its own. */
static void add_flats(struct flats *out, const struct policy_rule *r, const char *name,
		      size_t order)
{
	bool any = r->args.n > ARGS_ROOM || policy_any_holds(r);

	for (size_t i = 0; i < (any ? r->args.n : 1); i++) {
		struct flat *f = VEC_PUSH(out);

		*f = (struct flat){ .name = name,
				    .order = order,
				    .answer = answer_of(r->action, r->error),
				    .otherwise = r->otherwise };
		for (size_t k = any ? i : 0; k < (any ? i + 1 : r->args.n); k++) {
			struct policy_arg *a = &f->args[f->n];

			*a = r->args.v[k];
			/* libseccomp compares the bits of the mask alone, so that a mask of none
			 * always holds */
			a->two = a->op == POLICY_MASKED_EQ ? a->two & a->value : 0;
			f->n += a->op != POLICY_MASKED_EQ || a->value != 0;
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

static bool implies_something(const struct policy *p)
{
	for (size_t i = 0; i < p->rules.n; i++)
		if (p->rules.v[i].implied)
			return true;
	return false;
}

/* The architecture by which filters beside the list are compared: they differ from one to the
 * other. */
static uint32_t main_arch(const struct policy *p)
{
	for (size_t i = 0; i < p->archs.n; i++)
		if (p->archs.v[i] == arch_native())
			return arch_native();
	return p->archs.n ? p->archs.v[0] : arch_native();
}

static void flatten_also(struct flats *out, const struct policy *p)
{
	for (size_t i = 0; i < p->also.n; i++) {
		const struct policy *also = p->also.v[i].policy;

		for (size_t k = 0; k < also->rules.n && policy_has_arch(also, main_arch(p)); k++)
			for (size_t m = 0; m < also->rules.v[k].names.n; m++) {
				size_t begin = out->n;

				add_flats(out, &also->rules.v[k], also->rules.v[k].names.v[m], k);
				for (size_t f = begin; f < out->n; f++)
					out->v[f].also = true;
			}
	}
}

/* What the loader adds by itself is in the list; where another list has the same by itself, what
 * that one says of it matters. */
static void flatten(struct flats *out, const struct policy *p, const struct policy *other,
		    bool other_is_evidence)
{
	bool all = !other_is_evidence && !implies_something(other);

	for (size_t i = 0; i < p->rules.n; i++)
		for (size_t k = 0; k < p->rules.v[i].names.n; k++)
			if (all || !p->rules.v[i].implied || names(other, p->rules.v[i].names.v[k]))
				add_flats(out, &p->rules.v[i], p->rules.v[i].names.v[k], i);
	for (size_t i = 0; i < out->n; i++)
		out->v[i].in_order = p->in_order;
	flatten_also(out, p);
	if (out->n)
		qsort(out->v, out->n, sizeof(*out->v), compare_flats);
}

/*
 * Of v[begin..end), rules of one name in a list, the conditions that mean something, moved to
 * v[begin..). What always answers wins over all else, as in libseccomp, but in a list that is in
 * order; what answers as the default says nothing, as in runc, and what is there twice is there
 * once.
 */
static size_t take_list(struct flats *f, size_t begin, size_t end, struct answer *otherwise)
{
	struct answer all_else = *otherwise;
	size_t kept = begin;

	for (size_t i = begin; i < end; i++)
		if (f->v[i].n == 0 &&
		    (f->v[i].in_order || !same_answer(f->v[i].answer, all_else))) {
			*otherwise = f->v[i].answer;
			if (!f->v[i].otherwise)
				return 0;
			break;
		}
	for (size_t i = begin; i < end; i++) {
		if (f->v[i].n == 0 || (!f->v[i].in_order && same_answer(f->v[i].answer, all_else)))
			continue;
		if (kept > begin && compare_meaning(&f->v[kept - 1], &f->v[i]) == 0)
			continue;
		f->v[kept++] = f->v[i];
	}
	return kept - begin;
}

/* The same of filters beside it: the strictest answer counts. They have no conditions that the list
 * has, too. */
static size_t take_also(struct flats *f, size_t begin, size_t from, size_t end, struct said *out)
{
	size_t kept = begin + out->n;

	for (size_t i = from; i < end; i++)
		if (f->v[i].n == 0 &&
		    action_rank(f->v[i].answer.action) > action_rank(out->otherwise.action)) {
			out->otherwise = f->v[i].answer;
			kept = begin;
		}
	for (size_t i = from; i < end; i++)
		if (f->v[i].n > 0 &&
		    action_rank(f->v[i].answer.action) > action_rank(out->otherwise.action))
			f->v[kept++] = f->v[i];
	return kept - begin;
}

/* The rules of the first name at *at, which moves past it. */
static struct said take_said(struct flats *f, size_t *at, struct answer otherwise)
{
	size_t begin = *at, own;
	struct said out = { f->v + begin, 0, otherwise, false, false };
	const char *name = f->v[begin].name;

	while (*at < f->n && strcmp(f->v[*at].name, name) == 0 && !f->v[*at].also)
		(*at)++;
	own = *at;
	while (*at < f->n && strcmp(f->v[*at].name, name) == 0)
		(*at)++;
	out.n = take_list(f, begin, own, &out.otherwise);
	out.n = take_also(f, begin, own, *at, &out);
	out.other = !same_answer(out.otherwise, otherwise);
	out.says = out.n > 0 || !same_answer(out.otherwise, otherwise);
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

static const char *say_said(struct diff *d, struct said s)
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
	buf_str(&out, s.n ? ", else " : "");
	say_answer(&out, s.otherwise);
	return keep_text(d, buf_bytes(&out));
}

/* ---- comparison ---- */

static void add_entry(struct diff *d, enum diff_kind kind, enum diff_effect effect,
		      const char *name, const char *from, const char *to)
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
	if (!same_answer(a, b))
		add_entry(d, DIFF_DEFAULT, effect_of(action_rank(a.action), action_rank(b.action)),
			  "", say_said(d, (struct said){ .otherwise = a }),
			  say_said(d, (struct said){ .otherwise = b }));
}

static void compare_archs(struct diff *d, const struct policy *a, const struct policy *b,
			  bool removed)
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
		add_entry(d, DIFF_ARCH, removed ? DIFF_STRICTER : DIFF_LOOSER, arch_name(arch),
			  removed ? "filtered" : "killed", removed ? "killed" : "filtered");
	}
}

static bool has_flag(const struct policy *p, const char *flag)
{
	for (size_t i = 0; i < p->flags.n; i++)
		if (strcmp(p->flags.v[i], flag) == 0)
			return true;
	return false;
}

static void compare_flags(struct diff *d, const struct policy *a, const struct policy *b,
			  bool removed)
{
	for (size_t i = 0; i < a->flags.n; i++)
		if (!has_flag(b, a->flags.v[i]))
			add_entry(d, DIFF_FLAG, DIFF_OTHER, a->flags.v[i],
				  removed ? "set" : "not set", removed ? "not set" : "set");
}

static bool same_said(struct said a, struct said b)
{
	for (size_t i = 0; i < a.n && i < b.n; i++)
		if (compare_meaning(&a.v[i], &b.v[i]) != 0)
			return false;
	return a.n == b.n;
}

/* The strictest and loosest that may be answered. */
static void range(struct said s, int *low, int *high)
{
	*low = *high = action_rank(s.otherwise.action);
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

/* They are in that order, but for those of a list that has an order of its own and those of other
 * filters. */
static bool has_rule(struct said s, const struct flat *f)
{
	bool sorted = s.n && !s.v[0].in_order && !s.v[s.n - 1].also;

	if (sorted)
		return bsearch(f, s.v, s.n, sizeof(*f), compare_for_search) != NULL;
	for (size_t i = 0; i < s.n; i++)
		if (compare_meaning(f, &s.v[i]) == 0)
			return true;
	return false;
}

/* Are all rules of `less` in `more`, and do those that `more` has besides only loosen the default
 * (or only tighten it)? */
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

static enum diff_effect compare_said(struct said a, struct said b)
{
	struct answer da = a.otherwise, db = b.otherwise;
	int low_a, high_a, low_b, high_b;

	range(a, &low_a, &high_a);
	range(b, &low_b, &high_b);
	if (low_a == high_a && low_b == high_b)
		return effect_of(low_a, low_b);
	if (high_b <= low_a)
		return DIFF_LOOSER;
	if (low_b >= high_a)
		return DIFF_STRICTER;
	if (same_said(a, b))
		return effect_of(action_rank(da.action), action_rank(db.action));
	if (a.n > 0 && b.n > 0 && a.v[0].in_order && b.v[0].in_order)
		return DIFF_OTHER;
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
	return action_rank(s.otherwise.action) <= action_rank(ACTION_LOG);
}

/* One name, of which at least one of the two speaks: `order` as strcmp has it, 0 for both. */
static void compare_name(struct diff *d, const char *name, int order, struct said a, struct said b)
{
	enum diff_kind kind = a.n == 0 && b.n == 0 ? DIFF_ACTION : DIFF_ARGS;

	if (a.n == 0 && b.n == 0 && same_answer(a.otherwise, b.otherwise))
		return;
	if (a.n > 0 && b.n > 0 && same_said(a, b) &&
	    (same_answer(a.otherwise, b.otherwise) || (!a.other && !b.other)))
		return; /* what the default makes of the rest is said with the default */
	if (order > 0 || (order == 0 && !a.says))
		kind = DIFF_ADDED;
	else if (order < 0)
		kind = DIFF_REMOVED;
	add_entry(d, kind, compare_said(a, b), name, say_said(d, a), say_said(d, b));
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

void diff_build(struct diff *out, const struct policy *a, const struct policy *b,
		bool b_is_evidence)
{
	struct answer da = answer_of(a->default_action, a->default_error),
		      db = answer_of(b->default_action, b->default_error);
	struct flats fa = { 0 }, fb = { 0 };
	size_t i = 0, k = 0;

	*out = (struct diff){ 0 };
	compare_default(out, da, db);
	compare_archs(out, a, b, true);
	compare_archs(out, b, a, false);
	compare_flags(out, a, b, true);
	compare_flags(out, b, a, false);
	flatten(&fa, a, b, b_is_evidence);
	flatten(&fb, b, a, false);
	while (i < fa.n || k < fb.n) {
		int d = i == fa.n ? 1 : k == fb.n ? -1 : strcmp(fa.v[i].name, fb.v[k].name);
		const char *name = d <= 0 ? fa.v[i].name : fb.v[k].name;
		struct said sa = d <= 0 ? take_said(&fa, &i, da) : (struct said){ .otherwise = da };
		struct said sb = d >= 0 ? take_said(&fb, &k, db) : (struct said){ .otherwise = db };

		if (!b_is_evidence || d >= 0 || allows(sa))
			compare_name(out, name, d, sa, sb);
	}
	if (out->entries.n)
		qsort(out->entries.v, out->entries.n, sizeof(*out->entries.v), compare_entries);
	VEC_FREE(&fa);
	VEC_FREE(&fb);
}
