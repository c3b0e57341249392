// SPDX-License-Identifier: Apache-2.0
/* Opens the store, prepares statements, takes and gives back the lock, commits. */
#include "store/store.h"

#include "store/base/esc.h"
#include "store/base/mem.h"
#include "store/makers.h"
#include "store/older.h"
#include "store/row.h"
#include "store/safe.h"
#include "store/schema.h"
#include "store/sql.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define GENERATION_MAX (INT64_C(1) << 62)
#define STEPS 2000 /* of a statement between two looks at signals */

STMT(generation, "SELECT value FROM meta WHERE key = 'generation'");
STMT(set_generation, "UPDATE meta SET value = ?1 WHERE key = 'generation'");
STMT(find_string, "SELECT id FROM string WHERE bytes = ?1");
STMT(add_string, "INSERT INTO string (bytes) VALUES (?1)");

/* ---- errors and waiting ---- */

/* Another process held the store for too long, or a signal ended the wait for it. */
static int fail_busy(struct store *s, struct err *e)
{
	auto_buf struct buf who = { 0 };

	wait_holder(&who, s->path);
	s->wait.gave_up = wait_stopped(&s->wait);
	if (s->wait.gave_up)
		return err_set(e, ST_SYSTEM,
			       "store %s: stopped while waiting for %s, which holds it", s->path,
			       buf_text(&who));
	if (s->wait.ms == 0)
		return err_set(e, ST_SYSTEM, "store %s: %s holds it (--wait: how long to wait)",
			       s->path, buf_text(&who));
	return err_set(
		e, ST_SYSTEM,
		"store %s: %s has held it for over %.3g s: nothing %s (--wait: how long to wait)",
		s->path, buf_text(&who), (double)s->wait.ms / 1000,
		s->reads ? "was read" : "more was written");
}

int store_fail(struct store *s, struct err *e)
{
	/* SQLite forgets the system's reason where it rolls back after it, and errno holds it still
	 */
	int left = errno, cause = sqlite3_system_errno(s->db) ? sqlite3_system_errno(s->db) : left;
	int code = sqlite3_errcode(s->db) & 0xff;
	const char *hint = "", *why;

	if (code == SQLITE_BUSY)
		return fail_busy(s, e);
	/* pages of two states look like a damaged store */
	if (s->apart.on && apart_check(&s->apart, s->path, s->owner.file, e) < 0)
		return -1;
	if (code == SQLITE_FULL)
		hint = " (disk full: make room and run it again; what was committed is whole)";
	else if (code == SQLITE_CANTOPEN && (cause == EMFILE || cause == ENFILE))
		hint = " (no file descriptors are left: ulimit -n)";
	else if (code == SQLITE_IOERR && cause == EFBIG)
		hint = " (a limit on the size of files: ulimit -f; what was committed is whole)";
	else if (code == SQLITE_READONLY || code == SQLITE_CANTOPEN) {
		why = apart_why(s->owner.file);
		return err_set(e, ST_SYSTEM, "store %s: %s: %s", s->path, sqlite3_errmsg(s->db),
			       why ? why : strerror(cause ? cause : EIO));
	} else if (code == SQLITE_TOOBIG)
		hint = " (no scaudit writes that: the store is damaged)";
	return err_set(e, ST_SYSTEM, "store %s: %s%s", s->path, sqlite3_errmsg(s->db), hint);
}

/*
 * After a read or write that failed SQLite may have rolled back by itself, and what runs then would
 * be committed at once, alone. So nothing runs outside of the transaction that it belongs to,
 * whatever its caller made of the failure. source: sqlite.org/lang_transaction.html, "Response To
 * Errors Within A Transaction"
 */
int store_still_open(struct store *s, struct err *e)
{
	if (!s->writing || !sqlite3_get_autocommit(s->db))
		return 0;
	return err_set(
		e, ST_SYSTEM,
		"store %s: a failure before has ended the transaction: nothing of it was written",
		s->path);
}

