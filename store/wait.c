// SPDX-License-Identifier: Apache-2.0
/* Waits for the lock within a time, and finds in /proc/locks who holds it. */
#include "store/wait.h"

#include "store/base/esc.h"
#include "store/base/mem.h"
#include "store/base/when.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

#define STEP_MS 10
#define SAY_MS 1000
#define WRITE_LOCK 120            /* byte of -shm */
#define PENDING_BYTE 0x40000000   /* first lock byte of the store's file */
#define LOCK_BYTES 512
#define COMMAND_MAX 120

/* A line of /proc/locks: "1: POSIX  ADVISORY  WRITE 4711 08:01:1234 120 120". */
struct lock { long long pid; unsigned major, minor; uint64_t inode, first, last; };

static bool read_lock(const char *line, struct lock *l)
{
	char last[24];

	if (sscanf(line, "%*u: %*s %*s WRITE %lld %x:%x:%" SCNu64 " %" SCNu64 " %23s", &l->pid,
		   &l->major, &l->minor, &l->inode, &l->first, last) != 6)
		return false;
	l->last = strcmp(last, "EOF") == 0 ? UINT64_MAX : strtoull(last, NULL, 10);
	return true;
}

static bool of_file(const struct lock *l, const struct stat *st)
{
	return l->inode == st->st_ino && l->major == major(st->st_dev) &&
	       l->minor == minor(st->st_dev);
}

/* The process that holds the lock; 0: not known. */
static long long holder(const char *path)
{
	auto_free char *shm_path = mem_print("%s-shm", path);
	auto_fclose FILE *locks = fopen("/proc/locks", "re");
	struct stat file = { 0 }, shm = { 0 };
	bool has_shm = stat(shm_path, &shm) == 0;
	char line[256];
	struct lock l;

	if (locks == NULL || stat(path, &file) != 0)
		return 0;
	while (fgets(line, sizeof(line), locks) != NULL) {
		const char *blocked = strstr(line, "->"); /* one that waits, and holds nothing */

		if (blocked != NULL || !read_lock(line, &l) || l.pid <= 0 || l.pid == getpid())
			continue;
		if ((has_shm && of_file(&l, &shm) && l.first <= WRITE_LOCK &&
		     l.last >= WRITE_LOCK) ||
		    (of_file(&l, &file) && l.first < PENDING_BYTE + LOCK_BYTES &&
		     l.last >= PENDING_BYTE))
			return l.pid;
	}
	return 0;
}

/* The command line of a process, its words with blanks between. */
static void command_of(struct buf *out, long long pid)
{
	char path[40], text[COMMAND_MAX];
	auto_close int fd = -1;
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%lld/cmdline", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	n = fd < 0 ? -1 : read(fd, text, sizeof(text));
	if (n <= 0)
		return;
	while (n > 0 && text[n - 1] == '\0')
		n--;
	for (ssize_t i = 0; i < n; i++)
		if (text[i] == '\0')
			text[i] = ' ';
	buf_str(out, " (");
	esc_tty(out, (struct bytes){ text, (size_t)n });
	buf_str(out, n == COMMAND_MAX ? "...)" : ")");
}

void wait_holder(struct buf *out, const char *path)
{
	long long pid = holder(path);

	if (pid == 0) {
		buf_str(out, "another process");
		return;
	}
	buf_printf(out, "pid %lld", pid);
	command_of(out, pid);
}

bool wait_stopped(const struct store_wait *w)
{
	return w->stop != NULL && *w->stop != 0;
}

static void say_who_holds(struct store_wait *w, const char *path)
{
	auto_buf struct buf text = { 0 }, shown = { 0 };

	esc_tty(&shown, bytes_of(path));
	buf_printf(&text, "waiting for ");
	wait_holder(&text, path);
	buf_printf(&text, ", which holds the store %s (for up to %.3g s, see --wait)",
		   buf_text(&shown), (double)w->ms / 1000);
	w->say(w->to, buf_text(&text));
}

bool wait_step(struct store_wait *w, const char *path)
{
	int64_t now = when_clock_ms(), waited, limit = w->ms;

	if (w->began == 0)
		w->began = now;
	waited = now - w->began;
	if (wait_stopped(w) && w->stop_ms < limit)
		limit = w->stop_ms;
	if (waited >= limit)
		return false;
	if (waited >= SAY_MS && !w->said) {
		w->said = true;
		if (w->say != NULL)
			say_who_holds(w, path);
	}
	/* a signal ends the sleep, and is seen at the next step */
	nanosleep(&(struct timespec){ .tv_nsec = STEP_MS * 1000000 }, NULL);
	return true;
}

void wait_end(struct store_wait *w)
{
	w->began = 0;
	w->said = false;
}
