// SPDX-License-Identifier: Apache-2.0
/*
 * Sums up the events of a batch: identities, intervals, observations and edges, each found by a
 * hash.
 */
#include "ingest/batch/tally.h"

#include "store/base/hash.h"
#include "store/base/when.h"
#include "store/model/action.h"
#include "store/model/program.h"
#include "store/model/syscall.h"

#include <stdlib.h>

#define MAX_CALLS 64
#define IDENT_SLOTS 65536 /* a power of two, over three times TALLY_MAX_IDENTS */

void tally_init(struct tally *t, struct store *store, struct names *names, struct seen *seen)
{
	*t = (struct tally){ .store = store, .names = names, .seen = seen, .batch = 1 };
}

void tally_forget_idents(struct tally *t)
{
	for (uint32_t i = 0; i < t->n_ident_slots; i++) {
		if (t->idents[i] == NULL)
			continue;
		mem_free_at(&t->idents[i]->key);
		free(t->idents[i]);
		t->idents[i] = NULL;
	}
	t->n_idents = 0;
	t->made.n = 0;
	t->ident_drops++;
}

void tally_release(struct tally *t)
{
	tally_forget_idents(t);
	free(t->idents);
	VEC_FREE(&t->made);
	for (size_t i = 0; i < t->calls.n; i++)
		free(t->calls.v[i]);
	VEC_FREE(&t->calls);
	VEC_FREE(&t->origins);
	VEC_FREE(&t->intervals);
	VEC_FREE(&t->obs);
	VEC_FREE(&t->edges);
	VEC_FREE(&t->echoes);
	VEC_FREE(&t->presences);
	VEC_FREE(&t->losses);
	VEC_FREE(&t->events);
	map_release(&t->origin_of);
	map_release(&t->interval_of);
	map_release(&t->obs_of);
	map_release(&t->presence_of);
}

void tally_clear(struct tally *t)
{
	t->origins.n = t->intervals.n = t->obs.n = t->edges.n = t->echoes.n = t->presences.n =
		t->losses.n = t->events.n = 0;
	map_clear(&t->origin_of);
	map_clear(&t->interval_of);
	map_clear(&t->obs_of);
	map_clear(&t->presence_of);
	t->batch++;
}

/* ---- identities ---- */

/* Of all that tells identities apart: 20,000 host names can bring the same text. */
static uint64_t ident_hash(int64_t node, const char *key, size_t n)
{
	return hash_u64(hash_bytes(key, n), (uint64_t)node);
}

static uint32_t ident_slot(const struct tally *t, int64_t node, const char *key, size_t n,
			   uint64_t hash)
{
	uint32_t i = (uint32_t)hash & (t->n_ident_slots - 1);

	for (; t->idents[i] != NULL; i = (i + 1) & (t->n_ident_slots - 1)) {
		const struct ident *id = t->idents[i];

		if (id->hash == hash && id->key_n == n && id->node == node &&
		    memcmp(id->key, key, n) == 0)
			break;
	}
	return i;
}

struct ident *tally_find(const struct tally *t, int64_t node, const char *key, size_t n)
{
	if (t->n_ident_slots == 0)
		return NULL;
	return t->idents[ident_slot(t, node, key, n, ident_hash(node, key, n))];
}

static int fill_ident(struct tally *t, struct ident *id, const struct record *rec, struct err *e)
{
	struct bytes subj = names_subj(rec->subj);
	int64_t subj_row = 0;

	id->pid = rec->pid;
	id->sig = rec->sig;
	id->uid = rec->uid;
	id->auid = rec->auid;
	id->arch = rec->arch;
	id->compat = rec->compat;
	id->loader = program_kind(rec->comm, rec->exe) == PROGRAM_LOADER;
	id->exe = store_string(t->store, rec->exe, e);
	id->comm = store_string(t->store, rec->comm, e);
	if (rec->has_subj)
		subj_row = store_string(t->store, subj, e);
	if (id->exe < 0 || id->comm < 0 || subj_row < 0)
		return -1;
	id->caller = names_caller(t->names, id->comm, subj_row, e);
	return id->caller < 0 ? -1 : 0;
}

