"""The order in which polls came, which no clock changes."""

from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    op.execute("alter table ingestion.polls add column poll_number bigint generated always as identity unique")
    op.execute(
        "comment on column ingestion.polls.poll_number is 'The greater, the later it came, whatever the clock said'"
    )


def downgrade() -> None:
    op.execute("alter table ingestion.polls drop column poll_number")
