// SPDX-License-Identifier: Apache-2.0
/*
 * Follows a tree's chain of execs past loaders, shells and wrappers to the program that a list is
 * for.
 */
#include "analyze/evidence/main_program.h"

#include "store/base/esc.h"
#include "store/model/program.h"

#define COMM_MAX 15
/* Of the longest life: what lives so long is told apart by its name, not by who ended first. */
#define AS_LONG(ms) (3 * (ms) / 4)

bool main_program_is_plain(const struct query_image *m)
{
	enum program_kind kind = program_kind(m->name, m->exe);

	return !m->loader && (kind == PROGRAM_PLAIN || kind == PROGRAM_HELPER);
}

bool main_program_is(const struct query_image *m)
{
	return m->script.n > 0 || main_program_is_plain(m);
}

struct bytes main_program_name(const struct query_image *m)
{
	struct bytes basename = program_basename(m->exe);

	if (m->script.n)
		return m->script;
	if (m->name.n)
		return m->name;
	return (struct bytes){ basename.p, basename.n < COMM_MAX ? basename.n : COMM_MAX };
}

/* ---- scripts ---- */

/* Which of two uses of an image comes first; then by bytes of who made it. */
static bool is_before(const struct query *q, const struct query_use *a, const struct query_use *b)
{
	if (a->t_first != b->t_first)
		return a->t_first < b->t_first;
	if (a->serial != b->serial)
		return a->serial < b->serial;
	return bytes_order(q->callers.v[a->caller].comm, q->callers.v[b->caller].comm) < 0;
}

/*
 * A shell does not rename itself: a comm that is none of a shell's own is the script that it was
 * exec'd for. The last one counts, where no record of an exec is left between two. An interpreter's
 * threads may rename themselves: where its own exec was not seen, the first comm counts.
 */
static void find_scripts(struct query *q)
{
	auto_free uint32_t *best = mem_zero(q->images.n + 1, sizeof(*best)); /* use + 1 */
	auto_free bool *is_shell = mem_zero(q->images.n + 1, sizeof(*is_shell)),
		       *asked = mem_zero(q->images.n + 1, sizeof(*asked));

	for (uint32_t i = 0; i < q->images.n; i++) {
		struct query_image *m = &q->images.v[i];

		m->script = program_is_script(m->name, m->exe) ? m->name : (struct bytes){ 0 };
		is_shell[i] = program_kind(m->name, m->exe) == PROGRAM_SHELL;
		asked[i] = !m->loader && m->script.n == 0 && (is_shell[i] || m->name.n == 0);
	}
	for (uint32_t i = 0; i < q->uses.n; i++) {
		const struct query_use *u = &q->uses.v[i],
				       *was = best[u->image] ? &q->uses.v[best[u->image] - 1] :
							       NULL;
		bool shell = is_shell[u->image];

		if (!asked[u->image] || (shell && !program_is_script(q->callers.v[u->caller].comm,
								     q->images.v[u->image].exe)))
			continue;
		if (was == NULL || is_before(q, u, was) != shell)
			best[u->image] = i + 1;
	}
	for (uint32_t i = 0; i < q->images.n; i++) {
		struct query_image *m = &q->images.v[i];
		struct bytes comm = best[i] ? q->callers.v[q->uses.v[best[i] - 1].caller].comm :
					      (struct bytes){ 0 };

		if (program_is_script(comm, m->exe))
			m->script = comm;
	}
}

/* ---- on the chain ---- */

/* The last program on the chain of execs that begins with `from`; QUERY_NONE. */
static uint32_t program_on_chain(const struct query *q, uint32_t from)
{
	uint32_t out = QUERY_NONE;

	for (uint32_t i = from; i != QUERY_NONE; i = q->images.v[i].execs)
		if (main_program_is(&q->images.v[i]))
			out = i;
	return out;
}

/* ---- what the chain starts ---- */

/* A program that runs in a process of its own, and how long it and all below it did. */
struct started { uint32_t image; int64_t from, to; bool helper; };

struct starting {
	struct query *q;
	bool *open;              /* of each tree: its chain has no program */
	uint32_t *at; /* of each image: what it came to be, index + 1; 0: no such program */
	VEC(struct started) v;
};

/* The image above: from which it was exec'd, else of which it is a fork. */
static uint32_t above(const struct query *q, uint32_t i)
{
	return q->images.v[i].parent != QUERY_NONE ? q->images.v[i].parent : q->images.v[i].fork_of;
}

static void find_started(struct starting *s)
{
	for (uint32_t i = 0; i < s->q->images.n; i++) {
		const struct query_image *first = &s->q->images.v[i];
		uint32_t program = s->open[first->tree] && first->fork_of != QUERY_NONE ?
					   program_on_chain(s->q, i) :
					   QUERY_NONE;
		const struct query_image *m =
			program == QUERY_NONE ? NULL : &s->q->images.v[program];

		if (m == NULL || s->at[program] != 0)
			continue;
		*VEC_PUSH(&s->v) =
			(struct started){ program, m->t_first, m->t_last,
					  m->script.n == 0 &&
						  program_kind(m->name, m->exe) == PROGRAM_HELPER };
		s->at[program] = (uint32_t)s->v.n;
	}
}

