#include "ingest/flush.h"

#include "ingest/family.h"
#include "store/base/when.h"
#include "store/row.h"

#include <stdlib.h>

#define LIFE_ROWS 128 /* intervals at the end of a long life: more than TRACK_LOOK_AHEAD before what comes */

/* A row of the table interval, as it is or as it will be. */
struct row {
	int64_t id;         /* 0: not stored yet */
	int64_t exe, name, image;
	uint64_t cell;
	int64_t t_stored;   /* its beginning when it was loaded */
	int64_t t_first, t_last;
	uint32_t s_first, s_last, uid, auid;
	bool loader;
	bool changed;       /* its evidence is written anew */
	bool moved;         /* only its image is another one */
	bool loaded;        /* obs holds what is stored */
	int64_t joined_to;  /* index of the row that took it over; -1 */
	uint32_t next;      /* on its chain, index + 1 */
	bool mixed;
	int64_t ingest;     /* the run that brought it */
	struct obs_list obs;
	struct edge_list edges;
};

struct boot_nodes { int64_t *v; size_t n, cap; };
struct hang { int64_t id, image; };

/* All that is known of one (node, pid) while it is worked on. */
struct pid {
	int64_t node;
	int32_t pid;
	VEC(struct row) rows;   /* those that were stored first, by their beginning */
	size_t n_stored;
	struct map chains;      /* see chain */
	VEC(uint32_t) waiting;  /* intervals of the tally, indexes */
	VEC(ptrdiff_t) homes;   /* the row of each, index; -1: none */
	bool whole;             /* its rows may be of other boots than they were, or fewer: all are derived again */
	int64_t rest_ends;      /* those that were not loaded have ended by then; INT64_MIN: all were loaded */
};

struct work {
	struct flush *f;
	struct store *store;
	struct names *names;
	struct tally *tally;
	int64_t next_interval, next_image;
	bool folds;         /* something was folded in this store */
	struct family family;
	struct buf obs_text, edges_text;
};

void flush_init(struct flush *f, struct tally *tally, struct seen *seen)
{
	*f = (struct flush){ .tally = tally, .seen = seen };
}

void flush_forget(struct flush *f)
{
	for (size_t i = 0; i < f->nodes.n; i++)
		boots_release(&f->nodes.v[i].boots);
	f->nodes.n = 0;
	map_clear(&f->node_at);
}

void flush_release(struct flush *f)
{
	flush_forget(f);
	VEC_FREE(&f->nodes);
	map_release(&f->node_at);
	VEC_FREE(&f->again);
}

/* Is there any such row? */
static int any(struct store *s, enum stmt id, bool *yes, struct err *e)
{
	int64_t n;

	if (store_number(s, id, NO_ARGS, &n, e) < 0)
		return -1;
	*yes = n > 0;
	return 0;
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
		if (since[TRACK_TRUSTED] != BOOTS_STAYED || since[TRACK_TEXT] != BOOTS_STAYED)
			*VEC_PUSH(moved) = node;
	}
	seen->changed.n = 0;
	return 0;
}

/* ---- loading ---- */

static struct obs_base base_of(const struct row *r)
{
	return (struct obs_base){ r->t_first, r->s_first, r->cell << OBS_CELL_BITS };
}

static int damaged_row(struct work *w, int64_t id, struct err *e)
{
	return row_damaged(w->store->db, "interval", id, "its obs or edges cannot be read", e);
}

static int by_beginning(const void *a, const void *b)
{
	const struct row *x = a, *y = b;

	if (x->t_first != y->t_first)
		return x->t_first < y->t_first ? -1 : 1;
	return x->id < y->id ? -1 : x->id > y->id;
}

struct rows_to { struct work *w; struct pid *p; };

static int take_row(void *to, sqlite3_stmt *st, struct err *e)
{
	struct rows_to *all = to;
	struct row *r;
	int64_t v[14];

	if (row_read(st, "interval", "iimftTsSwwinib", v, e) < 0)
		return -1;
	r = VEC_PUSH(&all->p->rows);
	*r = (struct row){
		.id = v[0], .exe = v[1], .cell = (uint64_t)v[2], .loader = v[3] != 0,
		.t_stored = v[4], .t_first = v[4], .t_last = v[5], .s_first = (uint32_t)v[6],
		.s_last = (uint32_t)v[7], .uid = (uint32_t)v[8], .auid = (uint32_t)v[9],
		.name = v[10], .image = v[11], .ingest = v[12], .joined_to = -1,
	};
	return edge_decode(store_column(st, 13), base_of(r), &r->edges) ? 0 : damaged_row(all->w, r->id, e);
}

