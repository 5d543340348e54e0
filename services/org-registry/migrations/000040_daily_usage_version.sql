-- Days are told by quota as sums, each with a version that rises: an older one changes nothing. 0: counted call by call, by the release before.
-- usage_counted is its alone, and goes with the next release.
alter table daily_usage add column version bigint not null default 0;
