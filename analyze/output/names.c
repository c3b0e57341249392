#include "analyze/output.h"

static int write_names(FILE *to, const struct profile *p, struct err *e)
{
	(void)e;
	for (size_t i = 0; i < p->rules.n; i++)
		fprintf(to, "%s\n", p->rules.v[i].name.p);
	return 0;
}

const struct output output_names = { "names", "the names, one a line", write_names };
