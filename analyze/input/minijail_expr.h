/* SPDX-License-Identifier: Apache-2.0 */
/* Conditions on arguments as minijail's policies say them: "arg0 == 1 && arg1 in ~PROT_EXEC || arg2
 * & (A|B)". */
#ifndef ANALYZE_INPUT_MINIJAIL_EXPR_H
#define ANALYZE_INPUT_MINIJAIL_EXPR_H

#include "analyze/input/input.h"

/* One alternative: all of it has to hold. */
struct minijail_branch { VEC(struct policy_arg) args; };
struct minijail_branches { struct minijail_branch *v; size_t n, cap; };

void minijail_branches_release(struct minijail_branches *b);

/* Takes an expression off *text, up to what cannot go on with it. The caller releases *out, also
 * after a failure. */
int minijail_expression(const struct reading *r, struct bytes *text, struct minijail_branches *out);

/* Takes a number or the name of a constant off *text. False: there is none. */
bool minijail_constant(struct bytes *text, uint64_t *out);

/* Takes a word of letters, digits, '_', '-' and '@', of which the first is a letter or '_'; empty
 * when there is none. */
struct bytes minijail_word(struct bytes *text);

/* Takes blanks and then the mark off *text, where it is there. */
bool minijail_mark(struct bytes *text, const char *mark);

/* What is next, for a message: up to the next blank. */
struct bytes minijail_rest(struct bytes text);

#endif
