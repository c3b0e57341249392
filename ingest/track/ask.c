// SPDX-License-Identifier: Apache-2.0
/*
 * What a new process joins: looks at the candidates in its buckets, compares sites and times, and
 * chooses an image or begins one.
 */
#include "ingest/track/ask.h"

#include "ingest/track/life.h"
#include "ingest/track/rows.h"

#include <stdlib.h>

enum verdict { SILENT, SAME_SITE, APART };

/* An image that was seen, and the parts of it that were. */
struct view {
	int64_t image;
	enum verdict verdict;
	bool alive;
	struct { struct derive_part **v; size_t n, cap; } seen;
};

struct views { struct view *v; size_t n, cap; };

static void drop_views(struct views *views)
{
	for (size_t i = 0; i < views->n; i++)
		VEC_FREE(&views->v[i].seen);
	VEC_FREE(views);
}

static struct view *view_of(struct views *views, int64_t image)
{
	for (size_t i = views->n; i-- > 0;)
		if (views->v[i].image == image)
			return &views->v[i];
	*VEC_PUSH(views) = (struct view){ .image = image };
	return &views->v[views->n - 1];
}

/* ---- looking ---- */

static int see(struct derive *d, const struct derive_row *row, struct views *out, struct err *e)
{
	struct derive_part *m;
	struct view *v;

	if (d->store->part(d->store->ctx, rows_id(row), &m, e) < 0)
		return -1;
	if (m == NULL || m->image == 0)
		return err_set(e, ST_SYSTEM, "derivation: a part was seen that is not settled");
	v = view_of(out, m->image);
	for (size_t i = 0; i < v->seen.n; i++)
		if (v->seen.v[i] == m)
			return 0;
	*VEC_PUSH(&v->seen) = m;
	return 0;
}

/*
 * The relation: the last `most` rows before p in a bucket. Rows that began before `since` (by
 * `value`, where `by_value`, else by their time) and p's own are no evidence, though they take up
 * room.
 */
struct glance {
	enum rows_kind kind;
	int64_t exe;
	uint64_t cell;
	size_t most;
	int64_t since;
	bool by_value, others;
};

static int look_back(struct derive *d, const struct derive_part *p, const struct glance *g,
		     struct views *out, struct err *e)
{
	for (uint8_t layer = TRACK_TRUSTED; layer <= p->layer; layer++) {
		struct derive_row at = rows_in_bucket(g->kind, layer, &p->key, g->exe, g->cell, 0),
				  row;
		int got = 1;

		for (size_t i = 0; i < g->most; i++, at = row) {
			got = d->store->prev(d->store->ctx, &at, &row, e);
			d->steps++;
			if (got != 1 || !rows_beside(&row, &at))
				break;
			if (!g->by_value && rows_t(&row) < g->since)
				break;
			if ((g->by_value && (int64_t)row.value < g->since) ||
			    (g->others && rows_pid(&row) == p->key.pid))
				continue;
			if (see(d, &row, out, e) < 0)
				return -1;
		}
		if (got < 0)
			return -1;
	}
	return 0;
}

static int by_cell(const void *a, const void *b)
{
	const struct derive_look *x = a, *y = b;

	if (x->exe != y->exe)
		return x->exe < y->exe ? -1 : 1;
	return x->cell < y->cell ? -1 : x->cell > y->cell;
}

/* The cells that p looks into: its own random ones and those beside them, each once. */
static size_t near_cells(const struct derive_part *p, struct derive_look *out)
{
	size_t n = 0, left = 0;

	for (size_t i = 0; i < p->looks.n; i++) {
		uint64_t cell = p->looks.v[i].cell;

		if (track_region(cell) != TRACK_RANDOM)
			continue;
		for (uint64_t c = cell - 1; c <= cell + 1; c++)
			if (track_region(c) == TRACK_RANDOM)
				out[n++] = (struct derive_look){ p->looks.v[i].exe, c };
	}
	if (p->looks.n > 1 && n > 1)
		qsort(out, n, sizeof(*out), by_cell);
	for (size_t i = 0; i < n; i++)
		if (left == 0 || by_cell(&out[left - 1], &out[i]) != 0)
			out[left++] = out[i];
	return left;
}

