// SPDX-License-Identifier: Apache-2.0
/*
 * minijail's policies, in the two dialects that there are. minijail0 -S reads "NAME: 1", "NAME: return ERRNO", "NAME: arg0 == 1 &&
 * arg1 & 2 || ...[; return ERRNO]", @include and @frequency. Its compiler, compile_seccomp_policy, reads @default, @denylist,
 * {a, b}: ..., {FILTER, FILTER}, NAME[arch=...] and words for actions besides, and "EXPRESSION; return ERRNO" the other way round:
 * the number is what answers where the expression holds. A file with anything that the compiler alone reads is read as it does.
 *   source: minijail0(5), syscall_filter.c and tools/parser.py of minijail
 */
#include "analyze/input/minijail_expr.h"
#include "analyze/policy/bounds.h"
#include "store/base/esc.h"
#include "store/base/map.h"
#include "store/model/action.h"
#include "store/model/arch.h"

#define INCLUDES_DEEP 10
#define INCLUDES_MAX 64

static bool is_minijail(struct bytes text)
{
	struct bytes first = input_first(text, "#"), name;

	if (bytes_starts(first, BYTES("@")) || bytes_starts(first, BYTES("{")))
		return true;
	name = minijail_word(&first);
	return name.n > 0 && (minijail_mark(&first, ":") || minijail_mark(&first, "["));
}

enum state { NEW, CONDITIONAL, ALWAYS }; /* of a call: which lines it had */

struct policy_file {
	struct reading r;
	struct map calls;      /* enum state by the name's id */
	bool compiler;         /* the file is the compiler's */
	bool again;            /* it is, as has come out, and has to be read again */
	bool denies;           /* @denylist */
	bool some;             /* @default, or a line for a call, be it of other architectures */
	unsigned deep, includes;
	size_t included;       /* bytes */
};

/* What the compiler alone reads: of a file that was taken for minijail0's all that stands before it may mean something else. */
static int compilers_own(struct policy_file *f)
{
	if (f->compiler)
		return 0;
	f->again = true;
	return -1;
}

/* ---- actions ---- */

static const struct { const char *word; uint32_t action; } actions[] = {
	{ "allow", ACTION_ALLOW }, { "kill", ACTION_KILL_PROCESS }, { "kill-process", ACTION_KILL_PROCESS },
	{ "kill-thread", ACTION_KILL_THREAD }, { "trap", ACTION_TRAP }, { "trace", ACTION_TRACE },
	{ "log", ACTION_LOG }, { "user-notify", ACTION_NOTIFY },
};

static bool word_of_action(struct bytes word, uint32_t *out)
{
	for (size_t i = 0; i < ARRAY_SIZE(actions); i++)
		if (bytes_eq(word, bytes_of(actions[i].word))) {
			*out = actions[i].action;
			return true;
		}
	return false;
}

/* A condition with what answers where it holds; none: it always answers. */
struct filter {
	struct minijail_branches when;
	bool always;
	uint32_t action;
	int error;
};

/* Behind "return". minijail0 takes none for the default. */
static int read_errno(const struct policy_file *f, struct bytes *text, struct filter *out)
{
	struct bytes before = *text, t = *text;
	uint64_t v;

	bytes_trim_left(&t);
	if (t.n == 0 && !f->compiler) {
		out->action = ACTION_KILL_PROCESS;
		return 0;
	}
	out->action = ACTION_ERRNO;
	if (!minijail_constant(text, &v) && (!input_errno(minijail_word(text), &out->error)))
		return input_bad_word(&f->r, "no such errno", minijail_rest(before));
	if (out->error != POLICY_NO_ERRNO)
		return 0;
	if (v > 4095)
		return input_bad_word(&f->r, "no such errno", minijail_rest(before));
	out->error = (int)v;
	return 0;
}

static int read_action(struct policy_file *f, struct bytes *text, struct filter *out)
{
	struct bytes before = *text, word;
	uint64_t v;

	out->error = POLICY_NO_ERRNO;
	if (!minijail_constant(text, &v)) {
		word = minijail_word(text);
		if (bytes_eq(word, BYTES("return")))
			return read_errno(f, text, out);
		if (f->denies)
			return input_bad_word(&f->r, "a policy with @denylist says 'return ERRNO' of each call, not", minijail_rest(before));
		if (!word_of_action(word, &out->action))
			return input_bad_word(&f->r, "neither 1, a condition, an action nor 'return ERRNO'", minijail_rest(before));
		out->error = out->action == ACTION_TRACE ? 0 : POLICY_NO_ERRNO;
		return compilers_own(f);
	}
	if (v != 1 || f->denies)
		return input_bad_word(&f->r, "neither 1, a condition, an action nor 'return ERRNO'", minijail_rest(before));
	out->action = ACTION_ALLOW;
	return 0;
}

