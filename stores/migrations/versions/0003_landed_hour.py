"""The hour in which a row landed, as in the lake: builds read on from the newest one."""

from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    for schema in ("landing", "quarantine"):
        op.execute(f"alter table {schema}.crypto_prices add column landed_hour text")
        op.execute(
            f"update {schema}.crypto_prices set landed_hour = to_char(landed_at, 'YYYY-MM-DD\"T\"HH24')"  # noqa: S608
        )
        op.execute(f"alter table {schema}.crypto_prices alter column landed_hour set not null")
        op.execute(f"create index on {schema}.crypto_prices (landed_hour)")


def downgrade() -> None:
    raise NotImplementedError("landing is the source of truth: restore a backup instead of going back")
