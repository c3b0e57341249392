/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Intervals of one pid that follow each other become one, whichever came first: an interval is
 * what lies between two pauses, so joining is a function of the records. Those of another hour,
 * boot or layer stay apart.
 */
#ifndef INGEST_TRACK_JOIN_H
#define INGEST_TRACK_JOIN_H

#include "ingest/track/model.h"

/*
 * Joins in place and returns how many are left. of: for each interval that was given, the index
 * of the one that it is a part of now, or NULL. Those that are left keep the least `id` that is
 * not 0 and a `was` that is not 0, are `fresh` if they were put together, and have the name, uid
 * and auid of the lowest serial. The caller puts their sites together.
 */
size_t join_intervals(struct track_interval *v, size_t n, const struct track_strings *strings,
		      size_t *of);

#endif
