// SPDX-License-Identifier: Apache-2.0
/* Groups trees into workloads by label, location or main program, and counts what each holds. */
#include "analyze/evidence/workloads.h"

#include "analyze/evidence/main_program.h"
#include "store/base/esc.h"
#include "store/base/map.h"
#include "store/base/when.h"
#include "store/model/action.h"
#include "store/model/program.h"
#include "store/model/record.h"

#include <stdlib.h>

bool workloads_by_parse(const char *text, enum workloads_by *by)
{
	static const char *const words[N_BY] = { "workload", "comm",	  "exe", "label", "node",
						 "tree",     "container", "pod", "unit" };

	for (int i = 0; i < N_BY; i++) {
		if (strcmp(words[i], text) != 0)
			continue;
		*by = (enum workloads_by)i;
		return true;
	}
	return false;
}

/* Rows under construction: by key, each with the trees and calls that it has met. */
struct rows {
	struct workloads *out;
	struct query *q;
	struct map by_key;        /* pool id of the key -> row */
	struct map tree_met;      /* (row, tree) */
	uint32_t last_row, last_tree; /* of which the last use was */
	VEC(uint64_t) call_met;   /* of each row: a bit for each call */
	size_t words;             /* that a row has of them */
	struct map chains;        /* (row, chain of the main program) -> trees */
};

static uint32_t row_for(struct rows *r, struct bytes key, struct bytes name)
{
	uint64_t id = pool_intern(&r->out->strings, key);
	int64_t at = map_get(&r->by_key, id, 0, -1);
	struct workload *w;

	if (at >= 0)
		return (uint32_t)at;
	at = (int64_t)r->out->n;
	map_put(&r->by_key, id, 0, at);
	w = VEC_PUSH(r->out);
	*w = (struct workload){ .name = pool_get(&r->out->strings,
						 pool_intern(&r->out->strings, name)),
				.t_first = WHEN_NONE,
				.t_last = WHEN_NONE };
	for (size_t i = 0; i < r->words; i++)
		*VEC_PUSH(&r->call_met) = 0;
	code_of(key, w->code);
	return (uint32_t)at;
}

static void add_use(struct rows *r, uint32_t row, const struct query_use *u)
{
	struct workload *w = &r->out->v[row];
	const struct query_call *c = &r->q->calls.v[u->call];
	uint32_t tree = r->q->images.v[u->image].tree;
	uint64_t *met = &r->call_met.v[row * r->words + u->call / 64], bit = UINT64_C(1)
									     << u->call % 64;
	bool again = r->last_row == row && r->last_tree == tree;

	/* uses are in the order of their trees */
	r->last_row = row;
	r->last_tree = tree;
	if (!again && map_get(&r->tree_met, row, tree, 0) == 0) {
		map_put(&r->tree_met, row, tree, 1);
		w->trees += r->q->trees.v[tree].stands_for;
		w->starts += r->q->trees.v[tree].starts;
		w->fragments += r->q->trees.v[tree].stands_for - r->q->trees.v[tree].starts;
	}
	w->records += u->events;
	if (!action_passes(c->action)) {
		w->denials += u->events ? u->events : 1;
	} else if (!(*met & bit)) {
		*met |= bit;
		w->syscalls++;
	}
	if (u->t_first == WHEN_NONE)
		return;
	if (w->t_first == WHEN_NONE || u->t_first < w->t_first)
		w->t_first = u->t_first;
	if (w->t_last == WHEN_NONE || u->t_last > w->t_last)
		w->t_last = u->t_last;
}

/* A row's name is its commonest chain (the lowest by bytes of several), behind the label where it
 * has one. */
