// SPDX-License-Identifier: Apache-2.0
#include "store/model/action.h"

#include "store/base/mem.h"

#include <string.h>
#include <strings.h>

static const struct { uint32_t value; const char *scmp, *word; } rows[] = {
#define ACTION(id, value, scmp, word) { value, scmp, word },
#include "store/model/action_list.h"
#undef ACTION
};

bool action_kills(uint32_t action)
{
	switch (action) {
	case ACTION_LOG:
	case ACTION_ERRNO:
	case ACTION_TRAP:
	case ACTION_TRACE:
	case ACTION_NOTIFY:
	case ACTION_ALLOW:
		return false;
	default:
		return true;
	}
}

const char *action_word(uint32_t action)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (rows[i].value == action)
			return rows[i].word;
	return "unknown";
}

const char *action_scmp(uint32_t action)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (rows[i].value == action)
			return rows[i].scmp;
	return NULL;
}

bool action_parse(const char *text, uint32_t *action)
{
	if (strcasecmp(text, "SCMP_ACT_KILL") == 0 || strcasecmp(text, "kill") == 0) {
		*action = ACTION_KILL_THREAD;
		return true;
	}
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		if (strcasecmp(text, rows[i].scmp) != 0 && strcasecmp(text, rows[i].word) != 0)
			continue;
		*action = rows[i].value;
		return true;
	}
	return false;
}
