// SPDX-License-Identifier: Apache-2.0
/* Answers each question of docs/tracker.md by going through all records. */
#include "tests/derive_oracle.h"

#include "store/base/when.h"

#include <stdlib.h>

#define CELL_BITS 22
#define ROOM 1024 /* intervals of a pid, and parts of a log, at most */

static const struct track_strings *names; /* of the run: what qsort's functions need */
static struct oracle *run;

uint32_t oracle_boot_of(const struct oracle_log *log, int64_t node, int64_t t)
{
	uint32_t n = 0;

	for (size_t i = 0; i < log->boots.n; i++)
		n += log->boots.v[i].node == node && log->boots.v[i].t <= t;
	return n;
}

/* ---- evidence ---- */

static bool beside(const struct oracle_interval *x, const struct oracle_record *r)
{
	return x->node == r->node && x->pid == r->pid && x->v.exe == r->exe &&
	       x->v.loader == r->loader && x->v.layer == r->layer &&
	       x->v.cell == r->ip >> CELL_BITS &&
	       x->v.t_first / WHEN_HOUR_MS == r->t / WHEN_HOUR_MS;
}

static int by_time(const void *a, const void *b)
{
	const struct oracle_record *x = *(const struct oracle_record *const *)a,
				   *y = *(const struct oracle_record *const *)b;

	return x->t < y->t ? -1 : x->t > y->t;
}

/* Does x name an interval rather than y: the lowest serial, and of equal ones by what it says. */
static bool names_it(const struct oracle_record *x, const struct track_interval *y)
{
	if (x->serial != y->s_first)
		return x->serial < y->s_first;
	if (x->uid != y->uid)
		return x->uid < y->uid;
	if (x->auid != y->auid)
		return x->auid < y->auid;
	return x->name != y->name && names->compare(names->ctx, x->name, y->name) < 0;
}

static void add_record(struct oracle *o, const struct oracle_record *r)
{
	struct oracle_interval *in = NULL;

	for (size_t i = 0; i < o->intervals.n; i++)
		if (beside(&o->intervals.v[i], r) &&
		    r->t <= o->intervals.v[i].v.t_last + TRACK_GAP_MS)
			in = &o->intervals.v[i];
	if (in == NULL) {
		in = VEC_PUSH(&o->intervals);
		*in = (struct oracle_interval){ r->node,
						r->pid,
						{ .exe = r->exe,
						  .name = r->name,
						  .cell = r->ip >> CELL_BITS,
						  .t_first = r->t,
						  .t_last = r->t,
						  .s_first = r->serial,
						  .s_last = r->serial,
						  .uid = r->uid,
						  .auid = r->auid,
						  .loader = r->loader,
						  .layer = r->layer },
						{ 0 },
						-1,
						-1,
						0 };
	}
	in->v.t_last = r->t;
	if (names_it(r, &in->v)) {
		in->v.name = r->name;
		in->v.uid = r->uid;
		in->v.auid = r->auid;
	}
	in->v.s_first = r->serial < in->v.s_first ? r->serial : in->v.s_first;
	in->v.s_last = r->serial > in->v.s_last ? r->serial : in->v.s_last;
}

/* A site is the address at the lowest serial of a call in an interval. */
static void add_sites(struct oracle *o, const struct oracle_log *log)
{
	for (size_t i = 0; i < o->intervals.n; i++) {
		struct oracle_interval *x = &o->intervals.v[i];

		for (size_t k = 0; k < log->records.n; k++) {
			const struct oracle_record *r = &log->records.v[k];
			bool least = r->kind < EDGE_BORN && beside(x, r) && r->t >= x->v.t_first &&
				     r->t <= x->v.t_last;

			for (size_t j = 0; j < log->records.n && least; j++) {
				const struct oracle_record *q = &log->records.v[j];

				if (q->kind < EDGE_BORN && q->call == r->call && beside(x, q) &&
				    q->t >= x->v.t_first && q->t <= x->v.t_last &&
				    (q->serial < r->serial ||
				     (q->serial == r->serial && q->ip < r->ip)))
					least = false;
			}
			if (least)
				*VEC_PUSH(&x->sites) = (struct track_site){ r->call, r->ip };
		}
		x->v.sites = x->sites.v;
		x->v.n_sites = x->sites.n;
		x->v.boot = oracle_boot_of(log, x->node, x->v.t_first);
	}
}

/* ---- within a pid ---- */

struct stretch {
	const struct oracle_interval *first;
	int64_t t_first, t_last;
	uint32_t s_last;
	int at, part, within; /* its place in the order; -1: to be found */
};

