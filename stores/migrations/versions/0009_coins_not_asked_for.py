"""The state of a coin that is not asked for any more, in the comment of its column."""

from alembic import op

revision = "0009"
down_revision = "0008"

STATES = """
    comment on column ingestion.coin_states.state is
    'unknown, retired, unpriced, answered: with a price again, or not_asked: one of the first three, and dropped'
"""


def upgrade() -> None:
    op.execute(STATES)


def downgrade() -> None:
    """Rows keep the state, and so its comment."""
