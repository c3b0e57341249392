/* SPDX-License-Identifier: Apache-2.0 */
/* Which builds of its programs a selection is of, as far as capture saw them. */
#ifndef ANALYZE_EVIDENCE_BUILDS_H
#define ANALYZE_EVIDENCE_BUILDS_H

#include "analyze/evidence/select.h"

#include <json-c/json.h>

struct build {
	struct bytes exe, id;        /* id: the build-id, in hex */
	struct bytes node;
	struct bytes location; /* "container web": escaped; the same when it is started again;
				  empty: outside of any */
	struct bytes image;          /* the container's; empty: not known */
	int64_t node_id, t_first, t_last;
	bool here; /* exe was a file of the node's own, not of another root directory */
	bool latest;                 /* of the builds of this program in this location */
	size_t others;               /* how many more builds of it there are */
};
struct builds { struct build *v; size_t n, cap; };

/*
 * By exe, node and location, the older ones first. Loaders are left out: they are not what a list
 * is for. What the rows point to is the query's. The caller frees by VEC_FREE.
 */
void builds_find(struct builds *out, struct query *q, const struct selection *s);

/* The members of a row of evidence.binaries; the caller releases it. */
json_object *builds_json(const struct build *b);

/* Is it of the same program in the same location? Whatever node that was. */
bool builds_same_program(const struct build *a, struct bytes exe, struct bytes location);

#endif