static int order(const void *a, const void *b)
{
	const struct track_interval *x = &(*(struct oracle_interval *const *)a)->v,
				    *y = &(*(struct oracle_interval *const *)b)->v;

#define BY(f) if (x->f != y->f) return x->f < y->f ? -1 : 1
	BY(boot);
	BY(s_first);
	BY(t_first);
	BY(layer);
	if (x->exe != y->exe)
		return names->compare(names->ctx, x->exe, y->exe);
	BY(loader);
	BY(cell);
	return 0;
}

static const struct track_edge *last_edge(const struct oracle *o, int64_t node, int32_t pid,
					  uint8_t layer, uint32_t boot, uint64_t below,
					  const struct track_edge *behind)
{
	const struct track_edge *best = NULL;

	for (size_t i = 0; i < o->edges.n; i++) {
		const struct track_edge *x = &o->edges.v[i], *y;

		if (o->edges.node[i] != node || o->edges.pid[i] != pid || x->layer > layer ||
		    x->boot != boot || x->serial >= below)
			continue;
		y = best;
		if (y == NULL || x->serial > y->serial ||
		    (x->serial == y->serial &&
		     (x->t > y->t || (x->t == y->t && x->kind > y->kind))))
			best = x;
	}
	(void)behind;
	return best;
}

/* One way through a pid: trusted evidence alone, then all, where trusted parts are given. */
struct way {
	struct oracle *o;
	int64_t node;
	int32_t pid;
	uint8_t layer;                     /* up to which evidence counts */
	struct oracle_interval **row;
	int n;
	struct stretch all[ROOM];
	int n_all;
	int now;                           /* the part that goes on, an index of o's parts; -1 */
	uint32_t s_last;
	int64_t t_last;
	uint64_t cells[2][ROOM];            /* of the part of each layer that spoke last */
	int n_cells[2], spoken;            /* spoken: the trusted part whose cells these are */
};

static bool has_cell(const struct way *w, uint8_t layer, uint64_t cell, uint64_t within)
{
	for (int i = 0; i < w->n_cells[layer]; i++)
		if ((cell > w->cells[layer][i] ? cell - w->cells[layer][i] :
						 w->cells[layer][i] - cell) <= within)
			return true;
	return false;
}

static enum within_rule relate(const struct way *w, int nth)
{
	const struct stretch *s = &w->all[nth];
	const struct track_interval *v = &s->first->v;
	const struct oracle_part *was = w->now < 0 ? NULL : &w->o->parts.v[w->now];
	const struct track_edge *last = last_edge(w->o, w->node, w->pid, w->layer, v->boot,
						  v->s_first, NULL);
	bool execve = last != NULL && last->kind == EDGE_EXEC && last->serial >= w->s_last &&
		      s->t_first - last->t <= 10000;
	bool shares = false, far = true, begun = false, execed = false;

	if (was == NULL)
		return WITHIN_FIRST;
	if (was->key.boot != v->boot)
		return WITHIN_BOOT;
	for (size_t i = 0; i < w->o->edges.n; i++) {
		const struct track_edge *d = &w->o->edges.v[i];

		if (w->o->edges.node[i] != w->node || w->o->edges.pid[i] != w->pid ||
		    d->layer > w->layer || d->boot != v->boot || d->serial < w->s_last ||
		    d->serial >= v->s_first)
			continue;
		begun = begun || d->kind == EDGE_BORN || d->kind == EDGE_GONE;
		execed = execed || d->kind == EDGE_EXECED;
	}
	if (begun)
		return WITHIN_KNOWN_BEGUN;
	if (execed)
		return WITHIN_KNOWN_EXECED;
	if (last != NULL && last->kind == EDGE_EXIT && last->serial >= was->key.serial)
		return WITHIN_EXITED;
	if (v->loader && !was->loader)
		return WITHIN_LOADER;
	for (int i = 0; i < w->n; i++) {
		if (w->row[i]->stretch != nth)
			continue;
		shares = shares || (track_region(w->row[i]->v.cell) == TRACK_RANDOM &&
				    has_cell(w, was->layer, w->row[i]->v.cell, 0));
		far = far && !has_cell(w, was->layer, w->row[i]->v.cell, 16);
	}
	if (was->exe != v->exe || was->loader != v->loader)
		return execve                             ? WITHIN_EXECED :
		       was->loader == v->loader && shares ? WITHIN_REPLACED :
		       s->t_first - w->t_last <= 200      ? WITHIN_EXEC_LOST :
							    WITHIN_OTHER;
	if (!far)
		return WITHIN_NEAR;
	if (execve)
		return WITHIN_EXECED_SAME;
	if (s->t_first - w->t_last <= 200)
		return WITHIN_SOON;
	for (int i = s->at + 1; i < w->n && i <= s->at + 64; i++)
		if (w->row[i]->stretch != nth && w->row[i]->v.boot == v->boot &&
		    w->row[i]->v.exe == v->exe && has_cell(w, was->layer, w->row[i]->v.cell, 16))
			return WITHIN_AGAIN;
	return WITHIN_BACK;
}

