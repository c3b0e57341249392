// SPDX-License-Identifier: Apache-2.0
/* Feeds a random log to the derivation in pieces, with stops and marks. */
#include "tests/derive_reading.h"

#include "tests/test.h"

#include "ingest/track/join.h"
#include "ingest/track/rows.h"
#include "store/base/buf.h"
#include "store/schema.h"

/* ---- strings: their rows differ in each run, their bytes do not ---- */

#define N_STRINGS LOG_STRINGS
#define T0 LOG_T0
#define PIDS LOG_PIDS

unsigned long long seed_of_case;
struct reading_ends reading_ends;

static int64_t row_of[N_STRINGS], string_of[N_STRINGS + 1];

static int compare_strings(void *ctx, int64_t a, int64_t b)
{
	(void)ctx;
	return string_of[a] < string_of[b] ? -1 : string_of[a] > string_of[b];
}

static int compare_plain(void *ctx, int64_t a, int64_t b)
{
	(void)ctx;
	return a < b ? -1 : a > b;
}

const struct track_strings reading_by_row = { compare_strings, NULL },
			   reading_by_number = { compare_plain, NULL };

int64_t reading_string(int64_t row)
{
	return string_of[row];
}

void reading_mix_strings(void)
{
	for (int i = 0; i < N_STRINGS; i++)
		row_of[i] = i + 1;
	for (uint32_t i = N_STRINGS - 1; i > 0; i--) {
		uint32_t k = dice(i + 1);
		int64_t was = row_of[i];

		row_of[i] = row_of[k];
		row_of[k] = was;
	}
	for (int i = 0; i < N_STRINGS; i++)
		string_of[row_of[i]] = i;
}

/* ---- reading it in pieces ---- */

static void add_call(struct held *h, struct call c)
{
	for (size_t i = 0; i < h->calls.n; i++) {
		struct call *o = &h->calls.v[i];

		if (o->call != c.call)
			continue;
		if (c.serial < o->serial || (c.serial == o->serial && c.ip < o->ip))
			*o = c;
		return;
	}
	*VEC_PUSH(&h->calls) = c;
}

static void take_record(struct reading *r, const struct oracle_record *rec)
{
	struct holding *h = &r->pid[rec->node][rec->pid];
	struct held *v;

	h->any = h->touched = true;
	if (rec->kind != EDGE_NONE)
		*VEC_PUSH(&h->edges) = (struct track_edge){ rec->t,
							    rec->serial,
							    0,
							    rec->kind,
							    rec->layer,
							    rec->parent,
							    row_of[rec->exe],
							    rec->ip >> 22,
							    rec->loader,
							    true };
	if (rec->kind >= EDGE_BORN)
		return;
	v = VEC_PUSH(&h->intervals);
	*v = (struct held){ { .exe = row_of[rec->exe],
			      .name = row_of[rec->name],
			      .cell = rec->ip >> 22,
			      .t_first = rec->t,
			      .t_last = rec->t,
			      .s_first = rec->serial,
			      .s_last = rec->serial,
			      .uid = rec->uid,
			      .auid = rec->auid,
			      .loader = rec->loader,
			      .layer = rec->layer,
			      .fresh = true },
			    { 0 } };
	add_call(v, (struct call){ rec->call, rec->ip, rec->serial });
}

/* Joins what came with what was there. */
static void join(struct holding *h)
{
	size_t n = h->intervals.n, left;
	auto_free size_t *of = mem_alloc(n * sizeof(*of));
	auto_free struct track_interval *v = mem_alloc(n * sizeof(*v));
	struct { struct held *v; size_t n, cap; } now = { 0 };

	for (size_t i = 0; i < n; i++)
		v[i] = h->intervals.v[i].v;
	left = join_intervals(v, n, &reading_by_row, of);
	for (size_t i = 0; i < left; i++)
		*VEC_PUSH(&now) = (struct held){ v[i], { 0 } };
	for (size_t i = 0; i < n; i++) {
		for (size_t k = 0; k < h->intervals.v[i].calls.n; k++)
			add_call(&now.v[of[i]], h->intervals.v[i].calls.v[k]);
		VEC_FREE(&h->intervals.v[i].calls);
	}
	VEC_FREE(&h->intervals);
	h->intervals.v = now.v;
	h->intervals.n = now.n;
	h->intervals.cap = now.cap;
}

/* What ended by a time and is not new is put last; returns how many are left. */
static size_t leave_out(struct track_interval *v, size_t n, int64_t by)
{
	for (size_t i = 0; i < n;) {
		struct track_interval was = v[i];

		if (v[i].fresh || v[i].t_last > by) {
			i++;
			continue;
		}
		v[i] = v[--n];
		v[n] = was;
	}
	return n;
}

