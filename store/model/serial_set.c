// SPDX-License-Identifier: Apache-2.0
/* Sets bits, counts them, and encodes a page of serials as the shortest of some forms. */
#include "store/model/serial_set.h"

#include <string.h>

enum form { FORM_RUNS = 1, FORM_BITMAP };

void serial_set_add_range(struct serial_set *s, unsigned from, unsigned to)
{
	for (unsigned i = from; i <= to; i++)
		serial_set_add(s, i);
}

void serial_set_unite(struct serial_set *s, const struct serial_set *with)
{
	for (size_t i = 0; i < SERIAL_SET_BYTES; i++)
		s->bits[i] |= with->bits[i];
}

void serial_set_subtract(struct serial_set *s, const struct serial_set *what)
{
	for (size_t i = 0; i < SERIAL_SET_BYTES; i++)
		s->bits[i] = (uint8_t)(s->bits[i] & ~what->bits[i]);
}

unsigned serial_set_count(const struct serial_set *s, unsigned from, unsigned to)
{
	unsigned n = 0;

	for (unsigned i = from; i <= to;) {
		if (i % 8 == 0 && i + 7 <= to) {
			n += (unsigned)__builtin_popcount(s->bits[i / 8]);
			i += 8;
		} else {
			n += serial_set_has(s, i++);
		}
	}
	return n;
}

void serial_set_encode(const struct serial_set *s, struct buf *out)
{
	auto_buf struct buf runs = { 0 };
	unsigned end = 0;

	for (unsigned i = 0; i < SERIAL_SET_SIZE && runs.n < SERIAL_SET_BYTES;) {
		unsigned from = i;

		while (i < SERIAL_SET_SIZE && serial_set_has(s, i))
			i++;
		if (i > from) {
			buf_varint(&runs, from - end);
			buf_varint(&runs, i - from);
			end = i;
		} else {
			i++;
		}
	}
	if (runs.n == 0)
		return;
	buf_char(out, runs.n < SERIAL_SET_BYTES ? FORM_RUNS : FORM_BITMAP);
	if (runs.n < SERIAL_SET_BYTES)
		buf_add(out, runs.p, runs.n);
	else
		buf_add(out, s->bits, sizeof(s->bits));
}

static bool decode_runs(struct serial_set *out, struct bytes b)
{
	uint64_t at = 0, gap, n;

	while (b.n) {
		if (!buf_take_varint(&b, &gap) || !buf_take_varint(&b, &n) ||
		    gap > SERIAL_SET_SIZE || n == 0 || n > SERIAL_SET_SIZE ||
		    at + gap + n > SERIAL_SET_SIZE)
			return false;
		serial_set_add_range(out, (unsigned)(at + gap), (unsigned)(at + gap + n - 1));
		at += gap + n;
	}
	return true;
}

bool serial_set_decode(struct serial_set *out, struct bytes b)
{
	auto_buf struct buf again = { 0 };
	struct bytes body = b;

	*out = (struct serial_set){ { 0 } };
	if (b.n == 0)
		return true;
	bytes_skip(&body, 1);
	if (b.p[0] == FORM_RUNS && !decode_runs(out, body))
		return false;
	if (b.p[0] == FORM_BITMAP && body.n == SERIAL_SET_BYTES)
		memcpy(out->bits, body.p, body.n);
	serial_set_encode(out, &again);
	return bytes_eq(buf_bytes(&again), b);
}
