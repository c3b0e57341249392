// SPDX-License-Identifier: Apache-2.0
/* Loads the store in parts, so that no more than some of its trees are in memory at once. */
#include "store/query_load.h"

#include "store/order.h"
#include "store/row.h"

#define PART_TREES 250
#define PART_TOTALS 200

STMT(next_trees,
     "SELECT count(*), max(id) FROM (SELECT id FROM tree WHERE id > ?1 ORDER BY id LIMIT ?2)");
STMT(part_trees,
     "SELECT id, code, start_seen, trusted FROM tree WHERE id > ?2 AND id <= ?3 AND (NOT ?1 OR trusted)");
STMT(part_images,
     "SELECT part.id, tree, path.text, part.parent, fork_of, part.exe, part.name, pid, t_first, t_last, node, loader, boot, "
     "serial_first, image, trusted, serial_last, t_end FROM image_part AS part JOIN path ON path.id = part.path WHERE part.tree > ?2 AND "
     "part.tree <= ?3 AND (NOT ?1 OR trusted)");
STMT(part_labels,
     "SELECT tree, label FROM tree_label WHERE tree > ?2 AND tree <= ?3 AND (NOT ?1 OR trusted)");
STMT(part_places,
     "SELECT tree, place FROM tree_place WHERE tree > ?2 AND tree <= ?3 AND (NOT ?1 OR trusted)");
/* a part of one layer spans the times of its intervals */
STMT(part_intervals,
     "SELECT i.id, i.part, i.node, i.pid, i.exe, i.t_first, i.t_last, i.serial_first, i.serial_last, i.cell, i.loader, i.uid, i.auid, i.obs "
     "FROM image CROSS JOIN part CROSS JOIN interval AS i WHERE image.tree > ?2 AND image.tree <= ?3 AND part.image = image.id AND i.node = "
     "part.node AND i.pid = part.pid AND i.t_last >= part.t_first AND i.t_last <= part.t_last AND i.part = part.id AND (NOT ?1 OR i.trusted)");

static int begin_part(struct query_loading *l, struct err *e)
{
	if (nodes_load(&l->q->nodes, l->s, l->q->trusted, e) < 0 ||
	    query_each(l, "SELECT id, arch, nr, action FROM call", query_take_call, e) < 0)
		return -1;
	return query_load_links(l, e);
}

/* Trees of which the number is above `after`, up to the one of `last`. */
static int load_part(struct query_loading *l, int64_t after, int64_t last, struct err *e)
{
	const struct store_args args = ARGS(V_INT(l->q->trusted), V_INT(after), V_INT(last));

	if (begin_part(l, e) < 0 ||
	    store_each(l->s, STMT_part_trees, args, WALK(query_take_tree, l), e) < 0 ||
	    store_each(l->s, STMT_part_images, args, WALK(query_take_image, l), e) < 0 ||
	    query_link_images(l, e) < 0 ||
	    store_each(l->s, STMT_part_labels, args, WALK(query_take_label, l), e) < 0 ||
	    store_each(l->s, STMT_part_places, args, WALK(query_take_tree_location, l), e) < 0)
		return -1;
	return store_each(l->s, STMT_part_intervals, args, WALK(query_take_interval, l), e);
}

static int load_part_totals(struct query_loading *l, const struct bytes *codes, size_t n,
			    struct err *e)
{
	return begin_part(l, e) < 0 ? -1 : query_load_totals_of(l, codes, n, e);
}

struct codes {
	struct pool strings;
	struct bytes *v;
	size_t n, cap;
};

static int take_code(void *to, sqlite3_stmt *st, struct err *e)
{
	struct codes *c = to;
	int64_t none;

	if (row_read(st, "fold", "h", &none, e) < 0)
		return -1;
	*VEC_PUSH(c) = pool_get(&c->strings, pool_intern(&c->strings, store_column(st, 0)));
	return 0;
}

/* Each part has a query of its own. */
struct parts {
	struct store *s;
	int64_t since, until;
	bool trusted;
	struct query_part_take to;
};

static int one_part(const struct parts *p, int64_t after, int64_t last, const struct bytes *codes,
		    size_t n, struct err *e)
{
	struct query q = {
		.trusted = p->trusted, .since = p->since, .until = p->until, .some = true
	};
	struct query_loading l = {
		.q = &q, .s = p->s, .since = p->since, .until = p->until, .some = true
	};
	int ret = codes != NULL ? load_part_totals(&l, codes, n, e) : load_part(&l, after, last, e);

	if (ret == 0) {
		query_note_programs(&q);
		order_query(&q);
		p->to.take(p->to.to, &q);
	}
	query_loading_release(&l);
	query_release(&q);
	return ret;
}

/* Can no tree's answer depend on what is in another part? */
static int is_plain(struct store *s, bool trusted, bool *plain, struct err *e)
{
	struct nodes nodes;
	int64_t mixed = 0;
	int ret = nodes_load(&nodes, s, trusted, e);

	*plain = !nodes.joined;
	nodes_release(&nodes);
	if (ret == 0)
		ret = store_number_sql(
			s,
			"SELECT EXISTS (SELECT 1 FROM presence) OR (EXISTS (SELECT 1 FROM ingest WHERE trusted > 0) AND EXISTS "
			"(SELECT 1 FROM ingest WHERE new_events > trusted OR contradicted > 0))",
			NO_ARGS, &mixed, e);
	*plain = *plain && ret == 0 && !mixed;
	return ret;
}

/* Each path is written after the one that it goes on from: see query_take_path. */
static int take_circle(void *to, sqlite3_stmt *st, struct err *e)
{
	(void)to;
	return row_damaged(sqlite3_db_handle(st), "path", sqlite3_column_int64(st, 0),
			   "its parent does not come before it", e);
}

int query_load_parts(struct store *s, int64_t since, int64_t until, bool trusted,
		     struct query_part_take to, struct err *e)
{
	const struct parts p = { s, since, until, trusted, to };
	struct codes codes = { 0 };
	int64_t next[2] = { 0, 0 }, after = INT64_MIN;
	bool found, plain;
	int ret = 0;

	if (!s->makers || (trusted && !store_trusts(s)))
		return 1;
	if (is_plain(s, trusted, &plain, e) < 0)
		return -1;
	if (!plain)
		return 1;
	if (store_each_sql(s, "SELECT id FROM path WHERE parent >= id LIMIT 1", NO_ARGS,
			   WALK(take_circle, NULL), e) < 0)
		return -1;
	do {
		ret = store_find(s, STMT_next_trees, ARGS(V_INT(after), V_INT(PART_TREES)), next, 2,
				 &found, e);
		if (ret == 0 && next[0] > 0)
			ret = one_part(&p, after, next[1], NULL, 0, e);
		after = next[1];
	} while (ret == 0 && next[0] > 0);
	if (ret == 0)
		ret = store_each_sql(
			s, "SELECT DISTINCT code FROM fold WHERE NOT ?1 OR trusted ORDER BY code",
			ARGS(V_INT(trusted)), WALK(take_code, &codes), e);
	for (size_t i = 0; i < codes.n && ret == 0; i += PART_TOTALS)
		ret = one_part(&p, 0, 0, &codes.v[i],
			       codes.n - i < PART_TOTALS ? codes.n - i : PART_TOTALS, e);
	if (ret == 0)
		ret = store_still(s, e);
	VEC_FREE(&codes);
	pool_release(&codes.strings);
	return ret;
}
