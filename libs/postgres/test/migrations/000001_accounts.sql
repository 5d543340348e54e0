create type account_kind as enum ('asset', 'debt');
create table account (
  id bigint generated always as identity primary key,
  name text not null unique check (name <> '?'),
  kind account_kind not null default 'asset',
  balance integer not null default 0 constraint account_balance_positive check (balance >= 0)
);
create view rich_account as select id, name from account where balance > 100;
create function touch() returns trigger language plpgsql as $$
begin
  new.name := trim(new.name);
  return new;
end
$$;
create trigger account_touch before insert or update on account for each row execute function touch();

grant select, insert, update, delete on all tables in schema public to :runtime;
