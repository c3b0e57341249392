/*
 * Every I/O call of SQLite's fails once, or from then on for good, in every command that works on a store. A run then ends
 * with exit status 3 and a line that names the store, or it is right: the same output and the same store as without the
 * fault. The store is sound in any case, and the same command again gives what it gives without a fault.
 *
 * Each run is a process of its own, the whole program from main(). `make test` tries some calls of each command, drawn anew
 * each time (SCAUDIT_SEED repeats them); SCAUDIT_LONG=1 (`make long`) tries all. SCAUDIT_FAULT='NAME/SETTING/MODE/N'
 * repeats one, and keeps its folder; without N, MODE and SETTING it is all of them.
 */
#include "tests/rig.h"
#include "tests/fault_vfs.h"

/* capture as it is, with a name of its own, for its commits */
#define capture_run capture_run_
#include "ingest/live/capture.c"
#undef capture_run

#include "cli/command.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/wait.h>

#define PATIENCE_S 120     /* until a run counts as hanging: sanitizers and valgrind are slow */
#define DRAWN 1            /* calls of a command that are tried, for each setting and mode */
#define SHOWN 10           /* faults of a command that are told of */

/* ---- inputs ---- */

#define T0 1795518350000ll /* 2026-11-24T11:05:50Z */
#define COUNT 12           /* processes of a boot */

enum form { SYSLOG, AUDITD };

struct one { int64_t ms; uint32_t serial; int pid; const char *comm, *exe; int nr; unsigned ip; uint32_t code; };

static void add_record(struct buf *out, enum form form, const struct one *r)
{
	char stamp[64];
	time_t second = r->ms / 1000;

	strftime(stamp, sizeof(stamp), "%Y-%m-%dT%H:%M:%S", gmtime(&second));
	if (form == SYSLOG)
		buf_printf(out, "%s.%03d000+00:00 node01 kernel: audit: type=1326 audit(", stamp, (int)(r->ms % 1000));
	else
		buf_str(out, "type=SECCOMP msg=audit(");
	buf_printf(out, "%lld.%03d:%u): auid=1000 uid=1000 gid=1000 ses=2 pid=%d comm=\"%s\" exe=\"%s\" sig=0 arch=c000003e "
		   "syscall=%d compat=0 ip=0x7f328%07x code=0x%x\n", (long long)second, (int)(r->ms % 1000), r->serial, r->pid, r->comm,
		   r->exe, r->nr, r->ip, r->code);
}

/* A shell that calls, forks, and whose child execs a worker; five more such calls 700 ms later, so in other intervals. */
static size_t a_life(struct one *v, int64_t ms, uint32_t serial, int pid)
{
	static const int calls[] = { 12, 9, 21, 257, 56 };
	const char *worker = pid % 3 == 0 ? "cat" : pid % 3 == 1 ? "worker" : "sort";
	static const char *const exes[] = { "/usr/bin/cat", "/opt/worker", "/usr/bin/sort" };
	size_t n = 0;

	v[n++] = (struct one){ ms, serial, pid, "logrun", "/opt/logrun", 59, 0xaf00bad, 0x7ffc0000 };
	for (size_t i = 0; i < ARRAY_SIZE(calls); i++)
		v[n++] = (struct one){ ms + 5 + (int64_t)i, 0, pid, "sh", "/usr/bin/dash", calls[i], 0xe6a7c47, 0x7ffc0000 };
	v[n++] = (struct one){ ms + 20, 0, pid + 1, "sh", "/usr/bin/dash", 59, 0xe6a7c60, 0x7ffc0000 };
	for (size_t i = 0; i < ARRAY_SIZE(calls); i++)
		v[n++] = (struct one){ ms + 720 + (int64_t)i, 0, pid + 1, worker, exes[pid % 3], calls[i] + pid % 5, 0x2269c47,
				       i == 3 ? 0x50001 : 0x7ffc0000 };
	v[n++] = (struct one){ ms + 760, 0, pid, "sh", "/usr/bin/dash", 231, 0xe6a7c99, 0x7ffc0000 };
	for (size_t i = 0; i < n; i++)
		v[i].serial = serial + (uint32_t)i;
	return n;
}

/* Which of all records a log has. */
enum part { EARLY, LATE, WHOLE, MORE, OTHER };

/*
 * Two boots: the serials of the second begin within those of the first. Its early part, with the late one of the second,
 * looks like one boot. In the second lives a daemon of many intervals; MORE is what it does later.
 */
static void add_log(struct buf *out, enum form form, enum part part)
{
	struct one v[32];
	uint32_t serial = 1000;

	/* of another boot, so that it may be another name of the same machine */
	for (uint32_t i = 0; i < 40 && part == OTHER; i++)
		add_record(out, form, &(struct one){ T0 + 86400000 + i * 1000, 10 + i, 95, "late", "/usr/bin/late", (int)i % 5, 0x1111111, 0x7ffc0000 });
	for (int i = 0; i < 2 * COUNT && part != OTHER; i++) {
		bool second = i >= COUNT;
		size_t n;

		if (i == COUNT)
			serial = 1000 + 14 * COUNT / 2;
		n = a_life(v, T0 + i * 1500 + second * 100000, serial, 200 + i * 7 % 50 * 2);
		serial += (uint32_t)n;
		for (size_t k = 0; k < n; k++) {
			if (part == MORE || (part == EARLY && !second && i > COUNT / 4) || (part == LATE && i % 3 == 1))
				continue;
			/* what the kernel says itself is another call than a user had written */
			if (form == AUDITD && v[k].serial % 50 == 0)
				v[k].nr = 39;
			add_record(out, form, &v[k]);
		}
	}
	for (int i = 0; i < 170 && part != OTHER; i++)
		if ((part == MORE) == (i >= 140))
			add_record(out, form, &(struct one){ T0 + 200000 + i * 1000, serial + (uint32_t)i, 90, "daemon", "/usr/sbin/daemon",
							     i % 7, 0x1111111, 0x7ffc0000 });
}