/* Only the end of what a pid has. False: that was not enough. */
static bool derive_end(struct reading *r, int64_t node, int32_t pid, struct track_interval *v,
		       size_t n, int64_t *parts)
{
	struct holding *h = &r->pid[node][pid];
	struct derive_rest rest = { INT64_MIN };
	auto_free struct track_edge *edges = mem_alloc(h->edges.n * sizeof(*edges));
	auto_free int64_t *ids = NULL;
	size_t left, n_edges = 0;
	struct err e = { 0 };
	int ret = derive_since(&r->derive, node, pid, &rest.t_last, &e);

	reading_ends.marked += ret == 1;
	if (ret == 1 && chance(30))
		rest.t_last -=
			dice(chance(50) ? 3000 : 300000); /* it may be more than is asked for */
	left = leave_out(v, n, rest.t_last);
	for (size_t i = 0; i < h->edges.n; i++)
		if (h->edges.v[i].t > rest.t_last || h->edges.v[i].fresh)
			edges[n_edges++] = h->edges.v[i];
	if (ret == 1)
		ret = derive_behind(&r->derive, node, pid, &rest, v, left, edges, n_edges, &ids,
				    &e);
	else if (ret == 0)
		ret = 1;
	if (ret < 0)
		fail_msg("%s", e.msg);
	if (ret != 0)
		return false;
	reading_ends.done++;
	reading_ends.partial += left < n;
	for (size_t i = 0; i < n; i++)
		parts[v[i].id - 1] = i < left ? ids[i] : v[i].was;
	return true;
}

/* What was derived from the end is what all of it makes: facts, rows, whose each interval is. */
static void compare_whole(struct reading *r, int64_t node, int32_t pid, struct track_interval *v,
			  size_t n, const int64_t *parts)
{
	struct holding *h = &r->pid[node][pid];
	auto_free int64_t *ids = NULL;
	struct texts want = { 0 }, got = { 0 };
	struct table table;
	struct derive d;
	struct err e = { 0 };

	table_init(&table);
	derive_init(&d, &table.store, &reading_by_row);
	if (derive_pid(&d, node, pid, v, n, h->edges.v, h->edges.n, &ids, &e) < 0)
		fail_msg("%s", e.msg);
	texts_of_pid(&d, node, pid, &want);
	texts_of_pid(&r->derive, node, pid, &got);
	for (size_t i = 0; i < n; i++) {
		texts_of_part(&d, ids[v[i].part], v[i].id, &want);
		texts_of_part(&r->derive, parts[v[i].id - 1], v[i].id, &got);
	}
	assert_same_texts(&want, &got, "from the end");
	texts_release(&want);
	texts_release(&got);
	derive_release(&d);
	table_release(&table);
	reading_ends.compared++;
}

static void derive_holding(struct reading *r, int64_t node, int32_t pid)
{
	struct holding *h = &r->pid[node][pid];
	struct { struct track_site *v; size_t n, cap; } sites = { 0 };
	auto_free struct track_interval *v = NULL;
	auto_free int64_t *ids = NULL, *parts = NULL;
	struct err e = { 0 };
	size_t n, at = 0;

	join(h);
	n = h->intervals.n;
	v = mem_alloc(n * sizeof(*v));
	parts = mem_alloc(n * sizeof(*parts));
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < h->intervals.v[i].calls.n; k++)
			*VEC_PUSH(&sites) = (struct track_site){ h->intervals.v[i].calls.v[k].call,
								 h->intervals.v[i].calls.v[k].ip };
	for (size_t i = 0; i < n; i++) {
		v[i] = h->intervals.v[i].v;
		v[i].id = (int64_t)i + 1;
		v[i].boot = oracle_boot_of(&r->known, node, v[i].t_first);
		v[i].sites = sites.v + at;
		v[i].n_sites = h->intervals.v[i].calls.n;
		at += v[i].n_sites;
	}
	for (size_t i = 0; i < h->edges.n; i++)
		h->edges.v[i].boot = oracle_boot_of(&r->known, node, h->edges.v[i].t);
	if (h->whole || !chance(r->ends) || !derive_end(r, node, pid, v, n, parts)) {
		if (derive_pid(&r->derive, node, pid, v, n, h->edges.v, h->edges.n, &ids, &e) < 0)
			fail_msg("%s", e.msg);
		for (size_t i = 0; i < n; i++)
			parts[v[i].id - 1] = ids[v[i].part];
	} else if (chance(r->compared)) {
		compare_whole(r, node, pid, v, n, parts);
	}
	for (size_t i = 0; i < n; i++) {
		h->intervals.v[i].v.was = parts[i];
		h->intervals.v[i].v.fresh = false;
	}
	for (size_t i = 0; i < h->edges.n; i++)
		h->edges.v[i].fresh = false;
	VEC_FREE(&sites);
	h->touched = h->whole = false;
}

void reading_open(struct reading *r, bool stored)
{
	static char name[] = ":memory:";

	*r = (struct reading){ .stored = stored,
			       .ends = 99,
			       .step_room = chance(30) ? DERIVE_ROOM : 1 + dice(20),
			       .store = { .path = name } };
	table_init(&r->table);
	r->api = &r->table.store;
	if (stored) {
		assert_int_equal(sqlite3_open(name, &r->store.db), SQLITE_OK);
		assert_int_equal(sqlite3_exec(r->store.db, schema_sql, NULL, NULL, NULL),
				 SQLITE_OK);
		state_init(&r->state, &r->store);
		r->api = &r->state.api;
	}
	derive_init(&r->derive, r->api, &reading_by_row);
	r->derive.step_room = r->step_room;
}