static void name_rows(struct rows *r)
{
	auto_free int64_t *most = mem_zero(r->out->n, sizeof(*most));
	auto_free struct bytes *chain = mem_zero(r->out->n, sizeof(*chain));
	auto_free uint32_t *ways = mem_zero(r->out->n, sizeof(*ways));
	size_t at = 0;

	for (const struct map_entry *c = map_next(&r->chains, &at); c != NULL;
	     c = map_next(&r->chains, &at)) {
		struct bytes text = pool_get(&r->out->strings, (uint32_t)c->b);

		ways[c->a]++;
		if (c->value > most[c->a] ||
		    (c->value == most[c->a] && strcmp(text.p, chain[c->a].p) < 0)) {
			most[c->a] = c->value;
			chain[c->a] = text;
		}
	}
	for (size_t i = 0; i < r->out->n; i++) {
		auto_buf struct buf name = { 0 };

		if (ways[i] == 0)
			continue;
		if (r->out->v[i].name.n)
			buf_printf(&name, "%s: ", r->out->v[i].name.p);
		buf_add(&name, chain[i].p, chain[i].n);
		if (ways[i] > 1)
			buf_printf(&name, " (and %u other way%s)", ways[i] - 1,
				   ways[i] == 2 ? "" : "s");
		r->out->v[i].name =
			pool_get(&r->out->strings, pool_intern(&r->out->strings, buf_bytes(&name)));
	}
}

/* Trees that share a label belong together, also over a third: the root of each label's set. */
static uint32_t label_set(const uint32_t *parent, uint32_t i)
{
	while (parent[i] != i)
		i = parent[i];
	return i;
}

static void unite_labels(const struct query *q, uint32_t *parent, struct bytes x, struct bytes y)
{
	uint32_t a = label_set(parent, pool_find(&q->strings, x)),
		 b = label_set(parent, pool_find(&q->strings, y));
	bool a_leads;

	/* the lower bytes lead, so that the set's name does not depend on ids */
	if (a == b)
		return;
	a_leads = strcmp(pool_get(&q->strings, a).p, pool_get(&q->strings, b).p) < 0;
	parent[a_leads ? b : a] = a_leads ? a : b;
}

static uint32_t *label_sets(struct query *q)
{
	uint32_t *parent;

	for (size_t i = 0; i < q->trees.n; i++)
		for (size_t k = 0; k < q->trees.v[i].labels.n; k++)
			pool_intern(&q->strings, q->trees.v[i].labels.v[k]);
	parent = mem_alloc((q->strings.n + 1) * sizeof(*parent));
	for (uint32_t i = 0; i <= q->strings.n; i++)
		parent[i] = i;
	for (size_t i = 0; i < q->trees.n; i++) {
		const struct query_tree *t = &q->trees.v[i];

		for (size_t k = 1; k < t->labels.n; k++)
			unite_labels(q, parent, t->labels.v[0], t->labels.v[k]);
	}
	for (size_t i = 0; i < q->links.n; i++)
		unite_labels(q, parent, q->links.v[i].a, q->links.v[i].b);
	return parent;
}

bool workloads_is_whole_location(const struct bytes v[LOCATION_FIELDS])
{
	struct bytes general[LOCATION_FIELDS];
	auto_buf struct buf room = { 0 };

	return v[LOCATION_CONTAINER].n > 0 ||
	       (v[LOCATION_POD].n == 0 && location_general(v, general, &room));
}

/* The first of its places that says what it goes by, as its workload has it. */
static bool general_location(const struct query *q, const struct query_tree *t,
			     struct bytes out[LOCATION_FIELDS], struct buf *room)
{
	for (size_t i = 0; i < t->locations.n; i++)
		if (location_general(q->locations.v[t->locations.v[i]].v, out, room))
			return true;
	return false;
}

bool workloads_has_location(const struct query *q, const struct query_tree *t)
{
	struct bytes general[LOCATION_FIELDS];
	auto_buf struct buf room = { 0 };

	return general_location(q, t, general, &room);
}

static void location_key(struct buf *out, const struct bytes general[LOCATION_FIELDS])
{
	buf_str(out, "place|");
	for (int i = 0; i < LOCATION_FIELDS; i++) {
		buf_add(out, general[i].p, general[i].n);
		buf_char(out, '|');
	}
}