static bool begins_process(enum within_rule r)
{
	return r == WITHIN_FIRST || r == WITHIN_BOOT || r == WITHIN_KNOWN_BEGUN ||
	       r == WITHIN_EXITED || r == WITHIN_LOADER || r == WITHIN_OTHER || r == WITHIN_BACK;
}

static bool is_execed(enum within_rule r)
{
	return r == WITHIN_KNOWN_EXECED || r == WITHIN_EXECED || r == WITHIN_EXEC_LOST ||
	       r == WITHIN_EXECED_SAME;
}

static void new_part(struct way *w, const struct stretch *s, enum within_rule rule)
{
	const struct track_interval *v = &s->first->v;
	struct oracle_part *p;

	if (w->now >= 0 && w->o->parts.v[w->now].layer == v->layer &&
	    w->o->parts.v[w->now].key.boot == v->boot)
		w->o->parts.v[w->now].t_end = s->t_first;
	p = VEC_PUSH(&w->o->parts);
	*p = (struct oracle_part){ .key = { w->node, v->boot, s->t_first, v->s_first, w->pid, 0 },
				   .layer = v->layer,
				   .loader = v->loader,
				   .first = begins_process(rule),
				   .exe = v->exe,
				   .t_last = s->t_last,
				   .s_last = s->s_last,
				   .t_end = TRACK_LIVES,
				   .uid = v->uid,
				   .auid = v->auid,
				   .from = begins_process(rule) ? -1 : w->now,
				   .link = -1,
				   .image = -1,
				   .tree = -1,
				   .above = -1,
				   .within = (uint8_t)rule };
	p->name = v->loader || rule == WITHIN_EXECED || rule == WITHIN_EXECED_SAME ||
				  rule == WITHIN_KNOWN_EXECED ?
			  v->name :
			  0;
	w->now = (int)w->o->parts.n - 1;
	w->n_cells[v->layer] = 0;
}

static void one_stretch(struct way *w, int nth)
{
	struct stretch *s = &w->all[nth];
	uint8_t layer = s->first->v.layer;
	enum within_rule rule = WITHIN_RULES;
	struct oracle_part *p;

	if (s->part >= 0) {
		/* a trusted stretch among text */
		p = &w->o->parts.v[s->part];
		if (w->now >= 0 && w->now != s->part && w->o->parts.v[w->now].layer == TRACK_TEXT &&
		    w->o->parts.v[w->now].key.boot == s->first->v.boot)
			w->o->parts.v[w->now].t_end = s->t_first;
		if (s->within) {
			w->n_cells[TRACK_TRUSTED] = 0;
			if (p->first) {
				w->s_last = 0;
				w->t_last = s->t_first;
			}
		}
		w->now = s->part;
	} else {
		rule = relate(w, nth);
		w->o->within[rule]++;
		if (begins_process(rule)) {
			new_part(w, s, rule);
			w->s_last = 0;
			w->t_last = s->t_first;
		} else if (is_execed(rule)) {
			new_part(w, s, rule);
		}
		p = &w->o->parts.v[w->now];
		if (p->layer == layer) {
			p->t_last = s->t_last > p->t_last ? s->t_last : p->t_last;
			p->key.t = s->t_first < p->key.t ? s->t_first : p->key.t;
			p->s_last = s->s_last > p->s_last ? s->s_last : p->s_last;
		}
	}
	w->s_last = s->s_last > w->s_last ? s->s_last : w->s_last;
	w->t_last = s->t_last > w->t_last ? s->t_last : w->t_last;
	p = &w->o->parts.v[w->now];
	for (int i = 0; i < w->n; i++) {
		if (w->row[i]->stretch != nth)
			continue;
		w->row[i]->part = w->now;
		if (!has_cell(w, p->layer, w->row[i]->v.cell, 0))
			w->cells[p->layer][w->n_cells[p->layer]++] = w->row[i]->v.cell;
	}
}

/*
 * given: the stretch of each trusted interval in the first way, by place in `row` there; NULL in
 * that.
 */
