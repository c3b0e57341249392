// SPDX-License-Identifier: Apache-2.0
/*
 * Walks to a store without following others' links, and judges owner and mode of all that it
 * passes.
 */
#include "store/owner.h"

#include "store/base/mem.h"

#include <errno.h>
#include <limits.h>
#include <pwd.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX_LINKS 40 /* as the kernel has it: include/linux/namei.h, MAXSYMLINKS */

static bool ours(uid_t uid)
{
	return uid == 0 || uid == geteuid();
}

/* Group 0 is root's own. */
static bool others_write(const struct stat *st)
{
	return !ours(st->st_uid) || (st->st_mode & S_IWOTH) ||
	       ((st->st_mode & S_IWGRP) && st->st_gid != 0);
}

static const char *user_name(uid_t uid, char out[64])
{
	const struct passwd *pw = getpwuid(uid);

	if (pw != NULL)
		snprintf(out, 64, "%.32s (uid %u)", pw->pw_name, (unsigned)uid);
	else
		snprintf(out, 64, "uid %u", (unsigned)uid);
	return out;
}

/* ---- the path: each link on it is followed here, so that it is known in which folder it stands
 * ---- */

struct walk {
	char *at;             /* as far as it was followed, without links */
	char *link, *folder; /* the first link that others may replace, and where it stands; NULL */
};

static void walk_release(struct walk *w)
{
	free(w->at);
	free(w->link);
	free(w->folder);
}

static char *below(const char *folder, const char *name, size_t n)
{
	return mem_print("%s%s%.*s", folder, folder[strlen(folder) - 1] == '/' ? "" : "/", (int)n,
			 name);
}

/* What a link says, with what is left of the path behind it. NULL: it cannot be read. */
static char *link_target(const char *link, const char *rest)
{
	char target[PATH_MAX];
	ssize_t n = readlink(link, target, sizeof(target) - 1);

	return n <= 0 ? NULL : mem_print("%.*s/%s", (int)n, target, rest);
}

static void note_link(struct walk *w, const char *link)
{
	struct stat st;

	if (w->link != NULL || stat(w->at, &st) != 0 || !others_write(&st))
		return;
	w->link = mem_dup(link);
	w->folder = mem_dup(w->at);
}

/* Follows the path to its end. What is not there ends it, too: SQLite will say so. */
static int walk(struct walk *w, const char *path, struct err *e)
{
	char *todo = mem_dup(path), *left = todo;
	unsigned links = 0;

	*w = (struct walk){ .at = mem_dup(path[0] == '/' ? "/" : ".") };
	while (left[strspn(left, "/")] != '\0') {
		const char *name = left + strspn(left, "/");
		size_t n = strcspn(name, "/");
		char *next = below(w->at, name, n), *target = NULL;
		struct stat st;
		bool is_link = lstat(next, &st) == 0 && S_ISLNK(st.st_mode);

		if (is_link)
			target = link_target(next, name + n);
		if (is_link && (target == NULL || ++links > MAX_LINKS)) {
			err_set(e, ST_SYSTEM, "cannot follow the link '%s': %s", next,
				strerror(target == NULL ? errno : ELOOP));
			free(target);
			free(next);
			free(todo);
			return -1;
		}
		if (!is_link) {
			left = todo + (name + n - todo);
			free(w->at);
			w->at = next;
			continue;
		}
		note_link(w, next);
		if (target[0] == '/') {
			free(w->at);
			w->at = mem_dup("/");
		}
		free(next);
		free(todo);
		todo = left = target;
	}
	free(todo);
	return 0;
}

/* ---- the file, and what SQLite keeps beside it ---- */

int owner_name(const char *path, struct err *e)
{
	if (path[0] == '\0')
		return err_set(e, ST_SYSTEM,
			       "an empty name is no store: it would keep nothing; name a file");
	if (strcmp(path, ":memory:") == 0)
		return err_set(e, ST_SYSTEM,
			       "':memory:' is no store: it would keep nothing; name a file");
	if (strncmp(path, "file:", 5) == 0)
		return err_set(e, ST_SYSTEM,
			       "'%s' is a URI; name the store's file itself (./%s for a file "
			       "of that name)",
			       path, path);
	return 0;
}

