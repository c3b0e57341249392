// SPDX-License-Identifier: Apache-2.0
/* Collects the refusals of a selection and merges them by caller, call and action. */
#include "analyze/evidence/denials.h"

#include "store/base/map.h"
#include "store/base/when.h"
#include "store/model/action.h"

#include <stdlib.h>

static int most_first(const void *a, const void *b)
{
	const struct denial *x = a, *y = b;
	int ret = strcmp(x->name, y->name);

	if (x->events != y->events)
		return x->events > y->events ? -1 : 1;
	ret = ret ? ret : bytes_order(x->path, y->path);
	ret = ret ? ret : bytes_order(x->comm, y->comm);
	ret = ret ? ret : bytes_order(x->node, y->node);
	ret = ret ? ret : (x->arch > y->arch) - (x->arch < y->arch);
	ret = ret ? ret : (x->nr > y->nr) - (x->nr < y->nr);
	return ret ? ret : (x->action > y->action) - (x->action < y->action);
}

static bool same(const struct denial *d, const struct query_call *c, const struct query_image *m,
		 struct bytes comm, struct bytes node)
{
	return d->arch == c->arch && d->nr == c->nr && d->action == c->action &&
	       bytes_eq(d->path, m->path) && bytes_eq(d->comm, comm) && bytes_eq(d->node, node);
}

struct denial *denials_of(struct denials *d, const struct query *q, const struct query_use *u)
{
	const struct query_call *c = &q->calls.v[u->call];
	const struct query_image *m = &q->images.v[u->image];

	for (size_t i = 0; i < d->n; i++)
		if (same(&d->v[i], c, m, q->callers.v[u->caller].comm, q->trees.v[m->tree].node))
			return &d->v[i];
	return NULL;
}

void denials_find(struct denials *out, const struct query *q, const struct selection *s)
{
	*out = (struct denials){ 0 };
	for (size_t i = 0; i < q->uses.n; i++) {
		const struct query_use *u = &q->uses.v[i];
		const struct query_call *c = &q->calls.v[u->call];
		const struct query_image *m = &q->images.v[u->image];
		struct bytes comm = q->callers.v[u->caller].comm, node = q->trees.v[m->tree].node;
		struct denial *d;

		if (!s->use_in[i] || action_passes(c->action))
			continue;
		d = denials_of(out, q, u);
		if (d == NULL) {
			d = VEC_PUSH(out);
			*d = (struct denial){ .arch = c->arch,
					      .action = c->action,
					      .nr = c->nr,
					      .path = m->path,
					      .comm = comm,
					      .exe = m->exe,
					      .node = node,
					      .t_first = WHEN_NONE,
					      .t_last = WHEN_NONE };
			syscall_name(c->arch, c->nr, d->name);
		}
		d->events += u->events;
		d->trusted += u->trusted;
		if (u->t_first != WHEN_NONE && (d->t_first == WHEN_NONE || u->t_first < d->t_first))
			d->t_first = u->t_first;
		if (u->t_last != WHEN_NONE && (d->t_last == WHEN_NONE || u->t_last > d->t_last))
			d->t_last = u->t_last;
	}
	if (out->n > 1)
		qsort(out->v, out->n, sizeof(*out->v), most_first);
}
