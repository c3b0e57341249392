// SPDX-License-Identifier: Apache-2.0
/* Configuration files of those who keep records: auditd, journald, rsyslog. */
#include "ingest/live/host/host.h"

#include "store/base/mem.h"

#include <dirent.h>
#include <stdlib.h>
#include <strings.h>

/* "key = value" off a line, trimmed; false: not one, or a comment. */
static bool key_value(struct bytes line, struct bytes *key, struct bytes *value)
{
	bytes_trim_left(&line);
	bytes_trim_right(&line);
	if (line.n == 0 || line.p[0] == '#' || line.p[0] == ';' || !bytes_has(line, BYTES("=")))
		return false;
	*key = bytes_until(&line, '=');
	bytes_skip(&line, 1);
	bytes_trim_right(key);
	bytes_trim_left(&line);
	*value = line;
	return true;
}

static bool same_word(struct bytes a, const char *b)
{
	return a.n == strlen(b) && strncasecmp(a.p, b, a.n) == 0;
}

bool host_auditd(const char *root, const char *key, struct buf *out)
{
	auto_buf struct buf text = { 0 };
	struct bytes rest, name, value;
	bool found = false;

	if (!host_read(root, "/etc/audit/auditd.conf", &text))
		return false;
	for (rest = buf_bytes(&text); rest.n; bytes_skip(&rest, 1)) {
		if (!key_value(bytes_until(&rest, '\n'), &name, &value) || !same_word(name, key))
			continue;
		out->n = 0;
		buf_add(out, value.p, value.n);
		found = true;
	}
	return found;
}

/* Looks for a key of [Journal] in one file; a later one takes the place of what out holds, an empty
 * one unsets it. */
static void look_journald(const char *root, const char *path, const char *key, struct buf *out)
{
	auto_buf struct buf text = { 0 };
	struct bytes rest, name, value;
	bool inside = false;

	if (!host_read(root, path, &text))
		return;
	for (rest = buf_bytes(&text); rest.n; bytes_skip(&rest, 1)) {
		struct bytes line = bytes_until(&rest, '\n');

		bytes_trim_left(&line);
		if (bytes_starts(line, BYTES("[")))
			inside = bytes_starts(line, BYTES("[Journal]"));
		else if (inside && key_value(line, &name, &value) &&
			 bytes_eq(name, bytes_of(key))) {
			out->n = 0;
			buf_add(out, value.p, value.n);
		}
	}
}

struct files { VEC(char *) names; }; /* each the path, without root */

static int by_name(const void *a, const void *b)
{
	return strcmp(strrchr(*(char *const *)a, '/'), strrchr(*(char *const *)b, '/'));
}

static bool has_name(const struct files *f, const char *name)
{
	for (size_t i = 0; i < f->names.n; i++)
		if (strcmp(strrchr(f->names.v[i], '/') + 1, name) == 0)
			return true;
	return false;
}

/* Adds the *.conf of a folder, but for names that are there already. */
static void add_folder(struct files *f, const char *root, const char *folder)
{
	auto_free char *whole = mem_print("%s%s", root, folder);
	struct dirent *d;
	DIR *dir = opendir(whole);

	while (dir != NULL && (d = readdir(dir)) != NULL) {
		const char *end = strrchr(d->d_name, '.');

		if (end != NULL && end != d->d_name && strcmp(end, ".conf") == 0 &&
		    !has_name(f, d->d_name))
			*VEC_PUSH(&f->names) = mem_print("%s/%s", folder, d->d_name);
	}
	if (dir != NULL)
		closedir(dir);
	if (f->names.n)
		qsort(f->names.v, f->names.n, sizeof(*f->names.v), by_name);
}

static void release_files(struct files *f)
{
	for (size_t i = 0; i < f->names.n; i++)
		free(f->names.v[i]);
	VEC_FREE(&f->names);
}

bool host_journald(const char *root, const char *key, struct buf *out)
{
	/* of drop-ins with one name the first folder's counts; all of them come in the order of
	 * names */
	static const char *const folders[] = { "/etc/systemd/journald.conf.d",
					       "/run/systemd/journald.conf.d",
					       "/usr/local/lib/systemd/journald.conf.d",
					       "/usr/lib/systemd/journald.conf.d",
					       "/lib/systemd/journald.conf.d" };
	static const char *const mains[] = { "/etc/systemd/journald.conf",
					     "/run/systemd/journald.conf",
					     "/usr/lib/systemd/journald.conf" };
	struct files drops = { 0 };

	out->n = 0;
	for (size_t i = 0; i < ARRAY_SIZE(mains); i++)
		if (host_exists(root, mains[i])) {
			look_journald(root, mains[i], key, out);
			break;
		}
	for (size_t i = 0; i < ARRAY_SIZE(folders); i++)
		add_folder(&drops, root, folders[i]);
	for (size_t i = 0; i < drops.names.n; i++)
		look_journald(root, drops.names.v[i], key, out);
	release_files(&drops);
	return out->n > 0;
}

static bool contains(struct bytes b, const char *word)
{
	size_t n = strlen(word);

	for (size_t i = 0; i + n <= b.n; i++)
		if (strncasecmp(b.p + i, word, n) == 0)
			return true;
	return false;
}

/* One word of rsyslog's configuration; the old form has its value in the next word. */
static void rsyslog_word(struct host_rsyslog *r, struct bytes word, struct bytes *line)
{
	bool old = !bytes_has(word, BYTES("="));
	struct bytes value = { 0 };

	r->kernel = r->kernel || contains(word, "imklog");
	r->journal = r->journal || contains(word, "imjournal\"") || same_word(word, "imjournal");
	if (!contains(word, "ratelimit"))
		return;
	if (old)
		value = host_word(line);
	buf_str(&r->limits, r->limits.n ? ", " : "");
	buf_add(&r->limits, word.p, word.n);
	if (value.n) {
		buf_char(&r->limits, ' ');
		buf_add(&r->limits, value.p, value.n);
	}
	if (same_word(word, "Ratelimit.Interval=\"0\"") ||
	    (same_word(word, "$imjournalRatelimitInterval") && bytes_eq(value, BYTES("0"))))
		r->unlimited = true;
}

static bool look_rsyslog(const char *root, const char *path, struct host_rsyslog *r)
{
	auto_buf struct buf text = { 0 };
	struct bytes rest;

	if (!host_read(root, path, &text))
		return false;
	for (rest = buf_bytes(&text); rest.n; bytes_skip(&rest, 1)) {
		struct bytes line = bytes_until(&rest, '\n');

		line = bytes_until(&line, '#');
		while (line.n)
			rsyslog_word(r, host_word(&line), &line);
	}
	return true;
}

bool host_rsyslog(const char *root, struct host_rsyslog *out)
{
	struct files more = { 0 };
	bool there;

	*out = (struct host_rsyslog){ 0 };
	there = look_rsyslog(root, "/etc/rsyslog.conf", out);
	add_folder(&more, root, "/etc/rsyslog.d");
	for (size_t i = 0; i < more.names.n; i++)
		there = look_rsyslog(root, more.names.v[i], out) || there;
	release_files(&more);
	return there;
}