/* SQLite asks whether to try a lock again. */
static int on_busy(void *store, int tries)
{
	struct store *s = store;

	(void)tries;
	return wait_step(&s->wait, s->path);
}

/*
 * Runs statements without rows. SQLite says "busy" without asking on_busy where it cannot tell a
 * lock from a deadlock (several make the same store at once): so this asks as well. Within a
 * transaction it never waits.
 */
int store_script(struct store *s, const char *text, struct err *e)
{
	int code, ret;

	if (store_still_open(s, e) < 0)
		return -1;
	do
		code = sqlite3_exec(s->db, text, NULL, NULL, NULL);
	while ((code & 0xff) == SQLITE_BUSY && sqlite3_get_autocommit(s->db) &&
	       wait_step(&s->wait, s->path));
	ret = code == SQLITE_OK ? 0 : store_fail(s, e);
	wait_end(&s->wait);
	return ret;
}

/* ---- opening ---- */

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
			return err_set(e, ST_SYSTEM, "cannot make folder '%s': %s", folder,
				       strerror(errno));
		*p = '/';
	}
	return 0;
}

/* Whose file it is and of which version; both 0 and no tables: an empty one. */
struct kind { int64_t app, version, tables; };

static int kind_of(struct store *s, struct kind *k, struct err *e)
{
	if (store_number_sql(s, "PRAGMA application_id", NO_ARGS, &k->app, e) < 0 ||
	    store_number_sql(s, "PRAGMA user_version", NO_ARGS, &k->version, e) < 0)
		return -1;
	return store_number_sql(s, "SELECT count(*) FROM sqlite_schema", NO_ARGS, &k->tables, e);
}

/* Are the tables ours? */
static int check_tables(struct store *s, bool older, struct err *e)
{
	return schema_check(s->db, older, e) < 0
		       ? err_wrap(e, "store %s is none of scaudit's, or damaged", s->path)
		       : 0;
}

/* Are its pages whole? */
static int check_pages(struct store *s, struct err *e)
{
	return safe_pages(s->db, e) < 0 ? err_wrap(e, "store %s", s->path) : 0;
}

/* Makes the tables in an empty file. */
static int create(struct store *s, struct err *e)
{
	auto_free char *text = mem_print(
		"PRAGMA application_id = %d; PRAGMA user_version = %d; INSERT INTO meta VALUES "
		"('generation', 1), ('makers', 1), ('uuid', lower(hex(randomblob(16)))) ON CONFLICT DO NOTHING",
		STORE_APPLICATION_ID, STORE_VERSION);
	int64_t version;
	int ret;

	if (store_script(s, "PRAGMA journal_mode = WAL", e) < 0 ||
	    store_script(s, "BEGIN IMMEDIATE", e) < 0)
		return -1;
	ret = store_number_sql(s, "PRAGMA user_version", NO_ARGS, &version, e);
	/* somebody else may have been quicker */
	if (ret == 0 && version == 0 &&
	    (store_script(s, schema_sql, e) < 0 || store_script(s, makers_sql, e) < 0 ||
	     store_script(s, text, e) < 0))
		ret = -1;
	if (ret == 0)
		ret = check_tables(s, false, e);
	if (ret == 0)
		ret = store_script(s, "COMMIT", e);
	if (ret < 0)
		store_rollback(s);
	return ret;
}

/* Who only reads an older store takes it as it is: see older_face. */
static int open_older(struct store *s, int64_t version, enum store_mode mode, struct err *e)
{
	if (version < OLDER_FIRST)
		return err_set(
			e, ST_SYSTEM,
			"store %s has version %lld, which no release wrote: read its logs again into a new one",
			s->path, (long long)version);
	if (check_tables(s, true, e) < 0)
		return -1;
	s->older = true;
	if (mode == STORE_READ || mode == STORE_UPGRADE)
		return 0;
	return err_set(
		e, ST_SYSTEM,
		"store %s has version %lld, and has to be brought up to %d before it is written",
		s->path, (long long)version, STORE_VERSION);
}

