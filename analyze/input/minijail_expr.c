// SPDX-License-Identifier: Apache-2.0
/* Parses minijail's conditions into alternatives of comparisons; constants are found by their
 * names. */
#include "analyze/input/minijail_expr.h"

#include <errno.h>
#include <stdlib.h>

#define BRANCHES_MAX 256
#define ARGS_MAX 16  /* conditions in one alternative */
#define DEPTH_MAX 32 /* of parentheses */

struct constant { const char *name; uint64_t value; };

static const struct constant constants[] = {
#define MINIJAIL_CONSTANT(name, value) { name, value },
#include "analyze/input/minijail_constant_list.h"
#undef MINIJAIL_CONSTANT
};

void minijail_branches_release(struct minijail_branches *b)
{
	for (size_t i = 0; i < b->n; i++)
		VEC_FREE(&b->v[i].args);
	VEC_FREE(b);
}

/* ---- words ---- */

static bool starts_word(char c)
{
	char low = (char)(c | 0x20);

	return c == '_' || (low >= 'a' && low <= 'z');
}

struct bytes minijail_word(struct bytes *text)
{
	struct bytes out;

	bytes_trim_left(text);
	out = (struct bytes){ text->p, 0 };
	if (text->n > 0 && starts_word(text->p[0]))
		while (out.n < text->n &&
		       (starts_word(text->p[out.n]) || bytes_digit(text->p[out.n]) ||
			text->p[out.n] == '-' || text->p[out.n] == '@'))
			out.n++;
	bytes_skip(text, out.n);
	return out;
}

bool minijail_mark(struct bytes *text, const char *mark)
{
	struct bytes t = *text;

	bytes_trim_left(&t);
	if (!bytes_take(&t, bytes_of(mark)))
		return false;
	*text = t;
	return true;
}

struct bytes minijail_rest(struct bytes text)
{
	bytes_trim_left(&text);
	return input_word(&text);
}

/* ---- values: "A|B", "~A", "~(A|B)" ---- */

static int compare_constant(const void *key, const void *row)
{
	const struct constant *c = row;

	return strcmp(key, c->name);
}

static bool named_constant(struct bytes word, uint64_t *out)
{
	const struct constant *row;
	char name[64];

	if (word.n == 0 || word.n >= sizeof(name))
		return false;
	snprintf(name, sizeof(name), "%.*s", (int)word.n, word.p);
	row = bsearch(name, constants, ARRAY_SIZE(constants), sizeof(constants[0]),
		      compare_constant);
	if (row == NULL)
		return false;
	*out = row->value;
	return true;
}

/* As strtol has it: 0x10, 020, 16, and with a minus before it. */
static bool number(struct bytes *text, uint64_t *out)
{
	bool minus = bytes_take(text, BYTES("-"));
	char digits[32], *end;
	size_t n = 0;

	while (n < text->n && n + 1 < sizeof(digits) &&
	       (bytes_digit(text->p[n]) || starts_word(text->p[n])))
		n++;
	if (n == 0 || !bytes_digit(text->p[0]))
		return false;
	snprintf(digits, sizeof(digits), "%.*s", (int)n, text->p);
	errno = 0;
	*out = strtoull(digits, &end, 0);
	if (errno != 0 || *end != '\0')
		return false;
	if (minus)
		*out = -*out;
	bytes_skip(text, n);
	return true;
}

bool minijail_constant(struct bytes *text, uint64_t *out)
{
	struct bytes t = *text, word;

	bytes_trim_left(&t);
	if (t.n > 0 && (bytes_digit(t.p[0]) || t.p[0] == '-')) {
		if (!number(&t, out))
			return false;
	} else {
		word = minijail_word(&t);
		if (!named_constant(word, out))
			return false;
	}
	*text = t;
	return true;
}

static int value_of(const struct reading *r, struct bytes *text, uint64_t *out, unsigned depth)
{
	*out = 0;
	if (depth > DEPTH_MAX)
		return input_bad_line(r, "parentheses deeper than %d", DEPTH_MAX);
	do {
		bool inverted = minijail_mark(text, "~");
		struct bytes before = *text;
		uint64_t v;

		if (minijail_mark(text, "(")) {
			if (value_of(r, text, &v, depth + 1) < 0)
				return -1;
			if (!minijail_mark(text, ")"))
				return input_bad_word(r, "no ')' behind", minijail_rest(before));
		} else if (!minijail_constant(text, &v)) {
			return input_bad_word(r, "neither a number nor a constant that is known",
					      minijail_rest(before));
		}
		*out |= inverted ? ~v : v;
		before = *text;
		bytes_trim_left(&before);
		if (bytes_starts(before, BYTES("||")))
			return 0;
	} while (minijail_mark(text, "|"));
	return 0;
}

