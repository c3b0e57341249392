// SPDX-License-Identifier: Apache-2.0
/*
 * What the derivation alone costs: shapes of logs that are hard on it, all in memory, no parsing
 * and no store.
 *
 *	build/track [SHAPE [RECORDS...]]
 *
 * For each shape and number of records: microseconds of processor time a record, parts that were
 * settled and rows that were looked at a record, memory. Reading is cut into batches as ingest
 * cuts it.
 */
#include "ingest/batch/state.h"
#include "ingest/track/join.h"
#include "ingest/track/derive.h"
#include "store/schema.h"
#include "ingest/track/within.h"
#include "tests/table.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

#define BATCH 12000
#define HERE 0x7f0000001000u
#define LOW 0x400000u

struct record { int64_t t; uint32_t serial; int32_t pid; int nr; uint64_t ip; uint8_t kind; };

static uint64_t state = 88172645463325252u;

static uint64_t dice(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state >> 11;
}

static uint8_t kind_of(int nr)
{
	return nr == 59             ? EDGE_EXEC :
	       nr == 56 || nr == 57 ? EDGE_FORK :
	       nr == 231            ? EDGE_EXIT :
				      EDGE_NONE;
}

/* ---- shapes: the i-th record of n ---- */

static struct record plain(size_t i, int32_t pid, int nr, uint64_t ip)
{
	return (struct record){
		1795518350000 + (int64_t)i / 2, (uint32_t)i + 1, pid, nr, ip, kind_of(nr)
	};
}

static struct record pids(size_t i, size_t n)
{
	(void)n;
	return plain(i, (int32_t)i, (int)(i % 50), HERE + i % 50 * 16);
}

static struct record pids_end(size_t i, size_t n)
{
	(void)n;
	return plain(i, (int32_t)(i / 2), i % 2 ? 231 : 0, HERE + i % 2 * 16);
}

static struct record pids_random(size_t i, size_t n)
{
	(void)n;
	return plain(i, (int32_t)i, (int)(i % 50), HERE + ((dice() & 0xffffff) << 22));
}

static struct record one_fixed(size_t i, size_t n)
{
	(void)n;
	return plain(i, (int32_t)i, (int)(i % 50), LOW);
}

/* A parent that speaks all the time and forks 20 times a second; children make 8 calls each. */
static struct record server(size_t i, size_t n)
{
	size_t child = i / 10, step = i % 10;
	struct record r = plain(i, 1, 57, HERE + 57 * 16);

	(void)n;
	if (step >= 2)
		r = plain(i, (int32_t)(2 + child), (int)(step == 9 ? 231 : step),
			  HERE + (step == 9 ? 231 : step) * 16);
	else if (step == 1)
		r = plain(i, 1, 3, HERE + 48);
	r.t = 1795518350000 + (int64_t)child * 50 + (int64_t)step;
	return r;
}

static struct record sameip(size_t i, size_t n)
{
	static const int nr[] = { 0, 57, 59, 231 };

	(void)n;
	return plain(i, 100 + (int32_t)(i % 5000), nr[i % 4], LOW);
}

static struct record forkall(size_t i, size_t n)
{
	(void)n;
	return plain(i, 100 + (int32_t)(i % 30000), 57, LOW);
}

static struct record fixed_back(size_t i, size_t n)
{
	(void)n;
	return plain(i, 100 + (int32_t)(i % 5000), (int)(i % 50), LOW);
}

static struct record execs(size_t i, size_t n)
{
	(void)n;
	return plain(i, 100, i % 2 ? 59 : 0, HERE + (i / 2 << 24));
}

static struct record cells(size_t i, size_t n)
{
	(void)n;
	return plain(i, 100 + (int32_t)(i % 3), (int)(i % 50), HERE + (i * 7919 % 100003 << 22));
}

static struct record back(size_t i, size_t n)
{
	return pids(n - 1 - i, n);
}

/* A second apart, one pid: an interval each. */
static struct record gap(size_t i, size_t n)
{
	struct record r = plain(i, 100, (int)(i % 50), LOW);

	(void)n;
	r.t = 1795518350000 + (int64_t)i * 1000;
	return r;
}

/*
 * A container's start: a loader, three programs exec'd in turn, and children of the last; 60
 * records.
 */
static struct record container(size_t i, size_t n)
{
	size_t c = i / 60, step = i % 60;
	uint64_t base = HERE + ((c * 5 + step / 12) * 2654435761u % 0x1000000 << 22);
	int nr = step % 12 == 11 ? (step == 59 ? 231 : 59) : (int)(step % 12);
	struct record r = plain(i, (int32_t)(1 + c), nr, base + (uint64_t)nr * 16);