/* What one of them started belongs to it: none below another counts by itself. */
static void sum_up(struct starting *s)
{
	auto_free bool *below = mem_zero(s->v.n + 1, sizeof(*below));
	size_t left = 0;

	for (uint32_t i = 0; i < s->q->images.n; i++) {
		const struct query_image *m = &s->q->images.v[i];
		uint32_t top = 0;

		if (!s->open[m->tree] || m->id == 0)
			continue;
		for (uint32_t k = i; k != QUERY_NONE; k = above(s->q, k)) {
			if (s->at[k] == 0)
				continue;
			if (top != 0)
				below[top - 1] = true;
			top = s->at[k];
		}
		if (top == 0)
			continue;
		s->v.v[top - 1].from =
			m->t_first < s->v.v[top - 1].from ? m->t_first : s->v.v[top - 1].from;
		s->v.v[top - 1].to =
			m->t_last > s->v.v[top - 1].to ? m->t_last : s->v.v[top - 1].to;
	}
	for (size_t i = 0; i < s->v.n; i++)
		if (!below[i])
			s->v.v[left++] = s->v.v[i];
	s->v.n = left;
}

/* By what it is called: the same for all starts. */
static int by_program(const struct query *q, uint32_t a, uint32_t b)
{
	const struct query_image *x = &q->images.v[a], *y = &q->images.v[b];
	int ret = bytes_order(x->exe, y->exe);

	ret = ret ? ret : bytes_order(main_program_name(x), main_program_name(y));
	return ret ? ret : (a > b) - (a < b);
}

/* The longest life counts, of what is there for its own sake; helpers only where there is nothing
 * else. */
static void choose(struct starting *s)
{
	auto_free int64_t *longest = mem_alloc((s->q->trees.n + 1) * sizeof(*longest));
	auto_free bool *other = mem_zero(s->q->trees.n + 1, sizeof(*other));

	for (size_t i = 0; i < s->q->trees.n; i++)
		longest[i] = -1;
	for (size_t i = 0; i < s->v.n; i++)
		other[s->q->images.v[s->v.v[i].image].tree] |= !s->v.v[i].helper;
	for (size_t i = 0; i < s->v.n; i++) {
		uint32_t tree = s->q->images.v[s->v.v[i].image].tree;

		if (s->v.v[i].helper != other[tree] &&
		    s->v.v[i].to - s->v.v[i].from > longest[tree])
			longest[tree] = s->v.v[i].to - s->v.v[i].from;
	}
	for (size_t i = 0; i < s->v.n; i++) {
		struct query_tree *t = &s->q->trees.v[s->q->images.v[s->v.v[i].image].tree];
		size_t tree = (size_t)(t - s->q->trees.v);

		if (s->v.v[i].helper == other[tree] ||
		    s->v.v[i].to - s->v.v[i].from < AS_LONG(longest[tree]))
			continue;
		if (t->main == QUERY_NONE || by_program(s->q, s->v.v[i].image, t->main) < 0)
			t->main = s->v.v[i].image;
		t->started = true;
	}
}

/* ---- all of it ---- */

/* What a tree is called: one name in each table, offer and path. */
static void name_tree(struct query *q, struct query_tree *t)
{
	const struct query_image *m = &q->images.v[t->main];
	auto_buf struct buf shown = { 0 }, path = { 0 };
	const struct query_image *first = m;
	struct bytes last = m->path;

	while (first->fork_of != QUERY_NONE)
		first = &q->images.v[first->fork_of];
	t->main_name = main_program_name(m);
	t->main_path = m->path;
	if (m->script.n == 0)
		return;
	for (size_t at = bytes_find(last, BYTES(" > ")); at < last.n;
	     at = bytes_find(last, BYTES(" > ")))
		bytes_skip(&last, at + 3);
	esc_tty(&shown, m->script);
	if (bytes_eq(last, buf_bytes(&shown)))
		return;
	/* where its exec was not seen its place in the path has the shell's name */
	buf_add(&path, m->path.p, first->name.n ? m->path.n : (size_t)(last.p - m->path.p));
	buf_printf(&path, "%s%s", first->name.n ? " > " : "", buf_text(&shown));
	t->main_path = pool_get(&q->strings, pool_intern(&q->strings, buf_bytes(&path)));
}

void main_program_find(struct query *q)
{
	auto_free bool *open = mem_zero(q->trees.n + 1, sizeof(*open));
	auto_free uint32_t *at = mem_zero(q->images.n + 1, sizeof(*at));
	struct starting s = { .q = q, .open = open, .at = at };

	find_scripts(q);
	for (uint32_t i = 0; i < q->images.n; i++)
		if (q->images.v[i].id != 0 && q->images.v[i].parent != QUERY_NONE)
			q->images.v[q->images.v[i].parent].execs = i;
	for (size_t i = 0; i < q->trees.n; i++) {
		if (q->trees.v[i].id != 0)
			q->trees.v[i].main = program_on_chain(q, q->trees.v[i].root);
		open[i] = q->trees.v[i].main == QUERY_NONE;
	}
	find_started(&s);
	sum_up(&s);
	choose(&s);
	VEC_FREE(&s.v);
	for (size_t i = 0; i < q->trees.n; i++) {
		struct query_tree *t = &q->trees.v[i];

		/* nothing but loaders, shells and wrappers: the last of the chain */
		if (t->main == QUERY_NONE)
			for (t->main = t->root; q->images.v[t->main].execs != QUERY_NONE;)
				t->main = q->images.v[t->main].execs;
		name_tree(q, t);
	}
}
