-- Answers that are kept for their callers, sealed: for a repeated Idempotency-Key, for the response cache, and as stored responses.
-- Whatever has lapsed is as if it were not there, and is deleted by a job.

create table kept_answer (
  purpose text not null check (purpose in ('idempotency', 'cache', 'response')),
  -- Whose it is: every statement names it.
  owner text not null,
  name text not null,
  -- Of the request that it answers; null where the name says it.
  fingerprint text,
  state text not null check (state in ('running', 'kept', 'too_large')),
  -- Who makes the answer: only that one may keep it.
  claim uuid,
  -- The data key, wrapped, and what it seals.
  kid text,
  wrapped text,
  sealed bytea,
  created_at timestamptz not null default now(),
  lapses_at timestamptz not null,
  primary key (purpose, owner, name),
  constraint kept_answer_is_whole check ((state = 'kept') = (sealed is not null and kid is not null and wrapped is not null)),
  constraint kept_answer_is_claimed check ((state = 'running') = (claim is not null))
);

create index kept_answer_by_lapse on kept_answer (lapses_at);
create index kept_answer_by_age on kept_answer (purpose, owner, created_at);

-- The service runs as a role that owns nothing: it can change rows, and no rule about them.
grant select, insert, update, delete on all tables in schema public to :runtime;
alter default privileges in schema public grant select, insert, update, delete on tables to :runtime;
revoke all on schema_migration from :runtime;
