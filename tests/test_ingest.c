// SPDX-License-Identifier: Apache-2.0
/*
 * The pipeline, from files to the store. Most tests compare dumps: whatever the pieces, their order
 * and the batch size, the same events give the same store.
 */
#include "tests/rig.h"

#include "ingest/upkeep/again.h"
#include "ingest/batch/flush.h"
#include "ingest/ingest.h"

#include <fcntl.h>

#define PIPELINE "samples/pipeline.log"
#define PIPELINE_AUDITD "samples/pipeline-auditd.log"

/* ---- what a store holds ---- */

static const struct { const char *what, *sql;
} parts[] = {
	{ "boots",
	  "SELECT CAST(node.name AS TEXT), number, t_first, t_last, serial_first, serial_last, trusted FROM boot "
	  "JOIN node ON node.id = boot.node ORDER BY 1, 2" },
	{ "trees",
	  "SELECT code, start_seen, path.text, image.pid, image.boot FROM tree JOIN image AS space ON space.id = tree.id JOIN image_part AS image ON image.id = space.founder "
	  "JOIN path ON path.id = image.path ORDER BY 1, 3, 4" },
	{ "images",
	  "SELECT image.pid, image.boot, tree.code, path.text, CAST(exe.bytes AS TEXT), CAST(name.bytes AS TEXT), image.loader, "
	  "image.starts, image.t_first, image.t_last, image.t_end, image.serial_first, image.serial_last, "
	  "parent.serial_first, origin.pid, origin.serial_first, image.uid, image.auid, image.trusted FROM image_part AS image "
	  "LEFT JOIN tree ON tree.id = image.tree JOIN path ON path.id = image.path "
	  "JOIN string AS exe ON exe.id = image.exe LEFT JOIN string AS name ON name.id = image.name "
	  "LEFT JOIN part AS parent ON parent.id = image.parent LEFT JOIN part AS origin ON origin.id = image.fork_of "
	  "ORDER BY 1, 2, 12, 13" },
	{ "intervals",
	  "SELECT interval.pid, CAST(exe.bytes AS TEXT), cell, interval.loader, interval.t_first, interval.t_last, "
	  "interval.serial_first, interval.serial_last, interval.uid, interval.auid, CAST(name.bytes AS TEXT), path.text FROM interval "
	  "JOIN string AS exe ON exe.id = interval.exe JOIN string AS name ON name.id = interval.name "
	  "LEFT JOIN image_part AS image ON image.id = interval.part LEFT JOIN path ON path.id = image.path ORDER BY 1, 7, 8, 3" },
	{ "edges",
	  "SELECT interval.pid, (edge.value ->> 0) + t_first, (edge.value ->> 1) + serial_first, edge.value ->> 2 "
	  "FROM interval, json_each(interval.edges) AS edge ORDER BY 3, 1" },
	{ "observations",
	  "SELECT * FROM observations ORDER BY node, tree, path, comm, exe, arch, nr, action, first, last, pid, ip" },
	{ "losses",
	  "SELECT CAST(node.name AS TEXT), kind, stamp, number, t, trusted FROM loss JOIN node ON node.id = loss.node "
	  "ORDER BY 1, 2, 3, 4" },
	{ "seen",
	  "SELECT CAST(node.name AS TEXT), serials, seconds, hex(trusted_pieces), trusted_base_min, trusted_base_max, hex(pieces), base_min, base_max, hex(data) FROM seen JOIN node ON node.id = seen.node "
	  "ORDER BY 1, 2, 3" },
};

enum { SEEN = ARRAY_SIZE(parts) - 1 };

struct dump { struct buf part[ARRAY_SIZE(parts)]; };

static struct dump dump_of(const struct rig *r)
{
	struct dump d = { 0 };
	auto_buf struct buf broken = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(parts); i++)
		rig_rows(r, parts[i].sql, &d.part[i]);
	rig_rows(r, "PRAGMA foreign_key_check", &broken);
	rig_rows(
		r,
		"SELECT 'tree without its root', tree.id FROM tree LEFT JOIN image ON image.id = tree.id "
		"WHERE image.id IS NULL OR image.tree <> tree.id",
		&broken);
	rig_rows(
		r,
		"SELECT 'image without its tree', image.id FROM image LEFT JOIN tree ON tree.id = image.tree WHERE tree.id IS NULL",
		&broken);
	rig_rows(
		r,
		"SELECT 'interval without its image', interval.id FROM interval LEFT JOIN image_part AS image ON image.id = interval.part "
		"WHERE image.id IS NULL OR image.pid <> interval.pid OR image.trusted < interval.trusted",
		&broken);
	rig_rows(r, "SELECT 'part without intervals', id FROM part WHERE NOT EXISTS "
		    "(SELECT 1 FROM interval WHERE interval.part = part.id)", &broken);
	rig_rows(
		r,
		"SELECT 'presence of an image that is gone', presence.id FROM presence LEFT JOIN part ON part.id = presence.part "
		"WHERE presence.part <> 0 AND part.id IS NULL",
		&broken);
	if (broken.n)
		fail_msg("%.*s", (int)(broken.n < 400 ? broken.n : 400), broken.p);
	return d;
}

static void dump_release(struct dump *d)
{
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++)
		buf_release(&d->part[i]);
}

/* Compares the first n parts; says where the first difference is. */
static void assert_same(struct dump *got, struct dump *want, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const char *a = buf_text(&got->part[i]), *b = buf_text(&want->part[i]);

		if (strcmp(a, b) == 0)
			continue;
		while (*a == *b)
			a++, b++;
		while (a > got->part[i].p && a[-1] != '\n')
			a--, b--;
		fail_msg("%s differ:\n    got      %.*s\n    expected %.*s", parts[i].what,
			 (int)strcspn(a, "\n"), a, (int)strcspn(b, "\n"), b);
	}
}

/* ---- bringing text in ---- */

struct how {
	bool trusted; /* on standard input, with trusted_input; else a file that anybody can write
		       */
	bool own;               /* no --node: what the lines say */
	size_t batch;
	const char *label;
	int chmod;              /* 0: 0666 */
};

static struct ingest_report bring(struct rig *r, struct bytes text, struct how how)
{
	struct ingest_options o = { .node = how.own ? NULL : "node01",
				    .version = "test",
				    .batch_records = how.batch,
				    .trusted_input = how.trusted,
				    .label = how.label };
	char *path = rig_path(r, "input");
	const char *source = how.trusted ? "-" : path;
	struct ingest_report report;
	struct err e = { 0 };
	int was = -1;

	rig_file(path, text, how.chmod ? (mode_t)how.chmod : 0666);
	if (how.trusted) {
		int fd = open(path, O_RDONLY);

		was = dup(0);
		assert_int_equal(dup2(fd, 0), 0);
		close(fd);
	}
	assert_ok(ingest_run(&r->store, &source, 1, &o, &report, &e), &e);
	if (was >= 0) {
		dup2(was, 0);
		close(was);
	}
	assert_int_equal(report.failed, 0);
	free(path);
	return report;
}

/* Piece `at` of `of`, cut at line ends: all pieces together are the text. */
static struct bytes piece(struct bytes text, size_t at, size_t of)
{
	size_t from = text.n * at / of, to = text.n * (at + 1) / of;

