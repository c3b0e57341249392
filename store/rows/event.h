/* Rows of `event`: who was born of whom, exec'd, was gone, as capture saw it. */
#ifndef STORE_ROWS_EVENT_H
#define STORE_ROWS_EVENT_H

#include "store/model/syscall.h"
#include "store/store.h"

struct event_row {
	int64_t node, t;
	uint32_t serial;
	int32_t pid, parent;  /* parent 0: none */
	enum edge_kind kind;  /* EDGE_BORN, EDGE_EXECED, EDGE_GONE */
};

struct event_take { int (*take)(void *to, const struct event_row *row); void *to; };

/* Those of a pid, without node and pid; kinds that are none are left out. */
int event_each(struct store *s, int64_t node, int32_t pid, struct event_take to, struct err *e);
int event_any(struct store *s, bool *yes, struct err *e);
int event_save(struct store *s, const struct event_row *row, struct err *e);
int event_del_of_part(struct store *s, int64_t node, int32_t pid, int64_t part, struct err *e);

#endif
