/* SPDX-License-Identifier: Apache-2.0 */
/* Selection: from what the user names to trees and to the calls that a list has to let through. */
#ifndef ANALYZE_EVIDENCE_SELECT_H
#define ANALYZE_EVIDENCE_SELECT_H

#include "analyze/evidence/workloads.h"

#define SELECT_ID_MIN 4 /* ids may be cut to so many characters */

enum scope {
	SCOPE_TREE, /* all calls of the trees: what a filter on the container or unit has to let
		       through */
	SCOPE_SUBTREE, /* the images that match and what they start: a filter loaded right before
			  them */
	SCOPE_ONLY, /* the matching callers alone */
};

/* As typed: the bytes themselves, or with \xHH in them as esc_tty writes them. Ids may be cut. */
struct select_names { const char *const *v; size_t n; };

struct select_options {
	struct select_names comm, exe, label, node, root, workload, tree, container, pod, unit,
		kind;
	struct select_names no_comm, no_exe, no_root, no_tree;
	bool all;            /* everything in the store */
	enum scope scope;
	bool whole_locations; /* take the other trees of the containers and services that match, too
			       */
	bool union_;         /* one list even where several workloads match */
};

/* One of several workloads that a selector met. */
struct select_group {
	struct bytes name;       /* the program that decides, escaped */
	struct bytes option; /* what narrows to it: "--workload 1234567890", repeated where it takes
				several */
	uint64_t trees, starts;
	uint64_t adds;           /* names that only this one has */
};

struct selection {
	bool *tree_in, *use_in;      /* of each tree and use of the query */
	bool *use_matches; /* of each use: is it the selector's own, not just one of its tree? */
	uint64_t trees, starts, fragments, records;
	bool program; /* some of it is a program's own, not its loader's alone: else a list of it
			 starts nothing */
	uint64_t ways;               /* different paths on which what matches was reached */
	int64_t t_first, t_last;
	VEC(struct select_group) groups; /* more than one: the selector means several workloads */
};

/* "--comm, --exe ..." was given at all? */
bool select_names_something(const struct select_options *o);

/* The caller releases. Nothing matched: trees is 0. */
void select_run(struct selection *out, struct query *q, const struct workloads *w,
		const struct select_options *o);
void select_release(struct selection *s);

/* Does --container or --pod mean this? A container by its name or its id, which may be cut; a pod
 * by its name or uid. */
bool select_is_container(const struct bytes v[LOCATION_FIELDS], const char *text);
bool select_is_pod(const struct bytes v[LOCATION_FIELDS], const char *text);
bool select_is_unit(const struct bytes v[LOCATION_FIELDS], const char *text);

/* Has a thread in the store this name? */
bool select_has_comm(const struct query *q, const char *name);

#endif
