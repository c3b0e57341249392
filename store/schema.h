/* SPDX-License-Identifier: Apache-2.0 */
/* The tables of the store, as schema.sql has them, and whether a file has these and no others in
 * their place. */
#ifndef STORE_SCHEMA_H
#define STORE_SCHEMA_H

#include "store/base/err.h"

#include <sqlite3.h>
#include <stdbool.h>

/* Makes what is missing. SQL. */
extern const char schema_sql[];

/* The views alone, anew: those of an older store may say less. SQL. */
const char *schema_views(void);

/*
 * Are our tables and unique indexes there, each by the very text that scaudit makes it by? Else
 * somebody made the file by hand: a view may stand where a table is expected, a column may compute
 * its value, a table may not keep types. `older`: those of version 3. What a user has added besides
 * (tables, indexes, views) stays and is not used.
 */
int schema_check(sqlite3 *db, bool older, struct err *e);

#endif
