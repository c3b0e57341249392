/* SPDX-License-Identifier: Apache-2.0 */
/* A list in systemd's words, as both of its formats write it. */
#ifndef ANALYZE_OUTPUT_SYSTEMD_WORDS_H
#define ANALYZE_OUTPUT_SYSTEMD_WORDS_H

#include "analyze/output/flat.h"

/*
 * The list in systemd's words. group: a set stands for its members where all of them are in the
 * list that the policy's architectures have, and these are at least two; larger sets first, then
 * the names that are left. The caller frees by VEC_FREE.
 */
void systemd_words(struct policy_words *out, const struct flat_list *list, const struct policy *p,
		   bool group);

/* Writes lines "KEY=WORDS", the words of each begun by `polarity` ("" or "~"), of at most 100
 * columns. */
void systemd_words_write(FILE *to, const char *key, const char *polarity,
			 const struct policy_words *words);

#endif
