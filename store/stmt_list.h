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
STMT(set_ingest,      "UPDATE ingest SET ended = ?2, new_events = ?3, seen_before = ?4, contradicted = ?5, "
                      "damaged = ?6, other = ?7, losses = ?8 WHERE id = ?1")

STMT(load_page,       "SELECT base_min, base_max, data FROM seen WHERE node = ?1 AND serials = ?2 AND seconds = ?3")
STMT(save_page,       "INSERT INTO seen (node, serials, seconds, pieces, base_min, base_max, data) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) "
                      "ON CONFLICT DO UPDATE SET pieces = excluded.pieces, base_min = excluded.base_min, "
                      "base_max = excluded.base_max, data = excluded.data")
STMT(del_page,        "DELETE FROM seen WHERE node = ?1 AND serials = ?2 AND seconds = ?3")
STMT(load_pieces,     "SELECT base_min, base_max, pieces, serials, seconds FROM seen WHERE node = ?1")
STMT(clear_boots,     "DELETE FROM boot WHERE node = ?1")
STMT(add_boot,        "INSERT INTO boot VALUES (?1, ?2, ?3, ?4, ?5, ?6)")

STMT(find_caller,     "SELECT id FROM caller WHERE comm = ?1 AND ifnull(subj, 0) = ?2")
STMT(add_caller,      "INSERT INTO caller (comm, subj) VALUES (?1, nullif(?2, 0))")
STMT(find_call,       "SELECT id FROM call WHERE arch = ?1 AND nr = ?2 AND action = ?3")
STMT(add_call,        "INSERT INTO call (arch, nr, action) VALUES (?1, ?2, ?3)")

STMT(load_intervals,  "SELECT id, exe, cell, loader, t_first, t_last, serial_first, serial_last, uid, auid, name, image, "
                      "ingest, edges FROM interval WHERE node = ?1 AND pid = ?2 ORDER BY t_last DESC LIMIT ?3")
STMT(load_obs,        "SELECT t_first, serial_first, cell, obs FROM interval WHERE id = ?1")
STMT(add_interval,    "INSERT INTO interval VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17)")
STMT(set_interval,    "UPDATE interval SET t_first = ?2, t_last = ?3, serial_first = ?4, serial_last = ?5, uid = ?6, "
                      "auid = ?7, name = ?8, image = ?9, ingest = ?10, obs = ?11, edges = ?12 WHERE id = ?1")
STMT(set_image_of,    "UPDATE interval SET image = ?2 WHERE id = ?1")
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
STMT(place_tree,      "INSERT OR IGNORE INTO tree_place SELECT image.tree, sighting.place FROM image JOIN interval ON interval.node = "
                      "image.node AND interval.pid = image.pid AND interval.image = image.id JOIN sighting ON sighting.interval = "
                      "interval.id WHERE image.tree = ?1")
STMT(del_places,      "DELETE FROM tree_place WHERE tree = ?1")
STMT(tree_places,     "SELECT runtime, container, container_name, pod, pod_name, namespace, unit, image FROM tree_place JOIN place ON place.id = "
                      "tree_place.place WHERE tree_place.tree = ?1 ORDER BY place.id")
STMT(set_capture,     "INSERT INTO capture VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12) ON CONFLICT DO UPDATE SET t_last = "
                      "excluded.t_last, serial_last = excluded.serial_last, received = excluded.received, gaps = excluded.gaps, dropped = "
                      "excluded.dropped, lost = excluded.lost, tasks_lost = excluded.tasks_lost, complete = excluded.complete")
STMT(contradicted,    "SELECT (SELECT ifnull(sum(max(0, (obs.value ->> 4) - (obs.value ->> 2))), 0) FROM interval, "
                      "json_each(interval.obs) AS obs) + (SELECT ifnull(sum(contradicted), 0) FROM fold_use) - (SELECT ifnull(sum(contradicted), 0) FROM ingest)")

STMT(any_event,       "SELECT count(*) FROM (SELECT 1 FROM event LIMIT 1)")
STMT(add_event,       "INSERT INTO event VALUES (?1, ?2, ?3, ?4, ?5, nullif(?6, 0)) ON CONFLICT DO NOTHING")
STMT(load_events,     "SELECT t, serial, kind FROM event WHERE node = ?1 AND pid = ?2")
STMT(birth_of,        "SELECT parent, t, serial FROM event WHERE node = ?1 AND pid = ?2 AND kind = 'born' AND serial < ?3 AND t <= ?4 "
                      "AND NOT EXISTS (SELECT 1 FROM interval WHERE interval.node = ?1 AND interval.pid = ?2 AND t_last >= event.t AND "
                      "t_first BETWEEN event.t AND ?4 AND serial_first > event.serial AND serial_first < ?3) ORDER BY t DESC, serial DESC LIMIT 1")
