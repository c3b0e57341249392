/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the evidence itself says of what is missing in it: records whose absence others show, and
 * calls of which there can be none.
 */
#ifndef ANALYZE_EVIDENCE_WHOLE_H
#define ANALYZE_EVIDENCE_WHOLE_H

#include "analyze/evidence/select.h"
#include "analyze/policy/runtime.h"
#include "store/base/buf.h"

/* By what a tree shows that records of it are missing. */
enum whole_sign {
	WHOLE_LOADER, /* its loader's start lacks a call that this loader makes in each */
	WHOLE_EXEC,   /* a program appears without an execve */
	WHOLE_FORK,   /* more processes were forked than fork-type calls are there */
	WHOLE_EXIT,   /* a pid came back, and the process before shows no exit */
	N_WHOLE_SIGNS,
};

/* By what a program gets past the filter that logs. */
enum whole_past { WHOLE_NOTHING, WHOLE_PRCTL, WHOLE_IO_URING, WHOLE_FILTER };

struct whole {
	uint64_t damaged,
		trees; /* trees that show that records are missing, of those that can show it */
	uint64_t starts;                       /* starts among the damaged ones */
	uint64_t by[N_WHOLE_SIGNS];            /* trees by sign: one may have several */
	const struct runtime *loader;          /* of one with WHOLE_LOADER, */
	struct buf lacks;                      /* and the calls that such starts lack */
	enum whole_past past;                  /* the most that is seen of it */
	struct bytes who;                      /* and by whom, for people */
	bool *tree_damaged;                    /* of each tree of the query, */
	bool *tree_short; /* and whether its loader shows some of what it does with privileges, not
			     all */
};

/* Of a selection's trees. The caller releases. */
void whole_find(struct whole *out, const struct query *q, const struct selection *s);
void whole_release(struct whole *w);

/* "a program appears without its execve (2 trees)": why, all signs in one text. */
void whole_signs(struct buf *out, const struct whole *w);

/* "own loads a filter of its own: what that refuses left no record"; nothing where there is no such
 * program. */
void whole_past_text(struct buf *out, const struct whole *w);

/* Is there a whole start by this loader among the selected trees? */
bool whole_shows_start(const struct whole *w, const struct query *q, const struct selection *s,
		       const struct runtime *r);

#endif
