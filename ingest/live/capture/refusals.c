// SPDX-License-Identifier: Apache-2.0
/* Runs a command under a filter and sums up the records of what it was refused. */
#include "ingest/live/capture/refusals.h"

#include "ingest/read/body.h"
#include "store/model/action.h"

#include <linux/seccomp.h>
#include <stdlib.h>

#define TAKE_MS 50

struct watching {
	struct refusals_report *r;
	struct reader reader;
	struct child child;
	struct body_room room;
	struct pool keys;      /* struct key: the n-th is that of refusal n - 1 */
};

struct key { uint32_t comm, exe, arch; int32_t nr; uint32_t action; };

static void take_record(struct watching *w, struct bytes text)
{
	struct refusals_report *r = w->r;
	struct line l;
	const struct record *rec = &l.rec;
	struct key key;
	uint32_t id;

	text.n--; /* its newline */
	body_parse_line(text, &l, &w->room);
	if (l.kind != LINE_RECORD) {
		r->damaged++;
		return;
	}
	if (action_of(rec->code) == ACTION_LOG) {
		r->logged++;
		return;
	}
	key = (struct key){ pool_intern(&r->strings, rec->comm), pool_intern(&r->strings, rec->exe),
			    rec->arch, rec->nr, action_of(rec->code) };
	id = pool_intern(&w->keys, (struct bytes){ (const char *)&key, sizeof(key) });
	if (id > r->refusals.n)
		*VEC_PUSH(&r->refusals) = (struct refusal){ pool_get(&r->strings, key.comm),
							    pool_get(&r->strings, key.exe),
							    rec->arch,
							    key.action,
							    rec->nr,
							    0 };
	r->refusals.v[id - 1].times++;
}

static void take_waiting(struct watching *w)
{
	struct queue_block *b;
	enum item_kind kind;
	struct bytes item;

	while ((b = queue_take(&w->reader.queue)) != NULL) {
		for (size_t at = 0; queue_item(b, &at, &kind, &item);)
			if (kind == ITEM_RECORD)
				take_record(w, item);
		free(b);
	}
}

static int prepare(struct watching *w, char *const *argv, const char *user,
		   const struct sock_fprog *filter, struct err *e)
{
	struct reader_options plain = { 0 };
	struct err why = { 0 };

	if (reader_open(&w->reader, &plain, e) < 0 ||
	    child_start(&w->child, argv, user, filter, SECCOMP_FILTER_FLAG_LOG, e) < 0)
		return -1;
	w->r->followed = w->child.pid != 0 && reader_follow(&w->reader, w->child.pid, &why) == 0;
	return reader_start(&w->reader, e);
}

static void watch_child(struct watching *w)
{
	struct err why = { 0 };

	w->r->status = child_go(&w->child, 0, &why);
	snprintf(w->r->failed, sizeof(w->r->failed), "%s", why.msg);
	if (w->r->status == 0)
		for (w->r->status = -1; w->r->status < 0;
		     w->r->status = child_poll(&w->child, TAKE_MS))
			take_waiting(w);
	reader_stop(&w->reader);
	while (!queue_over(&w->reader.queue)) {
		take_waiting(w);
		queue_wait(&w->reader.queue, TAKE_MS);
	}
}

int refusals_watch(struct refusals_report *r, char *const *argv, const char *user,
		   const struct sock_fprog *filter, struct err *e)
{
	struct watching w = { .r = r, .child = { .go = -1, .told = -1, .ends = -1 } };
	int ret;

	*r = (struct refusals_report){ .status = CHILD_FAILED };
	ret = prepare(&w, argv, user, filter, e);
	if (ret == 0)
		watch_child(&w);
	if (ret == 0 && w.reader.failed) {
		*e = w.reader.failure;
		ret = -1;
	}
	r->figures = reader_figures_now(&w.reader);
	r->complete = reader_complete(&w.reader, &r->figures);
	child_release(&w.child);
	reader_release(&w.reader);
	body_room_release(&w.room);
	pool_release(&w.keys);
	return ret;
}

void refusals_release(struct refusals_report *r)
{
	VEC_FREE(&r->refusals);
	pool_release(&r->strings);
}
