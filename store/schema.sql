-- scaudit's store, version 4. docs/schema.md says what each table is for, and which are derived from others.
-- It is run on an empty file, or where the tables of version 3 that are others now have been renamed (store/older.c).
-- Times are milliseconds since the epoch (UTC), bytes from logs are BLOBs in `string`. trusted: 1, or 0 for what text alone says.

CREATE TABLE IF NOT EXISTS meta (
    key   TEXT PRIMARY KEY,
    value ANY
) STRICT, WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS string (
    id    INTEGER PRIMARY KEY,
    bytes BLOB NOT NULL UNIQUE
) STRICT;

CREATE TABLE IF NOT EXISTS node (
    id   INTEGER PRIMARY KEY,
    name BLOB NOT NULL UNIQUE
) STRICT;

CREATE TABLE IF NOT EXISTS node_name (
    name BLOB PRIMARY KEY,
    node INTEGER NOT NULL REFERENCES node (id)
) STRICT, WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS policy (
    id   INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    hash TEXT NOT NULL UNIQUE,
    text BLOB NOT NULL
) STRICT;

CREATE TABLE IF NOT EXISTS ingest (
    id          INTEGER PRIMARY KEY,
    started     INTEGER NOT NULL,
    ended       INTEGER,
    label       INTEGER REFERENCES string (id),
    policy      INTEGER REFERENCES policy (id),
    source      TEXT NOT NULL,
    version     TEXT NOT NULL,
    new_events  INTEGER NOT NULL DEFAULT 0,
    seen_before INTEGER NOT NULL DEFAULT 0,
    contradicted INTEGER NOT NULL DEFAULT 0,
    damaged     INTEGER NOT NULL DEFAULT 0,
    other       INTEGER NOT NULL DEFAULT 0,
    losses      INTEGER NOT NULL DEFAULT 0,
    trusted     INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE IF NOT EXISTS seen (
    node    INTEGER NOT NULL REFERENCES node (id),
    serials INTEGER NOT NULL,
    seconds INTEGER NOT NULL,
    trusted_pieces   BLOB NOT NULL,
    trusted_base_min INTEGER,
    trusted_base_max INTEGER,
    pieces   BLOB NOT NULL,
    base_min INTEGER,
    base_max INTEGER,
    data    BLOB NOT NULL,
    trusted_held  BLOB NOT NULL,
    trusted_other BLOB NOT NULL,
    held    BLOB NOT NULL,
    other   BLOB NOT NULL,
    PRIMARY KEY (node, serials, seconds)
) STRICT, WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS boot (
    node         INTEGER NOT NULL REFERENCES node (id),
    number       INTEGER NOT NULL,
    t_first      INTEGER NOT NULL,
    t_last       INTEGER NOT NULL,
    serial_first INTEGER NOT NULL,
    serial_last  INTEGER NOT NULL,
    trusted      INTEGER NOT NULL,
    PRIMARY KEY (node, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS caller (
    id   INTEGER PRIMARY KEY,
    comm INTEGER NOT NULL REFERENCES string (id),
    subj INTEGER REFERENCES string (id)
) STRICT;
CREATE UNIQUE INDEX IF NOT EXISTS caller_by_text ON caller (comm, ifnull(subj, 0));

CREATE TABLE IF NOT EXISTS call (
    id     INTEGER PRIMARY KEY,
    arch   INTEGER NOT NULL,
    nr     INTEGER NOT NULL,
    action INTEGER NOT NULL,
    UNIQUE (arch, nr, action)
) STRICT;

CREATE TABLE IF NOT EXISTS path (
    id     INTEGER PRIMARY KEY,
    parent INTEGER NOT NULL,
    exe    INTEGER NOT NULL REFERENCES string (id),
    name   INTEGER NOT NULL,
    text   TEXT NOT NULL,
    UNIQUE (parent, exe, name)
) STRICT;

-- what one pid shows of an image; link: the part that it was exec'd from, by its pid or a known birth
CREATE TABLE IF NOT EXISTS part (
    id       INTEGER PRIMARY KEY,
    node     INTEGER NOT NULL REFERENCES node (id),
    pid      INTEGER NOT NULL,
    boot     INTEGER NOT NULL,
    trusted  INTEGER NOT NULL,
    image    INTEGER NOT NULL,
    link     INTEGER NOT NULL,
    exe      INTEGER NOT NULL REFERENCES string (id),
    name     INTEGER NOT NULL,
    loader   INTEGER NOT NULL,
    starts   INTEGER NOT NULL,
    t_first  INTEGER NOT NULL,
    t_last   INTEGER NOT NULL,
    t_end    INTEGER,
    serial_first INTEGER NOT NULL,
    serial_last  INTEGER NOT NULL,
    uid      INTEGER NOT NULL,
    auid     INTEGER NOT NULL,
    state    BLOB NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS part_by_image ON part (image);

-- one exec'd address space: the parts of the process that exec'd and of its forks; above: the image that it was exec'd from
CREATE TABLE IF NOT EXISTS image (
    id       INTEGER PRIMARY KEY,
    founder  INTEGER NOT NULL,
    above    INTEGER NOT NULL,
    tree     INTEGER NOT NULL,
    path     INTEGER NOT NULL,
    parts    INTEGER NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS image_by_tree ON image (tree);
CREATE INDEX IF NOT EXISTS image_by_above ON image (above) WHERE above <> 0;

-- by what parts and images are found while they are derived: rows as ingest/track/rows.h has them, some dozen in each page
CREATE TABLE IF NOT EXISTS derive_page (
    first BLOB PRIMARY KEY,
    body  BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- where the life of a pid with many intervals is gone on with, see ingest/track/mark.h
CREATE TABLE IF NOT EXISTS derive_mark (
    node INTEGER NOT NULL REFERENCES node (id),
    pid  INTEGER NOT NULL,
    body BLOB NOT NULL,
    PRIMARY KEY (node, pid)
) STRICT, WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS tree (
    id         INTEGER PRIMARY KEY,
    code       TEXT NOT NULL,
    trusted    INTEGER NOT NULL,
    start_seen INTEGER NOT NULL
) STRICT;

CREATE TABLE IF NOT EXISTS interval (
    id       INTEGER PRIMARY KEY,
    node     INTEGER NOT NULL REFERENCES node (id),
    pid      INTEGER NOT NULL,
    trusted  INTEGER NOT NULL,
    exe      INTEGER NOT NULL REFERENCES string (id),
    cell     INTEGER NOT NULL,
    loader   INTEGER NOT NULL,
    t_first  INTEGER NOT NULL,
    t_last   INTEGER NOT NULL,
    serial_first INTEGER NOT NULL,
    serial_last  INTEGER NOT NULL,
    serial_begin INTEGER NOT NULL,
    uid      INTEGER NOT NULL,
    auid     INTEGER NOT NULL,
    name     INTEGER NOT NULL REFERENCES string (id),
    part     INTEGER NOT NULL,
    ingest   INTEGER NOT NULL REFERENCES ingest (id),
    obs      TEXT NOT NULL,
    edges    TEXT NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS interval_by_pid ON interval (node, pid, t_last);

CREATE TABLE IF NOT EXISTS event (
    node   INTEGER NOT NULL REFERENCES node (id),
    pid    INTEGER NOT NULL,
    t      INTEGER NOT NULL,
    serial INTEGER NOT NULL,
    kind   TEXT NOT NULL,
    parent INTEGER,
    PRIMARY KEY (node, pid, t, serial, kind)
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS event_by_parent ON event (node, parent) WHERE parent IS NOT NULL;

CREATE TABLE IF NOT EXISTS presence (
    id      INTEGER PRIMARY KEY,
    node    INTEGER NOT NULL REFERENCES node (id),
    pid     INTEGER NOT NULL,
    exe     INTEGER NOT NULL REFERENCES string (id),
    caller  INTEGER NOT NULL REFERENCES caller (id),
    call    INTEGER NOT NULL REFERENCES call (id),
    hour    INTEGER NOT NULL,
    t_first INTEGER,
    t_last  INTEGER,
    ip      INTEGER NOT NULL,
    part    INTEGER,
    UNIQUE (node, pid, exe, caller, call, hour)
) STRICT;

CREATE TABLE IF NOT EXISTS touch (
    interval INTEGER NOT NULL REFERENCES interval (id),
    ingest   INTEGER NOT NULL REFERENCES ingest (id),
    PRIMARY KEY (interval, ingest)
) STRICT, WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS loss (
    node   INTEGER NOT NULL REFERENCES node (id),
    kind   TEXT NOT NULL,
    stamp  INTEGER NOT NULL,
    number INTEGER NOT NULL,
    t      INTEGER,
    ingest INTEGER NOT NULL REFERENCES ingest (id),
    trusted INTEGER NOT NULL,
    PRIMARY KEY (node, kind, stamp, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS tree_label (
    tree  INTEGER NOT NULL REFERENCES tree (id),
    label INTEGER NOT NULL REFERENCES string (id),
    trusted INTEGER NOT NULL,
    PRIMARY KEY (tree, label)
) STRICT, WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS place (
    id             INTEGER PRIMARY KEY,
    node           INTEGER NOT NULL REFERENCES node (id),
    runtime        BLOB NOT NULL,
    container      BLOB NOT NULL,
    container_name BLOB NOT NULL,
    pod            BLOB NOT NULL,
    pod_name       BLOB NOT NULL,
    namespace      BLOB NOT NULL,
    unit           BLOB NOT NULL,
    image          BLOB NOT NULL DEFAULT x''
) STRICT;
CREATE UNIQUE INDEX IF NOT EXISTS place_by_id ON place (node, container, pod, unit, iif(length(container) + length(pod), x'', container_name),
                                                        iif(length(container) + length(pod), x'', pod_name),
                                                        iif(length(container) + length(pod), x'', namespace));

-- which builds of a program ran; place 0: in no container; here 1: its path was one of the machine's own files
CREATE TABLE IF NOT EXISTS build (
    node     INTEGER NOT NULL REFERENCES node (id),
    exe      INTEGER NOT NULL REFERENCES string (id),
    place    INTEGER NOT NULL,
    here     INTEGER NOT NULL,
    build_id TEXT NOT NULL,
    t_first  INTEGER NOT NULL,
    t_last   INTEGER NOT NULL,
    PRIMARY KEY (node, exe, place, here, build_id)
) STRICT, WITHOUT ROWID;

-- where the process of an interval ran
CREATE TABLE IF NOT EXISTS sighting (
    interval INTEGER NOT NULL REFERENCES interval (id),
    place    INTEGER NOT NULL REFERENCES place (id),
    PRIMARY KEY (interval, place)
) STRICT, WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS tree_place (
    tree  INTEGER NOT NULL REFERENCES tree (id),
    place INTEGER NOT NULL REFERENCES place (id),
    trusted INTEGER NOT NULL,
    PRIMARY KEY (tree, place)
) STRICT, WITHOUT ROWID;

-- what a run of capture lost; lost NULL: the kernel's figure could not be read
CREATE TABLE IF NOT EXISTS capture (
    ingest       INTEGER PRIMARY KEY REFERENCES ingest (id),
    node         INTEGER NOT NULL REFERENCES node (id),
    t_first      INTEGER NOT NULL,
    t_last       INTEGER NOT NULL,
    serial_first INTEGER NOT NULL,
    serial_last  INTEGER NOT NULL,
    received     INTEGER NOT NULL,
    gaps         INTEGER NOT NULL,
    dropped      INTEGER NOT NULL,
    lost         INTEGER,
    tasks_lost   INTEGER NOT NULL,
    complete     INTEGER NOT NULL
) STRICT;

CREATE TABLE IF NOT EXISTS fold (
    id       INTEGER PRIMARY KEY,
    code     TEXT NOT NULL,
    trusted  INTEGER NOT NULL,
    node     INTEGER NOT NULL REFERENCES node (id),
    main     INTEGER NOT NULL REFERENCES path (id),
    labels   TEXT NOT NULL,
    trees    INTEGER NOT NULL,
    starts   INTEGER NOT NULL,
    UNIQUE (code, trusted)
) STRICT;

CREATE TABLE IF NOT EXISTS fold_use (
    fold     INTEGER NOT NULL REFERENCES fold (id),
    path     INTEGER NOT NULL REFERENCES path (id),
    caller   INTEGER NOT NULL REFERENCES caller (id),
    call     INTEGER NOT NULL REFERENCES call (id),
    forked   INTEGER NOT NULL,
    events   INTEGER NOT NULL,
    t_first  INTEGER,
    t_last   INTEGER,
    PRIMARY KEY (fold, path, caller, call)
) STRICT, WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS fold_place (
    fold  INTEGER NOT NULL REFERENCES fold (id),
    place INTEGER NOT NULL REFERENCES place (id),
    PRIMARY KEY (fold, place)
) STRICT, WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS fold_set (
    fold     INTEGER NOT NULL REFERENCES fold (id),
    calls    TEXT NOT NULL,
    trees    INTEGER NOT NULL,
    starts   INTEGER NOT NULL,
    hours    INTEGER NOT NULL,
    PRIMARY KEY (fold, calls)
) STRICT, WITHOUT ROWID;

-- each tree that was compacted, for readiness; calls: hash of the text in fold_set; records: 0 all read, 1 some lost, 2 not known
CREATE TABLE IF NOT EXISTS fold_start (
    id      INTEGER PRIMARY KEY,
    fold    INTEGER NOT NULL REFERENCES fold (id),
    t       INTEGER NOT NULL,
    calls   INTEGER NOT NULL,
    start   INTEGER NOT NULL,
    ended   INTEGER NOT NULL,
    records INTEGER NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS fold_start_by_fold ON fold_start (fold);

-- A part with what it has of its image: the part that its own was forked from, or exec'd from.
DROP VIEW IF EXISTS image_part;
CREATE VIEW image_part AS
SELECT part.id, part.node, part.pid, part.boot, part.trusted, part.image, image.tree, image.path,
       iif(image.founder = part.id, nullif(part.link, 0), NULL) AS parent,
       iif(image.founder = part.id, NULL, image.founder) AS fork_of,
       part.exe, part.name, part.loader, part.starts, part.t_first, part.t_last, part.t_end, part.serial_first, part.serial_last,
       part.uid, part.auid
FROM part JOIN image ON image.id = part.image;

-- What users may query. sum(count) equals the events counted; count 0 is presence without an event id, or what a tool saw (made).
DROP VIEW IF EXISTS observations;
CREATE VIEW observations AS
SELECT CAST(node.name AS TEXT) AS node,
       tree.code AS tree,
       path.text AS path,
       CAST(comm.bytes AS TEXT) AS comm,
       CAST(exe.bytes AS TEXT) AS exe,
       CAST(subj.bytes AS TEXT) AS subj,
       (SELECT group_concat(v, ',') FROM (SELECT CAST(string.bytes AS TEXT) AS v FROM tree_label
        JOIN string ON string.id = tree_label.label WHERE tree_label.tree = tree.id ORDER BY v)) AS label,
       (SELECT group_concat(v, ',') FROM (SELECT CAST(iif(length(container_name), container_name, container) AS TEXT) AS v FROM tree_place
        JOIN place ON place.id = tree_place.place WHERE tree_place.tree = tree.id AND length(container) + length(container_name) ORDER BY v)) AS container,
       (SELECT group_concat(v, ',') FROM (SELECT CAST(unit AS TEXT) AS v FROM tree_place
        JOIN place ON place.id = tree_place.place WHERE tree_place.tree = tree.id AND length(unit) ORDER BY v)) AS unit,
       printf('%x', call.arch) AS arch,
       call.nr AS nr,
       printf('%x', call.action) AS action,
       iif(tool.key IS NULL, o.count, 0) AS count,
       o.trusted AS trusted,
       strftime('%Y-%m-%dT%H:%M:%S', o.t_first / 1000, 'unixepoch') || printf('.%03dZ', o.t_first % 1000) AS first,
       strftime('%Y-%m-%dT%H:%M:%S', o.t_last / 1000, 'unixepoch') || printf('.%03dZ', o.t_last % 1000) AS last,
       o.pid AS pid,
       printf('%x', o.ip) AS ip,
       ifnull(tool.value ->> 'kind', 'seccomp') AS kind,
       iif(tool.key IS NULL, 0, o.count) AS made
FROM (SELECT interval.node, interval.part, interval.pid, interval.exe,
             obs.value ->> 0 AS caller, obs.value ->> 1 AS call,
             (obs.value ->> 3) + max((obs.value ->> 2) - (obs.value ->> 4), 0) AS count,
             obs.value ->> 3 AS trusted,
             interval.t_first + (obs.value ->> 5) AS t_first, interval.t_first + (obs.value ->> 6) AS t_last,
             (interval.cell << 22) + (obs.value ->> 8) AS ip
      FROM interval, json_each(interval.obs) AS obs
      WHERE obs.value ->> 3 > 0 OR obs.value ->> 2 > obs.value ->> 4
      UNION ALL
      SELECT node, part, pid, exe, caller, call, 0, 0, t_first, t_last, ip FROM presence) AS o
JOIN node ON node.id = o.node
LEFT JOIN meta AS tool ON tool.key = 'tool ' || CAST(node.name AS TEXT)
JOIN caller ON caller.id = o.caller
JOIN call ON call.id = o.call
JOIN string AS comm ON comm.id = caller.comm
JOIN string AS exe ON exe.id = o.exe
LEFT JOIN string AS subj ON subj.id = caller.subj
LEFT JOIN part ON part.id = o.part
LEFT JOIN image ON image.id = part.image
LEFT JOIN tree ON tree.id = image.tree
LEFT JOIN path ON path.id = image.path
UNION ALL
SELECT CAST(node.name AS TEXT), fold.code, path.text, CAST(comm.bytes AS TEXT), CAST(exe.bytes AS TEXT), CAST(subj.bytes AS TEXT),
       (SELECT group_concat(v, ',') FROM (SELECT CAST(string.bytes AS TEXT) AS v FROM json_each(fold.labels) AS l JOIN string ON string.id = l.value ORDER BY v)),
       (SELECT group_concat(v, ',') FROM (SELECT CAST(iif(length(container_name), container_name, container) AS TEXT) AS v FROM fold_place
        JOIN place ON place.id = fold_place.place WHERE fold_place.fold = fold.id AND length(container) + length(container_name) ORDER BY v)),
       (SELECT group_concat(v, ',') FROM (SELECT CAST(unit AS TEXT) AS v FROM fold_place
        JOIN place ON place.id = fold_place.place WHERE fold_place.fold = fold.id AND length(unit) ORDER BY v)),
       printf('%x', call.arch), call.nr, printf('%x', call.action), iif(tool.key IS NULL, u.events, 0), iif(fold.trusted, u.events, 0),
       strftime('%Y-%m-%dT%H:%M:%S', u.t_first / 1000, 'unixepoch') || printf('.%03dZ', u.t_first % 1000),
       strftime('%Y-%m-%dT%H:%M:%S', u.t_last / 1000, 'unixepoch') || printf('.%03dZ', u.t_last % 1000),
       NULL, NULL, ifnull(tool.value ->> 'kind', 'seccomp'), iif(tool.key IS NULL, 0, u.events)
FROM fold_use AS u
JOIN fold ON fold.id = u.fold
JOIN node ON node.id = fold.node
LEFT JOIN meta AS tool ON tool.key = 'tool ' || CAST(node.name AS TEXT)
JOIN path ON path.id = u.path
JOIN caller ON caller.id = u.caller
JOIN call ON call.id = u.call
JOIN string AS comm ON comm.id = caller.comm
JOIN string AS exe ON exe.id = path.exe
LEFT JOIN string AS subj ON subj.id = caller.subj;
