// SPDX-License-Identifier: Apache-2.0
/* Looks into JSON by paths, for tools that write an object a line. */
#include "ingest/read/tools/tool_json.h"

#include <stdlib.h>

#define DEPTH 24

json_object *tool_json_parse(struct bytes line)
{
	json_object *out = NULL;
	json_tokener *t;

	bytes_trim_left(&line);
	bytes_trim_right(&line);
	if (line.n < 2 || line.p[0] != '{' || line.p[line.n - 1] != '}' || line.n > INT32_MAX)
		return NULL;
	t = json_tokener_new_ex(DEPTH);
	if (t == NULL)
		abort();
	out = json_tokener_parse_ex(t, line.p, (int)line.n);
	if (out != NULL && (json_tokener_get_error(t) != json_tokener_success ||
			    !json_object_is_type(out, json_type_object))) {
		json_object_put(out);
		out = NULL;
	}
	json_tokener_free(t);
	return out;
}

static json_object *at(json_object *from, struct bytes path)
{
	char key[64];

	while (path.n && from != NULL) {
		struct bytes word = bytes_until(&path, '.');

		bytes_skip(&path, 1);
		if (word.n >= sizeof(key) || !json_object_is_type(from, json_type_object))
			return NULL;
		memcpy(key, word.p, word.n);
		key[word.n] = '\0';
		if (!json_object_object_get_ex(from, key, &from))
			return NULL;
	}
	return from;
}

json_object *tool_json_at(json_object *from, const char *path)
{
	return at(from, bytes_of(path));
}

static struct bytes text_of(json_object *o)
{
	if (o == NULL)
		return BYTES("");
	if (json_object_is_type(o, json_type_string))
		return (struct bytes){ json_object_get_string(o),
				       (size_t)json_object_get_string_len(o) };
	if (json_object_is_type(o, json_type_int) || json_object_is_type(o, json_type_double))
		return bytes_of(json_object_get_string(o));
	return BYTES("");
}

struct bytes tool_json_text(json_object *from, const char *path)
{
	return text_of(tool_json_at(from, path));
}

struct bytes tool_json_any(json_object *from, const char *paths)
{
	struct bytes all = bytes_of(paths), out = BYTES("");

	while (all.n && out.n == 0) {
		out = text_of(at(from, bytes_until(&all, '|')));
		bytes_skip(&all, 1);
	}
	return out;
}

int64_t tool_json_int(json_object *from, const char *paths)
{
	struct bytes text = tool_json_any(from, paths);
	uint64_t v;

	return bytes_dec(&text, INT64_MAX, &v) > 0 ? (int64_t)v : -1;
}

bool tool_json_true(json_object *from, const char *paths)
{
	struct bytes all = bytes_of(paths);

	while (all.n) {
		json_object *o = at(from, bytes_until(&all, '|'));

		if (o != NULL && json_object_is_type(o, json_type_boolean) &&
		    json_object_get_boolean(o))
			return true;
		bytes_skip(&all, 1);
	}
	return false;
}

int64_t tool_json_time(struct bytes b)
{
	int64_t v[6] = { 0 }, ms = 0, unit = 100;
	static const char between[] = "--T::";

	for (int i = 0; i < 6; i++) {
		size_t digits = i == 0 ? 4 : 2;

		for (size_t k = 0; k < digits; k++, bytes_skip(&b, 1)) {
			if (b.n == 0 || !bytes_digit(b.p[0]))
				return WHEN_NONE;
			v[i] = v[i] * 10 + b.p[0] - '0';
		}
		if (i < 5 && !(b.n && (b.p[0] == between[i] || (i == 2 && b.p[0] == ' '))))
			return WHEN_NONE;
		bytes_skip(&b, i < 5);
	}
	if (b.n && b.p[0] == '.')
		for (bytes_skip(&b, 1); b.n && bytes_digit(b.p[0]); bytes_skip(&b, 1), unit /= 10)
			ms += unit * (b.p[0] - '0');
	if (v[1] < 1 || v[1] > 12 || v[2] < 1 || v[2] > 31)
		return WHEN_NONE;
	ms += (when_days(v[0], (unsigned)v[1], (unsigned)v[2]) * 86400 + v[3] * 3600 + v[4] * 60 +
	       v[5]) *
	      1000;
	if (b.n >= 6 && (b.p[0] == '+' || b.p[0] == '-')) {
		int64_t zone = ((b.p[1] - '0') * 10 + b.p[2] - '0') * INT64_C(3600000) +
			       ((b.p[4] - '0') * 10 + b.p[5] - '0') * INT64_C(60000);

		ms -= b.p[0] == '+' ? zone : -zone;
	}
	return when_fits(ms) ? ms : WHEN_NONE;
}

int tool_json_call(struct tool_reading *r, struct tool_who *who, int32_t nr, int64_t ms,
		   const struct bytes *location, struct err *e)
{
	bool placed = location[LOCATION_CONTAINER].n || location[LOCATION_CONTAINER_NAME].n ||
		      location[LOCATION_POD_NAME].n;

	r->calls++;
	return r->take.call(r->take.to,
			    &(struct tool_call){ .who = who,
						 .nr = nr,
						 .ms = ms,
						 .serial = r->serial,
						 .location = placed ? location : NULL },
			    e);
}
