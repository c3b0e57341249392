/* SPDX-License-Identifier: Apache-2.0 */
/* Rows that are shared by many: nodes, callers, calls, paths. Found or made under the write lock.
 */
#ifndef STORE_NAMES_H
#define STORE_NAMES_H

#include "store/base/buf.h"
#include "store/base/map.h"
#include "store/model/location.h"
#include "store/store.h"

struct names {
	struct store *store;
	struct pool node_text;
	struct map nodes;    /* pool id -> row */
	struct map callers;  /* (comm, subj) -> row */
	struct map calls;    /* (arch and nr, action) -> row */
	struct map paths;    /* (parent, exe and name) -> row */
};

void names_init(struct names *n, struct store *store);
void names_release(struct names *n);
void names_forget_nodes(struct names *n); /* another process may have made two one */

/* The row of a node, made for each name as it is written: which of them are one is told by
 * store/nodes. -1 on failure. */
int64_t names_node(struct names *n, struct bytes name, struct err *e);

/* The row of the node that is called just so; 0: none. */
int names_find_node(struct store *s, struct bytes name, int64_t *row, struct err *e);
/* Makes `name`, which no node has, one more name of a node. */
int names_add_name(struct store *s, struct bytes name, int64_t node, struct err *e);

/* subj: row of a string, 0 for none; its MCS categories are taken off by names_subj. -1 on failure.
 */
int64_t names_caller(struct names *n, int64_t comm, int64_t subj, struct err *e);
int64_t names_call(struct names *n, uint32_t arch, int32_t nr, uint32_t action, struct err *e);

/* The row of a place of this node; what is known of its names by now is kept. -1 on failure. */
int64_t names_location(struct names *n, int64_t node, const struct bytes v[LOCATION_FIELDS],
		       struct err *e);

/* Notes that this build of a program ran at t_ms, in a place (0: no container). */
int names_build(struct names *n, int64_t node, struct bytes exe, int64_t location, bool here,
		const char *id, int64_t t_ms, struct err *e);

/* name 0: not known, the path shows the last part of exe. parent 0: a root. -1 on failure. */
int64_t names_path(struct names *n, int64_t parent, int64_t exe, int64_t name, struct err *e);

/*
 * An SELinux label without its categories: "s:c5,c26" differ from container to container, the
 * domain does not. Others come back as they are.
 */
struct bytes names_subj(struct bytes subj);

/*
 * Compares the bytes of two rows of strings, as memcmp and then length. Where they cannot be read
 * it says so in the store's next failure, and compares the rows.
 */
int names_compare(struct store *s, int64_t a, int64_t b);

/* Appends the main name of a node. */
int names_node_text(struct store *s, struct buf *out, int64_t node, struct err *e);

#endif
