// SPDX-License-Identifier: Apache-2.0
/* The runtime-spec's linux.seccomp with what Docker and containers/common add, from parsed JSON or
 * YAML. */
#include "analyze/input/input.h"
#include "store/base/esc.h"
#include "store/model/action.h"
#include "store/model/arch.h"

#include <inttypes.h>

#define PATH_ROOM 160
#define FLAGS_MAX 64 /* there are four */

static int bad_word(const struct reading *r, const char *path, const char *what, const char *word)
{
	char shown[80];

	return input_bad(r, path, "%s: %s", what, esc_word(shown, sizeof(shown), bytes_of(word)));
}

/* ---- values ---- */

/* The text of a member, NULL where it is missing. -1: it is no text, or holds a NUL. */
static int text_of(const struct reading *r, json_object *o, const char *path, const char **out)
{
	*out = NULL;
	if (o == NULL)
		return 0;
	if (!json_object_is_type(o, json_type_string))
		return input_bad(r, path, "not a text");
	*out = json_object_get_string(o);
	if (strlen(*out) != (size_t)json_object_get_string_len(o))
		return input_bad(r, path, "a NUL in it");
	return 0;
}

static int array_of(const struct reading *r, json_object *o, const char *path, size_t *n)
{
	*n = 0;
	if (o == NULL)
		return 0;
	if (!json_object_is_type(o, json_type_array))
		return input_bad(r, path, "not a list");
	*n = json_object_array_length(o);
	return 0;
}

/* A number up to 2^64 - 1; *there: the member is. */
static int number_of(const struct reading *r, json_object *o, const char *path, uint64_t max,
		     uint64_t *out, bool *there)
{
	*there = o != NULL;
	if (o == NULL)
		return 0;
	if (!json_object_is_type(o, json_type_int) || json_object_get_int64(o) < 0)
		return input_bad(r, path, "not a number from 0 to %" PRIu64, max);
	*out = json_object_get_uint64(o);
	return *out <= max ? 0 : input_bad(r, path, "not a number from 0 to %" PRIu64, max);
}

static json_object *member(json_object *of, const char *name)
{
	json_object *out = NULL;

	json_object_object_get_ex(of, name, &out);
	return out;
}

static int action_at(const struct reading *r, json_object *o, const char *path, uint32_t *out)
{
	const char *word;

	if (text_of(r, o, path, &word) < 0)
		return -1;
	if (word == NULL)
		return input_bad(r, path, "missing");
	return action_parse(word, out) && strncmp(word, "SCMP_ACT_", 9) == 0 ?
		       0 :
		       bad_word(r, path, "no such action", word);
}

/* containers/common's: a name, or a number in a text. *out stays where it is missing. */
static int errno_name_at(const struct reading *r, json_object *o, const char *path, int *out)
{
	int number = *out, got = 0;
	const char *word;

	if (text_of(r, o, path, &word) < 0)
		return -1;
	if (word == NULL || word[0] == '\0')
		return 0;
	if (!input_errno(bytes_of(word), &got))
		return bad_word(r, path, "no such errno", word);
	if (number != POLICY_NO_ERRNO && number != got)
		return input_bad(
			r, path,
			"not the errno that the number beside it says: loaders would differ");
	*out = got;
	return 0;
}

/* Runtimes pass over a number that means nothing: the profile is read without it. */
static void pass_over(const struct reading *r, const char *path, uint32_t action, int *out)
{
	char shown[PATH_ROOM + 40];

	snprintf(shown, sizeof(shown), "%s beside %s", path, action_scmp(action));
	policy_idle(
		r->p,
		"%s means nothing: runc, Docker and containers/common pass over it, crun refuses the profile",
		shown);
	if (r->p->idle_errno == NULL)
		r->p->idle_errno = policy_keep(r->p, shown);
	*out = POLICY_NO_ERRNO;
}

/*
 * What an action answers: `number` in the runtime-spec's member, `name` in containers/common's.
 * source: getErrnoRet and actions in runc's libcontainer/seccomp/seccomp_linux.go;
 * libcrun/seccomp.c of crun
 */