static void find_stretches(struct way *w, bool given)
{
	int was[ROOM], first_of[ROOM];

	for (int i = 0; i < w->n; i++)
		was[i] = w->row[i]->stretch;
	for (int i = 0; i < ROOM; i++)
		first_of[i] = -1;
	for (int i = 0; i < w->n; i++) {
		struct oracle_interval *x = w->row[i];
		bool known = given && x->v.layer == TRACK_TRUSTED;
		int at = known ? first_of[was[i]] : -1;
		struct stretch *s;

		for (int k = w->n_all - 1; !known && at < 0 && k >= 0 && k >= w->n_all - 8; k--)
			if (w->all[k].first->v.boot == x->v.boot &&
			    w->all[k].first->v.exe == x->v.exe &&
			    w->all[k].first->v.loader == x->v.loader &&
			    x->v.s_first <= w->all[k].s_last)
				at = k;
		if (at < 0) {
			bool begins = known;

			at = w->n_all++;
			for (int k = 0; k < i; k++)
				begins = begins && !(w->row[k]->v.layer == TRACK_TRUSTED &&
						     w->row[k]->order == x->order);
			w->all[at] = (struct stretch){ x,           x->v.t_first,
						       x->v.t_last, x->v.s_last,
						       i,           known ? x->order : -1,
						       begins };
		}
		if (known)
			first_of[was[i]] = at;
		x->stretch = at;
		s = &w->all[at];
		s->t_first = x->v.t_first < s->t_first ? x->v.t_first : s->t_first;
		s->t_last = x->v.t_last > s->t_last ? x->v.t_last : s->t_last;
		s->s_last = x->v.s_last > s->s_last ? x->v.s_last : s->s_last;
	}
}

static void go(struct oracle *o, int64_t node, int32_t pid, uint8_t layer, bool given)
{
	static struct way w;
	struct oracle_interval *row[ROOM];
	size_t from = o->parts.n;

	w = (struct way){ .o = o, .node = node, .pid = pid, .layer = layer, .row = row, .now = -1 };
	for (size_t i = 0; i < o->intervals.n; i++)
		if (o->intervals.v[i].node == node && o->intervals.v[i].pid == pid &&
		    o->intervals.v[i].v.layer <= layer)
			row[w.n++] = &o->intervals.v[i];
	qsort(row, (size_t)w.n, sizeof(row[0]), order);
	for (int i = 0; i < w.n; i++)
		row[i]->order = row[i]->part; /* where trusted parts are given: whose it is */
	find_stretches(&w, given);
	for (int i = 0; i < w.n_all; i++)
		one_stretch(&w, i);
	for (size_t i = from; i < o->parts.n; i++) {
		struct oracle_part *p = &o->parts.v[i];
		const struct track_edge *last = last_edge(o, node, pid, layer, p->key.boot,
							  (uint64_t)p->s_last + 1, NULL);

		if (p->from >= 0 && o->parts.v[p->from].from < 0 &&
		    o->parts.v[p->from].layer == p->layer) {
			struct oracle_part *root = &o->parts.v[p->from];
			const struct track_edge *begin = last_edge(
				o, node, pid, layer, root->key.boot,
				(uint64_t)root->key.serial + 1, NULL);

			root->starts = begin != NULL && begin->serial == root->key.serial &&
				       begin->kind == EDGE_EXEC;
		}
		if (last != NULL && (last->kind == EDGE_EXIT || last->kind == EDGE_GONE) &&
		    last->serial >= p->key.serial && last->t < p->t_end)
			p->t_end = last->t;
		for (size_t k = from; k < i; k++)
			p->key.seq += o->parts.v[k].key.boot == p->key.boot &&
				      o->parts.v[k].key.t == p->key.t &&
				      o->parts.v[k].key.serial == p->key.serial;
	}
	for (size_t i = from; i < o->parts.n && layer == TRACK_TEXT; i++)
		o->parts.v[i].key.seq |= 0x8000;
}

static void one_pid(struct oracle *o, int64_t node, int32_t pid)
{
	bool any[2] = { false, false };

	for (size_t i = 0; i < o->intervals.n; i++)
		if (o->intervals.v[i].node == node && o->intervals.v[i].pid == pid)
			any[o->intervals.v[i].v.layer] = true;
	if (any[TRACK_TRUSTED])
		go(o, node, pid, TRACK_TRUSTED, false);
	if (any[TRACK_TEXT])
		go(o, node, pid, TRACK_TEXT, any[TRACK_TRUSTED]);
}

/* ---- between pids ---- */

/* Something at a place of the order. */
struct spot { int64_t t; uint32_t serial; int32_t pid; uint16_t seq; int part; int64_t t_last; };

static bool before(const struct spot *a, const struct spot *b)
{
	if (a->t != b->t)
		return a->t < b->t;
	if (a->serial != b->serial)
		return a->serial < b->serial;
	if (a->pid != b->pid)
		return a->pid < b->pid;
	return a->seq < b->seq;
}

