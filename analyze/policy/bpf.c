// SPDX-License-Identifier: Apache-2.0
/*
 * Interprets a filter with some inputs unknown: follows both ways of a jump it cannot decide, and
 * collects all answers.
 */
#include "analyze/policy/bpf.h"

#include "store/base/map.h"
#include "store/model/arch.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

/* instructions that are looked at for one call; filters have 4,096 at most */
#define STEPS_MAX 50000

/* ---- what the kernel takes ---- */

static int bad(size_t at, const char *why, struct err *e)
{
	return err_set(e, ST_INPUT, "instruction %zu of the filter: %s", at, why);
}

/* The instructions that seccomp has; all others are refused. */
static bool is_known(uint16_t code)
{
	static const uint16_t known[] = {
		BPF_LD | BPF_W | BPF_ABS,
		BPF_LD | BPF_W | BPF_LEN,
		BPF_LDX | BPF_W | BPF_LEN,
		BPF_RET | BPF_K,
		BPF_RET | BPF_A,
		BPF_ALU | BPF_ADD | BPF_K,
		BPF_ALU | BPF_ADD | BPF_X,
		BPF_ALU | BPF_SUB | BPF_K,
		BPF_ALU | BPF_SUB | BPF_X,
		BPF_ALU | BPF_MUL | BPF_K,
		BPF_ALU | BPF_MUL | BPF_X,
		BPF_ALU | BPF_DIV | BPF_K,
		BPF_ALU | BPF_DIV | BPF_X,
		BPF_ALU | BPF_AND | BPF_K,
		BPF_ALU | BPF_AND | BPF_X,
		BPF_ALU | BPF_OR | BPF_K,
		BPF_ALU | BPF_OR | BPF_X,
		BPF_ALU | BPF_XOR | BPF_K,
		BPF_ALU | BPF_XOR | BPF_X,
		BPF_ALU | BPF_LSH | BPF_K,
		BPF_ALU | BPF_LSH | BPF_X,
		BPF_ALU | BPF_RSH | BPF_K,
		BPF_ALU | BPF_RSH | BPF_X,
		BPF_ALU | BPF_NEG,
		BPF_LD | BPF_IMM,
		BPF_LDX | BPF_IMM,
		BPF_MISC | BPF_TAX,
		BPF_MISC | BPF_TXA,
		BPF_LD | BPF_MEM,
		BPF_LDX | BPF_MEM,
		BPF_ST,
		BPF_STX,
		BPF_JMP | BPF_JA,
		BPF_JMP | BPF_JEQ | BPF_K,
		BPF_JMP | BPF_JEQ | BPF_X,
		BPF_JMP | BPF_JGE | BPF_K,
		BPF_JMP | BPF_JGE | BPF_X,
		BPF_JMP | BPF_JGT | BPF_K,
		BPF_JMP | BPF_JGT | BPF_X,
		BPF_JMP | BPF_JSET | BPF_K,
		BPF_JMP | BPF_JSET | BPF_X,
	};

	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		if (known[i] == code)
			return true;
	return false;
}

static bool is_memory(uint16_t code)
{
	return code == (BPF_LD | BPF_MEM) || code == (BPF_LDX | BPF_MEM) || code == BPF_ST ||
	       code == BPF_STX;
}

int bpf_check(const struct sock_filter *code, size_t n, struct err *e)
{
	if (n == 0 || n > BPF_MAXINSNS)
		return err_set(e, ST_INPUT, "a filter has 1 to %d instructions, not %zu",
			       BPF_MAXINSNS, n);
	for (size_t i = 0; i < n; i++) {
		const struct sock_filter *c = &code[i];
		bool jump = BPF_CLASS(c->code) == BPF_JMP;

		if (!is_known(c->code))
			return bad(i, "not one that seccomp has", e);
		if (c->code == (BPF_LD | BPF_W | BPF_ABS) &&
		    (c->k % 4 != 0 || c->k >= sizeof(struct seccomp_data)))
			return bad(i, "a load from outside of what seccomp shows", e);
		if (c->code == (BPF_ALU | BPF_DIV | BPF_K) && c->k == 0)
			return bad(i, "a division by zero", e);
		if ((c->code == (BPF_ALU | BPF_LSH | BPF_K) ||
		     c->code == (BPF_ALU | BPF_RSH | BPF_K)) &&
		    c->k >= 32)
			return bad(i, "a shift by 32 or more", e);
		if (is_memory(c->code) && c->k >= BPF_MEMWORDS)
			return bad(i, "a memory word that is not there", e);
		if (c->code == (BPF_JMP | BPF_JA) ?
			    c->k >= n - i - 1 :
			    jump && (i + 1 + c->jt >= n || i + 1 + c->jf >= n))
			return bad(i, "a jump behind the end", e);
	}
	if (BPF_CLASS(code[n - 1].code) != BPF_RET)
		return bad(n - 1, "the last one is no return", e);
	return 0;
}

