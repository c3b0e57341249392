// SPDX-License-Identifier: Apache-2.0
/* Reads the journal by libsystemd, which is loaded when it is asked for. */
#include "ingest/read/journal.h"

#include "store/base/esc.h"
#include "store/base/library.h"
#include "store/base/mem.h"
#include "store/base/when.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* source: systemd/sd-journal.h, whose functions have been the same since version 209
 * (sd_journal_open_files: 205) */
struct sd_journal;
struct id128 { uint8_t bytes[16]; };

#define LOCAL_ONLY 1
#define SYSTEM 4
#define FIELD_MOST (96u << 10) /* of a longer one, so much is given */
#define BOOTS_MOST 4096

static struct {
	int (*open)(struct sd_journal **, int);
	int (*open_directory)(struct sd_journal **, const char *, int);
	int (*open_files)(struct sd_journal **, const char **, int);
	void (*close)(struct sd_journal *);
	int (*add_match)(struct sd_journal *, const void *, size_t);
	int (*add_disjunction)(struct sd_journal *), (*add_conjunction)(struct sd_journal *);
	void (*flush_matches)(struct sd_journal *);
	int (*set_threshold)(struct sd_journal *, size_t);
	int (*seek_head)(struct sd_journal *), (*next)(struct sd_journal *);
	int (*seek_realtime)(struct sd_journal *, uint64_t),
		(*seek_cursor)(struct sd_journal *, const char *);
	int (*test_cursor)(struct sd_journal *, const char *),
		(*get_cursor)(struct sd_journal *, char **);
	int (*realtime)(struct sd_journal *, uint64_t *),
		(*monotonic)(struct sd_journal *, uint64_t *, struct id128 *);
	int (*get_data)(struct sd_journal *, const char *, const void **, size_t *);
	int (*query_unique)(struct sd_journal *, const char *);
	int (*enumerate_unique)(struct sd_journal *, const void **, size_t *);
	int (*wait)(struct sd_journal *, uint64_t);
} lib;

struct journal {
	struct sd_journal *sd;
	char *place;       /* NULL: this machine's */
	uint64_t us;       /* when the entry was received */
};

static int load(struct err *e)
{
	static const struct library_symbol symbols[] = {
		{ "sd_journal_open", &lib.open },
		{ "sd_journal_open_directory", &lib.open_directory },
		{ "sd_journal_open_files", &lib.open_files },
		{ "sd_journal_close", &lib.close },
		{ "sd_journal_add_match", &lib.add_match },
		{ "sd_journal_add_disjunction", &lib.add_disjunction },
		{ "sd_journal_add_conjunction", &lib.add_conjunction },
		{ "sd_journal_flush_matches", &lib.flush_matches },
		{ "sd_journal_set_data_threshold", &lib.set_threshold },
		{ "sd_journal_seek_head", &lib.seek_head },
		{ "sd_journal_next", &lib.next },
		{ "sd_journal_seek_realtime_usec", &lib.seek_realtime },
		{ "sd_journal_seek_cursor", &lib.seek_cursor },
		{ "sd_journal_test_cursor", &lib.test_cursor },
		{ "sd_journal_get_cursor", &lib.get_cursor },
		{ "sd_journal_get_realtime_usec", &lib.realtime },
		{ "sd_journal_get_monotonic_usec", &lib.monotonic },
		{ "sd_journal_get_data", &lib.get_data },
		{ "sd_journal_query_unique", &lib.query_unique },
		{ "sd_journal_enumerate_unique", &lib.enumerate_unique },
		{ "sd_journal_wait", &lib.wait },
	};
	static bool loaded;

	if (!loaded && library_load("libsystemd.so.0", symbols, ARRAY_SIZE(symbols), "the journal",
				    "libsystemd0 (Debian, Ubuntu), systemd-libs (Fedora)", e) < 0)
		return -1;
	loaded = true;
	return 0;
}

static int fail(const struct journal *j, int code, const char *doing, struct err *e)
{
	auto_buf struct buf shown = { 0 };

	if (j->place != NULL)
		esc_shell(&shown, bytes_of(j->place));
	else
		buf_str(&shown, "the journal");
	return err_set(e, err_status(-code), "cannot %s %s: %s", doing, buf_text(&shown),
		       strerror(-code));
}

static bool match(struct journal *j, const char *text)
{
	return lib.add_match(j->sd, text, strlen(text)) >= 0;
}

/* ---- which boot ---- */

struct boot { char match[48]; uint64_t us; };

static int by_time(const void *a, const void *b)
{
	const struct boot *x = a, *y = b;

	return (x->us > y->us) - (x->us < y->us);
}

