/* SPDX-License-Identifier: Apache-2.0 */
/* Brings a store that an older scaudit wrote up to this version. */
#ifndef INGEST_UPKEEP_UPGRADE_H
#define INGEST_UPKEEP_UPGRADE_H

#include "store/store.h"

/*
 * Under the lock of a writer, in one transaction: whoever is killed meanwhile leaves the older
 * store. Nothing is done where another process has done it. tell: called now and then, with how
 * much of the work is done, 0 to 1; NULL: nobody is told. wait->stop: a signal ends it. path: as
 * for store_open
 */
struct upgrade_progress { void (*tell)(void *to, double done); void *to; };
int upgrade_store(const char *path, const struct store_wait *wait,
		  const struct upgrade_progress *progress, struct err *e);

#endif
