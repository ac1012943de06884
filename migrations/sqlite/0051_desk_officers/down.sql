DROP TABLE desk_officers;
