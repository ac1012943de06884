ALTER TABLE citizen_grants DROP COLUMN backchannel;
