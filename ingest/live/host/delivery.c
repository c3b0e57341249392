// SPDX-License-Identifier: Apache-2.0
/*
 * Makes one record and waits for it on each way that this machine has: netlink, kmsg, files, the
 * journal.
 */
#include "ingest/live/host/delivery.h"

#include "ingest/live/kernel/marker.h"
#include "ingest/live/kernel/helper.h"
#include "store/base/mem.h"
#include "store/base/when.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define STEP_MS 20
#define KMSG_MAX 8192        /* PRINTKRB_RECORD_MAX and more; source: kernel/printk/printk.c */
#define AT_ONCE (256u << 10) /* bytes of a file that are looked at in one step */
/* bytes from the end of a block that may be the beginning of the record's line */
#define LINE_KEEP 4096
#define JOURNAL_MAX (4u << 20)
#define JOURNAL_MS 3000
#define JOURNAL_STEP_MS 250

struct look_at {
	const char *name, *path;
	enum delivery_kind kind;
	int (*open)(struct delivery *a, struct delivery_way *w);
	void (*look)(struct delivery *a, struct delivery_way *w);
	bool last; /* costs more: looked at after the others, and less often */
};

/* Is the record in this text? Then its pid is taken, too. */
static void look_in(struct delivery *a, struct delivery_way *w, struct bytes text)
{
	char mark[32];
	size_t at;
	uint64_t pid;

	snprintf(mark, sizeof(mark), " syscall=%d ", a->nr);
	at = bytes_find(text, bytes_of(mark));
	if (at == text.n)
		return;
	w->arrived = true;
	text.n = at;
	/* its own line only; pid comes before comm, so that no name can stand for it */
	for (size_t i = at; i-- > 0;)
		if (text.p[i] == '\n') {
			bytes_skip(&text, i);
			break;
		}
	at = bytes_find(text, BYTES(" pid="));
	bytes_skip(&text, at + 5);
	if (a->record_pid == 0 && bytes_dec(&text, INT32_MAX, &pid))
		a->record_pid = (int32_t)pid;
}

/* A way that cannot be read says nothing about what came by it. */
static void cannot_read(struct delivery_way *w)
{
	w->open = false;
	err_set(&w->why, ST_SYSTEM, "it cannot be read: %s", strerror(errno));
}

static int open_netlink(struct delivery *a, struct delivery_way *w)
{
	return netlink_open(&a->netlink, NETLINK_BUFFER, &w->why);
}

static void look_netlink(struct delivery *a, struct delivery_way *w)
{
	int64_t until = when_clock_ms() + STEP_MS;
	size_t n = 1;

	while (n && !w->arrived && when_clock_ms() < until) {
		if (netlink_receive(&a->netlink, 0, &n, &w->why) < 0) {
			w->open = false;
			return;
		}
		for (size_t i = 0; i < n; i++)
			if (a->netlink.messages[i].ours)
				look_in(a, w, a->netlink.messages[i].line);
	}
}

