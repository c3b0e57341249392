#include "ingest/track/within.h"

#include "ingest/track/cells.h"

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

/*
 * Mappings that are not random: non-PIE static programs and 32 bit below 4 GiB; with ASLR off the
 * 64 MiB below mmap_base (the end of user space less 128 MiB) and the beginning of
 * ELF_ET_DYN_BASE, with 47 and 48 bits. One in 16,384 random ones lies there, too.
 */
static const struct { uint64_t lo, hi; } fixed_ranges[] = {
	{ 0, 0x3ff },
	{ 0x1555555, 0x1555558 }, { 0x1ffffd0, 0x1ffffdf },
	{ 0x2aaaaaa, 0x2aaaaad }, { 0x3ffffd0, 0x3ffffdf },
};

enum track_place track_place(uint64_t cell)
{
	for (size_t i = 0; i < ARRAY_SIZE(fixed_ranges); i++)
		if (cell >= fixed_ranges[i].lo && cell <= fixed_ranges[i].hi)
			return TRACK_FIXED;
	return cell < (1ull << 34) ? TRACK_RANDOM : TRACK_KERNEL;
}

uint16_t track_fixed_number(uint64_t cell)
{
	uint64_t before = 0;

	for (size_t i = 0; i < ARRAY_SIZE(fixed_ranges); i++) {
		if (cell >= fixed_ranges[i].lo && cell <= fixed_ranges[i].hi)
			return (uint16_t)(before + cell - fixed_ranges[i].lo);
		before += fixed_ranges[i].hi - fixed_ranges[i].lo + 1;
	}
	return (uint16_t)before;
}

/* Intervals of one exe that overlap in serials. */
struct stretch {
	const struct track_interval *first;
	int64_t t_first, t_last;
	uint32_t s_last;
	size_t at;               /* of its first interval, in the order of serials */
	int32_t part; /* the trusted part that it is of, when text is looked at; -1: to be found */
	uint32_t cells, n_cells; /* a slice of the walk's */
};

struct stretches { struct stretch *v; size_t n, cap; };

/* The part that goes on: its cells so far, and the last moment of its process. */
struct current {
	int32_t part;            /* -1: none yet */
	uint32_t s_last;
	int64_t t_last;
	struct cells *cells;
};

