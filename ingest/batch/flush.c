// SPDX-License-Identifier: Apache-2.0
/*
 * The end of a batch: intervals, boots, parts, images and trees, in the order in which each needs
 * the one before.
 */
#include "ingest/batch/flush.h"

#include "ingest/batch/evidence.h"
#include "ingest/batch/trees.h"
#include "store/base/when.h"
#include "store/rows/lifecycle.h"
#include "store/rows/total.h"
#include "store/rows/loss.h"
#include "store/rows/presence.h"
#include "store/rows/run.h"
#include "store/tool.h"
#include "store/rows/tree_row.h"

#include <stdlib.h>

#define DERIVE_MS 100 /* a commit holds the lock, and a request to stop waits, no longer than that for images */
#define DERIVE_PARTS 64 /* the clock is looked at after so many */

/* Nodes whose boots are others than they were, from a second on. */
struct boot_node { int64_t node, since; };
struct boot_nodes { struct boot_node *v; size_t n, cap; };

struct work {
	struct flush *f;
	struct store *store;
	struct tally *tally;
	struct evidence_room room;
	struct trees trees;
	bool events;        /* some source has said who forked whom */
};

void flush_init(struct flush *f, struct tally *tally, struct seen *seen)
{
	*f = (struct flush){ .tally = tally, .seen = seen };
	makers_init(&f->makers, tally->store);
}

void flush_forget(struct flush *f)
{
	for (size_t i = 0; i < f->nodes.n; i++)
		boots_release(&f->nodes.v[i].boots);
	f->nodes.n = 0;
	map_clear(&f->node_at);
	makers_release(&f->makers);
	f->stale = true;
}

void flush_release(struct flush *f)
{
	flush_forget(f);
	if (f->loaded)
		state_release(&f->state);
	derive_release(&f->derive);
	VEC_FREE(&f->nodes);
	map_release(&f->node_at);
	VEC_FREE(&f->again);
}

/* ---- boots ---- */

static struct boots *boots_for(struct flush *f, int64_t node, struct err *e)
{
	int64_t at = map_get(&f->node_at, (uint64_t)node, 0, -1);
	struct flush_node *n;

	if (at >= 0)
		return &f->nodes.v[at].boots;
	n = VEC_PUSH(&f->nodes);
	*n = (struct flush_node){ .node = node };
	if (boots_load(&n->boots, f->tally->store, node, e) < 0) {
		f->nodes.n--;
		return NULL;
	}
	map_put(&f->node_at, (uint64_t)node, 0, (int64_t)f->nodes.n - 1);
	return &n->boots;
}

int flush_know(struct flush *f, int64_t node, struct err *e)
{
	return boots_for(f, node, e) == NULL ? -1 : 0;
}

/*
 * Finds the boots of the nodes whose pieces changed again. A node where that gave an event another boot is put on
 * *moved: all its pids are derived again.
 */
static int renew_boots(struct work *w, struct boot_nodes *moved, struct err *e)
{
	struct seen *seen = w->f->seen;
	size_t end;

	for (size_t i = 0; i < seen->changed.n; i = end) {
		int64_t node = seen->changed.v[i].node, since[TRACK_LAYERS];
		struct boots *boots = boots_for(w->f, node, e);

		for (end = i + 1; end < seen->changed.n && seen->changed.v[end].node == node; end++)
			;
		if (boots == NULL || boots_renew(boots, w->store, node, &seen->changed.v[i], end - i, since, e) < 0)
			return -1;
		if (since[TRACK_TEXT] < since[TRACK_TRUSTED])
			since[TRACK_TRUSTED] = since[TRACK_TEXT];
		if (since[TRACK_TRUSTED] != BOOTS_STAYED)
			*VEC_PUSH(moved) = (struct boot_node){ node, since[TRACK_TRUSTED] };
	}
	seen->changed.n = 0;
	return 0;
}

/* ---- what the derivation takes ---- */

