/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a batch has brought, in memory: intervals with their observations, edges, presence, loss
 * markers. Written by flush_batch under the write lock. Nothing here touches the database for a
 * record that looks like one before it.
 */
#ifndef INGEST_BATCH_TALLY_H
#define INGEST_BATCH_TALLY_H

#include "ingest/batch/seen.h"
#include "ingest/read/body.h"
#include "store/model/obs.h"
#include "store/names.h"

#define TALLY_GAP_MS 500            /* records of an interval follow each other within this time */
#define TALLY_MAX_OBS 100000      /* a batch ends when so many observations wait, */
/* or so many of those things that take more room when they are written */
#define TALLY_MAX_INTERVALS 12000
#define TALLY_MAX_IDENTS 20000

#define IDENT_RECENT 16             /* slots that an identity used last, by the call's number */

/* Who makes calls, as one record's text from auid= to arch= says it. */
struct ident {
	const char *key;
	uint32_t key_n;
	uint64_t hash;
	uint32_t number;      /* no other one has had it */
	struct ident *original; /* itself; of a copy, what it was copied from */
	int64_t node, exe, comm, caller;
	int32_t pid, sig;
	uint32_t uid, auid, arch;
	bool loader, compat;
	bool has_escape;      /* "\\x" stands in the key */
	uint32_t batch;       /* in which the next three are valid */
	int64_t origin[2];     /* by trust: of text, of trusted records; -1: none yet */
	uint32_t interval[2]; /* the last one, index + 1 */
	bool trusted;         /* which of them was the last */
	char code_text[8];    /* the code that it had last, as written, and read */
	uint32_t code;
	bool code_known;
	struct ident_recent { uint32_t interval, obs; int32_t nr; } recent[IDENT_RECENT];
	uint32_t recent_code;
	struct tally_calls *calls; /* of its arch and of the action it had last */
};

/* Rows of the calls of one arch and action, for the numbers that programs use. */
#define TALLY_CALLS 512
struct tally_calls {
	uint32_t arch, action;
	int64_t row[TALLY_CALLS];
};

struct tally_interval {
	int64_t origin;
	uint64_t cell;
	int64_t t_first, t_last;
	uint32_t s_first, s_last,
		s_begin; /* the lowest, the highest, that of the record at t_first */
	uint32_t uid, auid;
	int64_t name;
	uint32_t older;       /* the next of the same space, cell and hour, index + 1 */
	bool unordered;           /* one that is older in this sense may be later in time */
	uint32_t obs;       /* its observations, index + 1 */
	uint32_t edges;       /* its edges, index + 1 */
	uint32_t echoes;      /* its events that the other layer has brought as well, index + 1 */
	int64_t location;        /* row of where its process ran; 0: not looked up */
	int64_t ingest;          /* the run that it is of; 0: this one */
	uint32_t new_records; /* records that were new or became trusted; 0: it only marks what is
				 there */
};

struct tally_obs {
	struct obs obs;
	uint32_t next;
	uint8_t edge;         /* enum edge_kind of its call */
};

struct tally_origin { int64_t node, exe; int32_t pid; bool loader, trusted; };
struct tally_echo { int64_t t; uint32_t serial, obs, next; };
struct tally_edge { struct edge edge; uint32_t next; };
struct tally_presence {
	int64_t node, exe, caller, call, t_first, t_last;
	int32_t pid;
	uint64_t ip;
};
struct tally_lifecycle {
	int64_t node, t;
	int32_t pid, parent;
	uint32_t serial;
	enum edge_kind kind;
};
struct tally_event {
	int64_t ms;
	uint64_t ip;
	uint32_t serial, code;
	int32_t nr;
	bool trusted;
	enum seen_state state; /* as the seen set says */
	bool made;           /* a tool saw the call: it counts as no event */
	bool failed;         /* ... and that it did nothing: no process was made or ended */
};
struct tally_loss { int64_t node, stamp, t; enum loss_kind kind; uint64_t number; bool trusted; };

