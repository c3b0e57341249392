/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What families are derived from, and what is derived. Everything in ingest/track is a function
 * of these structs: it sees no store, no text of a log and no clock.
 *
 *   evidence                       derived
 *   interval  records of one       part   what one pid shows of an exec'd address space
 *             (pid, exe, cell)     image  a class of parts: the process that exec'd, and its forks
 *   edge      execve, fork, exit,  tree   images from a root down, each exec'd from the one above
 *             birth, exec, end
 *
 * Evidence only grows, and it comes in any order. So nothing here asks what came first: all ties
 * are broken by the total order of the evidence itself, which is (node, boot, time, serial, pid,
 * exe as bytes, cell). A row's number or an address in memory never decides.
 *
 * Trust: an interval or an edge is of trusted records or of text, never of both. Trusted evidence
 * is derived as if there were no text. Text is derived after it: it joins the parts, images and
 * trees that trusted evidence makes, or has its own, and changes nothing of them.
 */
#ifndef INGEST_TRACK_MODEL_H
#define INGEST_TRACK_MODEL_H

#include "ingest/track/layer.h"
#include "store/base/bytes.h"
#include "store/base/err.h"
#include "store/base/mem.h"
#include "store/model/syscall.h"

#define TRACK_GAP_MS 500      /* records of an interval follow each other within this time */
#define TRACK_LIVES INT64_MAX /* an end: not known to have gone */

/*
 * Where a call was made from: the row of the call, and the address at its lowest serial in the
 * interval.
 */
struct track_site { int64_t call; uint64_t ip; };

/* Records of one (node, pid, exe, loader, cell, hour, layer) that follow each other. */
struct track_interval {
	int64_t id;              /* the caller's; never compared */
	int64_t exe, name;       /* rows of strings; name: comm of the lowest serial */
	uint64_t cell;           /* ip in units of 4 MiB */
	int64_t t_first, t_last; /* corners: the least and the greatest of all its records, of time
				    and of serial */
	uint32_t s_first, s_last;
	uint32_t boot;           /* of its first corner */
	uint32_t uid, auid;
	bool loader;
	uint8_t layer;           /* enum track_layer */
	const struct track_site *sites; /* borrowed */
	size_t n_sites;
	int64_t was;             /* the id of the part that it had; 0: none */
	bool fresh; /* it is new, or other than it was: only asked where a tail is looked at */
	uint32_t part;           /* out: index into the parts of the pid */
};

/* A call that makes or ends a process, or an event of a source that knows processes. */
struct track_edge {
	int64_t t;
	uint32_t serial, boot;
	uint8_t kind;            /* enum edge_kind */
	uint8_t layer;
	int32_t parent;          /* of EDGE_BORN: the pid of the parent */
	int64_t exe;             /* of a call, this and the next: of its interval */
	uint64_t cell;
	bool loader;
	bool fresh;              /* it is new: as in an interval */
};

/*
 * Compares two rows of strings as bytes, as memcmp and then length. Only asked where all else is
 * equal.
 */
struct track_strings { int (*compare)(void *ctx, int64_t a, int64_t b); void *ctx; };

/*
 * The position of a part in the order: corners of its first record. `seq` tells parts of one pid
 * apart that are equal in the rest; it follows their order within the pid (exe as bytes, then
 * cell), and those of text come last.
 */
struct track_key {
	int64_t node;
	uint32_t boot;
	int64_t t;
	uint32_t serial;
	int32_t pid;
	uint16_t seq;
};

/*
 * Where mappings lie: drawn at random; where each exec has the same; above user space, where no
 * program has its own.
 */
enum track_region { TRACK_RANDOM, TRACK_FIXED, TRACK_KERNEL };
enum track_region track_region(uint64_t cell);

/* A number for each cell that is TRACK_FIXED, from 0. */
uint16_t track_fixed_number(uint64_t cell);

#endif
