#include "store/status.h"

#include "store/base/when.h"
#include "store/model/record.h"
#include "store/row.h"

/* a marker may say any number, and two of the largest overflow */
#define LOSS "max(0, min(number, 1099511627776))"

static struct bytes keep(struct status_store *o, struct bytes b)
{
	return pool_get(&o->strings, pool_intern(&o->strings, b));
}

static struct status_node *node_of(struct status_store *o, int64_t id)
{
	for (size_t i = 0; i < o->nodes.n; i++)
		if (o->nodes.v[i].id == id)
			return &o->nodes.v[i];
	return NULL;
}

static int take_node(void *to, sqlite3_stmt *st, struct err *e)
{
	struct status_store *o = to;
	int64_t v[7];
	struct status_node n;

	/* of living trees, then of folded ones */
	if (row_read(st, "node", "ibuTcuT", v, e) < 0)
		return -1;
	n = (struct status_node){ .id = v[0], .name = keep(o, store_column(st, 1)),
				  .t_first = v[2], .t_last = v[3], .trees = (uint64_t)v[4] };
	if (v[5] != WHEN_NONE && (n.t_first == WHEN_NONE || v[5] < n.t_first))
		n.t_first = v[5];
	if (v[6] > n.t_last)
		n.t_last = v[6];
	*VEC_PUSH(&o->nodes) = n;
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
	if (n == NULL)
		return no_node(st, "node_name", e);
	*VEC_PUSH(&n->names) = keep(o, store_column(st, 1));
	return 0;
}

static int take_boot(void *to, sqlite3_stmt *st, struct err *e)
{
	struct status_store *o = to;
	struct status_node *n;
	int64_t v[5];

	if (row_read(st, "boot", "itTss", v, e) < 0)
		return -1;
	n = node_of(o, v[0]);
	if (n == NULL)
		return no_node(st, "boot", e);
	*VEC_PUSH(&n->boots) = (struct status_boot){ v[1], v[2], (uint32_t)v[3], (uint32_t)v[4] };
	return 0;
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
	if (n == NULL)
		return no_node(st, "loss", e);
	kind = store_column(st, 1);
	while (i < N_LOSS_KINDS && !bytes_eq(kind, bytes_of(loss_name((enum loss_kind)i))))
		i++;
	if (i == N_LOSS_KINDS)
		return row_damaged(sqlite3_db_handle(st), "loss", 0, "its kind is none", e);
	*VEC_PUSH(&n->losses) = (struct status_loss){ loss_name((enum loss_kind)i), (uint64_t)v[2], (uint64_t)v[3] };
	return 0;
}

static int take_run(void *to, sqlite3_stmt *st, struct err *e)
{
	struct status_store *o = to;
	int64_t v[13];

	if (row_read(st, "ingest", "itbacccccolll", v, e) < 0)
		return -1;
	*VEC_PUSH(&o->runs) = (struct status_run){
		.id = v[0], .started = v[1], .source = keep(o, store_column(st, 2)),
		.label = keep(o, store_column(st, 3)), .new_events = (uint64_t)v[4],
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

/* ?1: only what trusted sources brought. */
#define NODE_COUNTS(node) \
	"(NOT ?1 OR " node " IN (SELECT node FROM boot WHERE trusted UNION SELECT node FROM loss WHERE trusted UNION SELECT node FROM " \
	"fold WHERE trusted))"

static const char sql_nodes[] =
	"SELECT node.id, node.name, min(part.t_first), max(part.t_last), count(DISTINCT image.tree) + (SELECT "
	"ifnull(sum(trees), 0) FROM fold WHERE fold.node = node.id AND (NOT ?1 OR fold.trusted)), (SELECT min(u.t_first) FROM fold_use "
	"AS u JOIN fold ON fold.id = u.fold WHERE fold.node = node.id AND (NOT ?1 OR fold.trusted)), (SELECT max(u.t_last) FROM fold_use "
	"AS u JOIN fold ON fold.id = u.fold WHERE fold.node = node.id AND (NOT ?1 OR fold.trusted)) FROM node LEFT JOIN part ON part.node "
	"= node.id AND (NOT ?1 OR part.trusted) LEFT JOIN image ON image.id = part.image WHERE " NODE_COUNTS("node.id") " GROUP BY node.id ORDER BY node.name";
static const char sql_names[] = "SELECT node, name FROM node_name WHERE " NODE_COUNTS("node") " ORDER BY name";
static const char sql_boots[] =
	"SELECT node, t_first, t_last, serial_first, serial_last FROM boot WHERE NOT ?1 OR trusted ORDER BY node, number";
static const char sql_losses[] =
	"SELECT node, CAST(kind AS BLOB), count(*), iif(kind = 'kernel', max(" LOSS "), sum(" LOSS ")) FROM loss WHERE NOT ?1 OR "
	"trusted GROUP BY node, kind";
static const char sql_runs[] =
	"SELECT ingest.id, started, source, string.bytes, iif(?1, trusted, new_events), seen_before, damaged, losses, contradicted, "
	"complete, gaps, dropped, lost FROM ingest LEFT JOIN capture ON capture.ingest = ingest.id LEFT JOIN string ON string.id = label "
	"WHERE NOT ?1 OR trusted > 0 OR capture.ingest IS NOT NULL ORDER BY ingest.id DESC LIMIT ?2";
static const char sql_totals[] =
	"SELECT (SELECT count(*) FROM ingest WHERE NOT ?1 OR trusted > 0 OR id IN (SELECT ingest FROM capture)), (SELECT ifnull(sum(min(contradicted, 1099511627776)), 0) FROM "
	"ingest WHERE NOT ?1), page_count * page_size FROM pragma_page_count(), pragma_page_size()";

int status_load(struct status_store *out, struct store *s, unsigned runs, bool only_trusted, struct err *e)
{
	static const struct { const char *sql; int (*take)(void *, sqlite3_stmt *, struct err *); } rows[] = {
		{ sql_nodes, take_node }, { sql_names, take_name }, { sql_boots, take_boot }, { sql_losses, take_loss },
		{ sql_runs, take_run }, { sql_totals, take_totals },
	};

	*out = (struct status_store){ .trusted = store_trusts(s), .only_trusted = only_trusted };
	if (only_trusted && !out->trusted)
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct store_args args = ARGS(V_INT(only_trusted), V_INT(runs));

		args.n = rows[i].take == take_run ? 2 : 1;
		if (store_each_sql(s, rows[i].sql, args, WALK(rows[i].take, out), e) < 0)
			return -1;
	}
	return 0;
}

void status_release(struct status_store *s)
{
	for (size_t i = 0; i < s->nodes.n; i++) {
		VEC_FREE(&s->nodes.v[i].names);
		VEC_FREE(&s->nodes.v[i].boots);
		VEC_FREE(&s->nodes.v[i].losses);
	}
	VEC_FREE(&s->nodes);
	VEC_FREE(&s->runs);
	pool_release(&s->strings);
}
