// SPDX-License-Identifier: Apache-2.0
#include "store/rows/position.h"

#include "store/base/esc.h"
#include "store/row.h"
#include "store/sql.h"

STMT(save_position,
     "INSERT INTO meta VALUES ('follow ' || ?1, ?2) ON CONFLICT DO UPDATE SET value = excluded.value");
/* POSITION_WHOLE; written out, as tests gather all statements */
STMT(forget_positions, "DELETE FROM meta WHERE key GLOB 'follow //whole *'");
STMT(load_position,
     "SELECT value FROM meta WHERE key = 'follow ' || ?1 AND typeof(value) = 'text' AND length(value) < 2000");

int position_save(struct store *s, const char *name, struct bytes text, struct err *e)
{
	auto_buf struct buf key = { 0 };

	esc_tty(&key, bytes_of(name));
	return store_run(s, STMT_save_position, ARGS(V_TEXT(buf_bytes(&key)), V_TEXT(text)), e);
}

int position_forget(struct store *s, struct err *e)
{
	return store_run(s, STMT_forget_positions, NO_ARGS, e);
}

struct loading { struct buf *text; bool found; };

static int take_position(void *to, sqlite3_stmt *st, struct err *e)
{
	struct loading *l = to;
	struct bytes b = store_column(st, 0);

	(void)e;
	buf_add(l->text, b.p, b.n);
	l->found = true;
	return 0;
}

int position_load(struct store *s, const char *name, struct buf *text, bool *found, struct err *e)
{
	auto_buf struct buf key = { 0 };
	struct loading l = { .text = text };
	int ret;

	esc_tty(&key, bytes_of(name));
	ret = store_each(s, STMT_load_position, ARGS(V_TEXT(buf_bytes(&key))),
			 WALK(take_position, &l), e);
	*found = l.found;
	return ret;
}
