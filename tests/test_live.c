// SPDX-License-Identifier: Apache-2.0
/* What capture is made of and needs no kernel: gaps, the queue, and who descends from whom. */
#include "tests/test.h"

#include "ingest/live/capture/descend.h"
#include "ingest/live/capture/gaps.h"
#include "ingest/live/capture/queue.h"
#include "store/base/buf.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- gaps ---- */

static struct gap_row {
	const char *name;
	uint32_t serials[12];
	size_t n;
	uint32_t last;
	uint64_t want;
} gap_rows[] = {
	{ "none", { 5, 6, 7, 8 }, 4, 8, 0 },
	{ "one", { 5, 6, 8 }, 3, 8, 1 },
	{ "out of order is none", { 5, 8, 6, 7 }, 4, 8, 0 },
	{ "several records of one serial", { 5, 6, 6, 6, 7 }, 5, 7, 0 },
	{ "what is behind the last does not count", { 5, 6, 7, 9, 12 }, 5, 7, 0 },
	{ "what came before the first does not count", { 5, 3, 4, 6 }, 4, 6, 0 },
	{ "over the wrap", { UINT32_MAX - 1, UINT32_MAX, 0, 1, 3 }, 5, 3, 1 },
	{ "a long one", { 5, 60005 }, 2, 60005, 59999 },
	{ "longer than the window", { 5, 1000005 }, 2, 1000005, 999999 },
	{ "a last one that never came", { 5, 6 }, 2, 8, 2 },
	{ "a last one before the first", { 5, 6 }, 2, 4, 0 },
	{ "slots of one remainder",
	  { 5, 5 + GAPS_WINDOW, 5 + 2 * GAPS_WINDOW },
	  3,
	  5 + 2 * GAPS_WINDOW,
	  2 * GAPS_WINDOW - 2 },
};

static void counts_gaps(void **state)
{
	const struct gap_row *row = *state;
	struct gaps *g = mem_zero(1, sizeof(*g));

	gaps_begin(g, row->serials[0]);
	for (size_t i = 1; i < row->n; i++)
		gaps_add(g, row->serials[i]);
	assert_int_equal(gaps_until(g, row->last), row->want);
	free(g);
}

static void no_gap_in_a_million(void **state)
{
	struct gaps *g = mem_zero(1, sizeof(*g));

	(void)state;
	/* pairs swapped, as two processors deliver them; the first is what counting begins with */
	gaps_begin(g, 0);
	for (uint32_t i = 1; i < 1000001; i += 2) {
		gaps_add(g, i + 1);
		gaps_add(g, i);
	}
	assert_int_equal(gaps_until(g, 1000000), 0);
	free(g);
}

/* ---- the queue ---- */

/* Takes all that waits; order and content have to be right, and with `lost` some may be missing. */
static uint64_t read_items(struct queue *q, uint64_t *next, bool lost)
{
	struct queue_block *b;
	uint64_t records = 0;

	while ((b = queue_take(q)) != NULL) {
		enum item_kind kind;
		struct bytes item;

		for (size_t at = 0; queue_item(b, &at, &kind, &item);) {
			uint64_t v;

			assert_int_equal(kind, ITEM_RECORD);
			assert_int_equal(item.n, 1000);
			memcpy(&v, item.p, sizeof(v));
			if (lost)
				assert_true(v >= *next);
			else
				assert_int_equal(v, *next);
			*next = v + 1;
			records++;
		}
		free(b);
	}
	return records;
}

static uint64_t read_all(struct queue *q, uint64_t *next)
{
	return read_items(q, next, false);
}

static void write_some(struct queue *q, uint64_t *next, size_t n)
{
	char item[1000] = "";

	for (size_t i = 0; i < n; i++) {
		memcpy(item, next, sizeof(*next));
		queue_add(q, ITEM_RECORD, item, sizeof(item));
		(*next)++;
	}
}