static struct spot spot_of(int part)
{
	const struct track_key *k = &run->parts.v[part].key;

	return (struct spot){ k->t, k->serial, k->pid, k->seq, part, 0 };
}

static int last_first(const void *a, const void *b)
{
	return before(a, b) ? 1 : before(b, a) ? -1 : 0;
}

static int settled(const void *a, const void *b)
{
	const struct oracle_part *x = &run->parts.v[*(const int *)a],
				 *y = &run->parts.v[*(const int *)b];

	BY(layer);
	BY(key.node);
	BY(key.boot);
	BY(key.t);
	BY(key.serial);
	BY(key.pid);
	BY(key.seq);
	return 0;
}

/* Puts the parts into the order in which they are settled. */
static void sort_parts(struct oracle *o)
{
	int at[ROOM], to[ROOM];
	struct oracle_part was[ROOM];

	for (int i = 0; i < (int)o->parts.n; i++) {
		at[i] = i;
		was[i] = o->parts.v[i];
	}
	qsort(at, o->parts.n, sizeof(at[0]), settled);
	for (int i = 0; i < (int)o->parts.n; i++)
		to[at[i]] = i;
	for (int i = 0; i < (int)o->parts.n; i++) {
		o->parts.v[i] = was[at[i]];
		if (o->parts.v[i].from >= 0)
			o->parts.v[i].from = to[o->parts.v[i].from];
	}
	for (size_t i = 0; i < o->intervals.n; i++)
		o->intervals.v[i].part = to[o->intervals.v[i].part];
}

struct seen { int part[4096]; int n; };

static void see(struct seen *s, int part)
{
	for (int i = 0; i < s->n; i++)
		if (s->part[i] == part)
			return;
	s->part[s->n++] = part;
}

/*
 * Intervals or fork-type calls of one layer, exe and place before p, the last ones first. cell:
 * UINT64_MAX for `fixed`.
 */
static int rows_of(int p, uint8_t layer, bool calls, int64_t exe, uint64_t cell, bool fixed,
		   struct spot *out)
{
	const struct oracle_part *me = &run->parts.v[p];
	struct spot here = spot_of(p);
	int n = 0;

	for (size_t i = 0; i < run->intervals.n; i++) {
		const struct oracle_interval *x = &run->intervals.v[i];
		const struct oracle_part *of = &run->parts.v[x->part];
		struct spot s = { x->v.t_first, x->v.s_first, x->pid,
				  of->key.seq,  x->part,      x->v.t_last };

		if (x->node != me->key.node || of->key.boot != me->key.boot ||
		    x->v.layer != layer || x->v.exe != exe || of->loader)
			continue;
		if (track_region(x->v.cell) != (fixed ? TRACK_FIXED : TRACK_RANDOM))
			continue;
		if (fixed ? x->v.uid != me->uid || x->v.auid != me->auid :
			    !calls && x->v.cell != cell)
			continue;
		if (fixed)
			s.seq = track_fixed_number(x->v.cell);
		if (!calls) {
			if (before(&s, &here))
				out[n++] = s;
			continue;
		}
		for (size_t k = 0; k < run->edges.n; k++) {
			const struct track_edge *d = &run->edges.v[k];

			if (d->kind != EDGE_FORK || run->edges.node[k] != x->node ||
			    run->edges.pid[k] != x->pid || d->layer != layer || d->exe != exe ||
			    d->cell != x->v.cell || d->loader != x->v.loader ||
			    d->t < x->v.t_first || d->t > x->v.t_last)
				continue;
			s = (struct spot){ d->t, d->serial, x->pid, of->key.seq, x->part, 0 };
			if (before(&s, &here))
				out[n++] = s;
		}
	}
	qsort(out, (size_t)n, sizeof(*out), last_first);
	return n;
}

/* Does one begin, or end, before another; or at the same time, and stands before it in the order of
 * the pid? */
static bool is_earlier(const struct oracle_interval *x, const struct oracle_interval *than,
		       bool begins)
{
	int64_t a = begins ? x->v.t_first : x->v.t_last,
		b = begins ? than->v.t_first : than->v.t_last;

	return a < b || (a == b && order(&x, &than) < 0);
}