static void add_rest(struct buf *out)
{
	for (int i = 0; i < 30; i++)
		buf_printf(out, "2026-11-24T11:05:%02d.000000+00:00 node01 audit[%d]: SECCOMP auid=1000 uid=1000 gid=1000 ses=2 pid=%d "
				"comm=\"sh\" exe=\"/usr/bin/dash\" sig=0 arch=c000003e syscall=%d compat=0 ip=0x7f328e6a7c47 code=0x7ffc0000\n",
			   i + 10, 200 + i * 2, 200 + i * 2, i % 9);
	for (int i = 0; i < 20; i++)
		buf_printf(out, "2026-11-24T11:06:%02d.000000+00:00 node01 kernel: [ 20%02d.253054] kauditd_printk_skb: %d callbacks suppressed\n",
			   i, i, 1000 + i);
}

/* ---- what a store holds ---- */

#define IMAGE_OF(t) "(SELECT image.pid || ' ' || image.boot || ' ' || image.serial_first FROM image WHERE image.id = " t ")"
#define STRING_OF(t) "(SELECT CAST(bytes AS TEXT) FROM string WHERE string.id = " t ")"
#define NODE_OF(t) "(SELECT CAST(name AS TEXT) FROM node WHERE node.id = " t ")"
#define CALLER_OF(t) "(SELECT " STRING_OF("comm") " FROM caller WHERE caller.id = " t ")"
#define CALL_OF(t) "(SELECT printf('%x %d %x', arch, nr, action) FROM call WHERE call.id = " t ")"
#define PLACE_OF(t) "(SELECT CAST(container || ' ' || pod || ' ' || unit AS TEXT) FROM place WHERE place.id = " t ")"
#define TREE_OF(t) "(SELECT code FROM tree WHERE tree.id = " t ")"
#define PATH_OF(t) "(SELECT text FROM path WHERE path.id = " t ")"
#define FOLD_OF(t) "(SELECT code FROM fold WHERE fold.id = " t ")"
#define INTERVAL_OF(t) "(SELECT pid || ' ' || serial_first || ' ' || cell FROM interval WHERE interval.id = " t ")"
#define SORTED " ORDER BY 1, 2, 3, 4"