	while (from > 0 && from < text.n && text.p[from - 1] != '\n')
		from++;
	while (to > 0 && to < text.n && text.p[to - 1] != '\n')
		to++;
	return (struct bytes){ text.p + from, from < to ? to - from : 0 };
}

static int64_t counted(const struct rig *r)
{
	return rig_number(r, "SELECT ifnull(sum(count), 0) FROM observations");
}

static int64_t trusted(const struct rig *r)
{
	return rig_number(r, "SELECT ifnull(sum(trusted), 0) FROM observations");
}

/* ---- every sample, whole ---- */

static struct sample_row {
	const char *name, *file;
	uint64_t records, damaged, losses;
} samples[] = {
	{ "whole: java-threads", "samples/java-threads.log", 1242, 0, 0 },
	{ "whole: pipeline", PIPELINE, 346, 0, 0 },
	{ "whole: pipeline-auditd", PIPELINE_AUDITD, 346, 0, 0 },
	{ "whole: syslog-ratelimited", "samples/syslog-ratelimited.log", 50, 0, 4 },
	{ "whole: runc-start", "samples/runc-start.log", 233, 0, 0 },
	{ "whole: i386", "samples/i386.log", 53, 0, 0 },
	{ "whole: denials", "samples/denials.log", 433, 0, 0 },
	{ "whole: auditd-enriched", "samples/auditd-enriched.log", 271, 0, 0 },
	{ "whole: dmesg", "samples/dmesg.log", 45, 0, 0 },
};

static void check_whole(void **state)
{
	const struct sample_row *row = *state;
	char *text = read_file(row->file);
	struct ingest_report a, b;
	struct dump once, twice;
	struct rig r;

	rig_open(&r);
	a = bring(&r, bytes_of(text), (struct how){ 0 });
	assert_int_equal(a.records, row->records);
	assert_int_equal(a.new_events, row->records);
	assert_int_equal(a.damaged, row->damaged);
	assert_int_equal(a.losses, row->losses);
	assert_int_equal(a.contradicted, 0);
	assert_int_equal(counted(&r), row->records);
	assert_int_equal(trusted(&r), 0);
	once = dump_of(&r);
	/* a second time: nothing is new */
	b = bring(&r, bytes_of(text), (struct how){ 0 });
	assert_int_equal(b.new_events, 0);
	assert_int_equal(b.seen_before, row->records);
	twice = dump_of(&r);
	assert_same(&twice, &once, ARRAY_SIZE(parts));
	dump_release(&once);
	dump_release(&twice);
	free(text);
	rig_close(&r);
}

/* ---- in pieces and batches ---- */

enum order { FORWARD, BACKWARD, MIXED, OVERLAPPING };

static struct piece_row {
	const char *name;
	size_t pieces;
	enum order order;
	size_t batch;
} pieces[] = {
	{ "two pieces", 2, FORWARD, 0 },
	{ "two pieces, newer half first", 2, BACKWARD, 0 },
	{ "ten pieces", 10, FORWARD, 0 },
	{ "ten pieces, newest first", 10, BACKWARD, 0 },
	{ "ten pieces, mixed", 10, MIXED, 0 },
	{ "ten pieces that overlap", 10, OVERLAPPING, 0 },
	{ "a hundred pieces", 100, FORWARD, 0 },
	{ "a hundred pieces, newest first", 100, BACKWARD, 0 },
	{ "a hundred pieces, mixed", 100, MIXED, 0 },
	{ "whole, a commit each record", 1, FORWARD, 1 },
	{ "whole, a commit each 7 records", 1, FORWARD, 7 },
	{ "whole, a commit each 200 records", 1, FORWARD, 200 },
	{ "mixed pieces, a commit each 7", 10, MIXED, 7 },
};

static const char *piece_files[] = { "samples/java-threads.log", PIPELINE, "samples/runc-start.log",
				     "samples/denials.log", "samples/syslog-ratelimited.log" };

struct piece_case { const struct piece_row *row; const char *file; char name[128]; };

static size_t nth_piece(const struct piece_row *row, size_t i)
{
	if (row->order == BACKWARD)
		return row->pieces - 1 - i;
	return row->order == MIXED ? i * 37 % row->pieces : i; /* 37 is prime to 10 and 100 */
}

static void check_pieces(void **state)
{
	const struct piece_case *c = *state;
	char *all = read_file(c->file);
	struct bytes text = bytes_of(all);
	uint64_t fresh = 0, whole;
	struct dump want, got;
	struct rig a, b;

	rig_open(&a);
	whole = bring(&a, text, (struct how){ 0 }).new_events;
	want = dump_of(&a);
	rig_open(&b);
	for (size_t i = 0; i < c->row->pieces; i++) {
		struct bytes part = piece(text, nth_piece(c->row, i), c->row->pieces);

		if (c->row->order == OVERLAPPING && i > 0) {
			struct bytes before = piece(text, i - 1, c->row->pieces);

			part = (struct bytes){ before.p, before.n + part.n };
		}
		fresh += bring(&b, part, (struct how){ .batch = c->row->batch }).new_events;
	}
	assert_int_equal(fresh, whole);
	got = dump_of(&b);
	assert_same(&got, &want, ARRAY_SIZE(parts));
	dump_release(&want);
	dump_release(&got);
	rig_close(&a);
	rig_close(&b);
	free(all);
}

/* ---- text first, trusted later, and the other way round ---- */

struct step { const char *file; unsigned at, of; bool trusted; uint64_t fresh, before; };

static struct trust_row {
	const char *name;
	struct step steps[4];
	size_t n;
	int64_t count, trusted;
} trusts[] = {
	{ "trust: text, then all trusted",
	  { { PIPELINE, 0, 1, false, 346, 0 }, { PIPELINE_AUDITD, 0, 1, true, 0, 346 } },
	  2,
	  346,
	  346 },
	{ "trust: trusted, then text",
	  { { PIPELINE_AUDITD, 0, 1, true, 346, 0 }, { PIPELINE, 0, 1, false, 0, 346 } },
	  2,
	  346,
	  346 },
	{ "trust: trusted twice",
	  { { PIPELINE_AUDITD, 0, 1, true, 346, 0 }, { PIPELINE_AUDITD, 0, 1, true, 0, 346 } },
	  2,
	  346,
	  346 },
	{ "trust: text in two forms",
	  { { PIPELINE, 0, 1, false, 346, 0 }, { PIPELINE_AUDITD, 0, 1, false, 0, 346 } },
	  2,
	  346,
	  0 },
	{ "trust: text, upgraded twice",
	  { { PIPELINE, 0, 1, false, 346, 0 },
	    { PIPELINE_AUDITD, 0, 1, true, 0, 346 },
	    { PIPELINE_AUDITD, 0, 1, true, 0, 346 } },
	  3,
	  346,
	  346 },
	{ "trust: trusted, text, trusted",
	  { { PIPELINE_AUDITD, 0, 1, true, 346, 0 },
	    { PIPELINE, 0, 1, false, 0, 346 },
	    { PIPELINE_AUDITD, 0, 1, true, 0, 346 } },
	  3,
	  346,
	  346 },
};