/* ---- do they lie in one address space ---- */

/*
 * Mappings move by whole pages, so one call from one place has the same offset within its page in
 * all address spaces, and the same address in one alone.
 *   source: fs/binfmt_elf.c, mm/mmap.c: ELF_PAGESTART, arch_mmap_rnd() << PAGE_SHIFT
 */
static enum verdict compare_sites(const struct derive_part *a, const struct derive_part *b)
{
	enum verdict out = SILENT;

	for (size_t i = 0, k = 0; i < a->sites.n && k < b->sites.n;) {
		int64_t call = a->sites.v[i].call;

		if (call != b->sites.v[k].call) {
			*(call < b->sites.v[k].call ? &i : &k) += 1;
			continue;
		}
		for (size_t j = k; j < b->sites.n && b->sites.v[j].call == call; j++) {
			if (a->sites.v[i].ip == b->sites.v[j].ip)
				return SAME_SITE;
			if ((a->sites.v[i].ip ^ b->sites.v[j].ip) % DERIVE_PAGE == 0)
				out = APART;
		}
		i++;
	}
	return out;
}

static void judge_image(const struct derive_part *p, struct view *v)
{
	v->verdict = SILENT;
	for (size_t i = 0; i < v->seen.n && v->verdict != SAME_SITE; i++) {
		enum verdict one = compare_sites(p, v->seen.v[i]);

		v->verdict = one == SILENT ? v->verdict : one;
	}
}

/* ---- the choice ---- */

/*
 * Of several, the image that made a fork-type call just before, if no other of them made one in
 * the second before.
 */
static int by_call(struct derive *d, const struct derive_part *p, const struct views *left,
		   struct ask_answer *out, struct err *e)
{
	struct views second = { 0 }, just = { 0 };
	int64_t exe = 0;
	size_t n_second = 0, n_just = 0;
	int ret = 0;

	out->calls = true;
	out->rule = DERIVE_SEVERAL;
	for (size_t i = 0; i < p->looks.n && ret == 0; i++) {
		struct glance g = { ROWS_CALL,    p->looks.v[i].exe,           0,
				    DERIVE_CALLS, p->key.t - DERIVE_FORKED_MS, false,
				    true };

		if (i > 0 && g.exe == exe)
			continue;
		exe = g.exe;
		ret = look_back(d, p, &g, &second, e);
		g.since = p->key.t - DERIVE_JUST_MS;
		if (ret == 0)
			ret = look_back(d, p, &g, &just, e);
	}
	for (size_t i = 0; i < left->n && ret == 0; i++) {
		if (left->v[i].verdict == APART || !left->v[i].alive)
			continue;
		for (size_t k = 0; k < second.n; k++)
			n_second += second.v[k].image == left->v[i].image;
		for (size_t k = 0; k < just.n; k++) {
			if (just.v[k].image != left->v[i].image)
				continue;
			n_just++;
			out->image = just.v[k].image;
		}
	}
	if (n_second == 1 && n_just == 1)
		out->rule = DERIVE_FORKED;
	else
		out->image = 0;
	drop_views(&second);
	drop_views(&just);
	return ret;
}

static int choose_image(struct derive *d, const struct derive_part *p, struct views *views,
			struct ask_answer *out, struct err *e)
{
	size_t left = 0, same = 0, apart = 0;
	const struct view *one = NULL;
	int64_t witness;
	int found;

