// SPDX-License-Identifier: Apache-2.0
#include "analyze/output/output.h"

#include "analyze/output/provenance.h"
#include "analyze/policy/compile.h"
#include "store/base/esc.h"

/* libseccomp's own text of the filter, for people to read. */
static int write_pfc(FILE *to, const struct output_input *in, struct err *e)
{
	auto_buf struct buf text = { 0 };
	struct compiled c = { 0 };
	char shown[80];
	int ret =
		in->policy->flags.n ?
			err_set(e, ST_INPUT,
				"pfc cannot hold flags, which go to seccomp() beside the program") :
			0;

	if (ret == 0)
		ret = compile_pfc(&c, &text, in->policy, e);
	if (ret == 0 && c.unknown.n)
		ret = err_set(e, ST_INPUT,
			      "pfc is libseccomp's text, and libseccomp here does not know %s",
			      esc_word(shown, sizeof(shown), bytes_of(c.unknown.v[0])));
	if (ret == 0) {
		provenance_write(to, in, "# ");
		fwrite(text.p, 1, text.n, to);
	}
	compile_release(&c);
	return ret;
}

const struct output output_pfc = {
	.name = "pfc", .about = "libseccomp's pseudo code, for people",
	.cannot = "flags, names that libseccomp here has no number for, the other byte order",
	.write = write_pfc, .args = true,
};
