#include "ingest/near.h"

#include "store/base/when.h"
#include "store/model/obs.h"
#include "store/row.h"

#include <stdlib.h>

#define MOST 64             /* intervals that are looked at in a row of cells, else in each cell on each side in time */
#define ASK_MS 600000       /* where addresses are not random, touched intervals are asked about in spans of this length */
#define SITES_FROM 8        /* intervals of a part whose calls are compared */
#define SMALLEST_PAGE 4096

struct places_to { struct part_places *out; size_t limit; };

static int take_place(void *to, sqlite3_stmt *row, struct err *e)
{
	struct places_to *p = to;
	int64_t v[4];

	if (row_read(row, "interval", "imtT", v, e) < 0)
		return -1;
	if (p->out->n >= p->limit && v[3] != p->out->v[p->out->n - 1].t_last)
		return STORE_ENOUGH;
	*VEC_PUSH(p->out) = (struct part_place){ .exe = v[0], .cell = (uint64_t)v[1], .t_first = v[2], .t_last = v[3] };
	return 0;
}

int near_places(struct family *f, const struct part *p, size_t limit, struct part_places *out, struct err *e)
{
	struct places_to to = { out, limit };

	out->n = 0;
	return store_each(f->store, STMT_load_places, ARGS(V_INT(p->node), V_INT(p->pid), V_INT(p->id), V_INT(p->t_first)),
			  WALK(take_place, &to), e);
}

/* Takes intervals of other parts than p. */
struct near_to { const struct part *p; struct nears *out; size_t n; }; /* n: how many there were with p's own */

static int take_near(void *to, sqlite3_stmt *row, struct err *e)
{
	struct near_to *t = to;
	int64_t v[8];

	if (row_read(row, "interval", "ntTisSww", v, e) < 0)
		return -1;
	t->n++;
	if (v[0] != t->p->id)
		*VEC_PUSH(t->out) = (struct near){ v[0], v[1], v[2], v[3], (uint32_t)v[4], (uint32_t)v[5], (uint32_t)v[6],
						   (uint32_t)v[7], false };
	return 0;
}

/*
 * The intervals of other parts in one cell, the nearest to t on one side. p's own count, too: so one that begins at most
 * MOST intervals behind a touched one of p is concerned by it, and sees it when it looks back.
 */
static int near_side(struct family *f, const struct part *p, int64_t exe, uint64_t cell, int64_t t, enum stmt side,
		     struct nears *out, struct err *e)
{
	struct near_to to = { p, out, 0 };

	return store_each(f->store, side, ARGS(V_INT(p->node), V_INT(exe), V_INT(cell), V_INT(t), V_INT(MOST)), WALK(take_near, &to), e);
}

static int near_between(struct family *f, const struct part *p, int64_t exe, uint64_t cell, int64_t from, int64_t to,
			struct nears *out, struct err *e)
{
	struct near_to taken = { p, out, 0 };

	return store_each(f->store, STMT_near_between, ARGS(V_INT(p->node), V_INT(exe), V_INT(cell), V_INT(from), V_INT(to), V_INT(p->id)),
			  WALK(take_near, &taken), e);
}

/* All that lie next to a run of cells, where they are few, as in random places they are: the same by one question. */
static int near_few(struct family *f, const struct part *p, const struct part_place *run, size_t n, struct nears *out,
		    bool *few, struct err *e)
{
	struct near_to to = { p, out, 0 };
	size_t had = out->n;

	if (store_each(f->store, STMT_near_all, ARGS(V_INT(p->node), V_INT(run->exe), V_INT(run[0].cell - 1), V_INT(run[n - 1].cell + 1),
						     V_INT(MOST + 1)), WALK(take_near, &to), e) < 0)
		return -1;
	*few = to.n <= MOST;
	if (!*few)
		out->n = had;
	return 0;
}

/* Those of an exe in places that are not random, between two times. An interval is an hour long at most. */
static int near_fixed(struct family *f, const struct part *p, int64_t exe, int64_t from, int64_t to, struct nears *out,
		      struct err *e)
{
	struct near_to taken = { p, out, 0 };