static int errno_at(const struct reading *r, json_object *of, const char *at, const char *number,
		    const char *name, uint32_t action, int *out)
{
	bool there, takes = action == (uint32_t)ACTION_ERRNO || action == (uint32_t)ACTION_TRACE;
	char path[PATH_ROOM];
	uint64_t v = 0;

	*out = POLICY_NO_ERRNO;
	snprintf(path, sizeof(path), "%s%s", at, number);
	if (number_of(r, member(of, number), path, UINT16_MAX, &v, &there) < 0)
		return -1;
	if (there && !takes)
		pass_over(r, path, action, out);
	else if (there)
		*out = (int)v;
	snprintf(path, sizeof(path), "%s%s", at, name);
	if (errno_name_at(r, member(of, name), path, out) < 0)
		return -1;
	if (*out != POLICY_NO_ERRNO && (takes ? !there && action != (uint32_t)ACTION_ERRNO : true))
		pass_over(r, path, action, out);
	return 0;
}

/* Members that nobody here knows are said: a condition with a slip in its name would widen a rule.
 */
static void say_unread(const struct reading *r, json_object *o, const char *at,
		       const char *const *known, size_t n)
{
	json_object_object_foreach(o, key, value) {
		char shown[60];
		size_t i = 0;

		while (i < n && strcmp(key, known[i]) != 0)
			i++;
		if (i == n && value != NULL)
			policy_unread(r->p, "%s%s is not read", at,
				      esc_word(shown, sizeof(shown), bytes_of(key)));
	}
}

/* ---- rules ---- */

static int read_arg(const struct reading *r, json_object *o, const char *path,
		    struct policy_arg *out)
{
	uint64_t index = 0;
	const char *op;
	bool there;

	*out = (struct policy_arg){ 0 };
	if (!json_object_is_type(o, json_type_object))
		return input_bad(r, path, "not an object");
	if (number_of(r, member(o, "index"), path, 5, &index, &there) < 0)
		return -1;
	if (!there)
		return input_bad(r, path, "no index");
	out->index = (unsigned)index;
	if (number_of(r, member(o, "value"), path, UINT64_MAX, &out->value, &there) < 0)
		return -1;
	if (!there)
		return input_bad(r, path, "no value");
	if (number_of(r, member(o, "valueTwo"), path, UINT64_MAX, &out->two, &there) < 0 ||
	    text_of(r, member(o, "op"), path, &op) < 0)
		return -1;
	if (op != NULL && policy_op_parse(op, &out->op))
		return 0;
	return op == NULL ? input_bad(r, path, "no op") : bad_word(r, path, "no such op", op);
}

static int read_names(const struct reading *r, json_object *o, const char *path,
		      struct policy_rule *rule)
{
	json_object *names = member(o, "names");
	const char *word = NULL;
	size_t n;

	/* before Docker 1.13 a rule had one name */
	if (names != NULL && member(o, "name") != NULL)
		return input_bad(r, path, "'name' beside 'names', which Docker refuses");
	if (names == NULL && text_of(r, member(o, "name"), path, &word) < 0)
		return -1;
	if (names == NULL && word != NULL) {
		*VEC_PUSH(&rule->names) = policy_keep(r->p, word);
		return 0;
	}
	if (array_of(r, names, path, &n) < 0)
		return -1;
	if (n == 0)
		return input_bad(r, path, "no names");
	for (size_t i = 0; i < n; i++) {
		char at[PATH_ROOM];

		snprintf(at, sizeof(at), "%s.names[%zu]", path, i);
		if (text_of(r, json_object_array_get_idx(names, i), at, &word) < 0)
			return -1;
		if (word == NULL)
			return input_bad(r, at, "not a text");
		*VEC_PUSH(&rule->names) = policy_keep(r->p, word);
	}
	return 0;
}

static int read_words(const struct reading *r, json_object *list, const char *path,
		      struct policy_words *out)
{
	const char *word;
	size_t n;

