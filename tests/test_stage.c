// SPDX-License-Identifier: Apache-2.0
/* Stages of a rollout, errnos, siblings. */
#include "tests/test.h"

#include "analyze/profile/stage.h"
#include "store/model/action.h"
#include "store/model/arch.h"
#include "store/model/syscall.h"

#include <errno.h>

static void allow(struct policy *p, const char *const *names, size_t n)
{
	struct policy_rule *r;

	*p = (struct policy){ .default_action = ACTION_ERRNO, .default_error = EPERM };
	*VEC_PUSH(&p->archs) = ARCH_X86_64;
	r = VEC_PUSH(&p->rules);
	*r = (struct policy_rule){ .action = ACTION_ALLOW, .error = POLICY_NO_ERRNO };
	for (size_t i = 0; i < n; i++)
		*VEC_PUSH(&r->names) = policy_keep(p, names[i]);
}

/* ---- stages ---- */

static struct stage_row {
	const char *name, *stage;
	uint32_t action;
	int error;
	size_t flags;
} stages[] = {
	{ "observe", "observe", ACTION_LOG, POLICY_NO_ERRNO, 0 },
	{ "canary", "canary", ACTION_ERRNO, EPERM, 2 },
	{ "enforce", "enforce", ACTION_ERRNO, EPERM, 0 },
	{ "kill", "kill", ACTION_KILL_PROCESS, POLICY_NO_ERRNO, 0 },
};

static void stage(void **state)
{
	const struct stage_row *row = *state;
	enum shape_stage s = STAGE_NONE;
	struct policy p;

	allow(&p, (const char *const[]){ "read" }, 1);
	assert_true(stage_parse(row->stage, &s));
	shape_stage(&p, s);
	assert_int_equal(p.default_action, row->action);
	assert_int_equal(p.default_error, row->error);
	assert_int_equal(p.flags.n, row->flags);
	if (row->flags == 2) /* FLAG_LOG alone would take runc's SPEC_ALLOW away */
		assert_string_equal(p.flags.v[1], "SECCOMP_FILTER_FLAG_SPEC_ALLOW");
	/* what is only observed must not be killed by another architecture's door */
	assert_int_equal(p.archs.n, s == STAGE_OBSERVE && arch_native() == ARCH_X86_64 ? 3 : 1);
	assert_int_equal(p.rules.n, 1);
	policy_release(&p);
}

static void no_stage(void **state)
{
	enum shape_stage s;

	(void)state;
	assert_false(stage_parse("log", &s));
	assert_false(stage_parse("", &s));
}

/* ---- errnos ---- */

static struct errno_row { const char *name, *word; bool fine; int error; } errnos[] = {
	{ "by name", "EPERM", true, EPERM },        { "another", "ENOSYS", true, ENOSYS },
	{ "a number", "38", true, ENOSYS },         { "the highest", "4094", true, 4094 },
	{ "too high", "4096", false, 0 },           { "0 lets the call succeed", "0", false, 0 },
	{ "no name", "ENOTHING", false, 0 },        { "a number with more", "38x", false, 0 },
	{ "negative", "-1", false, 0 },             { "empty", "", false, 0 },
};

static void errno_of(void **state)
{
	const struct errno_row *row = *state;
	int error = 0;

	assert_int_equal(stage_errno_parse(row->word, &error), row->fine);
	if (row->fine)
		assert_int_equal(error, row->error);
}

/* ---- siblings ---- */

static struct sibling_row {
	const char *name, *has[4];
	size_t n;
	const char *want;
} sibling_rows[] = {
	{ "opening", { "openat" }, 1, "open openat2" },
	{ "all of them are there", { "open", "openat", "openat2" }, 3, "" },
	{ "none", { "read", "write" }, 2, "" },
	{ "twins of 32 bit do not exist here", { "futex" }, 1, "" },
	{ "several groups", { "pipe", "dup3" }, 2, "dup2 pipe2" },
	{ "processes", { "clone" }, 1, "clone3 fork vfork" },
};

static void siblings(void **state)
{
	const struct sibling_row *row = *state;
	struct stage_siblings s;
	auto_buf struct buf got = { 0 };
	struct policy p;

	allow(&p, row->has, row->n);
	stage_siblings(&s, &p);
	for (size_t i = 0; i < s.n; i++) {
		buf_printf(&got, "%s%s", i ? " " : "", s.v[i].name);
		assert_true(s.v[i].reason[0] != '\0' && s.v[i].of[0] != '\0');
	}
	assert_string_equal(buf_text(&got), row->want);
	VEC_FREE(&s);
	policy_release(&p);
}

/* The tables name calls that exist somewhere, each in one group of its own. */
static void sibling_table(void **state)
{
	static const struct { const char *reason, *names[12]; } groups[] = {
#define SIBLINGS(reason, ...) { reason, { __VA_ARGS__ } },
#include "analyze/profile/sibling_list.h"
#undef SIBLINGS
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(groups); i++)
		for (size_t k = 0; k < 12 && groups[i].names[k] != NULL; k++) {
			if (!syscall_exists(ARCH_X86_64, groups[i].names[k]) &&
			    !syscall_exists(ARCH_I386, groups[i].names[k]) &&
			    !syscall_exists(0x40000028u, groups[i].names[k]))
				fail_msg("no such call: %s", groups[i].names[k]);
			for (size_t j = 0; j < i; j++)
				for (size_t m = 0; m < 12 && groups[j].names[m] != NULL; m++)
					if (strcmp(groups[j].names[m], groups[i].names[k]) == 0)
						fail_msg("twice: %s", groups[i].names[k]);
		}
}

static void the_highest(void **state)
{
	const char *name = NULL;
	struct policy p;

	(void)state;
	allow(&p, (const char *const[]){ "read", "openat", "close" }, 3);
	assert_int_equal(stage_highest(&p, ARCH_X86_64, &name), 257);
	assert_string_equal(name, "openat");
	policy_release(&p);
}

int main(void)
{
	struct tests t = { 0 };

	ADD_ROWS(&t, stages, stage);
	ADD(&t, no_stage);
	ADD_ROWS(&t, errnos, errno_of);
	ADD_ROWS(&t, sibling_rows, siblings);
	ADD(&t, sibling_table);
	ADD(&t, the_highest);
	return run_rows(&t, "shape");
}
