/* SPDX-License-Identifier: Apache-2.0 */
/* What analyze reads: trees, their images and who made which calls in them, as one consistent state
 * of the store. */
#ifndef STORE_QUERY_H
#define STORE_QUERY_H

#include "store/base/mem.h"
#include "store/model/location.h"
#include "store/nodes.h"
#include "store/store.h"

#define QUERY_NONE UINT32_MAX

struct query_image {
	int64_t id;
	uint32_t tree;              /* index */
	uint32_t parent, fork_of;   /* indexes; QUERY_NONE */
	struct bytes path;          /* "runc:[2:INIT] > sh > perl": escaped, for people */
	struct bytes exe, name;     /* name.n is 0 when its exec was not seen */
	struct bytes script; /* that a shell or interpreter runs, as far as it shows; see
				analyze/evidence/main_program */
	int32_t pid;
	bool loader;
	bool trusted;               /* a trusted source brought it; else text did */
	int64_t t_first, t_last;
	uint32_t boot, serial;      /* of its beginning */
	uint32_t serial_last;
	int64_t t_end;              /* its process ended or exec'd then; WHEN_NONE: not seen */
	uint32_t execs; /* the image that it exec'd in its own pid, an index; QUERY_NONE */
};

struct query_tree {
	int64_t id;                 /* 0: a pseudo-tree of presence that hangs on no image */
	struct bytes code;          /* its public id */
	struct bytes node;          /* its machine's name; see query_is_node */
	int64_t node_id;            /* its machine: see nodes_id */
	int64_t row;                /* of the name that it came by */
	VEC(int64_t) totals;        /* rows of `fold`, of a pseudo-tree of compacted trees */
	VEC(int64_t) also; /* ids of trees of other names that have gone into this one: see
			      unite_trees */
	uint32_t root;              /* image, index */
	uint32_t main; /* image of its main program; of a living tree see
			  analyze/evidence/main_program */
	bool start_seen;            /* of a loader's tree: and so was a program that it exec'd */
	bool program; /* some of it is no loader's: else a list of it starts nothing */
	bool trusted;              /* a trusted source brought its first image */
	enum kind kind;            /* of the evidence */
	uint32_t facts;            /* enum tool_fact, where a tool's file has it */
	struct bytes file;         /* that file, escaped */
	uint64_t stands_for, starts; /* trees and starts: 1 and start_seen; of compacted ones, as
					many as it holds */
	struct bytes main_name,
		main_path; /* what that goes by, and its path: escaped, for people */
	bool started; /* main was started by the root's chain, which has no program itself */
	VEC(struct bytes) labels;
	VEC(uint32_t) locations;       /* indexes: where its processes were seen to run */
	uint64_t captured, holes; /* runs of capture that brought some of it, and how many of these
				     were not complete */
	bool captured_whole; /* one of them was complete, and the tree lies between its beginning
				and its end */
	/* indexes: filters that were in force, as far as the user said so */
	VEC(uint32_t) policies;
	int64_t t_first,
		t_last; /* of what lies in the time asked for; WHEN_NONE: nothing with a time */
	uint32_t use, n_uses;       /* its part of the uses */
};

/* (image, caller, call) with its totals within the time asked for. */
struct query_use {
	uint32_t image, caller, call;
	uint64_t events, trusted;   /* events 0: presence without an event id */
	uint64_t made;              /* calls that a tool saw: they are no events */
	int64_t t_first, t_last;    /* WHEN_NONE: presence without a time */
	uint32_t serial;            /* the lowest; UINT32_MAX: none is known */
};

struct query_caller { struct bytes comm, subj; };   /* subj.n is 0: none */
/* One distinct call set of compacted trees: how many of their starts showed it. */
struct query_set {
	uint32_t tree;
	uint64_t starts, hash;
	VEC(uint32_t) calls;
}; /* hash: as fold_start names it */

struct query_location { int64_t id; struct bytes v[LOCATION_FIELDS]; };
/* A build of a program that ran; place: the container that it ran in, or QUERY_NONE. */
struct query_build {
	int64_t node;
	struct bytes exe, id;       /* id: in hex */
	uint32_t location;
	bool here; /* exe was a file of the machine's own, not of another root directory */
	int64_t t_first, t_last;
};
/* An argument of a call, as auditd's SYSCALL records had it: a note. */
struct query_args {
	struct bytes comm, exe;
	uint32_t arch;
	int32_t nr;
	unsigned which;
	uint64_t value;
};
/* Trees with both labels belong together, though none of them may be loaded. */
struct query_link { struct bytes a, b; };
/* The time of a boot, as the processes of one of its machine's names show it. */
struct query_boot { int64_t row; uint32_t number; int64_t t_first, t_last; };
struct query_policy { struct bytes name, text; }; /* "NAME (HASH)", and what the file held */
struct query_call { uint32_t arch; int32_t nr; uint32_t action; };

