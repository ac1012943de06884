-- 1 a credential, 2 a confirmation of residence information.
ALTER TABLE qr_credentials ADD COLUMN kind SMALLINT NOT NULL DEFAULT 1;

-- Confirmations of residence information (CT07). Their QR, place in a status list and end stand in
-- qr_credentials under the same key. said: a keyed hash of what is stated, so that a change of the
-- records shows whether it is still true. code: a hash of the id and the code that
-- is read by telephone.
CREATE TABLE residence_confirmations (
    confirmation_id BYTEA   NOT NULL PRIMARY KEY,
    citizen_id      BYTEA   NOT NULL,
    client_id       TEXT    NOT NULL,
    attributes      TEXT    NOT NULL,
    members         BOOLEAN NOT NULL,
    said            BYTEA   NOT NULL,
    said_key        INTEGER NOT NULL,
    code            BYTEA   NOT NULL,
    issued_at       BIGINT  NOT NULL,
    expires_at      BIGINT  NOT NULL,
    wrong_codes     INTEGER NOT NULL,
    wrong_since     BIGINT  NOT NULL
);
CREATE INDEX residence_confirmations_expiry ON residence_confirmations (expires_at);

-- Whose change can make a confirmation void: people by citizen_id, households by household_id.
CREATE TABLE residence_subjects (
    subject         BYTEA NOT NULL,
    confirmation_id BYTEA NOT NULL,
    PRIMARY KEY (subject, confirmation_id)
);
CREATE INDEX residence_subjects_of ON residence_subjects (confirmation_id);
