// SPDX-License-Identifier: Apache-2.0
/* Times of starts, and the kinds of work that they showed beside starting: stops, handled signals,
 * probes. */
#include "analyze/evidence/readiness_seen.h"

#include "store/base/when.h"
#include "store/model/syscall.h"

#include <string.h>
#include <time.h>

bool readiness_on_list(const struct query *q, const struct query_tree *t, struct map *list,
		       bool put)
{
	static const int named[] = { LOCATION_CONTAINER_NAME, LOCATION_POD_NAME, LOCATION_UNIT };

	for (size_t i = 0; i < t->locations.n; i++)
		for (size_t n = 0; n < ARRAY_SIZE(named); n++) {
			struct bytes text = q->locations.v[t->locations.v[i]].v[named[n]];
			uint64_t name = pool_find(&q->strings, text);

			if (name == 0 || text.n == 0)
				continue;
			if (put)
				map_put(list, (uint64_t)t->node_id, name << 2 | n, 1);
			else if (map_get(list, (uint64_t)t->node_id, name << 2 | n, 0))
				return true;
		}
	return false;
}

static void find_times(struct readiness *r)
{
	int64_t last = WHEN_NONE;

	r->t_news = WHEN_NONE;
	for (size_t i = 0; i < r->starts.n; i++) {
		time_t second = (time_t)(r->starts.v[i].t / 1000);
		struct tm tm;

		localtime_r(&second, &tm);
		r->hours |= 1u << tm.tm_hour;
		r->days |= 1u << tm.tm_wday;
		if (r->starts.v[i].n_news == 0)
			continue;
		if (last != WHEN_NONE && r->starts.v[i].t - last > r->longest_quiet_ms)
			r->longest_quiet_ms = r->starts.v[i].t - last;
		last = r->t_news = r->starts.v[i].t;
	}
	if (last != WHEN_NONE)
		r->quiet_ms = r->starts.v[r->starts.n - 1].t - last;
}

/* Does one of the tree's uses return from a handler of a signal? */
static bool handled_signal(const struct query *q, const struct selection *s,
			   const struct readiness_start *start)
{
	const struct query_tree *t = &q->trees.v[start->tree];

	for (uint32_t k = t->use; k < t->use + t->n_uses; k++) {
		const struct query_call *c = &q->calls.v[q->uses.v[k].call];
		char name[SYSCALL_NAME_MAX];

		if (s->use_in[k] && syscall_name(c->arch, c->nr, name) &&
		    (strcmp(name, "rt_sigreturn") == 0 || strcmp(name, "sigreturn") == 0))
			return true;
	}
	return false;
}

/* Of starts that are there whole; of compacted ones none of this is kept. */
static void find_work(struct readiness *r, const struct query *q, const struct selection *s)
{
	for (size_t i = 0; i < r->starts.n; i++) {
		const struct query_tree *t = &q->trees.v[r->starts.v[i].tree];
		const struct query_image *m;

		if (r->starts.v[i].set != QUERY_NONE)
			continue;
		for (m = &q->images.v[t->root]; m->execs != QUERY_NONE;)
			m = &q->images.v[m->execs];
		r->stops += m->t_end != WHEN_NONE;
		r->signals += handled_signal(q, s, &r->starts.v[i]);
		r->lived_ms += t->t_last - t->t_first;
	}
}

/* Trees that were not selected, and ran in the same containers, pods or units: probes, hooks, what
 * an administrator ran. */
static void find_probes(struct readiness *r, const struct query *q, const struct selection *s)
{
	struct map names = { 0 };

	for (size_t i = 0; i < r->starts.n; i++)
		readiness_on_list(q, &q->trees.v[r->starts.v[i].tree], &names, true);
	for (size_t i = 0; i < q->trees.n; i++)
		if (!s->tree_in[i] && readiness_on_list(q, &q->trees.v[i], &names, false))
			r->probes += q->trees.v[i].stands_for;
	map_release(&names);
}

void readiness_seen(struct readiness *r, const struct query *q, const struct selection *s)
{
	find_times(r);
	find_work(r, q, s);
	find_probes(r, q, s);
}
