// SPDX-License-Identifier: Apache-2.0
/* Reads a store of version 3 by views that give its tables today's meaning. */
#include "store/older.h"

#include "store/base/mem.h"
#include "store/makers.h"
#include "store/model/obs.h"
#include "store/row.h"
#include "store/schema.h"
#include "store/sql.h"

static const char older_sql[] =
#include "older.sql.h"
	;

/* ---- observations: in version 3 text and trusted records of a process stood in one interval ----
 */

static bool read_obs(sqlite3_value *value, struct obs_list *out)
{
	struct bytes text = { sqlite3_value_blob(value), 0 };

	text.n = (size_t)sqlite3_value_bytes(value);
	return obs_decode(text, (struct obs_origin){ 0 }, out);
}

/* Events of a row of version 3: upgraded were text and became trusted; more than text: text had
 * said else of them. */
static uint64_t events_of(const struct obs *o)
{
	return o->fresh + (o->text > o->upgraded ? o->text : o->upgraded);
}

static bool all_trusted(const struct obs_list *list)
{
	for (size_t i = 0; i < list->n; i++)
		if (list->v[i].text > list->v[i].upgraded)
			return false;
	return true;
}

/* older_trusted(obs): did trusted sources bring all of it? What cannot be read is found where it is
 * read. */
static void is_trusted(sqlite3_context *c, int n, sqlite3_value **v)
{
	struct obs_list list = { 0 };

	(void)n;
	sqlite3_result_int(c, read_obs(v[0], &list) && all_trusted(&list));
	VEC_FREE(&list);
}

/* older_obs(obs): what is trusted as a whole stays so, all else is text. */
static void obs_of(sqlite3_context *c, int n, sqlite3_value **v)
{
	struct obs_list list = { 0 };
	auto_buf struct buf out = { 0 };

	(void)n;
	if (!read_obs(v[0], &list)) {
		sqlite3_result_value(c, v[0]);
	} else {
		bool trusted = all_trusted(&list);

		for (size_t i = 0; i < list.n; i++) {
			struct obs *o = &list.v[i];
			uint64_t events = events_of(o);

			o->fresh = trusted ? events : 0;
			o->text = trusted ? 0 : events;
			o->upgraded = 0;
		}
		obs_encode(&list, (struct obs_origin){ 0 }, &out);
		sqlite3_result_text64(c, out.p, out.n, SQLITE_TRANSIENT, SQLITE_UTF8);
	}
	VEC_FREE(&list);
}

static int add_functions(struct store *s, struct err *e)
{
	int flags = SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS;

	if (sqlite3_create_function(s->db, "older_trusted", 1, flags, NULL, is_trusted, NULL,
				    NULL) != SQLITE_OK ||
	    sqlite3_create_function(s->db, "older_obs", 1, flags, NULL, obs_of, NULL, NULL) !=
		    SQLITE_OK)
		return store_fail(s, e);
	return 0;
}

/* ---- views ---- */

static const char *const changed[] = { "ingest",     "tree", "image",	 "interval",
				       "presence",   "boot", "loss",	 "tree_label",
				       "tree_place", "fold", "fold_use", "fold_place",
				       "fold_set",   "seen" };

/* Makes the views; `view` and `was` are what stands before their names, and before those of the old
 * tables. */
static int make_views(struct store *s, const char *view, const char *was, struct err *e)
{
	auto_buf struct buf sql = { 0 };

	for (const char *p = older_sql; *p != '\0'; p++) {
		if (*p == '$')
			buf_str(&sql, view);
		else if (*p == '@')
			buf_str(&sql, was);
		else
			buf_char(&sql, *p);
	}
	return add_functions(s, e) < 0 ? -1 : store_script(s, buf_text(&sql), e);
}

int older_face(struct store *s, struct err *e)
{
	return make_views(s, "", "main.", e);
}

static int drop_views(struct store *s, const char *view, struct err *e)
{
	static const char *const more[] = { "older_whole", "older_fold", "part", "image_part",
					    "derive_row" };
	auto_buf struct buf sql = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(changed) + ARRAY_SIZE(more); i++)
		buf_printf(&sql, "DROP VIEW IF EXISTS temp.%s%s;", view,
			   i < ARRAY_SIZE(changed) ? changed[i] : more[i - ARRAY_SIZE(changed)]);
	return store_script(s, buf_text(&sql), e);
}