/* The rows of a pid and its edges as the derivation takes them. Of an interval, `id` is the row's index. */
struct given {
	struct track_interval *iv;
	size_t n;
	struct { struct track_edge *v; size_t n, cap; } edges;
	VEC(struct track_site) sites;
};

struct events_to { const struct boots *boots; struct given *out; enum track_layer layer; };

static int take_event(void *to, const struct lifecycle_row *r)
{
	struct events_to *ev = to;

	*VEC_PUSH(&ev->out->edges) = (struct track_edge){
		.t = r->t, .serial = r->serial, .boot = boots_of(ev->boots, ev->layer, r->t / 1000, r->serial),
		.kind = (uint8_t)r->kind, .layer = (uint8_t)ev->layer, .parent = r->parent, .fresh = true };
	return 0;
}

static int give_row(struct work *w, struct evidence *ev, size_t i, const struct boots *boots, struct given *out, struct err *e)
{
	struct evidence_row *r = &ev->rows.v[i];
	enum track_layer layer = r->trusted ? TRACK_TRUSTED : TRACK_TEXT;

	if (evidence_obs(&w->room, r, e) < 0)
		return -1;
	for (size_t k = 0; k < r->edges.n; k++)
		*VEC_PUSH(&out->edges) = (struct track_edge){
			.t = r->edges.v[k].t, .serial = r->edges.v[k].serial,
			.boot = boots_of(boots, layer, r->edges.v[k].t / 1000, r->edges.v[k].serial),
			.kind = (uint8_t)r->edges.v[k].kind, .layer = (uint8_t)layer, .exe = r->exe, .cell = r->cell, .loader = r->loader,
			.fresh = r->changed };
	out->iv[out->n++] = (struct track_interval){
		.id = (int64_t)i, .exe = r->exe, .name = r->name, .cell = r->cell, .t_first = r->t_first, .t_last = r->t_last,
		.s_first = r->s_first, .s_last = r->s_last, .boot = boots_of(boots, layer, r->t_first / 1000, r->s_begin),
		.uid = r->uid, .auid = r->auid, .loader = r->loader, .layer = (uint8_t)layer, .n_sites = r->obs.n, .was = r->part,
		.fresh = r->changed || r->part == 0 };
	return 0;
}

static int give(struct work *w, struct evidence *ev, const struct boots *boots, struct given *out, struct err *e)
{
	struct events_to to = { boots, out, TRACK_TRUSTED };
	size_t at = 0;
	bool tool;

	*out = (struct given){ .iv = mem_alloc(ev->rows.n * sizeof(*out->iv)) };
	for (size_t i = 0; i < ev->rows.n; i++)
		if (ev->rows.v[i].joined_to < 0 && give_row(w, ev, i, boots, out, e) < 0)
			return -1;
	for (size_t i = 0; i < out->n; i++)
		for (size_t k = 0; k < out->iv[i].n_sites; k++) {
			const struct obs *o = &ev->rows.v[out->iv[i].id].obs.v[k];

			*VEC_PUSH(&out->sites) = (struct track_site){ o->call, o->ip };
		}
	for (size_t i = 0; i < out->n; at += out->iv[i++].n_sites)
		out->iv[i].sites = &out->sites.v[at];
	if (!w->events)
		return 0;
	/* what a tool's file says of processes is text, as all of it is */
	if (tool_is(w->store, ev->node, &tool, e) < 0)
		return -1;
	to.layer = tool ? TRACK_TEXT : TRACK_TRUSTED;
	return lifecycle_each(w->store, ev->node, ev->pid, (struct lifecycle_take){ take_event, &to }, e);
}

static void drop_given(struct given *g)
{
	free(g->iv);
	VEC_FREE(&g->edges);
	VEC_FREE(&g->sites);
}

/* ---- a pid ---- */

