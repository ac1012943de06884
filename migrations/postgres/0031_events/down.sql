DROP TABLE life_event_subjects;
DROP TABLE life_events;
