// SPDX-License-Identifier: Apache-2.0
/*
 * Which builds of which programs lie behind a selection: joins what capture read of files with the
 * images that ran them, newest last.
 */
#include "analyze/evidence/builds.h"

#include "store/base/esc.h"
#include "store/base/json.h"
#include "store/base/map.h"
#include "store/base/when.h"

#include <stdlib.h>

struct finding {
	struct query *q;
	struct map first;       /* (node, exe as pool id) -> the first build of it */
	uint32_t *next;         /* the next one of the same */
	struct bytes *locations;   /* the text of each location; empty: no container */
	bool *in;               /* which builds belong */
};

/* What a container goes by; empty for a unit, whose programs are the machine's own. */
static struct bytes container_text(struct query *q, const struct bytes v[LOCATION_FIELDS])
{
	auto_buf struct buf room = { 0 }, text = { 0 }, escaped = { 0 };
	struct bytes general[LOCATION_FIELDS];

	if ((v[LOCATION_CONTAINER].n || v[LOCATION_POD].n || v[LOCATION_CONTAINER_NAME].n ||
	     v[LOCATION_POD_NAME].n) &&
	    location_general(v, general, &room))
		location_text(general, &text);
	esc_tty(&escaped, buf_bytes(&text));
	return pool_get(&q->strings, pool_intern(&q->strings, buf_bytes(&escaped)));
}

static struct bytes location_of(const struct finding *f, const struct query_build *b)
{
	return b->location == QUERY_NONE ? BYTES("") : f->locations[b->location];
}

/* Did the tree run where the build was seen? What ran in no container belongs to trees that did
 * not, either. */
static bool ran_there(const struct finding *f, const struct query_tree *t,
		      const struct query_build *b)
{
	struct bytes location = location_of(f, b);
	bool outside = true;

	for (size_t i = 0; i < t->locations.n; i++) {
		struct bytes text = f->locations[t->locations.v[i]];

		if (text.n && bytes_eq(text, location))
			return true;
		outside = outside && text.n == 0;
	}
	return outside && location.n == 0;
}

static void mark(struct finding *f, const struct query_use *u)
{
	const struct query_image *m = &f->q->images.v[u->image];
	const struct query_tree *t = &f->q->trees.v[m->tree];
	int64_t i = m->loader || u->t_first == WHEN_NONE ?
			    QUERY_NONE :
			    map_get(&f->first, (uint64_t)t->node_id,
				    pool_find(&f->q->strings, m->exe), QUERY_NONE);

	for (; i != QUERY_NONE; i = f->next[i]) {
		const struct query_build *b = &f->q->builds.v[i];

		if (b->t_first <= u->t_last && b->t_last >= u->t_first && !f->in[i])
			f->in[i] = ran_there(f, t, b);
	}
}

static struct bytes node_of(const struct query *q, int64_t node)
{
	for (size_t i = 0; i < q->trees.n; i++)
		if (q->trees.v[i].node_id == node)
			return q->trees.v[i].node;
	return BYTES("");
}

bool builds_same_program(const struct build *a, struct bytes exe, struct bytes location)
{
	return bytes_eq(a->exe, exe) && bytes_eq(a->location, location);
}

static bool same_group(const struct build *a, const struct build *b)
{
	return builds_same_program(a, b->exe, b->location) && a->node_id == b->node_id &&
	       a->here == b->here;
}

/* One row for all containers of one kind. */
static void add_build(struct builds *out, const struct finding *f, const struct query_build *b)
{
	struct build row = { .exe = b->exe,
			     .id = b->id,
			     .node = node_of(f->q, b->node),
			     .location = location_of(f, b),
			     .node_id = b->node,
			     .t_first = b->t_first,
			     .t_last = b->t_last,
			     .here = b->here };

	if (b->location != QUERY_NONE)
		row.image = f->q->locations.v[b->location].v[LOCATION_IMAGE];
	for (size_t i = 0; i < out->n; i++) {
		struct build *was = &out->v[i];

		if (!same_group(was, &row) || !bytes_eq(was->id, row.id) ||
		    !bytes_eq(was->image, row.image))
			continue;
		was->t_first = row.t_first < was->t_first ? row.t_first : was->t_first;
		was->t_last = row.t_last > was->t_last ? row.t_last : was->t_last;
		return;
	}
	*VEC_PUSH(out) = row;
}

static int by_program(const void *a, const void *b)
{
	const struct build *x = a, *y = b;
	int ret = bytes_order(x->exe, y->exe);

	ret = ret ? ret : bytes_order(x->node, y->node);
	ret = ret ? ret : bytes_order(x->location, y->location);
	ret = ret ? ret : x->here - y->here;
	ret = ret ? ret : (x->t_last > y->t_last) - (x->t_last < y->t_last);
	ret = ret ? ret : bytes_order(x->id, y->id);
	return ret ? ret : bytes_order(x->image, y->image);
}

/* Rows of one program in one location are neighbours; two images may hold the same build. */
static void count_others(struct builds *b)
{
	for (size_t from = 0, to; from < b->n; from = to) {
		size_t ids = 0;

		for (to = from; to < b->n && same_group(&b->v[from], &b->v[to]); to++) {
			size_t k = from;

			while (k < to && !bytes_eq(b->v[k].id, b->v[to].id))
				k++;
			ids += k == to;
		}
		b->v[to - 1].latest = true;
		for (size_t i = from; i < to; i++)
			b->v[i].others = ids - 1;
	}
}

void builds_find(struct builds *out, struct query *q, const struct selection *s)
{
	auto_free uint32_t *next = mem_alloc((q->builds.n + 1) * sizeof(*next));
	auto_free struct bytes *locations = mem_alloc((q->locations.n + 1) * sizeof(*locations));
	auto_free bool *in = mem_zero(q->builds.n + 1, sizeof(*in));
	struct finding f = { .q = q, .next = next, .locations = locations, .in = in };

	*out = (struct builds){ 0 };
	for (size_t i = 0; i < q->locations.n; i++)
		locations[i] = container_text(q, q->locations.v[i].v);
	for (size_t i = 0; i < q->builds.n; i++) {
		uint64_t node = (uint64_t)q->builds.v[i].node,
			 exe = pool_find(&q->strings, q->builds.v[i].exe);

		next[i] = (uint32_t)map_get(&f.first, node, exe, QUERY_NONE);
		map_put(&f.first, node, exe, (int64_t)i);
	}
	for (size_t i = 0; i < q->uses.n && q->builds.n > 0; i++)
		if (s->use_in[i])
			mark(&f, &q->uses.v[i]);
	for (size_t i = 0; i < q->builds.n; i++)
		if (in[i])
			add_build(out, &f, &q->builds.v[i]);
	map_release(&f.first);
	if (out->n > 1)
		qsort(out->v, out->n, sizeof(*out->v), by_program);
	count_others(out);
}

json_object *builds_json(const struct build *b)
{
	json_object *o = json_object_new_object();

	json_put_text(o, "path", true, b->exe);
	json_put_text(o, "build_id", true, b->id);
	json_put_text(o, "container", b->location.n > 0, b->location);
	json_put_text(o, "image", b->image.n > 0, b->image);
	json_put_text(o, "node", true, b->node);
	json_object_object_add(o, "local", json_object_new_boolean(b->here));
	json_put_time(o, "first", b->t_first);
	json_put_time(o, "last", b->t_last);
	return o;
}
