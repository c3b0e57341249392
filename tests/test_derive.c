/*
 * The derivation (ingest/track) against the rules evaluated straight (tests/derive_oracle):
 * random logs, each read in random pieces and orders, with settling cut anywhere. What comes out
 * is the same to the last field.
 *
 * `make test` runs as many as take some seconds; SCAUDIT_LONG=1 runs 20,000. The seed is printed;
 * SCAUDIT_SEED takes it.
 */
#include "tests/test.h"

#include "ingest/batch/state.h"
#include "ingest/track/cells.h"
#include "ingest/track/join.h"
#include "ingest/track/rows.h"
#include "store/schema.h"
#include "store/base/buf.h"
#include "tests/derive_oracle.h"
#include "tests/table.h"

#define T0 1795518350000
#define MOST_RECORDS 700
#define MOST_PARTS 1000

/* ---- chance ---- */

static uint64_t state;

static uint32_t dice(uint32_t n)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (uint32_t)((state >> 16) % n);
}

static bool chance(uint32_t percent)
{
	return dice(100) < percent;
}

static unsigned long long seed_of_case;

/* ---- strings: their rows differ in each run, their bytes do not ---- */

#define N_STRINGS 16
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

static const struct track_strings by_row = { compare_strings, NULL },
				  by_number = { compare_plain, NULL };

static void mix_strings(void)
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

/* ---- random logs ---- */

enum { EXES = 4, SPACES = 10, PIDS = 30, CALLS = 6 };

struct space { int64_t exe; uint64_t cell[2]; uint32_t page; bool loader; };
struct process { int space; bool alive; uint32_t uid; };

struct world {
	struct oracle_log *log;
	struct space space[SPACES];
	struct process process[2][PIDS];
	int n_spaces, n_pids, n_nodes;
	int64_t t;
	uint32_t serial, loss, forged, known, fixed, both, text;
	int64_t step;
	struct { int64_t t; uint32_t serial; } last;
};

static const uint64_t fixed_cells[] = { 1, 2, 40, 0x1555556, 0x1ffffd3, 0x2aaaaaa, 0x3ffffdf };

static uint64_t random_cell(const struct world *w)
{
	if (dice(100) < w->fixed)
		return fixed_cells[dice(ARRAY_SIZE(fixed_cells))];
	if (chance(2))
		return 0x3ffffffd + (1ull << 34); /* above user space */
	/*
	 * few places, so that images meet: next to each other, near, far, at the edge of those
	 * that are not random
	 */
	return 0x1fc1000 + dice(3) * 0x1000 + dice(chance(50) ? 2 : 24) -
	       (chance(3) ? 0x1fc1000 + 0x1000 - 0x400 : 0);
}

static void new_space(struct world *w, struct space *s)
{
	*s = (struct space){ .exe = 1 + dice(EXES), .cell = { random_cell(w), random_cell(w) }, .page = dice(chance(50) ? 3 : 1000),
			     .loader = chance(10) };
	if (chance(60))
		s->cell[1] = s->cell[0];
}

static void keep(struct world *w, const struct oracle_record *r)
{
	if (w->log->records.n < MOST_RECORDS)
		*VEC_PUSH(&w->log->records) = *r;
}

/* One record: seen by a trusted source, by text, or by both; or lost. */
static void emit(struct world *w, struct oracle_record r)
{
	r.t = w->t + (chance(4) ? -(int64_t)dice(12) : 0);
	r.serial = w->serial++;
	w->last.t = r.t;
	w->last.serial = r.serial;
	if (dice(100) < w->loss)
		return;
	r.layer = dice(100) < w->text ? TRACK_TEXT : TRACK_TRUSTED;
	keep(w, &r);
	if (r.layer == TRACK_TRUSTED && r.kind < EDGE_BORN && dice(100) < w->both) {
		r.layer = TRACK_TEXT;
		keep(w, &r);
	}
}

static void tell(struct world *w, int64_t node, int32_t pid, enum edge_kind kind, int32_t parent)
{
	/*
	 * an event of a source that knows processes stands right behind a record, and has its
	 * serial
	 */
	struct oracle_record r = { .node = node,
				   .t = w->last.t,
				   .serial = w->last.serial,
				   .pid = pid,
				   .parent = parent,
				   .kind = (uint8_t)kind };

	if (dice(100) < w->known)
		keep(w, &r);
}

static void speak(struct world *w, int64_t node, int32_t pid, enum edge_kind kind)
{
	const struct process *p = &w->process[node][pid];
	const struct space *s = &w->space[p->space];
	struct oracle_record r = { .node = node,
				   .pid = pid,
				   .exe = s->exe,
				   .name = 8 + dice(3),
				   .uid = p->uid,
				   .auid = p->uid,
				   .loader = s->loader,
				   .kind = (uint8_t)kind };

	r.call = kind == EDGE_NONE ? 1 + dice(CALLS) : 100 + kind;
	r.ip = s->cell[chance(80) ? 0 : 1] << 22 | (uint64_t)s->page << 12 |
	       (uint64_t)(r.call * 16);
	emit(w, r);
}

