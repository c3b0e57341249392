/* SPDX-License-Identifier: Apache-2.0 */
/* What the files that load a query share. Inside store/query*.c only. */
#ifndef STORE_QUERY_LOAD_H
#define STORE_QUERY_LOAD_H

#include "store/base/map.h"
#include "store/query.h"
#include "store/sql.h"

struct query_path { int64_t id, parent; struct bytes exe, name, text; };

/* A program that presence shows; image: where that is known; next: another one of the same pid and
 * hour, + 1. */
struct query_program { int64_t exe; uint32_t caller, image, next; };

/*
 * The uses that an image's first interval brought, which differ from each other; mapped: they are
 * in the map, as all later ones.
 */
struct query_first {
	uint32_t from, n;
	bool mapped;
};

struct query_loading {
	struct query *q;
	struct store *s;
	int64_t since, until;
	bool some;            /* rows that many share are read when they are asked for */
	struct map strings;   /* row -> pool id */
	struct map images;    /* row -> index */
	struct map trees;     /* row -> index */
	struct map callers, calls, locations, policies;  /* row -> index */
	/* (image, caller and call) -> index: of images that have several intervals */
	struct map uses;
	VEC(struct query_first) firsts; /* of each image, as far as there are any */
	struct map pseudo;    /* (node, exe and comm) -> tree index */
	/* (node, pid and hour) of presence -> the last of a list in programs, + 1 */
	struct map near;
	VEC(struct query_program) programs;
	VEC(struct query_path) paths;
	VEC(int64_t) totals;  /* rows of fold that were taken */
	struct map path_at, tree_of_total,
		image_of_total; /* row -> index; row -> tree; (tree, path) -> image */
};

struct bytes query_keep_string(struct query *q, struct bytes b);

/* Text that was escaped when it was written; in a store by somebody else it may not be. */
struct bytes query_keep_shown(struct query *q, struct bytes b);

/* The bytes of a row of `string`; false: there is none. */
bool query_text_of(struct query_loading *l, int64_t row, struct bytes *out);

/* The index of a row that many share; -1: there is none. */
int64_t query_caller_at(struct query_loading *l, int64_t row);
int64_t query_location_at(struct query_loading *l, int64_t row);
int64_t query_path_at(struct query_loading *l, int64_t row);

/* -1: a row refers to one that is not there. */
int query_dangling(const struct query_loading *l, const char *table, int64_t id, const char *what,
		   struct err *e);

/* Walks the rows of a statement; ?1 of query_each_of says whether only trusted ones are wanted. */
int query_each(struct query_loading *l, const char *sql,
	       int (*take)(void *, sqlite3_stmt *, struct err *), struct err *e);
int query_each_of(struct query_loading *l, const char *sql,
		  int (*take)(void *, sqlite3_stmt *, struct err *), struct err *e);

bool query_in_time(const struct query_loading *l, int64_t first, int64_t last);

/* A row (tree, location) of a table; trees: its rows -> index. */
int query_put_location(struct query_loading *l, const struct map *trees, const char *table,
		       sqlite3_stmt *st, struct err *e);

uint32_t query_image_index(const struct query_loading *l, int64_t row);
void query_set_node(struct query_tree *t, const struct query *q, const struct nodes_row *node);

/* Adds to the use of an image, and widens the times of its tree. */
struct query_use *query_add_use(struct query_loading *l, uint32_t image, uint32_t caller,
				uint32_t call, uint64_t events, uint64_t trusted, int64_t t_first,
				int64_t t_last);
void query_note_serial(struct query_use *u, uint32_t serial);

int query_load_uses(struct query_loading *l, struct err *e);
int query_load_presence(struct query_loading *l, struct err *e);
int query_load_totals(struct query_loading *l, struct err *e);
int query_load_totals_of(struct query_loading *l, const struct bytes *codes, size_t n,
			 struct err *e);
int query_load_links(struct query_loading *l, struct err *e);
int query_link_images(struct query_loading *l, struct err *e);
void query_note_programs(struct query *q);

/* What comes last: what text contradicts, notes of arguments, programs, order. */
int query_load_rest(struct query_loading *l, struct err *e);

void query_loading_release(struct query_loading *l);

/* What takes one row, of all or of some. */
typedef int query_take(void *loading, sqlite3_stmt *st, struct err *e);
query_take query_take_string, query_take_caller, query_take_call, query_take_tree, query_take_image,
	query_take_label, query_take_location, query_take_tree_location, query_take_build,
	query_take_policy, query_take_interval, query_take_path,
	query_take_total, query_take_total_label, query_take_total_use, query_take_total_location,
	query_take_total_set;

#endif
