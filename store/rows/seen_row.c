// SPDX-License-Identifier: Apache-2.0
/* Statements and rows of `seen` and `boot`. */
#include "store/rows/seen_row.h"

#include "store/row.h"
#include "store/sql.h"

STMT(load_page,
     "SELECT trusted_base_min, trusted_base_max, base_min, base_max, data, trusted_other, other, "
     "max(length(trusted_pieces), length(pieces)) > 0 AND max(length(trusted_held), length(held)) = 0 FROM seen WHERE node = ?1 AND serials = ?2 AND "
     "seconds = ?3");
STMT(save_page,
     "INSERT INTO seen VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14) ON CONFLICT DO UPDATE SET trusted_pieces = "
     "excluded.trusted_pieces, trusted_base_min = excluded.trusted_base_min, trusted_base_max = "
     "excluded.trusted_base_max, pieces = excluded.pieces, base_min = excluded.base_min, base_max = "
     "excluded.base_max, data = excluded.data, trusted_held = excluded.trusted_held, trusted_other = "
     "excluded.trusted_other, held = excluded.held, other = excluded.other");
STMT(del_page, "DELETE FROM seen WHERE node = ?1 AND serials = ?2 AND seconds = ?3");
STMT(load_pieces,
     "SELECT trusted_base_min, trusted_base_max, base_min, base_max, trusted_pieces, pieces, serials, seconds FROM seen "
     "WHERE node = ?1");
STMT(page_pieces,
     "SELECT trusted_base_min, trusted_base_max, base_min, base_max, trusted_pieces, pieces, serials, seconds FROM seen "
     "WHERE node = ?1 AND serials = ?2 AND seconds = ?3");
STMT(clear_boots, "DELETE FROM boot WHERE node = ?1 AND number >= ?2");
STMT(set_boot,
     "INSERT INTO boot VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT DO UPDATE SET t_first = excluded.t_first, t_last = "
     "excluded.t_last, serial_first = excluded.serial_first, serial_last = excluded.serial_last, trusted = excluded.trusted");

#define KEY(k) V_INT((k).node), V_INT((k).serials), V_INT((k).seconds)
#define V_BOOT_TIME(b) V_TIME((b).min), V_TIME((b).max)

struct one { struct seen_key key; struct seen_row_take to; };

static int take_row(void *to, sqlite3_stmt *st, struct err *e)
{
	struct one *one = to;
	int64_t v[8];

	if (row_read(st, "seen", "dDdDbbbf", v, e) < 0)
		return -1;
	return one->to.take(
		one->to.to,
		&(struct seen_row){ .key = one->key,
				    .boot_time = { { v[0], v[1] }, { v[2], v[3] } },
				    .data = store_column(st, 4),
				    .uncounted = v[7] != 0,
				    .other = { store_column(st, 5), store_column(st, 6) } },
		e);
}

int seen_row_find(struct store *s, struct seen_key key, struct seen_row_take to, struct err *e)
{
	struct one one = { key, to };

	return store_each(s, STMT_load_page, ARGS(KEY(key)), WALK(take_row, &one), e);
}

int seen_row_save(struct store *s, const struct seen_row *r, struct err *e)
{
	return store_run(s, STMT_save_page,
			 ARGS(KEY(r->key), V_BLOB(r->pieces[0]), V_BOOT_TIME(r->boot_time[0]),
			      V_BLOB(r->pieces[1]), V_BOOT_TIME(r->boot_time[1]), V_BLOB(r->data),
			      V_BLOB(r->held[0]), V_BLOB(r->other[0]), V_BLOB(r->held[1]),
			      V_BLOB(r->other[1])),
			 e);
}

int seen_row_del(struct store *s, struct seen_key key, struct err *e)
{
	return store_run(s, STMT_del_page, ARGS(KEY(key)), e);
}

struct of_node { int64_t node; struct seen_row_take to; };

static int take_pieces(void *to, sqlite3_stmt *st, struct err *e)
{
	struct of_node *n = to;
	int64_t v[8];

	if (row_read(st, "seen", "dDdDbbyy", v, e) < 0)
		return -1;
	return n->to.take(
		n->to.to,
		&(struct seen_row){ .key = { n->node, v[6], v[7] },
				    .boot_time = { { v[0], v[1] }, { v[2], v[3] } },
				    .pieces = { store_column(st, 4), store_column(st, 5) } },
		e);
}

int seen_row_each_pieces(struct store *s, int64_t node, struct seen_row_take to, struct err *e)
{
	struct of_node n = { node, to };

	return store_each(s, STMT_load_pieces, ARGS(V_INT(node)), WALK(take_pieces, &n), e);
}

int seen_row_find_pieces(struct store *s, struct seen_key key, struct seen_row_take to,
			 struct err *e)
{
	struct of_node n = { key.node, to };

	return store_each(s, STMT_page_pieces, ARGS(KEY(key)), WALK(take_pieces, &n), e);
}

int seen_row_save_boot(struct store *s, const struct boot_row *r, struct err *e)
{
	return store_run(s, STMT_set_boot,
			 ARGS(V_INT(r->node), V_INT(r->number), V_INT(r->t_first), V_INT(r->t_last),
			      V_INT(r->s_first), V_INT(r->s_last), V_INT(r->trusted)),
			 e);
}

int seen_row_del_boots(struct store *s, int64_t node, int64_t from, struct err *e)
{
	return store_run(s, STMT_clear_boots, ARGS(V_INT(node), V_INT(from)), e);
}