/* ---- statements ---- */

static enum state state_of(const struct policy_file *f, const char *name)
{
	return (enum state)map_get(&f->calls, pool_intern(&f->r.p->strings, bytes_of(name)), 0, NEW);
}

static struct policy_rule *add_rule(struct policy_file *f, const struct policy_words *names, const struct filter *a)
{
	struct policy_rule *rule = policy_add_rule(f->r.p, a->action, a->error);

	for (size_t i = 0; i < names->n; i++)
		*VEC_PUSH(&rule->names) = names->v[i];
	return rule;
}

static bool index_twice(const struct policy_arg *v, size_t n)
{
	unsigned seen = 0;

	for (size_t i = 0; i < n; seen |= 1u << v[i].index, i++)
		if (seen & 1u << v[i].index)
			return true;
	return false;
}

static int add_conditions(struct policy_file *f, const struct policy_words *names, const struct filter *a)
{
	for (size_t i = 0; i < a->when.n; i++) {
		struct policy_rule *rule = add_rule(f, names, a);

		for (size_t k = 0; k < a->when.v[i].args.n; k++)
			*VEC_PUSH(&rule->args) = a->when.v[i].args.v[k];
		rule->all = index_twice(rule->args.v, rule->args.n);
		f->r.p->in_order |= rule->all;
		f->r.p->too_large = f->r.p->rules.n > BOUNDS_RULES;
		if (f->r.p->too_large)
			return input_bad_line(&f->r, "too large for a profile: over %d rules", BOUNDS_RULES);
	}
	return 0;
}

/* What answers where the one condition does not hold, as a condition: formats that know no order can say that, too. */
static bool add_opposite(struct policy_file *f, const struct policy_words *names, const struct filter *when, const struct filter *a)
{
	static const enum policy_op opposite[] = { [POLICY_NE] = POLICY_EQ, [POLICY_LT] = POLICY_GE, [POLICY_LE] = POLICY_GT,
						   [POLICY_EQ] = POLICY_NE, [POLICY_GE] = POLICY_LT, [POLICY_GT] = POLICY_LE };
	struct policy_rule *rule;
	struct policy_arg one;

	if (when->when.n != 1 || when->when.v[0].args.n != 1)
		return false;
	one = when->when.v[0].args.v[0];
	if (one.op == POLICY_MASKED_EQ && one.value == one.two && one.value && !(one.value & (one.value - 1)))
		one.two = 0; /* one bit is set, or it is not */
	else if (one.op == POLICY_MASKED_EQ)
		return false;
	else
		one.op = opposite[one.op];
	rule = add_rule(f, names, a);
	*VEC_PUSH(&rule->args) = one;
	return true;
}

static bool mixed(const struct filter *v, size_t n)
{
	for (size_t i = 1; i < n; i++)
		if (!v[i].always && (v[i].action != v[0].action || v[i].error != v[0].error))
			return true;
	return false;
}

/* Takes a name out of all rules so far. */
static void forget_name(struct policy *p, const char *name)
{
	for (size_t i = 0; i < p->rules.n; i++) {
		struct policy_words *names = &p->rules.v[i].names;
		size_t kept = 0;

		for (size_t k = 0; k < names->n; k++)
			if (names->v[k] != name) /* interned */
				names->v[kept++] = names->v[k];
		names->n = kept;
	}
}

/* The compiler lets a call through at once whose last filter always allows, whatever its filters before say. */
static bool allowed_at_once(const struct policy_file *f, const struct filter *last)
{
	return f->compiler && !f->denies && last->always && last->action == ACTION_ALLOW;
}

