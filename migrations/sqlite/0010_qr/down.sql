DROP TABLE qr_revocations;
DROP TABLE qr_status_lists;
DROP TABLE qr_credentials;
