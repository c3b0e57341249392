/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A store of version 3, which scaudit 0.1.0 wrote: what its tables say as those of today say it.
 * Who may only read it reads it as it is; ingest/upkeep/upgrade brings it up.
 */
#ifndef STORE_OLDER_H
#define STORE_OLDER_H

#include "store/store.h"

#define OLDER_FIRST 3 /* versions before it are of no release */

/* From here on the names of tables mean views that have today's columns. For this connection alone:
 * nothing is written. */
int older_face(struct store *s, struct err *e);

/* The names mean the tables again: somebody has brought the store up. */
int older_drop_face(struct store *s, struct err *e);

/*
 * Under the write lock, within the caller's transaction. older_begin: the old tables get out of the
 * way, today's are made, and what can be told by SQL is put into them. What is left: `was_seen`,
 * then all that is derived. older_end: the old tables go, and the store is of today's version.
 */
int older_begin(struct store *s, struct err *e);
int older_end(struct store *s, struct err *e);

/* Pages of the old seen set, by node, seconds and serials. any_text: its machine has text, of which
 * no page says what it brought. */
struct older_page {
	int64_t node, serials, seconds, base_min, base_max;
	struct bytes data;      /* borrowed */
	bool any_text;
};

struct older_page_take {
	int (*take)(void *to, const struct older_page *page, struct err *e);
	void *to;
};
int older_each_page(struct store *s, struct older_page_take to, struct err *e);
int older_count_pages(struct store *s, int64_t *n, struct err *e);

struct older_node_take { int (*take)(void *to, int64_t node, struct err *e); void *to; };
int older_each_node(struct store *s, struct older_node_take to, struct err *e);

#endif
