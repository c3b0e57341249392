// SPDX-License-Identifier: Apache-2.0
/*
 * LXC's policies (lxc.seccomp.profile). Version 2: "2", then "allowlist" or "denylist"
 * ("whitelist", "blacklist") with what answers for all else, then NAME [ACTION]
 * [[INDEX,VALUE,OP,MASK]...] under [ARCHITECTURE] lines. Version 1: "1", "allowlist", numbers. A
 * name holds for each ABI of the machine, whichever of its sections it stands in: that is how LXC
 * adds it. source: parse_config_v2 in src/lxc/seccomp.c, lxc.container.conf(5)
 */
#include "analyze/input/input.h"
#include "analyze/policy/bounds.h"
#include "store/base/esc.h"
#include "store/model/action.h"
#include "store/model/arch.h"
#include "store/model/syscall.h"

#include <errno.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/mount.h>

static bool is_style(struct bytes line, bool *allows)
{
	*allows = bytes_starts(line, BYTES("allowlist")) || bytes_starts(line, BYTES("whitelist"));
	return *allows || bytes_starts(line, BYTES("denylist")) ||
	       bytes_starts(line, BYTES("blacklist"));
}

static bool is_lxc(struct bytes text)
{
	struct reading r = { 0 };
	struct bytes line, first = input_first(text, "#");
	bool allows;

	if (is_style(first, &allows))
		return true;
	while (input_line(&r, &text, &line)) {
		bytes_trim_left(&line);
		if (line.n == 0 || line.p[0] == '#')
			continue;
		if (line.p == first.p)
			first = line;
		else
			return first.n == 1 && bytes_digit(first.p[0]) &&
			       (is_style(line, &allows) || bytes_digit(line.p[0]));
	}
	return first.n == 1 && bytes_digit(first.p[0]);
}

struct lxc {
	struct reading r;
	bool allows;           /* a name without an action is allowed */
	bool foreign;          /* in a section of another machine */
	bool sections;         /* there was one of an ABI of this machine */
};

struct answer { uint32_t action; int error; };

/* "kill", "errno 1", "allow", "trap", "notify", at the beginning. False: *bad says whether there is
 * something else. */
static bool take_action(struct bytes *text, struct answer *out, bool *bad)
{
	static const struct { const char *word; uint32_t action;
	} words[] = {
		{ "kill", ACTION_KILL_THREAD }, { "errno", ACTION_ERRNO },
		{ "allow", ACTION_ALLOW },	{ "trap", ACTION_TRAP },
		{ "notify", ACTION_NOTIFY },
	};
	uint64_t v;

	*bad = false;
	bytes_trim_left(text);
	if (text->n == 0 || text->p[0] == '#')
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		if (!bytes_take(text, bytes_of(words[i].word)))
			continue;
		*out = (struct answer){ words[i].action, POLICY_NO_ERRNO };
		bytes_trim_left(text);
		if (words[i].action != ACTION_ERRNO)
			return true;
		*bad = bytes_dec(text, 4095, &v) == 0;
		out->error = *bad ? 0 : (int)v;
		return !*bad;
	}
	*bad = true;
	return false;
}

/* ---- conditions: "[1,0x10,==]", "[0,0x7e020000,SCMP_CMP_MASKED_EQ,0x7e020000]" ---- */

static bool op_of(struct bytes word, enum policy_op *out)
{
	static const struct { const char *word; enum policy_op op;
	} ops[] = {
		{ "!=", POLICY_NE },	    { "<", POLICY_LT },	 { "<=", POLICY_LE },
		{ "==", POLICY_EQ },	    { ">=", POLICY_GE }, { ">", POLICY_GT },
		{ "&=", POLICY_MASKED_EQ },
	};
	char text[24];

	for (size_t i = 0; i < ARRAY_SIZE(ops); i++)
		if (bytes_eq(word, bytes_of(ops[i].word))) {
			*out = ops[i].op;
			return true;
		}
	if (word.n >= sizeof(text))
		return false;
	snprintf(text, sizeof(text), "%.*s", (int)word.n, word.p);
	return policy_op_parse(text, out);
}

static bool number_of(struct bytes word, uint64_t *out)
{
	char text[32], *end;

	bytes_trim_left(&word);
	if (word.n == 0 || word.n >= sizeof(text) || !bytes_digit(word.p[0]))
		return false;
	snprintf(text, sizeof(text), "%.*s", (int)word.n, word.p);
	errno = 0;
	*out = strtoull(text, &end, 0);
	return errno == 0 && *end == '\0';
}

static struct bytes part(struct bytes *inside)
{
	struct bytes out = bytes_until(inside, ',');

