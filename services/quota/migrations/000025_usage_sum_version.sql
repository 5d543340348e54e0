-- The versions of the sums that are told: they rise, also when a clock is put back, or the database.
create sequence usage_sum_version;
grant select, update on sequence usage_sum_version to :runtime;