STMT(image_at,        "SELECT image FROM interval WHERE node = ?1 AND pid = ?2 AND t_last <= ?4 + 3600000 AND t_first <= ?4 AND "
                      "serial_first <= ?3 ORDER BY t_last DESC LIMIT 1")
STMT(born_of,         "SELECT (SELECT image FROM interval WHERE interval.node = ?1 AND interval.pid = event.pid AND t_last >= event.t AND "
                      "serial_first > event.serial ORDER BY t_last LIMIT 1) FROM event WHERE node = ?1 AND parent = ?2")
STMT(del_events_of,   "DELETE FROM event WHERE EXISTS (SELECT 1 FROM image WHERE image.node = ?1 AND image.pid = ?2 AND image.id = ?3 AND "
                      "event.node = image.node AND event.pid = image.pid AND event.t BETWEEN image.t_first - 1000 AND image.t_last + 1000)")
STMT(add_presence,    "INSERT INTO presence (node, pid, exe, caller, call, hour, t_first, t_last, ip) "
                      "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?7, ?8) ON CONFLICT DO UPDATE SET "
                      "t_first = min(t_first, excluded.t_first), t_last = max(t_last, excluded.t_last)")
STMT(load_presence,   "SELECT id, exe, t_first, t_last, image FROM presence WHERE node = ?1 AND pid = ?2")
STMT(set_presence,    "UPDATE presence SET image = ?2 WHERE id = ?1")
STMT(add_loss,        "INSERT INTO loss VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT DO NOTHING")

STMT(load_images,     "SELECT id, tree, path, fork_of, boot, t_end, serial_first FROM image WHERE node = ?1 AND pid = ?2")
STMT(any_presence,    "SELECT count(*) FROM (SELECT 1 FROM presence WHERE node = ?1 AND pid = ?2 LIMIT 1)")
STMT(top_image,       "SELECT ifnull(max(id), 0) FROM image")
STMT(load_part,       "SELECT node, pid, boot, exe, name, loader, starts, t_first, t_last, t_end, serial_first, serial_last, uid, "
                      "auid, parent, fork_of, tree, path, (SELECT above.pid FROM image AS above WHERE above.id = image.parent) FROM image WHERE id = ?1")
STMT(first_obs,       "SELECT t_last, serial_first, cell, obs FROM interval WHERE node = ?1 AND pid = ?2 AND image = ?3 AND t_last >= ?4 "
                      "ORDER BY t_last")
STMT(load_places,     "SELECT exe, cell, t_first, t_last FROM interval WHERE node = ?1 AND pid = ?2 AND image = ?3 AND t_last >= ?4 ORDER BY t_last")
STMT(near_all,        "SELECT image, t_first, t_last, id, serial_first, serial_last, uid, auid FROM interval WHERE node = ?1 AND "
                      "exe = ?2 AND cell BETWEEN ?3 AND ?4 AND loader = 0 LIMIT ?5")
STMT(near_before,     "SELECT image, t_first, t_last, id, serial_first, serial_last, uid, auid FROM interval WHERE node = ?1 AND "
                      "exe = ?2 AND cell = ?3 AND t_first <= ?4 AND loader = 0 ORDER BY t_first DESC LIMIT ?5")
STMT(near_after,      "SELECT image, t_first, t_last, id, serial_first, serial_last, uid, auid FROM interval WHERE node = ?1 AND "
                      "exe = ?2 AND cell = ?3 AND t_first > ?4 AND loader = 0 ORDER BY t_first LIMIT ?5")
STMT(near_between,    "SELECT image, t_first, t_last, id, serial_first, serial_last, uid, auid FROM interval WHERE node = ?1 AND "
                      "exe = ?2 AND cell = ?3 AND t_first BETWEEN ?4 AND ?5 AND image <> ?6 AND loader = 0")
STMT(near_fixed,      "SELECT image, t_first, t_last, id, serial_first, serial_last, uid, auid FROM interval WHERE node = ?1 AND "
                      "exe = ?2 AND cell = ?3 AND t_first BETWEEN ?4 AND ?5 AND t_last >= ?6 AND loader = 0 LIMIT 4096")
STMT(next_cell,       "SELECT ifnull(min(cell), -1) FROM interval WHERE node = ?1 AND exe = ?2 AND cell BETWEEN ?3 AND ?4")
STMT(edges_of,        "SELECT t_first, serial_first, edges FROM interval WHERE node = ?1 AND pid = ?2 AND image = ?3 AND t_last BETWEEN ?4 "
                      "AND ?6 AND t_first <= ?5")
