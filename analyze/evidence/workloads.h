/* SPDX-License-Identifier: Apache-2.0 */
/* Workloads: trees that share a label, else a container or unit, else the exe and name of their
 * main program. */
#ifndef ANALYZE_EVIDENCE_WORKLOADS_H
#define ANALYZE_EVIDENCE_WORKLOADS_H

#include "store/base/code.h"
#include "store/query.h"

/* A row of what the store holds: of a workload, or of whatever the list is by. */
struct workload {
	char code[CODE_SIZE];
	struct bytes name;        /* one readable line, escaped */
	uint64_t trees, starts, fragments, records, denials;
	uint64_t syscalls;        /* different (arch, nr) that were let through */
	int64_t t_first, t_last;  /* WHEN_NONE: nothing with a time */
};

struct workloads {
	struct workload *v;
	size_t n, cap;
	uint32_t *of_tree; /* index of each tree's workload; WORKLOADS_NONE: a tree without uses */
	struct pool strings;      /* what the names point into */
};

#define WORKLOADS_NONE UINT32_MAX

/* Finds the main programs as well. The caller releases. Sorted by records, most first. */
void workloads_find(struct workloads *out, struct query *q);
void workloads_release(struct workloads *w);

enum workloads_by {
	BY_WORKLOAD,
	BY_COMM,
	BY_EXE,
	BY_LABEL,
	BY_NODE,
	BY_TREE,
	BY_CONTAINER,
	BY_POD,
	BY_UNIT,
	N_BY
};
bool workloads_by_parse(const char *text, enum workloads_by *by);

/*
 * The same rows by something else: of_tree is not filled then, except for BY_TREE. `in` says of
 * each use whether it belongs; NULL: all do.
 */
void workloads_list(struct workloads *out, struct query *q, enum workloads_by by, const bool *in);

/*
 * The same of a store that is loaded in parts, one after the other: no tree is in two of them, and
 * all calls are in each. of_tree is not filled. Not by BY_TREE.
 */
struct workloads_stream;
struct workloads_stream *workloads_begin(struct workloads *out, enum workloads_by by);
void workloads_add(struct workloads_stream *w, struct query *q);
void workloads_end(struct workloads_stream *w);

/* One path of a workload: an image, as it was reached in some of its trees. */
struct workloads_path {
	struct bytes path;        /* "a > b > c", escaped */
	size_t depth;             /* 0: a root */
	uint64_t trees, starts, records, syscalls;
};
struct workloads_paths { struct workloads_path *v; size_t n, cap; };

/* The paths of the trees that `in` says belong, in the order of a drawn tree. The caller frees by
 * VEC_FREE. */
void workloads_paths(struct workloads_paths *out, struct query *q, const bool *use_in);

/* Does the tree go by where it ran: is its container, pod or service known? */
bool workloads_has_location(const struct query *q, const struct query_tree *t);

/* The code of the workload of what runs in such a place: see location_general. */
void workloads_location_code(const struct bytes general[LOCATION_FIELDS], char out[CODE_SIZE]);

/* Is this a container or a service, which one filter covers as a whole? Not a pod, nor a scope. */
bool workloads_is_whole_location(const struct bytes v[LOCATION_FIELDS]);

/* What a row of --by container, pod or unit is called, escaped. False: it is in none. */
bool workloads_location_name(struct buf *out, const struct bytes v[LOCATION_FIELDS],
			     enum workloads_by by);

#endif