/* The rows of a pid that ended last, at most so many; limit -1: all. */
static int load_rows(struct work *w, struct pid *p, int64_t limit, struct err *e)
{
	struct rows_to all = { w, p };

	if (store_each(w->store, STMT_load_intervals, ARGS(V_INT(p->node), V_INT(p->pid), V_INT(limit)), WALK(take_row, &all), e) < 0)
		return -1;
	p->n_stored = p->rows.n;
	p->rest_ends = limit >= 0 && p->n_stored >= (size_t)limit ? p->rows.v[p->n_stored - 1].t_last : INT64_MIN;
	if (p->n_stored > 1)
		qsort(p->rows.v, p->n_stored, sizeof(*p->rows.v), by_beginning);
	return 0;
}

struct obs_to { struct work *w; struct row *r; };

static int take_obs(void *to, sqlite3_stmt *st, struct err *e)
{
	struct obs_to *o = to;
	struct obs_base base;
	int64_t v[4];

	if (row_read(st, "interval", "tsmb", v, e) < 0)
		return -1;
	base = (struct obs_base){ v[0], (uint32_t)v[1], (uint64_t)v[2] << OBS_CELL_BITS };
	o->r->loaded = true;
	return obs_decode(store_column(st, 3), base, &o->r->obs) ? 0 : damaged_row(o->w, o->r->id, e);
}

/* The observations of a stored row, when they are needed. */
static int load_obs(struct work *w, struct row *r, struct err *e)
{
	struct obs_to o = { w, r };

	if (r->id == 0 || r->loaded)
		return 0;
	if (store_each(w->store, STMT_load_obs, ARGS(V_INT(r->id)), WALK(take_obs, &o), e) < 0)
		return -1;
	return r->loaded ? 0 : damaged_row(w, r->id, e);
}

/* ---- joining what came with what is stored ---- */

/* Of one exe, cell and hour: do they follow each other? */
static bool joins(const struct row *r, const struct tally_interval *v)
{
	return r->joined_to < 0 && v->t_first <= r->t_last + TALLY_GAP_MS && v->t_last >= r->t_first - TALLY_GAP_MS;
}

static void widen(struct row *r, int64_t t_first, int64_t t_last, uint32_t s_first, uint32_t s_last, int64_t name,
		  uint32_t uid, uint32_t auid)
{
	if (s_first < r->s_first) {
		r->s_first = s_first;
		r->name = name;
		r->uid = uid;
		r->auid = auid;
	}
	r->t_first = t_first < r->t_first ? t_first : r->t_first;
	r->t_last = t_last > r->t_last ? t_last : r->t_last;
	r->s_last = s_last > r->s_last ? s_last : r->s_last;
}

/* Row `from` becomes part of row `to`. */
static int join_rows(struct work *w, struct pid *p, size_t from, size_t to, struct err *e)
{
	struct row *a = &p->rows.v[to], *b = &p->rows.v[from];

	if (load_obs(w, a, e) < 0 || load_obs(w, b, e) < 0)
		return -1;
	for (size_t i = 0; i < b->obs.n; i++)
		*VEC_PUSH(&a->obs) = b->obs.v[i];
	for (size_t i = 0; i < b->edges.n; i++)
		*VEC_PUSH(&a->edges) = b->edges.v[i];
	obs_unite(&a->obs);
	edge_unite(&a->edges);
	widen(a, b->t_first, b->t_last, b->s_first, b->s_last, b->name, b->uid, b->auid);
	if (b->ingest < a->ingest)
		a->ingest = b->ingest;
	a->changed = true;
	b->joined_to = (int64_t)to;
	return 0;
}

static int take_evidence(struct work *w, struct row *r, const struct tally_interval *v, struct err *e)
{
	const struct tally *t = w->tally;

	if (load_obs(w, r, e) < 0)
		return -1;
	r->changed = true;
	for (uint32_t i = v->slots; i != 0; i = t->slots.v[i - 1].next)
		*VEC_PUSH(&r->obs) = t->slots.v[i - 1].obs;
	for (uint32_t i = v->edges; i != 0; i = t->edges.v[i - 1].next)
		*VEC_PUSH(&r->edges) = t->edges.v[i - 1].edge;
	obs_unite(&r->obs);
	edge_unite(&r->edges);
	return 0;
}

/*
 * Rows of one exe, cell and hour are on a chain, the last one first: only they can join. A row is `mixed` where one
 * behind it on the chain may be later than it is. The key of a chain, for a map:
 */
static uint64_t chain_key(int64_t exe, bool loader, int64_t t)
{
	return (uint64_t)(t / WHEN_HOUR_MS) << 40 | ((uint64_t)exe << 1 | loader);
}

static void chain(struct pid *p, uint32_t at)
{
	struct row *r = &p->rows.v[at];
	uint64_t key = chain_key(r->exe, r->loader, r->t_first);

	r->next = (uint32_t)map_get(&p->chains, key, r->cell, 0);
	r->mixed = r->next != 0 && (p->rows.v[r->next - 1].mixed || r->t_first <= p->rows.v[r->next - 1].t_last);
	map_put(&p->chains, key, r->cell, at + 1);
}

