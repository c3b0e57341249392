#include "ingest/tracker.h"

#include <stdlib.h>

#define GAP_MS 200                 /* an exec whose execve was lost follows within this time */
#define EXEC_MS 10000              /* what an execve led to speaks within this time */
#define FAR_CELLS 16               /* 64 MiB */
#define LOOK_BACK 8                /* stretches that may still overlap with the next interval */

/*
 * Where mappings lie that are not random: non-PIE static programs and 32 bit below 4 GiB; with ASLR off the 64 MiB below
 * mmap_base (the end of user space less 128 MiB) and the beginning of ELF_ET_DYN_BASE, with 47 and 48 bits. One in
 * 16,384 random ones lies there, too.
 */
const struct track_range track_fixed[TRACK_N_FIXED] = {
	{ 0, 0x3ff },
	{ 0x1555555, 0x1555558 }, { 0x1ffffd0, 0x1ffffdf },
	{ 0x2aaaaaa, 0x2aaaaad }, { 0x3ffffd0, 0x3ffffdf },
};

bool track_random_cell(uint64_t cell)
{
	for (size_t i = 0; i < TRACK_N_FIXED; i++)
		if (cell >= track_fixed[i].lo && cell <= track_fixed[i].hi)
			return false;
	return cell < (1ull << 34); /* above user space: vsyscall */
}

struct cells { uint64_t *v; size_t n, cap; }; /* each once */

static void add_cell(struct cells *c, uint64_t cell)
{
	for (size_t i = c->n; i-- > 0;)
		if (c->v[i] == cell)
			return;
	*VEC_PUSH(c) = cell;
}

/* Intervals of one exe that overlap in serials. */
struct stretch {
	int64_t exe, name;
	int64_t t_first, t_last;
	uint32_t s_first, s_last, boot;
	bool loader;
	size_t at;                 /* of its first interval, in the order of serials */
	struct cells cells;
};

static int by_serial(const void *a, const void *b)
{
	const struct track_interval *const *x = a, *const *y = b;
	const struct track_interval *p = *x, *q = *y;

	if (p->boot != q->boot)
		return p->boot < q->boot ? -1 : 1;
	if (p->s_first != q->s_first)
		return p->s_first < q->s_first ? -1 : 1;
	if (p->t_first != q->t_first)
		return p->t_first < q->t_first ? -1 : 1;
	if (p->exe != q->exe)
		return p->exe < q->exe ? -1 : 1;
	return p->cell < q->cell ? -1 : p->cell > q->cell;
}

static int edge_order(const void *a, const void *b)
{
	const struct track_edge *x = a, *y = b;

	if (x->boot != y->boot)
		return x->boot < y->boot ? -1 : 1;
	if (x->serial != y->serial)
		return x->serial < y->serial ? -1 : 1;
	return x->t < y->t ? -1 : x->t > y->t;
}

struct stretches { struct stretch *v; size_t n, cap; };

static struct stretch *open_stretch(const struct stretches *all, const struct track_interval *v)
{
	for (size_t i = all->n, back = 0; i-- > 0 && back < LOOK_BACK; back++) {
		struct stretch *s = &all->v[i];

		if (s->boot == v->boot && s->exe == v->exe && s->loader == v->loader && v->s_first <= s->s_last)
			return s;
	}
	return NULL;
}

/* Groups sorted intervals into stretches; v->image becomes the stretch's index. */
static void find_stretches(struct track_interval **sorted, size_t n, struct stretches *out)
{
	for (size_t i = 0; i < n; i++) {
		struct track_interval *v = sorted[i];
		struct stretch *s = open_stretch(out, v);

		if (s == NULL) {
			s = VEC_PUSH(out);
			*s = (struct stretch){ .exe = v->exe, .name = v->name, .t_first = v->t_first,
					       .t_last = v->t_last, .s_first = v->s_first, .s_last = v->s_last,
					       .boot = v->boot, .loader = v->loader, .at = i };
		}
		if (v->t_first < s->t_first)
			s->t_first = v->t_first;
		if (v->t_last > s->t_last)
			s->t_last = v->t_last;
		if (v->s_last > s->s_last)
			s->s_last = v->s_last;
		add_cell(&s->cells, v->cell);
		v->image = (uint32_t)(s - out->v);
	}
}

