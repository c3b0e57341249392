#include "store/store.h"

#include "store/base/esc.h"
#include "store/base/mem.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static const char schema[] =
#include "schema.sql.h"
	;

static const char *const sql[] = {
#define STMT(id, text) text,
#include "store/stmt_list.h"
#undef STMT
};

int store_fail(struct store *s, struct err *e)
{
	int code = sqlite3_errcode(s->db);
	const char *hint = "";

	if (code == SQLITE_FULL)
		hint = " (disk full: make room and run it again; what was committed is whole)";
	else if (code == SQLITE_BUSY)
		hint = " (another scaudit has been writing for over a minute)";
	else if (code == SQLITE_READONLY || code == SQLITE_CANTOPEN)
		hint = " (no permission, or the folder is missing)";
	return err_set(e, ST_SYSTEM, "store %s: %s%s", s->path, sqlite3_errmsg(s->db), hint);
}

sqlite3_stmt *store_stmt(struct store *s, enum stmt id, struct err *e)
{
	if (s->stmt[id] == NULL &&
	    sqlite3_prepare_v3(s->db, sql[id], -1, SQLITE_PREPARE_PERSISTENT, &s->stmt[id], NULL) != SQLITE_OK) {
		store_fail(s, e);
		return NULL;
	}
	sqlite3_reset(s->stmt[id]);
	return s->stmt[id];
}

int store_step(struct store *s, sqlite3_stmt *st, struct err *e)
{
	int code = sqlite3_step(st);

	if (code == SQLITE_ROW)
		return 1;
	if (code == SQLITE_DONE) {
		sqlite3_reset(st);
		return 0;
	}
	return store_fail(s, e);
}

int store_run(struct store *s, sqlite3_stmt *st, struct err *e)
{
	return store_step(s, st, e) < 0 ? -1 : 0;
}

void store_bind_all(sqlite3_stmt *st, const int64_t *v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		sqlite3_bind_int64(st, (int)i + 1, v[i]);
}

int store_once(struct store *s, const char *text, const int64_t *v, size_t n, int64_t *out, struct err *e)
{
	sqlite3_stmt *st = NULL;
	size_t params;
	int got;

	if (sqlite3_prepare_v2(s->db, text, -1, &st, NULL) != SQLITE_OK)
		return store_fail(s, e);
	params = (size_t)sqlite3_bind_parameter_count(st);
	store_bind_all(st, v, n < params ? n : params);
	got = sqlite3_step(st);
	if (got == SQLITE_ROW && out != NULL)
		*out = sqlite3_column_int64(st, 0);
	sqlite3_finalize(st);
	return got == SQLITE_ROW || got == SQLITE_DONE ? 0 : store_fail(s, e);
}

/*
 * Runs SQL without rows. Where several make the same store at once, SQLite says "busy" without waiting (it cannot tell
 * a lock from a deadlock there): so wait here.
 */
static int exec(struct store *s, const char *text, struct err *e)
{
	int code = sqlite3_exec(s->db, text, NULL, NULL, NULL);

	for (int waited = 0; code == SQLITE_BUSY && waited < STORE_LOCK_MS && sqlite3_get_autocommit(s->db); waited += 10) {
		sqlite3_sleep(10);
		code = sqlite3_exec(s->db, text, NULL, NULL, NULL);
	}
	return code == SQLITE_OK ? 0 : store_fail(s, e);
}

/* The default places: root's, and a user's own. Either may be NULL. */
static char *system_place(void)
{
	return mem_dup("/var/lib/scaudit/scaudit.db");
}

static char *user_place(void)
{
	const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");

	if (state != NULL && state[0] == '/')
		return mem_print("%s/scaudit/scaudit.db", state);
	if (home != NULL && home[0] == '/')
		return mem_print("%s/.local/state/scaudit/scaudit.db", home);
	return NULL;
}

static char *default_place(char **other)
{
	const char *env = getenv("SCAUDIT_DB");
	bool root = geteuid() == 0;

	*other = NULL;
	if (env != NULL && env[0] != '\0')
		return mem_dup(env);
	*other = root ? user_place() : system_place();
	return root ? system_place() : user_place();
}

