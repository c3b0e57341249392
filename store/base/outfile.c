// SPDX-License-Identifier: Apache-2.0
/*
 * Writes a file beside its place, syncs it, and renames it; nothing is left behind on failure or a
 * signal.
 */
#include "store/base/outfile.h"

#include "store/base/buf.h"
#include "store/base/esc.h"
#include "store/base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <signal.h>
#include <stdio_ext.h>
#include <stdlib.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

#define LINKS_MAX 40 /* as the kernel has it */

static int failed(const struct outfile *f, const char *what, int error, struct err *e)
{
	return err_set(e, ST_SYSTEM, "cannot write '%.400s': %s%s", f->shown, what,
		       strerror(error));
}

/* ---- which file it is ---- */

static char *folder_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash == NULL ? mem_dup(".") :
			       mem_print("%.*s", slash == path ? 1 : (int)(slash - path), path);
}

static const char *last_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash == NULL ? path : slash + 1;
}

/* Links of procfs lead to what a process has open, which may have no name; *own: to what this one
 * has. */
static bool is_in_proc(const char *folder, bool *own)
{
	struct statfs fs;
	struct stat here, fds;

	if (statfs(folder, &fs) != 0 || fs.f_type != PROC_SUPER_MAGIC)
		return false;
	*own = stat(folder, &here) == 0 && stat("/proc/self/fd", &fds) == 0 &&
	       here.st_dev == fds.st_dev && here.st_ino == fds.st_ino;
	return true;
}

/*
 * Follows the links of the last part of *path. *into: it ends in procfs, and is written into; *fd:
 * by this descriptor of our own, else -1. ELOOP is the error of the stat that follows.
 */
static void follow(char **path, bool *into, int *fd)
{
	char text[4096];

	*into = false;
	*fd = -1;
	for (int i = 0; i < LINKS_MAX; i++) {
		ssize_t n = readlink(*path, text, sizeof(text) - 1);
		auto_free char *folder = folder_of(*path);
		bool own;

		if (n < 0)
			return;
		text[n] = '\0';
		if (is_in_proc(folder, &own)) {
			struct bytes number = bytes_of(last_of(*path));
			uint64_t v;

			*into = true;
			if (own && bytes_dec(&number, INT32_MAX, &v) && number.n == 0)
				*fd = (int)v;
			return;
		}
		free(*path);
		*path = text[0] == '/' ? mem_dup(text) : mem_print("%s/%s", folder, text);
	}
}

/* ---- the stream ---- */

/* stdio keeps that a write failed, not why. */
static ssize_t cookie_write(void *cookie, const char *p, size_t n)
{
	struct outfile *f = cookie;
	size_t done = 0;

	while (done < n) {
		ssize_t got = write(f->fd, p + done, n - done);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0) {
			if (f->error == 0)
				f->error = got < 0 ? errno : EIO;
			return (ssize_t)done;
		}
		done += (size_t)got;
	}
	return (ssize_t)done;
}

static int open_stream(struct outfile *f, struct err *e)
{
	static const cookie_io_functions_t io = { .write = cookie_write };

	/* writers ask a stream whether it is a terminal: only one of stdio's own can tell */
	f->to = isatty(f->fd) ? fdopen(fcntl(f->fd, F_DUPFD_CLOEXEC, 3), "w") :
				fopencookie(f, "w", io);
	return f->to != NULL ? 0 : failed(f, "", errno, e);
}

/* ---- beside its place ---- */

/* What a signal that ends the program removes first. */
static char *volatile leftovers[2];

static void on_end(int number)
{
	for (size_t i = 0; i < ARRAY_SIZE(leftovers); i++)
		if (leftovers[i] != NULL)
			unlink(leftovers[i]);
	raise(number); /* which has its default back */
}

/* Signals that are ignored, or that somebody else handles, stay as they are. */
static void watch_signals(bool on)
{
	static const int ends[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE, SIGALRM };
	struct sigaction ours = { .sa_handler = on_end, .sa_flags = SA_RESETHAND },
			 none = { .sa_handler = SIG_DFL }, was;

	for (size_t i = 0; i < ARRAY_SIZE(ends); i++)
		if (sigaction(ends[i], NULL, &was) == 0 &&
		    was.sa_handler == (on ? SIG_DFL : on_end))
			sigaction(ends[i], on ? &ours : &none, NULL);
}

