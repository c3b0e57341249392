// SPDX-License-Identifier: Apache-2.0
/* Losses that are known of nodes within a time, by the markers of each kind. */
#include "store/query.h"

#include "store/base/when.h"
#include "store/row.h"
#include "store/sql.h"

#include <stdlib.h>

/* a marker may say any number, and two of the largest overflow */
#define LOSS "max(0, min(number, 1099511627776))"
#define MARKER_LATE_MS 300000 /* a marker comes with the next line that gets through */

struct losing { struct query_losses *out; struct query *q; };

/* The same markers may have come by two names of the machine: the larger of two counts, as with
 * what was made. */
static void add_loss(struct query_losses *out, const struct query_loss *l, bool others)
{
	for (size_t i = 0; i < out->n && others; i++) {
		struct query_loss *was = &out->v[i];

		if (!bytes_eq(was->node, l->node))
			continue;
		was->markers = was->markers > l->markers ? was->markers : l->markers;
		was->kernel_markers = was->kernel_markers > l->kernel_markers ?
					      was->kernel_markers :
					      l->kernel_markers;
		was->printk = was->printk > l->printk ? was->printk : l->printk;
		was->kernel = was->kernel > l->kernel ? was->kernel : l->kernel;
		was->others = was->others > l->others ? was->others : l->others;
		return;
	}
	*VEC_PUSH(out) = *l;
}

static int take_loss(void *to, sqlite3_stmt *st, struct err *e)
{
	struct losing *l = to;
	const struct nodes_row *node;
	int64_t v[6];

	if (row_read(st, "loss", "ikkkkk", v, e) < 0)
		return -1;
	node = nodes_find(&l->q->nodes, v[0]);
	if (node == NULL)
		return row_damaged(sqlite3_db_handle(st), "loss", 0, "its node is not there", e);
	add_loss(l->out, &(struct query_loss){
		.node = node->shown, .markers = (uint64_t)v[1],
		.printk = (uint64_t)v[2], .kernel = (uint64_t)v[3], .others = (uint64_t)v[4],
		.kernel_markers = (uint64_t)v[5],
	}, node->others);
	return 0;
}

static int by_node(const void *a, const void *b)
{
	const struct query_loss *x = a, *y = b;

	return bytes_order(x->node, y->node);
}

int query_losses(struct query_losses *out, struct query *q, struct store *s, int64_t since,
		 int64_t until, struct err *e)
{
	struct losing l = { out, q };
	int ret;

	/* a marker comes after what it tells of, sometimes much later */
	ret = store_each_sql(
		s,
		"SELECT node, count(*), ifnull(sum(" LOSS ") FILTER (WHERE kind = 'printk'), 0), "
		"ifnull(max(" LOSS ") FILTER (WHERE kind = 'kernel'), 0), ifnull(sum(" LOSS
		") FILTER "
		"(WHERE kind IN ('journald', 'rsyslog', 'tracer')), 0), count(*) FILTER (WHERE kind IN ('kernel', 'backlog', 'rate')) "
		"FROM loss WHERE (t IS NULL OR (t >= ?1 AND t <= ?2)) AND (NOT ?3 OR trusted) GROUP BY node",
		ARGS(V_INT(since == WHEN_NONE ? INT64_MIN : since),
		     V_INT(until == WHEN_NONE ? INT64_MAX : until + MARKER_LATE_MS),
		     V_INT(q->trusted)),
		WALK(take_loss, &l), e);
	if (out->n > 1)
		qsort(out->v, out->n, sizeof(*out->v), by_node);
	return ret < 0 ? -1 : store_still(s, e);
}
