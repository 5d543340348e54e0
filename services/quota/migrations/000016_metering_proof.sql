-- What the ledger holds, counted as it is written: that it agrees with the counters is then a comparison of sums, whatever is stored. A
-- trigger notes what each statement did, whichever process sent it, in rows that nobody else writes: no lock is waited for. A job adds them
-- up, and compares the leases and buckets that they name.
create table ledger_delta (
  delta_id bigint generated always as identity primary key,
  lease_id bigint not null,
  day date not null,
  charges integer not null,
  refunds integer not null,
  unknown_rows integer not null,
  -- 0: no row was added.
  highest_seq integer not null,
  noted_at timestamptz not null default clock_timestamp()
);
create index ledger_delta_by_lease on ledger_delta (lease_id);

create table lease_proof (
  day date not null,
  lease_id bigint not null,
  charges integer not null,
  refunds integer not null,
  unknown_rows integer not null,
  highest_seq integer not null,
  primary key (day, lease_id)
) with (fillfactor = 60);

-- How many there are that can agree or not.
create table proven_bucket (
  day date not null,
  owner text not null,
  meter text not null,
  primary key (day, owner, meter)
);
create table proven_day (
  day date primary key,
  buckets integer not null,
  charges bigint not null,
  refunds bigint not null,
  unknown_rows bigint not null
) with (fillfactor = 60);

-- What does not agree, or not yet, since when, and by how much. Lease 0: the bucket as a whole.
create table metering_gap (
  day date not null,
  owner text not null,
  meter text not null,
  lease_id bigint not null,
  guarantee text not null,
  -- `missing`: a later token proves that this one was used, and its report is on the way.
  kind text not null check (kind in ('agreement', 'conservation', 'unknown', 'missing')),
  expected bigint not null,
  actual bigint not null,
  since timestamptz not null default clock_timestamp(),
  checked_at timestamptz not null default clock_timestamp(),
  -- An operator's reason why this will never be mended and counts no more.
  written_off text,
  primary key (day, owner, meter, lease_id, guarantee)
);
create index metering_gap_by_check on metering_gap (checked_at);

create function note_ledger_change() returns trigger language plpgsql
as $$
begin
  if tg_op = 'INSERT' then
    insert into ledger_delta (lease_id, day, charges, refunds, unknown_rows, highest_seq)
    select lease_id, day, count(*) filter (where entry = 'charge'), count(*) filter (where entry = 'refund'),
      count(*) filter (where state = 'unknown'), max(seq)
    from new_rows group by lease_id, day;
  elsif tg_op = 'DELETE' then
    insert into ledger_delta (lease_id, day, charges, refunds, unknown_rows, highest_seq)
    select lease_id, day, -(count(*) filter (where entry = 'charge')), -(count(*) filter (where entry = 'refund')),
      -(count(*) filter (where state = 'unknown')), 0
    from old_rows group by lease_id, day;
  else
    insert into ledger_delta (lease_id, day, charges, refunds, unknown_rows, highest_seq)
    select lease_id, day, 0, 0, sum(n), 0 from (
      select lease_id, day, 1 as n from new_rows where state = 'unknown'
      union all
      select lease_id, day, -1 from old_rows where state = 'unknown'
    ) turned group by lease_id, day having sum(n) <> 0;
  end if;
  return null;
end
$$;

-- Nothing is written between here and the commit.
lock table ledger in share row exclusive mode;

create trigger ledger_count_inserted after insert on ledger
  referencing new table as new_rows for each statement execute function note_ledger_change();
create trigger ledger_count_updated after update on ledger
  referencing old table as old_rows new table as new_rows for each statement execute function note_ledger_change();
create trigger ledger_count_deleted after delete on ledger
  referencing old table as old_rows for each statement execute function note_ledger_change();

insert into lease_proof (day, lease_id, charges, refunds, unknown_rows, highest_seq)
select day, lease_id, count(*) filter (where entry = 'charge'), count(*) filter (where entry = 'refund'),
  count(*) filter (where state = 'unknown'), max(seq)
from ledger group by day, lease_id;
insert into proven_bucket (day, owner, meter)
select distinct l.day, l.owner, l.meter from lease_proof p join lease l on l.lease_id = p.lease_id and l.day = p.day;
insert into proven_day (day, buckets, charges, refunds, unknown_rows)
select day, (select count(*) from proven_bucket b where b.day = p.day), sum(charges), sum(refunds), sum(unknown_rows)
from lease_proof p group by day;
-- Compared at the first run.
insert into ledger_delta (lease_id, day, charges, refunds, unknown_rows, highest_seq)
select lease_id, day, 0, 0, 0, 0 from lease_proof where day >= utc_today() - 1;
