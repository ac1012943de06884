DROP TABLE audit_finder;
DROP TABLE audit_lists;
DROP TABLE audit_data_keys;
DROP TABLE audit_tiles;
DROP TABLE audit_entries;
DROP TABLE audit_logs;
