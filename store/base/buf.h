/* SPDX-License-Identifier: Apache-2.0 */
/* Growing bytes, for text that is built and for encodings. `{0}` is an empty one; buf_release
 * frees. */
#ifndef STORE_BASE_BUF_H
#define STORE_BASE_BUF_H

#include "store/base/bytes.h"

struct buf {
	char *p; /* no NUL at the end unless buf_text was called */
	size_t n, cap;
};

void buf_release(struct buf *b);
void buf_add(struct buf *b, const void *p, size_t n);
void buf_str(struct buf *b, const char *text);
void buf_printf(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void buf_count(struct buf *b, uint64_t n); /* "1,437,134" */
const char *
buf_text(struct buf *b); /* what it holds, ended by NUL; borrowed until the next call on b */

static inline void buf_char(struct buf *b, char c)
{
	buf_add(b, &c, 1);
}

static inline struct bytes buf_bytes(const struct buf *b)
{
	return (struct bytes){ b->p, b->n };
}

#define auto_buf __attribute__((cleanup(buf_release)))

/* A signed number with its sign in the lowest bit, so that small ones are short. */
static inline uint64_t buf_zigzag(int64_t v)
{
	return (uint64_t)v << 1 ^ (v < 0 ? UINT64_MAX : 0);
}

static inline int64_t buf_unzigzag(uint64_t v)
{
	return (int64_t)(v >> 1 ^ (~(v & 1) + 1));
}

/* LEB128: seven bits a byte, low ones first. */
void buf_varint(struct buf *b, uint64_t v);
bool buf_take_varint(struct bytes *b, uint64_t *v); /* false at the end or over 64 bits */

#endif