/* Puts a new one into its place; `id` has no key yet. */
static void keep_ident(struct tally *t, struct ident *id, int64_t node, struct bytes key,
		       uint64_t hash)
{
	char *copy = mem_alloc(key.n + 1);

	memcpy(copy, key.p, key.n);
	copy[key.n] = '\0';
	id->key = copy;
	id->key_n = (uint32_t)key.n;
	id->hash = hash;
	id->node = node;
	t->idents[ident_slot(t, node, key.p, key.n, hash)] = id;
	t->n_idents++;
	*VEC_PUSH(&t->made) = id;
}

static void make_room(struct tally *t)
{
	if (t->n_ident_slots == 0) {
		t->n_ident_slots = IDENT_SLOTS;
		t->idents = mem_zero(t->n_ident_slots, sizeof(struct ident *));
	}
}

struct ident *tally_ident(struct tally *t, int64_t node, const struct record *rec, struct bytes key,
			  struct err *e)
{
	uint64_t hash = ident_hash(node, key.p, key.n);
	struct ident *id;
	uint32_t i;

	make_room(t);
	i = ident_slot(t, node, key.p, key.n, hash);
	if (t->idents[i] != NULL)
		return t->idents[i];
	if (t->n_idents >= TALLY_MAX_IDENTS)
		tally_forget_idents(t);
	id = mem_zero(1, sizeof(*id));
	if (fill_ident(t, id, rec, e) < 0) {
		free(id);
		return NULL;
	}
	id->number = ++t->ident_numbers;
	id->has_escape = bytes_has(key, BYTES("\\x"));
	id->original = id;
	keep_ident(t, id, node, key, hash);
	return id;
}

struct ident *tally_copy(struct tally *t, struct ident *of)
{
	struct ident *id = mem_alloc(sizeof(*id));

	make_room(t);
	*id = *of;
	id->original = of;
	keep_ident(t, id, of->node, (struct bytes){ of->key, of->key_n }, of->hash);
	return id;
}

static struct tally_calls *calls_of(struct tally *t, uint32_t arch, uint32_t action)
{
	struct tally_calls *c;

	for (size_t i = 0; i < t->calls.n; i++)
		if (t->calls.v[i]->arch == arch && t->calls.v[i]->action == action)
			return t->calls.v[i];
	if (t->calls.n >= MAX_CALLS)
		return NULL;
	c = mem_zero(1, sizeof(*c));
	c->arch = arch;
	c->action = action;
	*VEC_PUSH(&t->calls) = c;
	return c;
}

/* The row of a call; for the numbers and the action that a program usually has, without a look-up.
 */
static int64_t call_row(struct tally *t, struct ident *id, int32_t nr, uint32_t code, struct err *e)
{
	uint32_t action = action_of(code);
	int64_t row;

	if (id->calls == NULL || id->calls->action != action)
		id->calls = calls_of(t, id->arch, action);
	if (nr < 0 || nr >= TALLY_CALLS || id->calls == NULL)
		return names_call(t->names, id->arch, nr, action, e);
	row = id->calls->row[nr];
	if (row == 0) {
		row = names_call(t->names, id->arch, nr, action, e);
		id->calls->row[nr] = row > 0 ? row : 0;
	}
	return row;
}

/* ---- intervals ---- */

static bool holds(const struct tally_interval *v, uint64_t cell, int64_t t_ms)
{
	return v->cell == cell && t_ms >= v->t_first - TALLY_GAP_MS &&
	       t_ms <= v->t_last + TALLY_GAP_MS && t_ms / WHEN_HOUR_MS == v->t_first / WHEN_HOUR_MS;
}

static void enter_batch(struct tally *t, struct ident *id)
{
	id->batch = t->batch;
	id->interval[0] = id->interval[1] = 0;
	id->origin[0] = id->origin[1] = -1;
	memset(id->recent, 0, sizeof(id->recent));
}