static int compare_calls(int p, int m)
{
	struct { struct track_site *v; size_t n, cap; } sites[2] = { { 0 }, { 0 } };
	int part[2] = { p, m }, out = 0;

	for (int who = 0; who < 2; who++) {
		const struct oracle_part *of = &run->parts.v[part[who]];

		for (size_t i = 0; i < run->intervals.n; i++) {
			const struct oracle_interval *x = &run->intervals.v[i];
			int earlier = 0;

			if (x->part != part[who] || x->v.layer != of->layer)
				continue;
			for (size_t k = 0; k < run->intervals.n; k++)
				earlier += run->intervals.v[k].part == part[who] &&
					   run->intervals.v[k].v.layer == of->layer &&
					   is_earlier(&run->intervals.v[k], x, true);
			for (size_t k = 0; k < x->sites.n && earlier < DERIVE_SITES_FROM; k++)
				*VEC_PUSH(&sites[who]) = x->sites.v[k];
		}
	}
	for (size_t i = 0; i < sites[0].n; i++) {
		for (size_t k = 0; k < sites[1].n; k++) {
			if (sites[0].v[i].call != sites[1].v[k].call)
				continue;
			if (sites[0].v[i].ip == sites[1].v[k].ip)
				out = 1;
			else if ((sites[0].v[i].ip ^ sites[1].v[k].ip) % 4096 == 0 && out == 0)
				out = -1;
		}
	}
	VEC_FREE(&sites[0]);
	VEC_FREE(&sites[1]);
	return out;
}

static bool image_lives(int image, int p)
{
	struct spot here = spot_of(p);

	for (int m = 0; m < p; m++) {
		const struct oracle_part *x = &run->parts.v[m];
		struct spot s = spot_of(m);

		if (x->image == image && !x->loader && x->key.pid != here.pid &&
		    before(&s, &here) && (x->t_end == TRACK_LIVES || here.t <= x->t_end + 2000))
			return true;
	}
	return false;
}

struct looks { struct { int64_t exe; uint64_t cell; } v[2048]; int n; bool random; };

/* From where p looks: the cells of its first intervals by their end. */
static void find_looks(int p, struct looks *out)
{
	const struct oracle_part *me = &run->parts.v[p];

	out->n = 0;
	out->random = false;
	for (size_t i = 0; i < run->intervals.n; i++) {
		const struct oracle_interval *x = &run->intervals.v[i];
		int earlier = 0;

		if (x->part != p || x->v.layer != me->layer ||
		    track_region(x->v.cell) == TRACK_KERNEL)
			continue;
		for (size_t k = 0; k < run->intervals.n; k++)
			earlier += run->intervals.v[k].part == p &&
				   run->intervals.v[k].v.layer == me->layer &&
				   is_earlier(&run->intervals.v[k], x, false);
		if (earlier >= DERIVE_CELLS)
			continue;
		out->v[out->n].exe = x->v.exe;
		out->v[out->n++].cell = x->v.cell;
		out->random = out->random || track_region(x->v.cell) == TRACK_RANDOM;
	}
}

static void look(int p, bool calls, int64_t exe, uint64_t cell, bool fixed, int most,
		 int64_t since, struct seen *out)
{
	static struct spot rows[4096];
	const struct oracle_part *me = &run->parts.v[p];

	for (uint8_t layer = 0; layer <= me->layer; layer++) {
		int n = rows_of(p, layer, calls, exe, cell, fixed, rows);

		run->crowded += n > most;
		for (int i = 0; i < n && i < most; i++) {
			bool other = rows[i].pid != me->key.pid;

			if (!calls && !fixed)
				see(out, rows[i].part);
			else if (other && (calls ? rows[i].t : rows[i].t_last) >= since)
				see(out, rows[i].part);
		}
	}
}

/* The images of what was seen. */
static int images_of(const struct seen *s, int *out)
{
	int n = 0;

	for (int i = 0; i < s->n; i++) {
		int image = run->parts.v[s->part[i]].image, k = 0;

		while (k < n && out[k] != image)
			k++;
		if (k == n)
			out[n++] = image;
	}
	return n;
}

static bool has(const int *v, int n, int x)
{
	for (int i = 0; i < n; i++)
		if (v[i] == x)
			return true;
	return false;
}

static int ask_fixed(int p, const struct looks *looks, uint8_t *rule)
{
	static struct seen called, just, spoke;
	static int c[4096], s[4096];
	int64_t t = run->parts.v[p].key.t;
	int n_called, n_spoke;
	bool another = false;

	called.n = just.n = spoke.n = 0;
	for (int i = 0; i < looks->n; i++) {
		bool again = false;

		for (int k = 0; k < i; k++)
			again = again || looks->v[k].exe == looks->v[i].exe;
		if (again)
			continue;
		look(p, true, looks->v[i].exe, 0, true, DERIVE_CALLS, t - 1000, &called);
		look(p, true, looks->v[i].exe, 0, true, DERIVE_CALLS, t - 8, &just);
		look(p, false, looks->v[i].exe, 0, true, DERIVE_CALLS, t - 1000, &spoke);
	}
	n_called = images_of(&called, c);
	n_spoke = images_of(&spoke, s);
	if (n_called != 1) {
		*rule = n_called == 0 ? DERIVE_NO_CALL : DERIVE_SEVERAL_CALLED;
		return -1;
	}
	for (int i = 0; i < n_spoke; i++)
		another = another || s[i] != c[0];
	*rule = !another ? DERIVE_CALLED : just.n > 0 ? DERIVE_JUST : DERIVE_SEVERAL_SPOKE;
	return *rule == DERIVE_SEVERAL_SPOKE ? -1 : c[0];
}

