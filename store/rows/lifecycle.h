/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of `event`: who was born of whom, exec'd, was gone, as capture saw it. */
#ifndef STORE_ROWS_LIFECYCLE_H
#define STORE_ROWS_LIFECYCLE_H

#include "store/model/syscall.h"
#include "store/store.h"

struct lifecycle_row {
	int64_t node, t;
	uint32_t serial;
	int32_t pid, parent;  /* parent 0: none */
	enum edge_kind kind;  /* EDGE_BORN, EDGE_EXECED, EDGE_GONE */
};

struct lifecycle_take { int (*take)(void *to, const struct lifecycle_row *row); void *to; };

/* Those of a pid, without node and pid; kinds that are none are left out. */
int lifecycle_each(struct store *s, int64_t node, int32_t pid, struct lifecycle_take to,
		   struct err *e);
int lifecycle_any(struct store *s, bool *yes, struct err *e);
int lifecycle_save(struct store *s, const struct lifecycle_row *row, struct err *e);
int lifecycle_del_of_part(struct store *s, int64_t node, int32_t pid, int64_t part, struct err *e);

#endif