/* Is it ours, and of a version that we know? Makes the tables in an empty file. */
static int check_version(struct store *s, enum store_mode mode, struct err *e)
{
	struct kind k;

	if (kind_of(s, &k, e) < 0)
		return -1;
	if (k.app == 0 && k.version == 0 && k.tables == 0) {
		if (mode == STORE_WRITE)
			return create(s, e);
		return err_set(e, ST_NO, "the store %s is empty; fill it: scaudit ingest FILE",
			       s->path);
	}
	if (k.app == 0 &&
	    kind_of(s, &k, e) < 0) /* another process may have made it between these looks */
		return -1;
	if (k.app != STORE_APPLICATION_ID)
		return err_set(e, ST_SYSTEM, "'%s' is not a store of scaudit's", s->path);
	if (k.version > STORE_VERSION)
		return err_set(
			e, ST_SYSTEM,
			"store %s has version %lld, this scaudit knows up to %d: use a newer one",
			s->path, (long long)k.version, STORE_VERSION);
	return k.version < STORE_VERSION ? open_older(s, k.version, mode, e) :
					   check_tables(s, false, e);
}

/* No store where one was looked for: says where one is, if it is in the other place. */
static int no_store(struct store *s, const char *other, struct err *e)
{
	struct stat st;

	if (other != NULL && stat(other, &st) == 0 && st.st_size > 0)
		return err_set(e, ST_NO, "no store at %s, but there is one at %s: use --db %s",
			       s->path, other, other);
	return err_set(e, ST_NO, "no store at %s yet; fill it: scaudit ingest FILE", s->path);
}

/* How this connection works. What is not ours is not changed, and each of its pages is looked at
 * once. */
static int set_up_connection(struct store *s, struct err *e)
{
	if (store_script(s,
			 "PRAGMA cell_size_check = ON; PRAGMA synchronous = NORMAL; PRAGMA "
			 "foreign_keys = OFF; "
			 "PRAGMA wal_autocheckpoint = 4000; PRAGMA cache_size = -16000; PRAGMA "
			 "temp_store = MEMORY",
			 e) < 0)
		return -1;
	if (s->owner.foreign)
		return check_pages(s, e);
	return s->reads ? 0 : store_script(s, "PRAGMA journal_mode = WAL", e);
}

/* Each commit counts it up by one. */
static int take_generation(void *to, sqlite3_stmt *row, struct err *e)
{
	int64_t *now = to;

	if (sqlite3_column_type(row, 0) != SQLITE_INTEGER || sqlite3_column_int64(row, 0) < 1 ||
	    sqlite3_column_int64(row, 0) > GENERATION_MAX)
		return row_damaged(sqlite3_db_handle(row), "meta", 0,
				   "its generation is no count of commits", e);
	*now = sqlite3_column_int64(row, 0);
	return 0;
}

static int read_generation(struct store *s, int64_t *now, struct err *e)
{
	*now = 0;
	if (store_each(s, STMT_generation, NO_ARGS, WALK(take_generation, now), e) < 0)
		return -1;
	return *now > 0
		       ? 0
		       : row_damaged(s->db, "meta", 0, "the one of the generation is missing", e);
}

/* What the store says of itself: how often it was written, and its name. */
static int check_meta(struct store *s, struct err *e)
{
	int64_t now, names = 0, makers = 0;

	if (read_generation(s, &now, e) < 0 ||
	    store_number_sql(s, "SELECT count(*) FROM meta WHERE key = 'makers'", NO_ARGS, &makers,
			     e) < 0 ||
	    store_number_sql(
		    s, "SELECT count(*) FROM meta WHERE key = 'uuid' AND typeof(value) = 'text'",
		    NO_ARGS, &names, e) < 0)
		return -1;
	s->makers = makers == 1 && !s->older;
	return names == 1 ? 0 : row_damaged(s->db, "meta", 0, "the one of the uuid is missing", e);
}