static void act(struct world *w)
{
	int64_t node = dice((uint32_t)w->n_nodes);
	int32_t pid = (int32_t)dice((uint32_t)w->n_pids),
		child = (int32_t)dice((uint32_t)w->n_pids);
	struct process *p = &w->process[node][pid];
	uint32_t what = dice(100);

	if (!p->alive)
		*p = (struct process){ (int)dice((uint32_t)w->n_spaces), true, dice(10) == 0 };
	if (what < 45) {
		speak(w, node, pid, EDGE_NONE);
	} else if (what < 70 && child != pid) {
		speak(w, node, pid, EDGE_FORK);
		tell(w, node, child, EDGE_BORN, pid);
		if (chance(40))
			w->t += dice(3) == 0 ? dice(1100) : dice(12);
		w->process[node][child] = *p;
		if (chance(10)) {
			new_space(w, &w->space[dice((uint32_t)w->n_spaces)]);
			w->process[node][child].space = (int)dice((uint32_t)w->n_spaces);
		}
		speak(w, node, child, EDGE_NONE);
	} else if (what < 85) {
		speak(w, node, pid, EDGE_EXEC);
		w->t += chance(20) ? dice(400) : 0;
		if (chance(80)) {
			tell(w, node, pid, EDGE_EXECED, 0);
			p->space = (int)dice((uint32_t)w->n_spaces);
			if (chance(40))
				new_space(w, &w->space[p->space]);
			speak(w, node, pid, EDGE_NONE);
		}
	} else if (what < 95) {
		speak(w, node, pid, EDGE_EXIT);
		tell(w, node, pid, EDGE_GONE, 0);
		p->alive = false;
	} else if (what < 97) {
		/* the file is replaced: another name, the same addresses */
		w->space[p->space].exe = 1 + dice(EXES);
	} else {
		w->space[p->space].page = dice(3);
	}
}

/* A line that somebody else wrote: any pid, any time. */
static void forge(struct world *w)
{
	struct oracle_record r = { .node = dice((uint32_t)w->n_nodes),
				   .pid = (int32_t)dice((uint32_t)w->n_pids),
				   .exe = 1 + dice(EXES),
				   .name = 8 + dice(3),
				   .call = 1 + dice(CALLS),
				   .uid = dice(10) == 0,
				   .loader = chance(10),
				   .layer = TRACK_TEXT,
				   .kind = (uint8_t)dice(4),
				   .t = w->t - (int64_t)dice(3000),
				   .serial = w->serial - dice(20) };

	r.ip = random_cell(w) << 22 | (uint64_t)dice(3) << 12 | (uint64_t)(r.call * 16);
	if (chance(50)) {
		const struct space *s = &w->space[dice((uint32_t)w->n_spaces)];

		r.exe = s->exe;
		r.ip = s->cell[0] << 22 | (uint64_t)s->page << 12 | (uint64_t)(r.call * 16);
	}
	keep(w, &r);
}

static void random_log(struct oracle_log *log)
{
	static const int sizes[] = { 8, 25, 60, 120, 190 }, pids[] = { 2, 4, 8, PIDS };
	static const int64_t steps[] = { 1, 4, 30, 300, 900, 2500 };
	struct world w = { .log = log,
			   .t = T0 + dice(3600000),
			   .serial = chance(5) ? UINT32_MAX - 400 : 1000 };
	uint32_t kind = dice(4);
	size_t n = (size_t)sizes[dice(ARRAY_SIZE(sizes))];

	log->records.n = log->boots.n = 0;
	w.n_spaces = 1 + (int)dice(SPACES);
	w.n_pids = pids[dice(ARRAY_SIZE(pids))];
	w.n_nodes = chance(10) ? 2 : 1;
	w.loss = chance(50) ? 0 : dice(70);
	w.known = chance(75) ? 0 : 60;
	w.fixed = chance(40) ? 0 : chance(50) ? 100 : 30;
	w.step = steps[dice(ARRAY_SIZE(steps))];
	w.text = kind == 0 ? 0 : kind == 1 ? 100 : dice(100);
	w.both = kind == 3 ? dice(100) : 0;
	w.forged = kind == 3 && chance(60) ? dice(20) : 0;
	for (int i = 0; i < w.n_spaces; i++)
		new_space(&w, &w.space[i]);
	for (size_t tries = 0; log->records.n < n && tries < 4 * n; tries++) {
		act(&w);
		if (dice(100) < w.forged)
			forge(&w);
		w.t += chance(60) ? (int64_t)dice((uint32_t)w.step + 1) : 0;
		if (chance(2))
			w.t += chance(50) ? 3600000 : -(int64_t)dice(2000);
		if (chance(3))
			w.serial += dice(5);
		if (dice(300) == 0)
			*VEC_PUSH(&log->boots) = (struct oracle_boot){ dice((uint32_t)w.n_nodes), w.t };
	}
}