static void queue_keeps_order(void **state)
{
	struct err e = { 0 };
	struct queue q;
	uint64_t in = 0, out = 0;

	(void)state;
	assert_int_equal(queue_open(&q, NULL, &e), 0);
	for (int i = 0; i < 10; i++) {
		write_some(&q, &in, 700);
		read_all(&q, &out);
	}
	assert_false(queue_over(&q));
	queue_end(&q);
	read_all(&q, &out);
	assert_int_equal(out, 7000);
	assert_true(queue_over(&q));
	assert_int_equal(q.dropped, 0);
	queue_release(&q);
}

static void full_memory_says_so(void **state)
{
	struct err e = { 0 };
	struct queue q;
	uint64_t in = 0, out = 0;

	(void)state;
	assert_int_equal(queue_open(&q, NULL, &e), 0);
	while (queue_room(&q, 0))
		write_some(&q, &in, 100);
	assert_in_range(queue_waiting(&q), QUEUE_BLOCKS * (QUEUE_BLOCK - 2000),
			QUEUE_BLOCKS * QUEUE_BLOCK);
	write_some(&q, &in, 600); /* what was read already */
	assert_int_equal(q.dropped, 0);
	write_some(
		&q, &in,
		2000); /* a writer that goes on nevertheless loses records, and they are counted */
	queue_add(&q, ITEM_TASK, "task", 4);
	queue_end(&q);
	read_all(&q, &out);
	assert_int_equal(out + q.dropped, in);
	assert_true(q.dropped > 0);
	assert_int_equal(q.dropped_tasks, 1);
	queue_release(&q);
}

static uint64_t spool_bytes(const struct queue *q)
{
	struct stat st;

	assert_int_equal(fstat(q->spool, &st), 0);
	return (uint64_t)st.st_size;
}

static void spool_takes_the_rest(void **state)
{
	struct err e = { 0 };
	struct queue q;
	uint64_t in = 0, out = 0;

	(void)state;
	assert_int_equal(queue_open(&q, "/tmp", &e), 0);
	for (int round = 0; round < 3; round++) {
		write_some(&q, &in, 40000);
		assert_true(queue_room(&q, 0));
		if (round == 1)
			read_all(&q, &out);
	}
	queue_end(&q);
	read_all(&q, &out);
	assert_int_equal(out, in);
	assert_int_equal(q.dropped, 0);
	assert_true(q.spool_most > 10000000);
	assert_int_equal(spool_bytes(&q), 0); /* given back */
	queue_release(&q);
}

/* Never empty, one block in and one out: the file does not grow. SCAUDIT_LONG: as long as a day of
 * it. */
static void a_backlog_that_stands(void **state)
{
	const int rounds = getenv("SCAUDIT_LONG") != NULL ? 20000 : 500;
	struct err e = { 0 };
	struct queue q;
	uint64_t in = 0, out = 0, most = 0;

	(void)state;
	assert_int_equal(queue_open(&q, "/tmp", &e), 0);
	write_some(&q, &in, 14 << 10); /* 2 MiB more than memory takes */
	for (int i = 0; i < rounds; i++) {
		struct queue_block *b = queue_take(&q);
		enum item_kind kind;
		struct bytes item;

		for (size_t at = 0; queue_item(b, &at, &kind, &item); out++)
			assert_memory_equal(item.p, &out, sizeof(out));
		write_some(&q, &in, b->records);
		free(b);
		assert_in_range(queue_waiting(&q), 13 << 20, 15 << 20);
		most = spool_bytes(&q) > most ? spool_bytes(&q) : most;
	}
	print_message("%d rounds: the file had at most %.1f MiB\n", rounds, (double)most / 1048576);
	assert_in_range(most, 1 << 20, 3 << 20);
	assert_true(q.spool_most >= most);
	queue_end(&q);
	read_all(&q, &out);
	assert_int_equal(out, in);
	queue_release(&q);
}

/* The bound is on the disk: what does not fit is lost, and counted. A GiB, so only with
 * SCAUDIT_LONG. */
