// SPDX-License-Identifier: Apache-2.0
/* Reads what status prints: nodes with their boots and losses, and the runs. */
#include "store/status.h"

#include "store/base/when.h"
#include "store/model/record.h"
#include "store/query.h"
#include "store/row.h"
#include "store/serials.h"
#include "store/sql.h"
#include "store/tool.h"

#include <stdlib.h>

/* a marker may say any number, and two of the largest overflow */
#define LOSS "max(0, min(number, 1099511627776))"

static struct bytes keep_string(struct status_store *o, struct bytes b)
{
	return pool_get(&o->strings, pool_intern(&o->strings, b));
}

/* The machine that a row of node is one of; NULL: there is no such row. */
static struct status_node *node_of(struct status_store *o, int64_t row)
{
	int64_t at = map_get(&o->at, (uint64_t)nodes_id(&o->rows, row), 0, -1);

	return at < 0 ? NULL : &o->nodes.v[at];
}

static void widen_node(struct status_node *n, int64_t first, int64_t last)
{
	if (first != WHEN_NONE && (n->t_first == WHEN_NONE || first < n->t_first))
		n->t_first = first;
	if (last != WHEN_NONE && (n->t_last == WHEN_NONE || last > n->t_last))
		n->t_last = last;
}

/* Has a file of a tool brought this row? Those have a list of their own. */
static bool is_tool(const struct status_store *o, int64_t row)
{
	const struct nodes_row *n = nodes_find(&o->rows, row);

	return n != NULL && n->kind != KIND_SECCOMP;
}

static int take_tool(void *to, const struct tool_row *r, struct err *e)
{
	struct status_store *o = to;

	(void)e;
	*VEC_PUSH(&o->tools) = (struct status_tool){ .kind = r->kind,
						     .facts = r->facts,
						     .calls = r->calls,
						     .lost = r->lost,
						     .size = r->size,
						     .file = keep_string(o, r->file),
						     .host = keep_string(o, r->host),
						     .node = keep_string(o, r->node),
						     .whole = r->whole,
						     .t = r->t };
	return 0;
}

static int take_node(void *to, sqlite3_stmt *st, struct err *e)
{
	struct status_store *o = to;
	struct status_node *n;
	int64_t v[7], id;

	/* of living trees, then of compacted ones */
	if (row_read(st, "node", "ibuTcuT", v, e) < 0)
		return -1;
	if ((o->only_trusted && !nodes_find(&o->rows, v[0])->kept) || is_tool(o, v[0]))
		return 0;
	id = nodes_id(&o->rows, v[0]);
	n = node_of(o, id);
	if (n == NULL) {
		map_put(&o->at, (uint64_t)id, 0, (int64_t)o->nodes.n);
		n = VEC_PUSH(&o->nodes);
		*n = (struct status_node){ .id = id,
					   .name = nodes_find(&o->rows, id)->shown,
					   .t_first = WHEN_NONE,
					   .t_last = WHEN_NONE };
	}
	n->trees += (uint64_t)v[4];
	widen_node(n, v[2], v[3]);
	widen_node(n, v[5], v[6]);
	return 0;
}

static int no_node(sqlite3_stmt *row, const char *table, struct err *e)
{
	return row_damaged(sqlite3_db_handle(row), table, 0, "its node is not there", e);
}

static int take_name(void *to, sqlite3_stmt *st, struct err *e)
{
	struct status_store *o = to;
	struct status_node *n;
	int64_t v[2];

	if (row_read(st, "node_name", "ib", v, e) < 0)
		return -1;
	n = node_of(o, v[0]);
	if (n == NULL &&
	    (is_tool(o, v[0]) || (o->only_trusted && nodes_find(&o->rows, v[0]) != NULL)))
		return 0;
	if (n == NULL)
		return no_node(st, "node_name", e);
	*VEC_PUSH(&n->names) = keep_string(o, store_column(st, 1));
	return 0;
}