/*
 * An interval of the batch that has no row, in a store with folds: what of it are events of text that a trusted source
 * brings now, and stand in a fold with the same caller, call and time, become trusted there. They are taken off the
 * interval, and all of it may go. What stands in no fold had been told otherwise by text, and counts.
 */
static int trust_folded(struct work *w, struct tally_interval *v, int64_t node, struct err *e)
{
	const struct tally *t = w->tally;
	uint32_t *link = &v->slots;

	while (*link != 0) {
		struct tally_slot *s = &t->slots.v[*link - 1];

		if (s->obs.upgraded > 0 && s->obs.fresh == 0 && s->obs.text == 0) {
			if (store_run(w->store, STMT_trust_folded, ARGS(V_INT(s->obs.upgraded), V_INT(node), V_INT(s->obs.caller),
									V_INT(s->obs.call), V_INT(s->obs.t_first),
									V_INT(s->obs.t_last)), e) < 0)
				return -1;
			if (sqlite3_changes(w->store->db) > 0) {
				*link = s->next;
				continue;
			}
		}
		link = &s->next;
	}
	return 0;
}

/*
 * Puts one interval of the batch among the rows: it joins those that it reaches, or is a row of its own. One that
 * nothing new drives (a labelled run that reads what was seen) only finds its row. *row: its index, -1: none.
 */
static int place(struct work *w, struct pid *p, uint32_t at, ptrdiff_t *row, struct err *e)
{
	struct tally_interval *v = &w->tally->intervals.v[at];
	const struct tally_space *s = &w->tally->spaces.v[v->space];

	*row = -1;
	for (uint32_t i = (uint32_t)map_get(&p->chains, chain_key(s->exe, s->loader, v->t_first), v->cell, 0);
	     i != 0 && (*row < 0 || v->driven); i = p->rows.v[i - 1].next) {
		if (!joins(&p->rows.v[i - 1], v)) {
			if (!p->rows.v[i - 1].mixed && v->t_first > p->rows.v[i - 1].t_last)
				break;
			continue;
		}
		if (*row < 0)
			*row = (ptrdiff_t)i - 1;
		else if (join_rows(w, p, i - 1, (size_t)*row, e) < 0)
			return -1;
	}
	if (v->driven == 0)
		return 0;
	if (*row < 0 && w->folds && w->tally->upgraded > 0) {
		if (trust_folded(w, v, s->node, e) < 0)
			return -1;
		if (v->slots == 0)
			return 0;
	}
	if (*row < 0) {
		*row = (ptrdiff_t)p->rows.n;
		*VEC_PUSH(&p->rows) = (struct row){ .exe = s->exe, .name = v->name, .cell = v->cell, .loader = s->loader,
						    .t_first = v->t_first, .t_last = v->t_last, .s_first = v->s_first,
						    .s_last = v->s_last, .uid = v->uid, .auid = v->auid,
						    .ingest = w->tally->ingest, .joined_to = -1 };
		chain(p, (uint32_t)*row);
	}
	widen(&p->rows.v[*row], v->t_first, v->t_last, v->s_first, v->s_last, v->name, v->uid, v->auid);
	return take_evidence(w, &p->rows.v[*row], v, e);
}

static size_t final_row(const struct pid *p, size_t i)
{
	while (p->rows.v[i].joined_to >= 0)
		i = (size_t)p->rows.v[i].joined_to;
	return i;
}

/* ---- images ---- */

struct stored_image { int64_t id, tree, path, fork_of, t_end; uint32_t boot, s_first; bool kept; };

struct stored_images { struct stored_image *v; size_t n, cap; };

static int take_image(void *to, sqlite3_stmt *st, struct err *e)
{
	struct stored_images *all = to;
	int64_t v[7];

	if (row_read(st, "image", "iiinwus", v, e) < 0)
		return -1;
	*VEC_PUSH(all) = (struct stored_image){ .id = v[0], .tree = v[1], .path = v[2],
						.fork_of = v[3], .boot = (uint32_t)v[4],
						.t_end = v[5] == WHEN_NONE ? FAMILY_LIVES : v[5],
						.s_first = (uint32_t)v[6] };
	return 0;
}

/* The rows of a pid as the tracker takes them, and where each stands. */
struct evidence {
	struct track_interval *iv;
	size_t *row_at;
	size_t n;
	struct { struct track_edge *v; size_t n, cap; } edges;
};

/* The stored image of each one derived: what its intervals had, where nobody took it before; NULL: a new one. */
static struct stored_image **stored_images(const struct pid *p, const struct evidence *ev, size_t n_images,
					   struct stored_image *old, size_t n_old)
{
	struct stored_image **of = mem_zero(n_images, sizeof(*of));

	for (size_t i = 0; i < ev->n; i++) {
		int64_t was = p->rows.v[ev->row_at[i]].image;
		uint32_t at = ev->iv[i].image;

		for (size_t k = 0; was != 0 && of[at] == NULL && k < n_old; k++) {
			if (old[k].id != was || old[k].kept)
				continue;
			old[k].kept = true;
			of[at] = &old[k];
		}
	}
	return of;
}