/* What a store would hold if nothing but trusted sources had been read. */
static void drop_text(struct rig *r)
{
	assert_int_equal(
		sqlite3_exec(
			r->store.db,
			"DELETE FROM touch; DELETE FROM interval WHERE trusted = 0; DELETE FROM part WHERE trusted = 0; "
			"DELETE FROM part_makers WHERE part NOT IN (SELECT id FROM part); "
			"DELETE FROM tree WHERE trusted = 0; DELETE FROM image WHERE founder NOT IN (SELECT id FROM part); "
			"DELETE FROM boot WHERE trusted = 0; DELETE FROM loss WHERE trusted = 0; DELETE FROM presence",
			NULL, NULL, NULL),
		SQLITE_OK);
}

static void check_trust(void **state)
{
	const struct trust_row *row = *state;
	char *auditd = read_file(PIPELINE_AUDITD);
	struct dump want, got;
	struct rig a, b;

	rig_open(&a);
	bring(&a, bytes_of(auditd), (struct how){ .trusted = row->trusted > 0 });
	want = dump_of(&a);
	rig_open(&b);
	for (size_t i = 0; i < row->n; i++) {
		const struct step *s = &row->steps[i];
		char *text = read_file(s->file);
		struct ingest_report report = bring(&b, piece(bytes_of(text), s->at, s->of),
						    (struct how){ .trusted = s->trusted });

		assert_int_equal(report.new_events, s->fresh);
		assert_int_equal(report.seen_before, s->before);
		assert_int_equal(report.contradicted, 0);
		free(text);
	}
	assert_int_equal(counted(&b), row->count);
	assert_int_equal(trusted(&b), row->trusted);
	if (row->trusted > 0)
		drop_text(&b);
	got = dump_of(&b);
	assert_same(&got, &want,
		    SEEN); /* the pages may know the uptime that auditd's lines do not print */
	dump_release(&want);
	dump_release(&got);
	rig_close(&a);
	rig_close(&b);
	free(auditd);
}

static void half_text_half_trusted_in_any_order(void **state)
{
	char *text = read_file(PIPELINE), *auditd = read_file(PIPELINE_AUDITD);

	(void)state;
	for (int order = 0; order < 2; order++) {
		uint64_t fresh = 0;
		struct rig r;

		rig_open(&r);
		for (int step = 0; step < 2; step++) {
			bool first = (step == 0) == (order == 0);

			fresh += bring(&r, first ? bytes_of(text) : piece(bytes_of(auditd), 1, 2),
				       (struct how){ .trusted = !first }).new_events;
		}
		assert_int_equal(fresh, 346);
		assert_int_equal(counted(&r), 346);
		assert_in_range(trusted(&r), 160, 186);
		assert_int_equal(rig_number(&r, "SELECT max(trusted > count) FROM observations"),
				 0);
		rig_close(&r);
	}
	free(text);
	free(auditd);
}

/* ---- images that wait ---- */

struct pids_of { struct flush_pid *v; size_t n, cap; };

static int take_pid(void *to, sqlite3_stmt *row, struct err *e)
{
	struct pids_of *all = to;

	(void)e;
	*VEC_PUSH(all) =
		(struct flush_pid){ sqlite3_column_int64(row, 0), sqlite3_column_int(row, 1) };
	return 0;
}

/* Takes all that is derived away, and writes facts alone, as where a signal comes while a batch is
 * written. */
static void stop_midway(struct rig *r)
{
	static const volatile sig_atomic_t one = 1;
	struct pids_of all = { 0 };
	struct flush_alone a;
	struct err e = { 0 };
	bool changed, waits = false;

	assert_ok(store_begin(&r->store, &changed, &e), &e);
	assert_ok(
		store_script(
			&r->store,
			"DELETE FROM tree; DELETE FROM image; DELETE FROM part; DELETE FROM derive_page; DELETE FROM derive_mark; "
			"UPDATE interval SET part = 0",
			&e),
		&e);
	assert_ok(store_each_sql(&r->store, "SELECT DISTINCT node, pid FROM interval", NO_ARGS,
				 WALK(take_pid, &all), &e),
		  &e);
	flush_alone_init(&a, &r->store);
	a.flush.stop = &one;
	for (size_t i = 0; i < all.n; i++)
		assert_ok(flush_put_again(&a.flush, all.v[i].node, all.v[i].pid, &e), &e);
	assert_ok(flush_batch(&a.flush, &e), &e);
	assert_true(a.flush.waits);
	assert_ok(store_commit(&r->store, &e), &e);
	flush_alone_release(&a);
	assert_ok(again_waits(&r->store, &waits, &e), &e);
	assert_true(waits);
	VEC_FREE(&all);
}

static void what_waits_is_derived_later(void **state)
{
	char *text = read_file(PIPELINE);
	struct dump want, got;
	struct err e = { 0 };
	struct rig r;
	bool waits = false;

	(void)state;
	for (int by_reader = 0; by_reader < 2; by_reader++) {
		rig_open(&r);
		bring(&r, bytes_of(text), (struct how){ 0 });
		want = dump_of(&r);
		stop_midway(&r);
		if (by_reader)
			assert_ok(again_rest(&r.store, NULL, &e), &e);
		else /* whoever writes next goes on */
			bring(&r, piece(bytes_of(text), 0, 50), (struct how){ .label = "again" });
		assert_ok(again_waits(&r.store, &waits, &e), &e);
		assert_false(waits);
		got = dump_of(&r);
		if (by_reader)
			assert_same(&got, &want, ARRAY_SIZE(parts));
		else
			assert_same(&got, &want, 5);
		dump_release(&want);
		dump_release(&got);
		rig_close(&r);
	}
	free(text);
}

/* ---- forged lines ---- */

#define FORM(stamp, pid, comm, nr)                                                                 \
	"type=SECCOMP msg=audit(" stamp "): auid=1000 uid=1000 gid=1000 ses=2 pid=" pid            \
	" comm=\"" comm "\" exe=\"/usr/bin/" comm "\" sig=0 arch=c000003e syscall=" nr             \
	" compat=0 ip=0x7f328e6a7c47 code=0x7ffc0000\n"
#define KERNEL(stamp, pid, comm, nr)                                                               \
	"Nov 24 11:05:50 node01 kernel: [ 2076.263835] audit: "                                    \
	"type=1326 audit(" stamp "): auid=1000 uid=1000 gid=1000 ses=2 pid=" pid " comm=\"" comm   \
	"\" exe=\"/usr/bin/" comm "\" sig=0 arch=c000003e syscall=" nr                             \
	" compat=0 ip=0x7f328e6a7c47 code=0x7ffc0000\n"

static void forged_lines_first_are_contradicted_and_hide_nothing(void **state)
{
	char *auditd = read_file(PIPELINE_AUDITD);
	struct ingest_report report;
	struct rig r;

	(void)state;
	rig_open(&r);
	/* the keys of real events, known in advance, with calls of the forger's choice */
	bring(&r,
	      BYTES(KERNEL("1795518350.089:610839", "5857", "evil", "101")
			    KERNEL("1795518350.089:610840", "5857", "evil", "101")),
	      (struct how){ 0 });
	report = bring(&r, bytes_of(auditd), (struct how){ .trusted = true });
	assert_int_equal(report.contradicted, 2);
	assert_int_equal(trusted(&r), 346);
	assert_int_equal(rig_number(&r, "SELECT sum(count) FROM observations WHERE comm <> 'evil'"),
			 346);
	assert_int_equal(
		rig_number(&r, "SELECT sum(trusted) FROM observations WHERE comm = 'evil'"), 0);
	/* a later run has contradicted nothing more */
	report = bring(&r, BYTES(KERNEL("1795518390.089:620000", "5999", "ls", "1")),
		       (struct how){ 0 });
	assert_int_equal(report.contradicted, 0);
	report = bring(&r, BYTES(FORM("1795518390.089:620000", "5999", "ls", "1")),
		       (struct how){ .trusted = true });
	assert_int_equal(report.seen_before, 1);
	assert_int_equal(report.contradicted, 0);
	free(auditd);
	rig_close(&r);
}

