// SPDX-License-Identifier: Apache-2.0
/* Walks the stretches and edges of a pid in order, and cuts them into parts. */
#include "ingest/track/within.h"

#include "ingest/track/walk.h"

#include <stdlib.h>

const char *const within_rule_names[WITHIN_RULES] = {
	[WITHIN_FIRST] = "the first of its pid",
	[WITHIN_BOOT] = "after a reboot",
	[WITHIN_KNOWN_BEGUN] = "known: born or gone",
	[WITHIN_KNOWN_EXECED] = "known: exec'd",
	[WITHIN_EXITED] = "after an exit_group",
	[WITHIN_LOADER] = "a loader's name",
	[WITHIN_EXECED] = "another exe after an execve",
	[WITHIN_REPLACED] = "another exe in the same cells",
	[WITHIN_EXEC_LOST] = "another exe at once",
	[WITHIN_OTHER] = "another exe later",
	[WITHIN_NEAR] = "the same exe in near cells",
	[WITHIN_EXECED_SAME] = "the same exe, far, after an execve",
	[WITHIN_BACK] = "the same exe, far, later",
	[WITHIN_SOON] = "the same exe, far, at once",
	[WITHIN_AGAIN] = "the same exe, far, but it comes again",
};

/* ---- the order of the evidence ---- */

static int order(const struct track_interval *p, const struct track_interval *q,
		 const struct track_strings *strings)
{
	int d = 0;

	if (p->boot != q->boot)
		return p->boot < q->boot ? -1 : 1;
	if (p->s_first != q->s_first)
		return p->s_first < q->s_first ? -1 : 1;
	if (p->t_first != q->t_first)
		return p->t_first < q->t_first ? -1 : 1;
	if (p->layer != q->layer)
		return p->layer < q->layer ? -1 : 1;
	if (p->exe != q->exe)
		d = strings->compare(strings->ctx, p->exe, q->exe);
	if (d != 0)
		return d;
	if (p->loader != q->loader)
		return p->loader ? 1 : -1;
	return p->cell < q->cell ? -1 : p->cell > q->cell;
}

static int by_serial(const void *a, const void *b, void *strings)
{
	return order(a, b, strings);
}

static int edge_order(const void *a, const void *b)
{
	const struct track_edge *x = a, *y = b;

	if (x->boot != y->boot)
		return x->boot < y->boot ? -1 : 1;
	if (x->serial != y->serial)
		return x->serial < y->serial ? -1 : 1;
	if (x->t != y->t)
		return x->t < y->t ? -1 : 1;
	if (x->kind != y->kind)
		return x->kind < y->kind ? -1 : 1;
	if (x->layer != y->layer)
		return x->layer < y->layer ? -1 : 1;
	if (x->parent != y->parent)
		return x->parent < y->parent ? -1 : 1;
	return x->cell < y->cell ? -1 : x->cell > y->cell;
}

/* What each rule makes of a stretch. */
static const enum {
	SAME,
	EXEC,
	PROCESS
} outcome[WITHIN_RULES] = {
	[WITHIN_FIRST] = PROCESS,     [WITHIN_BOOT] = PROCESS,   [WITHIN_KNOWN_BEGUN] = PROCESS,
	[WITHIN_KNOWN_EXECED] = EXEC, [WITHIN_EXITED] = PROCESS, [WITHIN_LOADER] = PROCESS,
	[WITHIN_EXECED] = EXEC,       [WITHIN_REPLACED] = SAME,  [WITHIN_EXEC_LOST] = EXEC,
	[WITHIN_OTHER] = PROCESS,     [WITHIN_NEAR] = SAME,      [WITHIN_EXECED_SAME] = EXEC,
	[WITHIN_BACK] = PROCESS,      [WITHIN_SOON] = SAME,      [WITHIN_AGAIN] = SAME,
};

/* ---- parts ---- */

static void new_process(struct walk *w, const struct stretch *s)
{
	w->c.s_last = 0;
	w->c.t_last = s->t_first;
}

/*
 * The part before ends where another begins in its pid: by an exec, or another process has the
 * pid. Text ends no trusted one.
 */
static void end_before(struct walk *w, const struct stretch *s, uint8_t layer)
{
	struct within_part *m = w->c.part < 0 ? NULL : &w->out->v[w->c.part];

	if (m != NULL && m->layer == layer && m->boot == s->first->boot)
		m->t_end = s->t_first;
}

