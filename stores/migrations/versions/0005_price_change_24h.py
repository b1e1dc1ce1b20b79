"""CoinGecko's own change of the price over 24 hours. Rows from before have none."""

from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    for table in ("crypto_prices", "crypto_prices_incoming"):
        op.execute(f"alter table landing.{table} add column price_change_24h_pct double precision")


def downgrade() -> None:
    raise NotImplementedError("landing is the source of truth: restore a backup instead of going back")
