// SPDX-License-Identifier: Apache-2.0
/* Trees by makers, labels, places and times. */
#include "store/find.h"

#include "store/base/mem.h"
#include "store/row.h"
#include "store/sql.h"

#include <stdlib.h>

#define SLACK_MS 1000 /* presence hangs on what came half a second before or after it */

STMT(string_row, "SELECT id FROM string WHERE bytes = ?1");
STMT(trees_by_comm,
     "SELECT DISTINCT image.tree FROM maker JOIN maker_in ON maker_in.maker = maker.id JOIN part_makers ON part_makers.of = maker_in.of "
     "JOIN part ON part.id = part_makers.part JOIN image ON image.id = part.image WHERE maker.comm = ?1");
STMT(totals_by_comm,
     "SELECT DISTINCT fold_makers.fold FROM maker JOIN maker_in ON maker_in.maker = maker.id JOIN fold_makers ON fold_makers.of = maker_in.of WHERE maker.comm = ?1");
STMT(trees_by_exe,
     "SELECT DISTINCT image.tree FROM maker JOIN maker_in ON maker_in.maker = maker.id JOIN part_makers ON part_makers.of = maker_in.of "
     "JOIN part ON part.id = part_makers.part JOIN image ON image.id = part.image WHERE maker.exe = ?1");
STMT(totals_by_exe,
     "SELECT DISTINCT fold_makers.fold FROM maker JOIN maker_in ON maker_in.maker = maker.id JOIN fold_makers ON fold_makers.of = maker_in.of WHERE maker.exe = ?1");
STMT(trees_by_base,
     "SELECT DISTINCT image.tree FROM maker JOIN maker_in ON maker_in.maker = maker.id JOIN part_makers ON part_makers.of = maker_in.of "
     "JOIN part ON part.id = part_makers.part JOIN image ON image.id = part.image WHERE maker.base = ?1");
STMT(totals_by_base,
     "SELECT DISTINCT fold_makers.fold FROM maker JOIN maker_in ON maker_in.maker = maker.id JOIN fold_makers ON fold_makers.of = maker_in.of WHERE maker.base = ?1");
STMT(trees_by_work,
     "SELECT DISTINCT image.tree FROM maker JOIN maker_in ON maker_in.maker = maker.id JOIN part_makers ON part_makers.of = maker_in.of "
     "JOIN part ON part.id = part_makers.part JOIN image ON image.id = part.image WHERE maker.code >= ?1 AND maker.code < ?1 || 'g'");
STMT(totals_by_work,
     "SELECT DISTINCT fold_makers.fold FROM maker JOIN maker_in ON maker_in.maker = maker.id JOIN fold_makers ON fold_makers.of = maker_in.of WHERE maker.code >= ?1 AND maker.code < ?1 || 'g'");
STMT(trees_by_label, "SELECT tree FROM tree_label WHERE label = ?1");
STMT(trees_by_code, "SELECT id FROM tree WHERE code >= ?1 AND code < ?1 || 'g'");
STMT(totals_by_code, "SELECT id FROM fold WHERE code >= ?1 AND code < ?1 || 'g'");
STMT(trees_by_place, "SELECT tree FROM tree_place WHERE place = ?1");
STMT(totals_by_place, "SELECT fold FROM fold_place WHERE place = ?1");
STMT(places_of_tree, "SELECT place FROM tree_place WHERE tree = ?1");
STMT(places_of_total,
     "SELECT fold_place.place FROM fold AS one JOIN fold AS two ON two.code = one.code JOIN fold_place ON fold_place.fold = two.id WHERE "
     "one.id = ?1");
STMT(first_of_code,
     "SELECT two.id FROM fold AS one JOIN fold AS two ON two.code = one.code WHERE one.id = ?1 ORDER BY two.id LIMIT 1");
STMT(find_place,
     "SELECT id, runtime, container, container_name, pod, pod_name, namespace, unit, image FROM place WHERE id = ?1");
