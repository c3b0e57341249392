// SPDX-License-Identifier: Apache-2.0
/* Reads a store as it lies there, or a private copy of it and its -wal. */
#include "store/apart.h"

#include "store/base/buf.h"
#include "store/base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

#define TRIES 5               /* a copy of what is written meanwhile is made again */
#define COPIED (1 << 20)
#define WAL_HEAD 32           /* bytes before the first frame, and before the page of each */
#define FRAME_HEAD 24

/* ---- what can be written ---- */

static char *folder_of(const char *file)
{
	char *out = mem_dup(file), *slash = strrchr(out, '/');

	if (slash == NULL) {
		free(out);
		return mem_dup(".");
	}
	slash[slash == out] = '\0';
	return out;
}

/* 0, or why not: errno. */
static int may_write(const char *name)
{
	return faccessat(AT_FDCWD, name, W_OK, AT_EACCESS) == 0 ? 0 : errno;
}

static int beside(const char *file)
{
	auto_free char *folder = folder_of(file);

	return may_write(folder);
}

bool apart_needed(const char *file)
{
	auto_free char *shm = mem_print("%s-shm", file);

	return access(shm, F_OK) != 0 && (may_write(file) != 0 || beside(file) != 0);
}

static const char *words(int error)
{
	switch (error) {
	case 0:
		return NULL;
	case EROFS:
		return "the file system is mounted read-only";
	case EACCES:
	case EPERM:
		return "no permission";
	case ENOENT:
	case ENOTDIR:
		return "the folder is missing";
	default:
		return strerror(error);
	}
}

const char *apart_why(const char *file)
{
	int error = may_write(file);

	if (error == 0 || error == ENOENT)
		error = beside(file);
	return words(error);
}

/* ---- the -wal ---- */

static void look(const char *file, struct stat *db, struct stat *wal)
{
	auto_free char *name = mem_print("%s-wal", file);

	if (stat(file, db) != 0)
		*db = (struct stat){ 0 };
	if (stat(name, wal) != 0)
		*wal = (struct stat){ 0 };
}

