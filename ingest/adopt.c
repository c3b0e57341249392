// SPDX-License-Identifier: Apache-2.0
/* Takes another store over, as if its logs had been read here. */
#include "ingest/pipeline.h"

#include "store/base/esc.h"
#include "store/rows/carry.h"
#include "store/tool.h"

#include <inttypes.h>
#include <stdlib.h>

/*
 * Another store: its evidence as if its logs had been read. It keeps which events there are, and of
 * each interval who made which call how often; not which event lies in which interval. So an
 * interval of which no event is known here is added, and one of which all are is not; where some
 * are, it adds what it has more than there is here. What belongs to one hour of one node is decided
 * and written together, and its events are marked with it, so that it counts once, however often it
 * is taken over.
 */
struct event {
	int64_t second;
	uint32_t serial, page;
	uint8_t layers, here;
}; /* bits as seen_layers has them */

struct kept { struct interval_row row; int64_t id; };

struct adopt {
	struct pipeline *p;
	struct carry c;
	bool trusted;              /* what it calls trusted is */
	int64_t node, hour;        /* there; of what was gathered; 0: nothing */
	int64_t here;              /* the node's row */
	VEC(struct kept) kept;
	VEC(struct event) events;
	VEC(struct seen_row_boot_time) boots; /* of each page, two */
	struct map known;          /* rows of nodes there, of files of tools that are whole here */
	uint64_t partly;           /* intervals of which some events were known */
};

#define TEXT (1u << TRACK_TEXT)
#define TRUSTED (1u << TRACK_TRUSTED)

/* ---- events of an hour ---- */

static int by_serial(const void *a, const void *b)
{
	const struct event *x = a, *y = b;

	return x->serial != y->serial ? (x->serial > y->serial) - (x->serial < y->serial) :
					(x->second > y->second) - (x->second < y->second);
}

static int add_event(struct adopt *a, uint32_t serial, int64_t second, unsigned layers,
		     struct err *e)
{
	struct seen_page *page;

	if (second / 3600 != a->hour)
		return 0;
	page = seen_page(&a->p->feed.seen, a->here, serial, second, e);
	if (page == NULL)
		return -1;
	*VEC_PUSH(&a->events) =
		(struct event){ second, serial, (uint32_t)(a->boots.n / SEEN_ROW_LAYERS - 1),
				(uint8_t)(a->trusted ? layers : TEXT),
				(uint8_t)seen_layers(page, serial, second) };
	return 0;
}

static int take_page(void *to, const struct seen_row *row, struct err *e)
{
	struct adopt *a = to;
	struct seen_page *page = mem_zero(1, sizeof(*page));
	int64_t serials = row->key.serials * SEEN_SERIALS,
		seconds = row->key.seconds * SEEN_SECONDS;
	int ret = 0;

	for (int i = 0; i < SEEN_ROW_LAYERS; i++)
		*VEC_PUSH(&a->boots) = row->boot_time[i];
	if (!seen_decode(page, row->data) || serials > UINT32_MAX)
		ret = store_damaged(a->c.from, "seen", 0, "a page of events cannot be read", e);
	for (unsigned i = 0; i < SEEN_SERIALS && ret == 0; i++)
		if (page->at[i] != 0)
			ret = add_event(a, (uint32_t)serials + i,
					seconds + (int64_t)SEEN_SECOND(page->at[i]),
					SEEN_LAYERS(page->at[i]), e);
	for (size_t i = 0; i < page->more.n && ret == 0; i++)
		ret = add_event(a, (uint32_t)serials + SEEN_SERIAL(page->more.v[i]),
				seconds + (int64_t)SEEN_SECOND(page->more.v[i]),
				SEEN_LAYERS(page->more.v[i]), e);
	VEC_FREE(&page->more);
	map_release(&page->more_at);
	free(page);
	return ret;
}

/* Of the events of a layer within an interval: how many there are, how many are known here, and how
 * many in the other layer. */
struct within { uint64_t all, same, other; };

