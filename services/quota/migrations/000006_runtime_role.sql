-- The service runs as a role that owns nothing: it can change rows, and no rule about them. Partitions are made for it by their owner.

grant select, insert, update, delete on all tables in schema public to :runtime;
alter default privileges in schema public grant select, insert, update, delete on tables to :runtime;
revoke all on schema_migration from :runtime;
-- After a restore of the database the service moves the ids of leases on.
grant select, update on sequence lease_lease_id_seq to :runtime;
alter function ensure_ledger_partitions(integer) security definer set search_path = public, pg_temp;
revoke execute on function ensure_ledger_partitions(integer) from public;
grant execute on function ensure_ledger_partitions(integer) to :runtime;
