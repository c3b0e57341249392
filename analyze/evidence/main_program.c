// SPDX-License-Identifier: Apache-2.0
/*
 * Follows a tree's chain of execs past loaders, shells and wrappers to the program that a list is
 * for.
 */
#include "analyze/evidence/main_program.h"

#include "store/model/program.h"

#define AT_ONCE_MS 100 /* stages of a pipeline exec within it */

bool main_program_is_plain(const struct query_image *m)
{
	return !m->loader && program_kind(m->name, m->exe) == PROGRAM_PLAIN;
}

/* The last plain image on the chain of execs that begins with `from`; QUERY_NONE. */
static uint32_t plain_on_chain(const struct query *q, uint32_t from)
{
	uint32_t out = QUERY_NONE;

	for (uint32_t i = from; i != QUERY_NONE; i = q->images.v[i].execs)
		if (main_program_is_plain(&q->images.v[i]))
			out = i;
	return out;
}

/* What the first image of a forked process came to exec; QUERY_NONE. */
static uint32_t started_by(const struct query *q, uint32_t i)
{
	const struct query_image *first = &q->images.v[i];

	if (first->fork_of == QUERY_NONE || first->execs == QUERY_NONE)
		return QUERY_NONE;
	return plain_on_chain(q, first->execs);
}

/*
 * Trees whose chain has no plain program: the first that a fork of them came to run. Of those within a tenth of a second
 * the one with the lowest pid: which stage of a pipeline speaks first is chance, in which order they are forked is not.
 */
static void find_started(struct query *q)
{
	auto_free int64_t *soonest = mem_alloc(q->trees.n * sizeof(*soonest));
	auto_free bool *open = mem_alloc(q->trees.n * sizeof(*open));

	for (size_t i = 0; i < q->trees.n; i++) {
		soonest[i] = INT64_MAX;
		open[i] = q->trees.v[i].main == QUERY_NONE;
	}
	for (uint32_t i = 0; i < q->images.n; i++) {
		uint32_t tree = q->images.v[i].tree, program = open[tree] ? started_by(q, i) : QUERY_NONE;

		if (program != QUERY_NONE && q->images.v[program].t_first < soonest[tree])
			soonest[tree] = q->images.v[program].t_first;
	}
	for (uint32_t i = 0; i < q->images.n; i++) {
		const struct query_image *first = &q->images.v[i];
		struct query_tree *t = &q->trees.v[first->tree];
		uint32_t program = open[first->tree] ? started_by(q, i) : QUERY_NONE;

		if (program == QUERY_NONE || q->images.v[program].t_first > soonest[first->tree] + AT_ONCE_MS)
			continue;
		if (t->main == QUERY_NONE || first->pid < q->images.v[t->main].pid) {
			t->main = program;
			t->started = true;
		}
	}
}

void main_program_find(struct query *q)
{
	for (uint32_t i = 0; i < q->images.n; i++)
		if (q->images.v[i].id != 0 && q->images.v[i].parent != QUERY_NONE)
			q->images.v[q->images.v[i].parent].execs = i;
	for (size_t i = 0; i < q->trees.n; i++)
		if (q->trees.v[i].id != 0)
			q->trees.v[i].main = plain_on_chain(q, q->trees.v[i].root);
	find_started(q);
	for (size_t i = 0; i < q->trees.n; i++) {
		struct query_tree *t = &q->trees.v[i];

		/* nothing but loaders, shells and wrappers: the last of the chain */
		if (t->main != QUERY_NONE)
			continue;
		for (t->main = t->root; q->images.v[t->main].execs != QUERY_NONE;)
			t->main = q->images.v[t->main].execs;
	}
}
