-- What calls cost us, by the plan of whom they are charged to.

create table usage_cost (
  day date not null,
  plan text not null,
  calls bigint not null check (calls >= 0),
  cost_nano_usd bigint not null check (cost_nano_usd >= 0),
  primary key (day, plan)
);

-- Each usage is counted once, however often it is delivered. Kept for longer than the stream keeps its messages.
create table usage_counted (
  usage_id text primary key,
  counted_at timestamptz not null default now()
);
create index usage_counted_at on usage_counted (counted_at);