static bool same_file(const struct stat *a, const struct stat *b)
{
	return a->st_ino == b->st_ino && a->st_dev == b->st_dev && a->st_size == b->st_size &&
	       a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

static bool same_files(const char *file, const struct stat *db, const struct stat *wal)
{
	struct stat db_now, wal_now;

	look(file, &db_now, &wal_now);
	return same_file(db, &db_now) && same_file(wal, &wal_now);
}

static uint32_t number_at(const unsigned char *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/*
 * How many commits a -wal holds: frames of its salt that end one. -1: it cannot be read.
 *   source: sqlite.org/fileformat2.html, "The Write-Ahead Log"
 */
static int64_t count_commits(const char *file)
{
	auto_free char *name = mem_print("%s-wal", file);
	auto_close int fd = open(name, O_RDONLY | O_CLOEXEC);
	unsigned char head[WAL_HEAD], frame[FRAME_HEAD];
	int64_t n = 0;
	off_t at = WAL_HEAD;

	if (fd < 0 || pread(fd, head, sizeof(head), 0) != sizeof(head))
		return -1;
	while (pread(fd, frame, sizeof(frame), at) == sizeof(frame) &&
	       memcmp(frame + 8, head + 16, 8) == 0) {
		n += number_at(frame + 4) != 0;
		at += FRAME_HEAD + (off_t)number_at(head + 8);
	}
	return n;
}

static int unseen(const char *path, const char *file, const char *why, struct err *e)
{
	int64_t n = count_commits(file);
	auto_buf struct buf what = { 0 };

	if (n < 0)
		buf_str(&what, "the last commits");
	else if (n == 1)
		buf_str(&what, "the last commit");
	else
		buf_printf(&what, "the last %" PRId64 " commits", n);
	return err_set(
		e, ST_SYSTEM,
		"store %s: %s of it cannot be seen: they are in %s-wal, beside which nothing can be written, and no private "
		"copy can be made: %s",
		path, buf_text(&what), file, why);
}

/* ---- the private copy ---- */

static int copy_file(const char *from, const char *to, char *room)
{
	auto_close int in = open(from, O_RDONLY | O_CLOEXEC), out = -1;
	ssize_t n;

	if (in < 0)
		return -1;
	out = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (out < 0)
		return -1;
	while ((n = read(in, room, COPIED)) > 0)
		for (ssize_t at = 0, more; at < n; at += more) {
			more = write(out, room + at, (size_t)(n - at));
			if (more < 0)
				return -1;
		}
	return n < 0 ? -1 : 0;
}

static char *make_folder(void)
{
	const char *place = getenv("TMPDIR");
	char *out =
		mem_print("%s/scaudit-XXXXXX", place != NULL && place[0] == '/' ? place : "/tmp");

	if (mkdtemp(out) != NULL)
		return out;
	free(out);
	return NULL;
}

static int copy(struct apart *a, const char *path, const char *file, struct err *e)
{
	auto_free char *wal = mem_print("%s-wal", file), *room = mem_alloc(COPIED), *to_wal = NULL;

	a->folder = make_folder();
	if (a->folder == NULL)
		return unseen(path, file, strerror(errno), e);
	a->file = mem_print("%s/store.db", a->folder);
	to_wal = mem_print("%s-wal", a->file);
	for (int i = 0; i < TRIES; i++) {
		look(file, &a->db, &a->wal);
		if (copy_file(file, a->file, room) < 0 || copy_file(wal, to_wal, room) < 0)
			return errno == ENOENT ?
				       err_set(e, ST_SYSTEM,
					       "store %s: it was closed while it was copied: ask again",
					       path) :
				       unseen(path, file, strerror(errno), e);
		if (same_files(file, &a->db, &a->wal))
			return 0;
	}
	return unseen(path, file, "another process writes to it all the time", e);
}

/* ---- */

/* immutable: SQLite looks for nothing beside it, and takes no lock. */
static char *as_it_lies(const char *file)
{
	auto_buf struct buf out = { 0 };

	buf_str(&out, "file:");
	for (const char *p = file; *p != '\0'; p++)
		if (*p == '%' || *p == '?' || *p == '#')
			buf_printf(&out, "%%%02X", (unsigned char)*p);
		else
			buf_char(&out, *p);
	buf_str(&out, "?immutable=1");
	return mem_dup(buf_text(&out));
}

int apart_begin(struct apart *a, const char *path, const char *file, struct err *e)
{
	auto_free char *journal = mem_print("%s-journal", file);
	struct stat st;

	*a = (struct apart){ .on = true };
	if (stat(journal, &st) == 0 && st.st_size > 0)
		return err_set(
			e, ST_SYSTEM,
			"store %s was not closed (%s), and cannot be played back where nothing can be written",
			path, journal);
	look(file, &a->db, &a->wal);
	if (a->wal.st_size > 0)
		return copy(a, path, file, e);
	a->uri = true;
	a->file = as_it_lies(file);
	return 0;
}

void apart_hide(struct apart *a)
{
	static const char *const ends[] = { "", "-wal", "-shm" };

	for (size_t i = 0; a->folder != NULL && i < ARRAY_SIZE(ends); i++) {
		auto_free char *name = mem_print("%s%s", a->file, ends[i]);

		unlink(name);
	}
	if (a->folder != NULL)
		rmdir(a->folder);
	free(a->folder);
	a->folder = NULL;
}

int apart_check(const struct apart *a, const char *path, const char *file, struct err *e)
{
	/* a copy was whole when it was made */
	if (!a->on || !a->uri || same_files(file, &a->db, &a->wal))
		return 0;
	return err_set(
		e, ST_SYSTEM,
		"store %s: another process wrote to it while it was read, and nothing can be locked here: ask again",
		path);
}

void apart_release(struct apart *a)
{
	apart_hide(a);
	free(a->file);
	*a = (struct apart){ 0 };
}
