// SPDX-License-Identifier: Apache-2.0
/* Moves the rows of one node to another, and refuses where both have events of one boot. */
#include "store/alias.h"

#include "store/base/esc.h"
#include "store/names.h"
#include "store/sql.h"

#include <string.h>

/* Runs one statement about node a (?1) and, where it names that, node b (?2). */
static int run_about(struct store *s, const char *sql, int64_t a, int64_t b, struct err *e)
{
	return store_run_sql(s, sql, strstr(sql, "?2") ? ARGS(V_INT(a), V_INT(b)) : ARGS(V_INT(a)),
			     e);
}

/* Are there boots of both whose times overlap, or pages that would collide? */
static int overlap(struct store *s, int64_t a, int64_t b, bool *yes, struct err *e)
{
	int64_t boots = 0, pages = 0;

	if (store_number_sql(
		    s,
		    "SELECT count(*) FROM boot AS x JOIN boot AS y ON x.node = ?1 AND y.node = ?2 AND x.t_first <= y.t_last AND "
		    "y.t_first <= x.t_last",
		    ARGS(V_INT(a), V_INT(b)), &boots, e) < 0 ||
	    store_number_sql(
		    s,
		    "SELECT count(*) FROM seen AS x JOIN seen AS y ON x.node = ?1 AND y.node = ?2 AND x.serials = y.serials AND "
		    "x.seconds = y.seconds",
		    ARGS(V_INT(a), V_INT(b)), &pages, e) < 0)
		return -1;
	*yes = boots + pages > 0;
	return 0;
}

/* A place of both, such as a unit of one name, becomes one. */
#define TWIN                                                                                                                      \
	"place AS twin ON twin.node = ?2 AND twin.container = old.container AND twin.pod = old.pod AND twin.unit = old.unit AND " \
	"twin.container_name = old.container_name AND twin.pod_name = old.pod_name"
#define JOIN_PLACES(table, key)                                                                    \
	"INSERT OR IGNORE INTO " table " SELECT " table "." key ", twin.id FROM " table            \
	" JOIN place AS old ON old.id = " table ".place AND old.node = ?1 JOIN " TWIN,             \
		"DELETE FROM " table " WHERE place IN (SELECT id FROM place WHERE node = ?1)"

static int move_all(struct store *s, int64_t from, int64_t to, struct err *e)
{
	static const char *const sql[] = {
		"UPDATE seen SET node = ?2 WHERE node = ?1",
		"UPDATE interval SET node = ?2 WHERE node = ?1",
		"UPDATE OR IGNORE event SET node = ?2 WHERE node = ?1",
		"DELETE FROM event WHERE node = ?1",
		"UPDATE OR IGNORE presence SET node = ?2 WHERE node = ?1",
		"DELETE FROM presence WHERE node = ?1",
		"UPDATE OR IGNORE loss SET node = ?2 WHERE node = ?1",
		"DELETE FROM loss WHERE node = ?1",
		"UPDATE boot SET node = ?2, number = number + (SELECT count(*) FROM boot WHERE node = ?2) WHERE node = ?1",
		"UPDATE fold SET node = ?2 WHERE node = ?1",
		"UPDATE capture SET node = ?2 WHERE node = ?1",
		"UPDATE OR IGNORE place SET node = ?2 WHERE node = ?1",
		JOIN_PLACES("sighting", "interval"),
		"DELETE FROM tree_place WHERE place IN (SELECT id FROM place WHERE node = ?1)",
		JOIN_PLACES("fold_place", "fold"),
		"INSERT INTO build SELECT ?2, exe, ifnull((SELECT twin.id FROM place AS old JOIN " TWIN
		" WHERE old.id = build.place AND "
		"old.node = ?1), place), here, build_id, t_first, t_last FROM build WHERE node = ?1 ON CONFLICT DO UPDATE SET t_first = "
		"min(t_first, excluded.t_first), t_last = max(t_last, excluded.t_last)",
		"DELETE FROM build WHERE node = ?1",
		"DELETE FROM place WHERE node = ?1",
		"UPDATE node_name SET node = ?2 WHERE node = ?1",
		"DELETE FROM node WHERE id = ?1",
	};

	for (size_t i = 0; i < sizeof(sql) / sizeof(sql[0]); i++)
		if (run_about(s, sql[i], from, to, e) < 0)
			return -1;
	return 0;
}

int alias_nodes(struct store *s, struct bytes a, struct bytes b, struct err *e)
{
	int64_t to, from;
	char x[100], y[100];
	bool yes = false;

	esc_word(x, sizeof(x), a);
	esc_word(y, sizeof(y), b);
	if (names_find_node(s, a, &to, e) < 0 || names_find_node(s, b, &from, e) < 0)
		return -1;
	if (to == 0)
		return err_set(e, ST_NO, "no node '%s' in the store ('scaudit status' lists them)",
			       x);
	if (to == from)
		return 0;
	if (from == 0)
		return names_add_name(s, b, to, e);
	if (overlap(s, to, from, &yes, e) < 0)
		return -1;
	if (yes)
		return err_set(
			e, ST_NO,
			"'%s' and '%s' both hold events of one boot, which would count twice; forget one of them "
			"(scaudit forget --node %s --unsee) and read its logs again with --node %s",
			x, y, y, x);
	return move_all(s, from, to, e);
}