static struct part *new_part(const struct pid *p, const struct track_image *m, int64_t id, const struct stored_image *was)
{
	struct part *out = mem_zero(1, sizeof(*out));

	*out = (struct part){ .id = id, .node = p->node, .pid = p->pid, .boot = m->boot, .exe = m->exe, .name = m->name,
			      .loader = m->loader, .starts = m->starts, .t_first = m->t_first, .t_last = m->t_last,
			      .t_end = m->t_end, .s_first = m->s_first, .s_last = m->s_last, .cells_known = true, .all_touched = true };
	if (was != NULL) {
		out->tree = was->tree;
		out->path = was->path;
		out->fork_of = was->fork_of;
		out->later = m->s_first > was->s_first;
	}
	return out;
}

/*
 * Gives a row its part. What others may see anew in the part: rows with new evidence or of another part than before, and
 * all of them where the part itself is another (`anew`).
 */
static void give_part(struct row *r, struct part *m, bool anew)
{
	struct part_place place = { r->exe, r->t_first, r->t_last, r->cell };

	r->moved = r->image != m->id;
	r->image = m->id;
	if (m->cells.n < FAMILY_CELLS_FROM)
		*VEC_PUSH(&m->cells) = place;
	else
		m->cells_known = m->all_touched = false; /* the family takes the first ones */
	if (anew || r->changed || r->moved)
		*VEC_PUSH(&m->touched) = place;
	else
		m->all_touched = false;
}

/* Hands the images of a pid to the family as parts, and gives each row its own. */
static void hand_over(struct work *w, struct pid *p, const struct track_images *images, const struct evidence *ev,
		      struct stored_image *old, size_t n_old)
{
	auto_free struct stored_image **of = stored_images(p, ev, images->n, old, n_old);
	auto_free struct part **parts = mem_alloc(images->n * sizeof(struct part *));

	for (size_t i = 0; i < images->n; i++) {
		parts[i] = new_part(p, &images->v[i], of[i] ? of[i]->id : w->next_image++, of[i]);
		parts[i]->first = images->v[i].parent < 0;
		if (!parts[i]->first)
			parts[i]->parent = parts[images->v[i].parent]->id;
	}
	for (size_t i = 0; i < ev->n; i++) {
		struct row *r = &p->rows.v[ev->row_at[i]];
		struct part *m = parts[ev->iv[i].image];
		const struct stored_image *was = of[ev->iv[i].image];

		give_part(r, m, was == NULL || was->t_end != m->t_end || was->boot != m->boot);
		if (r->s_first == m->s_first) {
			m->uid = r->uid;
			m->auid = r->auid;
		}
	}
	for (size_t i = 0; i < images->n; i++)
		family_add(&w->family, parts[i]);
	for (size_t i = 0; i < n_old; i++)
		if (!old[i].kept)
			family_drop(&w->family, old[i].id);
}

/* Kinds of events as the table has them. */
static const char *const event_names[] = { [EDGE_BORN] = "born", [EDGE_EXECED] = "execed", [EDGE_GONE] = "gone" };

struct events_to { const struct boots *boots; struct evidence *out; };

static int take_event(void *to, sqlite3_stmt *st, struct err *e)
{
	struct events_to *ev = to;
	struct bytes name;
	int64_t v[3];

	if (row_read(st, "event", "tsb", v, e) < 0)
		return -1;
	name = store_column(st, 2);
	for (size_t k = EDGE_BORN; k < ARRAY_SIZE(event_names); k++)
		if (bytes_eq(name, bytes_of(event_names[k])))
			*VEC_PUSH(&ev->out->edges) = (struct track_edge){ boots_of(ev->boots, TRACK_TEXT, v[0] / 1000, (uint32_t)v[1]), (uint32_t)v[1],
									  v[0], (enum edge_kind)k };
	return 0;
}

static int gather_events(struct work *w, const struct pid *p, const struct boots *boots, struct evidence *out, struct err *e)
{
	struct events_to to = { boots, out };

	if (!w->family.events)
		return 0;
	return store_each(w->store, STMT_load_events, ARGS(V_INT(p->node), V_INT(p->pid)), WALK(take_event, &to), e);
}

static int gather(struct work *w, const struct pid *p, const struct boots *boots, struct evidence *out, struct err *e)
{
	*out = (struct evidence){ .iv = mem_alloc(p->rows.n * sizeof(*out->iv)), .row_at = mem_alloc(p->rows.n * sizeof(size_t)) };
	for (size_t i = 0; i < p->rows.n; i++) {
		const struct row *r = &p->rows.v[i];

		if (r->joined_to >= 0)
			continue;
		for (size_t k = 0; k < r->edges.n; k++)
			*VEC_PUSH(&out->edges) = (struct track_edge){
				boots_of(boots, TRACK_TEXT, r->edges.v[k].t / 1000, r->edges.v[k].serial), r->edges.v[k].serial,
				r->edges.v[k].t, r->edges.v[k].kind };
		out->row_at[out->n] = i;
		out->iv[out->n++] = (struct track_interval){
			.exe = r->exe, .name = r->name, .cell = r->cell, .t_first = r->t_first, .t_last = r->t_last,
			.s_first = r->s_first, .s_last = r->s_last, .boot = boots_of(boots, TRACK_TEXT, r->t_first / 1000, r->s_first),
			.loader = r->loader };
	}
	return gather_events(w, p, boots, out, e);
}

