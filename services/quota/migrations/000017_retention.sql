-- Days that are older than the configuration keeps are dropped: the ledger by partition, the rest in small steps by these indexes.

-- Dropped by the service at run time, so by a function of the owner. It never touches the last seven days, whatever it is told.
create function drop_ledger_partitions(kept_days integer) returns integer language plpgsql
security definer set search_path = public, pg_temp
as $$
declare
  dropped integer := 0;
  partition_name text;
begin
  for partition_name in
    select c.relname from pg_inherits i join pg_class c on c.oid = i.inhrelid
    where i.inhparent = 'ledger'::regclass and c.relname ~ '^ledger_[0-9]{8}$'
      and to_date(right(c.relname, 8), 'YYYYMMDD') < utc_today() - greatest(kept_days, 7)
    order by c.relname limit 2
  loop
    execute format('drop table %I', partition_name);
    dropped := dropped + 1;
  end loop;
  return dropped;
end
$$;
revoke execute on function drop_ledger_partitions(integer) from public;
grant execute on function drop_ledger_partitions(integer) to :runtime;

-- On expressions: they can serve no question about one bucket or lease.
create index ledger_default_by_day on ledger_default ((day + 0));

-- What nobody holds, and what gateways held that are gone.
create index permit_empty on permit (changed_at) where held = 0;
create index permit_at_gateway on permit (gateway_id);