/* All boots of the journal, by their first entry. */
static size_t boots(struct journal *j, struct boot *out)
{
	const void *data;
	size_t n = 0, len;

	if (lib.query_unique(j->sd, "_BOOT_ID") < 0)
		return 0;
	while (n < BOOTS_MOST && lib.enumerate_unique(j->sd, &data, &len) > 0)
		if (len < sizeof(out[n].match))
			snprintf(out[n++].match, sizeof(out->match), "%.*s", (int)len,
				 (const char *)data);
	for (size_t i = 0; i < n; i++) {
		lib.flush_matches(j->sd);
		out[i].us = UINT64_MAX;
		if (match(j, out[i].match) && lib.seek_head(j->sd) >= 0 && lib.next(j->sd) > 0)
			lib.realtime(j->sd, &out[i].us);
	}
	lib.flush_matches(j->sd);
	qsort(out, n, sizeof(*out), by_time);
	return n;
}

/* "_BOOT_ID=..." of what the user named. */
static int boot_match(struct journal *j, const char *name, char out[48], struct err *e)
{
	struct boot *all;
	char *end;
	long at = strtol(name, &end, 10);
	size_t n;

	if (strlen(name) == 32 && strspn(name, "0123456789abcdef") == 32) {
		snprintf(out, 48, "_BOOT_ID=%s", name);
		return 0;
	}
	if (*end != '\0' || end == name)
		return err_set(
			e, ST_INPUT,
			"--boot takes 0 (the last one), -1 (the one before), 1 (the first), or the id of a boot");
	all = mem_zero(BOOTS_MOST, sizeof(*all));
	n = boots(j, all);
	at = at > 0 ? at - 1 : (long)n - 1 + at;
	if (at >= 0 && (size_t)at < n)
		snprintf(out, 48, "%s", all[at].match);
	free(all);
	return at >= 0 && (size_t)at < n ?
		       0 :
		       err_set(e, ST_INPUT, "--boot %s: the journal holds %zu boot%s", name, n,
			       n == 1 ? "" : "s");
}

/* What may hold records, or say that some were lost, and the serials of other records: the journal
 * finds these by its index. */
static int match_ours(struct journal *j, const char *boot, struct err *e)
{
	static const char *const writers[] = { "systemd-journald", "systemd-journal",
					       "rsyslogd",	   "auditd",
					       "audispd",	   "audisp-syslog",
					       "audisp-remote" };
	bool fine = match(j, "_TRANSPORT=audit") && lib.add_disjunction(j->sd) >= 0 &&
		    match(j, "_TRANSPORT=kernel");

	for (size_t i = 0; i < ARRAY_SIZE(writers); i++) {
		char text[64];

		snprintf(text, sizeof(text), "SYSLOG_IDENTIFIER=%s", writers[i]);
		fine = fine && lib.add_disjunction(j->sd) >= 0 && match(j, text);
	}
	if (boot[0])
		fine = fine && lib.add_conjunction(j->sd) >= 0 && match(j, boot);
	return fine ? 0 : err_set(e, ST_SYSTEM, "the journal does not take what is looked for");
}

/* ---- opening ---- */

static int open_place(struct journal *j, struct err *e)
{
	struct stat st;
	const char *files[2] = { j->place, NULL };
	int code;

	if (j->place == NULL)
		code = lib.open(&j->sd, LOCAL_ONLY | SYSTEM);
	else if (stat(j->place, &st) != 0)
		code = -errno;
	else if (S_ISDIR(st.st_mode))
		code = lib.open_directory(&j->sd, j->place, 0);
	else
		code = lib.open_files(&j->sd, files, 0);
	return code < 0 ? fail(j, code, "open", e) : 0;
}

/* Where to begin: behind the cursor, if that is still there, else at the time. */
static int seek(struct journal *j, const struct journal_choice *c, bool *went_on, struct err *e)
{
	int code;

	*went_on = false;
	if (c->cursor != NULL && lib.seek_cursor(j->sd, c->cursor) >= 0 && lib.next(j->sd) > 0 &&
	    lib.test_cursor(j->sd, c->cursor) > 0) {
		*went_on = true;
		return 0;
	}
	code = c->since_ms == WHEN_NONE || c->since_ms < 0 ?
		       lib.seek_head(j->sd) :
		       lib.seek_realtime(j->sd, (uint64_t)c->since_ms * 1000);
	return code < 0 ? fail(j, code, "read", e) : 0;
}

int journal_open(struct journal **out, const struct journal_choice *c, bool *went_on, struct err *e)
{
	struct journal *j;
	char boot[48] = "";

	*out = NULL;
	if (load(e) < 0)
		return -1;
	j = mem_zero(1, sizeof(*j));
	j->place = c->place ? mem_dup(c->place) : NULL;
	if (open_place(j, e) < 0 || (c->boot != NULL && boot_match(j, c->boot, boot, e) < 0) ||
	    match_ours(j, boot, e) < 0 || seek(j, c, went_on, e) < 0) {
		journal_close(j);
		return -1;
	}
	lib.set_threshold(j->sd, FIELD_MOST);
	*out = j;
	return 0;
}

void journal_close(struct journal *j)
{
	if (j == NULL)
		return;
	if (j->sd != NULL)
		lib.close(j->sd);
	free(j->place);
	free(j);
}

