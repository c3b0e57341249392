// SPDX-License-Identifier: Apache-2.0
/* Writes a list as a SeccompProfile of the Security Profiles Operator. */
#include "analyze/output/output.h"
#include "analyze/output/flat.h"
#include "analyze/output/provenance.h"
#include "analyze/policy/target.h"

#include "store/base/esc.h"
#include "store/model/action.h"
#include "store/model/arch.h"

#include <errno.h>
#include <inttypes.h>

/* source: api/seccompprofile/v1/seccompprofile_types.go of the Security Profiles Operator: what the
 * schema takes */
static bool takes_flag(const char *flag)
{
	static const char *const flags[] = { "SECCOMP_FILTER_FLAG_TSYNC", "SECCOMP_FILTER_FLAG_LOG",
					     "SECCOMP_FILTER_FLAG_SPEC_ALLOW",
					     "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV" };

	for (size_t i = 0; i < ARRAY_SIZE(flags); i++)
		if (strcmp(flags[i], flag) == 0)
			return true;
	return false;
}

static int put_defaults(struct buf *out, const struct policy *p, struct err *e)
{
	char shown[80];

	if (p->default_action == ACTION_NOTIFY)
		return err_set(e, ST_INPUT, "spo: SCMP_ACT_NOTIFY cannot be the default");
	if (p->default_action == ACTION_ERRNO && p->default_error != POLICY_NO_ERRNO &&
	    p->default_error != EPERM)
		return err_set(e, ST_INPUT,
			       "spo has no defaultErrnoRet: the default answers EPERM, not %d",
			       p->default_error);
	buf_printf(out, "  defaultAction: %s\n", action_scmp(p->default_action));
	buf_str(out,
		p->archs.n ? "  architectures:\n" : "  architectures:\n  - SCMP_ARCH_NATIVE\n");
	for (size_t i = 0; i < p->archs.n; i++) {
		if (!target_takes_arch(target_find("spo", e), p->archs.v[i]))
			return err_set(e, ST_INPUT, "spo: the operator does not take %s",
				       arch_scmp(p->archs.v[i]));
		buf_printf(out, "  - %s\n", arch_scmp(p->archs.v[i]));
	}
	buf_str(out, p->flags.n ? "  flags:\n" : "");
	for (size_t i = 0; i < p->flags.n; i++) {
		if (!takes_flag(p->flags.v[i]))
			return err_set(e, ST_INPUT, "spo: the operator does not take the flag %s",
				       esc_word(shown, sizeof(shown), bytes_of(p->flags.v[i])));
		buf_printf(out, "  - %s\n", p->flags.v[i]);
	}
	return 0;
}

static int put_args(struct buf *out, const struct policy_rule *r, struct err *e)
{
	char shown[80];

	if (r->args.n > 6)
		return err_set(e, ST_INPUT, "spo: over six conditions for %s",
			       esc_word(shown, sizeof(shown), bytes_of(r->names.v[0])));
	buf_str(out, r->args.n ? "    args:\n" : "");
	for (size_t i = 0; i < r->args.n; i++) {
		const struct policy_arg *a = &r->args.v[i];

		if (a->value > INT64_MAX || a->two > INT64_MAX)
			return err_set(
				e, ST_INPUT,
				"spo: its numbers end at 2^63 - 1; a condition for %s has a larger one",
				esc_word(shown, sizeof(shown), bytes_of(r->names.v[0])));
		buf_printf(out, "    - index: %u\n      op: %s\n      value: %" PRIu64 "\n",
			   a->index, policy_op_word(a->op), a->value);
		if (a->op == POLICY_MASKED_EQ)
			buf_printf(out, "      valueTwo: %" PRIu64 "\n", a->two);
	}
	return 0;
}

/* The names of a rule are a set. */
static int put_names(struct buf *out, const struct policy_rule *r, struct err *e)
{
	struct pool seen = { 0 };
	char shown[80];
	int ret = 0;

	buf_str(out, "    names:\n");
	for (size_t i = 0; i < r->names.n && ret == 0; i++) {
		const char *name = r->names.v[i];

		if (!flat_is_word(name))
			ret = err_set(e, ST_INPUT, "spo: '%s' is no name of a call",
				      esc_word(shown, sizeof(shown), bytes_of(name)));
		else if (pool_find(&seen, bytes_of(name)) == 0)
			buf_printf(out, "    - \"%s\"\n", name);
		pool_intern(&seen, bytes_of(name));
	}
	pool_release(&seen);
	return ret;
}

static int put_rule(struct buf *out, const struct policy_rule *r, struct err *e)
{
	char shown[80];

	if (r->comment != NULL) {
		buf_str(out, "  # ");
		esc_tty(out, bytes_of(r->comment));
		buf_char(out, '\n');
	}
	buf_printf(out, "  - action: %s\n", action_scmp(r->action));
	if (r->error == 0 && r->action == ACTION_ERRNO)
		return err_set(e, ST_INPUT, "spo takes errnoRet 0 for EPERM, as of the rule for %s",
			       esc_word(shown, sizeof(shown), bytes_of(r->names.v[0])));
	if (r->error > 4095)
		return err_set(e, ST_INPUT, "spo: errnoRet ends at 4095");
	if (r->error != POLICY_NO_ERRNO)
		buf_printf(out, "    errnoRet: %d\n", r->error);
	return put_args(out, r, e) < 0 ? -1 : put_names(out, r, e);
}

/* A SeccompProfile, cluster-wide as v1 has it. */
static int write_spo(FILE *to, const struct output_input *in, struct err *e)
{
	auto_buf struct buf text = { 0 };

	buf_str(&text,
		"apiVersion: security-profiles-operator.x-k8s.io/v1\nkind: SeccompProfile\nmetadata:\n  name: \"");
	provenance_name(&text, in);
	buf_str(&text, "\"\nspec:\n");
	if (put_defaults(&text, in->policy, e) < 0)
		return -1;
	buf_str(&text, in->policy->rules.n ? "  syscalls:\n" : "");
	for (size_t i = 0; i < in->policy->rules.n; i++)
		if (put_rule(&text, &in->policy->rules.v[i], e) < 0)
			return -1;
	provenance_write(to, in, "# ");
	fwrite(text.p, 1, text.n, to);
	return 0;
}

const struct output output_spo = {
	.name = "spo", .about = "a SeccompProfile (v1) of the Security Profiles Operator",
	.cannot = "a default errno but EPERM, numbers from 2^63 on, LoongArch, M68K, SuperH",
	.write = write_spo, .args = true,
};