/* The filters of one line for names that have the same state. */
static int add_filters(struct policy_file *f, const struct policy_words *names, enum state had, const struct filter *v, size_t n)
{
	if (allowed_at_once(f, &v[n - 1]) && (n > 1 || had == CONDITIONAL)) {
		for (size_t i = 0; i < names->n; i++)
			forget_name(f->r.p, names->v[i]);
		policy_note(f->r.p, "line %zu: a call that is allowed in the end is always allowed: the compiler drops the conditions before it",
			    f->r.line);
		v += n - 1;
		n = 1;
		had = NEW;
	}
	f->r.p->in_order |= mixed(v, n) || (had == CONDITIONAL && f->compiler);
	for (size_t i = 0; i < n; i++) {
		if (!v[i].always) {
			if (add_conditions(f, names, &v[i]) < 0)
				return -1;
			continue;
		}
		if (i == 1 && had == NEW && !f->compiler && add_opposite(f, names, &v[0], &v[1]))
			continue;
		add_rule(f, names, &v[i])->otherwise = i > 0 || had == CONDITIONAL;
		f->r.p->in_order |= i > 0 || had == CONDITIONAL;
	}
	return 0;
}

static int add_statement(struct policy_file *f, const struct policy_words *names, const struct filter *v, size_t n)
{
	char shown[80];

	for (size_t i = 0; i < n; i++)
		if (v[i].always && i + 1 < n)
			return input_bad_line(&f->r, "a filter behind one that always answers");
	for (enum state had = NEW; had <= CONDITIONAL; had++) {
		struct policy_words some = { 0 };
		int ret = 0;

		for (size_t i = 0; i < names->n; i++)
			if (state_of(f, names->v[i]) == had)
				*VEC_PUSH(&some) = names->v[i];
		if (some.n > 0)
			ret = add_filters(f, &some, had, v, n);
		VEC_FREE(&some);
		if (ret < 0)
			return -1;
	}
	for (size_t i = 0; i < names->n; i++) {
		enum state had = state_of(f, names->v[i]);

		if (had == ALWAYS || (had != NEW && !f->compiler))
			return input_bad_line(&f->r, "a second line for one call: %s", esc_word(shown, sizeof(shown), bytes_of(names->v[i])));
		map_put(&f->calls, pool_intern(&f->r.p->strings, bytes_of(names->v[i])), 0, v[n - 1].always ? ALWAYS : CONDITIONAL);
	}
	return 0;
}

/* ---- what stands before the colon ---- */

/* The compiler's words for architectures, as far as they are not ours. */
static bool is_native(struct bytes word)
{
	const char *native = arch_name(arch_native());

	if (bytes_eq(word, bytes_of("arm64")))
		word = bytes_of("aarch64");
	else if (bytes_eq(word, bytes_of("x86")))
		word = bytes_of("i386");
	return bytes_eq(word, bytes_of(native ? native : ""));
}

/* "[arch=x86_64,arm64; key=word]": *here, is it for this machine? */
static int read_metadata(struct policy_file *f, struct bytes *text, bool *here)
{
	*here = true;
	do {
		struct bytes key = minijail_word(text);
		bool native = false;

		if (key.n == 0 || !minijail_mark(text, "="))
			return input_bad_word(&f->r, "not 'arch=NAME'", minijail_rest(*text));
		do
			native |= is_native(minijail_word(text));
		while (minijail_mark(text, ","));
		if (bytes_eq(key, BYTES("arch")))
			*here = native;
	} while (minijail_mark(text, ";"));
	return minijail_mark(text, "]") ? 0 : input_bad_word(&f->r, "no ']' before", minijail_rest(*text));
}

static int read_name(struct policy_file *f, struct bytes *text, struct policy_words *out)
{
	struct bytes before = *text, word = minijail_word(text);
	bool here = true;

	if (word.n == 0)
		return input_bad_word(&f->r, "not 'NAME: ...'", minijail_rest(before));
	if (minijail_mark(text, "[") && (compilers_own(f) < 0 || read_metadata(f, text, &here) < 0))
		return -1;
	if (!here)
		return 0;
	if (!input_is_name(word))
		return input_bad_word(&f->r, memchr(word.p, '@', word.n) ? "a group of calls, which only the compiler's own table knows" :
				      "no name of a call", word);
	*VEC_PUSH(out) = input_keep(f->r.p, word);
	f->r.p->too_large = out->n > BOUNDS_NAMES;
	return !f->r.p->too_large ? 0 : input_bad_line(&f->r, "too large for a profile: over %d names of calls", BOUNDS_NAMES);
}