static int refuse_kind(const char *path, mode_t mode, struct err *e)
{
	const char *what = "device";

	if (S_ISREG(mode))
		return 0;
	if (S_ISDIR(mode))
		what = "folder";
	else if (S_ISFIFO(mode))
		what = "pipe";
	else if (S_ISSOCK(mode))
		what = "socket";
	return err_set(e, ST_SYSTEM, "store %s is a %s; name a file", path, what);
}

/*
 * SQLite plays back a journal and reads a -wal that lie beside a file, whoever put them there, and
 * a journal may name any file to be deleted. So they have to be of the store's owner, of the user
 * or of root, and have no other name. source: sqlite3's pager.c, pager_playback() and
 * pager_delsuper()
 */
static int check_beside(const char *path, const char *file, uid_t owner, bool foreign,
			struct err *e)
{
	static const char *const ends[] = { "-journal", "-wal", "-shm" };
	char who[64];

	for (size_t i = 0; i < ARRAY_SIZE(ends); i++) {
		auto_free char *name = mem_print("%s%s", file, ends[i]);
		struct stat st;

		if (lstat(name, &st) != 0)
			continue;
		if (!S_ISREG(st.st_mode) || st.st_nlink > 1)
			return err_set(e, ST_SYSTEM,
				       "store %s: %s beside it is a link or no regular "
				       "file: remove it",
				       path, name);
		if (st.st_uid != owner && !ours(st.st_uid))
			return err_set(e, ST_SYSTEM,
				       "store %s: %s beside it belongs to %s, who is not "
				       "its owner: remove it",
				       path, name, user_name(st.st_uid, who));
		if (foreign && i == 0 && st.st_size > 0)
			return err_set(e, ST_SYSTEM,
				       "store %s was not closed (%s): %s has to open it first",
				       path, name, user_name(owner, who));
	}
	return 0;
}

/* Why marks of the store count as text; st NULL: there is no file yet. */
static void distrust(struct owner *o, const struct walk *w, const struct stat *st)
{
	auto_free char *folder = mem_dup(o->file);
	char *slash = strrchr(folder, '/');
	struct stat in;
	char who[64];

	slash[slash == folder] = '\0';
	if (st != NULL && !ours(st->st_uid))
		snprintf(o->why, sizeof(o->why), "it belongs to %s", user_name(st->st_uid, who));
	else if (st != NULL && others_write(st))
		snprintf(o->why, sizeof(o->why), "its mode is %04o", (unsigned)st->st_mode & 07777);
	else if (w->link != NULL)
		snprintf(o->why, sizeof(o->why), "'%.80s' is a link in '%.80s'", w->link,
			 w->folder);
	else if (stat(folder, &in) == 0 && !ours(in.st_uid))
		snprintf(o->why, sizeof(o->why), "its folder '%.100s' belongs to %s", folder,
			 user_name(in.st_uid, who));
	else if (stat(folder, &in) == 0 && others_write(&in))
		snprintf(o->why, sizeof(o->why), "the mode of its folder '%.100s' is %04o",
			 folder, (unsigned)in.st_mode & 07777);
}

static int judge_path(struct owner *o, const struct walk *w, const char *path, struct err *e)
{
	struct stat st;
	char who[64];
	bool exists = lstat(o->file, &st) == 0;

	if (exists && refuse_kind(path, st.st_mode, e) < 0)
		return -1;
	o->foreign = exists && !ours(st.st_uid);
	if (o->foreign)
		snprintf(o->unwritable, sizeof(o->unwritable),
			 "store %.300s belongs to %s, who is neither root nor you: it can be read, "
			 "not written; write as its owner, or to another store (--db)",
			 path, user_name(st.st_uid, who));
	else if (w->link != NULL)
		snprintf(o->unwritable, sizeof(o->unwritable),
			 "store %.150s: '%.150s' is a link in '%.150s', a folder that others may "
			 "write: it can be read, not written; name the store itself (%.150s)",
			 path, w->link, w->folder, o->file);
	distrust(o, w, exists ? &st : NULL);
	return check_beside(path, o->file, exists ? st.st_uid : geteuid(), o->foreign, e);
}

int owner_look(struct owner *out, const char *path, struct err *e)
{
	struct walk w = { 0 };
	int ret;

	*out = (struct owner){ 0 };
	ret = walk(&w, path, e);
	if (ret == 0) {
		out->file = mem_dup(w.at);
		ret = judge_path(out, &w, path, e);
	}
	walk_release(&w);
	return ret;
}

void owner_release(struct owner *o)
{
	free(o->file);
	o->file = NULL;
}