	if (array_of(r, list, path, &n) < 0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		if (text_of(r, json_object_array_get_idx(list, i), path, &word) < 0)
			return -1;
		if (word == NULL)
			return input_bad(r, path, "not a text");
		*VEC_PUSH(out) = policy_keep(r->p, word);
	}
	return 0;
}

/* "4.8": two numbers, not both 0, as Docker has it. */
static int kernel_at(const struct reading *r, json_object *o, const char *path,
		     struct policy_kernel *out)
{
	const char *word;

	if (text_of(r, o, path, &word) < 0)
		return -1;
	return word == NULL || word[0] == '\0' || policy_kernel_parse(word, out) ?
		       0 :
		       bad_word(r, path, "no version of a kernel, as 4.8 is", word);
}

static int read_when(const struct reading *r, json_object *o, const char *at,
		     struct policy_when *out)
{
	static const char *const known[] = { "caps", "arches", "minKernel" };
	char path[PATH_ROOM];

	if (o == NULL)
		return 0;
	if (!json_object_is_type(o, json_type_object))
		return input_bad(r, at, "not an object");
	snprintf(path, sizeof(path), "%s.", at);
	say_unread(r, o, path, known, ARRAY_SIZE(known));
	snprintf(path, sizeof(path), "%s.caps", at);
	if (read_words(r, member(o, "caps"), path, &out->caps) < 0)
		return -1;
	snprintf(path, sizeof(path), "%s.arches", at);
	if (read_words(r, member(o, "arches"), path, &out->archs) < 0)
		return -1;
	snprintf(path, sizeof(path), "%s.minKernel", at);
	return kernel_at(r, member(o, "minKernel"), path, &out->kernel);
}

static int read_args(const struct reading *r, json_object *list, const char *path,
		     struct policy_rule *rule)
{
	char at[PATH_ROOM];
	size_t n;

	snprintf(at, sizeof(at), "%s.args", path);
	if (array_of(r, list, at, &n) < 0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		snprintf(at, sizeof(at), "%s.args[%zu]", path, i);
		if (read_arg(r, json_object_array_get_idx(list, i), at, VEC_PUSH(&rule->args)) < 0)
			return -1;
	}
	return 0;
}

static int read_rule(const struct reading *r, json_object *o, const char *path)
{
	static const char *const known[] = { "names", "name",	 "action",   "errnoRet", "errno",
					     "args",  "comment", "includes", "excludes" };
	struct policy_rule *rule = policy_add_rule(r->p, 0, POLICY_NO_ERRNO);
	char dot[PATH_ROOM], at[PATH_ROOM];

	if (!json_object_is_type(o, json_type_object))
		return input_bad(r, path, "not an object");
	snprintf(dot, sizeof(dot), "%s.", path);
	say_unread(r, o, dot, known, ARRAY_SIZE(known));
	snprintf(at, sizeof(at), "%s.action", path);
	if (read_names(r, o, path, rule) < 0 ||
	    action_at(r, member(o, "action"), at, &rule->action) < 0 ||
	    errno_at(r, o, dot, "errnoRet", "errno", rule->action, &rule->error) < 0 ||
	    read_args(r, member(o, "args"), path, rule) < 0)
		return -1;
	snprintf(at, sizeof(at), "%s.includes", path);
	if (read_when(r, member(o, "includes"), at, &rule->includes) < 0)
		return -1;
	snprintf(at, sizeof(at), "%s.excludes", path);
	if (read_when(r, member(o, "excludes"), at, &rule->excludes) < 0)
		return -1;
	snprintf(at, sizeof(at), "%s.comment", path);
	if (text_of(r, member(o, "comment"), at, &rule->comment) < 0)
		return -1;
	rule->comment = rule->comment == NULL || rule->comment[0] == '\0' ?
				NULL :
				policy_keep(r->p, rule->comment);
	return 0;
}

/* ---- the whole ---- */

