/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Within a pid: from its intervals and edges to its parts. docs/tracker.md has the rules.
 *   kernel rules: execve replaces the address space and keeps the tgid (fs/exec.c), addresses are
 * drawn anew (arch_pick_mmap_layout), exit_group ends the tgid (kernel/exit.c)
 */
#ifndef INGEST_TRACK_WITHIN_H
#define INGEST_TRACK_WITHIN_H

#include "ingest/track/cells.h"
#include "ingest/track/model.h"

#define WITHIN_LOST_MS 200    /* an exec whose execve was lost follows within this time */
#define WITHIN_EXEC_MS 10000  /* what an execve led to speaks within this time */
#define WITHIN_FAR_CELLS 16   /* 64 MiB */
#define WITHIN_LOOK_BACK 8    /* stretches that may still overlap with the next interval */
#define WITHIN_LOOK_AHEAD 64  /* intervals that are looked through for an image that comes again */

/*
 * Why a stretch began a part, or did not: one for each row of the table in docs/tracker.md, for
 * tests that count.
 */
enum within_rule {
	WITHIN_FIRST,
	WITHIN_BOOT,
	WITHIN_KNOWN_BEGUN,
	WITHIN_KNOWN_EXECED,
	WITHIN_EXITED,
	WITHIN_LOADER,
	WITHIN_EXECED,
	WITHIN_REPLACED,
	WITHIN_EXEC_LOST,
	WITHIN_OTHER,
	WITHIN_NEAR,
	WITHIN_EXECED_SAME,
	WITHIN_BACK,
	WITHIN_SOON,
	WITHIN_AGAIN,
	WITHIN_RULES
};
extern const char *const within_rule_names[WITHIN_RULES];

struct within_part {
	int64_t exe, name;       /* name: comm at its exec; 0 when that was not seen */
	int64_t t_first, t_last;
	int64_t t_end;           /* exit, exec, or its pid came back; TRACK_LIVES */
	uint32_t s_first, s_last, boot, uid, auid;
	uint8_t layer;
	bool loader;
	bool execs_first;        /* its earliest record is an execve */
	bool starts; /* ... that led to the next part, and nothing is before it in its process */
	int32_t from; /* the part that it was exec'd from, an index; -1: the first of its process */
	uint16_t seq;
	uint8_t rule;            /* enum within_rule */
};

struct within_parts { struct within_part *v; size_t n, cap; };

/* The last moment of what lies before a place in the evidence of a pid. */
struct within_moment { uint32_t boot, serial; int64_t t; };

/* Has an interval ended by then, is it under way, or does it begin behind it? */
enum within_side { WITHIN_BEFORE, WITHIN_OPEN, WITHIN_BEHIND };
static inline enum within_side within_side(const struct within_moment *m,
					   const struct track_interval *v)
{
	if (v->boot != m->boot)
		return v->boot < m->boot ? WITHIN_BEFORE : WITHIN_BEHIND;
	return v->s_first > m->serial ? WITHIN_BEHIND :
	       v->s_last > m->serial  ? WITHIN_OPEN :
					WITHIN_BEFORE;
}

/*
 * Cells that would make another answer of what was found before a moment, if one of them came:
 * near to one, among the next `left` intervals, in one exe; or, as long as a stretch is under way,
 * in that: near to one, or a random one itself.
 */
enum within_awaits { AWAITS_AGAIN, AWAITS_NEAR, AWAITS_SHARED };
struct within_awaited {
	enum within_awaits what;
	int64_t exe;
	uint32_t boot, left;
	struct cells cells;
};

/* What a walk knows at a moment. */
struct within_stand {
	int32_t part;               /* the one that goes on: an index; -1: none */
	uint32_t s_last;            /* the last moment of its process */
	int64_t t_last;
	struct cells trusted, text; /* of the part of each layer that spoke last */
	VEC(struct within_awaited) awaited;
	/* a stretch is under way: all intervals that are, are of it. given: it is of a trusted
	 * part, in the walk over all */
	bool open, given, loader;
	int64_t exe;
	uint32_t boot;
	uint8_t layer;
};

/*
 * A long life is not walked through from its beginning each time: this is what the walks know at
 * a moment.
 */
struct within_point {
	/* those that may go on, as they were, the trusted one first */
	struct within_part part[TRACK_LAYERS];
	size_t n_parts;
	struct within_stand trusted, all; /* of the walks over trusted evidence and over all */
	bool texts;                       /* text came before it; else `all` is as `trusted` */
};
void within_point_release(struct within_point *p);

/* Puts intervals, or edges, into the order of the pid. */
void within_sort(struct track_interval *intervals, size_t n, const struct track_strings *strings);
void within_sort_edges(struct track_edge *edges, size_t n);

/* Evidence of one (node, pid): all of it, or what had not ended at a moment. */
struct within_row {
	struct track_interval *v;
	size_t n;
	struct track_edge *edges;
	size_t n_edges;
	const struct within_point *from; /* NULL: all */
	size_t n_open; /* intervals that were under way at that moment: the first ones */
	struct within_moment cut;        /* where *cut is wanted */
	size_t at; /* so many of the intervals, in order, do not begin behind that */
};

/*
 * The parts of one (node, pid): those of `from`, then trusted ones, then those of text, each in
 * the order of their beginnings. Sorts intervals and edges; sets `part` of each interval. *out is
 * emptied first. cut, if it is not NULL, becomes what a later walk goes on from, but for its
 * `part`: its stands have indexes of *out. The caller releases both.
 *   returns: WITHIN_MORE: what was before `from` would be another one; *cut is not filled
 *            WITHIN_UNCUT: no walk can go on there; *cut is not filled
 */
enum within_outcome { WITHIN_DONE, WITHIN_UNCUT, WITHIN_MORE };
enum within_outcome within_pid(const struct within_row *row, const struct track_strings *strings,
			       struct within_parts *out, struct within_point *cut);

#endif
