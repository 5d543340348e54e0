-- Concurrent requests that gateways hold: a call runs under one of them. A gateway that is silent holds none.
create table permit (
  owner text not null,
  gateway_id text not null,
  held integer not null check (held >= 0),
  -- Of the gateway's message that said so: an older one that comes later changes nothing.
  version bigint not null,
  changed_at timestamptz not null,
  primary key (owner, gateway_id)
);
