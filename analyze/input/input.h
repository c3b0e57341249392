/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Formats that a policy is read from. A new one is one file in analyze/input/ and one row in
 * input_list.h. What a file says and the model cannot is an error that names it or stands in the
 * policy's list of what was not read, never left out in silence.
 */
#ifndef ANALYZE_INPUT_INPUT_H
#define ANALYZE_INPUT_INPUT_H

#include "analyze/input/input.h"
#include "analyze/policy/policy.h"

#include <json-c/json.h>

struct input {
	const char *name, *about;
	bool (*is)(struct bytes text); /* does it look like that? Errors in it are read's to find */
	int (*read)(struct policy *p, struct bytes text, const char *file, struct err *e);
};

/* The i-th; NULL at the end. */
const struct input *input_at(size_t i);

/* Adds what is in the file, or for "-" on standard input, to *text. ST_INPUT where it cannot be
 * read or is over POLICY_MAX. */
int input_load(struct buf *text, const char *file, struct err *e);

/*
 * Reads what was loaded, in the format that it shows or in the one named
 * (analyze/input/input_list.h; NULL: none). ST_INPUT with file, which is only for that, line or the
 * path inside it, and reason. Release *p also after a failure.
 */
int input_policy(struct policy *p, struct bytes text, const char *file, const char *format,
		 struct err *e);

/* The same with more that may be known. */
struct input_from {
	const char *file;       /* as above */
	const char *path; /* where it lies: what it includes is looked for beside it; NULL: in no
			     file */
	const char *format;
	/* of a file with several profiles: the one that is wanted; NULL: not said */
	const char *name;
	size_t nth;             /* the same by its place, from 1; 0: not said */
};
int input_policy_from(struct policy *p, struct bytes text, const struct input_from *from,
		      struct err *e);

/* ---- what readers share ---- */

struct reading {
	struct policy *p;
	const char *file;       /* safe for a terminal */
	struct err *e;
	size_t line;            /* for formats of lines: the one that is read, from 1 */
};

/* "FILE: syscalls[3].action: reason". Returns -1. */
int input_bad(const struct reading *r, const char *path, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* "FILE:LINE: reason", and with a word of the file behind it. Return -1. */
int input_bad_line(const struct reading *r, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
int input_bad_word(const struct reading *r, const char *what, struct bytes word);

/* Takes the next line off *text, without its end. False: there is none. Counts lines. */
bool input_line(struct reading *r, struct bytes *text, struct bytes *line);

/* The first line that is not blank and begins with none of `comments`; empty when there is none.
 * Trimmed. */
struct bytes input_first(struct bytes text, const char *comments);

/* Takes the next word off *b; empty when there is none. */
struct bytes input_word(struct bytes *b);

/* Is it made of letters, digits and underscores, as the names of calls are? */
bool input_is_name(struct bytes b);

/* "EPERM", or a number up to 4095. False: it is neither. */
bool input_errno(struct bytes word, int *out);

const char *input_keep(struct policy *p, struct bytes b);

/* The members of linux.seccomp, with Docker's and containers/common's; `at` stands before the paths
 * in messages. */
int input_object(const struct reading *r, json_object *root, const char *at);

#endif
