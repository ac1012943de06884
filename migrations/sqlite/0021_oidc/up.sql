-- Where a client's sign-ins may end (JSON), and the salted HMAC of its secret, if it has one.
ALTER TABLE clients ADD COLUMN registration TEXT NOT NULL DEFAULT '{}';
ALTER TABLE clients ADD COLUMN secret BLOB;

-- What citizens approved, for which client. subject: the pairwise identifier the client is told.
-- A row that is revoked or over takes every token with it.
CREATE TABLE citizen_grants (
    grant_id    BLOB     NOT NULL PRIMARY KEY,
    client_id   TEXT     NOT NULL,
    citizen_id  BLOB     NOT NULL,
    device_id   BLOB     NOT NULL,
    subject     TEXT     NOT NULL,
    level       SMALLINT NOT NULL,
    amr         TEXT     NOT NULL,
    scope       TEXT     NOT NULL,
    attributes  TEXT     NOT NULL,
    consent_id  BLOB,
    details     TEXT     NOT NULL,
    approved_at BIGINT   NOT NULL,
    expires_at  BIGINT   NOT NULL,
    revoked_at  BIGINT
);
CREATE INDEX citizen_grants_of_subject ON citizen_grants (client_id, subject);
CREATE INDEX citizen_grants_of_citizen ON citizen_grants (citizen_id);
CREATE INDEX citizen_grants_by_expiry ON citizen_grants (expires_at);

-- What the clients of a sector call a citizen, from the first approval on.
CREATE TABLE pairwise_subjects (
    sector     TEXT NOT NULL,
    citizen_id BLOB NOT NULL,
    subject    TEXT NOT NULL,
    PRIMARY KEY (sector, citizen_id)
) WITHOUT ROWID;

-- Access tokens revoked before their time, by SHA-256 of their id, until they expire anyway.
CREATE TABLE revoked_tokens (
    digest     BLOB   NOT NULL PRIMARY KEY,
    expires_at BIGINT NOT NULL
) WITHOUT ROWID;
CREATE INDEX revoked_tokens_by_expiry ON revoked_tokens (expires_at);

-- Authorization requests until they are answered, by SHA-256 of the secret in their request_uri.
-- sealed: the request, checked. browsers: how many have opened it. completed_at: set by the answer.
CREATE TABLE oidc_requests (
    digest       BLOB     NOT NULL PRIMARY KEY,
    client_id    TEXT     NOT NULL,
    key_version  INTEGER  NOT NULL,
    sealed       BLOB     NOT NULL,
    browsers     SMALLINT NOT NULL,
    completed_at BIGINT,
    expires_at   BIGINT   NOT NULL
);
CREATE INDEX oidc_requests_by_expiry ON oidc_requests (expires_at);

-- A request as one browser has it open. digest: keyed hash of the browser's cookie and the request.
CREATE TABLE oidc_interactions (
    digest         BLOB     NOT NULL PRIMARY KEY,
    request        BLOB     NOT NULL,
    transaction_id BLOB     NOT NULL,
    digits         SMALLINT NOT NULL,
    scan           TEXT     NOT NULL,
    named          BOOLEAN  NOT NULL,
    expires_at     BIGINT   NOT NULL
);
CREATE INDEX oidc_interactions_of_request ON oidc_interactions (request);
CREATE INDEX oidc_interactions_by_expiry ON oidc_interactions (expires_at);

-- Authorization codes, by their SHA-256. Spent ones stay as long as their grant could give tokens, so
-- that a second use is known for what it is. sealed: what the code is bound to.
CREATE TABLE oidc_codes (
    digest      BLOB    NOT NULL PRIMARY KEY,
    client_id   TEXT    NOT NULL,
    grant_id    BLOB    NOT NULL,
    key_version INTEGER NOT NULL,
    sealed      BLOB    NOT NULL,
    expires_at  BIGINT  NOT NULL,
    spent_at    BIGINT,
    kept_until  BIGINT  NOT NULL
);
CREATE INDEX oidc_codes_by_end ON oidc_codes (kept_until);

-- Refresh tokens, by their SHA-256. Spent ones stay as long as their family, to know a second use.
CREATE TABLE oidc_refresh_tokens (
    digest     BLOB   NOT NULL PRIMARY KEY,
    client_id  TEXT   NOT NULL,
    grant_id   BLOB   NOT NULL,
    expires_at BIGINT NOT NULL,
    spent_at   BIGINT
);
CREATE INDEX oidc_refresh_tokens_by_expiry ON oidc_refresh_tokens (expires_at);

-- Backchannel requests, by SHA-256 of their auth_req_id. polled_at: the last poll. wait_s: seconds between polls.
CREATE TABLE oidc_backchannel (
    digest         BLOB     NOT NULL PRIMARY KEY,
    client_id      TEXT     NOT NULL,
    transaction_id BLOB     NOT NULL,
    scope          TEXT     NOT NULL,
    details        TEXT     NOT NULL,
    wait_s         SMALLINT NOT NULL,
    polled_at      BIGINT   NOT NULL,
    expires_at     BIGINT   NOT NULL
);
CREATE INDEX oidc_backchannel_by_expiry ON oidc_backchannel (expires_at);
