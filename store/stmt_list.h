/* STMT(id, SQL): every statement that is run more than once. Only rows. */
STMT(generation,      "SELECT value FROM meta WHERE key = 'generation'")
STMT(set_generation,  "UPDATE meta SET value = ?1 WHERE key = 'generation'")
STMT(find_string,     "SELECT id FROM string WHERE bytes = ?1")
STMT(add_string,      "INSERT INTO string (bytes) VALUES (?1)")

STMT(find_node,       "SELECT node FROM node_name WHERE name = ?1")
STMT(add_node,        "INSERT INTO node (name) VALUES (?1)")
STMT(add_node_name,   "INSERT INTO node_name (name, node) VALUES (?1, ?2)")

STMT(add_ingest,      "INSERT INTO ingest (started, label, policy, source, version) VALUES (?1, nullif(?2, 0), nullif(?3, 0), ?4, ?5)")
STMT(find_policy,     "SELECT id FROM policy WHERE hash = ?1")
STMT(add_policy,      "INSERT INTO policy (name, hash, text) VALUES (?1, ?2, ?3)")
STMT(trust_ingest,    "UPDATE ingest SET trusted = ?2 WHERE id = ?1")
STMT(set_ingest,      "UPDATE ingest SET ended = ?2, new_events = ?3, seen_before = ?4, contradicted = ?5, "
                      "damaged = ?6, other = ?7, losses = ?8 WHERE id = ?1")

STMT(load_page,       "SELECT trusted_base_min, trusted_base_max, base_min, base_max, data FROM seen WHERE node = ?1 AND serials = ?2 AND "
                      "seconds = ?3")
STMT(save_page,       "INSERT INTO seen VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10) ON CONFLICT DO UPDATE SET trusted_pieces = "
                      "excluded.trusted_pieces, trusted_base_min = excluded.trusted_base_min, trusted_base_max = "
                      "excluded.trusted_base_max, pieces = excluded.pieces, base_min = excluded.base_min, base_max = "
                      "excluded.base_max, data = excluded.data")
STMT(del_page,        "DELETE FROM seen WHERE node = ?1 AND serials = ?2 AND seconds = ?3")
STMT(load_pieces,     "SELECT trusted_base_min, trusted_base_max, base_min, base_max, trusted_pieces, pieces, serials, seconds FROM seen "
                      "WHERE node = ?1")
STMT(page_pieces,     "SELECT trusted_base_min, trusted_base_max, base_min, base_max, trusted_pieces, pieces, serials, seconds FROM seen "
                      "WHERE node = ?1 AND serials = ?2 AND seconds = ?3")
STMT(clear_boots,     "DELETE FROM boot WHERE node = ?1 AND number >= ?2")
STMT(set_boot,        "INSERT INTO boot VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT DO UPDATE SET t_first = excluded.t_first, t_last = "
                      "excluded.t_last, serial_first = excluded.serial_first, serial_last = excluded.serial_last, trusted = excluded.trusted")

STMT(find_caller,     "SELECT id FROM caller WHERE comm = ?1 AND ifnull(subj, 0) = ?2")
STMT(add_caller,      "INSERT INTO caller (comm, subj) VALUES (?1, nullif(?2, 0))")
STMT(find_call,       "SELECT id FROM call WHERE arch = ?1 AND nr = ?2 AND action = ?3")
STMT(add_call,        "INSERT INTO call (arch, nr, action) VALUES (?1, ?2, ?3)")

