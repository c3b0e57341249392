/* Formats that a profile is written in. A new one is one file in analyze/output/ and one row in output_list.h. */
#ifndef ANALYZE_OUTPUT_H
#define ANALYZE_OUTPUT_H

#include "analyze/profile.h"
#include "store/base/err.h"

#include <stdio.h>

struct output {
	const char *name, *about;
	int (*write)(FILE *to, const struct profile *p, struct err *e);
};

/* The format of a name; NULL. output_at: the i-th; NULL at the end. */
const struct output *output_find(const char *name);
const struct output *output_at(size_t i);

#endif
