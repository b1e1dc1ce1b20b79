"""Landing and quarantine tables, the marts schema, and the role that BI tools read with."""

from alembic import op

revision = "0001"
down_revision = None

LANDING = """
    kafka_topic text not null,
    kafka_partition integer not null,
    kafka_offset bigint not null,
    produced_at timestamp not null,
    coin_id text not null,
    symbol text,
    name text,
    vs_currency text not null,
    price double precision not null,
    market_cap double precision,
    market_cap_rank integer,
    volume_24h double precision,
    high_24h double precision,
    low_24h double precision,
    last_updated_at timestamp not null,
    is_event_time_imputed boolean not null,
    fetched_at timestamp not null,
    poll_id text,
    source text,
    schema_version text,
    landed_at timestamp not null
"""

QUARANTINE = """
    kafka_topic text not null,
    kafka_partition integer not null,
    kafka_offset bigint not null,
    produced_at timestamp not null,
    raw_key bytea,
    raw_value bytea,
    poll_id text,
    source text,
    schema_version text,
    reason text not null,
    landed_at timestamp not null
"""

PLACE_IN_KAFKA = "primary key (kafka_topic, kafka_partition, kafka_offset)"

BI_READER = """
do $$
begin
    if not exists (select from pg_roles where rolname = 'bi_reader') then
        create role bi_reader;
    end if;
end
$$
"""


def upgrade() -> None:
    for schema, columns in (("landing", LANDING), ("quarantine", QUARANTINE)):
        op.execute(f"create schema {schema}")
        op.execute(f"create table {schema}.crypto_prices ({columns}, {PLACE_IN_KAFKA})")
        # What the stream has copied but not yet merged; empty between batches, so it needs no write-ahead log.
        op.execute(f"create unlogged table {schema}.crypto_prices_incoming ({columns})")

    op.execute("create schema if not exists marts")
    op.execute(BI_READER)
    op.execute("alter role bi_reader set default_transaction_read_only = on")
    op.execute("grant usage on schema marts to bi_reader")
    op.execute("grant select on all tables in schema marts to bi_reader")
    # Whoever creates a mart, dbt or publish, is the role that runs this.
    op.execute("alter default privileges in schema marts grant select on tables to bi_reader")


def downgrade() -> None:
    raise NotImplementedError("landing is the source of truth: restore a backup instead of going back")
