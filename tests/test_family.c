// SPDX-License-Identifier: Apache-2.0
/*
 * Links between pids, by hand, from log lines to the store (docs/tracker.md, "Between pids"): which
 * process is a fork of which image. Each row is a log of calls, read forwards and backwards; a
 * second table has events beside them, as sources give that know processes.
 */
#include "tests/rig.h"

#include "ingest/batch/flush.h"
#include "ingest/ingest.h"
#include "ingest/read/lines.h"

#define START_MS 1795518350000
#define MOST 8

/* Addresses in a mapping that was drawn at random, one near it by chance, one far away. */
#define HERE  0x7f0634a1c000u
#define NEAR  0x7f0634bb5000u
#define FAR   0x7e1234567000u
#define LOW   0x401000u

enum { CALL_WRITE = 1, CALL_READ = 0, CALL_CLONE = 56, CALL_EXECVE = 59, CALL_EXIT_GROUP = 231 };

struct call {
	int ms, pid;
	const char *comm, *exe; /* comm NULL: an event */
	int nr;
	uint64_t ip;
	char tree; /* records with the same letter are of one tree */
};

#define SH(ms, pid, nr, ip, tree) { ms, pid, "sh", "/usr/bin/dash", nr, ip, tree }

static struct family_row {
	const char *name;
	struct call calls[MOST];
} rows[] = {
	{ "a child in its parent's addresses is a fork",
	  { SH(0, 10, CALL_CLONE, HERE + 0x7f0, 'a'), SH(4, 11, CALL_READ, HERE + 0x123, 'a') } },
	{ "so it is where the clone was lost, and long after",
	  { SH(0, 10, CALL_WRITE, HERE + 0x7f0, 'a'),
	    SH(90000, 11, CALL_READ, HERE + 0x123, 'a') } },
	{ "the next cell is near",
	  { SH(0, 10, CALL_WRITE, HERE + 0x7f0, 'a'),
	    SH(4, 11, CALL_READ, HERE + 0x400123, 'a') } },
	{ "far addresses are another tree",
	  { SH(0, 10, CALL_CLONE, HERE + 0x7f0, 'a'), SH(4, 11, CALL_READ, FAR + 0x123, 'b') } },
	{ "another exe is another tree",
	  { SH(0, 10, CALL_CLONE, HERE + 0x7f0, 'a'),
	    { 4, 11, "cat", "/usr/bin/cat", CALL_READ, HERE + 0x123, 'b' } } },
	{ "near by chance: one call from one offset in another page",
	  { SH(0, 10, CALL_WRITE, HERE + 0x7f0, 'a'), SH(4, 11, CALL_WRITE, NEAR + 0x7f0, 'b') } },
	{ "a call from the same address outweighs two places that look alike",
	  { SH(0, 10, CALL_WRITE, HERE + 0x7f0, 'a'), SH(1, 10, CALL_READ, HERE + 0x123, 'a'),
	    SH(4, 11, CALL_WRITE, NEAR + 0x7f0, 'a'), SH(5, 11, CALL_READ, HERE + 0x123, 'a') } },
	{ "different calls from one offset say nothing",
	  { SH(0, 10, CALL_WRITE, HERE + 0x7f0, 'a'), SH(4, 11, CALL_READ, NEAR + 0x7f0, 'a') } },
	{ "one that is near by chance does not stand before the true parent",
	  { SH(0, 10, CALL_WRITE, HERE + 0x7f0, 'a'), SH(2, 20, CALL_WRITE, NEAR + 0x7f0, 'b'),
	    SH(4, 11, CALL_WRITE, HERE + 0x7f0, 'a') } },
	{ "grandchildren, the middle one gone",
	  { SH(0, 10, CALL_CLONE, HERE + 0x7f0, 'a'), SH(4, 11, CALL_CLONE, HERE + 0x7f0, 'a'),
	    SH(8, 11, CALL_EXIT_GROUP, HERE + 0x10, 'a'),
	    SH(12, 12, CALL_READ, HERE + 0x123, 'a') } },
	{ "the parent's exit is forgiven for two seconds",
	  { SH(0, 10, CALL_EXIT_GROUP, HERE + 0x10, 'a'),
	    SH(1999, 11, CALL_READ, HERE + 0x123, 'a') } },
	{ "but not for three",
	  { SH(0, 10, CALL_EXIT_GROUP, HERE + 0x10, 'a'),
	    SH(3000, 11, CALL_READ, HERE + 0x123, 'b') } },
	{ "exec in a child stays in the tree",
	  { SH(0, 10, CALL_CLONE, HERE + 0x7f0, 'a'),
	    SH(4, 11, CALL_EXECVE, HERE + 0x20, 'a'),
	    { 8, 11, "cat", "/usr/bin/cat", CALL_READ, FAR + 0x123, 'a' } } },
	{ "a loader is nobody's fork",
	  { SH(0, 10, CALL_CLONE, HERE + 0x7f0, 'a'),
	    { 4, 11, "runc:[2:INIT]", "/usr/bin/dash", CALL_READ, HERE + 0x123, 'b' } } },
	{ "without random addresses: a fork-type call in the second before",
	  { SH(0, 10, CALL_CLONE, LOW + 0x7f0, 'a'), SH(900, 11, CALL_READ, LOW + 0x123, 'a') } },
	{ "... not longer before",
	  { SH(0, 10, CALL_CLONE, LOW + 0x7f0, 'a'), SH(1100, 11, CALL_READ, LOW + 0x123, 'b') } },
	{ "... and not without one",
	  { SH(0, 10, CALL_WRITE, LOW + 0x7f0, 'a'), SH(4, 11, CALL_READ, LOW + 0x123, 'b') } },
	{ "... of several that live, within two ticks",
	  { SH(0, 20, CALL_WRITE, LOW + 0x7f0, 'b'), SH(0, 10, CALL_CLONE, LOW + 0x7f0, 'a'),
	    SH(8, 11, CALL_READ, LOW + 0x123, 'a') } },
	{ "... else of none",
	  { SH(0, 20, CALL_WRITE, LOW + 0x7f0, 'b'), SH(0, 10, CALL_CLONE, LOW + 0x7f0, 'a'),
	    SH(100, 11, CALL_READ, LOW + 0x123, 'c') } },
};

