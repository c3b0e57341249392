// SPDX-License-Identifier: Apache-2.0
/*
 * minijail's policies: "NAME: 1", "NAME: return ERRNO", "NAME: arg0 == 1 && arg1 & 2 || ...[; return ERRNO]". What no line
 * names kills. Named constants, @include and what only the Python compiler takes are refused with their line.
 *   source: minijail0(5)
 */
#include "analyze/input/input.h"
#include "analyze/policy/bounds.h"
#include "store/base/map.h"
#include "store/model/action.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#define BRANCHES_MAX 256
#define ARGS_MAX 6

static bool is_minijail(struct bytes text)
{
	struct bytes first = input_first(text, "#"), name;

	if (bytes_starts(first, BYTES("@")))
		return true;
	name = bytes_until(&first, ':');
	bytes_trim_right(&name);
	return first.n > 0 && input_is_name(name);
}

/* One alternative: all of it has to hold. */
struct branch { VEC(struct policy_arg) args; };
struct branches { struct branch *v; size_t n, cap; };

static void branches_release(struct branches *b)
{
	for (size_t i = 0; i < b->n; i++)
		VEC_FREE(&b->v[i].args);
	VEC_FREE(b);
}

/* ---- atoms: "arg0 == 0x10|0x1" ---- */

static bool read_number(struct bytes word, uint64_t *out)
{
	char text[32], *end;

	if (word.n == 0 || word.n >= sizeof(text) || !bytes_digit(word.p[0]))
		return false;
	snprintf(text, sizeof(text), "%.*s", (int)word.n, word.p);
	errno = 0;
	*out = strtoull(text, &end, 0);
	return errno == 0 && *end == '\0' && strlen(text) == word.n;
}

/* "A|B", "~A", "~(A|B)". */
static int value_of(const struct reading *r, struct bytes word, uint64_t *out)
{
	struct bytes all = word;
	bool not = bytes_take(&word, BYTES("~"));

	if (bytes_take(&word, BYTES("("))) {
		if (word.n == 0 || word.p[word.n - 1] != ')')
			return input_bad_word(r, "no value", all);
		word.n--;
	}
	*out = 0;
	do {
		struct bytes one = bytes_until(&word, '|');
		bool not_one = bytes_take(&one, BYTES("~"));
		uint64_t v;

		if (!read_number(one, &v))
			return input_bad_word(r, "no number (named constants are not read)", one);
		*out |= not_one ? ~v : v;
	} while (bytes_take(&word, BYTES("|")));
	if (not)
		*out = ~*out;
	return 0;
}

static const struct { const char *word; enum policy_op op; } ops[] = {
	{ "==", POLICY_EQ }, { "!=", POLICY_NE }, { "<", POLICY_LT }, { "<=", POLICY_LE }, { ">", POLICY_GT }, { ">=", POLICY_GE },
};

/* *any: "arg & value", which one bit of value fulfils. */
static int read_atom(const struct reading *r, struct bytes *text, struct policy_arg *out, bool *any)
{
	struct bytes arg = input_word(text), op = input_word(text), value = input_word(text);

	*any = bytes_eq(op, BYTES("&"));
	*out = (struct policy_arg){ .op = POLICY_MASKED_EQ };
	if (arg.n != 4 || !bytes_starts(arg, BYTES("arg")) || arg.p[3] < '0' || arg.p[3] > '5')
		return input_bad_word(r, "no argument (arg0 to arg5)", arg);
	out->index = (unsigned)(arg.p[3] - '0');
	if (value_of(r, value, &out->value) < 0)
		return -1;
	if (*any)
		return 0;
	if (bytes_eq(op, BYTES("in"))) { /* no bit outside of it */
		out->value = ~out->value;
		return 0;
	}
	for (size_t i = 0; i < ARRAY_SIZE(ops); i++)
		if (bytes_eq(op, bytes_of(ops[i].word))) {
			out->op = ops[i].op;
			return 0;
		}
	return input_bad_word(r, "no such comparison", op);
}

/* ---- expressions ---- */

static int copy_branch(const struct reading *r, struct branches *to, const struct branch *b, const struct policy_arg *more)
{
	struct branch *out = VEC_PUSH(to);

	*out = (struct branch){ 0 };
	r->p->too_large = to->n > BRANCHES_MAX;
	if (r->p->too_large)
		return input_bad_line(r, "more than %d alternatives", BRANCHES_MAX);
	for (size_t i = 0; i < b->args.n; i++)
		*VEC_PUSH(&out->args) = b->args.v[i];
	*VEC_PUSH(&out->args) = *more;
	if (out->args.n > ARGS_MAX)
		return input_bad_line(r, "more than %d conditions in one alternative", ARGS_MAX);
	for (size_t i = 0; i + 1 < out->args.n; i++)
		if (out->args.v[i].index == more->index)
			return input_bad_line(r, "arg%u twice in one alternative: libseccomp has no such rule", more->index);
	return 0;
}