static int open_kmsg(struct delivery *a, struct delivery_way *w)
{
	(void)a;
	w->fd = open(w->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (w->fd < 0 || lseek(w->fd, 0, SEEK_END) < 0)
		return err_set(&w->why, ST_SYSTEM, "%s", strerror(errno));
	return 0;
}

static void look_kmsg(struct delivery *a, struct delivery_way *w)
{
	int64_t until = when_clock_ms() + STEP_MS;
	char line[KMSG_MAX];

	while (!w->arrived && when_clock_ms() < until) {
		ssize_t got = read(w->fd, line, sizeof(line));

		if (got > 0)
			look_in(a, w, (struct bytes){ line, (size_t)got });
		else if (got == 0 || errno == EAGAIN)
			return;
		else if (errno != EPIPE &&
			 errno != EINTR) /* EPIPE: lines were overwritten, go on */
			return cannot_read(w);
	}
}

static int open_file(struct delivery *a, struct delivery_way *w)
{
	struct stat st;

	(void)a;
	w->fd = open(w->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (w->fd < 0 || fstat(w->fd, &st) != 0)
		return err_set(&w->why, ST_SYSTEM, "%s",
			       errno == ENOENT ? "no such file" : strerror(errno));
	if (!S_ISREG(st.st_mode) || lseek(w->fd, 0, SEEK_END) < 0)
		return err_set(&w->why, ST_SYSTEM, "it is no regular file");
	return 0;
}

static void look_file(struct delivery *a, struct delivery_way *w)
{
	auto_free char *block = mem_alloc(AT_ONCE);
	ssize_t got = read(w->fd, block, AT_ONCE);
	size_t keep;

	if (got < 0 && errno != EINTR)
		cannot_read(w);
	if (got <= 0)
		return;
	buf_add(&w->rest, block, (size_t)got);
	look_in(a, w, buf_bytes(&w->rest));
	keep = w->rest.n < LINE_KEEP ? w->rest.n : LINE_KEEP;
	memmove(w->rest.p, w->rest.p + w->rest.n - keep, keep);
	w->rest.n = keep;
}

static int ask_journal(const struct delivery *a, struct buf *out, struct err *e)
{
	auto_free char *since = mem_print("--since=@%lld", (long long)a->began - 1);
	const char *const argv[] = { "journalctl", "--no-pager",
				     "--quiet",	   "--output=cat",
				     since,	   "_TRANSPORT=kernel",
				     "+",	   "_TRANSPORT=audit",
				     NULL };

	return helper_output(argv, JOURNAL_MAX, JOURNAL_MS, out, e);
}

static int open_journal(struct delivery *a, struct delivery_way *w)
{
	static const char *const folders[] = { "/run/log/journal", "/var/log/journal" };
	auto_buf struct buf out = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(folders); i++)
		if (access(folders[i], R_OK) == 0)
			return ask_journal(a, &out, &w->why);
	return err_set(&w->why, ST_SYSTEM, "there is none, or it may not be read");
}

static void look_journal(struct delivery *a, struct delivery_way *w)
{
	auto_buf struct buf out = { 0 };

	if (ask_journal(a, &out, &w->why) == 0)
		look_in(a, w, buf_bytes(&out));
	else
		w->open = false;
}

static const struct look_at ways[] = {
	{ "netlink", NULL, DELIVERY_LIVE, open_netlink, look_netlink, false },
	{ "kmsg", "/dev/kmsg", DELIVERY_RING, open_kmsg, look_kmsg, false },
	{ "audit.log", NULL, DELIVERY_KEPT, open_file, look_file, false },
	{ "syslog", "/var/log/syslog", DELIVERY_KEPT, open_file, look_file, false },
	{ "messages", "/var/log/messages", DELIVERY_KEPT, open_file, look_file, false },
	{ "kern.log", "/var/log/kern.log", DELIVERY_KEPT, open_file, look_file, false },
	{ "journal", NULL, DELIVERY_KEPT, open_journal, look_journal, true },
};
_Static_assert(ARRAY_SIZE(ways) <= DELIVERY_WAYS, "room for each way");

static void open_ways(struct delivery *a, const char *audit_log)
{
	for (size_t i = 0; i < ARRAY_SIZE(ways); i++) {
		struct delivery_way *w = &a->ways[a->n++];
		const char *path = ways[i].path != NULL	     ? ways[i].path :
				   ways[i].open == open_file ? audit_log :
							       NULL;

		*w = (struct delivery_way){ .name = ways[i].name, .kind = ways[i].kind, .fd = -1 };
		w->path = path != NULL ? mem_dup(path) : NULL;
		w->open = ways[i].open(a, w) == 0;
	}
}

/* One look at all that are still waited for; false when there is none. */
static bool look_all_ways(struct delivery *a, int64_t made, bool last)
{
	bool waiting = false;

	for (size_t i = 0; i < a->n; i++) {
		struct delivery_way *w = &a->ways[i];

		if (!w->open || w->arrived || ways[i].last != last)
			continue;
		ways[i].look(a, w);
		w->after_ms = (int)(when_clock_ms() - made);
		waiting = waiting || !w->arrived;
	}
	return waiting;
}

static void wait_for(struct delivery *a, int64_t made, bool last, int step_ms, int wait_ms)
{
	const struct timespec step = { 0, step_ms * 1000000L };

	while (look_all_ways(a, made, last) && when_clock_ms() - made < wait_ms)
		nanosleep(&step, NULL);
}

void delivery_watch(struct delivery *a, const char *audit_log, int wait_ms)
{
	int64_t made;

	*a = (struct delivery){ .netlink = { .fd = -1 }, .began = time(NULL) };
	open_ways(a, audit_log);
	made = when_clock_ms();
	a->made = marker_make(&a->nr, &a->pid, &a->why) == 0;
	if (!a->made)
		return;
	wait_for(a, made, false, STEP_MS, wait_ms);
	wait_for(a, made, true, JOURNAL_STEP_MS, wait_ms);
}

void delivery_release(struct delivery *a)
{
	for (size_t i = 0; i < a->n; i++) {
		mem_close_at(&a->ways[i].fd);
		mem_free_at(&a->ways[i].path);
		buf_release(&a->ways[i].rest);
	}
	netlink_release(&a->netlink);
	*a = (struct delivery){ .netlink = { .fd = -1 } };
}

const struct delivery_way *delivery_by(const struct delivery *a, enum delivery_kind kind)
{
	for (size_t i = 0; i < a->n; i++)
		if (a->ways[i].kind == kind && a->ways[i].arrived)
			return &a->ways[i];
	return NULL;
}