static struct within count(const struct adopt *a, const struct interval_row *r, bool trusted)
{
	unsigned layer = trusted ? TRUSTED : TEXT;
	struct within w = { 0 };
	size_t lo = 0, hi = a->events.n;

	while (lo < hi) {
		size_t mid = (lo + hi) / 2;

		if (a->events.v[mid].serial < r->s_first)
			lo = mid + 1;
		else
			hi = mid;
	}
	for (; lo < a->events.n && a->events.v[lo].serial <= r->s_last; lo++) {
		const struct event *ev = &a->events.v[lo];

		if (!(ev->layers & layer) || ev->second < r->t_first / 1000 ||
		    ev->second > r->t_last / 1000)
			continue;
		w.all++;
		w.same += (ev->here & layer) != 0;
		w.other += (ev->here & ~layer) != 0;
	}
	return w;
}

/* ---- one interval ---- */

struct there { struct adopt *a; const struct interval_row *like; struct obs_list sum; };

/* What is here of the same process, program and time. */
static int take_there(void *to, struct interval_row *r, struct err *e)
{
	struct there *t = to;
	int ret = 0;

	if (r->exe == t->like->exe && r->cell == t->like->cell && r->loader == t->like->loader &&
	    r->trusted == t->like->trusted && r->t_first <= t->like->t_last &&
	    r->t_last >= t->like->t_first)
		ret = interval_obs(t->a->p->feed.store, r->id, &t->sum, e);
	VEC_FREE(&r->edges);
	return ret;
}

/* Takes off what is here already. */
static int only_more(struct adopt *a, struct interval_row *r, struct err *e)
{
	struct there t = { .a = a, .like = r };
	size_t n = 0;

	if (interval_each(a->p->feed.store, r->node, r->pid, r->t_first - 1,
			  (struct interval_take){ take_there, &t }, e) < 0) {
		VEC_FREE(&t.sum);
		return -1;
	}
	for (size_t i = 0; i < r->obs.n; i++) {
		struct obs *o = &r->obs.v[i];
		uint64_t *mine = r->trusted ? &o->fresh : &o->text, known = 0;

		for (size_t k = 0; k < t.sum.n; k++)
			if (t.sum.v[k].caller == o->caller && t.sum.v[k].call == o->call)
				known += r->trusted ? t.sum.v[k].fresh : t.sum.v[k].text;
		*mine = *mine > known ? *mine - known : 0;
		if (o->upgraded > *mine)
			o->upgraded = *mine;
		if (*mine > 0)
			r->obs.v[n++] = *o;
	}
	r->obs.n = n;
	VEC_FREE(&t.sum);
	return 0;
}

struct marking { struct adopt *a; const struct tally_given *given; };

/* Who only marks: a further run or place of what was given. */
static void mark(struct adopt *a, const struct tally_given *g, int64_t run, int64_t location)
{
	struct tally_given only = *g;

	only.n_obs = only.n_edges = 0;
	only.ingest = run;
	only.location = location;
	tally_give(&a->p->feed.tally, &only);
}

static int take_touch(void *to, int64_t row, struct err *e)
{
	struct marking *m = to;
	int64_t run = carry_run(&m->a->c, row);

	(void)e;
	if (run != 0)
		mark(m->a, m->given, run, 0);
	return 0;
}

static int take_sighting(void *to, int64_t row, struct err *e)
{
	struct marking *m = to;
	int64_t location = carry_location(&m->a->c, row, e);

	if (location < 0)
		return -1;
	mark(m->a, m->given, m->given->ingest, location);
	return 0;
}