	(void)n;
	r.t = 1795518350000 + (int64_t)c * 200 + (int64_t)step;
	return r;
}

static const struct shape {
	const char *name;
	struct record (*make)(size_t i, size_t n);
	size_t batch, most;
} shapes[] = {
	{ "pids", pids, BATCH, 1000000 },
	{ "pids_end", pids_end, BATCH, 1000000 },
	{ "pids_random", pids_random, BATCH, 1000000 },
	{ "server", server, BATCH, 1000000 },
	{ "container", container, BATCH, 1000000 },
	{ "one_fixed", one_fixed, BATCH, 1000000 },
	{ "sameip", sameip, BATCH, 1000000 },
	{ "forkall", forkall, BATCH, 1000000 },
	{ "fixed_back", fixed_back, BATCH, 1000000 },
	{ "execs", execs, BATCH, 1000000 },
	{ "cells", cells, BATCH, 1000000 },
	{ "gap", gap, BATCH, 1000000 },
	{ "server_live", server, 200, 1000000 },
	{ "sameip_live", sameip, 200, 1000000 },
	{ "execs_live", execs, 200, 1000000 },
	{ "cells_live", cells, 200, 1000000 },
	{ "gap_live", gap, 200, 1000000 },
	{ "back", back, 1000, 1000000 },
	{ "back_one", back, 1, 256000 },
	{ "pids_one", pids, 1, 256000 },
};

/* ---- reading ---- */

/* Intervals and edges of a pid: those behind its mark, and the rest. */
struct holding {
	struct { struct track_interval *v; size_t n, cap; } recent, rest;
	struct { struct track_edge *v; size_t n, cap; } edges;
	size_t old_edges; /* how many of them lie before the mark */
	bool touched, marked;
};

static int same(void *ctx, int64_t a, int64_t b)
{
	(void)ctx;
	return a < b ? -1 : a > b;
}

static const struct track_strings strings = { same, NULL };

static void take_record(struct holding *h, const struct record *r, struct track_site *site)
{
	*site = (struct track_site){ r->nr, r->ip };
	if (r->kind != EDGE_NONE)
		*VEC_PUSH(&h->edges) =
			(struct track_edge){ r->t, r->serial, 0,	   r->kind, TRACK_TRUSTED,
					     0,	   1,	      r->ip >> 22, false,   true };
	*VEC_PUSH(&h->recent) = (struct track_interval){ .fresh = true,
							 .exe = 1,
							 .name = 1,
							 .cell = r->ip >> 22,
							 .t_first = r->t,
							 .t_last = r->t,
							 .s_first = r->serial,
							 .s_last = r->serial,
							 .sites = site,
							 .n_sites = 1 };
}

static size_t wholes;

/* All that a pid has. */
static void derive_all(struct derive *d, struct holding *h, int32_t pid)
{
	size_t n = h->rest.n + h->recent.n;
	struct track_interval *all = mem_alloc(n * sizeof(*all));
	int64_t *ids = NULL;
	struct err e = { 0 };

	wholes += h->rest.n > 0;
	memcpy(all, h->recent.v, h->recent.n * sizeof(*all));
	if (h->rest.n > 0)
		memcpy(all + h->recent.n, h->rest.v, h->rest.n * sizeof(*all));
	for (size_t i = 0; i < n; i++)
		all[i].id = (int64_t)i;
	if (derive_pid(d, 1, pid, all, n, h->edges.v, h->edges.n, &ids, &e) < 0)
		exit(3);
	for (size_t i = 0; i < n; i++)
		*(all[i].id < (int64_t)h->recent.n ?
			  &h->recent.v[all[i].id].was :
			  &h->rest.v[all[i].id - (int64_t)h->recent.n].was) = ids[all[i].part];
	free(all);
	free(ids);
}

/* What ended by the mark is not looked at again: the shapes that grow are in order of time. */
static void put_away(struct holding *h, int64_t t_last)
{
	size_t left = 0;

	h->marked = true;
	for (size_t i = 0; i < h->recent.n; i++) {
		if (h->recent.v[i].t_last <= t_last)
			*VEC_PUSH(&h->rest) = h->recent.v[i];
		else
			h->recent.v[left++] = h->recent.v[i];
	}
	h->recent.n = left;
	while (h->old_edges < h->edges.n && h->edges.v[h->old_edges].t <= t_last)
		h->old_edges++;
}