/* Adds an atom to each of the alternatives; "arg & value" makes one more of each for each bit. */
static int add_atom(const struct reading *r, struct branches *b, const struct policy_arg *a, bool any)
{
	struct branches out = { 0 };
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
	branches_release(b);
	*b = out;
	return ret;
}

/* "atom && atom": all that it means, as alternatives. */
static int read_all_of(const struct reading *r, struct bytes text, struct branches *out)
{
	*VEC_PUSH(out) = (struct branch){ 0 };
	for (;;) {
		struct policy_arg a;
		struct bytes word;
		bool any;

		if (read_atom(r, &text, &a, &any) < 0 || add_atom(r, out, &a, any) < 0)
			return -1;
		word = input_word(&text);
		if (word.n == 0)
			return 0;
		if (!bytes_eq(word, BYTES("&&")))
			return input_bad_word(r, "neither && nor ||", word);
	}
}

static int read_any_of(const struct reading *r, struct bytes text, struct branches *out)
{
	for (;;) {
		size_t at = bytes_find(text, BYTES("||"));
		struct branches some = { 0 };
		int ret = read_all_of(r, (struct bytes){ text.p, at }, &some);

		for (size_t i = 0; i < some.n; i++)
			*VEC_PUSH(out) = some.v[i];
		VEC_FREE(&some);
		if (ret < 0)
			return -1;
		r->p->too_large = out->n > BRANCHES_MAX;
		if (r->p->too_large)
			return input_bad_line(r, "more than %d alternatives", BRANCHES_MAX);
		if (at == text.n)
			return 0;
		bytes_skip(&text, at + 2);
	}
}

static int read_return(const struct reading *r, struct bytes text, int *out)
{
	struct bytes word = input_word(&text), value = input_word(&text);

	*out = 0;
	bytes_trim_left(&text);
	if (!bytes_eq(word, BYTES("return")) || text.n > 0)
		return input_bad_word(r, "neither 1, a condition nor 'return ERRNO'", word);
	return input_errno(value, out) ? 0 : input_bad_word(r, "no such errno", value);
}

/* ---- statements ---- */

static struct policy_rule *add_rule(struct policy *p, const char *name, uint32_t action, int error)
{
	struct policy_rule *rule = policy_add_rule(p, action, error);

	*VEC_PUSH(&rule->names) = name;
	return rule;
}

/* What answers where the condition does not hold: libseccomp lets a rule without conditions win, so it is turned round. */
static int add_otherwise(const struct reading *r, const char *name, const struct branches *b, int error)
{
	static const enum policy_op opposite[] = { [POLICY_NE] = POLICY_EQ, [POLICY_LT] = POLICY_GE, [POLICY_LE] = POLICY_GT,
						   [POLICY_EQ] = POLICY_NE, [POLICY_GE] = POLICY_LT, [POLICY_GT] = POLICY_LE };
	struct policy_rule *rule;
	struct policy_arg a;

	if (b->n != 1 || b->v[0].args.n != 1)
		return input_bad_line(r, "'return' behind more than one condition is not read");
	a = b->v[0].args.v[0];
	if (a.op == POLICY_MASKED_EQ && a.value == a.two && a.value && !(a.value & (a.value - 1)))
		a.two = 0; /* one bit is set, or it is not */
	else if (a.op == POLICY_MASKED_EQ)
		return input_bad_line(r, "'return' behind a condition on several bits is not read");
	else
		a.op = opposite[a.op];
	rule = add_rule(r->p, name, ACTION_ERRNO, error);
	*VEC_PUSH(&rule->args) = a;
	return 0;
}

static int read_condition(const struct reading *r, const char *name, struct bytes text)
{
	struct bytes condition = bytes_until(&text, ';');
	struct branches b = { 0 };
	bool otherwise = bytes_take(&text, BYTES(";"));
	int error = 0, ret = read_any_of(r, condition, &b);

	r->p->too_large |= ret == 0 && r->p->rules.n + b.n > BOUNDS_RULES; /* a short line may mean many */
	if (ret == 0 && r->p->too_large)
		ret = input_bad_line(r, "too large for a profile: over %d rules", BOUNDS_RULES);
	for (size_t i = 0; i < b.n && ret == 0; i++) {
		struct policy_rule *rule = add_rule(r->p, name, ACTION_ALLOW, POLICY_NO_ERRNO);

		for (size_t k = 0; k < b.v[i].args.n; k++)
			*VEC_PUSH(&rule->args) = b.v[i].args.v[k];
	}
	if (ret == 0 && otherwise)
		ret = read_return(r, text, &error) < 0 ? -1 : add_otherwise(r, name, &b, error);
	branches_release(&b);
	return ret;
}