/* They are kept as text, as they are where they come first, and nothing trusted is another one. */
static void forged_lines_later_change_nothing_that_is_trusted(void **state)
{
	char *auditd = read_file(PIPELINE_AUDITD);
	struct ingest_report report;
	struct dump before, after;
	struct rig r;

	(void)state;
	rig_open(&r);
	bring(&r, bytes_of(auditd), (struct how){ .trusted = true });
	before = dump_of(&r);
	report = bring(&r, BYTES(KERNEL("1795518350.089:610839", "5857", "evil", "101")),
		       (struct how){ 0 });
	assert_int_equal(report.seen_before, 1);
	assert_int_equal(report.contradicted, 1);
	drop_text(&r);
	after = dump_of(&r);
	assert_same(&after, &before, SEEN);
	dump_release(&before);
	dump_release(&after);
	free(auditd);
	rig_close(&r);
}

#define GOOD FORM("1795518350.089:610839", "5857", "sh", "12")
#define FORGED FORM("1795518350.093:610900", "5857", "evil", "101")

static struct source_row {
	const char *name, *text;
	struct how how;
	bool as_root;
	int64_t count, trusted;
} sources[] = {
	{ "source: auditd's form, a file that anybody can write",
	  GOOD FORGED,
	  { .chmod = 0666 },
	  false,
	  2,
	  0 },
	{ "source: auditd's form, root's own file", GOOD FORGED, { .chmod = 0640 }, true, 2, 2 },
	{ "source: auditd's form, root's file that another group writes",
	  GOOD,
	  { .chmod = 0664, .label = "gid" },
	  true,
	  1,
	  0 },
	{ "source: a kernel's record beside it in root's file",
	  GOOD KERNEL("1795518350.101:611000", "5857", "sh", "12"),
	  { .chmod = 0600 },
	  true,
	  2,
	  0 },
	{ "source: ... after it",
	  KERNEL("1795518350.101:611000", "5857", "sh", "12") GOOD,
	  { .chmod = 0600 },
	  true,
	  2,
	  0 },
	{ "source: journald's record without a serial beside it",
	  GOOD "SECCOMP auid=1 uid=1 gid=1 ses=1 pid=1 comm=\"a\" exe=\"/a\" sig=0 "
	       "arch=c000003e syscall=1 compat=0 ip=0x1 code=0x7ffc0000\n",
	  { .chmod = 0600 },
	  true,
	  1,
	  0 },
	/* journalctl -o cat prints the second line of any user's message at column 0 */
	{ "source: a message of two lines through -o cat, beside text",
	  "Started Session 3 of user x.\nhello\n" FORGED "bye\n",
	  { .chmod = 0600 },
	  true,
	  1,
	  0 },
	{ "source: other audit records beside it",
	  "type=SYSCALL msg=audit(1795518382.733:613675): arch=c000003e syscall=44\n" GOOD,
	  { .chmod = 0600 },
	  true,
	  1,
	  1 },
	{ "source: standard input, trusted", GOOD, { .trusted = true }, false, 1, 1 },
	{ "source: standard input, trusted, indented line",
	  " " GOOD,
	  { .trusted = true },
	  false,
	  1,
	  0 },
	{ "source: standard input, trusted, after a grep",
	  "audit.log:" GOOD,
	  { .trusted = true },
	  false,
	  1,
	  1 },
};

static void check_source(void **state)
{
	const struct source_row *row = *state;
	struct rig r;

	if (row->as_root && geteuid() != 0)
		skip();
	rig_open(&r);
	if (row->how.label != NULL) { /* a group other than root's own */
		char *path = rig_path(&r, "input");

		rig_file(path, BYTES(""), 0600);
		assert_int_equal(chown(path, 0, 4), 0);
		free(path);
	}
	bring(&r, bytes_of(row->text), row->how);
	assert_int_equal(counted(&r), row->count);
	assert_int_equal(trusted(&r), row->trusted);
	rig_close(&r);
}

/* ---- boots ---- */

#define UP(day, uptime, stamp, pid, nr)                                                            \
	"Nov 24 " day " node01 kernel: [" uptime "] audit: type=1326 audit(" stamp                 \
	"): auid=0 uid=0 gid=0 ses=1 pid=" pid                                                     \
	" comm=\"sh\" exe=\"/bin/sh\" sig=0 arch=c000003e syscall=" nr                             \
	" compat=0 ip=0x7f328e6a7c47 code=0x7ffc0000\n"

/* Two boots within one page of the seen set, told apart by their uptimes; a third that begins
 * again. */
static const char *const boot_lines[] = {
	UP("11:00:00", "  100.000000", "1795518000.001:100", "10", "1"),
	UP("11:00:01", "  101.000000", "1795518001.001:101", "10", "2"),
	UP("11:05:00", "   20.000000", "1795518300.001:110", "10", "3"),
	UP("11:05:01", "   21.000000", "1795518301.001:111", "11", "4"),
	UP("11:10:00", "   20.000000", "1795518600.001:5", "11", "5"),
	UP("11:10:01", "   21.000000", "1795518601.001:6", "12", "6"),
};

static void bring_boots(struct rig *r, const size_t *order, bool at_once)
{
	auto_buf struct buf text = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(boot_lines); i++) {
		buf_str(&text, boot_lines[order[i]]);
		if (at_once && i + 1 < ARRAY_SIZE(boot_lines))
			continue;
		bring(r, buf_bytes(&text), (struct how){ 0 });
		text.n = 0;
	}
}

static struct boots_case {
	const char *name;
	size_t order[ARRAY_SIZE(boot_lines)];
	bool at_once;
} boots[] = {
	{ "boots: line by line", { 0, 1, 2, 3, 4, 5 }, false },
	{ "boots: line by line, backwards", { 5, 4, 3, 2, 1, 0 }, false },
	{ "boots: line by line, in turn", { 0, 2, 4, 1, 3, 5 }, false },
	{ "boots: at once, backwards", { 5, 4, 3, 2, 1, 0 }, true },
	{ "boots: at once, in turn", { 2, 0, 4, 5, 3, 1 }, true },
};

static void check_boots(void **state)
{
	static const size_t forward[] = { 0, 1, 2, 3, 4, 5 };
	const struct boots_case *row = *state;
	struct dump want, got, again;
	struct rig a, b;

	rig_open(&a);
	bring_boots(&a, forward, true);
	want = dump_of(&a);
	rig_open(&b);
	bring_boots(&b, row->order, row->at_once);
	got = dump_of(&b);
	assert_same(&got, &want, ARRAY_SIZE(parts));
	bring_boots(&b, row->order, row->at_once);
	again = dump_of(&b);
	assert_same(&again, &want, ARRAY_SIZE(parts));
	dump_release(&want);
	dump_release(&got);
	dump_release(&again);
	rig_close(&a);
	rig_close(&b);
}

