#include "ingest/fold.h"

#include "store/base/code.h"
#include "store/base/map.h"
#include "store/base/mem.h"
#include "store/base/when.h"
#include "store/model/action.h"
#include "store/model/obs.h"
#include "store/names.h"
#include "store/row.h"

#include <stdlib.h>

struct fold_image { int64_t id, node, path, parent, fork_of; int32_t pid; };

/* (path, caller, call) of one tree. */
struct fold_sum {
	int64_t path, caller, call;
	uint64_t events, trusted, contradicted;
	int64_t t_first, t_last;   /* WHEN_NONE: presence without a time */
	bool forked;
};

struct folding {
	struct store *s;
	VEC(struct fold_image) images;
	VEC(struct fold_sum) sums;
	struct map index;          /* (path, caller and call) -> sum */
	struct map hours;
	struct map log_calls;      /* rows of calls whose action is LOG, of the whole store */
};

static int take_call(void *to, sqlite3_stmt *row, struct err *e)
{
	struct folding *f = to;
	int64_t id;

	if (row_read(row, "call", "i", &id, e) < 0)
		return -1;
	map_put(&f->log_calls, (uint64_t)id, 0, 1);
	return 0;
}

static int take_image(void *to, sqlite3_stmt *row, struct err *e)
{
	struct folding *f = to;
	int64_t v[6];

	if (row_read(row, "image", "iipinn", v, e) < 0)
		return -1;
	*VEC_PUSH(&f->images) = (struct fold_image){ v[0], v[1], v[3], v[4], v[5], (int32_t)v[2] };
	return 0;
}

/* Was the image exec'd by a process that a fork had made? Parts of a fork have their parent's path and say nothing. */
static bool was_forked(const struct folding *f, const struct fold_image *m)
{
	for (size_t i = 0; i < f->images.n; i++)
		if (f->images.v[i].id == m->parent)
			return f->images.v[i].fork_of != 0;
	return false;
}

static struct fold_sum *sum_for(struct folding *f, const struct fold_image *m, int64_t caller, int64_t call)
{
	uint64_t key = (uint64_t)caller << 32 | (uint64_t)call;
	int64_t at = map_get(&f->index, (uint64_t)m->path, key, -1);

	if (at < 0) {
		at = (int64_t)f->sums.n;
		map_put(&f->index, (uint64_t)m->path, key, at);
		*VEC_PUSH(&f->sums) = (struct fold_sum){ .path = m->path, .caller = caller, .call = call, .t_first = WHEN_NONE,
							 .t_last = WHEN_NONE, .forked = was_forked(f, m) };
	}
	return &f->sums.v[at];
}

static void widen(struct fold_sum *s, int64_t first, int64_t last)
{
	if (s->t_first == WHEN_NONE || first < s->t_first)
		s->t_first = first;
	if (s->t_last == WHEN_NONE || last > s->t_last)
		s->t_last = last;
}

/* One image of the tree that is folded. */
struct summing { struct folding *f; const struct fold_image *m; };

static int take_evidence(void *to, sqlite3_stmt *row, struct err *e)
{
	struct summing *s = to;
	struct obs_list list = { 0 };
	int64_t v[3];
	bool fine;

	if (row_read(row, "interval", "itb", v, e) < 0)
		return -1;
	fine = obs_decode(store_column(row, 2), (struct obs_base){ .t = v[1] }, &list);
	map_put(&s->f->hours, (uint64_t)(v[1] / WHEN_HOUR_MS), 0, 1);
	for (size_t i = 0; i < list.n && fine; i++) {
		struct fold_sum *sum = sum_for(s->f, s->m, list.v[i].caller, list.v[i].call);

		sum->events += obs_events(&list.v[i]);
		sum->trusted += obs_trusted(&list.v[i]);
		sum->contradicted += obs_contradicted(&list.v[i]);
		widen(sum, list.v[i].t_first, list.v[i].t_last);
	}
	VEC_FREE(&list);
	return fine ? 0 : row_damaged(s->f->s->db, "interval", v[0], "its obs cannot be read", e);
}