static void a_spool_that_is_full(void **state)
{
	struct err e = { 0 };
	struct queue q;
	uint64_t in = 0, out = 0, got;

	(void)state;
	if (getenv("SCAUDIT_LONG") == NULL)
		skip();
	assert_int_equal(queue_open(&q, "/tmp", &e), 0);
	while (queue_room(&q, 0))
		write_some(&q, &in, 100);
	assert_int_equal(q.dropped, 0);
	write_some(&q, &in, 5000);
	assert_in_range(spool_bytes(&q), QUEUE_SPOOL_MAX - QUEUE_BLOCK, QUEUE_SPOOL_MAX);
	assert_int_equal(queue_spool_error(&q), 0);
	got = read_items(&q, &out, true);
	write_some(&q, &in, 100000); /* and then there is room again */
	queue_end(&q);
	got += read_items(&q, &out, true);
	assert_true(q.dropped > 0);
	assert_int_equal(got + q.dropped, in);
	assert_int_equal(spool_bytes(&q), 0);
	queue_release(&q);
}

/* A slow stream is handed over every moment, and a slot of the file is as large as a full block. */
static void small_blocks_take_little(void **state)
{
	struct err e = { 0 };
	struct queue q;
	uint64_t in = 0, out = 0;

	(void)state;
	assert_int_equal(queue_open(&q, "/tmp", &e), 0);
	for (int i = 0; i < 15000; i++) {
		write_some(&q, &in, 1);
		queue_push(&q);
	}
	assert_in_range(q.n, 56, 62);
	assert_in_range(spool_bytes(&q), 2 << 20, 4 << 20);
	read_all(&q, &out);
	assert_in_range(out, in - QUEUE_BLOCK / 1000,
			in); /* a block that is not full waits for memory ... */
	queue_push(&q);
	read_all(&q, &out);
	assert_int_equal(out, in); /* ... and now there is some */
	queue_release(&q);
}

/* Whoever has the next record must not get the place of one that was dropped. */
static void a_location_stays_with_its_record(void **state)
{
	struct err e = { 0 };
	struct queue_block *b;
	struct queue q;
	char record[9000] = "", location[3000] = "";

	(void)state;
	assert_int_equal(queue_open(&q, NULL, &e), 0);
	for (int i = 0; i < 100; i++) {
		queue_add(&q, ITEM_LOCATION, location, (size_t)(i * 30));
		queue_add(&q, ITEM_RECORD, record, sizeof(record));
	}
	queue_end(&q);
	assert_true(q.n > 3);
	while ((b = queue_take(&q)) != NULL) {
		enum item_kind kind = ITEM_RECORD;
		struct bytes item;

		for (size_t at = 0, i = 0; queue_item(b, &at, &kind, &item); i++)
			assert_int_equal(kind, i % 2 ? ITEM_RECORD : ITEM_LOCATION);
		assert_int_equal(kind, ITEM_RECORD);
		free(b);
	}
	queue_release(&q);
}

/* ---- a file that takes no more ---- */

static void instead(struct queue *q, const char *path)
{
	auto_close int fd = open(path, O_RDWR | O_CLOEXEC);

	assert_true(fd >= 0);
	assert_true(dup2(fd, q->spool) >= 0);
}

static void end_of_space(struct queue *q) { instead(q, "/dev/full"); }
static void broken_disk(struct queue *q)
{
	instead(q, "/proc/self/mem");
} /* whose first pages are not there */

static struct rlimit file_size;

/* In the middle of a block, half of which is written. */
static void limit_of_size(struct queue *q)
{
	struct rlimit little;

	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &file_size);
	little = (struct rlimit){ spool_bytes(q) + QUEUE_BLOCK / 2, file_size.rlim_max };
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &little), 0);
}

static void cut_off(struct queue *q) { assert_int_equal(ftruncate(q->spool, QUEUE_BLOCK + 5), 0); }

static void other_bytes(struct queue *q)
{
	assert_int_equal(pwrite(q->spool, "other", 5, QUEUE_BLOCK + 999), 5);
}