/* Makes the folders above path as far as they are missing, the last one 0700. */
static int make_folders(const char *path, struct err *e)
{
	auto_free char *folder = mem_dup(path);

	for (char *p = folder + 1; (p = strchr(p, '/')) != NULL; p++) {
		*p = '\0';
		if (mkdir(folder, strchr(p + 1, '/') == NULL ? 0700 : 0755) != 0 && errno != EEXIST)
			return err_set(e, ST_SYSTEM, "cannot make folder '%s': %s", folder, strerror(errno));
		*p = '/';
	}
	return 0;
}

static int64_t pragma(struct store *s, const char *text)
{
	sqlite3_stmt *st = NULL;
	int64_t out = -1;

	for (int waited = 0; out < 0 && waited < STORE_LOCK_MS; waited += 10) {
		int code = sqlite3_prepare_v2(s->db, text, -1, &st, NULL);

		if (code == SQLITE_OK)
			code = sqlite3_step(st);
		if (code == SQLITE_ROW)
			out = sqlite3_column_int64(st, 0);
		sqlite3_finalize(st);
		if (code != SQLITE_BUSY)
			break;
		sqlite3_sleep(10);
	}
	return out;
}

/* Columns that tables of older stores lack; a table that was missing has been made with them. */
static int add_columns(struct store *s, struct err *e)
{
	if (pragma(s, "SELECT count(*) FROM pragma_table_info('place') WHERE name = 'image'") != 0)
		return 0;
	return exec(s, "ALTER TABLE place ADD COLUMN image BLOB NOT NULL DEFAULT x''", e);
}

/* Makes what is missing, in an empty file or in an older store. */
static int create(struct store *s, struct err *e)
{
	auto_free char *text = NULL;

	if (exec(s, "PRAGMA journal_mode = WAL", e) < 0 || exec(s, "BEGIN IMMEDIATE", e) < 0)
		return -1;
	/* somebody else may have been quicker */
	if (pragma(s, "PRAGMA user_version") < STORE_VERSION) {
		text = mem_print("PRAGMA application_id = %d; PRAGMA user_version = %d; "
				 "INSERT INTO meta VALUES ('generation', 1), ('uuid', lower(hex(randomblob(16)))) ON CONFLICT DO NOTHING",
				 STORE_APPLICATION_ID, STORE_VERSION);
		if (exec(s, schema, e) < 0 || add_columns(s, e) < 0 || exec(s, text, e) < 0) {
			sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
			return -1;
		}
	}
	return exec(s, "COMMIT", e);
}

/* Is it ours, and of a version that we know? Makes the tables in an empty file. */
static int check_version(struct store *s, enum store_mode mode, struct err *e)
{
	int64_t app = pragma(s, "PRAGMA application_id"), version = pragma(s, "PRAGMA user_version");

	if (app < 0)
		return store_fail(s, e);
	if (app == 0 && version == 0 && pragma(s, "SELECT count(*) FROM sqlite_schema") == 0) {
		if (mode == STORE_WRITE)
			return create(s, e);
		return err_set(e, ST_NO, "the store %s is empty; fill it: scaudit ingest FILE", s->path);
	}
	if (app == 0) { /* another process may have made it between these looks */
		app = pragma(s, "PRAGMA application_id");
		version = pragma(s, "PRAGMA user_version");
	}
	if (app != STORE_APPLICATION_ID)
		return err_set(e, ST_SYSTEM, "'%s' is not a store of scaudit's", s->path);
	if (version > STORE_VERSION)
		return err_set(e, ST_SYSTEM, "store %s has version %lld, this scaudit knows up to %d: use a newer one",
			       s->path, (long long)version, STORE_VERSION);
	return version < STORE_VERSION ? create(s, e) : 0;
}

/* No store where one was looked for: says where one is, if it is in the other place. */
static int no_store(struct store *s, const char *other, struct err *e)
{
	struct stat st;

	if (other != NULL && stat(other, &st) == 0 && st.st_size > 0)
		return err_set(e, ST_NO, "no store at %s, but there is one at %s: use --db %s", s->path, other, other);
	return err_set(e, ST_NO, "no store at %s yet; fill it: scaudit ingest FILE", s->path);
}

