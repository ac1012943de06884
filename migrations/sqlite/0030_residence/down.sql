DROP TABLE residence_subjects;
DROP TABLE residence_confirmations;
ALTER TABLE qr_credentials DROP COLUMN kind;
