/* Links between pids: which process is a fork of which image. Each row is a log of calls, read forwards and backwards. */
#include "tests/rig.h"

#include "ingest/ingest.h"

/* Addresses in a mapping that was drawn at random, one near it by chance, one far away. */
#define HERE  0x7f0634a1c000u
#define NEAR  0x7f0634bb5000u
#define FAR   0x7e1234567000u
#define LOW   0x401000u

enum { CALL_WRITE = 1, CALL_READ = 0, CALL_CLONE = 56, CALL_EXECVE = 59, CALL_EXIT_GROUP = 231 };

struct call {
	int ms, pid;
	const char *comm, *exe;
	int nr;
	uint64_t ip;
	char tree; /* records with the same letter are of one tree */
};

#define SH(ms, pid, nr, ip, tree) { ms, pid, "sh", "/usr/bin/dash", nr, ip, tree }

static struct family_row {
	const char *name;
	struct call calls[8];
} rows[] = {
	{ "a child in its parent's addresses is a fork",
	  { SH(0, 10, CALL_CLONE, HERE + 0x7f0, 'a'), SH(4, 11, CALL_READ, HERE + 0x123, 'a') } },
	{ "so it is where the clone was lost, and long after",
	  { SH(0, 10, CALL_WRITE, HERE + 0x7f0, 'a'), SH(90000, 11, CALL_READ, HERE + 0x123, 'a') } },
	{ "the next cell is near",
	  { SH(0, 10, CALL_WRITE, HERE + 0x7f0, 'a'), SH(4, 11, CALL_READ, HERE + 0x400123, 'a') } },
	{ "far addresses are another tree",
	  { SH(0, 10, CALL_CLONE, HERE + 0x7f0, 'a'), SH(4, 11, CALL_READ, FAR + 0x123, 'b') } },
	{ "another exe is another tree",
	  { SH(0, 10, CALL_CLONE, HERE + 0x7f0, 'a'), { 4, 11, "cat", "/usr/bin/cat", CALL_READ, HERE + 0x123, 'b' } } },
	{ "near by chance: one call from one offset in another page",
	  { SH(0, 10, CALL_WRITE, HERE + 0x7f0, 'a'), SH(4, 11, CALL_WRITE, NEAR + 0x7f0, 'b') } },
	{ "a call from the same address outweighs two places that look alike",
	  { SH(0, 10, CALL_WRITE, HERE + 0x7f0, 'a'), SH(1, 10, CALL_READ, HERE + 0x123, 'a'), SH(4, 11, CALL_WRITE, NEAR + 0x7f0, 'a'),
	    SH(5, 11, CALL_READ, HERE + 0x123, 'a') } },
	{ "different calls from one offset say nothing",
	  { SH(0, 10, CALL_WRITE, HERE + 0x7f0, 'a'), SH(4, 11, CALL_READ, NEAR + 0x7f0, 'a') } },
	{ "one that is near by chance does not stand before the true parent",
	  { SH(0, 10, CALL_WRITE, HERE + 0x7f0, 'a'), SH(2, 20, CALL_WRITE, NEAR + 0x7f0, 'b'),
	    SH(4, 11, CALL_WRITE, HERE + 0x7f0, 'a') } },
	{ "grandchildren, the middle one gone",
	  { SH(0, 10, CALL_CLONE, HERE + 0x7f0, 'a'), SH(4, 11, CALL_CLONE, HERE + 0x7f0, 'a'),
	    SH(8, 11, CALL_EXIT_GROUP, HERE + 0x10, 'a'), SH(12, 12, CALL_READ, HERE + 0x123, 'a') } },
	{ "the parent's exit is forgiven for two seconds",
	  { SH(0, 10, CALL_EXIT_GROUP, HERE + 0x10, 'a'), SH(1999, 11, CALL_READ, HERE + 0x123, 'a') } },
	{ "but not for three",
	  { SH(0, 10, CALL_EXIT_GROUP, HERE + 0x10, 'a'), SH(3000, 11, CALL_READ, HERE + 0x123, 'b') } },
	{ "exec in a child stays in the tree",
	  { SH(0, 10, CALL_CLONE, HERE + 0x7f0, 'a'), SH(4, 11, CALL_EXECVE, HERE + 0x20, 'a'),
	    { 8, 11, "cat", "/usr/bin/cat", CALL_READ, FAR + 0x123, 'a' } } },
	{ "a loader is nobody's fork",
	  { SH(0, 10, CALL_CLONE, HERE + 0x7f0, 'a'), { 4, 11, "runc:[2:INIT]", "/usr/bin/dash", CALL_READ, HERE + 0x123, 'b' } } },
	{ "without random addresses: a fork-type call in the second before",
	  { SH(0, 10, CALL_CLONE, LOW + 0x7f0, 'a'), SH(900, 11, CALL_READ, LOW + 0x123, 'a') } },
	{ "... not longer before",
	  { SH(0, 10, CALL_CLONE, LOW + 0x7f0, 'a'), SH(1100, 11, CALL_READ, LOW + 0x123, 'b') } },
	{ "... and not without one",
	  { SH(0, 10, CALL_WRITE, LOW + 0x7f0, 'a'), SH(4, 11, CALL_READ, LOW + 0x123, 'b') } },
	{ "... of several that live, within two ticks",
	  { SH(0, 20, CALL_WRITE, LOW + 0x7f0, 'b'), SH(0, 10, CALL_CLONE, LOW + 0x7f0, 'a'), SH(8, 11, CALL_READ, LOW + 0x123, 'a') } },
	{ "... else of none",
	  { SH(0, 20, CALL_WRITE, LOW + 0x7f0, 'b'), SH(0, 10, CALL_CLONE, LOW + 0x7f0, 'a'), SH(100, 11, CALL_READ, LOW + 0x123, 'c') } },
};

