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

void esc_message(struct buf *out, struct bytes b)
{
	for (size_t i = 0, n; i < b.n; i += n) {
		unsigned char c = (unsigned char)b.p[i];
		bool plain;

		n = c < 0x80 ? 1 : bytes_utf8_at((struct bytes){ b.p + i, b.n - i });
		plain = c < 0x80 ? (c >= 0x20 && c != 0x7f) || c == '\n' :
			n > 0 && !(c == 0xc2 && (unsigned char)b.p[i + 1] < 0xa0);
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
	static const char ok[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+=./:,@%";

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

void esc_json(struct buf *out, struct bytes b)
{
	while (b.n) {
		size_t n = bytes_utf8_at(b);
		unsigned char c = (unsigned char)b.p[0];

		if (c < 0x20 || c == 0x7f) {
			n = 1;
			buf_printf(out, "\\u%04x", c);
		} else if (n == 2 && c == 0xc2 && (unsigned char)b.p[1] < 0xa0) {
			buf_printf(out, "\\u%04x", (unsigned char)b.p[1]); /* C1 controls move cursors, too */
		} else if (n == 0) {
			n = 1;
			buf_str(out, "\xef\xbf\xbd");
		} else {
			if (c == '"' || c == '\\')
				buf_char(out, '\\');
			buf_add(out, b.p, n);
		}
		bytes_skip(&b, n);
	}
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

void esc_json_doc(struct buf *out, struct bytes b)
{
	for (size_t i = 0; i < b.n; i++) {
		unsigned char c = (unsigned char)b.p[i], next = i + 1 < b.n ? (unsigned char)b.p[i + 1] : 0;

		if (c == 0x7f)
			buf_printf(out, "\\u%04x", c);
		else if (c == 0xc2 && next >= 0x80 && next < 0xa0)
			buf_printf(out, "\\u%04x", (unsigned char)b.p[++i]);
		else
			buf_char(out, (char)c);
	}
}

const char *esc_word(char *out, size_t size, struct bytes b)
{
	auto_buf struct buf text = { 0 };

	esc_tty(&text, b);
	snprintf(out, size, "%s", buf_text(&text));
	return out;
}