STMT(parts_below,     "SELECT id FROM image WHERE parent = ?1 UNION ALL SELECT id FROM image WHERE fork_of = ?1")
STMT(add_image,       "INSERT INTO image (id, node, pid, boot, tree, path, parent, fork_of, exe, name, loader, starts, t_first, t_last, "
                      "t_end, serial_first, serial_last, uid, auid) VALUES (?1, ?2, ?3, ?4, ?5, ?6, nullif(?7, 0), nullif(?8, 0), "
                      "?9, nullif(?10, 0), ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19) ON CONFLICT (id) DO UPDATE SET "
                      "boot = excluded.boot, tree = excluded.tree, path = excluded.path, parent = excluded.parent, "
                      "fork_of = excluded.fork_of, exe = excluded.exe, name = excluded.name, loader = excluded.loader, "
                      "starts = excluded.starts, t_first = excluded.t_first, t_last = excluded.t_last, t_end = excluded.t_end, "
                      "serial_first = excluded.serial_first, serial_last = excluded.serial_last, uid = excluded.uid, "
                      "auid = excluded.auid")
STMT(del_image,       "DELETE FROM image WHERE id = ?1")
STMT(add_tree,        "INSERT INTO tree VALUES (?1, ?2, ?3) ON CONFLICT (id) DO UPDATE SET code = excluded.code, "
                      "start_seen = excluded.start_seen")
STMT(del_tree,        "DELETE FROM tree WHERE id = ?1")
STMT(tree_images,     "SELECT id, node, pid, path, parent, fork_of FROM image WHERE tree = ?1")
STMT(image_evidence,  "SELECT id, t_first, obs FROM interval WHERE node = ?1 AND pid = ?2 AND image = ?3")
STMT(image_presence,  "SELECT caller, call, t_first, t_last FROM presence WHERE node = ?1 AND pid = ?2 AND image = ?3")
STMT(del_presence_of, "DELETE FROM presence WHERE node = ?1 AND pid = ?2 AND image = ?3")
STMT(del_interval_of, "DELETE FROM interval WHERE node = ?1 AND pid = ?2 AND image = ?3")
STMT(add_fold,        "INSERT INTO fold (code, node, main, labels, trees, starts) VALUES (?1, ?2, ?3, ?4, 1, ?5) ON CONFLICT (code) "
                      "DO UPDATE SET trees = trees + 1, starts = starts + excluded.starts RETURNING id")
STMT(add_fold_use,    "INSERT INTO fold_use VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10) ON CONFLICT DO UPDATE SET "
                      "forked = min(forked, excluded.forked), events = events + excluded.events, trusted = trusted + "
                      "excluded.trusted, contradicted = contradicted + excluded.contradicted, t_first = min(ifnull(t_first, "
                      "excluded.t_first), ifnull(excluded.t_first, t_first)), t_last = max(ifnull(t_last, excluded.t_last), "
                      "ifnull(excluded.t_last, t_last))")
STMT(trust_folded,    "UPDATE fold_use SET trusted = trusted + ?1 WHERE (fold, path, caller, call) IN (SELECT fold, path, caller, call FROM "
                      "fold_use WHERE fold IN (SELECT id FROM fold WHERE node = ?2) AND caller = ?3 AND call = ?4 AND t_first <= ?5 AND "
                      "t_last >= ?6 AND trusted + ?1 <= events ORDER BY fold, path LIMIT 1)")
STMT(any_fold,        "SELECT count(*) FROM (SELECT 1 FROM fold LIMIT 1)")
STMT(add_fold_set,    "INSERT INTO fold_set VALUES (?1, ?2, 1, ?3, ?4) ON CONFLICT DO UPDATE SET trees = trees + 1, "
                      "starts = starts + excluded.starts, hours = hours + excluded.hours")
STMT(any_label,       "SELECT count(*) FROM (SELECT 1 FROM ingest WHERE label IS NOT NULL LIMIT 1)")
STMT(label_tree,      "INSERT OR IGNORE INTO tree_label SELECT image.tree, run.label FROM image JOIN interval ON interval.node = "
                      "image.node AND interval.pid = image.pid AND interval.image = image.id JOIN ingest AS run ON run.id = "
                      "interval.ingest OR run.id IN (SELECT touch.ingest FROM touch WHERE touch.interval = interval.id) WHERE "
                      "image.tree = ?1 AND run.label IS NOT NULL")
STMT(del_labels,      "DELETE FROM tree_label WHERE tree = ?1")
STMT(find_path,       "SELECT id FROM path WHERE parent = ?1 AND exe = ?2 AND name = ?3")
STMT(add_path,        "INSERT INTO path (parent, exe, name, text) VALUES (?1, ?2, ?3, ?4)")
STMT(path_text,       "SELECT text FROM path WHERE id = ?1")
STMT(string_bytes,    "SELECT bytes FROM string WHERE id = ?1")
STMT(node_name,       "SELECT name FROM node WHERE id = ?1")
