/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bodies: what a line says once its header is off. A new body is one file in ingest/read/body/ and
 * one row in ingest/read/body_list.h. Bodies that need memory between lines (entries, tables) will
 * get it through a state.
 */
#ifndef INGEST_READ_BODY_H
#define INGEST_READ_BODY_H

#include "ingest/read/fields.h"
#include "ingest/read/header.h"

enum line_kind {
	LINE_OTHER, /* not ours */
	LINE_RECORD,
	LINE_DAMAGED, /* was meant to be a record and cannot be taken: counted with its reason */
	LINE_LOSS, /* says that records were lost */
	LINE_WRAPS, /* its message is a container: see ingest/read/wrap.h */
	LINE_SERIAL, /* an audit record of another type, whole as far as its stamp: its serial is
			none of ours */
};

struct line {
	enum line_kind kind;
	struct record rec;      /* LINE_RECORD; LINE_SERIAL: node, ms and serial alone */
	struct loss loss;       /* LINE_LOSS */
	const char *reason;     /* LINE_DAMAGED */
	const char *header, *body; /* names of the forms; header is NULL when there was none */
	const char *wrap;       /* the container's; NULL: none */
	struct context outer;   /* LINE_WRAPS: what the line's header says */
	bool indented;          /* copied by hand: never trusted */
	bool auditd_form; /* as auditd writes it, at column 0, nothing before: may be trusted */
	int64_t uptime_us;      /* of the header; -1: none */
	struct bytes message;   /* what was left behind the header */
	struct bytes identity; /* LINE_RECORD: the record's text from auid= to before " syscall=" */
	struct bytes stamp;     /* LINE_RECORD: where "audit(" begins, n to the end of the line */
};

/* A word of which a line has one, or it is nobody's: looked for before headers are read. */
struct body_word { struct bytes text; bool first; /* it begins the line */ };
#define BODY_WORDS 10

/* A body says LINE_OTHER for what is not its own; the first that says something else is taken. */
struct body {
	const char *name, *about;
	struct body_word words[BODY_WORDS]; /* each of its lines has one of these, or of another
					       body's before it */
	enum line_kind (*parse)(struct bytes message, const struct context *c, struct line *out,
				struct fields_room *room);
};

/* Room for the copies that odd lines need; one for each reader. `{0}` is a fresh one. */
struct body_room {
	struct fields_room fields;
	int64_t near_ms; /* a time near this line's, for stamps without a year: the reader's affair
			  */
	char *copy;
	size_t cap;
};

/* The i-th; NULL at the end. */
const struct body *body_at(size_t i);

void body_room_release(struct body_room *room);

/*
 * Reads one line, without its newline. What *out borrows lives until the next call with the same
 * room. The cost of a line that has nothing to do with audit is three searches over it.
 */
void body_parse_line(struct bytes line, struct line *out, struct body_room *room);

/* The same for a message within a container, which says the rest: see struct entry. */
struct entry;
void body_parse_entry(const struct entry *entry, struct line *out, struct body_room *room);

/* Could it be ours at all? A cheap sieve. */
bool body_worth(struct bytes b);

/* What a line says that lines_next cut: damaged where the beginning of a record was in it. */
void body_cut_line(bool mentions, struct line *out);

/* For bodies: the part from "audit(" on, when the type before it was ours. */
enum line_kind body_record(struct bytes stamp, struct line *out, struct fields_room *room);

/* For bodies: is `type`, the word behind "type=", the one of seccomp records? */
bool body_type_is_seccomp(struct bytes type);

#endif
