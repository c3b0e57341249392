/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rows of the derivation, kept in the store by pages: one row of the table holds some dozen that
 * follow each other. Most that are written in a batch lie side by side, and each tells little that
 * the one before it does not. Pages that were read or changed lately are held in memory; those
 * that changed are written together when a batch ends.
 */
#ifndef INGEST_BATCH_PAGES_H
#define INGEST_BATCH_PAGES_H

#include "ingest/batch/tree.h"
#include "store/base/buf.h"

#define PAGES_ROWS 64  /* of a page, at most */
#define PAGES_KINDS 32

/* How the store is reached: pages by their first row's key, which need not be there any more. */
struct pages_below {
	void *ctx;
	/* the last one at or before a key: 1, or 0: there is none */
	int (*find)(void *ctx, const struct derive_row *key, struct derive_row *first,
		    struct buf *body, struct err *e);
	int (*put)(void *ctx, const struct derive_row *first, struct bytes body, struct err *e);
	int (*del)(void *ctx, const struct derive_row *first, struct err *e);
};

/* All rows from `first` on and before `end`. */
struct page {
	struct derive_row first, end;
	bool last;   /* it has no end */
	bool dirty, stored;
	size_t n;
	struct derive_row row[PAGES_ROWS + 1];
};

struct pages {
	struct pages_below below;
	struct tree at;                                /* first rows; value: where in v */
	struct { struct page **v; size_t n, cap; } v;  /* NULL: it is no more */
	struct page *lately[PAGES_KINDS];              /* by the kind of its rows */
};

void pages_init(struct pages *p, const struct pages_below *below);
void pages_release(struct pages *p);

/* As in struct derive_store. */
int pages_put(struct pages *p, const struct derive_row *row, struct err *e);
int pages_del(struct pages *p, const struct derive_row *row, struct err *e);
int pages_next(struct pages *p, const struct derive_row *from, struct derive_row *out,
	       struct err *e);
int pages_prev(struct pages *p, const struct derive_row *from, struct derive_row *out,
	       struct err *e);

/* Writes what changed. */
int pages_write(struct pages *p, struct err *e);

/* Drops what is held, once it is written. */
void pages_drop(struct pages *p);

#endif
