/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rows of the derivation's table: how they are made, and who looks at one. Inside ingest/track
 * only.
 */
#ifndef INGEST_TRACK_ROWS_H
#define INGEST_TRACK_ROWS_H

#include "ingest/track/derive.h"

/*
 * Kinds of rows. Those in a bucket are (kind, layer, node; boot; exe; cell or user; t; serial,
 * pid; seq, part): intervals (NEAR in cells, SPOKE where addresses are not random), fork-type
 * calls (CALL, FIXED_CALL) and who looks from there (FIXED_LOOK, CALL_LOOK). Who looks from a cell
 * is NEAR, too, with the lowest bit of the cell's word set: both are asked for together.
 */
enum rows_kind {
	ROWS_NEAR = 1,
	ROWS_SPOKE,
	ROWS_CALL,
	ROWS_FIXED_CALL,
	ROWS_FIXED_LOOK,
	ROWS_CALL_LOOK,
	ROWS_OWN, /* (part; t; serial, kind, layer, seq; exe; cell or user; 0; 1): the rows of a
		     part that lie in buckets; the last word is 1 */
	ROWS_PID, /* (node; pid; layer, boot; 0; t; serial; seq, part): the parts of a pid */
	ROWS_BORN, /* (node; pid of the parent; 0; 0; t; serial, pid; seq, part): whose process was
		      born of a pid */
	ROWS_MEMBER, /* (layer; image; 0; 0; t; serial, pid; seq, part) */
	ROWS_END, /* (layer; image; 0; end, the last first; t; serial, pid; seq, part) */
	ROWS_WITNESS, /* (part; 0; 0; 0; t; serial, pid; seq, part): whose answer rests on the first
			 one's life */
	ROWS_GONE, /* (layer; image; 0; 0; t; serial, pid; seq, part): who found that none of an
		      image lives */
	ROWS_CHILD, /* (part; 0; 0; 0; t; serial, pid; seq, part): who comes from the first one, by
		       an exec or a known birth */
	ROWS_BELOW, /* (; image; image below; 0; 0; 0; 0): what was exec'd from an image */
	ROWS_CELL, /* (set, node; pid; cell; 0; 0; 0; 0): the many cells of a part that may go on;
		      see mark.h */
	ROWS_WORK, /* (; n; word; 0; 0; 0; 1): work that waits; see work.h */
	ROWS_WAIT, /* (layer, node; boot; 0; 0; t; serial, pid; seq, part): the queue */
};

#define ROWS_ID ((1ull << 48) - 1)

static inline uint64_t rows_time(int64_t t)
{
	return (uint64_t)t ^ 1ull << 63;
}

static inline int64_t rows_id(const struct derive_row *r)
{
	return (int64_t)(r->w[6] & ROWS_ID);
}

static inline int32_t rows_pid(const struct derive_row *r)
{
	return (int32_t)(uint32_t)r->w[5];
}

static inline int64_t rows_t(const struct derive_row *r)
{
	return (int64_t)(r->w[4] ^ 1ull << 63);
}

static inline uint64_t rows_head(enum rows_kind kind, uint8_t layer, int64_t node)
{
	return (uint64_t)kind << 56 | (uint64_t)layer << 48 | (uint64_t)node;
}

/* An end as it stands in a row: the last first, and before all those that live. */
static inline uint64_t rows_end(int64_t t_end)
{
	return t_end == TRACK_LIVES ? 0 : ~rows_time(t_end);
}

/* The last three words of a row of part `id` at a key. */
static inline void rows_order(struct derive_row *r, const struct track_key *k, int64_t id)
{
	r->w[4] = rows_time(k->t);
	r->w[5] = (uint64_t)k->serial << 32 | (uint32_t)k->pid;
	r->w[6] = (uint64_t)k->seq << 48 | (uint64_t)id;
}

/* Is the row of something before p in the order? */
bool rows_before(const struct derive_row *r, const struct derive_part *p);

/* Do two rows lie in one bucket, or hang on one thing: are the first four words equal? */
bool rows_beside(const struct derive_row *a, const struct derive_row *b);

int rows_compare(const void *a, const void *b);

/* A row in a bucket of p's node and boot. */
struct derive_row rows_in_bucket(enum rows_kind kind, uint8_t layer, const struct track_key *at,
				 int64_t exe, uint64_t cell, int64_t id);

/* A row that hangs on one or two numbers. */
struct derive_row rows_hanging(enum rows_kind kind, uint8_t layer, int64_t low, uint64_t second);

/* A part by its id; NULL: there is none. */
int rows_part(struct derive *d, int64_t id, struct derive_part **out, struct err *e);

/* The part that a row or another part names: one that is not there is a failure. */
int rows_named_part(struct derive *d, int64_t id, struct derive_part **out, struct err *e);

/* A cell as it stands in a row: of what lies in it, and of who looks from it. */
static inline uint64_t rows_cell(uint64_t cell, bool looks)
{
	return cell << 1 | looks;
}

static inline uint64_t rows_user(uint32_t uid, uint32_t auid)
{
	return (uint64_t)uid << 32 | auid;
}

/*
 * What p is found by: where it looks from and its pid; or what its answer made. Appended to *out.
 */
void rows_of_facts(const struct derive_part *p, struct derive_rows *out);
void rows_of_answer(const struct derive_part *p, struct derive_rows *out);

/* The row in a bucket that one of a part's own rows tells of. */
struct derive_row rows_bucket_of(const struct derive_part *p, const struct derive_row *own);

/* The rows of p that lie in buckets, from a time on. Appended to *out. */
int rows_of_part(struct derive *d, const struct derive_part *p, int64_t since,
		 struct derive_rows *out, struct err *e);

/* The one of them that stands where `like` does, if there is one. */
int rows_as_it_was(struct derive *d, const struct derive_part *p, const struct derive_row *like,
		   struct derive_rows *out, struct err *e);

/* Puts rows in order; of equal ones the one with the greatest value stays. */
void rows_sort(struct derive_rows *rows);

/*
 * A number that two sets of rows, each once, have in common only if they are the same: a sum, so
 * that it can be taken apart.
 */
uint64_t rows_sum(const struct derive_rows *rows);

/*
 * Makes p have `now` in place of `was`, in buckets and of its own; those who look at what differs
 * wait. Sorts both.
 */
int rows_give(struct derive *d, const struct derive_part *p, struct derive_rows *was,
	      struct derive_rows *now, struct err *e);

/*
 * Makes the table hold `now` in place of `was`. Sorts both. touch: those who look at a row that
 * differs are asked again.
 */
int rows_replace(struct derive *d, struct derive_rows *was, struct derive_rows *now, bool touch,
		 struct err *e);

/* Those who look at a row wait to be asked again. */
int rows_touch(struct derive *d, const struct derive_row *row, struct err *e);

/* Is one to be settled sooner than the other? Does p no longer stand where w says? */
bool rows_sooner(const struct derive_wait *a, const struct derive_wait *b);
bool rows_moved(const struct derive_wait *w, const struct derive_part *p);

/* Puts a part into the queue. */
void rows_wait(struct derive *d, struct derive_part *p);

#endif
