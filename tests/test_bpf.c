// SPDX-License-Identifier: Apache-2.0
/* The interpreter: what the kernel would refuse to load, what filters answer, and the same asked of
 * the kernel itself. */
#include "tests/test.h"

#include "analyze/policy/bpf.h"
#include "analyze/evidence/check.h"
#include "analyze/policy/compile.h"
#include "ingest/live/process/probe.h"
#include "store/model/action.h"
#include "store/model/arch.h"
#include "store/model/syscall.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define NR offsetof(struct seccomp_data, nr)
#define ARG0 offsetof(struct seccomp_data, args[0])
#define LOAD(at) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, at)
#define RET(v) BPF_STMT(BPF_RET | BPF_K, v)
#define IF(op, v, jt, jf) BPF_JUMP(BPF_JMP | (op) | BPF_K, v, jt, jf)

/* ---- what would not be loaded ---- */

static struct bad_row {
	const char *name;
	struct sock_filter code[4];
	size_t n;
	const char *says;
} bads[] = {
	{ "empty", { { 0 } }, 0, "1 to 4096" },
	{ "no return at the end", { LOAD(0) }, 1, "no return" },
	{ "an unknown instruction",
	  { BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 0), RET(0) },
	  2,
	  "not one that seccomp has" },
	{ "a load behind the data", { LOAD(sizeof(struct seccomp_data)), RET(0) }, 2, "outside" },
	{ "a load between words", { LOAD(2), RET(0) }, 2, "outside" },
	{ "a division by zero", { BPF_STMT(BPF_ALU | BPF_DIV | BPF_K, 0), RET(0) }, 2, "division" },
	{ "a wide shift", { BPF_STMT(BPF_ALU | BPF_LSH | BPF_K, 32), RET(0) }, 2, "shift" },
	{ "a memory word that is not there", { BPF_STMT(BPF_ST, 16), RET(0) }, 2, "memory" },
	{ "a jump behind the end", { IF(BPF_JEQ, 0, 1, 0), RET(0) }, 2, "jump" },
	{ "a long jump behind the end",
	  { BPF_STMT(BPF_JMP | BPF_JA, 0xffffffff), RET(0) },
	  2,
	  "jump" },
};

static void refuses(void **state)
{
	const struct bad_row *row = *state;
	struct err e = { 0 };

	assert_int_equal(bpf_check(row->code, row->n, &e), -1);
	if (strstr(e.msg, row->says) == NULL)
		fail_msg("'%s' lacks '%s'", e.msg, row->says);
}

/* ---- answers: of call 7 of x86-64 ---- */

