-- What is shown of usage: sums of the ledger's completed rows by hour and by day. A trigger notes what each statement completed, whichever
-- process sent it, in rows that nobody else writes: no lock is waited for. A job folds them into the sums; what is not folded yet is read beside them.
create table usage_rollup_delta (
  delta_id bigint generated always as identity primary key,
  -- `user:<id>`, a person's own account, or `org:<id>`.
  tenant text not null,
  -- The hour. It is one of the ledger's day, whatever clock the call's times are from, so that 24 hours are exactly their day.
  at timestamptz not null,
  user_id text not null,
  key_id text not null,
  source text not null,
  model text,
  provider text,
  -- Charged tokens of each meter, refunds taken off.
  calls bigint not null,
  llm_requests bigint not null,
  -- Calls that a provider answered, whole or in part: also those of the org's pool, which has no meter for them.
  answered_calls bigint not null,
  refunded_calls bigint not null,
  prompt_tokens bigint not null,
  completion_tokens bigint not null,
  cost_nano_usd bigint not null,
  -- Calls whose cost nobody knows: they add nothing to it.
  unpriced_calls bigint not null
);
create index usage_rollup_delta_by_tenant on usage_rollup_delta (tenant, at);

create table usage_rollup (
  tenant text not null,
  grain text not null check (grain in ('hour', 'day')),
  at timestamptz not null,
  user_id text not null,
  key_id text not null,
  source text not null,
  model text,
  provider text,
  calls bigint not null,
  llm_requests bigint not null,
  answered_calls bigint not null,
  refunded_calls bigint not null,
  prompt_tokens bigint not null,
  completion_tokens bigint not null,
  cost_nano_usd bigint not null,
  unpriced_calls bigint not null
) with (fillfactor = 80);
create unique index usage_rollup_sum on usage_rollup (tenant, grain, at, user_id, key_id, source, model, provider) nulls not distinct;
create index usage_rollup_of_member on usage_rollup (tenant, grain, user_id, at);
-- On an expression, so that it can serve no question about one tenant: statistics of yesterday say that it has few rows of today.
create index usage_rollup_by_age on usage_rollup ((grain || ''), at);

create function usage_hour(day date, started_at timestamptz) returns timestamptz language sql immutable
as $$
  select greatest(day::timestamp, least(date_trunc('hour', started_at at time zone 'utc'), day + interval '23 hours')) at time zone 'utc'
$$;

create function note_completed_usage() returns trigger language plpgsql
as $$
begin
  if tg_op = 'UPDATE' then
    if exists (select from old_rows where state = 'completed') then
      raise exception 'a completed ledger row is final';
    end if;
  end if;
  insert into usage_rollup_delta (tenant, at, user_id, key_id, source, model, provider, calls, llm_requests, answered_calls,
    refunded_calls, prompt_tokens, completion_tokens, cost_nano_usd, unpriced_calls)
  select coalesce('org:' || org_id, 'user:' || user_id), usage_hour(day, started_at), user_id, key_id, source,
    -- An index takes no longer text.
    nullif(left(model, 200), ''), nullif(left(provider, 200), ''),
    coalesce(sum(amount) filter (where meter = 'api_calls'), 0),
    coalesce(sum(amount) filter (where meter = 'llm_requests'), 0),
    coalesce(sum(amount) filter (where meter = 'api_calls'
      and (outcome = 'interrupted' or (provider is not null and outcome <> 'rejected'))), 0),
    count(*) filter (where meter = 'api_calls' and entry = 'refund'),
    coalesce(sum(prompt_tokens), 0), coalesce(sum(completion_tokens), 0), coalesce(sum(cost_nano_usd), 0),
    count(*) filter (where meter = 'api_calls' and entry = 'charge' and cost_nano_usd is null)
  from new_rows
  where state = 'completed' and key_id is not null
  group by 1, 2, 3, 4, 5, 6, 7;
  return null;
end
$$;

-- Nothing is completed between here and the commit.
lock table ledger in share row exclusive mode;

create trigger ledger_note_inserted after insert on ledger
  referencing new table as new_rows for each statement execute function note_completed_usage();
create trigger ledger_note_updated after update on ledger
  referencing old table as old_rows new table as new_rows for each statement execute function note_completed_usage();

insert into usage_rollup_delta (tenant, at, user_id, key_id, source, model, provider, calls, llm_requests, answered_calls,
  refunded_calls, prompt_tokens, completion_tokens, cost_nano_usd, unpriced_calls)
select coalesce('org:' || org_id, 'user:' || user_id), usage_hour(day, started_at), user_id, key_id, source,
  nullif(left(model, 200), ''), nullif(left(provider, 200), ''),
  coalesce(sum(amount) filter (where meter = 'api_calls'), 0),
  coalesce(sum(amount) filter (where meter = 'llm_requests'), 0),
  coalesce(sum(amount) filter (where meter = 'api_calls'
    and (outcome = 'interrupted' or (provider is not null and outcome <> 'rejected'))), 0),
  count(*) filter (where meter = 'api_calls' and entry = 'refund'),
  coalesce(sum(prompt_tokens), 0), coalesce(sum(completion_tokens), 0), coalesce(sum(cost_nano_usd), 0),
  count(*) filter (where meter = 'api_calls' and entry = 'charge' and cost_nano_usd is null)
from ledger
where state = 'completed' and key_id is not null
group by 1, 2, 3, 4, 5, 6, 7;
