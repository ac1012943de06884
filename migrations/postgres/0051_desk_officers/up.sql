-- Officers who sign in at the desk by their own e-ID: whose it is, and which officer of which client
-- they are. Who is struck off and listed again binds anew.
CREATE TABLE desk_officers (
    citizen_id BYTEA  NOT NULL PRIMARY KEY,
    client_id  TEXT   NOT NULL,
    officer_id TEXT   NOT NULL,
    unit       TEXT   NOT NULL,
    bound_at   BIGINT NOT NULL,
    FOREIGN KEY (client_id, officer_id, unit) REFERENCES client_officers ON DELETE CASCADE
);
CREATE INDEX desk_officers_of ON desk_officers (client_id, officer_id);