/* Every table by what it says, without row numbers. */
static const char *const tables[] = {
	"PRAGMA application_id", "PRAGMA user_version",
	"SELECT type, name, tbl_name, sql FROM sqlite_schema" SORTED,
	"SELECT key, length(value), 0, 0 FROM meta WHERE key <> 'generation'" SORTED,
	"SELECT hex(bytes), 0, 0, 0 FROM string" SORTED,
	"SELECT CAST(name AS TEXT), 0, 0, 0 FROM node" SORTED,
	"SELECT CAST(name AS TEXT), " NODE_OF("node") ", 0, 0 FROM node_name" SORTED,
	"SELECT name, hash, hex(text), 0 FROM policy" SORTED,
	"SELECT " NODE_OF("node") ", serials, seconds, hex(pieces), hex(data), base_min, base_max FROM seen" SORTED,
	"SELECT " NODE_OF("node") ", number, t_first, t_last, serial_first, serial_last FROM boot" SORTED,
	"SELECT " STRING_OF("comm") ", " STRING_OF("subj") ", 0, 0 FROM caller" SORTED,
	"SELECT arch, nr, action, 0 FROM call" SORTED,
	"SELECT p.text, " STRING_OF("p.exe") ", " STRING_OF("p.name") ", " PATH_OF("p.parent") " FROM path AS p" SORTED,
	"SELECT code, start_seen, " IMAGE_OF("tree.id") ", 0 FROM tree" SORTED,
	"SELECT m.pid, m.boot, m.serial_first, m.t_first, m.t_last, m.t_end, m.serial_last, m.uid, m.auid, m.loader, m.starts, "
		NODE_OF("m.node") ", " STRING_OF("m.exe") ", " STRING_OF("m.name") ", " PATH_OF("m.path") ", " TREE_OF("m.tree") ", "
		IMAGE_OF("m.parent") ", " IMAGE_OF("m.fork_of") " FROM image AS m" SORTED,
	"SELECT pid, serial_first, cell, " STRING_OF("exe") ", " NODE_OF("node") ", loader, t_first, t_last, serial_last, uid, auid, "
		STRING_OF("name") ", " IMAGE_OF("interval.image") ", edges FROM interval" SORTED,
	"SELECT pid, serial_first, cell, " STRING_OF("i.exe") ", " CALLER_OF("o.value ->> 0") ", " CALL_OF("o.value ->> 1") ", o.value ->> 2, o.value ->> 3, "
		"o.value ->> 4, o.value ->> 5, o.value ->> 6, o.value ->> 7, o.value ->> 8 FROM interval AS i, json_each(i.obs) AS o "
		"ORDER BY 1, 2, 3, 4, 5, 6",
	"SELECT * FROM observations ORDER BY node, tree, path, comm, exe, arch, nr, action, first, last, pid, ip",
	"SELECT " NODE_OF("node") ", pid, t, serial, kind, parent FROM event" SORTED,
	"SELECT pid, hour, " CALLER_OF("p.caller") ", " CALL_OF("p.call") ", " STRING_OF("p.exe") ", t_first, t_last, ip, " IMAGE_OF("p.image")
		", " NODE_OF("p.node") " FROM presence AS p" SORTED,
	"SELECT " NODE_OF("node") ", kind, stamp, number, t FROM loss" SORTED,
	"SELECT " TREE_OF("tree") ", " STRING_OF("label") ", 0, 0 FROM tree_label" SORTED,
	"SELECT CAST(container AS TEXT), CAST(pod AS TEXT), CAST(unit AS TEXT), CAST(container_name AS TEXT), runtime, pod_name, namespace, "
		NODE_OF("node") " FROM place" SORTED,
	"SELECT " NODE_OF("node") ", " STRING_OF("exe") ", " PLACE_OF("place") ", here, build_id, t_first, t_last FROM build" SORTED,
	"SELECT " INTERVAL_OF("interval") ", " PLACE_OF("place") ", 0, 0 FROM sighting" SORTED,
	"SELECT " TREE_OF("tree") ", " PLACE_OF("place") ", 0, 0 FROM tree_place" SORTED,
	"SELECT code, " NODE_OF("node") ", " PATH_OF("main") ", (SELECT group_concat(" STRING_OF("value") ") FROM json_each(labels)), trees, "
		"starts FROM fold" SORTED,
	"SELECT " FOLD_OF("fold") ", " PATH_OF("u.path") ", " CALLER_OF("u.caller") ", " CALL_OF("u.call") ", forked, events, trusted, contradicted, "
		"t_first, t_last FROM fold_use AS u" SORTED,
	"SELECT " FOLD_OF("fold") ", " PLACE_OF("place") ", 0, 0 FROM fold_place" SORTED,
	"SELECT " FOLD_OF("fold") ", (SELECT group_concat(" CALL_OF("value") ") FROM json_each(calls)), trees, starts, hours FROM fold_set" SORTED,
	/* which run brought what: after another one that failed this may differ */
	"SELECT id, " STRING_OF("label") ", policy, source, version, new_events, seen_before, contradicted, damaged, other, losses, "
		"ended IS NULL FROM ingest" SORTED,
	"SELECT pid, serial_first, cell, ingest FROM interval" SORTED,
	"SELECT " INTERVAL_OF("interval") ", ingest, 0, 0 FROM touch" SORTED,
	"SELECT " NODE_OF("node") ", kind, stamp, number, ingest FROM loss" SORTED,
	"SELECT ingest, " NODE_OF("node") ", t_first, t_last, serial_first, serial_last, received, gaps, dropped, lost, complete FROM capture" SORTED,
};

enum { OF_RUNS = ARRAY_SIZE(tables) - 5 }; /* the first of those that name runs */

/* No rows come of these in a sound store, but for the first: "ok". */
static const char *const sound[] = {
	"PRAGMA integrity_check", "PRAGMA foreign_key_check",
	"SELECT 'tree without its root', tree.id FROM tree LEFT JOIN image ON image.id = tree.id WHERE image.id IS NULL OR image.tree <> tree.id",
	"SELECT 'image without its tree', image.id FROM image LEFT JOIN tree ON tree.id = image.tree WHERE tree.id IS NULL",
	"SELECT 'interval without its image', interval.id FROM interval LEFT JOIN image ON image.id = interval.image WHERE image.id IS NULL "
		"OR image.pid <> interval.pid",
	"SELECT 'image without intervals', image.id FROM image WHERE NOT EXISTS (SELECT 1 FROM interval WHERE interval.image = image.id)",
	"SELECT 'presence of an image that is gone', presence.id FROM presence LEFT JOIN image ON image.id = presence.image WHERE "
		"presence.image <> 0 AND image.id IS NULL",
};

struct dump { struct buf part[ARRAY_SIZE(tables)]; };

static void rows(sqlite3 *db, const char *sql, struct buf *out)
{
	struct rig r = { .store.db = db };
	sqlite3_stmt *st = NULL;

	/* a store of an older version, or one that was not made, lacks tables */
	if (sqlite3_prepare_v2(db, sql, -1, &st, NULL) != SQLITE_OK)
		buf_printf(out, "%s\n", sqlite3_errmsg(db));
	else
		rig_rows(&r, sql, out);
	sqlite3_finalize(st);
}

static void dump_release(struct dump *d)
{
	for (size_t i = 0; i < ARRAY_SIZE(tables); i++)
		buf_release(&d->part[i]);
}

static int shown(const char *row)
{
	size_t n = strcspn(row, "\n");

	return n < 200 ? (int)n : 200;
}

/* Are the first n parts the same? *why: how not. */
static bool same(struct dump *got, struct dump *want, size_t n, struct buf *why)
{
	for (size_t i = 0; i < n; i++) {
		const char *a = buf_text(&got->part[i]), *b = buf_text(&want->part[i]);

		if (strcmp(a, b) == 0)
			continue;
		while (*a == *b)
			a++, b++;
		while (a > got->part[i].p && a[-1] != '\n')
			a--, b--;
		buf_printf(why, "%.90s ...: got '%.*s', expected '%.*s'", tables[i], shown(a), a, shown(b), b);
		return false;
	}
	return true;
}