/* "kill-process", "trap", ...: what the compilers call actions. */
static bool action_word_of(struct bytes word, uint32_t *out)
{
	char text[32];

	if (word.n >= sizeof(text))
		return false;
	snprintf(text, sizeof(text), "%.*s", (int)word.n, word.p);
	for (char *c = text; *c; c++)
		*c = *c == '-' ? '_' : *c;
	return strlen(text) == word.n && strncmp(text, "SCMP_", 5) != 0 && action_parse(text, out);
}

static int read_directive(const struct reading *r, struct bytes line)
{
	struct bytes word = input_word(&line), value = input_word(&line);

	if (bytes_eq(word, BYTES("@include")))
		return input_bad_line(r, "@include is not read: put that file's lines here");
	if (bytes_eq(word, BYTES("@frequency"))) {
		policy_idle(r->p, "@frequency, which only orders the filter, is not read");
		return 0;
	}
	if (bytes_eq(word, BYTES("@default")) && action_word_of(value, &r->p->default_action))
		return 0;
	return input_bad_word(r, bytes_eq(word, BYTES("@default")) ? "no such action" : "not read", bytes_eq(word, BYTES("@default")) ? value : word);
}

/* seen: which names had a line, by their id. Both compilers refuse a second one. */
static int read_statement(const struct reading *r, struct bytes line, struct map *seen)
{
	struct bytes word = bytes_until(&line, ':');
	const char *name;
	uint32_t action, id;
	int error;

	bytes_trim_right(&word);
	if (!bytes_take(&line, BYTES(":")) || !input_is_name(word))
		return input_bad_word(r, "not 'NAME: ...'", word);
	id = pool_intern(&r->p->strings, word);
	name = pool_get(&r->p->strings, id).p;
	if (map_get(seen, id, 0, 0))
		return input_bad_word(r, "a second line for one call", word);
	map_put(seen, id, 0, 1);
	bytes_trim_left(&line);
	if (bytes_starts(line, BYTES("arg")))
		return read_condition(r, name, line);
	if (bytes_starts(line, BYTES("return"))) {
		if (read_return(r, line, &error) < 0)
			return -1;
		add_rule(r->p, name, ACTION_ERRNO, error);
		return 0;
	}
	if (bytes_eq(line, BYTES("1")))
		action = ACTION_ALLOW;
	else if (!action_word_of(line, &action) || action == ACTION_ERRNO)
		return input_bad_word(r, "neither 1, a condition nor 'return ERRNO'", line);
	add_rule(r->p, name, action, POLICY_NO_ERRNO);
	return 0;
}

static int read_lines(struct reading *r, struct bytes text, struct map *seen)
{
	auto_buf struct buf joined = { 0 };
	struct bytes line;

	while (input_line(r, &text, &line)) {
		bytes_trim_left(&line);
		if (joined.n == 0 && (line.n == 0 || line.p[0] == '#'))
			continue;
		if (line.n > 0 && line.p[line.n - 1] == '\\' && text.n > 0) {
			buf_add(&joined, line.p, line.n - 1);
			buf_char(&joined, ' ');
			continue;
		}
		buf_add(&joined, line.p, line.n);
		line = buf_bytes(&joined);
		bytes_trim_right(&line);
		if ((bytes_starts(line, BYTES("@")) ? read_directive(r, line) : read_statement(r, line, seen)) < 0)
			return -1;
		joined.n = 0;
	}
	return 0;
}

static int read_minijail(struct policy *p, struct bytes text, const char *file, struct err *e)
{
	struct reading r = { .p = p, .file = file, .e = e };
	struct map seen = { 0 };
	int ret;

	p->default_action = ACTION_KILL_PROCESS;
	ret = read_lines(&r, text, &seen);
	map_release(&seen);
	if (ret < 0)
		return -1;
	return p->rules.n ? 0 : err_set(e, ST_INPUT, "%s: no rules in it", file);
}

const struct input input_minijail = { "minijail", "minijail's policy, a line for each call", is_minijail, read_minijail };
