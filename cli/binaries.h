/* SPDX-License-Identifier: Apache-2.0 */
/* Have the programs that evidence is of changed since? What check says of it; nothing of it changes
 * a status. */
#ifndef CLI_BINARIES_H
#define CLI_BINARIES_H

#include "analyze/evidence/builds.h"
#include "analyze/policy/policy.h"
#include "ingest/live/capture/build.h"

#include <json-c/json.h>
#include <sys/utsname.h>

struct binary {
	struct build build;
	bool looked;           /* it is a file of this machine, which was read: */
	struct build_id now;   /* what it has now; empty: none */
};
struct binaries { struct binary *v; size_t n, cap; struct utsname own; };

/* The builds of a selection, and what lies at their paths now, where this is the machine. The
 * caller frees by VEC_FREE. */
void binaries_find(struct binaries *out, struct query *q, const struct selection *s);

/* One line each: changed since, several builds, another than the profile was made of. all: else ten
 * are enough. */
void binaries_say(const struct binaries *b, const struct policy *profile, bool all);

json_object *binaries_json(const struct binaries *b);

#endif