static void drop_evidence(struct evidence *ev)
{
	free(ev->iv);
	free(ev->row_at);
	VEC_FREE(&ev->edges);
}

/* Derives the images of a pid from all that it has. */
static int derive(struct work *w, struct pid *p, const struct boots *boots, struct err *e)
{
	struct stored_images old = { 0 };
	struct track_images images = { 0 };
	struct evidence ev;
	int ret = gather(w, p, boots, &ev, e);

	tracker_pid(ev.iv, ev.n, ev.edges.v, ev.edges.n, NULL, &images);
	if (ret == 0)
		ret = store_each(w->store, STMT_load_images, ARGS(V_INT(p->node), V_INT(p->pid)), WALK(take_image, &old), e);
	if (ret == 0)
		hand_over(w, p, &images, &ev, old.v, old.n);
	VEC_FREE(&old);
	VEC_FREE(&images);
	drop_evidence(&ev);
	return ret;
}

/* ---- a long life ---- */

static int by_first_serial(const void *a, const void *b)
{
	const struct row *const *x = a, *const *y = b;

	return (*x)->s_first < (*y)->s_first ? -1 : (*x)->s_first > (*y)->s_first;
}

/*
 * Up to which serial nothing can be found otherwise than it was: so many intervals lie between it and the first with new
 * evidence that no image looks as far ahead, and somewhere before it no interval goes on, so that no stretch does.
 * False where what was loaded does not reach back that far.
 */
static bool settled(const struct pid *p, uint32_t *out)
{
	auto_free const struct row **rows = mem_alloc(p->n_stored * sizeof(*rows));
	uint32_t touched = UINT32_MAX, s_last = 0;
	bool pause = false;
	size_t n = 0;

	for (size_t i = 0; i < p->rows.n; i++)
		if (p->rows.v[i].changed && p->rows.v[i].s_first < touched)
			touched = p->rows.v[i].s_first;
	for (size_t i = 0; i < p->n_stored; i++)
		if (p->rows.v[i].s_first < touched)
			rows[n++] = &p->rows.v[i];
	if (n <= TRACK_LOOK_AHEAD)
		return false;
	qsort(rows, n, sizeof(*rows), by_first_serial);
	for (size_t i = 0; i <= n - TRACK_LOOK_AHEAD && !pause; i++) {
		pause = i > 0 && rows[i]->s_first > s_last && rows[i]->t_stored > p->rest_ends;
		s_last = rows[i]->s_last > s_last ? rows[i]->s_last : s_last;
	}
	*out = rows[n - TRACK_LOOK_AHEAD]->s_first;
	return pause;
}

/* The beginning of what came for a pid. */
static int64_t came_from(const struct work *w, const struct pid *p)
{
	int64_t t = INT64_MAX;

	for (size_t i = 0; i < p->waiting.n; i++)
		if (w->tally->intervals.v[p->waiting.v[i]].t_first < t)
			t = w->tally->intervals.v[p->waiting.v[i]].t_first;
	return t;
}

/* The image that all loaded rows are of, if it is the pid's last; *out NULL: none, the whole has to be looked at. */
static int long_life(struct work *w, const struct pid *p, struct part **out, struct err *e)
{
	int64_t id = p->rows.n ? p->rows.v[0].image : 0, presence;
	uint32_t s_last = 0;

	*out = NULL;
	if (p->rest_ends == INT64_MIN || came_from(w, p) - TALLY_GAP_MS <= p->rest_ends)
		return 0;
	if (store_number(w->store, STMT_any_presence, ARGS(V_INT(p->node), V_INT(p->pid)), &presence, e) < 0)
		return -1;
	if (presence != 0)
		return 0;
	for (size_t i = 0; i < p->rows.n; i++) {
		if (p->rows.v[i].image != id)
			return 0;
		s_last = p->rows.v[i].s_last > s_last ? p->rows.v[i].s_last : s_last;
	}
	if (part_load(w->store, id, out, e) < 0)
		return -1;
	if (*out != NULL && ((*out)->t_end != FAMILY_LIVES || (*out)->s_last != s_last)) {
		part_free(*out);
		*out = NULL;
	}
	return 0;
}

