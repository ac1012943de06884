DROP TABLE heartbeats;
DROP TABLE store_info;
