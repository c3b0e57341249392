// SPDX-License-Identifier: Apache-2.0
#include "store/safe.h"

#include "store/base/esc.h"
#include "store/base/mem.h"

int safe_guard(sqlite3 *db, bool foreign)
{
	const struct { int option, on; } settings[] = {
		{ SQLITE_DBCONFIG_DEFENSIVE, 1 },
		{ SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0 },
		{ SQLITE_DBCONFIG_ENABLE_TRIGGER, 0 },
		{ SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, foreign },
	};
	int code = SQLITE_OK;

	for (size_t i = 0; i < ARRAY_SIZE(settings) && code == SQLITE_OK; i++)
		code = sqlite3_db_config(db, settings[i].option, settings[i].on, NULL);
	sqlite3_limit(db, SQLITE_LIMIT_LENGTH, SAFE_LONGEST);
	return code;
}

int safe_pages(sqlite3 *db, struct err *e)
{
	sqlite3_stmt *st = NULL;
	char found[200] = "";
	int code = sqlite3_prepare_v2(db, "PRAGMA quick_check(1)", -1, &st, NULL), ret = 0;

	if (code == SQLITE_OK)
		code = sqlite3_step(st);
	if (code == SQLITE_ROW)
		esc_word(found, sizeof(found),
			 (struct bytes){ sqlite3_column_blob(st, 0),
					 (size_t)sqlite3_column_bytes(st, 0) });
	if (code != SQLITE_ROW)
		ret = err_set(e, ST_SYSTEM, "%s", sqlite3_errmsg(db));
	else if (strcmp(found, "ok") != 0)
		ret = err_set(e, ST_SYSTEM, "damaged: %s", found);
	sqlite3_finalize(st);
	return ret;
}
