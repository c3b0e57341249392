/* SPDX-License-Identifier: Apache-2.0 */
/* Makes two names one node. */
#ifndef STORE_ALIAS_H
#define STORE_ALIAS_H

#include "store/store.h"

/*
 * All that stands under the name `b` is taken as of `a`'s node; both names mean it from then on.
 * Refused (ST_NO) where both hold events of one time: the same event could count twice. What is
 * derived has to be derived again afterwards.
 */
int alias_nodes(struct store *s, struct bytes a, struct bytes b, struct err *e);

#endif