static int give(struct adopt *a, struct kept *k, struct err *e)
{
	struct interval_row *r = &k->row;
	struct within w = count(a, r, r->trusted);
	struct tally_given g = { .node = r->node,
				 .exe = r->exe,
				 .name = r->name,
				 .ingest = carry_run(&a->c, r->ingest),
				 .cell = r->cell,
				 .t_first = r->t_first,
				 .t_last = r->t_last,
				 .s_first = r->s_first,
				 .s_last = r->s_last,
				 .s_begin = r->s_begin,
				 .uid = r->uid,
				 .auid = r->auid,
				 .pid = r->pid,
				 .trusted = r->trusted,
				 .loader = r->loader };
	struct marking m = { a, &g };

	if (w.same > 0 && w.same == w.all) {
		r->obs.n = r->edges.n = 0;
	} else if (w.same > 0) {
		a->partly++;
		if (only_more(a, r, e) < 0)
			return -1;
	}
	g.echoes = w.other > 0 && w.other == w.all;
	for (size_t i = 0; g.echoes && i < r->obs.n; i++)
		r->obs.v[i].upgraded = 0; /* the echoes say so */
	g.obs = r->obs.v;
	g.n_obs = r->obs.n;
	g.edges = r->edges.v;
	g.n_edges = r->obs.n > 0 ? r->edges.n : 0;
	tally_give(&a->p->feed.tally, &g);
	if (g.ingest != 0 && a->p->feed.tally.label)
		mark(a, &g, 0, 0);
	if (carry_each_touch(&a->c, k->id, (struct carry_row_take){ take_touch, &m }, e) < 0)
		return -1;
	return a->trusted ? carry_each_sighting(&a->c, k->id,
						(struct carry_row_take){ take_sighting, &m }, e) :
			    0;
}

/* ---- an hour of a node ---- */

static int mark_events(struct adopt *a, struct err *e)
{
	struct feed *f = &a->p->feed;

	for (size_t i = 0; i < a->events.n; i++) {
		const struct event *ev = &a->events.v[i];
		bool fresh = ev->here == 0;

		for (unsigned layer = 0; layer < TRACK_LAYERS; layer++) {
			const struct seen_row_boot_time *boot;
			struct seen_page *page;

			if (!(ev->layers & 1u << layer))
				continue;
			page = seen_page(&f->seen, a->here, ev->serial, ev->second, e);
			if (page == NULL)
				return -1;
			/* the corners of its page: which event they are of is not known */
			boot = &a->boots.v[ev->page * SEEN_ROW_LAYERS + layer];
			seen_mark(page, ev->serial, ev->second, layer == TRACK_TRUSTED, boot->min);
			seen_mark(page, ev->serial, ev->second, layer == TRACK_TRUSTED, boot->max);
			f->tally.trusted += layer == TRACK_TRUSTED && !(ev->here & TRUSTED);
		}
		f->r->records++;
		f->tally.new_events += fresh;
		f->tally.seen_before += !fresh;
		f->batch_records++;
	}
	return 0;
}

static void drop_kept(struct adopt *a)
{
	for (size_t i = 0; i < a->kept.n; i++) {
		VEC_FREE(&a->kept.v[i].row.obs);
		VEC_FREE(&a->kept.v[i].row.edges);
	}
	a->kept.n = a->events.n = a->boots.n = 0;
}

static int finish_hour(struct adopt *a, struct err *e)
{
	int64_t first = a->hour * 3600 / SEEN_SECONDS,
		last = (a->hour * 3600 + 3599) / SEEN_SECONDS;

	if (a->kept.n == 0)
		return 0;
	if (carry_each_page(&a->c, a->node, first, last, (struct seen_row_take){ take_page, a },
			    e) < 0)
		return -1;
	if (a->events.n > 1)
		qsort(a->events.v, a->events.n, sizeof(*a->events.v), by_serial);
	for (size_t i = 0; i < a->kept.n; i++)
		if (give(a, &a->kept.v[i], e) < 0)
			return -1;
	if (mark_events(a, e) < 0)
		return -1;
	drop_kept(a);
	/* all that is in the pages of this hour is decided: they may be written */
	if (tally_full(&a->p->feed.tally) && feed_commit(&a->p->feed, e) < 0)
		return -1;
	return 0;
}