/* ---- scenes ---- */

struct scene {
	const char *name;
	const char *before[4];  /* commands that make the store that it begins with; none: there is no store */
	const char *command;    /* words with blanks between; <FILE is its standard input */
	int (*run)(void);       /* instead of a command: what the program would do, and its status */
	int version;            /* the store is made one of this version; 0: it stays */
	bool atomic;            /* all or nothing is done */
	bool reads;             /* nothing at all is */
	const char *done;       /* stderr says so when it is done, and only then */
};

struct setting { const char *name; unsigned page, cache; };
static const struct setting settings[] = {
	{ "plain", 4096, 0 },
	{ "tight", 512, 100 }, /* much more is read, in the middle of loops, and written before the commit */
};

/* drawn: so many calls are tried, where not all are; what fails once is the most easily overlooked */
static const struct mode { const char *name; enum fault_kind kind; bool stays; uint64_t drawn; } modes[] = {
	{ "once", FAULT_IO, false, 8 },         { "stays", FAULT_IO, true, 2 },           { "full-once", FAULT_FULL, false, 1 },
	{ "full", FAULT_FULL, true, 1 },        { "mild-once", FAULT_MILD, false, 4 }, { "mild", FAULT_MILD, true, 1 },
};

/* ... those that are no command */

static int end(struct store *s, int ret, const struct err *e)
{
	store_close(s);
	if (ret < 0)
		command_say("%s", e->msg);
	return ret < 0 ? (int)e->status : ST_OK;
}

static int in_batches(void)
{
	static const char *const sources[] = { "early.log", "late.log", "rest.log" };
	struct ingest_options o = { .node = "node01", .label = "nightly", .version = "test", .batch_records = 50 };
	struct ingest_report r;
	struct err e = { 0 };
	struct store s;
	int ret = store_open(&s, "store.db", STORE_WRITE, &e);

	if (ret == 0)
		ret = ingest_run(&s, sources, ARRAY_SIZE(sources), &o, &r, &e);
	return end(&s, ret, &e);
}

/* What capture gets from its reader: places, births and records. Then it commits. */
static void queue_some(struct queue *q, struct bytes *lines)
{
	static const char *const groups[] = {
		"0::/system.slice/web.service\n",
		"0::/system.slice/docker-0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef.scope\n",
	};
	char room[PLACE_ROOM + PLACE_FIELDS];
	struct place place;

	for (int i = 0; i < 150 && lines->n > 0; i++) {
		struct bytes line = bytes_until(lines, '\n');

		bytes_take(lines, BYTES("\n"));

		if (i % 10 == 0) {
			place_parse(&place, bytes_of(groups[i / 10 % 2]));
			queue_add(q, ITEM_PLACE, room, place_encode(&place, room, sizeof(room)));
		}
		if (i % 40 == 0)
			queue_add(q, ITEM_TASK, &(struct queue_task){ T0 + i, 300 + i, 200, 1000 + (uint32_t)i, EDGE_BORN }, sizeof(struct queue_task));
		queue_add(q, ITEM_RECORD, line.p, line.n + 1);
	}
	queue_push(q);
}

static int captures(struct capturing *c, struct err *e)
{
	char *text = read_file("kernel.log");
	struct bytes lines = bytes_of(text);
	struct exe_seen exe = { .t_ms = T0, .here = true, .exe = BYTES("/usr/bin/dash"), .fd = -1 };
	int ret = 0;

	snprintf(exe.id.text, sizeof(exe.id.text), "0123456789abcdef");
	while (lines.n > 0 && ret == 0) {
		queue_some(&c->reader.queue, &lines);
		ret = take_waiting(c, true, e);
		if (ret == 0)
			ret = lock(c, e) < 0 ? -1 : note_build(c, &exe, e);
	}
	queue_end(&c->reader.queue);
	free(text);
	return ret < 0 || take_rest(c, e) < 0 ? -1 : close_books(c, e);
}

static int capture_commits(void)
{
	static const volatile sig_atomic_t stop;
	struct capture_options o = { .ingest = { .label = "live", .version = "test", .node = "node01", .stop = &stop } };
	struct capture_report report = { 0 };
	struct store s;
	struct capturing c = { .o = &o, .r = &report, .store = &s, .child = { .go = -1, .told = -1, .ends = -1 }, .io = o.ingest };
	struct err e = { 0 };
	int ret = store_open(&s, "store.db", STORE_WRITE, &e);

	if (ret < 0)
		return end(&s, ret, &e);
	c.reader = (struct reader){ .finished = true, .figures = { .received = 900, .t_first = T0, .t_last = T0 + 400000, .serial_first = 1000,
								    .serial_last = 1900, .lost_known = true } };
	pthread_mutex_init(&c.reader.figures_lock, NULL);
	feed_begin(&c.feed, &s, &c.io, &report.ingest, "capture");
	c.feed.trust = FEED_ALL;
	c.feed.file = "netlink";
	ret = queue_open(&c.reader.queue, NULL, &e);
	if (ret == 0)
		ret = captures(&c, &e);
	ret = feed_end(&c.feed, ret, &e);
	queue_release(&c.reader.queue);
	pool_release(&c.texts);
	VEC_FREE(&c.places);
	return end(&s, ret, &e);
}

#define BASE "ingest early.log late.log rest.log"
#define TWICE "ingest --label nightly late.log"