STMT(load_obs,        "SELECT t_first, serial_first, cell, obs FROM interval WHERE id = ?1")
STMT(top_interval,    "SELECT ifnull(max(id), 0) FROM interval")
STMT(del_interval,    "DELETE FROM interval WHERE id = ?1")
STMT(move_touches,    "INSERT INTO touch (ingest, interval) SELECT ingest, ?2 FROM touch WHERE interval = ?1 ON CONFLICT DO NOTHING")
STMT(del_touches,     "DELETE FROM touch WHERE interval = ?1")
STMT(add_touch,       "INSERT INTO touch (ingest, interval) VALUES (?1, ?2) ON CONFLICT DO NOTHING")
STMT(add_place,       "INSERT INTO place (node, runtime, container, container_name, pod, pod_name, namespace, unit, image) VALUES (?1, ?2, ?3, "
                      "?4, ?5, ?6, ?7, ?8, ?9) ON CONFLICT DO UPDATE SET runtime = iif(length(excluded.runtime), excluded.runtime, runtime), "
                      "container_name = iif(length(excluded.container_name), excluded.container_name, container_name), pod_name = "
                      "iif(length(excluded.pod_name), excluded.pod_name, pod_name), namespace = iif(length(excluded.namespace), "
                      "excluded.namespace, namespace), image = iif(length(excluded.image), excluded.image, image) RETURNING id")
STMT(add_build,       "INSERT INTO build VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?6) ON CONFLICT DO UPDATE SET t_first = min(t_first, excluded.t_first), "
                      "t_last = max(t_last, excluded.t_last)")
STMT(add_sighting,    "INSERT INTO sighting (interval, place) VALUES (?1, ?2) ON CONFLICT DO NOTHING")
STMT(move_sightings,  "INSERT INTO sighting (place, interval) SELECT place, ?2 FROM sighting WHERE interval = ?1 ON CONFLICT DO NOTHING")
STMT(del_sightings,   "DELETE FROM sighting WHERE interval = ?1")
STMT(any_sighting,    "SELECT count(*) FROM (SELECT 1 FROM sighting LIMIT 1)")
STMT(del_places,      "DELETE FROM tree_place WHERE tree = ?1")
STMT(tree_places,     "SELECT runtime, container, container_name, pod, pod_name, namespace, unit, image, trusted FROM tree_place JOIN place ON place.id = "
                      "tree_place.place WHERE tree_place.tree = ?1 ORDER BY place.id")
STMT(set_capture,     "INSERT INTO capture VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12) ON CONFLICT DO UPDATE SET t_last = "
                      "excluded.t_last, serial_last = excluded.serial_last, received = excluded.received, gaps = excluded.gaps, dropped = "
                      "excluded.dropped, lost = excluded.lost, tasks_lost = excluded.tasks_lost, complete = excluded.complete")

STMT(any_event,       "SELECT count(*) FROM (SELECT 1 FROM event LIMIT 1)")
STMT(add_event,       "INSERT INTO event VALUES (?1, ?2, ?3, ?4, ?5, nullif(?6, 0)) ON CONFLICT DO NOTHING")
STMT(load_events,     "SELECT t, serial, kind, parent FROM event WHERE node = ?1 AND pid = ?2")
STMT(add_presence,    "INSERT INTO presence (node, pid, exe, caller, call, hour, t_first, t_last, ip) "
                      "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?7, ?8) ON CONFLICT DO UPDATE SET "
                      "t_first = min(t_first, excluded.t_first), t_last = max(t_last, excluded.t_last), ip = min(ip, excluded.ip)")
STMT(add_loss,        "INSERT INTO loss VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT DO UPDATE SET t = excluded.t, ingest = excluded.ingest, "
                      "trusted = excluded.trusted WHERE (excluded.trusted, -ifnull(excluded.t, 1 << 60)) > (trusted, -ifnull(t, 1 << 60))")

STMT(any_presence,    "SELECT count(*) FROM (SELECT 1 FROM presence WHERE node = ?1 AND pid = ?2 LIMIT 1)")
STMT(top_image,       "SELECT ifnull(max(id), 0) FROM image")
STMT(del_image,       "DELETE FROM image WHERE id = ?1")
STMT(del_tree,        "DELETE FROM tree WHERE id = ?1")
STMT(any_fold,        "SELECT count(*) FROM (SELECT 1 FROM fold LIMIT 1)")
STMT(add_fold_set,    "INSERT INTO fold_set VALUES (?1, ?2, 1, ?3, ?4) ON CONFLICT DO UPDATE SET trees = trees + 1, "
                      "starts = starts + excluded.starts, hours = hours + excluded.hours")
