/*
 * Could anybody but root have written a file? Then what it says is text, whatever it looks like: any user can write a
 * line that equals the kernel's.
 */
#ifndef INGEST_TRUST_H
#define INGEST_TRUST_H

#include <stdbool.h>

#define TRUST_WHY 200

/*
 * Opens a file for reading; its last two components (folder and file) are not followed where they are links. -1 with
 * errno. *link: one of them is a link, and the file that it leads to was opened.
 */
int trust_open(const char *path, bool *link);

/*
 * Is it root's alone: a regular file that is not empty, on a file system that stores files, root's, as its folder is, and
 * neither may be written by a group or by others? Else `why` says what is not so: "its folder may be written by others".
 *   fd:   what trust_open gave
 *   path: by which it was opened, for the folder
 *   source: an unprivileged process has files of root's in /proc that hold what it likes (proc(5), /proc/PID/environ);
 *           FUSE and network file systems say of each file whose it is
 */
bool trust_root_only(int fd, const char *path, bool link, char why[TRUST_WHY]);

#endif
