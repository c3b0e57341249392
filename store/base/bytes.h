/* SPDX-License-Identifier: Apache-2.0 */
/* Borrowed bytes with their length: what a line and its parts are. Never terminated, never owned.
 */
#ifndef STORE_BASE_BYTES_H
#define STORE_BASE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct bytes {
	const char *p;
	size_t n;
};

#define BYTES(lit) ((struct bytes){ (lit), sizeof(lit) - 1 })

static inline struct bytes bytes_of(const char *text)
{
	return (struct bytes){ text, strlen(text) };
}

static inline bool bytes_eq(struct bytes a, struct bytes b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

static inline bool bytes_starts(struct bytes b, struct bytes with)
{
	return b.n >= with.n && memcmp(b.p, with.p, with.n) == 0;
}

static inline bool bytes_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Drops the first n bytes (at most all). */
static inline void bytes_skip(struct bytes *b, size_t n)
{
	if (n > b->n)
		n = b->n;
	b->p += n;
	b->n -= n;
}

/* For sorting: by bytes, a beginning of another before it. */
static inline int bytes_order(struct bytes a, struct bytes b)
{
	size_t n = a.n < b.n ? a.n : b.n;
	int ret = n == 0 ? 0 : memcmp(a.p, b.p, n);

	return ret ? ret : (a.n > b.n) - (a.n < b.n);
}

/* If *b starts with `with`, takes that off and is true. */
static inline bool bytes_take(struct bytes *b, struct bytes with)
{
	if (!bytes_starts(*b, with))
		return false;
	bytes_skip(b, with.n);
	return true;
}

/* Where `what` begins in b; b.n when it does not occur. */
size_t bytes_find(struct bytes b, struct bytes what);

static inline bool bytes_has(struct bytes b, struct bytes what)
{
	return bytes_find(b, what) < b.n;
}

/* Takes everything up to (not including) the first `c` off *b; all of it when there is none. */
static inline struct bytes bytes_until(struct bytes *b, char c)
{
	const char *at = b->n == 0 ? NULL : memchr(b->p, c, b->n);
	struct bytes out = { b->p, at == NULL ? b->n : (size_t)(at - b->p) };

	bytes_skip(b, out.n);
	return out;
}

void bytes_trim_left(struct bytes *b);  /* blanks and tabs */
void bytes_trim_right(struct bytes *b); /* blanks, tabs, CR, LF */

/*
 * Read an unsigned number off the front of *b: decimal without leading zeros, or lower-case hex.
 * Returns how many digits were taken; 0 means "no number here, or over max", and *b is as it was.
 */
size_t bytes_dec(struct bytes *b, uint64_t max, uint64_t *out);
size_t bytes_hex(struct bytes *b, uint64_t max, uint64_t *out);

/*
 * Decodes upper-case hex as audit_log_n_hex() writes it into out, which has room for max bytes.
 * Returns the number of bytes, or -1 when the text is not an even number of [0-9A-F] or is too
 * long.
 */
ptrdiff_t bytes_unhex(struct bytes hex, char *out, size_t max);

/* Is it UTF-8 by RFC 3629 (no surrogates, no overlong forms)? NUL bytes are refused. */
bool bytes_utf8(struct bytes b);
size_t bytes_utf8_at(struct bytes b); /* the length of the character at the beginning, 0: not one; b
					 is not empty */

#endif
