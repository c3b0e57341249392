/* SPDX-License-Identifier: Apache-2.0 */
/* How far a file was read, and by what it is known again. */
#ifndef INGEST_FILE_MARK_H
#define INGEST_FILE_MARK_H

#include "store/store.h"

struct file_mark { /* of a file up to a position */
	uint64_t dev, ino, offset, line;
	uint64_t head_n, head, last_n, last; /* how long the two blocks are, and their hashes */
	bool auditd; /* all of it has auditd's form */
	int64_t at_ms; /* when it was looked at */
};

/* Is the open file the one of which the mark is, and unchanged up to there as far as its two blocks
 * show? */
bool file_mark_same(int fd, const struct file_mark *m);

/* Sets the position (bytes from the beginning), the two blocks and the time. */
void file_mark_set(int fd, struct file_mark *m, uint64_t offset);

/* In the store, under the path. -1: it cannot be written. */
int file_mark_save(struct store *s, const char *path, const struct file_mark *m, struct err *e);

/* What a run before left. *found false: none that can be used. -1: the store cannot be read. */
int file_mark_load(struct store *s, const char *path, struct file_mark *m, bool *found,
		   struct err *e);

#endif
