DROP TABLE page_links;
DROP TABLE sessions;