/* Opens the file; s->db is to be closed also after a failure. */
static int connect_file(struct store *s, enum store_mode mode, struct err *e)
{
	const char *file = s->apart.on ? s->apart.file : s->owner.file;
	int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_NOFOLLOW |
		    (mode == STORE_WRITE ? SQLITE_OPEN_CREATE : 0) |
		    (s->apart.uri ? SQLITE_OPEN_URI : 0) |
		    (s->apart.uri || (s->owner.foreign && !s->apart.on) ? SQLITE_OPEN_READONLY :
									  SQLITE_OPEN_READWRITE);

	if (sqlite3_open_v2(file, &s->db, flags, NULL) != SQLITE_OK ||
	    sqlite3_busy_handler(s->db, on_busy, s) != SQLITE_OK ||
	    safe_guard(s->db, s->owner.foreign || s->apart.on) != SQLITE_OK)
		return store_fail(s, e);
	return check_version(s, mode, e);
}

/* Did SQLite want to write something beside the store, and could not? */
static bool lacks_room(const struct store *s)
{
	int code = sqlite3_errcode(s->db) & 0xff;

	return (code == SQLITE_CANTOPEN || code == SQLITE_READONLY) &&
	       apart_why(s->owner.file) != NULL;
}

/* The same where it may have to be read without anything beside it. */
static int connect_reader(struct store *s, struct err *e)
{
	if (!apart_needed(s->owner.file)) {
		if (connect_file(s, STORE_READ, e) == 0)
			return 0;
		if (!lacks_room(s))
			return -1;
		sqlite3_close(s->db);
		s->db = NULL;
	}
	return apart_begin(&s->apart, s->path, s->owner.file, e) < 0 ?
		       -1 :
		       connect_file(s, STORE_READ, e);
}

/* Opens the file and makes it ready; s->db is to be closed also after a failure. */
static int open_file(struct store *s, enum store_mode mode, struct err *e)
{
	int ret = mode == STORE_READ ? connect_reader(s, e) : connect_file(s, mode, e);

	apart_hide(&s->apart);
	if (ret < 0 || set_up_connection(s, e) < 0 ||
	    (s->older && mode == STORE_READ && older_face(s, e) < 0))
		return -1;
	if (check_meta(s, e) < 0)
		return -1;
	return s->makers || s->older || mode == STORE_READ || mode == STORE_UPGRADE ?
		       0 :
		       makers_build(s, e);
}

int store_open_waiting(struct store *s, const char *path, enum store_mode mode,
		       const struct store_wait *wait, struct err *e)
{
	auto_free char *other = NULL;
	mode_t mask;
	int ret;

	*s = (struct store){ .path = path ? mem_dup(path) : default_place(&other),
			     .wait = *wait,
			     .reads = mode == STORE_READ };
	if (s->path == NULL)
		return err_set(e, ST_SYSTEM,
			       "no place for a store: HOME is not set; use --db FILE");
	if (owner_name(s->path, e) < 0)
		return -1;
	if (mode != STORE_WRITE && access(s->path, F_OK) != 0)
		return no_store(s, other, e);
	if (owner_look(&s->owner, s->path, e) < 0)
		return -1;
	if (mode != STORE_READ && s->owner.unwritable[0] != '\0')
		return err_set(e, ST_SYSTEM, "%s", s->owner.unwritable);
	if (mode == STORE_WRITE && path == NULL && make_folders(s->path, e) < 0)
		return -1;
	/* one thread uses it, and nobody asks how much memory it takes: no locks around each
	 * allocation */
	sqlite3_config(SQLITE_CONFIG_SINGLETHREAD);
	sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
	sqlite3_config(SQLITE_CONFIG_URI, 0);
	mask = umask(0077);
	ret = open_file(s, mode, e);
	umask(mask);
	return ret;
}

