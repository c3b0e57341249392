/*
 * Within a pid: from its intervals and edges to its parts. docs/tracker.md has the rules.
 *   kernel rules: execve replaces the address space and keeps the tgid (fs/exec.c), addresses are drawn anew
 *   (arch_pick_mmap_layout), exit_group ends the tgid (kernel/exit.c)
 */
#ifndef INGEST_TRACK_WITHIN_H
#define INGEST_TRACK_WITHIN_H

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
	bool starts;             /* ... that led to the next part, and nothing is before it in its process */
	int32_t from;            /* the part that it was exec'd from, an index; -1: the first of its process */
	uint16_t seq;
	uint8_t rule;            /* enum within_rule */
};

struct within_parts { struct within_part *v; size_t n, cap; };

/*
 * The parts of one (node, pid), trusted ones first, each layer in the order of their beginnings.
 * Sorts intervals and edges; sets `part` of each interval. *out is emptied first; the caller
 * releases it.
 */
/*
 * A long life is not walked through from its beginning each time. This is where a walk goes on:
 * the part that was the last of all that came before (of one layer and boot), what its process
 * had said by then, and the cells of it that are known. Where `partial`, it has more of them;
 * `unsure` is set when one of these could have made another answer.
 */
struct within_tail {
	struct within_part part; /* becomes the first of *out, as it is now */
	uint32_t s_last;
	int64_t t_last;
	struct { uint64_t *v; size_t n, cap; } cells;
	bool partial, unsure;
};

/* The same for intervals that all come behind a tail's; all edges that may come behind it. */
void within_behind(struct within_tail *tail, struct track_interval *intervals, size_t n,
		   struct track_edge *edges, size_t n_edges, const struct track_strings *strings,
		   struct within_parts *out);

/* Puts intervals into the order of the pid. */
void within_sort(struct track_interval *intervals, size_t n, const struct track_strings *strings);

void within_pid(struct track_interval *intervals, size_t n, struct track_edge *edges,
		size_t n_edges, const struct track_strings *strings, struct within_parts *out);

#endif
