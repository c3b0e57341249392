// SPDX-License-Identifier: Apache-2.0
/* Writes rows of JSON without a tree of objects; a text with odd bytes goes the way of json.c. */
#include "store/base/json_row.h"

#include "store/base/esc.h"
#include "store/base/json.h"
#include "store/base/when.h"

void json_row_begin(struct json_row *r)
{
	r->out.n = 0;
	buf_char(&r->out, '{');
}

static void key(struct json_row *r, const char *name)
{
	char text[JSON_ROW_NAME + 4];
	size_t n = strlen(name), at = r->out.n > 1;

	text[0] = ',';
	text[at++] = '"';
	memcpy(text + at, name, n < JSON_ROW_NAME ? n : JSON_ROW_NAME);
	at += n < JSON_ROW_NAME ? n : JSON_ROW_NAME;
	text[at++] = '"';
	text[at++] = ':';
	buf_add(&r->out, text, at);
}

/* Does it stand in JSON as it is? */
static bool plain(struct bytes b)
{
	const uint64_t ones = 0x0101010101010101u;
	size_t i = 0;

	for (; i + 8 <= b.n; i += 8) {
		uint64_t x, quote, back, high = ones * 0x80;

		memcpy(&x, b.p + i, 8);
		quote = x ^ ones * '"';
		back = x ^ ones * '\\';
		/* a byte below 0x20, above 0x7e, or one of the two; a carry can only say so too
		 * often */
		if ((((x - ones * 0x20) | (x + ones) | x | (quote - ones) | (back - ones)) &
		     high) != 0)
			break;
	}
	for (; i < b.n; i++)
		if (b.p[i] < 0x20 || b.p[i] > 0x7e || b.p[i] == '"' || b.p[i] == '\\')
			return false;
	return true;
}

/* A value as json-c writes it. */
static void odd(struct json_row *r, struct bytes b)
{
	json_object *text = json_object_new_string_len(b.n ? b.p : "", (int)b.n);

	esc_json_doc(&r->out,
		     bytes_of(json_object_to_json_string_ext(
			     text, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE)));
	json_object_put(text);
}

static void value(struct json_row *r, struct bytes b)
{
	if (!plain(b)) {
		odd(r, b);
		return;
	}
	buf_char(&r->out, '"');
	buf_add(&r->out, b.p, b.n);
	buf_char(&r->out, '"');
}

void json_row_text(struct json_row *r, const char *name, bool there, struct bytes b)
{
	auto_buf struct buf clean = { 0 }, hex = { 0 };

	key(r, name);
	if (!there || plain(b) || bytes_utf8(b)) {
		if (there)
			value(r, b);
		else
			buf_str(&r->out, "null");
		return;
	}
	esc_utf8(&clean, b);
	esc_hex(&hex, b);
	value(r, buf_bytes(&clean));
	buf_add(&r->out, ",\"", 2);
	buf_str(&r->out, name);
	buf_str(&r->out, "_hex\":");
	value(r, buf_bytes(&hex));
}

void json_row_word(struct json_row *r, const char *name, const char *text)
{
	key(r, name);
	if (text == NULL)
		buf_str(&r->out, "null");
	else
		value(r, bytes_of(text));
}

/* The digits of v, in a base up to 16: a constant, so that nothing is divided by a variable. */
static inline __attribute__((always_inline)) void digits(struct json_row *r, uint64_t v,
							 unsigned base)
{
	char text[24], *p = text + sizeof(text);

	do
		*--p = "0123456789abcdef"[v % base];
	while ((v /= base) > 0);
	buf_add(&r->out, p, (size_t)(text + sizeof(text) - p));
}

void json_row_int(struct json_row *r, const char *name, bool there, int64_t v)
{
	key(r, name);
	if (!there) {
		buf_str(&r->out, "null");
		return;
	}
	if (v < 0)
		buf_char(&r->out, '-');
	digits(r, v < 0 ? -(uint64_t)v : (uint64_t)v, 10);
}

void json_row_hex(struct json_row *r, const char *name, uint64_t v)
{
	key(r, name);
	buf_char(&r->out, '"');
	digits(r, v, 16);
	buf_char(&r->out, '"');
}

void json_row_time(struct json_row *r, const char *name, int64_t ms)
{
	char *fraction;

	if (ms == WHEN_NONE || ms < 0) {
		char stamp[32];

		json_row_word(r, name, ms == WHEN_NONE ? NULL : when_rfc3339(ms, stamp));
		return;
	}
	if (r->second_text[0] == '\0' || ms / 1000 != r->second) {
		r->second = ms / 1000;
		when_rfc3339(ms, r->second_text);
	}
	fraction = r->second_text + strlen(r->second_text) - 4;
	for (int64_t i = 2, left = ms % 1000; i >= 0; i--, left /= 10)
		fraction[i] = (char)('0' + left % 10);
	key(r, name);
	value(r, bytes_of(r->second_text));
}

void json_row_print(struct json_row *r)
{
	buf_add(&r->out, "}\n", 2);
	fwrite(r->out.p, 1, r->out.n, stdout);
}

void json_row_release(struct json_row *r)
{
	buf_release(&r->out);
}
