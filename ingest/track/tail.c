#include "ingest/track/parts.h"

#include "ingest/track/facts.h"
#include "ingest/track/rows.h"
#include "ingest/track/within.h"
#include "store/base/map.h"

#define TAIL_CHAIN 512 /* parts of one process that are looked through */

/*
 * Is no interval of the pid under way where the i-th of a row begins, so that nothing that lies
 * before meets what is behind?
 */
static bool is_pause(const struct track_interval *v, size_t i, const int64_t *begins,
		     int64_t t_last, uint32_t s_last)
{
	return v[i].s_first > s_last && begins[i] > t_last;
}

/*
 * Two pauses: before the later one (at) nothing can be found otherwise than it was, and what lies
 * between them has all that is known of the process (its last moments) at the later one. begins:
 * the earliest time behind it.
 */
struct pauses { size_t before, at; int64_t begins; };

static bool find_pauses(const struct track_interval *v, size_t n, size_t fresh,
			const struct derive_rest *rest, struct pauses *out)
{
	auto_free int64_t *begins = mem_alloc((n + 1) *
					      sizeof(*begins)); /* the least from each on */
	int64_t t_last = rest->t_last;
	uint32_t s_last = rest->s_last;
	int found = 0;

	*out = (struct pauses){ 0, 0, 0 };
	begins[n] = INT64_MAX;
	for (size_t i = n; i-- > 0;)
		begins[i] = v[i].t_first < begins[i + 1] ? v[i].t_first : begins[i + 1];
	for (size_t i = 0; i + WITHIN_LOOK_AHEAD <= fresh && i < n; i++) {
		if (is_pause(v, i, begins, t_last, s_last)) {
			*out = (struct pauses){ out->at, i, begins[i] };
			found++;
		}
		t_last = v[i].t_last > t_last ? v[i].t_last : t_last;
		s_last = v[i].s_last > s_last ? v[i].s_last : s_last;
	}
	return found > 1;
}

/*
 * How many intervals come before anything new counts: one that is new, or an edge that stands
 * before it.
 */
static size_t before_fresh(const struct track_interval *v, size_t n,
			   const struct track_edge *edges, size_t n_edges)
{
	uint32_t serial = UINT32_MAX;
	bool any = false;
	size_t i = 0;

	for (size_t k = 0; k < n_edges; k++) {
		any = any || edges[k].fresh;
		serial = edges[k].fresh && edges[k].serial < serial ? edges[k].serial : serial;
	}
	while (i < n && !v[i].fresh && !(any && v[i].s_first > serial))
		i++;
	return i;
}

/*
 * Can it be looked at from its end at all: one layer and boot, no births that parts before could
 * stand between?
 */
static int is_plain(struct derive *d, int64_t node, int32_t pid, const struct derive_rest *rest,
		    const struct track_interval *v, size_t n, const struct track_edge *edges,
		    size_t n_edges, bool *out, struct err *e)
{
	struct derive_row at = rows_hanging(ROWS_PID, 0, node, (uint32_t)pid), row;
	int got;

	*out = n > 0 && !rest->events;
	for (size_t i = 0; i < n && *out; i++)
		*out = v[i].layer == v[0].layer && v[i].boot == v[0].boot;
	for (size_t i = 0; i < n_edges && *out; i++)
		*out = edges[i].layer == v[0].layer && edges[i].boot == v[0].boot && edges[i].kind != EDGE_BORN &&
		       edges[i].serial > rest->s_last;
	if (!*out)
		return 0;
	/* the first and the last of its parts are of this layer, and the last is of this boot */
	got = d->store->next(d->store->ctx, &at, &row, e);
	if (got < 0)
		return -1;
	*out = got == 1 && row.w[0] == at.w[0] && row.w[1] == at.w[1] && row.w[2] >> 32 == v[0].layer;
	at.w[2] = UINT64_MAX;
	got = d->store->prev(d->store->ctx, &at, &row, e);
	*out = *out && got == 1 && row.w[2] == ((uint64_t)v[0].layer << 32 | v[0].boot);
	return got < 0 ? -1 : 0;
}

/* Parts that begin from a time on, in order. */
static int load_since(struct derive *d, int64_t node, int32_t pid, const struct track_interval *at,
		      int64_t since, struct parts *out, struct err *e)
{
	struct derive_row from = rows_hanging(ROWS_PID, 0, node, (uint32_t)pid), row;
	int got;

	from.w[2] = (uint64_t)at->layer << 32 | at->boot;
	from.w[4] = rows_time(since);
	for (; (got = d->store->next(d->store->ctx, &from, &row, e)) == 1 &&
	       rows_beside(&row, &from);
	     from = row) {
		struct derive_part *p;

		if (rows_named_part(d, rows_id(&row), &p, e) < 0)
			return -1;
		*VEC_PUSH(out) = p;
	}
	return got < 0 ? -1 : 0;
}

