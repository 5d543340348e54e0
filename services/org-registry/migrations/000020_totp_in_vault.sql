-- The secrets of authenticator apps are envelopes of the vault, whose key is rotated. Rows without a kid are of before: AUTH_SECRET opens them.
alter table totp
  add column kid text check (length(kid) between 1 and 64),
  add column wrapped text,
  add constraint totp_envelope check ((kid is null) = (wrapped is null));
create index totp_by_key on totp (kid, user_id);
