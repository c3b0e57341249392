-- What the tables of a store of version 3 say, as those of version 4 say it. Whoever may only read such a store asks these
-- views, which then have the tables' own names; whoever brings it up fills the new tables from them. $ stands before a
-- view's name, @ before an old table's.

-- Trees all of whose evidence is trusted. Of others version 3 did not keep what a trusted source would have shown alone.
CREATE TEMP VIEW $older_whole AS
SELECT image.tree AS tree FROM @image AS image JOIN @interval AS interval ON interval.image = image.id
GROUP BY image.tree HAVING min(older_trusted(interval.obs));

CREATE TEMP VIEW $tree AS
SELECT id, code, id IN (SELECT tree FROM $older_whole) AS trusted, start_seen FROM @tree;

CREATE TEMP VIEW $image_part AS
SELECT id, node, pid, boot, tree IN (SELECT tree FROM $older_whole) AS trusted, id AS image, tree, path, parent, fork_of, exe,
       ifnull(name, 0) AS name, loader, starts, t_first, t_last, t_end, serial_first, serial_last, uid, auid
FROM @image;

CREATE TEMP VIEW $part AS
SELECT id, node, pid, boot, trusted, image, ifnull(parent, 0) AS link, exe, name, loader, starts, t_first, t_last, t_end,
       serial_first, serial_last, uid, auid, x'' AS state
FROM $image_part;

CREATE TEMP VIEW $image AS
SELECT id, id AS founder, ifnull(parent, 0) AS above, tree, path, 1 AS parts FROM @image;

-- nothing waits to be derived
CREATE TEMP VIEW $derive_row AS SELECT x'' AS key, 0 AS value WHERE 0;

CREATE TEMP VIEW $interval AS
SELECT id, node, pid, image IN (SELECT id FROM @image WHERE tree IN (SELECT tree FROM $older_whole)) AS trusted, exe, cell,
       loader, t_first, t_last, serial_first, serial_last, 0 AS serial_begin, uid, auid, name, image AS part, ingest,
       older_obs(obs) AS obs, edges
FROM @interval;

CREATE TEMP VIEW $presence AS
SELECT id, node, pid, exe, caller, call, hour, t_first, t_last, ip, image AS part FROM @presence;

-- a run that brought nothing but what is trusted
CREATE TEMP VIEW $ingest AS
SELECT id, started, ended, label, policy, source, version, new_events, seen_before, contradicted, damaged, other, losses,
       iif(id IN (SELECT ingest FROM @interval WHERE older_trusted(obs)) AND
           id NOT IN (SELECT ingest FROM @interval WHERE NOT older_trusted(obs)), new_events, 0) AS trusted
FROM @ingest;

CREATE TEMP VIEW $boot AS
SELECT node, number, t_first, t_last, serial_first, serial_last,
       node IN (SELECT node FROM @image WHERE tree IN (SELECT tree FROM $older_whole)) AS trusted
FROM @boot;

-- a marker that capture took from the kernel
CREATE TEMP VIEW $loss AS
SELECT node, kind, stamp, number, t, ingest, ingest IN (SELECT ingest FROM capture) AS trusted FROM @loss;

CREATE TEMP VIEW $tree_label AS
SELECT tree, label, tree IN (SELECT tree FROM $older_whole) AS trusted FROM @tree_label;

CREATE TEMP VIEW $tree_place AS
SELECT tree, place, tree IN (SELECT tree FROM $older_whole) AS trusted FROM @tree_place;

-- Folds, each with the rows that it becomes: trusted evidence and text apart. Trees and starts count once: in the trusted one
-- where there is no other, else in that of text, since it was not kept how many of them were trusted.
CREATE TEMP VIEW $older_fold AS
SELECT f.id AS fold, layer.trusted AS trusted, 2 * f.id + layer.trusted AS id,
       layer.trusted = (f.has_trusted AND NOT f.has_text) AS counts
FROM (SELECT id, EXISTS (SELECT 1 FROM @fold_use AS u WHERE u.fold = fold.id AND trusted > 0) AS has_trusted,
             EXISTS (SELECT 1 FROM @fold_use AS u WHERE u.fold = fold.id AND events > trusted) AS has_text,
             EXISTS (SELECT 1 FROM @fold_use AS u WHERE u.fold = fold.id AND events = 0) AS has_presence
      FROM @fold AS fold) AS f
JOIN (SELECT 0 AS trusted UNION ALL SELECT 1) AS layer
  ON iif(layer.trusted, f.has_trusted, f.has_text OR f.has_presence OR NOT f.has_trusted);

CREATE TEMP VIEW $fold AS
SELECT o.id, code, o.trusted, node, main, labels, iif(o.counts, trees, 0) AS trees, iif(o.counts, starts, 0) AS starts
FROM $older_fold AS o JOIN @fold AS fold ON fold.id = o.fold;

CREATE TEMP VIEW $fold_use AS
SELECT o.id AS fold, path, caller, call, forked, iif(o.trusted, u.trusted, events - u.trusted) AS events, t_first, t_last
FROM $older_fold AS o JOIN @fold_use AS u ON u.fold = o.fold
WHERE iif(o.trusted, u.trusted > 0, events > u.trusted OR events = 0);

CREATE TEMP VIEW $fold_place AS
SELECT o.id AS fold, place FROM $older_fold AS o JOIN @fold_place AS p ON p.fold = o.fold;

CREATE TEMP VIEW $fold_set AS
SELECT o.id AS fold, calls, trees, starts, hours FROM $older_fold AS o JOIN @fold_set AS s ON s.fold = o.fold WHERE o.counts;
