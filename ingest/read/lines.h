/* SPDX-License-Identifier: Apache-2.0 */
/* Blocks of bytes to lines: no copy, memory bounded whatever a line's length. */
#ifndef INGEST_READ_LINES_H
#define INGEST_READ_LINES_H

#include "store/base/bytes.h"
#include "store/base/err.h"

#define LINES_MAX 65536  /* a longer line is cut here; the longest record is some 8,400 bytes */
#define LINES_SLACK 64   /* bytes that may be read behind a line, for block compares */

struct lines {
	int fd;               /* borrowed */
	char *buf;
	size_t size;          /* of it, LINES_SLACK less */
	size_t start, end;    /* what was read and not yet handed out */
	bool eof;
	bool in_long;         /* the line at start is over LINES_MAX and not at its end yet */
	bool mentions;        /* ... and holds the beginning of a record somewhere */
	uint64_t number;      /* of the line that was handed out last, from 1 */
	uint64_t bytes;       /* read so far */
};

enum lines_state { LINES_GOT, LINES_EOF, LINES_TIMEOUT };

void lines_init(struct lines *l, int fd);
void lines_release(struct lines *l);

/* Buffers so much at once. */
void lines_widen(struct lines *l, size_t size);

/* What was read of it already comes first; it fits the buffer. */
void lines_give(struct lines *l, struct bytes head);

/*
 * Reads once more, waiting at most timeout_ms for it (-1: for ever; 0: not at all). *state says
 * what came. A signal ends the wait as a timeout does.
 */
int lines_fill(struct lines *l, int timeout_ms, enum lines_state *state, struct err *e);

/* Is there a whole line (or, at the end, what is left) to hand out? */
bool lines_ready(const struct lines *l);

/*
 * The next whole line without its newline; false when none is buffered. It lives until the next
 * lines_fill. *cut: the line was over LINES_MAX, and these are its first bytes; l->mentions says
 * whether a record began in it.
 */
bool lines_next(struct lines *l, struct bytes *line, bool *cut);

/* What is buffered from the beginning of the next line on; nothing where that line is a long one.
 */
static inline struct bytes lines_ahead(const struct lines *l)
{
	return (struct bytes){ l->buf + l->start, l->in_long ? 0 : l->end - l->start };
}

/* Takes the next line, of n bytes and a newline: the caller has seen both in lines_ahead. */
static inline void lines_skip(struct lines *l, size_t n)
{
	l->start += n + 1;
	l->number++;
}

/* Takes so many whole lines, which are n bytes with their newlines: the caller has seen them in
 * lines_ahead. */
static inline void lines_pass(struct lines *l, size_t n, uint64_t lines)
{
	l->start += n;
	l->number += lines;
}

#endif