/* The cells of the part that goes on. */
static struct cells *own_cells(struct walk *w)
{
	return w->out->v[w->c.part].layer == TRACK_TRUSTED ? &w->c.trusted : &w->c.text;
}

static void begin_part(struct walk *w, const struct stretch *s, enum within_rule rule)
{
	const struct track_interval *v = s->first;

	end_before(w, s, v->layer);
	*VEC_PUSH(w->out) = (struct within_part){ .exe = v->exe,
						  .t_first = s->t_first,
						  .t_last = s->t_last,
						  .s_first = v->s_first,
						  .s_last = s->s_last,
						  .boot = v->boot,
						  .uid = v->uid,
						  .auid = v->auid,
						  .layer = v->layer,
						  .loader = v->loader,
						  .t_end = TRACK_LIVES,
						  .rule = (uint8_t)rule,
						  .from = outcome[rule] == PROCESS ? -1 :
										     w->c.part };
	/* right after an exec the comm is the program's own; later a thread may have another */
	if (v->loader || (outcome[rule] == EXEC && rule != WITHIN_EXEC_LOST))
		w->out->v[w->out->n - 1].name = v->name;
	w->c.part = (int32_t)(w->out->n - 1);
	cells_clear(own_cells(w));
	if (outcome[rule] == PROCESS)
		new_process(w, s);
}

/* A trusted stretch in the walk over text: its part is given. */
static void switch_to(struct walk *w, const struct stretch *s, bool *spoke)
{
	const struct within_part *m = &w->out->v[s->part];

	if (w->c.part >= 0 && w->c.part != s->part)
		end_before(w, s, TRACK_TEXT);
	if (!*spoke)
		cells_clear(&w->c.trusted);
	if (!*spoke && m->from < 0)
		new_process(w, s);
	*spoke = true;
	w->c.part = s->part;
}

static void go_on(struct walk *w, const struct stretch *s)
{
	struct within_part *m = &w->out->v[w->c.part];

	if (m->layer == s->first->layer && s->part < 0) {
		m->t_last = s->t_last > m->t_last ? s->t_last : m->t_last;
		m->t_first = s->t_first < m->t_first ? s->t_first : m->t_first;
		m->s_last = s->s_last > m->s_last ? s->s_last : m->s_last;
	}
	w->c.s_last = s->s_last > w->c.s_last ? s->s_last : w->c.s_last;
	w->c.t_last = s->t_last > w->c.t_last ? s->t_last : w->c.t_last;
	for (size_t k = 0; k < s->n_cells; k++)
		cells_add(own_cells(w), w->cells.v[s->cells + k]);
}

/* The last part of a process ends with its exit_group, where that was seen. */
static void note_ends(struct walk *w, uint8_t layer)
{
	for (size_t i = 0; i < w->out->n; i++) {
		struct within_part *m = &w->out->v[i];
		const struct track_edge *last;

		if (m->layer != layer)
			continue;
		last = walk_edge_before(w, m->boot, m->s_last, true);
		if (last != NULL && (last->kind == EDGE_EXIT || last->kind == EDGE_GONE) &&
		    last->serial >= m->s_first && last->t < m->t_end)
			m->t_end = last->t;
	}
}

/* A tree begins where its root's earliest record is an execve, followed by another image. */
static void note_starts(struct walk *w, uint8_t layer, size_t known)
{
	for (size_t i = known; i < w->out->n; i++) {
		struct within_part *m = &w->out->v[i];
		const struct track_edge *first;

		if (m->layer != layer)
			continue;
		first = walk_edge_before(w, m->boot, m->s_first, true);
		m->execs_first = first != NULL && first->serial == m->s_first &&
				 first->kind == EDGE_EXEC;
	}
	for (size_t i = known; i < w->out->n; i++) {
		int32_t above = w->out->v[i].from;
		struct within_part *root = above < 0 ? NULL : &w->out->v[above];

		if (w->out->v[i].layer == layer && root != NULL && root->from < 0 &&
		    root->layer == layer)
			root->starts = root->execs_first;
	}
}