/* Does the life go on with what came? Then its part is handed over, and its new rows are its own. */
static int goes_on(struct work *w, struct pid *p, const struct boots *boots, struct part *life, bool *out, struct err *e)
{
	struct track_images images = { 0 };
	struct track_life before = { .image = { .exe = life->exe, .name = life->name, .t_first = life->t_first, .t_last = life->t_last,
						.t_end = TRACK_LIVES, .s_first = life->s_first, .s_last = life->s_last,
						.boot = life->boot, .loader = life->loader, .starts = life->starts, .parent = -1 } };
	struct evidence ev;
	bool yes = settled(p, &before.settled);
	int ret = gather(w, p, boots, &ev, e);

	yes = yes && ret == 0;
	for (size_t i = 0; i < ev.n && yes; i++)
		yes = ev.iv[i].boot == life->boot;
	if (yes)
		tracker_pid(ev.iv, ev.n, ev.edges.v, ev.edges.n, &before, &images);
	yes = yes && images.n == 1;
	if (yes) {
		life->t_last = images.v[0].t_last;
		life->s_last = images.v[0].s_last;
		life->t_end = images.v[0].t_end;
		for (size_t i = 0; i < ev.n; i++)
			give_part(&p->rows.v[ev.row_at[i]], life, life->t_end != FAMILY_LIVES);
		life->linked = true;
		family_add(&w->family, life);
	}
	VEC_FREE(&images);
	drop_evidence(&ev);
	*out = yes;
	return ret;
}

/* ---- writing ---- */

static int save_row(struct work *w, const struct pid *p, struct row *r, struct err *e)
{
	struct store_value obs, edges;

	if (!r->changed)
		return r->moved ? store_run(w->store, STMT_set_image_of, ARGS(V_INT(r->id), V_INT(r->image)), e) : 0;
	w->obs_text.n = w->edges_text.n = 0;
	obs_encode(&r->obs, base_of(r), &w->obs_text);
	edge_encode(&r->edges, base_of(r), &w->edges_text);
	obs = V_TEXT(buf_bytes(&w->obs_text));
	edges = V_TEXT(buf_bytes(&w->edges_text));
	if (r->id != 0)
		return store_run(w->store, STMT_set_interval,
				 ARGS(V_INT(r->id), V_INT(r->t_first), V_INT(r->t_last), V_INT(r->s_first), V_INT(r->s_last), V_INT(r->uid),
				      V_INT(r->auid), V_INT(r->name), V_INT(r->image), V_INT(r->ingest), obs, edges), e);
	r->id = w->next_interval++;
	return store_run(w->store, STMT_add_interval,
			 ARGS(V_INT(r->id), V_INT(p->node), V_INT(p->pid), V_INT(r->exe), V_INT(r->cell), V_INT(r->loader), V_INT(r->t_first),
			      V_INT(r->t_last), V_INT(r->s_first), V_INT(r->s_last), V_INT(r->uid), V_INT(r->auid), V_INT(r->name),
			      V_INT(r->image), V_INT(r->ingest), obs, edges), e);
}

/* A stored row that became part of another: its marks go there, and it goes. */
static int drop_row(struct work *w, int64_t id, int64_t to, struct err *e)
{
	struct store_args one = ARGS(V_INT(id)), both = ARGS(V_INT(id), V_INT(to));

	if (store_run(w->store, STMT_move_touches, both, e) < 0 || store_run(w->store, STMT_del_touches, one, e) < 0 ||
	    store_run(w->store, STMT_move_sightings, both, e) < 0 || store_run(w->store, STMT_del_sightings, one, e) < 0)
		return -1;
	return store_run(w->store, STMT_del_interval, one, e);
}

static int save_rows(struct work *w, struct pid *p, struct err *e)
{
	for (size_t i = 0; i < p->rows.n; i++)
		if (p->rows.v[i].joined_to < 0 && save_row(w, p, &p->rows.v[i], e) < 0)
			return -1;
	for (size_t i = 0; i < p->rows.n; i++)
		if (p->rows.v[i].joined_to >= 0 && p->rows.v[i].id != 0 &&
		    drop_row(w, p->rows.v[i].id, p->rows.v[final_row(p, i)].id, e) < 0)
			return -1;
	return 0;
}

struct hanging { const struct pid *p; VEC(struct hang) changes; };

static int take_presence(void *to, sqlite3_stmt *st, struct err *e)
{
	struct hanging *h = to;
	int64_t v[5], only = 0;
	bool several = false;

	if (row_read(st, "presence", "iiuTn", v, e) < 0)
		return -1;
	for (size_t i = 0; i < h->p->rows.n; i++) {
		const struct row *r = &h->p->rows.v[i];

		if (r->joined_to >= 0 || r->exe != v[1])
			continue;
		if (v[2] != WHEN_NONE &&
		    (r->t_first > v[3] + TALLY_GAP_MS || r->t_last < v[2] - TALLY_GAP_MS))
			continue;
		several = several || (only != 0 && only != r->image);
		only = r->image;
	}
	if (several)
		only = 0;
	if (only != v[4])
		*VEC_PUSH(&h->changes) = (struct hang){ v[0], only };
	return 0;
}