static struct answer_row {
	const char *name;
	struct sock_filter code[8];
	size_t n;
	uint32_t want[3];
	size_t n_want;
} answers[] = {
	{ "one return", { RET(SECCOMP_RET_LOG) }, 1, { SECCOMP_RET_LOG }, 1 },
	{ "the number",
	  { LOAD(NR), IF(BPF_JEQ, 7, 0, 1), RET(SECCOMP_RET_ALLOW), RET(0) },
	  4,
	  { SECCOMP_RET_ALLOW },
	  1 },
	{ "another number",
	  { LOAD(NR), IF(BPF_JEQ, 8, 0, 1), RET(SECCOMP_RET_ALLOW), RET(0) },
	  4,
	  { 0 },
	  1 },
	{ "a range", { LOAD(NR), IF(BPF_JGE, 7, 0, 1), RET(1), RET(2) }, 4, { 1 }, 1 },
	{ "greater", { LOAD(NR), IF(BPF_JGT, 7, 0, 1), RET(1), RET(2) }, 4, { 2 }, 1 },
	{ "bits", { LOAD(NR), IF(BPF_JSET, 8, 0, 1), RET(1), RET(2) }, 4, { 2 }, 1 },
	{ "an argument: both",
	  { LOAD(ARG0), IF(BPF_JEQ, 1, 0, 1), RET(SECCOMP_RET_ALLOW), RET(SECCOMP_RET_ERRNO | 1) },
	  4,
	  { SECCOMP_RET_ERRNO | 1, SECCOMP_RET_ALLOW },
	  2 },
	{ "an argument and nothing: certain",
	  { LOAD(ARG0), BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 0), IF(BPF_JEQ, 0, 0, 1), RET(1),
	    RET(2) },
	  5,
	  { 1 },
	  1 },
	{ "sums",
	  { LOAD(NR), BPF_STMT(BPF_ALU | BPF_ADD | BPF_K, 3),
	    BPF_STMT(BPF_ALU | BPF_MUL | BPF_K, 2), IF(BPF_JEQ, 20, 0, 1), RET(1), RET(2) },
	  6,
	  { 1 },
	  1 },
	{ "a difference",
	  { LOAD(NR), BPF_STMT(BPF_ALU | BPF_SUB | BPF_K, 2), IF(BPF_JEQ, 5, 0, 1), RET(1),
	    RET(2) },
	  5,
	  { 1 },
	  1 },
	{ "a quotient",
	  { LOAD(NR), BPF_STMT(BPF_ALU | BPF_DIV | BPF_K, 2), IF(BPF_JEQ, 3, 0, 1), RET(1),
	    RET(2) },
	  5,
	  { 1 },
	  1 },
	{ "either bit",
	  { LOAD(NR), BPF_STMT(BPF_ALU | BPF_OR | BPF_K, 8), IF(BPF_JEQ, 15, 0, 1), RET(1),
	    RET(2) },
	  5,
	  { 1 },
	  1 },
	{ "one of the bits",
	  { LOAD(NR), BPF_STMT(BPF_ALU | BPF_XOR | BPF_K, 5), IF(BPF_JEQ, 2, 0, 1), RET(1),
	    RET(2) },
	  5,
	  { 1 },
	  1 },
	{ "both bits",
	  { LOAD(NR), BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 6), IF(BPF_JEQ, 6, 0, 1), RET(1),
	    RET(2) },
	  5,
	  { 1 },
	  1 },
	{ "a shift by more than a byte has",
	  { LOAD(NR), BPF_STMT(BPF_ALU | BPF_LSH | BPF_K, 9), IF(BPF_JEQ, 3584, 0, 1), RET(1),
	    RET(2) },
	  5,
	  { 1 },
	  1 },
	{ "a shift back",
	  { LOAD(NR), BPF_STMT(BPF_ALU | BPF_LSH | BPF_K, 9),
	    BPF_STMT(BPF_ALU | BPF_RSH | BPF_K, 8), IF(BPF_JEQ, 14, 0, 1), RET(1), RET(2) },
	  6,
	  { 1 },
	  1 },
	{ "a product",
	  { LOAD(NR), BPF_STMT(BPF_ALU | BPF_MUL | BPF_K, 3), IF(BPF_JEQ, 21, 0, 1), RET(1),
	    RET(2) },
	  5,
	  { 1 },
	  1 },
	{ "memory and X",
	  { LOAD(NR), BPF_STMT(BPF_ST, 3), BPF_STMT(BPF_LDX | BPF_MEM, 3),
	    BPF_STMT(BPF_MISC | BPF_TXA, 0), IF(BPF_JEQ, 7, 0, 1), RET(1), RET(2) },
	  7,
	  { 1 },
	  1 },
	{ "a division by a zero in X",
	  { LOAD(NR), BPF_STMT(BPF_ALU | BPF_DIV | BPF_X, 0), RET(SECCOMP_RET_ALLOW) },
	  3,
	  { SECCOMP_RET_KILL_THREAD },
	  1 },
	{ "the accumulator is returned", { LOAD(NR), BPF_STMT(BPF_RET | BPF_A, 0) }, 2, { 7 }, 1 },
	{ "a long jump", { BPF_STMT(BPF_JMP | BPF_JA, 1), RET(1), RET(2) }, 3, { 2 }, 1 },
};