int store_open(struct store *s, const char *path, enum store_mode mode, struct err *e)
{
	auto_free char *other = NULL;
	int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX;
	mode_t mask;
	int code;

	*s = (struct store){ .path = path ? mem_dup(path) : default_place(&other) };
	if (s->path == NULL)
		return err_set(e, ST_SYSTEM, "no place for a store: HOME is not set; use --db FILE");
	if (mode == STORE_READ && access(s->path, F_OK) != 0)
		return no_store(s, other, e);
	if (mode == STORE_WRITE) {
		flags |= SQLITE_OPEN_CREATE;
		if (path == NULL && make_folders(s->path, e) < 0)
			return -1;
	}
	/* one thread uses it, and nobody asks how much memory it takes: no locks around each allocation */
	sqlite3_config(SQLITE_CONFIG_SINGLETHREAD);
	sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
	mask = umask(0077);
	code = sqlite3_open_v2(s->path, &s->db, flags, NULL);
	if (code == SQLITE_OK)
		sqlite3_busy_timeout(s->db, STORE_LOCK_MS);
	if (code != SQLITE_OK || check_version(s, mode, e) < 0 ||
	    exec(s, "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA foreign_keys = OFF; "
		    "PRAGMA wal_autocheckpoint = 4000; PRAGMA cache_size = -16000; PRAGMA temp_store = MEMORY", e) < 0) {
		umask(mask);
		if (e->msg[0] == '\0')
			store_fail(s, e);
		return -1;
	}
	umask(mask);
	return 0;
}

void store_close(struct store *s)
{
	for (size_t i = 0; i < N_STMTS; i++)
		sqlite3_finalize(s->stmt[i]);
	sqlite3_close(s->db);
	pool_release(&s->strings);
	free(s->string_id);
	free(s->path);
	*s = (struct store){ 0 };
}

int store_begin(struct store *s, bool *changed, struct err *e)
{
	sqlite3_stmt *st;
	int64_t now;

	if (exec(s, "BEGIN IMMEDIATE", e) < 0)
		return -1;
	st = store_stmt(s, STMT_generation, e);
	if (st == NULL || store_step(s, st, e) != 1)
		return -1;
	now = sqlite3_column_int64(st, 0);
	sqlite3_reset(st);
	*changed = now != s->generation;
	s->generation = now;
	return 0;
}

int store_commit(struct store *s, struct err *e)
{
	sqlite3_stmt *st = store_stmt(s, STMT_set_generation, e);

	if (st == NULL)
		return -1;
	STORE_BIND(st, s->generation + 1);
	if (store_run(s, st, e) < 0)
		return -1;
	/* one that was not read to its end would keep this state open, and the next BEGIN would find it stale */
	for (size_t i = 0; i < N_STMTS; i++)
		sqlite3_reset(s->stmt[i]);
	if (exec(s, "COMMIT", e) < 0)
		return -1;
	s->generation++;
	return 0;
}

void store_rollback(struct store *s)
{
	if (s->db != NULL && !sqlite3_get_autocommit(s->db))
		sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
}

int store_snapshot(struct store *s, struct err *e)
{
	return exec(s, "BEGIN", e);
}

int store_end(struct store *s, struct err *e)
{
	return exec(s, "COMMIT", e);
}

int64_t store_string(struct store *s, struct bytes b, struct err *e)
{
	uint32_t id = pool_intern(&s->strings, b);
	sqlite3_stmt *st;
	int64_t row;
	int got;

	if (id <= s->n_string_id && s->string_id[id - 1] > 0)
		return s->string_id[id - 1];
	if (id > s->n_string_id) {
		s->string_id = mem_grow(s->string_id, s->strings.cap, sizeof(*s->string_id));
		while (s->n_string_id < id)
			s->string_id[s->n_string_id++] = 0;
	}
	st = store_stmt(s, STMT_find_string, e);
	if (st == NULL)
		return -1;
	sqlite3_bind_blob(st, 1, b.n ? b.p : "", (int)b.n, SQLITE_STATIC);
	got = store_step(s, st, e);
	row = got == 1 ? sqlite3_column_int64(st, 0) : 0;
	sqlite3_reset(st);
	if (got == 0) {
		st = store_stmt(s, STMT_add_string, e);
		if (st == NULL)
			return -1;
		sqlite3_bind_blob(st, 1, b.n ? b.p : "", (int)b.n, SQLITE_STATIC);
		got = store_run(s, st, e);
		row = sqlite3_last_insert_rowid(s->db);
	}
	if (got < 0)
		return -1;
	s->string_id[id - 1] = row;
	return row;
}