STMT(any_label,       "SELECT count(*) FROM (SELECT 1 FROM ingest WHERE label IS NOT NULL LIMIT 1)")
STMT(del_labels,      "DELETE FROM tree_label WHERE tree = ?1")
STMT(find_path,       "SELECT id FROM path WHERE parent = ?1 AND exe = ?2 AND name = ?3")
STMT(add_path,        "INSERT INTO path (parent, exe, name, text) VALUES (?1, ?2, ?3, ?4)")
STMT(path_text,       "SELECT text FROM path WHERE id = ?1")
STMT(string_bytes,    "SELECT bytes FROM string WHERE id = ?1")
STMT(node_name,       "SELECT name FROM node WHERE id = ?1")

STMT(load_intervals,  "SELECT id, trusted, exe, cell, loader, t_first, t_last, serial_first, serial_last, uid, auid, name, part, "
                      "ingest, edges FROM interval WHERE node = ?1 AND pid = ?2 AND t_last > ?3")
STMT(add_interval,    "INSERT INTO interval VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18)")
STMT(set_interval,    "UPDATE interval SET t_first = ?2, t_last = ?3, serial_first = ?4, serial_last = ?5, uid = ?6, "
                      "auid = ?7, name = ?8, part = ?9, ingest = ?10, obs = ?11, edges = ?12 WHERE id = ?1")
STMT(set_part_of,     "UPDATE interval SET part = ?2 WHERE id = ?1")
STMT(load_presence,   "SELECT id, exe, t_first, t_last, part FROM presence WHERE node = ?1 AND pid = ?2")
STMT(set_presence,    "UPDATE presence SET part = nullif(?2, 0) WHERE id = ?1")

STMT(find_page,       "SELECT first, body FROM derive_page WHERE first <= ?1 ORDER BY first DESC LIMIT 1")
STMT(set_page,        "INSERT INTO derive_page VALUES (?1, ?2) ON CONFLICT DO UPDATE SET body = excluded.body")
STMT(del_derive_page, "DELETE FROM derive_page WHERE first = ?1")
STMT(load_mark,       "SELECT body FROM derive_mark WHERE node = ?1 AND pid = ?2")
STMT(set_mark,        "INSERT INTO derive_mark VALUES (?1, ?2, ?3) ON CONFLICT DO UPDATE SET body = excluded.body")
STMT(del_mark,        "DELETE FROM derive_mark WHERE node = ?1 AND pid = ?2")
STMT(any_waiting,     "SELECT count(*) FROM meta WHERE key = 'waits'")
STMT(set_waiting,     "INSERT INTO meta VALUES ('waits', 1) ON CONFLICT DO NOTHING")
STMT(del_waiting,     "DELETE FROM meta WHERE key = 'waits'")
STMT(top_part,        "SELECT ifnull(max(id), 0) FROM part")
STMT(load_part,       "SELECT node, pid, boot, trusted, image, link, exe, name, loader, starts, t_first, t_last, t_end, serial_first, "
                      "serial_last, uid, auid, state FROM part WHERE id = ?1")
STMT(set_part,        "INSERT OR REPLACE INTO part (id, node, pid, boot, trusted, image, link, exe, name, loader, starts, t_first, t_last, "
                      "t_end, serial_first, serial_last, uid, auid, state) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, "
                      "?13, ?14, ?15, ?16, ?17, ?18, ?19)")
STMT(del_part,        "DELETE FROM part WHERE id = ?1")
STMT(load_image,      "SELECT founder, above, tree, path, parts FROM image WHERE id = ?1")
STMT(set_image,       "INSERT OR REPLACE INTO image (id, founder, above, tree, path, parts) VALUES (?1, ?2, ?3, ?4, ?5, ?6)")
STMT(images_below,    "SELECT id FROM image WHERE above = ?1 AND above <> 0")
STMT(add_tree,        "INSERT INTO tree VALUES (?1, ?2, ?3, ?4) ON CONFLICT (id) DO UPDATE SET code = excluded.code, "
                      "trusted = excluded.trusted, start_seen = excluded.start_seen")
