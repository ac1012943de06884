-- Life events, as they were given. state: 1 applied, 2 parked (reason says why), 3 discarded.
-- effective: days since 1970-01-01; events of one day come in the order of rank, then of event_id.
-- recorded: whether the audit log has an entry of what it did; the serving process writes those that
-- a file's events owe.
CREATE TABLE life_events (
    event_id    TEXT     NOT NULL PRIMARY KEY,
    effective   INTEGER  NOT NULL,
    rank        SMALLINT NOT NULL,
    state       SMALLINT NOT NULL,
    reason      TEXT     NOT NULL,
    key_version INTEGER  NOT NULL,
    sealed      BLOB     NOT NULL,
    received_at BIGINT   NOT NULL,
    recorded    BOOLEAN  NOT NULL
) WITHOUT ROWID;
CREATE INDEX life_events_state ON life_events (state, received_at);
CREATE INDEX life_events_owing ON life_events (recorded, received_at);

-- Whom an event is about. subject: a citizen_id, a household_id, or for numbers nobody has yet a
-- keyed hash of the number. sealed: what an applied event changed in the citizen's record, by member,
-- before and after, so that it can be undone when an earlier event comes late; else empty.
CREATE TABLE life_event_subjects (
    subject     BLOB     NOT NULL,
    event_id    TEXT     NOT NULL,
    effective   INTEGER  NOT NULL,
    rank        SMALLINT NOT NULL,
    key_version INTEGER  NOT NULL,
    sealed      BLOB     NOT NULL,
    PRIMARY KEY (subject, event_id)
) WITHOUT ROWID;
CREATE INDEX life_event_subjects_of ON life_event_subjects (event_id);
