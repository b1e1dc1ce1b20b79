"""When a publish last changed each mart, for readers that ask again only when there is something new."""

from alembic import op

revision = "0006"
down_revision = "0005"

COMMENTS = {
    "view marts.freshness": "One row per mart: when a publish last changed it",
    "column marts.freshness.changed_at": "A publish that found nothing to change leaves it as it was",
}


def upgrade() -> None:
    op.execute("create table publishing.changed_marts (mart text primary key, changed_at timestamptz not null)")
    op.execute(
        "insert into publishing.changed_marts (mart, changed_at) "
        "select distinct mart, now() from publishing.published_hours"
    )
    # A view, because whoever reads the marts has no other right in this database.
    op.execute("create view marts.freshness as select mart, changed_at from publishing.changed_marts")
    for what, meaning in COMMENTS.items():
        op.execute(f"comment on {what} is '{meaning}'")


def downgrade() -> None:
    op.execute("drop view marts.freshness")
    op.execute("drop table publishing.changed_marts")