STMT(find_code,       "SELECT code FROM tree WHERE id = ?1")

STMT(label_tree,      "INSERT INTO tree_label SELECT image.tree, run.label, max(interval.trusted) FROM image JOIN part ON part.image = "
                      "image.id JOIN interval ON interval.node = part.node AND interval.pid = part.pid AND interval.part = part.id JOIN "
                      "ingest AS run ON run.id = interval.ingest OR run.id IN (SELECT touch.ingest FROM touch WHERE touch.interval = "
                      "interval.id) WHERE image.tree = ?1 AND run.label IS NOT NULL GROUP BY 1, 2")
STMT(label_interval,  "INSERT INTO tree_label SELECT ?1, run.label, max(interval.trusted) FROM interval JOIN ingest AS run ON run.id = "
                      "interval.ingest OR run.id IN (SELECT touch.ingest FROM touch WHERE touch.interval = interval.id) WHERE "
                      "interval.id = ?2 AND run.label IS NOT NULL GROUP BY 2 ON CONFLICT DO UPDATE SET trusted = max(trusted, excluded.trusted)")
STMT(place_tree,      "INSERT INTO tree_place SELECT image.tree, sighting.place, max(interval.trusted) FROM image JOIN part ON part.image "
                      "= image.id JOIN interval ON interval.node = part.node AND interval.pid = part.pid AND interval.part = part.id JOIN "
                      "sighting ON sighting.interval = interval.id WHERE image.tree = ?1 GROUP BY 1, 2")
STMT(place_interval,  "INSERT INTO tree_place SELECT ?1, sighting.place, max(interval.trusted) FROM interval JOIN sighting ON "
                      "sighting.interval = interval.id WHERE interval.id = ?2 GROUP BY 2 ON CONFLICT DO UPDATE SET trusted = max(trusted, excluded.trusted)")

STMT(tree_images,     "SELECT id, node, pid, path, parent, fork_of, trusted FROM image_part WHERE tree = ?1")
STMT(part_evidence,   "SELECT id, t_first, trusted, obs FROM interval WHERE node = ?1 AND pid = ?2 AND part = ?3")
STMT(part_presence,   "SELECT caller, call, t_first, t_last FROM presence WHERE node = ?1 AND pid = ?2 AND part = ?3")
STMT(del_presence_of, "DELETE FROM presence WHERE node = ?1 AND pid = ?2 AND part = ?3")
STMT(del_interval_of, "DELETE FROM interval WHERE node = ?1 AND pid = ?2 AND part = ?3")
STMT(del_events_of,   "DELETE FROM event WHERE EXISTS (SELECT 1 FROM part WHERE part.node = ?1 AND part.pid = ?2 AND part.id = ?3 AND part.trusted AND "
                      "event.node = part.node AND event.pid = part.pid AND event.t BETWEEN part.t_first - 1000 AND part.t_last + 1000)")
STMT(add_fold,        "INSERT INTO fold (code, trusted, node, main, labels, trees, starts) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT "
                      "(code, trusted) DO UPDATE SET trees = trees + excluded.trees, starts = starts + excluded.starts RETURNING id")
STMT(add_fold_use,    "INSERT INTO fold_use VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT DO UPDATE SET "
                      "forked = min(forked, excluded.forked), events = events + excluded.events, t_first = min(ifnull(t_first, "
                      "excluded.t_first), ifnull(excluded.t_first, t_first)), t_last = max(ifnull(t_last, excluded.t_last), "
                      "ifnull(excluded.t_last, t_last))")
STMT(folded_text,     "UPDATE fold_use SET events = events - 1 WHERE (fold, path, caller, call) IN (SELECT fold, path, caller, call FROM "
                      "fold_use WHERE fold IN (SELECT id FROM fold WHERE node = ?1 AND trusted = 0) AND caller = ?2 AND call = ?3 AND "
                      "t_first <= ?4 AND t_last >= ?4 AND events > 0 ORDER BY fold, path LIMIT 1)")