/* Tells parts apart that have the same corner, by their order within the pid. */
static void number_new_parts(struct within_parts *out, size_t from)
{
	struct map seen = { 0 };

	for (size_t i = from; i < out->n; i++) {
		struct within_part *m = &out->v[i];
		uint64_t a = (uint64_t)m->t_first, b = (uint64_t)m->boot << 32 | m->s_first;
		int64_t n = 0;

		if (i > 0 && out->v[i - 1].layer != m->layer)
			map_clear(&seen);
		if (out->n > 1) {
			n = map_get(&seen, a, b, 0);
			map_put(&seen, a, b, n + 1);
		}
		m->seq = (uint16_t)((n > 0x7fff ? 0x7fff : n) |
				    (m->layer == TRACK_TEXT ? 0x8000 : 0));
	}
	map_release(&seen);
}

/* ---- where a walk goes on ---- */

static void release_stand(struct within_stand *s)
{
	for (size_t i = 0; i < s->awaited.n; i++)
		cells_release(&s->awaited.v[i].cells);
	VEC_FREE(&s->awaited);
	cells_release(&s->trusted);
	cells_release(&s->text);
}

void within_point_release(struct within_point *p)
{
	release_stand(&p->trusted);
	release_stand(&p->all);
	*p = (struct within_point){ 0 };
}

static void copy_stand(struct within_stand *to, const struct within_stand *from)
{
	to->part = from->part;
	to->s_last = from->s_last;
	to->t_last = from->t_last;
	to->open = from->open;
	to->given = from->given;
	to->loader = from->loader;
	to->exe = from->exe;
	to->boot = from->boot;
	to->layer = from->layer;
	cells_copy(&to->trusted, &from->trusted);
	cells_copy(&to->text, &from->text);
}

static bool is_awaited(const struct walk *w, const struct within_awaited *a, size_t i)
{
	const struct track_interval *v = w->row[i];

	if (a->what == AWAITS_AGAIN)
		return i - w->n_open < a->left && v->boot == a->boot && v->exe == a->exe &&
		       (a->cells.some || cells_near(&a->cells, v->cell));
	if (w->home[i] != 0)
		return false;
	return a->what == AWAITS_NEAR ?
		       a->cells.some || cells_near(&a->cells, v->cell) :
		       track_region(v->cell) == TRACK_RANDOM &&
			       (a->cells.some || cells_has(&a->cells, v->cell));
}

/* Does what was awaited come? What may still come is awaited at the cut, too. */
static bool awaited_comes(const struct walk *w, const struct within_stand *from)
{
	for (size_t k = 0; k < from->awaited.n; k++) {
		const struct within_awaited *a = &from->awaited.v[k];
		size_t went = w->cut_at - w->n_open; /* so many came before the cut */
		struct within_awaited *more;

		for (size_t i = w->n_open; i < w->n; i++)
			if (is_awaited(w, a, i))
				return true;
		if (w->cut == NULL || (a->what == AWAITS_AGAIN ? a->left <= went : w->open != 0))
			continue;
		more = VEC_PUSH(&w->cut->awaited);
		*more = (struct within_awaited){
			.what = a->what, .exe = a->exe, .boot = a->boot, .left = a->left
		};
		more->left -= a->what == AWAITS_AGAIN ? (uint32_t)went : 0;
		cells_copy(&more->cells, &a->cells);
	}
	return false;
}

/*
 * Which stretch is under way at the cut? It must be one, and the last that begins before it: what
 * comes behind the cut can make it longer.
 */
static void find_open(struct walk *w)
{
	size_t last = 0;

	w->open = -1;
	if (w->cut == NULL)
		return;
	while (last + 1 < w->all.n && w->all.v[last + 1].at < w->cut_at)
		last++;
	for (size_t i = 0; i < w->cut_at; i++) {
		if (within_side(&w->cut_moment, w->row[i]) != WITHIN_OPEN)
			continue;
		w->open = (int32_t)last;
		w->cut_fails = w->cut_fails || w->home[i] != last;
	}
}

/* Has the stretch a cell by then that the part before it had, or that is near to one of its? */
static bool has_by_then(struct walk *w, const struct stretch *s, bool near)
{
	for (size_t i = 0; i < w->cut_at; i++) {
		uint64_t cell = w->row[i]->cell;

		if (&w->all.v[w->home[i]] == s &&
		    (near ? cells_near(own_cells(w), cell) :
			    track_region(cell) == TRACK_RANDOM && cells_has(own_cells(w), cell)))
			return true;
	}
	return false;
}

