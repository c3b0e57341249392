/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Passes over lines that nobody here reads, without cutting them: most of a log that holds
 * everything. What it passes over has no word of a body (body_worth), no stamp of audit, no colour,
 * and begins no container; so the parser would call it LINE_OTHER.
 */
#ifndef INGEST_READ_SIEVE_H
#define INGEST_READ_SIEVE_H

#include "store/base/bytes.h"

/*
 * How many bytes at the front are whole lines of that kind; *lines: how many lines these are.
 * `ahead` begins a line; LINES_SLACK bytes behind it can be read.
 */
size_t sieve_pass(struct bytes ahead, uint64_t *lines);

/* The same without instructions that not every processor has; for tests. */
size_t sieve_pass_plainly(struct bytes ahead, uint64_t *lines);

#endif