/* Gives each row the part that was found for it. ids: by place among those given, or by part. */
static void give_parts(struct work *w, struct evidence *ev, const struct given *g, const int64_t *ids, bool by_part)
{
	for (size_t i = 0; i < g->n; i++) {
		struct evidence_row *r = &ev->rows.v[g->iv[i].id];
		int64_t part = by_part ? ids[g->iv[i].part] : ids[i];

		if (part == r->part)
			continue;
		if (r->part != 0)
			trees_left(&w->trees, r->part);
		r->moved = true;
		r->part = part;
	}
}

/* Edges of what need not be given are left out. */
static void leave_out(struct given *g, int64_t t_last)
{
	size_t left = 0;

	for (size_t i = 0; i < g->edges.n; i++)
		if (g->edges.v[i].t > t_last)
			g->edges.v[left++] = g->edges.v[i];
	g->edges.n = left;
}

/* Looks at the end of a long life alone. *done: that was enough. */
static int long_life(struct work *w, struct evidence *ev, const struct boots *boots, bool *done, struct err *e)
{
	int64_t came = evidence_came(&w->room, ev), *ids = NULL;
	struct derive_rest rest;
	struct given g = { 0 };
	bool presence;
	int ret = derive_since(&w->f->derive, ev->node, ev->pid, &rest.t_last, e);

	*done = false;
	if (ret <= 0)
		return ret;
	if (presence_any(w->store, ev->node, ev->pid, &presence, e) < 0)
		return -1;
	if (presence)
		return 0;
	/* what came joins what it follows */
	if (came != INT64_MAX && came - TALLY_GAP_MS <= rest.t_last)
		rest.t_last = came - TALLY_GAP_MS - 1;
	if (evidence_load(&w->room, ev, rest.t_last, e) < 0 || evidence_find_rows(&w->room, ev, e) < 0)
		return -1;
	ret = give(w, ev, boots, &g, e);
	leave_out(&g, rest.t_last);
	if (ret == 0)
		ret = derive_behind(&w->f->derive, ev->node, ev->pid, &rest, g.iv, g.n, g.edges.v, g.edges.n, &ids, e);
	*done = ret == 0;
	if (ret == 0)
		give_parts(w, ev, &g, ids, false);
	free(ids);
	drop_given(&g);
	return ret < 0 ? -1 : 0;
}

struct hang { int64_t id, part; };
struct hanging { const struct evidence *ev; VEC(struct hang) changes; };

static int take_presence(void *to, const struct presence_row *p, struct err *e)
{
	struct hanging *h = to;
	int64_t only = 0;
	bool several = false;

	(void)e;
	for (size_t i = 0; i < h->ev->rows.n; i++) {
		const struct evidence_row *r = &h->ev->rows.v[i];

		if (r->joined_to >= 0 || r->exe != p->exe)
			continue;
		if (p->t_first != WHEN_NONE &&
		    (r->t_first > p->t_last + TALLY_GAP_MS || r->t_last < p->t_first - TALLY_GAP_MS))
			continue;
		several = several || (only != 0 && only != r->part);
		only = r->part;
	}
	if (several)
		only = 0;
	if (only != p->part)
		*VEC_PUSH(&h->changes) = (struct hang){ p->id, only };
	return 0;
}

/* Presence hangs on the only part of that pid and exe (of that time, where it has one), else on none. */
static int hang_presence(struct work *w, const struct evidence *ev, struct err *e)
{
	struct hanging h = { .ev = ev };
	int ret = presence_each(w->store, ev->node, ev->pid, (struct presence_take){ take_presence, &h }, e);

	for (size_t i = 0; i < h.changes.n && ret == 0; i++)
		ret = presence_set_part(w->store, h.changes.v[i].id, h.changes.v[i].part, e);
	VEC_FREE(&h.changes);
	return ret;
}

