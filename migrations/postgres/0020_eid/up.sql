-- e-ID accounts. level: 1 activated by a code, 2 confirmed at a desk. page_…, counter_…: rejections in a
-- row of that channel, and until when its requests are shown only where the citizen scanned them.
CREATE TABLE eid_accounts (
    citizen_id          BYTEA    NOT NULL PRIMARY KEY,
    level               SMALLINT NOT NULL,
    scanned_only        BOOLEAN  NOT NULL,
    page_rejections     SMALLINT NOT NULL,
    page_quiet_until    BIGINT   NOT NULL,
    counter_rejections  SMALLINT NOT NULL,
    counter_quiet_until BIGINT   NOT NULL,
    activated_at        BIGINT   NOT NULL,
    confirmed_at        BIGINT,
    closed_at           BIGINT
);

-- Devices. sealed: the name and the passcode's hash. tries: wrong passcodes since the last right one.
CREATE TABLE eid_devices (
    device_id   BYTEA    NOT NULL PRIMARY KEY,
    citizen_id  BYTEA    NOT NULL REFERENCES eid_accounts (citizen_id),
    algorithm   SMALLINT NOT NULL,
    public_key  BYTEA    NOT NULL,
    key_version INTEGER  NOT NULL,
    sealed      BYTEA    NOT NULL,
    row_version BIGINT   NOT NULL,
    tries       SMALLINT NOT NULL,
    try_after   BIGINT   NOT NULL,
    locked_at   BIGINT,
    added_at    BIGINT   NOT NULL,
    revoked_at  BIGINT
);
CREATE INDEX eid_devices_of_citizen ON eid_devices (citizen_id);
CREATE INDEX eid_devices_key_version ON eid_devices (key_version);

-- Enrolments of a device, and new passcodes of one, that wait for their one-time code. citizen_id: NULL
-- where the request led to nobody. code: a keyed hash. public_key: NULL where the code was handed out
-- before the key is known.
CREATE TABLE eid_activations (
    activation_id BYTEA    NOT NULL PRIMARY KEY,
    citizen_id    BYTEA,
    origin        SMALLINT NOT NULL,
    code_key      INTEGER  NOT NULL,
    code          BYTEA    NOT NULL,
    algorithm     SMALLINT,
    public_key    BYTEA,
    tries         SMALLINT NOT NULL,
    created_at    BIGINT   NOT NULL,
    expires_at    BIGINT   NOT NULL,
    spent_at      BIGINT
);
CREATE INDEX eid_activations_expiry ON eid_activations (expires_at);
CREATE INDEX eid_activations_of_citizen ON eid_activations (citizen_id);

-- Codes on their way to a contact; deleted once they are sent. sealed: the contact and the code.
CREATE TABLE eid_outbox (
    activation_id BYTEA    NOT NULL PRIMARY KEY,
    key_version   INTEGER  NOT NULL,
    sealed        BYTEA    NOT NULL,
    attempts      SMALLINT NOT NULL,
    due_at        BIGINT   NOT NULL,
    expires_at    BIGINT   NOT NULL
);
CREATE INDEX eid_outbox_due ON eid_outbox (due_at);

-- What is limited within a window of time. key: a keyed hash of what is counted.
CREATE TABLE eid_counters (
    kind         SMALLINT NOT NULL,
    key          BYTEA    NOT NULL,
    window_start BIGINT   NOT NULL,
    used         INTEGER  NOT NULL,
    PRIMARY KEY (kind, key, window_start)
);
CREATE INDEX eid_counters_window ON eid_counters (window_start);

-- Requests for an approval. citizen_id: whom it is for. bound: for nobody else. channel: 1 a page,
-- 2 a counter. shown: in their app, without being scanned, or once it was. scan: SHA-256 of the secret
-- in the QR. sealed: the statement that the device signs. proof: what it signed, sealed.
CREATE TABLE eid_transactions (
    transaction_id BYTEA    NOT NULL PRIMARY KEY,
    client_id      TEXT     NOT NULL,
    citizen_id     BYTEA,
    state          SMALLINT NOT NULL,
    channel        SMALLINT NOT NULL,
    level          SMALLINT NOT NULL,
    digits         SMALLINT NOT NULL,
    scan           BYTEA    NOT NULL UNIQUE,
    bound          BOOLEAN  NOT NULL,
    shown          BOOLEAN  NOT NULL,
    names_tried    SMALLINT NOT NULL,
    key_version    INTEGER  NOT NULL,
    sealed         BYTEA    NOT NULL,
    created_at     BIGINT   NOT NULL,
    expires_at     BIGINT   NOT NULL,
    decided_at     BIGINT,
    device_id      BYTEA,
    proof          BYTEA,
    taken_at       BIGINT
);
CREATE INDEX eid_transactions_of_citizen ON eid_transactions (citizen_id, expires_at);
CREATE INDEX eid_transactions_expiry ON eid_transactions (expires_at);