/*
 * A thin log first: a page with one event of each of two boots looks like one boot. The whole log
 * shows the fall of the serials; the pid that it says nothing new of belongs to the second boot all
 * the same.
 */
static void a_thin_log_first_and_the_whole_later_give_the_same_boots(void **state)
{
	static const char thin[] = FORM("1795518350.001:1000", "10", "sh", "1")
		FORM("1795518370.001:2000", "11", "sh", "1");
	static const char rest[] = FORM("1795518352.001:3000", "10", "sh", "1")
		FORM("1795518353.001:3001", "10", "sh", "2");
	char *whole = mem_print("%s%s", thin, rest);
	struct dump want, got;
	struct rig a, b;

	(void)state;
	rig_open(&a);
	bring(&a, bytes_of(whole), (struct how){ 0 });
	want = dump_of(&a);
	assert_int_equal(rig_number(&a, "SELECT count(*) FROM boot"), 2);
	rig_open(&b);
	bring(&b, (struct bytes){ whole, sizeof(thin) - 1 }, (struct how){ 0 });
	bring(&b, bytes_of(whole), (struct how){ 0 });
	got = dump_of(&b);
	assert_same(&got, &want, ARRAY_SIZE(parts));
	dump_release(&want);
	dump_release(&got);
	rig_close(&a);
	rig_close(&b);
	free(whole);
}

/* ---- what trusted lines say, whatever text says ---- */

static uint32_t roll(uint64_t *seed, uint32_t n)
{
	*seed = *seed * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(*seed >> 33) % n;
}

/* A record; with an uptime as the kernel's ring has it, or without. */
static void add_record(struct buf *out, int64_t ms, uint32_t serial, int64_t uptime)
{
	if (uptime >= 0)
		buf_printf(out, "Nov 24 11:05:52 node01 kernel: [%lld.%06d] audit: type=1326 ",
			   (long long)uptime, 250000);
	else
		buf_printf(out, "type=SECCOMP msg=");
	buf_printf(
		out,
		"audit(%lld.%03d:%u): auid=0 uid=0 gid=0 ses=1 pid=%u comm=\"sh\" exe=\"/bin/sh\" sig=0 arch=c000003e syscall=%u compat=0 "
		"ip=0x7f328e6a7c47 code=0x7ffc0000\n",
		(long long)(ms / 1000), (int)(ms % 1000), serial, 100 + serial % 7, serial % 50);
}

static void add_marker(struct buf *out, uint32_t number, uint32_t uptime, uint32_t minute)
{
	buf_printf(out, "Nov 24 11:%02u:52 node01 kernel: [%u.000000] audit: ", minute % 60,
		   uptime);
	if (number % 2)
		buf_printf(out, "audit_lost=%u audit_rate_limit=0 audit_backlog_limit=64\n",
			   number);
	else
		buf_printf(out, "kauditd_printk_skb: %u callbacks suppressed\n", number);
}

/* What happened: two to four boots, steps of the clock, losses. */
static void happened(uint64_t *seed, struct buf *out, bool uptimes)
{
	int64_t ms = 1795518350000 + roll(seed, 1000000), began = ms - 100000;
	uint32_t serial = roll(seed, 4) ? roll(seed, 100000) : UINT32_MAX - roll(seed, 100);

	for (uint32_t n = 10 + roll(seed, 60); n > 0; n--) {
		if (roll(seed, 15) == 0) {
			ms += 60000 + roll(seed, 2000000);
			serial = 1 + roll(seed, 20);
			began = ms - 3000;
		}
		if (roll(seed, 30) == 0)
			ms += (roll(seed, 2) ? 1 : -1) * (int64_t)86400000;
		ms += roll(seed, 30) * roll(seed, 1000);
		serial += 1 + roll(seed, 3) * roll(seed, 500);
		add_record(out, ms, serial, uptimes ? (ms - began) / 1000 : -1);
		if (roll(seed, 10) == 0)
			add_marker(out, 1 + roll(seed, 20), 100 + roll(seed, 30), roll(seed, 60));
	}
}

/* Each kind of a line that anybody can write, about what happened and about what did not. */
static void forged(uint64_t *seed, struct buf *out, struct bytes truth)
{
	static const int64_t far[] = { -86400000,
				       86400000,
				       -1024000,
				       1000,
				       -1000,
				       40 * INT64_C(86400000),
				       -40 * INT64_C(86400000) };

	for (uint32_t n = 1 + roll(seed, 15); n > 0; n--) {
		struct bytes at = { truth.p + roll(seed, (uint32_t)truth.n), 0 };
		uint64_t second = 1795518350, serial = 1;

		at.n = (size_t)(truth.p + truth.n - at.p);
		bytes_skip(&at, bytes_find(at, BYTES("audit(")) + 6);
		if (at.n > 6 && bytes_dec(&at, UINT32_MAX, &second) > 0 &&
		    bytes_take(&at, BYTES(".")) && bytes_dec(&at, 999, &serial) > 0 &&
		    bytes_take(&at, BYTES(":")))
			bytes_dec(&at, UINT32_MAX, &serial);
		switch (roll(seed, 7)) {
		case 0:
			add_record(out, (int64_t)second * 1000 + far[roll(seed, ARRAY_SIZE(far))],
				   (uint32_t)serial, -1);
			break;
		case 1:
			add_record(out, (int64_t)second * 1000, roll(seed, INT32_MAX), -1);
			break;
		case 2:
			add_record(out, (int64_t)second * 1000, (uint32_t)serial,
				   roll(seed, 1000000));
			break;
		case 3:
			for (uint32_t k = 0; k < 12; k++)
				add_record(out, (int64_t)second * 1000 + k * 1000, 20 + k * 300,
					   -1);
			break;
		case 4:
			add_marker(out, 1 + roll(seed, 20), 100 + roll(seed, 30), roll(seed, 60));
			break;
		case 5:
			add_record(out, roll(seed, UINT32_MAX) * INT64_C(1000),
				   roll(seed, INT32_MAX), -1);
			break;
		default:
			add_record(out, (int64_t)second * 1000, (uint32_t)serial, -1);
		}
	}
}

static void rows_of_trusted(const struct rig *r, struct buf *out)
{
	rig_rows(
		r,
		"SELECT serials, seconds, hex(trusted_pieces), trusted_base_min, trusted_base_max FROM seen WHERE length(trusted_pieces) > 0 "
		"ORDER BY 1, 2",
		out);
	rig_rows(
		r,
		"SELECT number, t_first, t_last, serial_first, serial_last FROM boot WHERE trusted ORDER BY 1",
		out);
	rig_rows(r, "SELECT kind, stamp, number, t FROM loss WHERE trusted ORDER BY 1, 2, 3", out);
}

static void same_text(const char *got, const char *want)
{
	const char *line = got;

	if (strcmp(got, want) == 0)
		return;
	for (; *got != '\0' && *got == *want; got++, want++)
		line = *got == '\n' ? got + 1 : line;
	want -= got - line;
	fail_msg("with text: '%.*s', without: '%.*s'", (int)strcspn(line, "\n"), line,
		 (int)strcspn(want, "\n"), want);
}