static int read_names(struct policy_file *f, struct bytes *text, struct policy_words *out)
{
	if (!minijail_mark(text, "{"))
		return read_name(f, text, out);
	if (compilers_own(f) < 0)
		return -1;
	do
		if (read_name(f, text, out) < 0)
			return -1;
	while (minijail_mark(text, ","));
	return minijail_mark(text, "}") ? 0 : input_bad_word(&f->r, "no '}' before", minijail_rest(*text));
}

/* ---- what stands behind it ---- */

struct filters { struct filter *v; size_t n, cap; };

static void filters_release(struct filters *v)
{
	for (size_t i = 0; i < v->n; i++)
		minijail_branches_release(&v->v[i].when);
	VEC_FREE(v);
}

static bool is_argument(struct bytes text)
{
	struct bytes word = minijail_word(&text);

	return word.n >= 4 && bytes_starts(word, BYTES("arg")) && bytes_digit(word.p[3]);
}

static int read_filter(struct policy_file *f, struct bytes *text, struct filters *out)
{
	struct filter *a = VEC_PUSH(out);
	struct filter answer = { .always = true };

	*a = (struct filter){ .action = ACTION_ALLOW, .error = POLICY_NO_ERRNO };
	if (!is_argument(*text)) {
		a->always = true;
		return read_action(f, text, a);
	}
	if (minijail_expression(&f->r, text, &a->when) < 0)
		return -1;
	if (!minijail_mark(text, ";"))
		return f->denies ? input_bad_line(&f->r, "a policy with @denylist says 'return ERRNO' of each call") : 0;
	if (read_action(f, text, &answer) < 0)
		return -1;
	if (f->compiler) {
		a->action = answer.action;
		a->error = answer.error;
	} else if (answer.action == ACTION_ALLOW) {
		return input_bad_line(&f->r, "neither 'return ERRNO' nor an end behind a condition");
	} else if (answer.action != ACTION_KILL_PROCESS) { /* that is what answers anyhow */
		*VEC_PUSH(out) = answer;
		policy_note(f->r.p, "line %zu: 'CONDITION; return ERRNO' is read as minijail0 -S reads it: the errno is for where the condition "
			    "does not hold; compile_seccomp_policy gives it where it holds", f->r.line);
	}
	return 0;
}

static int read_filters(struct policy_file *f, struct bytes *text, struct filters *out)
{
	if (!minijail_mark(text, "{"))
		return read_filter(f, text, out);
	if (compilers_own(f) < 0)
		return -1;
	do
		if (read_filter(f, text, out) < 0)
			return -1;
	while (minijail_mark(text, ","));
	return minijail_mark(text, "}") ? 0 : input_bad_word(&f->r, "no '}' before", minijail_rest(*text));
}

static int read_statement(struct policy_file *f, struct bytes line)
{
	struct policy_words names = { 0 };
	struct filters filters = { 0 };
	int ret = read_names(f, &line, &names);

	if (ret == 0 && !minijail_mark(&line, ":"))
		ret = input_bad_word(&f->r, "not 'NAME: ...'", minijail_rest(line));
	if (ret == 0)
		ret = read_filters(f, &line, &filters);
	bytes_trim_left(&line);
	if (ret == 0 && line.n > 0)
		ret = line.p[0] == '#' ? compilers_own(f) : input_bad_word(&f->r, "neither '&&', '||' nor an end", minijail_rest(line));
	f->some = true;
	if (ret == 0 && names.n > 0)
		ret = add_statement(f, &names, filters.v, filters.n);
	filters_release(&filters);
	VEC_FREE(&names);
	return ret;
}

/* ---- lines with an @ ---- */

static int read_default(struct policy_file *f, struct bytes word)
{
	if (compilers_own(f) < 0)
		return -1;
	if (!word_of_action(word, &f->r.p->default_action))
		return input_bad_word(&f->r, "no such action", word);
	if (f->r.p->default_action == ACTION_ALLOW || f->r.p->default_action == ACTION_LOG ||
	    f->r.p->default_action == ACTION_TRACE)
		return input_bad_word(&f->r, "minijail refuses a permissive @default", word);
	return 0;
}

static int read_lines(struct policy_file *f, struct bytes text);

