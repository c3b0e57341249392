/*
 * Names that a list gets without evidence: the floor, which holds what one run does not show because it depends on timing,
 * and what a runtime needs to start where no start of its was seen. docs/floor.md says how both were measured.
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

struct runtime {
	const char *name;
	const char *loader;    /* the path of its loader's image; "(" stands for systemd's "(name)" */
	const char *version;   /* that the table was measured on */
	const char *first, *first_nnp; /* of its calls; with no-new-privileges. NULL: not always the same one */
};

/* The runtime of a name. floor_runtime_at: the i-th; NULL at the end. */
const struct runtime *floor_runtime(const char *name);
const struct runtime *floor_runtime_at(size_t i);

/* The i-th call that it makes under the filter that it has loaded, before its exec; NULL at the end. */
const char *floor_runtime_call(const struct runtime *r, size_t i);

/* Is this the path of an image of its loader? */
bool floor_runtime_is(const struct runtime *r, struct bytes path);

#endif