/* One way through a pid: over trusted evidence, or over all of it with trusted parts given. */
struct walk {
	struct track_interval **row; /* in the order of serials */
	size_t n;
	const struct track_edge *edges;
	size_t n_edges;
	struct stretches all;
	VEC(uint64_t) cells;     /* of the stretches, one after the other */
	uint32_t *home;          /* by place in row: the stretch of each */
	struct current c;
	struct cells trusted, text; /* of the part of each layer that spoke last */
	struct within_tail *tail;   /* NULL: from the beginning */
	struct within_parts *out;
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

/* ---- stretches ---- */

static int32_t open_stretch(const struct walk *w, const struct track_interval *v)
{
	for (size_t i = w->all.n, back = 0; i-- > 0 && back < WITHIN_LOOK_BACK; back++) {
		const struct stretch *s = &w->all.v[i];

		if (s->first->boot == v->boot && s->first->exe == v->exe &&
		    s->first->loader == v->loader && v->s_first <= s->s_last)
			return (int32_t)i;
	}
	return -1;
}

/*
 * known: by stretch of the trusted walk, which are this one's where text is looked at; NULL in
 * the first walk.
 */
static void find_stretches(struct walk *w, const struct walk *known)
{
	auto_free int32_t *again = known ? mem_alloc(known->all.n * sizeof(*again)) : NULL;
	size_t trusted = 0; /* how many of the trusted walk's row went by */

	for (size_t i = 0; known && i < known->all.n; i++)
		again[i] = -1;
	for (size_t i = 0; i < w->n; i++) {
		const struct track_interval *v = w->row[i];
		bool given = known && v->layer == TRACK_TRUSTED;
		int32_t *was = given ? &again[known->home[trusted++]] : NULL;
		int32_t at = given ? *was : open_stretch(w, v);
		struct stretch *s;

		if (at < 0) {
			at = (int32_t)w->all.n;
			*VEC_PUSH(&w->all) = (struct stretch){ .first = v,
							       .t_first = v->t_first,
							       .t_last = v->t_last,
							       .s_last = v->s_last,
							       .at = i,
							       .part = given ? (int32_t)v->part :
									       -1 };
		}
		if (given)
			*was = at;
		s = &w->all.v[at];
		s->t_first = v->t_first < s->t_first ? v->t_first : s->t_first;
		s->t_last = v->t_last > s->t_last ? v->t_last : s->t_last;
		s->s_last = v->s_last > s->s_last ? v->s_last : s->s_last;
		s->n_cells++;
		w->home[i] = (uint32_t)at;
	}
}

static void gather_cells(struct walk *w)
{
	uint32_t sum = 0;

	for (size_t i = 0; i < w->all.n; i++) {
		w->all.v[i].cells = sum;
		sum += w->all.v[i].n_cells;
		w->all.v[i].n_cells = 0;
	}
	VEC_ROOM(&w->cells, sum);
	w->cells.n = sum;
	for (size_t i = 0; i < w->n; i++) {
		struct stretch *s = &w->all.v[w->home[i]];

		w->cells.v[s->cells + s->n_cells++] = w->row[i]->cell;
	}
}

/* ---- how a stretch relates to the part before it ---- */

/*
 * The last edge of the boot whose serial is below `serial` (or equal, where `upto`); NULL when
 * there is none.
 */
static const struct track_edge *edge_before(const struct walk *w, uint32_t boot, uint32_t serial,
					    bool upto)
{
	size_t lo = 0, hi = w->n_edges;

	while (lo < hi) {
		size_t mid = (lo + hi) / 2;
		const struct track_edge *d = &w->edges[mid];

		if (d->boot < boot ||
		    (d->boot == boot && (upto ? d->serial <= serial : d->serial < serial)))
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo == 0 || w->edges[lo - 1].boot != boot ? NULL : &w->edges[lo - 1];
}

static bool shares_random_cell(const struct walk *w, const struct stretch *s)
{
	for (size_t i = 0; i < s->n_cells; i++)
		if (track_place(w->cells.v[s->cells + i]) == TRACK_RANDOM &&
		    cells_has(w->c.cells, w->cells.v[s->cells + i]))
			return true;
	return false;
}

static bool all_far(const struct walk *w, const struct stretch *s)
{
	for (size_t i = 0; i < s->n_cells; i++)
		if (cells_near(w->c.cells, w->cells.v[s->cells + i]))
			return false;
	return true;
}

/* Do the part's cells come again in its exe after stretch s? Then what lies far is a part of it. */
static bool comes_again(const struct walk *w, const struct stretch *s)
{
	for (size_t i = s->at + 1; i < w->n && i <= s->at + WITHIN_LOOK_AHEAD; i++) {
		const struct track_interval *v = w->row[i];

		if (&w->all.v[w->home[i]] != s && v->boot == s->first->boot &&
		    v->exe == s->first->exe && cells_near(w->c.cells, v->cell))
			return true;
	}
	return false;
}

/* What sources that know processes say to have happened since the process last spoke. */
static void known_between(const struct walk *w, const struct track_edge *last, bool *begun,
			  bool *execed)
{
	*begun = *execed = false;
	for (const struct track_edge *d = last;
	     d != NULL && d >= w->edges && d->boot == last->boot && d->serial >= w->c.s_last;
	     d--) {
		*begun = *begun || d->kind == EDGE_BORN || d->kind == EDGE_GONE;
		*execed = *execed || d->kind == EDGE_EXECED;
	}
}

/* The answer rests on a cell that the part does not have, as far as its cells are known. */
static void doubt(const struct walk *w)
{
	if (w->tail != NULL && w->tail->partial && w->c.part == 0)
		w->tail->unsure = true;
}

static enum within_rule relate(const struct walk *w, const struct stretch *s)
{
	const struct track_edge *last = edge_before(w, s->first->boot, s->first->s_first, false);
	const struct within_part *was = w->c.part < 0 ? NULL : &w->out->v[w->c.part];
	bool exec_last = last != NULL && last->kind == EDGE_EXEC && last->serial >= w->c.s_last &&
			 s->t_first - last->t <= WITHIN_EXEC_MS;
	bool begun, execed;

	if (was == NULL)
		return WITHIN_FIRST;
	if (was->boot != s->first->boot)
		return WITHIN_BOOT;
	known_between(w, last, &begun, &execed);
	if (begun)
		return WITHIN_KNOWN_BEGUN;
	if (execed)
		return WITHIN_KNOWN_EXECED;
	if (last != NULL && last->kind == EDGE_EXIT && last->serial >= was->s_first)
		return WITHIN_EXITED;
	if (s->first->loader && !was->loader)
		return WITHIN_LOADER;
	if (was->exe != s->first->exe || was->loader != s->first->loader) {
		/*
		 * an execve that came last says more than cells do: without ASLR each exec has
		 * the same
		 */
		if (exec_last)
			return WITHIN_EXECED;
		if (was->loader == s->first->loader && shares_random_cell(w, s))
			return WITHIN_REPLACED;
		doubt(w);
		return s->t_first - w->c.t_last <= WITHIN_LOST_MS ? WITHIN_EXEC_LOST : WITHIN_OTHER;
	}
	if (!all_far(w, s))
		return WITHIN_NEAR;
	if (exec_last) {
		doubt(w);
		return WITHIN_EXECED_SAME;
	}
	if (s->t_first - w->c.t_last <= WITHIN_LOST_MS)
		return WITHIN_SOON;
	if (comes_again(w, s))
		return WITHIN_AGAIN;
	doubt(w);
	return WITHIN_BACK;
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
	w->c.cells = v->layer == TRACK_TRUSTED ? &w->trusted : &w->text;
	cells_clear(w->c.cells);
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
		cells_clear(&w->trusted);
	if (!*spoke && m->from < 0)
		new_process(w, s);
	*spoke = true;
	w->c.part = s->part;
	w->c.cells = &w->trusted;
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
		cells_add(w->c.cells, w->cells.v[s->cells + k]);
}

/* The last part of a process ends with its exit_group, where that was seen. */
static void note_ends(struct walk *w, size_t from)
{
	for (size_t i = from; i < w->out->n; i++) {
		struct within_part *m = &w->out->v[i];
		const struct track_edge *last = edge_before(w, m->boot, m->s_last, true);

		if (last != NULL && (last->kind == EDGE_EXIT || last->kind == EDGE_GONE) &&
		    last->serial >= m->s_first && last->t < m->t_end)
			m->t_end = last->t;
	}
}

/* A tree begins where its root's earliest record is an execve, followed by another image. */
static void note_starts(struct walk *w, size_t from)
{
	size_t given = w->tail != NULL; /* how many parts were before */

	for (size_t i = from + given; i < w->out->n; i++) {
		struct within_part *m = &w->out->v[i];
		const struct track_edge *first = edge_before(w, m->boot, m->s_first, true);

		m->execs_first = first != NULL && first->serial == m->s_first &&
				 first->kind == EDGE_EXEC;
	}
	for (size_t i = from + given; i < w->out->n; i++) {
		int32_t above = w->out->v[i].from;
		struct within_part *root = above < 0 ? NULL : &w->out->v[above];

		if (root != NULL && root->from < 0 && root->layer == w->out->v[i].layer)
			root->starts = root->execs_first;
	}
}

/* Tells parts apart that have the same corner, by their order within the pid. */
static void number(struct within_parts *out, size_t from)
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

/* ---- the two walks ---- */

static void begin_walk(struct walk *w)
{
	const struct within_tail *t = w->tail;

	w->c = (struct current){ .part = -1, .cells = &w->trusted };
	if (t == NULL)
		return;
	*VEC_PUSH(w->out) = t->part;
	w->c = (struct current){ 0, t->s_last, t->t_last,
				 t->part.layer == TRACK_TRUSTED ? &w->trusted : &w->text };
	for (size_t i = 0; i < t->cells.n; i++)
		cells_add(w->c.cells, t->cells.v[i]);
}

static void walk(struct walk *w, const struct walk *known)
{
	auto_free int32_t *part_of = NULL;
	auto_free bool *spoke = mem_zero(w->out->n + 1, sizeof(*spoke));
	size_t from = w->out->n;

	begin_walk(w);
	w->home = mem_alloc(w->n * sizeof(*w->home));
	find_stretches(w, known);
	gather_cells(w);
	part_of = mem_alloc(w->all.n * sizeof(*part_of));
	for (size_t i = 0; i < w->all.n; i++) {
		const struct stretch *s = &w->all.v[i];
		enum within_rule rule = s->part < 0 ? relate(w, s) : WITHIN_NEAR;

		if (s->part >= 0)
			switch_to(w, s, &spoke[s->part]);
		else if (outcome[rule] != SAME)
			begin_part(w, s, rule);
		go_on(w, s);
		part_of[i] = w->c.part;
	}
	for (size_t i = 0; i < w->n; i++)
		w->row[i]->part = (uint32_t)part_of[w->home[i]];
	note_starts(w, from);
	note_ends(w, from);
}

static void drop_walk(struct walk *w)
{
	free(w->row);
	free(w->home);
	VEC_FREE(&w->all);
	VEC_FREE(&w->cells);
	cells_release(&w->trusted);
	cells_release(&w->text);
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

void within_behind(struct within_tail *tail, struct track_interval *intervals, size_t n,
		   struct track_edge *edges, size_t n_edges, const struct track_strings *strings,
		   struct within_parts *out)
{
	struct walk w = { .n = n, .edges = edges, .n_edges = n_edges, .tail = tail, .out = out };

	out->n = 0;
	within_sort(intervals, n, strings);
	if (n_edges > 1)
		qsort(edges, n_edges, sizeof(*edges), edge_order);
	w.row = mem_alloc(n * sizeof(struct track_interval *));
	for (size_t i = 0; i < n; i++)
		w.row[i] = &intervals[i];
	walk(&w, NULL);
	number(out, 1);
	drop_walk(&w);
}

void within_pid(struct track_interval *intervals, size_t n, struct track_edge *edges,
		size_t n_edges, const struct track_strings *strings, struct within_parts *out)
{
	struct walk first = { .out = out }, second = { .out = out };
	auto_free struct track_edge *trusted = mem_alloc(n_edges * sizeof(*trusted));

	out->n = 0;
	within_sort(intervals, n, strings);
	if (n_edges > 1)
		qsort(edges, n_edges, sizeof(*edges), edge_order);
	for (size_t i = 0; i < n_edges; i++)
		if (edges[i].layer == TRACK_TRUSTED)
			trusted[first.n_edges++] = edges[i];
	first.edges = trusted;
	second.edges = edges;
	second.n_edges = n_edges;
	first.row = mem_alloc(n * sizeof(struct track_interval *));
	second.row = mem_alloc(n * sizeof(struct track_interval *));
	for (size_t i = 0; i < n; i++) {
		if (intervals[i].layer == TRACK_TRUSTED)
			first.row[first.n++] = &intervals[i];
		second.row[second.n++] = &intervals[i];
	}
	if (first.n > 0)
		walk(&first, NULL);
	if (first.n < n)
		walk(&second, first.n > 0 ? &first : NULL);
	number(out, 0);
	drop_walk(&first);
	drop_walk(&second);
}
