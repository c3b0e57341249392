/* SPDX-License-Identifier: Apache-2.0 */
/* All that a store holds, as text that does not depend on row numbers, and whether it is sound. */
#ifndef TESTS_FAULT_DUMP_H
#define TESTS_FAULT_DUMP_H

#include "tests/rig.h"

#define IMAGE_OF(t)                                                                                          \
	"(SELECT image.pid || ' ' || image.boot || ' ' || image.serial_first FROM image WHERE image.id = " t \
	")"
#define STRING_OF(t) "(SELECT CAST(bytes AS TEXT) FROM string WHERE string.id = " t ")"
#define NODE_OF(t) "(SELECT CAST(name AS TEXT) FROM node WHERE node.id = " t ")"
#define CALLER_OF(t) "(SELECT " STRING_OF("comm") " FROM caller WHERE caller.id = " t ")"
#define CALL_OF(t) "(SELECT printf('%x %d %x', arch, nr, action) FROM call WHERE call.id = " t ")"
#define PLACE_OF(t)                                                                                   \
	"(SELECT CAST(container || ' ' || pod || ' ' || unit AS TEXT) FROM place WHERE place.id = " t \
	")"
#define TREE_OF(t) "(SELECT code FROM tree WHERE tree.id = " t ")"
#define PATH_OF(t) "(SELECT text FROM path WHERE path.id = " t ")"
#define FOLD_OF(t) "(SELECT code FROM fold WHERE fold.id = " t ")"
#define INTERVAL_OF(t)                                                                             \
	"(SELECT pid || ' ' || serial_first || ' ' || cell FROM interval WHERE interval.id = " t ")"
#define SORTED " ORDER BY 1, 2, 3, 4"

/* Every table by what it says, without row numbers. */
static const char *const tables[] = {
	"PRAGMA application_id",
	"PRAGMA user_version",
	"SELECT type, name, tbl_name, sql FROM sqlite_schema" SORTED,
	"SELECT key, length(value), 0, 0 FROM meta WHERE key <> 'generation' AND key NOT GLOB 'follow //whole *'" SORTED,
	"SELECT hex(bytes), 0, 0, 0 FROM string" SORTED,
	"SELECT CAST(name AS TEXT), 0, 0, 0 FROM node" SORTED,
	"SELECT CAST(name AS TEXT), " NODE_OF("node") ", 0, 0 FROM node_name" SORTED,
	"SELECT name, hash, hex(text), 0 FROM policy" SORTED,
	"SELECT " NODE_OF(
		"node") ", serials, seconds, hex(trusted_pieces), hex(pieces), hex(data), trusted_base_min, trusted_base_max, base_min, base_max FROM seen" SORTED,
	"SELECT " NODE_OF(
		"node") ", number, t_first, t_last, serial_first, serial_last, trusted FROM boot" SORTED,
	"SELECT " STRING_OF("comm") ", " STRING_OF("subj") ", 0, 0 FROM caller" SORTED,
	"SELECT arch, nr, action, 0 FROM call" SORTED,
	"SELECT p.text, " STRING_OF("p.exe") ", " STRING_OF("p.name") ", " PATH_OF(
		"p.parent") " FROM path AS p" SORTED,
	"SELECT code, start_seen, " IMAGE_OF("tree.id") ", 0 FROM tree" SORTED,
	"SELECT m.pid, m.boot, m.serial_first, m.t_first, m.t_last, m.t_end, m.serial_last, m.uid, m.auid, m.loader, m.starts, " NODE_OF("m.node") ", " STRING_OF(
		"m.exe") ", " STRING_OF("m.name") ", " PATH_OF("m.path") ", " TREE_OF("m.tree") ", " IMAGE_OF("m.parent") ", " IMAGE_OF("m.fork_of") " FROM image AS m" SORTED,
	"SELECT pid, serial_first, cell, " STRING_OF("exe") ", " NODE_OF("node") ", loader, t_first, t_last, serial_last, uid, auid, " STRING_OF(
		"name") ", " IMAGE_OF("interval.image") ", edges FROM interval" SORTED,
	"SELECT pid, serial_first, cell, " STRING_OF("i.exe") ", " CALLER_OF("o.value ->> 0") ", " CALL_OF(
		"o.value ->> 1") ", o.value ->> 2, o.value ->> 3, "
				 "o.value ->> 4, o.value ->> 5, o.value ->> 6, o.value ->> 7, o.value ->> 8 FROM interval AS i, json_each(i.obs) AS o "
				 "ORDER BY 1, 2, 3, 4, 5, 6",
	"SELECT * FROM observations ORDER BY node, tree, path, comm, exe, arch, nr, action, first, last, pid, ip",
	"SELECT " NODE_OF("node") ", pid, t, serial, kind, parent FROM event" SORTED,
	"SELECT pid, hour, " CALLER_OF("p.caller") ", " CALL_OF("p.call") ", " STRING_OF(
		"p.exe") ", t_first, t_last, ip, " IMAGE_OF("p.image") ", " NODE_OF("p.node") " FROM presence AS p" SORTED,
	"SELECT " NODE_OF("node") ", kind, stamp, number, t, trusted FROM loss" SORTED,
	"SELECT " TREE_OF("tree") ", " STRING_OF("label") ", 0, 0 FROM tree_label" SORTED,
	"SELECT CAST(container AS TEXT), CAST(pod AS TEXT), CAST(unit AS TEXT), CAST(container_name AS TEXT), runtime, pod_name, namespace, " NODE_OF(
		"node") " FROM place" SORTED,
	"SELECT " NODE_OF("node") ", " STRING_OF("exe") ", " PLACE_OF(
		"place") ", here, build_id, t_first, t_last FROM build" SORTED,
	"SELECT " INTERVAL_OF("interval") ", " PLACE_OF("place") ", 0, 0 FROM sighting" SORTED,
	"SELECT " TREE_OF("tree") ", " PLACE_OF("place") ", 0, 0 FROM tree_place" SORTED,
	"SELECT code, " NODE_OF("node") ", " PATH_OF("main") ", (SELECT group_concat(" STRING_OF(
		"value") ") FROM json_each(labels)), trees, "
			 "starts FROM fold" SORTED,
	"SELECT " FOLD_OF("fold") ", " PATH_OF("u.path") ", " CALLER_OF("u.caller") ", " CALL_OF(
		"u.call") ", forked, events, trusted, contradicted, "
			  "t_first, t_last FROM fold_use AS u" SORTED,
	"SELECT " FOLD_OF("fold") ", " PLACE_OF("place") ", 0, 0 FROM fold_place" SORTED,
	"SELECT " FOLD_OF("fold") ", (SELECT group_concat(" CALL_OF(
		"value") ") FROM json_each(calls)), trees, starts, hours FROM fold_set" SORTED,
	"SELECT " FOLD_OF("fold") ", t, start, ended, records, 0 FROM fold_start" SORTED,
	/* which run brought what: after another one that failed this may differ */
	"SELECT id, " STRING_OF(
		"label") ", policy, source, version, new_events, seen_before, contradicted, damaged, other, losses, "
			 "ended IS NULL FROM ingest" SORTED,
	"SELECT pid, serial_first, cell, ingest FROM interval" SORTED,
	"SELECT " INTERVAL_OF("interval") ", ingest, 0, 0 FROM touch" SORTED,
	"SELECT " NODE_OF("node") ", kind, stamp, number, ingest FROM loss" SORTED,
	"SELECT ingest, " NODE_OF(
		"node") ", t_first, t_last, serial_first, serial_last, received, gaps, dropped, lost, complete FROM capture" SORTED,
};