static int take_boot(void *to, sqlite3_stmt *st, struct err *e)
{
	struct status_store *o = to;
	const struct serials_boot *of;
	struct status_node *n;
	struct status_boot b;
	int64_t v[7];

	if (row_read(st, "boot", "itTsscf", v, e) < 0)
		return -1;
	n = node_of(o, v[0]);
	if (n == NULL)
		return no_node(st, "boot", e);
	b = (struct status_boot){ .t_first = v[1],
				  .t_last = v[2],
				  .serial_first = (uint32_t)v[3],
				  .serial_last = (uint32_t)v[4],
				  .row = v[0],
				  .trusted = v[6] != 0 };
	of = serials_boot_of(v[6] ? &o->sure : &o->all, v[0], v[5]);
	if (of != NULL && !of->uncounted) {
		b.known = true;
		b.exact = of->exact;
		b.held = of->held;
		b.other = of->other;
		b.missing = of->missing;
		b.hole = of->hole;
		b.hole_t = of->hole_t;
		b.hole_from = of->hole_from;
		b.holes = of->holes;
		b.bursts = of->bursts;
	}
	*VEC_PUSH(&n->boots) = b;
	return 0;
}

/* The same markers may have come by two names of the machine: the larger of two counts. */
static void add_loss(struct status_node *n, const struct status_loss *l)
{
	size_t i = 0;

	while (i < n->losses.n && strcmp(n->losses.v[i].kind, l->kind) != 0)
		i++;
	if (i == n->losses.n)
		*VEC_PUSH(&n->losses) = (struct status_loss){ .kind = l->kind };
	n->losses.v[i].markers =
		l->markers > n->losses.v[i].markers ? l->markers : n->losses.v[i].markers;
	n->losses.v[i].records =
		l->records > n->losses.v[i].records ? l->records : n->losses.v[i].records;
}

static int take_loss(void *to, sqlite3_stmt *st, struct err *e)
{
	struct status_store *o = to;
	struct status_node *n;
	struct bytes kind;
	int64_t v[4];
	int i = 0;

	if (row_read(st, "loss", "ivkk", v, e) < 0)
		return -1;
	n = node_of(o, v[0]);
	if (n == NULL && is_tool(o, v[0]))
		return 0;
	if (n == NULL)
		return no_node(st, "loss", e);
	kind = store_column(st, 1);
	while (i < N_LOSS_KINDS && !bytes_eq(kind, bytes_of(record_loss_name((enum loss_kind)i))))
		i++;
	if (i == N_LOSS_KINDS)
		return row_damaged(sqlite3_db_handle(st), "loss", 0, "its kind is none", e);
	add_loss(n, &(struct status_loss){ record_loss_name((enum loss_kind)i), (uint64_t)v[2],
					   (uint64_t)v[3] });
	return 0;
}

static int take_run(void *to, sqlite3_stmt *st, struct err *e)
{
	struct status_store *o = to;
	int64_t v[13];

	if (row_read(st, "ingest", "itbacccccolll", v, e) < 0)
		return -1;
	*VEC_PUSH(&o->runs) = (struct status_run){
		.id = v[0], .started = v[1], .source = keep_string(o, store_column(st, 2)),
		.label = keep_string(o, store_column(st, 3)), .new_events = (uint64_t)v[4],
		.seen_before = (uint64_t)v[5], .damaged = (uint64_t)v[6],
		.losses = (uint64_t)v[7], .contradicted = (uint64_t)v[8], .captured = v[9] >= 0,
		.complete = v[9] > 0 && o->trusted, .gaps = (uint64_t)v[10],
		.dropped = (uint64_t)v[11],
		.lost_known = o->trusted && sqlite3_column_type(st, 12) != SQLITE_NULL,
		.lost = (uint64_t)v[12],
	};
	return 0;
}

