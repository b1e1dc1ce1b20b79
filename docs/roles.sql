-- What a database administrator runs once, before Coinloom comes: psql --file docs/roles.sql. After it, nothing that
-- Coinloom does needs a superuser. The names are those of POSTGRES_USER and POSTGRES_DB.

-- createrole: the migrations make bi_reader, and say what it may do. From PostgreSQL 16 on that is all that it is good
-- for; before, it is a right over all roles that are no superusers.
create role coinloom login createrole;

-- Whoever is no superuser, as the master user of RDS, may give a database to a role only as a member of it.
grant coinloom to current_user;

create database coinloom owner coinloom;

-- Gives it its password, without the server or a log seeing it: \password coinloom

\connect coinloom

-- PostgreSQL lets every role make large objects and take advisory locks, one of which is the build lock; only a
-- superuser can take that back. Where there is none, as on RDS, leave this out: bi_reader can then hold up builds.
do $$
declare
    taken_back regprocedure;
begin
    for taken_back in
        select oid from pg_proc
        where pronamespace = 'pg_catalog'::regnamespace
            and (proname in ('lo_creat', 'lo_create', 'lo_from_bytea') or proname ~ '^pg_(try_)?advisory_')
    loop
        execute format('grant execute on function %s to coinloom', taken_back);
        execute format('revoke execute on function %s from public', taken_back);
    end loop;
end
$$;
