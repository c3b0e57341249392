/* SPDX-License-Identifier: Apache-2.0 */
/* What containers say of a message: fields by name, of which each has one value. */
#ifndef INGEST_READ_WRAP_FIELDS_H
#define INGEST_READ_WRAP_FIELDS_H

#include "ingest/read/header.h"

enum field {
	FIELD_NONE,
	FIELD_MESSAGE,
	FIELD_HOST,
	FIELD_TAG,
	FIELD_FACILITY,
	FIELD_PRI,
	FIELD_TRANSPORT,
	FIELD_AUDIT_TYPE,
	FIELD_AUDIT_ID,
	FIELD_SOURCE_US,
	FIELD_REALTIME_US,
	FIELD_MONOTONIC_US,
	FIELD_TIME,
	N_FIELDS,
};

#define FIELDS_VALUE_MAX 65536  /* bytes of a message; of what else there is, 256 */

struct field_value {
	char *p;
	size_t n, cap;
	bool set, cut;          /* cut: it is longer than what is kept */
	bool mentions;          /* a message that holds a record */
	unsigned rank, depth;
	uint64_t line;
};

struct fields {
	struct field_value v[N_FIELDS];
	struct field_value now;   /* the one that is being read */
	enum field reading;       /* FIELD_NONE: it is passed over */
	const char *extra;        /* one more name of a message, that the user gave; borrowed */
	char *text;               /* room for entries */
	size_t text_cap;
};

void fields_release(struct fields *f);

/* Which field a key names, below `parent`; *rank as in field_list.h. */
enum field fields_find(const struct fields *f, struct bytes parent, struct bytes key,
		       unsigned *rank);

/* A value is read: begins, comes in pieces, ends. What is worse than what there is already goes. */
void fields_begin(struct fields *f, enum field field, unsigned rank, unsigned depth, uint64_t line);
void fields_add(struct fields *f, const char *p, size_t n);
void fields_end(struct fields *f);

/* Forgets what was said at `depth` and below. */
void fields_drop(struct fields *f, unsigned depth);

/* The value of a field; n is 0 where there is none. */
struct bytes fields_get(const struct fields *f, enum field field);

/* Is it an entry of journald's audit transport, and of which type? One without a type counts as
 * ours. */
bool fields_audit_type(const struct fields *f, uint64_t *type);

/*
 * What the fields say, as a header would. *why: no message can be had, for that reason; else
 * *message is as the program that wrote it had it, or, of journald's audit transport, as auditd
 * writes it, in f->text behind `front` bytes.
 */
bool fields_context(struct fields *f, struct context *c, const char **why);

#endif
