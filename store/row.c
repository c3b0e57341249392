// SPDX-License-Identifier: Apache-2.0
/* Checks a row against what its columns may say. */
#include "store/row.h"

#include "store/base/code.h"

#include <stdio.h>
#include <string.h>

int row_damaged(sqlite3 *db, const char *table, int64_t id, const char *why, struct err *e)
{
	const char *file = sqlite3_db_filename(db, "main");

	if (id == 0)
		return err_set(e, ST_SYSTEM, "store %s: a row of table %s is damaged: %s", file,
			       table, why);
	return err_set(e, ST_SYSTEM, "store %s: row %lld of table %s is damaged: %s", file,
		       (long long)id, table, why);
}

#define BASE_MAX (INT64_C(1) << 44) /* seconds: more than an uptime of 64 bits of microseconds */

/* Kinds of numbers; null: what NULL is read as, 1: it is none; after: not below the column before.
 */
static const struct range { int64_t lo, hi, null; bool after; const char *what; } ranges[128] = {
	['i'] = { 1, OBS_ROW_MAX, 1, false, "no row's id" },
	['n'] = { 0, OBS_ROW_MAX, 0, false, "no row's id" },
	['z'] = { 0, OBS_ROW_MAX, 1, false, "no row's id" },
	['t'] = { WHEN_MIN_MS, WHEN_MAX_MS, 1, false, "no time of the years 1 to 9999" },
	['T'] = { WHEN_MIN_MS, WHEN_MAX_MS, WHEN_NONE, true, "no time of the years 1 to 9999" },
	['u'] = { WHEN_MIN_MS, WHEN_MAX_MS, WHEN_NONE, false, "no time of the years 1 to 9999" },
	['e'] = { WHEN_MIN_MS / 1000, WHEN_MAX_SEC, 1, false, "no time of the years 1 to 9999" },
	['y'] = { 0, WHEN_MAX_SEC / 1024, 1, false, "no page" },
	['d'] = { -BASE_MAX, BASE_MAX, WHEN_NONE, false, "no time" },
	['D'] = { -BASE_MAX, BASE_MAX, WHEN_NONE, true, "no time" },
	['s'] = { 0, UINT32_MAX, 1, false, "no serial of 32 bits" },
	['S'] = { 0, UINT32_MAX, 1, true, "no serial of 32 bits" },
	['w'] = { 0, UINT32_MAX, 1, false, "no number of 32 bits" },
	['r'] = { INT32_MIN, INT32_MAX, 1, false, "no number of 32 bits" },
	['p'] = { 0, INT32_MAX, 1, false, "no pid" },
	['m'] = { 0, INT64_MAX >> (OBS_CELL_BITS - 1), 1, false, "no cell of addresses" },
	['c'] = { 0, OBS_COUNT_MAX, 1, false, "no count" },
	['l'] = { 0, OBS_COUNT_MAX, 0, false, "no count" },
	['f'] = { 0, 1, 1, false, "neither 0 nor 1" },
	['o'] = { 0, 1, -1, false, "neither 0 nor 1" },
	['k'] = { INT64_MIN, INT64_MAX, 1, false, "no number" },
};

/* NULL, and what is no number at all, come as 0. */
static const char *read_zero(sqlite3_stmt *row, int i, const struct range *r, int64_t *v)
{
	int type = sqlite3_column_type(row, i);

	if (type == SQLITE_INTEGER)
		return NULL;
	if (type != SQLITE_NULL || r->null == 1)
		return r->what;
	*v = r->null;
	return r->after && v[-1] != WHEN_NONE ? "missing" : NULL;
}

/* What is wrong with a number; NULL: nothing. Each column of each row comes by here: so its type is
 * asked for only where it matters. */
static inline const char *read_number(sqlite3_stmt *row, int i, const struct range *r, int64_t *v)
{
	const char *why;

	*v = sqlite3_column_int64(row, i);
	if (*v == 0) {
		why = read_zero(row, i, r, v);
		if (why != NULL || *v != 0)
			return why;
	}
	if (*v < r->lo || *v > r->hi)
		return r->what;
	return r->after && *v < v[-1] ? "less than what it follows" : NULL;
}

/* A public id: as many digits of lower-case hex as code_of writes. */
static bool is_code(struct bytes b)
{
	size_t n = 0;

	while (n < b.n && (bytes_digit(b.p[n]) || (b.p[n] >= 'a' && b.p[n] <= 'f')))
		n++;
	return n == b.n && n == CODE_SIZE - 1;
}

static const char *read_text(sqlite3_stmt *row, int i, char kind)
{
	int type = sqlite3_column_type(row, i), n;
	const unsigned char *p;

	if (type == SQLITE_NULL && kind == 'a')
		return NULL;
	if (type != SQLITE_BLOB && type != SQLITE_TEXT)
		return "no text";
	if (kind == 'b' || kind == 'a')
		return NULL;
	p = sqlite3_column_blob(row, i);
	n = sqlite3_column_bytes(row, i);
	if (kind == 'h')
		return is_code((struct bytes){ (const char *)p, (size_t)n }) ? NULL : "no id";
	for (int k = 0; k < n; k++)
		if (p[k] < 0x20 || p[k] > 0x7e)
			return "no printable text";
	return n == 0 ? "empty" : NULL;
}

static int damaged_column(sqlite3_stmt *row, const char *table, int i, int64_t id,
			  const char *why, struct err *e)
{
	char what[100];

	snprintf(what, sizeof(what), "its %.40s is %s", sqlite3_column_name(row, i), why);
	return row_damaged(sqlite3_db_handle(row), table, id, what, e);
}

int row_read(sqlite3_stmt *row, const char *table, const char *kinds, int64_t *v, struct err *e)
{
	for (int i = 0; kinds[i] != '\0'; i++) {
		const struct range *r = &ranges[(unsigned char)kinds[i] & 127];
		const char *why;

		if (kinds[i] == '.')
			continue;
		why = r->what != NULL ? read_number(row, i, r, &v[i]) : read_text(row, i, kinds[i]);
		if (why != NULL)
			return damaged_column(row, table, i, kinds[0] == 'i' && i > 0 ? v[0] : 0,
					      why, e);
	}
	return 0;
}

int64_t row_id(sqlite3 *db, const char *table, int64_t id, struct err *e)
{
	if (id > 0 && id <= OBS_ROW_MAX)
		return id;
	return row_damaged(db, table, id, "that is no row's id", e);
}
