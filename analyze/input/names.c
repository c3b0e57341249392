// SPDX-License-Identifier: Apache-2.0
/* A list of names, one a line: all else is refused with EPERM, as `--format names` of a list of allowed calls means. */
#include "analyze/input/input.h"
#include "store/model/action.h"
#include "store/model/syscall.h"

#include <errno.h>

static bool is_names(struct bytes text)
{
	struct bytes first = input_first(text, "#");

	return input_is_name(first);
}

static int read_names(struct policy *p, struct bytes text, const char *file, struct err *e)
{
	struct reading r = { .p = p, .file = file, .e = e };
	struct policy_rule *rule;
	struct bytes line;
	bool known = false;

	p->default_action = ACTION_ERRNO;
	p->default_error = EPERM;
	rule = policy_add_rule(p, ACTION_ALLOW, POLICY_NO_ERRNO);
	while (input_line(&r, &text, &line)) {
		bytes_trim_left(&line);
		if (line.n == 0 || line.p[0] == '#')
			continue;
		if (!input_is_name(line))
			return input_bad_word(&r, "no name of a call", line);
		*VEC_PUSH(&rule->names) = input_keep(p, line);
		known = known || syscall_is_known(rule->names.v[rule->names.n - 1]);
	}
	if (rule->names.n && !known)
		return err_set(e, ST_INPUT, "%s: no profile in a format that is read, nor any name of a call", file);
	return rule->names.n ? 0 : err_set(e, ST_INPUT, "%s: no names in it", file);
}

const struct input input_names = { "names", "the names of allowed calls, one a line", is_names, read_names };
