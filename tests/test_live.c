/* What capture is made of and needs no kernel: gaps, the queue, and who descends from whom. */
#include "tests/test.h"

#include "ingest/live/descend.h"
#include "ingest/live/gaps.h"
#include "ingest/live/queue.h"
#include "store/base/buf.h"

#include <unistd.h>

/* ---- gaps ---- */

static struct gap_row { const char *name; uint32_t serials[12]; size_t n; uint32_t last; uint64_t want; } gap_rows[] = {
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
	{ "slots of one remainder", { 5, 5 + GAPS_WINDOW, 5 + 2 * GAPS_WINDOW }, 3, 5 + 2 * GAPS_WINDOW, 2 * GAPS_WINDOW - 2 },
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

static uint64_t read_all(struct queue *q, uint64_t *next)
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
			assert_int_equal(v, *next);
			(*next)++;
			records++;
		}
		free(b);
	}
	return records;
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
	assert_in_range(queue_waiting(&q), QUEUE_BLOCKS * (QUEUE_BLOCK - 2000), QUEUE_BLOCKS * QUEUE_BLOCK);
	write_some(&q, &in, 1000); /* a writer that goes on nevertheless loses records, and they are counted */
	queue_end(&q);
	read_all(&q, &out);
	assert_int_equal(out + q.dropped, in);
	assert_true(q.dropped > 0);
	queue_release(&q);
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
	assert_int_equal(lseek(q.spool, 0, SEEK_END), 0); /* given back */
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
static struct descend_row { const char *name, *steps, *want; } descend_rows[] = {
	{ "a fork and an exec", "r1:100:5:F f1:2:101 r2:104:6:X x2:106 r2:108:7:- e2:110 s500", "born2<1@5 execed2@6 gone2@7" },
	{ "execs that failed came before", "r1:100:5:X r1:100:6:X r1:100:7:X x1:103 s500", "execed1@7" },
	{ "a fork that failed", "r1:100:5:F r1:100:6:F f1:2:101 s500", "born2<1@6" },
	{ "a fork, then an exec in the same tick", "r1:100:5:F r1:100:6:X f1:2:100 x1:101 s500", "execed1@6 born2<1@5" },
	{ "threads take their calls", "r1:100:5:F r1:100:6:F t1:101 f1:2:102 s500", "born2<1@6" },
	{ "two children", "r1:100:5:F r1:100:6:F f1:2:101 f1:3:102 s500", "born3<1@6 born2<1@5" },
	{ "records out of order", "r1:100:6:X r1:100:5:F f1:2:100 x1:101 s500", "execed1@6 born2<1@5" },
	{ "later calls are not taken", "r1:100:5:F f1:2:101 r1:200:9:F s150 f1:3:201 s500", "born2<1@5 born3<1@9" },
	{ "a call whose record never came", "f1:2:101 s500", "" },
	{ "one that ended and made no record", "r1:100:5:F f1:2:101 e2:102 s500", "born2<1@5" },
	{ "the last thread ends it", "t1:50 r1:100:5:- e1:101 s200 r1:300:6:- e1:301 s500", "gone1@6" },
	{ "a pid that comes back", "r1:100:5:F f1:2:101 r2:102:6:- e2:103 r1:200:8:F f1:2:201 r2:202:9:X x2:203 s500",
	  "born2<1@8 born2<1@5 gone2@6 execed2@9" },
};

static long long number(const char **s)
{
	char *end;
	long long v = strtoll(*s, &end, 10);

	*s = *end == ':' ? end + 1 : end;
	return v;
}

static void tell(void *to, const struct queue_task *t)
{
	static const char *const words[] = { [EDGE_BORN] = "born", [EDGE_EXECED] = "execed", [EDGE_GONE] = "gone" };
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
			pid = (int32_t)number(&s);
		if (step == 's') {
			descend_settle(&d, number(&s) * MS, tell, &got);
		} else if (step == 'r') {
			int64_t ms = number(&s);
			uint32_t serial = (uint32_t)number(&s);
			enum edge_kind kind = *s == 'F' ? EDGE_FORK : *s == 'X' ? EDGE_EXEC : EDGE_NONE;

			s++;
			assert_true(descend_has(&d, pid, ms));
			descend_record(&d, pid, ms, serial, kind);
		} else {
			ev.kind = step == 'f' ? TASK_FORK : step == 't' ? TASK_THREAD : step == 'x' ? TASK_EXEC : TASK_EXIT;
			ev.pid = step == 'f' ? (int32_t)number(&s) : pid;
			ev.parent = step == 'f' || step == 't' ? pid : 0;
			ev.ns = number(&s) * MS;
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
	ADD(&t, no_folder_no_spool);
	ADD_ROWS(&t, descend_rows, descends);
	ADD(&t, whose_records);
	return run_rows(&t, "live");
}
