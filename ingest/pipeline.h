/* SPDX-License-Identifier: Apache-2.0 */
/* What the readers of ingest/ share: from an open input to the store. Not for others: see
 * ingest/ingest.h. */
#ifndef INGEST_PIPELINE_H
#define INGEST_PIPELINE_H

#include "ingest/ahead.h"
#include "ingest/batch/feed.h"
#include "ingest/read/input.h"

#define WHOLE_COUNTS 7

/* A file that is read from its beginning: what it is known by, and what had been counted before it.
 * See ingest/whole.c. */
struct whole {
	bool ok;               /* it may be marked as read */
	char file[256];
	uint64_t before[WHOLE_COUNTS];
	bool begins;           /* its first line has auditd's form */
	uint64_t other;        /* the first line that has not; 0: none */
};

/* Reads sources piece by piece and feeds the store. */
struct pipeline {
	struct feed feed;
	const struct ingest_options *o;
	struct ingest_report *r;
	struct input *in;
	bool bad_input;        /* the source failed, not the store */
	struct whole whole;
	struct ahead *ahead;   /* NULL: one thread does it all */
};

static inline bool pipeline_stop(const struct pipeline *p)
{
	return p->o->stop != NULL && *p->o->stop;
}

/* Is it a line as auditd writes it, of whatever type: "[node=N ]type=T msg=audit(..."? */
bool pipeline_auditd_line(struct bytes line);

/* Hands out the next piece that is buffered; *any: there was one. */
int pipeline_piece(struct pipeline *p, bool *any, struct err *e);

/* Reads a source, or what is new of the journal, from its beginning to its end. */
int pipeline_source(struct pipeline *p, const char *name, struct err *e);

/* What p->whole says of a file's form is known: whether it can be trusted, and a word where it
 * looks as if it could and cannot. */
void pipeline_judged(struct pipeline *p);

/* Was the file read whole before, and is it the same? Then all that it holds is counted. */
int pipeline_whole_known(struct pipeline *p, bool *known, struct err *e);

/* Its reading begins; it has ended: that is noted, in the transaction of its last records. */
void pipeline_whole_begins(struct pipeline *p);
int pipeline_whole_ends(struct pipeline *p, struct err *e);

/* A source that could not be read: it is said and counted, and what was good of it stays. -1: it
 * was the store. */
int pipeline_failed(struct pipeline *p, struct err *e);

/* Reads all that the journal has; with --follow from where a run before ended. place: a folder or a
 * file; NULL: this machine's. */
struct journal;
int pipeline_journal_open(struct pipeline *p, const char *place, struct journal **j, struct err *e);
int pipeline_journal_drain(struct pipeline *p, const char *place, struct journal *j, struct err *e);

/*
 * Files of strace -ff, one for each process: those among the sources that are of one run become
 * one. done: of each source, whether it was taken so.
 */
int pipeline_tool_sets(struct pipeline *p, const char *const *sources, size_t n, bool *done,
		       struct err *e);

/* Takes the member that is open where it is a file of a tool: see ingest/read/tools/tool.h. *taken:
 * it was one. */
int pipeline_tool(struct pipeline *p, bool *taken, struct err *e);

/* A file of the journal among the sources. */
int pipeline_journal_file(struct pipeline *p, const char *path, struct err *e);

/* Takes over what another store holds. */
int pipeline_adopt(struct pipeline *p, const char *path, struct err *e);

/* Reads files as they grow, and the journal, until a stop is asked for. */
int pipeline_follow(struct pipeline *p, const char *const *sources, size_t n, struct err *e);

#endif
