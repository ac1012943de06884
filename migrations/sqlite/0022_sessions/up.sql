-- Sessions of browsers, by a keyed hash of the cookie. body: what the session stands for, as JSON;
-- a citizen is in it by citizen_id alone. citizen_id, device_id: whose session it is, and the device
-- that approved it; it ends with either.
CREATE TABLE sessions (
    digest     BLOB   NOT NULL PRIMARY KEY,
    body       TEXT   NOT NULL,
    citizen_id BLOB,
    device_id  BLOB,
    expires_at BIGINT NOT NULL
) WITHOUT ROWID;
CREATE INDEX sessions_of_citizen ON sessions (citizen_id);
CREATE INDEX sessions_by_expiry ON sessions (expires_at);

-- Links that open a session, once, by a keyed hash of their code.
CREATE TABLE page_links (
    digest     BLOB   NOT NULL PRIMARY KEY,
    body       TEXT   NOT NULL,
    expires_at BIGINT NOT NULL
) WITHOUT ROWID;
CREATE INDEX page_links_by_expiry ON page_links (expires_at);
