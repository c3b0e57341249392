/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which trees a selector may mean, by the store's indexes: all that match are among them. What is
 * loaded of these alone has to give the answer that the whole store gives.
 */
#ifndef ANALYZE_EVIDENCE_CANDIDATES_H
#define ANALYZE_EVIDENCE_CANDIDATES_H

#include "analyze/evidence/select.h"
#include "store/find.h"

/* *restricted: false where the selector leaves all trees in, as far as an index tells. */
int candidates_find(struct find *out, bool *restricted, struct store *s,
		    const struct select_options *o, struct err *e);

/* All trees of workloads, by their codes, which may be cut. */
int candidates_workloads(struct find *out, struct store *s, const char *const *codes, size_t n,
			 struct err *e);

/* Adds the other trees of the containers and services that these were seen in. */
int candidates_beside(struct find *out, struct store *s, struct err *e);

/* Adds trees in containers, pods and units that are called as those of the selected trees are. */
int candidates_named(struct find *out, const struct query *q, const struct selection *sel,
		     struct store *s, struct err *e);

/* Trees that a loader began while the selected ones lived. */
int candidates_begun(struct find *out, const struct query *q, const struct selection *sel,
		     struct store *s, struct err *e);

#endif
