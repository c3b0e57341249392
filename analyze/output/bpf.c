// SPDX-License-Identifier: Apache-2.0
#include "analyze/output/output.h"

#include "analyze/policy/compile.h"
#include "store/base/esc.h"
#include "store/model/arch.h"

#include <unistd.h>

#define ARCH_LITTLE 0x40000000u /* __AUDIT_ARCH_LE of linux/audit.h */

static int check_program(FILE *to, const struct policy *p, struct err *e)
{
	for (size_t i = 0; i < p->archs.n; i++)
		if ((p->archs.v[i] ^ arch_native()) & ARCH_LITTLE)
			return err_set(e, ST_INPUT,
				       "bpf has this machine's byte order, which is not that of %s",
				       arch_scmp(p->archs.v[i]));
	if (p->flags.n)
		return err_set(e, ST_INPUT,
			       "bpf cannot hold flags, which go to seccomp() beside the program");
	if (fileno(to) >= 0 && isatty(fileno(to)))
		return err_set(e, ST_INPUT, "bpf is binary and this is a terminal: --output FILE");
	return 0;
}

/* An array of struct sock_filter, as seccomp_export_bpf() writes it and bwrap and minijail read it.
 */
static int write_bpf(FILE *to, const struct output_input *in, struct err *e)
{
	struct compiled c = { 0 };
	char shown[80];
	int ret = check_program(to, in->policy, e);

	if (ret == 0)
		ret = compile_policy(&c, in->policy, e);
	if (ret == 0 && c.unknown.n)
		ret = err_set(e, ST_INPUT,
			      "bpf holds numbers, and libseccomp here knows none for %s",
			      esc_word(shown, sizeof(shown), bytes_of(c.unknown.v[0])));
	if (ret == 0)
		fwrite(c.code.v, sizeof(*c.code.v), c.code.n, to);
	compile_release(&c);
	return ret;
}

const struct output output_bpf = {
	.name = "bpf", .about = "the program itself, for bwrap --seccomp and minijail",
	.cannot = "flags, names that libseccomp here has no number for, the other byte order",
	.write = write_bpf, .args = true,
};