static int of_several(int p, const struct looks *looks, const int *left, int n_left, uint8_t *rule)
{
	static struct seen second, just;
	static int a[4096], b[4096];
	int64_t t = run->parts.v[p].key.t;
	int n_second = 0, n_just = 0, n, image = -1;

	second.n = just.n = 0;
	for (int i = 0; i < looks->n; i++) {
		look(p, true, looks->v[i].exe, 0, false, DERIVE_CALLS, t - 1000, &second);
		look(p, true, looks->v[i].exe, 0, false, DERIVE_CALLS, t - 8, &just);
	}
	n = images_of(&second, a);
	for (int i = 0; i < n; i++)
		n_second += has(left, n_left, a[i]);
	n = images_of(&just, b);
	for (int i = 0; i < n; i++) {
		n_just += has(left, n_left, b[i]);
		image = has(left, n_left, b[i]) ? b[i] : image;
	}
	*rule = n_second == 1 && n_just == 1 ? DERIVE_FORKED : DERIVE_SEVERAL;
	return *rule == DERIVE_FORKED ? image : -1;
}

static int ask(int p, uint8_t *rule)
{
	static struct looks looks;
	static struct seen near;
	static int images[4096], left[4096];
	int n, n_left = 0, n_same = 0, n_apart = 0, same = -1;

	find_looks(p, &looks);
	if (looks.n == 0) {
		*rule = DERIVE_NOWHERE;
		return -1;
	}
	if (!looks.random)
		return ask_fixed(p, &looks, rule);
	near.n = 0;
	for (int i = 0; i < looks.n; i++)
		for (uint64_t c = looks.v[i].cell - 1;
		     track_region(looks.v[i].cell) == TRACK_RANDOM && c <= looks.v[i].cell + 1; c++)
			if (track_region(c) == TRACK_RANDOM)
				look(p, false, looks.v[i].exe, c, false, DERIVE_NEAR, 0, &near);
	n = images_of(&near, images);
	for (int i = 0; i < n; i++) {
		int verdict = 0;

		for (int k = 0; k < near.n && verdict != 1; k++) {
			int one = run->parts.v[near.part[k]].image == images[i] ?
					  compare_calls(p, near.part[k]) :
					  0;

			verdict = one != 0 ? one : verdict;
		}
		n_apart += verdict == -1;
		if (verdict == -1 || !image_lives(images[i], p))
			continue;
		left[n_left++] = images[i];
		n_same += verdict == 1;
		same = verdict == 1 ? images[i] : same;
	}
	if (n_left > 1 && n_same != 1)
		return of_several(p, &looks, left, n_left, rule);
	if (n_left > 0) {
		*rule = n_left > 1 ? DERIVE_SAME : n_same ? DERIVE_ONE_SAME : DERIVE_ONE;
		return n_same ? same : left[0];
	}
	*rule = n == 0	     ? DERIVE_ALONE :
		n_apart == n ? DERIVE_ALL_APART :
		n_apart == 0 ? DERIVE_ALL_GONE :
			       DERIVE_NONE_LEFT;
	return -1;
}

/* The part of its parent at its birth, where a source has said it; -1. */
static int born_of(int p)
{
	const struct oracle_part *me = &run->parts.v[p];
	const struct track_edge *birth = NULL;
	int out = -1;

	for (size_t i = 0; i < run->edges.n; i++) {
		const struct track_edge *d = &run->edges.v[i];

		if (d->kind != EDGE_BORN || run->edges.node[i] != me->key.node ||
		    run->edges.pid[i] != me->key.pid || d->layer > me->layer ||
		    d->boot != me->key.boot || d->serial >= me->key.serial || d->t > me->key.t)
			continue;
		if (birth == NULL || d->t > birth->t ||
		    (d->t == birth->t &&
		     (d->serial > birth->serial ||
		      (d->serial == birth->serial && d->parent > birth->parent))))
			birth = d;
	}
	for (int i = 0; birth != NULL && i < (int)run->parts.n; i++) {
		const struct oracle_part *x = &run->parts.v[i];

		if (i != p && x->key.node == me->key.node && x->key.pid == me->key.pid &&
		    x->layer <= me->layer && x->key.boot == me->key.boot && x->key.t >= birth->t &&
		    x->key.serial > birth->serial && x->key.serial < me->key.serial)
			return -1;
	}
	for (int i = 0; birth != NULL && i < (int)run->parts.n; i++) {
		const struct oracle_part *x = &run->parts.v[i];
		struct spot s = spot_of(i), was;

		if (x->key.node != me->key.node || x->key.pid != birth->parent ||
		    x->layer > me->layer || x->key.boot != me->key.boot || x->key.t > birth->t ||
		    x->key.serial > birth->serial)
			continue;
		was = out >= 0 ? spot_of(out) : s;
		if (out < 0 || s.t > was.t ||
		    (s.t == was.t && (s.serial > was.serial ||
				      (s.serial == was.serial &&
				       (x->layer > run->parts.v[out].layer || s.seq > was.seq)))))
			out = i;
	}
	if (out >= 0) {
		struct spot s = spot_of(out), here = spot_of(p);

		out = before(&s, &here) ? out : -1;
	}
	return out;
}

