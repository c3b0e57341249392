// SPDX-License-Identifier: Apache-2.0
#include "analyze/output/output.h"
#include "analyze/output/flat.h"
#include "store/base/esc.h"
#include "store/model/action.h"

/* What is read as a list of names: those that are allowed. The default and architectures have no
 * place in it. */
static int write_names(FILE *to, const struct output_input *in, struct err *e)
{
	const struct policy *p = in->policy;
	char shown[80];

	for (size_t i = 0; i < p->rules.n; i++)
		if (p->rules.v[i].action != ACTION_ALLOW || p->rules.v[i].args.n)
			return err_set(
				e, ST_INPUT,
				"names: a list of names is of what is allowed, whatever the arguments");
	if (p->rules.n == 0)
		return err_set(e, ST_INPUT, "names: there is no name in the list");
	for (size_t i = 0; i < p->rules.n; i++)
		for (size_t k = 0; k < p->rules.v[i].names.n; k++)
			if (!flat_is_word(p->rules.v[i].names.v[k]))
				return err_set(e, ST_INPUT, "names: '%s' is no name of a call",
					       esc_word(shown, sizeof(shown),
							bytes_of(p->rules.v[i].names.v[k])));
	for (size_t i = 0; i < p->rules.n; i++)
		for (size_t k = 0; k < p->rules.v[i].names.n; k++)
			fprintf(to, "%s\n", p->rules.v[i].names.v[k]);
	return 0;
}

const struct output output_names = {
	.name = "names", .about = "the names, one a line",
	.cannot = "what is not allowed, conditions; the default and architectures have no place in "
		  "it",
	.write = write_names,
};
