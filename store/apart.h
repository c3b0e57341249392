/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading a store where nothing may be written: on a read-only mount, in somebody else's folder, of
 * mode 0444. SQLite wants a -shm file beside a store, to share what its -wal holds with others.
 * Where it cannot have one, a store without a -wal is read as it lies there, and one with a -wal
 * from a private copy of both. What is read so has no lock on it: whoever reads asks apart_check
 * before an answer is given.
 */
#ifndef STORE_APART_H
#define STORE_APART_H

#include "store/base/err.h"

#include <stdbool.h>
#include <sys/stat.h>

struct apart {
	bool on;              /* read without locks */
	char *file;           /* as SQLite is to open it: a URI, or the private copy */
	bool uri;
	char *folder;         /* of the private copy, until apart_hide */
	struct stat db, wal;  /* what was read, as it was then; st_ino 0: it was not there */
};

/* Can a reader have what SQLite wants beside `file`? Without a look at what is there already: that
 * may do. */
bool apart_needed(const char *file);

/*
 * Finds a way to read `file` without anything beside it. -1: its -wal holds commits, and no copy
 * can be made; says how many are not seen. path: as the user named it. The caller releases, also
 * after a failure.
 */
int apart_begin(struct apart *a, const char *path, const char *file, struct err *e);

/* SQLite has the private copy open: its names go, so that none is left behind however this process
 * ends. */
void apart_hide(struct apart *a);

/* Is it still what was opened? -1: another process wrote to it meanwhile. */
int apart_check(const struct apart *a, const char *path, const char *file, struct err *e);
void apart_release(struct apart *a);

/* Why `file`, or what SQLite makes beside it, cannot be written: "the file system is mounted
 * read-only"; NULL: it can. */
const char *apart_why(const char *file);

#endif
