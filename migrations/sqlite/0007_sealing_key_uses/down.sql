DROP TABLE sealing_key_uses;
