/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads a log of records into the derivation as the program does: in pieces, joined into
 * intervals, pid by pid; and prints what came of it, to be compared as text.
 */
#ifndef TESTS_DERIVE_READING_H
#define TESTS_DERIVE_READING_H

#include "ingest/batch/state.h"
#include "store/base/buf.h"
#include "tests/derive_log.h"
#include "tests/table.h"

/* Strings: their rows are others after each reading_mix_strings, their bytes are not. */
extern const struct track_strings reading_by_row, reading_by_number;
void reading_mix_strings(void);
int64_t reading_string(int64_t row);

struct call { int64_t call; uint64_t ip; uint32_t serial; };
struct held { struct track_interval v; struct { struct call *v; size_t n, cap; } calls; };

/* The evidence of a pid as far as it was read. */
struct holding {
	bool any, touched, whole; /* whole: its boots may be others */
	struct { struct held *v; size_t n, cap; } intervals;
	struct { struct track_edge *v; size_t n, cap; } edges;
};

struct reading {
	bool stored; /* in a store, which is written and read again after each piece; else in memory
		      */
	unsigned ends; /* of a hundred: how often only the end of a life is given, where that is
			  enough */
	unsigned compared; /* of a hundred: how often what was derived from an end is compared at
			      once */
	size_t step_room; /* of the derivation: small, so that much is cut */
	struct table table;
	struct store store;
	struct state state;
	const struct derive_store *api;
	struct derive derive;
	struct holding pid[LOG_NODES][LOG_PIDS];
	struct oracle_log known; /* boots as far as they were read */
};

/* How often there was a mark, what lies behind it was enough, and was so without all that came
 * before. */
struct reading_ends { unsigned marked, done, partial, compared; };
extern struct reading_ends reading_ends;

void reading_open(struct reading *r, bool stored);
void reading_close(struct reading *r);

/* n-th of the ways to read a log: in pieces of some size, in an order. */
enum { READING_WAYS = 9, READING_AT_ONCE = 2 };
extern const char *const reading_ways[READING_WAYS];
void reading_read(struct reading *r, const struct oracle_log *log, int way);

/* What was derived, a line each, sorted. */
struct texts { char **v; size_t n, cap; };
void texts_of_oracle(const struct oracle *o, bool trusted_only, struct texts *out);
void texts_of_reading(const struct reading *r, bool trusted_only, struct texts *out);
void texts_of_pid(struct derive *d, int64_t node, int32_t pid, struct texts *out); /* its facts */
void texts_of_part(struct derive *d, int64_t id, int64_t interval, struct texts *out);
void texts_of_rows(const struct reading *r,
		   struct texts *out); /* those that say who looks at what */
void texts_release(struct texts *t);
void assert_same_texts(const struct texts *want, const struct texts *got, const char *what);

extern unsigned long long seed_of_case; /* what a failure prints */

#endif
