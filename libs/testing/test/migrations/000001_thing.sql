create table thing (id integer primary key);
grant select, insert, update, delete on thing to :runtime;
