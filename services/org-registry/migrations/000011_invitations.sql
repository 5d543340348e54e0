-- An org asks the owner of an address to become a member. Whether the address has an account is never looked up.
create table invitation (
  id text primary key check (id ~ '^[A-Za-z0-9_-]{1,64}$'),
  org_id text not null references org (id),
  -- Lower case.
  email text not null check (length(email) between 3 and 254),
  role text not null check (role in ('admin', 'member', 'billing')),
  invited_by text not null references app_user (id),
  created_at timestamptz not null,
  expires_at timestamptz not null,
  -- Of the link, which exists in the mail alone. Null until that is written.
  token_hash text unique check (token_hash ~ '^[0-9a-f]{64}$'),
  -- When sending is tried; null once it is sent or given up.
  mail_due_at timestamptz,
  mail_attempts integer not null default 0 check (mail_attempts >= 0)
);
-- One that is accepted, declined, revoked or lapsed is deleted: the audit log remembers. So an address is invited once at a time.
create unique index invitation_by_address on invitation (org_id, email);
create index invitation_mail_due on invitation (mail_due_at, id) where mail_due_at is not null;
create index invitation_by_expiry on invitation (expires_at);