/* Rows of here for rows of there; what is no longer trusted is text. */
static int translate(struct adopt *a, struct interval_row *r, struct err *e)
{
	size_t n = 0;

	r->node = a->here;
	r->exe = carry_string(&a->c, r->exe, e);
	r->name = carry_string(&a->c, r->name, e);
	if (r->exe < 0 || r->name < 0)
		return -1;
	for (size_t i = 0; i < r->obs.n; i++) {
		struct obs o = r->obs.v[i];

		o.caller = carry_caller(&a->c, o.caller, e);
		o.call = carry_call(&a->c, o.call, e);
		if (o.caller < 0 || o.call < 0)
			return -1;
		if (!a->trusted) {
			o.text = obs_events(&o);
			o.fresh = o.upgraded = 0;
		}
		if (o.text + o.fresh > 0)
			r->obs.v[n++] = o;
	}
	r->obs.n = n;
	r->trusted = r->trusted && a->trusted;
	return 0;
}

static int take_interval(void *to, struct carry_interval *iv, struct err *e)
{
	struct adopt *a = to;
	int64_t hour = iv->row.t_first / WHEN_HOUR_MS;

	if (pipeline_stop(a->p))
		return 1; /* no further one */
	if (map_get(&a->known, (uint64_t)iv->row.node, 0, 0))
		return 0;
	if ((hour != a->hour || iv->row.node != a->node) && finish_hour(a, e) < 0)
		return -1;
	if (feed_lock(&a->p->feed, e) < 0)
		return -1;
	a->hour = hour;
	a->node = iv->row.node;
	a->here = carry_node(&a->c, iv->row.node, e);
	if (a->here < 0 || flush_know(&a->p->feed.flush, a->here, e) < 0 ||
	    translate(a, &iv->row, e) < 0)
		return -1;
	*VEC_PUSH(&a->kept) = (struct kept){ iv->row, iv->id };
	iv->row.obs = (struct obs_list){ 0 };
	iv->row.edges = (struct edge_list){ 0 };
	return 0;
}

/* ---- the rest of it ---- */

static int take_presence(void *to, const struct carry_presence *p, struct err *e)
{
	struct adopt *a = to;

	(void)e;
	*VEC_PUSH(&a->p->feed.tally.presences) =
		(struct tally_presence){ p->node, p->exe, p->caller, p->call,
					 p->t,	  p->t,	  p->pid,    p->ip };
	a->p->r->records++;
	a->p->r->presence++;
	return 0;
}

/* Serials of records of other types: what lies between two of ours is not lost there. */
static int take_other(void *to, const struct seen_row *row, struct err *e)
{
	struct adopt *a = to;
	int64_t node = carry_node(&a->c, row->key.node, e), first = row->key.serials * SEEN_SERIALS;

	if (node < 0)
		return -1;
	for (int layer = 0; layer < SEEN_ROW_LAYERS; layer++) {
		struct seen_page *page;
		struct serial_set set = { { 0 } };

		if (!serial_set_decode(&set, row->other[layer]) || first > UINT32_MAX)
			return store_damaged(a->c.from, "seen", 0,
					     "a set of serials cannot be read", e);
		page = seen_page(&a->p->feed.seen, node, (uint32_t)first,
				 row->key.seconds * SEEN_SECONDS, e);
		if (page == NULL)
			return -1;
		for (unsigned i = 0; i < SEEN_SERIALS; i++)
			if (serial_set_has(&set, i))
				seen_mark_other(page, (uint32_t)first + i,
						a->trusted && layer == TRACK_TRUSTED);
	}
	return 0;
}

/* A file of a tool: of one that is here nothing is taken, since its calls have no ids by which they
 * would count once. */
static int take_tool(void *to, const struct tool_row *row, struct err *e)
{
	struct adopt *a = to;
	auto_buf struct buf room = { 0 };
	struct tool_row here;
	bool found;
	int64_t node;

	if (tool_load(a->p->feed.store, row->node, &here, &room, &found, e) < 0)
		return -1;
	if (!found)
		return tool_prepare(a->p->feed.store, e) < 0 ? -1 :
							       tool_save(a->p->feed.store, row, e);
	if (here.whole && names_find_node(a->c.from, row->node, &node, e) < 0)
		return -1;
	if (here.whole && node > 0)
		map_put(&a->known, (uint64_t)node, 0, 1);
	return 0;
}