/* ---- reading it in pieces ---- */

struct call { int64_t call; uint64_t ip; uint32_t serial; };
struct held { struct track_interval v; struct { struct call *v; size_t n, cap; } calls; };

/* The evidence of a pid as far as it was read. */
struct holding {
	bool any, touched, whole; /* whole: its boots may be others */
	struct { struct held *v; size_t n, cap; } intervals;
	struct { struct track_edge *v; size_t n, cap; } edges;
};

struct reader {
	bool stored; /* in a store, which is written and read again after each piece; else in memory */
	struct table table;
	struct store store;
	struct state state;
	const struct derive_store *api;
	struct derive derive;
	struct holding pid[2][PIDS];
	struct oracle_log known; /* boots as far as they were read */
};

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

static void take_record(struct reader *r, const struct oracle_record *rec)
{
	struct holding *h = &r->pid[rec->node][rec->pid];
	struct held *v;

	h->any = h->touched = true;
	if (rec->kind != EDGE_NONE)
		*VEC_PUSH(&h->edges) = (struct track_edge){ rec->t, rec->serial, 0, rec->kind, rec->layer, rec->parent, row_of[rec->exe],
							    rec->ip >> 22, rec->loader, true };
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
	left = join_intervals(v, n, &by_row, of);
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

/*
 * What stays away where only the end of a life is given: intervals that are not new and have
 * ended by a time. They are put last; returns how many are left.
 */
static size_t leave_out(struct track_interval *v, size_t n, size_t most, struct derive_rest *rest)
{
	size_t left = n, left_out;
	struct track_interval was;

	for (left_out = 0; n - left_out > most; left_out++) {
		size_t first = left;

		for (size_t i = 0; i < left; i++)
			if (!v[i].fresh && (first == left || v[i].t_last < v[first].t_last))
				first = i;
		if (first == left)
			break;
		rest->t_last = v[first].t_last > rest->t_last ? v[first].t_last : rest->t_last;
		rest->s_last = v[first].s_last > rest->s_last ? v[first].s_last : rest->s_last;
		was = v[first];
		v[first] = v[--left];
		v[left] = was;
	}
	return left;
}

static struct { unsigned tried, done, partial; } tails;

/* Only the end of what a pid has. False: that was not enough. */
static bool derive_end(struct reader *r, int64_t node, int32_t pid, struct track_interval *v,
		       size_t n, int64_t *parts)
{
	struct holding *h = &r->pid[node][pid];
	struct derive_rest rest = { INT64_MIN, 0, false };
	auto_free struct track_edge *edges = mem_alloc(h->edges.n * sizeof(*edges));
	auto_free int64_t *ids = NULL;
	size_t left = leave_out(v, n, 66 + dice(chance(50) ? 30 : 200), &rest), n_edges = 0;
	struct err e = { 0 };
	int ret;

	for (size_t i = 0; i < h->edges.n; i++) {
		if (h->edges.v[i].serial > rest.s_last || h->edges.v[i].fresh)
			edges[n_edges++] = h->edges.v[i];
		rest.events = rest.events || h->edges.v[i].kind >= EDGE_BORN;
	}
	ret = derive_behind(&r->derive, node, pid, &rest, v, left, edges, n_edges, &ids, &e);
	if (ret < 0)
		fail_msg("%s", e.msg);
	tails.tried++;
	if (ret != 0)
		return false;
	tails.done++;
	tails.partial += left < n;
	for (size_t i = 0; i < n; i++)
		parts[v[i].id - 1] = i < left ? ids[i] : v[i].was;
	return true;
}

static void derive_holding(struct reader *r, int64_t node, int32_t pid)
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
			*VEC_PUSH(&sites) = (struct track_site){ h->intervals.v[i].calls.v[k].call, h->intervals.v[i].calls.v[k].ip };
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
	if (h->whole || chance(seed_of_case & 1 ? 30 : 1) || !derive_end(r, node, pid, v, n, parts)) {
		if (derive_pid(&r->derive, node, pid, v, n, h->edges.v, h->edges.n, &ids, &e) < 0)
			fail_msg("%s", e.msg);
		for (size_t i = 0; i < n; i++)
			parts[v[i].id - 1] = ids[v[i].part];
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

static void open_reader(struct reader *r, bool stored)
{
	static char name[] = ":memory:";
	struct err e = { 0 };

	*r = (struct reader){ .stored = stored, .store = { .path = name } };
	table_init(&r->table);
	r->api = &r->table.store;
	if (stored) {
		assert_int_equal(sqlite3_open(name, &r->store.db), SQLITE_OK);
		assert_int_equal(sqlite3_exec(r->store.db, schema_sql, NULL, NULL, NULL), SQLITE_OK);
		if (state_init(&r->state, &r->store, &e) < 0)
			fail_msg("%s", e.msg);
		r->api = &r->state.api;
	}
	derive_init(&r->derive, r->api, &by_row);
}

/* Writes the store and forgets all that is in memory, the derivation's own, too. */
static void reopen(struct reader *r)
{
	int64_t part = 0, image = 0;
	struct err e = { 0 };

	if (!r->stored)
		return;
	if (derive_suspend(&r->derive, &e) < 0 || state_save(&r->state, &e) < 0 ||
	    (chance(50) && state_forget(&r->state, &e) < 0) ||
	    state_top(&r->state, &part, &image, &e) < 0)
		fail_msg("%s", e.msg);
	derive_release(&r->derive);
	derive_init(&r->derive, r->api, &by_row);
	r->derive.next_part = part + 1;
	r->derive.next_image = image + 1;
	if (derive_resume(&r->derive, &e) < 0)
		fail_msg("%s", e.msg);
}

static void run(struct reader *r, size_t most)
{
	struct err e = { 0 };

	if (derive_run(&r->derive, most, &e) < 0)
		fail_msg("%s", e.msg);
}

/* What of a log is read when: records first, then boots, mixed. */
static void read_pieces(struct reader *r, const struct oracle_log *log, int how)
{
	size_t n = log->records.n + log->boots.n;
	auto_free size_t *at = mem_alloc(n * sizeof(*at));
	size_t piece = how % 3 == 0 ? 1 : how % 3 == 1 || how == 5 ? 1 + dice(12) : n;
	struct err e = { 0 };

	for (size_t i = 0; i < n; i++)
		at[i] = how == 4 ? n - 1 - i : i;
	for (size_t i = n; how < 3 && i > 1; i--) {
		size_t k = dice((uint32_t)i), was = at[i - 1];

		at[i - 1] = at[k];
		at[k] = was;
	}
	for (size_t i = 0; how == 5 && i + 3 < n; i++) {
		size_t k = i + dice(chance(20) ? 4 : 1), was = at[i];

		at[i] = at[k];
		at[k] = was;
	}
	for (size_t from = 0; from < n; from += piece) {
		size_t to = from + piece < n ? from + piece : n;

		for (size_t i = from; i < to; i++) {
			if (at[i] < log->records.n) {
				take_record(r, &log->records.v[at[i]]);
				continue;
			}
			*VEC_PUSH(&r->known.boots) = log->boots.v[at[i] - log->records.n];
			for (int k = 0; k < PIDS; k++) {
				struct holding *h =
					&r->pid[log->boots.v[at[i] - log->records.n].node][k];

				h->touched = h->whole = true;
			}
		}
		for (int node = 0; node < 2; node++)
			for (int pid = 0; pid < PIDS; pid++)
				if (r->pid[node][pid].touched && r->pid[node][pid].any)
					derive_holding(r, node, pid);
		run(r, chance(60) ? SIZE_MAX : dice(4));
		reopen(r);
		if (chance(20) &&
		    (derive_suspend(&r->derive, &e) < 0 || derive_resume(&r->derive, &e) < 0))
			fail_msg("%s", e.msg);
	}
	run(r, SIZE_MAX);
}

static void close_reader(struct reader *r)
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
		sqlite3_close(r->store.db);
	}
}