/* What intervals of an identity and layer are of. */
static int64_t origin_for(struct tally *t, struct ident *id, bool trusted)
{
	uint64_t a = (uint64_t)id->node << 32 | (uint32_t)id->pid,
		 b = (uint64_t)id->exe << 2 | (uint64_t)trusted << 1 | id->loader;
	int64_t origin = id->origin[trusted];

	if (origin < 0)
		origin = map_get(&t->origin_of, a, b, -1);
	if (origin < 0) {
		origin = (int64_t)t->origins.n;
		map_put(&t->origin_of, a, b, origin);
		*VEC_PUSH(&t->origins) =
			(struct tally_origin){ id->node, id->exe, id->pid, id->loader, trusted };
	}
	id->origin[trusted] = origin;
	return origin;
}

static uint32_t new_interval(struct tally *t, const struct ident *id, int64_t origin, uint64_t cell,
			     int64_t t_ms, uint32_t serial, uint32_t older)
{
	const struct tally_interval *was = older ? &t->intervals.v[older - 1] : NULL;
	bool unordered = was != NULL && (was->unordered || t_ms <= was->t_last);

	*VEC_PUSH(&t->intervals) = (struct tally_interval){
		.origin = origin,
		.cell = cell,
		.t_first = t_ms,
		.t_last = t_ms,
		.s_first = serial,
		.s_last = serial,
		.s_begin = serial,
		.uid = id->uid,
		.auid = id->auid,
		.name = id->comm,
		.older = older,
		.unordered = unordered,
	};
	return (uint32_t)t->intervals.n;
}

/* Did this identity make the lowest serial? Of equal ones the least by uid, auid and comm,
 * whichever came first. */
static bool made_first(const struct tally *t, const struct tally_interval *v,
		       const struct ident *id, uint32_t serial)
{
	if (serial != v->s_first)
		return serial < v->s_first;
	if (id->uid != v->uid)
		return id->uid < v->uid;
	if (id->auid != v->auid)
		return id->auid < v->auid;
	return id->comm != v->name && names_compare(t->store, id->comm, v->name) < 0;
}

/* The interval that a record belongs to, index + 1; its corners are widened. */
static uint32_t interval_for(struct tally *t, struct ident *id, uint64_t ip, int64_t t_ms,
			     uint32_t serial, bool trusted)
{
	uint64_t cell = ip >> OBS_CELL_BITS, a, b;
	struct tally_interval *v;
	uint32_t at, head;
	int64_t origin;

	if (id->batch != t->batch)
		enter_batch(t, id);
	id->trusted = trusted;
	at = id->interval[trusted];
	if (at == 0 || !holds(&t->intervals.v[at - 1], cell, t_ms)) {
		origin = origin_for(t, id, trusted);
		a = (uint64_t)origin << 40 | (uint64_t)(t_ms / WHEN_HOUR_MS);
		b = cell;
		head = (uint32_t)map_get(&t->interval_of, a, b, 0);
		for (at = head; at != 0 && !holds(&t->intervals.v[at - 1], cell, t_ms);) {
			v = &t->intervals.v[at - 1];
			at = v->unordered || t_ms <= v->t_last ? v->older : 0;
		}
		if (at == 0) {
			at = new_interval(t, id, origin, cell, t_ms, serial, head);
			map_put(&t->interval_of, a, b, at);
		}
		id->interval[trusted] = at;
	}
	v = &t->intervals.v[at - 1];
	if (t_ms < v->t_first || (t_ms == v->t_first && serial < v->s_begin)) {
		v->t_first = t_ms;
		v->s_begin = serial;
	}
	if (t_ms > v->t_last)
		v->t_last = t_ms;
	if (serial > v->s_last)
		v->s_last = serial;
	if (serial <= v->s_first && made_first(t, v, id, serial)) {
		v->s_first = serial;
		v->name = id->comm;
		v->uid = id->uid;
		v->auid = id->auid;
	}
	return at;
}

