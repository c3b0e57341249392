// SPDX-License-Identifier: Apache-2.0
/* Who made which call: intervals with their observations, and presence, which may hang on a tree of
 * its own. */
#include "store/query_load.h"

#include "store/base/code.h"
#include "store/base/esc.h"
#include "store/base/when.h"
#include "store/model/action.h"
#include "store/model/obs.h"
#include "store/model/program.h"
#include "store/row.h"

static void widen_times(int64_t *first, int64_t *last, int64_t t_first, int64_t t_last)
{
	if (t_first == WHEN_NONE)
		return;
	if (*first == WHEN_NONE || t_first < *first)
		*first = t_first;
	if (*last == WHEN_NONE || t_last > *last)
		*last = t_last;
}

static struct query_first *first_of(struct query_loading *l, uint32_t image)
{
	while (l->firsts.n <= image)
		*VEC_PUSH(&l->firsts) = (struct query_first){ 0 };
	return &l->firsts.v[image];
}

static struct query_use *new_use(struct query_loading *l, uint32_t image, uint32_t caller,
				 uint32_t call)
{
	struct query_use *u = VEC_PUSH(&l->q->uses);

	*u = (struct query_use){ .image = image,
				 .caller = caller,
				 .call = call,
				 .t_first = WHEN_NONE,
				 .t_last = WHEN_NONE,
				 .serial = UINT32_MAX };
	return u;
}

static uint64_t use_key(uint32_t caller, uint32_t call)
{
	return (uint64_t)caller << 32 | call;
}

/* Most images have one interval: what it brought is put into the map when there is a second. */
static void map_first(struct query_loading *l, uint32_t image)
{
	struct query_first *f = first_of(l, image);

	for (uint32_t i = f->from; i < f->from + f->n && !f->mapped; i++)
		map_put(&l->uses, image, use_key(l->q->uses.v[i].caller, l->q->uses.v[i].call), i);
	f->mapped = true;
}

static struct query_use *find_use(struct query_loading *l, uint32_t image, uint32_t caller,
				  uint32_t call)
{
	int64_t at;

	map_first(l, image);
	at = map_get(&l->uses, image, use_key(caller, call), -1);
	if (at >= 0)
		return &l->q->uses.v[at];
	map_put(&l->uses, image, use_key(caller, call), (int64_t)l->q->uses.n);
	return new_use(l, image, caller, call);
}

static void add_to(struct query_loading *l, struct query_use *u, uint64_t events, uint64_t trusted,
		   int64_t t_first, int64_t t_last)
{
	struct query_tree *t = &l->q->trees.v[l->q->images.v[u->image].tree];

	/* what a tool saw counts as no event */
	if (t->kind != KIND_SECCOMP || l->q->calls.v[u->call].action == (uint32_t)ACTION_ALLOW)
		u->made += events;
	else
		u->events += events;
	u->trusted += store_trusts(l->s) ? trusted : 0;
	widen_times(&u->t_first, &u->t_last, t_first, t_last);
	widen_times(&t->t_first, &t->t_last, t_first, t_last);
}

struct query_use *query_add_use(struct query_loading *l, uint32_t image, uint32_t caller,
				uint32_t call, uint64_t events, uint64_t trusted, int64_t t_first,
				int64_t t_last)
{
	struct query_use *u = find_use(l, image, caller, call);

	add_to(l, u, events, trusted, t_first, t_last);
	return u;
}

/* An observation of an interval. first: no other interval of the image came before it. */
static void add_obs(struct query_loading *l, uint32_t image, uint32_t caller, uint32_t call,
		    const struct obs *o, bool first)
{
	struct query_use *u =
		first ? new_use(l, image, caller, call) : find_use(l, image, caller, call);

	l->firsts.v[image].n += first;
	add_to(l, u, obs_events(o), obs_trusted(o), o->t_first, o->t_last);
	query_note_serial(u, o->serial);
}

void query_note_serial(struct query_use *u, uint32_t serial)
{
	if (serial < u->serial)
		u->serial = serial;
}

