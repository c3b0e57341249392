// SPDX-License-Identifier: Apache-2.0
/*
 * Compares, cuts and searches borrowed bytes, and reads numbers of all notations with their range.
 */
#include "store/base/bytes.h"

size_t bytes_find(struct bytes b, struct bytes what)
{
	const char *at = b.n == 0 ? NULL : memmem(b.p, b.n, what.p, what.n);

	return at == NULL ? b.n : (size_t)(at - b.p);
}

void bytes_trim_left(struct bytes *b)
{
	while (b->n && (b->p[0] == ' ' || b->p[0] == '\t'))
		bytes_skip(b, 1);
}

void bytes_trim_right(struct bytes *b)
{
	while (b->n) {
		char c = b->p[b->n - 1];

		if (c != ' ' && c != '\t' && c != '\r' && c != '\n')
			break;
		b->n--;
	}
}

size_t bytes_dec(struct bytes *b, uint64_t max, uint64_t *out)
{
	uint64_t v = 0;
	size_t i;

	for (i = 0; i < b->n; i++) {
		unsigned d = (unsigned char)b->p[i] - '0';

		if (d > 9)
			break;
		if (i == 1 && b->p[0] == '0')
			return 0;
		if (v > (max - d) / 10 || d > max)
			return 0;
		v = v * 10 + d;
	}
	if (i == 0)
		return 0;
	*out = v;
	bytes_skip(b, i);
	return i;
}

static int hex_digit(unsigned char c, unsigned char letter)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= letter && c < letter + 6)
		return c - letter + 10;
	return -1;
}

size_t bytes_hex(struct bytes *b, uint64_t max, uint64_t *out)
{
	uint64_t v = 0;
	size_t i;

	for (i = 0; i < b->n; i++) {
		int d = hex_digit((unsigned char)b->p[i], 'a');

		if (d < 0)
			break;
		if (i == 16)
			return 0;
		v = v << 4 | (unsigned)d;
	}
	if (i == 0 || v > max)
		return 0;
	*out = v;
	bytes_skip(b, i);
	return i;
}

ptrdiff_t bytes_unhex(struct bytes hex, char *out, size_t max)
{
	if (hex.n % 2 || hex.n / 2 > max)
		return -1;
	for (size_t i = 0; i < hex.n; i += 2) {
		int hi = hex_digit((unsigned char)hex.p[i], 'A');
		int lo = hex_digit((unsigned char)hex.p[i + 1], 'A');

		if (hi < 0 || lo < 0)
			return -1;
		out[i / 2] = (char)(hi << 4 | lo);
	}
	return (ptrdiff_t)(hex.n / 2);
}

size_t bytes_utf8_at(struct bytes b)
{
	static const struct { unsigned char lo, hi, len, second_lo, second_hi;
	} rows[] = {
		{ 0x01, 0x7f, 1, 0, 0 },       { 0xc2, 0xdf, 2, 0x80, 0xbf },
		{ 0xe0, 0xe0, 3, 0xa0, 0xbf }, { 0xe1, 0xec, 3, 0x80, 0xbf },
		{ 0xed, 0xed, 3, 0x80, 0x9f }, { 0xee, 0xef, 3, 0x80, 0xbf },
		{ 0xf0, 0xf0, 4, 0x90, 0xbf }, { 0xf1, 0xf3, 4, 0x80, 0xbf },
		{ 0xf4, 0xf4, 4, 0x80, 0x8f },
	};
	const unsigned char *p = (const unsigned char *)b.p;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (p[0] < rows[i].lo || p[0] > rows[i].hi)
			continue;
		if (rows[i].len > b.n)
			return 0;
		if (rows[i].len > 1 && (p[1] < rows[i].second_lo || p[1] > rows[i].second_hi))
			return 0;
		for (size_t k = 2; k < rows[i].len; k++)
			if ((p[k] & 0xc0) != 0x80)
				return 0;
		return rows[i].len;
	}
	return 0;
}

bool bytes_utf8(struct bytes b)
{
	while (b.n) {
		size_t step = bytes_utf8_at(b);

		if (step == 0)
			return false;
		bytes_skip(&b, step);
	}
	return true;
}
