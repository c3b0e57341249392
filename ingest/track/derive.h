/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Images and trees, derived again from what a change touches.
 *
 * The rules ("Between pids", docs/tracker.md) are a recursion over the order of the evidence:
 * what a part joins is decided by parts before it. So there is exactly one solution, whatever
 * came first. This finds it by steps: parts whose answer may be another one wait in a queue in
 * the order of the evidence, and each is settled when all before it are.
 *
 * One relation says what a part looks at. An interval or a fork-type call is a row in a bucket, in
 * the order of the evidence: a cell, where addresses are random; a program and its user, where
 * they are not. A part that asks looks back from its own place in the order, in each bucket that
 * is near to it, over the last few rows (DERIVE_NEAR, DERIVE_CALLS). So the same few rows say
 * whom a part looks at, and, walked the other way, who looks at a row that changed. Nothing else
 * of other parts is read but whether one of an image lives, which has rows of its own (see
 * `witness`).
 *
 * The state is a table of ordered rows, parts and images; see struct derive_store. A caller may
 * stop between two steps, and keep the queue (derive_suspend).
 */
#ifndef INGEST_TRACK_DERIVE_H
#define INGEST_TRACK_DERIVE_H

#include "ingest/track/model.h"
#include "store/base/buf.h"

#define DERIVE_NEAR 8 /* intervals that are looked at in a cell: the last that began there */
/* the same of fork-type calls, and of intervals in buckets that are not random */
#define DERIVE_CALLS 16
/* intervals by their end, and then by the order of the pid, whose cells a part looks from */
#define DERIVE_CELLS 64
#define DERIVE_SITES_FROM 8   /* the same by their beginning, whose calls are compared */
#define DERIVE_SITES 128      /* sites of these at most */
/* of 200 daemons that forked twice, 196 first spoke after their parent's exit */
#define DERIVE_ENDED_MS 2000
#define DERIVE_FORKED_MS 1000 /* a fork-type call came at most so long before */
#define DERIVE_JUST_MS 8      /* ... within two ticks */
#define DERIVE_PAGE 4096      /* the smallest: mappings move by whole pages */

#define DERIVE_SAYS "derivation: " /* how what it says of a state that cannot be begins */

/* What decided about a part: one for each sentence of the rules. */
enum derive_rule {
	DERIVE_EXECED,
	DERIVE_EXEC_ASKEW,
	DERIVE_BORN,
	DERIVE_BORN_EXECED,
	DERIVE_A_LOADER,
	DERIVE_NOWHERE,
	DERIVE_ALONE,
	DERIVE_ALL_APART,
	DERIVE_ALL_GONE,
	DERIVE_NONE_LEFT,
	DERIVE_ONE,
	DERIVE_ONE_SAME,
	DERIVE_SAME,
	DERIVE_FORKED,
	DERIVE_SEVERAL,
	DERIVE_NO_CALL,
	DERIVE_CALLED,
	DERIVE_JUST,
	DERIVE_SEVERAL_CALLED,
	DERIVE_SEVERAL_SPOKE,
	DERIVE_RULES
};
extern const char *const derive_rule_names[DERIVE_RULES];

/* A row of the table: seven numbers in order, and one beside them. */
#define DERIVE_WORDS 7
struct derive_row { uint64_t w[DERIVE_WORDS], value; };
struct derive_rows { struct derive_row *v; size_t n, cap; };

struct derive_look { int64_t exe; uint64_t cell; };

struct derive_part {
	int64_t id;
	/* facts: what its own pid says */
	struct track_key key;
	uint8_t layer;
	bool loader, starts, first, execs_first;
	bool born;               /* a source said whose child its process is */
	int32_t birth_pid;
	int64_t birth_t;
	uint32_t birth_serial;
	int64_t exe, name, t_last, t_end;
	uint32_t s_last, uid, auid;
	int64_t from;            /* the part that it was exec'd from; 0: the first of its process */
	/* what others see of it, while it is made; then the table has them */
	struct derive_rows rows;
	uint64_t rows_sum;       /* tells whether they are others */
	uint32_t n_intervals;    /* of all layers */
	bool kept; /* while it is made: its intervals are those that it had, so its lists and rows
		      are, too */
	struct { struct derive_look *v; size_t n, cap; } looks;
	struct { struct track_site *v; size_t n, cap; } sites; /* in order */
	/* answers */
	int64_t image;           /* 0: not settled yet */
	int64_t link;            /* the part that it comes from by an exec or a known birth; 0 */
	struct {
		int64_t *v;
		size_t n, cap;
	} witnesses; /* parts by which images that it saw live */
	uint8_t rule;            /* enum derive_rule */
	bool asks_calls;         /* its answer rests on fork-type calls near it */
	bool queued;
};

struct derive_image {
	int64_t id;
	int64_t founder;         /* its first part; 0: not settled */
	int64_t tree;            /* the image at its root */
	int64_t above;           /* the image that it was exec'd from; 0: it is a root */
	uint64_t n;              /* parts */
	int64_t path;            /* the caller's: 0 in a new image, and left alone */
};

/*
 * Where the state is kept. All return -1 on failure with e set. Pointers stay good until
 * derive_run or derive_pid returns. next and prev: the nearest row behind or before `from`, which
 * need not be there; 1, or 0 where there is none.
 */