static int take_totals(void *to, sqlite3_stmt *st, struct err *e)
{
	struct status_store *o = to;
	int64_t v[3];

	if (row_read(st, "ingest", "ckk", v, e) < 0)
		return -1;
	o->n_runs = (uint64_t)v[0];
	o->contradicted = v[1] > 0 ? (uint64_t)v[1] : 0;
	o->bytes = (uint64_t)v[2];
	return 0;
}

/* ---- machines of several rows ---- */

static int by_time(const void *a, const void *b)
{
	const struct status_boot *x = a, *y = b;

	if (x->t_first != y->t_first)
		return x->t_first < y->t_first ? -1 : 1;
	return x->serial_first < y->serial_first ? -1 : x->serial_first > y->serial_first;
}

/*
 * Are two boots one, seen by two names? A machine is in one boot at a time, and its serials rise as
 * long as it lasts. What came by one name is two boots already.
 */
static bool same_boot(const struct status_boot *a, const struct status_boot *b)
{
	return b->t_first <= a->t_last ||
	       (a->row != 0 && a->row != b->row && b->serial_first > a->serial_last);
}

static void join_boots(struct status_node *n)
{
	size_t kept = 0;

	if (n->boots.n > 1)
		qsort(n->boots.v, n->boots.n, sizeof(*n->boots.v), by_time);
	for (size_t i = 0; i < n->boots.n; i++) {
		struct status_boot b = n->boots.v[i],
				   *last = kept == 0 ? NULL : &n->boots.v[kept - 1];

		if (last == NULL || !same_boot(last, &b)) {
			n->boots.v[kept++] = b;
			continue;
		}
		last->serial_first =
			b.serial_first < last->serial_first ? b.serial_first : last->serial_first;
		last->serial_last =
			b.serial_last > last->serial_last ? b.serial_last : last->serial_last;
		last->t_last = b.t_last > last->t_last ? b.t_last : last->t_last;
		last->known = last->row == b.row && last->known && b.known;
		last->row = last->row == b.row ? b.row : 0;
	}
	n->boots.n = kept;
}

static int by_kind(const void *a, const void *b)
{
	return strcmp(((const struct status_loss *)a)->kind, ((const struct status_loss *)b)->kind);
}

static int by_name(const void *a, const void *b)
{
	return bytes_order(((const struct status_node *)a)->name,
			   ((const struct status_node *)b)->name);
}

/* Trees that came by two names count once. */
static int count_trees(struct status_store *o, struct store *s, struct err *e)
{
	struct query q;
	int ret = query_load(&q, s, WHEN_NONE, WHEN_NONE, o->only_trusted, e);

	for (size_t i = 0; i < q.trees.n && ret == 0; i++) {
		struct status_node *n = node_of(o, q.trees.v[i].node_id);

		if (n != NULL)
			n->trees -= q.trees.v[i].also.n;
	}
	query_release(&q);
	return ret;
}

static int join_nodes(struct status_store *o, struct store *s, struct err *e)
{
	for (size_t i = 0; i < o->nodes.n; i++) {
		struct status_node *n = &o->nodes.v[i];

		if (nodes_has_others(&o->rows, n->id))
			join_boots(n);
		if (n->losses.n > 1)
			qsort(n->losses.v, n->losses.n, sizeof(*n->losses.v), by_kind);
	}
	if (o->rows.joined && count_trees(o, s, e) < 0)
		return -1;
	if (o->nodes.n > 1)
		qsort(o->nodes.v, o->nodes.n, sizeof(*o->nodes.v), by_name);
	return 0;
}

/* ?1: only what trusted sources brought. */