/* Looks at all that a pid has. */
static int whole_pid(struct work *w, struct evidence *ev, const struct boots *boots, struct err *e)
{
	struct given g = { 0 };
	int64_t *ids = NULL;
	int ret;

	evidence_empty(ev);
	if (evidence_load(&w->room, ev, INT64_MIN, e) < 0 || evidence_find_rows(&w->room, ev, e) < 0)
		return -1;
	ret = give(w, ev, boots, &g, e);
	if (ret == 0)
		ret = derive_pid(&w->f->derive, ev->node, ev->pid, g.iv, g.n, g.edges.v, g.edges.n, &ids, e);
	if (ret == 0)
		give_parts(w, ev, &g, ids, true);
	free(ids);
	drop_given(&g);
	return ret < 0 ? -1 : hang_presence(w, ev, e);
}

static int one_pid(struct work *w, struct evidence *ev, struct err *e)
{
	struct boots *boots = boots_for(w->f, ev->node, e);
	bool done = false;

	if (boots == NULL || (!ev->whole && long_life(w, ev, boots, &done, e) < 0))
		return -1;
	if (!done && whole_pid(w, ev, boots, e) < 0)
		return -1;
	for (size_t i = 0; i < ev->rows.n; i++) {
		const struct evidence_row *r = &ev->rows.v[i];

		if (r->joined_to < 0 && (r->changed || r->moved) && makers_note(&w->f->makers, r->part, r->exe, r->name, &r->obs, e) < 0)
			return -1;
	}
	if (evidence_save(&w->room, ev, e) < 0)
		return -1;
	for (size_t i = 0; i < ev->rows.n; i++)
		if (ev->rows.v[i].joined_to < 0 && (ev->rows.v[i].changed || ev->rows.v[i].moved))
			trees_mark(&w->trees, ev->rows.v[i].part, ev->rows.v[i].id);
	/* a row that another one took over is no more in its part */
	for (size_t i = 0; i < ev->rows.n; i++)
		if (ev->rows.v[i].joined_to >= 0 && ev->rows.v[i].part != 0)
			trees_left(&w->trees, ev->rows.v[i].part);
	for (size_t i = 0; i < ev->row_of.n; i++)
		if (ev->row_of.v[i] >= 0) {
			const struct evidence_row *r = &ev->rows.v[evidence_final(ev, (size_t)ev->row_of.v[i])];

			trees_mark(&w->trees, r->part, r->id);
		}
	for (size_t i = 0; ev->whole && i < ev->rows.n; i++)
		trees_left(&w->trees, ev->rows.v[i].part);
	return 0;
}

/* ---- writing ---- */

static int save_presence(struct work *w, const struct tally_presence *p, struct err *e)
{
	struct presence_row row = { .node = p->node, .pid = p->pid, .exe = p->exe, .caller = p->caller, .call = p->call,
				    .t_first = p->t_first, .t_last = p->t_first, .ip = p->ip };

	int ret = presence_save(w->store, &row, e);

	if (ret < 0 || p->t_last == p->t_first)
		return ret;
	row.t_first = row.t_last = p->t_last; /* a row is written with one time, and widens by others */
	return presence_save(w->store, &row, e);
}

static int save_events(struct work *w, struct err *e)
{
	for (size_t i = 0; i < w->tally->events.n; i++) {
		const struct tally_lifecycle *ev = &w->tally->events.v[i];

		if (lifecycle_save(w->store, &(struct lifecycle_row){ .node = ev->node, .pid = ev->pid, .t = ev->t, .serial = ev->serial,
								      .kind = ev->kind, .parent = ev->parent }, e) < 0)
			return -1;
	}
	return lifecycle_any(w->store, &w->events, e);
}

static int save_losses(struct work *w, struct err *e)
{
	for (size_t i = 0; i < w->tally->losses.n; i++) {
		const struct tally_loss *l = &w->tally->losses.v[i];

		if (loss_save(w->store, &(struct loss_row){ .node = l->node, .kind = record_loss_name(l->kind), .stamp = l->stamp, .number = l->number,
							    .t = l->t, .ingest = w->tally->ingest, .trusted = l->trusted }, e) < 0)
			return -1;
	}
	return 0;
}

