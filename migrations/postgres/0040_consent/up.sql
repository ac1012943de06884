-- Consents of citizens to clients. procedure: NULL for every procedure of the client's agreement.
-- proof: what the citizen signed, sealed (key version key_version). Rows are kept beyond their end,
-- so that what was done under them can be shown.
CREATE TABLE consents (
    consent_id   BYTEA   NOT NULL PRIMARY KEY,
    citizen_id   BYTEA   NOT NULL,
    client_id    TEXT    NOT NULL,
    procedure    TEXT,
    attributes   TEXT    NOT NULL,
    given_at     BIGINT  NOT NULL,
    until        BIGINT  NOT NULL,
    withdrawn_at BIGINT,
    key_version  INTEGER NOT NULL,
    proof        BYTEA   NOT NULL
);
CREATE INDEX consents_of_citizen ON consents (citizen_id, client_id);
CREATE INDEX consents_end ON consents (until);
CREATE INDEX consents_key ON consents (key_version);