static void one_forgery(uint64_t *seed, unsigned *several, unsigned *losses)
{
	auto_buf struct buf truth = { 0 }, lies = { 0 }, want = { 0 }, got = { 0 };
	size_t parts_of_truth = 1 + roll(seed, 3), of_lies = 1 + roll(seed, 3);
	struct how how = { 0 };
	struct rig a, b;

	happened(seed, &truth, roll(seed, 3) == 0);
	forged(seed, &lies, buf_bytes(&truth));
	rig_open(&a);
	bring(&a, buf_bytes(&truth), (struct how){ .trusted = true });
	rows_of_trusted(&a, &want);
	*several += rig_number(&a, "SELECT count(*) FROM boot") > 1;
	*losses += rig_number(&a, "SELECT count(*) FROM loss") > 0;
	rig_close(&a);
	rig_open(&b);
	for (size_t i = 0, k = 0; i < parts_of_truth || k < of_lies;) {
		how.trusted = k == of_lies || (i < parts_of_truth && roll(seed, 2));
		if (how.trusted)
			bring(&b, piece(buf_bytes(&truth), i++, parts_of_truth), how);
		else
			bring(&b, piece(buf_bytes(&lies), k++, of_lies), how);
	}
	rows_of_trusted(&b, &got);
	same_text(buf_text(&got), buf_text(&want));
	rig_close(&b);
}

static void no_text_changes_what_trusted_lines_say(void **state)
{
	const char *given = getenv("SCAUDIT_SEED");
	unsigned long long seed = given ? strtoull(given, NULL, 10)
					: (unsigned long long)time(NULL);
	unsigned n = getenv("SCAUDIT_LONG") ? 5000 : 60, several = 0, losses = 0;

	(void)state;
	fprintf(stderr, "# seed %llu, %u cases\n", seed, n);
	for (unsigned i = 0; i < n; i++) {
		uint64_t of_case = seed + i;

		one_forgery(&of_case, &several, &losses);
	}
	assert_in_range(several, n / 4, n);
	assert_in_range(losses, n / 4, n);
}

/* A marker that both tell of is a trusted one, with what the trusted line says of it. */
static void a_marker_of_both_is_trusted(void **state)
{
#define LOST(minute)                                                                               \
	"Nov 24 11:" minute                                                                        \
	":52 node01 kernel: [ 2076.000000] audit: audit_lost=7 audit_rate_limit=0 audit_backlog_limit=64\n"
	static const struct {
		const char *text;
		bool trusted;
	} lines[] = { { LOST("05"), true }, { LOST("01"), false }, { LOST("09"), false } };
	static const size_t orders[][3] = { { 0, 1, 2 }, { 1, 0, 2 }, { 2, 1, 0 }, { 1, 2, 0 } };
	auto_buf struct buf want = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(orders); i++) {
		auto_buf struct buf got = { 0 };
		struct rig r;

		rig_open(&r);
		for (size_t k = 0; k < 3; k++)
			bring(&r, bytes_of(lines[orders[i][k]].text),
			      (struct how){ .own = true, .trusted = lines[orders[i][k]].trusted });
		assert_int_equal(rig_number(&r, "SELECT count(*) FROM loss"), 1);
		rig_rows(&r, "SELECT kind, stamp, number, t, trusted FROM loss",
			 i == 0 ? &want : &got);
		if (i > 0)
			assert_string_equal(buf_text(&got), buf_text(&want));
		assert_int_equal(rig_number(&r, "SELECT trusted AND t / 60000 % 60 = 5 FROM loss"),
				 1);
		rig_close(&r);
	}
}

/* Text that comes twice with other times: the same, whichever comes first. */
static void a_marker_of_text_has_its_earliest_time(void **state)
{
	(void)state;
	for (int order = 0; order < 2; order++) {
		struct rig r;

		rig_open(&r);
		bring(&r, order ? BYTES(LOST("09")) : BYTES(LOST("03")),
		      (struct how){ .own = true });
		bring(&r, order ? BYTES(LOST("03")) : BYTES(LOST("09")),
		      (struct how){ .own = true });
		assert_int_equal(
			rig_number(&r, "SELECT NOT trusted AND t / 60000 % 60 = 3 FROM loss"), 1);
		rig_close(&r);
	}
}

/* ---- presence ---- */

#define PRESENT(pid, comm, nr)                                                                     \
	"Nov 24 11:05:50 node01 audit[" pid                                                        \
	"]: SECCOMP auid=1000 uid=1000 gid=1000 ses=2 pid=" pid " comm=\"" comm                    \
	"\" exe=\"/usr/bin/" comm "\" sig=0 arch=c000003e syscall=" nr                             \
	" compat=0 ip=0x7f328e6a7c47 code=0x7ffc0000\n"

static void a_line_without_serial_counts_nothing_and_hangs_on_its_image(void **state)
{
	static const char record[] = KERNEL("1795518350.089:610839", "5857", "sh", "12"),
			  present[] = PRESENT("5857", "sh", "59");
	struct dump d[2];

	(void)state;
	for (int order = 0; order < 2; order++) {
		struct rig r;

		rig_open(&r);
		bring(&r, bytes_of(order ? present : record), (struct how){ 0 });
		bring(&r, bytes_of(order ? record : present), (struct how){ 0 });
		bring(&r, bytes_of(present), (struct how){ .trusted = true });
		assert_int_equal(counted(&r), 1);
		assert_int_equal(trusted(&r), 0);
		assert_int_equal(
			rig_number(
				&r,
				"SELECT count(*) FROM observations WHERE nr = 59 AND count = 0 AND tree IS NOT NULL"),
			1);
		d[order] = dump_of(&r);
		rig_close(&r);
	}
	assert_same(&d[1], &d[0], ARRAY_SIZE(parts));
	dump_release(&d[0]);
	dump_release(&d[1]);
}

static void a_line_without_serial_of_an_unknown_pid_is_kept(void **state)
{
	struct rig r;
	struct ingest_report report;

	(void)state;
	rig_open(&r);
	report = bring(&r, BYTES(PRESENT("5857", "sh", "59") PRESENT("5857", "sh", "59")),
		       (struct how){ .own = true });
	assert_int_equal(report.presence, 2);
	assert_int_equal(report.new_events, 0);
	assert_int_equal(rig_number(&r, "SELECT count(*) FROM observations"), 1);
	rig_close(&r);
}

/* ---- runs ---- */

static void a_missing_file_between_others_is_reported_and_the_others_are_read(void **state)
{
	const char *files[] = { PIPELINE, "samples/no-such-file", "samples", "samples/dmesg.log" };
	struct ingest_options o = { .node = "node01", .version = "test" };
	struct ingest_report report;
	struct err e = { 0 };
	struct rig r;

	(void)state;
	rig_open(&r);
	assert_ok(ingest_run(&r.store, files, ARRAY_SIZE(files), &o, &report, &e), &e);
	assert_int_equal(report.failed, 2);
	assert_int_equal(report.new_events, 346 + 45);
	assert_int_equal(counted(&r), 346 + 45);
	rig_close(&r);
}

struct stopper { volatile sig_atomic_t stop; unsigned commits; };

