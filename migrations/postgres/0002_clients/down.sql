DROP TABLE client_changes;
DROP TABLE client_registry;
DROP TABLE client_stops;
DROP TABLE client_officers;
DROP TABLE client_keys;
DROP TABLE clients;
