DROP TABLE eid_transactions;
DROP TABLE eid_counters;
DROP TABLE eid_outbox;
DROP TABLE eid_activations;
DROP TABLE eid_devices;
DROP TABLE eid_accounts;