/* The last edge of the boot before a serial; NULL when there is none. */
static const struct track_edge *edge_before(const struct track_edge *edges, size_t n, uint32_t boot, uint32_t serial)
{
	size_t lo = 0, hi = n;

	while (lo < hi) {
		size_t mid = (lo + hi) / 2;

		if (edges[mid].boot < boot || (edges[mid].boot == boot && edges[mid].serial < serial))
			lo = mid + 1;
		else
			hi = mid;
	}
	if (lo == 0 || edges[lo - 1].boot != boot)
		return NULL;
	return &edges[lo - 1];
}

/* The image that goes on: its cells so far, and its last moment. */
struct current {
	int32_t image;        /* -1: none yet */
	uint32_t s_last;      /* of the process */
	int64_t t_last;
	struct cells cells;
};

static bool shares_random_cell(const struct current *c, const struct stretch *s)
{
	for (size_t i = 0; i < s->cells.n; i++)
		for (size_t k = 0; k < c->cells.n; k++)
			if (s->cells.v[i] == c->cells.v[k] && track_random_cell(s->cells.v[i]))
				return true;
	return false;
}

static bool is_far(const struct current *c, uint64_t cell)
{
	for (size_t i = 0; i < c->cells.n; i++) {
		uint64_t b = c->cells.v[i];

		if ((cell > b ? cell - b : b - cell) <= FAR_CELLS)
			return false;
	}
	return true;
}

static bool all_far(const struct current *c, const struct stretch *s)
{
	for (size_t i = 0; i < s->cells.n; i++)
		if (!is_far(c, s->cells.v[i]))
			return false;
	return true;
}

/* What sources that know processes say to have happened between two stretches. */
struct known { bool begun, execed; };

static struct known known_between(const struct track_edge *edges, const struct track_edge *last, const struct current *c)
{
	struct known k = { false, false };

	for (const struct track_edge *d = last; d != NULL && d >= edges && d->boot == last->boot && d->serial >= c->s_last; d--) {
		k.begun = k.begun || d->kind == EDGE_BORN || d->kind == EDGE_GONE;
		k.execed = k.execed || d->kind == EDGE_EXECED;
	}
	return k;
}

enum step { SAME_IMAGE, EXEC, EXEC_UNSEEN, NEW_PROCESS };

/* All intervals of a pid by serial; each has the index of its stretch in `image` until images are known. */
struct row_of { struct track_interval **v; size_t n; };

/* Do the image's cells come again in its exe after stretch s, the n-th? Then what lies far is a part of it. */
static bool comes_again(const struct current *c, const struct stretch *s, uint32_t nth, const struct row_of *row)
{
	for (size_t i = s->at + 1; i < row->n && i <= s->at + TRACK_LOOK_AHEAD; i++) {
		const struct track_interval *v = row->v[i];

		if (v->image != nth && v->boot == s->boot && v->exe == s->exe && !is_far(c, v->cell))
			return true;
	}
	return false;
}

/* How the n-th stretch relates to the image before it in this pid; last: the edge before it. */
static enum step relate(const struct current *c, const struct track_image *was, const struct stretch *s, uint32_t nth,
			const struct track_edge *last, const struct known *known, const struct row_of *row)
{
	bool exec_last = last != NULL && last->kind == EDGE_EXEC && last->serial >= c->s_last &&
			 s->t_first - last->t <= EXEC_MS;

	if (was->boot != s->boot || known->begun)
		return NEW_PROCESS;
	if (known->execed)
		return EXEC;
	if (last != NULL && last->kind == EDGE_EXIT && last->serial >= was->s_first)
		return NEW_PROCESS;
	if (s->loader && !was->loader)
		return NEW_PROCESS;
	if (was->exe != s->exe || was->loader != s->loader) {
		/* an execve that came last says more than cells do: without ASLR each exec has the same */
		if (exec_last)
			return EXEC;
		if (was->loader == s->loader && shares_random_cell(c, s))
			return SAME_IMAGE;
		return s->t_first - c->t_last <= GAP_MS ? EXEC_UNSEEN : NEW_PROCESS;
	}
	if (!all_far(c, s))
		return SAME_IMAGE;
	if (exec_last)
		return EXEC;
	return s->t_first - c->t_last > GAP_MS && !comes_again(c, s, nth, row) ? NEW_PROCESS : SAME_IMAGE;
}

