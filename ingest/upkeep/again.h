/* SPDX-License-Identifier: Apache-2.0 */
/* Derives parts, images and trees of all that a store keeps, as if nothing had been derived. */
#ifndef INGEST_UPKEEP_AGAIN_H
#define INGEST_UPKEEP_AGAIN_H

#include "store/store.h"

#include <signal.h>

/* Does some of what is stored wait to be derived? -1 on failure. */
int again_waits(struct store *s, bool *yes, struct err *e);

/*
 * Derives what waits, in transactions of its own, until nothing does or a signal comes. It takes
 * the write lock, waiting for it as s->wait says.
 */
int again_rest(struct store *s, const volatile sig_atomic_t *stop, struct err *e);

/*
 * Under the write lock. progress: called now and then with how many of how many (node, pid) are
 * done; NULL: nobody is told. -1 on failure: the caller rolls back.
 */
struct again_progress { void (*tell)(void *to, uint64_t done, uint64_t of); void *to; };
int again_all(struct store *s, const struct again_progress *progress, struct err *e);

#endif
