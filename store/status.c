#include "store/status.h"

#include "store/base/when.h"

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
	struct status_node n = { .id = sqlite3_column_int64(st, 0), .name = keep(o, store_column(st, 1)), .t_first = WHEN_NONE,
				 .t_last = WHEN_NONE, .trees = (uint64_t)sqlite3_column_int64(st, 4) };

	(void)e;
	/* of living trees, then of folded ones */
	for (int i = 2; i <= 5; i += 3) {
		int64_t first = sqlite3_column_int64(st, i), last = sqlite3_column_int64(st, i == 2 ? 3 : 6);

		if (sqlite3_column_type(st, i) == SQLITE_NULL)
			continue;
		if (n.t_first == WHEN_NONE || first < n.t_first)
			n.t_first = first;
		if (n.t_last == WHEN_NONE || last > n.t_last)
			n.t_last = last;
	}
	*VEC_PUSH(&o->nodes) = n;
	return 0;
}

static int no_node(sqlite3_stmt *row, struct err *e)
{
	return err_set(e, ST_SYSTEM, "store %s: a row names a node that is not there", sqlite3_db_filename(sqlite3_db_handle(row), "main"));
}

static int take_name(void *to, sqlite3_stmt *st, struct err *e)
{
	struct status_store *o = to;
	struct status_node *n = node_of(o, sqlite3_column_int64(st, 0));

	if (n == NULL)
		return no_node(st, e);
	*VEC_PUSH(&n->names) = keep(o, store_column(st, 1));
	return 0;
}

static int take_boot(void *to, sqlite3_stmt *st, struct err *e)
{
	struct status_store *o = to;
	struct status_node *n = node_of(o, sqlite3_column_int64(st, 0));

	if (n == NULL)
		return no_node(st, e);
	*VEC_PUSH(&n->boots) = (struct status_boot){ sqlite3_column_int64(st, 1), sqlite3_column_int64(st, 2),
						     (uint32_t)sqlite3_column_int64(st, 3), (uint32_t)sqlite3_column_int64(st, 4) };
	return 0;
}

static int take_loss(void *to, sqlite3_stmt *st, struct err *e)
{
	struct status_store *o = to;
	struct status_node *n = node_of(o, sqlite3_column_int64(st, 0));

	if (n == NULL)
		return no_node(st, e);
	*VEC_PUSH(&n->losses) = (struct status_loss){ keep(o, store_column(st, 1)).p, (uint64_t)sqlite3_column_int64(st, 2),
						      (uint64_t)sqlite3_column_int64(st, 3) };
	return 0;
}

static int take_run(void *to, sqlite3_stmt *st, struct err *e)
{
	struct status_store *o = to;

	(void)e;
	*VEC_PUSH(&o->runs) = (struct status_run){
		.id = sqlite3_column_int64(st, 0), .started = sqlite3_column_int64(st, 1), .source = keep(o, store_column(st, 2)),
		.label = keep(o, store_column(st, 3)), .new_events = (uint64_t)sqlite3_column_int64(st, 4),
		.seen_before = (uint64_t)sqlite3_column_int64(st, 5), .damaged = (uint64_t)sqlite3_column_int64(st, 6),
		.losses = (uint64_t)sqlite3_column_int64(st, 7), .contradicted = (uint64_t)sqlite3_column_int64(st, 8),
		.captured = sqlite3_column_type(st, 9) != SQLITE_NULL, .complete = sqlite3_column_int(st, 9) != 0,
		.gaps = (uint64_t)sqlite3_column_int64(st, 10), .dropped = (uint64_t)sqlite3_column_int64(st, 11),
		.lost_known = sqlite3_column_type(st, 12) != SQLITE_NULL, .lost = (uint64_t)sqlite3_column_int64(st, 12),
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
	*out = (struct status_store){ 0 };
	if (each(out, s, "SELECT node.id, node.name, min(image.t_first), max(image.t_last), count(DISTINCT image.tree) + (SELECT "
			 "ifnull(sum(trees), 0) FROM fold WHERE fold.node = node.id), (SELECT min(u.t_first) FROM fold_use AS u JOIN fold ON "
			 "fold.id = u.fold WHERE fold.node = node.id), (SELECT max(u.t_last) FROM fold_use AS u JOIN fold ON fold.id = u.fold "
			 "WHERE fold.node = node.id) FROM node LEFT JOIN image ON image.node = node.id GROUP BY node.id ORDER BY node.name", take_node, e) < 0 ||
	    each(out, s, "SELECT node, name FROM node_name ORDER BY name", take_name, e) < 0 ||
	    each(out, s, "SELECT node, t_first, t_last, serial_first, serial_last FROM boot ORDER BY node, number",
		 take_boot, e) < 0 ||
	    each(out, s, "SELECT node, CAST(kind AS BLOB), count(*), iif(kind = 'kernel', max(number), sum(number)) FROM loss "
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
