/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a row may say. A store may be made by somebody else, with any number, text or NULL in any
 * column, whatever its tables declare: so each row is checked where it is read, and what cannot be
 * is told as damage.
 */
#ifndef STORE_ROW_H
#define STORE_ROW_H

#include "store/base/bytes.h"
#include "store/base/err.h"
#include "store/base/when.h"
#include "store/model/obs.h"

#include <sqlite3.h>


/*
 * Reads columns as their kinds say, a letter each; a capital has an order to the column before it.
 *
 *	i  id of a row               z  the same, or 0           n  the same, or 0 or NULL: 0
 *	t  time                      u  the same, or NULL: WHEN_NONE   e  time in seconds
 *	T  time, not before the one in the column before (nor NULL when that one is not)
 *	s  serial: 32 bits           S  serial, not below the one before
 *	w  32 bits, unsigned         r  32 bits, signed
 *	p  pid                       m  cell                           y  page of seconds or serials
 *	d  epoch less uptime in seconds, or NULL: WHEN_NONE
 *	D  the same, not below the one before
 *	c  count                     l  count, or NULL: 0
 *	f  0 or 1                    o  the same, or NULL: -1       k  any number of 64 bits
 *	b  bytes or text             a  the same, or NULL           v  printable ASCII
 *	h  a public id (CODE_SIZE)   .  not looked at
 *
 * v has room for all of them; v[i] is 0 for bytes. `table`: for the message, with the row's id
 *where the first column is one.
 */
int row_read(sqlite3_stmt *row, const char *table, const char *kinds, int64_t *v, struct err *e);

/* A row's id that was looked up or made: itself; -1 where it cannot be one. */
int64_t row_id(sqlite3 *db, const char *table, int64_t id, struct err *e);

/* "store FILE: row N of table T is damaged: WHY"; id 0: no number. Returns -1. */
int row_damaged(sqlite3 *db, const char *table, int64_t id, const char *why, struct err *e);

#endif
