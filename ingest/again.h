/* Derives parts, images and trees of all that a store keeps, as if nothing had been derived. */
#ifndef INGEST_AGAIN_H
#define INGEST_AGAIN_H

#include "store/store.h"

/*
 * Under the write lock. progress: called now and then with how many of how many (node, pid) are
 * done; NULL: nobody is told. -1 on failure: the caller rolls back.
 */
struct again_progress { void (*tell)(void *to, uint64_t done, uint64_t of); void *to; };
int again_all(struct store *s, const struct again_progress *progress, struct err *e);

#endif
