-- Sessions of browsers, by a keyed hash of the cookie. body: what the session stands for, as JSON;
-- a citizen is in it by citizen_id alone. citizen_id, device_id: whose session it is, and the device
-- that approved it; it ends with either. client_id, officer_id, unit: the officer who signed in; it
-- ends when they are struck off.
CREATE TABLE sessions (
    digest     BLOB   NOT NULL PRIMARY KEY,
    body       TEXT   NOT NULL,
    citizen_id BLOB,
    device_id  BLOB,
    client_id  TEXT   NOT NULL,
    officer_id TEXT,
    unit       TEXT,
    expires_at BIGINT NOT NULL,
    FOREIGN KEY (client_id, officer_id, unit) REFERENCES client_officers ON DELETE CASCADE
) WITHOUT ROWID;
CREATE INDEX sessions_of_citizen ON sessions (citizen_id);
CREATE INDEX sessions_by_expiry ON sessions (expires_at);

-- Links that open a session, once, by a keyed hash of their code. client_id, officer_id,
-- unit: the officer whom it is for, with whom it ends.
CREATE TABLE page_links (
    digest     BLOB   NOT NULL PRIMARY KEY,
    body       TEXT   NOT NULL,
    client_id  TEXT   NOT NULL,
    officer_id TEXT,
    unit       TEXT,
    expires_at BIGINT NOT NULL,
    FOREIGN KEY (client_id, officer_id, unit) REFERENCES client_officers ON DELETE CASCADE
) WITHOUT ROWID;
CREATE INDEX page_links_by_expiry ON page_links (expires_at);
