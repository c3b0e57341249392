/* Images of one pid: a pure function of its intervals and edges. */
#include "tests/test.h"

#include "ingest/tracker.h"

/* Cells of random places, far from each other; +1 is a neighbour. */
enum { A = 0x1fc1000, B = 0x1fd2000, C = 0x1fe3000, LOW = 1, LOW2 = 40 };
/* Rows of strings. */
enum { RUNC = 1, SH, PERL, PERL_GONE, INIT, N_SH, N_PERL, N_LOG };

#define IV(exe, name, cell, from, to) { exe, name, cell, (from) * 10, (to) * 10, from, to, 0, false, 0 }
#define LOADER(exe, name, cell, from, to) { exe, name, cell, (from) * 10, (to) * 10, from, to, 0, true, 0 }
#define EDGE(serial, kind) { 0, serial, (serial) * 10, EDGE_##kind }

/* What is expected of an image; parent: index, -1 for the first of a process. */
struct want { int64_t exe, name; int32_t parent; uint32_t s_first, s_last; bool loader, starts; };

static struct tracker_row {
	const char *name;
	struct track_interval iv[6];
	size_t n;
	struct track_edge edges[6];
	size_t n_edges;
	struct want want[5];
	size_t n_want;
	int of[6]; /* image of each interval */
} rows[] = {
	{ "one interval is one image",
	  { IV(SH, N_SH, A, 1, 9) }, 1, { { 0 } }, 0,
	  { { SH, 0, -1, 1, 9, false, false } }, 1, { 0 } },
	{ "an exec: another exe in other cells after an execve",
	  { IV(SH, N_SH, A, 1, 9), IV(PERL, N_PERL, B, 10, 20) }, 2, { EDGE(9, EXEC) }, 1,
	  { { SH, 0, -1, 1, 9, false, false }, { PERL, N_PERL, 0, 10, 20, false, false } }, 2, { 0, 1 } },
	{ "a start: the earliest record is an execve that led on",
	  { IV(SH, N_SH, A, 1, 1), IV(PERL, N_PERL, B, 2, 20) }, 2, { EDGE(1, EXEC) }, 1,
	  { { SH, 0, -1, 1, 1, false, true }, { PERL, N_PERL, 0, 2, 20, false, false } }, 2, { 0, 1 } },
	{ "an execve that failed is no exec",
	  { IV(SH, N_SH, A, 1, 30) }, 1, { EDGE(9, EXEC) }, 1,
	  { { SH, 0, -1, 1, 30, false, false } }, 1, { 0 } },
	{ "an exec chain of three",
	  { LOADER(RUNC, INIT, LOW, 1, 9), IV(SH, N_SH, A, 10, 20), IV(PERL, N_PERL, B, 21, 30) }, 3,
	  { EDGE(9, EXEC), EDGE(20, EXEC) }, 2,
	  { { RUNC, INIT, -1, 1, 9, true, false }, { SH, N_SH, 0, 10, 20, false, false }, { PERL, N_PERL, 1, 21, 30, false, false } },
	  3, { 0, 1, 2 } },
	{ "an exec whose execve was lost, within a fifth of a second",
	  { IV(SH, N_SH, A, 1, 9), IV(PERL, N_PERL, B, 29, 40) }, 2, { { 0 } }, 0,
	  { { SH, 0, -1, 1, 9, false, false }, { PERL, 0, 0, 29, 40, false, false } }, 2, { 0, 1 } },
	{ "a reused pid: another exe more than a fifth of a second later",
	  { IV(SH, N_SH, A, 1, 9), IV(PERL, N_PERL, B, 30, 40) }, 2, { { 0 } }, 0,
	  { { SH, 0, -1, 1, 9, false, false }, { PERL, 0, -1, 30, 40, false, false } }, 2, { 0, 1 } },
	{ "a reused pid after an exit_group, at once",
	  { IV(SH, N_SH, A, 1, 9), IV(PERL, N_PERL, B, 10, 20) }, 2, { EDGE(9, EXIT) }, 1,
	  { { SH, 0, -1, 1, 9, false, false }, { PERL, 0, -1, 10, 20, false, false } }, 2, { 0, 1 } },
	{ "a reused pid after an exit_group, the same exe",
	  { IV(SH, N_SH, A, 1, 9), IV(SH, N_SH, B, 10, 20) }, 2, { EDGE(9, EXIT) }, 1,
	  { { SH, 0, -1, 1, 9, false, false }, { SH, 0, -1, 10, 20, false, false } }, 2, { 0, 1 } },
	{ "the same exe again in far cells after an execve is an exec",
	  { IV(SH, N_SH, A, 1, 9), IV(SH, N_SH, B, 10, 20) }, 2, { EDGE(9, EXEC) }, 1,
	  { { SH, 0, -1, 1, 9, false, false }, { SH, N_SH, 0, 10, 20, false, false } }, 2, { 0, 1 } },
	{ "the same exe in far cells without an execve goes on",
	  { IV(SH, N_SH, A, 1, 9), IV(SH, N_SH, B, 10, 20) }, 2, { { 0 } }, 0,
	  { { SH, 0, -1, 1, 20, false, false } }, 1, { 0, 0 } },
	{ "the same exe in near cells after an execve goes on",
	  { IV(SH, N_SH, A, 1, 9), IV(SH, N_SH, A + 3, 10, 20) }, 2, { EDGE(9, EXEC) }, 1,
	  { { SH, 0, -1, 1, 20, false, false } }, 1, { 0, 0 } },
	{ "a replaced binary in the same cells goes on",
	  { IV(PERL, N_PERL, A, 1, 9), IV(PERL_GONE, N_PERL, A, 10, 20) }, 2, { { 0 } }, 0,
	  { { PERL, 0, -1, 1, 20, false, false } }, 1, { 0, 0 } },
	{ "an execve that came last is believed in equal cells too: without ASLR each exec has the same",
	  { IV(PERL, N_PERL, A, 1, 9), IV(PERL_GONE, N_PERL, A, 10, 20) }, 2, { EDGE(9, EXEC) }, 1,
	  { { PERL, 0, -1, 1, 9, false, false }, { PERL_GONE, N_PERL, 0, 10, 20, false, false } }, 2, { 0, 1 } },
	{ "equal cells below 4 GiB prove nothing",
	  { IV(SH, N_SH, LOW, 1, 9), IV(PERL, N_PERL, LOW, 10, 20) }, 2, { EDGE(9, EXEC) }, 1,
	  { { SH, 0, -1, 1, 9, false, false }, { PERL, N_PERL, 0, 10, 20, false, false } }, 2, { 0, 1 } },
	{ "a loader is a root, whatever came before",
	  { IV(SH, N_SH, A, 1, 9), LOADER(SH, INIT, A, 10, 20) }, 2, { { 0 } }, 0,
	  { { SH, 0, -1, 1, 9, false, false }, { SH, INIT, -1, 10, 20, true, false } }, 2, { 0, 1 } },
	{ "a loader's successor in equal cells is an exec",
	  { LOADER(RUNC, INIT, A, 1, 9), IV(PERL, N_PERL, A, 10, 20) }, 2, { EDGE(9, EXEC) }, 1,
	  { { RUNC, INIT, -1, 1, 9, true, false }, { PERL, N_PERL, 0, 10, 20, false, false } }, 2, { 0, 1 } },
	{ "threads: intervals of one exe that overlap are one image",
	  { IV(PERL, N_PERL, A, 1, 30), IV(PERL, N_LOG, B, 5, 9), IV(PERL, N_LOG, C, 20, 40) }, 3, { EDGE(15, FORK) }, 1,
	  { { PERL, 0, -1, 1, 40, false, false } }, 1, { 0, 0, 0 } },
	{ "a fork does not hide the execve before it",
	  { IV(SH, N_SH, A, 1, 9), IV(PERL, N_PERL, B, 10, 20) }, 2, { EDGE(5, FORK), EDGE(9, EXEC) }, 2,
	  { { SH, 0, -1, 1, 9, false, false }, { PERL, N_PERL, 0, 10, 20, false, false } }, 2, { 0, 1 } },
	{ "an exit_group of a life before does not count",
	  { IV(SH, N_SH, A, 1, 9), IV(SH, N_SH, B, 10, 20), IV(SH, N_SH, B, 21, 30) }, 3, { EDGE(9, EXIT) }, 1,
	  { { SH, 0, -1, 1, 9, false, false }, { SH, 0, -1, 10, 30, false, false } }, 2, { 0, 1, 1 } },
	{ "three lives of one pid",
	  { IV(SH, N_SH, A, 1, 9), IV(SH, N_SH, B, 10, 20), IV(SH, N_SH, C, 21, 30) }, 3, { EDGE(9, EXIT), EDGE(20, EXIT) }, 2,
	  { { SH, 0, -1, 1, 9, false, false }, { SH, 0, -1, 10, 20, false, false }, { SH, 0, -1, 21, 30, false, false } }, 3, { 0, 1, 2 } },
};

