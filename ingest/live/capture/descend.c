// SPDX-License-Identifier: Apache-2.0
/*
 * Follows a process and its descendants by perf's events, and gives each event the serial of the
 * record before it.
 */
#include "ingest/live/capture/descend.h"

#include <stdlib.h>

#define NS_PER_MS 1000000
#define TICK_MS 10 /* a record's time is that of the kernel's last tick, at most so much early */
/* one that has gone is remembered so long for records that are on their way */
#define KEPT_NS 2000000000ll
#define EDGES_KEPT 64 /* calls without an outcome yet: tries of execvp, threads that all fork */

struct edge_seen { int64_t t_ms; uint32_t serial; enum edge_kind kind; };
struct outcome { enum task_kind kind; int32_t child; int64_t ns; };

struct descend_process {
	int32_t pid;
	uint32_t threads;
	int64_t born_ns, gone_ns;   /* gone_ns 0: it lives */
	bool any, told;             /* a record came; its end was handed out */
	uint32_t last_serial;
	int64_t last_ms;
	VEC(struct edge_seen) edges;   /* by serial */
	VEC(struct outcome) outcomes;  /* by time */
};

static void add_process(struct descend *d, int32_t pid, int64_t ns)
{
	struct descend_process *p = mem_zero(1, sizeof(*p));

	p->pid = pid;
	p->threads = 1;
	p->born_ns = ns;
	map_put(&d->by_pid, (uint32_t)pid, 0, (int64_t)d->all.n);
	*VEC_PUSH(&d->all) = p;
	d->processes++;
}

static struct descend_process *find_process(const struct descend *d, int32_t pid)
{
	int64_t at = map_get(&d->by_pid, (uint32_t)pid, 0, -1);

	return at < 0 ? NULL : d->all.v[at];
}

void descend_begin(struct descend *d, int32_t pid)
{
	*d = (struct descend){ 0 };
	add_process(d, pid, 0);
}

static void free_process(struct descend_process *p)
{
	VEC_FREE(&p->edges);
	VEC_FREE(&p->outcomes);
	free(p);
}

void descend_release(struct descend *d)
{
	for (size_t i = 0; i < d->all.n; i++)
		free_process(d->all.v[i]);
	VEC_FREE(&d->all);
	map_release(&d->by_pid);
}

void descend_event(struct descend *d, const struct task_event *ev)
{
	struct descend_process *p = find_process(
		d, ev->kind == TASK_FORK || ev->kind == TASK_THREAD ? ev->parent : ev->pid);

	if (p != NULL && ev->kind != TASK_EXIT)
		*VEC_PUSH(&p->outcomes) = (struct outcome){ ev->kind, ev->pid, ev->ns };
	if (ev->kind == TASK_FORK)
		add_process(d, ev->pid, ev->ns);
	else if (ev->kind == TASK_THREAD && p != NULL)
		p->threads++;
	else if (ev->kind == TASK_EXIT && p != NULL && p->threads > 0 && --p->threads == 0)
		p->gone_ns = ev->ns;
}

bool descend_has(const struct descend *d, int32_t pid, int64_t t_ms)
{
	const struct descend_process *p = find_process(d, pid);

	return p != NULL && (t_ms + TICK_MS) * NS_PER_MS >= p->born_ns &&
	       (p->gone_ns == 0 || t_ms * NS_PER_MS <= p->gone_ns);
}

void descend_record(struct descend *d, int32_t pid, int64_t t_ms, uint32_t serial,
		    enum edge_kind kind)
{
	struct descend_process *p = find_process(d, pid);
	size_t at;

	if (p == NULL)
		return;
	if (!p->any || (int32_t)(serial - p->last_serial) > 0) {
		p->last_serial = serial;
		p->last_ms = t_ms;
	}
	p->any = true;
	if (kind != EDGE_FORK && kind != EDGE_EXEC)
		return;
	at = p->edges.n;
	(void)VEC_PUSH(&p->edges);
	for (; at > 0 && (int32_t)(p->edges.v[at - 1].serial - serial) > 0; at--)
		p->edges.v[at] = p->edges.v[at - 1];
	p->edges.v[at] = (struct edge_seen){ t_ms, serial, kind };
}

/*
 * Calls and outcomes are in one order; some calls fail and have none. From the end, each outcome
 * takes the last call of its kind that is left and came before it: a call that failed came before
 * the one that did not.
 */
static void settle_process(struct descend_process *p, int64_t ns,
			   void (*take)(void *, const struct queue_task *), void *to)
{
	size_t n = 0, left, used = 0;

	while (n < p->outcomes.n && p->outcomes.v[n].ns < ns)
		n++;
	left = p->edges.n;
	for (size_t i = n; i-- > 0;) {
		const struct outcome *o = &p->outcomes.v[i];
		enum edge_kind kind = o->kind == TASK_EXEC ? EDGE_EXEC : EDGE_FORK;
		size_t at = left;

		while (at > 0 && (p->edges.v[at - 1].kind != kind ||
				  p->edges.v[at - 1].t_ms * NS_PER_MS > o->ns))
			at--;
		if (at == 0)
			continue;
		left = at - 1;
		used = used ? used : at;
		if (o->kind != TASK_THREAD)
			take(to, &(struct queue_task){
					 .pid = o->kind == TASK_FORK ? o->child : p->pid,
					 .parent = o->kind == TASK_FORK ? p->pid : 0,
					 .kind = o->kind == TASK_FORK ? EDGE_BORN : EDGE_EXECED,
					 .serial = p->edges.v[left].serial,
					 .t_ms = p->edges.v[left].t_ms });
	}
	if (p->edges.n - used > EDGES_KEPT)
		used = p->edges.n - EDGES_KEPT;
	VEC_DROP(&p->edges, used);
	VEC_DROP(&p->outcomes, n);
	if (p->gone_ns == 0 || p->gone_ns >= ns || p->told)
		return;
	p->told = true;
	if (p->any)
		take(to, &(struct queue_task){ .pid = p->pid,
					       .kind = EDGE_GONE,
					       .serial = p->last_serial,
					       .t_ms = p->last_ms });
}

/* Forgets those that went long ago. */
static void tidy(struct descend *d, int64_t ns)
{
	size_t left = 0;

	for (size_t i = 0; i < d->all.n; i++) {
		struct descend_process *p = d->all.v[i];

		if (!p->told || p->gone_ns > ns - KEPT_NS) {
			d->all.v[left++] = p;
			continue;
		}
		free_process(p);
	}
	if (left == d->all.n)
		return;
	d->all.n = left;
	map_clear(&d->by_pid);
	for (size_t i = 0; i < left; i++)
		map_put(&d->by_pid, (uint32_t)d->all.v[i]->pid, 0, (int64_t)i);
}

void descend_settle(struct descend *d, int64_t ns,
		    void (*take)(void *to, const struct queue_task *task), void *to)
{
	for (size_t i = 0; i < d->all.n; i++)
		if (d->all.v[i]->outcomes.n || d->all.v[i]->gone_ns)
			settle_process(d->all.v[i], ns, take, to);
	tidy(d, ns);
}

size_t descend_alive(const struct descend *d)
{
	size_t n = 0;

	for (size_t i = 0; i < d->all.n; i++)
		n += d->all.v[i]->gone_ns == 0;
	return n;
}
