// SPDX-License-Identifier: Apache-2.0
/* The journal as a source of a run: which boots, since when, and where the next run goes on. */
#include "ingest/pipeline.h"

#include "ingest/read/body.h"
#include "ingest/read/journal.h"
#include "store/rows/position.h"

#include <stdio.h>

/* Under which name the position is kept. */
static void name_of(const char *place, char out[512])
{
	snprintf(out, 512, "journal %.480s", place ? place : "");
}

int pipeline_journal_open(struct pipeline *p, const char *place, struct journal **j, struct err *e)
{
	struct journal_choice choice = { .place = place, .boot = p->o->boot,
					 .since_ms = p->o->since ? p->o->since : WHEN_NONE };
	auto_buf struct buf cursor = { 0 };
	bool found = false, went_on;
	char why[200], name[512];

	name_of(place, name);
	if (p->o->follow && position_load(p->feed.store, name, &cursor, &found, e) < 0)
		return -1;
	choice.cursor = found ? buf_text(&cursor) : NULL;
	p->bad_input = true;
	if (journal_open(j, &choice, &went_on, e) < 0)
		return -1;
	p->bad_input = false;
	p->feed.file = place ? place : "journal";
	if (!journal_root_only(*j, why) && p->o->distrusted != NULL)
		p->o->distrusted(p->o->to, p->feed.file, why, 0);
	return 0;
}

/* How far it was read, with what was read. */
static int save(struct pipeline *p, const char *place, struct journal *j, struct err *e)
{
	char cursor[JOURNAL_CURSOR], name[512];

	name_of(place, name);
	if (!p->o->follow || !p->feed.locked || !journal_cursor(j, cursor))
		return 0;
	return position_save(p->feed.store, name, bytes_of(cursor), e);
}

static int one_entry(struct pipeline *p, struct journal *j, struct wrap *w, struct err *e)
{
	struct bytes nothing = { "", 0 };
	enum wrap_got got = wrap_entry(w, 0);

	(void)j;
	if (got != WRAP_ENTRY)
		p->r->other++;
	for (; got == WRAP_ENTRY; got = wrap_push(w, &nothing, true))
		if (feed_entry(&p->feed, &w->entry, e) < 0)
			return -1;
	return 0;
}

int pipeline_journal_drain(struct pipeline *p, const char *place, struct journal *j, struct err *e)
{
	struct wrap w = { 0 };
	bool any = true, bad;
	char why[200];
	int ret = 0;

	p->feed.trust = journal_root_only(j, why) ? FEED_ALL : FEED_TEXT;
	p->feed.file = place ? place : "journal";
	while (ret == 0 && !pipeline_stop(p)) {
		ret = journal_next(j, &w, &any, &bad, e);
		p->bad_input = ret < 0;
		if (ret < 0 || !any)
			break;
		p->feed.number++;
		p->r->damaged += bad;
		/* what comes late was received late: a clock may have been set */
		if (p->o->until != 0 && !p->o->follow && journal_ms(j) > p->o->until + WHEN_HOUR_MS)
			break;
		ret = one_entry(p, j, &w, e);
		if (ret == 0 && feed_full(&p->feed)) {
			ret = save(p, place, j, e);
			if (ret == 0)
				ret = feed_commit(&p->feed, e);
		}
	}
	if (ret == 0 && (save(p, place, j, e) < 0 || feed_commit(&p->feed, e) < 0))
		ret = -1;
	wrap_release(&w);
	return ret;
}

int pipeline_journal_file(struct pipeline *p, const char *path, struct err *e)
{
	struct journal *j = NULL;
	int ret = pipeline_journal_open(p, path, &j, e);

	if (ret == 0)
		ret = pipeline_journal_drain(p, path, j, e);
	journal_close(j);
	return ret;
}