static uint32_t obs_for(struct tally *t, const struct ident *id, uint32_t interval, int64_t call,
			int32_t nr, uint32_t code, int64_t t_ms)
{
	/* what was denied made no process and ended none */
	bool done = action_of(code) == ACTION_LOG || action_of(code) == (uint32_t)ACTION_ALLOW;
	uint64_t a = (uint64_t)interval << 32 | (uint32_t)id->caller;
	int64_t at = map_get(&t->obs_of, a, (uint64_t)call, -1);
	struct tally_obs *s;

	if (at >= 0)
		return (uint32_t)at;
	map_put(&t->obs_of, a, (uint64_t)call, (int64_t)t->obs.n);
	s = VEC_PUSH(&t->obs);
	*s = (struct tally_obs){ .obs = { .caller = id->caller,
					  .call = call,
					  .t_first = t_ms,
					  .t_last = t_ms,
					  .serial = UINT32_MAX,
					  .ip = UINT64_MAX },
				 .next = t->intervals.v[interval - 1].obs,
				 .edge = (uint8_t)(done ? syscall_edge(id->arch, nr) : EDGE_NONE) };
	t->intervals.v[interval - 1].obs = (uint32_t)t->obs.n;
	return (uint32_t)t->obs.n - 1;
}

int tally_count_event(struct tally *t, struct ident *id, const struct tally_event *ev,
		      struct err *e)
{
	bool before = ev->state == SEEN_BEFORE ||
		      (ev->state == SEEN_OTHER && !ev->trusted && t->any_totals);
	struct ident_recent *recent;
	struct tally_obs *s;
	struct obs *o;
	uint32_t interval;
	int64_t call;

	t->seen_before += ev->state != SEEN_NEW && !ev->made;
	if (before && !t->label)
		return 0;
	interval = interval_for(t, id, ev->ip, ev->ms, ev->serial, ev->trusted);
	if (before)
		return 0;
	t->intervals.v[interval - 1].new_records++;
	t->trusted += ev->trusted;
	recent = &id->recent[(uint32_t)ev->nr % IDENT_RECENT];
	if (recent->interval != interval || recent->nr != ev->nr || id->recent_code != ev->code) {
		call = call_row(t, id, ev->nr, ev->code, e);
		if (call < 0)
			return -1;
		if (id->recent_code != ev->code)
			memset(id->recent, 0, sizeof(id->recent));
		id->recent_code = ev->code;
		*recent = (struct ident_recent){
			interval, obs_for(t, id, interval, call, ev->nr, ev->code, ev->ms), ev->nr
		};
	}
	s = &t->obs.v[recent->obs];
	o = &s->obs;
	if (ev->ms < o->t_first)
		o->t_first = ev->ms;
	if (ev->ms > o->t_last)
		o->t_last = ev->ms;
	if (ev->serial < o->serial || (ev->serial == o->serial && ev->ip < o->ip)) {
		o->serial = ev->serial;
		o->ip = ev->ip;
	}
	o->fresh += ev->trusted;
	o->text += !ev->trusted;
	t->new_events += ev->state == SEEN_NEW && !ev->made;
	if (ev->state == SEEN_OTHER) {
		struct tally_interval *v = &t->intervals.v[interval - 1];

		*VEC_PUSH(&t->echoes) =
			(struct tally_echo){ ev->ms, ev->serial, recent->obs, v->echoes };
		v->echoes = (uint32_t)t->echoes.n;
	}
	if (s->edge != EDGE_NONE && !ev->failed) {
		struct tally_interval *v = &t->intervals.v[interval - 1];

		*VEC_PUSH(&t->edges) =
			(struct tally_edge){ { ev->ms, ev->serial, (enum edge_kind)s->edge },
					     v->edges };
		v->edges = (uint32_t)t->edges.n;
	}
	return 0;
}

/* What the store's row of it keeps: the first and the last time of an hour, and the least address,
 * as the store compares. */
int tally_presence(struct tally *t, struct ident *id, const struct tally_event *ev, struct err *e)
{
	int64_t call = call_row(t, id, ev->nr, ev->code, e),
		hour = ev->ms == WHEN_NONE ? -1 : ev->ms / WHEN_HOUR_MS, at;
	struct tally_presence *p;

	if (call < 0)
		return -1;
	at = map_get(&t->presence_of, (uint64_t)id->number << 32 | (uint32_t)call, (uint64_t)hour,
		     -1);
	if (at < 0) {
		map_put(&t->presence_of, (uint64_t)id->number << 32 | (uint32_t)call,
			(uint64_t)hour, (int64_t)t->presences.n);
		*VEC_PUSH(&t->presences) =
			(struct tally_presence){ id->node, id->exe, id->caller, call,
						 ev->ms,   ev->ms,  id->pid,	ev->ip };
		return 0;
	}
	p = &t->presences.v[at];
	if (ev->ms < p->t_first)
		p->t_first = ev->ms;
	if (ev->ms > p->t_last)
		p->t_last = ev->ms;
	if ((int64_t)ev->ip < (int64_t)p->ip)
		p->ip = ev->ip;
	return 0;
}

