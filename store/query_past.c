// SPDX-License-Identifier: Apache-2.0
/* Loads the rows of fold_start of chosen pseudo-trees. */
#include "store/query_past.h"

#include "store/base/hash.h"
#include "store/base/map.h"
#include "store/row.h"
#include "store/sql.h"

struct loading {
	struct query_past *out;
	const struct query *q;
	struct map set_of;      /* (tree, hash of calls) -> index of query.sets */
	bool believed;          /* else what the store calls trusted is text */
	uint32_t tree;
};

uint64_t query_past_hash(struct bytes calls)
{
	return hash_bytes(calls.p, calls.n);
}

static int take(void *to, sqlite3_stmt *st, struct err *e)
{
	struct loading *l = to;
	const struct query *q = l->q;
	int64_t v[6];

	if (row_read(st, "fold_start", "tkffcf", v, e) < 0)
		return -1;
	if (v[4] > PAST_UNKNOWN)
		return row_damaged(sqlite3_db_handle(st), "fold_start", 0,
				   "records is none of 0, 1 and 2", e);
	if ((q->since != WHEN_NONE && v[0] < q->since) ||
	    (q->until != WHEN_NONE && v[0] > q->until))
		return 0;
	*VEC_PUSH(&l->out->trees) =
		(struct query_past_tree){ .tree = l->tree,
					  .set = (uint32_t)map_get(&l->set_of, l->tree,
								   (uint64_t)v[1], QUERY_NONE),
					  .t = v[0],
					  .start = v[2] != 0,
					  .ended = v[3] != 0,
					  .records = (enum query_past_records)v[4],
					  .text = v[5] == 0 || !l->believed };
	return 0;
}

int query_past_load(struct query_past *out, const struct query *q, struct store *s,
		    const bool *tree_in, struct err *e)
{
	struct loading l = { .out = out, .q = q, .believed = store_trusts(s) };
	int ret = 0;

	*out = (struct query_past){ 0 };
	for (size_t i = 0; i < q->sets.n; i++)
		map_put(&l.set_of, q->sets.v[i].tree, q->sets.v[i].hash, (int64_t)i);
	for (l.tree = 0; l.tree < q->trees.n && ret == 0 && !s->older; l.tree++)
		for (size_t k = 0; k < q->trees.v[l.tree].totals.n && ret == 0 && tree_in[l.tree];
		     k++)
			ret = store_each_sql(
				s,
				"SELECT t, calls, start, ended, records, trusted FROM fold_start JOIN fold ON fold.id = fold "
				"WHERE fold = ?1 ORDER BY t, fold_start.id",
				ARGS(V_INT(q->trees.v[l.tree].totals.v[k])), WALK(take, &l), e);
	map_release(&l.set_of);
	return ret;
}

void query_past_release(struct query_past *p)
{
	VEC_FREE(&p->trees);
}
