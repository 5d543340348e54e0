-- Which start of the database's server it was written after. What a restored database says of permits is over, until gateways say it again.
alter table permit add column server_started text not null default extract(epoch from pg_postmaster_start_time())::text;
