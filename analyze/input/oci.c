// SPDX-License-Identifier: Apache-2.0
/* JSON: linux.seccomp of the runtime-spec, a config.json that holds it, Docker's and
 * containers/common's forms, scaudit's own. */
#include "analyze/input/input.h"
#include "analyze/input/kube.h"
#include "analyze/input/other.h"
#include "store/base/esc.h"
#include "store/base/map.h"

#include <stdlib.h>

static bool is_oci(struct bytes text)
{
	struct bytes first = input_first(text, "");

	/* "[Service]" is systemd's, "{read, write}: 1" minijail's; a list is no profile, and read
	 * says so */
	if (first.n == 0 || (first.p[0] != '{' && first.p[0] != '['))
		return false;
	bytes_skip(&first, 1);
	bytes_trim_left(&first);
	return first.n == 0 || (first.p[0] | 0x20) < 'a' || first.p[0] == '{' || first.p[0] == '}';
}

/* Which line a byte is on, from 1. */
static size_t line_at(struct bytes text, size_t at)
{
	size_t line = 1;

	for (size_t i = 0; i < at && i < text.n; i++)
		line += text.p[i] == '\n';
	return line;
}

/*
 * What json-c lets pass: of two members with one name it takes the last, where other readers take
 * the first, and a number over 64 bits becomes the largest one. The text is JSON, as json-c has
 * said.
 */
struct second_look {
	struct bytes text;
	size_t at;
	struct pool keys;
	json_tokener *reader; /* of names with escapes in them */
	struct map seen;      /* (object, key) */
	uint64_t objects, open[32];
	size_t depth;
};

/* A string, from its quote on, without the quotes; escapes stay. */
static struct bytes take_string(struct second_look *l)
{
	size_t begin = ++l->at;

	while (l->at < l->text.n && l->text.p[l->at] != '"')
		l->at += l->text.p[l->at] == '\\' ? 2 : 1;
	return (struct bytes){ l->text.p + begin,
			       (l->at < l->text.n ? l->at++ : l->text.n) - begin };
}

static bool is_key(const struct second_look *l)
{
	size_t i = l->at;

	while (i < l->text.n && strchr(" \t\r\n", l->text.p[i]) != NULL && l->text.p[i] != '\0')
		i++;
	return i < l->text.n && l->text.p[i] == ':';
}

/* Names are compared as they are meant: "\u0061" is "a". */
static uint32_t key_id(struct second_look *l, struct bytes raw)
{
	json_object *o;
	uint32_t id;

	if (memchr(raw.p, '\\', raw.n) == NULL)
		return pool_intern(&l->keys, raw);
	json_tokener_reset(l->reader);
	o = json_tokener_parse_ex(l->reader, raw.p - 1, (int)raw.n + 2); /* with its quotes */
	id = pool_intern(&l->keys, o == NULL ?
					   raw :
					   (struct bytes){ json_object_get_string(o),
							   (size_t)json_object_get_string_len(o) });
	json_object_put(o);
	return id;
}

static bool key_twice(struct second_look *l, struct bytes raw)
{
	uint64_t object = l->depth ? l->open[(l->depth - 1) % ARRAY_SIZE(l->open)] : 0;
	uint32_t id = key_id(l, raw);

	if (map_get(&l->seen, object, id, 0))
		return true;
	map_put(&l->seen, object, id, 1);
	return false;
}

/* A number of digits alone that 64 bits do not hold? */
static bool number_too_large(struct second_look *l)
{
	struct bytes rest;
	uint64_t v;
	size_t begin = l->at, digits;

	while (l->at < l->text.n && bytes_digit(l->text.p[l->at]))
		l->at++;
	digits = l->at - begin;
	if (l->at < l->text.n && strchr(".eE", l->text.p[l->at]) != NULL &&
	    l->text.p[l->at] != '\0')
		return false;
	rest = (struct bytes){ l->text.p + begin, digits };
	return digits > 19 && bytes_dec(&rest, UINT64_MAX, &v) == 0;
}

