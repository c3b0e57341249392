// SPDX-License-Identifier: Apache-2.0
/* Growing buffers: text by printf, integers of variable length. */
#include "store/base/buf.h"

#include "store/base/mem.h"

#include <stdarg.h>
#include <stdlib.h>

void buf_release(struct buf *b)
{
	free(b->p);
	*b = (struct buf){ 0 };
}

static void room(struct buf *b, size_t more)
{
	if (b->n + more <= b->cap)
		return;
	b->cap = (b->n + more) * 2 > 64 ? (b->n + more) * 2 : 64;
	b->p = mem_grow(b->p, b->cap, 1);
}

void buf_add(struct buf *b, const void *p, size_t n)
{
	if (n == 0)
		return;
	room(b, n);
	memcpy(b->p + b->n, p, n);
	b->n += n;
}

void buf_str(struct buf *b, const char *text)
{
	buf_add(b, text, strlen(text));
}

void buf_printf(struct buf *b, const char *fmt, ...)
{
	va_list ap, again;
	int n;

	va_start(ap, fmt);
	va_copy(again, ap);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n > 0) {
		room(b, (size_t)n + 1);
		vsnprintf(b->p + b->n, (size_t)n + 1, fmt, again);
		b->n += (size_t)n;
	}
	va_end(again);
}

void buf_count(struct buf *b, uint64_t n)
{
	char digits[24];
	int len = snprintf(digits, sizeof(digits), "%llu", (unsigned long long)n);

	for (int i = 0; i < len; i++) {
		if (i > 0 && (len - i) % 3 == 0)
			buf_char(b, ',');
		buf_char(b, digits[i]);
	}
}

const char *buf_text(struct buf *b)
{
	room(b, 1);
	b->p[b->n] = '\0';
	return b->p;
}

void buf_varint(struct buf *b, uint64_t v)
{
	for (; v >= 0x80; v >>= 7)
		buf_char(b, (char)(v | 0x80));
	buf_char(b, (char)v);
}

bool buf_take_varint(struct bytes *b, uint64_t *v)
{
	uint64_t out = 0;

	for (unsigned shift = 0; b->n && shift < 64; shift += 7) {
		unsigned char c = (unsigned char)b->p[0];

		bytes_skip(b, 1);
		out |= (uint64_t)(c & 0x7f) << shift;
		if (!(c & 0x80)) {
			*v = out;
			return true;
		}
	}
	return false;
}