static void answers_as(void **state)
{
	const struct answer_row *row = *state;
	struct bpf_answers got;
	struct err e = { 0 };

	assert_int_equal(bpf_check(row->code, row->n, &e), 0);
	bpf_run(row->code, row->n, ARCH_X86_64, 7, &got);
	assert_false(got.too_many);
	assert_int_equal(got.n, row->n_want);
	for (size_t i = 0; i < got.n; i++)
		assert_int_equal(got.v[i], row->want[i]);
}

static void an_argument_is_returned(void **state)
{
	const struct sock_filter code[] = { LOAD(ARG0), BPF_STMT(BPF_RET | BPF_A, 0) };
	struct bpf_answers got;

	(void)state;
	bpf_run(code, 2, ARCH_X86_64, 7, &got);
	assert_true(got.too_many);
}

static void stacks(void **state)
{
	static const struct sock_filter eperm[] = { RET(SECCOMP_RET_ERRNO | 1) },
					enosys[] = { RET(SECCOMP_RET_ERRNO | 38) },
					kill_it[] = { RET(SECCOMP_RET_KILL_PROCESS) },
					thread[] = { RET(SECCOMP_RET_KILL_THREAD) },
					log_it[] = { RET(SECCOMP_RET_LOG) };
	struct bpf_answers got;

	(void)state;
	bpf_run_all((const struct bpf_code[]){ { log_it, 1 }, { eperm, 1 } }, 2, ARCH_X86_64, 7,
		    &got);
	assert_int_equal(got.v[0], SECCOMP_RET_ERRNO | 1);
	bpf_run_all((const struct bpf_code[]){ { enosys, 1 }, { eperm, 1 } }, 2, ARCH_X86_64, 7,
		    &got);
	assert_int_equal(got.v[0], SECCOMP_RET_ERRNO | 38); /* among equals the newest */
	bpf_run_all((const struct bpf_code[]){ { thread, 1 }, { kill_it, 1 }, { eperm, 1 } }, 3,
		    ARCH_X86_64, 7, &got);
	assert_int_equal(got.v[0], SECCOMP_RET_KILL_PROCESS);
	bpf_run_all(NULL, 0, ARCH_X86_64, 7, &got);
	assert_int_equal(got.v[0], SECCOMP_RET_ALLOW);
}

static void many_ways_end(void **state)
{
	/* 30 questions about an argument, each with two ways to one place: 2^30 ways, or 30 where
	 * they come together */
	struct sock_filter code[62];
	struct bpf_answers got;
	size_t n = 0;

	(void)state;
	for (int i = 0; i < 30; i++) {
		code[n++] = (struct sock_filter)LOAD(ARG0);
		code[n++] = (struct sock_filter)IF(BPF_JEQ, (uint32_t)i, 0, 0);
	}
	code[n - 1].jt = 1;
	code[n++] = (struct sock_filter)RET(1);
	code[n++] = (struct sock_filter)RET(2);
	bpf_run(code, n, ARCH_X86_64, 7, &got);
	assert_false(got.too_many);
	assert_int_equal(got.n, 2);
}

/* ---- the same, asked of the kernel ---- */

static uint32_t seed = 20261124;

static uint32_t draw(uint32_t below)
{
	seed = seed * 1664525u + 1013904223u;
	return (seed >> 8) % below;
}

