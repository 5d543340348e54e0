-- Which store of the bus was told what holds here: one that was lost is made anew, and is told again.
create table told_store (
  is_only boolean primary key default true check (is_only),
  -- When that store came to be, as the bus says it.
  created text not null
);
-- Found by day and in order, without reading the buckets that have tokens left.
create index bucket_exhausted on bucket (day, owner, meter) where exhausted_published;
