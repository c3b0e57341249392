/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From lines to the store: what all that brings lines shares. A batch is processed under the write
 * lock, which the first record takes, and committed as a whole.
 */
#ifndef INGEST_BATCH_FEED_H
#define INGEST_BATCH_FEED_H

#include "ingest/batch/line_cache.h"
#include "ingest/batch/flush.h"
#include "ingest/batch/run.h"
#include "ingest/read/reading.h"

enum feed_trust {
	FEED_TEXT,    /* any user may have written it */
	FEED_AUDITD,  /* lines in auditd's form, at column 0, are the kernel's */
	FEED_ALL,     /* all lines are, in whatever form */
};

struct feed {
	/* the reader's: */
	enum feed_trust trust;
	const char *file;       /* what the next line is from, and its number there */
	uint64_t number;
	uint64_t before;        /* records, damaged and markers that came before this source */
	bool any_without_syscall;
	int64_t until;          /* options' */
	bool any_of_kernel; /* a record in the kernel's own form, among which loss markers stand */
	/* its own: */
	const struct ingest_options *o;
	struct ingest_report *r;
	struct store *store;
	struct names names;
	struct seen seen;
	struct tally tally;
	struct flush flush;
	struct line_cache line_cache;
	struct body_room room;
	struct wrap within;     /* JSON behind a header */
	int64_t near_ms[2]; /* when the last record was, of text and of what is trusted: no text
			       says which year a marker is of */
	struct ident *last;     /* who made the last event */
	bool locked;
	int64_t batch_began;
	uint64_t batch_records, batch_lines;
	size_t most_intervals;  /* that a batch has, from how long those before took */
	int64_t rest_until; /* by when_clock_ms: what is not derived by then is left to the next
			       opener; 0: no limit */
	char sources[256];      /* noted with the run */
};

/* The next lines are from this source. */
void feed_source(struct feed *f, const char *name);

/* Had it no record, and is it no text? */
bool feed_source_is_strange(const struct feed *f);

/* All arguments are borrowed until feed_end. */
void feed_begin(struct feed *f, struct store *store, const struct ingest_options *options,
		struct ingest_report *report, const char *sources);

/*
 * Takes the next line if it is a record like one before: then *n is its length without the newline,
 * else 0. `ahead` as line_cache_match has it.
 */
int feed_known(struct feed *f, struct bytes ahead, size_t *n, struct err *e);

/* Would lines that hold nothing of ours only be counted? Then feed_pass counts them. */
bool feed_may_pass(const struct feed *f);
void feed_pass(struct feed *f, uint64_t lines);

/* Takes what another thread has recognised, with this feed's identities. The batch has begun. */
int feed_recognised(struct feed *f, const struct line_cache_event *ev, struct err *e);

/* Takes the next piece of a source, and all that it holds. */
int feed_piece(struct feed *f, const struct reading *r, const struct piece *p, struct err *e);

/* Takes an entry of a container. */
int feed_entry(struct feed *f, const struct entry *entry, struct err *e);

/* Takes any line; cut: see lines_next, and mentions what lines->mentions says. */
int feed_line(struct feed *f, struct bytes line, bool cut, bool mentions, struct err *e);

/* Where the process of the last event ran; location: a row. */
void feed_location(struct feed *f, int64_t location);

/* A line that cannot be taken, of a reader that finds so itself. */
void feed_damaged(struct feed *f, const char *reason, struct bytes text);

/* Has the batch to be committed now? */
bool feed_full(struct feed *f);

/* Goes on deriving what batches had no time for, for as long as a batch may; commits.
 * f->flush.waits: there is more. */
int feed_more(struct feed *f, struct err *e);

/* Takes the lock, waiting for it, if this batch has not done so yet. */
int feed_lock(struct feed *f, struct err *e);

/* Commits what was taken since the lock was. */
int feed_commit(struct feed *f, struct err *e);

/* This machine's node; -1 on failure. Under the lock. */
int64_t feed_own_node(struct feed *f, struct err *e);

/* Notes the run's end, or rolls back where ret is -1, and releases. Returns ret, or -1. */
int feed_end(struct feed *f, int ret, struct err *e);

#endif