int query_take_interval(void *to, sqlite3_stmt *st, struct err *e)
{
	struct query_loading *l = to;
	struct obs_list list = { 0 };
	int64_t v[14];
	struct query_first *f;
	bool first;
	uint32_t image;
	int ret = 0;

	if (row_read(st, "interval", "iiipitTsSmfwwb", v, e) < 0)
		return -1;
	image = query_image_index(l, v[1]);
	if (image == QUERY_NONE)
		return query_dangling(l, "interval", v[0], "part", e);
	if (l->q->images.v[image].pid != v[3] ||
	    l->q->trees.v[l->q->images.v[image].tree].row != v[2])
		return row_damaged(l->s->db, "interval", v[0], "its part is of another process", e);
	if (!obs_decode(store_column(st, 13),
			(struct obs_origin){ .t = v[5], .serial = (uint32_t)v[7] }, &list))
		ret = row_damaged(l->s->db, "interval", v[0],
				  "no observations can be read in its obs", e);
	f = first_of(l, image);
	first = f->n == 0 && !f->mapped;
	f->from = first ? (uint32_t)l->q->uses.n : f->from;
	for (size_t i = 0; i < list.n && ret == 0; i++) {
		const struct obs *o = &list.v[i];
		int64_t caller = query_caller_at(l, o->caller);
		int64_t call = map_get(&l->calls, (uint64_t)o->call, 0, -1);

		if (caller < 0 || call < 0)
			ret = query_dangling(l, "interval", v[0], "caller or call", e);
		else if (obs_events(o) > 0 && query_in_time(l, o->t_first, o->t_last))
			add_obs(l, image, (uint32_t)caller, (uint32_t)call, o, first);
	}
	VEC_FREE(&list);
	return ret;
}

/* The pseudo-tree of (node, exe, comm) for presence that no image can be told for. */
static uint32_t pseudo_image(struct query_loading *l, const struct nodes_row *node,
			     struct bytes exe, struct bytes comm)
{
	uint64_t a = (uint64_t)nodes_id(&l->q->nodes, node->id);
	uint64_t b = (uint64_t)pool_intern(&l->q->strings, exe) << 32 |
		     pool_intern(&l->q->strings, comm);
	int64_t at = map_get(&l->pseudo, a, b, -1);
	auto_buf struct buf path = { 0 }, key = { 0 };
	char code[CODE_SIZE];

	if (at >= 0)
		return (uint32_t)at;
	esc_tty(&path, program_basename(exe));
	buf_add(&key, node->shown.p, node->shown.n);
	buf_char(&key, '\0');
	buf_add(&key, exe.p, exe.n);
	buf_char(&key, '\0');
	buf_add(&key, comm.p, comm.n);
	code_of(buf_bytes(&key), code);
	at = (int64_t)l->q->images.n;
	map_put(&l->pseudo, a, b, at);
	*VEC_PUSH(&l->q->images) =
		(struct query_image){ .tree = (uint32_t)l->q->trees.n,
				      .parent = QUERY_NONE,
				      .fork_of = QUERY_NONE,
				      .execs = QUERY_NONE,
				      .path = query_keep_string(l->q, buf_bytes(&path)),
				      .exe = query_keep_string(l->q, exe),
				      .t_first = WHEN_NONE,
				      .t_last = WHEN_NONE,
				      .t_end = WHEN_NONE,
				      .loader = program_kind(comm, exe) == PROGRAM_LOADER };
	*VEC_PUSH(&l->q->trees) =
		(struct query_tree){ .code = query_keep_string(l->q, bytes_of(code)),
				     .root = (uint32_t)at,
				     .main = (uint32_t)at,
				     .stands_for = 1,
				     .t_first = WHEN_NONE,
				     .t_last = WHEN_NONE };
	query_set_node(&l->q->trees.v[l->q->trees.n - 1], l->q, node);
	return (uint32_t)at;
}

#define NEAR_MOST 16 /* programs that a pid showed within an hour; of more, none */
#define NEAR_TOO_MANY (-1)

static uint64_t near_key(int64_t pid, int64_t hour)
{
	return (uint64_t)pid << 32 | ((uint64_t)hour & UINT32_MAX);
}

static bool is_loader(struct query_loading *l, int64_t exe_row, int64_t caller)
{
	struct bytes exe;

	return query_text_of(l, exe_row, &exe) &&
	       program_kind(l->q->callers.v[caller].comm, exe) == PROGRAM_LOADER;
}

/*
 * Which programs a pid showed within an hour, without its loaders: each with the image it was found
 * to be of, and once more where it was of none.
 */
