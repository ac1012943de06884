-- Places where guests stay. sealed: name and address, for a household is a place too. kind: 1 hotel,
-- 2 guesthouse, 3 rented room, 4 medical facility, 5 household, 6 other.
CREATE TABLE facilities (
    facility_id BLOB    NOT NULL PRIMARY KEY,
    client_id   TEXT    NOT NULL,
    kind        SMALLINT NOT NULL,
    commune     INTEGER NOT NULL,
    created_at  BIGINT  NOT NULL,
    closed_at   BIGINT,
    key_version INTEGER NOT NULL,
    sealed      BLOB    NOT NULL
);
CREATE INDEX facilities_of ON facilities (client_id);

-- Who else may report for a facility, and when.
CREATE TABLE facility_delegations (
    facility_id BLOB   NOT NULL,
    client_id   TEXT   NOT NULL,
    valid_from  BIGINT NOT NULL,
    valid_until BIGINT NOT NULL,
    PRIMARY KEY (facility_id, client_id)
) WITHOUT ROWID;
CREATE INDEX facility_delegations_to ON facility_delegations (client_id);

-- Reported stays. state: 1 open, 2 left, 3 cancelled. guests: how many were not taken back. marked:
-- whether one of them is not who they are said to be. sealed: room, reason, note, history, receipt.
CREATE TABLE stays (
    stay_id           BLOB     NOT NULL PRIMARY KEY,
    facility_id       BLOB     NOT NULL,
    client_id         TEXT     NOT NULL,
    commune           INTEGER  NOT NULL,
    arrival           BIGINT   NOT NULL,
    planned_departure BIGINT,
    left_at           BIGINT,
    state             SMALLINT NOT NULL,
    received_at       BIGINT   NOT NULL,
    deadline          BIGINT   NOT NULL,
    on_time           BOOLEAN  NOT NULL,
    guests            INTEGER  NOT NULL,
    marked            BOOLEAN  NOT NULL,
    revision          INTEGER  NOT NULL,
    row_version       BIGINT   NOT NULL,
    key_version       INTEGER  NOT NULL,
    sealed            BLOB     NOT NULL
);
CREATE INDEX stays_of_commune ON stays (commune, arrival, stay_id);
CREATE INDEX stays_of_facility ON stays (facility_id, arrival, stay_id);
CREATE INDEX stays_key_version ON stays (key_version);
-- When a stay is over: after its term it is erased with its guests.
CREATE INDEX stays_end ON stays (coalesce(left_at, planned_departure, arrival));

-- Their guests. nature: a keyed hash of facility, guest and arrival, by which a repeated notice is
-- known; none once the guest was taken back or the stay cancelled. document, person: keyed hashes of
-- the document's number, and of name and birth date. citizen_id: whom verifying found; by it alone the
-- authority is told who is reported at two places at once.
CREATE TABLE stay_guests (
    stay_id       BLOB     NOT NULL,
    number        SMALLINT NOT NULL,
    citizen_id    BLOB,
    nature        BLOB,
    document      BLOB,
    person        BLOB     NOT NULL,
    index_version INTEGER  NOT NULL,
    removed_at    BIGINT,
    key_version   INTEGER  NOT NULL,
    sealed        BLOB     NOT NULL,
    PRIMARY KEY (stay_id, number)
) WITHOUT ROWID;
CREATE UNIQUE INDEX stay_guests_nature ON stay_guests (nature);
CREATE INDEX stay_guests_document ON stay_guests (document);
CREATE INDEX stay_guests_person ON stay_guests (person);
CREATE INDEX stay_guests_citizen ON stay_guests (citizen_id);
CREATE INDEX stay_guests_key_version ON stay_guests (key_version);
CREATE INDEX stay_guests_index_version ON stay_guests (index_version);

-- Approvals by e-ID that a stay rests on: each serves one stay.
CREATE TABLE stay_approvals (
    grant_id BLOB NOT NULL PRIMARY KEY,
    stay_id  BLOB NOT NULL
) WITHOUT ROWID;
CREATE INDEX stay_approvals_of ON stay_approvals (stay_id);