static const char sql_nodes[] =
	"SELECT node.id, node.name, min(part.t_first), max(part.t_last), count(DISTINCT image.tree) + (SELECT "
	"ifnull(sum(trees), 0) FROM fold WHERE fold.node = node.id AND (NOT ?1 OR fold.trusted)), (SELECT min(u.t_first) FROM fold_use "
	"AS u JOIN fold ON fold.id = u.fold WHERE fold.node = node.id AND (NOT ?1 OR fold.trusted)), (SELECT max(u.t_last) FROM fold_use "
	"AS u JOIN fold ON fold.id = u.fold WHERE fold.node = node.id AND (NOT ?1 OR fold.trusted)) FROM node LEFT JOIN part ON part.node "
	"= node.id AND (NOT ?1 OR part.trusted) LEFT JOIN image ON image.id = part.image GROUP BY node.id";
static const char sql_names[] = "SELECT node, name FROM node_name ORDER BY name";
static const char sql_boots[] =
	"SELECT node, t_first, t_last, serial_first, serial_last, number, trusted FROM boot WHERE NOT ?1 OR trusted ORDER BY node, number";
static const char sql_losses[] =
	"SELECT node, CAST(kind AS BLOB), count(*), iif(kind = 'kernel', max(" LOSS "), sum(" LOSS
	")) FROM loss WHERE NOT ?1 OR "
	"trusted GROUP BY node, kind";
static const char sql_runs[] =
	"SELECT ingest.id, started, source, string.bytes, iif(?1, trusted, new_events) AS new_events, seen_before, damaged, losses, contradicted, "
	"complete, gaps, dropped, lost FROM ingest LEFT JOIN capture ON capture.ingest = ingest.id LEFT JOIN string ON string.id = label "
	"WHERE NOT ?1 OR trusted > 0 OR capture.ingest IS NOT NULL ORDER BY ingest.id DESC LIMIT ?2";
static const char sql_totals[] =
	"SELECT (SELECT count(*) FROM ingest WHERE NOT ?1 OR trusted > 0 OR id IN (SELECT ingest FROM capture)), (SELECT ifnull(sum(min(contradicted, 1099511627776)), 0) FROM "
	"ingest WHERE NOT ?1), page_count * page_size FROM pragma_page_count(), pragma_page_size()";

int status_load(struct status_store *out, struct store *s, unsigned runs, bool only_trusted,
		struct err *e)
{
	static const struct {
		const char *sql;
		int (*take)(void *, sqlite3_stmt *, struct err *);
	} rows[] = {
		{ sql_nodes, take_node },  { sql_names, take_name }, { sql_boots, take_boot },
		{ sql_losses, take_loss }, { sql_runs, take_run },   { sql_totals, take_totals },
	};

	*out = (struct status_store){ .trusted = store_trusts(s), .only_trusted = only_trusted };
	if (only_trusted && !out->trusted)
		return 0;
	if (nodes_load(&out->rows, s, only_trusted, e) < 0)
		return -1;
	if (!only_trusted && tool_each(s, (struct tool_row_take){ take_tool, out }, e) < 0)
		return -1;
	if (serials_load(&out->sure, s, &out->rows, true, e) < 0 ||
	    (!only_trusted && serials_load(&out->all, s, &out->rows, false, e) < 0))
		return -1;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct store_args args = ARGS(V_INT(only_trusted), V_INT(runs));

		args.n = rows[i].take == take_run ? 2 : rows[i].take == take_name ? 0 : 1;
		if (store_each_sql(s, rows[i].sql, args, WALK(rows[i].take, out), e) < 0)
			return -1;
	}
	return join_nodes(out, s, e) < 0 ? -1 : store_still(s, e);
}

void status_release(struct status_store *s)
{
	for (size_t i = 0; i < s->nodes.n; i++) {
		VEC_FREE(&s->nodes.v[i].names);
		VEC_FREE(&s->nodes.v[i].boots);
		VEC_FREE(&s->nodes.v[i].losses);
	}
	VEC_FREE(&s->nodes);
	nodes_release(&s->rows);
	serials_release(&s->sure);
	serials_release(&s->all);
	map_release(&s->at);
	VEC_FREE(&s->tools);
	VEC_FREE(&s->runs);
	pool_release(&s->strings);
}
