// SPDX-License-Identifier: Apache-2.0
/*
 * The main thread of capture: takes the reader's queue into the store, with locations, lifecycle
 * events and builds.
 */
#include "ingest/live/capture/capture.h"

#include "ingest/batch/feed.h"
#include "ingest/live/kernel/audit.h"
#include "ingest/live/kernel/marker.h"
#include "ingest/live/process/location.h"
#include "store/base/when.h"
#include "store/model/syscall.h"
#include "store/rows/run.h"

#include <stdlib.h>
#include <time.h>

#define COMMIT_MS 1000          /* what came is committed after so long */
#define TAKE_MOST_MS 500    /* what waits is taken for so long at once */
/* or when so much waits: after a stop all of it is still to be written */
#define COMMIT_BYTES (1u << 20)
#define REST_MS 400         /* after --for is over, images are derived for so long */
#define TAKE_MS 50
#define BUILDS_MS 1000          /* at the end, for build-ids that are still to be read */
#define NAMES_AGAIN_MS 2000     /* a runtime may write down names after a container's first call */

struct seen_location { int64_t row, looked_ms; bool named; };

struct capturing {
	const struct capture_options *o;
	struct capture_report *r;
	struct store *store;
	struct ingest_options io;
	struct feed feed;
	struct reader reader;
	struct child child;
	int64_t child_ms;               /* when it began, milliseconds since the epoch */
	struct pool texts;              /* encoded places */
	VEC(struct seen_location) locations;  /* by pool id - 1 */
	uint64_t taken, stored;         /* records: handed to the feed, and of these committed */
	uint32_t drops; /* what the feed had forgotten when the rows of places were looked up */
	int64_t next_location;             /* of the next record; 0: not looked up */
	int64_t waiting_since; /* when the first of what waits was seen; 0: nothing waits */
};

/* ---- items ---- */

/* The row of a place; its names are looked for when it is new, and again while they are missing. */
static int64_t location_row(struct capturing *c, struct bytes text, struct err *e)
{
	uint32_t id = pool_intern(&c->texts, text);
	int64_t now = when_clock_ms();
	struct seen_location *s;
	struct location location = { .used = 0 };
	struct bytes v[LOCATION_FIELDS];

	while (c->locations.n < id)
		*VEC_PUSH(&c->locations) = (struct seen_location){ .looked_ms = -NAMES_AGAIN_MS };
	s = &c->locations.v[id - 1];
	if (s->row > 0 && (s->named || now - s->looked_ms < NAMES_AGAIN_MS))
		return s->row;
	if (!location_decode(v, text))
		return err_set(e, ST_SYSTEM, "a place of its own making cannot be read");
	memcpy(location.v, v, sizeof(v));
	location_find_names(&location, "");
	s->named = location.v[LOCATION_CONTAINER_NAME].n > 0 ||
		   (v[LOCATION_CONTAINER].n == 0 && v[LOCATION_POD].n == 0);
	s->looked_ms = now;
	s->row = names_location(&c->feed.names, c->r->node, location.v, e);
	return s->row;
}

/* Which build of a program ran, and in which container. */
static int note_build(struct capturing *c, const struct exe_seen *s, struct err *e)
{
	struct bytes v[LOCATION_FIELDS];
	int64_t location = 0;

	if (location_decode(v, s->location) && (v[LOCATION_CONTAINER].n || v[LOCATION_POD].n))
		location = location_row(c, s->location, e);
	return location < 0 ? -1 :
			      names_build(&c->feed.names, c->r->node, s->exe, location, s->here,
					  s->id.text, s->t_ms, e);
}

static int take_record(struct capturing *c, struct bytes line, struct err *e)
{
	size_t n;

	c->feed.number++;
	c->taken++;
	if (feed_known(&c->feed, line, &n, e) < 0)
		return -1;
	line.n--; /* its newline */
	if (n == 0 && feed_line(&c->feed, line, false, false, e) < 0)
		return -1;
	if (c->next_location > 0)
		feed_location(&c->feed, c->next_location);
	c->next_location = 0;
	return 0;
}

static int take_item(struct capturing *c, enum item_kind kind, struct bytes item, struct err *e)
{
	struct queue_task task;

	switch (kind) {
	case ITEM_RECORD:
		return take_record(c, item, e);
	case ITEM_LOCATION:
		c->next_location = location_row(c, item, e);
		return c->next_location < 0 ? -1 : 0;
	case ITEM_TASK:
	default:
		memcpy(&task, item.p, sizeof(task));
		tally_add_lifecycle(&c->feed.tally, c->r->node, task.pid, (enum edge_kind)task.kind,
				    task.t_ms, task.serial, task.parent);
		return 0;
	}
}

/* ---- batches ---- */