/* ---- atoms: "arg0 == 0x10|0x1" ---- */

/* "==" stands before "=", "<=" before "<". */
static const struct { const char *word; enum policy_op op;
} ops[] = {
	{ "==", POLICY_EQ }, { "!=", POLICY_NE }, { "<=", POLICY_LE },
	{ "<", POLICY_LT },  { ">=", POLICY_GE }, { ">", POLICY_GT },
};

/* *any: "arg & value", which one bit of value fulfils. */
static int read_op(const struct reading *r, struct bytes *text, struct policy_arg *out, bool *any)
{
	struct bytes t = *text, behind = *text;

	*any = false;
	out->op = POLICY_MASKED_EQ;
	bytes_trim_left(&behind);
	if (!bytes_starts(behind, BYTES("&&")) && minijail_mark(text, "&")) {
		*any = true;
		return 0;
	}
	if (bytes_eq(minijail_word(&t), BYTES("in"))) { /* no bit outside of it */
		*text = t;
		return 0;
	}
	for (size_t i = 0; i < ARRAY_SIZE(ops); i++)
		if (minijail_mark(text, ops[i].word)) {
			out->op = ops[i].op;
			return 0;
		}
	return input_bad_word(r, "no such comparison", minijail_rest(*text));
}

static int read_atom(const struct reading *r, struct bytes *text, struct policy_arg *out, bool *any)
{
	struct bytes before = *text, arg = minijail_word(text);

	*out = (struct policy_arg){ 0 };
	if (arg.n != 4 || !bytes_starts(arg, BYTES("arg")) || arg.p[3] < '0' || arg.p[3] > '5')
		return input_bad_word(r, "no argument (arg0 to arg5)", minijail_rest(before));
	out->index = (unsigned)(arg.p[3] - '0');
	before = *text;
	if (read_op(r, text, out, any) < 0 || value_of(r, text, &out->value, 0) < 0)
		return -1;
	if (bytes_eq(minijail_word(&before), BYTES("in")))
		out->value = ~out->value;
	return 0;
}

/* ---- expressions ---- */

static int copy_branch(const struct reading *r, struct minijail_branches *to,
		       const struct minijail_branch *b, const struct policy_arg *more)
{
	struct minijail_branch *out = VEC_PUSH(to);

	*out = (struct minijail_branch){ 0 };
	r->p->too_large = to->n > BRANCHES_MAX;
	if (r->p->too_large)
		return input_bad_line(r, "more than %d alternatives", BRANCHES_MAX);
	for (size_t i = 0; i < b->args.n; i++)
		*VEC_PUSH(&out->args) = b->args.v[i];
	*VEC_PUSH(&out->args) = *more;
	return out->args.n <= ARGS_MAX ?
		       0 :
		       input_bad_line(r, "more than %d conditions in one alternative", ARGS_MAX);
}

/* Adds an atom to each of the alternatives; "arg & value" makes one more of each for each bit. */
static int add_atom(const struct reading *r, struct minijail_branches *b,
		    const struct policy_arg *a, bool any)
{
	struct minijail_branches out = { 0 };
	int ret = 0;

	for (size_t i = 0; i < b->n && ret == 0; i++)
		for (unsigned bit = 0; bit < (any ? 64 : 1) && ret == 0; bit++) {
			struct policy_arg one = *a;

			if (any && !(a->value >> bit & 1))
				continue;
			if (any)
				one.value = one.two = (uint64_t)1 << bit;
			ret = copy_branch(r, &out, &b->v[i], &one);
		}
	minijail_branches_release(b);
	*b = out;
	return ret;
}

/* "atom && atom": all that it means, as alternatives. */
static int read_all_of(const struct reading *r, struct bytes *text, struct minijail_branches *out)
{
	*VEC_PUSH(out) = (struct minijail_branch){ 0 };
	do {
		struct policy_arg a;
		bool any = false;

		if (read_atom(r, text, &a, &any) < 0 || add_atom(r, out, &a, any) < 0)
			return -1;
	} while (minijail_mark(text, "&&"));
	return 0;
}

int minijail_expression(const struct reading *r, struct bytes *text, struct minijail_branches *out)
{
	*out = (struct minijail_branches){ 0 };
	do {
		struct minijail_branches some = { 0 };
		int ret = read_all_of(r, text, &some);

		for (size_t i = 0; i < some.n; i++)
			*VEC_PUSH(out) = some.v[i];
		VEC_FREE(&some);
		r->p->too_large = out->n > BRANCHES_MAX;
		if (ret == 0 && r->p->too_large)
			ret = input_bad_line(r, "more than %d alternatives", BRANCHES_MAX);
		if (ret < 0)
			return -1;
	} while (minijail_mark(text, "||"));
	return 0;
}
