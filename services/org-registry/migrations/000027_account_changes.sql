-- A person's name as others see it, and a new address of theirs, which counts once the link that was mailed to it is followed. `email_changed`
-- tells the address of before.
alter table app_user
  add column display_name text check (length(display_name) between 1 and 100);

alter table mail_request
  add column user_id text references app_user (id),
  drop constraint mail_request_kind_check,
  add constraint mail_request_kind_check check (kind in ('sign_up', 'password_reset', 'email_change', 'email_changed')),
  add constraint mail_request_user check ((kind = 'email_change') = (user_id is not null));

create table email_change (
  -- Of each user the last one alone.
  user_id text primary key references app_user (id),
  hash text not null unique check (hash ~ '^[0-9a-f]{64}$'),
  email text not null check (length(email) between 3 and 254),
  expires_at timestamptz not null
);
create index email_change_by_expiry on email_change (expires_at);
alter table email_change enable row level security;
create policy tenant on email_change using (acts_for_everyone() or user_id = acting_user());
