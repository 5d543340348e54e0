-- Who made each answer, so that all of it is erased with a member, an org or a user; and the second wall: a transaction sees the rows of the
-- owner that it acts for, and no others (docs/adr/0050). Routers of before read nothing from here on, and go on without what is kept.

alter table kept_answer add column org_id text, add column user_id text;
update kept_answer set
  org_id = case when purpose = 'response' then nullif(split_part(owner, '/', 1), '-') when owner like 'org:%' then substr(owner, 5) end,
  user_id = case when purpose = 'response' then split_part(owner, '/', 2) when owner like 'user:%' then substr(owner, 6) end;
create index kept_answer_by_org on kept_answer (org_id, user_id) where org_id is not null;
create index kept_answer_by_user on kept_answer (user_id) where user_id is not null;

-- What was erased lately: a call that began before it keeps nothing after it. A null stands for all of them.
create table erasure (
  id bigint generated always as identity primary key,
  org_id text,
  user_id text,
  at timestamptz not null,
  constraint erasure_names_somebody check (org_id is not null or user_id is not null)
);
create index erasure_by_time on erasure (at);

create table processed_event (
  consumer text not null,
  event_id text not null,
  processed_at timestamptz not null default now(),
  primary key (consumer, event_id)
);

create function acts_for_everyone() returns boolean language sql stable
as $$ select coalesce(current_setting('topdog.everyone', true), '') = 'on' $$;

alter table kept_answer enable row level security;
create policy owner on kept_answer using (acts_for_everyone() or owner = nullif(current_setting('topdog.owner', true), ''));
