/* SPDX-License-Identifier: Apache-2.0 */
/* How far a log that is followed was read: rows of `meta`, by the log's name. What it says is for
 * `ingest/follow` and `ingest/whole` alone. */
#ifndef STORE_ROWS_POSITION_H
#define STORE_ROWS_POSITION_H

#include "store/base/buf.h"
#include "store/store.h"

#define POSITION_WHOLE                                                                             \
	"//whole " /* before the name of a file that was read to its end; no log is followed by    \
		      such a name */

/* Under the write lock. */
int position_save(struct store *s, const char *name, struct bytes text, struct err *e);

/* Forgets which files were read to their end: what they brought may be gone. */
int position_forget(struct store *s, struct err *e);

/* *found: there is one. */
int position_load(struct store *s, const char *name, struct buf *text, bool *found, struct err *e);

#endif
