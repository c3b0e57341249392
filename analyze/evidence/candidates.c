// SPDX-License-Identifier: Apache-2.0
/* From selectors to rows that an index has. */
#include "analyze/evidence/candidates.h"

#include "analyze/evidence/lives.h"
#include "store/base/code.h"
#include "store/base/esc.h"
#include "store/base/map.h"
#include "store/base/when.h"
#include "store/model/record.h"

/* How a name is looked up. */
typedef int find_fn(struct find *f, struct store *s, struct bytes name, struct err *e);

/* The kernel keeps 15 bytes. */
static int find_thread(struct find *f, struct store *s, struct bytes name, struct err *e)
{
	return find_comm(
		f, s, (struct bytes){ name.p, name.n < RECORD_COMM_MAX ? name.n : RECORD_COMM_MAX },
		e);
}

static int find_first(struct find *f, struct store *s, struct bytes name, struct err *e)
{
	return find_thread(f, s, name, e) < 0 ? -1 : find_exe(f, s, name, e);
}

/* As typed, and as our own output writes it: see select.c. */
static int either(struct find *f, struct store *s, const char *text, find_fn *find, struct err *e)
{
	auto_buf struct buf read = { 0 };

	if (find(f, s, bytes_of(text), e) < 0)
		return -1;
	if (strchr(text, '\\') == NULL)
		return 0;
	esc_read(&read, bytes_of(text));
	return find(f, s, buf_bytes(&read), e);
}

/* ---- places ---- */

struct asked {
	const char *text;
	bool (*is)(const struct bytes v[LOCATION_FIELDS], const char *text);
};

static bool is_asked(void *of, const struct bytes v[LOCATION_FIELDS])
{
	const struct asked *a = of;

	return a->is(v, a->text);
}

static int find_where(struct find *f, struct store *s, struct asked a, struct err *e)
{
	return find_places(f, s, (struct find_place){ is_asked, &a }, e);
}

/* Is the workload of this place one of these? */
static bool is_workload(void *of, const struct bytes v[LOCATION_FIELDS])
{
	const struct select_names *codes = of;
	struct bytes general[LOCATION_FIELDS];
	auto_buf struct buf room = { 0 };
	char code[CODE_SIZE];

	if (!location_general(v, general, &room))
		return false;
	workloads_location_code(general, code);
	for (size_t i = 0; i < codes->n; i++)
		if (strncmp(code, codes->v[i], strlen(codes->v[i])) == 0)
			return true;
	return false;
}

/* ---- kinds of selectors ---- */

int candidates_workloads(struct find *out, struct store *s, const char *const *codes, size_t n,
			 struct err *e)
{
	struct select_names of = { codes, n };

	for (size_t i = 0; i < n; i++)
		if (find_code(out, s, bytes_of(codes[i]), e) < 0)
			return -1;
	/* which labels are one is told by all of them */
	if (n == 0 || find_labelled(out, s, e) < 0)
		return n == 0 ? 0 : -1;
	return find_places(out, s, (struct find_place){ is_workload, &of }, e);
}

static int find_named(struct find *f, struct store *s, size_t kind, const char *text, struct err *e)
{
	switch (kind) {
	case 0:
		return either(f, s, text, find_thread, e);
	case 1:
		return either(f, s, text, find_exe, e);
	case 2:
		return either(f, s, text, find_label, e);
	case 3:
		return either(f, s, text, find_first, e);
	case 4:
		return candidates_workloads(f, s, &text, 1, e);
	case 5:
		return find_tree(f, s, bytes_of(text), e);
	case 6:
		return find_where(f, s, (struct asked){ text, select_is_container }, e);
	case 7:
		return find_where(f, s, (struct asked){ text, select_is_pod }, e);
	default:
		return find_where(f, s, (struct asked){ text, select_is_unit }, e);
	}
}

int candidates_find(struct find *out, bool *restricted, struct store *s,
		    const struct select_options *o, struct err *e)
{
	const struct select_names kinds[] = { o->comm, o->exe, o->label, o->root, o->workload,
					      o->tree, o->container, o->pod, o->unit };

	*restricted = false;
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		struct find one = { 0 };
		int ret = 0;

		for (size_t k = 0; k < kinds[i].n && ret == 0; k++)
			ret = find_named(&one, s, i, kinds[i].v[k], e);
		if (ret == 0)
			ret = find_settle(&one, s, e);
		if (ret == 0 && kinds[i].n > 0 && *restricted)
			find_both(out, &one);
		else if (ret == 0 && kinds[i].n > 0)
			find_add(out, &one);
		*restricted = *restricted || kinds[i].n > 0;
		find_release(&one);
		if (ret < 0)
			return -1;
	}
	return 0;
}

/* ---- what else is needed ---- */

static bool is_whole(void *of, const struct bytes v[LOCATION_FIELDS])
{
	(void)of;
	return workloads_is_whole_location(v);
}

int candidates_beside(struct find *out, struct store *s, struct err *e)
{
	return find_neighbours(out, s, (struct find_place){ is_whole, NULL }, e);
}

int candidates_begun(struct find *out, const struct query *q, const struct selection *sel,
		     struct store *s, struct err *e)
{
	struct lives lives;
	int ret = 0;

	lives_find(&lives, q);
	for (size_t i = 0; i < q->trees.n && ret == 0; i++)
		if (sel->tree_in[i] && q->images.v[q->trees.v[i].root].loader &&
		    q->trees.v[i].t_first != WHEN_NONE)
			ret = find_begun(out, s, q->trees.v[i].row, lives.from[i], lives.to[i], e);
	lives_release(&lives);
	return ret;
}

/* What the selected trees' places are called: (kind of name, id in the query's pool). */
struct named {
	const struct query *q;
	struct map names;
};

static bool is_named(void *of, const struct bytes v[LOCATION_FIELDS])
{
	static const int named[] = { LOCATION_CONTAINER_NAME, LOCATION_POD_NAME, LOCATION_UNIT };
	const struct named *n = of;

	for (size_t i = 0; i < ARRAY_SIZE(named); i++) {
		uint32_t name = pool_find(&n->q->strings, v[named[i]]);

		if (name != 0 && map_get(&n->names, (uint64_t)named[i], name, 0) != 0)
			return true;
	}
	return false;
}

static void note_names(struct named *n, const struct query_tree *t)
{
	static const int named[] = { LOCATION_CONTAINER_NAME, LOCATION_POD_NAME, LOCATION_UNIT };

	for (size_t k = 0; k < t->locations.n; k++)
		for (size_t i = 0; i < ARRAY_SIZE(named); i++) {
			struct bytes text = n->q->locations.v[t->locations.v[k]].v[named[i]];

			if (text.n > 0)
				map_put(&n->names, (uint64_t)named[i],
					pool_find(&n->q->strings, text), 1);
		}
}

int candidates_named(struct find *out, const struct query *q, const struct selection *sel,
		     struct store *s, struct err *e)
{
	struct named n = { .q = q };
	int ret = 0;

	for (size_t i = 0; i < q->trees.n; i++)
		if (sel->tree_in[i])
			note_names(&n, &q->trees.v[i]);
	if (n.names.n > 0)
		ret = find_places(out, s, (struct find_place){ is_named, &n }, e);
	map_release(&n.names);
	return ret;
}