int older_drop_face(struct store *s, struct err *e)
{
	return drop_views(s, "", e);
}

/* ---- bringing it up ---- */

/* Indexes keep their names when their table is renamed, and the new one needs them. */
static int move_tables(struct store *s, struct err *e)
{
	auto_buf struct buf sql = { 0 };

	buf_str(&sql,
		"DROP VIEW IF EXISTS observations; DROP INDEX IF EXISTS image_by_pid; DROP INDEX IF EXISTS image_by_tree; DROP INDEX "
		"IF EXISTS image_by_parent; DROP INDEX IF EXISTS image_by_fork; DROP INDEX IF EXISTS interval_by_pid; DROP INDEX "
		"IF EXISTS interval_by_cell;");
	for (size_t i = 0; i < ARRAY_SIZE(changed); i++)
		buf_printf(&sql, "ALTER TABLE main.%s RENAME TO was_%s;", changed[i], changed[i]);
	return store_script(s, buf_text(&sql), e);
}

int older_begin(struct store *s, struct err *e)
{
	/* else the rows of other tables that name these would name the old ones from then on */
	if (store_script(s, "PRAGMA legacy_alter_table = ON", e) < 0 || move_tables(s, e) < 0 ||
	    store_script(s, "PRAGMA legacy_alter_table = OFF", e) < 0 ||
	    store_script(s, schema_sql, e) < 0 || make_views(s, "older_", "main.was_", e) < 0)
		return -1;
	return store_script(
		s,
		"INSERT INTO ingest SELECT * FROM older_ingest;"
		"INSERT INTO interval SELECT id, node, pid, older_trusted(obs), exe, cell, loader, t_first, t_last, serial_first, "
		"serial_last, 0, uid, auid, name, 0, ingest, older_obs(obs), edges FROM was_interval;"
		"INSERT INTO presence SELECT id, node, pid, exe, caller, call, hour, t_first, t_last, ip, NULL FROM was_presence;"
		"INSERT INTO loss SELECT * FROM older_loss; INSERT INTO fold SELECT * FROM older_fold;"
		"INSERT INTO fold_use SELECT * FROM older_fold_use; INSERT INTO fold_place SELECT * FROM older_fold_place;"
		"INSERT INTO fold_set SELECT * FROM older_fold_set",
		e);
}

int older_end(struct store *s, struct err *e)
{
	auto_buf struct buf sql = { 0 };

	if (makers_fill(s, e) < 0 || drop_views(s, "older_", e) < 0)
		return -1;
	for (size_t i = 0; i < ARRAY_SIZE(changed); i++)
		buf_printf(&sql, "DROP TABLE main.was_%s;", changed[i]);
	buf_printf(&sql, "PRAGMA user_version = %d", STORE_VERSION);
	return store_script(s, buf_text(&sql), e);
}

/* ---- rows that are brought up one by one ---- */

static int take_page(void *to, sqlite3_stmt *st, struct err *e)
{
	struct older_page_take *p = to;
	int64_t v[7];

	if (row_read(st, "seen", "iyydDbf", v, e) < 0)
		return -1;
	return p->take(p->to,
		       &(struct older_page){ v[0], v[1], v[2], v[3], v[4], store_column(st, 5),
					     v[6] != 0 },
		       e);
}

int older_each_page(struct store *s, struct older_page_take to, struct err *e)
{
	return store_each_sql(
		s,
		"SELECT node, serials, seconds, base_min, base_max, data, node IN (SELECT node FROM interval WHERE NOT trusted "
		"UNION SELECT node FROM fold WHERE NOT trusted) FROM was_seen ORDER BY node, seconds, serials",
		NO_ARGS, WALK(take_page, &to), e);
}

int older_count_pages(struct store *s, int64_t *n, struct err *e)
{
	return store_number_sql(s, "SELECT count(*) FROM was_seen", NO_ARGS, n, e);
}

static int take_node(void *to, sqlite3_stmt *st, struct err *e)
{
	struct older_node_take *p = to;
	int64_t node;

	return row_read(st, "node", "i", &node, e) < 0 ? -1 : p->take(p->to, node, e);
}

int older_each_node(struct store *s, struct older_node_take to, struct err *e)
{
	return store_each_sql(s, "SELECT id FROM node", NO_ARGS, WALK(take_node, &to), e);
}