/* Before it is made: mkostemp writes the name where it stands, and then makes the file. */
static void watch(char *temporary)
{
	for (size_t i = 0; i < ARRAY_SIZE(leftovers); i++)
		if (leftovers[i] == NULL) {
			leftovers[i] = temporary;
			break;
		}
	watch_signals(true);
}

static void forget_temporary(struct outfile *f)
{
	bool more = false;

	for (size_t i = 0; i < ARRAY_SIZE(leftovers); i++) {
		if (leftovers[i] == f->temporary)
			leftovers[i] = NULL;
		more = more || leftovers[i] != NULL;
	}
	if (!more)
		watch_signals(false);
	free(TAKE(f->temporary));
}

/* The mode, and the owner as far as it can be kept, of the file that was there; else those of any
 * new file. */
static int take_after(const struct outfile *f, const struct stat *was)
{
	struct stat is;
	mode_t mask;

	if (was == NULL) {
		mask = umask(0);
		umask(mask);
		return fchmod(f->fd, 0666 & ~mask);
	}
	if (fstat(f->fd, &is) != 0)
		return -1;
	if ((is.st_uid != was->st_uid || is.st_gid != was->st_gid) &&
	    fchown(f->fd, was->st_uid, was->st_gid) != 0 &&
	    fchown(f->fd, (uid_t)-1, was->st_gid) != 0 && errno != EPERM)
		return -1;
	/* set-id bits are meant for the owner that it had */
	if (fstat(f->fd, &is) != 0)
		return -1;
	return fchmod(f->fd, was->st_mode & (is.st_uid == was->st_uid && is.st_gid == was->st_gid ?
						     07777 :
						     01777));
}

static int open_beside(struct outfile *f, const struct stat *was, struct err *e)
{
	auto_free char *folder = folder_of(f->path);

	f->temporary = mem_print("%s/.scaudit.XXXXXX", folder);
	watch(f->temporary);
	f->fd = mkostemp(f->temporary, O_CLOEXEC);
	if (f->fd < 0) {
		int error = errno;

		forget_temporary(f);
		return failed(f, "a new file in its folder: ", error, e);
	}
	return take_after(f, was) == 0 ? open_stream(f, e) : failed(f, "", errno, e);
}

static int open_into(struct outfile *f, const char *path, int own, struct err *e)
{
	f->fd = own >= 0 ? fcntl(own, F_DUPFD_CLOEXEC, 3) :
			   open(path, O_WRONLY | O_TRUNC | O_CLOEXEC | O_NOCTTY);
	return f->fd >= 0 ? open_stream(f, e) : failed(f, "", errno, e);
}

int outfile_open(struct outfile *f, const char *name, struct err *e)
{
	auto_buf struct buf shown = { 0 };
	auto_free char *path = NULL;
	struct stat was;
	bool into;
	int own;

	*f = (struct outfile){ .fd = -1 };
	if (name == NULL || strcmp(name, "-") == 0) {
		f->to = stdout;
		return 0;
	}
	esc_tty(&shown, bytes_of(name));
	f->shown = mem_dup(buf_text(&shown));
	path = mem_dup(name);
	follow(&path, &into, &own);
	if (into)
		return open_into(f, path, own, e);
	if (stat(path, &was) == 0) {
		if (!S_ISREG(was.st_mode))
			return open_into(f, path, -1, e);
		f->path = TAKE(path);
		return open_beside(f, &was, e);
	}
	if (errno != ENOENT || last_of(path)[0] == '\0')
		return failed(f, "", errno, e);
	f->path = TAKE(path);
	return open_beside(f, NULL, e);
}

/* ---- the end ---- */

/* Of a file system that cannot do it. */
static bool cannot_sync(int error)
{
	return error == EINVAL || error == ENOTSUP || error == ENOSYS;
}

static int close_all(struct outfile *f)
{
	int fd = f->fd, error = 0;

	if (f->to != NULL && fclose(TAKE(f->to)) != 0)
		error = f->error ? f->error : errno;
	f->fd = -1;
	/* after EINTR it is closed all the same */
	if (fd >= 0 && close(fd) != 0 && errno != EINTR && error == 0)
		error = errno;
	return error;
}

