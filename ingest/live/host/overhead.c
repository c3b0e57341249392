// SPDX-License-Identifier: Apache-2.0
/* Times a call with and without a record in a child, in rounds, and takes medians. */
#include "ingest/live/host/overhead.h"

#include "ingest/live/kernel/marker.h"
#include "store/base/mem.h"

#include <errno.h>
#include <string.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define ROUNDS 5
#define PLAIN_CALLS 4000
/* fewer than the 64 records that wait by default, or the queue's sleep would be measured */
#define LOGGED_CALLS 40
#define PAUSE_NS 20000000 /* between rounds, for the queue to empty */

static double round_ns(int32_t nr, int calls)
{
	struct timespec a, b;

	clock_gettime(CLOCK_MONOTONIC, &a);
	for (int i = 0; i < calls; i++)
		syscall(nr);
	clock_gettime(CLOCK_MONOTONIC, &b);
	return ((double)(b.tv_sec - a.tv_sec) * 1e9 + (double)(b.tv_nsec - a.tv_nsec)) / calls;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double median_ns(int32_t nr, int calls)
{
	static const struct timespec pause = { 0, PAUSE_NS };
	double rounds[ROUNDS];

	for (int i = 0; i < ROUNDS; i++) {
		rounds[i] = round_ns(nr, calls);
		nanosleep(&pause, NULL);
	}
	qsort(rounds, ROUNDS, sizeof(rounds[0]), by_value);
	return rounds[ROUNDS / 2];
}

/* In the child. Returns 0, or the errno. */
static int measure(int32_t nr, int to)
{
	struct overhead c = { .records = ROUNDS * LOGGED_CALLS };
	int failed;

	c.plain_ns = median_ns(nr, PLAIN_CALLS);
	failed = marker_load(nr);
	if (failed)
		return failed;
	c.logged_ns = median_ns(nr, LOGGED_CALLS);
	return write(to, &c, sizeof(c)) == sizeof(c) ? 0 : EIO;
}

int overhead_measure(struct overhead *out, struct err *e)
{
	int ends[2], status = 0, no_child;
	ssize_t got;
	int32_t nr = 0;
	pid_t child;

	if (marker_number(&nr, e) < 0)
		return -1;
	if (pipe(ends) != 0)
		return err_set(e, ST_SYSTEM, "no pipe: %s", strerror(errno));
	child = fork();
	if (child == 0)
		_exit(measure(nr, ends[1]));
	no_child = errno;
	close(ends[1]);
	do
		got = child < 0 ? 0 : read(ends[0], out, sizeof(*out));
	while (got < 0 && errno == EINTR);
	close(ends[0]);
	if (child < 0)
		return err_set(e, ST_SYSTEM, "cannot fork: %s", strerror(no_child));
	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	if (got == sizeof(*out))
		return 0;
	return err_set(e, ST_SYSTEM, "a logged call could not be measured: %s",
		       WIFEXITED(status) ? strerror(WEXITSTATUS(status)) : "the child was killed");
}