struct query {
	bool trusted;                       /* only what trusted sources brought was loaded */
	int64_t since, until;               /* as it was asked for; WHEN_NONE: open on that side */
	/* these and what follows are in an order that is made of content alone */
	VEC(struct query_tree) trees;
	VEC(struct query_image) images;
	VEC(struct query_use) uses;         /* sorted by tree, image, caller, call */
	VEC(struct query_caller) callers;
	VEC(struct query_call) calls;
	struct nodes nodes;
	VEC(struct query_location) locations;
	VEC(struct query_policy) policies;
	VEC(struct query_build) builds;
	VEC(struct query_args) args;        /* of one caller and call beside each other */
	VEC(struct query_set) sets;
	bool some;                          /* not all trees are here: see query_load_some */
	VEC(struct query_link) links;       /* with some, of labels, */
	VEC(struct query_boot) boots;       /* and boots of the machines that have several */
	/* row of an image -> row of the one that it has gone into: see unite_trees */
	struct map same;
	uint64_t contradicted; /* text lines, in all runs, that said otherwise than a trusted source
				  of one event; 0 with trusted */
	struct pool strings;                /* what all the bytes above point into */
};

/*
 * Loads what has records in since..until (WHEN_NONE: open on that side). An observation belongs to
 * a time that its own span overlaps. trusted: only what trusted sources brought, so that all
 * answers are those of a store without any text: nobody else has to know. The caller releases *q,
 * also after a failure.
 */
int query_load(struct query *q, struct store *s, int64_t since, int64_t until, bool trusted,
	       struct err *e);
void query_release(struct query *q);

/*
 * The same state, with these trees alone: what they have, and what is needed to judge them. Rows of
 * `tree` and codes of compacted trees, sorted, each once. Of the first n_core trees what came
 * before and after them in their pids is there as well: images in a tree of no use. What hangs on
 * no event is loaded as a whole. Returns 1 where all has to be loaded: names are joined.
 */
struct query_pick {
	const int64_t *trees;
	size_t n, n_core;
	const struct bytes *totals;
	size_t n_totals;
};
int query_load_some(struct query *q, struct store *s, int64_t since, int64_t until, bool trusted,
		    const struct query_pick *pick, struct err *e);

/*
 * Loads the store in parts, one after the other: each tree is in one of them, with what it has, and
 * nothing that is needed to judge it. take borrows the query. Returns 1 before the first where that
 * cannot be: names are joined, text stands beside trusted records, or something hangs on no event.
 */
struct query_part_take { void (*take)(void *to, struct query *q); void *to; };
int query_load_parts(struct store *s, int64_t since, int64_t until, bool trusted,
		     struct query_part_take to, struct err *e);

void query_tree_release(struct query_tree *t);

/* Is it more than a loader's own steps? One that was exec'd under the filter is what was to be
 * started, a loader or not. */
static inline bool query_is_program(const struct query_image *m)
{
	return !m->loader || m->parent != QUERY_NONE;
}

/* Can its beginning count as a start? Of a tool's file only where the tool tells of loss, and
 * nothing of it is missing. */
static inline bool query_starts(const struct query_tree *t)
{
	return kind_at(t->kind)->starts &&
	       (t->facts & (TOOL_ORPHANS | TOOL_CUT | TOOL_JOINED | TOOL_PART | TOOL_LOST)) == 0;
}

/* Is this one of the machine's names? */
bool query_is_node(const struct query *q, int64_t node, struct bytes name);

/* Losses that are known of a node within a time: markers, and how many records they own up to. By
 * what is loaded: trusted ones. */
struct query_loss {
	struct bytes node;
	uint64_t markers, kernel_markers;  /* all, and those of the kernel's queue */
	uint64_t printk, kernel,
		others; /* records: by printk's markers, highest audit_lost=, loggers */
};
struct query_losses { struct query_loss *v; size_t n, cap; };
int query_losses(struct query_losses *out, struct query *q, struct store *s, int64_t since,
		 int64_t until, struct err *e);

#endif
