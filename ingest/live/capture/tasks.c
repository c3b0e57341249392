// SPDX-License-Identifier: Apache-2.0
/* Reads the rings of perf's events of forks, execs and ends, and puts them in order of time. */
#include "ingest/live/capture/tasks.h"

#include <errno.h>
#include <linux/perf_event.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define PAGES 64 /* of a ring, a power of two: some 4,000 events between two looks */
/* bytes, more than an event has: a ring with less room may have refused one */
#define EVENT_MAX 128

static size_t ring_bytes(void)
{
	return (size_t)sysconf(_SC_PAGESIZE) * PAGES;
}

static int open_ring(struct tasks *t, int32_t pid, int cpu, struct err *e)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_SOFTWARE,
		.size = sizeof(attr),
		.config = PERF_COUNT_SW_DUMMY,
		.inherit = 1,
		.exclude_kernel = 1,
		.exclude_hv = 1,
		.comm = 1,
		.comm_exec = 1,
		.task = 1,
		.sample_id_all = 1,
		.sample_type = PERF_SAMPLE_TIME,
		.use_clockid = 1,
		.clockid = CLOCK_REALTIME,
		.watermark = 1,
		.wakeup_watermark = UINT32_MAX,
	};
	int fd = (int)syscall(SYS_perf_event_open, &attr, pid, cpu, -1, PERF_FLAG_FD_CLOEXEC);
	void *at;

	if (fd < 0 && errno == ENODEV) /* a processor that is off */
		return 0;
	if (fd < 0)
		return err_set(e, ST_SYSTEM, "perf events may not be used: %s", strerror(errno));
	at = mmap(NULL, ring_bytes() + (size_t)sysconf(_SC_PAGESIZE), PROT_READ | PROT_WRITE,
		  MAP_SHARED, fd, 0);
	if (at == MAP_FAILED) {
		close(fd);
		return err_set(e, ST_SYSTEM, "perf events may not be used: no memory for them: %s",
			       strerror(errno));
	}
	*VEC_PUSH(&t->rings) = (struct tasks_ring){ fd, at, false };
	return 0;
}

int tasks_open(struct tasks *t, int32_t pid, struct err *e)
{
	long n = sysconf(_SC_NPROCESSORS_CONF);

	*t = (struct tasks){ 0 };
	for (int cpu = 0; cpu < n; cpu++)
		if (open_ring(t, pid, cpu, e) < 0)
			return -1;
	return 0;
}

void tasks_release(struct tasks *t)
{
	for (size_t i = 0; i < t->rings.n; i++) {
		munmap(t->rings.v[i].at, ring_bytes() + (size_t)sysconf(_SC_PAGESIZE));
		close(t->rings.v[i].fd);
	}
	VEC_FREE(&t->rings);
	VEC_FREE(&t->waiting);
	VEC_FREE(&t->events);
}

/* Copies n bytes of the ring's data from `from`, which goes round. */
static void copy(const char *data, uint64_t from, void *to, size_t n)
{
	size_t size = ring_bytes(), at = from % size, first = size - at < n ? size - at : n;

	memcpy(to, data + at, first);
	memcpy((char *)to + first, data, n - first);
}

/* What the kernel writes behind a record's head: pid, ppid, tid, ptid, time; and the time of all as
 * its last 8 bytes. */
struct task_body { uint32_t pid, ppid, tid, ptid; };

static void take_perf_event(struct tasks *t, struct tasks_ring *ring, const char *data, uint64_t at,
			    const struct perf_event_header *head)
{
	struct task_event ev = { 0 };
	struct task_body body = { 0 };
	uint64_t lost = 0;

	if (head->size < sizeof(*head) + sizeof(body) + sizeof(ev.ns))
		return;
	copy(data, at + sizeof(*head), &body, sizeof(body));
	copy(data, at + head->size - sizeof(ev.ns), &ev.ns, sizeof(ev.ns));
	ev.pid = (int32_t)body.pid;
	ev.parent = (int32_t)body.ppid;
	switch (head->type) {
	case PERF_RECORD_LOST: /* an id, then how many */
		copy(data, at + sizeof(*head) + sizeof(uint64_t), &lost, sizeof(lost));
		t->lost += lost;
		ring->full = false;
		return;
	case PERF_RECORD_FORK:
		ev.kind = body.pid == body.ppid ? TASK_THREAD : TASK_FORK;
		break;
	case PERF_RECORD_EXIT:
		ev.kind = TASK_EXIT;
		break;
	case PERF_RECORD_COMM: /* pid, tid, name; other changes of a name do not matter */
		if (!(head->misc & PERF_RECORD_MISC_COMM_EXEC))
			return;
		ev.kind = TASK_EXEC;
		ev.parent = 0;
		break;
	default:
		return;
	}
	*VEC_PUSH(&t->waiting) = ev;
}

static void drain(struct tasks *t, struct tasks_ring *ring)
{
	struct perf_event_mmap_page *page = (struct perf_event_mmap_page *)(void *)ring->at;
	const char *data = ring->at + sysconf(_SC_PAGESIZE);
	uint64_t head = __atomic_load_n(&page->data_head, __ATOMIC_ACQUIRE), tail = page->data_tail;
	const bool full = ring_bytes() - (head - tail) < EVENT_MAX;

	while (tail < head) {
		struct perf_event_header h;

		copy(data, tail, &h, sizeof(h));
		if (h.size < sizeof(h)) { /* no event; how many there are behind it is not known */
			t->lost++;
			break;
		}
		take_perf_event(t, ring, data, tail, &h);
		tail += h.size;
	}
	ring->full = ring->full || full;
	__atomic_store_n(&page->data_tail, head, __ATOMIC_RELEASE);
}

static int by_time(const void *a, const void *b)
{
	const struct task_event *x = a, *y = b;

	return x->ns < y->ns ? -1 : x->ns > y->ns;
}

void tasks_read(struct tasks *t)
{
	struct timespec now;
	int64_t before;
	size_t n = 0;

	/* rings are read one after the other: what is newer than the first look could come before
	 * something older */
	clock_gettime(CLOCK_REALTIME, &now);
	before = (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
	for (size_t i = 0; i < t->rings.n; i++)
		drain(t, &t->rings.v[i]);
	if (t->waiting.n > 1)
		qsort(t->waiting.v, t->waiting.n, sizeof(*t->waiting.v), by_time);
	while (n < t->waiting.n && t->waiting.v[n].ns < before)
		n++;
	t->events.n = 0;
	for (size_t i = 0; i < n; i++)
		*VEC_PUSH(&t->events) = t->waiting.v[i];
	VEC_DROP(&t->waiting, n);
}

uint64_t tasks_lost(const struct tasks *t)
{
	uint64_t n = t->lost;

	for (size_t i = 0; i < t->rings.n; i++)
		n += t->rings.v[i].full;
	return n;
}
