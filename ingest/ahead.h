/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Threads that recognise lines ahead of the one that takes them. What is buffered is cut into
 * chunks at line ends; a helper compares a chunk's lines with those before and leaves what they
 * say, in order. Who takes them does so one after the other, with all else (other lines, the seen
 * set, the sums, commits), and itself recognises what no helper has come to. So a line says the
 * same, whoever has looked at it, and the store is the one that a single thread makes.
 */
#ifndef INGEST_AHEAD_H
#define INGEST_AHEAD_H

#include "ingest/batch/feed.h"

/* helpers */
#define AHEAD_MOST (INGEST_THREADS_MOST - 1)
/* bytes that are buffered for them: more than this falls out of a processor's cache */
#define AHEAD_WINDOW (512u << 10)

struct ahead_event {
	const char *p; /* where the line begins */
	struct line_cache_event ev; /* its record, */
	uint64_t passed; /* or, where this is not 0, so many lines that nobody reads, of ev.n bytes
			    with their newlines */
};

struct ahead;

/* NULL: no thread could be started, which costs time alone. */
struct ahead *ahead_start(unsigned helpers);
void ahead_stop(struct ahead *a);

/* Helpers may begin with what is buffered now, by what the feed has learnt so far. ahead_settle:
 * none of them looks at it any more; to be called before it moves. */
void ahead_begin(struct ahead *a, struct feed *f, const struct lines *l);
void ahead_settle(struct ahead *a);

/* What a helper says of the next line; NULL: none has looked at it, or it is for the parser. */
const struct ahead_event *ahead_next(struct ahead *a, const struct feed *f, const struct lines *l);

#endif
