/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes a batch: joins its intervals with those that are stored, derives parts again where it
 * touched, and images and trees for as long as a batch may take.
 */
#ifndef INGEST_BATCH_FLUSH_H
#define INGEST_BATCH_FLUSH_H

#include "ingest/batch/state.h"
#include "ingest/batch/tally.h"
#include "store/makers.h"

#include <signal.h>

/* What is kept between batches of one process: the boots of nodes, and what the derivation looked
 * at lately. */
struct flush {
	struct tally *tally;
	struct seen *seen;
	VEC(struct flush_node { int64_t node; struct boots boots; }) nodes;
	struct map node_at;      /* node -> index */
	struct derive derive;
	struct state state;
	struct track_strings strings;
	struct makers makers;    /* what questions find parts by */
	bool loaded;             /* state is there */
	bool stale;              /* ... and another process has written since */
	bool waits; /* some of what is stored was not derived in the time that a batch has */
	int64_t ms; /* that the processes of the last batch took: it grows with their number */
	const volatile sig_atomic_t
		*stop; /* becomes non-zero: derive no more than has to be; NULL */
	VEC(struct flush_pid {
		int64_t node;
		int32_t pid;
	}) again; /* to be derived although the batch did not touch them */
};

void flush_init(struct flush *f, struct tally *tally, struct seen *seen);
void flush_release(struct flush *f);
void flush_forget(struct flush *f); /* another process has written */

/*
 * Called under the write lock for each node before its first record in a batch, so that flush_batch
 * can tell whether the batch changed its boots.
 */
int flush_know(struct flush *f, int64_t node, struct err *e);

/*
 * Under the write lock; the tally is empty afterwards. On failure the caller rolls back. Evidence
 * is always written; images are derived for a tenth of a second, and where that was not enough,
 * f->waits: the next batch goes on, or flush_more does.
 */
int flush_batch(struct flush *f, struct err *e);

/* The same, and derives all, however long that takes: where one transaction has to be enough. */
int flush_whole(struct flush *f, struct err *e);

/* Goes on deriving, under the write lock, for as long as flush_batch would. */
int flush_more(struct flush *f, struct err *e);

/*
 * A flush without a run, to derive pids again whose evidence was taken away: put them on
 * flush.again, each with its node known (flush_know).
 */
struct flush_alone {
	struct names names;
	struct seen seen;
	struct tally tally;
	struct flush flush;
};
void flush_alone_init(struct flush_alone *a, struct store *store);
void flush_alone_release(struct flush_alone *a);

/* Another pid to be derived again. -1 on failure. */
int flush_put_again(struct flush *f, int64_t node, int32_t pid, struct err *e);

#endif