/* ---- the pids of a batch ---- */

struct pids { struct evidence *v; size_t n, cap; };

static struct evidence *pid_for(struct pids *all, struct map *index, int64_t node, int32_t pid)
{
	int64_t at = map_get(index, (uint64_t)node, (uint32_t)pid, -1);

	if (at < 0) {
		at = (int64_t)all->n;
		map_put(index, (uint64_t)node, (uint32_t)pid, at);
		*VEC_PUSH(all) = (struct evidence){ .node = node, .pid = pid };
	}
	return &all->v[at];
}

struct pids_to { struct pids *all; struct map *index; };

static int take_pid(void *to, int64_t node, int32_t pid)
{
	struct pids_to *p = to;

	pid_for(p->all, p->index, node, pid)->whole = true;
	return 0;
}

/* Which pids have to be derived: those of the batch's intervals and presence, and all of nodes whose boots moved. */
static int collect(struct work *w, struct pids *all, const struct boot_nodes *moved, struct err *e)
{
	struct map index = { 0 };
	const struct tally *t = w->tally;
	int ret = 0;

	for (uint32_t i = 0; i < t->intervals.n; i++) {
		const struct tally_origin *s = &t->origins.v[t->intervals.v[i].origin];

		*VEC_PUSH(&pid_for(all, &index, s->node, s->pid)->waiting) = i;
	}
	for (size_t i = 0; i < t->presences.n; i++)
		pid_for(all, &index, t->presences.v[i].node, t->presences.v[i].pid);
	for (size_t i = 0; i < t->events.n; i++)
		pid_for(all, &index, t->events.v[i].node, t->events.v[i].pid)->whole = true;
	for (size_t i = 0; i < w->f->again.n; i++)
		pid_for(all, &index, w->f->again.v[i].node, w->f->again.v[i].pid)->whole = true;
	w->f->again.n = 0;
	for (size_t i = 0; i < moved->n && ret == 0; i++) {
		const struct boot_node *m = &moved->v[i];
		struct pids_to to = { all, &index };
		int64_t since = m->since < WHEN_MIN_MS / 1000 ? WHEN_MIN_MS : m->since * 1000;

		ret = interval_each_pid_since(w->store, m->node, since, (struct interval_pid_take){ take_pid, &to }, e);
	}
	map_release(&index);
	return ret;
}

/* Ids that a batch gives are the ones behind the highest. */
static int first_ids(struct work *w, struct err *e)
{
	struct flush *f = w->f;
	int64_t part, image;

	if (!f->loaded) {
		state_init(&f->state, w->store);
		derive_init(&f->derive, &f->state.api, &f->strings);
		f->loaded = true;
	} else if (f->stale) {
		state_forget(&f->state);
	}
	f->stale = false;
	if (state_top(&f->state, &part, &image, e) < 0)
		return -1;
	f->derive.next_part = part + 1;
	f->derive.next_image = image + 1;
	if (interval_top(w->store, &w->room.next, e) < 0)
		return -1;
	w->room.next++;
	return 0;
}

static int compare_strings(void *ctx, int64_t a, int64_t b)
{
	return names_compare(ctx, a, b);
}

/* What the store holds already. */
static int look_around(struct work *w, struct err *e)
{
	w->f->strings = (struct track_strings){ compare_strings, w->store };
	if (first_ids(w, e) < 0 || total_any(w->store, &w->room.any_totals, e) < 0 ||
	    run_any_label(w->store, &w->trees.labels, e) < 0 || interval_any_sighting(w->store, &w->trees.locations, e) < 0)
		return -1;
	for (size_t i = 0; i < w->tally->intervals.n && !w->trees.locations; i++)
		w->trees.locations = w->tally->intervals.v[i].location != 0;
	return 0;
}

