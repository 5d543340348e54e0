create index account_by_kind on account (kind, name);
