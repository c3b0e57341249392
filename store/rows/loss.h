/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of `loss`: markers of records that were lost. */
#ifndef STORE_ROWS_LOSS_H
#define STORE_ROWS_LOSS_H

#include "store/store.h"

struct loss_row {
	int64_t node, stamp, number, ingest;
	int64_t t;          /* WHEN_NONE: not known */
	const char *kind;
	bool trusted;
};

/* Of two that tell of the same, the trusted one stays, then the one with the earlier time. */
int loss_save(struct store *s, const struct loss_row *row, struct err *e);

#endif