	bytes_skip(inside, 1);
	bytes_trim_left(&out);
	bytes_trim_right(&out);
	return out;
}

static int read_arg(const struct reading *r, struct bytes inside, struct policy_arg *out)
{
	struct bytes all = inside, index = part(&inside), value = part(&inside), op = part(&inside),
		     mask = part(&inside);
	uint64_t v = 0, m = 0;

	*out = (struct policy_arg){ 0 };
	if (!number_of(index, &v) || v > 5 || !number_of(value, &out->value) ||
	    !op_of(op, &out->op) || inside.n > 0 || (mask.n > 0 && !number_of(mask, &m)))
		return input_bad_word(r, "no [INDEX,VALUE,OP,MASK]", all);
	out->index = (unsigned)v;
	if (out->op != POLICY_MASKED_EQ)
		return 0;
	out->two = out->value;
	out->value = m;
	return 0;
}

static int read_args(const struct reading *r, struct bytes text, struct policy_rule *rule)
{
	for (bytes_trim_left(&text); text.n > 0 && text.p[0] != '#'; bytes_trim_left(&text)) {
		struct bytes inside;

		if (!bytes_take(&text, BYTES("[")))
			return input_bad_word(r, "neither an action nor [INDEX,VALUE,OP,MASK]",
					      text);
		inside = bytes_until(&text, ']');
		if (!bytes_take(&text, BYTES("]")) || rule->args.n == 6)
			return input_bad_word(r, "no [INDEX,VALUE,OP,MASK]", inside);
		if (read_arg(r, inside, VEC_PUSH(&rule->args)) < 0)
			return -1;
	}
	return 0;
}

/* ---- lines ---- */

/* The machines whose LXC takes the section. */
static const struct { const char *section, *machines;
} sections[] = {
	{ "all", "" },
	{ "x86", "i386 x86_64" },
	{ "x32", "x86_64" },
	{ "x86_64", "x86_64" },
	{ "arm", "arm aarch64" },
	{ "arm64", "aarch64" },
	{ "ppc64le", "ppc64le" },
	{ "ppc64", "ppc64" },
	{ "ppc", "ppc ppc64" },
	{ "mips64", "mips64" },
	{ "mips64n32", "mips64" },
	{ "mips", "mips mips64" },
	{ "mipsel64", "mipsel64" },
	{ "mipsel64n32", "mipsel64" },
	{ "mipsel", "mipsel mipsel64" },
	{ "s390x", "s390x" },
	{ "s390", "s390" },
	{ "loongarch64", "loongarch64" },
};

static bool has_word(const char *words, const char *word)
{
	struct bytes left = bytes_of(words), one;

	while ((one = input_word(&left)).n > 0)
		if (bytes_eq(one, bytes_of(word)))
			return true;
	return false;
}

static int read_section(struct lxc *l, struct bytes line)
{
	struct bytes name = { line.p + 1, line.n - 1 };

	for (size_t i = 0; i < ARRAY_SIZE(sections); i++) {
		size_t n = strlen(sections[i].section);

		if (name.n != n + 1 || name.p[n] != ']' ||
		    strncasecmp(name.p, sections[i].section, n) != 0)
			continue;
		l->foreign = sections[i].machines[0] != '\0' &&
			     !has_word(sections[i].machines, arch_name(arch_native()));
		if (!l->foreign && i > 0)
			l->sections = true;
		return 0;
	}
	return input_bad_word(&l->r, "no architecture that LXC knows", line);
}

static int read_rule(struct lxc *l, struct bytes line)
{
	struct bytes name = input_word(&line);
	struct answer a = { l->allows ? ACTION_ALLOW : ACTION_KILL_THREAD, POLICY_NO_ERRNO };
	struct policy *p = l->r.p;
	struct policy_rule *rule;
	bool bad;

	if (bytes_starts(name, BYTES("reject_force_umount"))) {
		rule = policy_add_rule(p, ACTION_ERRNO, EACCES);
		*VEC_PUSH(&rule->names) = policy_keep(p, "umount2");
		*VEC_PUSH(&rule->args) =
			(struct policy_arg){ 1, POLICY_MASKED_EQ, MNT_FORCE, MNT_FORCE };
		return 0;
	}
	if (!input_is_name(name) || bytes_digit(name.p[0]))
		return input_bad_word(&l->r, "no name of a call", name);
	take_action(&line, &a, &bad);
	if (bad)
		return input_bad_word(&l->r, "LXC knows no such action, and refuses the policy",
				      line);
	if (a.action == p->default_action &&
	    policy_number(a.action, a.error) == policy_number(p->default_action, p->default_error))
		return input_bad_word(
			&l->r, "LXC refuses a rule with the policy's own default action", name);
	rule = policy_add_rule(p, a.action, a.error);
	*VEC_PUSH(&rule->names) = input_keep(p, name);
	if (read_args(&l->r, line, rule) < 0)
		return -1;
	rule->all = rule->args.n > 1;
	p->too_large = p->rules.n > BOUNDS_RULES;
	return !p->too_large ? 0 :
			       input_bad_line(&l->r, "too large for a profile: over %d rules",
					      BOUNDS_RULES);
}