/* ---- comparing ---- */

static void print_key(struct buf *out, const struct track_key *k)
{
	buf_printf(out, "%lld/%u/%lld/%u/%d/%04x", (long long)k->node, k->boot,
		   (long long)(k->t - T0), k->serial, k->pid, k->seq);
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

struct texts { char **v; size_t n, cap; };

static void add_text(struct texts *t, struct buf *line)
{
	*VEC_PUSH(t) = mem_dup(buf_text(line));
	line->n = 0;
}

static void drop_texts(struct texts *t)
{
	for (size_t i = 0; i < t->n; i++)
		free(t->v[i]);
	VEC_FREE(t);
}

static void print_part(struct buf *out, const struct track_key *key, int layer, bool loader,
		       bool starts, bool first, int64_t exe, int64_t name, int64_t t_last,
		       int64_t t_end, uint32_t s_last, uint32_t uid, uint32_t auid, int rule)
{
	print_key(out, key);
	buf_printf(out, " %s%s%s%s exe %lld name %lld to %lld/%u end %lld by %u/%u: %s",
		   layer ? "text" : "trusted", loader ? " loader" : "", starts ? " starts" : "",
		   first ? " first" : "", (long long)exe, (long long)name,
		   (long long)(t_last - T0), s_last,
		   t_end == TRACK_LIVES ? -1 : (long long)(t_end - T0), uid, auid,
		   derive_rule_names[rule]);
}

static const struct track_key no_key = { 0 };

static void texts_of_oracle(const struct oracle *o, bool trusted_only, struct texts *out)
{
	auto_buf struct buf line = { 0 };

	for (size_t i = 0; i < o->parts.n; i++) {
		const struct oracle_part *p = &o->parts.v[i];

		if (trusted_only && p->layer == TRACK_TEXT)
			continue;
		print_part(&line, &p->key, p->layer, p->loader, p->starts, p->first, p->exe,
			   p->name, p->t_last, p->t_end, p->s_last, p->uid, p->auid, p->rule);
		buf_str(&line, " image ");
		print_key(&line, &o->parts.v[p->image].key);
		buf_str(&line, " tree ");
		print_key(&line, &o->parts.v[p->tree].key);
		buf_str(&line, " above ");
		print_key(&line, p->above >= 0 ? &o->parts.v[p->above].key : &no_key);
		buf_str(&line, " from ");
		print_key(&line, p->from >= 0 ? &o->parts.v[p->from].key : &no_key);
		buf_str(&line, " link ");
		print_key(&line, p->link >= 0 ? &o->parts.v[p->link].key : &no_key);
		add_text(out, &line);
	}
	for (size_t i = 0; i < o->intervals.n; i++) {
		const struct oracle_interval *x = &o->intervals.v[i];

		if (trusted_only && x->v.layer == TRACK_TEXT)
			continue;
		buf_printf(&line,
			   "interval %d %lld %d %d %llx %lld-%lld %u-%u %lld %u: ", x->v.layer,
			   (long long)x->v.exe, x->v.loader, x->pid, (unsigned long long)x->v.cell,
			   (long long)(x->v.t_first - T0), (long long)(x->v.t_last - T0),
			   x->v.s_first, x->v.s_last, (long long)x->v.name, x->v.uid);
		print_key(&line, &o->parts.v[x->part].key);
		add_text(out, &line);
	}
	if (out->n > 1)
		qsort(out->v, out->n, sizeof(*out->v), by_text);
}

static const struct derive_part *part_at(const struct reader *r, int64_t id)
{
	struct derive_part *p = NULL;
	struct err e = { 0 };

	if (r->api->part(r->api->ctx, id, &p, &e) < 0)
		fail_msg("%s", e.msg);
	return p;
}

static const struct derive_image *image_at(const struct reader *r, int64_t id)
{
	struct derive_image *m = NULL;
	struct err e = { 0 };

	if (r->api->image(r->api->ctx, id, &m, &e) < 0 || m == NULL)
		fail_msg("image %lld: %s", (long long)id, e.msg);
	return m;
}

static void texts_of_reader(const struct reader *r, bool trusted_only, struct texts *out)
{
	auto_buf struct buf line = { 0 };

	for (int64_t i = 1; i < r->derive.next_part; i++) {
		const struct derive_part *p = part_at(r, i), *image, *tree;
		const struct derive_image *of;

		if (p == NULL || (trusted_only && p->layer == TRACK_TEXT))
			continue;
		of = image_at(r, p->image);
		image = part_at(r, of->founder);
		tree = part_at(r, image_at(r, of->tree)->founder);
		print_part(&line, &p->key, p->layer, p->loader, p->starts, p->first,
			   string_of[p->exe], p->name ? string_of[p->name] : 0, p->t_last,
			   p->t_end, p->s_last, p->uid, p->auid, p->rule);
		buf_str(&line, " image ");
		print_key(&line, image ? &image->key : &no_key);
		buf_str(&line, " tree ");
		print_key(&line, tree ? &tree->key : &no_key);
		buf_str(&line, " above ");
		print_key(&line, of->above ? &part_at(r, image_at(r, of->above)->founder)->key :
					     &no_key);
		buf_str(&line, " from ");
		print_key(&line, p->from ? &part_at(r, p->from)->key : &no_key);
		buf_str(&line, " link ");
		print_key(&line, p->link ? &part_at(r, p->link)->key : &no_key);
		add_text(out, &line);
	}
	for (int node = 0; node < 2; node++) {
		for (int pid = 0; pid < PIDS; pid++) {
			const struct holding *h = &r->pid[node][pid];

			for (size_t i = 0; i < h->intervals.n; i++) {
				const struct track_interval *v = &h->intervals.v[i].v;

				if (trusted_only && v->layer == TRACK_TEXT)
					continue;
				buf_printf(&line,
					   "interval %d %lld %d %d %llx %lld-%lld %u-%u %lld %u: ",
					   v->layer, (long long)string_of[v->exe], v->loader, pid,
					   (unsigned long long)v->cell,
					   (long long)(v->t_first - T0),
					   (long long)(v->t_last - T0), v->s_first, v->s_last,
					   (long long)string_of[v->name], v->uid);
				print_key(&line, &part_at(r, v->was)->key);
				add_text(out, &line);
			}
		}
	}
	if (out->n > 1)
		qsort(out->v, out->n, sizeof(*out->v), by_text);
}


static void assert_same(const struct texts *want, const struct texts *got, const char *what)
{
	for (size_t i = 0; i < want->n || i < got->n; i++)
		if (i >= want->n || i >= got->n || strcmp(want->v[i], got->v[i]) != 0)
			fail_msg("seed %llu, %s:\n straight: %s\n by steps: %s", seed_of_case,
				 what, i < want->n ? want->v[i] : "(none)",
				 i < got->n ? got->v[i] : "(none)");
}

/* ---- the test ---- */

static struct {
	unsigned cases, logs, parts, records, within[WITHIN_RULES], rules[DERIVE_RULES], attached,
		crowded, mixed, stored;
} sums;

static void add_sums(const struct oracle *o, const struct oracle_log *log)
{
	sums.logs++;
	sums.parts += (unsigned)o->parts.n;
	sums.records += (unsigned)log->records.n;
	for (int i = 0; i < WITHIN_RULES; i++)
		sums.within[i] += o->within[i] > 0;
	for (int i = 0; i < DERIVE_RULES; i++)
		sums.rules[i] += o->rules[i] > 0;
	sums.attached += o->attached > 0;
	sums.crowded += o->crowded > 0;
}

/* The same log without its text. */
static void without_text(const struct oracle_log *log, struct oracle_log *out)
{
	out->records.n = out->boots.n = 0;
	for (size_t i = 0; i < log->records.n; i++)
		if (log->records.v[i].layer == TRACK_TRUSTED)
			*VEC_PUSH(&out->records) = log->records.v[i];
	for (size_t i = 0; i < log->boots.n; i++)
		*VEC_PUSH(&out->boots) = log->boots.v[i];
}

/* A few processes that live long: hundreds of intervals each. */
static void long_log(struct oracle_log *log)
{
	struct world w = { .log = log, .t = T0 + dice(3600000), .serial = 1000 };
	size_t n = 150 + dice(500);
	bool many = chance(40);

	log->records.n = log->boots.n = 0;
	w.n_spaces = 1 + (int)dice(3);
	w.n_pids = 1 + (int)dice(3);
	w.n_nodes = 1;
	w.loss = chance(50) ? 0 : dice(50);
	w.fixed = chance(60) ? 0 : dice(100);
	w.text = chance(80) ? chance(50) ? 100 : 0 : dice(100);
	w.step = chance(50) ? 2500 : chance(50) ? 900 : 2;
	for (int i = 0; i < w.n_spaces; i++)
		new_space(&w, &w.space[i]);
	for (size_t tries = 0; log->records.n < n && tries < 4 * n; tries++) {
		uint32_t what = dice(1000);
		int32_t pid = (int32_t)dice((uint32_t)w.n_pids);
		struct process *p = &w.process[0][pid];

		if (!p->alive)
			*p = (struct process){ (int)dice((uint32_t)w.n_spaces), true, false };
		if (what < 960)
			speak(&w, 0, pid,
			      what < 60  ? EDGE_FORK :
			      what < 100 ? EDGE_EXEC :
					   EDGE_NONE);
		else
			act(&w);
		/* some map in many places, of which many are told of at one time */
		if (chance(many ? 70 : 8))
			w.space[p->space].cell[0] =
				random_cell(&w) +
				(many ? 40 * dice(90) + 16 * dice(2) + dice(2) : dice(64));
		w.t += chance(85) ? (int64_t)dice((uint32_t)w.step + 1) : 0;
	}
}

/* The rows that say who looks at what: by their words, but for the number of the part. */
static void texts_of_rows(const struct reader *r, struct texts *out)
{
	auto_buf struct buf line = { 0 };
	struct derive_row at = { 0 }, row;
	struct err e = { 0 };

	while (r->api->next(r->api->ctx, &at, &row, &e) == 1 && row.w[0] >> 56 < ROWS_CALL_LOOK) {
		for (int i = 0; i < 6; i++)
			buf_printf(&line, "%llx ", (unsigned long long)row.w[i]);
		buf_printf(&line, "%llx %llx", (unsigned long long)row.w[6] >> 48, (unsigned long long)row.value);
		add_text(out, &line);
		at = row;
	}
	if (out->n > 1)
		qsort(out->v, out->n, sizeof(*out->v), by_text);
}

/* A change leaves the rows that all of it read at once makes. */
static void assert_rows(const struct reader *r, const struct oracle_log *log)
{
	struct texts want = { 0 }, got = { 0 };
	struct reader fresh;

	open_reader(&fresh, false);
	read_pieces(&fresh, log, 2);
	texts_of_rows(&fresh, &want);
	texts_of_rows(r, &got);
	assert_same(&want, &got, "rows");
	drop_texts(&want);
	drop_texts(&got);
	close_reader(&fresh);
}

static const char *const ways[] = { "mixed, one a piece", "mixed, in pieces", "mixed, at once",
				    "in order, one a piece", "backwards, in pieces", "nearly in order" };

static void one_case(struct oracle_log *log, void make(struct oracle_log *log), bool stored)
{
	struct oracle o, trusted;
	struct oracle_log fewer = { 0 };
	struct texts want = { 0 }, want_trusted = { 0 };

	make(log);
	oracle_run(&o, log, &by_number);
	assert_true(o.parts.n < MOST_PARTS);
	add_sums(&o, log);
	texts_of_oracle(&o, false, &want);
	without_text(log, &fewer);
	sums.mixed += fewer.records.n > 0 && fewer.records.n < log->records.n;
	oracle_run(&trusted, &fewer, &by_number);
	texts_of_oracle(&trusted, true, &want_trusted);
	for (int how = 0; how < 6; how++) {
		struct reader r;
		struct texts got = { 0 }, got_trusted = { 0 };

		mix_strings();
		open_reader(&r, stored && how == (int)(seed_of_case % 6));
		read_pieces(&r, log, how);
		texts_of_reader(&r, false, &got);
		texts_of_reader(&r, true, &got_trusted);
		assert_same(&want, &got, ways[how]);
		assert_same(&want_trusted, &got_trusted, "trusted evidence alone");
		drop_texts(&got);
		drop_texts(&got_trusted);
		if (!r.stored && (how == 3 || how == 5))
			assert_rows(&r, log);
		close_reader(&r);
		sums.cases++;
		sums.stored += r.stored;
	}
	drop_texts(&want);
	drop_texts(&want_trusted);
	VEC_FREE(&fewer.records);
	VEC_FREE(&fewer.boots);
	oracle_release(&o);
	oracle_release(&trusted);
}

static void print_share(const char *what, unsigned n, bool judged)
{
	fprintf(stderr, "#   %5.1f %%  %s\n", 100.0 * n / sums.logs, what);
	if (judged && n * 100 < sums.logs)
		fail_msg("'%s' decides in fewer than 1 %% of the logs", what);
}

/* `share`: of the cases, a tenth or all. */
static void many_cases(const char *what, void make(struct oracle_log *log), unsigned share)
{
	const char *given = getenv("SCAUDIT_SEED"), *number = getenv("SCAUDIT_CASES");
	unsigned long long seed = given ? strtoull(given, NULL, 10) :
					  (unsigned long long)time(NULL);
	unsigned n = (number                 ? (unsigned)atoi(number) :
		      getenv("SCAUDIT_LONG") ? 20000 :
					       300) /
		     share;
	struct oracle_log log = { 0 };

	memset(&sums, 0, sizeof(sums));
	memset(&tails, 0, sizeof(tails));
	fprintf(stderr, "# seed %llu, %u logs of %s\n", seed, n, what);
	for (unsigned i = 0; i < n; i++) {
		seed_of_case = seed + i;
		state = (seed + i) * 0x9e3779b97f4a7c15u + 1;
		for (int k = 0; k < 8; k++)
			dice(2);
		one_case(&log, make, i % 4 == 0);
	}
	VEC_FREE(&log.records);
	VEC_FREE(&log.boots);
	fprintf(stderr,
		"# %u logs, %u readings (%u of them into a store), %u records, %u parts: 0 "
		"differences\n",
		sums.logs, sums.cases, sums.stored, sums.records, sums.parts);
}

static void order_does_not_matter(void **unused)
{
	(void)unused;
	many_cases("all shapes", random_log, 1);
	fprintf(stderr, "# logs in which a rule decided:\n");
	for (int i = 0; i < WITHIN_RULES; i++)
		print_share(within_rule_names[i], sums.within[i], sums.logs >= 2000);
	for (int i = 0; i < DERIVE_RULES; i++)
		print_share(derive_rule_names[i], sums.rules[i], sums.logs >= 2000);
	print_share("trusted and text", sums.mixed, sums.logs >= 2000);
	print_share("text joins a trusted part", sums.attached, sums.logs >= 2000);
	print_share("a limit cuts what is looked at", sums.crowded, sums.logs >= 2000);
}

static void a_long_life_is_looked_at_from_its_end(void **unused)
{
	(void)unused;
	many_cases("long lives", long_log, 15);
	fprintf(stderr,
		"# of %u changes %u were derived from the end, %u of them without all that was "
		"before\n",
		tails.tried, tails.done, tails.partial);
	assert_true(tails.partial > 0);
}

/* Few cells are a list, many have an index: both answer as going through all of them does. */
static void cells_are_found(void **unused)
{
	(void)unused;
	state = 12345;
	for (int round = 0; round < 200; round++) {
		struct cells c = { 0 };
		uint64_t all[100], span = chance(50) ? 200 : 5000;
		size_t n = 1 + dice(ARRAY_SIZE(all));

		for (size_t i = 0; i < n; i++) {
			all[i] = dice((uint32_t)span);
			cells_add(&c, all[i]);
		}
		for (uint64_t cell = 0; cell < span + 40; cell++) {
			bool has = false, near = false;

			for (size_t i = 0; i < n; i++) {
				has = has || all[i] == cell;
				near = near || (all[i] > cell ? all[i] - cell : cell - all[i]) <=
						       CELLS_NEAR;
			}
			assert_int_equal(cells_has(&c, cell), has);
			assert_int_equal(cells_near(&c, cell), near);
		}
		cells_clear(&c);
		assert_false(cells_near(&c, all[0]));
		cells_add(&c, 7);
		assert_true(cells_has(&c, 7) && c.n == 1);
		cells_release(&c);
	}
}

/* ---- cost: counted in rows that are looked at and parts that are settled, not timed ---- */

/* n processes of one program in one place, in an order; some end. */
static double work_of(unsigned n, int order, bool fixed, bool ends, unsigned piece)
{
	struct table table;
	struct derive d;
	struct err e = { 0 };
	uint32_t step = 7919;
	double out;

	table_init(&table);
	derive_init(&d, &table.store, &by_number);
	for (uint32_t i = 0; i < n; i++) {
		uint32_t at = order == 0 ? i : order == 1 ? n - 1 - i : i * step % n;
		struct track_site site = { 1 + at % 50, 0x7f0000001000 + at % 50 * 16 };
		struct track_interval v = { .exe = 1, .name = 1, .cell = fixed ? 1 : 0x7f0000001000 >> 22, .t_first = T0 + at,
					    .t_last = T0 + at, .s_first = at + 1, .s_last = at + 1, .sites = &site, .n_sites = 1 };
		struct track_edge edge = { .t = T0 + at, .serial = at + 1, .exe = 1, .cell = v.cell,
					   .kind = at % 3 == 0 ? EDGE_FORK : EDGE_EXIT };

		if (derive_pid(&d, 1, (int32_t)at + 1, &v, 1, &edge, ends ? 1 : 0, NULL, &e) < 0 ||
		    ((i + 1) % piece == 0 && derive_run(&d, SIZE_MAX, &e) < 0))
			fail_msg("%s", e.msg);
	}
	if (derive_run(&d, SIZE_MAX, &e) < 0)
		fail_msg("%s", e.msg);
	out = (double)(d.asked + d.steps) / n;
	derive_release(&d);
	table_release(&table);
	return out;
}

/*
 * In the order of the evidence the cost is the same among many. What comes in any order concerns the few that look at it
 * at most: DERIVE_CALLS of them ask again, each four times over so many rows.
 */
static void a_process_costs_the_same_beside_many(void **unused)
{
	(void)unused;
	for (int order = 0; order < 3; order++) {
		for (int kind = 0; kind < 8; kind++) {
			unsigned piece = kind & 4 ? 1 : 100;
			double few = work_of(500, order, kind & 1, kind & 2, piece);
			double many = work_of(4000, order, kind & 1, kind & 2, piece);
			double most = order == 0 ? few * 1.2 + 1 : (DERIVE_CALLS + 1) * (4 * DERIVE_CALLS + 10);

			if (many > most)
				fail_msg("order %d%s%s, %u a piece: %.1f steps a process among 500, %.1f among 4,000", order,
					 kind & 1 ? ", fixed" : "", kind & 2 ? ", with ends" : "", piece, few, many);
		}
	}
}

int main(void)
{
	struct tests t = { 0 };

	ADD(&t, cells_are_found);
	ADD(&t, order_does_not_matter);
	ADD(&t, a_long_life_is_looked_at_from_its_end);
	ADD(&t, a_process_costs_the_same_beside_many);
	return run_rows(&t, "derive");
}
