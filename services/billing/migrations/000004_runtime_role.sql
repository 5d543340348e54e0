-- The service runs as a role that owns nothing: it can change rows, and no rule about them.

grant select, insert, update, delete on all tables in schema public to :runtime;
alter default privileges in schema public grant select, insert, update, delete on tables to :runtime;
revoke all on schema_migration from :runtime;
