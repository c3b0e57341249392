// SPDX-License-Identifier: Apache-2.0
/* Draws random logs with all kinds of lives, so that every rule of the derivation is met. */
#include "tests/derive_log.h"

#include "tests/derive_oracle.h"

#define MOST_RECORDS 700
#define T0 LOG_T0
#define PIDS LOG_PIDS

/* ---- chance ---- */

static uint64_t state;

void dice_seed(uint64_t seed)
{
	state = seed * 0x9e3779b97f4a7c15u + 1;
	for (int i = 0; i < 8; i++)
		dice(2);
}

uint32_t dice(uint32_t n)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (uint32_t)((state >> 16) % n);
}

bool chance(uint32_t percent)
{
	return dice(100) < percent;
}

/* ---- random logs ---- */

enum { EXES = 4, SPACES = 10, CALLS = 6 };

struct space { int64_t exe; uint64_t cell[2]; uint32_t page; bool loader; };
struct process { int space; bool alive; uint32_t uid; };

struct world {
	struct oracle_log *log;
	struct space space[SPACES];
	struct process process[2][PIDS];
	int n_spaces, n_pids, n_nodes;
	int64_t t;
	uint32_t serial, loss, forged, known, fixed, both, text, quiet;
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
	*s = (struct space){ .exe = 1 + dice(EXES),
			     .cell = { random_cell(w), random_cell(w) },
			     .page = dice(chance(50) ? 3 : 1000),
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

void log_random(struct oracle_log *log)
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
			*VEC_PUSH(&log->boots) =
				(struct oracle_boot){ dice((uint32_t)w.n_nodes), w.t };
	}
}

/* ---- long lives ---- */

/* The first pid's process ends, and another one has the pid. */
static void come_back(struct world *w)
{
	speak(w, 0, 0, EDGE_EXIT);
	tell(w, 0, 0, EDGE_GONE, 0);
	w->t += chance(50) ? dice(300) : dice(3000);
	if (!w->process[0][1].alive)
		w->process[0][1] = (struct process){ (int)dice((uint32_t)w->n_spaces), true, 0 };
	speak(w, 0, 1, EDGE_FORK);
	tell(w, 0, 0, EDGE_BORN, 1);
	w->t += chance(30) ? dice(300) : 0;
	w->process[0][0] = w->process[0][1];
	if (chance(30))
		w->process[0][0].space = (int)dice((uint32_t)w->n_spaces);
}

/* Another line says the same of the last record, but for who made it. */
static void say_again(struct world *w)
{
	struct oracle_record r;

	if (w->log->records.n == 0)
		return;
	r = w->log->records.v[w->log->records.n - 1];
	r.uid = r.auid = dice(3);
	r.name = 8 + dice(3);
	keep(w, &r);
}

/* One of a few processes does the next thing; `moves`: in so many of 1,000 cases it maps elsewhere.
 */
static void live(struct world *w, uint32_t moves)
{
	uint32_t what = dice(1000);
	int32_t pid = chance(70) ? 0 : (int32_t)dice((uint32_t)w->n_pids);
	struct process *p = &w->process[0][pid];

	if (!p->alive)
		*p = (struct process){ (int)dice((uint32_t)w->n_spaces), true, dice(10) == 0 };
	if (what < w->quiet)
		speak(w, 0, pid,
		      what < w->quiet / 20 ? EDGE_FORK :
		      what < w->quiet / 12 ? EDGE_EXEC :
					     EDGE_NONE);
	else
		act(w);
	/* some map in many places, of which many are told of at one time */
	if (dice(1000) < moves)
		w->space[p->space].cell[chance(70) ? 0 : 1] =
			random_cell(w) + (chance(50) ? 40 * dice(90) : 0) + 16 * dice(2) + dice(2);
}

void log_long(struct oracle_log *log)
{
	static const uint32_t moves[] = { 0, 5, 30, 150, 700 }, quiet[] = { 999, 990, 960, 800 };
	struct world w = { .log = log,
			   .t = T0 + dice(3600000),
			   .serial = chance(3) ? UINT32_MAX - 900 : 1000 };
	size_t n = 120 + dice(chance(30) ? 500 : 200);
	uint32_t layers = dice(10), move = moves[dice(ARRAY_SIZE(moves))];
	uint32_t back = chance(60) ? 0 : chance(50) ? 20 : 100;
	bool again = chance(20);

	log->records.n = log->boots.n = 0;
	w.quiet = quiet[dice(ARRAY_SIZE(quiet))];
	w.n_spaces = 1 + (int)dice(4);
	w.n_pids = 2 + (int)dice(chance(70) ? 2 : 9);
	w.n_nodes = 1;
	w.loss = chance(60) ? 0 : dice(50);
	w.known = chance(70) ? 0 : 60;
	w.fixed = chance(60) ? 0 : chance(50) ? 100 : dice(100);
	w.text = layers < 4 ? 0 : layers < 6 ? 100 : dice(100);
	w.both = layers == 9 ? dice(100) : 0;
	w.forged = layers >= 8 ? dice(10) : 0;
	w.step = chance(50) ? 2500 : chance(50) ? 900 : 2;
	for (int i = 0; i < w.n_spaces; i++)
		new_space(&w, &w.space[i]);
	for (size_t tries = 0; log->records.n < n && tries < 4 * n; tries++) {
		live(&w, move);
		if (dice(1000) < back)
			come_back(&w);
		if (again && dice(50) == 0)
			say_again(&w);
		if (layers >= 4 && dice(200) == 0)
			w.text = chance(30) ? 0 : chance(50) ? 100 : dice(100);
		if (dice(100) < w.forged)
			forge(&w);
		w.t += chance(85) ? (int64_t)dice((uint32_t)w.step + 1) : 0;
		if (dice(400) == 0)
			w.t += chance(50) ? 3600000 : -(int64_t)dice(2000);
		if (dice(500) == 0)
			*VEC_PUSH(&log->boots) = (struct oracle_boot){ 0, w.t };
	}
}

/* The same log without its text. */
void log_without_text(const struct oracle_log *log, struct oracle_log *out)
{
	out->records.n = out->boots.n = 0;
	for (size_t i = 0; i < log->records.n; i++)
		if (log->records.v[i].layer == TRACK_TRUSTED)
			*VEC_PUSH(&out->records) = log->records.v[i];
	for (size_t i = 0; i < log->boots.n; i++)
		*VEC_PUSH(&out->boots) = log->boots.v[i];
}

void log_release(struct oracle_log *log)
{
	VEC_FREE(&log->records);
	VEC_FREE(&log->boots);
}