static void add_line(struct buf *out, const struct call *c, size_t serial)
{
	int64_t ms = START_MS + c->ms;

	buf_printf(
		out,
		"audit: type=1326 audit(%lld.%03d:%zu): auid=1000 uid=1000 gid=1000 ses=2 subj=unconfined pid=%d comm=\"%s\" "
		"exe=\"%s\" sig=0 arch=c000003e syscall=%d compat=0 ip=0x%llx code=0x7ffc0000\n",
		(long long)(ms / 1000), (int)(ms % 1000), serial, c->pid, c->comm, c->exe, c->nr,
		(unsigned long long)c->ip);
}

static void read_log(struct rig *r, const struct family_row *row, size_t n, bool backwards)
{
	const struct ingest_options o = { .version = "test",
					  .node = "n",
					  .batch_records = backwards ? 1 : 0 };
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

/* The letters of n calls by the trees they are found in: each tree takes the letter of its first
 * record. */
static void assert_trees(struct rig *r, const struct call *calls, size_t n)
{
	int64_t trees[MOST];
	char want[MOST + 1] = "", got[MOST + 1] = "";

	for (size_t i = 0; i < n; i++) {
		char sql[200];
		size_t same = 0;

		trees[i] = 0;
		want[i] = got[i] = calls[i].tree;
		if (calls[i].comm == NULL)
			continue;
		snprintf(
			sql, sizeof(sql),
			"SELECT image.tree FROM interval JOIN image_part AS image ON image.id = interval.part WHERE "
			"interval.pid = %d AND %zu BETWEEN interval.serial_first AND interval.serial_last",
			calls[i].pid, 1000 + i);
		trees[i] = rig_number(r, sql);
		while (trees[same] != trees[i])
			same++;
		got[i] = calls[same].tree;
		for (size_t k = 0; same == i && k < i; k++)
			if (got[k] == got[i])
				got[i] = '?'; /* a tree that was split */
	}
	assert_string_equal(got, want);
}

static void check_row(void **state)
{
	const struct family_row *row = *state;
	size_t n = 0;

	while (n < MOST && row->calls[n].comm != NULL)
		n++;
	for (int backwards = 0; backwards < 2; backwards++) {
		struct rig r;

		rig_open(&r);
		read_log(&r, row, n, backwards);
		assert_trees(&r, row->calls, n);
		rig_close(&r);
	}
}

/* ---- with events ---- */

/* nr: which event; ip: the parent. */
#define BORN(ms, pid, parent) { ms, pid, NULL, NULL, EDGE_BORN, parent, '-' }
#define EXECED(ms, pid) { ms, pid, NULL, NULL, EDGE_EXECED, 0, '-' }
#define GONE(ms, pid) { ms, pid, NULL, NULL, EDGE_GONE, 0, '-' }

static struct known_row {
	const char *name;
	struct call calls[MOST];
	int images;
} known[] = {
	{ "known: a birth links where addresses do not",
	  { SH(0, 10, CALL_WRITE, HERE + 0x7f0, 'a'), BORN(2, 11, 10),
	    SH(4, 11, CALL_READ, FAR + 0x123, 'a') },
	  2 },
	{ "known: a birth outweighs near addresses",
	  { SH(0, 20, CALL_CLONE, FAR + 0x7f0, 'b'), SH(1, 10, CALL_CLONE, HERE + 0x7f0, 'a'),
	    BORN(2, 11, 20), SH(4, 11, CALL_READ, HERE + 0x123, 'b') },
	  3 },
	{ "known: of several without random addresses",
	  { SH(0, 20, CALL_WRITE, LOW + 0x7f0, 'b'), SH(5000, 10, CALL_WRITE, LOW + 0x7f0, 'a'),
	    SH(5001, 20, CALL_CLONE, LOW + 0x7f0, 'b'), SH(5001, 10, CALL_CLONE, LOW + 0x7f0, 'a'),
	    BORN(5002, 11, 20), SH(5004, 11, CALL_READ, LOW + 0x123, 'b') },
	  3 },
	{ "known: a loader that another forked",
	  { SH(0, 10, CALL_CLONE, HERE + 0x7f0, 'a'),
	    BORN(2, 11, 10),
	    { 4, 11, "bwrap", "/usr/bin/bwrap", CALL_READ, FAR, 'a' } },
	  2 },
	{ "known: one that exec'd before it spoke",
	  { SH(0, 10, CALL_CLONE, HERE + 0x7f0, 'a'),
	    BORN(2, 11, 10),
	    EXECED(3, 11),
	    { 4, 11, "cat", "/usr/bin/cat", CALL_READ, FAR, 'a' } },
	  2 },
	{ "known: an end, and the pid comes back in the same place",
	  { SH(0, 10, CALL_READ, LOW + 0x7f0, 'a'), GONE(2, 10),
	    SH(900, 10, CALL_READ, LOW + 0x7f0, 'b') },
	  2 },
	{ "known: an exec of the same program in the same place",
	  { SH(0, 10, CALL_READ, LOW + 0x7f0, 'a'), EXECED(2, 10),
	    SH(900, 10, CALL_READ, LOW + 0x7f0, 'a') },
	  2 },
	{ "known: without them it is one image",
	  { SH(0, 10, CALL_READ, LOW + 0x7f0, 'a'), SH(900, 10, CALL_READ, LOW + 0x7f0, 'a') },
	  1 },
	{ "known: a parent without records is no parent",
	  { SH(0, 20, CALL_READ, HERE + 0x7f0, 'a'), BORN(2, 11, 10),
	    SH(4, 11, CALL_READ, FAR, 'b') },
	  2 },
	{ "known: the birth of another that had the pid before",
	  { SH(0, 10, CALL_READ, HERE + 0x7f0, 'a'), BORN(2, 11, 10),
	    SH(4, 11, CALL_READ, FAR, 'a'), GONE(6, 11),
	    SH(900, 11, CALL_READ, FAR + 0x100000000, 'c') },
	  3 },
	{ "known: a grandchild, the middle one born twice in a second",
	  { SH(0, 10, CALL_READ, HERE + 0x7f0, 'a'), BORN(2, 11, 10),
	    SH(4, 11, CALL_READ, FAR, 'a'), BORN(5, 12, 11), GONE(6, 11), BORN(7, 11, 20),
	    SH(8, 12, CALL_READ, FAR + 0x200000000, 'a'),
	    SH(900, 11, CALL_READ, FAR + 0x100000000, 'd') },
	  4 },
};

struct pipe {
	struct names names;
	struct seen seen;
	struct tally tally;
	struct flush flush;
	struct body_room room;
};

static void one_step(struct pipe *p, const struct call *c, size_t i)
{
	struct err e = { 0 };
	int64_t node = names_node(&p->names, BYTES("n"), &e);
	auto_buf struct buf text = { 0 };
	struct ident *id;
	struct line l;

	assert_ok(node, &e);
	assert_ok(flush_know(&p->flush, node, &e), &e);
	if (c->comm == NULL) {
		tally_add_lifecycle(&p->tally, node, c->pid, (enum edge_kind)c->nr,
				    START_MS + c->ms, (uint32_t)(1000 + i), (int32_t)c->ip);
		return;
	}
	add_line(&text, c, 1000 + i);
	body_parse_line((struct bytes){ text.p, text.n - 1 }, &l, &p->room);
	assert_int_equal(l.kind, LINE_RECORD);
	id = tally_ident(&p->tally, node, &l.rec, l.identity, &e);
	assert_non_null(id);
	assert_int_equal(seen_mark(seen_page(&p->seen, node, l.rec.serial, l.rec.ms / 1000, &e),
				   l.rec.serial, l.rec.ms / 1000, true, BOOT_NO_TIME),
			 SEEN_NEW);
	assert_ok(tally_count_event(&p->tally, id,
				    &(struct tally_event){ .ms = l.rec.ms,
							   .ip = l.rec.ip,
							   .serial = l.rec.serial,
							   .code = l.rec.code,
							   .nr = l.rec.nr,
							   .trusted = true,
							   .state = SEEN_NEW },
				    &e),
		  &e);
}

/* All in one batch, one by one, or the last one first. */
static void feed(struct rig *r, const struct call *calls, size_t n, int how)
{
	struct pipe p = { 0 };
	struct err e = { 0 };
	bool changed;

	names_init(&p.names, &r->store);
	seen_init(&p.seen, &r->store);
	tally_init(&p.tally, &r->store, &p.names, &p.seen);
	flush_init(&p.flush, &p.tally, &p.seen);
	for (size_t i = 0; i < n; i++) {
		size_t at = how == 2 ? n - 1 - i : i;

		if (how != 0 || i == 0)
			assert_ok(store_begin(&r->store, &changed, &e), &e);
		if (i == 0) {
			sqlite3_exec(
				r->store.db,
				"INSERT INTO ingest (started, source, version) VALUES (0, '', '')",
				NULL, NULL, NULL);
			p.tally.ingest = 1;
		}
		one_step(&p, &calls[at], at);
		if (how == 0 && i + 1 < n)
			continue;
		assert_ok(flush_batch(&p.flush, &e), &e);
		assert_ok(store_commit(&r->store, &e), &e);
	}
	body_room_release(&p.room);
	flush_release(&p.flush);
	tally_release(&p.tally);
	seen_release(&p.seen);
	names_release(&p.names);
}

static void check_known(void **state)
{
	const struct known_row *row = *state;
	size_t n = 0;

	while (n < MOST && row->calls[n].pid != 0)
		n++;
	for (int how = 0; how < 3; how++) {
		struct rig r;

		rig_open(&r);
		feed(&r, row->calls, n, how);
		assert_trees(&r, row->calls, n);
		assert_int_equal(rig_number(&r, "SELECT count(*) FROM part"), row->images);
		rig_close(&r);
	}
}

int main(void)
{
	struct tests t = { 0 };

	ADD_ROWS(&t, rows, check_row);
	ADD_ROWS(&t, known, check_known);
	return run_rows(&t, "family");
}