static void settle(int p)
{
	struct oracle_part *me = &run->parts.v[p];
	int image = -1, above = -1, birth;

	if (!me->first) {
		struct spot s = spot_of(me->from), here = spot_of(p);

		above = before(&s, &here) ? me->from : -1;
		me->rule = above >= 0 ? DERIVE_EXECED : DERIVE_EXEC_ASKEW;
		me->link = above;
	} else if ((birth = born_of(p)) >= 0) {
		me->link = birth;
		if (run->parts.v[birth].exe == me->exe)
			image = run->parts.v[birth].image;
		else
			above = birth;
		me->rule = image >= 0 ? DERIVE_BORN : DERIVE_BORN_EXECED;
	} else if (me->loader) {
		me->rule = DERIVE_A_LOADER;
	} else {
		image = ask(p, &me->rule);
	}
	me->image = image >= 0 ? image : p;
	me->tree = image >= 0 ? run->parts.v[image].tree :
		   above >= 0 ? run->parts.v[above].tree :
				p;
	me->above = image >= 0 ? run->parts.v[image].above :
		    above >= 0 ? run->parts.v[above].image :
				 -1;
	run->rules[me->rule]++;
}

/* ---- all ---- */

void oracle_run(struct oracle *o, const struct oracle_log *log, const struct track_strings *strings)
{
	auto_free const struct oracle_record **sorted = mem_alloc(log->records.n * sizeof(*sorted));

	*o = (struct oracle){ 0 };
	run = o;
	names = strings;
	for (size_t i = 0; i < log->records.n; i++)
		sorted[i] = &log->records.v[i];
	qsort(sorted, log->records.n, sizeof(*sorted), by_time);
	for (size_t i = 0; i < log->records.n; i++) {
		const struct oracle_record *r = sorted[i];

		if (r->kind < EDGE_BORN)
			add_record(o, r);
		if (r->kind != EDGE_NONE) {
			size_t at = o->edges.n;

			*VEC_PUSH(&o->edges) = (struct track_edge){
				r->t,    r->serial,          oracle_boot_of(log, r->node, r->t),
				r->kind, r->layer,           r->parent,
				r->exe,  r->ip >> CELL_BITS, r->loader,
				false
			};
			o->edges.node = mem_grow(o->edges.node, o->edges.n, sizeof(int64_t));
			o->edges.pid = mem_grow(o->edges.pid, o->edges.n, sizeof(int32_t));
			o->edges.node[at] = r->node;
			o->edges.pid[at] = r->pid;
		}
	}
	add_sites(o, log);
	for (size_t i = 0; i < o->intervals.n; i++) {
		bool done = false;

		for (size_t k = 0; k < i; k++)
			done = done || (o->intervals.v[k].node == o->intervals.v[i].node &&
					o->intervals.v[k].pid == o->intervals.v[i].pid);
		if (!done)
			one_pid(o, o->intervals.v[i].node, o->intervals.v[i].pid);
	}
	sort_parts(o);
	for (size_t i = 0; i < o->intervals.n; i++)
		o->attached += o->intervals.v[i].v.layer !=
			       o->parts.v[o->intervals.v[i].part].layer;
	for (int p = 0; p < (int)o->parts.n; p++)
		settle(p);
}

void oracle_release(struct oracle *o)
{
	for (size_t i = 0; i < o->intervals.n; i++)
		VEC_FREE(&o->intervals.v[i].sites);
	VEC_FREE(&o->intervals);
	VEC_FREE(&o->parts);
	free(o->edges.node);
	free(o->edges.pid);
	free(o->edges.v);
	*o = (struct oracle){ 0 };
}
