-- What questions are answered by without reading the whole store. docs/schema.md says what each table is for. A store of before these
-- is read as a whole, until somebody writes to it (store/makers.c); a row of `meta`, 'makers', says that all of them are there.

-- who made calls: a program, and the name of a thread of it or of what was exec'd (comm 0: some call was refused).
-- base: the last part of exe; code: that of the workload which the two would be
CREATE TABLE IF NOT EXISTS maker (
    id   INTEGER PRIMARY KEY,
    exe  INTEGER NOT NULL REFERENCES string (id),
    comm INTEGER NOT NULL,
    base INTEGER NOT NULL REFERENCES string (id),
    code TEXT NOT NULL,
    UNIQUE (comm, exe)
) STRICT;
CREATE INDEX IF NOT EXISTS maker_by_exe ON maker (exe);
CREATE INDEX IF NOT EXISTS maker_by_base ON maker (base);
CREATE INDEX IF NOT EXISTS maker_by_code ON maker (code);

-- a set of makers, their ids as varints, sorted
CREATE TABLE IF NOT EXISTS maker_set (
    id      INTEGER PRIMARY KEY,
    members BLOB NOT NULL UNIQUE
) STRICT;

CREATE TABLE IF NOT EXISTS maker_in (
    maker INTEGER NOT NULL REFERENCES maker (id),
    of    INTEGER NOT NULL REFERENCES maker_set (id),
    PRIMARY KEY (maker, of)
) STRICT, WITHOUT ROWID;

-- the makers of a part's calls, and of those in a compacted tree; some that have gone may be left among them
CREATE TABLE IF NOT EXISTS part_makers (
    part INTEGER PRIMARY KEY,
    of   INTEGER NOT NULL REFERENCES maker_set (id)
) STRICT;
CREATE INDEX IF NOT EXISTS part_by_makers ON part_makers (of);

CREATE TABLE IF NOT EXISTS fold_makers (
    fold INTEGER PRIMARY KEY REFERENCES fold (id),
    of   INTEGER NOT NULL REFERENCES maker_set (id),
    t_first INTEGER
) STRICT;
CREATE INDEX IF NOT EXISTS fold_by_makers ON fold_makers (of);

CREATE INDEX IF NOT EXISTS part_by_time ON part (node, boot, t_first, t_last, loader, trusted);
CREATE INDEX IF NOT EXISTS tree_by_code ON tree (code);
CREATE INDEX IF NOT EXISTS tree_by_label ON tree_label (label);
CREATE INDEX IF NOT EXISTS tree_by_place ON tree_place (place);
CREATE INDEX IF NOT EXISTS fold_by_place ON fold_place (place);
CREATE INDEX IF NOT EXISTS seen_uncounted ON seen (node) WHERE max(length(trusted_pieces), length(pieces)) > 0 AND
                                                               max(length(trusted_held), length(held)) = 0;