STMT(find_boot, "SELECT ifnull(min(boot), -1) FROM part WHERE node = ?1 AND boot > ?2");
STMT(begun,
     "SELECT image.tree FROM part JOIN image ON image.id = part.image WHERE part.node = ?1 AND part.boot = ?2 AND part.t_first >= ?3 "
     "AND part.t_first <= ?4 AND part.loader AND (?5 OR NOT part.trusted)");
STMT(any_trusted_boot,
     "SELECT count(*) FROM (SELECT 1 FROM boot WHERE node = ?1 AND trusted LIMIT 1)");
STMT(code_of_total, "SELECT code FROM fold WHERE id = ?1");

/* ---- sets ---- */

static int by_number(const void *a, const void *b)
{
	const int64_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

void find_release(struct find *f)
{
	VEC_FREE(&f->trees);
	VEC_FREE(&f->totals);
}

void find_sort(struct find_ids *ids)
{
	size_t n = 0;

	if (ids->n > 1)
		qsort(ids->v, ids->n, sizeof(*ids->v), by_number);
	for (size_t i = 0; i < ids->n; i++)
		if (n == 0 || ids->v[n - 1] != ids->v[i])
			ids->v[n++] = ids->v[i];
	ids->n = n;
}

static void leave_both(struct find_ids *ids, struct find_ids *other)
{
	size_t n = 0;

	find_sort(other);
	for (size_t i = 0; i < ids->n; i++)
		if (other->n > 0 &&
		    bsearch(&ids->v[i], other->v, other->n, sizeof(*other->v), by_number) != NULL)
			ids->v[n++] = ids->v[i];
	ids->n = n;
}

void find_both(struct find *f, const struct find *other)
{
	struct find sorted = *other;

	leave_both(&f->trees, &sorted.trees);
	leave_both(&f->totals, &sorted.totals);
}

static void add(struct find_ids *ids, const struct find_ids *other)
{
	for (size_t i = 0; i < other->n; i++)
		*VEC_PUSH(ids) = other->v[i];
}

void find_add(struct find *f, const struct find *other)
{
	add(&f->trees, &other->trees);
	add(&f->totals, &other->totals);
}

static int take_id(void *to, sqlite3_stmt *st, struct err *e)
{
	int64_t id;

	if (row_read(st, "maker", "i", &id, e) < 0)
		return -1;
	*VEC_PUSH((struct find_ids *)to) = id;
	return 0;
}

static int each(struct find_ids *to, struct store *s, struct stmt *stmt, struct store_value v,
		struct err *e)
{
	return store_each(s, stmt, ARGS(v), WALK(take_id, to), e);
}

static int both(struct find *f, struct store *s, struct stmt *trees, struct stmt *totals,
		struct store_value v, struct err *e)
{
	return each(&f->trees, s, trees, v, e) < 0 ? -1 : each(&f->totals, s, totals, v, e);
}

/* Trusted evidence and text of what was compacted together stand in two rows, and are one tree. */
int find_settle(struct find *f, struct store *s, struct err *e)
{
	bool found;

	for (size_t i = 0; i < f->totals.n; i++)
		if (store_find(s, STMT_first_of_code, ARGS(V_INT(f->totals.v[i])), &f->totals.v[i],
			       1, &found, e) < 0)
			return -1;
	return 0;
}

/* ---- by makers ---- */

static int row_of(struct store *s, struct bytes text, int64_t *row, bool *found, struct err *e)
{
	return store_find(s, STMT_string_row, ARGS(V_BLOB(text)), row, 1, found, e);
}

int find_comm(struct find *f, struct store *s, struct bytes comm, struct err *e)
{
	int64_t row;
	bool found;

	if (row_of(s, comm, &row, &found, e) < 0)
		return -1;
	return found ? both(f, s, STMT_trees_by_comm, STMT_totals_by_comm, V_INT(row), e) : 0;
}

int find_exe(struct find *f, struct store *s, struct bytes exe, struct err *e)
{
	int64_t row;
	bool found;

	if (row_of(s, exe, &row, &found, e) < 0 ||
	    (found && both(f, s, STMT_trees_by_exe, STMT_totals_by_exe, V_INT(row), e) < 0))
		return -1;
	return found ? both(f, s, STMT_trees_by_base, STMT_totals_by_base, V_INT(row), e) : 0;
}

int find_code(struct find *f, struct store *s, struct bytes code, struct err *e)
{
	return both(f, s, STMT_trees_by_work, STMT_totals_by_work, V_TEXT(code), e);
}

int find_refused(struct find *f, struct store *s, struct err *e)
{
	return both(f, s, STMT_trees_by_comm, STMT_totals_by_comm, V_INT(0), e);
}

/* ---- by labels and ids ---- */

int find_label(struct find *f, struct store *s, struct bytes label, struct err *e)
{
	int64_t row;
	bool found;

	if (row_of(s, label, &row, &found, e) < 0)
		return -1;
	if (!found)
		return 0;
	if (each(&f->trees, s, STMT_trees_by_label, V_INT(row), e) < 0)
		return -1;
	return store_each_sql(
		s,
		"SELECT fold.id FROM fold, json_each(fold.labels) AS label WHERE fold.labels <> '[]' AND label.value = ?1",
		ARGS(V_INT(row)), WALK(take_id, &f->totals), e);
}

int find_labelled(struct find *f, struct store *s, struct err *e)
{
	if (store_each_sql(s, "SELECT tree FROM tree_label", NO_ARGS, WALK(take_id, &f->trees), e) <
	    0)
		return -1;
	return store_each_sql(s, "SELECT id FROM fold WHERE labels <> '[]'", NO_ARGS,
			      WALK(take_id, &f->totals), e);
}

int find_tree(struct find *f, struct store *s, struct bytes code, struct err *e)
{
	return both(f, s, STMT_trees_by_code, STMT_totals_by_code, V_TEXT(code), e);
}

/* ---- by places ---- */

struct placing { struct find_place which; struct find_ids places; };

static int take_place(void *to, sqlite3_stmt *st, struct err *e)
{
	struct placing *p = to;
	struct bytes v[LOCATION_FIELDS];
	int64_t row[LOCATION_FIELDS + 1];

	if (row_read(st, "place", "ibbbbbbbb", row, e) < 0)
		return -1;
	for (int i = 0; i < LOCATION_FIELDS; i++)
		v[i] = store_column(st, i + 1);
	if (p->which.is(p->which.of, v))
		*VEC_PUSH(&p->places) = row[0];
	return 0;
}

static int of_places(struct find *f, struct store *s, const struct find_ids *places, struct err *e)
{
	for (size_t i = 0; i < places->n; i++)
		if (both(f, s, STMT_trees_by_place, STMT_totals_by_place, V_INT(places->v[i]), e) <
		    0)
			return -1;
	return 0;
}

int find_places(struct find *f, struct store *s, struct find_place which, struct err *e)
{
	struct placing p = { .which = which };
	int ret = store_each_sql(
		s,
		"SELECT id, runtime, container, container_name, pod, pod_name, namespace, unit, image FROM place",
		NO_ARGS, WALK(take_place, &p), e);

	if (ret == 0)
		ret = of_places(f, s, &p.places, e);
	VEC_FREE(&p.places);
	return ret;
}

int find_neighbours(struct find *f, struct store *s, struct find_place which, struct err *e)
{
	struct placing p = { .which = which };
	struct find_ids all = { 0 };
	int ret = 0;

	for (size_t i = 0; i < f->trees.n && ret == 0; i++)
		ret = each(&all, s, STMT_places_of_tree, V_INT(f->trees.v[i]), e);
	for (size_t i = 0; i < f->totals.n && ret == 0; i++)
		ret = each(&all, s, STMT_places_of_total, V_INT(f->totals.v[i]), e);
	find_sort(&all);
	for (size_t i = 0; i < all.n && ret == 0; i++)
		ret = store_each(s, STMT_find_place, ARGS(V_INT(all.v[i])), WALK(take_place, &p),
				 e);
	if (ret == 0)
		ret = of_places(f, s, &p.places, e);
	VEC_FREE(&p.places);
	VEC_FREE(&all);
	return ret;
}

/* ---- by what hangs on them, and by time ---- */

int find_presence(struct find *f, struct store *s, struct err *e)
{
	return store_each_sql(
		s,
		"SELECT DISTINCT image.tree FROM presence JOIN part ON part.id = presence.part JOIN image ON image.id = part.image",
		NO_ARGS, WALK(take_id, &f->trees), e);
}

int find_begun(struct find *f, struct store *s, int64_t node, int64_t from, int64_t to,
	       struct err *e)
{
	int64_t boot = -1, next, mixed;
	int ret = store_number(s, STMT_any_trusted_boot, ARGS(V_INT(node)), &mixed, e);

	from = from < INT64_MIN + SLACK_MS ? INT64_MIN : from - SLACK_MS;
	to = to > INT64_MAX - SLACK_MS ? INT64_MAX : to + SLACK_MS;
	while (ret == 0 &&
	       (ret = store_number(s, STMT_find_boot, ARGS(V_INT(node), V_INT(boot)), &next, e)) ==
		       0 &&
	       next > boot) {
		boot = next;
		ret = store_each(s, STMT_begun,
				 ARGS(V_INT(node), V_INT(boot), V_INT(from), V_INT(to), V_INT(1)),
				 WALK(take_id, &f->trees), e);
		/* of text beside trusted records only what these lack counts: its first record may
		 * come later */
		if (ret == 0 && mixed)
			ret = store_each(s, STMT_begun,
					 ARGS(V_INT(node), V_INT(boot), V_INT(INT64_MIN), V_INT(to),
					      V_INT(0)),
					 WALK(take_id, &f->trees), e);
	}
	if (ret == 0)
		ret = store_each_sql(
			s,
			"SELECT fold_makers.fold FROM fold_makers JOIN fold ON fold.id = fold_makers.fold WHERE fold.node = ?1 AND "
			"fold_makers.t_first >= ?2 AND fold_makers.t_first <= ?3",
			ARGS(V_INT(node), V_INT(from), V_INT(to)), WALK(take_id, &f->totals), e);
	return ret;
}

int find_count(struct store *s, int64_t *n, struct err *e)
{
	return store_number_sql(s, "SELECT ifnull(max(id), 0) - ifnull(min(id), 0) FROM tree",
				NO_ARGS, n, e);
}

/* ---- codes ---- */

struct coding { struct find_codes *out; struct pool *strings; };

static int take_code(void *to, sqlite3_stmt *st, struct err *e)
{
	struct coding *c = to;
	int64_t none;

	if (row_read(st, "fold", "h", &none, e) < 0)
		return -1;
	*VEC_PUSH(c->out) = pool_get(c->strings, pool_intern(c->strings, store_column(st, 0)));
	return 0;
}

static int by_bytes(const void *a, const void *b)
{
	return bytes_order(*(const struct bytes *)a, *(const struct bytes *)b);
}

int find_codes(struct find_codes *out, struct pool *strings, const struct find *f, struct store *s,
	       struct err *e)
{
	struct coding c = { out, strings };
	size_t n = 0;

	for (size_t i = 0; i < f->totals.n; i++)
		if (store_each(s, STMT_code_of_total, ARGS(V_INT(f->totals.v[i])),
			       WALK(take_code, &c), e) < 0)
			return -1;
	if (out->n > 1)
		qsort(out->v, out->n, sizeof(*out->v), by_bytes);
	for (size_t i = 0; i < out->n; i++)
		if (n == 0 || !bytes_eq(out->v[n - 1], out->v[i]))
			out->v[n++] = out->v[i];
	out->n = n;
	return 0;
}
