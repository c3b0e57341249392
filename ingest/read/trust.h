/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Could anybody but root have written a file? Then what it says is text, whatever it looks like:
 * any user can write a line that equals the kernel's.
 */
#ifndef INGEST_READ_TRUST_H
#define INGEST_READ_TRUST_H

#include <stdbool.h>
#include <sys/stat.h>

#define TRUST_WHY 200

/* Where a file stands. */
struct trust {
	bool link;           /* it or its folder is a symbolic link */
	bool folder_known;
	struct stat folder;
};

/*
 * Opens a file for reading; -1 with errno. Its last two components (folder and file) are not
 * followed as links; where one is a link, the file that it leads to is opened, and where->link says
 * so.
 */
int trust_open(const char *path, struct trust *where);

/*
 * Is it root's alone: a regular file that is not empty, on a file system that stores files, root's,
 * as its folder is, and neither may be written by a group or by others? Else `why` says what is not
 * so: "its folder may be written by others". fd, where: what trust_open gave source: an
 * unprivileged process has files of root's in /proc that hold what it likes (proc(5),
 * /proc/PID/environ); FUSE and network file systems say of each file whose it is
 */
bool trust_root_only(int fd, const struct trust *where, char why[TRUST_WHY]);

#endif