static int take_presence(void *to, sqlite3_stmt *row, struct err *e)
{
	struct summing *s = to;
	struct fold_sum *sum;
	int64_t v[4];

	if (row_read(row, "presence", "iiuT", v, e) < 0)
		return -1;
	sum = sum_for(s->f, s->m, v[0], v[1]);
	if (v[2] != WHEN_NONE)
		widen(sum, v[2], v[3]);
	return 0;
}

static int sum_image(struct folding *f, const struct fold_image *m, struct err *e)
{
	struct summing s = { f, m };
	struct store_args args = ARGS(V_INT(m->node), V_INT(m->pid), V_INT(m->id));

	if (store_each(f->s, STMT_image_evidence, args, WALK(take_evidence, &s), e) < 0)
		return -1;
	return store_each(f->s, STMT_image_presence, args, WALK(take_presence, &s), e);
}

static int by_number(const void *a, const void *b)
{
	const int64_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

/* The tree's call set as text: rows of its LOG calls, sorted. */
static void call_set(const struct folding *f, struct buf *out)
{
	auto_free int64_t *calls = mem_alloc(f->sums.n * sizeof(*calls));
	size_t n = 0;

	for (size_t i = 0; i < f->sums.n; i++)
		if (map_get(&f->log_calls, (uint64_t)f->sums.v[i].call, 0, 0))
			calls[n++] = f->sums.v[i].call;
	if (n > 1)
		qsort(calls, n, sizeof(*calls), by_number);
	buf_char(out, '[');
	for (size_t i = 0; i < n; i++)
		if (i == 0 || calls[i] != calls[i - 1])
			buf_printf(out, "%s%lld", i ? "," : "", (long long)calls[i]);
	buf_char(out, ']');
}

static int take_step(void *to, sqlite3_stmt *row, struct err *e)
{
	struct buf *key = to;
	int64_t none[2];

	if (row_read(row, "string", "ba", none, e) < 0)
		return -1;
	for (int i = 0; i < 2; i++) {
		struct bytes text = store_column(row, i);

		buf_char(key, '\0');
		buf_add(key, text.p, text.n);
	}
	return 0;
}

/* The programs of a path, as they are called: rows have other numbers where logs were read in another order. */
static int add_path(struct folding *f, struct buf *key, int64_t path, struct err *e)
{
	return store_each_sql(f->s, "WITH RECURSIVE up (id, parent, exe, name) AS (SELECT id, parent, exe, name FROM path WHERE id = ?1 UNION "
			      "ALL SELECT p.id, p.parent, p.exe, p.name FROM path AS p JOIN up ON p.id = up.parent AND p.id < up.id) "
			      "SELECT exe.bytes, name.bytes FROM up JOIN string AS exe ON exe.id = up.exe LEFT JOIN string AS name ON "
			      "name.id = up.name ORDER BY up.id", ARGS(V_INT(path)), WALK(take_step, key), e);
}

static int64_t fold_row(struct folding *f, const struct fold_tree *t, int64_t main_path, struct err *e)
{
	auto_buf struct buf key = { 0 }, labels = { 0 };
	char code[CODE_SIZE];
	int64_t row;

	buf_str(&key, "fold|");
	if (names_node_text(f->s, &key, t->node, e) < 0 || add_path(f, &key, main_path, e) < 0)
		return -1;
	buf_add(&key, t->key.p, t->key.n);
	for (size_t i = 0; i < t->n_labels; i++) {
		buf_char(&key, '\0');
		buf_add(&key, t->labels[i].p, t->labels[i].n);
	}
	code_of(buf_bytes(&key), code);
	buf_char(&labels, '[');
	for (size_t i = 0; i < t->n_labels; i++) {
		int64_t label = store_string(f->s, t->labels[i], e);

		if (label < 0)
			return -1;
		buf_printf(&labels, "%s%lld", i ? "," : "", (long long)label);
	}
	buf_char(&labels, ']');
	if (store_number(f->s, STMT_add_fold, ARGS(V_TEXT(bytes_of(code)), V_INT(t->node), V_INT(main_path), V_TEXT(buf_bytes(&labels)),
						   V_INT(t->start_seen)), &row, e) < 0)
		return -1;
	return row;
}

static int write_sums(struct folding *f, const struct fold_tree *t, int64_t fold, struct err *e)
{
	auto_buf struct buf set = { 0 };

	for (size_t i = 0; i < f->sums.n; i++) {
		const struct fold_sum *u = &f->sums.v[i];

		if (store_run(f->s, STMT_add_fold_use, ARGS(V_INT(fold), V_INT(u->path), V_INT(u->caller), V_INT(u->call), V_INT(u->forked),
							    V_INT(u->events), V_INT(u->trusted), V_INT(u->contradicted),
							    V_TIME(u->t_first), V_TIME(u->t_last)), e) < 0)
			return -1;
	}
	call_set(f, &set);
	return store_run(f->s, STMT_add_fold_set, ARGS(V_INT(fold), V_TEXT(buf_bytes(&set)), V_INT(t->start_seen), V_INT(f->hours.n)), e);
}

static int remove_tree(struct folding *f, int64_t tree, struct err *e)
{
	static const enum stmt of_image[] = { STMT_del_presence_of, STMT_del_interval_of, STMT_del_events_of };
	static const enum stmt of_tree[] = { STMT_del_labels, STMT_del_places, STMT_del_tree };

	for (size_t i = 0; i < f->images.n; i++) {
		const struct fold_image *m = &f->images.v[i];

		for (size_t k = 0; k < ARRAY_SIZE(of_image); k++)
			if (store_run(f->s, of_image[k], ARGS(V_INT(m->node), V_INT(m->pid), V_INT(m->id)), e) < 0)
				return -1;
		if (store_run(f->s, STMT_del_image, ARGS(V_INT(m->id)), e) < 0)
			return -1;
	}
	for (size_t k = 0; k < ARRAY_SIZE(of_tree); k++)
		if (store_run(f->s, of_tree[k], ARGS(V_INT(tree)), e) < 0)
			return -1;
	return 0;
}

struct placing { struct folding *f; struct names names; int64_t node, fold; };

static int take_place(void *to, sqlite3_stmt *row, struct err *e)
{
	struct placing *p = to;
	struct bytes v[PLACE_FIELDS], general[PLACE_FIELDS];
	auto_buf struct buf room = { 0 };
	int64_t place, none[PLACE_FIELDS];

	if (row_read(row, "place", "bbbbbbbb", none, e) < 0)
		return -1;
	for (int i = 0; i < PLACE_FIELDS; i++)
		v[i] = store_column(row, i);
	if (!place_general(v, general, &room))
		return 0;
	place = names_place(&p->names, p->node, general, e);
	if (place < 0)
		return -1;
	return store_run_sql(p->f->s, "INSERT INTO fold_place VALUES (?1, ?2) ON CONFLICT DO NOTHING", ARGS(V_INT(p->fold), V_INT(place)), e);
}

/* Where the trees ran, as far as it is the same for all starts of the workload. */
static int write_places(struct folding *f, const struct fold_tree *t, int64_t tree, int64_t fold, struct err *e)
{
	struct placing p = { .f = f, .node = t->node, .fold = fold };
	int ret;

	names_init(&p.names, f->s);
	ret = store_each(f->s, STMT_tree_places, ARGS(V_INT(tree)), WALK(take_place, &p), e);
	names_release(&p.names);
	return ret;
}

static void forget_tree(struct folding *f)
{
	f->sums.n = 0;
	f->images.n = 0;
	map_clear(&f->index);
}

static int path_of(struct folding *f, int64_t image, int64_t *path, struct err *e)
{
	return store_number_sql(f->s, "SELECT path FROM image WHERE id = ?1", ARGS(V_INT(image)), path, e);
}

/* What one tree holds; same: what its images are called elsewhere, or NULL. */
static int sum_tree(struct folding *f, int64_t tree, const struct map *same, struct err *e)
{
	forget_tree(f);
	if (store_each(f->s, STMT_tree_images, ARGS(V_INT(tree)), WALK(take_image, f), e) < 0)
		return -1;
	for (size_t i = 0; i < f->images.n; i++) {
		struct fold_image *m = &f->images.v[i];
		int64_t is = same == NULL ? 0 : map_get(same, (uint64_t)m->id, 0, 0);

		if ((is != 0 && path_of(f, is, &m->path, e) < 0) || sum_image(f, m, e) < 0)
			return -1;
	}
	return 0;
}

static uint64_t larger(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

/*
 * The same processes by another name of the machine, whose tree goes with it: of two counts the larger is kept, as where
 * they are shown. f holds the tree's own sums before and after.
 */
static int add_other(struct folding *f, int64_t tree, const struct map *same, struct err *e)
{
	struct folding other = { .s = f->s, .hours = f->hours };
	int ret = sum_tree(&other, tree, same, e);

	f->hours = other.hours;
	for (size_t i = 0; i < other.sums.n && ret == 0; i++) {
		const struct fold_sum *o = &other.sums.v[i];
		size_t n = f->sums.n;
		struct fold_sum *sum = sum_for(f, &(struct fold_image){ .path = o->path }, o->caller, o->call);

		if (n < f->sums.n)
			sum->forked = o->forked;
		sum->events = larger(sum->events, o->events);
		sum->trusted = larger(sum->trusted, o->trusted);
		sum->contradicted = larger(sum->contradicted, o->contradicted);
		if (o->t_first != WHEN_NONE)
			widen(sum, o->t_first, o->t_last);
	}
	if (ret == 0)
		ret = remove_tree(&other, tree, e);
	VEC_FREE(&other.images);
	VEC_FREE(&other.sums);
	map_release(&other.index);
	return ret;
}

static int fold_one(struct folding *f, const struct fold_tree *t, struct err *e)
{
	int64_t main_path, fold;

	map_clear(&f->hours);
	if (path_of(f, t->main_image, &main_path, e) < 0 || sum_tree(f, t->tree, NULL, e) < 0)
		return -1;
	fold = fold_row(f, t, main_path, e);
	if (fold < 0)
		return -1;
	for (size_t i = 0; i < t->n_also; i++)
		if (write_places(f, t, t->also[i], fold, e) < 0 || add_other(f, t->also[i], t->same, e) < 0)
			return -1;
	if (write_sums(f, t, fold, e) < 0 || write_places(f, t, t->tree, fold, e) < 0)
		return -1;
	return remove_tree(f, t->tree, e);
}

int fold_run(struct store *s, const struct fold_tree *trees, size_t n, struct err *e)
{
	struct folding f = { .s = s };
	int ret = store_each_sql(s, "SELECT id FROM call WHERE action = ?1", ARGS(V_INT((uint32_t)ACTION_LOG)), WALK(take_call, &f), e);

	for (size_t i = 0; i < n && ret == 0; i++)
		ret = fold_one(&f, &trees[i], e);
	if (ret == 0 && n > 0)
		ret = store_script(s, "DELETE FROM touch WHERE interval NOT IN (SELECT id FROM interval); "
				      "DELETE FROM sighting WHERE interval NOT IN (SELECT id FROM interval)", e);
	VEC_FREE(&f.images);
	VEC_FREE(&f.sums);
	map_release(&f.index);
	map_release(&f.hours);
	map_release(&f.log_calls);
	return ret;
}
