// SPDX-License-Identifier: Apache-2.0
/* Records whose absence others show, and programs of whose calls there can be none. */
#include "analyze/evidence/whole.h"

#include "analyze/evidence/lives.h"
#include "store/base/map.h"
#include "store/base/when.h"
#include "store/model/action.h"
#include "store/model/syscall.h"

#include <inttypes.h>
#include <stdlib.h>

#define LACKS_SHOWN 8
#define CALLS_MOST 32 /* more than any runtime's table has */

/* What the calls of one image show. */
struct shown {
	bool exec, exit, uncounted; /* uncounted: forks are on record without a number */
	uint64_t forks;
};

struct looking {
	struct whole *out;
	const struct query *q;
	const struct selection *s;
	struct shown *shown;        /* of each image */
	uint8_t *signs;             /* of each tree: bits by sign */
};

/* ---- which trees can show it ---- */

/* Presence, totals and trees of two names have no images to compare; a policy in force lets calls
 * through without a record. */
static bool can_show(const struct looking *l, uint32_t tree)
{
	const struct query_tree *t = &l->q->trees.v[tree];

	return l->s->tree_in[tree] && t->id != 0 && t->also.n == 0 && t->policies.n == 0;
}

/* Was all of it asked for? */
static bool in_time(const struct looking *l, const struct query_image *m)
{
	return (l->q->since == WHEN_NONE || m->t_first >= l->q->since) &&
	       (l->q->until == WHEN_NONE || m->t_last <= l->q->until);
}

static void sign(struct looking *l, uint32_t tree, enum whole_sign sign)
{
	l->signs[tree] |= (uint8_t)(1u << sign);
}

/* The image whose address space it shares, over forks of forks. */
static uint32_t founder(const struct query *q, uint32_t i)
{
	while (q->images.v[i].fork_of != QUERY_NONE)
		i = q->images.v[i].fork_of;
	return i;
}

/* Calls are few, and uses many: what a call is gets looked up once. */
static void note_calls(struct looking *l)
{
	auto_free enum edge_kind *kinds = mem_alloc((l->q->calls.n + 1) * sizeof(*kinds));
	auto_free bool *ends = mem_zero(l->q->calls.n + 1, sizeof(*ends));
	char name[SYSCALL_NAME_MAX];

	for (size_t i = 0; i < l->q->calls.n; i++) {
		const struct query_call *c = &l->q->calls.v[i];

		kinds[i] = syscall_edge(c->arch, c->nr);
		/* what was refused may have ended it */
		ends[i] = kinds[i] == EDGE_EXIT || action_kills(c->action) ||
			  (syscall_name(c->arch, c->nr, name) && strcmp(name, "exit") == 0);
	}
	for (size_t i = 0; i < l->q->uses.n; i++) {
		const struct query_use *u = &l->q->uses.v[i];
		struct shown *m = &l->shown[u->image];

		m->exec |= kinds[u->call] == EDGE_EXEC;
		m->exit |= ends[u->call];
		m->forks += kinds[u->call] == EDGE_FORK ? u->events : 0;
		m->uncounted |= kinds[u->call] == EDGE_FORK && u->events == 0;
	}
}

/* ---- the signs ---- */

/* A program that appears in a pid, where what was there before shows no execve. */
static void look_at_execs(struct looking *l)
{
	struct map execs = { 0 }; /* (founder of the image, pid): one of its parts has an execve */

	for (uint32_t i = 0; i < l->q->images.n; i++)
		if (l->shown[i].exec)
			map_put(&execs, founder(l->q, i), (uint64_t)l->q->images.v[i].pid, 1);
	for (uint32_t i = 0; i < l->q->images.n; i++) {
		const struct query_image *m = &l->q->images.v[i];
		const struct query_image *from =
			m->parent == QUERY_NONE ? NULL : &l->q->images.v[m->parent];

		if (from == NULL || from->pid != m->pid || !can_show(l, m->tree) ||
		    !in_time(l, from) || !in_time(l, m))
			continue;
		if (map_get(&execs, founder(l->q, m->parent), (uint64_t)m->pid, 0) == 0)
			sign(l, m->tree, WHOLE_EXEC);
	}
	map_release(&execs);
}

/* Processes that were forked, and the calls by which they were. */
static void look_at_forks(struct looking *l)
{
	auto_free uint64_t *calls = mem_zero(l->q->images.n + 1, sizeof(*calls)),
			   *forked = mem_zero(l->q->images.n + 1, sizeof(*forked));
	auto_free bool *open = mem_zero(l->q->images.n + 1, sizeof(*open));
	struct map met = { 0 };

	for (uint32_t i = 0; i < l->q->images.n; i++) {
		const struct query_image *m = &l->q->images.v[i];
		uint32_t first = founder(l->q, i);

		calls[first] += l->shown[i].forks;
		open[first] |= l->shown[i].uncounted || !in_time(l, m);
		if (m->pid == l->q->images.v[first].pid ||
		    map_get(&met, first, (uint64_t)m->pid, 0))
			continue;
		map_put(&met, first, (uint64_t)m->pid, 1);
		forked[first]++;
	}
	for (uint32_t i = 0; i < l->q->images.n; i++)
		if (forked[i] > calls[i] && !open[i] && can_show(l, l->q->images.v[i].tree))
			sign(l, l->q->images.v[i].tree, WHOLE_FORK);
	map_release(&met);
}