void workloads_location_code(const struct bytes general[LOCATION_FIELDS], char out[CODE_SIZE])
{
	auto_buf struct buf key = { 0 };

	location_key(&key, general);
	code_of(buf_bytes(&key), out);
}

static uint32_t workload_row(struct rows *r, const struct query_tree *t, const uint32_t *sets)
{
	const struct query_image *m = &r->q->images.v[t->main];
	auto_buf struct buf key = { 0 }, name = { 0 }, room = { 0 };
	struct bytes general[LOCATION_FIELDS];

	if (t->labels.n) {
		struct bytes label = pool_get(&r->q->strings, label_set(sets,
							pool_find(&r->q->strings, t->labels.v[0])));

		buf_str(&key, "label|");
		buf_add(&key, label.p, label.n);
		esc_tty(&name, label);
		return row_for(r, buf_bytes(&key), buf_bytes(&name));
	}
	if (general_location(r->q, t, general, &room)) {
		auto_buf struct buf text = { 0 };

		location_key(&key, general);
		location_text(general, &text);
		esc_tty(&name, buf_bytes(&text));
		return row_for(r, buf_bytes(&key), buf_bytes(&name));
	}
	buf_str(&key, "program|");
	buf_add(&key, m->exe.p, m->exe.n);
	buf_char(&key, '|');
	buf_add(&key, t->main_name.p, t->main_name.n);
	return row_for(r, buf_bytes(&key), BYTES(""));
}

static int by_records(const void *a, const void *b, void *rows)
{
	const uint32_t *x = a, *y = b;
	const struct workload *all = rows, *p = &all[*x], *q = &all[*y];

	if (p->records != q->records)
		return p->records > q->records ? -1 : 1;
	return strcmp(p->code, q->code);
}

/* Sorts the rows and renumbers of_tree. */
static void sort_rows(struct workloads *w, size_t n_trees)
{
	auto_free uint32_t *order = mem_alloc(w->n * sizeof(*order)),
			   *position = mem_alloc(w->n * sizeof(*position));
	struct workload *sorted = mem_alloc(w->n * sizeof(*sorted));

	for (uint32_t i = 0; i < w->n; i++)
		order[i] = i;
	if (w->n > 1)
		qsort_r(order, w->n, sizeof(*order), by_records, w->v);
	for (uint32_t i = 0; i < w->n; i++) {
		sorted[i] = w->v[order[i]];
		position[order[i]] = i;
	}
	free(w->v);
	w->v = sorted;
	w->cap = w->n;
	for (size_t i = 0; i < n_trees; i++)
		if (w->of_tree[i] != WORKLOADS_NONE)
			w->of_tree[i] = position[w->of_tree[i]];
}

static const enum location_field ids[] = { LOCATION_CONTAINER, LOCATION_POD, LOCATION_UNIT };

bool workloads_location_name(struct buf *out, const struct bytes v[LOCATION_FIELDS],
			     enum workloads_by by)
{
	enum location_field id = ids[by - BY_CONTAINER];
	struct bytes shown[LOCATION_FIELDS] = { 0 };
	auto_buf struct buf text = { 0 };
	struct bytes bare;

	if (v[id].n == 0 && (by != BY_CONTAINER || v[LOCATION_CONTAINER_NAME].n == 0) &&
	    (by != BY_POD || v[LOCATION_POD_NAME].n == 0))
		return false;
	memcpy(shown, v, sizeof(shown));
	if (by == BY_POD)
		shown[LOCATION_CONTAINER] = shown[LOCATION_CONTAINER_NAME] = (struct bytes){ 0 };
	if (by == BY_UNIT)
		memset(shown, 0, LOCATION_UNIT * sizeof(*shown));
	location_text(shown, &text);
	bare = buf_bytes(&text);
	bytes_until(&bare, ' '); /* what it is, says the column's head */
	bytes_skip(&bare, 1);
	esc_tty(out, bare);
	if (by == BY_CONTAINER && v[LOCATION_CONTAINER_NAME].n && v[LOCATION_CONTAINER].n) {
		buf_str(out, " (");
		esc_tty(out, (struct bytes){
				     v[LOCATION_CONTAINER].p,
				     v[LOCATION_CONTAINER].n > 12 ? 12 : v[LOCATION_CONTAINER].n });
		buf_char(out, ')');
	}
	return true;
}

