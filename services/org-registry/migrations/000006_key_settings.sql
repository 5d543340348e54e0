-- What a key is for, and what narrows it. Keys of before could do all that their holder may, and keep that; new ones must say so.

alter table api_key
  add column scopes text[] not null default '{llm,usage:read,account}'
    check (scopes <@ array['llm', 'usage:read', 'account'] and cardinality(scopes) >= 1),
  add column expires_at timestamptz,
  add column allowed_models text[] check (cardinality(allowed_models) between 1 and 50),
  add column allowed_addresses text[] check (cardinality(allowed_addresses) between 1 and 20);
alter table api_key alter column scopes set default '{llm}';
