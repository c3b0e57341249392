/* SPDX-License-Identifier: Apache-2.0 */
/* The pipeline: bytes to commit. One call reads any number of sources into the store and says what
 * it found. */
#ifndef INGEST_INGEST_H
#define INGEST_INGEST_H

#include "ingest/batch/run.h"
#include "store/store.h"

/* Sources: paths, "-" for standard input. 0 although some could not be read: report->failed counts
 * those. */
int ingest_run(struct store *store, const char *const *sources, size_t n,
	       const struct ingest_options *options, struct ingest_report *report, struct err *e);

#endif
