#include "analyze/policy.h"

#include "store/base/esc.h"
#include "store/model/action.h"
#include "store/model/arch.h"

#include <inttypes.h>
#include <json-c/json.h>
#include <stdarg.h>

struct reading {
	struct policy *p;
	const char *file;
	struct err *e;
};

/* "FILE: syscalls[3].action: reason" */
static int bad(const struct reading *r, const char *path, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
static int bad(const struct reading *r, const char *path, const char *fmt, ...)
{
	char reason[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(reason, sizeof(reason), fmt, ap);
	va_end(ap);
	return err_set(r->e, ST_INPUT, "%s: %s: %s", r->file, path, reason);
}

static int bad_word(const struct reading *r, const char *path, const char *what, const char *word)
{
	char shown[80];

	return bad(r, path, "%s: %s", what, esc_word(shown, sizeof(shown), bytes_of(word)));
}

/* ---- values ---- */

/* The text of a member, NULL where it is missing. -1: it is no text, or holds a NUL. */
static int text_of(const struct reading *r, json_object *o, const char *path, const char **out)
{
	*out = NULL;
	if (o == NULL)
		return 0;
	if (!json_object_is_type(o, json_type_string))
		return bad(r, path, "not a text");
	*out = json_object_get_string(o);
	if (strlen(*out) != (size_t)json_object_get_string_len(o))
		return bad(r, path, "a NUL in it");
	return 0;
}

static int array_of(const struct reading *r, json_object *o, const char *path, size_t *n)
{
	*n = 0;
	if (o == NULL)
		return 0;
	if (!json_object_is_type(o, json_type_array))
		return bad(r, path, "not a list");
	*n = json_object_array_length(o);
	return 0;
}

/* A number up to 2^64 - 1; *there: the member is. */
static int number_of(const struct reading *r, json_object *o, const char *path, uint64_t max, uint64_t *out, bool *there)
{
	*there = o != NULL;
	if (o == NULL)
		return 0;
	if (!json_object_is_type(o, json_type_int) || json_object_get_int64(o) < 0)
		return bad(r, path, "not a number from 0 to %" PRIu64, max);
	*out = json_object_get_uint64(o);
	return *out <= max ? 0 : bad(r, path, "not a number from 0 to %" PRIu64, max);
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
		return bad(r, path, "missing");
	return action_parse(word, out) && strncmp(word, "SCMP_ACT_", 9) == 0 ? 0 : bad_word(r, path, "no such action", word);
}

static int errno_at(const struct reading *r, json_object *o, const char *path, uint32_t action, int *out)
{
	uint64_t v = 0;
	bool there;

	*out = POLICY_NO_ERRNO;
	if (number_of(r, o, path, UINT16_MAX, &v, &there) < 0)
		return -1;
	if (!there)
		return 0;
	if (action != (uint32_t)ACTION_ERRNO && action != (uint32_t)ACTION_TRACE)
		return bad(r, path, "%s takes no number", action_scmp(action));
	*out = (int)v;
	return 0;
}

/* ---- rules ---- */

static int read_arg(const struct reading *r, json_object *o, const char *path, struct policy_arg *out)
{
	uint64_t index = 0;
	const char *op;
	bool there;

	*out = (struct policy_arg){ 0 };
	if (!json_object_is_type(o, json_type_object))
		return bad(r, path, "not an object");
	if (number_of(r, member(o, "index"), path, 5, &index, &there) < 0)
		return -1;
	if (!there)
		return bad(r, path, "no index");
	out->index = (unsigned)index;
	if (number_of(r, member(o, "value"), path, UINT64_MAX, &out->value, &there) < 0)
		return -1;
	if (!there)
		return bad(r, path, "no value");
	if (number_of(r, member(o, "valueTwo"), path, UINT64_MAX, &out->two, &there) < 0 || text_of(r, member(o, "op"), path, &op) < 0)
		return -1;
	if (op != NULL && policy_op_parse(op, &out->op))
		return 0;
	return op == NULL ? bad(r, path, "no op") : bad_word(r, path, "no such op", op);
}

static int read_names(const struct reading *r, json_object *o, const char *path, struct policy_rule *rule)
{
	json_object *names = member(o, "names");
	const char *word = NULL;
	size_t n;

	/* before Docker 1.13 a rule had one name */
	if (names == NULL && text_of(r, member(o, "name"), path, &word) < 0)
		return -1;
	if (names == NULL && word != NULL) {
		*VEC_PUSH(&rule->names) = policy_keep(r->p, word);
		return 0;
	}
	if (array_of(r, names, path, &n) < 0)
		return -1;
	if (n == 0)
		return bad(r, path, "no names");
	for (size_t i = 0; i < n; i++) {
		char at[128];

		snprintf(at, sizeof(at), "%s.names[%zu]", path, i);
		if (text_of(r, json_object_array_get_idx(names, i), at, &word) < 0)
			return -1;
		if (word == NULL)
			return bad(r, at, "not a text");
		*VEC_PUSH(&rule->names) = policy_keep(r->p, word);
	}
	return 0;
}

static int read_rule(const struct reading *r, json_object *o, const char *path)
{
	static const char *const conditions[] = { "includes", "excludes" };
	struct policy_rule *rule = VEC_PUSH(&r->p->rules);
	char at[128];
	size_t n;

	*rule = (struct policy_rule){ .error = POLICY_NO_ERRNO };
	if (!json_object_is_type(o, json_type_object))
		return bad(r, path, "not an object");
	for (size_t i = 0; i < ARRAY_SIZE(conditions); i++)
		if (member(o, conditions[i]) != NULL && json_object_object_length(member(o, conditions[i])) > 0)
			return bad(r, path, "'%s' is Docker's condition for its own use, and not read here", conditions[i]);
	if (read_names(r, o, path, rule) < 0)
		return -1;
	snprintf(at, sizeof(at), "%s.action", path);
	if (action_at(r, member(o, "action"), at, &rule->action) < 0)
		return -1;
	snprintf(at, sizeof(at), "%s.errnoRet", path);
	if (errno_at(r, member(o, "errnoRet"), at, rule->action, &rule->error) < 0 || array_of(r, member(o, "args"), path, &n) < 0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		snprintf(at, sizeof(at), "%s.args[%zu]", path, i);
		if (read_arg(r, json_object_array_get_idx(member(o, "args"), i), at, VEC_PUSH(&rule->args)) < 0)
			return -1;
	}
	return 0;
}

/* ---- the whole ---- */

static int read_archs(const struct reading *r, json_object *list)
{
	size_t n;

	if (array_of(r, list, "architectures", &n) < 0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		const char *word;
		uint32_t arch;

		if (text_of(r, json_object_array_get_idx(list, i), "architectures", &word) < 0)
			return -1;
		if (word == NULL || !arch_parse(word, &arch))
			return bad_word(r, "architectures", "no such architecture", word ? word : "null");
		*VEC_PUSH(&r->p->archs) = arch;
	}
	return 0;
}

static int read_flags(const struct reading *r, json_object *list)
{
	const char *word;
	size_t n;

	if (array_of(r, list, "flags", &n) < 0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		if (text_of(r, json_object_array_get_idx(list, i), "flags", &word) < 0)
			return -1;
		if (word == NULL)
			return bad(r, "flags", "not a text");
		*VEC_PUSH(&r->p->flags) = policy_keep(r->p, word);
	}
	return 0;
}

static int read_all(const struct reading *r, json_object *root)
{
	json_object *rules;
	size_t n;

	if (json_object_is_type(root, json_type_object) && member(root, "linux") != NULL)
		root = member(member(root, "linux"), "seccomp");
	if (root == NULL || !json_object_is_type(root, json_type_object))
		return err_set(r->e, ST_INPUT, "%s: no seccomp profile: not an object", r->file);
	if (action_at(r, member(root, "defaultAction"), "defaultAction", &r->p->default_action) < 0 ||
	    errno_at(r, member(root, "defaultErrnoRet"), "defaultErrnoRet", r->p->default_action, &r->p->default_error) < 0 ||
	    read_archs(r, member(root, "architectures")) < 0 || read_flags(r, member(root, "flags")) < 0)
		return -1;
	if (member(root, "archMap") != NULL)
		return bad(r, "archMap", "Docker's own, and not read here: name the architectures");
	rules = member(root, "syscalls");
	if (array_of(r, rules, "syscalls", &n) < 0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		char path[40];

		snprintf(path, sizeof(path), "syscalls[%zu]", i);
		if (read_rule(r, json_object_array_get_idx(rules, i), path) < 0)
			return -1;
	}
	return 0;
}

/* Which line a byte is on, from 1. */
static size_t line_at(struct bytes text, size_t at)
{
	size_t line = 1;

	for (size_t i = 0; i < at && i < text.n; i++)
		line += text.p[i] == '\n';
	return line;
}

int policy_read_oci(struct policy *p, struct bytes text, const char *file, struct err *e)
{
	struct reading r = { p, file, e };
	json_tokener *reader = json_tokener_new();
	json_object *root;
	int ret;

	json_tokener_set_flags(reader, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8); /* strict: nothing may come behind it */
	root = json_tokener_parse_ex(reader, text.p, (int)text.n);
	if (root == NULL && json_tokener_get_error(reader) == json_tokener_continue)
		ret = err_set(e, ST_INPUT, "%s:%zu: no JSON: it ends too early", file, line_at(text, text.n));
	else if (root == NULL)
		ret = err_set(e, ST_INPUT, "%s:%zu: no JSON: %s", file, line_at(text, json_tokener_get_parse_end(reader)),
			      json_tokener_error_desc(json_tokener_get_error(reader)));
	else
		ret = read_all(&r, root);
	json_object_put(root);
	json_tokener_free(reader);
	return ret;
}
