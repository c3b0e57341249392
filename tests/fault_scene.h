/* SPDX-License-Identifier: Apache-2.0 */
/* What test_fault.c tries: commands, and what is none, each with the store that it begins with. */
#ifndef TESTS_FAULT_SCENE_H
#define TESTS_FAULT_SCENE_H

#include "tests/rig.h"

/* capture as it is, with a name of its own, for its commits */
#define capture_run capture_run_
#include "ingest/ingest.h"
#include "ingest/live/capture/capture.c"
#undef capture_run

#include "cli/command.h"

struct scene {
	const char *name;
	const char *before[4]; /* commands that make the store that it begins with; none: there is
				  no store */
	const char *command;    /* words with blanks between; <FILE is its standard input */
	int (*run)(void); /* instead of a command: what the program would do, and its status */
	bool older;             /* it begins with tests/stores/version3.db */
	bool atomic;            /* all or nothing is done */
	bool reads;             /* nothing at all is */
	const char *done;       /* stderr says so when it is done, and only then */
};

/* ---- those that are no command ---- */

static inline int end(struct store *s, int ret, const struct err *e)
{
	store_close(s);
	if (ret < 0)
		command_say("%s", e->msg);
	return ret < 0 ? (int)e->status : ST_OK;
}

static int in_batches(void)
{
	static const char *const sources[] = { "early.log", "late.log", "rest.log" };
	struct ingest_options o = {
		.node = "node01", .label = "nightly", .version = "test", .batch_records = 50
	};
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
	char room[LOCATION_ROOM + LOCATION_FIELDS];
	struct location location;

	for (int i = 0; i < 150 && lines->n > 0; i++) {
		struct bytes line = bytes_until(lines, '\n');

		bytes_take(lines, BYTES("\n"));
		if (i % 10 == 0) {
			location_parse(&location, bytes_of(groups[i / 10 % 2]));
			queue_add(q, ITEM_LOCATION, room,
				  location_encode(&location, room, sizeof(room)));
		}
		if (i % 40 == 0)
			queue_add(q, ITEM_TASK,
				  &(struct queue_task){ T0 + i, 300 + i, 200, 1000 + (uint32_t)i,
							EDGE_BORN },
				  sizeof(struct queue_task));
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
	struct capture_options o = {
		.ingest = { .label = "live", .version = "test", .node = "node01", .stop = &stop }
	};
	struct capture_report report = { 0 };
	struct store s;
	struct capturing c = { .o = &o,
			       .r = &report,
			       .store = &s,
			       .child = { .go = -1, .told = -1, .ends = -1 },
			       .io = o.ingest };
	struct err e = { 0 };
	int ret = store_open(&s, "store.db", STORE_WRITE, &e);

	if (ret < 0)
		return end(&s, ret, &e);
	c.reader = (struct reader){ .finished = true,
				    .figures = { .received = 900,
						 .t_first = T0,
						 .t_last = T0 + 400000,
						 .serial_first = 1000,
						 .serial_last = 1900,
						 .lost_known = true } };
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
	VEC_FREE(&c.locations);
	return end(&s, ret, &e);
}

#define BASE "ingest early.log late.log rest.log"
#define TWICE "ingest --label nightly late.log"

static struct scene scenes[] = {
	{ "make a store", { NULL }, "ingest early.log", .done = "new" },
	{ "ingest",
	  { NULL },
	  "ingest --label nightly --logged-under policy.json early.log late.log rest.log",
	  .done = "new" },
	{ "ingest in batches", { NULL }, .run = in_batches },
	{ "ingest more: boots move", { "ingest early.log" }, "ingest whole.log", .done = "new" },
	{ "ingest more: a life goes on", { BASE }, "ingest more.log", .done = "new" },
	{ "ingest again with a label",
	  { BASE },
	  "ingest --label nightly early.log",
	  .done = "new" },
	{ "ingest what is trusted",
	  { BASE },
	  "<kernel.log ingest --node node01 --trusted-input",
	  .done = "new" },
	{ "ingest what is trusted, folded",
	  { BASE, "fold --keep-trees 1" },
	  "<kernel.log ingest --node node01 --trusted-input",
	  .done = "new" },
	{ "ingest and fold", { BASE }, "ingest --keep-trees 2 whole.log", .done = "compacted" },
	{ "forget some",
	  { BASE, TWICE },
	  "forget --exe /opt/worker --yes",
	  .atomic = true,
	  .done = "removed" },
	{ "forget and unsee",
	  { BASE },
	  "forget --exe /opt/worker --unsee --yes",
	  .atomic = true,
	  .done = "removed" },
	{ "forget before",
	  { BASE, TWICE },
	  "forget --before 2026-11-24T11:06:30Z --yes",
	  .atomic = true,
	  .done = "removed" },
	{ "forget a run",
	  { "ingest early.log", TWICE },
	  "forget --ingest 1 --yes",
	  .atomic = true,
	  .done = "removed" },
	{ "forget folds",
	  { BASE, "fold --keep-trees 1" },
	  "forget --all --yes",
	  .atomic = true,
	  .done = "removed" },
	{ "fold", { BASE, TWICE }, "fold --keep-trees 2", .atomic = true, .done = "compacted" },
	{ "fold again",
	  { "ingest early.log", "fold --keep-trees 1", BASE },
	  "fold --keep-trees 1",
	  .atomic = true,
	  .done = "compacted" },
	{ "node",
	  { BASE, "ingest --node other other.log" },
	  "node alias node01 other",
	  .atomic = true,
	  .done = "one node" },
	{ "capture's commits", { BASE }, .run = capture_commits },
	{ "capture into a new store", { NULL }, .run = capture_commits },
	{ "upgrade",
	  { NULL },
	  "fold --keep-trees 999",
	  .older = true,
	  .atomic = true,
	  .done = "compacted 0" },
	{ "upgrade and ingest", { NULL }, "ingest more.log", .older = true, .done = "new" },
	{ "read an older store", { NULL }, "workloads --json", .older = true, .reads = true },
	{ "profile",
	  { BASE, TWICE, "fold --keep-trees 8" },
	  "profile --all --union --format json",
	  .reads = true },
	{ "profile --explain",
	  { BASE, TWICE },
	  "profile --root logrun --union --explain",
	  .reads = true },
	{ "workloads", { BASE, TWICE, "fold --keep-trees 8" }, "workloads --json", .reads = true },
	{ "denials", { BASE, TWICE }, "denials", .reads = true },
	{ "status", { BASE, TWICE, "fold --keep-trees 8" }, "status --json", .reads = true },
	{ "check", { BASE }, "check policy.json --exe /opt/worker", .reads = true },
};

#endif
