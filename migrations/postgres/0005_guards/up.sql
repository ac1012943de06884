-- Calls, and failed anchors, counted in fixed windows. kind: see src/citizens/guard/ledger.rs.
-- key: a keyed hash, cut to 16 bytes, of what is counted. touched_at: when a replica last added to
-- the counter, so that the others find it.
CREATE TABLE guard_counters (
    kind         SMALLINT NOT NULL,
    key          BYTEA    NOT NULL,
    window_start BIGINT   NOT NULL,
    used         BIGINT   NOT NULL,
    touched_at   BIGINT   NOT NULL,
    PRIMARY KEY (kind, key, window_start)
);
CREATE INDEX guard_counters_touched ON guard_counters (touched_at);

-- How far each reactor has come in citizen_changes.
CREATE TABLE reactor_cursors (
    name TEXT   NOT NULL PRIMARY KEY,
    seq  BIGINT NOT NULL
);

-- One row: the key versions every row was last brought to, so that a restart need not look again.
CREATE TABLE resealing_progress (
    singleton     SMALLINT NOT NULL PRIMARY KEY CHECK (singleton = 1),
    seal_version  INTEGER  NOT NULL,
    index_version INTEGER  NOT NULL
);
