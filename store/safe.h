/* SPDX-License-Identifier: Apache-2.0 */
/* How SQLite is kept from doing what a store by somebody else may ask it to. */
#ifndef STORE_SAFE_H
#define STORE_SAFE_H

#include "store/base/err.h"

#include <sqlite3.h>
#include <stdbool.h>

#define SAFE_LONGEST (1 << 28) /* bytes of one value; SQLite's own limit is four times as many */

/*
 * Nothing in the store is run: no trigger, no function that its tables name and that is not
 * harmless. Its structure changes by SQL alone, and no value is longer than SAFE_LONGEST. foreign:
 * nothing is written back when it is closed. Returns SQLite's code.
 */
int safe_guard(sqlite3 *db, bool foreign);

/* Pages that refer to each other in circles would be read for ever: looks at each of them once. */
int safe_pages(sqlite3 *db, struct err *e);

#endif
