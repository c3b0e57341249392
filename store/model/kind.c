// SPDX-License-Identifier: Apache-2.0
#include "store/model/kind.h"

static const struct kind_row rows[] = {
#define KIND(id, name, starts, whole, loss, ident, trust, about) { name, starts, whole, loss, ident, trust, about },
#include "store/model/kind_list.h"
#undef KIND
};

static const char names[] =
#define KIND(id, name, starts, whole, loss, ident, trust, about) ", " name
#include "store/model/kind_list.h"
#undef KIND
	;

const struct kind_row *kind_at(enum kind kind)
{
	return &rows[kind];
}

bool kind_of(struct bytes name, enum kind *out)
{
	for (int k = 0; k < N_KINDS; k++) {
		if (!bytes_eq(name, bytes_of(rows[k].name)))
			continue;
		*out = (enum kind)k;
		return true;
	}
	return false;
}

const char *kind_names(void)
{
	return names + 2;
}
