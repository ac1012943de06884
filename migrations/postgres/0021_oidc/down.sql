DROP TABLE oidc_backchannel;
DROP TABLE oidc_refresh_tokens;
DROP TABLE oidc_codes;
DROP TABLE oidc_interactions;
DROP TABLE oidc_requests;
DROP TABLE revoked_tokens;
DROP TABLE citizen_grants;
ALTER TABLE clients DROP COLUMN secret;
ALTER TABLE clients DROP COLUMN registration;
