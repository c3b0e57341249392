/*
 * The floor: names that a list gets without evidence, since one run does not show them, depending on timing. docs/floor.md
 * says how they were measured.
 */
#ifndef ANALYZE_PROFILE_FLOOR_H
#define ANALYZE_PROFILE_FLOOR_H

#include "store/base/bytes.h"
#include "store/base/err.h"
#include "store/base/mem.h"

struct floor { VEC(char *) names; };

/*
 * which: "default", "none", or the path of a file with one name a line, where # begins a comment. An unknown name is an
 * error. Release it also after a failure.
 */
int floor_load(struct floor *out, const char *which, struct err *e);
void floor_release(struct floor *f);

/* The i-th row of the default floor and why it is there; NULL at the end. */
const char *floor_at(size_t i, const char **why);

#endif
