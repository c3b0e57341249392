// SPDX-License-Identifier: Apache-2.0
/* Makes the tables, and compares a file's schema with them, object by object. */
#include "store/schema.h"

#include "store/base/buf.h"
#include "store/base/esc.h"
#include "store/base/mem.h"

const char schema_sql[] =
#include "schema.sql.h"
	;

/* Tables that a store may lack: whoever writes to it next makes them. */
static const char index_sql[] =
#include "index.sql.h"
	;

/* The tables of version 3 that are others now, and those that it had not. */
static const char older_sql[] =
#include "schema3.sql.h"
	;
static const struct bytes newer[] = {
	{ "part", 4 }, { "derive_page", 11 }, { "derive_mark", 11 }, { "fold_start", 10 }
};

#define MAX_ENTRIES 64

struct entry { struct bytes kind, name; struct buf text; bool there, may_lack; };
struct schema { struct entry v[MAX_ENTRIES]; size_t n; };

const char *schema_views(void)
{
	return strstr(schema_sql, "DROP VIEW IF EXISTS image_part;");
}

static bool blank(char c)
{
	return c == ' ' || c == '\n' || c == '\t' || c == '\r';
}

/* Without blanks: ALTER TABLE sets them in its own way, and no two statements differ in nothing
 * else. */
static void squeeze(struct buf *out, struct bytes text)
{
	for (size_t i = 0; i < text.n; i++)
		if (!blank(text.p[i]))
			buf_char(out, text.p[i]);
}

static struct bytes word(struct bytes *text)
{
	struct bytes out;
	size_t n = 0;

	while (text->n && blank(text->p[0]))
		bytes_skip(text, 1);
	while (n < text->n && !blank(text->p[n]) && text->p[n] != '(')
		n++;
	out = (struct bytes){ text->p, n };
	bytes_skip(text, n);
	return out;
}

static struct entry *find_entry(struct schema *s, struct bytes name)
{
	for (size_t i = 0; i < s->n; i++)
		if (bytes_eq(s->v[i].name, name))
			return &s->v[i];
	return NULL;
}

/* In the place of one of that name, if there is one. */
static void put(struct schema *out, const struct entry *en)
{
	struct entry *was = find_entry(out, en->name);

	if (was != NULL)
		buf_release(&was->text);
	*(was != NULL ? was : &out->v[out->n++]) = *en;
}

static void drop(struct schema *out, struct bytes name)
{
	struct entry *was = find_entry(out, name);

	buf_release(&was->text);
	*was = out->v[--out->n];
}

/*
 * One statement of schema.sql: a table or a unique index is kept as SQLite keeps it, without IF NOT
 * EXISTS. Other indexes only say how fast it goes.
 */
static void take_statement(struct schema *out, struct bytes text)
{
	struct bytes rest = text, verb = word(&rest), kind = word(&rest);
	struct entry en = { 0 };
	bool unique = bytes_eq(kind, BYTES("UNIQUE"));

	if (unique)
		kind = word(&rest);
	if (!bytes_eq(verb, BYTES("CREATE")) || (!unique && !bytes_eq(kind, BYTES("TABLE"))) ||
	    out->n == MAX_ENTRIES)
		return;
	for (int i = 0; i < 3; i++) /* IF NOT EXISTS */
		word(&rest);
	en.kind = kind;
	buf_str(&en.text, unique ? "CREATEUNIQUE" : "CREATE");
	buf_add(&en.text, kind.p, kind.n);
	squeeze(&en.text, rest);
	en.name = word(&rest);
	put(out, &en);
}

static void read_text(struct schema *out, const char *sql)
{
	struct bytes all = bytes_of(sql);

	while (all.n) {
		take_statement(out, bytes_until(&all, ';'));
		bytes_skip(&all, 1);
	}
}

static void read_schema(struct schema *out, bool older)
{
	out->n = 0;
	read_text(out, index_sql);
	for (size_t i = 0; i < out->n; i++)
		out->v[i].may_lack = true;
	read_text(out, schema_sql);
	if (!older)
		return;
	read_text(out, older_sql);
	for (size_t i = 0; i < ARRAY_SIZE(newer); i++)
		drop(out, newer[i]);
}

static struct bytes column(sqlite3_stmt *row, int i)
{
	return (struct bytes){ sqlite3_column_blob(row, i), (size_t)sqlite3_column_bytes(row, i) };
}

/* A row of sqlite_schema: type, name, sql. */
static int check_row(struct schema *want, sqlite3_stmt *row, struct err *e)
{
	struct bytes name = column(row, 1);
	auto_buf struct buf text = { 0 };
	struct entry *en = find_entry(want, name);

	if (en == NULL)
		return 0;
	squeeze(&text, column(row, 2));
	en->there = bytes_eq(buf_bytes(&text), buf_bytes(&en->text));
	return en->there ? 0 :
			   err_set(e, ST_SYSTEM, "'%.*s' in it is not the %s that scaudit makes",
				   (int)name.n, name.p, en->kind.p[0] == 'T' ? "table" : "index");
}

static int check_all(struct schema *want, sqlite3 *db, struct err *e)
{
	sqlite3_stmt *st = NULL;
	int code = sqlite3_prepare_v2(db, "SELECT type, name, sql FROM sqlite_schema", -1, &st,
				      NULL),
	    ret = 0;

	while (ret == 0 && code != SQLITE_DONE) {
		code = code == SQLITE_OK || code == SQLITE_ROW ? sqlite3_step(st) : code;
		if (code == SQLITE_ROW)
			ret = check_row(want, st, e);
		else if (code != SQLITE_DONE)
			ret = err_set(e, ST_SYSTEM, "%s", sqlite3_errmsg(db));
	}
	sqlite3_finalize(st);
	for (size_t i = 0; i < want->n && ret == 0; i++)
		if (!want->v[i].there && !want->v[i].may_lack)
			ret = err_set(e, ST_SYSTEM, "it has no %s '%.*s'",
				      want->v[i].kind.p[0] == 'T' ? "table" : "index",
				      (int)want->v[i].name.n, want->v[i].name.p);
	return ret;
}

int schema_check(sqlite3 *db, bool older, struct err *e)
{
	struct schema want;
	int ret;

	read_schema(&want, older);
	ret = check_all(&want, db, e);
	for (size_t i = 0; i < want.n; i++)
		buf_release(&want.v[i].text);
	return ret;
}