enum { OF_RUNS = ARRAY_SIZE(tables) - 5 }; /* the first of those that name runs */

/* No rows come of these in a sound store, but for the first: "ok". */
static const char *const sound[] = {
	"PRAGMA integrity_check",
	"PRAGMA foreign_key_check",
	"SELECT 'tree without its root', tree.id FROM tree LEFT JOIN image ON image.id = tree.id WHERE image.id IS NULL OR image.tree <> tree.id",
	"SELECT 'image without its tree', image.id FROM image LEFT JOIN tree ON tree.id = image.tree WHERE tree.id IS NULL",
	"SELECT 'interval without its image', interval.id FROM interval LEFT JOIN image_part AS image ON image.id = interval.part WHERE image.id IS NULL "
	"OR image.pid <> interval.pid",
	"SELECT 'part without intervals', id FROM part WHERE NOT EXISTS (SELECT 1 FROM interval WHERE interval.part = part.id)",
	"SELECT 'presence of an image that is gone', presence.id FROM presence LEFT JOIN part ON part.id = presence.part WHERE "
	"presence.part <> 0 AND part.id IS NULL",
};

struct dump { struct buf part[ARRAY_SIZE(tables)]; };

static inline void rows(sqlite3 *db, const char *sql, struct buf *out)
{
	struct rig r = { .store.db = db };
	sqlite3_stmt *st = NULL;

	/* a store of an older version, or one that was not made, lacks tables */
	if (sqlite3_prepare_v2(db, sql, -1, &st, NULL) != SQLITE_OK)
		buf_printf(out, "%s\n", sqlite3_errmsg(db));
	else
		rig_rows(&r, sql, out);
	sqlite3_finalize(st);
}

static inline void dump_release(struct dump *d)
{
	for (size_t i = 0; i < ARRAY_SIZE(tables); i++)
		buf_release(&d->part[i]);
}

static inline int shown(const char *row)
{
	size_t n = strcspn(row, "\n");

	return n < 200 ? (int)n : 200;
}

/* Are the first n parts the same? *why: how not. */
static inline bool same(struct dump *got, struct dump *want, size_t n, struct buf *why)
{
	for (size_t i = 0; i < n; i++) {
		const char *a = buf_text(&got->part[i]), *b = buf_text(&want->part[i]);

		if (strcmp(a, b) == 0)
			continue;
		while (*a == *b)
			a++, b++;
		while (a > got->part[i].p && a[-1] != '\n')
			a--, b--;
		buf_printf(why, "%.90s ...: got '%.*s', expected '%.*s'", tables[i], shown(a), a,
			   shown(b), b);
		return false;
	}
	return true;
}

#endif
