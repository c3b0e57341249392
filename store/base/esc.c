// SPDX-License-Identifier: Apache-2.0
/* Escapes bytes of logs for a terminal, a comment or JSON, and reads escapes back. */
#include "store/base/esc.h"

#include <stdio.h>

static void hex_byte(struct buf *out, const char *before, unsigned char c)
{
	buf_printf(out, "%s%02x", before, c);
}

void esc_tty(struct buf *out, struct bytes b)
{
	for (size_t i = 0; i < b.n; i++) {
		unsigned char c = (unsigned char)b.p[i];

		if (c >= 0x20 && c <= 0x7e && c != '\\')
			buf_char(out, (char)c);
		else
			hex_byte(out, "\\x", c);
	}
}

void esc_read(struct buf *out, struct bytes b)
{
	while (b.n) {
		struct bytes two = { b.p + 2, 2 };
		uint64_t v;

		if (b.n >= 4 && b.p[0] == '\\' && b.p[1] == 'x' && bytes_hex(&two, 255, &v) == 2) {
			buf_char(out, (char)v);
			bytes_skip(&b, 4);
		} else {
			buf_char(out, b.p[0]);
			bytes_skip(&b, 1);
		}
	}
}

void esc_again(struct buf *out, struct bytes b)
{
	for (size_t i = 0; i < b.n; i++) {
		unsigned char c = (unsigned char)b.p[i];

		if (c >= 0x20 && c <= 0x7e)
			buf_char(out, (char)c);
		else
			hex_byte(out, "\\x", c);
	}
}

/* ---- what UTF-8 can hide ---- */

/*
 * Above ASCII: the categories Cc (controls of C1), Cf (format: marks of direction, joiners, BOM),
 * Zl and Zp (ends of lines and paragraphs), the property Default_Ignorable_Code_Point (shown as
 * nothing), and noncharacters; of these the last two of each plane are not listed. source:
 * DerivedGeneralCategory.txt, DerivedCoreProperties.txt and PropList.txt of the Unicode Character
 * Database, 15.0
 */
static const struct { uint32_t first, last;
} hidden[] = {
	{ 0x80, 0x9f },	      { 0xad, 0xad },	    { 0x34f, 0x34f },	  { 0x600, 0x605 },
	{ 0x61c, 0x61c },     { 0x6dd, 0x6dd },	    { 0x70f, 0x70f },	  { 0x890, 0x891 },
	{ 0x8e2, 0x8e2 },     { 0x115f, 0x1160 },   { 0x17b4, 0x17b5 },	  { 0x180b, 0x180f },
	{ 0x200b, 0x200f },   { 0x2028, 0x202e },   { 0x2060, 0x206f },	  { 0x3164, 0x3164 },
	{ 0xfdd0, 0xfdef },   { 0xfe00, 0xfe0f },   { 0xfeff, 0xfeff },	  { 0xffa0, 0xffa0 },
	{ 0xfff0, 0xfffb },   { 0x110bd, 0x110bd }, { 0x110cd, 0x110cd }, { 0x13430, 0x1343f },
	{ 0x1bca0, 0x1bca3 }, { 0x1d173, 0x1d17a }, { 0xe0000, 0xe0fff },
};

bool esc_hides(uint32_t c)
{
	if ((c & 0xfffe) == 0xfffe)
		return true;
	for (size_t i = 0; i < sizeof(hidden) / sizeof(hidden[0]) && c >= hidden[i].first; i++)
		if (c <= hidden[i].last)
			return true;
	return c == 0x7f || c < 0x20;
}

/* The character that b begins with, and how many bytes it has; 0: none. */
static size_t character(struct bytes b, uint32_t *out)
{
	size_t n = bytes_utf8_at(b);
	const unsigned char *p = (const unsigned char *)b.p;

	*out = n < 2 ? p[0] : p[0] & (0xffu >> (n + 1));
	for (size_t i = 1; i < n; i++)
		*out = *out << 6 | (p[i] & 0x3f);
	return n;
}

void esc_message(struct buf *out, struct bytes b)
{
	for (size_t i = 0, n; i < b.n; i += n) {
		uint32_t c;
		bool plain;

		n = character((struct bytes){ b.p + i, b.n - i }, &c);
		plain = n > 0 && (!esc_hides(c) || c == '\n');
		n = n ? n : 1;
		for (size_t k = 0; k < n; k++)
			if (plain)
				buf_char(out, b.p[i + k]);
			else
				hex_byte(out, "\\x", (unsigned char)b.p[i + k]);
	}
}

static bool bare_in_shell(struct bytes b)
{
	static const char ok[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+=./:,@%";

	for (size_t i = 0; i < b.n; i++)
		if (b.p[i] == '\0' || strchr(ok, b.p[i]) == NULL)
			return false;
	return b.n > 0;
}

void esc_shell(struct buf *out, struct bytes b)
{
	bool plain = true;

	if (bare_in_shell(b)) {
		buf_add(out, b.p, b.n);
		return;
	}
	for (size_t i = 0; i < b.n; i++)
		plain = plain && b.p[i] >= 0x20 && b.p[i] <= 0x7e && b.p[i] != '\'';
	buf_str(out, plain ? "'" : "$'");
	for (size_t i = 0; i < b.n; i++) {
		unsigned char c = (unsigned char)b.p[i];

		if (plain || (c >= 0x20 && c <= 0x7e && c != '\'' && c != '\\'))
			buf_char(out, (char)c);
		else
			hex_byte(out, "\\x", c);
	}
	buf_char(out, '\'');
}

void esc_hex(struct buf *out, struct bytes b)
{
	for (size_t i = 0; i < b.n; i++)
		hex_byte(out, "", (unsigned char)b.p[i]);
}

void esc_comment(struct buf *out, struct bytes b)
{
	for (size_t i = 0; i < b.n; i++) {
		unsigned char c = (unsigned char)b.p[i];
		char before = out->n ? out->p[out->n - 1] : ' ';

		bool ends = (c == '/' && before == '*') || (c == '*' && before == '/');
		bool escaped = c == '\\' && i + 1 < b.n && b.p[i + 1] == 'x';

		if (c < 0x20 || c > 0x7e || ends || (c == '\\' && !escaped))
			hex_byte(out, "\\x", c);
		else
			buf_char(out, (char)c);
	}
}

void esc_utf8(struct buf *out, struct bytes b)
{
	while (b.n) {
		size_t n = bytes_utf8_at(b);

		if (n)
			buf_add(out, b.p, n);
		else
			buf_str(out, "\xef\xbf\xbd");
		bytes_skip(&b, n ? n : 1);
	}
}

static void json_unit(struct buf *out, uint32_t unit)
{
	buf_printf(out, "\\u%04x", unit);
}

void esc_json_doc(struct buf *out, struct bytes b)
{
	while (b.n) {
		uint32_t c;
		size_t n = character(b, &c);

		if (n == 0) {
			buf_str(out, "\xef\xbf\xbd");
		} else if (!esc_hides(c) || c == '\n') {
			buf_add(out, b.p, n);
		} else if (c < 0x10000) {
			json_unit(out, c);
		} else {
			json_unit(out, 0xd7c0 + (c >> 10)); /* a pair of surrogates */
			json_unit(out, 0xdc00 + (c & 0x3ff));
		}
		bytes_skip(&b, n ? n : 1);
	}
}

const char *esc_word(char *out, size_t size, struct bytes b)
{
	auto_buf struct buf text = { 0 };

	esc_tty(&text, b);
	snprintf(out, size, "%s", buf_text(&text));
	return out;
}
