-- What the members of each org, and each user on their own, used on each day, as usage.consumed tells. `tenant`: `user:<id>` or `org:<id>`.
create table daily_usage (
  tenant text not null,
  day date not null,
  user_id text not null,
  calls bigint not null,
  llm_requests bigint not null,
  refunded_calls bigint not null,
  prompt_tokens bigint not null,
  completion_tokens bigint not null,
  cost_nano_usd bigint not null,
  primary key (tenant, day, user_id)
);
create index daily_usage_by_day on daily_usage (day, tenant);
alter table daily_usage enable row level security;
create policy tenant on daily_usage using (acts_for_everyone() or tenant in (select acting_tenants()));

-- Usage that is counted already, by its id: the bus may tell of it again for as long as it keeps it.
create table usage_counted (
  usage_id text primary key,
  counted_at timestamptz not null default now()
);
create index usage_counted_by_time on usage_counted (counted_at);