/*
 * What the stretch that is under way at the cut was found to be rests on its cells: on one that it
 * has by then, or on that none comes.
 */
static void await_other(struct walk *w, const struct stretch *s, enum within_rule rule)
{
	bool far = rule == WITHIN_EXECED_SAME || rule == WITHIN_BACK;
	struct within_awaited *a;

	if (rule == WITHIN_NEAR || rule == WITHIN_REPLACED)
		w->cut_fails = w->cut_fails || !has_by_then(w, s, rule == WITHIN_NEAR);
	if (!far && ((rule != WITHIN_EXEC_LOST && rule != WITHIN_OTHER) ||
		     w->out->v[w->c.part].loader != s->first->loader))
		return;
	a = VEC_PUSH(&w->cut->awaited);
	*a = (struct within_awaited){ .what = far ? AWAITS_NEAR : AWAITS_SHARED,
				      .exe = s->first->exe,
				      .boot = s->first->boot };
	cells_copy(&a->cells, own_cells(w));
}

/* The stand at the cut, in the midst of stretch s: with what of it has begun by then. */
static void cut_open(struct walk *w, const struct stretch *s)
{
	struct within_stand *c = w->cut;
	struct cells *own = w->out->v[w->c.part].layer == TRACK_TRUSTED ? &c->trusted : &c->text;

	copy_stand(c, &w->c);
	c->open = true;
	c->given = s->part >= 0;
	c->exe = s->first->exe;
	c->boot = s->first->boot;
	c->layer = s->first->layer;
	c->loader = s->first->loader;
	for (size_t i = 0; i < w->cut_at; i++) {
		const struct track_interval *v = w->row[i];

		if (&w->all.v[w->home[i]] != s)
			continue;
		c->s_last = v->s_last > c->s_last ? v->s_last : c->s_last;
		c->t_last = v->t_last > c->t_last ? v->t_last : c->t_last;
		cells_add(own, v->cell);
	}
}

/* ---- the two walks ---- */

/* One stretch: what it is to the part before it. `i` is its number. */
static void one_stretch(struct walk *w, size_t i, bool goes_on, bool *spoke)
{
	const struct stretch *s = &w->all.v[i];
	enum within_rule rule = s->part < 0 && !goes_on ? walk_relate(w, s) : WITHIN_NEAR;

	if (w->cut != NULL && (int32_t)i == w->open && s->part < 0 && !goes_on)
		await_other(w, s, rule);
	if (goes_on)
		;
	else if (s->part >= 0)
		switch_to(w, s, &spoke[s->part]);
	else if (outcome[rule] != SAME)
		begin_part(w, s, rule);
	if (w->cut != NULL && (int32_t)i == w->open)
		cut_open(w, s);
	go_on(w, s);
}

/* known: the walk over trusted evidence, where this one is over all. False: see WITHIN_MORE. */
static bool walk(struct walk *w, const struct walk *known, const struct within_point *from)
{
	const struct within_stand *at =
		from == NULL ? NULL : known && from->texts ? &from->all : &from->trusted;
	auto_free int32_t *part_of = NULL;
	auto_free bool *spoke = mem_zero(w->out->n + 1, sizeof(*spoke));
	size_t n_known = from ? from->n_parts : 0;
	bool taken = false, goes_on;

	w->c.part = -1;
	if (at != NULL)
		copy_stand(&w->c, at);
	goes_on = w->c.open;
	w->c.given = known && (!from || !from->texts || at->given);
	for (size_t i = 0; i < n_known; i++)
		spoke[i] = true;
	w->home = mem_alloc(w->n * sizeof(*w->home));
	walk_find_stretches(w, known);
	w->c.open = false;
	find_open(w);
	if (at != NULL && (known == NULL || from->texts) && awaited_comes(w, at))
		return false;
	part_of = mem_alloc(w->all.n * sizeof(*part_of));
	for (size_t i = 0; i < w->all.n; i++) {
		taken = taken || (int32_t)i == w->open;
		if (w->cut != NULL && !taken && w->all.v[i].at >= w->cut_at) {
			copy_stand(w->cut, &w->c);
			taken = true;
		}
		one_stretch(w, i, goes_on && i == 0, spoke);
		part_of[i] = w->c.part;
	}
	if (w->cut != NULL && !taken)
		copy_stand(w->cut, &w->c);
	for (size_t i = 0; i < w->n; i++)
		w->row[i]->part = (uint32_t)part_of[w->home[i]];
	note_starts(w, known ? TRACK_TEXT : TRACK_TRUSTED, n_known);
	note_ends(w, known ? TRACK_TEXT : TRACK_TRUSTED);
	return true;
}