static void stop_after_three_commits(void *to, uint64_t bytes, long long size)
{
	struct stopper *s = to;

	(void)bytes;
	(void)size;
	s->stop = ++s->commits == 3;
}

static void a_stopped_run_is_completed_by_the_next(void **state)
{
	const char *file = "samples/java-threads.log";
	struct stopper s = { 0 };
	struct ingest_options o = { .node = "node01",
				    .version = "test",
				    .batch_records = 50,
				    .stop = &s.stop,
				    .to = &s,
				    .progress = stop_after_three_commits };
	struct ingest_report report;
	struct err e = { 0 };
	struct dump want, got;
	struct rig a, b;
	char *text = read_file(file);

	(void)state;
	rig_open(&a);
	bring(&a, bytes_of(text), (struct how){ .chmod = 0666 });
	want = dump_of(&a);
	rig_open(&b);
	assert_ok(ingest_run(&b.store, &file, 1, &o, &report, &e), &e);
	assert_true(report.stopped);
	assert_int_equal(report.new_events, 150);
	assert_int_equal(counted(&b), 150);
	assert_int_equal(bring(&b, bytes_of(text), (struct how){ .chmod = 0666 }).seen_before, 150);
	got = dump_of(&b);
	if (geteuid() != 0) /* root's own file was trusted the first time */
		assert_same(&got, &want, ARRAY_SIZE(parts));
	assert_int_equal(counted(&b), 1242);
	dump_release(&want);
	dump_release(&got);
	free(text);
	rig_close(&a);
	rig_close(&b);
}

/* A second writer that gets its turn after each commit of the first. */
struct second { struct store store; struct bytes text; size_t at, of; uint64_t fresh; char *path; };

static void second_writes(void *to, uint64_t bytes, long long size)
{
	struct second *s = to;
	struct ingest_options o = { .node = "node01", .version = "test" };
	struct ingest_report report;
	struct err e = { 0 };
	const char *source = s->path;

	(void)bytes;
	(void)size;
	if (s->at == s->of)
		return;
	rig_file(s->path, piece(s->text, s->of - ++s->at, s->of), 0666);
	assert_ok(ingest_run(&s->store, &source, 1, &o, &report, &e), &e);
	s->fresh += report.new_events;
}

static struct writers_row { const char *name, *file; size_t batch; } writers[] = {
	{ "two writers in turn: pipeline",     PIPELINE,                   20 },
	{ "two writers in turn: java-threads", "samples/java-threads.log", 70 },
	{ "two writers in turn: denials",      "samples/denials.log",      13 },
};

static void check_writers(void **state)
{
	const struct writers_row *row = *state;
	char *all = read_file(row->file), *path;
	struct second s = { .text = bytes_of(all), .of = 10 };
	struct ingest_options o = { .node = "node01",
				    .version = "test",
				    .batch_records = row->batch,
				    .to = &s,
				    .progress = second_writes };
	struct ingest_report report;
	struct err e = { 0 };
	struct dump want, got;
	struct rig a, b;
	const char *source;

	rig_open(&a);
	bring(&a, bytes_of(all), (struct how){ 0 });
	want = dump_of(&a);
	rig_open(&b);
	s.path = rig_path(&b, "second");
	source = path = rig_path(&b, "first");
	rig_file(path, bytes_of(all), 0666);
	assert_ok(store_open(&s.store, b.db, STORE_WRITE, &e), &e);
	assert_ok(ingest_run(&b.store, &source, 1, &o, &report, &e), &e);
	assert_int_equal(s.at, s.of);
	assert_int_equal(report.new_events + s.fresh, counted(&a));
	assert_true(s.fresh > 0 && report.new_events > 0);
	got = dump_of(&b);
	assert_same(&got, &want, ARRAY_SIZE(parts));
	dump_release(&want);
	dump_release(&got);
	store_close(&s.store);
	free(s.path);
	free(path);
	free(all);
	rig_close(&a);
	rig_close(&b);
}

static void a_label_marks_what_was_seen_before(void **state)
{
	char *text = read_file(PIPELINE);
	struct rig r;

	(void)state;
	rig_open(&r);
	bring(&r, bytes_of(text), (struct how){ 0 });
	assert_int_equal(
		rig_number(&r, "SELECT count(*) FROM observations WHERE label IS NOT NULL"), 0);
	bring(&r, bytes_of(text), (struct how){ .label = "again" });
	assert_int_equal(
		rig_number(&r, "SELECT count(*) FROM observations WHERE label IS NOT 'again'"), 0);
	assert_int_equal(counted(&r), 346);
	bring(&r, bytes_of(text), (struct how){ .label = "third" });
	assert_int_equal(
		rig_number(
			&r,
			"SELECT count(*) FROM observations WHERE label NOT IN ('again,third', 'third,again')"),
		0);
	assert_int_equal(counted(&r), 346);
	free(text);
	rig_close(&r);
}

static void every_run_notes_what_it_did(void **state)
{
	char *text = read_file("samples/syslog-ratelimited.log");
	struct rig r;

	(void)state;
	rig_open(&r);
	bring(&r, bytes_of(text), (struct how){ 0 });
	bring(&r, bytes_of(text), (struct how){ 0 });
	assert_int_equal(rig_number(&r, "SELECT count(*) FROM ingest WHERE ended >= started"), 2);
	assert_int_equal(rig_number(&r, "SELECT new_events FROM ingest WHERE id = 1"), 50);
	assert_int_equal(rig_number(&r, "SELECT losses FROM ingest WHERE id = 1"), 4);
	assert_int_equal(rig_number(&r, "SELECT other FROM ingest WHERE id = 1"), 15);
	assert_int_equal(rig_number(&r, "SELECT seen_before FROM ingest WHERE id = 2"), 50);
	assert_int_equal(rig_number(&r, "SELECT count(*) FROM loss"), 4);
	free(text);
	rig_close(&r);
}

static void text_without_records_leaves_no_run(void **state)
{
	struct rig r;
	struct ingest_report report;

	(void)state;
	rig_open(&r);
	report = bring(&r, BYTES("hello\n{\"a\":1}\n"), (struct how){ 0 });
	assert_int_equal(report.other, 2);
	assert_int_equal(report.looks, LOOKS_JSON);
	assert_int_equal(report.ingest, 0);
	assert_int_equal(rig_number(&r, "SELECT count(*) FROM ingest"), 0);
	rig_close(&r);
}

/* ---- hostile input ---- */

static void bring_random_keys(unsigned n)
{
	auto_buf struct buf text = { 0 };
	uint32_t x = 1;
	struct rig r;

	for (unsigned i = 0; i < n; i++) {
		x = x * 1664525u + 1013904223u;
		buf_printf(&text, FORM("%u.000:%u", "7", "sh", "1"), 1000000000 + (x >> 2),
			   x * 2654435761u);
	}
	rig_open(&r);
	assert_int_equal(bring(&r, buf_bytes(&text), (struct how){ 0 }).new_events, n);
	rig_close(&r);
}

static void keys_that_fit_nowhere_stay_cheap(void **state)
{
	(void)state;
	assert_not_quadratic(bring_random_keys, 8000u);
}

/* ---- long lives ---- */

#define LIVES 2500

static uint32_t dice(uint32_t *x, uint32_t n)
{
	*x = *x * 1664525u + 1013904223u;
	return (*x >> 8) % n;
}

