// SPDX-License-Identifier: Apache-2.0
/* Small helpers over json-c, so that every command writes the same way. */
#include "store/base/json.h"

#include "store/base/esc.h"
#include "store/base/when.h"

#include <inttypes.h>
#include <stdio.h>

void json_put_text(json_object *to, const char *name, bool there, struct bytes b)
{
	auto_buf struct buf clean = { 0 }, hex = { 0 }, key = { 0 };

	if (!there) {
		json_object_object_add(to, name, NULL);
		return;
	}
	if (bytes_utf8(b)) {
		json_object_object_add(to, name,
				       json_object_new_string_len(b.n ? b.p : "", (int)b.n));
		return;
	}
	esc_utf8(&clean, b);
	esc_hex(&hex, b);
	buf_printf(&key, "%s_hex", name);
	json_object_object_add(to, name, json_object_new_string_len(clean.p, (int)clean.n));
	json_object_object_add(to, buf_text(&key), json_object_new_string_len(hex.p, (int)hex.n));
}

void json_put_word(json_object *to, const char *name, const char *text)
{
	json_object_object_add(to, name, text ? json_object_new_string(text) : NULL);
}

void json_put_int(json_object *to, const char *name, bool there, int64_t v)
{
	json_object_object_add(to, name, there ? json_object_new_int64(v) : NULL);
}

void json_put_hex(json_object *to, const char *name, uint64_t v)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRIx64, v);
	json_put_word(to, name, text);
}

void json_put_time(json_object *to, const char *name, int64_t ms)
{
	char stamp[32];

	json_put_word(to, name, ms == WHEN_NONE ? NULL : when_rfc3339(ms, stamp));
}

static void write_escaped(FILE *to, json_object *doc, int flags)
{
	const char *text =
		json_object_to_json_string_ext(doc, flags | JSON_C_TO_STRING_NOSLASHESCAPE);
	auto_buf struct buf out = { 0 };

	esc_json_doc(&out, bytes_of(text));
	fprintf(to, "%s\n", buf_text(&out));
	json_object_put(doc);
}

void json_write(FILE *to, json_object *doc)
{
	write_escaped(to, doc, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED);
}

void json_print(json_object *doc)
{
	json_write(stdout, doc);
}

void json_print_line(json_object *doc)
{
	write_escaped(stdout, doc, JSON_C_TO_STRING_PLAIN);
}
