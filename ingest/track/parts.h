/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The parts of a pid as they were and as they are: what differs is written, and concerns others.
 * Inside ingest/track only.
 */
#ifndef INGEST_TRACK_PARTS_H
#define INGEST_TRACK_PARTS_H

#include "ingest/track/derive.h"

struct parts { struct derive_part **v; size_t n, cap; };

/* Do two parts of a pid begin at one position of the order? */
bool parts_same_position(const struct track_key *a, const struct track_key *b);

/*
 * Which of `old` goes on as which of `now`: of[i], and it is taken out of `old`. It is no part of
 * the answer.
 */
void parts_match(struct parts *old, const struct derive_part *now, size_t n,
		 struct derive_part **of);

/*
 * Makes what a pid has `now` what the state has. of: which old part goes on as each, NULL: a new
 * one; those that are left in `old` go. known: of the first so many only the rows from `since` on
 * are given.
 */
int parts_apply(struct derive *d, struct parts *old, struct derive_part *now, size_t n,
		struct derive_part *const *of, size_t known, int64_t since, struct err *e);

#endif
