/* SPDX-License-Identifier: Apache-2.0 */
/* Systemd's own sets of calls. */
#ifndef ANALYZE_POLICY_SYSTEMD_SET_H
#define ANALYZE_POLICY_SYSTEMD_SET_H

#include "analyze/policy/policy.h"

#define SYSTEMD_SETS_OF "systemd 252"
#define SYSTEMD_SET_DEPTH 4 /* of sets in sets */

/* Is the name in this set? */
bool systemd_set_has(const char *set, const char *name);

/* The names of a set, and of those in it; each may be there twice. None: there is no such set. Adds
 * to *out. */
void systemd_set_names(struct policy_words *out, const char *set);

/* The i-th name of the set that systemd allows in any list of allowed calls, NULL at the end. */
const char *systemd_set_always(size_t i);

/* The i-th row of the table: a set, and a name or a set in it. A set's rows follow each other.
 * False at the end. */
bool systemd_set_at(size_t i, const char **set, const char **member);

#endif
