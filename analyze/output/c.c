// SPDX-License-Identifier: Apache-2.0
/* Writes a list as C code for a program that loads its own filter with libseccomp. */
#include "analyze/output/output.h"
#include "analyze/output/flat.h"
#include "analyze/output/provenance.h"

#include "store/base/esc.h"
#include "store/model/action.h"
#include "store/model/arch.h"

#include <errno.h>
#include <inttypes.h>

static const struct { const char *flag, *attribute; } flags[] = {
	{ "SECCOMP_FILTER_FLAG_TSYNC", "SCMP_FLTATR_CTL_TSYNC" },
	{ "SECCOMP_FILTER_FLAG_LOG", "SCMP_FLTATR_CTL_LOG" },
	{ "SECCOMP_FILTER_FLAG_SPEC_ALLOW", "SCMP_FLTATR_CTL_SSB" },
};

static const char *attribute(const char *flag)
{
	for (size_t i = 0; i < ARRAY_SIZE(flags); i++)
		if (strcmp(flags[i].flag, flag) == 0)
			return flags[i].attribute;
	return NULL;
}

/* libseccomp's word for an action with its number. */
static void put_action(struct buf *out, uint32_t action, int error)
{
	bool numbered = action == ACTION_ERRNO || action == ACTION_TRACE;

	buf_str(out, action_scmp(action));
	if (!numbered)
		return;
	error = policy_number(action, error);
	if (action == ACTION_ERRNO && flat_errno(error) != NULL)
		buf_printf(out, "(%s)", flat_errno(error));
	else
		buf_printf(out, "(%d)", error);
}

static void put_arg(struct buf *out, const struct policy_arg *a)
{
	buf_printf(out, "{ %u, %s, %" PRIu64 "u, %" PRIu64 "u }", a->index, policy_op_word(a->op),
		   a->value, a->op == POLICY_MASKED_EQ ? a->two : 0);
}

/* A row of the array; conditions from `first` on, so many. */
static void put_row(struct buf *out, const struct policy_rule *r, const char *name, size_t first,
		    size_t n)
{
	buf_printf(out, "\t\t{ \"%s\", ", name);
	put_action(out, r->action, r->error);
	if (n)
		buf_printf(out, ", %zu, { ", n);
	for (size_t i = 0; i < n; i++) {
		buf_str(out, i ? ", " : "");
		put_arg(out, &r->args.v[first + i]);
	}
	buf_str(out, n ? " } },\n" : " },\n");
}

static int put_rule(struct buf *out, const struct policy *p, const struct policy_rule *r,
		    struct err *e)
{
	char shown[80];

	if (r->action == p->default_action &&
	    r->error == p->default_error) /* says nothing; libseccomp refuses it */
		return 0;
	for (size_t i = 0; i < r->names.n; i++) {
		const char *name = r->names.v[i];

		if (!flat_is_word(name))
			return err_set(e, ST_INPUT, "c: '%s' is no name of a call",
				       esc_word(shown, sizeof(shown), bytes_of(name)));
		for (size_t k = 0; k < r->args.n && policy_any_holds(r); k++)
			put_row(out, r, name, k, 1);
		if (!policy_any_holds(r))
			put_row(out, r, name, 0, r->args.n);
	}
	return 0;
}

static int put_attributes(struct buf *out, const struct policy *p, struct err *e)
{
	char shown[80];

	for (size_t i = 0; i < p->flags.n; i++) {
		const char *name = attribute(p->flags.v[i]);

		if (name == NULL)
			return err_set(e, ST_INPUT,
				       "c: libseccomp has no attribute for the flag %s",
				       esc_word(shown, sizeof(shown), bytes_of(p->flags.v[i])));
		buf_printf(out, "\tif (ret == 0)\n\t\tret = seccomp_attr_set(ctx, %s, 1);\n", name);
	}
	return 0;
}

static const char head[] =
	"#include <errno.h>\n"
	"#include <seccomp.h>\n"
	"#include <stddef.h>\n"
	"\n"
	"/* Loads the filter for the calling thread. 0, or -errno. A name that libseccomp does not know: -ENOSYS. Link with -lseccomp. */\n"
	"static int load_filter(void)\n"
	"{\n"
	"\tstatic const struct { const char *name; uint32_t action; unsigned n; struct scmp_arg_cmp args[6]; } rules[] = {\n";

static const char tail[] =
	"\tfor (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]) && rules[i].name != NULL && ret == 0; i++) {\n"
	"\t\tint nr = seccomp_syscall_resolve_name(rules[i].name);\n"
	"\n"
	"\t\tret = nr == __NR_SCMP_ERROR ? -ENOSYS : seccomp_rule_add_array(ctx, rules[i].action, nr, rules[i].n, rules[i].args);\n"
	"\t}\n"
	"\tif (ret == 0)\n"
	"\t\tret = seccomp_load(ctx);\n"
	"\tseccomp_release(ctx);\n"
	"\treturn ret;\n"
	"}\n";

static void put_begin(struct buf *out, const struct policy *p)
{
	buf_str(out, "\tscmp_filter_ctx ctx = seccomp_init(");
	put_action(out, p->default_action, p->default_error);
	buf_str(out, ");\n\tint ret = ctx == NULL ? -ENOMEM : 0;\n\n");
	for (size_t i = 0; i < p->archs.n; i++)
		buf_printf(
			out,
			"\tif (ret == 0 && (ret = seccomp_arch_add(ctx, %s)) == -EEXIST)\n\t\tret = 0;\n",
			arch_scmp(p->archs.v[i]));
}

/* A function that loads the list, conditions and all. */
static int write_c(FILE *to, const struct output_input *in, struct err *e)
{
	auto_buf struct buf text = { 0 };
	const struct policy *p = in->policy;
	size_t rules;

	buf_str(&text, head);
	rules = text.n;
	for (size_t i = 0; i < p->rules.n; i++)
		if (put_rule(&text, p, &p->rules.v[i], e) < 0)
			return -1;
	if (text.n == rules) /* a list of names is not empty in C */
		buf_str(&text, "\t\t{ NULL, 0, 0, { { 0, 0, 0, 0 } } },\n");
	buf_str(&text, "\t};\n");
	put_begin(&text, p);
	if (put_attributes(&text, p, e) < 0)
		return -1;
	buf_str(&text, tail);
	fprintf(to, "/*\n");
	provenance_write(to, in, " * ");
	fprintf(to, " */\n");
	fwrite(text.p, 1, text.n, to);
	return 0;
}

const struct output output_c = {
	.name = "c", .about = "a function in C that loads the list by libseccomp",
	.cannot = "a flag that libseccomp has no attribute for",
	.write = write_c, .args = true,
};
