/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whom a change of a part concerns: those wait to be asked again. Besides those who look at its
 * rows (rows.h) these are the ones that rest on something else of it. Inside ingest/track only.
 */
#ifndef INGEST_TRACK_DEPENDENTS_H
#define INGEST_TRACK_DEPENDENTS_H

#include "ingest/track/derive.h"

/* Those that come from a part: by an exec, or by a known birth. */
int dependents_children(struct derive *d, int64_t part, struct err *e);

/* Those who rest on m's life, from a time on; INT64_MIN: all. */
int dependents_rested(struct derive *d, const struct derive_part *m, int64_t since, struct err *e);

/* m lives in its image now, or longer than before: those that found none there that does. */
int dependents_gone(struct derive *d, const struct derive_part *m, struct err *e);

/* Those whose process was born of a pid, when its parts are others. */
int dependents_born(struct derive *d, int64_t node, int32_t pid, struct err *e);

#endif