int store_open(struct store *s, const char *path, enum store_mode mode, struct err *e)
{
	return store_open_waiting(s, path, mode, &(struct store_wait){ .ms = WAIT_MS }, e);
}

void store_close(struct store *s)
{
	for (size_t i = 0; i < s->stmts.n; i++)
		sqlite3_finalize(s->stmts.v[i]);
	VEC_FREE(&s->stmts);
	sqlite3_close(s->db);
	owner_release(&s->owner);
	apart_release(&s->apart);
	pool_release(&s->strings);
	free(s->string_id);
	free(s->path);
	*s = (struct store){ 0 };
}

/* ---- transactions ---- */

int store_begin(struct store *s, bool *changed, struct err *e)
{
	int64_t now;

	if (store_script(s, "BEGIN IMMEDIATE", e) < 0)
		return -1;
	if (read_generation(s, &now, e) < 0) {
		store_rollback(s);
		return -1;
	}
	*changed = now != s->generation;
	s->generation = now;
	s->writing = true;
	return 0;
}

int store_commit(struct store *s, struct err *e)
{
	if (store_run(s, STMT_set_generation, ARGS(V_INT(s->generation + 1)), e) < 0 ||
	    store_script(s, "COMMIT", e) < 0)
		return -1;
	s->writing = false;
	s->generation++;
	return 0;
}

void store_rollback(struct store *s)
{
	if (s->db != NULL && !sqlite3_get_autocommit(s->db))
		sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
	s->writing = false;
}

int store_snapshot(struct store *s, struct err *e)
{
	int64_t version = 0;

	if (store_script(s, "BEGIN", e) < 0)
		return -1;
	if (!s->older)
		return 0;
	/* this look begins the state that is read from now on: another process may have brought the
	 * store up by then */
	if (store_number_sql(s, "PRAGMA main.user_version", NO_ARGS, &version, e) < 0)
		return -1;
	if (version < STORE_VERSION)
		return 0;
	s->older = false;
	return older_drop_face(s, e);
}

int store_version(struct store *s, int64_t *version, struct err *e)
{
	return store_number_sql(s, "PRAGMA user_version", NO_ARGS, version, e);
}

int store_shrink(struct store *s, struct err *e)
{
	return store_script(s, "VACUUM", e);
}

int store_damaged(struct store *s, const char *table, int64_t id, const char *why, struct err *e)
{
	return row_damaged(s->db, table, id, why, e);
}

/* SQLite asks now and then whether to go on. */
static int stopped(void *store)
{
	struct store *s = store;

	return wait_stopped(&s->wait);
}

void store_heed_signals(struct store *s, bool yes)
{
	sqlite3_progress_handler(s->db, yes ? STEPS : 0, yes ? stopped : NULL, yes ? s : NULL);
}

int store_still(struct store *s, struct err *e)
{
	return apart_check(&s->apart, s->path, s->owner.file, e);
}

int store_end(struct store *s, struct err *e)
{
	return store_script(s, "COMMIT", e);
}

/* ---- strings ---- */

int64_t store_string(struct store *s, struct bytes b, struct err *e)
{
	uint32_t id = pool_intern(&s->strings, b);
	int64_t row = 0;
	bool found;

	if (id <= s->n_string_id && s->string_id[id - 1] > 0)
		return s->string_id[id - 1];
	if (id > s->n_string_id) {
		s->string_id = mem_grow(s->string_id, s->strings.cap, sizeof(*s->string_id));
		while (s->n_string_id < id)
			s->string_id[s->n_string_id++] = 0;
	}
	if (store_find(s, STMT_find_string, ARGS(V_BLOB(b)), &row, 1, &found, e) < 0)
		return -1;
	if (!found) {
		if (store_run(s, STMT_add_string, ARGS(V_BLOB(b)), e) < 0)
			return -1;
		row = store_last_row(s);
	}
	if (row_id(s->db, "string", row, e) < 0)
		return -1;
	s->string_id[id - 1] = row;
	return row;
}