/* One row a container, pod or unit that the tree was seen in. */
static void rows_of_location(struct rows *r, const struct query_use *u, const struct query_tree *t,
			     enum workloads_by by)
{
	enum location_field id = ids[by - BY_CONTAINER];
	bool any = false;

	for (size_t i = 0; i < t->locations.n; i++) {
		const struct bytes *v = r->q->locations.v[t->locations.v[i]].v;
		auto_buf struct buf name = { 0 }, key = { 0 };

		if (!workloads_location_name(&name, v, by))
			continue;
		any = true;
		buf_printf(&key, "%d|", (int)by);
		buf_add(&key, v[id].p, v[id].n);
		buf_char(&key, '|');
		buf_add(&key, name.p, name.n);
		add_use(r, row_for(r, buf_bytes(&key), buf_bytes(&name)), u);
	}
	if (!any)
		add_use(r, row_for(r, BYTES("-"), BYTES("-")), u);
}

static void rows_of_use(struct rows *r, const struct query_use *u, enum workloads_by by)
{
	const struct query_image *m = &r->q->images.v[u->image];
	const struct query_tree *t = &r->q->trees.v[m->tree];
	auto_buf struct buf name = { 0 };
	struct bytes key;

	switch (by) {
	case BY_COMM:
		key = r->q->callers.v[u->caller].comm;
		break;
	case BY_EXE:
		key = m->exe;
		break;
	case BY_NODE:
		key = t->node;
		break;
	case BY_LABEL:
		for (size_t i = 0; i < t->labels.n; i++) {
			name.n = 0;
			esc_tty(&name, t->labels.v[i]);
			add_use(r, row_for(r, t->labels.v[i], buf_bytes(&name)), u);
		}
		if (t->labels.n)
			return;
		key = BYTES("-");
		break;
	case BY_CONTAINER:
	case BY_POD:
	case BY_UNIT:
		rows_of_location(r, u, t, by);
		return;
	case BY_TREE:
	default:
		key = t->code;
		add_use(r, row_for(r, key, t->main_path), u);
		return;
	}
	esc_tty(&name, key);
	add_use(r, row_for(r, key, buf_bytes(&name)), u);
}

/* Adds what a query has. of_tree: of its trees, to be filled. */
static void add_query(struct rows *r, struct query *q, enum workloads_by by, const bool *in,
		      uint32_t *of_tree)
{
	auto_free uint32_t *sets = label_sets(q);

	r->q = q;
	r->words = q->calls.n / 64 + 1;
	r->last_row = r->last_tree = WORKLOADS_NONE;
	map_clear(&r->tree_met);
	for (size_t i = 0; i < q->trees.n; i++)
		of_tree[i] = WORKLOADS_NONE;
	for (size_t i = 0; i < q->uses.n; i++) {
		const struct query_use *u = &q->uses.v[i];
		uint32_t tree = q->images.v[u->image].tree;

		if (in != NULL && !in[i])
			continue;
		if (by != BY_WORKLOAD) {
			rows_of_use(r, u, by);
			continue;
		}
		if (of_tree[tree] == WORKLOADS_NONE) {
			uint32_t chain = pool_intern(&r->out->strings, q->trees.v[tree].main_path);

			of_tree[tree] = workload_row(r, &q->trees.v[tree], sets);
			map_put(&r->chains, of_tree[tree], chain,
				map_get(&r->chains, of_tree[tree], chain, 0) + 1);
		}
		add_use(r, of_tree[tree], u);
	}
	/* a tree's row has the tree's own code */
	for (size_t i = 0; i < q->trees.n && by == BY_TREE; i++) {
		int64_t at =
			map_get(&r->by_key, pool_find(&r->out->strings, q->trees.v[i].code), 0, -1);

		if (at >= 0)
			memcpy(r->out->v[at].code, q->trees.v[i].code.p, CODE_SIZE - 1);
	}
}