static struct scene scenes[] = {
	{ "make a store", { NULL }, "ingest early.log", .done = "new" },
	{ "ingest", { NULL }, "ingest --label nightly --logged-under policy.json early.log late.log rest.log", .done = "new" },
	{ "ingest in batches", { NULL }, .run = in_batches },
	{ "ingest more: boots move", { "ingest early.log" }, "ingest whole.log", .done = "new" },
	{ "ingest more: a life goes on", { BASE }, "ingest more.log", .done = "new" },
	{ "ingest again with a label", { BASE }, "ingest --label nightly early.log", .done = "new" },
	{ "ingest what is trusted", { BASE }, "<kernel.log ingest --node node01 --trusted-input", .done = "new" },
	{ "ingest what is trusted, folded", { BASE, "fold --keep-trees 1" }, "<kernel.log ingest --node node01 --trusted-input", .done = "new" },
	{ "ingest and fold", { BASE }, "ingest --keep-trees 2 whole.log", .done = "folded" },
	{ "forget some", { BASE, TWICE }, "forget --exe /opt/worker --yes", .atomic = true, .done = "removed" },
	{ "forget and unsee", { BASE }, "forget --exe /opt/worker --unsee --yes", .atomic = true, .done = "removed" },
	{ "forget before", { BASE, TWICE }, "forget --before 2026-11-24T11:06:30Z --yes", .atomic = true, .done = "removed" },
	{ "forget a run", { "ingest early.log", TWICE }, "forget --ingest 1 --yes", .atomic = true, .done = "removed" },
	{ "forget folds", { BASE, "fold --keep-trees 1" }, "forget --all --yes", .atomic = true, .done = "removed" },
	{ "fold", { BASE, TWICE }, "fold --keep-trees 2", .atomic = true, .done = "folded" },
	{ "fold again", { "ingest early.log", "fold --keep-trees 1", BASE }, "fold --keep-trees 1", .atomic = true, .done = "folded" },
	{ "node", { BASE, "ingest --node other other.log" }, "node alias node01 other", .atomic = true, .done = "one node" },
	{ "capture's commits", { BASE }, .run = capture_commits },
	{ "capture into a new store", { NULL }, .run = capture_commits },
	{ "upgrade from 1", { BASE }, "status", .version = 1, .atomic = true },
	{ "upgrade from 2", { BASE }, "ingest more.log", .version = 2, .done = "new" },
	{ "profile", { BASE, TWICE, "fold --keep-trees 8" }, "profile --all --union --format json", .reads = true },
	{ "profile --explain", { BASE, TWICE }, "profile --root logrun --union --explain", .reads = true },
	{ "workloads", { BASE, TWICE, "fold --keep-trees 8" }, "workloads --json", .reads = true },
	{ "denials", { BASE, TWICE }, "denials", .reads = true },
	{ "status", { BASE, TWICE, "fold --keep-trees 8" }, "status --json", .reads = true },
	{ "check", { BASE }, "check policy.json --exe /opt/worker", .reads = true },
};

/* ---- one run ---- */

struct result {
	int status;             /* -N: killed by signal N */
	struct buf out, err;
	bool untouched;         /* the store's file is what it was; neither it nor what is broken is looked at */
	struct dump dump;
	struct buf broken;      /* what is not sound of the store */
};

struct bench {
	char *dir;
	const struct scene *scene;
	const struct setting *setting;
	struct fault *fault;    /* shared with the run */
	struct dump before;
	struct result want;     /* without a fault */
	uint64_t calls[FAULT_MILD + 1]; /* in a run without a fault, by kinds of faults */
};

static void result_release(struct result *r)
{
	buf_release(&r->out);
	buf_release(&r->err);
	dump_release(&r->dump);
	buf_release(&r->broken);
}

/* Runs a command of words; in the child. */
static int command(const char *words)
{
	char *text = mem_dup(words), *argv[32] = { (char[]){ "scaudit" } }, *last;
	int argc = 1;

	for (char *w = strtok_r(text, " ", &last); w != NULL; w = strtok_r(NULL, " ", &last)) {
		if (w[0] == '<' && freopen(w + 1, "r", stdin) == NULL)
			abort();
		if (w[0] != '<')
			argv[argc++] = w;
	}
	argc = scaudit_main(argc, argv);
	free(text);
	return argc;
}

