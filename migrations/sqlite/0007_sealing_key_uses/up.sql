-- How many messages may have been sealed under each version of the sealing keys, over all processes: each adds a range
-- before it uses it, and gives back what is left of it when it ends.
CREATE TABLE sealing_key_uses (
    key_version INTEGER NOT NULL PRIMARY KEY,
    seals       BIGINT  NOT NULL
);