static uint64_t random_site(uint32_t *x)
{
	return 0x7f0000000000u + ((uint64_t)dice(x, 1 << 24) << 15);
}

/*
 * A few pids that live long, each with calls seconds apart from two or three places, and now and
 * then an execve, a fork whose child has the parent's places and another's pid, an exit, a new
 * place, a clock that is set back.
 */
static void add_lives(struct buf *out, unsigned n, uint32_t seed)
{
	enum { PIDS = 3 };
	struct { uint64_t at[8]; unsigned n; char exe; } life[PIDS];
	int64_t t = 1795518350000;
	uint32_t x = seed;

	for (unsigned i = 0; i < PIDS; i++) {
		life[i].n = 2;
		life[i].exe = (char)('a' + i % 2);
		life[i].at[0] = random_site(&x);
		life[i].at[1] = i == 2 ? 0x401000 : random_site(&x);
	}
	for (unsigned i = 0; i < n; i++) {
		unsigned pid = dice(&x, PIDS), what = dice(&x, 1200), child = dice(&x, PIDS);
		uint64_t ip = life[pid].at[dice(&x, life[pid].n)] + dice(&x, 3) * 0x7f0;
		unsigned nr = what == 0		     ? 59 :
			      what == 1 || what == 2 ? 56 :
			      what == 3		     ? 231 :
						       what % 5;

		t += dice(&x, 3000) == 0 ? -20000 : 100 + (int64_t)dice(&x, 1500);
		buf_printf(
			out,
			"type=SECCOMP msg=audit(%lld.%03d:%u): auid=1000 uid=1000 gid=1000 ses=2 pid=%u comm=\"%c%u\" "
			"exe=\"/usr/bin/%c\" sig=0 arch=c000003e syscall=%u compat=0 ip=0x%llx code=0x7ffc0000\n",
			(long long)(t / 1000), (int)(t % 1000), 1000 + 2 * i, 100 + pid,
			life[pid].exe, dice(&x, 2), life[pid].exe, nr, (unsigned long long)ip);
		if (nr == 56 && child != pid)
			life[child] = life[pid];
		if (nr == 59 || nr == 231) {
			life[pid].exe = (char)('a' + dice(&x, 3));
			life[pid].n = 1;
			life[pid].at[0] = random_site(&x);
		}
		if (what < 12 && life[pid].n < ARRAY_SIZE(life[pid].at))
			life[pid].at[life[pid].n++] = random_site(&x);
	}
}

static struct life_row {
	const char *name;
	uint32_t seed;
	size_t batch;
	bool backwards;
} lives[] = {
	{ "long lives: a batch for each record", 1, 1, false },
	{ "long lives: batches of 7", 2, 7, false },
	{ "long lives: batches of 7, another", 3, 7, false },
	{ "long lives: batches of 20", 4, 20, false },
	{ "long lives: batches of 20, another", 5, 20, false },
	{ "long lives: batches of 100", 6, 100, false },
	{ "long lives: batches of 100, another", 7, 100, false },
	{ "long lives: the last piece first", 8, 20, true },
};

static void check_lives(void **state)
{
	const struct life_row *r = *state;
	auto_buf struct buf text = { 0 };
	struct rig at_once, other;
	struct dump want, got;
	const size_t n = 60;

	add_lives(&text, LIVES, r->seed);
	rig_open(&at_once);
	rig_open(&other);
	bring(&at_once, buf_bytes(&text), (struct how){ 0 });
	for (size_t i = n; r->backwards && i-- > 0;)
		bring(&other, piece(buf_bytes(&text), i, n), (struct how){ .batch = r->batch });
	if (!r->backwards)
		bring(&other, buf_bytes(&text), (struct how){ .batch = r->batch });
	want = dump_of(&at_once);
	got = dump_of(&other);
	assert_same(&got, &want, ARRAY_SIZE(parts));
	dump_release(&want);
	dump_release(&got);
	rig_close(&at_once);
	rig_close(&other);
}

/* A call each second, from two places in turn, in commits of 100. */
static void bring_a_life(unsigned n)
{
	auto_buf struct buf text = { 0 };
	struct rig r;

	for (unsigned i = 0; i < n; i++)
		buf_printf(
			&text,
			"type=SECCOMP msg=audit(%u.089:%u): auid=1000 uid=1000 gid=1000 ses=2 pid=7 comm=\"svc\" "
			"exe=\"/usr/bin/svc\" sig=0 arch=c000003e syscall=%u compat=0 ip=0x7f%c28e6a7c47 code=0x7ffc0000\n",
			1795518350 + i, 1000 + i, i % 7, i % 2 ? '3' : '4');
	rig_open(&r);
	assert_int_equal(bring(&r, buf_bytes(&text), (struct how){ .batch = 100 }).new_events, n);
	rig_close(&r);
}

static void a_long_life_of_one_pid_stays_cheap(void **state)
{
	(void)state;
	assert_not_quadratic(bring_a_life, 10000u);
}

int main(void)
{
	static struct piece_case cases[ARRAY_SIZE(piece_files) * ARRAY_SIZE(pieces)];
	struct tests t = { 0 };
	size_t n = 0;

	setenv("TZ", "UTC", 1);
	ADD_ROWS(&t, samples, check_whole);
	for (size_t f = 0; f < ARRAY_SIZE(piece_files); f++)
		for (size_t i = 0; i < ARRAY_SIZE(pieces); i++) {
			struct piece_case *c = &cases[n++];

			*c = (struct piece_case){ .row = &pieces[i], .file = piece_files[f] };
			snprintf(c->name, sizeof(c->name), "%s: %s", piece_files[f],
				 pieces[i].name);
			add_test(&t, c->name, check_pieces, c);
		}
	ADD_ROWS(&t, trusts, check_trust);
	ADD(&t, half_text_half_trusted_in_any_order);
	ADD(&t, what_waits_is_derived_later);
	ADD(&t, forged_lines_first_are_contradicted_and_hide_nothing);
	ADD(&t, forged_lines_later_change_nothing_that_is_trusted);
	ADD_ROWS(&t, sources, check_source);
	ADD_ROWS(&t, boots, check_boots);
	ADD(&t, a_thin_log_first_and_the_whole_later_give_the_same_boots);
	ADD(&t, a_line_without_serial_counts_nothing_and_hangs_on_its_image);
	ADD(&t, a_line_without_serial_of_an_unknown_pid_is_kept);
	ADD(&t, a_missing_file_between_others_is_reported_and_the_others_are_read);
	ADD(&t, a_stopped_run_is_completed_by_the_next);
	ADD_ROWS(&t, writers, check_writers);
	ADD(&t, no_text_changes_what_trusted_lines_say);
	ADD(&t, a_marker_of_both_is_trusted);
	ADD(&t, a_marker_of_text_has_its_earliest_time);
	ADD(&t, a_label_marks_what_was_seen_before);
	ADD(&t, every_run_notes_what_it_did);
	ADD(&t, text_without_records_leaves_no_run);
	ADD(&t, keys_that_fit_nowhere_stay_cheap);
	ADD_ROWS(&t, lives, check_lives);
	ADD(&t, a_long_life_of_one_pid_stays_cheap);
	return run_rows(&t, "ingest");
}
