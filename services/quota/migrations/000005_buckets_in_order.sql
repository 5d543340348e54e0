-- The consistency job goes on where its last run ended: in this order, a part at a time, however many buckets two days have.
create index bucket_in_order on bucket ((day + 0), owner, meter);
drop index bucket_of_days;