/* Presence hangs on the only image of that pid and exe (of that time, where it has one), else on none. */
static int hang_presence(struct work *w, const struct pid *p, struct err *e)
{
	struct hanging h = { .p = p };
	int ret = store_each(w->store, STMT_load_presence, ARGS(V_INT(p->node), V_INT(p->pid)), WALK(take_presence, &h), e);

	for (size_t i = 0; i < h.changes.n && ret == 0; i++)
		ret = store_run(w->store, STMT_set_presence, ARGS(V_INT(h.changes.v[i].id), V_INT(h.changes.v[i].image)), e);
	VEC_FREE(&h.changes);
	return ret;
}

static void free_rows(struct pid *p)
{
	for (size_t i = 0; i < p->rows.n; i++) {
		VEC_FREE(&p->rows.v[i].obs);
		VEC_FREE(&p->rows.v[i].edges);
	}
	VEC_FREE(&p->rows);
	VEC_FREE(&p->homes);
	map_release(&p->chains);
}

static int place_all(struct work *w, struct pid *p, struct err *e)
{
	for (uint32_t i = 0; i < p->rows.n; i++)
		chain(p, i);
	for (size_t i = 0; i < p->waiting.n; i++)
		if (place(w, p, p->waiting.v[i], VEC_PUSH(&p->homes), e) < 0)
			return -1;
	return 0;
}

/* Looks at the end of a long life alone. *done: that was enough. */
static int one_life(struct work *w, struct pid *p, const struct boots *boots, bool *done, struct err *e)
{
	struct part *life = NULL;
	int ret = load_rows(w, p, LIFE_ROWS, e);

	*done = false;
	if (ret == 0)
		ret = long_life(w, p, &life, e);
	if (ret == 0 && life != NULL)
		ret = place_all(w, p, e);
	if (ret == 0 && life != NULL)
		ret = goes_on(w, p, boots, life, done, e);
	if (!*done)
		part_free(life);
	return ret;
}

/* Looks at all that a pid has; what one_life found to be all of it is there already. */
static int whole_pid(struct work *w, struct pid *p, const struct boots *boots, struct err *e)
{
	if (p->whole || p->rest_ends != INT64_MIN) {
		free_rows(p);
		if (load_rows(w, p, -1, e) < 0)
			return -1;
	}
	if (place_all(w, p, e) < 0 || derive(w, p, boots, e) < 0)
		return -1;
	return hang_presence(w, p, e);
}

static int one_pid(struct work *w, struct pid *p, struct err *e)
{
	struct boots *boots = boots_for(w->f, p->node, e);
	bool done = false;
	int ret = boots == NULL ? -1 : 0;

	if (ret == 0 && !p->whole)
		ret = one_life(w, p, boots, &done, e);
	if (ret == 0 && !done)
		ret = whole_pid(w, p, boots, e);
	if (ret == 0)
		ret = save_rows(w, p, e);
	/* the run that brought a row is noted in it; runs that came later leave a mark */
	for (size_t i = 0; i < p->homes.n && ret == 0; i++) {
		const struct row *r = p->homes.v[i] < 0 ? NULL : &p->rows.v[final_row(p, (size_t)p->homes.v[i])];

		int64_t seen_at = w->tally->intervals.v[p->waiting.v[i]].place;

		if (r != NULL && r->ingest != w->tally->ingest)
			ret = store_run(w->store, STMT_add_touch, ARGS(V_INT(w->tally->ingest), V_INT(r->id)), e);
		if (r != NULL && ret == 0 && seen_at != 0)
			ret = store_run(w->store, STMT_add_sighting, ARGS(V_INT(r->id), V_INT(seen_at)), e);
	}
	return ret;
}

static int save_presence(struct work *w, const struct tally_presence *p, struct err *e)
{
	int64_t hour = p->t == WHEN_NONE ? -1 : p->t / WHEN_HOUR_MS;

	return store_run(w->store, STMT_add_presence, ARGS(V_INT(p->node), V_INT(p->pid), V_INT(p->exe), V_INT(p->caller), V_INT(p->call),
							   V_INT(hour), V_TIME(p->t), V_INT(p->ip)), e);
}

static int save_events(struct work *w, struct err *e)
{
	for (size_t i = 0; i < w->tally->events.n; i++) {
		const struct tally_event *ev = &w->tally->events.v[i];

		if (store_run(w->store, STMT_add_event, ARGS(V_INT(ev->node), V_INT(ev->pid), V_INT(ev->t), V_INT(ev->serial),
							     V_TEXT(bytes_of(event_names[ev->kind])), V_INT(ev->parent)), e) < 0)
			return -1;
	}
	return any(w->store, STMT_any_event, &w->family.events, e);
}

