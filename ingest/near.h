/*
 * Which intervals lie near a part's: in the same or the next cell, of the same exe. Two questions are asked: where may a
 * process come from, and whose answer to that may be another one since a part has something new. The second finds all
 * that the first would look at, so that links do not depend on the order of arrival.
 */
#ifndef INGEST_NEAR_H
#define INGEST_NEAR_H

#include "ingest/family.h"

#define NEAR_FORKED_MS 1000 /* where addresses are not random: a fork-type call came at most so long before */

/* An interval of the same exe that lies near. */
struct near {
	int64_t image, t_first, t_last, id;
	uint32_t s_first, s_last, uid, auid;
	bool by_chance; /* its addresses are not the same, they only lie near */
};
struct nears { struct near *v; size_t n, cap; };

enum near_verdict { NEAR_SILENT, NEAR_SAME, NEAR_APART };

/*
 * Fills *out, which the caller releases, with the places of a part's intervals by their end, at most so many; of those
 * that end at one time all or none. -1 on failure, here and below.
 */
int near_places(struct family *f, const struct part *p, size_t limit, struct part_places *out, struct err *e);

/*
 * Where p's process may come from: what its exes have next to its own first cells around its beginning, in *out (its own
 * are not in it; the caller releases it). *all_few: in no cell there was more than one looks at, so this is also what
 * near_concerned would say of these cells.
 */
int near_kin(struct family *f, struct part *p, struct nears *out, bool *all_few, struct err *e);

/* Whose link may be another one, since p->touched are new or p is not what it was. */
int near_concerned(struct family *f, struct part *p, struct nears *out, struct err *e);

/* Has p a cell, of those that near_kin has looked at, in a place that is drawn at random? */
bool near_random(const struct part *p);

/* Have p and those of `near` that are of another part the same addresses, or do they only lie near each other? */
int near_judge(struct family *f, struct part *p, const struct part *other, const struct nears *near,
	       enum near_verdict *out, struct err *e);

#endif
