"""What PostgreSQL lets every role do in a database is taken back, so that bi_reader can read the marts and no more.

Only an owner can take back: the temporary tables need the owner of the database, the functions a superuser. For another
user PostgreSQL answers each `revoke` with a warning, and all stays as it was.
"""

from alembic import op

revision = "0008"
down_revision = "0007"

NO_TABLES_OF_ITS_OWN = """
do $$
begin
    execute format('grant temporary on database %I to current_user', current_database());
    execute format('revoke temporary on database %I from public', current_database());
    if to_regnamespace('public') is not null then
        revoke create on schema public from public;
    end if;
end
$$
"""
# Large objects are a place to write to. An advisory lock is the build lock, for whoever takes it first.
NO_LARGE_OBJECTS_AND_NO_LOCKS = """
do $$
declare
    taken_back regprocedure;
begin
    for taken_back in
        select oid from pg_proc
        where pronamespace = 'pg_catalog'::regnamespace
            and (proname in ('lo_creat', 'lo_create', 'lo_from_bytea') or proname ~ '^pg_(try_)?advisory_')
    loop
        execute format('grant execute on function %s to current_user', taken_back);
        execute format('revoke execute on function %s from public', taken_back);
    end loop;
end
$$
"""


def upgrade() -> None:
    op.execute(NO_TABLES_OF_ITS_OWN)
    op.execute(NO_LARGE_OBJECTS_AND_NO_LOCKS)
    op.execute("alter default privileges revoke execute on functions from public")


def downgrade() -> None:
    raise NotImplementedError("landing is the source of truth: restore a backup instead of going back")