/* A pid that came back: what had it before came to its end, and shows none. */
static void look_at_exits(struct looking *l)
{
	size_t n;
	auto_free uint32_t *order = lives_by_pid(l->q, true, &n);

	for (size_t i = 1; i < n; i++) {
		const struct query_image *was = &l->q->images.v[order[i - 1]],
					 *m = &l->q->images.v[order[i]];
		bool same = was->pid == m->pid && was->boot == m->boot &&
			    was->trusted == m->trusted &&
			    l->q->trees.v[was->tree].row == l->q->trees.v[m->tree].row;

		/* it goes on in an image that it exec'd, or that one is a part of its own */
		if (!same || (m->parent != QUERY_NONE && l->q->images.v[m->parent].pid == m->pid) ||
		    m->t_first < was->t_last)
			continue;
		if (!l->shown[order[i - 1]].exit && can_show(l, was->tree) && in_time(l, was))
			sign(l, was->tree, WHOLE_EXIT);
	}
}

static const struct runtime *loader_of(const struct query *q, uint32_t tree)
{
	const struct query_image *root = &q->images.v[q->trees.v[tree].root];

	for (size_t i = 0; root->loader && runtime_at(i) != NULL; i++)
		if (runtime_is(runtime_at(i), root->path))
			return runtime_at(i);
	return NULL;
}

/* Which of its calls a loader's images show: bits. */
static uint32_t calls_of_loader(const struct runtime *r, const char *name)
{
	const char *call;

	for (size_t i = 0; (call = runtime_call(r, i)) != NULL && i < CALLS_MOST; i++)
		if (strcmp(call, name) == 0)
			return 1u << i;
	return 0;
}

static void add_lacking(struct whole *out, const struct runtime *r, uint32_t lacking)
{
	size_t n = 0;

	if (out->loader != NULL && out->loader != r)
		return;
	out->loader = r;
	out->lacks.n = 0;
	for (size_t i = 0; runtime_call(r, i) != NULL && i < CALLS_MOST; i++)
		if (lacking & 1u << i && n++ < LACKS_SHOWN)
			buf_printf(&out->lacks, "%s%s", n > 1 ? ", " : "", runtime_call(r, i));
}

/* The same of each call of the query. */
static void calls_of(uint32_t *out, const struct query *q, const struct runtime *r)
{
	char name[SYSCALL_NAME_MAX];

	for (size_t i = 0; i < q->calls.n; i++)
		out[i] = syscall_name(q->calls.v[i].arch, q->calls.v[i].nr, name) ?
				 calls_of_loader(r, name) :
				 0;
}

/* Starts that lack what their loader does in each start. */
static void look_at_loaders(struct looking *l)
{
	auto_free uint32_t *has = mem_zero(l->q->trees.n + 1, sizeof(*has));
	auto_free uint32_t *calls = mem_zero(l->q->calls.n + 1, sizeof(*calls));
	const struct runtime *of = NULL; /* whose calls these are */
	uint32_t lacking = 0;
	enum runtime_when when;

	for (size_t i = 0; i < l->q->uses.n; i++) {
		const struct query_use *u = &l->q->uses.v[i];
		const struct query_image *m = &l->q->images.v[u->image];
		const struct runtime *r =
			m->loader && l->s->tree_in[m->tree] ? loader_of(l->q, m->tree) : NULL;

		if (r == NULL)
			continue;
		if (r != of)
			calls_of(calls, l->q, r);
		of = r;
		has[m->tree] |= calls[u->call];
	}
	for (uint32_t i = 0; i < l->q->trees.n; i++) {
		const struct runtime *r =
			l->q->trees.v[i].start_seen && can_show(l, i) ? loader_of(l->q, i) : NULL;
		uint32_t lacks = 0, more = 0, all = 0;

		for (size_t k = 0;
		     r != NULL && runtime_call_when(r, k, &when) != NULL && k < CALLS_MOST; k++) {
			if (when == RUNTIME_ALWAYS && !(has[i] & 1u << k))
				lacks |= 1u << k;
			all |= when == RUNTIME_PRIVILEGED ? 1u << k : 0;
		}
		more = has[i] & all;
		l->out->tree_short[i] = more != 0 && more != all;
		if (lacks == 0 || !in_time(l, &l->q->images.v[l->q->trees.v[i].root]))
			continue;
		sign(l, i, WHOLE_LOADER);
		if (l->out->loader == NULL || l->out->loader == r)
			lacking |= lacks;
		add_lacking(l->out, r, lacking);
	}
}