static void derive_one(struct derive *d, struct holding *h, int32_t pid)
{
	struct derive_rest rest = { INT64_MIN };
	struct err e = { 0 };
	int64_t *ids = NULL;
	int ret = 1;

	h->recent.n = join_intervals(h->recent.v, h->recent.n, &strings, NULL);
	if (h->marked && derive_since(d, 1, pid, &rest.t_last, &e) < 0)
		exit(3);
	if (rest.t_last != INT64_MIN)
		ret = derive_behind(d, 1, pid, &rest, h->recent.v, h->recent.n,
				    h->edges.v + h->old_edges, h->edges.n - h->old_edges, &ids, &e);
	if (ret < 0)
		exit(3);
	if (ret == 0)
		for (size_t i = 0; i < h->recent.n; i++)
			h->recent.v[i].was = ids[i];
	else
		derive_all(d, h, pid);
	free(ids);
	for (size_t i = 0; i < h->recent.n; i++)
		h->recent.v[i].fresh = false;
	for (size_t i = h->old_edges; i < h->edges.n; i++)
		h->edges.v[i].fresh = false;
	if (h->recent.n + h->edges.n - h->old_edges > 16 &&
	    derive_since(d, 1, pid, &rest.t_last, &e) == 1)
		put_away(h, rest.t_last);
}

static double cpu(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void measure(const struct shape *s, size_t n)
{
	struct table table;
	struct derive d;
	struct err e = { 0 };
	size_t n_pids = n + 40000;
	struct holding *all = mem_zero(n_pids, sizeof(*all));
	struct track_site *sites = mem_alloc(n * sizeof(*sites));
	struct { int32_t *v; size_t n, cap; } touched = { 0 };
	struct rusage use;
	double begin, spent = 0;
	struct store store = { .path = getenv("DB") };
	struct state st;

	wholes = 0;
	table_init(&table);
	derive_init(&d, &table.store, &strings);
	if (store.path != NULL) {
		remove(store.path);
		if (sqlite3_open(store.path, &store.db) != SQLITE_OK ||
		    sqlite3_exec(store.db,
				 "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA "
				 "cache_size = -16384",
				 NULL, NULL, NULL) != SQLITE_OK ||
		    sqlite3_exec(store.db, schema_sql, NULL, NULL, NULL) != SQLITE_OK)
			exit(3);
		state_init(&st, &store);
		d.store = &st.api;
	}
	for (size_t from = 0; from < n; from += s->batch) {
		touched.n = 0;
		for (size_t i = from; i < from + s->batch && i < n; i++) {
			struct record r = s->make(i, n);
			struct holding *h = &all[r.pid];

			take_record(h, &r, &sites[i]);
			if (!h->touched)
				*VEC_PUSH(&touched) = r.pid;
			h->touched = true;
		}
		begin = cpu();
		if (store.path != NULL)
			sqlite3_exec(store.db, "BEGIN", NULL, NULL, NULL);
		for (size_t i = 0; i < touched.n; i++) {
			all[touched.v[i]].touched = false;
			derive_one(&d, &all[touched.v[i]], touched.v[i]);
		}
		if (derive_run(&d, SIZE_MAX, &e) < 0)
			exit(3);
		if (store.path != NULL &&
		    (state_save(&st, &e) < 0 ||
		     sqlite3_exec(store.db, "COMMIT", NULL, NULL, NULL) != SQLITE_OK))
			exit(3);
		spent += cpu() - begin;
	}
	getrusage(RUSAGE_SELF, &use);
	printf("%-12s %8zu  %7.2f us  %5.2f settled  %6.1f rows  %4zu rows kept a record, %zu "
	       "wholes, %5ld MB\n",
	       s->name, n, spent * 1e6 / (double)n, (double)d.asked / (double)n,
	       (double)d.steps / (double)n, table.tree.rows / n, wholes, use.ru_maxrss / 1024);
	fflush(stdout);
	for (size_t i = 0; i < n_pids; i++) {
		VEC_FREE(&all[i].recent);
		VEC_FREE(&all[i].rest);
		VEC_FREE(&all[i].edges);
	}
	VEC_FREE(&touched);
	free(all);
	free(sites);
	derive_release(&d);
	table_release(&table);
	if (store.path != NULL) {
		state_release(&st);
		sqlite3_close(store.db);
	}
}

int main(int argc, char **argv)
{
	static const size_t sizes[] = { 4000, 32000, 256000, 1000000 };

	for (size_t i = 0; i < ARRAY_SIZE(shapes); i++) {
		if (argc > 1 && strcmp(argv[1], "all") != 0 && strcmp(argv[1], shapes[i].name) != 0)
			continue;
		for (size_t k = 0; argc <= 2 && k < ARRAY_SIZE(sizes); k++)
			if (sizes[k] <= shapes[i].most)
				measure(&shapes[i], sizes[k]);
		for (int k = 2; k < argc; k++)
			measure(&shapes[i], strtoul(argv[k], NULL, 10));
	}
	return 0;
}