static int note_capture(struct capturing *c, const struct reader_figures *f, struct err *e)
{
	int64_t t_last = f->t_last ? f->t_last : when_now();

	return run_save_capture(c->store,
				&(struct capture_row){ .ingest = c->r->ingest.ingest,
						       .node = c->r->node,
						       .t_first = f->t_first,
						       .t_last = t_last,
						       .serial_first = f->serial_first,
						       .serial_last = f->serial_last,
						       .received = f->received,
						       .gaps = f->gaps,
						       .dropped = f->dropped,
						       .lost_known = f->lost_known,
						       .lost = f->lost,
						       .tasks_lost = f->tasks_lost,
						       .complete = c->r->complete },
				e);
}

/* Another writer may hold the store for long; meanwhile the reader reads on. */
static int lock(struct capturing *c, struct err *e)
{
	if (c->feed.locked)
		return 0;
	if (feed_lock(&c->feed, e) < 0)
		return -1;
	c->feed.tally.label = true; /* what was read from a log before is marked too */
	if (c->drops !=
	    c->feed.tally.ident_drops) /* somebody else has written: rows may have gone */
		for (size_t i = 0; i < c->locations.n; i++)
			c->locations.v[i].row = 0;
	c->drops = c->feed.tally.ident_drops;
	c->r->node = feed_own_node(&c->feed, e);
	return c->r->node < 0 ? -1 : 0;
}

static int commit(struct capturing *c, struct err *e)
{
	struct reader_figures f;

	if (!c->feed.locked)
		return 0;
	f = reader_figures_now(&c->reader);
	if (note_capture(c, &f, e) < 0 || feed_commit(&c->feed, e) < 0)
		return -1;
	c->stored = c->taken;
	return 0;
}

static int take_builds(struct capturing *c, struct err *e)
{
	struct exes_seen seen = { 0 };
	int ret = 0;

	if (c->reader.exes != NULL)
		exes_take(c->reader.exes, &seen);
	for (size_t i = 0; i < seen.n; i++) {
		if (ret == 0 && (lock(c, e) < 0 || note_build(c, seen.v[i], e) < 0))
			ret = -1;
		free(seen.v[i]);
	}
	VEC_FREE(&seen);
	return ret;
}

static int take_block(struct capturing *c, const struct queue_block *b, struct err *e)
{
	enum item_kind kind;
	struct bytes item;

	for (size_t at = 0; queue_item(b, &at, &kind, &item);) {
		if (feed_full(&c->feed) && commit(c, e) < 0)
			return -1;
		if (lock(c, e) < 0 || take_item(c, kind, item, e) < 0)
			return -1;
	}
	return 0;
}

/* Takes all that waits, once enough has come together: a commit costs the same for one record and
 * for thousands. */
static int take_waiting(struct capturing *c, bool now, struct err *e)
{
	uint64_t n = queue_waiting(&c->reader.queue);
	int64_t clock = when_clock_ms();
	int ret = 0;

	if (n == 0)
		return 0;
	if (c->waiting_since == 0)
		c->waiting_since = clock;
	if (!now && n < COMMIT_BYTES && clock - c->waiting_since < COMMIT_MS)
		return 0;
	c->waiting_since = 0;
	/* what comes faster than it is taken does not keep this from looking at the clock again */
	while (ret == 0 && (now || when_clock_ms() - clock < TAKE_MOST_MS)) {
		auto_free struct queue_block *b = queue_take(&c->reader.queue);

		if (b == NULL)
			break;
		ret = take_block(c, b, e);
	}
	if (ret == 0)
		ret = take_builds(c, e);
	return ret == 0 ? commit(c, e) : ret;
}

static void nap(void)
{
	nanosleep(&(struct timespec){ .tv_nsec = TAKE_MS * 1000000 }, NULL);
}

/* After reader_stop: everything that is still to come. */
static int take_rest(struct capturing *c, struct err *e)
{
	while (!queue_over(&c->reader.queue)) {
		if (take_waiting(c, true, e) < 0)
			return -1;
		queue_wait(&c->reader.queue, TAKE_MS);
	}
	return 0;
}

/* ---- the run ---- */

/* What batches had no time to derive is derived between them. True: there was some. */
static int derive_between(struct capturing *c, bool *any, struct err *e)
{
	*any = c->feed.flush.waits;
	return *any ? feed_more(&c->feed, e) : 0;
}

static int until_stopped(struct capturing *c, struct err *e)
{
	int64_t end = c->o->ms > 0 ? when_clock_ms() + c->o->ms : INT64_MAX;
	bool busy;

	while (!*c->o->ingest.stop && when_clock_ms() < end && !c->reader.failed) {
		if (take_waiting(c, false, e) < 0 || derive_between(c, &busy, e) < 0)
			return -1;
		if (!busy)
			nap();
	}
	if (c->o->ms > 0)
		c->feed.rest_until = end + REST_MS;
	return 0;
}

/* The command runs in the meantime; a thread of the reader's takes its records. */
static int until_it_ends(struct capturing *c, struct err *e)
{
	int status = -1;
	bool busy;

	while (status < 0 && !c->reader.failed) {
		if (take_waiting(c, false, e) < 0 || derive_between(c, &busy, e) < 0)
			return -1;
		status = child_poll(&c->child, busy ? 0 : TAKE_MS);
	}
	c->r->status = status;
	return 0;
}

