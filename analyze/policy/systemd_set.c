// SPDX-License-Identifier: Apache-2.0
/* Looks names up in systemd's sets, which may hold other sets. */
#include "analyze/policy/systemd_set.h"

#include <string.h>

static const struct { const char *set, *member; } rows[] = {
#define SYSTEMD_SET(set, member) { set, member },
#include "analyze/policy/systemd_set_list.h"
#undef SYSTEMD_SET
};

static bool holds(const char *set, const char *name, unsigned depth)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		if (strcmp(rows[i].set, set) != 0)
			continue;
		if (strcmp(rows[i].member, name) == 0)
			return true;
		if (rows[i].member[0] == '@' && depth > 0 && holds(rows[i].member, name, depth - 1))
			return true;
	}
	return false;
}

bool systemd_set_has(const char *set, const char *name)
{
	return holds(set, name, SYSTEMD_SET_DEPTH);
}

static void add_names(struct policy_words *out, const char *set, unsigned depth)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		if (strcmp(rows[i].set, set) != 0)
			continue;
		if (rows[i].member[0] != '@')
			*VEC_PUSH(out) = rows[i].member;
		else if (depth > 0)
			add_names(out, rows[i].member, depth - 1);
	}
}

void systemd_set_names(struct policy_words *out, const char *set)
{
	add_names(out, set, SYSTEMD_SET_DEPTH);
}

const char *systemd_set_always(size_t i)
{
	for (size_t k = 0; k < ARRAY_SIZE(rows); k++)
		if (strcmp(rows[k].set, "@default") == 0 && i-- == 0)
			return rows[k].member;
	return NULL;
}

bool systemd_set_at(size_t i, const char **set, const char **member)
{
	if (i >= ARRAY_SIZE(rows))
		return false;
	*set = rows[i].set;
	*member = rows[i].member;
	return true;
}