/* ---- running it ---- */

/* A value, or not known. */
struct word { uint32_t v; bool known; };
struct state { uint32_t at; struct word a, x, m[BPF_MEMWORDS]; };

struct running {
	const struct sock_filter *code;
	uint32_t arch;
	int32_t nr;
	struct bpf_answers *out;
	VEC(struct state) todo;
	struct map seen; /* hash of a state -> 1: ways that come together are followed once */
	size_t steps;
};

static struct word known(uint32_t v)
{
	return (struct word){ v, true };
}

static struct word load_word(const struct running *r, uint32_t at)
{
	if (at == offsetof(struct seccomp_data, nr))
		return known((uint32_t)r->nr);
	if (at == offsetof(struct seccomp_data, arch))
		return known(r->arch);
	return (struct word){ 0, false };
}

/* False: division by zero, upon which the kernel's interpreter returns 0, that is kill_thread. */
static bool alu(uint16_t op, struct word *a, struct word b)
{
	if (op == BPF_DIV && b.known && b.v == 0)
		return false;
	/* what is certain whatever the other is */
	if (op == BPF_AND && ((a->known && a->v == 0) || (b.known && b.v == 0))) {
		*a = known(0);
		return true;
	}
	if (!a->known || !b.known) {
		*a = (struct word){ 0, false };
		return true;
	}
	switch (op) {
	case BPF_ADD: a->v += b.v; break;
	case BPF_SUB: a->v -= b.v; break;
	case BPF_MUL: a->v *= b.v; break;
	case BPF_DIV: a->v /= b.v; break;
	case BPF_AND: a->v &= b.v; break;
	case BPF_OR: a->v |= b.v; break;
	case BPF_XOR: a->v ^= b.v; break;
	case BPF_LSH: a->v <<= b.v & 31; break;
	case BPF_RSH: a->v >>= b.v & 31; break;
	default: break;
	}
	return true;
}

static int compare(uint16_t op, struct word a, struct word b) /* 1, 0; -1: not known */
{
	if (op == BPF_JSET && ((a.known && a.v == 0) || (b.known && b.v == 0)))
		return 0;
	if (!a.known || !b.known)
		return -1;
	switch (op) {
	case BPF_JEQ: return a.v == b.v;
	case BPF_JGT: return a.v > b.v;
	case BPF_JGE: return a.v >= b.v;
	case BPF_JSET:
	default: return (a.v & b.v) != 0;
	}
}

int bpf_severity(uint32_t answer)
{
	/* the kernel compares the upper half as signed numbers: the lower, the more severe */
	return (int32_t)(answer & SECCOMP_RET_ACTION_FULL) >> 16;
}

static void add_answer(struct bpf_answers *out, uint32_t answer)
{
	size_t at = 0;

	for (size_t i = 0; i < out->n; i++)
		if (out->v[i] == answer)
			return;
	if (out->n == BPF_ANSWERS) {
		out->too_many = true;
		return;
	}
	while (at < out->n &&
	       (bpf_severity(out->v[at]) < bpf_severity(answer) ||
		(bpf_severity(out->v[at]) == bpf_severity(answer) && out->v[at] < answer)))
		at++;
	memmove(&out->v[at + 1], &out->v[at], (out->n - at) * sizeof(*out->v));
	out->v[at] = answer;
	out->n++;
}

/* What a filter returns becomes what the kernel does. */
static void answer(struct running *r, struct word w)
{
	if (!w.known)
		r->out->too_many = true; /* a value made of arguments: no compiler does that */
	else
		add_answer(r->out, w.v);
}

static void later(struct running *r, const struct state *s, size_t to)
{
	struct state next = *s;
	uint64_t hash = 14695981039346656037u;
	const uint8_t *p = (const uint8_t *)&next;

	next.at = (uint32_t)to;
	for (size_t i = 0; i < sizeof(next); i++)
		hash = (hash ^ p[i]) * 1099511628211u;
	if (map_get(&r->seen, hash, to, 0))
		return;
	map_put(&r->seen, hash, to, 1);
	*VEC_PUSH(&r->todo) = next;
}

