-- One sealed record a person. A table with rowids: sealed records of about 1 kB would overflow the
-- pages of a WITHOUT ROWID tree.
CREATE TABLE citizens (
    citizen_id  BLOB    NOT NULL PRIMARY KEY,
    row_version BIGINT  NOT NULL,
    key_version INTEGER NOT NULL,
    sealed      BLOB    NOT NULL
);

-- The only table that knows numbers, and only as keyed hashes. kind: 1 personal number, 2 CMND,
-- 3 name and birth date, 4 the number of whoever the record names as guardian. A personal number belongs to one person for ever, held (active) or
-- cancelled (not active): its holder column is 0, so the primary key refuses a second holder. For
-- kinds that several people can share, holder tells them apart.
CREATE TABLE identifiers (
    kind        SMALLINT NOT NULL,
    key_version INTEGER  NOT NULL,
    hash        BLOB     NOT NULL,
    holder      BIGINT   NOT NULL,
    citizen_id  BLOB     NOT NULL,
    active      BOOLEAN  NOT NULL,
    PRIMARY KEY (kind, key_version, hash, holder)
) WITHOUT ROWID;

-- version counts the changes of a household's membership.
CREATE TABLE households (
    household_id BLOB   NOT NULL PRIMARY KEY,
    version      BIGINT NOT NULL
) WITHOUT ROWID;

CREATE TABLE household_members (
    household_id BLOB NOT NULL,
    citizen_id   BLOB NOT NULL,
    PRIMARY KEY (household_id, citizen_id)
) WITHOUT ROWID;

-- What changed, in the order of commits. AUTOINCREMENT: a number is never used twice.
CREATE TABLE citizen_changes (
    seq         INTEGER  NOT NULL PRIMARY KEY AUTOINCREMENT,
    citizen_id  BLOB     NOT NULL,
    row_version BIGINT   NOT NULL,
    kinds       SMALLINT NOT NULL,
    changed_at  BIGINT   NOT NULL
);

-- How far each imported file has come; file_key is a keyed digest of its beginning.
CREATE TABLE import_runs (
    file_key      BLOB   NOT NULL PRIMARY KEY,
    bytes_done    BIGINT NOT NULL,
    rows_done     BIGINT NOT NULL,
    digest_done   BLOB   NOT NULL,
    rejects_bytes BIGINT NOT NULL,
    tally         TEXT   NOT NULL,
    started_at    BIGINT NOT NULL,
    updated_at    BIGINT NOT NULL,
    finished_at   BIGINT
) WITHOUT ROWID;

-- One row: whether the people in this store are invented. Set by the first seed or import.
CREATE TABLE population_mark (
    id        SMALLINT NOT NULL PRIMARY KEY CHECK (id = 1),
    synthetic BOOLEAN  NOT NULL
);