static int take_near(void *to, sqlite3_stmt *st, struct err *e)
{
	struct query_loading *l = to;
	int64_t v[6], caller, first;
	uint32_t image, n = 0;

	if (row_read(st, "presence", "ipziin", v, e) < 0)
		return -1;
	caller = query_caller_at(l, v[4]);
	if (caller < 0 || is_loader(l, v[3], caller))
		return 0;
	first = map_get(&l->near, (uint64_t)v[0], near_key(v[1], v[2]), 0);
	image = query_image_index(l, v[5]);
	for (int64_t at = first; at > 0; at = l->programs.v[at - 1].next, n++)
		if (l->programs.v[at - 1].exe == v[3] &&
		    l->programs.v[at - 1].caller == (uint32_t)caller &&
		    l->programs.v[at - 1].image == image)
			return 0;
	/* which of so many it was is not told; a cut would hang on what came first */
	if (first == NEAR_TOO_MANY || n == NEAR_MOST) {
		map_put(&l->near, (uint64_t)v[0], near_key(v[1], v[2]), NEAR_TOO_MANY);
		return 0;
	}
	*VEC_PUSH(&l->programs) =
		(struct query_program){ v[3], (uint32_t)caller, image, (uint32_t)first };
	map_put(&l->near, (uint64_t)v[0], near_key(v[1], v[2]), (int64_t)l->programs.n);
	return 0;
}

/*
 * What a loader did before it became the programs that the same pid showed is of their trees: the
 * filter was theirs. False: it became none that is known.
 */
static bool loader_presence(struct query_loading *l, const struct nodes_row *node, const int64_t *v,
			    uint32_t caller, uint32_t call)
{
	int64_t at = map_get(&l->near, (uint64_t)v[7], near_key(v[8], v[9]), 0);
	bool any = at > 0;

	for (; at > 0; at = l->programs.v[at - 1].next) {
		const struct query_program *p = &l->programs.v[at - 1];
		struct bytes exe;

		if (p->image != QUERY_NONE)
			query_add_use(l, p->image, caller, call, 0, 0, v[5], v[6]);
		else if (query_text_of(l, p->exe, &exe))
			query_add_use(l,
				      pseudo_image(l, node, exe, l->q->callers.v[p->caller].comm),
				      caller, call, 0, 0, v[5], v[6]);
	}
	return any;
}

static int take_presence(void *to, sqlite3_stmt *st, struct err *e)
{
	struct query_loading *l = to;
	const struct nodes_row *node;
	int64_t v[10], caller, call;
	struct bytes exe;
	uint32_t image;

	if (row_read(st, "presence", "iniiiuTipz", v, e) < 0)
		return -1;
	image = query_image_index(l, v[1]);
	caller = query_caller_at(l, v[3]);
	call = map_get(&l->calls, (uint64_t)v[4], 0, -1);
	if (caller < 0 || call < 0 || !query_text_of(l, v[2], &exe))
		return query_dangling(l, "presence", v[0], "caller, call or exe", e);
	if (v[5] != WHEN_NONE && !query_in_time(l, v[5], v[6]))
		return 0;
	node = nodes_find(&l->q->nodes, v[7]);
	if (node == NULL)
		return query_dangling(l, "presence", v[0], "node", e);
	if (image == QUERY_NONE && is_loader(l, v[2], caller) &&
	    loader_presence(l, node, v, (uint32_t)caller, (uint32_t)call))
		return 0;
	if (image == QUERY_NONE)
		image = pseudo_image(l, node, exe, l->q->callers.v[caller].comm);
	query_add_use(l, image, (uint32_t)caller, (uint32_t)call, 0, 0, v[5], v[6]);
	return 0;
}

int query_load_uses(struct query_loading *l, struct err *e)
{
	if (query_each_of(
		    l,
		    "SELECT id, part, node, pid, exe, t_first, t_last, serial_first, serial_last, cell, loader, uid, auid, obs FROM interval "
		    "WHERE NOT ?1 OR trusted",
		    query_take_interval, e) < 0)
		return -1;
	return query_load_presence(l, e);
}

int query_load_presence(struct query_loading *l, struct err *e)
{
	if (l->q->trusted)
		return 0;
	if (query_each(l, "SELECT node, pid, hour + 1, exe, caller, part FROM presence", take_near,
		       e) < 0)
		return -1;
	return query_each(
		l,
		"SELECT id, part, exe, caller, call, t_first, t_last, node, pid, hour + 1 FROM presence",
		take_presence, e);
}
