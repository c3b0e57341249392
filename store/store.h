/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The store: one SQLite file in WAL mode. Writers take turns: a batch is processed under the write
 * lock, and the generation counter tells whether somebody else wrote in between.
 */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include "store/apart.h"
#include "store/base/bytes.h"
#include "store/base/err.h"
#include "store/base/pool.h"
#include "store/base/when.h"
#include "store/owner.h"
#include "store/wait.h"

#define STORE_APPLICATION_ID 0x53434155 /* "SCAU" */
#define STORE_VERSION 4

struct sqlite3;
struct sqlite3_stmt;

struct store {
	struct sqlite3 *db;
	char *path;
	struct owner owner;          /* whose it is, and whether its trusted marks count */
	int64_t generation;          /* of what this process has in memory */
	struct {
		struct sqlite3_stmt **v;
		size_t n, cap;
	} stmts; /* prepared when first asked for; see struct stmt */
	struct store_wait wait;      /* for other processes */
	struct apart apart;          /* how it is read where nothing may be written */
	bool reads;                  /* opened with STORE_READ */
	bool older;                  /* the file is of version 3 */
	bool makers; /* it has the rows by which questions find what they select: see store/makers
		      */
	bool writing;                /* between store_begin and store_commit or store_rollback */
	struct pool strings; /* what was interned; string_id[i] is the row of pool id i + 1 */
	int64_t *string_id;
	uint32_t n_string_id;
};

enum store_mode {
	STORE_READ,
	STORE_CHANGE, /* writes, to a store that is there */
	STORE_WRITE,  /* writes, and makes it where it is missing */
	STORE_UPGRADE, /* for ingest/upkeep/upgrade: the file as it is, whatever its version */
};

/*
 * Opens the store. path NULL: $SCAUDIT_DB, else the default place. STORE_WRITE makes folder (0700)
 * and file (0600) where they are missing. Else, without a store: ST_NO with what to do; where the
 * other default place holds records, the message says so. A store of version 3 can be read; to
 * write it, it has to be brought up: s->older is set then, and see ingest/upkeep/upgrade. One of a
 * newer version, or a file that is none, or has other tables than ours: ST_SYSTEM.
 *
 * Any store may be read, whoever owns it: see owner_look for who may write. One of somebody else's
 * is not changed, and its pages are looked at first.
 */
int store_open(struct store *s, const char *path, enum store_mode mode, struct err *e);

/* The same; wait: how long to wait for other processes, here and later; copied. store_open:
 * WAIT_MS, in silence. */
int store_open_waiting(struct store *s, const char *path, enum store_mode mode,
		       const struct store_wait *wait, struct err *e);

/* The store closes its file. What was committed is whole, whether this succeeds or not. */
void store_close(struct store *s);

/* Do the store's trusted marks count? Else all in it is text. */
static inline bool store_trusts(const struct store *s)
{
	return s->owner.why[0] == '\0';
}

/*
 * Takes the write lock, waiting for another writer as s->wait says. *changed: another process
 * committed since our last commit. After a failure no transaction is open.
 */
int store_begin(struct store *s, bool *changed, struct err *e);
int store_commit(struct store *s, struct err *e);
void store_rollback(struct store *s);

/* What was read is one state of the store. -1: it was read without locks, and another process wrote
 * to it meanwhile. */
int store_still(struct store *s, struct err *e);

/* Ends a read transaction, so that this process may write. */
int store_end(struct store *s, struct err *e);

/* A read transaction, so that several queries see one state. */
int store_snapshot(struct store *s, struct err *e);

/* The version that the file says it is of. */
int store_version(struct store *s, int64_t *version, struct err *e);

/* Gives room that nothing needs any more back to the file system. Outside of transactions. */
int store_shrink(struct store *s, struct err *e);

/* From here on a signal ends a statement as well: see struct store_wait. */
void store_heed_signals(struct store *s, bool yes);

/* "store FILE: row N of table T is damaged: WHY"; id 0: no number. Returns -1. */
int store_damaged(struct store *s, const char *table, int64_t id, const char *why, struct err *e);

/* Row of an interned string, made if new (under the write lock). -1 on failure. */
int64_t store_string(struct store *s, struct bytes b, struct err *e);

#endif