static int save_losses(struct work *w, struct err *e)
{
	for (size_t i = 0; i < w->tally->losses.n; i++) {
		const struct tally_loss *l = &w->tally->losses.v[i];

		if (store_run(w->store, STMT_add_loss, ARGS(V_INT(l->node), V_TEXT(bytes_of(loss_name(l->kind))), V_INT(l->stamp),
							    V_INT(l->number), V_TIME(l->t), V_INT(w->tally->ingest),
							    V_INT(l->trusted)), e) < 0)
			return -1;
	}
	return 0;
}

/* ---- the pids of a batch ---- */

struct pids { struct pid *v; size_t n, cap; };

static struct pid *pid_for(struct pids *all, struct map *index, int64_t node, int32_t pid)
{
	int64_t at = map_get(index, (uint64_t)node, (uint32_t)pid, -1);

	if (at < 0) {
		at = (int64_t)all->n;
		map_put(index, (uint64_t)node, (uint32_t)pid, at);
		*VEC_PUSH(all) = (struct pid){ .node = node, .pid = pid };
	}
	return &all->v[at];
}

struct pids_to { struct pids *all; struct map *index; int64_t node; };

static int take_pid(void *to, sqlite3_stmt *st, struct err *e)
{
	struct pids_to *p = to;
	int64_t pid;

	if (row_read(st, "interval", "p", &pid, e) < 0)
		return -1;
	pid_for(p->all, p->index, p->node, (int32_t)pid)->whole = true;
	return 0;
}

/* Which pids have to be derived: those of the batch's intervals and presence, and all of nodes whose boots moved. */
static int collect(struct work *w, struct pids *all, const struct boot_nodes *moved, struct err *e)
{
	struct map index = { 0 };
	const struct tally *t = w->tally;
	int ret = 0;

	for (uint32_t i = 0; i < t->intervals.n; i++) {
		const struct tally_space *s = &t->spaces.v[t->intervals.v[i].space];

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
		struct pids_to to = { all, &index, moved->v[i] };

		ret = store_each_sql(w->store, "SELECT DISTINCT pid FROM interval WHERE node = ?1", ARGS(V_INT(moved->v[i])),
				     WALK(take_pid, &to), e);
	}
	map_release(&index);
	return ret;
}

static void free_pid(struct pid *p)
{
	free_rows(p);
	VEC_FREE(&p->waiting);
}

static int write_all(struct work *w, struct err *e)
{
	struct boot_nodes moved = { 0 };
	struct pids all = { 0 };
	int ret = -1;

	if (seen_flush(w->f->seen, e) == 0 && renew_boots(w, &moved, e) == 0 && save_losses(w, e) == 0 && save_events(w, e) == 0)
		ret = 0;
	for (size_t i = 0; i < w->tally->presences.n && ret == 0; i++)
		ret = save_presence(w, &w->tally->presences.v[i], e);
	if (ret == 0)
		ret = collect(w, &all, &moved, e);
	for (size_t i = 0; i < all.n && ret == 0; i++) {
		ret = one_pid(w, &all.v[i], e);
		free_pid(&all.v[i]);
	}
	if (ret == 0)
		ret = family_derive(&w->family, e);
	for (size_t i = 0; i < all.n; i++)
		free_pid(&all.v[i]);
	VEC_FREE(&all);
	VEC_FREE(&moved);
	return ret;
}

/* The highest id becomes the one behind it. */
static int next_id(struct work *w, const char *table, int64_t *id, struct err *e)
{
	if (*id < 0 || *id >= OBS_ROW_MAX)
		return row_damaged(w->store->db, table, 0, "its highest id is no row's id", e);
	++*id;
	return 0;
}

/* What the store holds already. */
static int look_around(struct work *w, struct err *e)
{
	if (store_number(w->store, STMT_top_interval, NO_ARGS, &w->next_interval, e) < 0 ||
	    store_number(w->store, STMT_top_image, NO_ARGS, &w->next_image, e) < 0 || any(w->store, STMT_any_fold, &w->folds, e) < 0 ||
	    any(w->store, STMT_any_label, &w->family.labels, e) < 0 || any(w->store, STMT_any_sighting, &w->family.places, e) < 0)
		return -1;
	if (next_id(w, "interval", &w->next_interval, e) < 0 ||
	    next_id(w, "image", &w->next_image, e) < 0)
		return -1;
	for (size_t i = 0; i < w->tally->intervals.n && !w->family.places; i++)
		w->family.places = w->tally->intervals.v[i].place != 0;
	return 0;
}

int flush_batch(struct flush *f, struct err *e)
{
	struct work w = { .f = f, .store = f->tally->store, .names = f->tally->names, .tally = f->tally };
	int ret;

	family_init(&w.family, w.store, w.names);
	ret = look_around(&w, e);
	if (ret == 0)
		ret = write_all(&w, e);
	family_release(&w.family);
	buf_release(&w.obs_text);
	buf_release(&w.edges_text);
	if (ret == 0)
		tally_clear(f->tally);
	return ret;
}