struct derive_store {
	void *ctx;
	int (*put)(void *ctx, const struct derive_row *row, struct err *e); /* replaces the value */
	int (*del)(void *ctx, const struct derive_row *row, struct err *e);
	int (*next)(void *ctx, const struct derive_row *from, struct derive_row *out,
		    struct err *e);
	int (*prev)(void *ctx, const struct derive_row *from, struct derive_row *out,
		    struct err *e);
	int (*part)(void *ctx, int64_t id, struct derive_part **out,
		    struct err *e); /* NULL: there is none */
	int (*keep_part)(void *ctx, struct derive_part *part,
			 struct err *e); /* a new or changed one; it is the store's */
	int (*drop_part)(void *ctx, int64_t id, struct err *e);                      /* frees it */
	int (*image)(void *ctx, int64_t id, struct derive_image **out, struct err *e);
	int (*keep_image)(void *ctx, struct derive_image *image, struct err *e);
	int (*drop_image)(void *ctx, int64_t id, struct err *e);
	int (*mark)(void *ctx, int64_t node, int32_t pid, struct buf *out,
		    struct err *e); /* 1, or 0: there is none */
	int (*keep_mark)(void *ctx, int64_t node, int32_t pid, struct bytes body,
			 struct err *e); /* empty: it goes */
};

struct derive_wait { struct track_key key; uint8_t layer; int64_t id; };

/* Work that goes on where it stopped; see work.h. */
enum derive_work_kind { DERIVE_WAIT, DERIVE_LOOKERS, DERIVE_TREE, DERIVE_MERGE, DERIVE_LIFE };
struct derive_work {
	enum derive_work_kind kind;
	bool take;
	struct derive_row at;         /* behind this row */
	uint64_t until[3];            /* up to here: the last words of a row */
	int64_t id, to;               /* a part, or images */
	bool has_limit; /* those before it need not be asked again: to them it is the same image
			   under another name */
	struct derive_wait limit;
};

/*
 * A part that is looking for one of an image that lives: what it found of images so far, and the
 * one that it is looking through.
 */
struct derive_search {
	int64_t part;                 /* 0: nobody does */
	struct { struct derive_found { int64_t image, witness; } *v; size_t n, cap; } found;
	int64_t image;                /* 0: none is begun */
	struct derive_row at;
};

#define DERIVE_KEPT 128 /* parts that wait in the table and are taken from there at once */
#define DERIVE_ROOM 256 /* rows that are looked at in one step, beside what a part sees */

struct derive {
	const struct derive_store *store;
	const struct track_strings *strings;
	int64_t next_part, next_image;
	VEC(struct derive_wait) queue; /* a heap: what came, and the first of those that are kept */
	bool any_kept; /* others wait in the table, */
	struct derive_wait first_kept; /* the first of them here */
	VEC(struct derive_work) work;    /* the last one goes on first */
	const struct derive_work *doing; /* while a piece of it is done */
	struct derive_search search;
	int64_t merged, merged_into;     /* images that are put together; 0: none are */
	size_t step_room, room; /* rows that are looked at in a step; those that are left of it */
	uint64_t asked, steps; /* parts that were settled, rows that were looked at: what tests of
				  cost count */
};

void derive_init(struct derive *d, const struct derive_store *store,
		 const struct track_strings *strings);
void derive_release(struct derive *d);
void derive_part_free(struct derive_part *p);
void derive_part_empty(struct derive_part *p); /* its facts' lists */

/*
 * All the evidence of one (node, pid) as it is now. What is other than before goes into the
 * queue; nothing is settled. Sorts both; sets `part` of each interval to the index, and
 * ids[index], if ids is not NULL, to the part's id: the caller frees *ids.
 */
int derive_pid(struct derive *d, int64_t node, int32_t pid, struct track_interval *intervals,
	       size_t n, struct track_edge *edges, size_t n_edges, int64_t **ids, struct err *e);

/*
 * The same for the end of a long life. derive_since says what need not be given: what ended by
 * *t_last in time, and edges up to then. A caller may give more of it. `was` says which part each
 * interval had; `fresh` is what came. Out: ids[i] is the part of intervals[i] as they stand then.
 *   derive_since returns: 1; 0: all has to be given (of a pid with few intervals, always)
 *   derive_behind returns: 1: that is not enough, all has to be given, and nothing was done
 */
struct derive_rest { int64_t t_last; }; /* by when what is not given has ended */
int derive_since(struct derive *d, int64_t node, int32_t pid, int64_t *t_last, struct err *e);
int derive_behind(struct derive *d, int64_t node, int32_t pid, const struct derive_rest *rest,
		  struct track_interval *intervals, size_t n, struct track_edge *edges,
		  size_t n_edges, int64_t **ids, struct err *e);

/*
 * Goes `most` steps: each settles a part, or does a piece of the work that it made, and looks at
 * some hundred rows. 1: something is left, 0: all is settled, -1: failure.
 */
int derive_run(struct derive *d, size_t most, struct err *e);

/* Is something left for derive_run? */
bool derive_waits(const struct derive *d);

/*
 * Puts what waits into the store, and takes it from there: of the queue only what is settled next,
 * so that a step costs the same however many wait.
 */
int derive_suspend(struct derive *d, struct err *e);
int derive_resume(struct derive *d, struct err *e);

/* Does the order put a before b? Of parts; trusted ones are settled before text. */
bool derive_before(const struct derive_part *a, const struct derive_part *b);

#endif