/* Relative to the file that names it, as the compiler has it; minijail0 itself takes "./" for its working folder. */
static int read_include(struct policy_file *f, struct bytes name)
{
	const char *from = f->r.p->path, *file = f->r.file, *slash = from != NULL ? strrchr(from, '/') : NULL;
	auto_buf struct buf path = { 0 }, text = { 0 }, shown = { 0 };
	size_t line = f->r.line;
	int ret;

	if (from == NULL)
		return input_bad_line(&f->r, "@include: where that file lies is not known here");
	if (f->deep == INCLUDES_DEEP || ++f->includes > INCLUDES_MAX)
		return input_bad_line(&f->r, "@include: more than %d deep, or %d in all", INCLUDES_DEEP, INCLUDES_MAX);
	if (name.n > 0 && name.p[0] != '/' && slash != NULL)
		buf_add(&path, from, (size_t)(slash - from) + 1);
	buf_add(&path, name.p, name.n);
	if (memchr(path.p, '\0', path.n) != NULL || input_load(&text, buf_text(&path), f->r.e) < 0)
		return err_wrap(f->r.e, "%.200s:%zu: @include", file, line);
	f->included += text.n;
	if (f->included > POLICY_MAX)
		return input_bad_line(&f->r, "@include: over 4 MB in all");
	esc_shell(&shown, buf_bytes(&path));
	f->deep++;
	f->r.p->path = buf_text(&path);
	f->r.file = buf_text(&shown);
	f->r.line = 0;
	ret = read_lines(f, buf_bytes(&text));
	f->r.line = line;
	f->r.file = file;
	f->r.p->path = from;
	f->deep--;
	return ret;
}

static int read_directive(struct policy_file *f, struct bytes line)
{
	struct bytes word = input_word(&line), value = input_word(&line);

	if (bytes_eq(word, BYTES("@include")) && value.n > 0)
		return read_include(f, value);
	if (bytes_eq(word, BYTES("@frequency")))
		return 0; /* it only orders the filter; minijail0 passes over it */
	f->some = f->some || bytes_eq(word, BYTES("@default"));
	if (bytes_eq(word, BYTES("@default")))
		return read_default(f, value);
	if (!bytes_eq(word, BYTES("@denylist")))
		return input_bad_word(&f->r, "none of @include, @default, @denylist and @frequency", word);
	if (compilers_own(f) < 0)
		return -1;
	f->denies = true;
	f->r.p->default_action = ACTION_ALLOW;
	return 0;
}

static int read_lines(struct policy_file *f, struct bytes text)
{
	auto_buf struct buf joined = { 0 };
	struct bytes line;

	while (input_line(&f->r, &text, &line)) {
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
		if ((bytes_starts(line, BYTES("@")) ? read_directive(f, line) : read_statement(f, line)) < 0)
			return -1;
		joined.n = 0;
	}
	return 0;
}

static int read_whole(struct policy_file *f, struct bytes text)
{
	f->r.line = 0;
	f->includes = 0;
	f->included = 0;
	f->r.p->default_action = ACTION_KILL_PROCESS;
	return read_lines(f, text);
}

static void forget_rules(struct policy_file *f)
{
	struct policy *p = f->r.p;

	for (size_t i = 0; i < p->rules.n; i++)
		policy_rule_release(&p->rules.v[i]);
	p->rules.n = p->unread.n = p->notes.n = 0;
	p->in_order = false;
	map_release(&f->calls);
	f->calls = (struct map){ 0 };
}

static int read_minijail(struct policy *p, struct bytes text, const char *file, struct err *e)
{
	const char *path = p->path;
	struct policy_file f = { .r = { .p = p, .file = file, .e = e } };
	int ret = read_whole(&f, text);

	if (f.again) {
		forget_rules(&f);
		p->path = path;
		f = (struct policy_file){ .r = { .p = p, .file = file, .e = e }, .compiler = true };
		ret = read_whole(&f, text);
		policy_note(p, "only minijail's compiler (compile_seccomp_policy) takes what it says; minijail0 -S stops with an error");
	}
	map_release(&f.calls);
	if (ret < 0)
		return -1;
	p->direct = true;
	return f.some || f.denies ? 0 : err_set(e, ST_INPUT, "%s: no rules in it", file);
}

const struct input input_minijail = { "minijail", "minijail's policy, a line for each call", is_minijail, read_minijail };
