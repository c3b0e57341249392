// SPDX-License-Identifier: Apache-2.0
/*
 * For LD_PRELOAD: the Nth call on files in one folder fails. Only direct calls are met, not those
 *inside of the C library.
 *
 *	FAULT_DIR    the folder; what lies elsewhere is left alone
 *	FAULT_AT     which call, from 1
 *	FAULT_ERRNO  with what it fails, as a number
 *	FAULT_KEEPS  set: and so do all writes that come after
 *	FAULT_FIRED  a file that is made when it has failed, with the name of the call in it
 *
 * A write that fails takes half of its bytes at the call before, as one does on a disk that fills
 *up.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define NEXT(name) ((__typeof__(name) *)next(#name))

static long met;
static bool writes_fail;

static void *next(const char *name)
{
	void *f = dlsym(RTLD_NEXT, name);

	if (f == NULL)
		abort();
	return f;
}

static bool is_under(const char *path)
{
	const char *dir = getenv("FAULT_DIR");

	return dir != NULL && path != NULL && strncmp(path, dir, strlen(dir)) == 0;
}

static bool is_file_under(int fd)
{
	char link[64], path[4096];
	ssize_t n;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, path, sizeof(path) - 1);
	path[n > 0 ? n : 0] = '\0';
	return is_under(path);
}

/* Is it this call's turn to fail? */
static bool fails(const char *name)
{
	const char *at = getenv("FAULT_AT"), *error = getenv("FAULT_ERRNO"),
		   *fired = getenv("FAULT_FIRED");
	long fd;

	if (at == NULL || error == NULL || ++met != atol(at))
		return false;
	writes_fail = getenv("FAULT_KEEPS") != NULL;
	fd = fired == NULL ? -1 :
			     syscall(SYS_openat, AT_FDCWD, fired,
				     O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd >= 0) {
		syscall(SYS_write, fd, name, strlen(name));
		syscall(SYS_close, fd);
	}
	errno = atoi(error);
	return true;
}

static bool write_fails(void)
{
	const char *error = getenv("FAULT_ERRNO");

	if (!writes_fail || error == NULL)
		return fails("write");
	errno = atoi(error);
	return true;
}

int open(const char *path, int flags, ...)
{
	va_list ap;
	mode_t mode = 0;

	if (is_under(path) && fails("open"))
		return -1;
	va_start(ap, flags);
	if ((flags & O_CREAT) || (flags & O_TMPFILE) == O_TMPFILE)
		mode = va_arg(ap, mode_t);
	va_end(ap);
	return NEXT(open)(path, flags, mode);
}

int mkostemp(char *template, int flags)
{
	return is_under(template) && fails("mkostemp") ? -1 : NEXT(mkostemp)(template, flags);
}

ssize_t write(int fd, const void *p, size_t n)
{
	bool ours = is_file_under(fd);

	if (ours && write_fails())
		return -1;
	return NEXT(write)(fd, p, ours && n > 1 ? n / 2 : n);
}

int fsync(int fd)
{
	return is_file_under(fd) && fails("fsync") ? -1 : NEXT(fsync)(fd);
}

int fchmod(int fd, mode_t mode)
{
	return is_file_under(fd) && fails("fchmod") ? -1 : NEXT(fchmod)(fd, mode);
}

int close(int fd)
{
	bool ours = (fcntl(fd, F_GETFL) & O_ACCMODE) != O_RDONLY && is_file_under(fd);
	int ret = NEXT(close)(fd);

	/* it is closed, and the error is one of what was written before */
	return ours && fails("close") ? -1 : ret;
}

int rename(const char *from, const char *to)
{
	return is_under(to) && fails("rename") ? -1 : NEXT(rename)(from, to);
}
