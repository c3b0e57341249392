/* SPDX-License-Identifier: Apache-2.0 */
/* The order of what a query holds: by content alone, so that no answer depends on rows' numbers or
 * on what was read first. */
#ifndef STORE_ORDER_H
#define STORE_ORDER_H

#include "store/query.h"

/*
 * Sorts trees, images, callers, calls, places, policies and uses, and lets all that points at one
 * point at its new place. Callers that no use names go: they may be of what was not loaded.
 */
void order_query(struct query *q);

#endif
