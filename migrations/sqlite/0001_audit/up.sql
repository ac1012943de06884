-- One row a log: who may write it (holder, epoch), how far it is, and its last signed checkpoint.
CREATE TABLE audit_logs (
    log INTEGER NOT NULL PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    origin TEXT NOT NULL UNIQUE,
    holder BLOB NOT NULL,
    epoch BIGINT NOT NULL,
    -- 0: a serving process, 1: commands
    writer SMALLINT NOT NULL,
    state SMALLINT NOT NULL,
    size BIGINT NOT NULL,
    expired_below BIGINT NOT NULL,
    sorted_below BIGINT NOT NULL,
    checkpoint TEXT NOT NULL,
    checkpoint_size BIGINT NOT NULL,
    opened_at BIGINT NOT NULL,
    closed_at BIGINT
);

-- position = log * 2^40 + index: each log grows at one place of one B-tree.
CREATE TABLE audit_entries (
    position INTEGER NOT NULL PRIMARY KEY,
    written_at BIGINT NOT NULL,
    data_key INTEGER NOT NULL,
    commitment BLOB NOT NULL,
    salt BLOB NOT NULL,
    body BLOB NOT NULL
);

-- Complete tiles; at level 0 their hashes are the commitments.
CREATE TABLE audit_tiles (
    log INTEGER NOT NULL,
    level SMALLINT NOT NULL,
    tile BIGINT NOT NULL,
    root BLOB NOT NULL,
    hashes BLOB NOT NULL,
    PRIMARY KEY (log, level, tile)
);

-- The keys that seal the entries' bodies, themselves sealed under the keyring.
CREATE TABLE audit_data_keys (
    log INTEGER NOT NULL,
    number INTEGER NOT NULL,
    first BIGINT NOT NULL,
    key_version INTEGER NOT NULL,
    sealed BLOB NOT NULL,
    PRIMARY KEY (log, number)
);

-- Which persons and transactions a commit group is about, in the order of entries.
CREATE TABLE audit_lists (
    position INTEGER NOT NULL PRIMARY KEY,
    items BLOB NOT NULL
);

-- The same, sorted by key, for each segment of 65536 entries.
CREATE TABLE audit_finder (
    bucket SMALLINT NOT NULL,
    log INTEGER NOT NULL,
    segment INTEGER NOT NULL,
    items BLOB NOT NULL,
    PRIMARY KEY (bucket, log, segment)
);
