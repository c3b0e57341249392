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

	(void)e;
	o->n_runs = (uint64_t)sqlite3_column_int64(st, 0);
	o->bytes = (uint64_t)sqlite3_column_int64(st, 1);
	return 0;
}

static int each(struct status_store *o, struct store *s, const char *sql, int (*take)(void *, sqlite3_stmt *, struct err *), struct err *e)
{
	return store_each_sql(s, sql, NO_ARGS, WALK(take, o), e);
}

int status_load(struct status_store *out, struct store *s, unsigned runs, struct err *e)
{
	*out = (struct status_store){ .trusted = store_trusts(s) };
	if (each(out, s, "SELECT node.id, node.name, min(part.t_first), max(part.t_last), count(DISTINCT image.tree) + (SELECT "
			 "ifnull(sum(trees), 0) FROM fold WHERE fold.node = node.id), (SELECT min(u.t_first) FROM fold_use AS u JOIN fold ON "
			 "fold.id = u.fold WHERE fold.node = node.id), (SELECT max(u.t_last) FROM fold_use AS u JOIN fold ON fold.id = u.fold "
			 "WHERE fold.node = node.id) FROM node LEFT JOIN part ON part.node = node.id LEFT JOIN image ON image.id = part.image GROUP BY node.id ORDER BY node.name", take_node, e) < 0 ||
	    each(out, s, "SELECT node, name FROM node_name ORDER BY name", take_name, e) < 0 ||
	    each(out, s, "SELECT node, t_first, t_last, serial_first, serial_last FROM boot ORDER BY node, number",
		 take_boot, e) < 0 ||
	    each(out, s, "SELECT node, CAST(kind AS BLOB), count(*), iif(kind = 'kernel', max(" LOSS "), sum(" LOSS ")) FROM loss "
			 "GROUP BY node, kind", take_loss, e) < 0 ||
	    store_each_sql(s, "SELECT ingest.id, started, source, string.bytes, new_events, seen_before, damaged, losses, contradicted, "
			 "complete, gaps, dropped, lost FROM ingest LEFT JOIN capture ON capture.ingest = ingest.id LEFT JOIN string ON string.id = label ORDER BY ingest.id DESC LIMIT ?1", ARGS(V_INT(runs)), WALK(take_run, out), e) < 0)
		return -1;
	return each(out, s, "SELECT (SELECT count(*) FROM ingest), page_count * page_size FROM pragma_page_count(), "
			    "pragma_page_size()", take_totals, e);
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
