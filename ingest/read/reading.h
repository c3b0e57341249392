/* SPDX-License-Identifier: Apache-2.0 */
/* Pieces of input, one after the other: lines, and what containers of lines hold. */
#ifndef INGEST_READ_READING_H
#define INGEST_READ_READING_H

#include "ingest/read/lines.h"
#include "ingest/read/wrap.h"

struct reading {
	struct lines lines;
	struct wrap wrap;          /* a container over lines of their own */
};

enum piece_kind {
	PIECE_LINE,                /* text; cut as lines_next has it */
	PIECE_ENTRY,               /* entry */
	PIECE_NOTHING,             /* an object of a container that has nothing of ours */
};

struct piece {
	enum piece_kind kind;
	struct bytes text;
	const struct entry *entry;
	bool cut;
	uint64_t number;           /* of its line */
};

/* json_field: one more name of the field that has the message, NULL: none; borrowed. */
void reading_init(struct reading *r, int fd, const char *json_field);
void reading_release(struct reading *r);

/* Is the next byte in the middle of a container? Then no line begins with it. */
static inline bool reading_inside(const struct reading *r)
{
	return wrap_open(&r->wrap);
}

/* The next piece; false when none is whole in what was read. It lives until the next lines_fill, or
 * the next call. */
bool reading_next(struct reading *r, struct piece *p);

/* Passes over lines that nobody reads (ingest/read/sieve.h), where the next byte begins a line.
 * Returns how many. */
uint64_t reading_pass(struct reading *r);

/* At the end of the input: is there still something to hand out? */
bool reading_ready(const struct reading *r);

/* The pieces of a container that a line holds behind its header (LINE_WRAPS). */
struct line;
void reading_within(struct wrap *w, const struct line *l, struct bytes *message, uint64_t number);

#endif