static int take_over(struct adopt *a, const char *source, struct err *e)
{
	struct feed *f = &a->p->feed;

	if (feed_lock(f, e) < 0 || (a->trusted && carry_names(&a->c, e) < 0) ||
	    carry_runs(&a->c, source, a->trusted, e) < 0 ||
	    tool_each(a->c.from, (struct tool_row_take){ take_tool, a }, e) < 0)
		return -1;
	if (carry_each_interval(&a->c, (struct carry_interval_take){ take_interval, a }, e) < 0)
		return -1;
	if (pipeline_stop(a->p)) {
		drop_kept(a); /* of an hour that is not whole */
		return feed_commit(f, e);
	}
	if (finish_hour(a, e) < 0 || feed_lock(f, e) < 0)
		return -1;
	if (carry_each_other(&a->c, (struct seen_row_take){ take_other, a }, e) < 0)
		return -1;
	if (carry_each_presence(&a->c, (struct carry_presence_take){ take_presence, a }, e) < 0 ||
	    carry_losses(&a->c, a->trusted, f->r->ingest, &f->r->losses, e) < 0)
		return -1;
	if (carry_lifecycles(&a->c, a->trusted, e) < 0 ||
	    (a->trusted && carry_builds(&a->c, e) < 0))
		return -1;
	return feed_commit(f, e);
}

static void say(const struct adopt *a, const char *shown, int64_t totals)
{
	const struct ingest_options *o = a->p->o;
	struct err note = { 0 };

	if (totals > 0 && o->failed) {
		err_set(&note, ST_INPUT,
			"%s: %" PRId64
			" compacted tree%s not taken over: only totals are left of %s",
			shown, totals, totals == 1 ? " was" : "s were",
			totals == 1 ? "it" : "them");
		o->failed(o->to, note.msg);
	}
	if (a->c.policies > 0 && o->failed) {
		err_set(&note, ST_INPUT,
			"%s: under which policies its records were made is not taken over: others may have written it",
			shown);
		o->failed(o->to, note.msg);
	}
	if (a->partly > 0 && o->failed) {
		err_set(&note, ST_INPUT,
			"%s: of %" PRIu64
			" interval%s some events were known here: counts of %s are at least right",
			shown, a->partly, a->partly == 1 ? "" : "s",
			a->partly == 1 ? "it" : "them");
		o->failed(o->to, note.msg);
	}
}

int pipeline_adopt(struct pipeline *p, const char *path, struct err *e)
{
	struct adopt a = { .p = p, .node = -1 };
	auto_buf struct buf shown = { 0 }, source = { 0 };
	struct store from;
	int64_t totals = 0;
	int ret;

	esc_shell(&shown, bytes_of(path));
	buf_printf(&source, "of the store %s", buf_text(&shown));
	p->bad_input = true;
	ret = store_open(&from, path, STORE_READ, e);
	if (ret == 0 && from.older)
		ret = err_set(
			e, ST_INPUT,
			"%s is of an older version: a command that writes to it brings it up first",
			buf_text(&shown));
	if (ret == 0)
		ret = store_snapshot(&from, e);
	if (ret < 0) {
		store_close(&from);
		e->status = ST_INPUT;
		return -1;
	}
	a.trusted = store_trusts(&from);
	carry_init(&a.c, &from, &p->feed.names);
	ret = carry_totals(&a.c, &totals, e);
	if (ret == 0) {
		p->bad_input = false;
		if (!a.trusted && p->o->distrusted != NULL)
			p->o->distrusted(p->o->to, path, from.owner.why, 0);
		ret = take_over(&a, buf_text(&source), e);
	}
	if (ret == 0)
		say(&a, buf_text(&shown), totals);
	p->r->stopped = p->r->stopped || pipeline_stop(p);
	drop_kept(&a);
	VEC_FREE(&a.kept);
	VEC_FREE(&a.events);
	VEC_FREE(&a.boots);
	carry_release(&a.c);
	map_release(&a.known);
	store_close(&from);
	return ret;
}
