// SPDX-License-Identifier: Apache-2.0
/*
 * LXC's policy, version 2: its first line is the version, its second what answers for all else, and
 * comments stand behind them. source: parse_config_v2 in src/lxc/seccomp.c
 */
#include "analyze/output/flat.h"
#include "analyze/output/output.h"
#include "analyze/output/provenance.h"
#include "store/base/esc.h"
#include "store/model/action.h"

#include <inttypes.h>

/* "kill", "errno 1" ...; NULL: LXC has no word for it. */
static const char *word_of(uint32_t action, int error, char out[32])
{
	if (action == ACTION_ERRNO) {
		snprintf(out, 32, "errno %d", policy_number(action, error));
		return out;
	}
	return action == ACTION_ALLOW	    ? "allow" :
	       action == ACTION_KILL_THREAD ? "kill" :
	       action == ACTION_TRAP	    ? "trap" :
	       action == ACTION_NOTIFY	    ? "notify" :
					      NULL;
}

static bool same(uint32_t action, int error, const struct policy *p)
{
	return action == p->default_action &&
	       policy_number(action, error) == policy_number(p->default_action, p->default_error);
}

static int check_policy(const struct policy *p, struct err *e)
{
	char room[32], shown[80];

	if (p->in_order)
		return err_set(e, ST_INPUT, "lxc has no order of rules, as this list has");
	if (p->flags.n)
		return err_set(e, ST_INPUT, "lxc cannot hold flags, as %s",
			       esc_word(shown, sizeof(shown), bytes_of(p->flags.v[0])));
	if (word_of(p->default_action, p->default_error, room) == NULL)
		return err_set(
			e, ST_INPUT,
			"lxc has no word for %s (--default-action errno, kill_thread or trap)",
			action_scmp(p->default_action));
	for (size_t i = 0; i < p->rules.n; i++) {
		const struct policy_rule *r = &p->rules.v[i];

		if (same(r->action, r->error, p))
			continue;
		if (word_of(r->action, r->error, room) == NULL)
			return err_set(e, ST_INPUT, "lxc has no word for %s",
				       action_scmp(r->action));
		for (size_t k = 0; k < r->names.n; k++)
			if (!flat_is_word(r->names.v[k]))
				return err_set(
					e, ST_INPUT, "lxc: '%s' is no name of a call",
					esc_word(shown, sizeof(shown), bytes_of(r->names.v[k])));
	}
	return 0;
}

static void write_args(FILE *to, const struct policy_arg *v, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		bool masked = v[i].op == POLICY_MASKED_EQ;

		fprintf(to, "%s[%u,0x%" PRIx64 ",%s", i ? "" : " ", v[i].index,
			masked ? v[i].two : v[i].value, policy_op_word(v[i].op));
		if (masked)
			fprintf(to, ",0x%" PRIx64, v[i].value);
		fputc(']', to);
	}
	fputc('\n', to);
}

/* An action stands before conditions, and where it is not the one of the list's kind. */
static void write_line(FILE *to, const char *name, const char *action, bool usual,
		       const struct policy_arg *v, size_t n)
{
	fputs(name, to);
	if (!usual || n > 0)
		fprintf(to, " %s", action);
	if (n > 0)
		write_args(to, v, n);
	else
		fputc('\n', to);
}

static void write_rule(FILE *to, const struct policy_rule *r, bool denies)
{
	char room[32];
	const char *action = word_of(r->action, r->error, room);
	bool usual = r->action == (denies ? ACTION_KILL_THREAD : ACTION_ALLOW),
	     any = policy_any_holds(r);

	for (size_t i = 0; i < r->names.n; i++)
		for (size_t k = 0; k < (any ? r->args.n : 1); k++)
			write_line(to, r->names.v[i], action, usual,
				   any ? &r->args.v[k] : r->args.v, any ? 1 : r->args.n);
}

static int write_lxc(FILE *to, const struct output_input *in, struct err *e)
{
	const struct policy *p = in->policy;
	bool denies = p->default_action == ACTION_ALLOW;
	char room[32];

	if (check_policy(p, e) < 0)
		return -1;
	fputs("2\n", to);
	if (denies || p->default_action == ACTION_KILL_THREAD)
		fprintf(to, "%s\n", denies ? "denylist" : "allowlist");
	else
		fprintf(to, "allowlist %s\n", word_of(p->default_action, p->default_error, room));
	provenance_write(to, in, "# ");
	provenance_remark(to, "# ", "for each ABI of the machine: LXC has no list for one alone");
	fputs("[all]\n", to);
	for (size_t i = 0; i < p->rules.n; i++)
		if (!same(p->rules.v[i].action, p->rules.v[i].error, p))
			write_rule(to, &p->rules.v[i], denies);
	return 0;
}

const struct output output_lxc = {
	.name = "lxc", .about = "a policy of LXC, for lxc.seccomp.profile",
	.cannot = "kill_process, log and trace; flags", .write = write_lxc,
};
