DROP TABLE store_info;
