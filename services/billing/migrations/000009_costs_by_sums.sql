-- What calls cost, from the sums of members' days that quota tells: what a day grew by since its sum before is added to the plan of now.
-- usage_cost and usage_counted are the release before's alone, and go with the next one.
create table usage_part (
  owner text not null,
  day date not null,
  user_id text not null,
  calls bigint not null,
  cost_nano_usd bigint not null,
  version bigint not null,
  primary key (owner, day, user_id)
);
create index usage_part_by_day on usage_part (day);

-- A correction may take back more from a plan than it had of that day.
create table plan_cost (
  day date not null,
  plan text not null,
  calls bigint not null,
  cost_nano_usd bigint not null,
  primary key (day, plan)
);

-- Days before this one are as the release before counted them. This one is told again as a whole.
create table usage_sums_begin (
  day date primary key
);
insert into usage_sums_begin (day) values ((now() at time zone 'utc')::date);
insert into plan_cost (day, plan, calls, cost_nano_usd)
select day, plan, calls, cost_nano_usd from usage_cost where day < (select day from usage_sums_begin);