/* lost: blocks of those that are in the file by then; in_writing: it is noticed by who writes. */
static struct fault_row {
	const char *name;
	void (*fault)(struct queue *q);
	int error;
	unsigned lost;
	bool in_writing;
} fault_rows[] = {
	{ "the disk is full", end_of_space, ENOSPC, 3, true },
	{ "the disk fails", broken_disk, EIO, 3, true },
	{ "a limit on the file's size", limit_of_size, EFBIG, 0, true },
	{ "the file was cut", cut_off, EIO, 2, false },
	{ "the file has other bytes", other_bytes, EIO, 1, false },
};

static void until_full(struct queue *q, uint64_t *in)
{
	for (int i = 0; i < 1000 && queue_room(q, 0); i++)
		write_some(q, in, 50);
}

/* All but what was in the file and cannot be read is there, in order, and what is missing is
 * counted to the last record. */
static void a_spool_that_fails(void **state)
{
	const struct fault_row *row = *state;
	struct err e = { 0 };
	struct queue q;
	uint64_t in = 0, out = 0, got;
	const uint64_t a_block = QUEUE_BLOCK / 1008;

	file_size = (struct rlimit){ 0 };
	assert_int_equal(queue_open(&q, "/tmp", &e), 0);
	write_some(&q, &in, (QUEUE_BLOCKS + 3) * a_block + 1);
	assert_int_equal(spool_bytes(&q) / a_block / 1000, 3);
	assert_int_equal(queue_spool_error(&q), 0);
	row->fault(&q);
	if (row->in_writing) {
		until_full(&q, &in);
		if (file_size.rlim_max)
			setrlimit(RLIMIT_FSIZE, &file_size);
		assert_int_equal(queue_spool_error(&q), row->error);
		assert_false(queue_room(&q, 0));
		assert_int_equal(q.dropped, 0); /* what did not fit is in memory */
	}
	got = read_items(&q, &out, true);
	queue_push(&q);
	got += read_items(&q, &out, true);
	assert_int_equal(queue_spool_error(&q), row->error);
	assert_int_equal(q.dropped, row->lost * a_block);
	assert_int_equal(got + q.dropped, in);
	/* from now on memory alone */
	until_full(&q, &in);
	assert_false(queue_room(&q, 0));
	assert_in_range(queue_waiting(&q), QUEUE_BLOCKS * (QUEUE_BLOCK - 2000),
			(QUEUE_BLOCKS + 1) * QUEUE_BLOCK);
	write_some(&q, &in, 3000);
	queue_end(&q);
	got += read_items(&q, &out, true);
	assert_true(q.dropped > row->lost * a_block);
	assert_int_equal(got + q.dropped, in);
	queue_release(&q);
}

/* A file system of 1 MiB of its own; the last test, since this process has other mounts and maybe
 * another user then. */
static void a_full_file_system(void **state)
{
	char folder[] = "/tmp/scaudit-spool.XXXXXX";
	struct err e = { 0 };
	struct queue q;
	uint64_t in = 0, out = 0;

	(void)state;
	assert_non_null(mkdtemp(folder));
	if ((unshare(CLONE_NEWNS) != 0 && unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0) ||
	    mount("none", "/", "none", MS_REC | MS_PRIVATE, NULL) != 0 ||
	    mount("spool", folder, "tmpfs", 0, "size=1m") != 0) {
		print_message("no tmpfs can be mounted here: %s\n", strerror(errno));
		rmdir(folder);
		skip();
	}
	assert_int_equal(queue_open(&q, folder, &e), 0);
	until_full(&q, &in);
	assert_int_equal(queue_spool_error(&q), ENOSPC);
	assert_int_equal(q.dropped, 0);
	assert_in_range(spool_bytes(&q), 1 << 19, 1 << 20);
	read_all(&q, &out);
	queue_end(&q);
	read_all(&q, &out);
	assert_int_equal(out, in);
	assert_int_equal(spool_bytes(&q), 0);
	queue_release(&q);
	umount2(folder, MNT_DETACH);
	rmdir(folder);
}

