/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Containers of lines: JSON objects and the journal's export format. Their bytes are pushed as they
 * come, in pieces of any size; what they hold comes out as entries: a message, and what the
 * container says of it. So any form of a record can stand in any container. A new container is one
 * file in ingest/read/wrap/ and one row in wrap/wrap_list.h.
 *
 * Memory is bounded: of an object of any size only the values that are asked for are kept, each up
 * to a limit.
 */
#ifndef INGEST_READ_WRAP_H
#define INGEST_READ_WRAP_H

#include "ingest/read/wrap/fields.h"

struct entry {
	/*
	 * What the hot path may compare: a front of the container's own (never of a line's), the
	 * message, and a newline behind the n bytes. n is 0 where it must not.
	 */
	struct bytes text;
	struct bytes message;   /* within its room */
	const char *form;       /* name of the container */
	struct context c;       /* as if a header had said it */
	uint64_t line;          /* at which the message begins */
	const char *broken;     /* why there is no message; NULL: there is one */
};

enum wrap_got {
	WRAP_MORE,    /* all was taken; it goes on */
	WRAP_ENTRY,   /* an entry; push the rest again */
	WRAP_NOTHING, /* an object without a message that is ours; push the rest again */
	WRAP_END,     /* what is left is not the container's */
};

struct wrap;

/* A container: does it begin here, and what comes of bytes that are pushed. */
struct wrap_kind {
	const char *name, *about;
	bool (*begins)(struct bytes ahead);
	enum wrap_got (*push)(struct wrap *w, struct bytes *b, bool eof);
	struct bytes word;   /* the line with which it begins has this: see sieve.h */
};

#define WRAP_DEPTH 64  /* levels of an object that is followed */
#define WRAP_KEY 48    /* bytes of a key that is looked at */
#define WRAP_SEAM 24
#define WRAP_INNER 4   /* JSON in JSON so deep */

struct json_level {
	bool array;
	bool scope; /* an object in an array, or the outermost: what it says is of one message */
	uint8_t field;         /* of an array: what its members are */
	uint8_t key_n;
	char key[WRAP_KEY];    /* under which it stands */
};

struct wrap {
	const struct wrap_kind *kind;  /* NULL: none is open */
	struct fields fields;
	struct entry entry;
	bool drop; /* an entry was handed out: what was said at drop_depth and below goes before
		      more is read */
	unsigned drop_depth;
	bool mentions;         /* some of what was read since the last entry looked like a record */
	char seam[WRAP_SEAM]; /* the last bytes that were looked at for it: a record may begin in
				 one piece and go on in the next */
	unsigned seam_n;
	uint64_t line;         /* of the byte that is pushed next */
	uint64_t began;        /* the line at which it began */
	struct bytes rest;     /* of a message of several lines: those behind the entry */
	struct wrap *inner;    /* for JSON in a message: inner_rest of it is not pushed yet */
	struct bytes inner_rest;
	bool inner_open;
	struct context outer;  /* what is known of where the whole stands */
	unsigned level;        /* how deep this one is itself */
	/* JSON */
	uint8_t state, escape, word_at;
	bool is_key;
	uint16_t unit, high;   /* \uXXXX that is read, and a first half before it */
	unsigned depth;
	struct json_level levels[WRAP_DEPTH];
	char key[WRAP_KEY];
	unsigned key_n;
	uint8_t field;         /* what the value that comes is */
	unsigned rank;         /* and of which rank */
	/* export */
	uint64_t size;
	unsigned size_n;
	const char *why;       /* it is none, and goes on to the end of the line */
};

/* The i-th kind; NULL at the end. */
const struct wrap_kind *wrap_at(size_t i);

void wrap_release(struct wrap *w);

/* Is one open: does wrap_push go on with what was begun? */
static inline bool wrap_open(const struct wrap *w)
{
	return w->kind != NULL || w->inner_open || w->rest.n > 0;
}

/*
 * Does a container begin with these bytes, which begin a line? whole: the line is whole, or more
 * cannot be had. *unsure: not to be told yet. json_field: see fields.h.
 */
bool wrap_begins(struct wrap *w, struct bytes ahead, bool whole, uint64_t line, bool *unsure);

/* Pushes more of what wrap_begins took. *b is what is left. Where eof is set, there is nothing
 * behind *b. */
enum wrap_got wrap_push(struct wrap *w, struct bytes *b, bool eof);

/* A message of its own that is such a container, within a line with a header: then push it, with
 * eof. */
bool wrap_within(struct wrap *w, struct bytes *message, const struct context *outer, uint64_t line);

/* A container that another reader takes apart: begins an entry, and sets a field of it. Then
 * wrap_entry, and wrap_push for what is left. */
void wrap_given(struct wrap *w, const char *form);
void wrap_set(struct wrap *w, struct bytes key, struct bytes value);

/* For containers: hands out what the fields say, those of `depth` and below; WRAP_NOTHING: no
 * message that may be ours. */
enum wrap_got wrap_entry(struct wrap *w, unsigned depth);

/* The same with a reason why it cannot be taken. */
enum wrap_got wrap_broken(struct wrap *w, const char *why, struct bytes shown);

/* Does it hold the beginning of a record? */
bool wrap_mentions(struct bytes b);

/* The same of what is read piece by piece; sets w->mentions. wrap_unseen: what comes does not
 * belong to what came. */
void wrap_look(struct wrap *w, struct bytes raw);
void wrap_unseen(struct wrap *w);

#endif