/* One instruction; false where this way has come to its end. */
static bool run_instruction(struct running *r, struct state *s)
{
	const struct sock_filter *c = &r->code[s->at++];
	struct word operand = BPF_SRC(c->code) == BPF_X ? s->x : known(c->k);
	int yes;

	switch (BPF_CLASS(c->code)) {
	case BPF_LD:
		s->a = BPF_MODE(c->code) == BPF_ABS ? load_word(r, c->k) :
		       BPF_MODE(c->code) == BPF_MEM ? s->m[c->k] :
		       BPF_MODE(c->code) == BPF_LEN ? known(sizeof(struct seccomp_data)) :
						      known(c->k);
		return true;
	case BPF_LDX:
		s->x = BPF_MODE(c->code) == BPF_MEM ? s->m[c->k] :
		       BPF_MODE(c->code) == BPF_LEN ? known(sizeof(struct seccomp_data)) :
						      known(c->k);
		return true;
	case BPF_ST:
		s->m[c->k] = s->a;
		return true;
	case BPF_STX:
		s->m[c->k] = s->x;
		return true;
	case BPF_ALU:
		if (BPF_OP(c->code) == BPF_NEG)
			s->a.v = 0u - s->a.v;
		else if (!alu(BPF_OP(c->code), &s->a, operand)) {
			answer(r, known(SECCOMP_RET_KILL_THREAD));
			return false;
		}
		return true;
	case BPF_JMP:
		if (BPF_OP(c->code) == BPF_JA) {
			s->at += c->k;
			return true;
		}
		yes = compare(BPF_OP(c->code), s->a, operand);
		if (yes < 0 && c->jt != c->jf)
			later(r, s, s->at + c->jf);
		s->at += yes != 0 ? c->jt : c->jf;
		return true;
	case BPF_MISC:
		if (BPF_MISCOP(c->code) == BPF_TAX)
			s->x = s->a;
		else
			s->a = s->x;
		return true;
	case BPF_RET:
	default:
		answer(r, BPF_RVAL(c->code) == BPF_A ? s->a : known(c->k));
		return false;
	}
}

void bpf_run(const struct sock_filter *code, size_t n, uint32_t arch, int32_t nr,
	     struct bpf_answers *out)
{
	struct running r = { .code = code, .arch = arch, .nr = nr, .out = out };
	struct state s;

	(void)n;
	memset(out, 0, sizeof(*out));
	memset(&s, 0, sizeof(s)); /* with what lies between its fields: states are compared by their
				     bytes */
	s.a = s.x = known(0);
	for (size_t i = 0; i < BPF_MEMWORDS; i++)
		s.m[i] = known(0);
	*VEC_PUSH(&r.todo) = s;
	while (r.todo.n > 0 && !out->too_many) {
		s = r.todo.v[--r.todo.n];
		while (run_instruction(&r, &s))
			out->too_many = out->too_many || ++r.steps > STEPS_MAX;
	}
	VEC_FREE(&r.todo);
	map_release(&r.seen);
}

void bpf_stack(struct bpf_answers *out, const struct bpf_answers *older)
{
	struct bpf_answers both = { .too_many = out->too_many || older->too_many };

	for (size_t i = 0; i < out->n; i++)
		for (size_t k = 0; k < older->n; k++)
			add_answer(&both, bpf_severity(older->v[k]) < bpf_severity(out->v[i]) ?
						  older->v[k] :
						  out->v[i]);
	*out = both;
}

void bpf_run_all(const struct bpf_code *filters, size_t n, uint32_t arch, int32_t nr,
		 struct bpf_answers *out)
{
	memset(out, 0, sizeof(*out));
	if (n == 0)
		add_answer(out, SECCOMP_RET_ALLOW);
	for (size_t i = 0; i < n; i++) {
		struct bpf_answers one;

		bpf_run(filters[i].v, filters[i].n, arch, nr, &one);
		if (i == 0)
			*out = one;
		else
			bpf_stack(out, &one);
	}
}

#define NR_URETPROBE 335
#define NR_UPROBE 336

bool bpf_bypasses(uint32_t arch, int32_t nr)
{
	return arch == ARCH_X86_64 && (nr == NR_URETPROBE || nr == NR_UPROBE);
}
