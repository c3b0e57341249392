-- The tables of version 3 that are others in version 4, as scaudit 0.1.0 made them. With them a store of that version is
-- checked; store/older.sql says what they mean.

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
    losses      INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE IF NOT EXISTS seen (
    node    INTEGER NOT NULL REFERENCES node (id),
    serials INTEGER NOT NULL,
    seconds INTEGER NOT NULL,
    pieces  BLOB NOT NULL,
    base_min INTEGER,
    base_max INTEGER,
    data    BLOB NOT NULL,
    PRIMARY KEY (node, serials, seconds)
) STRICT, WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS boot (
    node         INTEGER NOT NULL REFERENCES node (id),
    number       INTEGER NOT NULL,
    t_first      INTEGER NOT NULL,
    t_last       INTEGER NOT NULL,
    serial_first INTEGER NOT NULL,
    serial_last  INTEGER NOT NULL,
    PRIMARY KEY (node, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS image (
    id       INTEGER PRIMARY KEY,
    node     INTEGER NOT NULL REFERENCES node (id),
    pid      INTEGER NOT NULL,
    boot     INTEGER NOT NULL,
    tree     INTEGER NOT NULL,
    path     INTEGER NOT NULL REFERENCES path (id),
    parent   INTEGER,
    fork_of  INTEGER,
    exe      INTEGER NOT NULL REFERENCES string (id),
    name     INTEGER,
    loader   INTEGER NOT NULL,
    starts   INTEGER NOT NULL,
    t_first  INTEGER NOT NULL,
    t_last   INTEGER NOT NULL,
    t_end    INTEGER,
    serial_first INTEGER NOT NULL,
    serial_last  INTEGER NOT NULL,
    uid      INTEGER NOT NULL,
    auid     INTEGER NOT NULL
) STRICT;

CREATE TABLE IF NOT EXISTS tree (
    id         INTEGER PRIMARY KEY REFERENCES image (id) ON DELETE CASCADE,
    code       TEXT NOT NULL,
    start_seen INTEGER NOT NULL
) STRICT;

CREATE TABLE IF NOT EXISTS interval (
    id       INTEGER PRIMARY KEY,
    node     INTEGER NOT NULL REFERENCES node (id),
    pid      INTEGER NOT NULL,
    exe      INTEGER NOT NULL REFERENCES string (id),
    cell     INTEGER NOT NULL,
    loader   INTEGER NOT NULL,
    t_first  INTEGER NOT NULL,
    t_last   INTEGER NOT NULL,
    serial_first INTEGER NOT NULL,
    serial_last  INTEGER NOT NULL,
    uid      INTEGER NOT NULL,
    auid     INTEGER NOT NULL,
    name     INTEGER NOT NULL REFERENCES string (id),
    image    INTEGER,
    ingest   INTEGER NOT NULL REFERENCES ingest (id),
    obs      TEXT NOT NULL,
    edges    TEXT NOT NULL
) STRICT;

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
    image   INTEGER,
    UNIQUE (node, pid, exe, caller, call, hour)
) STRICT;

CREATE TABLE IF NOT EXISTS loss (
    node   INTEGER NOT NULL REFERENCES node (id),
    kind   TEXT NOT NULL,
    stamp  INTEGER NOT NULL,
    number INTEGER NOT NULL,
    t      INTEGER,
    ingest INTEGER NOT NULL REFERENCES ingest (id),
    PRIMARY KEY (node, kind, stamp, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS tree_label (
    tree  INTEGER NOT NULL REFERENCES tree (id) ON DELETE CASCADE,
    label INTEGER NOT NULL REFERENCES string (id),
    PRIMARY KEY (tree, label)
) STRICT, WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS tree_place (
    tree  INTEGER NOT NULL REFERENCES tree (id) ON DELETE CASCADE,
    place INTEGER NOT NULL REFERENCES place (id),
    PRIMARY KEY (tree, place)
) STRICT, WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS fold (
    id       INTEGER PRIMARY KEY,
    code     TEXT NOT NULL UNIQUE,
    node     INTEGER NOT NULL REFERENCES node (id),
    main     INTEGER NOT NULL REFERENCES path (id),
    labels   TEXT NOT NULL,
    trees    INTEGER NOT NULL,
    starts   INTEGER NOT NULL
) STRICT;

CREATE TABLE IF NOT EXISTS fold_use (
    fold     INTEGER NOT NULL REFERENCES fold (id),
    path     INTEGER NOT NULL REFERENCES path (id),
    caller   INTEGER NOT NULL REFERENCES caller (id),
    call     INTEGER NOT NULL REFERENCES call (id),
    forked   INTEGER NOT NULL,
    events   INTEGER NOT NULL,
    trusted  INTEGER NOT NULL,
    contradicted INTEGER NOT NULL,
    t_first  INTEGER,
    t_last   INTEGER,
    PRIMARY KEY (fold, path, caller, call)
) STRICT, WITHOUT ROWID;
