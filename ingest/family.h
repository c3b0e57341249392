/*
 * Families: which processes share an address space, and so which images belong to one tree. A fork keeps its parent's
 * mappings and each exec draws new random ones, so records of one exe whose ips lie near each other are of one image,
 * whatever their pids. docs/tracker.md explains the method and where it fails.
 *
 * A part is what one pid shows of an image. tracker_pid makes the parts of a pid; this links the first part of each
 * process to the image that it is a fork of, and gives every part its tree and path. What follows from a commit is
 * derived again from the parts that it touched: they and, as far as something changed, what lies behind them.
 */
#ifndef INGEST_FAMILY_H
#define INGEST_FAMILY_H

#include "ingest/tracker.h"
#include "store/names.h"

/* Where and when an interval lies. An image can have several exes: its file was replaced, or it changed its root. */
struct part_place { int64_t exe, t_first, t_last; uint64_t cell; };
struct part_places { struct part_place *v; size_t n, cap; };

/* Where a call was made from first, in an interval. */
struct site { int64_t call; uint64_t ip; };
struct sites { struct site *v; size_t n, cap; };

struct part {
	int64_t id, node;
	int32_t pid;
	uint32_t boot;
	int64_t exe, name;
	bool loader, starts;
	bool first;              /* of its process, as far as its pid shows */
	int64_t t_first, t_last;
	int64_t t_end;           /* when it was known to have gone: exit, exec, or its pid came back; FAMILY_LIVES */
	uint32_t s_first, s_last;
	uint32_t uid, auid;
	int64_t parent, fork_of; /* parts; 0: none */
	int64_t tree, path;
	struct part_places cells;   /* of its first intervals, FAMILY_CELLS_FROM */
	struct sites sites;         /* the same */
	struct part_places touched; /* intervals in which others may see something new */
	bool cells_known, sites_known;
	bool all_touched;           /* touched has all of them, and they are those in cells */
	bool linked;                /* fork_of is what it was, as far as its own intervals go */
	bool changed, queued;
	bool later;                 /* its first records were forgotten: what was forked before the rest has to look again */
	bool placed;                /* given its tree and path in this run */
};

#define FAMILY_CELLS_FROM 64 /* intervals by their end, whose cells count when a part looks for the image it is a fork of */

#define FAMILY_LIVES INT64_MAX

/* A part as it is stored, for the caller to free or to hand over; NULL where there is none. */
int part_load(struct store *store, int64_t id, struct part **out, struct err *e);
void part_free(struct part *p);

struct family {
	struct store *store;
	struct names *names;
	VEC(struct part *) parts;
	struct map by_id;
	VEC(struct part *) queue;  /* a heap by boot and serial */
	VEC(int64_t) dropped;      /* parts that are no more */
	struct map gone;           /* the same, to look up */
	bool labels;               /* some run has a label: trees have to be marked */
	bool places;               /* of some process it is known where it ran: the same */
	bool events;               /* some source has said who forked whom */
};

void family_init(struct family *f, struct store *store, struct names *names);
void family_release(struct family *f);

/*
 * Hands over a part that was derived again; family owns it from then on. Its link, tree and path are those that are
 * stored, if it is stored. `touched` says in which of its intervals others may see something new.
 */
void family_add(struct family *f, struct part *p);
void family_drop(struct family *f, int64_t id);

/* Links, derives and writes. Intervals of the batch are written before. The family is empty afterwards. */
int family_derive(struct family *f, struct err *e);

#endif