static int arch_at(const struct reading *r, json_object *o, const char *path, uint32_t *out)
{
	const char *word;

	*out = 0;
	if (text_of(r, o, path, &word) < 0)
		return -1;
	if (word == NULL || !arch_parse(word, out))
		return bad_word(r, path, "no such architecture", word ? word : "null");
	r->p->native |= strcmp(word, "SCMP_ARCH_NATIVE") == 0;
	return 0;
}

static int read_archs(const struct reading *r, json_object *list, const char *path,
		      struct policy_archs *out)
{
	size_t n;

	if (array_of(r, list, path, &n) < 0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		uint32_t arch;

		if (arch_at(r, json_object_array_get_idx(list, i), path, &arch) < 0)
			return -1;
		*VEC_PUSH(out) = arch;
	}
	return 0;
}

static int read_families(const struct reading *r, json_object *list, const char *at)
{
	char path[PATH_ROOM];
	size_t n;

	snprintf(path, sizeof(path), "%sarchMap", at);
	if (array_of(r, list, path, &n) < 0)
		return -1;
	if (n > 0 && r->p->archs.n > 0)
		return input_bad(r, path, "beside 'architectures', which Docker refuses");
	for (size_t i = 0; i < n; i++) {
		json_object *o = json_object_array_get_idx(list, i);
		struct policy_family *f = VEC_PUSH(&r->p->families);

		*f = (struct policy_family){ 0 };
		snprintf(path, sizeof(path), "%sarchMap[%zu]", at, i);
		if (!json_object_is_type(o, json_type_object))
			return input_bad(r, path, "not an object");
		if (arch_at(r, member(o, "architecture"), path, &f->arch) < 0 ||
		    read_archs(r, member(o, "subArchitectures"), path, &f->subs) < 0)
			return -1;
	}
	return 0;
}

static int read_head(const struct reading *r, json_object *root, const char *at)
{
	struct policy *p = r->p;
	char path[PATH_ROOM];

	snprintf(path, sizeof(path), "%sdefaultAction", at);
	if (action_at(r, member(root, "defaultAction"), path, &p->default_action) < 0 ||
	    errno_at(r, root, at, "defaultErrnoRet", "defaultErrno", p->default_action,
		     &p->default_error) < 0)
		return -1;
	snprintf(path, sizeof(path), "%sarchitectures", at);
	if (read_archs(r, member(root, "architectures"), path, &p->archs) < 0 ||
	    read_families(r, member(root, "archMap"), at) < 0)
		return -1;
	snprintf(path, sizeof(path), "%sflags", at);
	p->has_flags = member(root, "flags") != NULL;
	if (read_words(r, member(root, "flags"), path, &p->flags) < 0)
		return -1;
	return p->flags.n <= FLAGS_MAX ? 0 : input_bad(r, path, "more than %d", FLAGS_MAX);
}

int input_object(const struct reading *r, json_object *root, const char *at)
{
	static const char *const known[] = {
		"defaultAction", "defaultErrnoRet", "defaultErrno", "architectures",   "archMap",
		"flags",	 "syscalls",	    "listenerPath", "listenerMetadata"
	};
	const char *listener;
	json_object *rules;
	char path[PATH_ROOM / 2]; /* what is put behind it has room */
	size_t n;

	if (root == NULL || !json_object_is_type(root, json_type_object))
		return err_set(r->e, ST_INPUT, "%s: no seccomp profile: not an object", r->file);
	if (read_head(r, root, at) < 0)
		return -1;
	snprintf(path, sizeof(path), "%slistenerPath", at);
	if (text_of(r, member(root, "listenerPath"), path, &listener) < 0)
		return -1;
	r->p->listener = listener != NULL && listener[0] != '\0';
	say_unread(r, root, at, known, ARRAY_SIZE(known));
	rules = member(root, "syscalls");
	snprintf(path, sizeof(path), "%ssyscalls", at);
	if (array_of(r, rules, path, &n) < 0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		snprintf(path, sizeof(path), "%ssyscalls[%zu]", at, i);
		if (read_rule(r, json_object_array_get_idx(rules, i), path) < 0)
			return -1;
	}
	return 0;
}