/* ---- what gets past the filter ---- */

static enum whole_past past_of(const char *name)
{
	if (strcmp(name, "seccomp") == 0)
		return WHOLE_FILTER;
	if (strncmp(name, "io_uring_", 9) == 0)
		return WHOLE_IO_URING;
	return strcmp(name, "prctl") == 0 ? WHOLE_PRCTL : WHOLE_NOTHING;
}

static void look_past(struct looking *l)
{
	auto_free enum whole_past *past = mem_zero(l->q->calls.n + 1, sizeof(*past));
	char name[SYSCALL_NAME_MAX];

	for (size_t i = 0; i < l->q->calls.n; i++) {
		const struct query_call *c = &l->q->calls.v[i];

		past[i] = c->action == (uint32_t)ACTION_LOG && syscall_name(c->arch, c->nr, name) ?
				  past_of(name) :
				  WHOLE_NOTHING;
	}
	for (size_t i = 0; i < l->q->uses.n; i++) {
		const struct query_use *u = &l->q->uses.v[i];
		const struct query_image *m = &l->q->images.v[u->image];

		if (!l->s->use_in[i] || m->loader || past[u->call] <= l->out->past)
			continue;
		l->out->past = past[u->call];
		l->out->who = m->path;
	}
}

void whole_find(struct whole *out, const struct query *q, const struct selection *s)
{
	auto_free struct shown *shown = mem_zero(q->images.n + 1, sizeof(*shown));
	auto_free uint8_t *signs = mem_zero(q->trees.n + 1, sizeof(*signs));
	struct looking l = { out, q, s, shown, signs };

	*out = (struct whole){ .tree_damaged = mem_zero(q->trees.n + 1, sizeof(*out->tree_damaged)),
			       .tree_short = mem_zero(q->trees.n + 1, sizeof(*out->tree_short)) };
	note_calls(&l);
	look_at_execs(&l);
	look_at_forks(&l);
	look_at_exits(&l);
	look_at_loaders(&l);
	look_past(&l);
	for (uint32_t i = 0; i < q->trees.n; i++) {
		out->trees += can_show(&l, i);
		if (signs[i] == 0)
			continue;
		out->tree_damaged[i] = true;
		out->damaged++;
		out->starts += q->trees.v[i].start_seen;
		for (int k = 0; k < N_WHOLE_SIGNS; k++)
			out->by[k] += signs[i] >> k & 1;
	}
}

void whole_release(struct whole *w)
{
	free(w->tree_damaged);
	free(w->tree_short);
	buf_release(&w->lacks);
	*w = (struct whole){ 0 };
}

bool whole_shows_start(const struct whole *w, const struct query *q, const struct selection *s,
		       const struct runtime *r)
{
	for (uint32_t i = 0; i < q->trees.n; i++)
		if (s->tree_in[i] && q->trees.v[i].starts > 0 && !w->tree_damaged[i] &&
		    !w->tree_short[i] && loader_of(q, i) == r)
			return true;
	return false;
}

/* ---- words ---- */

void whole_signs(struct buf *out, const struct whole *w)
{
	static const char *const words[N_WHOLE_SIGNS] = {
		[WHOLE_EXEC] = "a program appears without its execve",
		[WHOLE_FORK] = "a process appears without the call that forked it",
		[WHOLE_EXIT] = "a pid came back, and no exit of the process before is there",
	};
	const char *between = "";

	for (int k = 0; k < N_WHOLE_SIGNS; k++) {
		if (w->by[k] == 0)
			continue;
		if (k == WHOLE_LOADER)
			buf_printf(out, "%sthe start lacks %s, which %s calls in each start",
				   between, buf_text((struct buf *)(uintptr_t)&w->lacks),
				   w->loader->version);
		else
			buf_printf(out, "%s%s", between, words[k]);
		if (w->damaged > 1)
			buf_printf(out, " (%" PRIu64 " tree%s)", w->by[k],
				   w->by[k] == 1 ? "" : "s");
		between = "; ";
	}
}

void whole_past_text(struct buf *out, const struct whole *w)
{
	static const char *const words[] = {
		[WHOLE_PRCTL] =
			" calls prctl, which can load a filter of its own: what that refuses leaves no record",
		[WHOLE_IO_URING] = " uses io_uring: what is done in its rings leaves no record",
		[WHOLE_FILTER] = " loads a filter of its own: what that refuses left no record",
	};
	struct bytes who = w->who;

	if (w->past == WHOLE_NOTHING)
		return;
	for (size_t at = bytes_find(who, BYTES(" > ")); at < who.n;
	     at = bytes_find(who, BYTES(" > ")))
		bytes_skip(&who, at + 3);
	buf_add(out, who.p, who.n);
	buf_str(out, words[w->past]);
}