/* ---- two threads ---- */

static void *write_much(void *to)
{
	struct queue *q = to;
	uint64_t in = 0;

	while (in < 60000) {
		write_some(q, &in, 60);
		if (in % 1020 == 0)
			queue_push(q);
	}
	queue_end(q);
	return NULL;
}

static void order_between_threads(void **state)
{
	struct err e = { 0 };
	struct queue q;
	pthread_t writer;
	uint64_t out = 0;

	(void)state;
	assert_int_equal(queue_open(&q, "/tmp", &e), 0);
	assert_int_equal(pthread_create(&writer, NULL, write_much, &q), 0);
	for (int i = 0; i < 5000 && queue_waiting(&q) < 20 << 20;
	     i++) /* a reader that is late at first */
		nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
	while (!queue_over(&q)) {
		read_all(&q, &out);
		queue_wait(&q, 1);
	}
	pthread_join(writer, NULL);
	assert_int_equal(out, 60000);
	assert_true(q.spool_most > 0);
	assert_int_equal(q.dropped, 0);
	queue_release(&q);
}

static void no_folder_no_spool(void **state)
{
	struct err e = { 0 };
	struct queue q;

	(void)state;
	assert_int_equal(queue_open(&q, "/nonexistent", &e), -1);
	assert_non_null(strstr(e.msg, "--spool"));
	queue_release(&q);
}

/* ---- descendants ---- */

#define MS 1000000ll

/*
 * A script of steps: f parent child ns: fork; t pid ns: thread; x pid ns: exec; e pid ns: exit;
 * r pid ms serial call: record, call F (fork type), X (execve), - (another); s ns: settle.
 * What comes out: "born child<parent@serial execed pid@serial gone pid@serial".
 */
static struct descend_row { const char *name, *steps, *want;
} descend_rows[] = {
	{ "a fork and an exec", "r1:100:5:F f1:2:101 r2:104:6:X x2:106 r2:108:7:- e2:110 s500",
	  "born2<1@5 execed2@6 gone2@7" },
	{ "execs that failed came before", "r1:100:5:X r1:100:6:X r1:100:7:X x1:103 s500",
	  "execed1@7" },
	{ "a fork that failed", "r1:100:5:F r1:100:6:F f1:2:101 s500", "born2<1@6" },
	{ "a fork, then an exec in the same tick", "r1:100:5:F r1:100:6:X f1:2:100 x1:101 s500",
	  "execed1@6 born2<1@5" },
	{ "threads take their calls", "r1:100:5:F r1:100:6:F t1:101 f1:2:102 s500", "born2<1@6" },
	{ "two children", "r1:100:5:F r1:100:6:F f1:2:101 f1:3:102 s500", "born3<1@6 born2<1@5" },
	{ "records out of order", "r1:100:6:X r1:100:5:F f1:2:100 x1:101 s500",
	  "execed1@6 born2<1@5" },
	{ "later calls are not taken", "r1:100:5:F f1:2:101 r1:200:9:F s150 f1:3:201 s500",
	  "born2<1@5 born3<1@9" },
	{ "a call whose record never came", "f1:2:101 s500", "" },
	{ "one that ended and made no record", "r1:100:5:F f1:2:101 e2:102 s500", "born2<1@5" },
	{ "the last thread ends it", "t1:50 r1:100:5:- e1:101 s200 r1:300:6:- e1:301 s500",
	  "gone1@6" },
	{ "a pid that comes back",
	  "r1:100:5:F f1:2:101 r2:102:6:- e2:103 r1:200:8:F f1:2:201 r2:202:9:X x2:203 s500",
	  "born2<1@8 born2<1@5 gone2@6 execed2@9" },
};

static long long next_number(const char **s)
{
	char *end;
	long long v = strtoll(*s, &end, 10);

	*s = *end == ':' ? end + 1 : end;
	return v;
}

