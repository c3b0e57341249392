/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of `presence`: a call that was made, of lines without an event. */
#ifndef STORE_ROWS_PRESENCE_H
#define STORE_ROWS_PRESENCE_H

#include "store/store.h"

struct presence_row {
	int64_t id, node, exe, caller, call;
	int64_t t_first, t_last; /* WHEN_NONE: without a time; written is the first */
	int64_t part;            /* that it hangs on; 0: on none */
	uint64_t ip;
	int32_t pid;
};

struct presence_take {
	int (*take)(void *to, const struct presence_row *row, struct err *e);
	void *to;
};

/* Those of a pid: id, exe, times and part. */
int presence_each(struct store *s, int64_t node, int32_t pid, struct presence_take to,
		  struct err *e);
int presence_any(struct store *s, int64_t node, int32_t pid, bool *yes, struct err *e);

/* Adds what it says to the row of its hour. */
int presence_save(struct store *s, const struct presence_row *row, struct err *e);
int presence_set_part(struct store *s, int64_t id, int64_t part, struct err *e);

/* Those of a part: caller, call and times. */
int presence_each_of_part(struct store *s, int64_t node, int32_t pid, int64_t part,
			  struct presence_take to, struct err *e);
int presence_del_of_part(struct store *s, int64_t node, int32_t pid, int64_t part, struct err *e);

#endif
