/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which builds of programs run. The file of a process is opened while it lives, which waits for
 * nobody; its build-id is read by a thread of its own, because the file may lie on a file system
 * whose owner keeps readers waiting.
 */
#ifndef INGEST_LIVE_CAPTURE_EXES_H
#define INGEST_LIVE_CAPTURE_EXES_H

#include "ingest/live/capture/build.h"
#include "store/base/bytes.h"
#include "store/base/mem.h"

#include <stdint.h>

/* A process that ran a program with a build-id. */
struct exe_seen {
	int64_t t_ms;           /* of the record that it was seen by */
	struct build_id id;
	bool here; /* its path means this very file where we are: no other root directory, no mount
		      above it */
	struct bytes exe, location; /* as they were given to exes_add; they lie behind */
	int fd;
};
struct exes_seen { struct exe_seen **v; size_t n, cap; };

struct exes;

/* NULL where there can be no thread. */
struct exes *exes_start(void);

/*
 * What the process runs, for exes_add, where it is still `exe`, a record's name for it: -1 where it
 * is something else by now, or gone, or may not be looked at (that takes CAP_SYS_PTRACE, for
 * processes of others).
 */
int exes_open(int32_t pid, struct bytes exe);

/* Has the build-id of fd read, and closes it. Where too many wait already, nobody will know. Both
 * texts are copied. */
void exes_add(struct exes *x, int fd, struct bytes exe, struct bytes location, int64_t t_ms);

/* What is known since the last call. The caller frees each, and out->v by VEC_FREE. */
void exes_take(struct exes *x, struct exes_seen *out);

/* Waits until all is known that was added, at most ms. Then nothing may be added. */
void exes_end(struct exes *x, int ms);
void exes_free(struct exes *x); /* x may be NULL; ends it first */

#endif