int outfile_complete(struct outfile *f, struct err *e)
{
	struct stat st;
	int error = 0;

	if (f->to == stdout)
		return outfile_flush_stdout(e);
	if (fflush(f->to) != 0)
		error = errno;
	if (f->error != 0 || ferror(f->to))
		error = f->error ? f->error : error ? error : EIO;
	if (error == 0 && fstat(f->fd, &st) != 0)
		error = errno;
	if (error == 0 && S_ISREG(st.st_mode) && fsync(f->fd) != 0 && !cannot_sync(errno))
		error = errno;
	if (error == 0)
		error = close_all(f);
	return error == 0 ? 0 : failed(f, "", error, e);
}

/* Without leave to read the folder nobody can sync it. */
static int sync_folder(const char *path)
{
	auto_free char *folder = folder_of(path);
	auto_close int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return errno == EACCES ? 0 : -1;
	return fsync(fd) == 0 || cannot_sync(errno) ? 0 : -1;
}

int outfile_commit(struct outfile *f, struct err *e)
{
	if (f->temporary == NULL)
		return 0;
	if (rename(f->temporary, f->path) != 0)
		return failed(f, "", errno, e);
	forget_temporary(f);
	if (sync_folder(f->path) != 0)
		return err_set(
			e, ST_SYSTEM,
			"'%.400s' is written, but its folder cannot be synced, so a power loss may undo that: %s",
			f->shown, strerror(errno));
	return 0;
}

void outfile_release(struct outfile *f)
{
	if (f->to != NULL && f->to != stdout)
		close_all(f);
	else if (f->to == NULL && f->fd > 0)
		close(f->fd);
	if (f->temporary != NULL) {
		unlink(f->temporary);
		forget_temporary(f);
	}
	free(f->shown);
	free(f->path);
	*f = (struct outfile){ .fd = -1 };
}

bool outfile_same(const struct outfile *a, const struct outfile *b)
{
	auto_free char *folder_a = NULL, *folder_b = NULL;
	struct stat x, y;

	if ((a->path == NULL) != (b->path == NULL))
		return false;
	if (a->path != NULL) {
		folder_a = folder_of(a->path);
		folder_b = folder_of(b->path);
		return strcmp(last_of(a->path), last_of(b->path)) == 0 && stat(folder_a, &x) == 0 &&
		       stat(folder_b, &y) == 0 && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
	}
	/* devices as /dev/null take both */
	return fstat(a->to == stdout ? STDOUT_FILENO : a->fd, &x) == 0 &&
	       fstat(b->to == stdout ? STDOUT_FILENO : b->fd, &y) == 0 && x.st_dev == y.st_dev &&
	       x.st_ino == y.st_ino &&
	       (!S_ISCHR(x.st_mode) || isatty(a->to == stdout ? STDOUT_FILENO : a->fd));
}

/* ---- standard output ---- */

/*
 * Why it failed, where stdio has kept only that it did: what fails for a reason that stays fails
 * again. A byte behind what is cut already does no harm.
 */
static int ask_again(void)
{
	return write(STDOUT_FILENO, "\n", 1) < 0 ? errno : 0;
}

static int stdout_failed(int error, struct err *e)
{
	/* said once */
	clearerr(stdout);
	__fpurge(stdout);
	error = error ? error : ask_again();
	if (error == EPIPE)
		return 0;
	return err_set(e, ST_SYSTEM, "cannot write to standard output: %s",
		       error ? strerror(error) : "a write failed");
}

int outfile_flush_stdout(struct err *e)
{
	if (fflush(stdout) != 0)
		return stdout_failed(errno, e);
	return ferror(stdout) ? stdout_failed(0, e) : 0;
}

int outfile_end_stdout(struct err *e)
{
	if (outfile_flush_stdout(e) < 0)
		return -1;
	/* some file systems tell of a full disk or quota only here; it may have been closed from
	 * the start */
	return close(STDOUT_FILENO) == 0 || errno == EBADF || errno == EINTR ?
		       0 :
		       stdout_failed(errno, e);
}
