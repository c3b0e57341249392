// SPDX-License-Identifier: Apache-2.0
/*
 * Profile files: any bytes are read or refused with one line; what was read is settled and
 * compiled, or refused. The first byte is the number of the reader, '0' on; behind any other the
 * content decides.
 */
#include "analyze/policy/compile.h"
#include "analyze/policy/diff.h"
#include "analyze/input/input.h"
#include "analyze/policy/lint.h"
#include "analyze/policy/resolve.h"

#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);
const char *__lsan_default_suppressions(void);

/* libseccomp 2.5.4 loses two nodes where it merges the conditions of many rules for one call; what
 * it is given is released. */
const char *__lsan_default_suppressions(void)
{
	return "leak:libseccomp\n";
}

static void must(bool fine, const char *what)
{
	if (fine)
		return;
	fprintf(stderr, "broken: %s\n", what);
	abort();
}

/* What was read is the same as itself, and can be looked at. */
static void look_at(const struct policy *p)
{
	struct diff d;
	struct lint l;
	struct err e = { 0 };

	diff_build(&d, p, p, false);
	must(d.entries.n == 0, "a policy that differs from itself");
	diff_release(&d);
	lint_policy(&l, p, target_find("runc-1.1", &e));
	for (size_t i = 0; i < l.findings.n; i++)
		must(strpbrk(l.findings.v[i].what, "\n\033") == NULL,
		     "a finding that is not one line");
	lint_release(&l);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static const char *const caps[] = { "CAP_SYS_ADMIN", "CAP_BPF" };
	struct resolve_machine at = { .caps_known = true, .kernel = { 4, 8 }, .arch = 0xc000003e };
	struct bytes text = { (const char *)data, n };
	const struct input *in = n == 0 || data[0] < '0' ? NULL : input_at((size_t)(data[0] - '0'));
	struct policy p;
	struct compiled c = { 0 };
	struct err e = { 0 };

	bytes_skip(&text, 1);
	for (size_t i = 0; i < ARRAY_SIZE(caps); i++)
		*VEC_PUSH(&at.caps) = caps[i];
	if (input_policy(&p, text, "file", in ? in->name : NULL, &e) < 0 ||
	    resolve_policy(&p, &at, &e) < 0)
		must(e.msg[0] != '\0' && strchr(e.msg, '\n') == NULL &&
			     strchr(e.msg, '\033') == NULL,
		     "a refusal that is not one line");
	else if (look_at(&p), compile_policy(&c, &p, &e) < 0)
		must(e.msg[0] != '\0', "no reason");
	else
		must(c.code.n > 0 && c.code.n <= BPF_MAXINSNS, "an empty filter");
	for (size_t i = 0; i < p.unread.n; i++)
		must(strchr(p.unread.v[i], '\n') == NULL && strchr(p.unread.v[i], '\033') == NULL,
		     "a note that is not one line");
	resolve_machine_release(&at);
	compile_release(&c);
	policy_release(&p);
	return 0;
}