static void tell(void *to, const struct queue_task *t)
{
	static const char *const words[] = {
		[EDGE_BORN] = "born", [EDGE_EXECED] = "execed", [EDGE_GONE] = "gone"
	};
	struct buf *out = to;

	buf_printf(out, "%s%s%d", out->n ? " " : "", words[t->kind], t->pid);
	if (t->kind == EDGE_BORN)
		buf_printf(out, "<%d", t->parent);
	buf_printf(out, "@%u", t->serial);
}

static void descends(void **state)
{
	const struct descend_row *row = *state;
	auto_buf struct buf got = { 0 };
	struct descend d;

	descend_begin(&d, 1);
	for (const char *s = row->steps; *s; s += *s == ' ') {
		struct task_event ev = { 0 };
		char step = *s++;
		int32_t pid = 0;

		if (step != 's')
			pid = (int32_t)next_number(&s);
		if (step == 's') {
			descend_settle(&d, next_number(&s) * MS, tell, &got);
		} else if (step == 'r') {
			int64_t ms = next_number(&s);
			uint32_t serial = (uint32_t)next_number(&s);
			enum edge_kind kind = *s == 'F' ? EDGE_FORK :
					      *s == 'X' ? EDGE_EXEC :
							  EDGE_NONE;

			s++;
			assert_true(descend_has(&d, pid, ms));
			descend_record(&d, pid, ms, serial, kind);
		} else {
			ev.kind = step == 'f' ? TASK_FORK :
				  step == 't' ? TASK_THREAD :
				  step == 'x' ? TASK_EXEC :
						TASK_EXIT;
			ev.pid = step == 'f' ? (int32_t)next_number(&s) : pid;
			ev.parent = step == 'f' || step == 't' ? pid : 0;
			ev.ns = next_number(&s) * MS;
			descend_event(&d, &ev);
		}
	}
	assert_string_equal(buf_text(&got), row->want);
	descend_release(&d);
}

static void whose_records(void **state)
{
	struct descend d;

	(void)state;
	descend_begin(&d, 10);
	descend_event(&d, &(struct task_event){ TASK_FORK, 11, 10, 100 * MS });
	assert_true(descend_has(&d, 10, 5));
	assert_true(descend_has(&d, 11, 99)); /* a record's time is up to a tick early */
	assert_false(descend_has(&d, 11, 50)); /* whoever had the pid before */
	assert_false(descend_has(&d, 12, 100));
	descend_event(&d, &(struct task_event){ TASK_EXIT, 11, 0, 200 * MS });
	assert_true(descend_has(&d, 11, 199)); /* on its way when it ended */
	assert_false(descend_has(&d, 11, 201)); /* whoever has the pid now */
	assert_int_equal(descend_alive(&d), 1);
	assert_int_equal(d.processes, 2);
	descend_settle(&d, 5000 * MS, tell, &(struct buf){ 0 });
	assert_false(descend_has(&d, 11, 199)); /* forgotten */
	assert_true(descend_has(&d, 10, 5000));
	descend_release(&d);
}

int main(void)
{
	struct tests t = { 0 };

	ADD_ROWS(&t, gap_rows, counts_gaps);
	ADD(&t, no_gap_in_a_million);
	ADD(&t, queue_keeps_order);
	ADD(&t, full_memory_says_so);
	ADD(&t, spool_takes_the_rest);
	ADD(&t, a_backlog_that_stands);
	ADD(&t, a_spool_that_is_full);
	ADD(&t, small_blocks_take_little);
	ADD(&t, a_location_stays_with_its_record);
	ADD_ROWS(&t, fault_rows, a_spool_that_fails);
	ADD(&t, order_between_threads);
	ADD(&t, no_folder_no_spool);
	ADD_ROWS(&t, descend_rows, descends);
	ADD(&t, whose_records);
	ADD(&t, a_full_file_system);
	return run_rows(&t, "live");
}