static void begin_image(struct track_images *out, struct current *c, const struct stretch *s, enum step step)
{
	struct track_image *i;

	if (c->image >= 0 && s->boot == out->v[c->image].boot)
		out->v[c->image].t_end = s->t_first; /* exec, or another process has the pid */
	i = VEC_PUSH(out);
	*i = (struct track_image){ .exe = s->exe, .t_first = s->t_first, .t_last = s->t_last, .s_first = s->s_first,
				   .s_last = s->s_last, .boot = s->boot, .loader = s->loader, .t_end = TRACK_LIVES,
				   .parent = step == NEW_PROCESS ? -1 : c->image };
	/* right after an exec the comm is the program's own; later a thread may have another */
	if (s->loader || step == EXEC)
		i->name = s->name;
	c->image = (int32_t)(out->n - 1);
	c->cells.n = 0;
	if (step == NEW_PROCESS) {
		c->s_last = 0;
		c->t_last = s->t_first;
	}
}

static void go_on(struct track_images *out, struct current *c, const struct stretch *s)
{
	struct track_image *i = &out->v[c->image];

	if (s->t_last > i->t_last)
		i->t_last = s->t_last;
	if (s->t_first < i->t_first)
		i->t_first = s->t_first;
	if (s->s_last > i->s_last)
		i->s_last = s->s_last;
	if (s->s_last > c->s_last)
		c->s_last = s->s_last;
	if (s->t_last > c->t_last)
		c->t_last = s->t_last;
	for (size_t k = 0; k < s->cells.n; k++)
		add_cell(&c->cells, s->cells.v[k]);
}

/* The last image of a process ends with its exit_group, where that was seen. */
static void note_ends(struct track_images *images, const struct track_edge *edges, size_t n)
{
	for (size_t i = 0; i < images->n; i++) {
		struct track_image *m = &images->v[i];
		const struct track_edge *last = edge_before(edges, n, m->boot, m->s_last < UINT32_MAX ? m->s_last + 1 : m->s_last);

		if (last != NULL && (last->kind == EDGE_EXIT || last->kind == EDGE_GONE) && last->serial >= m->s_first && last->t < m->t_end)
			m->t_end = last->t;
	}
}

/* A tree begins where its root's earliest record is an execve, followed by another image. */
static void note_starts(struct track_images *images, const struct track_edge *edges, size_t n)
{
	for (size_t i = 0; i < images->n; i++) {
		const struct track_image *child = &images->v[i];
		struct track_image *root;
		const struct track_edge *first;

		if (child->parent < 0 || images->v[child->parent].parent >= 0)
			continue;
		root = &images->v[child->parent];
		first = edge_before(edges, n, root->boot, root->s_first + 1);
		root->starts = first != NULL && first->serial == root->s_first && first->kind == EDGE_EXEC;
	}
}

void tracker_pid(struct track_interval *intervals, size_t n, struct track_edge *edges, size_t n_edges,
		 const struct track_life *life, struct track_images *out)
{
	auto_free struct track_interval **sorted = mem_alloc(n * sizeof(struct track_interval *));
	const struct row_of row = { sorted, n };
	struct stretches all = { 0 };
	struct current c = { .image = -1 };
	auto_free uint32_t *image_of = NULL;

	for (size_t i = 0; i < n; i++)
		sorted[i] = &intervals[i];
	qsort(sorted, n, sizeof(struct track_interval *), by_serial);
	if (n_edges)
		qsort(edges, n_edges, sizeof(*edges), edge_order);
	find_stretches(sorted, n, &all);
	image_of = mem_alloc(all.n * sizeof(*image_of));
	if (life != NULL) {
		*VEC_PUSH(out) = life->image;
		c.image = 0;
	}
	for (size_t i = 0; i < all.n; i++) {
		const struct stretch *s = &all.v[i];
		const struct track_edge *last = edge_before(edges, n_edges, s->boot, s->s_first);
		const struct known known = known_between(edges, last, &c);
		enum step step = NEW_PROCESS;

		if (life != NULL && s->s_first < life->settled)
			step = SAME_IMAGE;
		else if (c.image >= 0)
			step = relate(&c, &out->v[c.image], s, (uint32_t)i, last, &known, &row);
		if (step != SAME_IMAGE)
			begin_image(out, &c, s, step);
		go_on(out, &c, s);
		image_of[i] = (uint32_t)c.image;
	}
	for (size_t i = 0; i < n; i++)
		intervals[i].image = image_of[intervals[i].image];
	note_starts(out, edges, n_edges);
	note_ends(out, edges, n_edges);
	for (size_t i = 0; i < all.n; i++)
		VEC_FREE(&all.v[i].cells);
	VEC_FREE(&all);
	VEC_FREE(&c.cells);
}