/* What is derived of parts: images, paths, trees. */
static int derive_all(struct work *w, struct err *e)
{
	struct flush *f = w->f;
	int64_t began = when_clock_ms();
	int left = 1;

	if (derive_resume(&f->derive, e) < 0)
		return -1;
	while (left > 0 && when_clock_ms() - began < DERIVE_MS && (f->stop == NULL || !*f->stop)) {
		left = derive_run(&f->derive, DERIVE_PARTS, e);
		if (left < 0)
			return -1;
	}
	f->waits = left > 0 && derive_waits(&f->derive);
	if (tree_row_set_waits(w->store, f->waits, e) < 0)
		return -1;
	if (trees_write(&w->trees, e) < 0 || derive_suspend(&f->derive, e) < 0)
		return -1;
	return state_save(&f->state, e) < 0 ? -1 : trees_label(&w->trees, e);
}

static int write_all(struct work *w, struct err *e)
{
	struct boot_nodes moved = { 0 };
	struct pids all = { 0 };
	int64_t began;
	int ret = -1;

	if (seen_flush(w->f->seen, e) == 0 && renew_boots(w, &moved, e) == 0 && save_losses(w, e) == 0 && save_events(w, e) == 0)
		ret = 0;
	for (size_t i = 0; i < w->tally->presences.n && ret == 0; i++)
		ret = save_presence(w, &w->tally->presences.v[i], e);
	if (ret == 0)
		ret = collect(w, &all, &moved, e);
	began = when_clock_ms();
	for (size_t i = 0; i < all.n && ret == 0; i++) {
		ret = one_pid(w, &all.v[i], e);
		evidence_release(&all.v[i]);
	}
	if (ret == 0)
		ret = makers_save(&w->f->makers, e);
	if (ret == 0)
		ret = derive_all(w, e);
	w->f->ms = when_clock_ms() - began;
	for (size_t i = 0; i < all.n; i++)
		evidence_release(&all.v[i]);
	VEC_FREE(&all);
	VEC_FREE(&moved);
	return ret;
}

static int flush(struct flush *f, bool batch, struct err *e)
{
	struct work w = { .f = f, .store = f->tally->store, .tally = f->tally,
			  .room = { .store = f->tally->store, .tally = f->tally, .strings = &f->strings },
			  .trees = { .store = f->tally->store, .names = f->tally->names, .state = &f->state } };
	int ret = look_around(&w, e);

	if (ret == 0)
		ret = batch ? write_all(&w, e) : derive_all(&w, e);
	if (ret < 0 && strncmp(e->msg, DERIVE_SAYS, strlen(DERIVE_SAYS)) == 0)
		err_wrap(e, "store %s: damaged", w.store->path);
	trees_release(&w.trees);
	interval_room_release(&w.room.room);
	if (ret == 0 && batch)
		tally_clear(f->tally);
	return ret;
}

int flush_batch(struct flush *f, struct err *e)
{
	return flush(f, true, e);
}

int flush_whole(struct flush *f, struct err *e)
{
	int ret = flush_batch(f, e);

	while (ret == 0 && f->waits)
		ret = flush_more(f, e);
	return ret;
}

int flush_more(struct flush *f, struct err *e)
{
	return flush(f, false, e);
}

void flush_alone_init(struct flush_alone *a, struct store *store)
{
	names_init(&a->names, store);
	seen_init(&a->seen, store);
	tally_init(&a->tally, store, &a->names, &a->seen);
	flush_init(&a->flush, &a->tally, &a->seen);
}

void flush_alone_release(struct flush_alone *a)
{
	flush_release(&a->flush);
	tally_release(&a->tally);
	seen_release(&a->seen);
	names_release(&a->names);
}

int flush_put_again(struct flush *f, int64_t node, int32_t pid, struct err *e)
{
	*VEC_PUSH(&f->again) = (struct flush_pid){ node, pid };
	return flush_know(f, node, e);
}
