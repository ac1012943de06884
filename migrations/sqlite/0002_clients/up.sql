-- Organisations, their public keys and registered officers, and the history of every change.
CREATE TABLE clients (
    client_id  TEXT     NOT NULL PRIMARY KEY,
    name       TEXT     NOT NULL,
    profile    SMALLINT NOT NULL,
    state_body BOOLEAN  NOT NULL,
    agreement  TEXT     NOT NULL,
    created_at BIGINT   NOT NULL
);

CREATE TABLE client_keys (
    client_id   TEXT     NOT NULL REFERENCES clients (client_id),
    key_id      TEXT     NOT NULL,
    algorithm   SMALLINT NOT NULL,
    public_key  BLOB     NOT NULL,
    valid_from  BIGINT   NOT NULL,
    valid_until BIGINT,
    PRIMARY KEY (client_id, key_id)
);

CREATE TABLE client_officers (
    client_id  TEXT   NOT NULL REFERENCES clients (client_id),
    officer_id TEXT   NOT NULL,
    unit       TEXT   NOT NULL,
    added_at   BIGINT NOT NULL,
    PRIMARY KEY (client_id, officer_id, unit)
);

-- What operators have stopped: kind 0 the client itself, 1 a procedure, 2 an officer.
CREATE TABLE client_stops (
    client_id  TEXT     NOT NULL REFERENCES clients (client_id),
    kind       SMALLINT NOT NULL,
    name       TEXT     NOT NULL,
    stopped_at BIGINT   NOT NULL,
    PRIMARY KEY (client_id, kind, name)
);

-- One row: its version grows with every change, and its lock puts changes in order.
CREATE TABLE client_registry (
    id      SMALLINT NOT NULL PRIMARY KEY CHECK (id = 1),
    version BIGINT   NOT NULL
);
INSERT INTO client_registry (id, version) VALUES (1, 0);

CREATE TABLE client_changes (
    version   BIGINT   NOT NULL PRIMARY KEY,
    at        BIGINT   NOT NULL,
    client_id TEXT     NOT NULL,
    action    SMALLINT NOT NULL,
    detail    TEXT     NOT NULL
);
CREATE INDEX client_changes_by_client ON client_changes (client_id, version);
