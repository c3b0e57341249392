/* SPDX-License-Identifier: Apache-2.0 */
/* The screen: numbers and tables for people, tab-separated columns for pipes. */
#ifndef CLI_TERM_H
#define CLI_TERM_H

#include "store/base/buf.h"

#include <stdio.h>

/* "1,437,134". Returns out. */
const char *term_number(uint64_t n, char out[32]);

/* A table: cells are added row by row. On a terminal it is aligned and fits the width; in a pipe,
 * tab-separated. */
struct term_table {
	const char *const *heads; /* '>' in front: numbers, right-aligned; '?' before that: goes
				     where it is too narrow */
	size_t columns;
	size_t wide;               /* the column that is cut when the terminal is too narrow */
	struct buf *cells;
	size_t n, cap;
};

void term_table_init(struct term_table *t, const char *const *heads, size_t columns, size_t wide);
void term_cell(struct term_table *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void term_cell_bytes(struct term_table *t, struct bytes b); /* escaped */
void term_cell_text(struct term_table *t, struct bytes b);  /* of parts that are escaped already */
void term_table_print(struct term_table *t, FILE *to);      /* prints and releases */

#endif