static void assert_images(const struct tracker_row *r, const struct track_images *got)
{
	assert_int_equal(got->n, r->n_want);
	for (size_t i = 0; i < got->n; i++) {
		const struct track_image *g = &got->v[i];
		const struct want *w = &r->want[i];

		assert_int_equal(g->exe, w->exe);
		assert_int_equal(g->name, w->name);
		assert_int_equal(g->parent, w->parent);
		assert_int_equal(g->s_first, w->s_first);
		assert_int_equal(g->s_last, w->s_last);
		assert_int_equal(g->t_first, w->s_first * 10);
		assert_int_equal(g->t_last, w->s_last * 10);
		assert_int_equal(g->loader, w->loader);
		assert_int_equal(g->starts, w->starts);
	}
}

/* Runs the row with its intervals in the given order, its edges backwards every other time. */
static void check_order(const struct tracker_row *r, const size_t *order, bool backwards)
{
	struct track_interval iv[6] = { 0 };
	struct track_edge edges[6] = { 0 };
	struct track_images got = { 0 };

	for (size_t i = 0; i < r->n; i++)
		iv[i] = r->iv[order[i]];
	for (size_t i = 0; i < r->n_edges; i++)
		edges[i] = r->edges[backwards ? r->n_edges - 1 - i : i];
	tracker_pid(iv, r->n, edges, r->n_edges, NULL, &got);
	assert_images(r, &got);
	for (size_t i = 0; i < r->n; i++)
		assert_int_equal(iv[i].image, r->of[order[i]]);
	VEC_FREE(&got);
}

