/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The build-id of a program: what its linker wrote into it, which another build does not have.
 * Files are hostile: whatever they say, little of them is read, and only by pread, so that one that
 * shrinks meanwhile does no harm.
 */
#ifndef INGEST_LIVE_CAPTURE_BUILD_H
#define INGEST_LIVE_CAPTURE_BUILD_H

#include <stdbool.h>

#define BUILD_ID_MAX 64 /* bytes; linkers write 8 to 32 */

/* In lower-case hex; empty: the file is no ELF, or has none. */
struct build_id { char text[2 * BUILD_ID_MAX + 1]; };

/*
 * The first note NT_GNU_BUILD_ID in a segment PT_NOTE; 32 and 64 bits, either byte order. False:
 * the file could not be read to where it may be, so whether it has one is not known. source:
 * elf(5); binutils' ld --build-id; the gABI for the padding of notes
 */
bool build_read(struct build_id *out, int fd);

/* The same of the file at a path. False: there is no regular file that can be read. */
bool build_at(struct build_id *out, const char *path);

#endif
