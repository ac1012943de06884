DROP TABLE qr_status_lists;
DROP TABLE qr_credentials;
