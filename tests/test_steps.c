// SPDX-License-Identifier: Apache-2.0
/*
 * What the derivation costs, counted in rows that are looked at and parts that are settled, not
 * timed: a process among many, and a step where one thing concerns all.
 */
#include "tests/test.h"

#include "ingest/track/derive.h"
#include "tests/derive_log.h"
#include "tests/table.h"

#define T0 LOG_T0
#define HERE (0x7f0000001000 >> 22)

static int by_number(void *ctx, int64_t a, int64_t b)
{
	(void)ctx;
	return a < b ? -1 : a > b;
}

static const struct track_strings strings = { by_number, NULL };

/* n processes of one program in one place, in an order; some end. */
static double work_of(unsigned n, int order, bool fixed, bool ends, unsigned piece)
{
	struct table table;
	struct derive d;
	struct err e = { 0 };
	uint32_t step = 7919;
	double out;

	table_init(&table);
	derive_init(&d, &table.store, &strings);
	for (uint32_t i = 0; i < n; i++) {
		uint32_t at = order == 0 ? i : order == 1 ? n - 1 - i : i * step % n;
		struct track_site site = { 1 + at % 50, 0x7f0000001000 + at % 50 * 16 };
		struct track_interval v = { .exe = 1,
					    .name = 1,
					    .cell = fixed ? 1 : HERE,
					    .t_first = T0 + at,
					    .t_last = T0 + at,
					    .s_first = at + 1,
					    .s_last = at + 1,
					    .sites = &site,
					    .n_sites = 1 };
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
 * In the order of the evidence the cost is the same among many. What comes in any order concerns
 * the few that look at it at most: DERIVE_CALLS of them ask again, each four times over so many
 * rows.
 */
static void a_process_costs_the_same_beside_many(void **unused)
{
	(void)unused;
	for (int order = 0; order < 3; order++) {
		for (int kind = 0; kind < 8; kind++) {
			unsigned piece = kind & 4 ? 1 : 100;
			double few = work_of(500, order, kind & 1, kind & 2, piece);
			double many = work_of(4000, order, kind & 1, kind & 2, piece);
			double most = order == 0 ? few * 1.2 + 1 :
						   (DERIVE_CALLS + 1) * (4 * DERIVE_CALLS + 10);

			if (many > most)
				fail_msg(
					"order %d%s%s, %u a piece: %.1f steps a process among 500, %.1f among 4,000",
					order, kind & 1 ? ", fixed" : "",
					kind & 2 ? ", with ends" : "", piece, few, many);
		}
	}
}

/* ---- one thing that concerns all ---- */

#define MANY 4000
#define A_STEP 700 /* DERIVE_ROOM, and what one part looks at */

struct scene { struct table table; struct derive d; };

/* A record of a pid; more of them are given with those before. */
static struct track_interval record(int64_t t, uint64_t cell, int64_t exe)
{
	return (struct track_interval){ .exe = exe,
					.name = 1,
					.cell = cell,
					.t_first = T0 + t,
					.t_last = T0 + t,
					.s_first = (uint32_t)t + 1,
					.s_last = (uint32_t)t + 1 };
}

static struct track_edge edge(int64_t t, uint8_t kind, int32_t parent)
{
	return (struct track_edge){ .t = T0 + t,
				    .serial = (uint32_t)t + 1,
				    .kind = kind,
				    .parent = parent,
				    .exe = 1,
				    .cell = HERE };
}

static void give(struct scene *s, int32_t pid, struct track_interval *v, size_t n,
		 struct track_edge *edges, size_t n_edges)
{
	struct err e = { 0 };

	if (derive_pid(&s->d, 1, pid, v, n, edges, n_edges, NULL, &e) < 0)
		fail_msg("%s", e.msg);
}

static void settle_all(struct scene *s)
{
	struct err e = { 0 };

	assert_int_equal(derive_run(&s->d, SIZE_MAX, &e), 0);
}

/* Settles all, a step at a time, some of them in another process: none looks at more than A_STEP
 * rows. */
static void settle_in_steps(struct scene *s, const char *what)
{
	struct err e = { 0 };
	uint64_t most = 0, all = s->d.steps;
	unsigned n = 0;

	for (int more = 1; more == 1; n++) {
		uint64_t was = s->d.steps;

		more = derive_run(&s->d, 1, &e);
		most = s->d.steps - was > most ? s->d.steps - was : most;
		if (n % 7 == 0 && (derive_suspend(&s->d, &e) < 0 || derive_resume(&s->d, &e) < 0))
			more = -1;
		assert_true(more >= 0);
	}
	fprintf(stderr, "# %s: %u steps, %llu rows, at most %llu in one\n", what, n,
		(unsigned long long)(s->d.steps - all), (unsigned long long)most);
	assert_true(s->d.steps - all >= MANY / 2 && most <= A_STEP);
}

static struct derive_part *part_of(struct scene *s, int64_t id)
{
	struct derive_part *p = NULL;
	struct err e = { 0 };

	assert_int_equal(s->d.store->part(s->d.store->ctx, id, &p, &e), 0);
	return p;
}

static void open_scene(struct scene *s)
{
	table_init(&s->table);
	derive_init(&s->d, &s->table.store, &strings);
}

static void close_scene(struct scene *s)
{
	derive_release(&s->d);
	table_release(&s->table);
}

/* A late record shows that two images of many processes are one. */
static void images_are_put_together_in_steps(void **unused)
{
	struct track_interval v[2];
	struct scene s;

	(void)unused;
	open_scene(&s);
	for (int i = 0; i < 2 * MANY; i++) {
		v[0] = record(10 + i, i < MANY ? HERE : HERE + 8, 1);
		give(&s, 10 + i, v, 1, NULL, 0);
	}
	settle_all(&s);
	assert_true(part_of(&s, 1)->image != part_of(&s, MANY + 1)->image);
	v[0] = record(10, HERE, 1);
	v[1] = record(11, HERE + 8, 1);
	give(&s, 10, v, 2, NULL, 0);
	settle_in_steps(&s, "two images of many become one");
	for (int i = 1; i <= 2 * MANY; i++)
		assert_int_equal(part_of(&s, i)->image, part_of(&s, 1)->image);
	close_scene(&s);
}

/* Many programs that one image started learn late what started that. */
static void a_tree_is_known_late(void **unused)
{
	struct track_interval v[2];
	struct track_edge x;
	struct scene s;
	struct derive_image *m, *root;
	struct err e = { 0 };

	(void)unused;
	open_scene(&s);
	v[0] = record(10, HERE, 1);
	give(&s, 5, v, 1, NULL, 0);
	for (int i = 0; i < MANY; i++) {
		x = edge(20 + 2 * i, EDGE_EXEC, 0);
		v[0] = record(20 + 2 * i, HERE, 1);
		v[1] = record(21 + 2 * i, HERE + 100 + 4 * (uint64_t)i, 2);
		give(&s, 10 + i, v, 2, &x, 1);
	}
	settle_all(&s);
	v[0] = record(9, HERE + 50, 3);
	v[1] = record(10, HERE, 1);
	x = edge(9, EDGE_EXEC, 0);
	give(&s, 5, v, 2, &x, 1);
	settle_in_steps(&s, "a tree's root is known late");
	assert_int_equal(s.d.store->image(s.d.store->ctx, part_of(&s, 3)->image, &m, &e), 0);
	assert_int_equal(s.d.store->image(s.d.store->ctx, m->tree, &root, &e), 0);
	assert_int_equal(part_of(&s, root->founder)->exe, 3);
	for (int64_t i = 1; i < s.d.next_image; i++) {
		assert_int_equal(s.d.store->image(s.d.store->ctx, i, &m, &e), 0);
		if (m != NULL)
			assert_int_equal(m->tree, root->id);
	}
	close_scene(&s);
}

/* What all rest on turns out to have ended long before. */
static void a_life_turns_out_short(void **unused)
{
	struct track_interval v;
	struct track_edge x[2];
	struct scene s;

	(void)unused;
	open_scene(&s);
	v = record(1, HERE, 1);
	give(&s, 5, &v, 1, NULL, 0);
	for (int i = 0; i < MANY; i++) {
		v = record(10000 + 3000 * i, HERE, 1);
		x[0] = edge(10000 + 3000 * i, EDGE_EXIT, 0);
		give(&s, 10 + i, &v, 1, x, 1);
	}
	settle_all(&s);
	assert_int_equal(part_of(&s, MANY)->image, part_of(&s, 1)->image);
	v = record(1, HERE, 1);
	x[0] = edge(1, EDGE_EXIT, 0);
	give(&s, 5, &v, 1, x, 1);
	settle_in_steps(&s, "a life turns out short");
	assert_true(part_of(&s, MANY)->image != part_of(&s, 1)->image);
	close_scene(&s);
}

/* A late one looks for one that lives, and only later ones do. */
static void nobody_lives_among_many(void **unused)
{
	struct track_interval v;
	struct track_edge x[2];
	struct scene s;

	(void)unused;
	open_scene(&s);
	for (int i = 0; i < MANY; i++) {
		int64_t t = 10 + i + (i < MANY / 2 ? 0 : 20000);

		v = record(t, HERE, 1);
		x[0] = edge(t - 1, EDGE_BORN, 10 + i - 1);
		x[1] = edge(t, EDGE_EXIT, 0);
		give(&s, 10 + i, &v, 1, x, 2);
	}
	settle_all(&s);
	assert_int_equal(part_of(&s, MANY)->image, part_of(&s, 1)->image);
	v = record(15000, HERE, 1);
	give(&s, 5, &v, 1, NULL, 0);
	settle_in_steps(&s, "nobody lives among many");
	assert_int_equal(part_of(&s, MANY + 1)->rule, DERIVE_ALL_GONE);
	close_scene(&s);
}

int main(void)
{
	struct tests t = { 0 };

	ADD(&t, a_process_costs_the_same_beside_many);
	ADD(&t, images_are_put_together_in_steps);
	ADD(&t, a_tree_is_known_late);
	ADD(&t, a_life_turns_out_short);
	ADD(&t, nobody_lives_among_many);
	return run_rows(&t, "steps");
}