/* In a process of its own; the exit status, -N: killed by signal N. */
static int process(const struct bench *b, const char *words, int (*f)(void))
{
	int status;
	pid_t pid;

	fflush(NULL);
	pid = fork();
	if (pid == 0) {
		alarm(PATIENCE_S);
		if (chdir(b->dir) != 0 || freopen("out", "w", stdout) == NULL || freopen("err", "w", stderr) == NULL)
			abort();
		setenv("SCAUDIT_DB", "store.db", 1);
		setenv("TZ", "UTC", 1);
		fault_begin(b->fault);
		exit(f ? f() : command(words));
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		fail_msg("no process");
	return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static char *in(const struct bench *b, const char *name)
{
	return mem_print("%s/%s", b->dir, name);
}

/* Copies a database with what may lie beside it; what lies at `to` goes. */
static void copy_store(const struct bench *b, const char *from, const char *to)
{
	static const char *const ends[] = { "", "-wal", "-journal", "-shm" };

	for (size_t i = 0; i < ARRAY_SIZE(ends); i++) {
		auto_free char *f = mem_print("%s/%s%s", b->dir, from, ends[i]), *t = mem_print("%s/%s%s", b->dir, to, ends[i]);
		char block[65536];
		ssize_t n;
		int x, y;

		unlink(t);
		x = open(f, O_RDONLY | O_CLOEXEC);
		if (x < 0 || i == 3)
			continue;
		y = open(t, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
		while ((n = read(x, block, sizeof(block))) > 0)
			assert_int_equal(write(y, block, (size_t)n), n);
		close(x);
		close(y);
	}
}

static sqlite3 *open_db(const struct bench *b, const char *name)
{
	auto_free char *path = in(b, name);
	sqlite3 *db;

	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, "PRAGMA synchronous = OFF", NULL, NULL, NULL), SQLITE_OK);
	return db;
}

/* What the store holds; it is copied, so that it stays as the run has left it. */
static void look(const struct bench *b, struct dump *out, struct buf *broken)
{
	auto_free char *store = in(b, "store.db");
	sqlite3 *db;

	if (access(store, F_OK) != 0)
		return;
	copy_store(b, "store.db", "look.db");
	db = open_db(b, "look.db");
	for (size_t i = 0; i < ARRAY_SIZE(sound); i++) {
		auto_buf struct buf rest = { 0 };

		rows(db, sound[i], &rest);
		if (strcmp(buf_text(&rest), "ok\n") != 0 && strstr(buf_text(&rest), "no such") == NULL)
			buf_add(broken, rest.p, rest.n);
	}
	for (size_t i = 0; i < ARRAY_SIZE(tables); i++)
		rows(db, tables[i], &out->part[i]);
	sqlite3_close(db);
}

static void slurp(const struct bench *b, const char *name, struct buf *out)
{
	auto_free char *path = in(b, name), *text = read_file(path);
	const char *rate;

	/* how long it took is chance */
	while ((rate = strstr(text, " MB/s")) != NULL) {
		char *from = (char *)(uintptr_t)rate;

		while (from > text && *from != ';')
			from--;
		memmove(from, rate + 5, strlen(rate + 5) + 1);
	}
	buf_str(out, text);
}

static bool same_file(const char *a, const char *b)
{
	char x[65536], y[sizeof(x)];
	int f = open(a, O_RDONLY | O_CLOEXEC), g = open(b, O_RDONLY | O_CLOEXEC);
	ssize_t n = 1;

	while (f >= 0 && g >= 0 && n > 0)
		n = read(f, x, sizeof(x)) == (n = read(g, y, sizeof(y))) && memcmp(x, y, (size_t)n) == 0 ? n : -1;
	close(f);
	close(g);
	return f < 0 && g < 0 ? true : f >= 0 && g >= 0 && n == 0;
}

/* Is the store as it was before, and nothing left beside it? */
static bool untouched(const struct bench *b)
{
	auto_free char *store = in(b, "store.db"), *was = in(b, "template.db"), *wal = in(b, "store.db-wal"), *old = in(b, "store.db-journal");

	return access(wal, F_OK) != 0 && access(old, F_OK) != 0 && same_file(store, was);
}

static void go(const struct bench *b, struct result *out)
{
	out->status = process(b, b->scene->command, b->scene->run);
	slurp(b, "out", &out->out);
	slurp(b, "err", &out->err);
	out->untouched = untouched(b);
	if (!out->untouched)
		look(b, &out->dump, &out->broken);
}

static struct dump *holds(struct bench *b, struct result *r)
{
	return r->untouched ? &b->before : &r->dump;
}

/* ---- one fault ---- */

static void arm(const struct bench *b, const struct mode *mode, uint64_t at)
{
	*b->fault = (struct fault){ .kind = mode->kind, .at = at, .stays = mode->stays, .pages = b->setting->cache, .where = at > 0 && getenv("SCAUDIT_FAULT") != NULL };
}

/* Whether a run that failed says so. */
static bool says_why(const struct bench *b, const struct result *r, struct buf *why)
{
	const char *text = buf_text((struct buf *)(uintptr_t)&r->err), *line = strstr(text, "store.db");

	if (line == NULL || strstr(text, "scaudit: ") == NULL)
		buf_printf(why, "exit 3, and stderr does not name the store: '%s'", text);
	else if (b->scene->done != NULL && b->scene->atomic && strstr(text, b->scene->done) != NULL)
		buf_printf(why, "exit 3, and stderr says that it is done: '%s'", text);
	else if (r->out.n > 0)
		buf_str(why, "exit 3, and something on stdout");
	return why->n == 0;
}

/* The same again, without a fault. */
static void again(struct bench *b, bool done, struct buf *why)
{
	struct result r = { 0 };

	arm(b, &modes[0], 0);
	go(b, &r);
	if (r.status != b->want.status && !(done && r.status == ST_NO))
		buf_printf(why, "again: exit %d: %s", r.status, buf_text(&r.err));
	else if (r.broken.n)
		buf_printf(why, "again: broken: %s", buf_text(&r.broken));
	else if (!same(holds(b, &r), holds(b, &b->want), OF_RUNS, why))
		buf_str(why, " (again)");
	else if (!done && strcmp(buf_text(&r.out), buf_text(&b->want.out)) != 0)
		buf_str(why, "again: another output");
	result_release(&r);
}

enum outcome { RIGHT, FAILED, WRONG, LOST, N_OUTCOMES };

static enum outcome judge_run(struct bench *b, struct result *r, struct buf *why)
{
	auto_buf struct buf differs = { 0 };
	bool done = same(holds(b, r), holds(b, &b->want), ARRAY_SIZE(tables), &differs);

	if (r->broken.n) {
		buf_printf(why, "broken: %s", buf_text(&r->broken));
		return LOST;
	}
	if (r->status != ST_SYSTEM) {
		if (r->status != b->want.status)
			buf_printf(why, "exit %d: %s", r->status, buf_text(&r->err));
		else if (strcmp(buf_text(&r->out), buf_text(&b->want.out)) != 0)
			buf_printf(why, "exit %d, and another output", r->status);
		else if (strcmp(buf_text(&r->err), buf_text(&b->want.err)) != 0)
			buf_printf(why, "exit %d, and stderr is another: '%s'", r->status, buf_text(&r->err));
		else if (!done)
			buf_printf(why, "exit %d, and another store: %s", r->status, buf_text(&differs));
		return why->n ? WRONG : RIGHT;
	}
	if (!says_why(b, r, why))
		return WRONG;
	if (((b->scene->atomic && !done) || b->scene->reads) && !same(holds(b, r), &b->before, ARRAY_SIZE(tables), why)) {
		buf_str(why, " (exit 3)");
		return LOST;
	}
	if (!r->untouched) /* else it begins where the run without a fault began */
		again(b, done, why);
	return why->n ? LOST : FAILED;
}

static enum outcome try(struct bench *b, const struct mode *mode, uint64_t at, struct buf *why)
{
	struct result r = { 0 };
	enum outcome out;
	struct fault met;

	copy_store(b, "template.db", "store.db");
	arm(b, mode, at);
	go(b, &r);
	met = *b->fault;
	out = judge_run(b, &r, why);
	if (why->n) {
		auto_buf struct buf text = { 0 };

		buf_printf(&text, "SCAUDIT_FAULT='%s/%s/%s/%llu' (%s): ", b->scene->name, b->setting->name, mode->name,
			   (unsigned long long)at, met.failed ? fault_op_name(met.op) : "none failed");
		buf_add(&text, why->p, why->n);
		why->n = 0;
		buf_add(why, text.p, text.n);
	}
	result_release(&r);
	return out;
}

/* ---- a scene ---- */

static void write_inputs(const struct bench *b)
{
	static const struct { const char *name; enum form form; enum part part; } logs[] = {
		{ "early.log", SYSLOG, EARLY }, { "late.log", SYSLOG, LATE }, { "whole.log", SYSLOG, WHOLE }, { "more.log", SYSLOG, MORE },
		{ "other.log", SYSLOG, OTHER }, { "kernel.log", AUDITD, WHOLE },
	};
	auto_buf struct buf text = { 0 };
	auto_free char *rest = in(b, "rest.log"), *policy = in(b, "policy.json");

	for (size_t i = 0; i < ARRAY_SIZE(logs); i++) {
		auto_free char *path = in(b, logs[i].name);

		text.n = 0;
		add_log(&text, logs[i].form, logs[i].part);
		rig_file(path, buf_bytes(&text), 0666);
	}
	text.n = 0;
	add_rest(&text);
	rig_file(rest, buf_bytes(&text), 0666);
	rig_file(policy, BYTES("{\"defaultAction\": \"SCMP_ACT_ERRNO\", \"architectures\": [\"SCMP_ARCH_X86_64\"], \"syscalls\": "
			       "[{\"names\": [\"read\", \"mmap\", \"execve\"], \"action\": \"SCMP_ACT_ALLOW\"}]}\n"), 0666);
}

static const char *const older[] = {
	[1] = "DROP TABLE sighting; DROP TABLE tree_place; DROP TABLE capture; DROP TABLE fold_place; DROP TABLE place; DROP TABLE build; "
	      "PRAGMA user_version = 1",
	[2] = "DROP TABLE build; DROP INDEX place_by_id; DROP VIEW observations; ALTER TABLE place DROP COLUMN image; "
	      "CREATE UNIQUE INDEX place_by_id ON place (node, container, pod, unit, iif(length(container) + length(pod), x'', container_name), "
	      "iif(length(container) + length(pod), x'', pod_name), iif(length(container) + length(pod), x'', namespace)); "
	      "PRAGMA user_version = 2",
};

/* The store that a scene begins with, as template.db; none where there is none. */
static void make_template(struct bench *b)
{
	const struct scene *s = b->scene;
	char *why = NULL;
	sqlite3 *db;

	copy_store(b, "none", "store.db");
	arm(b, &modes[0], 0);
	for (size_t i = 0; i < ARRAY_SIZE(s->before) && s->before[i] != NULL; i++) {
		auto_buf struct buf err = { 0 };
		int status = process(b, s->before[i], NULL);

		slurp(b, "err", &err);
		if (status != 0)
			fail_msg("%s: exit %d: %s", s->before[i], status, buf_text(&err));
	}
	copy_store(b, "store.db", "template.db");
	if (s->before[0] == NULL && b->setting->page == 4096)
		return;
	db = open_db(b, "template.db");
	if (s->version && sqlite3_exec(db, older[s->version], NULL, NULL, &why) != SQLITE_OK)
		fail_msg("%s: %s", older[s->version], why);
	if (b->setting->page != 4096) {
		auto_free char *sql = mem_print("PRAGMA journal_mode = DELETE; PRAGMA page_size = %u; VACUUM; PRAGMA journal_mode = WAL",
						b->setting->page);

		assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	}
	sqlite3_close(db);
}

/* How it goes without a fault, again and again: what comes out must not be chance. */
static void measure(struct bench *b)
{
	auto_buf struct buf why = { 0 }, ignored = { 0 };

	copy_store(b, "template.db", "store.db");
	look(b, &b->before, &ignored);
	copy_store(b, "template.db", "store.db");
	arm(b, &modes[0], 0);
	go(b, &b->want);
	assert_in_range(b->want.status, ST_OK, ST_NO);
	for (const struct mode *mode = modes; mode < modes + ARRAY_SIZE(modes); mode++) {
		if (!mode->stays && try(b, mode, 0, &why) != RIGHT)
			fail_msg("again without a fault: %s", buf_text(&why));
		b->calls[mode->kind] = b->fault->calls;
	}
	if (b->want.broken.n)
		fail_msg("broken without a fault: %s", buf_text(&b->want.broken));
	if (b->scene->done != NULL && strstr(buf_text(&b->want.err), b->scene->done) == NULL)
		fail_msg("'%s' is not in '%s'", b->scene->done, buf_text(&b->want.err));
}

static uint32_t drawn(void)
{
	static uint32_t seed;

	if (seed == 0) {
		const char *text = getenv("SCAUDIT_SEED");

		seed = text ? (uint32_t)strtoul(text, NULL, 10) : (uint32_t)time(NULL);
		printf("# SCAUDIT_SEED=%u\n", seed);
	}
	seed = seed * 1664525u + 1013904223u;
	return seed >> 8;
}

static size_t try_mode(struct bench *b, const struct mode *mode, uint64_t *tally)
{
	uint64_t calls = b->calls[mode->kind], tries = getenv("SCAUDIT_LONG") ? calls : mode->drawn;
	size_t bad = 0;

	if (getenv("UNTIMED") != NULL) /* valgrind takes a second for each */
		tries = mode == &modes[0];
	if (tries > calls)
		tries = calls;
	for (uint64_t i = 0; i < tries; i++) {
		auto_buf struct buf why = { 0 };
		/* one of each equal piece */
		uint64_t from = calls * i / tries, to = calls * (i + 1) / tries;

		tally[try(b, mode, from + 1 + drawn() % (to - from), &why)]++;
		if (why.n && bad++ < SHOWN)
			printf("# %s\n", buf_text(&why));
	}
	return bad;
}

/* Is it the next word of SCAUDIT_FAULT, or is there none? *rest: what stands behind it. */
static bool meant(const char **rest, const char *name)
{
	size_t n = strlen(name);

	if (**rest == '\0')
		return true;
	if (strncmp(*rest, name, n) != 0 || ((*rest)[n] != '/' && (*rest)[n] != '\0'))
		return false;
	*rest += (*rest)[n] == '/' ? n + 1 : n;
	return true;
}

/* All of a setting, or the one that is named. */
static size_t try_modes(struct bench *b, const char *named, uint64_t *tally)
{
	size_t bad = 0;

	for (const struct mode *mode = modes; mode < modes + ARRAY_SIZE(modes); mode++) {
		auto_buf struct buf why = { 0 };
		const char *rest = named;

		if (!meant(&rest, mode->name))
			continue;
		if (*rest == '\0') {
			bad += try_mode(b, mode, tally);
			continue;
		}
		tally[try(b, mode, strtoull(rest, NULL, 10), &why)]++;
		bad += why.n > 0;
		printf("# %s\n# see %s\n", why.n ? buf_text(&why) : "it is right", b->dir);
	}
	return bad;
}

static void survives(void **state)
{
	const char *named = getenv("SCAUDIT_FAULT") ? getenv("SCAUDIT_FAULT") : "";
	struct bench b = { .scene = *state };
	uint64_t tally[N_OUTCOMES] = { 0 };
	uint64_t calls = 0;
	size_t bad = 0;
	struct rig r;

	if (!meant(&named, b.scene->name))
		skip();
	rig_open(&r);
	b.dir = r.dir;
	b.fault = mmap(NULL, sizeof(*b.fault), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_ptr_not_equal(b.fault, MAP_FAILED);
	write_inputs(&b);
	for (size_t i = 0; i < ARRAY_SIZE(settings); i++) {
		const char *rest = named;

		if (!meant(&rest, settings[i].name))
			continue;
		b.setting = &settings[i];
		make_template(&b);
		measure(&b);
		calls += b.calls[0];
		bad += try_modes(&b, rest, tally);
		dump_release(&b.before);
		result_release(&b.want);
		b.before = (struct dump){ 0 };
		b.want = (struct result){ 0 };
	}
	printf("# %s, %llu calls: %llu failed: %llu runs right, %llu with exit 3 and right when run again, %llu wrong, %llu lost\n", b.scene->name,
	       (unsigned long long)calls, (unsigned long long)(tally[0] + tally[1] + tally[2] + tally[3]), (unsigned long long)tally[RIGHT],
	       (unsigned long long)tally[FAILED], (unsigned long long)tally[WRONG], (unsigned long long)tally[LOST]);
	munmap(b.fault, sizeof(*b.fault));
	if (named[strcspn(named, "0123456789")] == '\0')
		rig_close(&r);
	assert_int_equal(bad, 0);
}

int main(void)
{
	struct tests t = { 0 };

	ADD_ROWS(&t, scenes, survives);
	return run_rows(&t, "fault");
}