/*
 * The part that goes on at the later pause: of those that spoke between the two the one that
 * began last, since parts of a pid follow each other. NULL: two began with one serial.
 */
static int find_last(struct derive *d, const struct track_interval *v, const struct pauses *at,
		     struct derive_part **out, struct err *e)
{
	bool equal = false;

	*out = NULL;
	for (size_t i = at->before; i < at->at; i++) {
		struct derive_part *p;

		if (rows_named_part(d, v[i].was, &p, e) < 0)
			return -1;
		if (*out == NULL || p->key.serial > (*out)->key.serial)
			equal = false;
		else if (p != *out && p->key.serial == (*out)->key.serial)
			equal = true;
		if (*out == NULL || p->key.serial > (*out)->key.serial)
			*out = p;
	}
	if (equal)
		*out = NULL;
	return 0;
}

/*
 * The ids of the parts of p's process up to p. *whole false: they are too many to be looked
 * through.
 */
static int load_chain(struct derive *d, struct derive_part *p, struct map *out, bool *whole,
		      struct err *e)
{
	for (size_t i = 0; i < TAIL_CHAIN; i++) {
		struct derive_part *above = NULL;

		map_put(out, (uint64_t)p->id, 0, 1);
		*whole = p->first;
		if (p->first)
			return 0;
		if (rows_named_part(d, p->from, &above, e) < 0)
			return -1;
		p = above;
	}
	return 0;
}

static struct within_part as_within(const struct derive_part *p)
{
	return (struct within_part){ .exe = p->exe,
				     .name = p->name,
				     .t_first = p->key.t,
				     .t_last = p->t_last,
				     .t_end = TRACK_LIVES,
				     .s_first = p->key.serial,
				     .s_last = p->s_last,
				     .boot = p->key.boot,
				     .uid = p->uid,
				     .auid = p->auid,
				     .layer = p->layer,
				     .loader = p->loader,
				     .execs_first = p->execs_first,
				     .from = p->first ? -1 : 0,
				     .seq = p->key.seq };
}

/* What of the row before the pause is known of the process, and of p. */
static void fill_tail(struct within_tail *tail, const struct derive_part *p,
		      const struct map *chain, const struct track_interval *v,
		      const struct pauses *at)
{
	struct within_part *m = &tail->part;

	*m = as_within(p);
	m->t_last = tail->t_last = INT64_MIN;
	m->s_last = 0;
	tail->partial = p->key.serial < v[at->before].s_first;
	for (size_t i = 0; i < at->at; i++) {
		if (v[i].was == p->id) {
			*VEC_PUSH(&tail->cells) = v[i].cell;
			m->t_last = v[i].t_last > m->t_last ? v[i].t_last : m->t_last;
			m->s_last = v[i].s_last > m->s_last ? v[i].s_last : m->s_last;
		}
		if (i < at->before || !map_get(chain, (uint64_t)v[i].was, 0, 0))
			continue;
		tail->t_last = v[i].t_last > tail->t_last ? v[i].t_last : tail->t_last;
		tail->s_last = v[i].s_last > tail->s_last ? v[i].s_last : tail->s_last;
	}
}

/*
 * The facts of the part that goes on: what its end does not change is as it was. False: that
 * cannot be told.
 */
static bool fill_first(struct derive_part *now, const struct derive_part *p,
		       const struct track_interval *v, size_t n, const struct pauses *at,
		       bool partial)
{
	auto_free const struct track_interval **own = mem_alloc(n * sizeof(*own));
	size_t n_own = 0, left = p->n_intervals;

	/* what it had behind the pause is given anew */
	for (size_t i = at->at; i < n; i++)
		left -= v[i].was == p->id;
	now->n_intervals += (uint32_t)left;
	for (size_t i = 0; i < n; i++)
		if (i < at->at ? v[i].was == p->id : v[i].part == 0)
			own[n_own++] = &v[i];
	now->first = p->first;
	now->from = -p->from;
	now->born = p->born;
	now->birth_pid = p->birth_pid;
	now->birth_t = p->birth_t;
	now->birth_serial = p->birth_serial;
	if (!partial) {
		facts_lists(now, own, n_own);
		return true;
	}
	parts_keep_lists(now, p);
	return p->looks_full < at->begins && p->sites_full < at->begins;
}