/* Version 1: each line the number of a call on the machine's own architecture. */
static int read_number(struct lxc *l, struct bytes line)
{
	struct policy *p = l->r.p;
	struct policy_rule *rule;
	char name[SYSCALL_NAME_MAX];
	uint64_t nr;

	if (bytes_dec(&line, INT32_MAX, &nr) == 0)
		return input_bad_word(&l->r, "no number of a call", line);
	if (!syscall_name(arch_native(), (int32_t)nr, name)) {
		policy_unread(p, "line %zu: %s is the number of no call that is known", l->r.line,
			      name);
		return 0;
	}
	rule = policy_add_rule(p, ACTION_ALLOW, POLICY_NO_ERRNO);
	*VEC_PUSH(&rule->names) = policy_keep(p, name);
	p->too_large = p->rules.n > BOUNDS_RULES;
	return !p->too_large ? 0 :
			       input_bad_line(&l->r, "too large for a profile: over %d rules",
					      BOUNDS_RULES);
}

static int read_style(struct lxc *l, struct bytes line, int version)
{
	struct policy *p = l->r.p;
	struct answer otherwise;
	struct bytes all = line;
	bool bad;

	if (!is_style(line, &l->allows))
		return input_bad_word(&l->r, "LXC's second line is allowlist or denylist, not",
				      line);
	if (version == 1 && !l->allows)
		return input_bad_word(&l->r, "LXC's version 1 has only an allowlist, not", line);
	otherwise =
		(struct answer){ l->allows ? ACTION_KILL_THREAD : ACTION_ALLOW, POLICY_NO_ERRNO };
	input_word(&line);
	if (!take_action(&line, &otherwise, &bad) && bad)
		return input_bad_word(&l->r, "LXC knows no such action, and refuses the policy",
				      all);
	p->default_action = otherwise.action;
	p->default_error = otherwise.error;
	return 0;
}

static void add_archs(struct policy *p)
{
	static const char *const families[][3] = { { "x86_64", "i386", "x32" },
						   { "aarch64", "arm", NULL },
						   { "ppc64", "ppc", NULL },
						   { "mips64", "mips", "mips64n32" },
						   { "mipsel64", "mipsel", "mipsel64n32" } };
	uint32_t arch;

	*VEC_PUSH(&p->archs) = arch_native();
	for (size_t i = 0; i < ARRAY_SIZE(families); i++)
		for (size_t k = 1; k < 3 && families[i][k] != NULL; k++)
			if (strcmp(families[i][0], arch_name(arch_native())) == 0 &&
			    arch_of_name(families[i][k], &arch))
				*VEC_PUSH(&p->archs) = arch;
}

static int read_lines(struct lxc *l, struct bytes text)
{
	struct bytes line;
	int version = 0;
	bool styled = false;

	while (input_line(&l->r, &text, &line)) {
		int ret = 0;

		if (line.n == 0 || line.p[0] == '#')
			continue;
		if (version == 0) {
			if (line.n != 1 || (line.p[0] != '1' && line.p[0] != '2'))
				return input_bad_word(
					&l->r, "LXC's policy begins with its version, 1 or 2, not",
					line);
			version = line.p[0] - '0';
		} else if (!styled) {
			ret = read_style(l, line, version);
			styled = true;
		} else if (version == 1) {
			ret = read_number(l, line);
		} else if (line.p[0] == '[') {
			ret = read_section(l, line);
		} else if (!l->foreign) {
			ret = read_rule(l, line);
		}
		if (ret < 0)
			return -1;
	}
	return styled ? 0 : input_bad_line(&l->r, "LXC's policy has no allowlist or denylist line");
}

static int read_lxc(struct policy *p, struct bytes text, const char *file, struct err *e)
{
	struct lxc l = { .r = { .p = p, .file = file, .e = e } };

	p->exact = p->by_name = true;
	if (read_lines(&l, text) < 0)
		return -1;
	add_archs(p);
	if (l.sections)
		policy_note(
			p,
			"LXC takes what stands under one architecture of the machine for all of them; so does this");
	return 0;
}

const struct input input_lxc = { "lxc", "a policy of LXC (lxc.seccomp.profile)", is_lxc, read_lxc };
