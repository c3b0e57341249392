// SPDX-License-Identifier: Apache-2.0
#include "analyze/policy/danger.h"

#include "store/base/mem.h"

static const struct { const char *name, *why; } dangers[] = {
#define DANGER(name, why) { name, why },
#include "analyze/policy/danger_list.h"
#undef DANGER
};

const char *danger_of(struct bytes name)
{
	for (size_t i = 0; i < ARRAY_SIZE(dangers); i++)
		if (bytes_eq(name, bytes_of(dangers[i].name)))
			return dangers[i].why;
	return NULL;
}
