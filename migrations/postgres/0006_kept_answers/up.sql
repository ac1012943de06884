-- First answers to requests with an Idempotency-Key. key: a keyed hash of client, citizen and key;
-- request: one of the request; index_version: the index key of both; key_version: the sealing key.
CREATE TABLE kept_answers (
    key           BYTEA   NOT NULL PRIMARY KEY,
    request       BYTEA   NOT NULL,
    index_version INTEGER NOT NULL,
    key_version   INTEGER NOT NULL,
    sealed        BYTEA   NOT NULL,
    expires_at    BIGINT  NOT NULL
);
CREATE INDEX kept_answers_expiry ON kept_answers (expires_at);
