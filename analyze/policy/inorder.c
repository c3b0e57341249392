// SPDX-License-Identifier: Apache-2.0
/* Writes the instructions itself: a block for each architecture, in it one for each call, in it one
 * for each rule. */
#include "analyze/policy/inorder.h"

#include "store/model/action.h"
#include "store/model/arch.h"
#include "store/model/syscall.h"

#include <linux/seccomp.h>
#include <stddef.h>
#include <stdlib.h>

#define RULE_CODE 240 /* instructions of one rule's conditions: jumps out of them have a byte */

/* A call's number with one of its rules. */
struct use { int32_t nr; size_t order; const struct policy_rule *rule; };
struct uses { struct use *v; size_t n, cap; };

static void emit(struct compiled *out, uint16_t code, uint32_t k, uint8_t jt, uint8_t jf)
{
	if (out->code.n <= BPF_MAXINSNS) /* one more is enough to refuse it */
		*VEC_PUSH(&out->code) = (struct sock_filter){ code, jt, jf, k };
}

static void answer(struct compiled *out, uint32_t action, int error)
{
	emit(out, BPF_RET | BPF_K,
	     action | ((unsigned)policy_number(action, error) & SECCOMP_RET_DATA), 0, 0);
}

/* ---- one condition ---- */

#define FAIL 0xff /* a jump to the end of the rule, put in when that is known */

static void load_half(struct compiled *out, unsigned index, bool high)
{
	bool second = high == (__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__);

	emit(out, BPF_LD | BPF_W | BPF_ABS,
	     (uint32_t)(offsetof(struct seccomp_data, args) + index * 8u + (second ? 4u : 0u)), 0,
	     0);
}

static void jump(struct compiled *out, uint16_t op, uint32_t k, uint8_t jt, uint8_t jf)
{
	emit(out, BPF_JMP | op | BPF_K, k, jt, jf);
}

static void masked(struct compiled *out, const struct policy_arg *a)
{
	for (int high = 1; high >= 0; high--) {
		load_half(out, a->index, high);
		emit(out, BPF_ALU | BPF_AND | BPF_K, (uint32_t)(high ? a->value >> 32 : a->value),
		     0, 0);
		jump(out, BPF_JEQ, (uint32_t)(high ? a->two >> 32 : a->two), 0, FAIL);
	}
}

/* All numbers are unsigned, as in libseccomp. */
static void condition(struct compiled *out, const struct policy_arg *a)
{
	uint32_t high = (uint32_t)(a->value >> 32), low = (uint32_t)a->value;

	if (a->op == POLICY_MASKED_EQ) {
		masked(out, a);
		return;
	}
	load_half(out, a->index, true);
	if (a->op == POLICY_EQ)
		jump(out, BPF_JEQ, high, 0, FAIL);
	else if (a->op == POLICY_NE)
		jump(out, BPF_JEQ, high, 0, 2);
	else if (a->op == POLICY_GT || a->op == POLICY_GE)
		jump(out, BPF_JGT, high, 3, 0);
	else
		jump(out, BPF_JGT, high, FAIL, 0);
	if (a->op == POLICY_GT || a->op == POLICY_GE)
		jump(out, BPF_JEQ, high, 0, FAIL);
	else if (a->op == POLICY_LT || a->op == POLICY_LE)
		jump(out, BPF_JEQ, high, 0, 2);
	load_half(out, a->index, false);
	if (a->op == POLICY_EQ || a->op == POLICY_NE)
		jump(out, BPF_JEQ, low, a->op == POLICY_EQ ? 0 : FAIL,
		     a->op == POLICY_EQ ? FAIL : 0);
	else if (a->op == POLICY_GT || a->op == POLICY_LE)
		jump(out, BPF_JGT, low, a->op == POLICY_GT ? 0 : FAIL,
		     a->op == POLICY_GT ? FAIL : 0);
	else
		jump(out, BPF_JGE, low, a->op == POLICY_GE ? 0 : FAIL,
		     a->op == POLICY_GE ? FAIL : 0);
}

/* ---- rules ---- */