static void add_line(struct buf *out, const struct call *c, size_t serial)
{
	int64_t ms = 1795518350000 + c->ms;

	buf_printf(out, "audit: type=1326 audit(%lld.%03d:%zu): auid=1000 uid=1000 gid=1000 ses=2 subj=unconfined pid=%d comm=\"%s\" "
		   "exe=\"%s\" sig=0 arch=c000003e syscall=%d compat=0 ip=0x%llx code=0x7ffc0000\n",
		   (long long)(ms / 1000), (int)(ms % 1000), serial, c->pid, c->comm, c->exe, c->nr, (unsigned long long)c->ip);
}

static void read_log(struct rig *r, const struct family_row *row, size_t n, bool backwards)
{
	const struct ingest_options o = { .version = "test", .node = "n", .batch_records = backwards ? 1 : 0 };
	struct ingest_report report;
	struct err e = { 0 };
	auto_buf struct buf text = { 0 };
	auto_free char *path = rig_path(r, "log");
	const char *name = path;

	for (size_t i = 0; i < n; i++) {
		size_t at = backwards ? n - 1 - i : i;

		add_line(&text, &row->calls[at], 1000 + at);
	}
	rig_file(path, buf_bytes(&text), 0600);
	assert_ok(ingest_run(&r->store, &name, 1, &o, &report, &e), &e);
	assert_int_equal(report.new_events, n);
}

/* The letters of the records by the trees they are found in: each tree takes the letter of its first record. */
static void check_row(void **state)
{
	const struct family_row *row = *state;
	size_t n = 0;

	while (n < ARRAY_SIZE(row->calls) && row->calls[n].comm != NULL)
		n++;
	for (int backwards = 0; backwards < 2; backwards++) {
		int64_t trees[ARRAY_SIZE(row->calls)];
		char want[9] = "", got[9] = "";
		struct rig r;

		rig_open(&r);
		read_log(&r, row, n, backwards);
		for (size_t i = 0; i < n; i++) {
			char sql[200];
			size_t same = 0;

			snprintf(sql, sizeof(sql), "SELECT image.tree FROM interval JOIN image ON image.id = interval.image WHERE "
				 "interval.pid = %d AND %zu BETWEEN interval.serial_first AND interval.serial_last", row->calls[i].pid,
				 1000 + i);
			trees[i] = rig_number(&r, sql);
			while (trees[same] != trees[i])
				same++;
			want[i] = row->calls[i].tree;
			got[i] = row->calls[same].tree;
			for (size_t k = 0; same == i && k < i; k++)
				if (got[k] == got[i])
					got[i] = '?'; /* a tree that was split */
		}
		assert_string_equal(got, want);
		rig_close(&r);
	}
}

int main(void)
{
	struct tests t = { 0 };

	ADD_ROWS(&t, rows, check_row);
	return run_rows(&t, "family");
}