	for (size_t i = 0; i < TRACK_N_FIXED; i++) {
		for (int64_t cell = (int64_t)track_fixed[i].lo;; cell++) {
			int64_t from_here = cell;

			if (store_number(f->store, STMT_next_cell, ARGS(V_INT(p->node), V_INT(exe), V_INT(cell), V_INT(track_fixed[i].hi)),
					 &cell, e) < 0)
				return -1;
			if (cell < 0)
				break;
			if (cell < from_here)
				return row_damaged(f->store->db, "interval", 0,
						   "its cells are out of order", e);
			if (store_each(f->store, STMT_near_fixed, ARGS(V_INT(p->node), V_INT(exe), V_INT(cell), V_INT(from - WHEN_HOUR_MS),
								       V_INT(to), V_INT(from)), WALK(take_near, &taken), e) < 0)
				return -1;
		}
	}
	return 0;
}

static int by_place(const void *a, const void *b)
{
	const struct part_place *x = a, *y = b;

	if (x->exe != y->exe)
		return x->exe < y->exe ? -1 : 1;
	if (x->cell != y->cell)
		return x->cell < y->cell ? -1 : 1;
	return x->t_first < y->t_first ? -1 : x->t_first > y->t_first;
}

/* How many of what is sorted by_place lie in one exe and in cells whose neighbours meet. */
static size_t run_of(const struct part_place *v, size_t n)
{
	size_t i = 1;

	while (i < n && v[i].exe == v->exe && track_random_cell(v[i].cell) == track_random_cell(v->cell) &&
	       (!track_random_cell(v->cell) || v[i].cell <= v[i - 1].cell + 2))
		i++;
	return i;
}

bool near_random(const struct part *p)
{
	for (size_t i = 0; i < p->cells.n; i++)
		if (track_random_cell(p->cells.v[i].cell))
			return true;
	return false;
}

int near_kin(struct family *f, struct part *p, struct nears *out, bool *all_few, struct err *e)
{
	bool random, few;

	out->n = 0;
	*all_few = true;
	if (!p->cells_known && near_places(f, p, FAMILY_CELLS_FROM, &p->cells, e) < 0)
		return -1;
	p->cells_known = true;
	random = near_random(p);
	if (p->cells.n > 1)
		qsort(p->cells.v, p->cells.n, sizeof(*p->cells.v), by_place);
	for (size_t i = 0, n; i < p->cells.n; i += n) {
		const struct part_place *run = &p->cells.v[i];

		n = run_of(run, p->cells.n - i);
		if (!track_random_cell(run->cell)) {
			*all_few = false;
			if (!random && near_fixed(f, p, run->exe, p->t_first - NEAR_FORKED_MS, p->t_first, out, e) < 0)
				return -1;
			continue;
		}
		if (near_few(f, p, run, n, out, &few, e) < 0)
			return -1;
		*all_few = *all_few && few;
		for (uint64_t c = run[0].cell - 1; !few && c <= run[n - 1].cell + 1; c++)
			if (near_side(f, p, run->exe, c, p->t_first, STMT_near_before, out, e) < 0 ||
			    near_side(f, p, run->exe, c, p->t_first, STMT_near_after, out, e) < 0)
				return -1;
	}
	return 0;
}

/* Whom a run of touched intervals may concern, in one cell: those that came between them and next to them. */
static int near_touched(struct family *f, const struct part *p, const struct part_place *run, size_t n, uint64_t cell,
			struct nears *out, struct err *e)
{
	int64_t from = INT64_MAX, to = INT64_MIN;

	for (size_t i = 0; i < n; i++) {
		if (run[i].cell + 1 < cell || run[i].cell > cell + 1)
			continue;
		from = run[i].t_first < from ? run[i].t_first : from;
		to = run[i].t_first > to ? run[i].t_first : to;
	}
	if (from > to)
		return 0;
	if (near_side(f, p, run->exe, cell, from, STMT_near_before, out, e) < 0 ||
	    near_between(f, p, run->exe, cell, from + 1, to, out, e) < 0)
		return -1;
	return near_side(f, p, run->exe, cell, to, STMT_near_after, out, e);
}

