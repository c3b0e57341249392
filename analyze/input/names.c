// SPDX-License-Identifier: Apache-2.0
/* A list of names, one a line: all else is refused with EPERM, as `--format names` of a list of
 * allowed calls means. */
#include "analyze/input/input.h"
#include "store/model/action.h"
#include "store/model/syscall.h"

#include <errno.h>
#include <strings.h>

static bool is_names(struct bytes text)
{
	struct bytes first = input_first(text, "#");

	return input_is_name(first) && !bytes_digit(first.p[0]);
}

/* Words by which other formats say what a list of names means: here they would turn one that denies
 * into one that allows. */
static bool is_word_of_lists(struct bytes word)
{
	static const char *const words[] = { "allowlist", "denylist",
					     "whitelist", "blacklist",
					     "allow",	  "deny",
					     "errno",	  "trap",
					     "default",	  "policy",
					     "log",	  "notify",
					     "all",	  "reject_force_umount" };

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (word.n == strlen(words[i]) && strncasecmp(word.p, words[i], word.n) == 0)
			return true;
	return bytes_starts(word, BYTES("SCMP_"));
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
		if (!input_is_name(line) || bytes_digit(line.p[0]))
			return input_bad_word(&r, "no name of a call", line);
		if (is_word_of_lists(line))
			return input_bad_word(
				&r,
				"a word of lists that may deny, as LXC's; --format names allows its names, so it has none",
				line);
		*VEC_PUSH(&rule->names) = input_keep(p, line);
		known = known || syscall_is_known(rule->names.v[rule->names.n - 1]);
	}
	if (rule->names.n && !known)
		return err_set(e, ST_INPUT,
			       "%s: no profile in a format that is read, nor any name of a call",
			       file);
	return rule->names.n ? 0 : err_set(e, ST_INPUT, "%s: no names in it", file);
}

const struct input input_names = { "names", "the names of allowed calls, one a line", is_names,
				   read_names };
