/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of `part`. */
#ifndef STORE_ROWS_PART_H
#define STORE_ROWS_PART_H

#include "store/store.h"

struct part_row {
	int64_t id, node, image, link, exe, name;
	int64_t t_first, t_last, t_end; /* t_end WHEN_NONE: it lives */
	uint32_t boot, s_first, s_last, uid, auid;
	int32_t pid;
	bool trusted, loader, starts;
	struct bytes state;             /* the derivation's own; borrowed */
};

struct part_take { int (*take)(void *to, const struct part_row *row, struct err *e); void *to; };

/* Takes the part of this id, if it is there. */
int part_find(struct store *s, int64_t id, struct part_take to, struct err *e);
int part_save(struct store *s, const struct part_row *row, struct err *e);
int part_del(struct store *s, int64_t id, struct err *e);
int part_top(struct store *s, int64_t *id, struct err *e);

/* Parts of a tree as readers see them: path, and which part they were exec'd or forked from (0:
 * none). */
struct part_seen { int64_t id, node, path, parent, fork_of; int32_t pid; bool trusted; };
struct part_seen_take { int (*take)(void *to, const struct part_seen *part); void *to; };
int part_each_of_tree(struct store *s, int64_t tree, struct part_seen_take to, struct err *e);

/* The path of one that is in an image. */
int part_path(struct store *s, int64_t id, int64_t *path, struct err *e);

#endif