/* A policy of some hundred names, with actions, errnos and conditions on arguments. */
static void random_policy(struct policy *p)
{
	static const uint32_t actions[] = { ACTION_ALLOW, ACTION_ERRNO, ACTION_KILL_PROCESS,
					    ACTION_TRAP, ACTION_ALLOW };
	static const uint32_t defaults[] = { ACTION_ERRNO, ACTION_KILL_PROCESS, ACTION_ALLOW };
	char name[SYSCALL_NAME_MAX];
	bool used[450] = { false }; /* rules that contradict each other are refused */

	*p = (struct policy){ .default_action = defaults[draw(3)],
			      .default_error = POLICY_NO_ERRNO };
	if (p->default_action == ACTION_ERRNO)
		p->default_error = (int)draw(40) + 1;
	for (int i = 0; i < 120; i++) {
		struct policy_rule r = { .action = actions[draw(5)], .error = POLICY_NO_ERRNO };
		uint32_t nr = draw(450);

		if (used[nr] || !syscall_name(arch_native(), (int32_t)nr, name))
			continue;
		used[nr] = true;
		if (r.action == ACTION_ERRNO)
			r.error = (int)draw(100) + 1;
		*VEC_PUSH(&r.names) = policy_keep(p, name);
		if (draw(4) == 0) /* arguments are 0 where the kernel is asked */
			*VEC_PUSH(&r.args) = (struct policy_arg){ draw(6), (enum policy_op)draw(7),
								  draw(3), draw(2) };
		*VEC_PUSH(&p->rules) = r;
	}
}

static void load_filter(void *to)
{
	const struct compiled *c = to;
	struct sock_fprog prog = { .len = (unsigned short)c->code.n, .filter = c->code.v };

	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &prog);
}

/* Is what the kernel did among what the interpreter says? Without conditions on arguments it says
 * one thing alone. */
static bool agree(const struct bpf_answers *a, const struct probe_result *r)
{
	for (size_t i = 0; i < a->n; i++) {
		uint32_t action = action_of(a->v[i]);

		if (r->outcome == PROBE_PASSES && (action == ACTION_ALLOW || action == ACTION_LOG))
			return true;
		if (r->outcome == PROBE_SIGSYS &&
		    (action == ACTION_KILL_PROCESS || action == ACTION_KILL_THREAD ||
		     action == ACTION_TRAP))
			return true;
		if (r->outcome == PROBE_ERRNO && action == ACTION_ERRNO &&
		    (a->v[i] & SECCOMP_RET_DATA) == (uint32_t)r->error)
			return true;
	}
	return false;
}

static void agrees_with_the_kernel(void **state)
{
	struct probe_result result;
	struct err e = { 0 };
	size_t compared = 0, single = 0;

	(void)state;
	if (getenv("UNTIMED") != NULL || probe_call(SYS_getppid, NULL, NULL, &result, &e) < 0 ||
	    result.outcome != PROBE_PASSES)
		skip(); /* no user notification here, or under valgrind, which has calls of its own
			 */
	for (int round = 0; round < 12; round++) {
		struct policy p;
		struct compiled c;

		random_policy(&p);
		if (compile_policy(&c, &p, &e) < 0)
			fail_msg("%s", e.msg);
		assert_int_equal(bpf_check(c.code.v, c.code.n, &e), 0);
		for (int32_t nr = round % 4; nr < 470; nr += 4) {
			struct bpf_answers a;
			char name[SYSCALL_NAME_MAX];

			if (nr == SYS_seccomp || nr == SYS_prctl || bpf_bypasses(arch_native(), nr))
				continue;
			compile_run(&c, arch_native(), nr, &a);
			assert_false(a.too_many);
			assert_int_equal(probe_call(nr, load_filter, &c, &result, &e), 0);
			if (result.outcome == PROBE_UNKNOWN)
				continue; /* the filter took a call away that the child itself needs
					   */
			syscall_name(arch_native(), nr, name);
			if (!agree(&a, &result))
				fail_msg(
					"%s (%d): the interpreter says %x (of %zu), the kernel %d, errno %d",
					name, nr, a.v[0], a.n, (int)result.outcome, result.error);
			compared++;
			single += a.n == 1;
		}
		compile_release(&c);
		policy_release(&p);
	}
	print_message("compared %zu, of these %zu certain\n", compared, single);
	assert_true(compared > 1000);
}

int main(void)
{
	struct tests t = { 0 };

	ADD_ROWS(&t, bads, refuses);
	ADD_ROWS(&t, answers, answers_as);
	ADD(&t, an_argument_is_returned);
	ADD(&t, stacks);
	ADD(&t, many_ways_end);
	ADD(&t, agrees_with_the_kernel);
	return run_rows(&t, "bpf");
}
