-- Whether a citizen was asked at the backchannel (CIBA), by a client that has them before it, and not in
-- a sign-in. Of grants from before nobody knows, so that they prove nobody's presence.
ALTER TABLE citizen_grants ADD COLUMN backchannel BOOLEAN NOT NULL DEFAULT FALSE;