static int look_again(const struct reading *r, struct second_look *l)
{
	char shown[60];

	while (l->at < l->text.n) {
		char c = l->text.p[l->at];

		if (c == '"') {
			struct bytes s = take_string(l);

			if (is_key(l) && key_twice(l, s))
				return err_set(r->e, ST_INPUT,
					       "%s:%zu: '%s' a second time in one object", r->file,
					       line_at(l->text, l->at),
					       esc_word(shown, sizeof(shown), s));
			continue;
		}
		if (bytes_digit(c)) {
			if (number_too_large(l))
				return err_set(r->e, ST_INPUT, "%s:%zu: a number over 64 bits",
					       r->file, line_at(l->text, l->at));
			continue;
		}
		if (c == '{' || c == '[')
			l->open[l->depth++ % ARRAY_SIZE(l->open)] = ++l->objects;
		else if ((c == '}' || c == ']') && l->depth > 0)
			l->depth--;
		l->at++;
	}
	return 0;
}

/* ---- scaudit's own: `--format json`, the list with its evidence ---- */

/* Its members under the runtime-spec's names; what is evidence stays behind. Values are shared. */
static const struct renamed { const char *from, *to;
} heads[] = {
	{ "default_action", "defaultAction" }, { "errno", "defaultErrnoRet" }, { "architectures", "architectures" },
}, members[] = {
	{ "name", "name" }, { "action", "action" }, { "errno", "errnoRet" },
}, conditions[] = {
	{ "index", "index" }, { "op", "op" }, { "value", "value" }, { "value_two", "valueTwo" },
};

static json_object *rename_members(json_object *o, const struct renamed *rows, size_t n)
{
	json_object *out = json_object_new_object(), *value;

	for (size_t i = 0; i < n; i++)
		if (json_object_object_get_ex(o, rows[i].from, &value))
			json_object_object_add(out, rows[i].to, json_object_get(value));
	return out;
}

/* A list of objects renamed; what is no list or object stays, for input_object to refuse. */
static json_object *rename_each(json_object *list, json_object *(*one)(json_object *))
{
	json_object *out;

	if (!json_object_is_type(list, json_type_array))
		return json_object_get(list);
	out = json_object_new_array();
	for (size_t i = 0; i < json_object_array_length(list); i++) {
		json_object *o = json_object_array_get_idx(list, i);

		json_object_array_add(out, json_object_is_type(o, json_type_object) ?
						   one(o) :
						   json_object_get(o));
	}
	return out;
}

static json_object *own_condition(json_object *o)
{
	return rename_members(o, conditions, ARRAY_SIZE(conditions));
}

static json_object *own_rule(json_object *o)
{
	json_object *out = rename_members(o, members, ARRAY_SIZE(members)), *args = NULL;

	if (json_object_object_get_ex(o, "args", &args))
		json_object_object_add(out, "args", rename_each(args, own_condition));
	return out;
}

static const char *word_of(const struct reading *r, json_object *o, const char *key)
{
	json_object *value = NULL;

	json_object_object_get_ex(o, key, &value);
	return json_object_is_type(value, json_type_string) ?
		       policy_keep(r->p, json_object_get_string(value)) :
		       "";
}

/* What it was made of. It is no part of the filter, so what is not as it should be is passed over.
 */
static void read_binaries(const struct reading *r, json_object *root)
{
	json_object *evidence = NULL, *list = NULL;

	json_object_object_get_ex(root, "evidence", &evidence);
	if (!json_object_is_type(evidence, json_type_object) ||
	    !json_object_object_get_ex(evidence, "binaries", &list) ||
	    !json_object_is_type(list, json_type_array))
		return;
	for (size_t i = 0; i < json_object_array_length(list); i++) {
		json_object *o = json_object_array_get_idx(list, i);

		if (json_object_is_type(o, json_type_object))
			*VEC_PUSH(&r->p->binaries) = (struct policy_binary){
				.path = word_of(r, o, "path"),
				.build_id = word_of(r, o, "build_id"),
				.container = word_of(r, o, "container"),
				.node = word_of(r, o, "node"),
				.local = json_object_get_boolean(json_object_object_get(o, "local"))
			};
	}
}

