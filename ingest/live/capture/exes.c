// SPDX-License-Identifier: Apache-2.0
/* Opens the files of processes, and reads their build-ids in a thread of its own. */
#include "ingest/live/capture/exes.h"

#include "store/base/pool.h"

#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define WAITING_MAX 128  /* open files */
#define KNOWN_MAX 65536  /* that nobody took */
#define FILES_MAX 16384  /* whose build-ids are remembered */
#define GATHER_MS 5      /* what else comes is read in one go */
#define END_MS 100       /* that a thread which was not waited for has to end */

struct exes {
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t came;
	struct exes_seen waiting, known;
	bool ended;
	atomic_bool over;
	/* the thread's: which file, and in which state; ids are by pool id - 1 */
	struct pool files;
	VEC(struct build_id) ids;
};

/* ---- the thread ---- */

/*
 * The build-id of a file that is open as a path only; read once for each state of each file, empty
 * where it has none. False: it could not be read this time.
 */
static bool id_of(struct exes *x, int fd, const struct stat *st, struct build_id *out)
{
	const int64_t key[] = { (int64_t)st->st_dev, (int64_t)st->st_ino, st->st_size,
				st->st_mtim.tv_sec,  st->st_mtim.tv_nsec, st->st_ctim.tv_sec,
				st->st_ctim.tv_nsec };
	const struct bytes file = { (const char *)key, sizeof(key) };
	char path[32];
	uint32_t id;

	if (x->ids.n >= FILES_MAX) {
		pool_release(&x->files);
		x->ids.n = 0;
	}
	id = pool_find(&x->files, file);
	if (id == 0) {
		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
		if (!build_at(out, path))
			return false;
		id = pool_intern(&x->files, file);
		*VEC_PUSH(&x->ids) = *out;
	}
	*out = x->ids.v[id - 1];
	return true;
}

/* False: it has no build-id that can be known. Closes the file. */
static bool identify(struct exes *x, struct exe_seen *s)
{
	struct stat st, named;
	bool known = fstat(s->fd, &st) == 0 && id_of(x, s->fd, &st, &s->id) && s->id.text[0];

	if (known)
		s->here = stat(s->exe.p, &named) == 0 && named.st_dev == st.st_dev &&
			  named.st_ino == st.st_ino;
	mem_close_at(&s->fd);
	return known;
}

static void *read_build_ids(void *to)
{
	struct exes *x = to;

	pthread_mutex_lock(&x->lock);
	while (x->waiting.n > 0 || !x->ended) {
		struct exes_seen now;

		while (x->waiting.n == 0 && !x->ended)
			pthread_cond_wait(&x->came, &x->lock);
		if (!x->ended) {
			pthread_mutex_unlock(&x->lock);
			nanosleep(&(struct timespec){ .tv_nsec = GATHER_MS * 1000000 }, NULL);
			pthread_mutex_lock(&x->lock);
		}
		now = x->waiting;
		x->waiting = (struct exes_seen){ 0 };
		pthread_mutex_unlock(&x->lock);
		for (size_t i = 0; i < now.n; i++)
			if (!identify(x, now.v[i]))
				mem_free_at(&now.v[i]); /* leaves NULL */
		pthread_mutex_lock(&x->lock);
		for (size_t i = 0; i < now.n; i++)
			if (now.v[i] != NULL && x->known.n < KNOWN_MAX)
				*VEC_PUSH(&x->known) = now.v[i];
			else
				free(now.v[i]);
		VEC_FREE(&now);
	}
	pthread_mutex_unlock(&x->lock);
	x->over = true;
	return NULL;
}

/* ---- for its users ---- */

struct exes *exes_start(void)
{
	struct exes *x = mem_zero(1, sizeof(*x));

	pthread_mutex_init(&x->lock, NULL);
	pthread_cond_init(&x->came, NULL);
	if (pthread_create(&x->thread, NULL, read_build_ids, x) == 0)
		return x;
	free(x);
	return NULL;
}

int exes_open(int32_t pid, struct bytes exe)
{
	char path[32], link[PATH_MAX];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/exe", pid);
	fd = open(path, O_PATH | O_CLOEXEC);
	if (fd < 0)
		return -1;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	n = readlink(path, link, sizeof(link));
	/* the process's root directory may lie below ours; then so does its name for it */
	if (n > 0 && exe.n > 0 && (size_t)n >= exe.n && memcmp(link + n - exe.n, exe.p, exe.n) == 0)
		return fd;
	close(fd);
	return -1;
}

void exes_add(struct exes *x, int fd, struct bytes exe, struct bytes location, int64_t t_ms)
{
	struct exe_seen *s = mem_alloc(sizeof(*s) + exe.n + 1 + location.n);
	char *text = (char *)(s + 1);
	bool room;

	memcpy(text, exe.p, exe.n);
	text[exe.n] = '\0';
	if (location.n)
		memcpy(text + exe.n + 1, location.p, location.n);
	*s = (struct exe_seen){ .t_ms = t_ms,
				.exe = { text, exe.n },
				.location = { text + exe.n + 1, location.n },
				.fd = fd };
	pthread_mutex_lock(&x->lock);
	room = x->waiting.n < WAITING_MAX;
	if (room)
		*VEC_PUSH(&x->waiting) = TAKE(s);
	pthread_cond_signal(&x->came);
	pthread_mutex_unlock(&x->lock);
	if (!room)
		close(fd);
	free(s);
}

void exes_take(struct exes *x, struct exes_seen *out)
{
	pthread_mutex_lock(&x->lock);
	*out = x->known;
	x->known = (struct exes_seen){ 0 };
	pthread_mutex_unlock(&x->lock);
}

void exes_end(struct exes *x, int ms)
{
	pthread_mutex_lock(&x->lock);
	x->ended = true;
	pthread_cond_signal(&x->came);
	pthread_mutex_unlock(&x->lock);
	for (; ms > 0 && !x->over; ms--)
		nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
}

void exes_free(struct exes *x)
{
	struct exes_seen left;

	if (x == NULL)
		return;
	exes_end(x, END_MS);
	exes_take(x, &left);
	for (size_t i = 0; i < left.n; i++)
		free(left.v[i]);
	VEC_FREE(&left);
	if (!x->over) { /* it waits for a file system, and what it holds goes with the process */
		pthread_detach(x->thread);
		return;
	}
	pthread_join(x->thread, NULL);
	pool_release(&x->files);
	VEC_FREE(&x->ids);
	pthread_mutex_destroy(&x->lock);
	pthread_cond_destroy(&x->came);
	free(x);
}
