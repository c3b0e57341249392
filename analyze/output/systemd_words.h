/* What both of systemd's formats need: its own sets of calls. */
#ifndef ANALYZE_OUTPUT_SYSTEMD_WORDS_H
#define ANALYZE_OUTPUT_SYSTEMD_WORDS_H

#include "analyze/output/plain.h"

#define SYSTEMD_SETS_OF "systemd 252"

struct systemd_words { const char **v; size_t n, cap; };

/*
 * The list in systemd's words. group: a set stands for its members where all of them are in the list that the policy's
 * architectures have, and these are at least two; larger sets first, then the names that are left. The caller frees
 * by VEC_FREE.
 */
void systemd_words(struct systemd_words *out, const struct plain *list, const struct policy *p, bool group);

/* Writes lines "KEY=WORDS", the words of each begun by `polarity` ("" or "~"), of at most 100 columns. */
void systemd_write(FILE *to, const char *key, const char *polarity, const struct systemd_words *words);

/* Is the name in this set? */
bool systemd_has(const char *set, const char *name);

/* The names of a set, and of those in it; each may be there twice. None: there is no such set. Adds to *out. */
void systemd_names(struct systemd_words *out, const char *set);

/* The i-th name of the set that systemd allows in any list of allowed calls, NULL at the end. */
const char *systemd_always(size_t i);

#endif
