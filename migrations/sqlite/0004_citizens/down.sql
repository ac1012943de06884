DROP TABLE population_mark;
DROP TABLE import_runs;
DROP TABLE citizen_changes;
DROP TABLE household_members;
DROP TABLE households;
DROP TABLE identifiers;
DROP TABLE citizens;
