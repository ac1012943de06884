DROP TABLE resealing_progress;
DROP TABLE reactor_cursors;
DROP TABLE guard_counters;