/*
 * Which parts have the very intervals that they had? `now` and `of` are without the first, which
 * goes on.
 */
static void mark_kept(struct derive_part *now, size_t n, struct derive_part *const *of,
		      const struct track_interval *v, size_t n_intervals)
{
	for (size_t i = 0; i < n; i++)
		now[i].kept = of[i] != NULL && parts_same_place(&of[i]->key, &now[i].key) &&
			      of[i]->n_intervals == now[i].n_intervals;
	for (size_t i = 0; i < n_intervals; i++)
		if (v[i].part > 0 &&
		    (v[i].fresh || of[v[i].part - 1] == NULL || of[v[i].part - 1]->id != v[i].was))
			now[v[i].part - 1].kept = false;
}

/*
 * From when on the rows of the part that goes on may be others: the rest of those that were made
 * for it go.
 */
static int64_t first_change(struct derive_part *now, const struct derive_part *p,
			    const struct track_interval *v, size_t n)
{
	int64_t since = INT64_MAX;
	size_t left = 0;

	for (size_t i = 0; i < n; i++)
		if ((v[i].fresh || (v[i].part == 0) != (v[i].was == p->id)) && v[i].t_first < since)
			since = v[i].t_first;
	for (size_t i = 0; i < now->rows.n; i++)
		if (rows_t(&now->rows.v[i]) >= since)
			now->rows.v[left++] = now->rows.v[i];
	now->rows.n = left;
	return since;
}

static int behind(struct derive *d, struct derive_part *p, struct parts *old,
		  struct within_tail *tail, struct track_interval *v, size_t n,
		  const struct pauses *pauses, struct track_edge *edges, size_t n_edges,
		  int64_t **ids, struct err *e)
{
	struct within_parts parts = { 0 };
	auto_free struct derive_part *now = NULL, **of = NULL;
	size_t at = pauses->at;
	int ret = 1;

	within_behind(tail, v + at, n - at, edges, n_edges, d->strings, &parts);
	now = mem_zero(parts.n + 1, sizeof(*now));
	of = mem_zero(parts.n + 1, sizeof(*of));
	of[0] = p;
	facts_parts(now, &parts, v + at, n - at, p->key.node, p->key.pid);
	parts_match(old, now + 1, parts.n - 1, of + 1);
	mark_kept(now + 1, parts.n - 1, of + 1, v + at, n - at);
	facts_fill(now, parts.n, v + at, n - at, edges, n_edges);
	if (fill_first(&now[0], p, v, n, pauses, tail->partial) && !tail->unsure)
		ret = parts_apply(d, old, now, parts.n, of, 1,
				  first_change(&now[0], p, v + at, n - at), e);
	if (ret == 0) {
		*ids = mem_alloc(n * sizeof(**ids));
		for (size_t i = 0; i < n; i++)
			(*ids)[i] = i < at ? v[i].was : now[v[i].part].id;
	}
	for (size_t i = 0; i < parts.n; i++)
		derive_part_empty(&now[i]);
	VEC_FREE(&parts);
	return ret;
}

int derive_behind(struct derive *d, int64_t node, int32_t pid, const struct derive_rest *rest,
		  struct track_interval *intervals, size_t n, struct track_edge *edges,
		  size_t n_edges, int64_t **ids, struct err *e)
{
	struct within_tail tail = { 0 };
	struct parts old = { 0 };
	struct derive_part *p = NULL;
	struct map chain = { 0 };
	struct pauses at;
	bool plain, whole = false;
	int ret = is_plain(d, node, pid, rest, intervals, n, edges, n_edges, &plain, e);

	if (ret < 0 || !plain)
		return ret < 0 ? -1 : 1;
	within_sort(intervals, n, d->strings);
	if (!find_pauses(intervals, n, before_fresh(intervals, n, edges, n_edges), rest, &at))
		return 1;
	ret = find_last(d, intervals, &at, &p, e);
	if (ret == 0 && p != NULL)
		ret = load_chain(d, p, &chain, &whole, e);
	if (ret == 0 && whole) {
		fill_tail(&tail, p, &chain, intervals, &at);
		ret = load_since(d, node, pid, &intervals[at.at], at.begins, &old, e);
	}
	if (ret == 0)
		ret = whole ? behind(d, p, &old, &tail, intervals, n, &at, edges, n_edges, ids,
				     e) :
			      1;
	VEC_FREE(&old);
	VEC_FREE(&tail.cells);
	map_release(&chain);
	return ret;
}