static void end_rows(struct rows *r, size_t n_trees)
{
	name_rows(r);
	sort_rows(r->out, n_trees);
	map_release(&r->chains);
	map_release(&r->by_key);
	map_release(&r->tree_met);
	VEC_FREE(&r->call_met);
}

void workloads_list(struct workloads *out, struct query *q, enum workloads_by by, const bool *in)
{
	struct rows r = { .out = out };

	*out = (struct workloads){ .of_tree = mem_alloc(q->trees.n * sizeof(*out->of_tree)) };
	add_query(&r, q, by, in, out->of_tree);
	end_rows(&r, q->trees.n);
}

struct workloads_stream { struct rows rows; enum workloads_by by; };

struct workloads_stream *workloads_begin(struct workloads *out, enum workloads_by by)
{
	struct workloads_stream *w = mem_zero(1, sizeof(*w));

	*out = (struct workloads){ 0 };
	w->rows.out = out;
	w->by = by;
	return w;
}

void workloads_add(struct workloads_stream *w, struct query *q)
{
	auto_free uint32_t *of_tree = mem_alloc((q->trees.n + 1) * sizeof(*of_tree));

	main_program_find(q);
	add_query(&w->rows, q, w->by, NULL, of_tree);
}

void workloads_end(struct workloads_stream *w)
{
	end_rows(&w->rows, 0);
	free(w);
}

void workloads_find(struct workloads *out, struct query *q)
{
	main_program_find(q);
	workloads_list(out, q, BY_WORKLOAD, NULL);
}

void workloads_release(struct workloads *w)
{
	free(w->v);
	free(w->of_tree);
	pool_release(&w->strings);
	*w = (struct workloads){ 0 };
}

static int by_path(const void *a, const void *b)
{
	const struct workloads_path *x = a, *y = b;

	return strcmp(x->path.p, y->path.p);
}

static size_t depth_of(struct bytes path)
{
	size_t depth = 0;

	for (size_t at = bytes_find(path, BYTES(" > ")); at < path.n;
	     at = bytes_find(path, BYTES(" > "))) {
		bytes_skip(&path, at + 3);
		depth++;
	}
	return depth;
}

void workloads_paths(struct workloads_paths *out, struct query *q, const bool *use_in)
{
	struct map index = { 0 }, trees = { 0 }, calls = { 0 };

	*out = (struct workloads_paths){ 0 };
	for (size_t i = 0; i < q->uses.n; i++) {
		const struct query_use *u = &q->uses.v[i];
		const struct query_image *m = &q->images.v[u->image];
		const struct query_call *c = &q->calls.v[u->call];
		uint32_t id = pool_intern(&q->strings, m->path);
		int64_t at = map_get(&index, id, 0, -1);
		struct workloads_path *p;

		if (!use_in[i])
			continue;
		if (at < 0) {
			at = (int64_t)out->n;
			map_put(&index, id, 0, at);
			*VEC_PUSH(out) = (struct workloads_path){ .path = m->path,
								  .depth = depth_of(m->path) };
		}
		p = &out->v[at];
		p->records += u->events;
		if (map_get(&trees, (uint64_t)at, m->tree, 0) == 0) {
			map_put(&trees, (uint64_t)at, m->tree, 1);
			p->trees += q->trees.v[m->tree].stands_for;
			p->starts += q->trees.v[m->tree].starts;
		}
		if (action_passes(c->action) &&
		    map_get(&calls, (uint64_t)at, (uint64_t)c->arch << 32 | (uint32_t)c->nr, 0) ==
			    0) {
			map_put(&calls, (uint64_t)at, (uint64_t)c->arch << 32 | (uint32_t)c->nr, 1);
			p->syscalls++;
		}
	}
	map_release(&index);
	map_release(&trees);
	map_release(&calls);
	if (out->n > 1)
		qsort(out->v, out->n, sizeof(*out->v), by_path);
}
