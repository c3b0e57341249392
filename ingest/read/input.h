/* SPDX-License-Identifier: Apache-2.0 */
/* A source as its members: itself, or, of an archive, the files in it; each is read from its
 * beginning. */
#ifndef INGEST_READ_INPUT_H
#define INGEST_READ_INPUT_H

#include "ingest/read/reading.h"
#include "ingest/read/source.h"

struct input {
	struct source source;
	struct unpack *unpack;     /* NULL: it is not packed */
	struct reading reading;    /* of the member */
	const char *name;          /* of the member, for messages: "FILE", "FILE:MEMBER" */
	const char *json_field;
	char *shown, *member;
	bool begun, looked;        /* the first member; standard input's first bytes */
};

/* Opens a source as source_open does. What was opened has to be closed. */
int input_open(struct input *in, const char *path, const char *json_field, struct err *e);
void input_close(struct input *in);

/*
 * The next member; *any false: there is none. -1: it cannot be had, or the one before was cut off,
 * which shows at its end. Then there are no further ones.
 */
int input_next(struct input *in, bool *any, struct err *e);

/* Reads more of the member, as lines_fill does. The first bytes of a pipe tell whether it is
 * packed. */
int input_fill(struct input *in, int timeout_ms, enum lines_state *state, struct err *e);

/* A regular file, from its beginning again. */
int input_again(struct input *in, struct err *e);

#endif