static int one_rule(struct compiled *out, const struct policy_rule *r,
		    const struct policy_arg *args, size_t n, struct err *e)
{
	size_t begin = out->code.n, end;

	for (size_t i = 0; i < n; i++)
		condition(out, &args[i]);
	if (out->code.n - begin > RULE_CODE)
		return err_set(e, ST_INPUT, "the filter has a rule of %zu instructions; %d can be",
			       out->code.n - begin, RULE_CODE);
	answer(out, r->action, r->error);
	end = out->code.n;
	for (size_t i = begin; i < end; i++) {
		struct sock_filter *f = &out->code.v[i];

		if (BPF_CLASS(f->code) != BPF_JMP)
			continue;
		f->jt = f->jt == FAIL ? (uint8_t)(end - i - 1) : f->jt;
		f->jf = f->jf == FAIL ? (uint8_t)(end - i - 1) : f->jf;
	}
	return 0;
}

static int rule(struct compiled *out, const struct policy_rule *r, struct err *e)
{
	if (!policy_any_holds(r))
		return one_rule(out, r, r->args.v, r->args.n, e);
	for (size_t i = 0; i < r->args.n; i++)
		if (one_rule(out, r, &r->args.v[i], 1, e) < 0)
			return -1;
	return 0;
}

static int compare_uses(const void *a, const void *b)
{
	const struct use *x = a, *y = b;

	return x->nr != y->nr ? (x->nr < y->nr ? -1 : 1) :
				(x->order > y->order) - (x->order < y->order);
}

static void find_uses(struct uses *out, const struct policy *p, uint32_t arch)
{
	for (size_t i = 0; i < p->rules.n; i++)
		for (size_t k = 0; k < p->rules.v[i].names.n; k++) {
			int32_t nr = syscall_number(arch, p->rules.v[i].names.v[k]);

			if (nr != INT32_MIN)
				*VEC_PUSH(out) = (struct use){ nr, i, &p->rules.v[i] };
		}
	if (out->n)
		qsort(out->v, out->n, sizeof(*out->v), compare_uses);
}

/* A call's rules, up to the one that always answers. */
static int one_call(struct compiled *out, const struct policy *p, const struct use *v, size_t n,
		    struct err *e)
{
	size_t skip;
	bool always = false;

	jump(out, BPF_JEQ, (uint32_t)v[0].nr, 1, 0);
	skip = out->code.n;
	jump(out, BPF_JA, 0, 0, 0);
	for (size_t i = 0; i < n && !always && out->code.n <= BPF_MAXINSNS; i++) {
		always = v[i].rule->args.n == 0;
		if (rule(out, v[i].rule, e) < 0)
			return -1;
	}
	if (!always)
		answer(out, p->default_action, p->default_error);
	if (skip < out->code.n)
		out->code.v[skip].k = (uint32_t)(out->code.n - skip - 1);
	return 0;
}

static int one_arch(struct compiled *out, const struct policy *p, uint32_t arch, struct err *e)
{
	struct uses uses = { 0 };
	size_t skip;
	int ret = 0;

	find_uses(&uses, p, arch);
	emit(out, BPF_LD | BPF_W | BPF_ABS, (uint32_t)offsetof(struct seccomp_data, arch), 0, 0);
	jump(out, BPF_JEQ, arch, 1, 0);
	skip = out->code.n;
	jump(out, BPF_JA, 0, 0, 0);
	emit(out, BPF_LD | BPF_W | BPF_ABS, (uint32_t)offsetof(struct seccomp_data, nr), 0, 0);
	for (size_t i = 0, end; i < uses.n && ret == 0 && out->code.n <= BPF_MAXINSNS; i = end) {
		for (end = i + 1; end < uses.n && uses.v[end].nr == uses.v[i].nr; end++)
			;
		ret = one_call(out, p, &uses.v[i], end - i, e);
	}
	answer(out, p->default_action, p->default_error);
	if (skip < out->code.n)
		out->code.v[skip].k = (uint32_t)(out->code.n - skip - 1);
	VEC_FREE(&uses);
	return ret;
}

int inorder_compile(struct compiled *out, const struct policy *p, struct err *e)
{
	for (size_t i = 0; i < (p->archs.n ? p->archs.n : 1); i++)
		if (one_arch(out, p, p->archs.n ? p->archs.v[i] : arch_native(), e) < 0)
			return -1;
	answer(out, p->others_pass ? ACTION_ALLOW : ACTION_KILL_PROCESS, 0);
	return 0;
}