struct tally {
	struct store *store;
	struct names *names;
	struct seen *seen;
	int64_t ingest;        /* row of this run */
	bool label; /* the run has a label or a policy: it marks what it touches, seen before or not
		     */
	uint32_t batch;
	struct ident **idents; /* open addressing */
	uint32_t n_idents, n_ident_slots;
	uint32_t ident_drops;  /* how often all of them were dropped */
	VEC(struct ident *) made; /* all of them, one after the other */
	uint32_t ident_numbers;
	VEC(struct tally_calls *) calls;
	VEC(struct tally_origin) origins;
	VEC(struct tally_interval) intervals;
	VEC(struct tally_obs) obs;
	VEC(struct tally_edge) edges;
	VEC(struct tally_echo) echoes;
	VEC(struct tally_presence) presences;
	VEC(struct tally_loss) losses;
	VEC(struct tally_lifecycle) events;
	struct map origin_of, interval_of, obs_of, presence_of;
	uint64_t new_events, seen_before;
	uint64_t trusted;        /* events that no trusted source had brought before */
	uint64_t contradicted; /* events of which text says something else than a trusted source */
	bool any_totals; /* something was compacted: text of what is trusted already is not kept any
			    more */
};

void tally_init(struct tally *t, struct store *store, struct names *names, struct seen *seen);
void tally_release(struct tally *t);

/* Drops all identities: nodes may have changed. */
void tally_forget_idents(struct tally *t);

/* The identity of a record of this node, or NULL. */
struct ident *tally_find(const struct tally *t, int64_t node, const char *key, size_t n);

/* The same, made when new; NULL on failure. */
struct ident *tally_ident(struct tally *t, int64_t node, const struct record *rec, struct bytes key,
			  struct err *e);

/* A copy of another tally's identity, found as it is there. */
struct ident *tally_copy(struct tally *t, struct ident *of);

/* One event; its fields are as in the record. */
int tally_count_event(struct tally *t, struct ident *id, const struct tally_event *ev,
		      struct err *e);

/* A record without an event id: presence only, of a time that may be WHEN_NONE. */
int tally_presence(struct tally *t, struct ident *id, const struct tally_event *ev, struct err *e);

/*
 * What a source says that knows processes: `pid` was born of `parent`, has execed, is gone
 * (EDGE_BORN, EDGE_EXECED, EDGE_GONE; parent 0 for the others). It happened right after the record
 * with that serial, the node's own or not.
 */
void tally_add_lifecycle(struct tally *t, int64_t node, int32_t pid, enum edge_kind kind,
			 int64_t t_ms, uint32_t serial, int32_t parent);

/*
 * An interval of another store, whole: its corners, and what it adds. Without obs and edges it only
 * marks what is there, as of a run and a location. echoes: all of its events are in the other layer
 * as well.
 */
struct tally_given {
	int64_t node, exe, name, location, ingest;
	uint64_t cell;
	int64_t t_first, t_last;
	uint32_t s_first, s_last, s_begin, uid, auid;
	int32_t pid;
	bool trusted, loader, echoes;
	const struct obs *obs;
	size_t n_obs;
	const struct edge *edges;
	size_t n_edges;
};
void tally_give(struct tally *t, const struct tally_given *g);

void tally_loss(struct tally *t, int64_t node, const struct loss *loss, bool trusted);

/* Is it time to end the batch? */
static inline bool tally_full(const struct tally *t)
{
	return t->obs.n >= TALLY_MAX_OBS || t->intervals.n >= TALLY_MAX_INTERVALS ||
	       t->edges.n >= TALLY_MAX_OBS || t->presences.n >= TALLY_MAX_INTERVALS ||
	       t->echoes.n >= 4 * TALLY_MAX_OBS || t->events.n >= TALLY_MAX_OBS;
}

/* Empties it after a flush (or a rollback). */
void tally_clear(struct tally *t);

#endif