int near_concerned(struct family *f, struct part *p, struct nears *out, struct err *e)
{
	bool few = true;

	out->n = 0;
	if (p->touched.n > 1)
		qsort(p->touched.v, p->touched.n, sizeof(*p->touched.v), by_place);
	for (size_t i = 0, n; i < p->touched.n; i += n) {
		const struct part_place *run = &p->touched.v[i];

		n = run_of(run, p->touched.n - i);
		if (!track_random_cell(run->cell)) {
			for (size_t k = 0, next; k < n; k = next) {
				int64_t to = run[k].t_last;

				for (next = k + 1; next < n && run[next].cell == run[k].cell && run[next].t_last - run[k].t_first < ASK_MS; next++)
					to = run[next].t_last > to ? run[next].t_last : to;
				if (near_fixed(f, p, run->exe, run[k].t_first, to + NEAR_FORKED_MS, out, e) < 0)
					return -1;
			}
			continue;
		}
		if (near_few(f, p, run, n, out, &few, e) < 0)
			return -1;
		for (uint64_t c = run[0].cell - 1; !few && c <= run[n - 1].cell + 1; c++)
			if (near_touched(f, p, run, n, c, out, e) < 0)
				return -1;
	}
	return 0;
}

/* ---- sites: where calls were made from ---- */

/* The sites of a few intervals in the order of time; of those that begin at one time all or none. */
struct sites_to { const struct store *store; struct sites *out; unsigned n; int64_t t; };

static int take_sites(void *to, sqlite3_stmt *row, struct err *e)
{
	struct sites_to *s = to;
	struct obs_list obs = { 0 };
	int64_t v[4];
	bool fine;

	if (row_read(row, "interval", "tsmb", v, e) < 0)
		return -1;
	if (s->n++ >= SITES_FROM && v[0] != s->t)
		return STORE_ENOUGH;
	s->t = v[0];
	fine = obs_decode(store_column(row, 3),
			  (struct obs_base){ .ip = (uint64_t)v[2] << OBS_CELL_BITS }, &obs);
	for (size_t i = 0; i < obs.n && fine; i++)
		*VEC_PUSH(s->out) = (struct site){ obs.v[i].call, obs.v[i].ip };
	VEC_FREE(&obs);
	return fine ? 0 : row_damaged(s->store->db, "interval", 0, "its obs cannot be read", e);
}

static int load_sites(struct family *f, struct part *p, struct err *e)
{
	struct sites_to to = { .store = f->store, .out = &p->sites };

	if (p->sites_known)
		return 0;
	p->sites_known = true;
	return store_each(f->store, STMT_first_obs, ARGS(V_INT(p->node), V_INT(p->pid), V_INT(p->id), V_INT(p->t_first)),
			  WALK(take_sites, &to), e);
}

/*
 * Do two lists of sites lie in one address space? Mappings move by whole pages, so one call from one place has the same
 * offset within its page in all of them, and the same address in one of them alone.
 *   source: fs/binfmt_elf.c, mm/mmap.c: ELF_PAGESTART, arch_mmap_rnd() << PAGE_SHIFT
 */
static enum near_verdict compare_sites(const struct sites *a, const struct sites *b)
{
	enum near_verdict out = NEAR_SILENT;

	for (size_t i = 0; i < a->n; i++) {
		for (size_t k = 0; k < b->n; k++) {
			if (a->v[i].call != b->v[k].call)
				continue;
			if (a->v[i].ip == b->v[k].ip)
				return NEAR_SAME;
			if ((a->v[i].ip ^ b->v[k].ip) % SMALLEST_PAGE == 0)
				out = NEAR_APART;
		}
	}
	return out;
}

int near_judge(struct family *f, struct part *p, const struct part *other, const struct nears *near,
	       enum near_verdict *out, struct err *e)
{
	struct sites sites = { 0 };
	int ret = load_sites(f, p, e);

	for (size_t i = 0; i < near->n && ret == 0; i++) {
		struct sites_to to = { .store = f->store, .out = &sites };

		if (near->v[i].image == other->id)
			ret = store_each(f->store, STMT_load_obs, ARGS(V_INT(near->v[i].id)), WALK(take_sites, &to), e);
	}
	*out = compare_sites(&p->sites, &sites);
	VEC_FREE(&sites);
	return ret;
}