static void drop_walk(struct walk *w)
{
	free(w->row);
	free(w->home);
	VEC_FREE(&w->all);
	VEC_FREE(&w->cells);
	release_stand(&w->c);
}

void within_sort(struct track_interval *intervals, size_t n, const struct track_strings *strings)
{
	union { const struct track_strings *in; void *out; } ctx = { strings };
	size_t in_order = 1; /* mostly they all are */

	while (in_order < n && order(&intervals[in_order - 1], &intervals[in_order], strings) <= 0)
		in_order++;
	if (in_order < n)
		qsort_r(intervals, n, sizeof(*intervals), by_serial, ctx.out);
}

void within_sort_edges(struct track_edge *edges, size_t n)
{
	size_t in_order = 1;

	while (in_order < n && edge_order(&edges[in_order - 1], &edges[in_order]) <= 0)
		in_order++;
	if (in_order < n)
		qsort(edges, n, sizeof(*edges), edge_order);
}

/* Text is there, or was, so that it can go on. */
static bool has_text(const struct within_row *row, size_t n)
{
	bool out = row->from != NULL && row->from->texts;

	for (size_t i = 0; i < n && !out; i++)
		out = row->v[i].layer == TRACK_TEXT;
	return out;
}

/* The walk over trusted evidence alone. */
static bool walk_trusted(struct walk *w, const struct within_row *row, struct within_point *cut,
			 struct track_edge *edges)
{
	w->edges = edges;
	for (size_t i = 0; i < row->n_edges; i++)
		if (row->edges[i].layer == TRACK_TRUSTED)
			edges[w->n_edges++] = row->edges[i];
	w->row = mem_alloc(row->n * sizeof(struct track_interval *));
	for (size_t i = 0; i < row->n; i++) {
		if (row->v[i].layer != TRACK_TRUSTED)
			continue;
		w->cut_at += i < row->at;
		w->n_open += i < row->n_open;
		w->row[w->n++] = &row->v[i];
	}
	w->cut_moment = row->cut;
	w->cut = cut ? &cut->trusted : NULL;
	return walk(w, NULL, row->from);
}

/* The walk over all, where trusted parts are given. */
static bool walk_all(struct walk *w, const struct walk *trusted, const struct within_row *row,
		     struct within_point *cut)
{
	w->edges = row->edges;
	w->n_edges = row->n_edges;
	w->row = mem_alloc(row->n * sizeof(struct track_interval *));
	for (size_t i = 0; i < row->n; i++)
		w->row[w->n++] = &row->v[i];
	w->cut_at = row->at;
	w->n_open = row->n_open;
	w->cut_moment = row->cut;
	w->cut = cut && cut->texts ? &cut->all : NULL;
	return walk(w, trusted, row->from);
}

enum within_outcome within_pid(const struct within_row *row, const struct track_strings *strings,
			       struct within_parts *out, struct within_point *cut)
{
	struct walk first = { .out = out }, second = { .out = out };
	auto_free struct track_edge *trusted = mem_alloc(row->n_edges * sizeof(*trusted));
	size_t n_known = row->from ? row->from->n_parts : 0;
	bool done;

	out->n = 0;
	for (size_t i = 0; i < n_known; i++)
		*VEC_PUSH(out) = row->from->part[i];
	within_sort(row->v, row->n, strings);
	within_sort_edges(row->edges, row->n_edges);
	if (cut != NULL) {
		*cut = (struct within_point){ .texts = has_text(row, row->at) };
		cut->trusted.part = cut->all.part = -1;
	}
	done = walk_trusted(&first, row, cut, trusted);
	if (done && has_text(row, row->n))
		done = walk_all(&second, &first, row, cut);
	number_new_parts(out, n_known);
	drop_walk(&first);
	drop_walk(&second);
	if (done && !first.cut_fails && !second.cut_fails)
		return WITHIN_DONE;
	if (cut != NULL)
		within_point_release(cut);
	return done ? WITHIN_UNCUT : WITHIN_MORE;
}
