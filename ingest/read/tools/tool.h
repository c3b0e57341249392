/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files of tools that saw calls being made. A tool is one file in ingest/read/tools/ and one row in
 * tool_list.h: it says of a line whether it is one of its own, and takes the lines of a file one
 * after the other. What they say comes out as calls, events of processes and losses. It sees no
 * store.
 */
#ifndef INGEST_READ_TOOLS_TOOL_H
#define INGEST_READ_TOOLS_TOOL_H

#include "store/base/buf.h"
#include "store/base/err.h"
#include "store/base/map.h"
#include "store/base/pool.h"
#include "store/base/when.h"
#include "store/model/kind.h"
#include "store/model/location.h"
#include "store/model/syscall.h"

#define TOOL_LINE_MAX (1u << 20) /* a longer line is cut here */
#define TOOL_WHOLE_MAX (4u << 20) /* of a document that is read as a whole */
#define TOOL_NO_NUMBER INT32_MIN

/* Who makes calls. It lives as long as the reading; `version` changes with any of the rest. */
struct tool_who {
	int32_t pid;
	uint32_t arch;
	struct bytes comm, exe;
	uint64_t image;        /* another one for each program that was exec'd; 0: not known */
	uint64_t version;
	void *ident;           /* the taker's, of ident_version and ident_arch */
	uint64_t ident_version, ident_drops;
	uint32_t ident_arch;
};

struct tool_call {
	struct tool_who *who;
	int32_t nr;
	int64_t ms;            /* WHEN_NONE: the file's date */
	uint64_t serial;       /* of its line */
	bool failed;
	bool denied;           /* the filter's answer was `action`, and it lets nothing through */
	uint32_t action;
	bool presence;         /* no line of its own: a row of a table, a name in a list */
	const struct bytes *location; /* LOCATION_FIELDS, or NULL */
};

struct tool_take {
	void *to;
	int (*call)(void *to, const struct tool_call *call, struct err *e);
	void (*life)(void *to, enum edge_kind kind, int32_t pid, int32_t parent, int64_t ms,
		     uint64_t serial);
	void (*damaged)(void *to, const char *reason, struct bytes line);
};

/* A file that is read. */
struct tool_reading {
	const struct tool *tool;
	struct tool_take take;
	uint32_t arch;         /* of names that say none */
	int64_t date;          /* of the file: times of day are of that day, or the one before */
	int32_t file_pid;      /* of strace -ff: the process that the file is of; 0: not said */
	uint64_t serial;       /* of the line, over all files of a set */
	bool last;             /* the line has no newline: the file ends in it */
	/* what was found */
	uint32_t facts;        /* enum tool_fact */
	uint64_t calls, lost, other, processes;
	struct bytes host;     /* in the pool */
	/* for tools */
	void *state;
	struct pool pool;
	struct tool_names {    /* numbers of names */
		struct pool pool;
		struct map number; /* (name, arch) -> number */
	} names;
};

enum tool_says { TOOL_FOREIGN, TOOL_NOISE, TOOL_OWN };

struct tool {
	const char *name;      /* as --kind has it: its kind's */
	enum kind kind;
	bool asked; /* only where --kind says so: its content does not tell it from other files */
	bool sparse;           /* its lines stand among the output of the programs */
	struct bytes needs;    /* a file of its has this in its beginning; n 0: nothing */
	/* Is the line one of its own, one that may stand among these, or neither? */
	enum tool_says (*says)(struct bytes line, struct tool_names *names);
	int (*line)(struct tool_reading *r, struct bytes line, struct err *e);
	int (*end)(struct tool_reading *r, struct err *e);     /* NULL: nothing is left */
	void (*release)(struct tool_reading *r);               /* its state */
};

/* Which tool made a file that begins so? whole: these are all its bytes. NULL: none. asked: only
 * this kind; N_KINDS: any. */
const struct tool *tool_recognise(struct bytes head, bool whole, enum kind asked);

/* The tool of a kind; NULL: there is none. */
const struct tool *tool_of(enum kind kind);

void tool_release(struct tool_reading *r);

/* ---- for tools ---- */

/* The number of a name, with x32's bit; TOOL_NO_NUMBER: nobody has such a call. */
int32_t tool_number(struct tool_names *names, uint32_t arch, struct bytes name);
void tool_names_release(struct tool_names *names);

struct bytes tool_keep(struct tool_reading *r, struct bytes b);
int tool_call(struct tool_reading *r, struct tool_who *who, int32_t nr, int64_t ms, uint64_t serial,
	      bool failed, struct err *e);
void tool_life(struct tool_reading *r, enum edge_kind kind, int32_t pid, int32_t parent, int64_t ms,
	       uint64_t serial);
void tool_damaged(struct tool_reading *r, const char *reason, struct bytes line);

/* The name of a call without what tools put before it: __x64_sys_openat, sys_enter_openat,
 * SYS_OPENAT in the room. */
struct bytes tool_plain_name(struct bytes name, char room[SYSCALL_NAME_MAX]);

/*
 * Processes of tools that say of each call who made it, and no more: found by pid, comm and exe.
 * exe empty: it is not known, and the comm stands for it.
 */
struct tool_callers { struct map at; struct { struct tool_who **v; size_t n, cap; } all; };
struct tool_who *tool_caller(struct tool_reading *r, struct tool_callers *c, int64_t pid,
			     struct bytes comm, struct bytes exe);
void tool_callers_release(struct tool_callers *c);

#endif