static int read_own(const struct reading *r, json_object *root)
{
	json_object *o = rename_members(root, heads, ARRAY_SIZE(heads)), *value = NULL;
	int ret;

	if (json_object_object_get_ex(root, "syscalls", &value))
		json_object_object_add(o, "syscalls", rename_each(value, own_rule));
	/* there the list of flags is always there; only one that holds some says anything */
	if (json_object_object_get_ex(root, "flags", &value) &&
	    (!json_object_is_type(value, json_type_array) || json_object_array_length(value)))
		json_object_object_add(o, "flags", json_object_get(value));
	read_binaries(r, root);
	ret = input_object(r, o, "");
	json_object_put(o);
	return ret;
}

/* What else of a config.json confines: it refuses calls by other means than the filter. */
static void say_process(const struct reading *r, json_object *root)
{
	static const char *const members_of[] = { "capabilities", "noNewPrivileges",
						  "apparmorProfile", "selinuxLabel" };
	json_object *process = NULL, *value;

	if (!json_object_object_get_ex(root, "process", &process) ||
	    !json_object_is_type(process, json_type_object))
		return;
	for (size_t i = 0; i < ARRAY_SIZE(members_of); i++)
		if (json_object_object_get_ex(process, members_of[i], &value) && value != NULL &&
		    (!json_object_is_type(value, json_type_boolean) ||
		     json_object_get_boolean(value)) &&
		    (!json_object_is_type(value, json_type_string) ||
		     json_object_get_string_len(value) > 0))
			policy_unread(
				r->p,
				"process.%s is not read: it refuses calls by other means than a filter",
				members_of[i]);
}

static int read_root(const struct reading *r, json_object *root, struct bytes text)
{
	struct second_look l = { .text = text, .reader = json_tokener_new() };
	json_object *linux_ = NULL, *seccomp = NULL;
	int ret = look_again(r, &l);

	json_tokener_free(l.reader);
	pool_release(&l.keys);
	map_release(&l.seen);
	if (ret < 0)
		return -1;
	if (json_object_is_type(root, json_type_object) &&
	    json_object_object_get_ex(root, "linux", &linux_)) {
		json_object_object_get_ex(linux_, "seccomp", &seccomp);
		say_process(r, root);
		return input_object(r, seccomp, "linux.seccomp.");
	}
	if (json_object_is_type(root, json_type_object) &&
	    json_object_object_get_ex(root, "scaudit", NULL))
		return read_own(r, root);
	if (kube_is(root)) {
		r->p->format = "spo";
		return kube_read(r, &root, 1);
	}
	if (!json_object_is_type(root, json_type_object) ||
	    !json_object_object_get_ex(root, "defaultAction", NULL)) {
		const char *other = input_other_json(root);

		if (other != NULL)
			return err_set(r->e, ST_INPUT, "%s: %s", r->file, other);
		if (!json_object_is_type(root, json_type_object) ||
		    !json_object_object_get_ex(root, "syscalls", NULL))
			return err_set(
				r->e, ST_INPUT,
				"%s: JSON, but no profile: it has neither defaultAction nor linux.seccomp",
				r->file);
	}
	return input_object(r, root, "");
}

static int read_oci(struct policy *p, struct bytes text, const char *file, struct err *e)
{
	struct reading r = { .p = p, .file = file, .e = e };
	json_tokener *reader = json_tokener_new();
	json_object *root;
	int ret;

	json_tokener_set_flags(
		reader,
		JSON_TOKENER_STRICT |
			JSON_TOKENER_VALIDATE_UTF8); /* strict: nothing may come behind it */
	root = json_tokener_parse_ex(reader, text.p, (int)text.n);
	if (root == NULL && json_tokener_get_error(reader) == json_tokener_continue)
		ret = err_set(e, ST_INPUT, "%s:%zu: no JSON: it ends too early", file,
			      line_at(text, text.n));
	else if (root == NULL)
		ret = err_set(e, ST_INPUT, "%s:%zu: no JSON: %s", file,
			      line_at(text, json_tokener_get_parse_end(reader)),
			      json_tokener_error_desc(json_tokener_get_error(reader)));
	else
		ret = read_root(&r, root, text);
	json_object_put(root);
	json_tokener_free(reader);
	return ret;
}

const struct input input_oci = {
	"oci", "JSON: linux.seccomp, config.json, Docker's and containers/common's profiles",
	is_oci, read_oci
};
