-- One sealed record a person.
CREATE TABLE citizens (
    citizen_id  BYTEA   NOT NULL PRIMARY KEY,
    row_version BIGINT  NOT NULL,
    key_version INTEGER NOT NULL,
    sealed      BYTEA   NOT NULL
);
-- Sealed bytes do not compress: do not try.
ALTER TABLE citizens ALTER COLUMN sealed SET STORAGE EXTERNAL;

-- The only table that knows numbers, and only as keyed hashes. kind: 1 personal number, 2 CMND,
-- 3 name and birth date, 4 the number of whoever the record names as guardian. A personal number belongs to one person for ever, held (active) or
-- cancelled (not active): its holder column is 0, so the primary key refuses a second holder. For
-- kinds that several people can share, holder tells them apart.
CREATE TABLE identifiers (
    kind        SMALLINT NOT NULL,
    key_version INTEGER  NOT NULL,
    hash        BYTEA    NOT NULL,
    holder      BIGINT   NOT NULL,
    citizen_id  BYTEA    NOT NULL,
    active      BOOLEAN  NOT NULL,
    PRIMARY KEY (kind, key_version, hash, holder)
);

-- version counts the changes of a household's membership.
CREATE TABLE households (
    household_id BYTEA  NOT NULL PRIMARY KEY,
    version      BIGINT NOT NULL
);

CREATE TABLE household_members (
    household_id BYTEA NOT NULL,
    citizen_id   BYTEA NOT NULL,
    PRIMARY KEY (household_id, citizen_id)
);

-- What changed, in the order of commits: who appends holds an advisory lock from its first
-- statement to its commit (see src/citizens/store/apply.rs).
CREATE TABLE citizen_changes (
    seq         BIGINT   NOT NULL PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    citizen_id  BYTEA    NOT NULL,
    row_version BIGINT   NOT NULL,
    kinds       SMALLINT NOT NULL,
    changed_at  BIGINT   NOT NULL
);

-- How far each imported file has come; file_key is a keyed digest of its beginning.
CREATE TABLE import_runs (
    file_key      BYTEA  NOT NULL PRIMARY KEY,
    bytes_done    BIGINT NOT NULL,
    rows_done     BIGINT NOT NULL,
    digest_done   BYTEA  NOT NULL,
    rejects_bytes BIGINT NOT NULL,
    tally         TEXT   NOT NULL,
    started_at    BIGINT NOT NULL,
    updated_at    BIGINT NOT NULL,
    finished_at   BIGINT
);

-- One row: whether the people in this store are invented. Set by the first seed or import.
CREATE TABLE population_mark (
    id        SMALLINT NOT NULL PRIMARY KEY CHECK (id = 1),
    synthetic BOOLEAN  NOT NULL
);