	for (size_t i = 0; i < views->n; i++) {
		struct view *v = &views->v[i];

		judge_image(p, v);
		if (v->verdict == APART) {
			apart++;
			continue;
		}
		found = life_find(d, p, v->image, v->seen.v, v->seen.n, &witness, e);
		if (found != 0)
			return found;
		v->alive = witness != 0;
		*VEC_PUSH(v->alive ? &out->witnesses : &out->gone) = v->alive ? witness : v->image;
		if (!v->alive)
			continue;
		left++;
		same += v->verdict == SAME_SITE;
		if (one == NULL || (v->verdict == SAME_SITE && one->verdict != SAME_SITE))
			one = v;
	}
	if (left > 1 && same != 1)
		return by_call(d, p, views, out, e);
	out->image = left > 0 ? one->image : 0;
	if (left > 0)
		out->rule = left > 1 ? DERIVE_SAME : same ? DERIVE_ONE_SAME : DERIVE_ONE;
	else
		out->rule = views->n == 0     ? DERIVE_ALONE :
			    apart == views->n ? DERIVE_ALL_APART :
			    apart == 0        ? DERIVE_ALL_GONE :
						DERIVE_NONE_LEFT;
	return 0;
}

/*
 * Where addresses are not random: the only image of p's programs and user that made a fork-type
 * call in the second before. Where another one spoke in it, only just before.
 */
static int choose_fixed(struct derive *d, const struct derive_part *p, struct ask_answer *out,
			struct err *e)
{
	struct views called = { 0 }, just = { 0 }, spoke = { 0 };
	uint64_t user = rows_user(p->uid, p->auid);
	int64_t exe = 0;
	int ret = 0;

	for (size_t i = 0; i < p->looks.n && ret == 0; i++) {
		struct glance g = { ROWS_FIXED_CALL,
				    p->looks.v[i].exe,
				    user,
				    DERIVE_CALLS,
				    p->key.t - DERIVE_FORKED_MS,
				    false,
				    true };

		if (track_region(p->looks.v[i].cell) != TRACK_FIXED || (exe != 0 && g.exe == exe))
			continue;
		exe = g.exe;
		ret = look_back(d, p, &g, &called, e);
		g.since = p->key.t - DERIVE_JUST_MS;
		if (ret == 0)
			ret = look_back(d, p, &g, &just, e);
		g = (struct glance){
			ROWS_SPOKE, exe, user, DERIVE_CALLS, p->key.t - DERIVE_FORKED_MS,
			true,       true
		};
		if (ret == 0)
			ret = look_back(d, p, &g, &spoke, e);
	}
	if (ret == 0) {
		bool another = spoke.n > 1 || (spoke.n == 1 && called.n == 1 &&
					       spoke.v[0].image != called.v[0].image);

		out->rule = called.n == 0 ? DERIVE_NO_CALL :
			    called.n > 1  ? DERIVE_SEVERAL_CALLED :
			    !another      ? DERIVE_CALLED :
			    just.n > 0    ? DERIVE_JUST :
					    DERIVE_SEVERAL_SPOKE;
		if (out->rule == DERIVE_CALLED || out->rule == DERIVE_JUST)
			out->image = called.v[0].image;
	}
	drop_views(&called);
	drop_views(&just);
	drop_views(&spoke);
	return ret;
}

int ask_candidates(struct derive *d, const struct derive_part *p, struct ask_answer *out,
		   struct err *e)
{
	auto_free struct derive_look *cells = mem_alloc(3 * p->looks.n * sizeof(*cells));
	size_t n = near_cells(p, cells);
	struct views views = { 0 };
	int ret = 0;

	if (p->looks.n == 0)
		out->rule = DERIVE_NOWHERE;
	else if (n == 0)
		return choose_fixed(d, p, out, e);
	for (size_t i = 0; i < n && ret == 0; i++) {
		const struct glance g = {
			ROWS_NEAR,   cells[i].exe, rows_cell(cells[i].cell, false),
			DERIVE_NEAR, INT64_MIN,	   false,
			false
		};

		ret = look_back(d, p, &g, &views, e);
	}
	if (ret == 0 && p->looks.n > 0)
		ret = choose_image(d, p, &views, out, e);
	drop_views(&views);
	return ret;
}
