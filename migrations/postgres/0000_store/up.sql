-- Who this store is: one row, made once, never changed.
CREATE TABLE store_info (
    singleton  SMALLINT NOT NULL PRIMARY KEY CHECK (singleton = 1),
    id         BYTEA    NOT NULL CHECK (length(id) = 16),
    created_at BIGINT   NOT NULL
);
INSERT INTO store_info (singleton, id, created_at)
VALUES (1, uuid_send(gen_random_uuid()), (extract(epoch FROM clock_timestamp()) * 1000000)::bigint);
-- What each replica writes to see that it can: one row a slot, which a replica draws when it starts.
CREATE TABLE heartbeats (
    slot SMALLINT NOT NULL PRIMARY KEY,
    at   BIGINT   NOT NULL
);
