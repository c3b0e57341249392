/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which rows of `node` are one machine. A log names a machine by its short name or by its full one,
 * and the store keeps a row for each name as it is written. Which of them are one is told when the
 * store is read, from the names that are there by then: so it does not matter which came first.
 */
#ifndef STORE_NODES_H
#define STORE_NODES_H

#include "store/base/map.h"
#include "store/base/mem.h"
#include "store/model/kind.h"
#include "store/store.h"

struct nodes_row {
	int64_t id;
	struct bytes name;   /* as it was written */
	struct bytes shown;  /* the machine's: of all rows that are one with it */
	uint32_t of;         /* index of the row that stands for the machine */
	bool kept; /* something is kept of it, and counts; else its names say nothing of others */
	bool trusted;        /* a trusted source brought some of it */
	bool others;         /* the machine has more rows */
	enum kind kind; /* of a file of a tool: its own; else KIND_SECCOMP, and the rest is empty */
	uint32_t facts;      /* enum tool_fact */
	struct bytes file;   /* escaped */
};
/* A name of a row: the one that was written, and those that `node alias` gave it. */
struct nodes_name { uint32_t row; struct bytes name; };

struct nodes {
	VEC(struct nodes_row) rows;
	VEC(struct nodes_name) names;
	struct map at;       /* id -> index */
	struct map by_name;  /* a name, as an id of the pool -> index of its row */
	struct pool strings;
	bool joined;         /* some machine has more than one row */
};

/* only_trusted: as if there were no text. The caller releases, also after a failure. */
int nodes_load(struct nodes *n, struct store *s, bool only_trusted, struct err *e);
void nodes_release(struct nodes *n);

/*
 * A short name and a full one with the same first label are one machine if no other full name has
 * that label. Addresses are taken whole. Names that only text has attach to those that a trusted
 * source brought; they neither join nor part these, nor give them another name. nodes_load has done
 * it; for tests.
 */
void nodes_join(struct nodes *n);

/* NULL: there is no such row. */
const struct nodes_row *nodes_find(const struct nodes *n, int64_t id);

/* The row that stands for the machine that this one is of; itself, if there is none. */
int64_t nodes_id(const struct nodes *n, int64_t id);

/* Has the machine more than one row? */
bool nodes_has_others(const struct nodes *n, int64_t id);

/* Is this one of the machine's names, in any of its rows? */
bool nodes_named(const struct nodes *n, int64_t id, struct bytes name);

#endif