/* Writes the store and forgets all that is in memory, the derivation's own, too. */
static void reopen(struct reading *r)
{
	int64_t part = 0, image = 0;
	struct err e = { 0 };

	if (!r->stored)
		return;
	if (derive_suspend(&r->derive, &e) < 0 || state_save(&r->state, &e) < 0 ||
	    state_top(&r->state, &part, &image, &e) < 0)
		fail_msg("%s", e.msg);
	if (chance(50))
		state_forget(&r->state);
	derive_release(&r->derive);
	derive_init(&r->derive, r->api, &reading_by_row);
	r->derive.step_room = r->step_room;
	r->derive.next_part = part + 1;
	r->derive.next_image = image + 1;
	if (derive_resume(&r->derive, &e) < 0)
		fail_msg("%s", e.msg);
}

static void read_all_ways(struct reading *r, size_t most)
{
	struct err e = { 0 };

	if (derive_run(&r->derive, most, &e) < 0)
		fail_msg("%s", e.msg);
}

const char *const reading_ways[READING_WAYS] = {
	"mixed, one a piece",    "mixed, in pieces",      "mixed, at once",
	"in order, one a piece", "backwards, in pieces",  "nearly in order",
	"in order, in pieces",   "some come much later", "the later half first",
};

static void swap(size_t *at, size_t i, size_t k)
{
	size_t was = at[i];

	at[i] = at[k];
	at[k] = was;
}

/* Some move behind what comes after them, by up to `most`. */
static void put_off(size_t *at, size_t n, uint32_t percent, uint32_t most)
{
	for (size_t i = 0; i < n; i++) {
		size_t to = i + 1 + dice(most), one = at[i];

		if (!chance(percent))
			continue;
		to = to < n ? to : n - 1;
		memmove(&at[i], &at[i + 1], (to - i) * sizeof(*at));
		at[to] = one;
	}
}

/* In which order n things are read, and how many at a time. */
static size_t way_order(int way, size_t *at, size_t n)
{
	size_t cut = dice((uint32_t)n + 1);

	for (size_t i = 0; i < n; i++)
		at[i] = way == 4 ? n - 1 - i : way == 8 ? (i + cut) % n : i;
	for (size_t i = n; way < 3 && i > 1; i--)
		swap(at, i - 1, dice((uint32_t)i));
	if (way == 5)
		put_off(at, n, 20, 3);
	if (way == 7)
		put_off(at, n, 1 + dice(3), chance(50) ? 40 : 300);
	return way == 0 || way == 3 ? 1 : way == 2 ? n : 1 + dice(chance(70) ? 12 : 60);
}

static void take_boot(struct reading *r, const struct oracle_boot *boot)
{
	*VEC_PUSH(&r->known.boots) = *boot;
	for (int k = 0; k < PIDS; k++)
		r->pid[boot->node][k].touched = r->pid[boot->node][k].whole = true;
}

/* What of a log is read when: records first, then boots, mixed. */
void reading_read(struct reading *r, const struct oracle_log *log, int way)
{
	size_t n = log->records.n + log->boots.n;
	auto_free size_t *at = mem_alloc(n * sizeof(*at));
	size_t piece = way_order(way, at, n);
	struct err e = { 0 };

	for (size_t from = 0; from < n; from += piece) {
		for (size_t i = from; i < from + piece && i < n; i++) {
			if (at[i] < log->records.n)
				take_record(r, &log->records.v[at[i]]);
			else
				take_boot(r, &log->boots.v[at[i] - log->records.n]);
		}
		for (int node = 0; node < LOG_NODES; node++)
			for (int pid = 0; pid < PIDS; pid++)
				if (r->pid[node][pid].touched && r->pid[node][pid].any)
					derive_holding(r, node, pid);
		read_all_ways(r, chance(60) ? SIZE_MAX : dice(4));
		reopen(r);
		if (chance(20) &&
		    (derive_suspend(&r->derive, &e) < 0 || derive_resume(&r->derive, &e) < 0))
			fail_msg("%s", e.msg);
	}
	read_all_ways(r, SIZE_MAX);
}

void reading_close(struct reading *r)
{
	for (int node = 0; node < 2; node++) {
		for (int pid = 0; pid < PIDS; pid++) {
			struct holding *h = &r->pid[node][pid];

			for (size_t i = 0; i < h->intervals.n; i++)
				VEC_FREE(&h->intervals.v[i].calls);
			VEC_FREE(&h->intervals);
			VEC_FREE(&h->edges);
		}
	}
	VEC_FREE(&r->known.boots);
	derive_release(&r->derive);
	table_release(&r->table);
	if (r->stored) {
		state_release(&r->state);
		for (size_t i = 0; i < r->store.stmts.n; i++)
			sqlite3_finalize(r->store.stmts.v[i]);
		VEC_FREE(&r->store.stmts);
		sqlite3_close(r->store.db);
	}
}