/* ---- whose ---- */

static bool only_root(int fd, const char *shown, char why[200])
{
	struct stat st;

	if (fstat(fd, &st) == 0 && st.st_uid == 0 && !(st.st_mode & (S_IWGRP | S_IWOTH)))
		return true;
	snprintf(why, 200, "%.150s is not root's alone", shown);
	return false;
}

/* A folder, and the files and folders in it. */
static bool folder_only_root(int fd, const char *shown, unsigned level, char why[200])
{
	DIR *dir;
	struct dirent *d;
	bool yes = only_root(fd, shown, why);
	int again = dup(fd);

	dir = yes && again >= 0 ? fdopendir(again) : NULL;
	if (dir == NULL) {
		if (again >= 0)
			close(again);
		if (yes)
			snprintf(why, 200, "%.150s cannot be looked at", shown);
		return false;
	}
	while (yes && (d = readdir(dir)) != NULL) {
		auto_close int in = -1;
		struct stat st;

		if (d->d_name[0] == '.')
			continue;
		in = openat(fd, d->d_name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
		if (in < 0 || fstat(in, &st) != 0 || S_ISLNK(st.st_mode)) {
			snprintf(why, 200, "%.150s is a link, or cannot be looked at", d->d_name);
			yes = false;
		} else if (S_ISDIR(st.st_mode)) {
			auto_close int sub = openat(
				fd, d->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

			yes = level < 2 && sub >= 0 &&
			      folder_only_root(sub, d->d_name, level + 1, why);
		} else {
			yes = only_root(in, d->d_name, why);
		}
	}
	closedir(dir);
	return yes;
}

bool journal_root_only(const struct journal *j, char why[200])
{
	auto_close int fd = -1;
	struct stat st;

	why[0] = '\0';
	if (j->place == NULL)
		return true; /* journald's own, and of these the system's, not users' */
	fd = open(j->place, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) != 0) {
		snprintf(why, 200, "%.150s is a link, or cannot be looked at", j->place);
		return false;
	}
	if (S_ISDIR(st.st_mode))
		return folder_only_root(fd, j->place, 0, why);
	if (!only_root(fd, j->place, why))
		return false;
	{
		auto_free char *folder = mem_dup(j->place);
		char *slash = strrchr(folder, '/');
		auto_close int at = -1;

		if (slash != NULL)
			slash[slash == folder] = '\0';
		at = open(slash ? folder : ".", O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		return only_root(at, slash ? folder : "its folder", why);
	}
}

/* ---- entries ---- */

static bool take(struct journal *j, struct wrap *w, const char *name)
{
	const void *data;
	size_t n;
	struct bytes key, value;
	int code = lib.get_data(j->sd, name, &data, &n);

	if (code < 0)
		return code == -ENOENT;
	value = (struct bytes){ data, n };
	key = bytes_until(&value, '=');
	bytes_skip(&value, 1);
	wrap_set(w, key, value);
	return true;
}

int journal_next(struct journal *j, struct wrap *w, bool *any, bool *bad, struct err *e)
{
	static const char *const names[] = {
		"_TRANSPORT",  "_HOSTNAME", "SYSLOG_IDENTIFIER",	  "SYSLOG_FACILITY",
		"_AUDIT_TYPE", "_AUDIT_ID", "_SOURCE_REALTIME_TIMESTAMP", "MESSAGE"
	};
	struct id128 boot;
	uint64_t mono;
	char text[32];
	int code = lib.next(j->sd);

	*any = code > 0;
	*bad = false;
	if (code < 0)
		return fail(j, code, "read", e);
	if (!*any)
		return 0;
	wrap_given(w, "journal");
	if (lib.realtime(j->sd, &j->us) >= 0) {
		snprintf(text, sizeof(text), "%llu", (unsigned long long)j->us);
		wrap_set(w, BYTES("__REALTIME_TIMESTAMP"), bytes_of(text));
	}
	if (lib.monotonic(j->sd, &mono, &boot) >= 0) {
		snprintf(text, sizeof(text), "%llu", (unsigned long long)mono);
		wrap_set(w, BYTES("__MONOTONIC_TIMESTAMP"), bytes_of(text));
	}
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		*bad = !take(j, w, names[i]) || *bad;
	return 0;
}

int64_t journal_ms(const struct journal *j)
{
	return (int64_t)(j->us / 1000);
}

bool journal_cursor(struct journal *j, char out[JOURNAL_CURSOR])
{
	char *text = NULL;
	bool yes = lib.get_cursor(j->sd, &text) >= 0 && strlen(text) < JOURNAL_CURSOR;

	if (yes)
		snprintf(out, JOURNAL_CURSOR, "%s", text);
	free(text);
	return yes;
}

void journal_wait(struct journal *j, int timeout_ms)
{
	lib.wait(j->sd, (uint64_t)timeout_ms * 1000);
}
