/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of `tree`, its labels and locations: what readers see of images. */
#ifndef STORE_ROWS_TREE_ROW_H
#define STORE_ROWS_TREE_ROW_H

#include "store/model/location.h"
#include "store/store.h"

struct tree_row { int64_t id; const char *code; bool trusted, start_seen; };

int tree_row_save(struct store *s, const struct tree_row *row, struct err *e);
int tree_row_del(struct store *s, int64_t id, struct err *e); /* with its labels and locations */

/* Finds its labels, or locations, anew; or adds those of one interval of it. */
int tree_row_label(struct store *s, int64_t id, struct err *e);
int tree_row_label_interval(struct store *s, int64_t id, int64_t interval, struct err *e);
int tree_row_find_locations(struct store *s, int64_t id, struct err *e);
int tree_row_locate_interval(struct store *s, int64_t id, int64_t interval, struct err *e);

struct tree_location { struct bytes v[LOCATION_FIELDS]; bool trusted; };
struct tree_location_take {
	int (*take)(void *to, const struct tree_location *location, struct err *e);
	void *to;
};
int tree_row_each_location(struct store *s, int64_t id, struct tree_location_take to,
			   struct err *e);

/* ---- all that is derived ---- */

/* Parts, images, trees and what they are found by go; evidence stays, and hangs on none. */
int tree_row_clear_derived(struct store *s, struct err *e);

/* Is some of what is stored not derived yet? */
int tree_row_waits(struct store *s, bool *yes, struct err *e);
int tree_row_set_waits(struct store *s, bool yes, struct err *e);

#endif
