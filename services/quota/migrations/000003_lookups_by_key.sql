-- Looking up by day alone reads a whole day: with these two indexes a plan without good statistics did so for each sync. On an
-- expression they serve the two questions that are about days (`day + 0 < …`), and can serve no lookup of a bucket.
drop index lease_open_by_day;
drop index bucket_by_day;
create index lease_open_past_days on lease ((day + 0)) where state = 'open';
create index bucket_of_days on bucket ((day + 0));
