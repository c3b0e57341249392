// SPDX-License-Identifier: Apache-2.0
#include "analyze/output/output.h"

#define OUTPUT(id) extern const struct output output_##id;
#include "analyze/output/output_list.h"
#undef OUTPUT

static const struct output *const outputs[] = {
#define OUTPUT(id) &output_##id,
#include "analyze/output/output_list.h"
#undef OUTPUT
};

const struct output *output_at(size_t i)
{
	return i < ARRAY_SIZE(outputs) ? outputs[i] : NULL;
}

const struct output *output_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(outputs); i++)
		if (strcmp(outputs[i]->name, name) == 0)
			return outputs[i];
	return NULL;
}
