#include "store/schema.h"

#include "store/base/buf.h"
#include "store/base/esc.h"
#include "store/base/mem.h"

const char schema_sql[] =
#include "schema.sql.h"
	;

/* What a table lacks in stores of an older version. */
static const struct { struct bytes table, column; } added[] = {
	{ { "place", 5 }, { ",imageBLOBNOTNULLDEFAULTx''", 27 } },
};

#define MAX_ENTRIES 64

struct entry { struct bytes kind, name; struct buf text; bool there; };
struct schema { struct entry v[MAX_ENTRIES]; size_t n; };

static bool blank(char c)
{
	return c == ' ' || c == '\n' || c == '\t' || c == '\r';
}

/* Without blanks: ALTER TABLE sets them in its own way, and no two statements differ in nothing else. */
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

/*
 * One statement of schema.sql: a table or a unique index is kept as SQLite keeps it, without IF NOT EXISTS. Other indexes
 * only say how fast it goes.
 */
static void take_statement(struct schema *out, struct bytes text)
{
	struct bytes rest = text, verb = word(&rest), kind = word(&rest);
	struct entry *en = &out->v[out->n];
	bool unique = bytes_eq(kind, BYTES("UNIQUE"));

	if (unique)
		kind = word(&rest);
	if (!bytes_eq(verb, BYTES("CREATE")) || (!unique && !bytes_eq(kind, BYTES("TABLE"))) ||
	    out->n == MAX_ENTRIES)
		return;
	for (int i = 0; i < 3; i++) /* IF NOT EXISTS */
		word(&rest);
	*en = (struct entry){ .kind = kind };
	buf_str(&en->text, unique ? "CREATEUNIQUE" : "CREATE");
	buf_add(&en->text, kind.p, kind.n);
	squeeze(&en->text, rest);
	en->name = word(&rest);
	out->n++;
}

static void read_schema(struct schema *out)
{
	struct bytes all = bytes_of(schema_sql);

	out->n = 0;
	while (all.n) {
		take_statement(out, bytes_until(&all, ';'));
		bytes_skip(&all, 1);
	}
}

/* The text without a column that was added later; false: it has no such column. */
static bool as_it_was(struct bytes table, struct bytes text, struct buf *out)
{
	for (size_t i = 0; i < ARRAY_SIZE(added); i++) {
		size_t at = bytes_find(text, added[i].column);

		if (!bytes_eq(table, added[i].table) || at == text.n)
			continue;
		buf_add(out, text.p, at);
		buf_add(out, text.p + at + added[i].column.n, text.n - at - added[i].column.n);
		return true;
	}
	return false;
}

static struct bytes column(sqlite3_stmt *row, int i)
{
	return (struct bytes){ sqlite3_column_blob(row, i), (size_t)sqlite3_column_bytes(row, i) };
}

/* A row of sqlite_schema: type, name, sql. */
static int check_row(struct schema *want, sqlite3_stmt *row, bool older, struct err *e)
{
	struct bytes name = column(row, 1);
	auto_buf struct buf text = { 0 }, was = { 0 };

	for (size_t i = 0; i < want->n; i++) {
		struct entry *en = &want->v[i];

		if (!bytes_eq(en->name, name))
			continue;
		squeeze(&text, column(row, 2));
		en->there = bytes_eq(buf_bytes(&text), buf_bytes(&en->text)) ||
			    (older && as_it_was(name, buf_bytes(&en->text), &was) &&
			     bytes_eq(buf_bytes(&text), buf_bytes(&was)));
		if (!en->there)
			return err_set(e, ST_SYSTEM,
				       "'%.*s' in it is not the %s that scaudit makes",
				       (int)name.n, name.p,
				       en->kind.p[0] == 'T' ? "table" : "index");
	}
	return 0;
}

static int check_all(struct schema *want, sqlite3 *db, bool older, struct err *e)
{
	sqlite3_stmt *st = NULL;
	int code = sqlite3_prepare_v2(db, "SELECT type, name, sql FROM sqlite_schema", -1, &st, NULL), ret = 0;

	while (ret == 0 && code != SQLITE_DONE) {
		code = code == SQLITE_OK || code == SQLITE_ROW ? sqlite3_step(st) : code;
		if (code == SQLITE_ROW)
			ret = check_row(want, st, older, e);
		else if (code != SQLITE_DONE)
			ret = err_set(e, ST_SYSTEM, "%s", sqlite3_errmsg(db));
	}
	sqlite3_finalize(st);
	for (size_t i = 0; i < want->n && ret == 0 && !older; i++)
		if (!want->v[i].there)
			ret = err_set(e, ST_SYSTEM, "it has no %s '%.*s'",
				      want->v[i].kind.p[0] == 'T' ? "table" : "index",
				      (int)want->v[i].name.n, want->v[i].name.p);
	return ret;
}

int schema_check(sqlite3 *db, bool older, struct err *e)
{
	struct schema want;
	int ret;

	read_schema(&want);
	ret = check_all(&want, db, older, e);
	for (size_t i = 0; i < want.n; i++)
		buf_release(&want.v[i].text);
	return ret;
}
