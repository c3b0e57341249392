// SPDX-License-Identifier: Apache-2.0
/*
 * Statements and rows of `tree`, tree_label and tree_place, and the clearing of all that is
 * derived.
 */
#include "store/rows/tree_row.h"

#include "store/base/mem.h"
#include "store/row.h"
#include "store/sql.h"

STMT(add_tree,
     "INSERT INTO tree VALUES (?1, ?2, ?3, ?4) ON CONFLICT (id) DO UPDATE SET code = excluded.code, "
     "trusted = excluded.trusted, start_seen = excluded.start_seen");
STMT(del_tree, "DELETE FROM tree WHERE id = ?1");
STMT(del_labels, "DELETE FROM tree_label WHERE tree = ?1");
STMT(label_tree,
     "INSERT INTO tree_label SELECT image.tree, run.label, max(interval.trusted) FROM image JOIN part ON part.image = "
     "image.id JOIN interval ON interval.node = part.node AND interval.pid = part.pid AND interval.part = part.id JOIN "
     "ingest AS run ON run.id = interval.ingest OR run.id IN (SELECT touch.ingest FROM touch WHERE touch.interval = "
     "interval.id) WHERE image.tree = ?1 AND run.label IS NOT NULL GROUP BY 1, 2");
STMT(label_interval,
     "INSERT INTO tree_label SELECT ?1, run.label, max(interval.trusted) FROM interval JOIN ingest AS run ON run.id = "
     "interval.ingest OR run.id IN (SELECT touch.ingest FROM touch WHERE touch.interval = interval.id) WHERE "
     "interval.id = ?2 AND run.label IS NOT NULL GROUP BY 2 ON CONFLICT DO UPDATE SET trusted = max(trusted, excluded.trusted)");
STMT(del_places, "DELETE FROM tree_place WHERE tree = ?1");
STMT(place_tree,
     "INSERT INTO tree_place SELECT image.tree, sighting.place, max(interval.trusted) FROM image JOIN part ON part.image "
     "= image.id JOIN interval ON interval.node = part.node AND interval.pid = part.pid AND interval.part = part.id JOIN "
     "sighting ON sighting.interval = interval.id WHERE image.tree = ?1 GROUP BY 1, 2");
STMT(place_interval,
     "INSERT INTO tree_place SELECT ?1, sighting.place, max(interval.trusted) FROM interval JOIN sighting ON "
     "sighting.interval = interval.id WHERE interval.id = ?2 GROUP BY 2 ON CONFLICT DO UPDATE SET trusted = max(trusted, excluded.trusted)");
STMT(tree_places,
     "SELECT runtime, container, container_name, pod, pod_name, namespace, unit, image, trusted FROM tree_place JOIN place ON place.id = "
     "tree_place.place WHERE tree_place.tree = ?1 ORDER BY place.id");
STMT(any_waiting, "SELECT count(*) FROM meta WHERE key = 'waits'");
STMT(set_waiting, "INSERT INTO meta VALUES ('waits', 1) ON CONFLICT DO NOTHING");
STMT(del_waiting, "DELETE FROM meta WHERE key = 'waits'");

int tree_row_save(struct store *s, const struct tree_row *r, struct err *e)
{
	return store_run(s, STMT_add_tree,
			 ARGS(V_INT(r->id), V_TEXT(bytes_of(r->code)), V_INT(r->trusted),
			      V_INT(r->start_seen)),
			 e);
}

int tree_row_del(struct store *s, int64_t id, struct err *e)
{
	struct store_args args = ARGS(V_INT(id));

	if (store_run(s, STMT_del_labels, args, e) < 0 ||
	    store_run(s, STMT_del_places, args, e) < 0)
		return -1;
	return store_run(s, STMT_del_tree, args, e);
}

int tree_row_label(struct store *s, int64_t id, struct err *e)
{
	struct store_args args = ARGS(V_INT(id));

	return store_run(s, STMT_del_labels, args, e) < 0 ? -1 :
							    store_run(s, STMT_label_tree, args, e);
}

int tree_row_label_interval(struct store *s, int64_t id, int64_t interval, struct err *e)
{
	return store_run(s, STMT_label_interval, ARGS(V_INT(id), V_INT(interval)), e);
}

int tree_row_find_locations(struct store *s, int64_t id, struct err *e)
{
	struct store_args args = ARGS(V_INT(id));

	return store_run(s, STMT_del_places, args, e) < 0 ? -1 :
							    store_run(s, STMT_place_tree, args, e);
}

int tree_row_locate_interval(struct store *s, int64_t id, int64_t interval, struct err *e)
{
	return store_run(s, STMT_place_interval, ARGS(V_INT(id), V_INT(interval)), e);
}

static int take_location(void *to, sqlite3_stmt *st, struct err *e)
{
	struct tree_location_take *p = to;
	struct tree_location location;
	int64_t v[LOCATION_FIELDS + 1];

	if (row_read(st, "place", "bbbbbbbbf", v, e) < 0)
		return -1;
	for (int i = 0; i < LOCATION_FIELDS; i++)
		location.v[i] = store_column(st, i);
	location.trusted = v[LOCATION_FIELDS] != 0;
	return p->take(p->to, &location, e);
}

int tree_row_each_location(struct store *s, int64_t id, struct tree_location_take to, struct err *e)
{
	return store_each(s, STMT_tree_places, ARGS(V_INT(id)), WALK(take_location, &to), e);
}

/* ---- all that is derived ---- */

int tree_row_clear_derived(struct store *s, struct err *e)
{
	if (s->makers && store_script(s, "DELETE FROM part_makers", e) < 0)
		return -1;
	return store_script(
		s,
		"DELETE FROM tree_label; DELETE FROM tree_place; DELETE FROM tree; DELETE FROM image; DELETE FROM part; "
		"DELETE FROM derive_page; DELETE FROM derive_mark; UPDATE interval SET part = 0; UPDATE presence SET part = NULL",
		e);
}

int tree_row_waits(struct store *s, bool *yes, struct err *e)
{
	return store_any(s, STMT_any_waiting, NO_ARGS, yes, e);
}

int tree_row_set_waits(struct store *s, bool yes, struct err *e)
{
	return store_run(s, yes ? STMT_set_waiting : STMT_del_waiting, NO_ARGS, e);
}
