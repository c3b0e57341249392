// SPDX-License-Identifier: Apache-2.0
/* Copies a store of version 3 into today's tables and derives it, with progress on stderr. */
#include "ingest/upkeep/upgrade.h"

#include "ingest/batch/seen.h"
#include "ingest/upkeep/again.h"
#include "store/older.h"

#define COPIED 0.2       /* of the work, about: what SQL copies, */
#define SEEN 0.4         /* and then the seen set; the rest is deriving */

struct upgrading {
	struct store *s;
	const struct upgrade_progress *progress;
	struct seen seen;
	int64_t pages, page;
};

static bool stopped(const struct store *s)
{
	return s->wait.stop != NULL && *s->wait.stop != 0;
}

static void tell(const struct upgrading *u, double done)
{
	if (u->progress != NULL)
		u->progress->tell(u->progress->to, done);
}

/* ---- the seen set ---- */

/*
 * Where a machine has text, evidence of what is trusted may have become text, and it was not kept
 * of which events: so they are in both sets, and count once whatever is read again.
 */
static void be_both(struct seen_page *p)
{
	for (size_t i = 0; i < SEEN_SERIALS; i++)
		if (p->at[i] & 1u << TRACK_TRUSTED)
			p->at[i] = (uint16_t)(p->at[i] | 1u << TRACK_TEXT);
	for (size_t i = 0; i < p->more.n; i++)
		if (p->more.v[i] & 1u << TRACK_TRUSTED)
			p->more.v[i] |= 1u << TRACK_TEXT;
}

static int take_page(void *to, const struct older_page *was, struct err *e)
{
	struct upgrading *u = to;
	struct seen_page *p =
		seen_page(&u->seen, was->node, (uint32_t)(was->serials * SEEN_SERIALS),
			  was->seconds * SEEN_SECONDS, e);

	if (p == NULL)
		return -1;
	if (!seen_decode_v3(p, was->data))
		return store_damaged(u->s, "seen", 0, "no page can be read in its data", e);
	if (was->any_text)
		be_both(p);
	/* whose lines printed the uptime was not kept */
	p->boot_time[was->any_text ? TRACK_TEXT : TRACK_TRUSTED] =
		(struct seen_boot_time){ was->base_min, was->base_max };
	p->dirty = p->uncounted = true;
	if (++u->page % 64 == 0)
		tell(u, COPIED + (SEEN - COPIED) * (double)u->page / (double)u->pages);
	return 0;
}

static int take_boots(void *to, int64_t node, struct err *e)
{
	struct upgrading *u = to;
	int64_t since[TRACK_LAYERS];
	struct boots boots;
	int ret;

	if (boots_load(&boots, u->s, node, e) < 0)
		return -1;
	ret = boots_renew(&boots, u->s, node, NULL, 0, since, e);
	boots_release(&boots);
	return ret;
}

static int bring_seen(struct upgrading *u, struct err *e)
{
	int ret = older_count_pages(u->s, &u->pages, e);

	seen_init(&u->seen, u->s);
	if (ret == 0)
		ret = older_each_page(u->s, (struct older_page_take){ take_page, u }, e);
	if (ret == 0)
		ret = seen_flush(&u->seen, e);
	VEC_FREE(&u->seen.changed);
	seen_release(&u->seen);
	return ret < 0 ? -1 : older_each_node(u->s, (struct older_node_take){ take_boots, u }, e);
}

/* ---- */

static void derived(void *to, uint64_t done, uint64_t of)
{
	tell(to, SEEN + (1 - SEEN) * (double)done / (double)of);
}

static int bring(struct upgrading *u, struct err *e)
{
	const struct again_progress progress = { derived, u };

	if (stopped(u->s) || older_begin(u->s, e) < 0)
		return -1;
	tell(u, COPIED);
	if (bring_seen(u, e) < 0 || again_all(u->s, &progress, e) < 0)
		return -1;
	return older_end(u->s, e);
}

static int upgrade(struct store *s, const struct upgrade_progress *progress, struct err *e)
{
	struct upgrading u = { .s = s, .progress = progress };
	int64_t version;
	bool changed;
	int ret = 0;

	if (store_begin(s, &changed, e) < 0)
		return -1;
	store_heed_signals(s, true);
	if (store_version(s, &version, e) < 0)
		ret = -1;
	else if (version < STORE_VERSION && (bring(&u, e) < 0 || store_commit(s, e) < 0))
		ret = -1;
	store_heed_signals(s, false);
	if (ret < 0 && stopped(s))
		err_set(e, ST_SYSTEM,
			"store %s: stopped while it was brought up to version %d: it is as it was",
			s->path, STORE_VERSION);
	store_rollback(s);
	return ret;
}

int upgrade_store(const char *path, const struct store_wait *wait,
		  const struct upgrade_progress *progress, struct err *e)
{
	struct store s;
	int ret = store_open_waiting(&s, path, STORE_UPGRADE, wait, e);

	if (ret == 0)
		ret = upgrade(&s, progress, e);
	store_close(&s);
	return ret;
}
