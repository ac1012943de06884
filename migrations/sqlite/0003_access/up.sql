-- What may be used once only (client assertions), by digest, until it would expire anyway.
CREATE TABLE spent_tokens (
    digest     BLOB   NOT NULL PRIMARY KEY,
    expires_at BIGINT NOT NULL
) WITHOUT ROWID;
CREATE INDEX spent_tokens_by_expiry ON spent_tokens (expires_at);
