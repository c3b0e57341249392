/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of `seen`, a page of the seen set each, and of `boot`, which are found from them. */
#ifndef STORE_ROWS_SEEN_ROW_H
#define STORE_ROWS_SEEN_ROW_H

#include "store/store.h"

#define SEEN_ROW_LAYERS 2 /* what trusted sources brought, and text; in this order */

#define SEEN_ROW_SECONDS 1024 /* that a page spans; struct seen_key counts in these */

struct seen_key { int64_t node, serials, seconds; };

/* Epoch less uptime of the lines of a page, in seconds; WHEN_NONE: none told it. */
struct seen_row_boot_time { int64_t min, max; };

/* data and pieces are encoded by ingest, and borrowed. */
struct seen_row {
	struct seen_key key;
	struct seen_row_boot_time boot_time[SEEN_ROW_LAYERS];
	struct bytes pieces[SEEN_ROW_LAYERS], data;
	/* sets of serials (serial_set.h): of the events, and of audit records of other types; of
	 * all where text brought any */
	bool uncounted;     /* read: it has events, and `held` was not told */
	struct bytes held[SEEN_ROW_LAYERS], other[SEEN_ROW_LAYERS];
};

struct seen_row_take {
	int (*take)(void *to, const struct seen_row *row, struct err *e);
	void *to;
};

/* Takes the page of a key, if it is there: bases, data and other. */
int seen_row_find(struct store *s, struct seen_key key, struct seen_row_take to, struct err *e);
int seen_row_save(struct store *s, const struct seen_row *row, struct err *e);
int seen_row_del(struct store *s, struct seen_key key, struct err *e);

/* Bases and pieces: of all pages of a node, or of one. */
int seen_row_each_pieces(struct store *s, int64_t node, struct seen_row_take to, struct err *e);
int seen_row_find_pieces(struct store *s, struct seen_key key, struct seen_row_take to,
			 struct err *e);

struct boot_row {
	int64_t node, number, t_first, t_last;
	uint32_t s_first, s_last;
	bool trusted;
};

int seen_row_save_boot(struct store *s, const struct boot_row *row, struct err *e);
int seen_row_del_boots(struct store *s, int64_t node, int64_t from,
		       struct err *e); /* those from a number on */

#endif
