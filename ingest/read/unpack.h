/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Compressed and archived input, by its content: gz, xz, zst, bz2, lz4, Z, tar, zip, and one in the
 * other. libarchive is loaded when the first of them comes. A thread unpacks into a pipe, so a
 * member is read as any other input, and on its own processor.
 */
#ifndef INGEST_READ_UNPACK_H
#define INGEST_READ_UNPACK_H

#include "store/base/bytes.h"
#include "store/base/err.h"

#define UNPACK_HEAD 512       /* bytes of an input that tell what it is */

/* What these first bytes of an input say that it is: "gzip", "tar" ...; NULL: nothing that is
 * unpacked here. */
const char *unpack_known(struct bytes head);

struct unpack;

/*
 * Unpacks what comes from fd, borrowed, behind `head`, which was read from it already. NULL and *e:
 * there is no libarchive, or it is none of its formats. shown: its name, for messages; borrowed.
 */
struct unpack *unpack_open(int fd, struct bytes head, const char *shown, struct err *e);
void unpack_close(struct unpack *u);

/*
 * The next member that is a file: *fd to read it from, which stays the unpacker's, behind *head;
 * *name, NULL where it has none (compressed only). *any false: there is no further one. The one
 * before ends with it: -1 and *e where that was cut or broken.
 */
int unpack_next(struct unpack *u, bool *any, int *fd, struct bytes *head, const char **name,
		struct err *e);

#endif