static void permute(const struct tracker_row *r, size_t *order, size_t at)
{
	if (at == r->n) {
		check_order(r, order, false);
		check_order(r, order, true);
	}
	for (size_t i = at; i < r->n; i++) {
		size_t was = order[at];

		order[at] = order[i];
		order[i] = was;
		permute(r, order, at + 1);
		order[i] = order[at];
		order[at] = was;
	}
}

static void check_in_any_order(void **state)
{
	size_t order[6] = { 0, 1, 2, 3, 4, 5 };

	permute(*state, order, 0);
}

static void boots_part_processes(void **state)
{
	static struct tracker_row row = { "a reboot between", { IV(SH, N_SH, A, 1, 9), IV(SH, N_SH, A, 3, 20) }, 2, { EDGE(2, EXEC) }, 1,
		{ { SH, 0, -1, 1, 9, false, false }, { SH, 0, -1, 3, 20, false, false } }, 2, { 0, 1 } };
	void *same = &row;

	(void)state;
	row.iv[1].boot = 1;
	check_in_any_order(&same);
}

static uint32_t dice(uint32_t *x)
{
	*x = *x * 1664525u + 1013904223u;
	return *x >> 8;
}

/* Random lives of a pid, shuffled: the same images come out, and each interval lies within its image. */
static void random_intervals_in_random_order_give_the_same_images(void **state)
{
	uint32_t seed = 7;

	(void)state;
	for (int round = 0; round < 500; round++) {
		struct track_interval iv[40] = { 0 }, mixed[40];
		struct track_edge edges[40] = { 0 }, turned[40];
		struct track_images a = { 0 }, b = { 0 };
		size_t n = 1 + dice(&seed) % 40, n_edges = dice(&seed) % 40;
		uint32_t at = 1;

		for (size_t i = 0; i < n; i++) {
			uint32_t length = dice(&seed) % 30;

			iv[i] = (struct track_interval)IV(1 + dice(&seed) % 3, N_SH, A + (dice(&seed) % 4) * 0x1000, at, at + length);
			iv[i].loader = dice(&seed) % 8 == 0;
			at += 1 + dice(&seed) % 40;
		}
		for (size_t i = 0; i < n_edges; i++)
			edges[i] = (struct track_edge){ 0, (uint32_t)(i * 31 + dice(&seed) % 30), (int64_t)i * 310,
							(enum edge_kind)(1 + dice(&seed) % 3) };
		memcpy(mixed, iv, sizeof(iv));
		memcpy(turned, edges, sizeof(edges));
		for (size_t i = n; i > 1; i--) {
			size_t k = dice(&seed) % i;
			struct track_interval was = mixed[i - 1];

			mixed[i - 1] = mixed[k];
			mixed[k] = was;
		}
		tracker_pid(iv, n, edges, n_edges, NULL, &a);
		tracker_pid(mixed, n, turned, n_edges, NULL, &b);
		assert_int_equal(a.n, b.n);
		for (size_t i = 0; i < a.n; i++) {
			assert_int_equal(a.v[i].exe, b.v[i].exe);
			assert_int_equal(a.v[i].name, b.v[i].name);
			assert_int_equal(a.v[i].s_first, b.v[i].s_first);
			assert_int_equal(a.v[i].s_last, b.v[i].s_last);
			assert_int_equal(a.v[i].parent, b.v[i].parent);
			assert_int_equal(a.v[i].starts, b.v[i].starts);
			assert_true(a.v[i].parent < (int32_t)i);
		}
		for (size_t i = 0; i < n; i++) {
			assert_in_range(iv[i].image, 0, a.n - 1);
			assert_true(iv[i].s_first >= a.v[iv[i].image].s_first && iv[i].s_last <= a.v[iv[i].image].s_last);
		}
		VEC_FREE(&a);
		VEC_FREE(&b);
	}
}

int main(void)
{
	struct tests t = { 0 };

	ADD_ROWS(&t, rows, check_in_any_order);
	ADD(&t, boots_part_processes);
	ADD(&t, random_intervals_in_random_order_give_the_same_images);
	return run_rows(&t, "tracker");
}
