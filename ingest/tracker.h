/*
 * From what is kept (intervals, and the serials of execve, fork-type calls and exit_group) to what follows from it:
 * images and the processes that they ran in. A pure function: order of arrival does not matter.
 */
#ifndef INGEST_TRACKER_H
#define INGEST_TRACKER_H

#include "store/base/mem.h"
#include "store/model/syscall.h"

#include <stdbool.h>
#include <stdint.h>

struct track_interval {
	int64_t exe, name;       /* rows of strings; name: comm of the lowest serial */
	uint64_t cell;           /* ip in units of 4 MiB */
	int64_t t_first, t_last;
	uint32_t s_first, s_last;
	uint32_t boot;
	bool loader;
	uint32_t image;          /* out: index into the images */
};

struct track_edge {
	uint32_t boot, serial;
	int64_t t;
	enum edge_kind kind;
};

struct track_range { uint64_t lo, hi; };
#define TRACK_N_FIXED 5
extern const struct track_range track_fixed[TRACK_N_FIXED];

/* Is this where addresses are drawn at random? Not below 4 GiB, above user space, or where ASLR is off. */
bool track_random_cell(uint64_t cell);

#define TRACK_LIVES INT64_MAX

/* One address space as far as one pid shows it. */
struct track_image {
	int64_t exe, name;       /* name: comm at its exec; 0 when that was not seen */
	int64_t t_first, t_last;
	int64_t t_end;           /* exit, exec, or its pid came back; TRACK_LIVES: not known to have gone */
	uint32_t s_first, s_last;
	uint32_t boot;
	bool loader;
	bool starts;             /* its earliest record is an execve that led to the next image */
	int32_t parent;          /* the image it was exec'd from, an index; -1: the first of its process */
};

struct track_images { struct track_image *v; size_t n, cap; };

/* No image depends on more than so many intervals that come behind its first one. */
#define TRACK_LOOK_AHEAD 64

/*
 * A long life is not derived from its beginning each time: its last image, and the serial up to which what follows
 * cannot change what its intervals were found to be. The intervals that are given may begin anywhere in it, and they are
 * all its own below that serial. Where more images than this one come out, the whole has to be derived.
 */
struct track_life {
	struct track_image image;
	uint32_t settled;
};

/*
 * The images of one (node, pid), in the order of their beginnings; life: NULL, or what is known of them. Sorts the edges; fills `image` of each interval.
 *   source: "How families are told apart", docs/tracker.md; kernel rules: execve replaces the address space and keeps
 *   the tgid (fs/exec.c), addresses are drawn anew (arch_pick_mmap_layout), exit_group ends the tgid (kernel/exit.c)
 */
void tracker_pid(struct track_interval *intervals, size_t n, struct track_edge *edges, size_t n_edges,
		 const struct track_life *life, struct track_images *out);

#endif