void tally_add_lifecycle(struct tally *t, int64_t node, int32_t pid, enum edge_kind kind,
			 int64_t t_ms, uint32_t serial, int32_t parent)
{
	*VEC_PUSH(&t->events) = (struct tally_lifecycle){ node, t_ms, pid, parent, serial, kind };
}

void tally_loss(struct tally *t, int64_t node, const struct loss *loss, bool trusted)
{
	*VEC_PUSH(&t->losses) = (struct tally_loss){
		.node = node,
		.kind = loss->kind,
		.number = loss->number,
		.t = loss->ms,
		.stamp = loss->uptime_us >= 0  ? loss->uptime_us :
			 loss->ms == WHEN_NONE ? 0 :
						 loss->ms,
		.trusted = trusted,
	};
}

/* ---- what another store has ---- */

static void give_obs(struct tally *t, uint32_t interval, const struct tally_given *g,
		     const struct obs *o)
{
	struct tally_interval *v = &t->intervals.v[interval];
	uint64_t events = g->trusted ? o->fresh : o->text;

	*VEC_PUSH(&t->obs) = (struct tally_obs){ .obs = *o, .next = v->obs, .edge = EDGE_NONE };
	v->obs = (uint32_t)t->obs.n;
	v->new_records +=
		(uint32_t)(events < UINT32_MAX - v->new_records ? events :
								  UINT32_MAX - v->new_records);
	for (uint64_t i = 0; g->echoes && i < events && i < TALLY_MAX_OBS; i++) {
		*VEC_PUSH(&t->echoes) = (struct tally_echo){ o->t_first, o->serial,
							     (uint32_t)t->obs.n - 1, v->echoes };
		v->echoes = (uint32_t)t->echoes.n;
	}
}

void tally_give(struct tally *t, const struct tally_given *g)
{
	uint64_t a = (uint64_t)g->node << 32 | (uint32_t)g->pid,
		 b = (uint64_t)g->exe << 2 | (uint64_t)g->trusted << 1 | g->loader, hour;
	int64_t origin = map_get(&t->origin_of, a, b, -1);
	uint32_t older;

	if (origin < 0) {
		origin = (int64_t)t->origins.n;
		map_put(&t->origin_of, a, b, origin);
		*VEC_PUSH(&t->origins) =
			(struct tally_origin){ g->node, g->exe, g->pid, g->loader, g->trusted };
	}
	hour = (uint64_t)origin << 40 | (uint64_t)(g->t_first / WHEN_HOUR_MS);
	older = (uint32_t)map_get(&t->interval_of, hour, g->cell, 0);
	*VEC_PUSH(&t->intervals) = (struct tally_interval){
		.origin = origin,
		.cell = g->cell,
		.t_first = g->t_first,
		.t_last = g->t_last,
		.s_first = g->s_first,
		.s_last = g->s_last,
		.s_begin = g->s_begin,
		.uid = g->uid,
		.auid = g->auid,
		.name = g->name,
		.older = older,
		.unordered = older != 0,
		.location = g->location,
		.ingest = g->ingest,
	};
	map_put(&t->interval_of, hour, g->cell, (int64_t)t->intervals.n);
	for (size_t i = 0; i < g->n_obs; i++)
		give_obs(t, (uint32_t)t->intervals.n - 1, g, &g->obs[i]);
	for (size_t i = 0; i < g->n_edges; i++) {
		struct tally_interval *v = &t->intervals.v[t->intervals.n - 1];

		*VEC_PUSH(&t->edges) = (struct tally_edge){ g->edges[i], v->edges };
		v->edges = (uint32_t)t->edges.n;
	}
}
