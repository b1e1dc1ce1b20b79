"""What publish has carried to the marts: for each mart and hour, the build that had last rewritten it."""

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.execute("create schema publishing")
    op.execute(
        "create table publishing.published_hours ("
        "mart text not null, bar_hour text not null, rebuilt_by text not null, primary key (mart, bar_hour))"
    )


def downgrade() -> None:
    raise NotImplementedError("landing is the source of truth: restore a backup instead of going back")
