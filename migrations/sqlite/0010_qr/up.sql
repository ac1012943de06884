-- Credentials issued. said: a keyed hash (key version said_key) of what the credential says of the
-- citizen, so that a change of the record shows whether it is still true. Dynamic ones have no place
-- in a status list and are spent by their first showing.
CREATE TABLE qr_credentials (
    credential_id BLOB    NOT NULL PRIMARY KEY,
    citizen_id    BLOB    NOT NULL,
    client_id     TEXT    NOT NULL,
    dynamic       BOOLEAN NOT NULL,
    status_list   INTEGER,
    status_index  INTEGER,
    attributes    TEXT    NOT NULL,
    said          BLOB    NOT NULL,
    said_key      INTEGER NOT NULL,
    issued_at     BIGINT  NOT NULL,
    expires_at    BIGINT  NOT NULL,
    revoked_at    BIGINT,
    spent_at      BIGINT,
    UNIQUE (status_list, status_index)
);
CREATE INDEX qr_credentials_of_citizen ON qr_credentials (citizen_id);
CREATE INDEX qr_credentials_said_key ON qr_credentials (said_key);
CREATE INDEX qr_credentials_expiry ON qr_credentials (expires_at);
CREATE INDEX qr_credentials_revoked ON qr_credentials (status_list) WHERE revoked_at IS NOT NULL;

-- Status lists, and how many places each has given away.
CREATE TABLE qr_status_lists (
    list  INTEGER NOT NULL PRIMARY KEY,
    taken INTEGER NOT NULL
);

-- How many credentials of each list were revoked: tells every process when what it remembers of the list is
-- old. Apart from qr_status_lists, whose rows wait for whoever issues.
CREATE TABLE qr_revocations (
    list    INTEGER NOT NULL PRIMARY KEY,
    revoked BIGINT  NOT NULL
);