static int run_command(struct capturing *c, struct err *e)
{
	struct err why = { 0 };

	c->r->status = child_go(&c->child, c->reader.mark, &why);
	if (c->r->status == 0)
		return until_it_ends(c, e);
	snprintf(c->r->failed, sizeof(c->r->failed), "%s", why.msg);
	return 0;
}

static int prepare(struct capturing *c, struct err *e)
{
	struct err why = { 0 };

	if (reader_open(&c->reader, &c->o->reader, e) < 0)
		return -1;
	c->r->forced = c->reader.nl.forced;
	c->r->buffer = c->reader.nl.buffer;
	c->r->foreign_pids = c->reader.foreign_pids;
	if (c->o->argv == NULL)
		return 0;
	if (child_start(&c->child, c->o->argv, c->o->user, &child_log_filter, 0, e) < 0)
		return -1;
	if (c->child.pid != 0 && reader_follow(&c->reader, c->child.pid, &why) < 0)
		snprintf(c->r->not_followed, sizeof(c->r->not_followed), "%s", why.msg);
	c->child_ms = when_now();
	if (!c->reader.follow) {
		c->io.label = NULL; /* not all that comes is the command's: see label_tree */
		return marker_number(&c->reader.mark, e);
	}
	return 0;
}

/*
 * Where perf told nothing of descendants, the label goes to the tree that the command's process is
 * in, as a run of its own would have given it.
 */
static int label_tree(struct capturing *c, struct err *e)
{
	int64_t label;

	if (c->o->argv == NULL || c->reader.follow || c->o->ingest.label == NULL ||
	    c->reader.marked_pid == 0)
		return 0;
	label = store_string(c->store, bytes_of(c->o->ingest.label), e);
	if (label < 0)
		return -1;
	return run_label_trees(c->store, c->r->ingest.ingest, label, c->r->node,
			       (int32_t)c->reader.marked_pid, c->child_ms - 1000, e);
}

/* The last figures, when nothing more will come. */
static int close_books(struct capturing *c, struct err *e)
{
	c->r->figures = reader_figures_now(&c->reader);
	c->r->no_marker = c->reader.no_marker;
	c->r->complete = reader_complete(&c->reader, &c->r->figures);
	if (c->r->ingest.ingest == 0)
		return 0;
	if (c->reader.exes != NULL)
		exes_end(c->reader.exes, BUILDS_MS);
	if (lock(c, e) < 0 || take_builds(c, e) < 0 || note_capture(c, &c->r->figures, e) < 0 ||
	    label_tree(c, e) < 0)
		return -1;
	return feed_commit(&c->feed, e);
}

static int set_backlog(const struct capture_options *o, uint32_t *before, struct err *e)
{
	struct audit_state state;

	*before = 0;
	if (o->backlog == 0)
		return 0;
	if (audit_read(&state, e) < 0 || audit_set_backlog(o->backlog, e) < 0)
		return err_wrap(e, "--backlog");
	*before = state.backlog_limit;
	return 0;
}

int capture_run(struct store *store, const struct capture_options *options,
		struct capture_report *report, struct err *e)
{
	struct capturing c = { .o = options,
			       .r = report,
			       .store = store,
			       .child = { .go = -1, .told = -1, .ends = -1 } };
	int64_t began = when_clock_ms();
	struct err ignored = { 0 };
	uint32_t backlog;
	int ret;

	*report = (struct capture_report){ .status = 0 };
	c.io = options->ingest;
	feed_begin(&c.feed, store, &c.io, &report->ingest,
		   options->argv ? "capture of a command" : "capture");
	c.feed.trust = FEED_ALL;
	c.feed.file = "netlink";
	ret = prepare(&c, e);
	if (ret == 0)
		ret = set_backlog(options, &backlog, e);
	else
		backlog = 0;
	if (ret == 0)
		ret = reader_start(&c.reader, e);
	if (ret == 0)
		ret = options->argv ? run_command(&c, e) : until_stopped(&c, e);
	reader_stop(&c.reader);
	if (ret == 0)
		ret = take_rest(&c, e);
	if (ret == 0 && c.reader.failed) {
		ret = err_again(e, &c.reader.failure);
	}
	if (ret == 0)
		ret = close_books(&c, e);
	if (ret < 0)
		report->unsaved = reader_figures_now(&c.reader).taken +
				  reader_figures_now(&c.reader).dropped - c.stored;
	if (backlog != 0)
		audit_set_backlog(backlog, &ignored);
	ret = feed_end(&c.feed, ret, e);
	child_release(&c.child);
	reader_release(&c.reader);
	pool_release(&c.texts);
	VEC_FREE(&c.locations);
	report->ingest.ms = when_clock_ms() - began;
	return ret;
}
