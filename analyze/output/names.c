#include "analyze/output.h"
#include "analyze/plain.h"
#include "store/base/esc.h"

/* One list has one meaning: what is allowed, or for a list that denies, what is denied. */
static int write_names(FILE *to, const struct output_input *in, struct err *e)
{
	const struct policy *p = in->policy;
	char shown[80];

	for (size_t i = 0; i < p->rules.n; i++)
		if (p->rules.v[i].action != p->rules.v[0].action || p->rules.v[i].args.n)
			return err_set(e, ST_INPUT, "a list of names has one action and no conditions on arguments");
	for (size_t i = 0; i < p->rules.n; i++)
		for (size_t k = 0; k < p->rules.v[i].names.n; k++)
			if (!plain_is_word(p->rules.v[i].names.v[k]))
				return err_set(e, ST_INPUT, "names: '%s' is no name of a call",
					       esc_word(shown, sizeof(shown), bytes_of(p->rules.v[i].names.v[k])));
	for (size_t i = 0; i < p->rules.n; i++)
		for (size_t k = 0; k < p->rules.v[i].names.n; k++)
			fprintf(to, "%s\n", p->rules.v[i].names.v[k]);
	return 0;
}

const struct output output_names = { .name = "names", .about = "the names, one a line", .write = write_names };
